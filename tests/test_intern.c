/* test_intern.c - each run once, under numbers that count up, in memory that never moves. */
#include "support.h"

#include <criterion/criterion.h>

#include "bouncemill/intern.h"
#include "hash.h"

enum { NAMES = 50000 };

static struct bm_bytes name_of(char text[32], unsigned number)
{
	snprintf(text, 32, "name-%x.example", number * 2654435761u);
	return bm_bytes_of(text);
}

Test(intern, numbers_count_up_and_runs_stay)
{
	struct bm_intern *const intern = bm_intern_new();
	static const uint8_t *places[NAMES];
	char text[32];
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < NAMES; i++) {
			const struct bm_bytes name = name_of(text, i);
			cr_assert_eq(bm_intern_add(intern, name), i);
			cr_assert(bm_bytes_equal(bm_intern_get(intern, i), name));
			if (round == 0)
				places[i] = bm_intern_get(intern, i).data;
			cr_assert_eq(bm_intern_get(intern, i).data, places[i]);
		}
	cr_assert_eq(bm_intern_count(intern), NAMES);
	bm_intern_free(intern);
}

Test(intern, any_bytes_and_lengths)
{
	struct bm_intern *const intern = bm_intern_new();
	static uint8_t bytes[400];
	for (size_t size = 0; size < sizeof bytes; size++)
		cr_assert_eq(bm_intern_add(intern, (struct bm_bytes){bytes, size}), size);
	bytes[0] = 1;
	for (size_t size = 1; size < sizeof bytes; size++)
		cr_assert_eq(bm_intern_add(intern, (struct bm_bytes){bytes, size}),
			     sizeof bytes + size - 1);
	bm_intern_free(intern);
}

Test(intern, steps_of_a_look_up)
{
	struct bm_intern *const intern = bm_intern_new();
	char text[32];
	for (unsigned i = 0; i < 2000; i++)
		bm_intern_add(intern, name_of(text, i));
	for (unsigned i = 0; i < 4000; i++) {
		const struct bm_bytes name = name_of(text, i);
		const uint64_t hash = bm_hash(name);
		bm_intern_want(intern, hash);
		const uint32_t guess = bm_intern_peek(intern, hash);
		if (guess != UINT32_MAX)
			bm_intern_fetch(intern, guess);
		cr_assert_eq(bm_intern_is(intern, guess, name), i < 2000, "name %u", i);
		if (i < 2000)
			cr_assert_eq(guess, i);
	}
	cr_assert_eq(bm_intern_add_hashed(intern, name_of(text, 7), bm_hash(name_of(text, 7))), 7);
	bm_intern_free(intern);
}

/* Payloads begin zeroed, stay where they are and keep what was written. */
Test(intern, payloads_lie_beside_their_names)
{
	struct bm_intern *const intern = bm_intern_new_with(72);
	static uint64_t *places[NAMES];
	char text[32];
	for (unsigned i = 0; i < NAMES; i++) {
		const uint32_t id = bm_intern_add(intern, name_of(text, i));
		places[id] = bm_intern_payload(intern, id);
		cr_assert_eq((uintptr_t)places[id] % 8, 0);
		for (int word = 0; word < 9; word++)
			cr_assert_eq(places[id][word], 0);
		memset(places[id], (int)(id % 251), 72);
	}
	for (unsigned i = 0; i < NAMES; i++) {
		cr_assert_eq((void *)places[i], bm_intern_payload(intern, i));
		for (int byte = 0; byte < 72; byte++)
			cr_assert_eq(((uint8_t *)places[i])[byte], i % 251);
		cr_assert(bm_bytes_equal(bm_intern_get(intern, i), name_of(text, i)));
	}
	bm_intern_free(intern);
}
