/* blocklists.c - what blocklists are said to list of ours: one row a list and address or domain, the one that
 * costs most recipients first.
 *
 * This is what replies say: a list may be named wrongly, or have let us go since last_seen.  An
 * empty `listed` means that the reply did not say what is listed, an empty `delisting` that the list
 * has closed, and only the server's postmaster can help.
 */
#include "bouncemill/blocklist.h"

#include "rows.h"

static const struct bm_column columns[] = {
	{"blocklist", BM_KIND_TEXT}, {"listed", BM_KIND_TEXT},     {"refused", BM_KIND_INT},
	{"deferred", BM_KIND_INT},   {"first_seen", BM_KIND_TIME}, {"last_seen", BM_KIND_TIME},
	{"delisting", BM_KIND_TEXT},
};

struct blocklists {
	const struct bm_tally *tally;
	struct bm_names names; /* list NUL listed */
	struct bm_key *order;  /* numbers */
};

static void *blocklists_open(const struct bm_view *view, size_t *count)
{
	struct blocklists *const all = bm_zalloc(1, sizeof *all);
	all->tally = view->tally;
	bm_names_rank(&all->names, view->tally->listings);
	all->order = bm_alloc(2 * ((size_t)all->names.count + 1) * sizeof *all->order);
	*count = 0;
	for (uint32_t rank = 0; rank < all->names.count; rank++) {
		const uint32_t id = all->names.order[rank];
		const uint64_t *const n = bm_tally_listing_at(view->tally, id)->n;
		if (bm_sum_any(n))
			all->order[(*count)++] = (struct bm_key){.key = ~n[BM_DEFERRED], .id = id};
	}
	bm_order_keys(all->order, all->order + all->names.count, *count);
	for (size_t i = 0; i < *count; i++)
		all->order[i].key =
			~bm_sum_failures(bm_tally_listing_at(view->tally, all->order[i].id)->n);
	bm_order_keys(all->order, all->order + all->names.count, *count);
	return all;
}

static void blocklists_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct blocklists *const all = rows;
	const uint32_t id = all->order[index].id;
	const struct bm_listing_record *const record = bm_tally_listing_at(all->tally, id);
	const struct bm_bytes name = all->names.text[id];
	const size_t end = bm_bytes_find(name, 0, '\0');
	const struct bm_bytes list = {name.data, end};
	*values++ = bm_row_text(list);
	*values++ = bm_row_text(bm_bytes_from(name, end + (end < name.size)));
	*values++ = bm_row_int(bm_sum_failures(record->n));
	*values++ = bm_row_int(record->n[BM_DEFERRED]);
	*values++ = bm_row_time(record->seen.first);
	*values++ = bm_row_time(record->seen.last);
	*values++ = bm_row_text(bm_blocklist_page(list));
}

static void blocklists_close(void *rows)
{
	struct blocklists *const all = rows;
	bm_names_dispose(&all->names);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_blocklists = {
	.name = "blocklists",
	.about = "Blocklists that servers refused mail for, what of ours is on them, and where to "
		 "ask for "
		 "removal.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 2,
	.open = blocklists_open,
	.row = blocklists_row,
	.close = blocklists_close,
};
