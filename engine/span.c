/* span.c - joining the lines of messages; span.h tells the idea.
 *
 * Pieces, deferred recipients (runs), hops and unattributed counts live in arrays and refer to each
 * other by number, with free lists: a span is cleared in no time and holds no pointer.  Two indexes
 * find a piece by its key and a run by piece and address.  Everything here is O(1) an event; a
 * merge costs O(1) for each piece and run of its right operand, so folding many blocks into one
 * long prefix stays linear.
 */
#include "span.h"

#include "hash.h"
#include "bouncemill/index.h"

#define NONE          UINT32_MAX
#define FANOUT_UNTOLD UINT8_MAX /* no line has told the sender yet */

enum { OFFERS_KEPT_MIN = 4096 };

enum list_kind { LIST_RUNS, LIST_HOPS, LIST_COUNTS, LIST_KINDS };

/* One message in this span, or the part of it that this span has seen. */
struct piece {
	struct bm_message_key key;
	bm_time first_attempt; /* of a counted attempt; valid with counted */
	bm_time seen_at; /* of its first line, or else its first sender; unknown = neither seen */
	bm_time expired_at;        /* valid with expired */
	uint32_t list[LIST_KINDS]; /* heads of its runs, hops and counts */
	uint32_t sender;           /* NONE = not told here */
	uint32_t subject;          /* 0 = not told here */
	uint8_t fanout;            /* enum bm_fanout, of the first line that tells the sender */
	bool live;                 /* this slot is in use */
	bool left_open;   /* lines to the left may belong to it: client= or uid= was not seen here,
				      and nothing that ended before it */
	bool begun;       /* a first line was seen here, before any attempt */
	bool client_told; /* a line here told the client */
	bool far;         /* came in from a public address; the last line that tells it counts */
	bool attempted;   /* has an attempt of any kind, hops too, or expired: what begins now is
			   another */
	bool counted;     /* has an attempt that counts */
	bool expired;     /* qmgr gave up here, for recipients open on the left too */
};

enum end { END_OPEN, END_DELIVERED, END_BOUNCED, END_EXPIRED };

/* The deferrals of one recipient up to its final outcome. */
struct run {
	uint64_t address_hash;
	bm_time first, end;  /* first deferral; the final outcome */
	struct bm_fact last; /* last deferral; valid when attempts > 0 */
	uint32_t piece, next, previous;
	uint32_t deferrals;
	uint8_t ended; /* enum end; anything but END_OPEN only in a head run of a left-open piece */
	bool head;     /* the address's first run in a left-open piece */
	bool after_expired; /* began after the piece's expired line */
};

/* A delivery that may be a hop to our own filter. */
struct hop {
	struct bm_message_key next_key; /* where it lives on, valid with has_next */
	struct bm_fact fact;
	uint32_t next;
	bool has_next;
	bool seen;     /* its next message was seen, or the slot is free */
	uint64_t hash; /* of what must be seen for it to be a hop */
};

/* Outcomes whose sender is not known yet. */
struct count {
	uint32_t next;
	uint32_t n;
	uint8_t category, outcome;
};

/* A hop of a finished message, waiting for its next message to be seen. */
struct undecided {
	uint64_t key_hash; /* of what must be seen */
	bm_time time;      /* of the delivery */
	struct bm_fact fact;
	struct bm_origin origin;
	uint32_t group; /* those of one message stand together, by time, under one number */
	bool message;   /* the first delivery of a message that is not counted yet */
};

/* A message that was seen: what a hop looks for. */
struct offer {
	uint64_t key_hash;
	bm_time time;
};

struct bm_span {
	bool left_known;
	bm_time dawn, clock; /* earliest and latest time seen, or unknown */
	struct bm_index pieces_index, runs_index, offers_index;
	struct piece *pieces;
	struct run *runs;
	struct hop *hops;
	struct count *counts;
	uint32_t piece_count, piece_room, piece_free;
	uint32_t run_count, run_room, run_free;
	uint32_t hop_count, hop_room, hop_free;
	uint32_t count_count, count_room, count_free;
	uint32_t *heads; /* numbers of ended left-open pieces, out of the index */
	uint32_t head_count, head_room;
	struct undecided *undecided;
	uint32_t undecided_count, undecided_room, group_count;
	struct offer *offers;
	uint32_t offer_count, offer_room, offer_indexed, offer_limit;
};

/* --- keys --- */

struct bm_message_key bm_message_key(struct bm_bytes queue_id, uint64_t host)
{
	struct bm_message_key key = {{0}, host};
	uint8_t *const id = (uint8_t *)key.id;
	if (queue_id.size > sizeof key.id)
		queue_id.size = sizeof key.id;
	/* Most are 8 to 16 bytes: two overlapping words instead of a loop. */
	if (queue_id.size >= 8 && queue_id.size <= 16) {
		memcpy(id, queue_id.data, 8);
		memcpy(id + queue_id.size - 8, queue_id.data + queue_id.size - 8, 8);
	} else if (queue_id.size) {
		memcpy(id, queue_id.data, queue_id.size);
	}
	return key;
}

static inline uint64_t key_hash(const struct bm_message_key *key)
{
	const uint64_t *const seeds = bm_hash_seeds();
	const uint64_t low = bm_hash_mix(key->id[0] ^ seeds[0], key->id[1] ^ seeds[1]);
	return bm_hash_mix(low ^ key->id[2], key->host ^ seeds[0]);
}

/* origin_hash - what an orig_queue_id line offers: "this id lives on under another" */
static uint64_t origin_hash(const struct bm_message_key *key)
{
	return bm_hash_mix(key_hash(key), bm_hash_seeds()[1] | 1);
}

static inline bool same_key(const struct bm_message_key *left, const struct bm_message_key *right)
{
	return ((left->id[0] ^ right->id[0]) | (left->id[1] ^ right->id[1]) |
		(left->id[2] ^ right->id[2]) | (left->host ^ right->host)) == 0;
}

static inline uint32_t run_hash(uint32_t piece, uint64_t address_hash)
{
	return (uint32_t)bm_hash_mix(address_hash ^ bm_hash_seeds()[0],
				     piece + UINT64_C(0x9e3779b97f4a7c15));
}

/* --- slots: arrays with free lists threaded through them --- */

/* SLOT - a function that returns a free number of one kind of thing */
#define SLOT(kind, link)                                                                           \
	static uint32_t new_##kind(struct bm_span *span)                                           \
	{                                                                                          \
		const uint32_t free = span->kind##_free;                                           \
		if (free != NONE) {                                                                \
			span->kind##_free = span->kind##s[free].link;                              \
			return free;                                                               \
		}                                                                                  \
		BM_GROW(span->kind##s, span->kind##_count, span->kind##_room);                     \
		return span->kind##_count++;                                                       \
	}
SLOT(piece, sender)
SLOT(run, next)
SLOT(hop, next)
SLOT(count, next)
#undef SLOT

struct bm_span *bm_span_new(bool left_known)
{
	struct bm_span *const span = bm_zalloc(1, sizeof *span);
	span->left_known = left_known;
	bm_span_clear(span);
	return span;
}

void bm_span_free(struct bm_span *span)
{
	if (span == NULL)
		return;
	bm_index_dispose(&span->pieces_index);
	bm_index_dispose(&span->runs_index);
	bm_index_dispose(&span->offers_index);
	bm_free(span->pieces);
	bm_free(span->runs);
	bm_free(span->hops);
	bm_free(span->counts);
	bm_free(span->heads);
	bm_free(span->undecided);
	bm_free(span->offers);
	bm_free(span);
}

void bm_span_clear(struct bm_span *span)
{
	bm_index_clear(&span->pieces_index);
	bm_index_clear(&span->runs_index);
	bm_index_clear(&span->offers_index);
	span->piece_count = span->run_count = span->hop_count = span->count_count = 0;
	span->piece_free = span->run_free = span->hop_free = span->count_free = NONE;
	span->head_count = span->undecided_count = span->offer_count = span->offer_indexed = 0;
	span->group_count = 0;
	span->offer_limit = OFFERS_KEPT_MIN;
	span->dawn = span->clock = BM_TIME_UNKNOWN;
}

size_t bm_span_open_count(const struct bm_span *span)
{
	return span->pieces_index.count + span->head_count;
}

/* --- pieces --- */

/* find_piece - the number of the piece with key in the index, or NONE */
static inline uint32_t find_piece(const struct bm_span *span, const struct bm_message_key *key)
{
	struct bm_index_walk walk = bm_index_walk(&span->pieces_index, (uint32_t)key_hash(key));
	for (;;) {
		const uint32_t number = bm_index_next(&span->pieces_index, &walk);
		if (number == BM_INDEX_NONE || same_key(&span->pieces[number].key, key))
			return number;
	}
}

/* add_piece - a new empty piece in the index */
static uint32_t add_piece(struct bm_span *span, const struct bm_message_key *key)
{
	const uint32_t number = new_piece(span);
	span->pieces[number] = (struct piece){
		.key = *key,
		.seen_at = BM_TIME_UNKNOWN,
		.list = {NONE, NONE, NONE},
		.sender = NONE,
		.fanout = FANOUT_UNTOLD,
		.live = true,
		.left_open = !span->left_known,
	};
	bm_index_put(&span->pieces_index, (uint32_t)key_hash(key), number);
	return number;
}

static inline uint32_t get_piece(struct bm_span *span, const struct bm_message_key *key)
{
	const uint32_t number = find_piece(span, key);
	return number == NONE ? add_piece(span, key) : number;
}

/* free_piece - give the slot back; its lists are empty, it is out of the index */
static void free_piece(struct bm_span *span, uint32_t number)
{
	span->pieces[number].live = false;
	span->pieces[number].sender = span->piece_free;
	span->piece_free = number;
}

static void unindex_piece(struct bm_span *span, uint32_t number)
{
	bm_index_drop(&span->pieces_index, (uint32_t)key_hash(&span->pieces[number].key), number);
}

/* --- outcomes by sender, subject and number of recipients --- */

/* origin_of - what is known of a message's origin, its sender being told */
static inline struct bm_origin origin_of(const struct piece *piece)
{
	const bool whole = piece->begun && piece->fanout != FANOUT_UNTOLD;
	return (struct bm_origin){piece->sender, piece->subject,
				  whole ? piece->fanout : BM_FANOUT_UNKNOWN};
}

/* told_fanout - what the first line that tells the sender says about a piece's recipients; behind an
 * attempt it is not the first activation's, which was lost */
static void told_fanout(struct piece *piece, uint8_t fanout)
{
	if (piece->fanout == FANOUT_UNTOLD)
		piece->fanout = piece->attempted ? BM_FANOUT_UNKNOWN : fanout;
}

/* enter - a message's very first line: what was told of its origin was another's */
static void enter(struct piece *piece)
{
	piece->left_open = false;
	piece->fanout = FANOUT_UNTOLD;
	piece->subject = 0;
}

/* told_subject - the first subject that is told before a piece's attempts counts */
static void told_subject(struct piece *piece, uint32_t subject)
{
	if (piece->subject == 0 && !piece->attempted)
		piece->subject = subject;
}

/* flush_counts - count what waited for a sender */
static void flush_counts(struct bm_span *span, uint32_t number, struct bm_counter *counter)
{
	struct piece *const piece = &span->pieces[number];
	for (uint32_t at = piece->list[LIST_COUNTS]; at != NONE;) {
		struct count *const count = &span->counts[at];
		const uint32_t next = count->next;
		bm_count_origin(counter, origin_of(piece), (enum bm_category)count->category,
				(enum bm_outcome)count->outcome, count->n);
		count->next = span->count_free;
		span->count_free = at;
		at = next;
	}
	piece->list[LIST_COUNTS] = NONE;
}

/* add_count - n outcomes to the piece's sender, now or once it is told */
static void add_count(struct bm_span *span, uint32_t number, uint8_t category, uint8_t outcome,
		      uint32_t n, struct bm_counter *counter)
{
	struct piece *const piece = &span->pieces[number];
	if (piece->sender != NONE && !piece->left_open) {
		bm_count_origin(counter, origin_of(piece), (enum bm_category)category,
				(enum bm_outcome)outcome, n);
		return;
	}
	uint32_t at = piece->list[LIST_COUNTS];
	for (; at != NONE; at = span->counts[at].next) {
		if (span->counts[at].category == category && span->counts[at].outcome == outcome) {
			span->counts[at].n += n;
			return;
		}
	}
	at = new_count(span);
	span->counts[at] = (struct count){piece->list[LIST_COUNTS], n, category, outcome};
	piece->list[LIST_COUNTS] = at;
}

/* set_sender - the sender was told; a piece that knows its left can attribute what waited */
static void set_sender(struct bm_span *span, uint32_t number, uint32_t sender,
		       struct bm_counter *counter)
{
	span->pieces[number].sender = sender;
	if (!span->pieces[number].left_open)
		flush_counts(span, number, counter);
}

/* count_attempt - an attempt that counts, for its sender and the message's first time */
static void count_attempt(struct bm_span *span, uint32_t number, const struct bm_fact *fact,
			  struct bm_counter *counter)
{
	struct piece *const piece = &span->pieces[number];
	bm_count_attempt(counter, fact);
	if (!piece->counted || fact->time < piece->first_attempt)
		piece->first_attempt = fact->time;
	piece->counted = true;
	add_count(span, number, fact->category, fact->outcome, 1, counter);
}

/* --- runs: the deferrals of a recipient --- */

/* find_run - the open (or ended head) run of an address in a piece, or NONE */
static uint32_t find_run(const struct bm_span *span, uint32_t piece, uint64_t address_hash,
			 bool open)
{
	struct bm_index_walk walk = bm_index_walk(&span->runs_index, run_hash(piece, address_hash));
	for (;;) {
		const uint32_t at = bm_index_next(&span->runs_index, &walk);
		if (at == BM_INDEX_NONE)
			return NONE;
		const struct run *const run = &span->runs[at];
		if (run->piece == piece && run->address_hash == address_hash &&
		    (run->ended == END_OPEN) == open)
			return at;
	}
}

/* add_run - put a run into a piece's list and the index */
static uint32_t add_run(struct bm_span *span, uint32_t piece, struct run run)
{
	const uint32_t at = new_run(span);
	run.piece = piece;
	run.next = span->pieces[piece].list[LIST_RUNS];
	run.previous = NONE;
	if (run.next != NONE)
		span->runs[run.next].previous = at;
	span->runs[at] = run;
	span->pieces[piece].list[LIST_RUNS] = at;
	bm_index_put(&span->runs_index, run_hash(piece, run.address_hash), at);
	return at;
}

/* settle - count what became of a run that is complete */
static void settle(const struct run *run, struct bm_counter *counter)
{
	static const enum bm_deferral_count results[] = {
		[END_OPEN] = BM_STILL_OPEN,
		[END_DELIVERED] = BM_LATER_DELIVERED,
		[END_BOUNCED] = BM_LATER_BOUNCED,
		[END_EXPIRED] = BM_LATER_EXPIRED,
	};
	if (run->deferrals == 0)
		return;
	const bool final_attempt = run->ended == END_DELIVERED || run->ended == END_BOUNCED;
	bm_count_deferral(counter, &run->last, results[run->ended], run->deferrals + final_attempt,
			  run->first, run->end);
}

/* drop_run - take a run out of the index and its piece's list, give the slot back */
static void drop_run(struct bm_span *span, uint32_t at)
{
	struct run *const run = &span->runs[at];
	if (run->previous == NONE)
		span->pieces[run->piece].list[LIST_RUNS] = run->next;
	else
		span->runs[run->previous].next = run->next;
	if (run->next != NONE)
		span->runs[run->next].previous = run->previous;
	bm_index_drop(&span->runs_index, run_hash(run->piece, run->address_hash), at);
	run->next = span->run_free;
	span->run_free = at;
}

/* end_run - an open run is over: settled, or kept as an ended head for the left's sake */
static void end_run(struct bm_span *span, uint32_t at, enum end end, bm_time time,
		    struct bm_counter *counter)
{
	struct run *const run = &span->runs[at];
	run->ended = (uint8_t)end;
	run->end = time;
	if (run->head)
		return;
	settle(run, counter);
	drop_run(span, at);
}

/* is_first - would a run begun now be the address's first in a left-open piece */
static bool is_first(const struct bm_span *span, uint32_t piece, uint64_t address_hash)
{
	return span->pieces[piece].left_open && find_run(span, piece, address_hash, false) == NONE;
}

/* defer - one more deferral of an address */
static void defer(struct bm_span *span, uint32_t piece, uint64_t address_hash,
		  const struct bm_fact *fact)
{
	uint32_t at = find_run(span, piece, address_hash, true);
	if (at == NONE)
		at = add_run(span, piece,
			     (struct run){.address_hash = address_hash,
					  .first = fact->time,
					  .head = is_first(span, piece, address_hash),
					  .after_expired = span->pieces[piece].expired});
	span->runs[at].deferrals++;
	span->runs[at].last = *fact;
}

/* finish_address - a final outcome of an address: its open run, here or on the left, is over */
static void finish_address(struct bm_span *span, uint32_t piece, uint64_t address_hash,
			   enum end end, bm_time time, struct bm_counter *counter)
{
	uint32_t at = find_run(span, piece, address_hash, true);
	if (at == NONE && !is_first(span, piece, address_hash))
		return;
	if (at == NONE)
		at = add_run(span, piece,
			     (struct run){.address_hash = address_hash,
					  .head = true,
					  .after_expired = span->pieces[piece].expired});
	end_run(span, at, end, time, counter);
}

/* expire_run - an open recipient is given up: a final outcome under its last deferral's category */
static void expire_run(struct bm_span *span, uint32_t at, bm_time time, struct bm_counter *counter)
{
	const struct run run = span->runs[at];
	bm_count_expired(counter, &run.last, time);
	add_count(span, run.piece, run.last.category, BM_EXPIRED, 1, counter);
	end_run(span, at, END_EXPIRED, time, counter);
}

/* expire - all open recipients of a piece are given up */
static void expire(struct bm_span *span, uint32_t number, bm_time time, struct bm_counter *counter)
{
	for (uint32_t at = span->pieces[number].list[LIST_RUNS]; at != NONE;) {
		const uint32_t next = span->runs[at].next;
		if (span->runs[at].ended == END_OPEN)
			expire_run(span, at, time, counter);
		at = next;
	}
	if (!span->pieces[number].expired && span->pieces[number].left_open)
		span->pieces[number].expired_at = time;
	span->pieces[number].expired = span->pieces[number].attempted = true;
}

/* --- hops: deliveries to our own filter --- */

static void add_offer(struct bm_span *span, uint64_t hash, bm_time time)
{
	BM_GROW(span->offers, span->offer_count, span->offer_room);
	span->offers[span->offer_count++] = (struct offer){hash, time};
}

/* within_hop - are two times close enough to belong to one pass through a filter */
static bool within_hop(bm_time left, bm_time right)
{
	if (left == BM_TIME_UNKNOWN || right == BM_TIME_UNKNOWN)
		return true;
	const int64_t seconds = bm_time_wall(left) - bm_time_wall(right);
	return seconds <= SPAN_HOP_SECONDS && seconds >= -SPAN_HOP_SECONDS;
}

/* is_offered - was a message with this hash seen near time; indexes offers as they are needed */
static bool is_offered(struct bm_span *span, uint64_t hash, bm_time time)
{
	for (; span->offer_indexed < span->offer_count; span->offer_indexed++)
		bm_index_put(&span->offers_index,
			     (uint32_t)span->offers[span->offer_indexed].key_hash,
			     span->offer_indexed);
	struct bm_index_walk walk = bm_index_walk(&span->offers_index, (uint32_t)hash);
	for (;;) {
		const uint32_t at = bm_index_next(&span->offers_index, &walk);
		if (at == BM_INDEX_NONE)
			return false;
		if (span->offers[at].key_hash == hash && within_hop(span->offers[at].time, time))
			return true;
	}
}

/* is_ours - may the message have come from our own filter: its entry was seen, and not from far */
static bool is_ours(const struct piece *piece)
{
	return (piece->begun || piece->sender != NONE) && !piece->far;
}

/* is_living - is a message with this hash in the queue, maybe ours, seen near time */
static bool is_living(const struct bm_span *span, uint64_t hash, bm_time time)
{
	struct bm_index_walk walk = bm_index_walk(&span->pieces_index, (uint32_t)hash);
	for (;;) {
		const uint32_t at = bm_index_next(&span->pieces_index, &walk);
		if (at == BM_INDEX_NONE)
			return false;
		const struct piece *const piece = &span->pieces[at];
		if (is_ours(piece) && within_hop(piece->seen_at, time) &&
		    key_hash(&piece->key) == hash)
			return true;
	}
}

static bool is_seen(struct bm_span *span, uint64_t hash, bm_time time)
{
	return is_living(span, hash, time) || is_offered(span, hash, time);
}

/* hop_hash - what must have been seen for a hop to be one: the id it lives on under, or an
 * orig_queue_id line that names it */
static uint64_t hop_hash(const struct piece *piece, const struct hop *hop)
{
	return hop->has_next ? key_hash(&hop->next_key) : origin_hash(&piece->key);
}

/* add_hop - keep a delivery that may be a hop, unless its next message was seen: then it is one,
 * and no delivery */
static void add_hop(struct bm_span *span, uint32_t number, struct hop hop)
{
	hop.hash = hop_hash(&span->pieces[number], &hop);
	if (is_seen(span, hop.hash, hop.fact.time))
		return;
	const uint32_t at = new_hop(span);
	hop.next = span->pieces[number].list[LIST_HOPS];
	span->hops[at] = hop;
	span->pieces[number].list[LIST_HOPS] = at;
}

/* put_undecided - one more of the group that began at first, which stands by time: so whichever of
 * a message's turn out to be deliveries, the earliest of them counts the message */
static void put_undecided(struct bm_span *span, uint32_t first, struct undecided undecided)
{
	BM_GROW(span->undecided, span->undecided_count, span->undecided_room);
	uint32_t at = span->undecided_count++;
	for (; at > first && span->undecided[at - 1].time > undecided.time; at--)
		span->undecided[at] = span->undecided[at - 1];
	span->undecided[at] = undecided;
}

/* decide_hops - a message is finished: its hops that were not seen to live on stay undecided for a
 * while */
static void decide_hops(struct bm_span *span, uint32_t number)
{
	const struct piece *const piece = &span->pieces[number];
	const uint32_t first = span->undecided_count;
	for (uint32_t at = piece->list[LIST_HOPS]; at != NONE;) {
		struct hop *const hop = &span->hops[at];
		const uint32_t next = hop->next;
		if (!hop->seen && !is_seen(span, hop->hash, hop->fact.time))
			put_undecided(span, first,
				      (struct undecided){hop->hash, hop->fact.time, hop->fact,
							 origin_of(piece), span->group_count,
							 !piece->counted});
		hop->seen = true;
		hop->next = span->hop_free;
		span->hop_free = at;
		at = next;
	}
	span->pieces[number].list[LIST_HOPS] = NONE;
	span->group_count += span->undecided_count > first;
}

/* count_undecided - nobody took the message over: it was a delivery after all */
static void count_undecided(const struct undecided *undecided, struct bm_counter *counter)
{
	bm_count_attempt(counter, &undecided->fact);
	bm_count_origin(counter, undecided->origin, (enum bm_category)undecided->fact.category,
			(enum bm_outcome)undecided->fact.outcome, 1);
	if (undecided->message)
		bm_count_message(counter, undecided->origin, undecided->fact.time);
}

/* decide_all - look again for what the undecided wait for; with the left known and the time over
 * (or all of it, when closing) they are deliveries */
static void decide_all(struct bm_span *span, bool closing, struct bm_counter *counter)
{
	uint32_t kept = 0, counted = NONE; /* group whose message was counted just now */
	for (uint32_t i = 0; i < span->undecided_count; i++) {
		struct undecided undecided = span->undecided[i];
		undecided.message &= undecided.group != counted;
		if (is_seen(span, undecided.key_hash, undecided.time))
			continue;
		const bool over =
			closing || (span->left_known && !within_hop(undecided.time, span->clock));
		if (over) {
			count_undecided(&undecided, counter);
			counted = undecided.group;
		} else {
			span->undecided[kept++] = undecided;
		}
	}
	span->undecided_count = kept;
}

/* is_near - may an offer still be looked for by what comes to the right, or, while that is open,
 * from the left */
static bool is_near(const struct bm_span *span, const struct offer *offer)
{
	return within_hop(offer->time, span->clock) ||
	       (!span->left_known && within_hop(offer->time, span->dawn));
}

/* prune_offers - forget messages seen too long ago to matter, when there are many; the hops that
 * wait for the end of their own message must not miss them */
static void prune_offers(struct bm_span *span)
{
	if (span->offer_count < span->offer_limit)
		return;
	for (uint32_t i = 0; i < span->hop_count; i++)
		if (!span->hops[i].seen)
			span->hops[i].seen =
				is_seen(span, span->hops[i].hash, span->hops[i].fact.time);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < span->offer_count; i++)
		if (is_near(span, &span->offers[i]))
			span->offers[kept++] = span->offers[i];
	/* A limit of twice what is kept makes this constant work for each offer. */
	span->offer_limit = kept > OFFERS_KEPT_MIN / 2 ? 2 * kept : OFFERS_KEPT_MIN;
	if (kept == span->offer_count)
		return;
	span->offer_count = kept;
	span->offer_indexed = 0;
	bm_index_clear(&span->offers_index);
}

/* --- ends --- */

/* settle_runs - the message is gone: runs still open stay open for ever */
static void settle_runs(struct bm_span *span, uint32_t number, struct bm_counter *counter)
{
	for (uint32_t at = span->pieces[number].list[LIST_RUNS]; at != NONE;) {
		const uint32_t next = span->runs[at].next;
		settle(&span->runs[at], counter);
		bm_index_drop(&span->runs_index, run_hash(number, span->runs[at].address_hash), at);
		span->runs[at].next = span->run_free;
		span->run_free = at;
		at = next;
	}
	span->pieces[number].list[LIST_RUNS] = NONE;
}

/* complete - count a whole message and forget it; it is out of the index */
static void complete(struct bm_span *span, uint32_t number, struct bm_counter *counter)
{
	struct piece *const piece = &span->pieces[number];
	if (is_ours(piece))
		add_offer(span, key_hash(&piece->key), piece->seen_at);
	if (piece->sender == NONE)
		piece->sender = bm_tally_sender(counter->tally, (struct bm_bytes){0});
	decide_hops(span, number);
	settle_runs(span, number, counter);
	flush_counts(span, number, counter);
	if (piece->counted)
		bm_count_message(counter, origin_of(piece), piece->first_attempt);
	free_piece(span, number);
}

/* end_piece - no more lines will belong to the piece: count it, or keep it as a head for its left
 */
static void end_piece(struct bm_span *span, uint32_t number, struct bm_counter *counter)
{
	unindex_piece(span, number);
	if (!span->pieces[number].left_open) {
		complete(span, number, counter);
		return;
	}
	BM_GROW(span->heads, span->head_count, span->head_room);
	span->heads[span->head_count++] = number;
}

/* --- events --- */

/* restart - a piece in place of one that ended: nothing on the left belongs to it */
static uint32_t restart(struct bm_span *span, const struct bm_message_key *key)
{
	const uint32_t number = add_piece(span, key);
	span->pieces[number].left_open = false;
	return number;
}

static void begin(struct bm_span *span, const struct bm_span_event *event,
		  struct bm_counter *counter)
{
	uint32_t number = get_piece(span, &event->key);
	if (span->pieces[number].attempted) { /* its `removed` line was lost */
		end_piece(span, number, counter);
		number = restart(span, &event->key);
	}
	struct piece *const piece = &span->pieces[number];
	piece->begun = true;
	if (event->client_told) { /* the very first line; a message-id= may have some before it */
		enter(piece);
		piece->far = event->far;
	}
	piece->client_told |= event->client_told;
	piece->seen_at = event->time;
	if (event->has_next)
		add_offer(span, origin_hash(&event->next), event->time);
}

static void sender(struct bm_span *span, const struct bm_span_event *event,
		   struct bm_counter *counter)
{
	const uint32_t number = get_piece(span, &event->key);
	if (span->pieces[number].seen_at == BM_TIME_UNKNOWN)
		span->pieces[number].seen_at = event->time;
	told_fanout(&span->pieces[number], event->fanout);
	set_sender(span, number, event->sender, counter);
}

static void subject(struct bm_span *span, const struct bm_span_event *event)
{
	const uint32_t number = get_piece(span, &event->key); /* may move the pieces */
	told_subject(&span->pieces[number], event->subject);
}

static void attempt(struct bm_span *span, const struct bm_span_event *event,
		    struct bm_counter *counter)
{
	const uint32_t number = get_piece(span, &event->key);
	const struct bm_fact *const fact = event->fact;
	span->pieces[number].attempted = true;
	if (event->hop)
		add_hop(span, number,
			(struct hop){.next_key = event->next,
				     .fact = *fact,
				     .has_next = event->has_next});
	else
		count_attempt(span, number, fact, counter);
	if (fact->outcome == BM_DEFERRED)
		defer(span, number, bm_hash(event->address), fact);
	else if (span->pieces[number].list[LIST_RUNS] != NONE || span->pieces[number].left_open)
		finish_address(span, number, bm_hash(event->address),
			       fact->outcome == BM_DELIVERED ? END_DELIVERED : END_BOUNCED,
			       fact->time, counter);
}

/* removed - the queue id is free; on the left of a left-open piece something may have ended */
static void removed(struct bm_span *span, const struct bm_span_event *event,
		    struct bm_counter *counter)
{
	const uint32_t found = find_piece(span, &event->key);
	if (found == NONE && span->left_known)
		return;
	const uint32_t number = found == NONE ? add_piece(span, &event->key) : found;
	const bool mark = span->pieces[number].left_open;
	end_piece(span, number, counter);
	if (mark)
		restart(span, &event->key);
}

static inline void tick(struct bm_span *span, bm_time time)
{
	if (time > span->clock)
		span->clock = time;
	if (time < span->dawn || span->dawn == BM_TIME_UNKNOWN)
		span->dawn = time;
}

void bm_span_add(struct bm_span *span, const struct bm_span_event *event,
		 struct bm_counter *counter)
{
	tick(span, event->time);
	switch (event->kind) {
	case BM_EVENT_BEGIN:
		begin(span, event, counter);
		break;
	case BM_EVENT_SUBJECT:
		subject(span, event);
		break;
	case BM_EVENT_SENDER:
		sender(span, event, counter);
		break;
	case BM_EVENT_ATTEMPT:
		attempt(span, event, counter);
		break;
	case BM_EVENT_EXPIRED:
		expire(span, get_piece(span, &event->key), event->time, counter);
		break;
	case BM_EVENT_REMOVED:
		removed(span, event, counter);
		break;
	default:
		break;
	}
}

/* --- merging --- */

/* A right operand on its way into the left one. */
struct merge {
	struct bm_span *left;
	const struct bm_span *right;
	struct bm_rename *rename;
	struct bm_counter *counter;
};

static struct bm_fact fact_of(const struct merge *merge, struct bm_fact fact)
{
	return merge->rename ? bm_rename_fact(merge->rename, fact, merge->counter->addresses)
			     : fact;
}

static uint32_t sender_of(const struct merge *merge, uint32_t sender)
{
	return sender == NONE || merge->rename == NULL ? sender
						       : bm_rename_sender(merge->rename, sender);
}

static uint32_t subject_of(const struct merge *merge, uint32_t subject)
{
	return merge->rename ? bm_rename_subject(merge->rename, subject) : subject;
}

/* join_origin - take what the right tells of the message's origin; before its counts, which need it */
static void join_origin(const struct merge *merge, struct piece *left, const struct piece *right)
{
	left->begun |= right->begun;
	if (right->begun && !right->left_open)
		enter(left);
	if (right->fanout != FANOUT_UNTOLD)
		told_fanout(left, right->fanout);
	told_subject(left, subject_of(merge, right->subject));
}

/* join_sender - take the right's sender, then attribute what the right had to leave open */
static void join_sender(const struct merge *merge, uint32_t number, const struct piece *right)
{
	struct bm_span *const left = merge->left;
	const uint32_t sender = sender_of(merge, right->sender);
	if (sender != NONE)
		set_sender(left, number, sender, merge->counter);
	for (uint32_t at = right->list[LIST_COUNTS]; at != NONE;
	     at = merge->right->counts[at].next) {
		const struct count *const count = &merge->right->counts[at];
		add_count(left, number, count->category, count->outcome, count->n, merge->counter);
	}
}

/* adopt_run - the right's run of an address with nothing on the left to continue */
static void adopt_run(const struct merge *merge, uint32_t number, struct run run)
{
	struct bm_span *const left = merge->left;
	run.head = is_first(left, number, run.address_hash);
	run.after_expired |= left->pieces[number].expired;
	if (run.ended == END_OPEN) {
		add_run(left, number, run);
	} else if (run.head) {
		add_run(left, number, run);
	} else {
		settle(&run, merge->counter);
	}
}

/* join_run - the right's first run of an address continues the left's open one */
static void join_run(const struct merge *merge, uint32_t at, const struct run *run)
{
	struct run *const open = &merge->left->runs[at];
	open->deferrals += run->deferrals;
	if (run->deferrals)
		open->last = run->last;
	if (run->ended != END_OPEN)
		end_run(merge->left, at, (enum end)run->ended, run->end, merge->counter);
}

/* join_run_list - the runs of a right piece: an address's first one before its later ones */
static void join_runs(const struct merge *merge, uint32_t number, const struct piece *right)
{
	for (int later = 0; later < 2; later++) {
		for (uint32_t at = right->list[LIST_RUNS]; at != NONE;
		     at = merge->right->runs[at].next) {
			struct run run = merge->right->runs[at];
			if (run.head == (later == 1))
				continue;
			if (run.deferrals)
				run.last = fact_of(merge, run.last);
			const uint32_t open =
				run.head && !run.after_expired
					? find_run(merge->left, number, run.address_hash, true)
					: NONE;
			if (open != NONE)
				join_run(merge, open, &run);
			else
				adopt_run(merge, number, run);
		}
	}
}

/* expire_left - the right's expired line gives up what is open on the left and has no run of its
 * own on the right before that line */
static void expire_left(const struct merge *merge, uint32_t number, uint32_t right_number)
{
	const struct piece *const right = &merge->right->pieces[right_number];
	struct bm_span *const left = merge->left;
	for (uint32_t at = left->pieces[number].list[LIST_RUNS]; at != NONE;) {
		const uint32_t next = left->runs[at].next;
		const uint64_t address = left->runs[at].address_hash;
		uint32_t on_right = find_run(merge->right, right_number, address, false);
		if (on_right == NONE)
			on_right = find_run(merge->right, right_number, address, true);
		const bool continued = on_right != NONE && merge->right->runs[on_right].head &&
				       !merge->right->runs[on_right].after_expired;
		if (left->runs[at].ended == END_OPEN && !continued)
			expire_run(left, at, right->expired_at, merge->counter);
		at = next;
	}
}

static void join_hops(const struct merge *merge, uint32_t number, const struct piece *right)
{
	for (uint32_t at = right->list[LIST_HOPS]; at != NONE; at = merge->right->hops[at].next) {
		struct hop hop = merge->right->hops[at];
		hop.fact = fact_of(merge, hop.fact);
		add_hop(merge->left, number, hop);
	}
}

/* join_flags - what the right adds to the plain facts of a piece */
static void join_flags(struct piece *left, const struct piece *right)
{
	if (right->counted && (!left->counted || right->first_attempt < left->first_attempt))
		left->first_attempt = right->first_attempt;
	if (right->begun || left->seen_at == BM_TIME_UNKNOWN)
		left->seen_at = right->seen_at;
	if (right->expired && !left->expired)
		left->expired_at = right->expired_at;
	if (right->client_told)
		left->far = right->far;
	left->client_told |= right->client_told;
	left->attempted |= right->attempted;
	left->counted |= right->counted;
}

/* join - append a right piece to a left one */
static void join(const struct merge *merge, uint32_t number, uint32_t right_number)
{
	const struct piece *const right = &merge->right->pieces[right_number];
	join_origin(merge, &merge->left->pieces[number], right);
	join_sender(merge, number, right);
	if (right->expired)
		expire_left(merge, number, right_number);
	join_runs(merge, number, right);
	join_hops(merge, number, right);
	join_flags(&merge->left->pieces[number], right);
	merge->left->pieces[number].expired |= right->expired;
}

/* adopt - a copy of a right piece that has nothing on the left */
static uint32_t adopt(const struct merge *merge, uint32_t right_number)
{
	const struct piece *const right = &merge->right->pieces[right_number];
	const uint32_t number = add_piece(merge->left, &right->key);
	merge->left->pieces[number].left_open &= right->left_open;
	join(merge, number, right_number);
	return number;
}

/* find_left - the left piece that a right one continues, or NONE; what begins behind an attempt is
 * another message, and the one before it has ended */
static uint32_t find_left(const struct merge *merge, const struct piece *right)
{
	const uint32_t number = find_piece(merge->left, &right->key);
	if (number == NONE || !right->begun || !merge->left->pieces[number].attempted)
		return number;
	end_piece(merge->left, number, merge->counter);
	return restart(merge->left, &right->key);
}

/* merge_head - the right saw this message end */
static void merge_head(const struct merge *merge, uint32_t right_number)
{
	const struct piece *const right = &merge->right->pieces[right_number];
	uint32_t number = find_left(merge, right);
	if (number != NONE)
		join(merge, number, right_number);
	else
		number = adopt(merge, right_number);
	end_piece(merge->left, number, merge->counter);
}

/* is_blank - a mark that something ended, with no line behind it */
static bool is_blank(const struct piece *piece)
{
	return !piece->left_open && !piece->begun && !piece->attempted && !piece->expired &&
	       piece->sender == NONE && piece->subject == 0;
}

/* merge_tail - a message that is still in the queue at the right's end */
static void merge_tail(const struct merge *merge, uint32_t right_number)
{
	const struct piece *const right = &merge->right->pieces[right_number];
	const uint32_t number = find_left(merge, right);
	if (number != NONE)
		join(merge, number, right_number);
	else if (!is_blank(right) || !merge->left->left_known)
		adopt(merge, right_number);
}

/* merge_seen - take over what the right offers to hops and what it could not decide */
static void merge_seen(const struct merge *merge)
{
	struct bm_span *const left = merge->left;
	const struct bm_span *const right = merge->right;
	for (uint32_t i = 0; i < right->offer_count; i++)
		add_offer(left, right->offers[i].key_hash, right->offers[i].time);
	for (uint32_t i = 0; i < right->undecided_count; i++) {
		struct undecided undecided = right->undecided[i];
		undecided.fact = fact_of(merge, undecided.fact);
		undecided.origin.sender = sender_of(merge, undecided.origin.sender);
		undecided.origin.subject = subject_of(merge, undecided.origin.subject);
		undecided.group += left->group_count;
		BM_GROW(left->undecided, left->undecided_count, left->undecided_room);
		left->undecided[left->undecided_count++] = undecided;
	}
	left->group_count += right->group_count;
}

void bm_span_merge(struct bm_span *left, const struct bm_span *right, struct bm_rename *rename,
		   struct bm_counter *counter)
{
	const struct merge merge = {left, right, rename, counter};
	tick(left, right->dawn);
	tick(left, right->clock);
	merge_seen(&merge);
	for (uint32_t i = 0; i < right->head_count; i++)
		merge_head(&merge, right->heads[i]);
	/* Heads are out of the index but live: mark them by walking the index instead of the array.
	 */
	for (uint32_t slot = 0; slot < right->pieces_index.room; slot++)
		if (right->pieces_index.slots[slot].mark)
			merge_tail(&merge, right->pieces_index.slots[slot].mark - 1);
	decide_all(left, false, counter);
	prune_offers(left);
}

void bm_span_close(struct bm_span *span, struct bm_counter *counter)
{
	for (uint32_t i = 0; i < span->head_count; i++) {
		const uint32_t number = span->heads[i];
		span->pieces[number].left_open = false;
		complete(span, number, counter);
	}
	for (uint32_t number = 0; number < span->piece_count; number++) {
		if (!span->pieces[number].live)
			continue;
		unindex_piece(span, number);
		span->pieces[number].left_open = false;
		complete(span, number, counter);
	}
	decide_all(span, true, counter);
	bm_span_clear(span);
}
