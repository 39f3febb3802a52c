/* news.h - failures that only bounce mails tell of: a block's list of them, and each report once.
 *
 * The same report often lies in two mailboxes: of the sender and of the postmaster who gets copies,
 * or in a folder and in the archive made of it.  Its bytes differ then (other Received lines), so no
 * digest tells.  Its Message-ID does, with the recipient, the time and the action: a report is
 * counted where it comes first in the order of the inputs.  "First" is known in the fold alone, so a
 * worker judges a failure and leaves it in its block's list, and the fold counts it.
 *
 * Limits, stated: a report without a Message-ID is always news.  What the fold remembers is 16 bytes
 * for each counted recipient.
 */
#ifndef BM_NEWS_H
#define BM_NEWS_H

#include "bouncemill/index.h"
#include "count.h"

/* One failure, in the numbers of its worker's tally. */
struct bm_news_item {
	uint64_t report; /* hash of what tells a report from others, or 0 for what cannot be told */
	struct bm_fact fact;
	struct bm_origin origin;
};

/* What the mails of a block tell, in their order.  Starts zeroed; bm_free the list. */
struct bm_news {
	struct bm_news_item *list;
	size_t count, room;
};
void bm_news_add(struct bm_news *news, const struct bm_news_item *item);

/* The reports counted so far.  Starts zeroed. */
struct bm_told {
	uint64_t *reports;
	uint32_t count, room;
	struct bm_index index;
};
/* bm_told_count - count what is news to counter, whose tally rename leads to; returns how many
 * failures had been told before */
uint64_t bm_told_count(struct bm_told *told, const struct bm_news *news, struct bm_rename *rename,
		       struct bm_counter *counter);
void bm_told_dispose(struct bm_told *told);

#endif
