/* titles.c - sums by subject; see titles.h. */
#include "titles.h"

/* is_of_message - does a failure of this category say something about the message */
static bool is_of_message(enum bm_category category)
{
	return category == BM_CATEGORY_POLICY_RELATED ||
	       strcmp(bm_category_fault(category), "message") == 0;
}

struct bm_title *bm_titles_make(const struct bm_tally *tally)
{
	struct bm_title *const titles =
		bm_zalloc((size_t)bm_intern_count(tally->subjects) + 1, sizeof *titles);
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_SENDERS])
	{
		struct bm_title *const title = &titles[cell->key[3]];
		const enum bm_category category = (enum bm_category)cell->key[1];
		const uint64_t failed = (uint64_t)cell->n[BM_BOUNCED] + cell->n[BM_EXPIRED];
		bm_sum_cell(title->n, cell->n);
		title->spam += category == BM_CATEGORY_SPAM_RELATED ? failed : 0;
		title->policy += category == BM_CATEGORY_POLICY_RELATED ? failed : 0;
		title->refused += is_of_message(category) ? failed : 0;
	}
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_MESSAGES])
	titles[cell->key[2]].messages += cell->n[0];
	return titles;
}
