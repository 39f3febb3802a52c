/* index.h - an open-addressed index from hashes to small numbers that can be taken out again.
 *
 * It stores no keys: the caller owns an array of things and compares. `struct bm_index` starts
 * zeroed.
 *
 *	struct bm_index_walk walk = bm_index_walk(index, hash);
 *	while ((number = bm_index_next(index, &walk)) != BM_INDEX_NONE)
 *		if (things[number] is the one) ...
 */
#ifndef BOUNCEMILL_INDEX_H
#define BOUNCEMILL_INDEX_H

#include "bouncemill/error.h"

#include <stdint.h>
#include <string.h>

#define BM_INDEX_NONE UINT32_MAX

struct bm_index_slot {
	uint32_t hash;
	uint32_t mark; /* number + 1, or 0 = free */
};

struct bm_index {
	struct bm_index_slot *slots;
	uint32_t room; /* power of two, or 0 */
	uint32_t count;
};

struct bm_index_walk {
	uint32_t hash, at;
};

static inline struct bm_index_walk bm_index_walk(const struct bm_index *index, uint32_t hash)
{
	return (struct bm_index_walk){hash, index->room ? hash & (index->room - 1) : 0};
}

/* bm_index_next - the next number put under the walk's hash, or BM_INDEX_NONE */
static inline uint32_t bm_index_next(const struct bm_index *index, struct bm_index_walk *walk)
{
	while (index->room && index->slots[walk->at].mark) {
		const struct bm_index_slot slot = index->slots[walk->at];
		walk->at = (walk->at + 1) & (index->room - 1);
		if (slot.hash == walk->hash)
			return slot.mark - 1;
	}
	return BM_INDEX_NONE;
}

/* bm_index_want - hash will be looked for soon: ask memory for its slot */
static inline void bm_index_want(const struct bm_index *index, uint32_t hash)
{
	if (index->room)
		__builtin_prefetch(&index->slots[hash & (index->room - 1)]);
}

/* bm_index_put - file number under hash */
void bm_index_put(struct bm_index *index, uint32_t hash, uint32_t number);
/* bm_index_drop - take number, which was put under hash, out again */
void bm_index_drop(struct bm_index *index, uint32_t hash, uint32_t number);
/* bm_index_clear - forget all, keep the memory */
void bm_index_clear(struct bm_index *index);
void bm_index_dispose(struct bm_index *index);

#endif
