/* pipeline.h - run the mill over inputs: threads, blocks, folding, and the tally at the end. */
#ifndef BM_PIPELINE_H
#define BM_PIPELINE_H

#include "bouncemill/input.h"
#include "bouncemill/rule.h"
#include "bouncemill/tally.h"
#include "progress.h"
#include "zone.h"

/* How far a run goes: for `bouncemill bench`, which times it stage by stage. */
enum bm_depth {
	BM_DEPTH_READ,  /* touch every byte of the inputs, or decode it */
	BM_DEPTH_LINES, /* find line ends */
	BM_DEPTH_PARSE, /* records and events */
	BM_DEPTH_SPAN,  /* correlate, classify nothing */
	BM_DEPTH_CLASSIFY,
	BM_DEPTH_COUNT /* everything */
};

struct bm_pipeline_options {
	enum bm_bucket bucket;
	bm_time since, until; /* BM_TIME_UNKNOWN = no bound */
	const struct bm_zone *zone;
	const struct bm_rules *rules;
	const char *log_format; /* NULL = auto */
	struct bm_bytes anonymize_key;
	unsigned threads;   /* >= 1 */
	size_t block_bytes; /* 0 = default */
	bool addresses;
	enum bm_depth depth;
	struct bm_progress *progress; /* or NULL */
};

struct bm_run {
	struct bm_tally *tally; /* complete; owned */
	uint64_t lines, events;
	uint64_t blank;           /* empty lines */
	uint64_t repeats;         /* lines that say `message repeated` */
	unsigned threads;         /* that really ran */
	size_t open_messages_max; /* kept in the fold at once */
};

/* bm_pipeline_wants - do since and until let the time through */
bool bm_pipeline_wants(const struct bm_pipeline_options *options, bm_time time);

/* bm_pipeline_run - grind all inputs; what became of each is in its source.  Free the run's tally
 * with bm_tally_free. */
void bm_pipeline_run(struct bm_inputs *inputs, const struct bm_pipeline_options *options,
		     struct bm_run *run);

enum { BM_THREADS_MAX = 256 };

/* bm_parallel - call job(context, i) for all i < count on up to threads threads, at least the
 * caller's own; order is free.  Returns how many threads there were. */
unsigned bm_parallel(unsigned threads, size_t count, void (*job)(void *context, size_t i),
		     void *context);

#endif
