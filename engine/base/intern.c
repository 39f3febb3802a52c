/* intern.c - each distinct run once: an open-addressed index over segments that never move.
 *
 * The index holds (hash's upper half, number + 1) in 8 bytes, so that a miss is nearly always
 * decided without touching the run itself.  An entry is a cache line that holds the run itself when
 * it is short, and its payload in the lines behind: one page for all that is known of a name.
 * Entries live in segments of doubling size whose directory is a fixed array: a reader that learned
 * a number under a lock finds its run while the owner adds more.
 */
#include "bouncemill/intern.h"

#include "arena.h"
#include "bouncemill/error.h"
#include "hash.h"

enum { SEGMENT_FIRST_BITS = 8, SEGMENT_COUNT_MAX = 25, INDEX_ROOM_MIN = 1 << 10 };

struct slot {
	uint32_t tag;  /* upper half of the hash */
	uint32_t mark; /* number + 1, or 0 = free */
};

enum { LINE_BYTES = 64, SHORT_BYTES_MAX = LINE_BYTES - sizeof(uint32_t) };

struct entry {
	uint32_t size;
	uint8_t bytes[SHORT_BYTES_MAX]; /* the run, or a pointer to it when it is longer */
};

struct bm_intern {
	struct slot *slots;
	size_t room;   /* power of two */
	size_t stride; /* bytes of an entry with its payload */
	uint32_t count;
	uint8_t *segments[SEGMENT_COUNT_MAX];
	struct bm_arena arena; /* of longer runs */
};

/* entry_at - where the run of a number is kept */
static inline struct entry *entry_at(const struct bm_intern *intern, uint32_t id)
{
	const uint32_t shifted = id + (1u << SEGMENT_FIRST_BITS);
	const unsigned top = 31u - (unsigned)__builtin_clz(shifted);
	uint8_t *const segment = intern->segments[top - SEGMENT_FIRST_BITS];
	return (struct entry *)(void *)(segment + (shifted - (1u << top)) * intern->stride);
}

/* run_of - the run an entry holds */
static inline struct bm_bytes run_of(const struct entry *entry)
{
	const uint8_t *data = entry->bytes;
	if (entry->size > SHORT_BYTES_MAX)
		memcpy(&data, entry->bytes, sizeof data);
	return (struct bm_bytes){data, entry->size};
}

/* is_entry - is the run of a number equal to run */
static inline bool is_entry(const struct bm_intern *intern, uint32_t id, struct bm_bytes run)
{
	const struct bm_bytes known = run_of(entry_at(intern, id));
	return known.size == run.size && bm_same_short(known.data, run.data, run.size);
}

struct bm_intern *bm_intern_new(void)
{
	return bm_intern_new_with(0);
}

void *bm_intern_payload(const struct bm_intern *intern, uint32_t id)
{
	return entry_at(intern, id) + 1;
}

struct bm_intern *bm_intern_new_with(size_t payload)
{
	struct bm_intern *const intern = bm_zalloc(1, sizeof *intern);
	intern->stride =
		sizeof(struct entry) + ((payload + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1));
	intern->room = INDEX_ROOM_MIN;
	intern->slots = bm_zalloc(intern->room, sizeof *intern->slots);
	return intern;
}

void bm_intern_free(struct bm_intern *intern)
{
	if (intern == NULL)
		return;
	for (unsigned i = 0; i < SEGMENT_COUNT_MAX; i++)
		bm_free(intern->segments[i]);
	bm_arena_dispose(&intern->arena);
	bm_free(intern->slots);
	bm_free(intern);
}

/* grow_index - twice the slots */
static void grow_index(struct bm_intern *intern)
{
	const size_t mask = 2 * intern->room - 1;
	struct slot *const slots = bm_zalloc(2 * intern->room, sizeof *slots);
	for (uint32_t id = 0; id < intern->count; id++) {
		const uint64_t hash = bm_hash(run_of(entry_at(intern, id)));
		size_t at = (size_t)hash & mask;
		while (slots[at].mark)
			at = (at + 1) & mask;
		slots[at] = (struct slot){(uint32_t)(hash >> 32), id + 1};
	}
	bm_free(intern->slots);
	intern->slots = slots;
	intern->room *= 2;
}

/* append - store a new run, return its number */
static uint32_t append(struct bm_intern *intern, struct bm_bytes run)
{
	const uint32_t id = intern->count++;
	const uint32_t shifted = id + (1u << SEGMENT_FIRST_BITS);
	if ((shifted & (shifted - 1)) == 0) {
		const unsigned top = 31u - (unsigned)__builtin_clz(shifted);
		intern->segments[top - SEGMENT_FIRST_BITS] =
			bm_zalloc((size_t)1 << top, intern->stride);
	}
	struct entry *const entry = entry_at(intern, id);
	if (run.size > UINT32_MAX)
		run.size = UINT32_MAX;
	entry->size = (uint32_t)run.size;
	if (run.size > SHORT_BYTES_MAX) {
		const uint8_t *const copy = bm_arena_copy(&intern->arena, run).data;
		memcpy(entry->bytes, &copy, sizeof copy);
	} else if (run.size) {
		memcpy(entry->bytes, run.data, run.size);
	}
	return id;
}

void bm_intern_want(const struct bm_intern *intern, uint64_t hash)
{
	__builtin_prefetch(&intern->slots[(size_t)hash & (intern->room - 1)]);
}

uint32_t bm_intern_peek(const struct bm_intern *intern, uint64_t hash)
{
	const size_t mask = intern->room - 1;
	size_t at = (size_t)hash & mask;
	while (intern->slots[at].mark && intern->slots[at].tag != (uint32_t)(hash >> 32))
		at = (at + 1) & mask;
	if (intern->slots[at].mark == 0)
		return UINT32_MAX;
	__builtin_prefetch(entry_at(intern, intern->slots[at].mark - 1));
	return intern->slots[at].mark - 1;
}

void bm_intern_fetch(const struct bm_intern *intern, uint32_t guess)
{
	__builtin_prefetch(entry_at(intern, guess) + 1, 1);
}

bool bm_intern_is(const struct bm_intern *intern, uint32_t guess, struct bm_bytes run)
{
	return guess != UINT32_MAX && is_entry(intern, guess, run);
}

uint32_t bm_intern_add(struct bm_intern *intern, struct bm_bytes run)
{
	return bm_intern_add_hashed(intern, run, bm_hash(run));
}

uint32_t bm_intern_add_hashed(struct bm_intern *intern, struct bm_bytes run, uint64_t hash)
{
	const uint32_t tag = (uint32_t)(hash >> 32);
	const size_t mask = intern->room - 1;
	size_t at = (size_t)hash & mask;
	for (; intern->slots[at].mark; at = (at + 1) & mask)
		if (intern->slots[at].tag == tag &&
		    is_entry(intern, intern->slots[at].mark - 1, run))
			return intern->slots[at].mark - 1;
	const uint32_t id = append(intern, run);
	intern->slots[at] = (struct slot){tag, id + 1};
	if (2 * (size_t)intern->count > intern->room)
		grow_index(intern);
	return id;
}

struct bm_bytes bm_intern_get(const struct bm_intern *intern, uint32_t id)
{
	return run_of(entry_at(intern, id));
}

uint32_t bm_intern_count(const struct bm_intern *intern)
{
	return intern->count;
}
