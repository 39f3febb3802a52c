/* fanout.c - one row a class of messages by the number of their recipients: does it pay to write to
 * many at once?
 *
 * The number is what Postfix says when it first opens the message (nrcpt=); messages whose beginning
 * lies before the log, and failures that only a bounce mail tells of, are of no class.
 */
#include "rows.h"

static const struct bm_column columns[] = {
	{"fanout", BM_KIND_TEXT},        {"messages", BM_KIND_INT},
	{"recipients", BM_KIND_INT},     {"delivered", BM_KIND_INT},
	{"bounced", BM_KIND_INT},        {"expired", BM_KIND_INT},
	{"deferred", BM_KIND_INT},       {"bounce_rate", BM_KIND_SHARE},
	{"limited_rate", BM_KIND_SHARE}, {"spam_rate", BM_KIND_SHARE},
};

struct fanout {
	uint64_t n[BM_FANOUT_COUNT][BM_OUTCOME_COUNT];
	uint64_t messages[BM_FANOUT_COUNT];
	uint64_t limited[BM_FANOUT_COUNT], spam[BM_FANOUT_COUNT]; /* answers */
	enum bm_fanout order[BM_FANOUT_COUNT];                    /* those with anything to show */
};

static const char *const names[] = {
#define X(identifier, most, name) name,
	BM_FANOUTS(X)
#undef X
};

/* add_cells - everything by class */
static void add_cells(struct fanout *all, const struct bm_tally *tally)
{
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_SENDERS])
	{
		const uint32_t class = cell->key[2];
		const uint64_t refused = (uint64_t)cell->n[BM_BOUNCED] + cell->n[BM_DEFERRED];
		bm_sum_cell(all->n[class], cell->n);
		all->limited[class] += cell->key[1] == BM_CATEGORY_RATE_LIMITED ? refused : 0;
		all->spam[class] += cell->key[1] == BM_CATEGORY_SPAM_RELATED ? refused : 0;
	}
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_MESSAGES])
	all->messages[cell->key[1]] += cell->n[0];
}

static void *fanout_open(const struct bm_view *view, size_t *count)
{
	struct fanout *const all = bm_zalloc(1, sizeof *all);
	add_cells(all, view->tally);
	*count = 0;
	for (unsigned class = 0; class < BM_FANOUT_COUNT; class ++)
		if (all->messages[class] || bm_sum_any(all->n[class]))
			all->order[(*count)++] = (enum bm_fanout) class;
	return all;
}

static void fanout_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct fanout *const all = rows;
	const enum bm_fanout class = all->order[index];
	const uint64_t *const n = all->n[class];
	const uint64_t recipients = bm_sum_recipients(n);
	const uint64_t attempts = n[BM_DELIVERED] + n[BM_BOUNCED] + n[BM_DEFERRED];
	*values++ = bm_row_text(bm_bytes_of(names[class]));
	*values++ = bm_row_int(all->messages[class]);
	*values++ = bm_row_int(recipients);
	*values++ = bm_row_int(n[BM_DELIVERED]);
	*values++ = bm_row_int(n[BM_BOUNCED]);
	*values++ = bm_row_int(n[BM_EXPIRED]);
	*values++ = bm_row_int(n[BM_DEFERRED]);
	*values++ = bm_row_share((double)bm_sum_failures(n), recipients);
	*values++ = bm_row_share((double)all->limited[class], attempts);
	*values++ = bm_row_share((double)all->spam[class], attempts);
}

const struct bm_table bm_table_fanout = {
	.name = "fanout",
	.about = "Messages by how many recipients they had, and what became of these.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = fanout_open,
	.row = fanout_row,
	.close = bm_free,
};
