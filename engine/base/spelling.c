/* spelling.c - edits between words and a set of words by what is left of them; see spelling.h.
 *
 * The hash of a rest is a polynomial in its letters, told from that of the rest before it by the one
 * letter in which they differ: a rest costs a multiplication, whatever its length.  The rests of a sealed set lie in buckets by the upper bits of their hash, about one to a bucket, in the order in which
 * they were filed: a look-up is one or two reads, and most find an empty bucket.
 */
#include "bouncemill/spelling.h"

#include <stdlib.h>

#include "bouncemill/error.h"
#include "idn.h"

#define BASE UINT64_C(0x9e3779b97f4a7c15) /* odd, without a pattern */

enum {
	EDIT_COST =
		16, /* of an edit, and one more when it is no slip: fewest edits, then most slips */
	FAR = (BM_WORD_EDITS_MAX + 1) * EDIT_COST,
	BUCKET_BITS_MIN = 8
};

/* --- letters --- */

bool bm_word_read(struct bm_word *word, struct bm_bytes domain)
{
	if (domain.size < 4 || domain.data[0] == '[' ||
	    bm_bytes_find_near(domain, 0, '.') == domain.size)
		return false;
	/* Two dashes are rare, and A-labels have them. */
	for (size_t at = 0; (at = bm_bytes_find_near(domain, at, '-')) < domain.size; at++)
		if (at + 1 < domain.size && domain.data[at + 1] == '-') {
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

/* Where letters are on a US keyboard: row, and place in it in quarters of a key; place 0 = none. */
static struct key {
	int8_t row, place;
} keys[128];

/* keys_lay - runs before main() */
__attribute__((constructor)) static void keys_lay(void)
{
	static const char *const rows[] = {"1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm,./"};
	static const int shifts[] = {1, 3, 4, 6};
	for (int row = 0; row < 4; row++)
		for (int i = 0; rows[row][i]; i++)
			keys[(uint8_t)rows[row][i]] =
				(struct key){(int8_t)row, (int8_t)(4 * i + shifts[row])};
}

/* beside - are the keys of two letters neighbours */
static bool beside(uint32_t left, uint32_t right)
{
	if (left >= 128 || right >= 128 || !keys[left].place || !keys[right].place)
		return false;
	const int rows = abs(keys[left].row - keys[right].row);
	const int places = abs(keys[left].place - keys[right].place);
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

/* A rest of a word, filed. */
struct rest {
	uint32_t hash, number;
};

/* Rests under their hash. */
struct place {
	struct rest *rests;
	uint32_t count, room;
	uint32_t *starts; /* of buckets in rests once sealed, and behind the last one count */
	unsigned bits;    /* log2 of how many buckets there are */
};

struct bm_spelling {
	/* By how many letters are missing at most.  Who asks for one edit needs the rests without one
	 * letter only, which are a few to a word and stay in the cache. */
	struct place places[BM_WORD_EDITS_MAX];
	uint64_t powers[BM_WORD_LETTERS_MAX + 1]; /* of BASE */
};

/* mixed - the upper bits of a product: every letter has its say in them */
static inline uint32_t mixed(uint64_t hash)
{
	hash ^= hash >> 32;
	return (uint32_t)(hash * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

enum { RESTS_MAX = 1 + BM_WORD_LETTERS_MAX + BM_WORD_LETTERS_MAX * (BM_WORD_LETTERS_MAX - 1) / 2 };

/* without_one - the rests of a word without a letter; hash is that of the whole word.  To miss letter i + 1
 * instead of i is to have i in its place. */
static size_t without_one(const struct bm_word *word, const uint64_t *powers, uint64_t hash,
			  uint32_t *rests)
{
	const uint32_t *const letters = word->letters;
	const unsigned n = word->count;
	hash -= letters[0] * powers[n - 1];
	rests[0] = mixed(hash);
	for (unsigned i = 1; i < n; i++) {
		hash += ((uint64_t)letters[i - 1] - letters[i]) * powers[n - 1 - i];
		rests[i] = mixed(hash);
	}
	return n;
}

/* without_two - the same without two letters */
static size_t without_two(const struct bm_word *word, const uint64_t *powers, uint64_t hash,
			  uint32_t *rests)
{
	const uint32_t *const letters = word->letters;
	const unsigned n = word->count;
	size_t count = 0;
	for (unsigned i = 0; i + 1 < n; i++) {
		/* Without the first two, then without the next two instead. */
		hash += i == 0 ? -(letters[0] * powers[n - 1] + letters[1] * powers[n - 2])
			       : ((uint64_t)letters[i - 1] - letters[i + 1]) * powers[n - 2 - i];
		uint64_t pair = hash;
		rests[count++] = mixed(pair);
		for (unsigned j = i + 2; j < n; j++) {
			pair += ((uint64_t)letters[j - 1] - letters[j]) * powers[n - 1 - j];
			rests[count++] = mixed(pair);
		}
	}
	return count;
}

/* rests_of - the word itself and what is left of it without up to `deletions` letters; how many */
static size_t rests_of(const struct bm_spelling *spelling, const struct bm_word *word,
		       unsigned deletions, uint32_t rests[RESTS_MAX])
{
	uint64_t whole = 0;
	for (unsigned i = 0; i < word->count; i++)
		whole = whole * BASE + word->letters[i];
	rests[0] = mixed(whole);
	size_t count = 1 + without_one(word, spelling->powers, whole, rests + 1);
	if (deletions > 1)
		count += without_two(word, spelling->powers, whole, rests + count);
	return count;
}

struct bm_spelling *bm_spelling_new(void)
{
	struct bm_spelling *const spelling = bm_zalloc(1, sizeof *spelling);
	spelling->powers[0] = 1;
	for (unsigned i = 0; i < BM_WORD_LETTERS_MAX; i++)
		spelling->powers[i + 1] = spelling->powers[i] * BASE;
	return spelling;
}

void bm_spelling_free(struct bm_spelling *spelling)
{
	if (spelling == NULL)
		return;
	for (unsigned i = 0; i < BM_WORD_EDITS_MAX; i++) {
		bm_free(spelling->places[i].rests);
		bm_free(spelling->places[i].starts);
	}
	bm_free(spelling);
}

/* file - the rests of a word without up to `edits` letters; returns how many */
static size_t file(struct bm_spelling *spelling, const struct bm_word *word, uint32_t number,
		   unsigned edits)
{
	struct place *const place = &spelling->places[edits - 1];
	uint32_t rests[RESTS_MAX];
	const size_t count = rests_of(spelling, word, edits, rests);
	for (size_t i = 0; i < count; i++) {
		BM_GROW(place->rests, place->count, place->room);
		place->rests[place->count++] = (struct rest){rests[i], number};
	}
	return count;
}

size_t bm_spelling_add(struct bm_spelling *spelling, const struct bm_word *word, uint32_t number)
{
	size_t count = 0;
	for (unsigned edits = 1; edits <= BM_WORD_EDITS_MAX; edits++)
		count += file(spelling, word, number, edits);
	return count;
}

/* seal - bring rests to their buckets, in the order they came */
static void seal(struct place *place)
{
	unsigned bits = BUCKET_BITS_MIN;
	while (bits < 31 && place->count >> bits)
		bits++;
	const unsigned shift = 32 - bits;
	/* starts[i + 2] counts bucket i, then starts[i + 1] is where its next rest goes. */
	uint32_t *const starts = bm_zalloc(((size_t)1 << bits) + 2, sizeof *starts);
	struct rest *const sorted = bm_alloc(((size_t)place->count + 1) * sizeof *sorted);
	for (uint32_t i = 0; i < place->count; i++)
		starts[(place->rests[i].hash >> shift) + 2]++;
	for (size_t i = 2; i < ((size_t)1 << bits) + 2; i++)
		starts[i] += starts[i - 1];
	for (uint32_t i = 0; i < place->count; i++)
		sorted[starts[(place->rests[i].hash >> shift) + 1]++] = place->rests[i];
	bm_free(place->rests);
	place->rests = sorted;
	place->starts = starts;
	place->bits = bits;
}

void bm_spelling_seal(struct bm_spelling *spelling)
{
	for (unsigned i = 0; i < BM_WORD_EDITS_MAX; i++)
		seal(&spelling->places[i]);
}

/* add_once - one more number among those found, unless it is there or there is no room */
static unsigned add_once(uint32_t *near, unsigned count, uint32_t number)
{
	for (unsigned i = 0; i < count; i++)
		if (near[i] == number)
			return count;
	if (count < BM_SPELLING_NEAR_MAX)
		near[count++] = number;
	return count;
}

unsigned bm_spelling_near(const struct bm_spelling *spelling, const struct bm_word *word,
			  unsigned edits_max, uint32_t near[BM_SPELLING_NEAR_MAX])
{
	const struct place *const place = &spelling->places[edits_max - 1];
	const unsigned shift = 32 - place->bits;
	uint32_t rests[RESTS_MAX];
	unsigned found = 0;
	const size_t count = rests_of(spelling, word, edits_max, rests);
	for (size_t i = 0; i < count; i++) {
		const uint32_t *const bucket = &place->starts[rests[i] >> shift];
		uint32_t end = bucket[1];
		if (end - bucket[0] > BM_SPELLING_ALIKE_MAX)
			end = bucket[0] + BM_SPELLING_ALIKE_MAX;
		for (uint32_t at = bucket[0]; at < end; at++)
			if (place->rests[at].hash == rests[i])
				found = add_once(near, found, place->rests[at].number);
	}
	return found;
}
