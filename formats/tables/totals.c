/* totals.c - one row a period: everything that happened in it.
 *
 * Outcomes are the cube's, summed by period; messages, deferred recipients and inbound rejects
 * are counted apart.  A period may be known to one side only; one that saw nothing but probes has
 * no row.
 */
#include "sorted.h"

static const struct bm_column columns[] = {
	{"period", BM_KIND_PERIOD},       {"messages", BM_KIND_INT},
	{"recipients", BM_KIND_INT},      {"delivered", BM_KIND_INT},
	{"bounced", BM_KIND_INT},         {"expired", BM_KIND_INT},
	{"deferred", BM_KIND_INT},        {"deferred_recipients", BM_KIND_INT},
	{"rejected", BM_KIND_INT},        {"bounce_rate", BM_KIND_SHARE},
	{"delivery_rate", BM_KIND_SHARE},
};

struct total {
	bm_period period;
	uint32_t messages, deferred_recipients, rejected;
	uint64_t n[BM_OUTCOME_COUNT];
};

/* total_of - what is known about one period */
static struct total total_of(const struct bm_tally *tally, uint64_t key, const uint64_t *n)
{
	const bm_period period = bm_order_signed_back(key);
	const uint32_t words[4] = {(uint32_t)period};
	const uint32_t *const counts = bm_cells_find(&tally->cells[BM_CELLS_PERIODS], words);
	struct total total = {.period = period};
	memcpy(total.n, n, sizeof total.n);
	if (counts) {
		total.messages = counts[BM_MESSAGES];
		total.deferred_recipients = counts[BM_DEFERRED_RECIPIENTS];
		total.rejected = counts[BM_REJECTED];
	}
	return total;
}

/* add_cells - sum the logs' part of the cube by period: cells of one period lie together.  What only
 * bounce mails tell is about messages that a log has as delivered, or that no log has. */
static void add_cells(struct bm_sums *sums, const struct bm_sorted *sorted)
{
	for (size_t i = 0; i < sorted->count;) {
		const uint32_t period = sorted->cells[i].key[0];
		uint64_t n[BM_OUTCOME_COUNT] = {0};
		bool told = false;
		for (; i < sorted->count && sorted->cells[i].key[0] == period; i++) {
			if (sorted->cells[i].key[3] != BM_SOURCE_LOG)
				continue;
			bm_sum_cell(n, sorted->cells[i].n);
			told = true;
		}
		if (told)
			memcpy(bm_sums_at(sums, bm_order_signed((int32_t)period)), n, sizeof n);
	}
}

static void *totals_open(const struct bm_view *view, size_t *count)
{
	struct bm_sums sums = {0};
	struct bm_hold hold = bm_hold_take(view);
	add_cells(&sums, hold.sorted);
	bm_hold_drop(&hold);
	BM_FOR_EACH_CELL(cell, &view->tally->cells[BM_CELLS_PERIODS])
	if (cell->n[BM_MESSAGES] | cell->n[BM_DEFERRED_RECIPIENTS] | cell->n[BM_REJECTED])
		bm_sums_at(&sums, bm_order_signed((int32_t)cell->key[0]));
	struct bm_key *const keys = bm_sparse_sort(&sums.index);
	struct total *const totals = bm_alloc(((size_t)sums.index.count + 1) * sizeof *totals);
	for (uint32_t i = 0; i < sums.index.count; i++)
		totals[i] = total_of(view->tally, keys[i].key, sums.n[keys[i].id]);
	*count = sums.index.count;
	bm_free(keys);
	bm_sums_dispose(&sums);
	return totals;
}

static void totals_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct total *const total = (const struct total *)rows + index;
	const uint64_t recipients = bm_sum_recipients(total->n);
	*values++ = bm_row_period(total->period);
	*values++ = bm_row_int(total->messages);
	*values++ = bm_row_int(recipients);
	*values++ = bm_row_int(total->n[BM_DELIVERED]);
	*values++ = bm_row_int(total->n[BM_BOUNCED]);
	*values++ = bm_row_int(total->n[BM_EXPIRED]);
	*values++ = bm_row_int(total->n[BM_DEFERRED]);
	*values++ = bm_row_int(total->deferred_recipients);
	*values++ = bm_row_int(total->rejected);
	*values++ = bm_row_share((double)bm_sum_failures(total->n), recipients);
	*values++ = bm_row_share((double)total->n[BM_DELIVERED], recipients);
}

const struct bm_table bm_table_totals = {
	.name = "totals",
	.about = "What became of the mail, a row a period.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = totals_open,
	.row = totals_row,
	.close = bm_free,
};
