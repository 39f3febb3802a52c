/* relays.c - one row for each host and address we spoke to.
 *
 * Attempts are counted, not recipients: a message given up by the queue spoke to nobody, so there
 * is no `expired` here.
 */
#include "rows.h"

static const struct bm_column columns[] = {
	{"relay", BM_KIND_TEXT},        {"provider", BM_KIND_TEXT}, {"attempts", BM_KIND_INT},
	{"delivered", BM_KIND_INT},     {"bounced", BM_KIND_INT},   {"deferred", BM_KIND_INT},
	{"top_category", BM_KIND_TEXT},
};

struct relays {
	struct bm_names names, providers;
	struct bm_labels labels;
	struct bm_sum *sums; /* by number */
	uint32_t *order;     /* those with any attempt, by name */
};

/* sum_all - outcomes of each relay */
static void sum_all(struct relays *all, const struct bm_tally *tally)
{
	struct bm_groups groups;
	bm_groups_make(&groups, &tally->cells[BM_CELLS_RELAYS], all->names.count,
		       (struct bm_words){.by = 0, .pair = 1, .other = 2});
	uint64_t *const attempts = bm_zalloc((size_t)all->providers.count + 1, sizeof *attempts);
	for (uint32_t id = 0; id < all->names.count; id++)
		all->sums[id] = bm_groups_sum(&groups, id, &all->labels, &all->providers, attempts);
	bm_free(attempts);
	bm_groups_dispose(&groups);
}

static void *relays_open(const struct bm_view *view, size_t *count)
{
	struct relays *const all = bm_zalloc(1, sizeof *all);
	bm_names_rank(&all->names, view->tally->relays);
	bm_names_rank(&all->providers, view->tally->providers);
	bm_labels_make(&all->labels);
	const size_t room = (size_t)all->names.count + 1;
	all->sums = bm_alloc(room * sizeof *all->sums);
	all->order = bm_alloc(room * sizeof *all->order);
	sum_all(all, view->tally);
	*count = 0;
	for (uint32_t rank = 0; rank < all->names.count; rank++)
		if (bm_sum_any(all->sums[all->names.order[rank]].n))
			all->order[(*count)++] = all->names.order[rank];
	return all;
}

static void relays_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct relays *const all = rows;
	const uint32_t id = all->order[index];
	const struct bm_sum *const sum = &all->sums[id];
	*values++ = bm_row_text(all->names.text[id]);
	*values++ = bm_row_text(all->providers.text[sum->provider]);
	*values++ = bm_row_int(sum->n[BM_DELIVERED] + sum->n[BM_BOUNCED] + sum->n[BM_DEFERRED]);
	*values++ = bm_row_int(sum->n[BM_DELIVERED]);
	*values++ = bm_row_int(sum->n[BM_BOUNCED]);
	*values++ = bm_row_int(sum->n[BM_DEFERRED]);
	*values++ = bm_row_category(&all->labels, sum->top);
}

static void relays_close(void *rows)
{
	struct relays *const all = rows;
	bm_names_dispose(&all->names);
	bm_names_dispose(&all->providers);
	bm_free(all->sums);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_relays = {
	.name = "relays",
	.about = "The servers we spoke to, host by host.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = relays_open,
	.row = relays_row,
	.close = relays_close,
};
