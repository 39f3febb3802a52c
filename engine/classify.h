/* classify.h - from what a line says to what it means: names, provider, template, category.
 *
 * One classifier a thread; it writes names into its tally and keeps what it has learnt: a relay's
 * and a domain's provider, a template's verdict.  So the public suffix list and the rules are asked
 * once per distinct name, and classification costs a failure little more than its mask.
 */
#ifndef BM_CLASSIFY_H
#define BM_CLASSIFY_H

#include "bouncemill/event.h"
#include "bouncemill/rule.h"
#include "count.h"

struct bm_classifier;

struct bm_classifier *bm_classifier_new(struct bm_tally *tally, const struct bm_rules *rules,
					bool addresses, struct bm_bytes anonymize_key);
void bm_classifier_free(struct bm_classifier *classifier);

/* The names of an attempt, ready to be looked up.  Names are spread all over memory: a worker looks
 * up those of many attempts together, so that it waits for memory once and not a dozen times an
 * attempt. */
struct bm_lookup {
	uint8_t lower[256];            /* the domain in lower case */
	struct bm_bytes domain, relay; /* relay is empty when nobody was spoken to */
	uint64_t domain_hash, relay_hash;
	uint32_t domain_guess, relay_guess;
};
/* bm_lookup_start - take the names of an event, ask memory for their slots */
void bm_lookup_start(const struct bm_classifier *classifier, const struct bm_event *event,
		     struct bm_lookup *lookup);
/* bm_lookup_peek, bm_lookup_fetch - the next steps: see bm_intern_want */
void bm_lookup_peek(const struct bm_classifier *classifier, struct bm_lookup *lookup);
void bm_lookup_fetch(const struct bm_classifier *classifier, const struct bm_lookup *lookup);

/* bm_classify - judge an attempt at time; every number in *fact is the tally's */
void bm_classify(struct bm_classifier *classifier, const struct bm_event *event,
		 const struct bm_lookup *lookup, bm_time time, struct bm_fact *fact);

/* bm_classify_sender - number of a sender address's domain ("<>" for the null sender) */
uint32_t bm_classify_sender(struct bm_classifier *classifier, struct bm_bytes address);

/* bm_classify_subject - number of a subject, from its header's value: see subject.h */
uint32_t bm_classify_subject(struct bm_classifier *classifier, struct bm_bytes value);

/* What decided a template's verdict, as its name in a tally keeps it: ask bm_rules_match with this
 * and the verdict comes out again. */
struct bm_template_look {
	struct bm_bytes provider; /* whose rules are asked */
	struct bm_bytes masked;
	struct bm_reply reply; /* codes and stage only */
	struct bm_enhanced dsn;
};
/* bm_template_read - take a template's name apart; slices point into it, or live for ever; false if it is none */
bool bm_template_read(struct bm_bytes name, struct bm_template_look *look);

#endif
