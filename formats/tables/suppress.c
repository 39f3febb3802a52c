/* suppress.c - addresses not to be mailed again, with --addresses only.
 *
 * An address is listed when mail to it failed for good in a hard category and nothing was
 * delivered to it afterwards.  Soft failures never list anybody.  Nothing is suggested for
 * mistyped domains yet.
 */
#include "hidden.h"
#include "rows.h"

static const struct bm_column columns[] = {
	{"address", BM_KIND_TEXT},    {"reason", BM_KIND_TEXT},     {"severity", BM_KIND_TEXT},
	{"evidence", BM_KIND_TEXT},   {"first_seen", BM_KIND_TIME}, {"last_seen", BM_KIND_TIME},
	{"suggestion", BM_KIND_TEXT},
};

struct listed {
	uint32_t id;
	enum bm_category reason;
};

struct suppress {
	const struct bm_tally *tally;
	struct bm_names names;
	struct bm_labels labels;
	struct listed *listed;     /* by address */
	struct bm_hidden evidence; /* by row */
};

/* reason_of - the hard category, or complaint, that an address failed in most; BM_CATEGORY_COUNT if in none */
static enum bm_category reason_of(const struct suppress *all, const struct bm_groups *groups,
				  uint32_t id)
{
	uint64_t failed[BM_CATEGORY_COUNT] = {0};
	for (uint32_t at = groups->start[id]; at < groups->start[id + 1]; at++) {
		const struct bm_part *const part = &groups->parts[at];
		const enum bm_category category = BM_PAIR_CATEGORY(part->pair);
		if (category == BM_CATEGORY_FEEDBACK_LOOP ||
		    bm_bytes_equal(all->labels.severity[category], BM_BYTES("hard")))
			failed[category] += (uint64_t)part->n[BM_BOUNCED] + part->n[BM_EXPIRED];
	}
	return bm_labels_top(&all->labels, failed);
}

static void *suppress_open(const struct bm_view *view, size_t *count)
{
	struct suppress *const all = bm_zalloc(1, sizeof *all);
	all->tally = view->tally;
	bm_names_rank(&all->names, view->tally->addresses);
	bm_labels_make(&all->labels);
	all->listed = bm_alloc(((size_t)all->names.count + 1) * sizeof *all->listed);
	struct bm_groups groups;
	bm_groups_make(&groups, &view->tally->cells[BM_CELLS_ADDRESSES], all->names.count,
		       (struct bm_words){.by = 0, .pair = 1, .other = 2});
	*count = 0;
	for (uint32_t rank = 0; rank < all->names.count; rank++) {
		const uint32_t id = all->names.order[rank];
		const enum bm_category reason = reason_of(all, &groups, id);
		/* At equal times a failure outranks a delivery: delivered last means later. */
		const bool mended = all->tally->address[id].last_outcome == BM_DELIVERED;
		if (reason != BM_CATEGORY_COUNT && !mended)
			all->listed[(*count)++] = (struct listed){id, reason};
	}
	bm_groups_dispose(&groups);
	bm_hidden_make(&all->evidence, *count);
	for (size_t i = 0; i < *count; i++)
		bm_hidden_add(&all->evidence, view->tally->address[all->listed[i].id].evidence,
			      view->hide_addresses);
	return all;
}

static void suppress_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct suppress *const all = rows;
	const struct listed *const listed = &all->listed[index];
	const struct bm_address_record *const record = &all->tally->address[listed->id];
	*values++ = bm_row_text(all->names.text[listed->id]);
	*values++ = bm_row_category(&all->labels, listed->reason);
	*values++ = bm_row_text(all->labels.severity[listed->reason]);
	*values++ = bm_row_text(bm_hidden_get(&all->evidence, index));
	*values++ = bm_row_time(record->seen.first);
	*values++ = bm_row_time(record->seen.last);
	*values++ = bm_row_text((struct bm_bytes){0});
}

static void suppress_close(void *rows)
{
	struct suppress *const all = rows;
	bm_hidden_dispose(&all->evidence);
	bm_names_dispose(&all->names);
	bm_free(all->listed);
	bm_free(all);
}

const struct bm_table bm_table_suppress = {
	.name = "suppress",
	.about = "Addresses to stop mailing, with the reason.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.addresses_only = true,
	.open = suppress_open,
	.row = suppress_row,
	.close = suppress_close,
};
