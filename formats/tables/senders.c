/* senders.c - one row a sender domain: who sends how much, and how well it arrives. */
#include "rows.h"

static const struct bm_column columns[] = {
	{"sender_domain", BM_KIND_TEXT}, {"messages", BM_KIND_INT},
	{"recipients", BM_KIND_INT},     {"delivered", BM_KIND_INT},
	{"bounced", BM_KIND_INT},        {"expired", BM_KIND_INT},
	{"deferred", BM_KIND_INT},       {"bounce_rate", BM_KIND_SHARE},
	{"top_category", BM_KIND_TEXT},
};

struct senders {
	struct bm_names names;
	struct bm_labels labels;
	struct bm_sum *sums; /* by number */
	uint64_t *messages;  /* by number */
	uint32_t *order;     /* those with anything to show, by name */
};

/* sum_all - outcomes and messages of each sender */
static void sum_all(struct senders *all, const struct bm_tally *tally)
{
	struct bm_groups groups;
	/* The second word is a bare category: a pair without provider. */
	bm_groups_make(&groups, &tally->cells[BM_CELLS_SENDERS], all->names.count,
		       (struct bm_words){.by = 0, .pair = 1, .other = 2});
	for (uint32_t id = 0; id < all->names.count; id++)
		all->sums[id] = bm_groups_sum(&groups, id, &all->labels, NULL, NULL);
	bm_groups_dispose(&groups);
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_MESSAGES])
	all->messages[cell->key[0]] += cell->n[0];
}

static void *senders_open(const struct bm_view *view, size_t *count)
{
	struct senders *const all = bm_zalloc(1, sizeof *all);
	bm_names_rank(&all->names, view->tally->senders);
	bm_labels_make(&all->labels);
	const size_t room = (size_t)all->names.count + 1;
	all->sums = bm_alloc(room * sizeof *all->sums);
	all->messages = bm_zalloc(room, sizeof *all->messages);
	all->order = bm_alloc(room * sizeof *all->order);
	sum_all(all, view->tally);
	*count = 0;
	for (uint32_t rank = 0; rank < all->names.count; rank++) {
		const uint32_t id = all->names.order[rank];
		if (all->messages[id] || bm_sum_any(all->sums[id].n))
			all->order[(*count)++] = id;
	}
	return all;
}

static void senders_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct senders *const all = rows;
	const uint32_t id = all->order[index];
	const struct bm_sum *const sum = &all->sums[id];
	const uint64_t recipients = bm_sum_recipients(sum->n);
	*values++ = bm_row_text(all->names.text[id]);
	*values++ = bm_row_int(all->messages[id]);
	*values++ = bm_row_int(recipients);
	*values++ = bm_row_int(sum->n[BM_DELIVERED]);
	*values++ = bm_row_int(sum->n[BM_BOUNCED]);
	*values++ = bm_row_int(sum->n[BM_EXPIRED]);
	*values++ = bm_row_int(sum->n[BM_DEFERRED]);
	*values++ = bm_row_share((double)bm_sum_failures(sum->n), recipients);
	*values++ = bm_row_category(&all->labels, sum->top);
}

static void senders_close(void *rows)
{
	struct senders *const all = rows;
	bm_names_dispose(&all->names);
	bm_free(all->sums);
	bm_free(all->messages);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_senders = {
	.name = "senders",
	.about = "Sender domains: who of us fails how much.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = senders_open,
	.row = senders_row,
	.close = senders_close,
};
