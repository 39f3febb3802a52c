/* finding.h - the verdict on one text, and why: what `diagnose` asks of the classifier.
 *
 * The verdict is that of reports: an examiner is a classifier with a tally of its own, and a
 * finding is what that classifier wrote into the tally.  One thread.
 */
#ifndef BM_FINDING_H
#define BM_FINDING_H

#include "classify.h"

struct bm_examiner;

struct bm_examiner *bm_examiner_new(const struct bm_rules *rules);
void bm_examiner_free(struct bm_examiner *examiner);

struct bm_finding {
	enum bm_category category;
	const struct bm_rule *rule; /* NULL = none decided */
	unsigned rank;              /* of the rule, 0 is the strongest; UINT_MAX without one */
	/* the words that decided, as the text spells them; none when a code did */
	struct bm_bytes evidence[BM_RULE_EVIDENCE_MAX];
	unsigned evidence_count;
	struct bm_bytes provider; /* empty = not known */
	struct bm_bytes masked;   /* the text as rules see it */
	uint16_t code;            /* 0 = none */
	struct bm_enhanced enhanced;
	bool by_enhanced;  /* the code that decided was the enhanced one */
	uint32_t template; /* its number in the tally; failures only */
};

/* bm_examine - judge an attempt; slices of *finding live as long as the examiner */
void bm_examine(struct bm_examiner *examiner, const struct bm_event *event,
		struct bm_finding *finding);

/* bm_examiner_tally - everything examined so far, by template */
const struct bm_tally *bm_examiner_tally(const struct bm_examiner *examiner);

/* bm_examine_coded - judge a text whose codes stand beside it, as in a table of replies: a basic
 * code that the text lacks is put in front of it, the enhanced one counts as dsn= does */
void bm_examine_coded(struct bm_examiner *examiner, struct bm_bytes code, struct bm_bytes enhanced,
		      struct bm_bytes text, struct bm_finding *finding);

#endif
