/* spelling.c - edits between words and a set of words by what is left of them; see spelling.h.
 *
 * The hash of a rest is a polynomial in its letters, put together from the hashes of the pieces
 * around the deleted ones, so a rest costs a few multiplications whatever its length.  Most rests
 * that are asked for are nobody's: a bit map, which fits the cache, says so before the index is
 * touched.
 */
#include "bouncemill/spelling.h"

#include <stdlib.h>

#include "bouncemill/error.h"
#include "bouncemill/index.h"
#include "idn.h"

#define BASE UINT64_C(0x9e3779b97f4a7c15) /* odd, without a pattern */

enum {
	EDIT_COST = 16, /* of an edit, and one more when it is no slip: fewest edits, then most slips */
	FAR = (BM_WORD_EDITS_MAX + 1) * EDIT_COST,
	BITS_A_REST = 16,
	MAP_BITS_MIN = 1 << 12
};

/* --- letters --- */

bool bm_word_read(struct bm_word *word, struct bm_bytes domain)
{
	if (domain.size < 4 || domain.data[0] == '[' ||
	    bm_bytes_find(domain, 0, '.') == domain.size)
		return false;
	if (bm_bytes_search(domain, BM_BYTES("xn--")) < domain.size) {
		word->count = bm_idn_letters(domain, word->letters, BM_WORD_LETTERS_MAX);
		return word->count > 0;
	}
	if (domain.size > BM_WORD_LETTERS_MAX)
		return false;
	for (size_t i = 0; i < domain.size; i++)
		word->letters[i] = domain.data[i];
	word->count = (unsigned)domain.size;
	return true;
}

/* key_of - where a letter is on a US keyboard: its row, and its place in it in quarters of a key; false when
 * it has no key of its own */
static bool key_of(uint32_t letter, int *row, int *place)
{
	static const char *const rows[] = {"1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm,./"};
	static const int shifts[] = {0, 2, 3, 5};
	for (int i = 0; i < 4; i++) {
		const char *const at = letter && letter < 128 ? strchr(rows[i], (int)letter) : NULL;
		if (at == NULL)
			continue;
		*row = i;
		*place = 4 * (int)(at - rows[i]) + shifts[i];
		return true;
	}
	return false;
}

/* beside - are the keys of two letters neighbours */
static bool beside(uint32_t left, uint32_t right)
{
	int left_row, left_place, right_row, right_place;
	if (!key_of(left, &left_row, &left_place) || !key_of(right, &right_row, &right_place))
		return false;
	const int rows = abs(left_row - right_row), places = abs(left_place - right_place);
	return rows == 0 ? places == 4 : rows == 1 && places < 4;
}

/* --- distance --- */

/* replace_cost - of typing one letter for another */
static unsigned replace_cost(uint32_t meant, uint32_t typed)
{
	return meant == typed ? 0 : EDIT_COST + !beside(meant, typed);
}

/* add_cost - of typing the letter at `at` besides: twice the same, or a key beside one of its
 * neighbours, is a slip */
static unsigned add_cost(const struct bm_word *typed, unsigned at)
{
	const uint32_t letter = typed->letters[at];
	const uint32_t before = at ? typed->letters[at - 1] : 0;
	const uint32_t after = at + 1 < typed->count ? typed->letters[at + 1] : 0;
	return EDIT_COST + !(letter == before || letter == after || beside(letter, before) ||
			     beside(letter, after));
}

static unsigned least(unsigned left, unsigned right)
{
	return left < right ? left : right;
}

/* Three rows of the table of costs: costs[2][j] is that of the letters so far for j of typed. */
typedef unsigned cost_rows[3][BM_WORD_LETTERS_MAX + 1];

/* cost_at - the cheapest way to row i (of meant) and column j */
static unsigned cost_at(cost_rows costs, const struct bm_word *meant, unsigned i,
			const struct bm_word *typed, unsigned j)
{
	const uint32_t *const m = meant->letters + i, *const t = typed->letters + j;
	unsigned cost = costs[1][j] + EDIT_COST; /* dropped: a slip */
	if (j == 0)
		return cost;
	cost = least(cost, costs[2][j - 1] + add_cost(typed, j - 1));
	cost = least(cost, costs[1][j - 1] + replace_cost(m[-1], t[-1]));
	if (i > 1 && j > 1 && m[-1] == t[-2] && m[-2] == t[-1])
		cost = least(cost, costs[0][j - 2] + EDIT_COST);
	return cost;
}

struct bm_edits bm_word_edits(const struct bm_word *meant, const struct bm_word *typed)
{
	cost_rows costs;
	const unsigned width = typed->count;
	if (meant->count > width + BM_WORD_EDITS_MAX || width > meant->count + BM_WORD_EDITS_MAX)
		return (struct bm_edits){.count = BM_WORD_EDITS_MAX + 1};
	for (unsigned j = 0; j <= width; j++) {
		costs[0][j] = costs[1][j] = FAR;
		costs[2][j] = j ? costs[2][j - 1] + add_cost(typed, j - 1) : 0;
	}
	for (unsigned i = 1; i <= meant->count; i++) {
		/* Nothing further from the diagonal than the edits allowed can matter. */
		const unsigned first = i > BM_WORD_EDITS_MAX ? i - BM_WORD_EDITS_MAX : 0;
		const unsigned end = least(i + BM_WORD_EDITS_MAX, width);
		memmove(costs[0], costs[1], 2 * sizeof costs[0]);
		for (unsigned j = 0; j <= width; j++)
			costs[2][j] = FAR;
		for (unsigned j = first; j <= end; j++)
			costs[2][j] = cost_at(costs, meant, i, typed, j);
	}
	const unsigned cost = least(costs[2][width], FAR), count = cost / EDIT_COST;
	return (struct bm_edits){.count = count,
				 .slips = cost < FAR ? count - cost % EDIT_COST : 0};
}

/* --- the set --- */

struct bm_spelling {
	struct bm_index index; /* numbers by the hash of a rest */
	uint64_t *map;         /* a bit for each hash that is in it */
	uint32_t map_bits;     /* power of two, or 0 */
};

/* The pieces of a word that rests are made of. */
struct pieces {
	uint64_t heads[BM_WORD_LETTERS_MAX + 1]; /* hash of the first i letters */
	uint64_t tails[BM_WORD_LETTERS_MAX + 1]; /* of those from i on */
	uint64_t powers[BM_WORD_LETTERS_MAX + 1];
	unsigned count;
};

static void pieces_make(struct pieces *pieces, const struct bm_word *word)
{
	const unsigned count = pieces->count = word->count;
	pieces->heads[0] = pieces->tails[count] = 0;
	pieces->powers[0] = 1;
	for (unsigned i = 0; i < count; i++) {
		pieces->powers[i + 1] = pieces->powers[i] * BASE;
		pieces->heads[i + 1] = pieces->heads[i] * BASE + word->letters[i];
	}
	for (unsigned i = count; i-- > 0;)
		pieces->tails[i] =
			word->letters[i] * pieces->powers[count - 1 - i] + pieces->tails[i + 1];
}

/* without - hash of the rest without letter i and, behind it, letter j (i for none) */
static uint64_t without(const struct pieces *pieces, unsigned i, unsigned j)
{
	const unsigned count = pieces->count;
	if (i == j)
		return pieces->heads[i] * pieces->powers[count - 1 - i] + pieces->tails[i + 1];
	/* The piece between is its head less the head before it. */
	const uint64_t between = pieces->heads[j] - pieces->heads[i + 1] * pieces->powers[j - i - 1];
	return (pieces->heads[i] * pieces->powers[j - i - 1] + between) *
		       pieces->powers[count - 1 - j] +
	       pieces->tails[j + 1];
}

/* mixed - the upper bits of a product: every letter has its say in them */
static uint32_t mixed(uint64_t hash)
{
	hash ^= hash >> 32;
	return (uint32_t)(hash * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

enum { RESTS_MAX = 1 + BM_WORD_LETTERS_MAX + BM_WORD_LETTERS_MAX * (BM_WORD_LETTERS_MAX - 1) / 2 };

/* rests_of - the word itself and what is left of it without up to `deletions` letters; how many */
static size_t rests_of(const struct bm_word *word, unsigned deletions, uint32_t rests[RESTS_MAX])
{
	struct pieces pieces;
	size_t count = 0;
	pieces_make(&pieces, word);
	rests[count++] = mixed(pieces.heads[word->count]);
	for (unsigned i = 0; i < word->count && deletions > 0; i++) {
		rests[count++] = mixed(without(&pieces, i, i));
		for (unsigned j = i + 1; j < word->count && deletions > 1; j++)
			rests[count++] = mixed(without(&pieces, i, j));
	}
	return count;
}

struct bm_spelling *bm_spelling_new(void)
{
	return bm_zalloc(1, sizeof(struct bm_spelling));
}

void bm_spelling_free(struct bm_spelling *spelling)
{
	if (spelling == NULL)
		return;
	bm_index_dispose(&spelling->index);
	bm_free(spelling->map);
	bm_free(spelling);
}

/* map_set - note that a hash is in the index */
static void map_set(struct bm_spelling *spelling, uint32_t hash)
{
	const uint32_t bit = hash & (spelling->map_bits - 1);
	spelling->map[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool map_has(const struct bm_spelling *spelling, uint32_t hash)
{
	const uint32_t bit = hash & (spelling->map_bits - 1);
	return spelling->map[bit / 64] >> bit % 64 & 1;
}

/* map_grow - a map for twice as many, filled from the index */
static void map_grow(struct bm_spelling *spelling)
{
	spelling->map_bits = spelling->map_bits ? 2 * spelling->map_bits : MAP_BITS_MIN;
	bm_free(spelling->map);
	spelling->map = bm_zalloc(spelling->map_bits / 64, sizeof *spelling->map);
	for (uint32_t at = 0; at < spelling->index.room; at++)
		if (spelling->index.slots[at].mark)
			map_set(spelling, spelling->index.slots[at].hash);
}

/* file - a rest of word number, unless its place is full or has it */
static void file(struct bm_spelling *spelling, uint32_t hash, uint32_t number)
{
	struct bm_index_walk walk = bm_index_walk(&spelling->index, hash);
	unsigned alike = 0;
	for (uint32_t at; (at = bm_index_next(&spelling->index, &walk)) != BM_INDEX_NONE; alike++)
		if (at == number || alike + 1 == BM_SPELLING_ALIKE_MAX)
			return;
	bm_index_put(&spelling->index, hash, number);
	if (spelling->map_bits / BITS_A_REST < spelling->index.count)
		map_grow(spelling);
	map_set(spelling, hash);
}

size_t bm_spelling_add(struct bm_spelling *spelling, const struct bm_word *word, uint32_t number)
{
	uint32_t rests[RESTS_MAX];
	const size_t count = rests_of(word, BM_WORD_EDITS_MAX, rests);
	for (size_t i = 0; i < count; i++)
		file(spelling, rests[i], number);
	return count;
}

/* add_once - one more number among those found, unless it is there; false when there is no room */
static bool add_once(uint32_t *near, unsigned *count, uint32_t number)
{
	for (unsigned i = 0; i < *count; i++)
		if (near[i] == number)
			return true;
	if (*count == BM_SPELLING_NEAR_MAX)
		return false;
	near[(*count)++] = number;
	return true;
}

unsigned bm_spelling_near(const struct bm_spelling *spelling, const struct bm_word *word,
			  unsigned edits_max, uint32_t near[BM_SPELLING_NEAR_MAX])
{
	uint32_t rests[RESTS_MAX];
	unsigned found = 0;
	if (spelling->map == NULL)
		return 0;
	const size_t count = rests_of(word, edits_max, rests);
	for (size_t i = 0; i < count; i++) {
		if (!map_has(spelling, rests[i]))
			continue;
		struct bm_index_walk walk = bm_index_walk(&spelling->index, rests[i]);
		for (uint32_t at; (at = bm_index_next(&spelling->index, &walk)) != BM_INDEX_NONE;)
			if (!add_once(near, &found, at))
				return found;
	}
	return found;
}
