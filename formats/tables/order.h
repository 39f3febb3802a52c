/* order.h - putting things in order: the only way from hash order to an output.
 *
 * Names are ranked once by text; from then on everything a table sorts by is a small integer,
 * packed into 64 bits and sorted by radix.  All sorts are stable and linear, whatever the input:
 * names and periods come from strangers.
 */
#ifndef BM_ORDER_H
#define BM_ORDER_H

#include "bouncemill/intern.h"

struct bm_key {
	uint64_t key;
	uint32_t id;    /* what is sorted: the caller's number */
	uint32_t place; /* private to bm_order_texts */
};

/* bm_order_keys - sort ascending by key, stable; scratch has room for as many */
void bm_order_keys(struct bm_key *keys, struct bm_key *scratch, size_t count);
/* bm_order_texts - sort the ids of keys by texts[id] in memcmp order, stable; overwrites their key
 */
void bm_order_texts(struct bm_key *keys, size_t count, const struct bm_bytes *texts);

/* The names of an intern table by number, and their places in text order. */
struct bm_names {
	uint32_t count;
	struct bm_bytes *text; /* by number */
	uint32_t *rank;        /* by number */
	uint32_t *order;       /* numbers by rank */
};
void bm_names_rank(struct bm_names *names, const struct bm_intern *intern);
void bm_names_dispose(struct bm_names *names);

/* Sparse integers under small numbers, counting from 0 in order of arrival; start with {0}. */
struct bm_sparse {
	uint64_t *keys; /* by number */
	uint32_t count, room;
	uint32_t *slots; /* number + 1, or 0 = free */
	uint32_t slot_mask;
	uint64_t seed;
};
/* bm_sparse_add - the number of a key, new or known */
uint32_t bm_sparse_add(struct bm_sparse *index, uint64_t key);
/* bm_sparse_find - the number of a key, or BM_SPARSE_NONE */
#define BM_SPARSE_NONE UINT32_MAX
uint32_t bm_sparse_find(const struct bm_sparse *index, uint64_t key);
/* bm_sparse_sort - its numbers as .id, by ascending key; an array the caller frees */
struct bm_key *bm_sparse_sort(const struct bm_sparse *index);
void bm_sparse_dispose(struct bm_sparse *index);

/* bm_order_signed - a key that sorts like the signed integer, periods above all */
static inline uint64_t bm_order_signed(int32_t value)
{
	return (uint32_t)value ^ UINT32_C(0x80000000);
}

/* bm_order_signed_back - the inverse */
static inline int32_t bm_order_signed_back(uint64_t key)
{
	return (int32_t)((uint32_t)key ^ UINT32_C(0x80000000));
}

#endif
