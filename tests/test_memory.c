/* test_memory.c - large pieces are zeroed when that is asked for, and keep their bytes when they grow,
 * whether their pages are fresh, were another's, or moved. */
#include "bouncemill/memory.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MEGABYTE = 1 << 20, PIECES = 40, MORE_THAN_NOTED = 1100 };

/* holds - are all size bytes at data of one value */
static bool holds(const uint8_t *data, int value, size_t size)
{
	return data[0] == value && memcmp(data, data + 1, size - 1) == 0;
}

Test(memory, a_piece_that_was_anothers_is_zeroed_when_asked_for)
{
	for (size_t megabytes = 1; megabytes < 20; megabytes += 3) {
		uint8_t *const dirty = bm_alloc(20 * MEGABYTE);
		memset(dirty, 0xa5, 20 * MEGABYTE);
		bm_free(dirty);
		uint8_t *const zeroed = bm_zalloc(megabytes, MEGABYTE);
		cr_assert(holds(zeroed, 0, megabytes * MEGABYTE), "of %zu MB", megabytes);
		bm_free(zeroed);
	}
}

Test(memory, pieces_do_not_overlap)
{
	uint8_t *pieces[PIECES];
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < PIECES; i++) {
			pieces[i] = bm_alloc((size_t)(1 + i % 7) * MEGABYTE);
			memset(pieces[i], i, (size_t)(1 + i % 7) * MEGABYTE);
		}
		/* Every other one first, so that neighbours are joined in any order. */
		for (int i = 0; i < PIECES; i++)
			cr_assert(holds(pieces[i], i, (size_t)(1 + i % 7) * MEGABYTE), "%d", i);
		for (int i = 0; i < PIECES; i += 2)
			bm_free(pieces[i]);
		for (int i = 1; i < PIECES; i += 2)
			bm_free(pieces[i]);
	}
}

Test(memory, bytes_stay_when_a_piece_grows)
{
	size_t size = 1000;
	uint8_t *data = bm_alloc(size);
	memset(data, 7, size);
	for (; size < 64 * (size_t)MEGABYTE; size *= 3) {
		data = bm_realloc(data, 3 * size);
		cr_assert(holds(data, 7, size), "%zu", size);
		memset(data, 7, 3 * size);
	}
	data = bm_realloc(data, 5000);
	cr_assert(holds(data, 7, 5000));
	bm_free(data);
}

Test(memory, a_piece_grows_into_what_was_freed)
{
	uint8_t *const dirty = bm_alloc(16 * MEGABYTE);
	uint8_t *data = bm_alloc(2 * MEGABYTE);
	memset(dirty, 0xa5, 16 * MEGABYTE);
	memset(data, 7, 2 * MEGABYTE);
	bm_free(dirty);
	data = bm_realloc(data, 12 * MEGABYTE);
	cr_assert(holds(data, 7, 2 * MEGABYTE));
	bm_free(data);
}

Test(memory, more_pieces_than_are_noted)
{
	static uint8_t *pieces[MORE_THAN_NOTED];
	for (int i = 0; i < MORE_THAN_NOTED; i++) {
		pieces[i] = bm_zalloc(1, MEGABYTE);
		pieces[i][0] = 1;
	}
	for (int i = 0; i < MORE_THAN_NOTED; i++)
		bm_free(pieces[i]);
}
