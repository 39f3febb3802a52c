/* mistyped.c - suspects are filed by what is left of them, then every domain that may be meant is asked for the
 * suspects near it; see mistyped.h.
 *
 * Suspects are few and domains that deliver are many, so the few are filed and the many only look.
 */
#include "mistyped.h"

#include "bouncemill/maildomain.h"

#define LARGE_DELIVERED 1000 /* recipients, that a large mail domain counts for more */

struct suspect {
	struct bm_mistyped guess; /* the best so far; confidence 0 = none */
	struct bm_word word;
	bool top_in_use; /* domains under its top-level domain deliver */
};

/* What became of the mail to a domain, in recipients. */
struct sent {
	uint64_t failures, delivered;
};

struct search {
	const struct bm_sorted *sorted;
	struct sent *sent;     /* by rank */
	bool *large;           /* by rank, and behind the last one */
	struct bm_sparse tops; /* top_key of domains that deliver */
	struct suspect *suspects;
	uint32_t count, room;
	struct bm_spelling *spelling; /* of suspects, by number */
};

/* A domain that may be what was meant. */
struct meant {
	struct bm_bytes name;
	struct bm_word word;
	uint64_t delivered;
	bool large;
};

/* --- confidence --- */

/* top_start - where the last label begins */
static unsigned top_start(const struct bm_word *word)
{
	unsigned at = word->count;
	while (at > 0 && word->letters[at - 1] != '.')
		at--;
	return at;
}

/* is_digit - of letters */
static bool is_digit(uint32_t letter)
{
	return letter >= '0' && letter <= '9';
}

/* numbered - do two names differ in nothing but digits */
static bool numbered(const struct bm_word *left, const struct bm_word *right)
{
	unsigned i = 0, j = 0;
	for (;;) {
		while (i < left->count && is_digit(left->letters[i]))
			i++;
		while (j < right->count && is_digit(right->letters[j]))
			j++;
		if (i == left->count || j == right->count)
			return i == left->count && j == right->count;
		if (left->letters[i++] != right->letters[j++])
			return false;
	}
}

/* same_top - are two under the same top-level domain */
static bool same_top(const struct bm_word *left, const struct bm_word *right)
{
	const unsigned l = top_start(left), r = top_start(right);
	return left->count - l == right->count - r &&
	       memcmp(left->letters + l, right->letters + r,
		      (left->count - l) * sizeof *left->letters) == 0;
}

/* is_another - is the suspect near to what may be meant, and yet not mistyped */
static bool is_another(const struct bm_word *meant, const struct suspect *suspect)
{
	return numbered(meant, &suspect->word) ||
	       (suspect->top_in_use && !same_top(meant, &suspect->word));
}

/* likelihood - of edits: slips are likelier, two are less likely, and in short names they are chance
 */
static double likelihood(struct bm_edits edits, unsigned letters)
{
	const double length = (double)letters / (4 * edits.count);
	double share = edits.count == 2 ? 0.75 : 1;
	for (unsigned i = 0; i < edits.count; i++)
		share *= i < edits.slips ? 0.95 : 0.85;
	return share * (length < 1 ? length : 1);
}

/* confidence - that typed was to be meant; the rule is in mistyped.h */
static double confidence(const struct meant *meant, const struct suspect *suspect,
			 struct bm_edits edits)
{
	const struct bm_mistyped *const guess = &suspect->guess;
	const double failures = (double)guess->failures, delivered = (double)guess->delivered;
	const double there = (double)meant->delivered + (meant->large ? LARGE_DELIVERED : 0);
	const unsigned top = top_start(&suspect->word);
	if (!meant->large && is_another(&meant->word, suspect))
		return 0;
	double share = likelihood(edits, top ? top - 1 : 0);
	share *= there / (there + failures);
	share *= failures / (failures + delivered);
	return share;
}

/* --- search --- */

/* top_key - the first eight bytes of a domain's top-level domain */
static uint64_t top_key(struct bm_bytes domain)
{
	const size_t dot = bm_bytes_find_last(domain, '.');
	const struct bm_bytes top = bm_bytes_from(domain, dot + (dot < domain.size));
	uint64_t key = 0;
	for (size_t i = 0; i < top.size && i < sizeof key; i++)
		key = key << 8 | top.data[i];
	return key;
}

/* count_domains - failures and deliveries of all domains, and the top-level domains that deliver */
static void count_domains(struct search *search)
{
	const struct bm_sorted *const sorted = search->sorted;
	for (size_t i = 0; i < sorted->count; i++) {
		const struct bm_cell *const cell = &sorted->cells[i];
		struct sent *const sent = &search->sent[cell->key[1]];
		sent->failures += (uint64_t)cell->n[BM_BOUNCED] + cell->n[BM_EXPIRED];
		sent->delivered += cell->n[BM_DELIVERED];
	}
	for (uint32_t rank = 0; rank < sorted->domains.count; rank++)
		if (search->sent[rank].delivered)
			bm_sparse_add(&search->tops, top_key(bm_sorted_domain(sorted, rank)));
}

/* find_large - which of the domains are large mail domains; those never mailed share the last place */
static void find_large(struct search *search)
{
	struct bm_bytes name;
	for (size_t i = 0; (name = bm_mail_domain(i)).size; i++)
		search->large[bm_sorted_rank(search->sorted, name)] = true;
}

/* is_suspect - by its counts alone */
static bool is_suspect(const struct search *search, uint32_t rank)
{
	const struct sent *const sent = &search->sent[rank];
	return sent->failures > sent->delivered && sent->delivered <= BM_MISTYPED_DELIVERED_MAX &&
	       !search->large[rank];
}

/* order_suspects - ranks of the domains that are suspected, those that fail most first; free it */
static struct bm_key *order_suspects(const struct search *search, size_t *count)
{
	const uint32_t domains = search->sorted->domains.count;
	struct bm_key *const keys = bm_alloc(2 * ((size_t)domains + 1) * sizeof *keys);
	*count = 0;
	for (uint32_t rank = 0; rank < domains; rank++)
		if (is_suspect(search, rank))
			keys[(*count)++] =
				(struct bm_key){.key = ~search->sent[rank].failures, .id = rank};
	bm_order_keys(keys, keys + domains, *count);
	return keys;
}

/* file_suspects - make them findable, as many as the limit allows */
static void file_suspects(struct search *search)
{
	size_t count, rests = 0;
	struct bm_key *const keys = order_suspects(search, &count);
	for (size_t i = 0; i < count && rests < BM_MISTYPED_RESTS_MAX; i++) {
		const uint32_t rank = keys[i].id;
		BM_GROW(search->suspects, search->count, search->room);
		struct suspect *const suspect = &search->suspects[search->count];
		suspect->guess = (struct bm_mistyped){.domain = rank,
						      .failures = search->sent[rank].failures,
						      .delivered = search->sent[rank].delivered};
		const struct bm_bytes name = bm_sorted_domain(search->sorted, rank);
		suspect->top_in_use =
			bm_sparse_find(&search->tops, top_key(name)) != BM_SPARSE_NONE;
		if (bm_word_read(&suspect->word, name))
			rests += bm_spelling_add(search->spelling, &suspect->word, search->count++);
	}
	bm_spelling_seal(search->spelling);
	bm_free(keys);
}

/* weigh - is this what a suspect was to be, more likely than what was found before */
static void weigh(struct suspect *suspect, const struct meant *meant, unsigned edits_max)
{
	struct bm_mistyped *const guess = &suspect->guess;
	const struct bm_edits edits = bm_word_edits(&meant->word, &suspect->word);
	if (edits.count == 0 || edits.count > edits_max)
		return;
	const double share = confidence(meant, suspect, edits);
	if (share < BM_MISTYPED_SHARE_MIN || share < guess->confidence ||
	    (share == guess->confidence && bm_bytes_order(meant->name, guess->meant) >= 0))
		return;
	guess->meant = meant->name;
	guess->meant_delivered = meant->delivered;
	guess->edits = edits.count;
	guess->confidence = share;
}

/* ask - which suspects were to be this domain */
static void ask(struct search *search, struct bm_bytes name, uint64_t delivered, bool large)
{
	struct meant meant; /* its letters are many, and written once */
	uint32_t near[BM_SPELLING_NEAR_MAX];
	const unsigned edits_max = large || delivered >= BM_MISTYPED_TWO_EDITS_MIN ? 2 : 1;
	if (!bm_word_read(&meant.word, name))
		return;
	meant.name = name;
	meant.delivered = delivered;
	meant.large = large;
	const unsigned count = bm_spelling_near(search->spelling, &meant.word, edits_max, near);
	for (unsigned i = 0; i < count; i++)
		weigh(&search->suspects[near[i]], &meant, edits_max);
}

/* ask_all - every domain that delivers, and the large ones that were never mailed */
static void ask_all(struct search *search)
{
	const struct bm_sorted *const sorted = search->sorted;
	const uint32_t count = sorted->domains.count;
	struct bm_bytes name;
	for (uint32_t rank = 0; rank < count; rank++)
		if (search->sent[rank].delivered || search->large[rank])
			ask(search, bm_sorted_domain(sorted, rank), search->sent[rank].delivered,
			    search->large[rank]);
	for (size_t i = 0; (name = bm_mail_domain(i)).size; i++)
		if (bm_sorted_rank(sorted, name) == count)
			ask(search, name, 0, true);
}

/* take - the guesses by rank of their domain */
static void take(struct search *search, struct bm_mistyped_list *found)
{
	struct bm_key *const keys = bm_alloc(2 * ((size_t)search->count + 1) * sizeof *keys);
	for (uint32_t i = 0; i < search->count; i++)
		if (search->suspects[i].guess.confidence > 0)
			keys[found->count++] =
				(struct bm_key){.key = search->suspects[i].guess.domain, .id = i};
	bm_order_keys(keys, keys + search->count, found->count);
	found->list = bm_alloc((found->count + 1) * sizeof *found->list);
	for (size_t i = 0; i < found->count; i++)
		found->list[i] = search->suspects[keys[i].id].guess;
	bm_free(keys);
}

void bm_mistyped_find(struct bm_mistyped_list *found, const struct bm_sorted *sorted)
{
	const size_t room = (size_t)sorted->domains.count + 1;
	struct search search = {.sorted = sorted,
				.sent = bm_zalloc(room, sizeof *search.sent),
				.large = bm_zalloc(room, sizeof *search.large),
				.spelling = bm_spelling_new()};
	*found = (struct bm_mistyped_list){0};
	count_domains(&search);
	find_large(&search);
	file_suspects(&search);
	if (search.count > 0)
		ask_all(&search);
	take(&search, found);
	bm_spelling_free(search.spelling);
	bm_sparse_dispose(&search.tops);
	bm_free(search.suspects);
	bm_free(search.sent);
	bm_free(search.large);
}

const struct bm_mistyped *bm_mistyped_of(const struct bm_mistyped_list *found, uint32_t domain)
{
	size_t low = 0, high = found->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (found->list[middle].domain == domain)
			return &found->list[middle];
		if (found->list[middle].domain < domain)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void bm_mistyped_dispose(struct bm_mistyped_list *found)
{
	bm_free(found->list);
	*found = (struct bm_mistyped_list){0};
}
