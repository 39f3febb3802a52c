/* deferrals.c - what became of deferred recipients, by provider and category.
 *
 * A deferral is no loss: most recipients get their mail later.  How many attempts and seconds that
 * took comes from histograms, so quantiles are within a tenth of the truth.
 */
#include "rows.h"

static const struct bm_column columns[] = {
	{"provider", BM_KIND_TEXT},           {"category", BM_KIND_TEXT},
	{"deferred_recipients", BM_KIND_INT}, {"later_delivered", BM_KIND_INT},
	{"later_bounced", BM_KIND_INT},       {"later_expired", BM_KIND_INT},
	{"still_open", BM_KIND_INT},          {"attempts_p50", BM_KIND_INT},
	{"attempts_p95", BM_KIND_INT},        {"resolve_p50_s", BM_KIND_SECONDS},
	{"resolve_p95_s", BM_KIND_SECONDS},
};

struct deferral {
	uint32_t pair;
	uint32_t n[BM_OUTCOME_COUNT]; /* by enum bm_deferral_count */
	struct bm_steps attempts, seconds;
};

struct deferrals {
	struct deferral *deferral; /* by number of pairs */
	struct bm_key *order;
	struct bm_sparse pairs;
	struct bm_names providers;
	struct bm_labels labels;
};

/* add_cells - collect counts and histograms of each pair */
static void add_cells(struct deferrals *all, const struct bm_tally *tally)
{
	const struct bm_cells *const cells = &tally->cells[BM_CELLS_DEFERRALS];
	all->deferral = bm_zalloc(cells->count + 1, sizeof *all->deferral);
	BM_FOR_EACH_CELL(cell, cells)
	{
		struct deferral *const deferral =
			&all->deferral[bm_sparse_add(&all->pairs, cell->key[0])];
		deferral->pair = cell->key[0];
		memcpy(deferral->n, cell->n, sizeof deferral->n);
	}
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_RESOLVE])
	{
		const uint32_t number = bm_sparse_find(&all->pairs, cell->key[0]);
		if (number == BM_SPARSE_NONE)
			continue;
		struct deferral *const deferral = &all->deferral[number];
		bm_steps_add(cell->key[1] == BM_RESOLVE_ATTEMPTS ? &deferral->attempts
								 : &deferral->seconds,
			     cell->key[2], cell->n[0]);
	}
}

static void *deferrals_open(const struct bm_view *view, size_t *count)
{
	struct deferrals *const all = bm_zalloc(1, sizeof *all);
	bm_names_rank(&all->providers, view->tally->providers);
	bm_labels_make(&all->labels);
	add_cells(all, view->tally);
	*count = all->pairs.count;
	all->order = bm_alloc(2 * (*count + 1) * sizeof *all->order);
	for (uint32_t i = 0; i < *count; i++) {
		const uint32_t pair = all->deferral[i].pair;
		const uint64_t provider = all->providers.rank[BM_PAIR_PROVIDER(pair)];
		all->order[i] = (struct bm_key){
			.key = provider << 8 | all->labels.rank[BM_PAIR_CATEGORY(pair)], .id = i};
	}
	bm_order_keys(all->order, all->order + *count, *count);
	return all;
}

/* attempts - a quantile of attempts as a whole number */
static struct bm_value attempts(const struct bm_steps *steps, double share)
{
	const double hundredths = bm_steps_quantile(steps, share);
	return (struct bm_value){.empty = hundredths < 0,
				 .integer = (int64_t)(hundredths / 100 + 0.5)};
}

static void deferrals_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct deferrals *const all = rows;
	const struct deferral *const deferral = &all->deferral[all->order[index].id];
	const uint32_t *const n = deferral->n;
	*values++ = bm_row_text(all->providers.text[BM_PAIR_PROVIDER(deferral->pair)]);
	*values++ = bm_row_category(&all->labels, BM_PAIR_CATEGORY(deferral->pair));
	*values++ = bm_row_int((uint64_t)n[BM_LATER_DELIVERED] + n[BM_LATER_BOUNCED] +
			       n[BM_LATER_EXPIRED] + n[BM_STILL_OPEN]);
	*values++ = bm_row_int(n[BM_LATER_DELIVERED]);
	*values++ = bm_row_int(n[BM_LATER_BOUNCED]);
	*values++ = bm_row_int(n[BM_LATER_EXPIRED]);
	*values++ = bm_row_int(n[BM_STILL_OPEN]);
	*values++ = attempts(&deferral->attempts, 0.5);
	*values++ = attempts(&deferral->attempts, 0.95);
	*values++ = bm_row_seconds(bm_steps_quantile(&deferral->seconds, 0.5));
	*values++ = bm_row_seconds(bm_steps_quantile(&deferral->seconds, 0.95));
}

static void deferrals_close(void *rows)
{
	struct deferrals *const all = rows;
	for (uint32_t i = 0; i < all->pairs.count; i++) {
		bm_free(all->deferral[i].attempts.full);
		bm_free(all->deferral[i].seconds.full);
	}
	bm_free(all->deferral);
	bm_free(all->order);
	bm_sparse_dispose(&all->pairs);
	bm_names_dispose(&all->providers);
	bm_free(all);
}

const struct bm_table bm_table_deferrals = {
	.name = "deferrals",
	.about = "What became of recipients that had to wait, and how long it took.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 2,
	.open = deferrals_open,
	.row = deferrals_row,
	.close = deferrals_close,
};
