/* count.h - from judged facts to counters: the one place where a number goes up.
 *
 * Shapes of the cells are in bouncemill/tally.h; what counts is DESIGN: final outcomes in
 * recipients, deferrals in attempts.  A counter writes to one tally and belongs to one thread.
 */
#ifndef BM_COUNT_H
#define BM_COUNT_H

#include "bouncemill/tally.h"

#define BM_NO_STEP     255
#define BM_NO_TEMPLATE UINT32_MAX

/* One judged delivery attempt, in the numbers of one tally. */
struct bm_fact {
	bm_time time;
	uint32_t domain, provider, relay;
	uint32_t template; /* failures only; BM_NO_TEMPLATE for a complaint */
	uint32_t listing;  /* of failures: number + 1 of what the reply says is listed, or 0 */
	uint32_t address;  /* with addresses only */
	uint8_t category;
	uint8_t outcome;    /* delivered, bounced or deferred */
	uint8_t delay_step; /* of a delivery, or BM_NO_STEP */
	bool has_relay;     /* somebody was spoken to */
};

/* What is known of the message that an outcome belongs to. */
struct bm_origin {
	uint32_t sender;  /* number in the tally */
	uint32_t subject; /* likewise; 0 = not told */
	uint8_t fanout;   /* enum bm_fanout */
};

/* Where the cells of latest keys are, each key at one place; zeroed = none known. */
enum { BM_MEMO_CELLS = 64 };
struct bm_cell_memo {
	struct {
		uint32_t key[4];
		uint32_t mark; /* number of the cell + 1, or 0 */
	} list[BM_MEMO_CELLS];
};

struct bm_counter {
	struct bm_tally *tally;
	enum bm_bucket bucket;
	bool addresses;
	/* The latest cells of a few sets whose keys are few for long stretches of a log. */
	struct bm_cell_memo periods, messages, origins;
	/* The hour of the last time, as its first second on the wall, and the period it is in. */
	int64_t hour;
	int32_t hour_minute; /* its first minute since 1970 */
	bm_period hour_period;
	bool hour_known;
};

/* bm_count_want - the attempt will be counted soon: ask memory for the cells and records it touches
 */
void bm_count_want(struct bm_counter *counter, const struct bm_fact *fact);
/* bm_count_attempt - an attempt, whoever sent the message */
void bm_count_attempt(struct bm_counter *counter, const struct bm_fact *fact);
/* bm_count_returned - a failure that only a bounce mail tells of, for its message's sender and
 * subject too */
void bm_count_returned(struct bm_counter *counter, const struct bm_fact *fact,
		       struct bm_origin origin);
/* bm_count_expired - a recipient given up at time; fact is its last deferral */
void bm_count_expired(struct bm_counter *counter, const struct bm_fact *fact, bm_time time);
/* bm_count_origin - n outcomes of a message, by what is known of it */
void bm_count_origin(struct bm_counter *counter, struct bm_origin origin, enum bm_category category,
		     enum bm_outcome outcome, uint32_t n);
/* bm_count_message - a message, by what is known of it and the time of its first attempt */
void bm_count_message(struct bm_counter *counter, struct bm_origin origin, bm_time first_attempt);
/* bm_count_deferral - what became of a deferred recipient: fact is its last deferral, attempts were
 * made between first and end (end unknown while it is open) */
void bm_count_deferral(struct bm_counter *counter, const struct bm_fact *fact,
		       enum bm_deferral_count result, uint32_t attempts, bm_time first,
		       bm_time end);
/* bm_count_period - a rejection or a probe */
void bm_count_period(struct bm_counter *counter, enum bm_period_count what, bm_time time);

/* --- one tally's numbers in another's --- */

/* A memo of names looked up once: from one worker's tally to the fold's.  Only names are read of
 * the source, whose owner may be counting meanwhile; what a template's name decides (category,
 * rule) stays unset in the target until the two tallies are merged. */
struct bm_rename {
	const struct bm_tally *source;
	struct bm_tally *target;
	struct bm_rename_memo {
		uint32_t *numbers; /* target number + 1, or 0 */
		uint32_t room;
	} domains, providers, relays, templates, addresses, senders, listings, subjects;
};
/* bm_rename_fact - fact's numbers in the target's */
struct bm_fact bm_rename_fact(struct bm_rename *rename, struct bm_fact fact, bool addresses);
uint32_t bm_rename_sender(struct bm_rename *rename, uint32_t sender);
uint32_t bm_rename_subject(struct bm_rename *rename, uint32_t subject);
struct bm_origin bm_rename_origin(struct bm_rename *rename, struct bm_origin origin);
void bm_rename_dispose(struct bm_rename *rename);

#endif
