/* order.c - radix sorts by integer and by text, and an index of sparse integers.
 *
 * Keys are sorted from the least significant digit up, skipping digits in which all agree: names
 * ranked to 17 bits cost two passes, not eight.  Texts are sorted by their next eight bytes as
 * one big-endian integer; only runs that agree are looked at deeper.  A run that agrees over many
 * words, or in which a text has ended, goes to a comparing sort, so that crafted names cost n
 * log n and never a deep recursion.
 *
 * The index is seeded like every hash here: enhanced codes and time stamps can be chosen by others.
 */
#define _GNU_SOURCE
#include "order.h"

#include "bouncemill/error.h"

#include <endian.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
	COUNT_SMALL = 32,  /* below it insertion wins */
	COUNT_WIDE = 4096, /* from it on wider digits pay for their larger histogram */
	DIGIT_BITS_NARROW = 8,
	DIGIT_BITS_WIDE = 11,
	DEPTH_MAX = 12, /* words of common prefix before the comparing sort */
	SLOTS_MIN = 64
};

/* insert_keys - sort a few by key, stable */
static void insert_keys(struct bm_key *keys, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct bm_key moving = keys[i];
		size_t at = i;
		for (; at > 0 && keys[at - 1].key > moving.key; at--)
			keys[at] = keys[at - 1];
		keys[at] = moving;
	}
}

/* pass - scatter source to target by one digit */
static void pass(const struct bm_key *source, struct bm_key *target, size_t count, unsigned shift,
		 unsigned bits)
{
	uint32_t start[1 << DIGIT_BITS_WIDE];
	const uint64_t mask = (UINT64_C(1) << bits) - 1;
	memset(start, 0, sizeof *start << bits);
	for (size_t i = 0; i < count; i++)
		start[source[i].key >> shift & mask]++;
	uint32_t sum = 0;
	for (uint64_t digit = 0; digit <= mask; digit++) {
		const uint32_t here = start[digit];
		start[digit] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++)
		target[start[source[i].key >> shift & mask]++] = source[i];
}

void bm_order_keys(struct bm_key *keys, struct bm_key *scratch, size_t count)
{
	if (count < COUNT_SMALL) {
		insert_keys(keys, count);
		return;
	}
	uint64_t differ = 0;
	for (size_t i = 1; i < count; i++)
		differ |= keys[i].key ^ keys[0].key;
	const unsigned bits = count < COUNT_WIDE ? DIGIT_BITS_NARROW : DIGIT_BITS_WIDE;
	struct bm_key *source = keys, *target = scratch;
	while (differ) {
		const unsigned shift = (unsigned)__builtin_ctzll(differ);
		pass(source, target, count, shift, bits);
		struct bm_key *const sorted = target;
		target = source;
		source = sorted;
		differ = shift + bits < 64 ? differ >> (shift + bits) << (shift + bits) : 0;
	}
	if (source != keys)
		memcpy(keys, source, count * sizeof *keys);
}

/* word - eight bytes of text at offset, so that integers compare like texts; zeros behind its end
 */
static uint64_t word(struct bm_bytes text, size_t offset)
{
	uint64_t big = 0;
	const size_t left = text.size > offset ? text.size - offset : 0;
	if (left > 0)
		memcpy(&big, text.data + offset, left < sizeof big ? left : sizeof big);
	return be64toh(big);
}

/* compare - for qsort_r: by text, then by place */
static int compare(const void *left, const void *right, void *texts)
{
	const struct bm_key *const a = left, *const b = right;
	const struct bm_bytes *const text = texts;
	const int order = bm_bytes_order(text[a->id], text[b->id]);
	return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* insert_texts - sort a few by text, stable */
static void insert_texts(struct bm_key *keys, size_t count, const struct bm_bytes *texts)
{
	for (size_t i = 1; i < count; i++) {
		const struct bm_key moving = keys[i];
		size_t at = i;
		for (; at > 0 && bm_bytes_order(texts[keys[at - 1].id], texts[moving.id]) > 0; at--)
			keys[at] = keys[at - 1];
		keys[at] = moving;
	}
}

/* sort_texts - sort ids whose texts agree in their first depth words */
static void sort_texts(struct bm_key *keys, struct bm_key *scratch, size_t count,
		       const struct bm_bytes *texts, unsigned depth)
{
	if (count < COUNT_SMALL) {
		insert_texts(keys, count, texts);
		return;
	}
	for (size_t i = 0; i < count; i++)
		keys[i].key = word(texts[keys[i].id], depth * sizeof keys->key);
	bm_order_keys(keys, scratch, count);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && keys[end].key == keys[i].key;)
			end++;
		const bool ended = (keys[i].key & 0xff) == 0;
		if (end - i == 1)
			continue;
		if (ended || depth == DEPTH_MAX)
			qsort_r(keys + i, end - i, sizeof *keys, compare, (void *)(uintptr_t)texts);
		else
			sort_texts(keys + i, scratch, end - i, texts, depth + 1);
	}
}

void bm_order_texts(struct bm_key *keys, size_t count, const struct bm_bytes *texts)
{
	struct bm_key *const scratch = bm_alloc((count + 1) * sizeof *scratch);
	for (size_t i = 0; i < count; i++)
		keys[i].place = (uint32_t)i;
	sort_texts(keys, scratch, count, texts, 0);
	bm_free(scratch);
}

void bm_names_rank(struct bm_names *names, const struct bm_intern *intern)
{
	const uint32_t count = bm_intern_count(intern);
	struct bm_key *const keys = bm_alloc(((size_t)count + 1) * sizeof *keys);
	*names = (struct bm_names){
		.count = count,
		.text = bm_alloc(((size_t)count + 1) * sizeof *names->text),
		.rank = bm_alloc(((size_t)count + 1) * sizeof *names->rank),
		.order = bm_alloc(((size_t)count + 1) * sizeof *names->order),
	};
	for (uint32_t id = 0; id < count; id++) {
		names->text[id] = bm_intern_get(intern, id);
		keys[id] = (struct bm_key){.id = id};
	}
	bm_order_texts(keys, count, names->text);
	for (uint32_t rank = 0; rank < count; rank++) {
		names->order[rank] = keys[rank].id;
		names->rank[keys[rank].id] = rank;
	}
	bm_free(keys);
}

void bm_names_dispose(struct bm_names *names)
{
	bm_free(names->text);
	bm_free(names->rank);
	bm_free(names->order);
}

/* home - the slot a key is looked for first */
static uint32_t home(const struct bm_sparse *index, uint64_t key)
{
	const __uint128_t product = (__uint128_t)(key ^ index->seed) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)((uint64_t)product ^ (uint64_t)(product >> 64)) & index->slot_mask;
}

/* grow - make the slots of an index, or twice as many */
static void grow(struct bm_sparse *index)
{
	if (index->slots == NULL && getrandom(&index->seed, sizeof index->seed, 0) < 0)
		index->seed = (uintptr_t)index;
	const uint32_t slots = index->slots ? 2 * (index->slot_mask + 1) : SLOTS_MIN;
	bm_free(index->slots);
	index->slots = bm_zalloc(slots, sizeof *index->slots);
	index->slot_mask = slots - 1;
	for (uint32_t number = 0; number < index->count; number++) {
		uint32_t at = home(index, index->keys[number]);
		while (index->slots[at])
			at = (at + 1) & index->slot_mask;
		index->slots[at] = number + 1;
	}
}

uint32_t bm_sparse_add(struct bm_sparse *index, uint64_t key)
{
	if (index->slots == NULL || 2 * index->count > index->slot_mask)
		grow(index);
	uint32_t at = home(index, key);
	for (; index->slots[at]; at = (at + 1) & index->slot_mask)
		if (index->keys[index->slots[at] - 1] == key)
			return index->slots[at] - 1;
	BM_GROW(index->keys, index->count, index->room);
	index->keys[index->count] = key;
	index->slots[at] = ++index->count;
	return index->count - 1;
}

uint32_t bm_sparse_find(const struct bm_sparse *index, uint64_t key)
{
	if (index->slots == NULL)
		return BM_SPARSE_NONE;
	for (uint32_t at = home(index, key); index->slots[at]; at = (at + 1) & index->slot_mask)
		if (index->keys[index->slots[at] - 1] == key)
			return index->slots[at] - 1;
	return BM_SPARSE_NONE;
}

struct bm_key *bm_sparse_sort(const struct bm_sparse *index)
{
	struct bm_key *const keys = bm_alloc(2 * ((size_t)index->count + 1) * sizeof *keys);
	for (uint32_t number = 0; number < index->count; number++)
		keys[number] = (struct bm_key){.key = index->keys[number], .id = number};
	bm_order_keys(keys, keys + index->count, index->count);
	return keys;
}

void bm_sparse_dispose(struct bm_sparse *index)
{
	bm_free(index->keys);
	bm_free(index->slots);
	*index = (struct bm_sparse){0};
}
