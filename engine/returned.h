/* returned.h - bounce mails: from what a mail says to failures that can be counted.
 *
 * A report for a recipient that a log of this run tells of too is one failure, and the log's; what
 * only the mail knows counts under source `dsn`: bounces that arrive hours after the delivery,
 * reports of other servers.  A report on mail that the logs of its time do not know is somebody
 * else's use of our name, and is counted apart.  Complaints (RFC 5965) count as category
 * feedback-loop.  Mails are independent of each other, so any thread may take any.
 */
#ifndef BM_RETURNED_H
#define BM_RETURNED_H

#include "bouncemill/mail.h"
#include "classify.h"
#include "news.h"
#include "pipeline.h"
#include "sent.h"

/* What became of the mails of a block. */
struct bm_returned_counts {
	uint64_t reports;          /* mails that tell of a delivery, or complain */
	uint64_t ordinary;         /* anything else: answers, notes, news */
	uint64_t unreadable;       /* reports without a recipient */
	uint64_t counted, foreign; /* recipients that a log has, and of mail that was not ours */
	struct bm_seen seen;
	struct bm_news *news; /* what is to be counted is added here */
};

/* bm_returned_next - the mail at *at of a block of mails, which moves behind it; false at the end.
 * What stands in front of a block's first From_ line is passed over. */
bool bm_returned_next(struct bm_bytes data, int transport, size_t *at, struct bm_bytes *mail);

/* bm_returned_is_failure - did the recipient fail, or wait */
bool bm_returned_is_failure(const struct bm_mail_recipient *recipient);

/* A recipient as the line of a log that would tell the same. */
struct bm_returned_event {
	struct bm_event event; /* an attempt; delivered, unless it is a failure */
	char status[32];       /* its dsn= */
};
void bm_returned_event(const struct bm_mail_recipient *recipient,
		       struct bm_returned_event *returned);

struct bm_returned;

/* bm_returned_new - classifier and its tally are the caller's; sent may be NULL: no logs, then
 * everything is news */
struct bm_returned *bm_returned_new(const struct bm_pipeline_options *options,
				    struct bm_classifier *classifier, struct bm_tally *tally,
				    const struct bm_sent *sent);
void bm_returned_free(struct bm_returned *returned);
/* bm_returned_mail - read one mail and note what it tells */
void bm_returned_mail(struct bm_returned *returned, struct bm_bytes mail,
		      struct bm_returned_counts *counts);

#endif
