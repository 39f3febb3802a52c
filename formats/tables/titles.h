/* titles.h - what became of the mail under each subject: sums that the tables about subjects share. */
#ifndef BM_TITLES_H
#define BM_TITLES_H

#include "rows.h"

struct bm_title {
	uint64_t n[BM_OUTCOME_COUNT];
	uint64_t messages;
	uint64_t spam, policy; /* recipients that failed as spam-related, as policy-related */
	uint64_t refused; /* recipients that failed for what the message is: fault `message`, or
				  policy-related */
};

/* bm_titles_make - by number of the tally's subjects; the caller frees */
struct bm_title *bm_titles_make(const struct bm_tally *tally);

#endif
