/* reason.h - why a mail came back: the telling part of a notice's text; see reason.c.
 *
 * What is returned is one line in the scratch or a slice of what was given.
 */
#ifndef BM_MAILS_REASON_H
#define BM_MAILS_REASON_H

#include "work.h"

/* reason_code - offset of the first quoted SMTP reply of failure, or run.size */
size_t reason_code(struct bm_bytes run);
/* reason_reply - the reply at the head of run as one line, its code followed by one blank; stage, such
 * as " (in reply to RCPT TO command)" or "", goes behind it */
struct bm_bytes reason_reply(struct work *work, struct bm_bytes run, const char *stage);
/* reason_words - what a region says without a reply: its lines but those that explain nothing; behind
 * a recipient the first closing paragraph ends them */
struct bm_bytes reason_words(struct work *work, struct bm_bytes region, bool behind);
/* reason_with_cause - a reply that is only the mail system's own "Service unavailable", with the line
 * before it, which is what the delivery program said */
struct bm_bytes reason_with_cause(struct work *work, struct bm_bytes reply, struct bm_bytes cause);
/* reason_shape - the reply that a region quotes, else its words */
struct bm_bytes reason_shape(struct work *work, struct bm_bytes region, bool *quoted);
/* reason_remote - the host that a region says the reply came from, or empty */
struct bm_bytes reason_remote(struct bm_bytes region);
/* reason_transcript - a reply of several lines of which a report quotes only the first: all of it,
 * from the session's transcript; or empty */
struct bm_bytes reason_transcript(struct work *work, struct bm_bytes first);
/* reason_frame - what Postfix's text for people says about a recipient, as its log does: "host H[IP]
 * said: ... (in reply to RCPT TO command)"; or empty.  To be asked in the order of the report. */
struct bm_bytes reason_frame(struct work *work, struct bm_bytes address);

#endif
