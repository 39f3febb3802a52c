/* recipients.c - one row an address, with --addresses only: these are personal data.
 *
 * last_outcome is the last final one, or `deferred` as long as there was none.
 */
#include "rows.h"

static const struct bm_column columns[] = {
	{"address", BM_KIND_TEXT},    {"last_outcome", BM_KIND_TEXT}, {"category", BM_KIND_TEXT},
	{"bounced", BM_KIND_INT},     {"expired", BM_KIND_INT},       {"deferred", BM_KIND_INT},
	{"first_seen", BM_KIND_TIME}, {"last_seen", BM_KIND_TIME},
};

struct recipients {
	const struct bm_tally *tally;
	struct bm_names names;
	struct bm_labels labels;
	struct bm_sum *sums; /* by number */
	uint32_t *order;     /* those with any outcome, by address */
};

/* sum_all - outcomes of each address */
static void sum_all(struct recipients *all)
{
	struct bm_groups groups;
	bm_groups_make(&groups, &all->tally->cells[BM_CELLS_ADDRESSES], all->names.count,
		       (struct bm_words){.by = 0, .pair = 1, .other = 2});
	for (uint32_t id = 0; id < all->names.count; id++)
		all->sums[id] = bm_groups_sum(&groups, id, &all->labels, NULL, NULL);
	bm_groups_dispose(&groups);
}

static void *recipients_open(const struct bm_view *view, size_t *count)
{
	struct recipients *const all = bm_zalloc(1, sizeof *all);
	all->tally = view->tally;
	bm_names_rank(&all->names, view->tally->addresses);
	bm_labels_make(&all->labels);
	const size_t room = (size_t)all->names.count + 1;
	all->sums = bm_alloc(room * sizeof *all->sums);
	all->order = bm_alloc(room * sizeof *all->order);
	sum_all(all);
	*count = 0;
	for (uint32_t rank = 0; rank < all->names.count; rank++)
		if (bm_sum_any(all->sums[all->names.order[rank]].n))
			all->order[(*count)++] = all->names.order[rank];
	return all;
}

static void recipients_row(const void *rows, size_t index, struct bm_value *values)
{
	static const char *const outcomes[] = {
		[BM_DELIVERED] = "delivered",
		[BM_BOUNCED] = "bounced",
		[BM_EXPIRED] = "expired",
		[BM_DEFERRED] = "deferred",
	};
	const struct recipients *const all = rows;
	const uint32_t id = all->order[index];
	const struct bm_sum *const sum = &all->sums[id];
	const struct bm_address_record *const record = &all->tally->address[id];
	const enum bm_outcome last = bm_sum_recipients(sum->n) ? record->last_outcome : BM_DEFERRED;
	*values++ = bm_row_text(all->names.text[id]);
	*values++ = bm_row_text(bm_bytes_of(outcomes[last]));
	*values++ = bm_row_category(&all->labels, sum->top);
	*values++ = bm_row_int(sum->n[BM_BOUNCED]);
	*values++ = bm_row_int(sum->n[BM_EXPIRED]);
	*values++ = bm_row_int(sum->n[BM_DEFERRED]);
	*values++ = bm_row_time(record->seen.first);
	*values++ = bm_row_time(record->seen.last);
}

static void recipients_close(void *rows)
{
	struct recipients *const all = rows;
	bm_names_dispose(&all->names);
	bm_free(all->sums);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_recipients = {
	.name = "recipients",
	.about = "Addresses, and what became of mail to them.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.addresses_only = true,
	.open = recipients_open,
	.row = recipients_row,
	.close = recipients_close,
};
