/* pipeline.c - the whole machine.
 *
 *	inputs --> cut --> block --> [ parse -> span -> classify -> count ] --> fold --> close --> tally
 *	          (one at a time,    (N workers, sharing nothing)              (one at a time,
 *	           in order)                                                    in order)
 *
 * What flows.  A worker takes the next block of whole lines from the cut and reads or decodes it itself,
 * so that the bytes are in this core's cache when they are parsed; only a stream that cannot be cut
 * unread (one long frame, a pipe) is decoded under the cut's lock, by whoever takes the next block.  It
 * finds line ends, peels each line's header, asks the log format what the line says, judges failures by
 * the rules, and puts numbers up in its own tally.  What concerns a message goes through the block's
 * span, which joins a message's lines and knows what it could not join: see span.h, the idea this house
 * stands on.  Then the fold appends the block's span to the span of everything before it.  Blocks may
 * finish in any order; they are folded in the order of their bytes, so the left operand is always the
 * whole prefix.  At the end the prefix is closed, and the workers' tallies, with the fold's own, merge
 * into one.
 *
 * Bounce archives are inputs too.  A mail may tell what any line of any log told, so logs are ground
 * first, and leave behind whom they saw fail (sent.h); then the same workers take the mails, block by
 * block, and judge what is news (returned.h).  Mails have no span: each stands alone.  But one report may
 * lie in two mailboxes, so it is the fold that counts them, in its one order (news.h).
 *
 * Why any -j gives the same bytes.  Tallies merge by +, min, max and set union: who counted what does
 * not matter.  Spans merge by an associative function applied in one fixed order.  Blocks differ with
 * -j, but the cut gives the same lines, and the same year references, wherever it cuts.  Numbers and
 * hashes never reach an output: tables sort by text.
 *
 * Why memory is bounded.  Only so many blocks are in flight (SPANS_A_WORKER for each worker): whoever
 * would run too far ahead of the fold waits.  A block's bytes lie in its worker's one buffer.  What
 * grows is what must: a cell for each distinct (period, domain, provider, category), a name for each
 * distinct name, and a piece for each message in the queue at the place the fold has reached.
 *
 * Who may touch what.  Two locks, both here.  `cut_lock` guards the cut, the inputs and progress.
 * `fold_lock` guards the ring of finished spans, the idle parcels and who folds.  The fold itself (prefix,
 * its tally, renames, the inputs' counts) belongs to whoever set `folding`.  Everything else belongs to one
 * worker.  Only empty spans and blocks flow back.
 */
#include "pipeline.h"

#include <pthread.h>
#include <stdio.h>

#include "bouncemill/error.h"
#include "cut.h"
#include "record.h"
#include "bouncemill/index.h"
#include "worker.h"

enum { SPANS_A_WORKER = 4 };

/* A block's result on its way to the fold. */
struct parcel {
	struct bm_span *span;
	struct bm_block_counts counts;
	uint32_t input, worker;
};

struct pipeline {
	const struct bm_pipeline_options *options;
	struct bm_inputs *inputs;
	unsigned threads;
	struct bm_worker **workers;
	struct bm_sent **sent; /* by worker; NULL where nothing is remembered */

	/* under cut_lock */
	pthread_mutex_t cut_lock;
	pthread_cond_t stitched;
	struct bm_cut *cut;
	uint64_t raw_before; /* bytes of the inputs that the cut before this one has cut */

	/* under fold_lock */
	pthread_mutex_t fold_lock;
	pthread_cond_t folded;
	struct parcel **ring; /* by seq; NULL = not finished */
	size_t ring_room;
	uint64_t next_fold; /* seq */
	bool folding;
	struct parcel *parcels; /* all there are */
	struct parcel **idle;
	size_t idle_count;

	/* whoever is folding */
	struct bm_span *prefix;
	struct bm_counter counter; /* to the fold's own tally */
	struct bm_rename *renames; /* by worker */
	struct bm_index hosts;     /* of (input, host) pairs */
	uint64_t *host_pairs;
	uint32_t host_count, host_room;
	struct bm_told told; /* reports of bounce mails */
	struct bm_run *run;
};

/* --- fold --- */

/* add_host - one more host of an input, unless it is known */
static void add_host(struct pipeline *pipeline, uint32_t input, uint64_t host)
{
	const uint64_t pair = host ^ (input * UINT64_C(0x9e3779b97f4a7c15));
	struct bm_index_walk walk = bm_index_walk(&pipeline->hosts, (uint32_t)pair);
	for (uint32_t at; (at = bm_index_next(&pipeline->hosts, &walk)) != BM_INDEX_NONE;)
		if (pipeline->host_pairs[at] == pair)
			return;
	bm_index_put(&pipeline->hosts, (uint32_t)pair, pipeline->host_count);
	BM_GROW(pipeline->host_pairs, pipeline->host_count, pipeline->host_room);
	pipeline->host_pairs[pipeline->host_count++] = pair;
	pipeline->inputs->list[input].source.hosts++;
}

/* add_counts - a block's lines to its input's */
static void add_counts(struct pipeline *pipeline, const struct parcel *parcel)
{
	struct bm_source *const source = &pipeline->inputs->list[parcel->input].source;
	const struct bm_block_counts *const counts = &parcel->counts;
	source->lines += counts->lines;
	source->events += counts->events;
	source->other += counts->other;
	source->joined += counts->joined;
	source->foreign += counts->foreign;
	for (int i = 0; i < BM_MALFORMED_COUNT; i++)
		source->malformed[i] += counts->malformed[i];
	bm_seen_add(&source->seen, counts->seen.first);
	bm_seen_add(&source->seen, counts->seen.last);
	if (counts->format)
		source->format = counts->format;
	for (size_t i = 0; i < counts->host_count; i++)
		add_host(pipeline, parcel->input, counts->hosts[i]);
	pipeline->run->lines += counts->lines;
	pipeline->run->events += counts->events;
	pipeline->run->blank += counts->blank;
	pipeline->run->repeats += counts->repeats;
}

/* fold_one - append a finished block to the prefix */
static void fold_one(struct pipeline *pipeline, struct parcel *parcel)
{
	add_counts(pipeline, parcel);
	pipeline->inputs->list[parcel->input].source.repeated +=
		bm_told_count(&pipeline->told, &parcel->counts.news,
			      &pipeline->renames[parcel->worker], &pipeline->counter);
	bm_span_merge(pipeline->prefix, parcel->span, &pipeline->renames[parcel->worker],
		      &pipeline->counter);
	bm_span_clear(parcel->span);
	const size_t open = bm_span_open_count(pipeline->prefix);
	if (open > pipeline->run->open_messages_max)
		pipeline->run->open_messages_max = open;
}

/* fold_ready - fold what is next as long as it is there; called and left with fold_lock held */
static void fold_ready(struct pipeline *pipeline)
{
	pipeline->folding = true;
	for (;;) {
		struct parcel **const place =
			&pipeline->ring[pipeline->next_fold % pipeline->ring_room];
		struct parcel *const parcel = *place;
		if (parcel == NULL)
			break;
		*place = NULL;
		pthread_mutex_unlock(&pipeline->fold_lock);
		fold_one(pipeline, parcel);
		pthread_mutex_lock(&pipeline->fold_lock);
		pipeline->next_fold++;
		pipeline->idle[pipeline->idle_count++] = parcel;
		pthread_cond_broadcast(&pipeline->folded);
	}
	pipeline->folding = false;
}

/* deliver - put a finished block's parcel into its place, and fold if nobody does */
static void deliver(struct pipeline *pipeline, struct parcel *parcel, uint64_t seq)
{
	pthread_mutex_lock(&pipeline->fold_lock);
	pipeline->ring[seq % pipeline->ring_room] = parcel;
	if (!pipeline->folding && seq == pipeline->next_fold)
		fold_ready(pipeline);
	pthread_mutex_unlock(&pipeline->fold_lock);
}

/* take_parcel - an empty parcel for seq, once that is within reach of the fold */
static struct parcel *take_parcel(struct pipeline *pipeline, uint64_t seq)
{
	pthread_mutex_lock(&pipeline->fold_lock);
	while (pipeline->idle_count == 0 || seq >= pipeline->next_fold + pipeline->ring_room)
		pthread_cond_wait(&pipeline->folded, &pipeline->fold_lock);
	struct parcel *const parcel = pipeline->idle[--pipeline->idle_count];
	pthread_mutex_unlock(&pipeline->fold_lock);
	return parcel;
}

/* --- workers --- */

/* fill - read or decode what the cut only pointed at; a part also waits for its turn to be joined
 * to the one before */
static void fill(struct pipeline *pipeline, struct bm_block *block)
{
	char reason[192];
	const bool whole = bm_cut_fill(block, reason);
	if (whole && block->kind == BM_BLOCK_RANGE)
		return;
	pthread_mutex_lock(&pipeline->cut_lock);
	if (block->kind == BM_BLOCK_RANGE) {
		bm_cut_trouble(pipeline->cut, block, reason);
	} else {
		while (bm_cut_turn(block) != block->lane_seq)
			pthread_cond_wait(&pipeline->stitched, &pipeline->cut_lock);
		bm_cut_stitch(pipeline->cut, block, whole ? NULL : reason);
		pthread_cond_broadcast(&pipeline->stitched);
	}
	pthread_mutex_unlock(&pipeline->cut_lock);
}

/* next_block - the next block of the run; false when there is none */
static bool next_block(struct pipeline *pipeline, struct bm_block *block)
{
	pthread_mutex_lock(&pipeline->cut_lock);
	const bool more = bm_cut_next(pipeline->cut, block) == BM_OK;
	if (pipeline->options->progress)
		bm_progress_update(pipeline->options->progress,
				   pipeline->raw_before + bm_cut_raw_bytes(pipeline->cut), 0);
	pthread_mutex_unlock(&pipeline->cut_lock);
	if (more && block->kind != BM_BLOCK_READY)
		fill(pipeline, block);
	return more;
}

static void release_block(struct pipeline *pipeline, struct bm_block *block)
{
	pthread_mutex_lock(&pipeline->cut_lock);
	bm_cut_release(pipeline->cut, block);
	pthread_mutex_unlock(&pipeline->cut_lock);
}

/* work - a worker's life */
static void work(void *context, size_t number)
{
	struct pipeline *const pipeline = context;
	struct bm_worker *const worker = pipeline->workers[number];
	struct bm_block block = {0};
	while (next_block(pipeline, &block)) {
		struct parcel *const parcel = take_parcel(pipeline, block.seq);
		parcel->input = block.input;
		parcel->worker = (uint32_t)number;
		bm_worker_block(worker, &pipeline->inputs->list[block.input], &block, parcel->span,
				&parcel->counts);
		release_block(pipeline, &block);
		deliver(pipeline, parcel, block.seq);
	}
	bm_block_dispose(&block);
}

/* --- the run --- */

static void set_up(struct pipeline *pipeline)
{
	const unsigned threads = pipeline->threads;
	pthread_mutex_init(&pipeline->cut_lock, NULL);
	pthread_cond_init(&pipeline->stitched, NULL);
	pthread_mutex_init(&pipeline->fold_lock, NULL);
	pthread_cond_init(&pipeline->folded, NULL);
	pipeline->workers = bm_zalloc(threads, sizeof *pipeline->workers);
	for (unsigned i = 0; i < threads; i++)
		pipeline->workers[i] = bm_worker_new(pipeline->options);
	pipeline->sent = bm_zalloc(threads, sizeof *pipeline->sent);
	pipeline->ring_room = (size_t)threads * SPANS_A_WORKER;
	pipeline->ring = bm_zalloc(pipeline->ring_room, sizeof *pipeline->ring);
	pipeline->parcels = bm_zalloc(pipeline->ring_room, sizeof *pipeline->parcels);
	pipeline->idle = bm_zalloc(pipeline->ring_room, sizeof *pipeline->idle);
	for (size_t i = 0; i < pipeline->ring_room; i++) {
		pipeline->parcels[i].span = bm_span_new(false);
		pipeline->idle[pipeline->idle_count++] = &pipeline->parcels[i];
	}
	pipeline->prefix = bm_span_new(true);
	pipeline->counter = (struct bm_counter){.tally = bm_tally_new(),
						.bucket = pipeline->options->bucket,
						.addresses = pipeline->options->addresses};
	pipeline->renames = bm_zalloc(threads, sizeof *pipeline->renames);
	for (unsigned i = 0; i < threads; i++)
		pipeline->renames[i] =
			(struct bm_rename){.source = bm_worker_tally(pipeline->workers[i]),
					   .target = pipeline->counter.tally};
}

/* A round of merging: each tally at a multiple of twice the step takes in the one a step behind it. */
struct merging {
	struct bm_tally **tallies;
	size_t step;
	struct bm_crew crew; /* of each pair */
};

static void settle_one(void *context, size_t i)
{
	bm_tally_settle(((struct merging *)context)->tallies[i]);
}

static void merge_pair(void *context, size_t i)
{
	const struct merging *const merging = context;
	struct bm_tally **const pair = merging->tallies + 2 * i * merging->step;
	bm_tally_merge(pair[0], pair[merging->step], &merging->crew);
	bm_tally_free(pair[merging->step]);
}

/* merge_all - every tally into the first worker's, which is the run's: in pairs, then pairs of pairs, so
 * that many threads do not wait for one that merges all they have counted */
static struct bm_tally *merge_all(struct pipeline *pipeline)
{
	const size_t count = (size_t)pipeline->threads + 1;
	struct merging merging = {bm_alloc(count * sizeof *merging.tallies), 1, {1, bm_parallel}};
	for (size_t i = 0; i + 1 < count; i++)
		merging.tallies[i] = bm_worker_tally(pipeline->workers[i]);
	merging.tallies[count - 1] = pipeline->counter.tally;
	bm_parallel(pipeline->threads, count, settle_one, &merging);
	for (; merging.step < count; merging.step *= 2) {
		const size_t pairs =
			(count - merging.step + 2 * merging.step - 1) / (2 * merging.step);
		merging.crew.threads =
			pairs < pipeline->threads ? pipeline->threads / (unsigned)pairs : 1;
		bm_parallel(pipeline->threads, pairs, merge_pair, &merging);
	}
	struct bm_tally *const tally = merging.tallies[0];
	bm_free(merging.tallies);
	return tally;
}

static void tear_down(struct pipeline *pipeline)
{
	for (unsigned i = 0; i < pipeline->threads; i++) {
		bm_worker_free(pipeline->workers[i]);
		bm_rename_dispose(&pipeline->renames[i]);
	}
	for (size_t i = 0; i < pipeline->ring_room; i++) {
		bm_span_free(pipeline->parcels[i].span);
		bm_free(pipeline->parcels[i].counts.hosts);
		bm_free(pipeline->parcels[i].counts.news.list);
	}
	bm_span_free(pipeline->prefix);
	bm_index_dispose(&pipeline->hosts);
	bm_free(pipeline->host_pairs);
	bm_told_dispose(&pipeline->told);
	bm_free(pipeline->workers);
	bm_free(pipeline->sent);
	bm_free(pipeline->renames);
	bm_free(pipeline->ring);
	bm_free(pipeline->parcels);
	bm_free(pipeline->idle);
	pthread_mutex_destroy(&pipeline->cut_lock);
	pthread_cond_destroy(&pipeline->stitched);
	pthread_mutex_destroy(&pipeline->fold_lock);
	pthread_cond_destroy(&pipeline->folded);
}

bool bm_pipeline_wants(const struct bm_pipeline_options *options, bm_time time)
{
	if (options->since == BM_TIME_UNKNOWN && options->until == BM_TIME_UNKNOWN)
		return true;
	if (time == BM_TIME_UNKNOWN)
		return false;
	const int64_t wall = bm_time_wall(time);
	return (options->since == BM_TIME_UNKNOWN || wall >= bm_time_wall(options->since)) &&
	       (options->until == BM_TIME_UNKNOWN || wall < bm_time_wall(options->until));
}

/* --- the run's two parts --- */

/* hold_any - are there inputs of mails, or of logs */
static bool hold_any(const struct bm_inputs *inputs, bool mails)
{
	for (size_t i = 0; i < inputs->count; i++)
		if (!inputs->list[i].skip &&
		    bm_transport_is_mail(inputs->list[i].transport) == mails)
			return true;
	return false;
}

/* grind - all inputs of logs, or all of mails */
static void grind(struct pipeline *pipeline, bool mails)
{
	const unsigned threads = pipeline->threads;
	pipeline->cut = bm_cut_new(
		pipeline->inputs,
		&(struct bm_cut_options){pipeline->options->block_bytes, threads, mails});
	pipeline->next_fold = 0;
	/* A worker that gets no thread of its own finds all blocks taken when its turn comes. */
	const unsigned ran = bm_parallel(threads, threads, work, pipeline);
	if (ran > pipeline->run->threads)
		pipeline->run->threads = ran;
	pipeline->raw_before += bm_cut_raw_bytes(pipeline->cut);
	bm_cut_free(pipeline->cut);
}

/* grind_mails - behind all logs, since a mail may tell what any line of any log told */
static void grind_mails(struct pipeline *pipeline, bool logs)
{
	struct bm_sent *all = NULL;
	for (unsigned i = 0; i < pipeline->threads && logs; i++) {
		if (all)
			bm_sent_merge(all, pipeline->sent[i]);
		else
			all = pipeline->sent[i];
	}
	for (unsigned i = 0; i < pipeline->threads; i++)
		bm_worker_mails(pipeline->workers[i], all);
	grind(pipeline, true);
}

void bm_pipeline_run(struct bm_inputs *inputs, const struct bm_pipeline_options *options,
		     struct bm_run *run)
{
	struct pipeline pipeline = {.options = options, .inputs = inputs, .run = run};
	pipeline.threads = options->threads < BM_THREADS_MAX ? options->threads : BM_THREADS_MAX;
	*run = (struct bm_run){0};
	set_up(&pipeline);
	const bool logs = hold_any(inputs, false), mails = hold_any(inputs, true);
	for (unsigned i = 0; i < pipeline.threads && mails && logs; i++)
		pipeline.sent[i] = bm_worker_remember(pipeline.workers[i]);
	if (logs || !mails)
		grind(&pipeline, false);
	bm_span_close(pipeline.prefix, &pipeline.counter);
	if (mails)
		grind_mails(&pipeline, logs);
	run->tally = merge_all(&pipeline);
	tear_down(&pipeline);
}

/* --- loops over independent jobs --- */

struct loop {
	pthread_mutex_t lock;
	size_t next, count;
	void (*job)(void *context, size_t i);
	void *context;
};

struct loop_thread {
	struct loop *loop;
	pthread_t id;
};

static void *loop_work(void *argument)
{
	struct loop *const loop = ((struct loop_thread *)argument)->loop;
	for (;;) {
		pthread_mutex_lock(&loop->lock);
		const size_t i = loop->next < loop->count ? loop->next++ : loop->count;
		pthread_mutex_unlock(&loop->lock);
		if (i == loop->count)
			return NULL;
		loop->job(loop->context, i);
	}
}

unsigned bm_parallel(unsigned threads, size_t count, void (*job)(void *context, size_t i),
		     void *context)
{
	struct loop loop = {.count = count, .job = job, .context = context};
	struct loop_thread list[BM_THREADS_MAX];
	unsigned started = 1;
	pthread_mutex_init(&loop.lock, NULL);
	for (unsigned i = 0; i < BM_THREADS_MAX; i++)
		list[i].loop = &loop;
	while (started < threads && started < count && started < BM_THREADS_MAX &&
	       pthread_create(&list[started].id, NULL, loop_work, &list[started]) == 0)
		started++;
	loop_work(&list[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(list[i].id, NULL);
	pthread_mutex_destroy(&loop.lock);
	return started;
}
