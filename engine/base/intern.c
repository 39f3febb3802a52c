/* intern.c - each distinct run once: an open-addressed index over segments that never move.
 *
 * The index holds (hash's upper half, number + 1) in 8 bytes, so that a miss is nearly always decided without
 * touching the run itself.  Entries live in segments of doubling size whose directory is a fixed array: a
 * reader that learned a number under a lock finds its run while the owner adds more.
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

struct bm_intern {
	struct slot *slots;
	size_t room; /* power of two */
	uint32_t count;
	struct bm_bytes *segments[SEGMENT_COUNT_MAX];
	struct bm_arena arena;
};

/* entry - where the run of a number is kept */
static struct bm_bytes *entry(const struct bm_intern *intern, uint32_t id)
{
	const uint32_t shifted = id + (1u << SEGMENT_FIRST_BITS);
	const unsigned top = 31u - (unsigned)__builtin_clz(shifted);
	return &intern->segments[top - SEGMENT_FIRST_BITS][shifted - (1u << top)];
}

/* is_entry - is the run of a number equal to run */
static inline bool is_entry(const struct bm_intern *intern, uint32_t id, struct bm_bytes run)
{
	const struct bm_bytes known = *entry(intern, id);
	return known.size == run.size && bm_same_short(known.data, run.data, run.size);
}

struct bm_intern *bm_intern_new(void)
{
	struct bm_intern *const intern = bm_zalloc(1, sizeof *intern);
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
		const uint64_t hash = bm_hash(*entry(intern, id));
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
			bm_alloc(sizeof(struct bm_bytes) << top);
	}
	*entry(intern, id) = bm_arena_copy(&intern->arena, run);
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
	__builtin_prefetch(entry(intern, intern->slots[at].mark - 1));
	return intern->slots[at].mark - 1;
}

void bm_intern_fetch(const struct bm_intern *intern, uint32_t guess)
{
	__builtin_prefetch(entry(intern, guess)->data);
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
	return *entry(intern, id);
}

uint32_t bm_intern_count(const struct bm_intern *intern)
{
	return intern->count;
}
