/* overview.h - what a report says first: what was read, what became of the mail, why it failed, and
 * what to do first.
 *
 * The terminal, the workbook's first sheet and the head of the page say the same, from here.  Every
 * number is a sum over the tables, or over the sources where a table does not hold it.
 */
#ifndef BM_OVERVIEW_H
#define BM_OVERVIEW_H

#include "sheet.h"

/* A category that mail failed under. */
struct bm_cause {
	enum bm_category category;
	uint64_t failures; /* bounced and expired, of logs and of bounce mails */
};

/* Who can mend it: a group of categories. */
struct bm_fault {
	const char *name;    /* as in column fault; "" = nobody knows */
	const char *heading; /* words of bm_words */
	uint64_t failures;
};

enum { BM_FIRST_MAX = 3, BM_FAULT_COUNT = 5 };

struct bm_overview {
	/* What was read. */
	uint64_t files, lines, events, other, malformed[BM_MALFORMED_COUNT], malformed_all, bytes;
	uint64_t hosts_max;
	struct bm_seen seen;
	/* What became of it, as the logs tell; failures also hold those of bounce mails. */
	uint64_t messages, recipients, delivered, bounced, expired, deferred, deferred_recipients;
	uint64_t rejected, failures;
	/* Of bounce mails: files and mails read, and what their recipients are. */
	uint64_t archives, mails, returned, delayed, complaints, joined, foreign;
	/* Why it failed, most failures first. */
	struct bm_cause causes[BM_CATEGORY_COUNT];
	unsigned cause_count;
	struct bm_fault faults[BM_FAULT_COUNT]; /* most failures first */
	/* What became of recipients that had to wait, by enum bm_deferral_count. */
	uint64_t later[BM_OUTCOME_COUNT], later_all;
};

/* bm_overview_fault - the place of a fault's name among faults */
unsigned bm_overview_fault(const struct bm_overview *overview, struct bm_bytes name);

/* bm_overview_make - from a complete view and its opened tables `totals` and `categories` */
void bm_overview_make(struct bm_overview *overview, const struct bm_view *view,
		      const struct bm_sheet *totals, const struct bm_sheet *categories);

/* bm_overview_first - what to do first: the causes whose cure would remove most failures, those
 * nobody can name a cure for left out; returns how many */
unsigned bm_overview_first(const struct bm_overview *overview, struct bm_cause first[BM_FIRST_MAX]);

#endif
