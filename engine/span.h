/* span.h - what one run of lines of one stream knows about messages: the ordered monoid.
 *
 * Read this first: it is the idea the mill stands on.
 *
 * A message's lines lie scattered over a log: it begins (client=, uid=, message-id=), its subject may
 * be told, its sender and the number of its recipients are (qmgr from=), attempts follow for hours or days, at last it is removed and its queue id is
 * free for another message.  A span is the summary of the messages' lines in one run of a stream,
 * such that the spans of two neighbouring runs merge into the span of both: bm_span_merge is
 * associative, has the empty span as identity, and is not commutative, since order tells whose
 * `removed` ends what.
 *
 * Per queue id (of one host) a span keeps at most two pieces:
 *   - a head, that ended here but may have begun to the left: it *needs from its left* the sender
 * and subject of its attempts, the deferrals its finals resolve, the recipients its `expired` gives up;
 *   - a tail, that has not ended: it *offers to its right* a known sender and deferred recipients
 * still open. A message that begins and ends inside the run is counted and forgotten.  So a span's
 * size is that of the mail in flight at its borders, not of its run.
 *
 * A span whose left is known to be the very start (left_known) keeps no heads: there the fold of a
 * stream lives.
 *
 * Limits, stated: a queue id that is used again after its `removed` line was lost, and whose own
 * first lines are lost too, joins the older message.  How many recipients a message has is what its
 * first activation tells, so it is unknown for one whose beginning lies before the log; its subject
 * is what is told before its first attempt.  A content filter's hop is recognised when the
 * two messages' lines lie within SPAN_HOP_SECONDS of each other.
 */
#ifndef BM_SPAN_H
#define BM_SPAN_H

#include "bouncemill/event.h"
#include "count.h"

enum { SPAN_HOP_SECONDS = 600 };

/* A queue id on a host, exact: ids are at most 24 bytes, hosts are told apart by a seeded hash. */
struct bm_message_key {
	uint64_t id[3];
	uint64_t host;
};

/* bm_message_key - the key of a queue id; longer ids than 24 bytes are cut (Postfix makes none) */
struct bm_message_key bm_message_key(struct bm_bytes queue_id, uint64_t host);

/* What span learns from one line. */
struct bm_span_event {
	enum bm_event_kind kind; /* BEGIN, SUBJECT, SENDER, ATTEMPT, EXPIRED or REMOVED */
	bool client_told;        /* BEGIN: the line tells the client; far is valid */
	bool far;                /* from a public address */
	bool hop; /* ATTEMPT: delivered, but maybe only to our own filter; next says where it lives
		     on */
	bool has_next; /* BEGIN: next is the orig_queue_id; ATTEMPT: see hop */
	struct bm_message_key key;
	struct bm_message_key next;
	bm_time time;
	uint32_t sender;            /* SENDER: number in the tally */
	uint32_t subject;           /* SUBJECT: number in the tally */
	uint8_t fanout;             /* SENDER: enum bm_fanout */
	struct bm_bytes address;    /* ATTEMPT: the recipient */
	const struct bm_fact *fact; /* ATTEMPT */
};

struct bm_span;

struct bm_span *bm_span_new(bool left_known);
void bm_span_free(struct bm_span *span);
/* bm_span_clear - the empty span again, memory kept */
void bm_span_clear(struct bm_span *span);

/* bm_span_add - append one event; what is decided by it is counted */
void bm_span_add(struct bm_span *span, const struct bm_span_event *event,
		 struct bm_counter *counter);

/* bm_span_merge - append right to left; what is decided by it is counted.  rename translates
 * right's numbers to those of counter's tally, NULL when they are the same.  right is left as it
 * was. */
void bm_span_merge(struct bm_span *left, const struct bm_span *right, struct bm_rename *rename,
		   struct bm_counter *counter);

/* bm_span_close - nothing comes before or behind: count all that is still open; the span is empty
 * then */
void bm_span_close(struct bm_span *span, struct bm_counter *counter);

/* bm_span_open_count - messages kept, for tests and --verbose */
size_t bm_span_open_count(const struct bm_span *span);

#endif
