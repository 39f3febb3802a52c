/* mail.h - what one mail out of a bounce archive says, and where mails begin in an mbox.
 *
 * A mail goes in as bytes and comes out as its sort (a bounce, a delay notice, a complaint, an
 * auto-reply, or nothing of interest) and, for each recipient it reports on, the action, the status
 * and the text that a classifier wants.  Nothing is judged here, and nothing is counted.
 *
 * Every slice of a `struct bm_mail` points into the mail's own bytes or into the reader's scratch;
 * all of them, and the list of recipients, are valid until the next bm_mail_read of the same reader
 * and while the mail's bytes stay where they are.  A reader belongs to one thread.
 */
#ifndef BOUNCEMILL_MAIL_H
#define BOUNCEMILL_MAIL_H

#include "bouncemill/bytes.h"
#include "bouncemill/clock.h"
#include "bouncemill/reply.h"

enum bm_mail_sort {
	BM_MAIL_ORDINARY,  /* not about delivery */
	BM_MAIL_BOUNCE,    /* at least one recipient failed */
	BM_MAIL_DELAY,     /* none failed, at least one is delayed */
	BM_MAIL_SUCCESS,   /* a report, but only of delivered, relayed or expanded recipients */
	BM_MAIL_FEEDBACK,  /* a complaint or opt-out of a recipient (RFC 5965) */
	BM_MAIL_ANSWER,    /* an auto-reply: vacation, confirmation (RFC 3834) */
	BM_MAIL_UNREADABLE /* claims to be a report, but names no recipient */
};

enum bm_action {
	BM_ACTION_FAILED,
	BM_ACTION_DELAYED,
	BM_ACTION_DELIVERED,
	BM_ACTION_RELAYED,
	BM_ACTION_EXPANDED,
	BM_ACTION_FEEDBACK
};

struct bm_mail_recipient {
	/* without angles and address type; may lack a domain; empty when a complaint hides it */
	struct bm_bytes address;
	struct bm_bytes
		original; /* what the sender wrote, if a report tells (Original-Recipient) */
	enum bm_action action;
	struct bm_enhanced status; /* RFC 3463, by the report, else by the text; class 0 = none */
	struct bm_bytes text;   /* for bm_reply_parse: the server's reply, else why it failed; may
				   be empty */
	struct bm_bytes remote; /* host that said it (Remote-MTA), without type; may be empty */
	bm_time last_attempt;   /* or BM_TIME_UNKNOWN */
};

/* What a reader had to leave out; bits. */
enum {
	BM_MAIL_NOTE_DEPTH = 1,      /* parts nested deeper than BM_MAIL_DEPTH_MAX */
	BM_MAIL_NOTE_PARTS = 2,      /* more parts than BM_MAIL_PARTS_MAX */
	BM_MAIL_NOTE_HEADER = 4,     /* a header longer than BM_MAIL_HEADER_BYTES_MAX */
	BM_MAIL_NOTE_RECIPIENTS = 8, /* more recipients than BM_MAIL_RECIPIENTS_MAX */
	BM_MAIL_NOTE_CUT = 16        /* a multipart without its last boundary */
};

#define BM_MAIL_DEPTH_MAX        32
#define BM_MAIL_PARTS_MAX        64
#define BM_MAIL_HEADER_BYTES_MAX ((size_t)256 << 10)
#define BM_MAIL_RECIPIENTS_MAX   100000

struct bm_mail {
	enum bm_mail_sort sort;
	const char
		*kind; /* whose words these are: "dsn", "arf", "qmail", "exim" ...; "" = nobody's */
	unsigned notes;
	bm_time date;                /* of this mail (Date:), or BM_TIME_UNKNOWN */
	bm_time arrival;             /* of the original (Arrival-Date:), or BM_TIME_UNKNOWN */
	struct bm_bytes own_id;      /* Message-ID of this mail, without angles; all may be empty */
	struct bm_bytes author;      /* address in From: of this mail: of an answer, who answered */
	struct bm_bytes returned_to; /* address it came back to: the original's envelope sender */
	struct bm_bytes reporter;    /* Reporting-MTA, without type */
	struct bm_bytes queue_id;    /* X-Postfix-Queue-ID */
	/* of the original message */
	struct bm_bytes sender;     /* its envelope sender where told, else its From: address */
	struct bm_bytes subject;    /* as UTF-8 where it was encoded */
	struct bm_bytes message_id; /* without angles */
	size_t count;
	const struct bm_mail_recipient *recipients;
};

struct bm_mail_reader;
struct bm_mail_reader *bm_mail_reader_new(void);
void bm_mail_reader_free(struct bm_mail_reader *reader);

/* bm_mail_read - read one mail, with or without a From_ line before its header; linear in its size.
 * Returns mail->sort. */
enum bm_mail_sort bm_mail_read(struct bm_mail_reader *reader, struct bm_bytes data,
			       struct bm_mail *mail);

/* bm_mail_words - a header's value with its encoded words (RFC 2047) as UTF-8; valid like what
 * bm_mail_read tells */
struct bm_bytes bm_mail_words(struct bm_mail_reader *reader, struct bm_bytes value);
/* bm_verp_read - does a sender's address name one recipient (VERP: "bounces+anna=example.org@..."):
 * its two parts, slices of address */
bool bm_verp_read(struct bm_bytes address, struct bm_bytes *user, struct bm_bytes *domain);

const char *bm_mail_sort_name(enum bm_mail_sort sort); /* "bounce", "delay" ... */
const char *bm_action_name(enum bm_action action);     /* "failed", "delayed" ... */

/* ---- archives: mbox files, and files of one mail (.eml, Maildir) ---- */

enum bm_mails_shape {
	BM_MAILS_NONE, /* no mail at all */
	BM_MAILS_MBOX, /* starts with a From_ line */
	BM_MAILS_ONE   /* starts with a mail's header */
};

/* bm_mails_sniff - what a file is, from its first kilobyte (or all of it when it is shorter) */
enum bm_mails_shape bm_mails_sniff(struct bm_bytes head);

/* bm_mbox_border - offset of the first From_ line at or behind from, or data.size.  Any from is
 * right, so threads may cut where they like.  When more data follows (last is false) nothing is
 * said about the last BM_MBOX_LOOK_BYTES, which are to be looked at again with what follows.
 * Content-Length is never asked. */
enum { BM_MBOX_LOOK_BYTES = 2048 };
size_t bm_mbox_border(struct bm_bytes data, size_t from, bool last);

/* bm_mbox_mail - the mail that begins with the From_ line at offset border: its bytes without that
 * line; *next is where the next one begins, or data.size */
struct bm_bytes bm_mbox_mail(struct bm_bytes data, size_t border, size_t *next);

#endif
