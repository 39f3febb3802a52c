/* notices.h - the words of bounces written for people: data for notice.c.
 *
 * A row is a phrase in lower case and whose it is; a phrase in other than ASCII letters leaves out
 * what may be a capital.  Rows are tried from the top, so the words of
 * one program stand before those that many share; what a row adds to recognition is the name, where
 * to begin looking for recipients, and whether the mail was given up or only delayed.
 */
#ifndef BM_MAILS_NOTICES_H
#define BM_MAILS_NOTICES_H

#include "bouncemill/mail.h"

struct notice {
	const char *name;
	const char *phrase;
	enum bm_action action;
};

extern const struct notice notice_rows[]; /* ends with a name of NULL */

/* The rest are lists that end with NULL. */
extern const char *const notice_failure_words[];  /* mail daemons say them in any language */
extern const char *const notice_original_words[]; /* the original message follows */
extern const char *const notice_label_words[];    /* before a recipient: "Failed recipient: X" */
extern const char *const notice_label_others[];   /* before an address that is none */
extern const char *const notice_idle_words[];     /* a line that explains nothing */
extern const char *const notice_closing_words[];  /* a paragraph that explains nothing */
extern const char *const notice_end_words[];      /* a line behind the end of a reply */
extern const char *const notice_subject_words[];  /* of a mail that may be a bounce */
extern const char *const notice_answer_words[];   /* subjects of auto-replies */

#endif
