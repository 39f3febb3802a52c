/* sent.h - what the logs of a run tell of our own mail, for bounce mails to be held against.
 *
 * A bounce mail that our own server made tells what a line of its log told already: the two are one
 * failure, and it is counted by the log.  So the logs are read first, and leave here a key for each
 * failed attempt (queue id and recipient) and each Message-ID.  It is a set, so those of many
 * threads merge in any order.  Nothing is kept unless there are bounce mails among the inputs: 32
 * bytes for a failed recipient, and as many for a message.
 *
 * Limits, stated: a queue id names its message without its host, so the same id, used for the same
 * recipient on two hosts, is one.
 */
#ifndef BM_SENT_H
#define BM_SENT_H

#include "bouncemill/bytes.h"
#include "bouncemill/clock.h"

struct bm_sent;

struct bm_sent *bm_sent_new(void);
void bm_sent_free(struct bm_sent *sent);

/* bm_sent_failure - an attempt failed for recipient; final = it bounced, and was not deferred */
void bm_sent_failure(struct bm_sent *sent, struct bm_bytes queue_id, struct bm_bytes recipient,
		     bool final);
/* bm_sent_message - a message of ours, message_id without angles */
void bm_sent_message(struct bm_sent *sent, struct bm_bytes message_id, struct bm_bytes queue_id);
/* bm_sent_sender - a message's envelope sender, which names its recipient (VERP) */
void bm_sent_sender(struct bm_sent *sent, struct bm_bytes sender, struct bm_bytes queue_id);
/* bm_sent_seen - the logs tell of this time */
void bm_sent_seen(struct bm_sent *sent, struct bm_seen seen);
void bm_sent_merge(struct bm_sent *target, const struct bm_sent *source);

/* What a bounce mail says of the mail it is about; empty where it does not. */
struct bm_sent_claim {
	struct bm_bytes queue_id, message_id, recipient;
	bm_time time;
	struct bm_bytes sender; /* to which it came back: asked when there is neither of the ids */
};

enum bm_sent_answer {
	BM_SENT_NEWS,    /* no log tells of this failure */
	BM_SENT_COUNTED, /* a log does */
	BM_SENT_FOREIGN  /* logs of that time do not know the message: somebody used our name */
};
enum bm_sent_answer bm_sent_ask(const struct bm_sent *sent, const struct bm_sent_claim *claim);

#endif
