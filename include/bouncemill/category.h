/* category.h - why mail fails: 24 categories, what counts as success, and unknown.
 *
 * Names are PowerMTA's bounce categories where one exists, else the field's usual words.  A
 * category is one line here plus its texts in formats/lang/.  Fault tells who can mend it; hard
 * means a retry is useless (suppress or repair first), soft that a later retry may succeed.
 */
#ifndef BOUNCEMILL_CATEGORY_H
#define BOUNCEMILL_CATEGORY_H

#include "bouncemill/bytes.h"

/* X(identifier, "name", fault, severity) */
#define BM_CATEGORIES(X)                                                                           \
	X(UNKNOWN, "unknown", NONE, NONE)                                                          \
	X(BAD_MAILBOX, "bad-mailbox", RECIPIENT, HARD)                                             \
	X(INACTIVE_MAILBOX, "inactive-mailbox", RECIPIENT, HARD)                                   \
	X(QUOTA_ISSUES, "quota-issues", RECIPIENT, SOFT)                                           \
	X(BAD_DOMAIN, "bad-domain", RECIPIENT, HARD)                                               \
	X(RECIPIENT_REFUSED, "recipient-refused", RECIPIENT, HARD)                                 \
	X(GREYLISTING, "greylisting", NETWORK, SOFT)                                               \
	X(RATE_LIMITED, "rate-limited", SENDER, SOFT)                                              \
	X(BLOCKLISTED, "blocklisted", SENDER, SOFT)                                                \
	X(REVERSE_DNS, "reverse-dns", SENDER, HARD)                                                \
	X(AUTHENTICATION_FAILED, "authentication-failed", SENDER, HARD)                            \
	X(INVALID_SENDER, "invalid-sender", SENDER, HARD)                                          \
	X(RELAYING_ISSUES, "relaying-issues", SENDER, HARD)                                        \
	X(POLICY_RELATED, "policy-related", SENDER, HARD)                                          \
	X(SPAM_RELATED, "spam-related", MESSAGE, HARD)                                             \
	X(CONTENT_RELATED, "content-related", MESSAGE, HARD)                                       \
	X(VIRUS_RELATED, "virus-related", MESSAGE, HARD)                                           \
	X(MESSAGE_TOO_LARGE, "message-too-large", MESSAGE, HARD)                                   \
	X(PROTOCOL_ERRORS, "protocol-errors", SENDER, HARD)                                        \
	X(DNS_FAILURE, "dns-failure", NETWORK, SOFT)                                               \
	X(BAD_CONNECTION, "bad-connection", NETWORK, SOFT)                                         \
	X(TLS_FAILURE, "tls-failure", NETWORK, SOFT)                                               \
	X(ROUTING_ERRORS, "routing-errors", NETWORK, HARD)                                         \
	X(MESSAGE_EXPIRED, "message-expired", NETWORK, SOFT)                                       \
	X(SYSTEM_ERROR, "system-error", NETWORK, SOFT)                                             \
	X(DELIVERED, "delivered", NONE, NONE)                                                      \
	X(AUTO_REPLY, "auto-reply", NONE, NONE)                                                    \
	X(FEEDBACK_LOOP, "feedback-loop", NONE, NONE)

enum bm_category {
#define X(identifier, name, fault, severity) BM_CATEGORY_##identifier,
	BM_CATEGORIES(X)
#undef X
		BM_CATEGORY_COUNT
};

/* bm_category_name, _fault, _severity - static strings; fault and severity are "" when none */
const char *bm_category_name(enum bm_category category);
const char *bm_category_fault(enum bm_category category);
const char *bm_category_severity(enum bm_category category);
/* What a failure for a reason says about the address it was for: nothing, when the sender or the
 * message is at fault and the cause is to be mended; that it may be gone, when it happens again and
 * again (the network's troubles, a full mailbox, and what no rule knows); or that it is not to be
 * mailed again (a mailbox or domain that is gone, a person who refuses, a complaint).  A deferral
 * says BM_BEARING_SOFT at most: it was not for good. */
enum bm_bearing { BM_BEARING_NONE, BM_BEARING_SOFT, BM_BEARING_HARD };
enum bm_bearing bm_category_bearing(enum bm_category category);
/* bm_category_find - the category of a name, or BM_CATEGORY_COUNT */
enum bm_category bm_category_find(struct bm_bytes name);

/* bm_category_diagnosis, _prescription - what it means and what to do, from formats/lang/<lang>;
 * "" when the language has no text.  lang is "en" or "zh". */
const char *bm_category_diagnosis(enum bm_category category, const char *lang);
const char *bm_category_prescription(enum bm_category category, const char *lang);
/* bm_category_title - what people call it in that language; its name where there is no other word
 */
const char *bm_category_title(enum bm_category category, const char *lang);

#endif
