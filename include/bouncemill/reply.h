/* reply.h - the SMTP tokenizer: what one failure text says, as borrowed slices.
 *
 * A failure text is what Postfix puts in the parentheses behind `status=`: a server's reply in its
 * frame ("host H[IP] said: ... (in reply to RCPT TO command)", "... refused to talk to me: ..."),
 * or Postfix's own words ("connect to H[IP]:25: Connection refused").  The tokenizer peels the
 * frame, reads basic code (RFC 5321) and enhanced code (RFC 3463), and never allocates or copies.
 * Damage is normal: a text may be cut anywhere, and non-ASCII bytes may have become `?`.
 */
#ifndef BOUNCEMILL_REPLY_H
#define BOUNCEMILL_REPLY_H

#include "bouncemill/bytes.h"
#include "bouncemill/text.h"

enum bm_stage {
	BM_STAGE_NONE,    /* not said */
	BM_STAGE_CONNECT, /* also the greeting: "refused to talk to me" */
	BM_STAGE_EHLO,
	BM_STAGE_STARTTLS,
	BM_STAGE_AUTH,
	BM_STAGE_MAIL,
	BM_STAGE_RCPT,
	BM_STAGE_DATA,
	BM_STAGE_DOT, /* end of DATA */
	BM_STAGE_OTHER
};

/* RFC 3463 class.subject.detail; all zero = none.  class is 2, 4 or 5. */
struct bm_enhanced {
	uint8_t class;
	uint16_t subject; /* 0..999 */
	uint16_t detail;  /* 0..999 */
};

struct bm_reply {
	struct bm_bytes host; /* the speaker (or the host we tried to reach), without brackets */
	struct bm_bytes ip;   /* address or socket path in brackets, without brackets */
	struct bm_bytes text; /* what was said, codes included, frame and stage removed */
	uint16_t code;        /* 200..599, or 0 = none said */
	struct bm_enhanced enhanced;
	struct bm_bytes
		token; /* provider's own code (S3140, TSS04, DT:SPM, p=NoSuchUser), or empty */
	enum bm_stage stage;
	bool quoted;    /* a remote server said it; false = our own MTA's words */
	bool suspended; /* was wrapped in "delivery temporarily suspended: " */
};

/* bm_reply_parse - tokenize a failure text (bytes inside the status parentheses; the closing one
 * may be there or not); every slice of *reply points into text.  Linear, allocation-free. */
void bm_reply_parse(struct bm_bytes text, struct bm_reply *reply);

/* bm_enhanced_parse - the enhanced code at the head of run; returns its length in bytes or 0.  A
 * code ends at a byte that is no digit, dot or letter. */
size_t bm_enhanced_parse(struct bm_bytes run, struct bm_enhanced *enhanced);

/* bm_reply_mask - append the template of text to out: variable parts replaced by <addr> <ip> <id>
 * <num> <host> <url>, continuation codes ("550-5.1.1 a 550 5.1.1 b") joined, runs of blanks folded,
 * letters as they are, at most BM_TEMPLATE_BYTES_MAX bytes.  Codes, short provider tokens and hosts
 * named by rules (see rule.h) stay.  A pure function of text: equal texts have equal templates.
 * About 1 ns a byte. */
enum { BM_TEMPLATE_BYTES_MAX = 512 };
struct bm_keep; /* host names that stay readable; NULL = none */
void bm_reply_mask(struct bm_bytes text, const struct bm_keep *keep, struct bm_text *out);

/* bm_keep_* - the set of host names (suffixes at a label border, such as "spamhaus.org") to keep */
struct bm_keep *bm_keep_new(void);
void bm_keep_add(struct bm_keep *keep, struct bm_bytes host);
void bm_keep_free(struct bm_keep *keep);

#endif
