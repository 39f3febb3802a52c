/* test_spelling.c - distances against a slow reference, and the search against all pairs. */
#include "support.h"

#include <criterion/criterion.h>

#include "bouncemill/maildomain.h"
#include "bouncemill/spelling.h"

static struct bm_word word_of(const char *text)
{
	struct bm_word word;
	cr_assert(bm_word_read(&word, bm_bytes_of(text)), "%s", text);
	return word;
}

static struct bm_edits edits(const char *meant, const char *typed)
{
	const struct bm_word left = word_of(meant), right = word_of(typed);
	return bm_word_edits(&left, &right);
}

/* slow_edits - the whole table of distances, letter by letter, without slips and without a band */
static unsigned slow_edits(const struct bm_word *left, const struct bm_word *right)
{
	static unsigned d[BM_WORD_LETTERS_MAX + 1][BM_WORD_LETTERS_MAX + 1];
	const uint32_t *const a = left->letters, *const b = right->letters;
	for (unsigned i = 0; i <= left->count; i++)
		for (unsigned j = 0; j <= right->count; j++) {
			unsigned best = i + j;
			if (i && d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (j && d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i && j && d[i - 1][j - 1] + (a[i - 1] != b[j - 1]) < best)
				best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[left->count][right->count];
}

/* make_word - a name of few letters, so that many are near each other */
static struct bm_word make_word(struct chance *chance)
{
	char text[32];
	unsigned size = 2 + chance_below(chance, 8);
	for (unsigned i = 0; i < size; i++)
		text[i] = "abqw"[chance_below(chance, 4)];
	snprintf(text + size, sizeof text - size, "%s",
		 chance_percent(chance, 80) ? ".example" : ".exampel");
	return word_of(text);
}

Test(spelling, edits_are_those_of_the_slow_reference)
{
	struct chance chance = {1};
	unsigned seen[BM_WORD_EDITS_MAX + 2] = {0};
	for (int i = 0; i < 100000; i++) {
		const struct bm_word left = make_word(&chance), right = make_word(&chance);
		const unsigned slow = slow_edits(&left, &right);
		const struct bm_edits quick = bm_word_edits(&left, &right);
		const unsigned want = slow > BM_WORD_EDITS_MAX ? BM_WORD_EDITS_MAX + 1 : slow;
		cr_assert_eq(quick.count, want);
		cr_assert(quick.slips <= quick.count);
		cr_assert_eq(bm_word_edits(&right, &left).count, want);
		seen[want]++;
	}
	for (unsigned i = 0; i <= BM_WORD_EDITS_MAX + 1; i++)
		cr_expect_gt(seen[i], 20);
}

Test(spelling, slips_of_the_hand)
{
	static const struct {
		const char *meant, *typed;
		unsigned count, slips;
	} table[] = {
		{"gmail.com", "gmail.com", 0, 0},
		{"gmail.com", "gmial.com", 1, 1},  /* swapped */
		{"gmail.com", "gmal.com", 1, 1},   /* dropped */
		{"gmail.com", "gmaill.com", 1, 1}, /* twice */
		{"gmail.com", "gmaik.com", 1, 1},  /* the key beside it */
		{"gmail.com", "gmsil.com", 1, 1},  /* a and s */
		{"gmail.com", "gmnail.com", 1, 1}, /* a key beside m as well */
		{"gmail.com", "gmzil.com", 1, 1},  /* z is below a */
		{"gmail.com", "gmeil.com", 1, 0},  /* e is not beside a */
		{"gmail.com", "gpmail.com", 1, 0}, /* nothing to do with its neighbours */
		{"gmail.com", "gmailc.om", 1, 1},  /* the dot, too */
		{"gmail.com", "gmail.con", 1, 1},
		{"gmail.com", "gamil.con", 2, 2},
		{"gmail.com", "gmeil.con", 2, 1},
		{"gmail.com", "gmail.co", 1, 1},
		{"gmail.com", "gmail.cmo", 1, 1},
		{"gmail.com", "gmai.cmo", 2, 2},
		{"gmail.com", "gail.cmoo", 3, 0},
		{"gmail.com", "hotmail.com", 3, 0},
		{"outlook.com", "oulook.co", 2, 2},
		{"abc.example", "cba.example", 2, 0},      /* not a swap: they are no neighbours */
		{"b\xc3\xbc.example", "bu.example", 2, 1}, /* bytes that are no A-label */
		{"xn--b-xga.example", "bu.example", 1, 0}, /* the same as an A-label: one letter */
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct bm_edits got = edits(table[i].meant, table[i].typed);
		cr_expect(got.count == table[i].count && got.slips == table[i].slips,
			  "%s %s: %u edits, %u slips", table[i].meant, table[i].typed, got.count,
			  got.slips);
	}
}

/* expect_near - what the set finds near word are all that the reference finds, and more */
static void expect_near(const struct bm_spelling *spelling, const struct bm_word *words,
			unsigned count, const struct bm_word *word, unsigned edits_max,
			unsigned *pairs)
{
	uint32_t near[BM_SPELLING_NEAR_MAX];
	const unsigned found = bm_spelling_near(spelling, word, edits_max, near);
	for (unsigned i = 0; i < count; i++) {
		unsigned times = 0;
		for (unsigned k = 0; k < found; k++)
			times += near[k] == i;
		cr_assert_leq(times, 1);
		if (slow_edits(word, &words[i]) > edits_max)
			continue;
		cr_assert_eq(times, 1, "seed word %u is missed", i);
		(*pairs)++;
	}
}

Test(spelling, the_search_misses_no_pair)
{
	enum { WORDS = 25 }; /* so few that no place is crowded */
	unsigned pairs[BM_WORD_EDITS_MAX + 1] = {0};
	for (unsigned seed = 1; seed <= 400; seed++) {
		struct chance chance = {seed};
		struct bm_word words[WORDS];
		struct bm_spelling *const spelling = bm_spelling_new();
		for (uint32_t i = 0; i < WORDS; i++) {
			words[i] = make_word(&chance);
			bm_spelling_add(spelling, &words[i], i);
		}
		bm_spelling_seal(spelling);
		for (int i = 0; i < 40; i++) {
			const struct bm_word word = make_word(&chance);
			for (unsigned max = 1; max <= BM_WORD_EDITS_MAX; max++)
				expect_near(spelling, words, WORDS, &word, max, &pairs[max]);
		}
		bm_spelling_free(spelling);
	}
	cr_expect_gt(pairs[1], 1000);
	cr_expect_gt(pairs[2], 2 * pairs[1]);
}

/* Thousands of words around one: the answer is as long as it may be, and no longer. */
Test(spelling, crowds_have_an_end)
{
	uint32_t near[BM_SPELLING_NEAR_MAX];
	struct bm_spelling *const spelling = bm_spelling_new();
	size_t rests = 0;
	for (uint32_t i = 0; i < 26 * 26; i++) {
		char text[64];
		snprintf(text, sizeof text, "crow%cd%c.example", (int)('a' + i / 26),
			 (int)('a' + i % 26));
		const struct bm_word word = word_of(text);
		rests += bm_spelling_add(spelling, &word, i);
	}
	cr_expect_gt(rests, 26 * 26 * 100);
	bm_spelling_seal(spelling);
	const struct bm_word word = word_of("crowd.example");
	const unsigned found = bm_spelling_near(spelling, &word, 2, near);
	cr_expect(found > 0 && found <= BM_SPELLING_NEAR_MAX);
	bm_spelling_free(spelling);
}

Test(spelling, an_empty_set_has_nothing_near)
{
	uint32_t near[BM_SPELLING_NEAR_MAX];
	struct bm_spelling *const spelling = bm_spelling_new();
	bm_spelling_seal(spelling);
	const struct bm_word word = word_of("gmail.com");
	cr_expect_eq(bm_spelling_near(spelling, &word, 2, near), 0);
	bm_spelling_free(spelling);
}

Test(spelling, words_are_domains_that_people_type)
{
	static const char *const none[] = {"",
					   "com",
					   "localhost",
					   "a.b",
					   "[192.0.2.1]",
					   "[IPv6:2001:db8::1]",
					   "a123456789.b123456789.c123456789.d123456789.e1234",
					   "xn--\xff.example"};
	struct bm_word word;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		cr_expect_not(bm_word_read(&word, bm_bytes_of(none[i])), "%s", none[i]);
	cr_expect(bm_word_read(&word,
			       bm_bytes_of("a123456789.b123456789.c123456789.d123456789.e123")));
	cr_expect_eq(word.count, BM_WORD_LETTERS_MAX);
	word = word_of("xn--fsqu00a.example"); /* \u4f8b\u5b50 */
	cr_expect(word.count == 10 && word.letters[0] == 0x4f8b && word.letters[1] == 0x5b50);
}

/* The list is data of ours: what is mistyped there is nowhere found. */
Test(spelling, large_mail_domains_are_words)
{
	struct bm_word word;
	struct bm_bytes name;
	size_t count = 0;
	for (; (name = bm_mail_domain(count)).size; count++) {
		cr_expect(bm_word_read(&word, name), "%.*s", (int)name.size,
			  (const char *)name.data);
		for (size_t i = 0; i < name.size; i++)
			cr_expect_eq(bm_lower(name.data[i]), name.data[i]);
	}
	cr_expect_gt(count, 300);
}
