/* categories.c - why mail fails: one row a category, the worst first, with what to do about it.
 *
 * Only categories that something failed or was deferred by; deliveries have the other tables.
 */
#include "sorted.h"

static const struct bm_column columns[] = {
	{"category", BM_KIND_TEXT},  {"fault", BM_KIND_TEXT},     {"severity", BM_KIND_TEXT},
	{"bounced", BM_KIND_INT},    {"expired", BM_KIND_INT},    {"deferred", BM_KIND_INT},
	{"share", BM_KIND_SHARE},    {"domains", BM_KIND_INT},    {"first_seen", BM_KIND_TIME},
	{"last_seen", BM_KIND_TIME}, {"diagnosis", BM_KIND_TEXT}, {"prescription", BM_KIND_TEXT},
};

struct categories {
	const struct bm_view *view;
	uint64_t n[BM_CATEGORY_COUNT][BM_OUTCOME_COUNT];
	uint64_t domains[BM_CATEGORY_COUNT];
	uint64_t failures; /* of all */
	enum bm_category order[BM_CATEGORY_COUNT];
	struct bm_labels labels;
};

/* add_cells - sum the cube by category and count distinct domains: one bit a domain and category */
static void add_cells(struct categories *all, const struct bm_sorted *sorted)
{
	_Static_assert(BM_CATEGORY_COUNT <= 32, "a mask of categories is 32 bits");
	uint32_t *const masks = bm_zalloc((size_t)sorted->domains.count + 1, sizeof *masks);
	for (size_t i = 0; i < sorted->count; i++) {
		const struct bm_cell *const cell = &sorted->cells[i];
		const uint32_t fails =
			(cell->n[BM_BOUNCED] | cell->n[BM_EXPIRED] | cell->n[BM_DEFERRED]) != 0;
		const enum bm_category category = BM_PAIR_CATEGORY(cell->key[2]);
		uint32_t *const mask = &masks[cell->key[1]];
		bm_sum_cell(all->n[category], cell->n);
		all->domains[category] += fails & ~(*mask >> category);
		*mask |= fails << category;
	}
	bm_free(masks);
}

/* failed - did anything fail or wait for this reason */
static bool failed(const uint64_t n[BM_OUTCOME_COUNT])
{
	return (n[BM_BOUNCED] | n[BM_EXPIRED] | n[BM_DEFERRED]) != 0;
}

/* before - does left come before right: more failures, or as many and an earlier name */
static bool before(const struct categories *all, enum bm_category left, enum bm_category right)
{
	const uint64_t a = bm_sum_failures(all->n[left]), b = bm_sum_failures(all->n[right]);
	return a != b ? a > b : all->labels.rank[left] < all->labels.rank[right];
}

static void *categories_open(const struct bm_view *view, size_t *count)
{
	struct categories *const all = bm_zalloc(1, sizeof *all);
	all->view = view;
	bm_labels_make(&all->labels);
	struct bm_hold hold = bm_hold_take(view);
	add_cells(all, hold.sorted);
	bm_hold_drop(&hold);
	*count = 0;
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++) {
		if (!failed(all->n[i]))
			continue;
		all->failures += bm_sum_failures(all->n[i]);
		size_t at = (*count)++;
		for (; at > 0 && before(all, (enum bm_category)i, all->order[at - 1]); at--)
			all->order[at] = all->order[at - 1];
		all->order[at] = (enum bm_category)i;
	}
	return all;
}

static void categories_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct categories *const all = rows;
	const enum bm_category category = all->order[index];
	const uint64_t *const n = all->n[category];
	const struct bm_seen *const seen = &all->view->tally->category[category];
	const char *const lang = all->view->lang;
	*values++ = bm_row_category(&all->labels, category);
	*values++ = bm_row_text(all->labels.fault[category]);
	*values++ = bm_row_text(all->labels.severity[category]);
	*values++ = bm_row_int(n[BM_BOUNCED]);
	*values++ = bm_row_int(n[BM_EXPIRED]);
	*values++ = bm_row_int(n[BM_DEFERRED]);
	*values++ = bm_row_share((double)bm_sum_failures(n), all->failures);
	*values++ = bm_row_int(all->domains[category]);
	*values++ = bm_row_time(seen->first);
	*values++ = bm_row_time(seen->last);
	*values++ = bm_row_text(bm_bytes_of(bm_category_diagnosis(category, lang)));
	*values++ = bm_row_text(bm_bytes_of(bm_category_prescription(category, lang)));
}

const struct bm_table bm_table_categories = {
	.name = "categories",
	.about = "Why mail failed, whose fault it is and what to do, most failures first.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = categories_open,
	.row = categories_row,
	.close = bm_free,
};
