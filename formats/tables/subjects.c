/* subjects.c - one row a subject, the one with most failures first; see engine/subject.h for what makes
 * one.
 *
 * Messages whose subject nobody told are in no row.  Subjects beyond BM_SUBJECTS_MAX are one row,
 * (other), which stands last whatever failed.
 */
#include "titles.h"

static const struct bm_column columns[] = {
	{"subject", BM_KIND_TEXT},     {"messages", BM_KIND_INT},
	{"recipients", BM_KIND_INT},   {"delivered", BM_KIND_INT},
	{"bounced", BM_KIND_INT},      {"expired", BM_KIND_INT},
	{"deferred", BM_KIND_INT},     {"bounce_rate", BM_KIND_SHARE},
	{"spam_related", BM_KIND_INT}, {"policy_related", BM_KIND_INT},
	{"spam_rate", BM_KIND_SHARE},
};

struct subjects {
	struct bm_names names;
	struct bm_title *titles; /* by number */
	struct bm_key *order;
};

/* sort_key - ascending: other subjects last, then failures falling */
static uint64_t sort_key(const struct bm_title *title, uint32_t id)
{
	return id == BM_SUBJECT_OTHER ? UINT64_MAX : UINT64_MAX - 1 - bm_sum_failures(title->n);
}

static void *subjects_open(const struct bm_view *view, size_t *count)
{
	struct subjects *const all = bm_zalloc(1, sizeof *all);
	bm_names_rank(&all->names, view->tally->subjects);
	all->titles = bm_titles_make(view->tally);
	const size_t room = (size_t)all->names.count + 1;
	all->order = bm_alloc(room * sizeof *all->order);
	*count = 0;
	for (uint32_t rank = 0; rank < all->names.count; rank++) {
		const uint32_t id = all->names.order[rank];
		const struct bm_title *const title = &all->titles[id];
		if (id != BM_SUBJECT_NONE && (title->messages || bm_sum_any(title->n)))
			all->order[(*count)++] =
				(struct bm_key){.key = sort_key(title, id), .id = id};
	}
	struct bm_key *const scratch = bm_alloc(room * sizeof *scratch);
	bm_order_keys(all->order, scratch, *count);
	bm_free(scratch);
	return all;
}

static void subjects_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct subjects *const all = rows;
	const uint32_t id = all->order[index].id;
	const struct bm_title *const title = &all->titles[id];
	const uint64_t recipients = bm_sum_recipients(title->n);
	*values++ = bm_row_text(all->names.text[id]);
	*values++ = bm_row_int(title->messages);
	*values++ = bm_row_int(recipients);
	*values++ = bm_row_int(title->n[BM_DELIVERED]);
	*values++ = bm_row_int(title->n[BM_BOUNCED]);
	*values++ = bm_row_int(title->n[BM_EXPIRED]);
	*values++ = bm_row_int(title->n[BM_DEFERRED]);
	*values++ = bm_row_share((double)bm_sum_failures(title->n), recipients);
	*values++ = bm_row_int(title->spam);
	*values++ = bm_row_int(title->policy);
	*values++ = bm_row_share((double)title->spam, recipients);
}

static void subjects_close(void *rows)
{
	struct subjects *const all = rows;
	bm_names_dispose(&all->names);
	bm_free(all->titles);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_subjects = {
	.name = "subjects",
	.about =
		"Subjects, digits masked, most failures first, and how much of it was judged spam.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = subjects_open,
	.row = subjects_row,
	.close = subjects_close,
};
