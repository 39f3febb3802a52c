/* test_index.c - numbers put in and taken out in any order, against a plain list; hashes that
 * collide. */
#include "support.h"

#include <criterion/criterion.h>

#include "bouncemill/index.h"

enum { THINGS = 3000 };

/* has - is number among those under hash */
static bool has(const struct bm_index *index, uint32_t hash, uint32_t number)
{
	struct bm_index_walk walk = bm_index_walk(index, hash);
	for (uint32_t at; (at = bm_index_next(index, &walk)) != BM_INDEX_NONE;)
		if (at == number)
			return true;
	return false;
}

/* churn - put and drop by chance; hashes are cut to so many values */
static void churn(uint64_t seed, uint32_t hash_limit, int steps)
{
	struct chance chance = {seed};
	struct bm_index index = {0};
	static uint32_t hashes[THINGS];
	static bool in[THINGS];
	uint32_t count = 0;
	for (uint32_t i = 0; i < THINGS; i++) {
		hashes[i] = hash_limit ? chance_below(&chance, hash_limit) * 256
				       : (uint32_t)chance_next(&chance);
		in[i] = false;
	}
	for (int step = 0; step < steps; step++) {
		const uint32_t i = chance_below(&chance, THINGS);
		cr_assert_eq(has(&index, hashes[i], i), in[i]);
		if (in[i])
			bm_index_drop(&index, hashes[i], i);
		else
			bm_index_put(&index, hashes[i], i);
		in[i] = !in[i];
		count += in[i] ? 1u : -1u;
		cr_assert_eq(index.count, count);
	}
	for (uint32_t i = 0; i < THINGS; i++)
		cr_assert_eq(has(&index, hashes[i], i), in[i]);
	bm_index_clear(&index);
	cr_assert_not(has(&index, hashes[0], 0));
	bm_index_dispose(&index);
}

Test(index, puts_and_drops)
{
	churn(1, 0, 200000);
}

Test(index, hashes_that_collide)
{
	churn(2, 40, 20000);
	churn(3, 1, 3000);
}

Test(index, an_empty_one_finds_nothing)
{
	struct bm_index index = {0};
	cr_assert_not(has(&index, 0, 0));
	bm_index_clear(&index);
	bm_index_dispose(&index);
}
