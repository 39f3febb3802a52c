/* fuzz_diagnose.c - arbitrary bytes as what somebody pasted, and as a list.
 *
 * What must hold: the cases are numbered from 0 without gaps and within their bound; a symptom's
 * text is flat and shorter than the input that it comes from; each is judged, the evidence lies in
 * the masked text, and asking the rules again with what the template's name keeps gives the same
 * rule.
 */
#include "finding.h"
#include "symptom.h"

#include "batch.h"

#include <stdio.h>
#include <stdlib.h>

enum { CASES_MAX = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* must - nothing, or the end of the run */
static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_diagnose: %s\n", what);
		abort();
	}
}

/* rules_once - the built-in rules, made at the first call */
static const struct bm_rules *rules_once(void)
{
	static struct bm_rules *rules;
	if (!rules) {
		rules = bm_rules_new();
		bm_rules_builtin(rules);
		bm_rules_seal(rules);
	}
	return rules;
}

/* check - a finding against the rules asked anew */
static void check(const struct bm_rules *rules, struct bm_examiner *examiner,
		  const struct bm_finding *finding)
{
	struct bm_template_look look;
	const struct bm_tally *const tally = bm_examiner_tally(examiner);
	must(bm_template_read(bm_intern_get(tally->templates, finding->template), &look),
	     "a template without a name");
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(rules);
	const struct bm_verdict verdict =
		bm_rules_match(rules, scratch, look.provider, look.masked, &look.reply, look.dsn);
	must(verdict.category == finding->category, "another category when asked again");
	must((verdict.rule == BM_RULE_NONE) == (finding->rule == NULL), "another rule");
	for (unsigned i = 0; i < finding->evidence_count; i++)
		must(finding->evidence[i].data >= finding->masked.data &&
			     finding->evidence[i].data + finding->evidence[i].size <=
				     finding->masked.data + finding->masked.size,
		     "evidence outside the text");
	bm_rules_scratch_free(scratch);
}

/* as_pasted - the bytes as one input */
static void as_pasted(const struct bm_rules *rules, struct bm_bytes input)
{
	struct bm_symptoms symptoms;
	struct bm_finding finding;
	struct bm_examiner *const examiner = bm_examiner_new(rules);
	uint32_t number = 0;
	bm_symptoms_read(&symptoms, input, CASES_MAX);
	for (size_t i = 0; i < symptoms.count; i++) {
		const struct bm_symptom *const symptom = &symptoms.list[i];
		must(symptom->number == number || (i && symptom->number == number + 1),
		     "a case without a number of its own");
		must(symptom->number < CASES_MAX, "too many cases");
		must(symptom->event.text.size <= 2 * input.size, "more text than there was");
		number = symptom->number;
		bm_examine(examiner, &symptom->event, &finding);
		if (symptom->event.status != BM_STATUS_SENT)
			check(rules, examiner, &finding);
	}
	bm_symptoms_dispose(&symptoms);
	bm_examiner_free(examiner);
}

/* as_list - the bytes as lines of a list */
static void as_list(const struct bm_rules *rules, struct bm_bytes rest)
{
	struct bm_bytes line;
	struct bm_batch_line batch;
	struct bm_finding finding;
	struct bm_examiner *const examiner = bm_examiner_new(rules);
	while (bm_symptom_line(&rest, &line)) {
		if (!bm_batch_read(line, &batch))
			continue;
		bm_examine_coded(examiner, batch.code, batch.enhanced, batch.text, &finding);
		check(rules, examiner, &finding);
	}
	bm_examiner_free(examiner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bm_rules *const rules = rules_once();
	/* a copy of the exact size, so that a read behind the end is seen */
	uint8_t *const copy = malloc(size ? size : 1);
	memcpy(copy, data, size);
	as_pasted(rules, (struct bm_bytes){copy, size});
	as_list(rules, (struct bm_bytes){copy, size});
	free(copy);
	return 0;
}
