/* domains.c - one row a recipient domain, the one with most failures first.
 *
 * A domain served by several providers is shown with the one most attempts went to.
 */
#include "sorted.h"

static const struct bm_column columns[] = {
	{"domain", BM_KIND_TEXT},         {"provider", BM_KIND_TEXT},
	{"recipients", BM_KIND_INT},      {"delivered", BM_KIND_INT},
	{"bounced", BM_KIND_INT},         {"expired", BM_KIND_INT},
	{"deferred", BM_KIND_INT},        {"bounce_rate", BM_KIND_SHARE},
	{"top_category", BM_KIND_TEXT},   {"first_seen", BM_KIND_TIME},
	{"last_seen", BM_KIND_TIME},      {"delay_p50_s", BM_KIND_SECONDS},
	{"delay_p95_s", BM_KIND_SECONDS},
};

struct domains {
	const struct bm_tally *tally;
	struct bm_hold hold;
	struct bm_sum *sums;  /* by rank */
	struct bm_key *order; /* ranks */
};

/* sum_all - the sums of all domains; keys of those with any outcome, in text order */
static size_t sum_all(struct domains *all)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	struct bm_blocks blocks;
	uint64_t *const attempts = bm_zalloc((size_t)sorted->providers.count + 1, sizeof *attempts);
	size_t shown = 0;
	for (bm_blocks_start(&blocks, sorted); bm_blocks_next(&blocks);)
		for (uint32_t rank = blocks.first; rank < blocks.end; rank++) {
			struct bm_sum *const sum = &all->sums[rank];
			*sum = bm_groups_sum(&blocks.groups, rank - blocks.first, &sorted->labels,
					     &sorted->providers, attempts);
			if (bm_sum_any(sum->n))
				all->order[shown++] = (struct bm_key){
					.key = ~bm_sum_failures(sum->n), .id = rank};
		}
	bm_blocks_dispose(&blocks);
	bm_free(attempts);
	return shown;
}

static void *domains_open(const struct bm_view *view, size_t *count)
{
	struct domains *const all = bm_zalloc(1, sizeof *all);
	all->tally = view->tally;
	all->hold = bm_hold_take(view);
	const size_t room = (size_t)all->hold.sorted->domains.count + 1;
	all->sums = bm_alloc(room * sizeof *all->sums);
	all->order = bm_alloc(2 * room * sizeof *all->order);
	*count = sum_all(all);
	bm_order_keys(all->order, all->order + room, *count);
	return all;
}

static void domains_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct domains *const all = rows;
	const struct bm_sorted *const sorted = all->hold.sorted;
	const uint32_t rank = all->order[index].id;
	const struct bm_sum *const sum = &all->sums[rank];
	const struct bm_traffic_record *const record =
		bm_tally_domain_at(all->tally, sorted->domains.order[rank]);
	const uint64_t recipients = bm_sum_recipients(sum->n);
	*values++ = bm_row_text(bm_sorted_domain(sorted, rank));
	*values++ = bm_row_text(sorted->providers.text[sum->provider]);
	*values++ = bm_row_int(recipients);
	*values++ = bm_row_int(sum->n[BM_DELIVERED]);
	*values++ = bm_row_int(sum->n[BM_BOUNCED]);
	*values++ = bm_row_int(sum->n[BM_EXPIRED]);
	*values++ = bm_row_int(sum->n[BM_DEFERRED]);
	*values++ = bm_row_share((double)bm_sum_failures(sum->n), recipients);
	*values++ = bm_row_category(&sorted->labels, sum->top);
	*values++ = bm_row_time(record->seen.first);
	*values++ = bm_row_time(record->seen.last);
	*values++ = bm_row_seconds(bm_steps_quantile(&record->delays, 0.5));
	*values++ = bm_row_seconds(bm_steps_quantile(&record->delays, 0.95));
}

static void domains_close(void *rows)
{
	struct domains *const all = rows;
	bm_hold_drop(&all->hold);
	bm_free(all->sums);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_domains = {
	.name = "domains",
	.about = "Recipient domains, most failures first.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = domains_open,
	.row = domains_row,
	.close = domains_close,
};
