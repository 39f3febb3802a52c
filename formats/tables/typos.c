/* typos.c - recipient domains that fail and are likely mistyped, the one with most failures first.
 *
 * What counts as mistyped, and how sure that is, is mistyped.h's.  Names are A-labels, as in all
 * tables, though they are compared in Unicode.
 */
#include "mistyped.h"

static const struct bm_column columns[] = {
	{"domain", BM_KIND_TEXT},         {"failures", BM_KIND_INT},
	{"suggestion", BM_KIND_TEXT},     {"confidence", BM_KIND_SHARE},
	{"edits", BM_KIND_INT},           {"delivered", BM_KIND_INT},
	{"delivered_there", BM_KIND_INT}, {"top_category", BM_KIND_TEXT},
	{"first_seen", BM_KIND_TIME},     {"last_seen", BM_KIND_TIME},
};

struct typos {
	const struct bm_tally *tally;
	struct bm_hold hold;
	struct bm_mistyped_list found;
	enum bm_category *tops; /* by place in found */
	struct bm_key *order;   /* places in found */
};

/* find_tops - the category that each mistyped domain fails in most */
static void find_tops(struct typos *all)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	uint64_t(*const failed)[BM_CATEGORY_COUNT] =
		bm_zalloc(all->found.count + 1, sizeof *failed);
	/* Place + 1 by rank: the cells are many, and a search for each would be slow. */
	uint32_t *const places = bm_zalloc((size_t)sorted->domains.count + 1, sizeof *places);
	for (size_t i = 0; i < all->found.count; i++)
		places[all->found.list[i].domain] = (uint32_t)i + 1;
	for (size_t i = 0; i < sorted->count && all->found.count > 0; i++) {
		const struct bm_cell *const cell = &sorted->cells[i];
		const uint32_t place = places[cell->key[1]];
		if (place > 0)
			failed[place - 1][BM_PAIR_CATEGORY(cell->key[2])] +=
				(uint64_t)cell->n[BM_BOUNCED] + cell->n[BM_EXPIRED];
	}
	for (size_t i = 0; i < all->found.count; i++)
		all->tops[i] = bm_labels_top(&sorted->labels, failed[i]);
	bm_free(places);
	bm_free(failed);
}

static void *typos_open(const struct bm_view *view, size_t *count)
{
	struct typos *const all = bm_zalloc(1, sizeof *all);
	all->tally = view->tally;
	all->hold = bm_hold_take(view);
	bm_mistyped_find(&all->found, all->hold.sorted);
	*count = all->found.count;
	all->tops = bm_alloc((*count + 1) * sizeof *all->tops);
	all->order = bm_alloc(2 * (*count + 1) * sizeof *all->order);
	find_tops(all);
	for (size_t i = 0; i < *count; i++)
		all->order[i] =
			(struct bm_key){.key = ~all->found.list[i].failures, .id = (uint32_t)i};
	bm_order_keys(all->order, all->order + *count, *count);
	return all;
}

static void typos_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct typos *const all = rows;
	const struct bm_sorted *const sorted = all->hold.sorted;
	const uint32_t place = all->order[index].id;
	const struct bm_mistyped *const found = &all->found.list[place];
	const struct bm_traffic_record *const record =
		bm_tally_domain_at(all->tally, sorted->domains.order[found->domain]);
	*values++ = bm_row_text(bm_sorted_domain(sorted, found->domain));
	*values++ = bm_row_int(found->failures);
	*values++ = bm_row_text(found->meant);
	*values++ = bm_row_share(found->confidence, 1);
	*values++ = bm_row_int(found->edits);
	*values++ = bm_row_int(found->delivered);
	*values++ = bm_row_int(found->meant_delivered);
	*values++ = bm_row_category(&sorted->labels, all->tops[place]);
	*values++ = bm_row_time(record->seen.first);
	*values++ = bm_row_time(record->seen.last);
}

static void typos_close(void *rows)
{
	struct typos *const all = rows;
	bm_mistyped_dispose(&all->found);
	bm_hold_drop(&all->hold);
	bm_free(all->tops);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_typos = {
	.name = "typos",
	.about = "Recipient domains that fail and are likely mistyped, and what was meant.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = typos_open,
	.row = typos_row,
	.close = typos_close,
};
