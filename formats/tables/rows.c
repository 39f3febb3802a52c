/* rows.c - labels of categories, and sums of groups of cells.
 *
 * Grouping is a counting sort of whole cells: two passes over the table in sequence, memory in
 * proportion to its cells and never to the product of two dimensions, which strangers could make
 * as large as they like.
 */
#include "rows.h"

#include <assert.h>

/* bm_labels_make - all names and their ranks */
void bm_labels_make(struct bm_labels *labels)
{
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++) {
		labels->name[i] = bm_bytes_of(bm_category_name((enum bm_category)i));
		labels->fault[i] = bm_bytes_of(bm_category_fault((enum bm_category)i));
		labels->severity[i] = bm_bytes_of(bm_category_severity((enum bm_category)i));
		labels->rank[i] = 0;
	}
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++)
		for (unsigned j = 0; j < BM_CATEGORY_COUNT; j++)
			labels->rank[i] += bm_bytes_order(labels->name[j], labels->name[i]) < 0;
}

enum bm_category bm_labels_top(const struct bm_labels *labels,
			       const uint64_t counts[BM_CATEGORY_COUNT])
{
	unsigned top = BM_CATEGORY_COUNT;
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++) {
		if (counts[i] == 0)
			continue;
		if (top == BM_CATEGORY_COUNT || counts[i] > counts[top] ||
		    (counts[i] == counts[top] && labels->rank[i] < labels->rank[top]))
			top = i;
	}
	return (enum bm_category)top;
}

uint64_t *bm_sums_at(struct bm_sums *sums, uint64_t key)
{
	const uint32_t known = sums->index.count;
	const uint32_t number = bm_sparse_add(&sums->index, key);
	if (number == known) {
		BM_GROW(sums->n, known, sums->room);
		memset(sums->n[number], 0, sizeof *sums->n);
	}
	return sums->n[number];
}

const uint64_t *bm_sums_find(const struct bm_sums *sums, uint64_t key)
{
	const uint32_t number = bm_sparse_find(&sums->index, key);
	return number == BM_SPARSE_NONE ? NULL : sums->n[number];
}

void bm_sums_dispose(struct bm_sums *sums)
{
	bm_sparse_dispose(&sums->index);
	bm_free(sums->n);
}

void bm_groups_make(struct bm_groups *groups, const struct bm_cells *cells, uint32_t count,
		    struct bm_words words)
{
	assert(cells->count < UINT32_MAX);
	/* start[i + 2] counts group i, then start[i + 1] is where its next part goes. */
	uint32_t *const start = bm_zalloc((size_t)count + 2, sizeof *start);
	struct bm_part *const parts = bm_alloc((cells->count + 1) * sizeof *parts);
	BM_FOR_EACH_CELL(cell, cells)
	start[(cell->key[words.by] >> words.by_shift) + 2]++;
	for (size_t i = 2; i < (size_t)count + 2; i++)
		start[i] += start[i - 1];
	BM_FOR_EACH_CELL(cell, cells)
	{
		struct bm_part *const part =
			&parts[start[(cell->key[words.by] >> words.by_shift) + 1]++];
		part->pair = cell->key[words.pair];
		part->other = cell->key[words.other];
		memcpy(part->n, cell->n, sizeof part->n);
	}
	*groups = (struct bm_groups){parts, start};
}

void bm_groups_dispose(struct bm_groups *groups)
{
	bm_free(groups->parts);
	bm_free(groups->start);
}

/* part_attempts - everything that was tried */
static uint64_t part_attempts(const struct bm_part *part)
{
	return (uint64_t)part->n[BM_DELIVERED] + part->n[BM_BOUNCED] + part->n[BM_EXPIRED] +
	       part->n[BM_DEFERRED];
}

/* top_provider - the provider with most attempts in parts, ties by text */
static uint32_t top_provider(const struct bm_part *part, const struct bm_part *end,
			     const struct bm_names *providers, uint64_t *attempts)
{
	uint32_t top = UINT32_MAX;
	for (const struct bm_part *p = part; p < end; p++)
		attempts[BM_PAIR_PROVIDER(p->pair)] += part_attempts(p);
	uint64_t most = 0;
	for (const struct bm_part *p = part; p < end; p++) {
		const uint32_t provider = BM_PAIR_PROVIDER(p->pair);
		const uint64_t here = attempts[provider];
		attempts[provider] = 0; /* a provider's further parts are behind it now */
		if (here > most ||
		    (here && here == most && providers->rank[provider] < providers->rank[top])) {
			top = provider;
			most = here;
		}
	}
	return top;
}

struct bm_sum bm_groups_sum(const struct bm_groups *groups, uint32_t group,
			    const struct bm_labels *labels, const struct bm_names *providers,
			    uint64_t *attempts)
{
	const struct bm_part *const part = groups->parts + groups->start[group];
	const struct bm_part *const end = groups->parts + groups->start[group + 1];
	uint64_t failed[BM_CATEGORY_COUNT] = {0}, deferred[BM_CATEGORY_COUNT] = {0};
	struct bm_sum sum = {.provider = UINT32_MAX};
	for (const struct bm_part *p = part; p < end; p++) {
		bm_sum_cell(sum.n, p->n);
		failed[BM_PAIR_CATEGORY(p->pair)] += (uint64_t)p->n[BM_BOUNCED] + p->n[BM_EXPIRED];
		deferred[BM_PAIR_CATEGORY(p->pair)] += p->n[BM_DEFERRED];
	}
	sum.top = bm_labels_top(labels, bm_sum_failures(sum.n) ? failed : deferred);
	if (attempts)
		sum.provider = top_provider(part, end, providers, attempts);
	return sum;
}
