/* worker.c - the loop over the lines of a block; see worker.h.
 *
 * This is where the time goes: tens of nanoseconds a line.  A line that is no event costs its line
 * end, its header and a few compares on its program's name.
 */
#include "worker.h"

#include "bouncemill/error.h"
#include "bouncemill/log.h"
#include "bouncemill/registry.h"
#include "classify.h"
#include "hash.h"
#include "bouncemill/index.h"
#include "record.h"
#include "returned.h"
#include "scan.h"

enum {
	ENDS_MAX = 1024,
	HOST_BYTES_MAX = 255,
	STAGED_MAX = 32 /* events taken together */
};

/* An event between parsing and counting. */
struct staged {
	struct bm_event event;
	struct bm_lookup lookup; /* of an attempt */
	struct bm_fact fact;     /* of an attempt */
	bm_time time;
	uint64_t host;
};

struct bm_worker {
	const struct bm_pipeline_options *options;
	struct bm_tally *tally;
	struct bm_classifier *classifier;
	struct bm_counter counter;
	struct bm_record_reader reader;
	const struct bm_log *log; /* that recognised the last event */
	struct bm_sent *sent;     /* of the logs this worker has read; NULL without bounce mails */
	struct bm_returned *returned; /* reads bounce mails; NULL until they begin */
	/* of the block in hand */
	struct bm_span *span;
	struct bm_block_counts *counts;
	struct bm_index hosts;
	uint8_t last_host[HOST_BYTES_MAX]; /* of the line before */
	size_t last_host_size;
	uint64_t last_host_hash;
	struct bm_fact no_fact; /* stands in for a judged one while stages are timed */
	uint32_t ends[ENDS_MAX];
	struct staged staged[STAGED_MAX];
	unsigned staged_count;
};

/* log_named - the format of a name that options.c has checked; the first of all for NULL */
static const struct bm_log *log_named(const char *name)
{
	size_t i = 0;
	while (name && strcmp(bm_registry_log(i)->name, name) != 0)
		i++;
	return bm_registry_log(i);
}

struct bm_worker *bm_worker_new(const struct bm_pipeline_options *options)
{
	struct bm_worker *const worker = bm_zalloc(1, sizeof *worker);
	worker->options = options;
	worker->tally = bm_tally_new();
	worker->classifier = bm_classifier_new(worker->tally, options->rules, options->addresses,
					       options->anonymize_key);
	worker->counter = (struct bm_counter){
		.tally = worker->tally, .bucket = options->bucket, .addresses = options->addresses};
	worker->no_fact = (struct bm_fact){
		.time = BM_TIME_UNKNOWN,
		.domain = bm_tally_domain(worker->tally, (struct bm_bytes){0}),
		.provider = bm_tally_provider(worker->tally, (struct bm_bytes){0}),
		.category = BM_CATEGORY_DELIVERED,
		.delay_step = BM_NO_STEP,
	};
	worker->log = log_named(options->log_format);
	bm_record_reader_init(&worker->reader, BM_TRANSPORT_LINES, options->zone);
	return worker;
}

void bm_worker_free(struct bm_worker *worker)
{
	if (worker == NULL)
		return;
	bm_classifier_free(worker->classifier);
	bm_sent_free(worker->sent);
	bm_returned_free(worker->returned);
	bm_record_reader_dispose(&worker->reader);
	bm_index_dispose(&worker->hosts);
	bm_free(worker);
}

struct bm_tally *bm_worker_tally(struct bm_worker *worker)
{
	return worker->tally;
}

struct bm_sent *bm_worker_remember(struct bm_worker *worker)
{
	worker->sent = bm_sent_new();
	return worker->sent;
}

void bm_worker_mails(struct bm_worker *worker, const struct bm_sent *sent)
{
	worker->returned =
		bm_returned_new(worker->options, worker->classifier, worker->tally, sent);
}

/* --- hosts --- */

/* note_host - remember a host name of the block */
static void note_host(struct bm_worker *worker, uint64_t hash)
{
	struct bm_block_counts *const counts = worker->counts;
	struct bm_index_walk walk = bm_index_walk(&worker->hosts, (uint32_t)hash);
	for (uint32_t at; (at = bm_index_next(&worker->hosts, &walk)) != BM_INDEX_NONE;)
		if (counts->hosts[at] == hash)
			return;
	bm_index_put(&worker->hosts, (uint32_t)hash, (uint32_t)counts->host_count);
	BM_GROW(counts->hosts, counts->host_count, counts->host_room);
	counts->hosts[counts->host_count++] = hash;
}

/* host_hash - hash of a record's host; most lines have that of the line before */
static inline uint64_t host_hash(struct bm_worker *worker, struct bm_bytes host)
{
	if (host.size == worker->last_host_size &&
	    bm_same_short(host.data, worker->last_host, host.size))
		return worker->last_host_hash;
	if (host.size > HOST_BYTES_MAX)
		host.size = HOST_BYTES_MAX;
	if (host.size)
		memcpy(worker->last_host, host.data, host.size);
	worker->last_host_size = host.size;
	worker->last_host_hash = bm_hash(host);
	if (host.size)
		note_host(worker, worker->last_host_hash);
	return worker->last_host_hash;
}

/* --- events --- */

/* is_mailbox - was it delivered over a unix socket, as to a mailbox of this host */
static bool is_mailbox(const struct bm_event *event)
{
	return bm_bytes_find_near(event->relay_ip, 0, '/') < event->relay_ip.size;
}

/* add_attempt - give a judged delivery attempt to the span */
static void add_attempt(struct bm_worker *worker, const struct staged *staged,
			struct bm_span_event *span_event)
{
	const struct bm_event *const event = &staged->event;
	span_event->has_next = event->next_id.size > 0;
	span_event->hop = event->status == BM_STATUS_SENT &&
			  (span_event->has_next || (event->relay_near && !is_mailbox(event)));
	if (span_event->has_next)
		span_event->next = bm_message_key(event->next_id, staged->host);
	span_event->address = event->address;
	span_event->fact = &staged->fact;
	bm_span_add(worker->span, span_event, &worker->counter);
}

/* remember - what bounce mails will be held against */
static void remember(struct bm_worker *worker, const struct bm_event *event)
{
	if (event->kind == BM_EVENT_ATTEMPT && event->status != BM_STATUS_SENT)
		bm_sent_failure(worker->sent, event->queue_id, event->address,
				event->status == BM_STATUS_BOUNCED);
	else if (event->kind == BM_EVENT_BEGIN && event->message_id.size)
		bm_sent_message(worker->sent, event->message_id, event->queue_id);
	else if (event->kind == BM_EVENT_SENDER &&
		 bm_verp_read(event->address, &(struct bm_bytes){0}, &(struct bm_bytes){0}))
		bm_sent_sender(worker->sent, event->address, event->queue_id);
}

/* add_event - what a staged event changes */
static void add_event(struct bm_worker *worker, const struct staged *staged)
{
	const struct bm_event *const event = &staged->event;
	struct bm_span_event span_event;
	span_event.kind = event->kind;
	span_event.time = staged->time;
	span_event.key = bm_message_key(event->queue_id, staged->host);
	if (worker->sent)
		remember(worker, event);
	switch (event->kind) {
	case BM_EVENT_ATTEMPT:
		add_attempt(worker, staged, &span_event);
		return;
	case BM_EVENT_SUBJECT:
		span_event.subject = bm_classify_subject(worker->classifier, event->text);
		break;
	case BM_EVENT_SENDER:
		span_event.sender = bm_classify_sender(worker->classifier, event->address);
		span_event.fanout = (uint8_t)bm_fanout_of(event->recipients);
		break;
	case BM_EVENT_BEGIN:
		span_event.client_told = event->client_told;
		span_event.far = event->client_far;
		span_event.has_next = event->next_id.size > 0;
		if (span_event.has_next)
			span_event.next = bm_message_key(event->next_id, staged->host);
		break;
	default:
		break;
	}
	bm_span_add(worker->span, &span_event, &worker->counter);
}

/* judge - the fact of a staged attempt; less of it while stages are timed */
static void judge(struct bm_worker *worker, struct staged *staged)
{
	if (worker->options->depth >= BM_DEPTH_CLASSIFY)
		bm_classify(worker->classifier, &staged->event, &staged->lookup, staged->time,
			    &staged->fact);
	if (worker->options->depth < BM_DEPTH_COUNT)
		staged->fact = worker->no_fact;
	bm_count_want(&worker->counter, &staged->fact);
}

/* flush - count what is staged, in its order.  Memory is asked for everything before anything is
 * waited for: the names of all attempts step by step, then their cells. */
static void flush(struct bm_worker *worker)
{
	struct staged *const staged = worker->staged;
	const unsigned count = worker->staged_count;
	for (unsigned i = 0; i < count; i++)
		if (staged[i].event.kind == BM_EVENT_ATTEMPT)
			bm_lookup_peek(worker->classifier, &staged[i].lookup);
	for (unsigned i = 0; i < count; i++)
		if (staged[i].event.kind == BM_EVENT_ATTEMPT)
			bm_lookup_fetch(worker->classifier, &staged[i].lookup);
	for (unsigned i = 0; i < count; i++)
		if (staged[i].event.kind == BM_EVENT_ATTEMPT)
			judge(worker, &staged[i]);
	for (unsigned i = 0; i < count; i++)
		add_event(worker, &staged[i]);
	worker->staged_count = 0;
}

/* is_wanted - does an event change anything in the time that was asked for */
static bool is_wanted(struct bm_worker *worker, enum bm_event_kind kind, bm_time time)
{
	switch (kind) {
	case BM_EVENT_ATTEMPT:
	case BM_EVENT_EXPIRED:
		return bm_pipeline_wants(worker->options, time);
	case BM_EVENT_REJECT:
	case BM_EVENT_PROBE:
		if (bm_pipeline_wants(worker->options, time))
			bm_count_period(&worker->counter,
					kind == BM_EVENT_REJECT ? BM_REJECTED : BM_PROBES, time);
		return false;
	case BM_EVENT_BEGIN:
	case BM_EVENT_SUBJECT:
	case BM_EVENT_SENDER:
	case BM_EVENT_REMOVED:
		return true;
	default:
		return false;
	}
}

/* stage - keep the event that was just parsed into the next free place */
static void stage(struct bm_worker *worker, const struct bm_record *record)
{
	struct staged *const staged = &worker->staged[worker->staged_count];
	staged->host = host_hash(worker, record->host);
	staged->time = record->time;
	if (!is_wanted(worker, staged->event.kind, record->time))
		return;
	if (staged->event.kind == BM_EVENT_ATTEMPT)
		bm_lookup_start(worker->classifier, &staged->event, &staged->lookup);
	worker->staged_count++;
	/* A journal's fields may lie in the reader's scratch: they do not outlive the record. */
	if (worker->staged_count == STAGED_MAX || worker->reader.transport != BM_TRANSPORT_LINES)
		flush(worker);
}

/* parse - what the record says in the log format it belongs to: the last one recognised, else the
 * first that knows it */
static enum bm_event_kind parse(struct bm_worker *worker, const struct bm_record *record,
				struct bm_event *event)
{
	if (worker->log->parse(record, event) != BM_EVENT_OTHER)
		return event->kind;
	for (size_t i = 0; worker->options->log_format == NULL && bm_registry_log(i); i++) {
		if (bm_registry_log(i) == worker->log ||
		    bm_registry_log(i)->parse(record, event) == BM_EVENT_OTHER)
			continue;
		worker->log = bm_registry_log(i);
		break;
	}
	return event->kind;
}

/* --- lines --- */

/* is_binary - does a line that is no record begin like no text */
static bool is_binary(struct bm_bytes line)
{
	const size_t size = line.size < 16 ? line.size : 16;
	for (size_t i = 0; i < size; i++)
		if (line.data[i] < 32 && line.data[i] != '\t' && line.data[i] != '\v' &&
		    line.data[i] != '\f')
			return true;
	return false;
}

static void malformed(struct bm_worker *worker, enum bm_malformed reason)
{
	worker->counts->malformed[reason]++;
}

/* is_repeat - syslog's stand-in for equal lines it left out */
static inline bool is_repeat(struct bm_bytes message)
{
	return bm_bytes_starts(message, BM_BYTES("message repeated "));
}

/* is_last_repeat - the same without a program: "stamp host last message repeated 3 times" */
static bool is_last_repeat(struct bm_bytes line)
{
	if (line.size > 128)
		line.size = 128;
	return bm_bytes_search(line, BM_BYTES("last message repeated ")) < line.size;
}

/* unread - a line without a record */
static void unread(struct bm_worker *worker, enum bm_record_status status, struct bm_bytes line)
{
	if (status == BM_RECORD_LOST) {
		malformed(worker, BM_MALFORMED_LOST);
	} else if (status == BM_RECORD_BROKEN) {
		malformed(worker, BM_MALFORMED_RECORD);
	} else if (is_binary(line)) {
		malformed(worker, BM_MALFORMED_BINARY);
	} else {
		worker->counts->other++;
		worker->counts->repeats += is_last_repeat(line);
	}
}

/* take_record - one record: where each line ends up as event, other or malformed */
static inline void take_record(struct bm_worker *worker, struct bm_bytes line)
{
	struct bm_record record;
	struct bm_block_counts *const counts = worker->counts;
	const enum bm_record_status status = bm_record_read(&worker->reader, line, &record);
	counts->blank += line.size == 0;
	if (status != BM_RECORD_OK) {
		unread(worker, status, line);
		return;
	}
	bm_seen_add(&counts->seen, record.time);
	struct bm_event *const event = &worker->staged[worker->staged_count].event;
	switch (parse(worker, &record, event)) {
	case BM_EVENT_OTHER:
		counts->other++;
		counts->repeats += is_repeat(record.message);
		return;
	case BM_EVENT_MALFORMED:
		malformed(worker, (enum bm_malformed)event->reason);
		return;
	case BM_EVENT_IDLE:
		counts->repeats += is_repeat(record.message);
		break;
	default:
		break;
	}
	counts->events++;
	counts->format = worker->log->name;
	if (worker->options->depth >= BM_DEPTH_SPAN)
		stage(worker, &record);
}

/* take_line - one line without its end: NULs of a hole in front and a CR behind are no part of it
 */
static inline void take_line(struct bm_worker *worker, struct bm_bytes line)
{
	while (line.size && line.data[0] == 0)
		line = bm_bytes_from(line, 1);
	if (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	worker->counts->lines++;
	if (line.size > BM_LINE_BYTES_MAX)
		malformed(worker, BM_MALFORMED_LONG);
	else if (worker->options->depth >= BM_DEPTH_PARSE)
		take_record(worker, line);
	else
		worker->counts->other++;
}

/* Where the next year reference of a block is due. */
struct anchors {
	const struct bm_block *block;
	size_t next;
	size_t due; /* offset in the block, or SIZE_MAX */
};

static size_t anchor_due(const struct anchors *anchors)
{
	if (anchors->next == anchors->block->anchor_count)
		return SIZE_MAX;
	const uint64_t border = (anchors->block->first_border + anchors->next) * BM_YEARS_STRIDE;
	return border > anchors->block->offset ? (size_t)(border - anchors->block->offset) : 0;
}

/* take_anchors - at the first record behind a border, and not before */
static void take_anchors(struct bm_worker *worker, struct anchors *anchors, size_t start)
{
	while (start >= anchors->due) {
		bm_record_years(&worker->reader,
				bm_years_at(anchors->block->anchors[anchors->next++]));
		anchors->due = anchor_due(anchors);
	}
}

/* skip_blank - count a long run of empty lines at data[from] in one go; where it ends.  A few
 * kilobytes of .zst can hold a hundred thousand million of them. */
static size_t skip_blank(struct bm_worker *worker, struct bm_bytes data, size_t from)
{
	enum { RUN_BYTES = 256 };
	const size_t start = from;
	while (from + RUN_BYTES <= data.size && data.data[from] == '\n' &&
	       memcmp(data.data + from, data.data + from + 1, RUN_BYTES - 1) == 0)
		from += RUN_BYTES;
	worker->counts->lines += from - start;
	worker->counts->other += from - start;
	worker->counts->blank += from - start;
	return from;
}

/* take_lines - all lines of a block; returns where the unended rest begins */
static size_t take_lines(struct bm_worker *worker, const struct bm_block *block)
{
	struct anchors anchors = {block, 0, 0};
	anchors.due = anchor_due(&anchors);
	size_t start = 0, from = 0, count;
	for (;;) {
		if (start == from)
			start = from = skip_blank(worker, block->data, start);
		count = bm_scan_lines(block->data, &from, worker->ends, ENDS_MAX);
		if (count == 0)
			break;
		for (size_t i = 0; i < count; i++) {
			const size_t end = worker->ends[i];
			if (start >= anchors.due)
				take_anchors(worker, &anchors, start);
			take_line(worker, (struct bm_bytes){block->data.data + start, end - start});
			start = end + 1;
		}
	}
	if (start < block->data.size)
		take_anchors(worker, &anchors, start);
	return start;
}

/* take_exports - all records of a journal export: blocks that begin with __CURSOR= */
static void take_exports(struct bm_worker *worker, const struct bm_block *block)
{
	static const struct bm_bytes border = {(const uint8_t *)"\n\n__CURSOR=", 11};
	for (size_t at = 0; at < block->data.size;) {
		const struct bm_bytes rest = bm_bytes_from(block->data, at);
		const size_t found = bm_bytes_search(rest, border);
		const size_t end = found < rest.size ? found + 2 : rest.size;
		take_line(worker, (struct bm_bytes){rest.data, end});
		at += end;
	}
}

/* take_mails - all mails of a block */
static void take_mails(struct bm_worker *worker, const struct bm_input *input,
		       const struct bm_block *block)
{
	struct bm_block_counts *const counts = worker->counts;
	struct bm_returned_counts found = {.seen = BM_SEEN_NEVER, .news = &counts->news};
	struct bm_bytes mail;
	for (size_t at = 0; bm_returned_next(block->data, input->transport, &at, &mail);)
		bm_returned_mail(worker->returned, mail, &found);
	counts->lines += found.reports + found.ordinary + found.unreadable;
	counts->events += found.reports;
	counts->other += found.ordinary;
	counts->malformed[BM_MALFORMED_REPORT] += found.unreadable;
	counts->joined += found.counted;
	counts->foreign += found.foreign;
	counts->seen = found.seen;
	counts->format = input->transport == BM_TRANSPORT_MBOX ? "mbox" : "mail";
}

/* take_rest - a last record that lacks its end */
static void take_rest(struct bm_worker *worker, struct bm_bytes rest)
{
	while (rest.size && rest.data[0] == 0)
		rest = bm_bytes_from(rest, 1);
	if (rest.size)
		take_line(worker, rest);
}

/* touch - read one byte of each cache line: what reading alone costs */
static uint64_t touch(struct bm_bytes data)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < data.size; i += 64)
		sum += data.data[i];
	return sum;
}

/* start - make ready for a block */
static void start(struct bm_worker *worker, const struct bm_input *input,
		  const struct bm_block *block, struct bm_span *span,
		  struct bm_block_counts *counts)
{
	*counts = (struct bm_block_counts){
		.seen = BM_SEEN_NEVER,
		.hosts = counts->hosts,
		.host_room = counts->host_room,
		.news = {.list = counts->news.list, .room = counts->news.room}};
	worker->span = span;
	worker->counts = counts;
	worker->last_host_size = 0;
	worker->last_host_hash = bm_hash((struct bm_bytes){0});
	bm_index_clear(&worker->hosts);
	worker->reader.transport = (enum bm_transport)input->transport;
	bm_record_years(&worker->reader, block->years);
	counts->lines = counts->malformed[BM_MALFORMED_LONG] = block->long_lines;
}

void bm_worker_block(struct bm_worker *worker, const struct bm_input *input,
		     const struct bm_block *block, struct bm_span *span,
		     struct bm_block_counts *counts)
{
	start(worker, input, block, span, counts);
	if (worker->options->depth == BM_DEPTH_READ) {
		counts->repeats = touch(block->data) == 1;
		return;
	}
	if (bm_transport_is_mail(input->transport))
		take_mails(worker, input, block);
	else if (input->transport == BM_TRANSPORT_EXPORT)
		take_exports(worker, block);
	else
		take_rest(worker, bm_bytes_from(block->data, take_lines(worker, block)));
	flush(worker);
	if (worker->sent && !bm_transport_is_mail(input->transport))
		bm_sent_seen(worker->sent, counts->seen);
}
