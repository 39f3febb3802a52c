/* news.c - count what bounce mails tell, each report once, in the order of the mails; see news.h. */
#include "news.h"

void bm_news_add(struct bm_news *news, const struct bm_news_item *item)
{
	BM_GROW(news->list, news->count, news->room);
	news->list[news->count++] = *item;
}

/* is_told - was the report counted before; it is from now on */
static bool is_told(struct bm_told *told, uint64_t report)
{
	struct bm_index_walk walk = bm_index_walk(&told->index, (uint32_t)report);
	for (uint32_t at; (at = bm_index_next(&told->index, &walk)) != BM_INDEX_NONE;)
		if (told->reports[at] == report)
			return true;
	bm_index_put(&told->index, (uint32_t)report, told->count);
	BM_GROW(told->reports, told->count, told->room);
	told->reports[told->count++] = report;
	return false;
}

uint64_t bm_told_count(struct bm_told *told, const struct bm_news *news, struct bm_rename *rename,
		       struct bm_counter *counter)
{
	uint64_t repeated = 0;
	for (size_t i = 0; i < news->count; i++) {
		const struct bm_news_item *const item = &news->list[i];
		if (item->report && is_told(told, item->report)) {
			repeated++;
			continue;
		}
		const struct bm_fact fact = bm_rename_fact(rename, item->fact, counter->addresses);
		bm_count_returned(counter, &fact, bm_rename_origin(rename, item->origin));
	}
	return repeated;
}

void bm_told_dispose(struct bm_told *told)
{
	bm_free(told->reports);
	bm_index_dispose(&told->index);
	*told = (struct bm_told){0};
}
