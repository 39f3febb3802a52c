/* test_postfix.c - every shape of Postfix's lines, and what must not be taken for one.
 *
 * A table of (program, message) pairs with the event each must give.  Shapes are those real servers
 * write; the lines are made up.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <time.h>

#include "bouncemill/log.h"
#include "bouncemill/source.h"

extern const struct bm_log bm_log_postfix;

#define NOT_GIVEN UINT32_MAX

/* A line and what it says; fields that do not belong to its kind are left out. */
struct shape {
	const char *tag, *message;
	enum bm_event_kind kind;
	enum bm_status status;
	const char *address, *relay, *ip, *dsn, *text, *next_id;
	uint32_t delay;
	bool near, forwarded;
	bool told, far;
	enum bm_malformed reason;
	uint32_t recipients;
};

#define SENT     BM_EVENT_ATTEMPT, BM_STATUS_SENT
#define BOUNCED  BM_EVENT_ATTEMPT, BM_STATUS_BOUNCED
#define DEFERRED BM_EVENT_ATTEMPT, BM_STATUS_DEFERRED
#define ID       "4F0B2104A: "
#define TO       ID "to=<jo@a.example>, "

static const struct shape attempts[] = {
	{"postfix/smtp",
	 TO "relay=mx.a.example[192.0.2.9]:25, delay=2.4, delays=0.1/0/1/1.3, dsn=2.0.0, "
	    "status=sent (250 2.0.0 Ok: queued as 1B2C3)",
	 SENT, "jo@a.example", "mx.a.example", "192.0.2.9", "2.0.0",
	 "250 2.0.0 Ok: queued as 1B2C3", NULL, .delay = 240},
	{"postfix/smtp",
	 TO "relay=mx.a.example[192.0.2.9]:25, conn_use=3, delay=0.07, delays=0/0/0/0.07, "
	    "dsn=2.0.0, status=sent (250 ok)",
	 SENT, "jo@a.example", "mx.a.example", "192.0.2.9", "2.0.0", "250 ok", NULL, .delay = 7},
	{"postfix/smtp",
	 ID "to=<jo@a.example>, orig_to=<list@b.example>, relay=mx.a.example[192.0.2.9], delay=12, "
	    "status=sent (250 ok)",
	 SENT, "jo@a.example", "mx.a.example", "192.0.2.9", "", "250 ok", NULL, .delay = 1200},
	{"postfix/smtp", TO "relay=mx.a.example:25, delay=1, dsn=2.0.0, status=sent (250 ok)", SENT,
	 "jo@a.example", "mx.a.example", "", "2.0.0", "250 ok", NULL, .delay = 100},
	{"postfix/relay/smtp",
	 TO "relay=mx.a.example[2001:db8::5]:25, delay=235726, delays=235726/0/0/0, dsn=4.2.2, "
	    "status=deferred (host mx.a.example[2001:db8::5] said: 452 4.2.2 full (in reply to "
	    "RCPT TO command))",
	 DEFERRED, "jo@a.example", "mx.a.example", "2001:db8::5", "4.2.2",
	 "host mx.a.example[2001:db8::5] said: 452 4.2.2 full (in reply to RCPT TO command)", NULL,
	 .delay = 23572600},
	{"postfix/smtp",
	 TO "relay=mx.a.example[192.0.2.9]:25, delay=0.4, delays=0.1/0/0.2/0.1, dsn=5.1.1, "
	    "status=bounced (host mx.a.example[192.0.2.9] said: 550-5.1.1 <jo@a.example>: unknown "
	    "550 5.1.1 ask us (in reply to RCPT TO command))",
	 BOUNCED, "jo@a.example", "mx.a.example", "192.0.2.9", "5.1.1",
	 "host mx.a.example[192.0.2.9] said: 550-5.1.1 <jo@a.example>: unknown 550 5.1.1 ask us "
	 "(in reply to RCPT TO command)",
	 NULL, .delay = 40},
	{"postfix/smtp",
	 TO "relay=none, delay=21, delays=0.01/0/21/0, dsn=4.4.1, status=deferred (connect to "
	    "mx.a.example[192.0.2.9]:25: Connection timed out)",
	 DEFERRED, "jo@a.example", "none", "", "4.4.1",
	 "connect to mx.a.example[192.0.2.9]:25: Connection timed out", NULL, .delay = 2100},
	{"postfix/smtp",
	 TO "relay=none, delay=0.02, delays=0.01/0/0.01/0, dsn=5.4.4, status=bounced (Host or "
	    "domain name not found. Name service error for name=a.example type=A: Host not found)",
	 BOUNCED, "jo@a.example", "none", "", "5.4.4",
	 "Host or domain name not found. Name service error for name=a.example type=A: Host not "
	 "found",
	 NULL, .delay = 2},
	{"postfix/error",
	 TO
	 "relay=none, delay=587, delays=587/0.1/0/0, dsn=4.7.0, status=deferred (delivery "
	 "temporarily suspended: host mx.a.example[192.0.2.9] refused to talk to me: 421 4.7.0 No)",
	 DEFERRED, "jo@a.example", "none", "", "4.7.0",
	 "delivery temporarily suspended: host mx.a.example[192.0.2.9] refused to talk to me: 421 "
	 "4.7.0 No",
	 NULL, .delay = 58700},
	{"postfix/retry",
	 TO "relay=none, delay=5, delays=5/0/0/0, dsn=4.3.0, status=deferred (mail transport "
	    "unavailable)",
	 DEFERRED, "jo@a.example", "none", "", "4.3.0", "mail transport unavailable", NULL,
	 .delay = 500},
	{"postfix/smtp",
	 TO
	 "relay=mx.a.example[192.0.2.9]:25, delay=9, delays=1/1/1/6, dsn=4.7.1, status=SOFTBOUNCE "
	 "(host mx.a.example[192.0.2.9] said: 501 5.7.1 no (in reply to MAIL FROM command))",
	 DEFERRED, "jo@a.example", "mx.a.example", "192.0.2.9", "4.7.1",
	 "host mx.a.example[192.0.2.9] said: 501 5.7.1 no (in reply to MAIL FROM command)", NULL,
	 .delay = 900},
	{"postfix/smtp",
	 TO
	 "relay=mx.a.example[192.0.2.9]:25, delay=0.1, delays=0/0/0.1/0, dsn=5.6.7, status=bounced "
	 "(SMTPUTF8 is required, but was not offered by host mx.a.example[192.0.2.9])",
	 BOUNCED, "jo@a.example", "mx.a.example", "192.0.2.9", "5.6.7",
	 "SMTPUTF8 is required, but was not offered by host mx.a.example[192.0.2.9]", NULL,
	 .delay = 10},
	{"postfix/lmtp",
	 TO "relay=mail.b.example[private/dovecot-lmtp], delay=0.21, delays=0.1/0/0/0.1, "
	    "dsn=2.0.0, status=sent (250 2.0.0 <jo@a.example> wA Saved)",
	 SENT, "jo@a.example", "mail.b.example", "private/dovecot-lmtp", "2.0.0",
	 "250 2.0.0 <jo@a.example> wA Saved", NULL, .delay = 21, .near = true},
	{"postfix/smtp",
	 TO
	 "relay=127.0.0.1[127.0.0.1]:10024, delay=0.24, delays=0/0/0/0.2, dsn=2.0.0, status=sent "
	 "(250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 2982F106C37)",
	 SENT, "jo@a.example", "127.0.0.1", "127.0.0.1", "2.0.0",
	 "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 2982F106C37",
	 "2982F106C37", .delay = 24, .near = true},
	{"postfix/smtp",
	 TO "relay=scan.lan[::ffff:10.1.2.3]:25, delay=0.24, delays=0/0/0/0.2, dsn=2.0.0, "
	    "status=sent (250 queued as AA, then queued as 3zXy5K1Kssz4wHS)",
	 SENT, "jo@a.example", "scan.lan", "::ffff:10.1.2.3", "2.0.0",
	 "250 queued as AA, then queued as 3zXy5K1Kssz4wHS", "3zXy5K1Kssz4wHS", .delay = 24,
	 .near = true},
	{"postfix/local",
	 ID "to=<jo@a.example>, orig_to=<root>, relay=local, delay=0.03, delays=0/0/0/0, "
	    "dsn=2.0.0, status=sent (delivered to mailbox)",
	 SENT, "jo@a.example", "local", "", "2.0.0", "delivered to mailbox", NULL, .delay = 3},
	{"postfix/local",
	 TO "relay=local, delay=0.07, delays=0/0/0/0, dsn=2.0.0, status=sent (forwarded as "
	    "74964E02A1)",
	 SENT, "jo@a.example", "local", "", "2.0.0", "forwarded as 74964E02A1", "74964E02A1",
	 .delay = 7, .forwarded = true},
	{"postfix/local",
	 TO "relay=local, delay=0.05, delays=0/0/0/0, dsn=5.1.1, status=bounced (unknown user: "
	    "\"jo\")",
	 BOUNCED, "jo@a.example", "local", "", "5.1.1", "unknown user: \"jo\"", NULL, .delay = 5},
	{"postfix/virtual",
	 TO
	 "relay=virtual, delay=0.08, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)",
	 SENT, "jo@a.example", "virtual", "", "2.0.0", "delivered to maildir", NULL, .delay = 8},
	{"postfix/pipe",
	 TO "relay=dovecot, delay=5.5, delays=5/0/0/0.2, dsn=2.0.0, status=sent (delivered via "
	    "dovecot service)",
	 SENT, "jo@a.example", "dovecot", "", "2.0.0", "delivered via dovecot service", NULL,
	 .delay = 550},
	{"postfix/discard",
	 TO "relay=none, delay=0.05, delays=0/0/0/0, dsn=2.0.0, status=sent (a.example)", SENT,
	 "jo@a.example", "none", "", "2.0.0", "a.example", NULL, .delay = 5},
	{"postfix-out/smtp",
	 TO "relay=none, delay=1, status=bounced (mail for a.example loops back to myself)",
	 BOUNCED, "jo@a.example", "none", "", "", "mail for a.example loops back to myself", NULL,
	 .delay = 100},
	{"postfix", TO "relay=none, delay=1, dsn=4.4.3, status=deferred (x)", DEFERRED,
	 "jo@a.example", "none", "", "4.4.3", "x", NULL, .delay = 100},
	{"out/amavis/smtp", TO "relay=none, delay=1, dsn=4.4.3, status=deferred (x)", DEFERRED,
	 "jo@a.example", "none", "", "4.4.3", "x", NULL, .delay = 100},
	/* odd addresses */
	{"postfix/smtp",
	 ID "to=<\"a b, status=sent (x) >,\\\"c\"@a.example>, relay=none, delay=1, dsn=5.1.3, "
	    "status=bounced (no)",
	 BOUNCED, "\"a b, status=sent (x) >,\\\"c\"@a.example", "none", "", "5.1.3", "no", NULL,
	 .delay = 100},
	{"postfix/smtp",
	 ID "to=<jo>x@a.example>, relay=none, delay=1, dsn=5.1.3, status=bounced (no)", BOUNCED,
	 "jo>x@a.example", "none", "", "5.1.3", "no", NULL, .delay = 100},
	{"postfix/smtp", ID "to=<>, relay=none, delay=1, dsn=5.1.3, status=bounced (no)", BOUNCED,
	 "", "none", "", "5.1.3", "no", NULL, .delay = 100},
	{"postfix/smtp", ID "to=jo@a.example, relay=none, delay=1, dsn=5.1.3, status=bounced (no)",
	 BOUNCED, "jo@a.example", "none", "", "5.1.3", "no", NULL, .delay = 100},
	{"postfix/smtp",
	 ID "to=<b+jo=a.example@v.example>, relay=none, delay=1, dsn=5.1.3, status=bounced (no)",
	 BOUNCED, "b+jo=a.example@v.example", "none", "", "5.1.3", "no", NULL, .delay = 100},
	{"postfix/smtp",
	 ID "to=<\xe9\xff@a.example>, relay=none, delay=1, dsn=5.1.3, status=bounced (no)", BOUNCED,
	 "\xe9\xff@a.example", "none", "", "5.1.3", "no", NULL, .delay = 100},
	/* spoofs: what the other side says is text */
	{"postfix/smtp",
	 TO "relay=mx.a.example[192.0.2.9]:25, delay=1, dsn=5.7.1, status=bounced (host "
	    "mx.a.example[192.0.2.9] said: 550 to=<x@y>, dsn=2.0.0, status=sent (250 queued as "
	    "1234567))",
	 BOUNCED, "jo@a.example", "mx.a.example", "192.0.2.9", "5.7.1",
	 "host mx.a.example[192.0.2.9] said: 550 to=<x@y>, dsn=2.0.0, status=sent (250 queued as "
	 "1234567)",
	 NULL, .delay = 100},
	{"postfix/smtp",
	 ID "to=<jo@a.example>, orig_to=<\"x, status=sent (y\"@b.example>, relay=none, delay=1, "
	    "dsn=5.0.0, status=bounced (z)",
	 BOUNCED, "jo@a.example", "none", "", "5.0.0", "z", NULL, .delay = 100},
	/* cut, damaged, exported */
	{"postfix/smtp",
	 TO "relay=mx.a.example[192.0.2.9]:25, delay=1, dsn=5.7.1, status=bounced (host "
	    "mx.a.example[192.0.2.9] said: 550 5.7.1 cut he",
	 BOUNCED, "jo@a.example", "mx.a.example", "192.0.2.9", "5.7.1",
	 "host mx.a.example[192.0.2.9] said: 550 5.7.1 cut he", NULL, .delay = 100},
	{"postfix/smtp", TO "relay=none, delay=1, dsn=2.0.0, status=sent (ok),,,,,,", SENT,
	 "jo@a.example", "none", "", "2.0.0", "ok", NULL, .delay = 100},
	{"postfix/smtp", TO "relay=none, delay=1, dsn=2.0.0, status=sent", SENT, "jo@a.example",
	 "none", "", "2.0.0", "", NULL, .delay = 100},
	{"postfix/smtp", TO "relay=none, delay=1, dsn=2.0.0, status=sent,,,", SENT, "jo@a.example",
	 "none", "", "2.0.0", "", NULL, .delay = 100},
	{"postfix/smtp", TO "relay=none, delay=1, dsn=2.0.0, status=sent ()", SENT, "jo@a.example",
	 "none", "", "2.0.0", "", NULL, .delay = 100},
	{"postfix/smtp",
	 TO "relay=none, conn_use=2 delay=0.21, delays=0/0/0/0, dsn=4.1.1, status=deferred (x)",
	 DEFERRED, "jo@a.example", "none", "", "4.1.1", "x", NULL, .delay = 21},
	{"postfix/smtp",
	 TO "relay=none,  delay=0.5,  delays=0/0/0/0,      dsn=5.4.6, status=bounced (x)", BOUNCED,
	 "jo@a.example", "none", "", "5.4.6", "x", NULL, .delay = 50},
	{"postfix/smtp", TO "relay=none, delay=99999999999, dsn=2.0.0, status=sent (x)", SENT,
	 "jo@a.example", "none", "", "2.0.0", "x", NULL, .delay = NOT_GIVEN},
	{"postfix/smtp", TO "relay=none, delay=-1, dsn=2.0.0, status=sent (x)", SENT,
	 "jo@a.example", "none", "", "2.0.0", "x", NULL, .delay = NOT_GIVEN},
	{"postfix/smtp", TO "relay=mx[192.0.2.9, delay=1, dsn=2.0.0, status=sent (x)", SENT,
	 "jo@a.example", "mx", "192.0.2.9", "2.0.0", "x", NULL, .delay = 100},
};

#define MALFORMED(why) .kind = BM_EVENT_MALFORMED, .reason = BM_MALFORMED_##why

static const struct shape others[] = {
	{"postfix/smtp", TO "relay=none, delay=1, dsn=4.4.1, sta", MALFORMED(CUT)},
	{"postfix/smtp", TO "relay=mx.a.exam", MALFORMED(CUT)},
	{"postfix/smtp", ID "to=<jo@a.exam", MALFORMED(CUT)},
	{"postfix/smtp", ID "to=<", MALFORMED(CUT)},
	{"postfix/smtp", ID "to=", MALFORMED(CUT)},
	{"postfix/smtp", TO "relay=none, delay=1, dsn=4.4.1, status=def", MALFORMED(STATUS)},
	{"postfix/smtp", TO "relay=none, delay=1, dsn=4.4.1, status=", MALFORMED(STATUS)},
	{"postfix/local", TO "relay=local, delay=1, dsn=2.0.0, status=failed (x)",
	 MALFORMED(STATUS)},
	/* probes */
	{"postfix/smtp",
	 TO "relay=mx.a.example[192.0.2.9]:25, delay=2, dsn=2.1.5, status=deliverable (250 ok)",
	 .kind = BM_EVENT_PROBE},
	{"postfix/virtual",
	 TO "relay=virtual, delay=0.1, dsn=5.1.1, status=undeliverable (unknown user: \"jo\")",
	 .kind = BM_EVENT_PROBE},
	{"postfix/local",
	 TO "relay=local, delay=0, dsn=5.1.1, status=undeliverable-but-not-cached (unknown user: "
	    "\"jo\")",
	 .kind = BM_EVENT_PROBE},
	/* senders and ends */
	{"postfix/qmgr", ID "from=<al@b.example>, size=4303, nrcpt=1 (queue active)",
	 .kind = BM_EVENT_SENDER, .address = "al@b.example", .recipients = 1},
	{"postfix/nqmgr", ID "from=<>, size=1, nrcpt=12345 (queue active)", .kind = BM_EVENT_SENDER,
	 .address = "", .recipients = 12345},
	{"postfix/qmgr", ID "from=<al@b.example>, size=4303, nrcpt=", .kind = BM_EVENT_SENDER,
	 .address = "al@b.example"},
	{"postfix/qmgr", ID "from=<al@b.example>, size=4303", .kind = BM_EVENT_SENDER,
	 .address = "al@b.example"},
	{"postfix/qmgr",
	 ID "from=<\"a>, status=expired, x\"@b.example>, size=1, nrcpt=1 (queue active)",
	 .kind = BM_EVENT_SENDER, .address = "\"a>, status=expired, x\"@b.example",
	 .recipients = 1},
	{"postfix/qmgr", ID "from=<al@b.example>, status=expired, returned to sender",
	 .kind = BM_EVENT_EXPIRED, .address = "al@b.example"},
	{"postfix/qmgr", ID "from=<al@b.example>, status=force-expired, returned to sender",
	 .kind = BM_EVENT_EXPIRED, .address = "al@b.example"},
	{"postfix/qmgr", ID "removed", .kind = BM_EVENT_REMOVED},
	{"postfix/postsuper", ID "removed", .kind = BM_EVENT_REMOVED},
	{"postfix", ID "removed", .kind = BM_EVENT_REMOVED},
	{"postfix/qmgr", ID "removed,,,,,,,,", .kind = BM_EVENT_REMOVED},
	{"postfix/qmgr", ID "removed by hand", .kind = BM_EVENT_IDLE},
	{"postfix/smtp", ID "removed", .kind = BM_EVENT_IDLE},
	/* beginnings */
	{"postfix/smtpd", ID "client=mx.b.example[198.51.100.7]", .kind = BM_EVENT_BEGIN,
	 .told = true, .far = true},
	{"postfix/smtpd", ID "client=localhost[127.0.0.1]", .kind = BM_EVENT_BEGIN, .told = true},
	{"postfix/smtpd", ID "client=localhost[::1]", .kind = BM_EVENT_BEGIN, .told = true},
	{"postfix/smtpd", ID "client=scan[172.16.0.1]", .kind = BM_EVENT_BEGIN, .told = true},
	{"postfix/smtpd", ID "client=scan[172.32.0.1]", .kind = BM_EVENT_BEGIN, .told = true,
	 .far = true},
	{"postfix/smtpd", ID "client=scan[192.168.7.1]", .kind = BM_EVENT_BEGIN, .told = true},
	{"postfix/smtpd", ID "client=scan[fd00::1]", .kind = BM_EVENT_BEGIN, .told = true},
	{"postfix/smtpd", ID "client=scan[fe80::1%eth0]", .kind = BM_EVENT_BEGIN, .told = true},
	{"postfix/smtpd", ID "client=mx.b.example[2001:db8::1]", .kind = BM_EVENT_BEGIN,
	 .told = true, .far = true},
	{"postfix/smtpd", ID "client=mx.b.example[1.2.3.4]", .kind = BM_EVENT_BEGIN, .told = true,
	 .far = true},
	{"postfix/smtpd", ID "client=unknown[unknown]", .kind = BM_EVENT_BEGIN, .told = true,
	 .far = true},
	{"postfix/submission/smtpd",
	 ID "client=pc.b.example[198.51.100.7], sasl_method=PLAIN, sasl_username=al@b.example",
	 .kind = BM_EVENT_BEGIN, .told = true, .far = true},
	{"postfix/10025/smtpd",
	 ID "client=localhost[127.0.0.1], orig_queue_id=3zXy5K1Kssz4wHS, "
	    "orig_client=mx.b.example[198.51.100.7]",
	 .kind = BM_EVENT_BEGIN, .told = true, .next_id = "3zXy5K1Kssz4wHS"},
	{"postfix/smtpd.local", ID "client=localhost[127.0.0.1], orig_queue_id=ABCDEF01",
	 .kind = BM_EVENT_BEGIN, .told = true, .next_id = "ABCDEF01"},
	{"postfix/pickup", ID "uid=0 from=<root>", .kind = BM_EVENT_BEGIN, .told = true},
	{"postfix/cleanup", ID "message-id=<1@b.example>", .kind = BM_EVENT_BEGIN},
	{"postfix/cleanup", ID "message-id=<x to=<a@b>, status=sent (x)>", .kind = BM_EVENT_BEGIN},
	{"postfix", ID "client=mx.b.example[198.51.100.7]", .kind = BM_EVENT_BEGIN, .told = true,
	 .far = true},
	/* rejects */
	{"postfix/smtpd",
	 "NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 554 5.7.1 no; from=<a@b.example> "
	 "to=<c@d.example> proto=ESMTP helo=<x, status=sent (y>",
	 .kind = BM_EVENT_REJECT},
	{"postfix/postscreen",
	 "NOQUEUE: reject: RCPT from [198.51.100.7]:5678: 550 5.7.1 Service unavailable; client "
	 "[198.51.100.7] blocked",
	 .kind = BM_EVENT_REJECT},
	{"postfix/smtpd", ID "reject: RCPT from unknown[198.51.100.7]: 450 4.1.1 no",
	 .kind = BM_EVENT_REJECT},
	{"postfix/cleanup", ID "milter-reject: END-OF-MESSAGE from x[198.51.100.7]: 5.7.1 no",
	 .kind = BM_EVENT_REJECT},
	{"postfix/smtpd",
	 "NOQUEUE: milter-reject: CONNECT from x[198.51.100.7]: 451 4.7.1 later; proto=SMTP",
	 .kind = BM_EVENT_REJECT},
	{"postfix/cleanup",
	 ID "reject: header Subject: to=<a@b>, status=sent (x) from y[198.51.100.7]; "
	    "from=<a@b.example>: 5.7.1 no",
	 .kind = BM_EVENT_REJECT},
	{"postfix/smtpd", "NOQUEUE: reject_warning: RCPT from x[198.51.100.7]: 450 4.1.2 no",
	 .kind = BM_EVENT_IDLE},
	{"postfix/cleanup", ID "milter-hold: END-OF-MESSAGE from x[198.51.100.7]: held",
	 .kind = BM_EVENT_IDLE},
	/* subjects */
	{"postfix/cleanup",
	 ID "warning: header Subject: Sale from 9 to 5 from mx.a.example[192.0.2.1]; from=<a@b> "
	    "to=<c@d> proto=ESMTP helo=<x>",
	 .kind = BM_EVENT_SUBJECT, .text = " Sale from 9 to 5"},
	{"postfix/cleanup",
	 ID "info: header SUBJECT: x; from=<y> from local; from=<a@b> to=<c@d>: text; of our own",
	 .kind = BM_EVENT_SUBJECT, .text = " x; from=<y>"},
	{"postfix", ID "replace: header Subject: x from y[192.0.2.1]; from=<a@b>: Subject: z",
	 .kind = BM_EVENT_SUBJECT, .text = " x"},
	{"postfix/cleanup", ID "filter: header subject: cut off from mx.a.exam",
	 .kind = BM_EVENT_SUBJECT, .text = " cut off from mx.a.exam"},
	{"postfix/cleanup", ID "warning: header Subject: status=sent", .kind = BM_EVENT_SUBJECT,
	 .text = " status=sent"},
	{"postfix/cleanup", ID "warning: header Subject:", .kind = BM_EVENT_SUBJECT, .text = ""},
	{"postfix/cleanup", ID "warning: header X-Subject: x from y[192.0.2.1]; from=<a@b>",
	 .kind = BM_EVENT_IDLE},
	{"postfix/cleanup", ID "warning: nested header Subject: x from y[192.0.2.1]; from=<a@b>",
	 .kind = BM_EVENT_IDLE},
	{"postfix/smtp", ID "warning: header Subject: x from y[192.0.2.1]; from=<a@b>",
	 .kind = BM_EVENT_IDLE},
	/* of a message, but counted nowhere */
	{"postfix/smtp",
	 ID "host mx.a.example[192.0.2.9] said: 451 4.7.1 later (in reply to RCPT TO command)",
	 .kind = BM_EVENT_IDLE},
	{"postfix/smtp", ID "lost connection with mx.a.example[192.0.2.9] while sending RCPT TO",
	 .kind = BM_EVENT_IDLE},
	{"postfix/bounce", ID "sender non-delivery notification: 5AB6F28A", .kind = BM_EVENT_IDLE},
	{"postfix/smtp", "connect to mx.a.example[192.0.2.9]:25: Connection timed out",
	 .kind = BM_EVENT_IDLE},
	{"postfix/smtpd", "warning: TLS library problem: to=<a@b>, status=sent (x)",
	 .kind = BM_EVENT_IDLE},
	{"postfix/smtpd", "connect from x[198.51.100.7]", .kind = BM_EVENT_IDLE},
	{"postfix/qmgr", "warning: to=<a@b.example>, status=sent (x)", .kind = BM_EVENT_IDLE},
	{"postfix/scache", "statistics: start interval Jun 10 09:08:18", .kind = BM_EVENT_IDLE},
	{"postfix/postfix-script", "starting the Postfix mail system", .kind = BM_EVENT_IDLE},
	{"postfix/qmgr", "", .kind = BM_EVENT_IDLE},
	{"postfix/qmgr", "4F0B2104A:", .kind = BM_EVENT_IDLE},
	{"postfix/qmgr", "4F0B2104A: ", .kind = BM_EVENT_IDLE},
	{"postfix/smtpd",
	 TO "relay=none, delay=1, dsn=2.0.0, status=sent (a daemon that does not deliver)",
	 .kind = BM_EVENT_IDLE},
	/* not Postfix */
	{"dovecot", TO "relay=none, delay=1, dsn=2.0.0, status=sent (x)", .kind = BM_EVENT_OTHER},
	{"kernel", "removed", .kind = BM_EVENT_OTHER},
	{"sendmail", ID "to=<jo@a.example>, delay=0, stat=Sent", .kind = BM_EVENT_OTHER},
	{"", "x", .kind = BM_EVENT_OTHER},
};

/* record_of - a record with this tag and message, the message in memory of its exact size */
static struct bm_record record_of(const char *tag, struct bm_bytes message)
{
	const char *const slash = strrchr(tag, '/');
	uint8_t *const copy = malloc(message.size ? message.size : 1);
	if (message.size)
		memcpy(copy, message.data, message.size);
	return (struct bm_record){.tag = bm_bytes_of(tag),
				  .daemon = slash ? (size_t)(slash + 1 - tag) : 0,
				  .message = {copy, message.size}};
}

static bool inside(struct bm_bytes slice, struct bm_bytes text)
{
	return slice.size == 0 ||
	       (slice.data >= text.data && slice.data + slice.size <= text.data + text.size);
}

#define EXPECT_RUN(field, want)                                                                    \
	do {                                                                                       \
		const struct bm_bytes got_ = (field);                                              \
		cr_expect(bm_bytes_equal(got_, bm_bytes_of(want)), "%s: " #field " is '%.*s'",     \
			  shape->message, (int)got_.size, (const char *)got_.data);                \
	} while (0)

/* parse - a shape's event, over an event full of what was there before */
static struct bm_event parse(const struct shape *shape, struct bm_record *record)
{
	struct bm_event event;
	memset(&event, 0x5a, sizeof event);
	event.queue_id = event.address = event.relay = event.relay_ip = event.dsn = event.text =
		event.next_id = (struct bm_bytes){0};
	*record = record_of(shape->tag, bm_bytes_of(shape->message));
	const enum bm_event_kind kind = bm_log_postfix.parse(record, &event);
	cr_assert_eq(kind, event.kind);
	cr_expect_eq(kind, shape->kind, "'%s: %s' is of kind %d, not %d", shape->tag,
		     shape->message, (int)kind, (int)shape->kind);
	return event;
}

Test(postfix, attempts)
{
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		const struct shape *const shape = &attempts[i];
		struct bm_record record;
		const struct bm_event event = parse(shape, &record);
		EXPECT_RUN(event.queue_id, "4F0B2104A");
		EXPECT_RUN(event.address, shape->address);
		EXPECT_RUN(event.relay, shape->relay);
		EXPECT_RUN(event.relay_ip, shape->ip);
		EXPECT_RUN(event.dsn, shape->dsn);
		EXPECT_RUN(event.text, shape->text);
		EXPECT_RUN(event.next_id, shape->next_id);
		cr_expect_eq(event.delay_hundredths, shape->delay, "%s: delay %u", shape->message,
			     event.delay_hundredths);
		cr_expect_eq(event.status, shape->status, "%s", shape->message);
		cr_expect_eq(event.relay_near, shape->near, "%s", shape->message);
		cr_expect_eq(event.forwarded, shape->forwarded, "%s", shape->message);
		free((void *)(uintptr_t)record.message.data);
	}
}

Test(postfix, everything_else)
{
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const struct shape *const shape = &others[i];
		struct bm_record record;
		const struct bm_event event = parse(shape, &record);
		if (event.kind == BM_EVENT_MALFORMED)
			cr_expect_eq(event.reason, (int)shape->reason, "%s", shape->message);
		if (event.kind == BM_EVENT_SENDER || event.kind == BM_EVENT_EXPIRED)
			EXPECT_RUN(event.address, shape->address);
		if (event.kind == BM_EVENT_SENDER)
			cr_expect_eq(event.recipients, shape->recipients, "%s: %u recipients",
				     shape->message, event.recipients);
		if (event.kind == BM_EVENT_SUBJECT)
			EXPECT_RUN(event.text, shape->text);
		if (event.kind == BM_EVENT_BEGIN) {
			EXPECT_RUN(event.next_id, shape->next_id);
			cr_expect_eq(event.client_told, shape->told, "%s", shape->message);
			if (shape->told)
				cr_expect_eq(event.client_far, shape->far, "%s", shape->message);
		}
		free((void *)(uintptr_t)record.message.data);
	}
}

/* Every shape cut at every byte: never an attempt before its status, every slice inside. */
Test(postfix, cut_everywhere)
{
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		const struct shape *const shape = &attempts[i];
		const struct bm_bytes whole = bm_bytes_of(shape->message);
		const size_t status =
			(size_t)((uint8_t *)(uintptr_t)strstr(shape->message, "status=") -
				 whole.data);
		for (size_t size = 0; size <= whole.size; size++) {
			struct bm_record record =
				record_of(shape->tag, (struct bm_bytes){whole.data, size});
			struct bm_event event = {0};
			const enum bm_event_kind kind = bm_log_postfix.parse(&record, &event);
			if (size < status)
				cr_assert_neq(kind, BM_EVENT_ATTEMPT, "%.*s", (int)size,
					      shape->message);
			if (kind == BM_EVENT_ATTEMPT)
				cr_assert(inside(event.address, record.message) &&
					  inside(event.relay, record.message) &&
					  inside(event.relay_ip, record.message) &&
					  inside(event.dsn, record.message) &&
					  inside(event.text, record.message) &&
					  inside(event.next_id, record.message));
			free((void *)(uintptr_t)record.message.data);
		}
	}
}

/* seconds_of - how long the parsing of head and a megabyte or so of filler takes */
static double seconds_of(const char *head, const char *filler, size_t size)
{
	const size_t head_size = strlen(head), filler_size = strlen(filler);
	uint8_t *const text = malloc(size);
	memcpy(text, head, head_size);
	for (size_t at = head_size; at < size; at++)
		text[at] = (uint8_t)filler[(at - head_size) % filler_size];
	struct bm_record record = record_of("postfix/smtp", (struct bm_bytes){text, size});
	struct bm_event event = {0};
	struct timespec from, to;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	bm_log_postfix.parse(&record, &event);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	free((void *)(uintptr_t)record.message.data);
	free(text);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* A megabyte of anything takes milliseconds (a second where a sanitizer looks at all of it again and
 * again); a quadratic reading would take minutes of the processor. */
enum { SECONDS_MAX = 20 };
Test(postfix, is_linear)
{
	static const char *const heads[] = {
		"4F0B2104A: to=<", "4F0B2104A: to=<\"", "4F0B2104A: to=<jo@a.example>, ",
		"4F0B2104A: to=<jo@a.example>, relay=x[10.0.0.1]:25, status=sent (",
		"4F0B2104A: to=<jo@a.example>, orig_to=<"};
	static const char *const fillers[] = {
		"<",          ">",     ">>>>,",   "\"",        "\\\"",   ", ",  "[",
		"queued as ", "a=b, ", "relay=[", "orig_to=<", "status", "to=<"};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		for (size_t j = 0; j < sizeof fillers / sizeof *fillers; j++)
			cr_expect_lt(seconds_of(heads[i], fillers[j], 1 << 20), SECONDS_MAX,
				     "%s %s", heads[i], fillers[j]);
}
