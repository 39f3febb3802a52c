/* finding.c - one text through the classifier, and the evidence read back; see finding.h.
 *
 * Which words matched is not noted while matching, where it would cost every reply: they are looked
 * up again in the masked text, where they must be.
 */
#include "finding.h"

#include <limits.h>

#include "bouncemill/error.h"

struct bm_examiner {
	const struct bm_rules *rules;
	struct bm_tally *tally;
	struct bm_classifier *classifier;
	struct bm_rules_scratch *scratch; /* for evidence */
	struct bm_text text;              /* with its code in front */
};

struct bm_examiner *bm_examiner_new(const struct bm_rules *rules)
{
	struct bm_examiner *const examiner = bm_zalloc(1, sizeof *examiner);
	examiner->rules = rules;
	examiner->tally = bm_tally_new();
	examiner->scratch = bm_rules_scratch_new(rules);
	examiner->classifier =
		bm_classifier_new(examiner->tally, rules, false, (struct bm_bytes){0});
	return examiner;
}

void bm_examiner_free(struct bm_examiner *examiner)
{
	if (examiner == NULL)
		return;
	bm_classifier_free(examiner->classifier);
	bm_tally_free(examiner->tally);
	bm_text_dispose(&examiner->text);
	bm_rules_scratch_free(examiner->scratch);
	bm_free(examiner);
}

const struct bm_tally *bm_examiner_tally(const struct bm_examiner *examiner)
{
	return examiner->tally;
}

/* note_evidence - the words for which the rule decided, as the text spells them, else the code */
static void note_evidence(struct bm_examiner *examiner, uint32_t rule, struct bm_finding *finding)
{
	const struct bm_rule_look look = bm_rules_look(examiner->rules, rule);
	finding->rule = bm_rules_get(examiner->rules, rule);
	finding->rank = look.rank;
	finding->evidence_count = bm_rules_evidence(examiner->rules, examiner->scratch, rule,
						    finding->masked, finding->evidence);
	finding->by_enhanced = look.by_enhanced && finding->enhanced.class;
}

/* look_back - what the classifier wrote about the fact's template */
static void look_back(struct bm_examiner *examiner, const struct bm_fact *fact,
		      struct bm_finding *finding)
{
	const struct bm_tally *const tally = examiner->tally;
	const struct bm_template_record *const record = &tally->template[fact->template];
	struct bm_template_look look;
	finding->template = fact->template;
	finding->code = record->code;
	finding->enhanced = record->enhanced;
	if (bm_template_read(bm_intern_get(tally->templates, fact->template), &look))
		finding->masked = look.masked;
	if (record->rule != BM_RULE_NONE)
		note_evidence(examiner, record->rule, finding);
}

void bm_examine(struct bm_examiner *examiner, const struct bm_event *event,
		struct bm_finding *finding)
{
	struct bm_lookup lookup;
	struct bm_fact fact;
	bm_lookup_start(examiner->classifier, event, &lookup);
	bm_lookup_peek(examiner->classifier, &lookup);
	bm_classify(examiner->classifier, event, &lookup, BM_TIME_UNKNOWN, &fact);
	*finding = (struct bm_finding){
		.category = (enum bm_category)fact.category,
		.rank = UINT_MAX,
		.provider = bm_intern_get(examiner->tally->providers, fact.provider)};
	if (event->status != BM_STATUS_SENT)
		look_back(examiner, &fact, finding);
}

void bm_examine_coded(struct bm_examiner *examiner, struct bm_bytes code, struct bm_bytes enhanced,
		      struct bm_bytes text, struct bm_finding *finding)
{
	struct bm_reply reply;
	bm_reply_parse(text, &reply);
	if (code.size && reply.code == 0 && !reply.quoted) {
		examiner->text.size = 0;
		bm_text_add(&examiner->text, code);
		bm_text_byte(&examiner->text, ' ');
		bm_text_add(&examiner->text, text);
		text = (struct bm_bytes){examiner->text.data, examiner->text.size};
	}
	const struct bm_event event = {.kind = BM_EVENT_ATTEMPT,
				       .status = BM_STATUS_BOUNCED,
				       .delay_hundredths = UINT32_MAX,
				       .dsn = enhanced,
				       .text = text};
	bm_examine(examiner, &event, finding);
}
