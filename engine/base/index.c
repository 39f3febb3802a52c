/* index.c - linear probing with backward shift on removal: no tombstones, so look-ups stay short
 * however often queue ids come and go. */
#include "bouncemill/index.h"

enum { INDEX_ROOM_MIN = 256 };

static void place(struct bm_index_slot *slots, uint32_t room, struct bm_index_slot slot)
{
	uint32_t at = slot.hash & (room - 1);
	while (slots[at].mark)
		at = (at + 1) & (room - 1);
	slots[at] = slot;
}

/* grow - twice the room */
static void grow(struct bm_index *index)
{
	const uint32_t room = index->room ? 2 * index->room : INDEX_ROOM_MIN;
	struct bm_index_slot *const slots = bm_zalloc(room, sizeof *slots);
	for (uint32_t i = 0; i < index->room; i++)
		if (index->slots[i].mark)
			place(slots, room, index->slots[i]);
	bm_free(index->slots);
	index->slots = slots;
	index->room = room;
}

void bm_index_put(struct bm_index *index, uint32_t hash, uint32_t number)
{
	if (2 * (index->count + 1) > index->room)
		grow(index);
	place(index->slots, index->room, (struct bm_index_slot){hash, number + 1});
	index->count++;
}

void bm_index_drop(struct bm_index *index, uint32_t hash, uint32_t number)
{
	const uint32_t mask = index->room - 1;
	uint32_t hole = hash & mask;
	while (index->slots[hole].mark != number + 1)
		hole = (hole + 1) & mask;
	/* Close the hole with whatever behind it is not yet at home. */
	for (uint32_t at = (hole + 1) & mask; index->slots[at].mark; at = (at + 1) & mask) {
		const uint32_t home = index->slots[at].hash & mask;
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			index->slots[hole] = index->slots[at];
			hole = at;
		}
	}
	index->slots[hole] = (struct bm_index_slot){0};
	index->count--;
}

void bm_index_clear(struct bm_index *index)
{
	if (index->count)
		memset(index->slots, 0, index->room * sizeof *index->slots);
	index->count = 0;
}

void bm_index_dispose(struct bm_index *index)
{
	bm_free(index->slots);
	*index = (struct bm_index){0};
}
