/* fuzz_log.c - arbitrary bytes as a log: record readers, Postfix's lines, and the cut.
 *
 * What must hold: every slice lies inside what was read; the fast reader sees each line as the
 * plain one; and a worker counts the same lines in one block as in many small ones.
 */
#define _GNU_SOURCE
#include "bouncemill/input.h"
#include "bouncemill/log.h"
#include "bouncemill/registry.h"
#include "bouncemill/rule.h"
#include "cut.h"
#include "record.h"
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* must - nothing, or the end of the run */
static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_log: %s\n", what);
		abort();
	}
}

/* inside - does a slice lie in the text, or is it empty */
static bool inside(struct bm_bytes slice, struct bm_bytes text)
{
	return slice.size == 0 ||
	       (slice.data >= text.data && slice.data + slice.size <= text.data + text.size);
}

/* same - is one slice the other */
static bool same(struct bm_bytes left, struct bm_bytes right)
{
	return left.size == right.size && (left.size == 0 || left.data == right.data);
}

/* check_event - what the log format takes from a record lies in it */
static void check_event(const struct bm_record *record)
{
	struct bm_event event = {0};
	const struct bm_bytes message = record->message;
	const enum bm_event_kind kind = bm_registry_log(0)->parse(record, &event);
	must(kind == event.kind, "two kinds of one event");
	must(inside(event.queue_id, message) && inside(event.next_id, message) &&
		     inside(event.address, message),
	     "a slice of an event outside its message");
	if (kind == BM_EVENT_ATTEMPT || kind == BM_EVENT_PROBE)
		must(inside(event.relay, message) && inside(event.relay_ip, message) &&
			     inside(event.dsn, message) && inside(event.text, message),
		     "a slice of an attempt outside its message");
}

/* check_line - both readers on one line of text, a copy of the exact size */
static void check_line(struct bm_record_reader *fast, struct bm_record_reader *plain,
		       struct bm_bytes bytes)
{
	while (bytes.size && bytes.data[0] == 0)
		bytes = bm_bytes_from(bytes, 1);
	uint8_t *const copy = malloc(bytes.size ? bytes.size : 1);
	if (bytes.size)
		memcpy(copy, bytes.data, bytes.size);
	const struct bm_bytes line = {copy, bytes.size};
	struct bm_record left = {0}, right = {0};
	const enum bm_record_status status = bm_record_read(fast, line, &left);
	must(status == bm_record_read(plain, line, &right), "the fast reader has another status");
	if (status == BM_RECORD_OK) {
		must(left.time == right.time && same(left.host, right.host) &&
			     same(left.tag, right.tag) && same(left.message, right.message) &&
			     left.daemon == right.daemon,
		     "the fast reader sees another record");
		must(inside(left.host, line) && inside(left.tag, line) &&
			     inside(left.message, line) && left.daemon <= left.tag.size,
		     "a slice of a record outside its line");
		check_event(&left);
	}
	free(copy);
}

/* check_lines - all lines of a text, by readers that remember the ones before */
static void check_lines(struct bm_bytes text)
{
	struct bm_record_reader fast, plain;
	bm_record_reader_init(&fast, BM_TRANSPORT_LINES, NULL);
	bm_record_reader_init(&plain, BM_TRANSPORT_LINES, NULL);
	plain.fast = false;
	for (size_t at = 0; at < text.size;) {
		const size_t end = bm_bytes_find(text, at, '\n');
		check_line(&fast, &plain, (struct bm_bytes){text.data + at, end - at});
		at = end + 1;
	}
	bm_record_reader_dispose(&fast);
	bm_record_reader_dispose(&plain);
}

/* check_journal - the text as one journal record */
static void check_journal(enum bm_transport transport, struct bm_bytes text)
{
	struct bm_record_reader reader;
	struct bm_record record = {0};
	bm_record_reader_init(&reader, transport, NULL);
	if (bm_record_read(&reader, text, &record) == BM_RECORD_OK) {
		const struct bm_bytes scratch = {reader.scratch.data, reader.scratch.size};
		must(inside(record.message, text) || inside(record.message, scratch),
		     "a journal's message from nowhere");
		check_event(&record);
	}
	bm_record_reader_dispose(&reader);
}

/* --- the cut --- */

/* What is known of a text after a run over it. */
struct counts {
	uint64_t lines, events, other, blank;
	uint64_t malformed[BM_MALFORMED_COUNT];
	bm_time first, last;
};

/* options_once - how the worker works; the rules are made at the first call */
static const struct bm_pipeline_options *options_once(void)
{
	static struct bm_pipeline_options options;
	if (options.rules == NULL) {
		struct bm_rules *const rules = bm_rules_new();
		bm_rules_builtin(rules);
		bm_rules_seal(rules);
		options = (struct bm_pipeline_options){.since = BM_TIME_UNKNOWN,
						       .until = BM_TIME_UNKNOWN,
						       .rules = rules,
						       .threads = 1,
						       .addresses = true,
						       .depth = BM_DEPTH_COUNT};
	}
	return &options;
}

static void add(struct counts *sum, const struct bm_block_counts *counts)
{
	sum->lines += counts->lines;
	sum->events += counts->events;
	sum->other += counts->other;
	sum->blank += counts->blank;
	for (int i = 0; i < BM_MALFORMED_COUNT; i++)
		sum->malformed[i] += counts->malformed[i];
	struct bm_seen seen = {sum->first, sum->last};
	bm_seen_add(&seen, counts->seen.first);
	bm_seen_add(&seen, counts->seen.last);
	sum->first = seen.first;
	sum->last = seen.last;
}

/* grind - a worker over all blocks of an input */
static struct counts grind(struct bm_inputs *inputs, size_t block_bytes)
{
	struct counts sum = {.first = BM_TIME_UNKNOWN, .last = BM_TIME_UNKNOWN};
	struct bm_worker *const worker = bm_worker_new(options_once());
	struct bm_span *const span = bm_span_new(false);
	struct bm_cut *const cut = bm_cut_new(
		inputs, &(struct bm_cut_options){.block_bytes = block_bytes, .threads = 1});
	struct bm_block_counts counts = {0};
	struct bm_block block = {0};
	char reason[192];
	while (bm_cut_next(cut, &block) == BM_OK) {
		if (block.kind != BM_BLOCK_READY)
			must(bm_cut_fill(&block, reason), "a block that cannot be read");
		bm_worker_block(worker, &inputs->list[0], &block, span, &counts);
		add(&sum, &counts);
		bm_span_clear(span);
		bm_cut_release(cut, &block);
	}
	bm_block_dispose(&block);
	bm_cut_free(cut);
	bm_span_free(span);
	bm_tally_free(bm_worker_tally(worker));
	bm_worker_free(worker);
	free(counts.hosts);
	return sum;
}

/* check_cut - the text as a file, cut into large and small blocks */
static void check_cut(struct bm_bytes text, size_t block_bytes)
{
	struct bm_inputs inputs = {0};
	char name[40];
	const int fd = memfd_create("fuzz_log", 0);
	must(fd >= 0 && write(fd, text.data, text.size) == (ssize_t)text.size, "cannot write");
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	bm_inputs_add(&inputs, name);
	bm_inputs_identify(&inputs, 2026);
	/* What is no plain text is another fuzzer's. */
	if (inputs.count == 1 && !inputs.list[0].skip &&
	    strcmp(inputs.list[0].codec->name, "plain") == 0) {
		const struct counts whole = grind(&inputs, (size_t)1 << 20);
		const struct counts parts = grind(&inputs, block_bytes);
		uint64_t malformed = 0;
		for (int i = 0; i < BM_MALFORMED_COUNT; i++)
			malformed += whole.malformed[i];
		must(whole.lines == whole.events + whole.other + malformed,
		     "lines are not conserved");
		must(memcmp(&whole, &parts, sizeof whole) == 0, "small blocks count otherwise");
	}
	bm_inputs_dispose(&inputs);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	/* The first byte chooses the size of small blocks: at least a byte-order mark's and one
	 * more. */
	const size_t block_bytes = 4 + data[0];
	uint8_t *const copy = malloc(size);
	memcpy(copy, data, size);
	const struct bm_bytes text = {copy + 1, size - 1};
	check_lines(text);
	check_journal(BM_TRANSPORT_JSON, text);
	check_journal(BM_TRANSPORT_EXPORT, text);
	check_cut(text, block_bytes);
	free(copy);
	return 0;
}
