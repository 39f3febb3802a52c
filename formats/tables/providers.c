/* providers.c - one row for each who runs mailboxes, in order of their names.
 *
 * Sums are kept for each provider and category that occur together, never for all that could.
 */
#include "sorted.h"

static const struct bm_column columns[] = {
	{"provider", BM_KIND_TEXT},       {"domains", BM_KIND_INT},
	{"recipients", BM_KIND_INT},      {"delivered", BM_KIND_INT},
	{"bounced", BM_KIND_INT},         {"expired", BM_KIND_INT},
	{"deferred", BM_KIND_INT},        {"bounce_rate", BM_KIND_SHARE},
	{"top_category", BM_KIND_TEXT},   {"first_seen", BM_KIND_TIME},
	{"last_seen", BM_KIND_TIME},      {"delay_p50_s", BM_KIND_SECONDS},
	{"delay_p95_s", BM_KIND_SECONDS},
};

struct provider {
	struct bm_sum sum;
	uint32_t domains;
};

struct providers {
	const struct bm_tally *tally;
	struct bm_hold hold;
	struct provider *provider; /* by number */
	uint32_t *order;           /* those with any outcome, by name */
};

/* add_cells - sum the cube by pair, and count distinct domains: marks hold each provider's last one
 */
static void add_cells(struct providers *all, struct bm_sums *pairs)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	uint32_t *const marks = bm_zalloc((size_t)sorted->providers.count + 1, sizeof *marks);
	struct bm_blocks blocks;
	for (bm_blocks_start(&blocks, sorted); bm_blocks_next(&blocks);)
		for (uint32_t rank = blocks.first; rank < blocks.end; rank++) {
			const uint32_t *const start = blocks.groups.start + (rank - blocks.first);
			for (uint32_t at = start[0]; at < start[1]; at++) {
				const struct bm_part *const part = &blocks.groups.parts[at];
				const uint32_t provider = BM_PAIR_PROVIDER(part->pair);
				all->provider[provider].domains += marks[provider] != rank + 1;
				marks[provider] = rank + 1;
				bm_sum_cell(bm_sums_at(pairs, part->pair), part->n);
			}
		}
	bm_blocks_dispose(&blocks);
	bm_free(marks);
}

/* sum_provider - add up the pairs of one provider, the first in keys; returns how many there are */
static size_t sum_provider(struct providers *all, const struct bm_sums *pairs,
			   const struct bm_key *keys, size_t count)
{
	const uint32_t provider = BM_PAIR_PROVIDER((uint32_t)keys[0].key);
	uint64_t failed[BM_CATEGORY_COUNT] = {0}, deferred[BM_CATEGORY_COUNT] = {0};
	struct bm_sum *const sum = &all->provider[provider].sum;
	size_t i = 0;
	for (; i < count && BM_PAIR_PROVIDER((uint32_t)keys[i].key) == provider; i++) {
		const uint64_t *const n = pairs->n[keys[i].id];
		const enum bm_category category = BM_PAIR_CATEGORY((uint32_t)keys[i].key);
		for (int outcome = 0; outcome < BM_OUTCOME_COUNT; outcome++)
			sum->n[outcome] += n[outcome];
		failed[category] = bm_sum_failures(n);
		deferred[category] = n[BM_DEFERRED];
	}
	sum->top = bm_labels_top(&all->hold.sorted->labels,
				 bm_sum_failures(sum->n) ? failed : deferred);
	return i;
}

/* sum_all - everything known of each provider */
static void sum_all(struct providers *all)
{
	struct bm_sums pairs = {0};
	add_cells(all, &pairs);
	const size_t count = pairs.index.count;
	struct bm_key *const keys = bm_sparse_sort(&pairs.index);
	for (size_t i = 0; i < count;)
		i += sum_provider(all, &pairs, keys + i, count - i);
	bm_free(keys);
	bm_sums_dispose(&pairs);
}

static void *providers_open(const struct bm_view *view, size_t *count)
{
	struct providers *const all = bm_zalloc(1, sizeof *all);
	all->tally = view->tally;
	all->hold = bm_hold_take(view);
	const struct bm_names *const names = &all->hold.sorted->providers;
	all->provider = bm_zalloc((size_t)names->count + 1, sizeof *all->provider);
	all->order = bm_alloc(((size_t)names->count + 1) * sizeof *all->order);
	sum_all(all);
	*count = 0;
	for (uint32_t rank = 0; rank < names->count; rank++)
		if (bm_sum_any(all->provider[names->order[rank]].sum.n))
			all->order[(*count)++] = names->order[rank];
	return all;
}

static void providers_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct providers *const all = rows;
	const uint32_t id = all->order[index];
	const struct provider *const provider = &all->provider[id];
	const uint64_t *const n = provider->sum.n;
	const struct bm_traffic_record *const traffic = bm_tally_provider_at(all->tally, id);
	*values++ = bm_row_text(all->hold.sorted->providers.text[id]);
	*values++ = bm_row_int(provider->domains);
	*values++ = bm_row_int(bm_sum_recipients(n));
	*values++ = bm_row_int(n[BM_DELIVERED]);
	*values++ = bm_row_int(n[BM_BOUNCED]);
	*values++ = bm_row_int(n[BM_EXPIRED]);
	*values++ = bm_row_int(n[BM_DEFERRED]);
	*values++ = bm_row_share((double)bm_sum_failures(n), bm_sum_recipients(n));
	*values++ = bm_row_category(&all->hold.sorted->labels, provider->sum.top);
	*values++ = bm_row_time(traffic->seen.first);
	*values++ = bm_row_time(traffic->seen.last);
	*values++ = bm_row_seconds(bm_steps_quantile(&traffic->delays, 0.5));
	*values++ = bm_row_seconds(bm_steps_quantile(&traffic->delays, 0.95));
}

static void providers_close(void *rows)
{
	struct providers *const all = rows;
	bm_hold_drop(&all->hold);
	bm_free(all->provider);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_providers = {
	.name = "providers",
	.about = "Who runs the mailboxes: all domains of a provider together.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = providers_open,
	.row = providers_row,
	.close = providers_close,
};
