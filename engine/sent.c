/* sent.c - keys of failures and messages in one multimap; see sent.h.
 *
 * Failures by hash of queue id and recipient, messages by hash of their Message-ID with the hash of
 * their queue id as value: a report without a queue id finds its failures through those, and one
 * without either id through the sender that was used for its recipient alone (VERP).
 */
#include "sent.h"

#include "bouncemill/error.h"
#include "bouncemill/index.h"
#include "hash.h"

enum { RECIPIENT_BYTES_MAX = 320 }; /* RFC 5321 4.5.3.1: 64 and 255 and the @ */

/* One key and what it leads to. */
struct pair {
	uint64_t key, value;
};

/* A multimap: pairs in order of arrival, found by key. */
struct map {
	struct pair *list;
	uint32_t count, room;
	struct bm_index index;
};

struct bm_sent {
	struct map failures; /* value: FINAL or not */
	struct map messages; /* by Message-ID and by sender; value: hash of a queue id */
	struct bm_seen seen;
};

enum { DEFERRED, FINAL };

struct bm_sent *bm_sent_new(void)
{
	struct bm_sent *const sent = bm_zalloc(1, sizeof *sent);
	sent->seen = BM_SEEN_NEVER;
	return sent;
}

static void dispose(struct map *map)
{
	bm_free(map->list);
	bm_index_dispose(&map->index);
}

void bm_sent_free(struct bm_sent *sent)
{
	if (sent == NULL)
		return;
	dispose(&sent->failures);
	dispose(&sent->messages);
	bm_free(sent);
}

/* holds - is the pair in the map */
static bool holds(const struct map *map, struct pair pair)
{
	struct bm_index_walk walk = bm_index_walk(&map->index, (uint32_t)pair.key);
	for (uint32_t at; (at = bm_index_next(&map->index, &walk)) != BM_INDEX_NONE;)
		if (map->list[at].key == pair.key && map->list[at].value == pair.value)
			return true;
	return false;
}

static void add(struct map *map, struct pair pair)
{
	if (holds(map, pair))
		return;
	BM_GROW(map->list, map->count, map->room);
	map->list[map->count] = pair;
	bm_index_put(&map->index, (uint32_t)pair.key, map->count++);
}

/* lower_hash - of an address in lower case, as far as ASCII goes */
static uint64_t lower_hash(struct bm_bytes address)
{
	uint8_t lower[RECIPIENT_BYTES_MAX];
	if (address.size > sizeof lower)
		address.size = sizeof lower;
	for (size_t i = 0; i < address.size; i++)
		lower[i] = bm_lower(address.data[i]);
	return bm_hash((struct bm_bytes){lower, address.size});
}

/* failure_key - of a queue id's hash and a recipient */
static uint64_t failure_key(uint64_t queue_id, struct bm_bytes recipient)
{
	return bm_hash_mix(lower_hash(recipient) | 1, queue_id | 1);
}

void bm_sent_failure(struct bm_sent *sent, struct bm_bytes queue_id, struct bm_bytes recipient,
		     bool final)
{
	add(&sent->failures,
	    (struct pair){failure_key(bm_hash(queue_id), recipient), final ? FINAL : DEFERRED});
}

void bm_sent_message(struct bm_sent *sent, struct bm_bytes message_id, struct bm_bytes queue_id)
{
	add(&sent->messages, (struct pair){bm_hash(message_id), bm_hash(queue_id)});
}

/* sender_key - of an envelope sender, told from the keys of Message-IDs */
static uint64_t sender_key(struct bm_bytes sender)
{
	return ~lower_hash(sender);
}

void bm_sent_sender(struct bm_sent *sent, struct bm_bytes sender, struct bm_bytes queue_id)
{
	add(&sent->messages, (struct pair){sender_key(sender), bm_hash(queue_id)});
}

void bm_sent_seen(struct bm_sent *sent, struct bm_seen seen)
{
	bm_seen_add(&sent->seen, seen.first);
	bm_seen_add(&sent->seen, seen.last);
}

void bm_sent_merge(struct bm_sent *target, const struct bm_sent *source)
{
	for (uint32_t i = 0; i < source->failures.count; i++)
		add(&target->failures, source->failures.list[i]);
	for (uint32_t i = 0; i < source->messages.count; i++)
		add(&target->messages, source->messages.list[i]);
	bm_sent_seen(target, source->seen);
}

/* is_failure - did recipient fail in the message of a queue id; another server's report counts only
 * what was final here, for what was deferred here may have reached it later */
static bool is_failure(const struct bm_sent *sent, uint64_t queue_id, struct bm_bytes recipient,
		       bool final)
{
	const uint64_t key = failure_key(queue_id, recipient);
	return holds(&sent->failures, (struct pair){key, FINAL}) ||
	       (!final && holds(&sent->failures, (struct pair){key, DEFERRED}));
}

/* in_time - do the logs tell of a time */
static bool in_time(const struct bm_sent *sent, bm_time time)
{
	return time != BM_TIME_UNKNOWN && sent->seen.first != BM_TIME_UNKNOWN &&
	       bm_time_wall(time) >= bm_time_wall(sent->seen.first) &&
	       bm_time_wall(time) <= bm_time_wall(sent->seen.last);
}

enum bm_sent_answer bm_sent_ask(const struct bm_sent *sent, const struct bm_sent_claim *claim)
{
	if (claim->queue_id.size &&
	    is_failure(sent, bm_hash(claim->queue_id), claim->recipient, false))
		return BM_SENT_COUNTED;
	const bool by_sender = claim->message_id.size == 0;
	if (by_sender && (claim->queue_id.size || claim->sender.size == 0))
		return BM_SENT_NEWS;
	const struct map *const messages = &sent->messages;
	const uint64_t key = by_sender ? sender_key(claim->sender) : bm_hash(claim->message_id);
	struct bm_index_walk walk = bm_index_walk(&messages->index, (uint32_t)key);
	bool known = false;
	for (uint32_t at; (at = bm_index_next(&messages->index, &walk)) != BM_INDEX_NONE;) {
		if (messages->list[at].key != key)
			continue;
		known = true;
		if (is_failure(sent, messages->list[at].value, claim->recipient, true))
			return BM_SENT_COUNTED;
	}
	return known || by_sender || messages->count == 0 || !in_time(sent, claim->time)
		       ? BM_SENT_NEWS
		       : BM_SENT_FOREIGN;
}
