/* worker.h - one thread's share of the mill: parse, span, classify and count a block.
 *
 * A worker owns its tally, its classifier and the span of the block in hand, and shares nothing:
 * see pipeline.c.
 */
#ifndef BM_WORKER_H
#define BM_WORKER_H

#include "bouncemill/block.h"
#include "bouncemill/source.h"
#include "news.h"
#include "pipeline.h"
#include "sent.h"
#include "span.h"

/* What a block adds to its input's row of the coverage table. */
struct bm_block_counts {
	uint64_t lines, events, other, repeats, blank;
	uint64_t joined, foreign; /* recipients of bounce mails: told by a log, not of our mail */
	uint64_t malformed[BM_MALFORMED_COUNT];
	struct bm_seen seen;
	const char *format; /* of the log that was recognised, or NULL */
	uint64_t *hosts;    /* seeded hashes of distinct host names; owned by the worker */
	size_t host_count, host_room;
	struct bm_news news; /* of bounce mails; for the fold to count */
};

struct bm_worker;

struct bm_worker *bm_worker_new(const struct bm_pipeline_options *options);
void bm_worker_free(struct bm_worker *worker);
struct bm_tally *bm_worker_tally(struct bm_worker *worker);

/* bm_worker_remember - keep what bounce mails will be held against; returns where, which stays the
 * worker's */
struct bm_sent *bm_worker_remember(struct bm_worker *worker);
/* bm_worker_mails - the logs are over and mails begin; sent is what all logs told, or NULL without
 * any */
void bm_worker_mails(struct bm_worker *worker, const struct bm_sent *sent);

/* bm_worker_block - grind a block of an input: counts to the worker's tally, messages to span
 * (which is empty) */
void bm_worker_block(struct bm_worker *worker, const struct bm_input *input,
		     const struct bm_block *block, struct bm_span *span,
		     struct bm_block_counts *counts);

#endif
