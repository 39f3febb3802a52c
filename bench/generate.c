/* generate.c - the model behind generate.h.
 *
 * Everything that will happen is a step in one priority queue, ordered by time and then by the
 * order of planning: a client connects, cleanup names the message, the queue manager opens it, a
 * recipient is tried, the message ends or waits for its next turn.  Handling a step writes its
 * lines, counts its truth and plans the next step, so messages interleave as in a real log and a
 * deferred message comes back hours or days later, perhaps in another file.
 *
 * A recipient's fate (sent, bounced, or deferred so and so often before either) is drawn when its
 * message is made; the log merely plays it.  What a domain answers depends on who runs it:
 * `services` says how an exchanger is called and how it agrees, `replies` how it refuses and why.
 * Each refusal has words that leave no doubt about its category, because the truth is compared to
 * the digit.
 *
 * Popularity: two thirds of the mail go to the large providers of `heads`; the rest is a Zipf tail,
 * drawn as rank = N * u^5 (density rank^-0.8) in integers.  Volume steers itself: once an hour
 * the rate of arrivals is set from what is still missing and what a message has cost so far.
 * No floating function of libm is used, so that a seed means the same bytes everywhere.
 *
 * It stops where bouncemill's questions stop: no DSN mail is written, addresses are not checked
 * against a directory, a filter never fails, and process ids are plausible rather than tracked.
 */
#include "generate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bouncemill/category.h"
#include "bouncemill/clock.h"

#define COUNT(array)          (sizeof(array) / sizeof(array)[0])
#define MICROSECONDS          1000000LL
#define DAY_MICROSECONDS      (86400 * MICROSECONDS)
#define LIFETIME_MICROSECONDS (5 * DAY_MICROSECONDS)
#define WARNING_MICROSECONDS  (4 * 3600 * MICROSECONDS)

enum { BUFFER_BYTES = 1 << 20, LINE_BYTES_MAX = 8192, RECIPIENTS_MAX = 50 };
enum { MESSAGE_BYTES_GUESS = 1100, MESSAGE_LINES_GUESS = 8, FOREVER = 255 };

/* clang-format off */
/* ---- who answers ---- */

enum kind {
	GOOGLE, WORKSPACE, MICROSOFT, OFFICE, YAHOO, TENCENT, EXMAIL, NETEASE, QIYE, ALIYUN, APPLE,
	GMX, TONLINE, MAILRU, YANDEX, ORANGE, COMCAST, PROOFPOINT, MIMECAST, BARRACUDA, POSTFIX,
	EXIM, SENDMAIL, QMAIL, EXCHANGE, COREMAIL, LMTP, VIRTUAL, NXDOMAIN, NULLMX, LOOP, SERVFAIL,
	REFUSED, TIMEOUT, UNREACHABLE, SILENT, NOTLS, KIND_COUNT
};

/* Where an answer falls in the dialogue.  ALONE and TALK are Postfix's own words: without a
 * relay, and about one. */
enum stage { CONNECT, MAIL, RCPT, DATA, DOT, ALONE, TALK };

/* How one kind of exchanger is reached and agrees.  In all texts, % starts a placeholder: expand().
 * bounce and defer are shares of recipients in 1/10,000; tail is a weight among small domains. */
struct service {
	const char *hosts[2];
	const char *sent;
	enum kind replies;
	unsigned bounce, defer, tls, tail;
};

#define G1 "gmail-smtp-in.l.google.com"
#define G2 "aspmx.l.google.com"
static const struct service services[KIND_COUNT] = {
	[GOOGLE] = {{G1, "alt1." G1}, "2.0.0 OK  %e %g - gsmtp", GOOGLE, 300, 260, 60, 0},
	[WORKSPACE] = {{G2, "alt1." G2}, "2.0.0 OK  %e %g - gsmtp", GOOGLE, 420, 200, 60, 100},
	[MICROSOFT] = {{"outlook-com.olc.protection.outlook.com",
		"hotmail-com.olc.protection.outlook.com"},
		"2.6.0 <%n.%g@%S> [InternalId=40183%n, "
		"Hostname=DB9P250MB%3.EURP250.PROD.OUTLOOK.COM] 1%n bytes in 0.%3, 56.%3 KB/sec "
		"Queued mail for delivery -> 250 2.1.5", MICROSOFT, 360, 330, 60, 0},
	[OFFICE] = {{"%D.mail.protection.outlook.com", "%D.mail.protection.outlook.com"},
		"2.6.0 <%n.%x@%S> [InternalId=17%n, "
		"Hostname=VI1PR08MB%3.eurprd08.prod.outlook.com] 2%n bytes in 0.%3, 130.%3 "
		"KB/sec Queued mail for delivery", OFFICE, 460, 300, 60, 180},
	[YAHOO] = {{"mta5.am0.yahoodns.net", "mta6.am0.yahoodns.net"},
		"ok dirdel", YAHOO, 420, 420, 50, 0},
	[TENCENT] = {{"mx1.qq.com", "mx3.qq.com"}, "OK: queued as.", TENCENT, 420, 200, 40, 0},
	[EXMAIL] = {{"mxbiz1.qq.com", "mxbiz2.qq.com"},
		"OK: queued as.", TENCENT, 420, 200, 40, 40},
	[NETEASE] = {{"163mx01.mxmail.netease.com", "163mx02.mxmail.netease.com"},
		"Mail OK queued as zwqz-smtp-mta-g1-%3,_____%g %e", NETEASE, 420, 240, 30, 0},
	[QIYE] = {{"mx.qiye.163.com", "mx2.qiye.163.com"},
		"Mail OK queued as wmqz-mx-%3,_%g %e", NETEASE, 420, 240, 30, 30},
	[ALIYUN] = {{"mx2.mail.aliyun.com", "mx1.mail.aliyun.com"},
		"Data Ok: queued as freedom ###%n%3##", ALIYUN, 400, 200, 20, 20},
	[APPLE] = {{"mx01.mail.icloud.com", "mx02.mail.icloud.com"},
		"2.0.0 Ok: queued as %q", APPLE, 300, 150, 50, 0},
	[GMX] = {{"mx00.emig.gmx.net", "mx01.emig.gmx.net"},
		"Requested mail action okay, completed: id=%g", GMX, 300, 260, 60, 0},
	[TONLINE] = {{"mx00.t-online.de", "mx01.t-online.de"},
		"2.0.0 Message accepted.", TONLINE, 260, 240, 60, 0},
	[MAILRU] = {{"mxs.mail.ru", "emx.mail.ru"}, "OK id=%g", MAILRU, 360, 240, 40, 0},
	[YANDEX] = {{"mx.yandex.ru", "mx.yandex.ru"},
		"2.0.0 Ok: queued on mail-nwsmtp-mxfront-production-main-%3 %e-%g",
		YANDEX, 320, 300, 40, 0},
	[ORANGE] = {{"smtp-in.orange.fr", "smtp-in2.orange.fr"},
		"2.0.0 %g mail accepted for delivery", ORANGE, 400, 560, 0, 0},
	[COMCAST] = {{"mx1h1.comcast.net", "mx1c1.comcast.net"},
		"2.0.0 %g mail accepted for delivery", COMCAST, 380, 360, 50, 0},
	[PROOFPOINT] = {{"mx0a-00%k.pphosted.com", "mx0b-00%k.pphosted.com"},
		"2.0.0 3%g-1 Message accepted for delivery", PROOFPOINT, 460, 240, 50, 40},
	[MIMECAST] = {{"eu-smtp-inbound-1.mimecast.com", "eu-smtp-inbound-2.mimecast.com"},
		"SmtpThread-%n-%e%3@uk-mta-%3.uk.mimecast.lan Received OK [%g.uk%3]",
		MIMECAST, 400, 900, 50, 40},
	[BARRACUDA] = {{"d%ka.ess.barracudanetworks.com", "d%kb.ess.barracudanetworks.com"},
		"Ok: queued as %g", BARRACUDA, 480, 240, 50, 30},
	[POSTFIX] = {{"mail.%d", "mx2.%d"}, "2.0.0 Ok: queued as %q", POSTFIX, 480, 950, 40, 240},
	[EXIM] = {{"mx1.%d", "mail.%d"}, "OK id=1r%x-%3-%x", EXIM, 520, 560, 40, 180},
	[SENDMAIL] = {{"mailhost.%d", "mx.%d"},
		"2.0.0 3AN%x%n Message accepted for delivery", SENDMAIL, 460, 600, 20, 40},
	[QMAIL] = {{"mx.%d", "smtp.%d"}, "ok %e qp %n", QMAIL, 520, 240, 0, 30},
	[EXCHANGE] = {{"owa.%d", "mail.%d"},
		"2.6.0 <%n.%x@%S> [InternalId=6%n, Hostname=EX2016.intern.local] Queued mail for "
		"delivery", EXCHANGE, 460, 300, 30, 50},
	[COREMAIL] = {{"mail.%d", "mx.%d"},
		"Mail OK queued as AQAAf%g", COREMAIL, 520, 300, 10, 40},
	[LMTP] = {{"mail.example.com", "mail.example.com"},
		"2.0.0 <%r> %g Saved", LMTP, 200, 100, 0, 0},
	[VIRTUAL] = {{"virtual", "virtual"}, "delivered to maildir", VIRTUAL, 0, 0, 0, 0},
	[NXDOMAIN] = {{"none", "none"}, "", NXDOMAIN, 10000, 0, 0, 15},
	[NULLMX] = {{"none", "none"}, "", NULLMX, 10000, 0, 0, 3},
	[LOOP] = {{"none", "none"}, "", LOOP, 10000, 0, 0, 1},
	[SERVFAIL] = {{"mx.%d", "mx.%d"}, "2.0.0 Ok: queued as %q", SERVFAIL, 0, 10000, 0, 2},
	[REFUSED] = {{"mail.%d", "mx.%d"}, "2.0.0 Ok: queued as %q", REFUSED, 0, 10000, 0, 2},
	[TIMEOUT] = {{"mail.%d", "mx.%d"}, "2.0.0 Ok: queued as %q", TIMEOUT, 0, 10000, 0, 2},
	[UNREACHABLE] = {{"mail.%d", "mx.%d"},
		"2.0.0 Ok: queued as %q", UNREACHABLE, 0, 10000, 0, 1},
	[SILENT] = {{"mail.%d", "mx.%d"}, "2.0.0 Ok: queued as %q", SILENT, 0, 10000, 0, 1},
	[NOTLS] = {{"mail.%d", "mx.%d"}, "2.0.0 Ok: queued as %q", NOTLS, 0, 10000, 0, 2},
};

/* A refusal: who, when, how and why.  code 0 means Postfix's own words, and then dsn is given; else
 * the code goes in front of each line of text.  5xx is final except at CONNECT; all else
 * is tried again. */
struct reply {
	enum kind kind;
	enum stage stage;
	unsigned code;
	enum bm_category category;
	unsigned weight;
	const char *dsn;
	const char *text;
};

#define R(kind, stage, code, category, weight, text)                                               \
	{kind, stage, code, BM_CATEGORY_##category, weight, NULL, text},
#define OWN(kind, stage, dsn, category, weight, text)                                              \
	{kind, stage, 0, BM_CATEGORY_##category, weight, dsn, text},
#define EUR "eurprd04.prod.outlook.com"
#define SUPPORT "  https://support.google.com/mail/?p="

static const struct reply replies[] = {
	R(GOOGLE, RCPT, 550, BAD_MAILBOX, 60,
	  "5.1.1 The email account that you tried to reach does not exist. Please try\n"
	  "5.1.1 double-checking the recipient's email address for typos or\n"
	  "5.1.1 unnecessary spaces. For more information, go to\n5.1.1" SUPPORT "NoSuchUser %g "
	  "- gsmtp")
	R(GOOGLE, RCPT, 550, INACTIVE_MAILBOX, 8,
	  "5.2.1 The email account that you tried to reach is inactive. For more\n"
	  "5.2.1 information, go to\n5.2.1" SUPPORT "DisabledUser %g - gsmtp")
	R(GOOGLE, RCPT, 552, QUOTA_ISSUES, 10,
	  "5.2.2 The recipient's inbox is out of storage space and inactive. Please\n"
	  "5.2.2 direct the recipient to\n5.2.2" SUPPORT "OverQuotaPerm %g - gsmtp")
	R(GOOGLE, DOT, 550, SPAM_RELATED, 8,
	  "5.7.1 [%i      12] Gmail has detected that this message is likely\n"
	  "5.7.1 unsolicited mail. To reduce the amount of spam sent to Gmail, this\n"
	  "5.7.1 message has been blocked. For more information, go to\n5.7.1" SUPPORT
	  "UnsolicitedMessageError %g - gsmtp")
	R(GOOGLE, DOT, 550, AUTHENTICATION_FAILED, 8,
	  "5.7.26 Unauthenticated email from %S is not accepted due to domain's\n"
	  "5.7.26 DMARC policy. Please contact the administrator of %S domain if\n"
	  "5.7.26 this was a legitimate mail. To learn about the DMARC initiative, go to\n5.7.26"
	  SUPPORT "DmarcRejection %g - gsmtp")
	R(GOOGLE, DOT, 552, CONTENT_RELATED, 3,
	  "5.7.0 This message was blocked because its content presents a potential\n"
	  "5.7.0 security issue. To review our message content and attachment content\n"
	  "5.7.0 guidelines, go to\n5.7.0" SUPPORT "BlockedMessage %g - gsmtp")
	R(GOOGLE, DOT, 552, MESSAGE_TOO_LARGE, 2,
	  "5.3.4 Your message exceeded Google's message size limits. To view our message\n"
	  "5.3.4 size guidelines, go to\n5.3.4" SUPPORT "MaxSizeError %g - gsmtp")
	R(GOOGLE, MAIL, 550, REVERSE_DNS, 2,
	  "5.7.25 [%i] The IP address sending this message does not have a\n"
	  "5.7.25 PTR record setup, or the corresponding forward DNS entry does not\n"
	  "5.7.25 match the sending IP. %g - gsmtp")
	R(GOOGLE, RCPT, 452, QUOTA_ISSUES, 12,
	  "4.2.2 The recipient's inbox is out of storage space. Please direct the\n"
	  "4.2.2 recipient to\n4.2.2" SUPPORT "OverQuotaTemp %g - gsmtp")
	R(GOOGLE, RCPT, 450, RATE_LIMITED, 8,
	  "4.2.1 The user you are trying to contact is receiving mail at a rate that\n"
	  "4.2.1 prevents additional messages from being delivered. Please resend your\n"
	  "4.2.1 message at a later time. For more information, go to\n4.2.1" SUPPORT
	  "ReceivingRate %g - gsmtp")
	R(GOOGLE, DOT, 421, RATE_LIMITED, 10,
	  "4.7.28 Gmail has detected an unusual rate of mail originating\n"
	  "4.7.28 from your IP address [%i      15]. To protect our users, mail\n"
	  "4.7.28 has been temporarily rate limited. For more information, go to\n4.7.28" SUPPORT
	  "UnsolicitedRateLimitError %g - gsmtp")

	R(MICROSOFT, RCPT, 550, BAD_MAILBOX, 60,
	  "5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [%x." EUR " %z "
	  "08DC%x]")
	R(MICROSOFT, MAIL, 550, BLOCKLISTED, 10,
	  "5.7.1 Unfortunately, messages from [%i] weren't sent. Please contact your Internet "
	  "service provider since part of their network is on our block list (S3140). You can "
	  "also refer your provider to http://mail.live.com/mail/troubleshooting.aspx#errors. "
	  "[Name=Protocol Filter Agent][AGT=PFA][MxId=%g]")
	R(MICROSOFT, DOT, 552, QUOTA_ISSUES, 10,
	  "5.2.2 The recipient's mailbox is full and can't accept messages now. [%x." EUR "]")
	R(MICROSOFT, DOT, 550, AUTHENTICATION_FAILED, 6,
	  "5.7.515 Access denied, sending domain %S doesn't meet the required authentication "
	  "level. The sender's domain in the 5322.From address doesn't meet the authentication "
	  "requirements defined for the sender. Spf= Fail , Dkim= None , DMARC= Fail [%x." EUR
	  " %z 08DC%x]")
	R(MICROSOFT, RCPT, 451, RATE_LIMITED, 12,
	  "4.7.500 Server busy. Please try again later from [%i]. (S77719) "
	  "[BL6PEPF0001AB%3.namprd04.prod.outlook.com %z 08DC%x]")
	R(MICROSOFT, CONNECT, 421, RATE_LIMITED, 4,
	  "RP-001 (BAY004-MC%3) Unfortunately, some messages from %i weren't sent. Please try "
	  "again. We have limits for how many messages can be sent per hour and per day.")

	R(OFFICE, RCPT, 550, BAD_MAILBOX, 30,
	  "5.4.1 Recipient address rejected: Access denied. For more information see "
	  "https://aka.ms/EXOSmtpErrors [HE1EUR01FT%3.eop-EUR01.prod.protection.outlook.com %z "
	  "08DC%x]")
	R(OFFICE, DOT, 550, BAD_MAILBOX, 15,
	  "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient %r not found by SMTP address lookup")
	R(OFFICE, MAIL, 550, BLOCKLISTED, 5,
	  "5.7.606 Access denied, banned sending IP [%i]. To request removal from this list "
	  "please visit https://sender.office.com/ and follow the directions. AS(1430) "
	  "[%x.protection.outlook.com]")
	R(OFFICE, DOT, 550, AUTHENTICATION_FAILED, 5,
	  "5.7.509 Access denied, sending domain %S does not pass DMARC verification and has a "
	  "DMARC policy of reject. [%x." EUR " %z 08DC%x]")
	R(OFFICE, DOT, 554, ROUTING_ERRORS, 2,
	  "5.4.14 Hop count exceeded - possible mail loop ATTR34 "
	  "[%x.eop-EUR01.prod.protection.outlook.com]")
	R(OFFICE, DOT, 550, POLICY_RELATED, 4,
	  "5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy")
	R(OFFICE, DOT, 550, MESSAGE_TOO_LARGE, 2,
	  "5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient")
	R(OFFICE, DOT, 554, QUOTA_ISSUES, 5,
	  "5.2.2 mailbox full; STOREDRV.Deliver; the recipient's mailbox is over quota [%x." EUR
	  "]")
	R(OFFICE, RCPT, 451, RATE_LIMITED, 10,
	  "4.7.500 Server busy. Please try again later from [%i]. (S77719) "
	  "[HE1EUR01FT%3.eop-EUR01.prod.protection.outlook.com]")

	R(YAHOO, DOT, 554, BAD_MAILBOX, 40,
	  "delivery error: dd This user doesn't have a %d account (%r) [0] - "
	  "mta4%3.mail.bf1.yahoo.com")
	R(YAHOO, RCPT, 552, BAD_MAILBOX, 20, "1 Requested mail action aborted, mailbox not found")
	R(YAHOO, DOT, 554, INACTIVE_MAILBOX, 14,
	  "delivery error: dd Sorry, your message to %r cannot be delivered. This mailbox is "
	  "disabled (554.30). - mta4%3.mail.ne1.yahoo.com")
	R(YAHOO, RCPT, 552, QUOTA_ISSUES, 8,
	  "1 Requested mail action aborted, exceeded storage allocation (mailbox is over quota)")
	R(YAHOO, DOT, 554, POLICY_RELATED, 5,
	  "5.7.9 Message not accepted for policy reasons. See "
	  "https://postmaster.yahooinc.com/error-codes")
	R(YAHOO, MAIL, 553, BLOCKLISTED, 3,
	  "5.7.1 [BL21] Connections will not be accepted from %i, because the ip is in "
	  "Spamhaus's list; see https://postmaster.yahooinc.com/error-codes")
	R(YAHOO, MAIL, 421, RATE_LIMITED, 20,
	  "4.7.0 [TSS04] Messages from %i temporarily deferred due to unexpected volume or user "
	  "complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes")

	R(TENCENT, RCPT, 550, BAD_MAILBOX, 50,
	  "Mailbox not found. "
	  "http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000728")
	R(TENCENT, DOT, 550, SPAM_RELATED, 14,
	  "Mail content denied. "
	  "http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000726")
	R(TENCENT, MAIL, 550, RATE_LIMITED, 6,
	  "Ip frequency limited [MKW%g IP: %i]. https://service.mail.qq.com/detail/122/171.")
	R(TENCENT, DOT, 550, AUTHENTICATION_FAILED, 5,
	  "SPF check failed [%g IP: %i]. https://service.mail.qq.com/detail/122/72.")
	R(TENCENT, RCPT, 550, RECIPIENT_REFUSED, 5,
	  "Mail is rejected by recipients [%g]. https://service.mail.qq.com/detail/122/92")
	R(TENCENT, RCPT, 552, QUOTA_ISSUES, 6, "Mailbox full, no more mails accepted [%g].")
	R(TENCENT, DOT, 550, INVALID_SENDER, 3,
	  "Domain may not exist or DNS check failed [%g]. "
	  "https://service.mail.qq.com/detail/122/105.")
	R(TENCENT, CONNECT, 554, RATE_LIMITED, 10,
	  "Connection frequency limited. "
	  "http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000725")

	R(NETEASE, RCPT, 550, BAD_MAILBOX, 50, "User not found: %r")
	R(NETEASE, RCPT, 550, INACTIVE_MAILBOX, 10, "User suspended: %r")
	R(NETEASE, DOT, 554, SPAM_RELATED, 12,
	  "DT:SPM 163 mx%3,_____%g %e,please see "
	  "http://mail.163.com/help/help_spam_16.htm?ip=%i&hostid=mx%3&time=%e")
	R(NETEASE, MAIL, 554, BLOCKLISTED, 5, "IP<%i> in blacklist, HL:IPB 163 mx%3,%g")
	R(NETEASE, RCPT, 552, QUOTA_ISSUES, 8, "Quota exceeded: %r")
	R(NETEASE, MAIL, 553, AUTHENTICATION_FAILED, 3,
	  "MI:SPF mx%3,%g %e http://mail.163.com/help/help_spam_16.htm")
	R(NETEASE, DOT, 451, RATE_LIMITED, 10, "MI:SFQ 163 mx%3,%g %e")

	R(ALIYUN, RCPT, 559, BAD_MAILBOX, 30, "Invalid rcptto [@sm070102] %r")
	R(ALIYUN, DOT, 554, SPAM_RELATED, 6,
	  "Reject by content spam at DATA State: ANTISPAM_DAT[01201311]")
	R(ALIYUN, RCPT, 554, AUTHENTICATION_FAILED, 4,
	  "Reject by behaviour spam at Rcpt State(Connection IP "
	  "address:%i)ANTISPAM_BAT[01201311R1326a, ay29a0330%n]: spf check failed, CONTINUE")
	R(ALIYUN, RCPT, 452, QUOTA_ISSUES, 10,
	  "Mailbox full, please try again later [@sm070103] %r")

	R(APPLE, RCPT, 550, BAD_MAILBOX, 30, "5.1.1 <%r>: user does not exist")
	R(APPLE, RCPT, 552, QUOTA_ISSUES, 15, "5.2.2 <%r>: user is over quota")
	R(APPLE, DOT, 554, POLICY_RELATED, 5,
	  "5.7.1 [CS01] Message rejected due to local policy. Please visit "
	  "https://support.apple.com/en-us/HT204137")
	R(APPLE, DOT, 550, AUTHENTICATION_FAILED, 4,
	  "5.7.1 Your message was rejected due to %S's DMARC policy. See "
	  "https://support.apple.com/en-us/HT204137 for info")
	R(APPLE, RCPT, 450, RATE_LIMITED, 10,
	  "4.7.1 Too many messages from your address, please slow down and try again later")

	R(GMX, RCPT, 550, BAD_MAILBOX, 30,
	  "Requested action not taken: mailbox unavailable\nFor explanation visit "
	  "https://www.gmx.net/mail/senderguidelines?c=u")
	R(GMX, RCPT, 552, QUOTA_ISSUES, 10,
	  "Requested mail action aborted: exceeded storage allocation\n"
	  "Quota exceeded. The recipient mailbox is full.\nFor explanation visit "
	  "https://postmaster.gmx.net/en/error-messages?ip=%i")
	R(GMX, DOT, 554, SPAM_RELATED, 6,
	  "Transaction failed\nMessage was classified as spam.\n"
	  "For explanation visit https://postmaster.gmx.net/en/case?c=hi&i=ip&v=%i")
	R(GMX, MAIL, 450, RATE_LIMITED, 10,
	  "Requested mail action not taken: mailbox unavailable\nMail send limit exceeded.\n"
	  "For explanation visit https://postmaster.gmx.net/en/case?c=r0304&i=ip&v=%i&r=%g")
	R(GMX, CONNECT, 554, BLOCKLISTED, 2,
	  "gmx.net (mxgmx%3) Nemesis ESMTP Service not available\nNo SMTP service\n"
	  "IP address is black listed.\nFor explanation visit "
	  "https://postmaster.gmx.net/en/case?c=r0103&i=ip&v=%i&r=%g")

	R(TONLINE, RCPT, 550, BAD_MAILBOX, 30, "5.1.1 unknown user")
	R(TONLINE, RCPT, 452, QUOTA_ISSUES, 15, "4.2.2 over quota")
	R(TONLINE, CONNECT, 554, BLOCKLISTED, 3,
	  "IP=%i - A problem occurred. (Ask your postmaster for help or to contact "
	  "tosa@rx.t-online.de to clarify.) (BL)")

	R(MAILRU, RCPT, 550, BAD_MAILBOX, 30,
	  "Message was not accepted -- invalid mailbox.  Local mailbox %r is unavailable: user "
	  "not found")
	R(MAILRU, RCPT, 550, INACTIVE_MAILBOX, 10,
	  "Message was not accepted -- invalid mailbox.  Local mailbox %r is unavailable: "
	  "account is disabled")
	R(MAILRU, DOT, 550, SPAM_RELATED, 10,
	  "spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c=%g or  "
	  "report details to abuse@corp.mail.ru. Error code: %x%x. ID: %x.")
	R(MAILRU, RCPT, 552, QUOTA_ISSUES, 8, "Mailbox %r is full")
	R(MAILRU, DOT, 451, RATE_LIMITED, 10,
	  "Try again later. Message rate limit exceeded, please visit "
	  "http://help.mail.ru/mail-help")

	R(YANDEX, RCPT, 550, BAD_MAILBOX, 30, "5.7.1 No such user! %e-%g")
	R(YANDEX, DOT, 554, SPAM_RELATED, 10,
	  "5.7.1 [2] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc %e-%g")
	R(YANDEX, RCPT, 450, GREYLISTING, 10,
	  "4.7.1 <%r>: Recipient address rejected: Greylisted, please try again in 300 seconds "
	  "%e-%g")

	R(ORANGE, RCPT, 550, BAD_MAILBOX, 30,
	  "5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR204_416 [416]")
	R(ORANGE, RCPT, 552, QUOTA_ISSUES, 10,
	  "5.2.2 Boite du destinataire pleine. Mailbox full. OFR417 [417]")
	R(ORANGE, CONNECT, 421, RATE_LIMITED, 20,
	  "mwinf5c%3 ME Trop de connexions, veuillez verifier votre configuration. Too many "
	  "connections, slow down. OFR004_104 [104]")

	R(COMCAST, RCPT, 550, BAD_MAILBOX, 30, "5.1.1 Not our Customer")
	R(COMCAST, RCPT, 552, QUOTA_ISSUES, 10, "5.2.2 Over quota")
	R(COMCAST, RCPT, 421, RATE_LIMITED, 20,
	  "4.1.0 %i Throttled - try again later. Please see "
	  "http://postmaster.comcast.net/smtp-error-codes.php#RL000001")
	R(COMCAST, CONNECT, 554, BLOCKLISTED, 2,
	  "resimta-c1p-%3 resimta-c1p %i Comcast block for spam.  Please see "
	  "http://postmaster.comcast.net/smtp-error-codes.php#BL000001")

	R(PROOFPOINT, RCPT, 550, BAD_MAILBOX, 30, "5.1.1 User Unknown")
	R(PROOFPOINT, DOT, 550, POLICY_RELATED, 5, "5.7.0 Local Policy Violation - %g")
	R(PROOFPOINT, DOT, 554, VIRUS_RELATED, 2,
	  "5.7.1 The message contains a virus or malicious attachment - MF:Eicar-Test")
	R(PROOFPOINT, RCPT, 452, RATE_LIMITED, 8,
	  "4.5.3 Too many recipients in this session, rate limit exceeded")
	R(PROOFPOINT, CONNECT, 554, BLOCKLISTED, 3,
	  "Blocked - see https://ipcheck.proofpoint.com/?ip=%i")

	R(MIMECAST, RCPT, 550, BAD_MAILBOX, 30,
	  "Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [%g.uk%3]")
	R(MIMECAST, RCPT, 550, POLICY_RELATED, 5,
	  "Administrative prohibition - envelope blocked - "
	  "https://community.mimecast.com/docs/DOC-1369#550 [%g.uk%3]")
	R(MIMECAST, DOT, 554, POLICY_RELATED, 5,
	  "Email rejected due to security policies - "
	  "https://community.mimecast.com/docs/DOC-1369#554 [%g.uk%3]")
	R(MIMECAST, RCPT, 451, GREYLISTING, 30,
	  "Internal resource temporarily unavailable - "
	  "https://community.mimecast.com/docs/DOC-1369#451 [%g.uk%3]")

	R(BARRACUDA, RCPT, 550, BAD_MAILBOX, 30,
	  "permanent failure for one or more recipients (%r:550 5.1.1 No such user)")
	R(BARRACUDA, MAIL, 550, BLOCKLISTED, 5,
	  "Service unavailable; Client host [%i] blocked using Barracuda Reputation; "
	  "http://www.barracudanetworks.com/reputation/?r=1&ip=%i")
	R(BARRACUDA, RCPT, 450, RATE_LIMITED, 8,
	  "Too many messages from [%i], rate limit exceeded; try again later")

	R(POSTFIX, RCPT, 550, BAD_MAILBOX, 40,
	  "5.1.1 <%r>: Recipient address rejected: User unknown in virtual mailbox table")
	R(POSTFIX, RCPT, 550, BAD_MAILBOX, 20,
	  "5.1.1 <%r>: Recipient address rejected: User unknown in local recipient table")
	R(POSTFIX, RCPT, 554, RELAYING_ISSUES, 6, "5.7.1 <%r>: Relay access denied")
	R(POSTFIX, RCPT, 554, BLOCKLISTED, 8,
	  "5.7.1 Service unavailable; Client host [%i] blocked using zen.spamhaus.org; "
	  "https://www.spamhaus.org/query/ip/%i")
	R(POSTFIX, RCPT, 550, AUTHENTICATION_FAILED, 4,
	  "5.7.23 <%r>: Recipient address rejected: Message rejected due to: SPF fail - not "
	  "authorized. Please see http://www.open-spf.net/Why?s=mfrom;id=%s;ip=%i;r=%r")
	R(POSTFIX, DOT, 552, MESSAGE_TOO_LARGE, 2, "5.3.4 Message size exceeds fixed limit")
	R(POSTFIX, DOT, 550, CONTENT_RELATED, 3,
	  "5.7.1 message content rejected: attachment name \"invoice%3.exe\" is not permitted")
	R(POSTFIX, DOT, 554, ROUTING_ERRORS, 2, "5.4.6 Error: too many hops")
	R(POSTFIX, DOT, 554, VIRUS_RELATED, 3,
	  "5.7.1 Infected: Win.Test.EICAR_HDB-1 FOUND, id=%n-01")
	R(POSTFIX, RCPT, 552, QUOTA_ISSUES, 8, "4.2.2 <%r>: user has full mailbox")
	R(POSTFIX, RCPT, 450, GREYLISTING, 60,
	  "4.2.0 <%r>: Recipient address rejected: Greylisted, see "
	  "http://postgrey.schweikert.ch/help/%d.html")
	R(POSTFIX, RCPT, 451, SYSTEM_ERROR, 6, "4.3.0 <%r>: Temporary lookup failure")
	R(POSTFIX, RCPT, 450, INVALID_SENDER, 3,
	  "4.1.8 <%s>: Sender address rejected: Domain not found")
	OWN(POSTFIX, ALONE, "4.4.1", BAD_CONNECTION, 8,
	  "connect to %m[%p]:25: Connection timed out")
	OWN(POSTFIX, TALK, "4.4.2", BAD_CONNECTION, 4,
	  "lost connection with %m[%p] while sending RCPT TO")

	R(EXIM, RCPT, 550, BAD_MAILBOX, 40, "No Such User Here")
	R(EXIM, RCPT, 550, INVALID_SENDER, 4, "Verification failed for <%s>\nSender verify failed")
	R(EXIM, DOT, 550, SPAM_RELATED, 8,
	  "This message was classified as SPAM and may not be delivered")
	R(EXIM, RCPT, 550, RELAYING_ISSUES, 6, "relay not permitted")
	R(EXIM, RCPT, 552, QUOTA_ISSUES, 6, "Mailbox quota exceeded: user %l is over quota")
	R(EXIM, RCPT, 550, BLOCKLISTED, 5,
	  "\"JunkMail rejected - %h [%i]:35522 is in an RBL, see "
	  "https://www.spamhaus.org/query/ip/%i\"")
	R(EXIM, MAIL, 552, MESSAGE_TOO_LARGE, 2, "Message size exceeds maximum permitted")
	R(EXIM, RCPT, 451, GREYLISTING, 30, "Greylisted, please try again in 5 minutes")
	R(EXIM, CONNECT, 421, RATE_LIMITED, 5,
	  "Too many concurrent SMTP connections; please try again later.")
	OWN(EXIM, TALK, "4.4.2", BAD_CONNECTION, 4,
	  "conversation with %m[%p] timed out while sending end of data -- message may be sent "
	  "more than once")

	R(SENDMAIL, RCPT, 550, BAD_MAILBOX, 30, "5.1.1 <%r>... User unknown")
	R(SENDMAIL, RCPT, 553, PROTOCOL_ERRORS, 2,
	  "5.1.3 <%r>... List:; syntax illegal for recipient addresses")
	R(SENDMAIL, DOT, 554, VIRUS_RELATED, 2,
	  "5.7.1 virus Eicar-Test-Signature detected by ClamAV - http://www.clamav.net")
	R(SENDMAIL, RCPT, 451, GREYLISTING, 20,
	  "4.7.1 Greylisting in action, please come back in 00:05:00")
	R(SENDMAIL, MAIL, 451, INVALID_SENDER, 3,
	  "4.1.8 Domain of sender address %s does not resolve")

	R(QMAIL, RCPT, 550, BAD_MAILBOX, 30,
	  "sorry, no mailbox here by that name (#5.1.1 - chkuser)")
	R(QMAIL, RCPT, 553, RELAYING_ISSUES, 6,
	  "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)")
	R(QMAIL, DOT, 554, ROUTING_ERRORS, 3, "too many hops, this message is looping (#5.4.6)")
	R(QMAIL, RCPT, 552, QUOTA_ISSUES, 6,
	  "sorry, that recipient's mailbox is over quota (#5.2.2)")
	R(QMAIL, DATA, 503, PROTOCOL_ERRORS, 3, "RCPT first (#5.5.1)")
	R(QMAIL, DOT, 451, SYSTEM_ERROR, 8, "qq temporary problem (#4.3.0)")

	R(EXCHANGE, RCPT, 550, BAD_MAILBOX, 30, "5.1.1 User unknown")
	R(EXCHANGE, DOT, 554, QUOTA_ISSUES, 6,
	  "5.2.2 mailbox full; STOREDRV.Deliver: mailbox full. The recipient's mailbox is full.")
	R(EXCHANGE, DOT, 550, POLICY_RELATED, 4,
	  "5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; "
	  "Delivery restriction check failed because the sender was not authenticated when "
	  "sending to this group")
	R(EXCHANGE, RCPT, 452, SYSTEM_ERROR, 10, "4.3.1 Insufficient system resources")

	R(COREMAIL, RCPT, 550, BAD_MAILBOX, 30, "??????????????? User not found: %r")
	R(COREMAIL, RCPT, 552, QUOTA_ISSUES, 10, "??????????????????????????? (Mailbox full)")
	R(COREMAIL, DOT, 554, SPAM_RELATED, 10, "???????????????????????????????????? DT:SPM")
	R(COREMAIL, RCPT, 451, RATE_LIMITED, 10,
	  "?????????????????? Too many connections, please slow down")

	R(LMTP, RCPT, 550, BAD_MAILBOX, 20, "5.1.1 <%r> User doesn't exist: %r")
	R(LMTP, DOT, 552, QUOTA_ISSUES, 10, "5.2.2 <%r> Quota exceeded (mailbox for user is full)")
	R(LMTP, DOT, 451, SYSTEM_ERROR, 10,
	  "4.2.0 <%r> Internal error occurred. Refer to server log for more information.")

	OWN(NXDOMAIN, ALONE, "5.4.4", BAD_DOMAIN, 6,
	  "Host or domain name not found. Name service error for name=%d type=AAAA: Host not "
	  "found")
	OWN(NXDOMAIN, ALONE, "5.4.4", BAD_DOMAIN, 4,
	  "Host or domain name not found. Name service error for name=%d type=A: Host not found")
	OWN(NULLMX, ALONE, "5.1.0", BAD_DOMAIN, 1, "Domain %d does not accept mail (nullMX)")
	OWN(LOOP, ALONE, "5.4.6", ROUTING_ERRORS, 1, "mail for %d loops back to myself")
	OWN(SERVFAIL, ALONE, "4.4.3", DNS_FAILURE, 1,
	  "Host or domain name not found. Name service error for name=%d type=MX: Host not "
	  "found, try again")
	OWN(REFUSED, ALONE, "4.4.1", BAD_CONNECTION, 1, "connect to %m[%p]:25: Connection refused")
	OWN(TIMEOUT, ALONE, "4.4.1", BAD_CONNECTION, 1,
	  "connect to %m[%p]:25: Connection timed out")
	OWN(UNREACHABLE, ALONE, "4.4.1", BAD_CONNECTION, 3,
	  "connect to %m[%p]:25: No route to host")
	OWN(UNREACHABLE, ALONE, "4.4.1", BAD_CONNECTION, 1,
	  "connect to %m[%p]:25: Network is unreachable")
	OWN(SILENT, TALK, "4.4.2", BAD_CONNECTION, 2,
	  "conversation with %m[%p] timed out while receiving the initial server greeting")
	OWN(SILENT, TALK, "4.4.2", BAD_CONNECTION, 2,
	  "lost connection with %m[%p] while receiving the initial server greeting")
	OWN(NOTLS, TALK, "4.7.5", TLS_FAILURE, 1, "Cannot start TLS: handshake failure")
	OWN(NOTLS, TALK, "4.7.4", TLS_FAILURE, 1,
	  "TLS is required, but was not offered by host %m[%p]")
};

static const char *const stage_names[] = {
	[MAIL] = "MAIL FROM", [RCPT] = "RCPT TO", [DATA] = "DATA", [DOT] = "end of DATA"};

/* What bouncemill calls those who run the exchangers of a kind, and of kinds that reply alike. */
static const char *const provider_names[KIND_COUNT] = {
	[GOOGLE] = "google", [MICROSOFT] = "microsoft", [YAHOO] = "yahoo", [TENCENT] = "tencent",
	[NETEASE] = "netease", [ALIYUN] = "aliyun", [APPLE] = "apple", [GMX] = "gmx",
	[TONLINE] = "t-online", [MAILRU] = "mail.ru", [YANDEX] = "yandex", [ORANGE] = "orange",
	[COMCAST] = "comcast", [PROOFPOINT] = "proofpoint", [MIMECAST] = "mimecast",
	[BARRACUDA] = "barracuda"};

/* The large providers; weights are shares of all mail in 1/1,000 and add up to head_share. */
static const struct head {
	const char *domain;
	enum kind kind;
	unsigned weight;
} heads[] = {
	{"gmail.com", GOOGLE, 190}, {"qq.com", TENCENT, 75}, {"hotmail.com", MICROSOFT, 55},
	{"163.com", NETEASE, 50}, {"yahoo.com", YAHOO, 48}, {"outlook.com", MICROSOFT, 36},
	{"icloud.com", APPLE, 22}, {"126.com", NETEASE, 16}, {"gmx.de", GMX, 14},
	{"web.de", GMX, 13}, {"mail.ru", MAILRU, 12}, {"aol.com", YAHOO, 12},
	{"t-online.de", TONLINE, 10}, {"yandex.ru", YANDEX, 10}, {"orange.fr", ORANGE, 9},
	{"live.com", MICROSOFT, 9}, {"comcast.net", COMCAST, 8}, {"free.fr", POSTFIX, 6},
	{"me.com", APPLE, 6}, {"wanadoo.fr", ORANGE, 5}, {"msn.com", MICROSOFT, 5},
	{"gmx.net", GMX, 5}, {"bk.ru", MAILRU, 4}, {"foxmail.com", TENCENT, 4},
	{"ymail.com", YAHOO, 4}, {"aliyun.com", ALIYUN, 4}, {"yeah.net", NETEASE, 3},
	{"googlemail.com", GOOGLE, 3}, {"139.com", COREMAIL, 3}, {"sina.com", COREMAIL, 3},
	{"verizon.net", YAHOO, 2}, {"att.net", SENDMAIL, 2}, {"inbox.ru", MAILRU, 2},
	{"laposte.net", POSTFIX, 2}, {"libero.it", EXIM, 2}, {"btinternet.com", EXIM, 2},
	{"cox.net", POSTFIX, 2}, {"ya.ru", YANDEX, 2}, {"vip.qq.com", TENCENT, 1},
	{"corp.example.com", LMTP, 8},
};
enum { SHARES = 1000, LIVE_TAIL = 200 };

static const char *const first_words[] = {
	"north", "river", "silver", "blue", "green", "alpha", "delta", "city", "royal", "prime",
	"nova", "sun", "stone", "iron", "cedar", "maple", "bright", "clear", "swift", "grand",
	"metro", "coast", "valley", "summit", "harbor", "forest", "golden", "crystal", "urban",
	"global", "terra", "aqua", "solar", "vector", "orbit", "pixel", "cloud", "data", "logic",
	"smart", "kunst", "stadt", "berg", "haus", "jin", "hua", "dong", "xin", "tai", "fu",
	"casa", "monte", "porto", "bella", "atelier", "maison", "petit", "grande", "nord", "sud",
	"nippon", "sakura", "zen", "kiwi"};
static const char *const second_words[] = {
	"works", "trade", "media", "design", "foods", "motors", "travel", "studio", "books",
	"parts", "clinic", "school", "bank", "legal", "energy", "systems", "soft", "tech", "net",
	"lab", "group", "farm", "press", "music", "photo", "sport", "print", "steel", "paper",
	"glass", "wood", "textile", "logistics", "shipping", "hotel", "cafe", "wine", "garden",
	"build", "home", "care", "dental", "optik", "auto", "bikes", "toys", "fashion", "jewel",
	"art", "film", "games", "code", "hosting", "telecom", "radio", "news", "post", "market",
	"store", "shop", "club", "union", "institut", "museum"};
static const char *const suffixes[] = {
	"com", "net", "org", "de", "co.uk", "fr", "cn", "com.cn", "it", "nl", "ru", "pl", "es",
	"ch", "at", "com.br", "com.au", "ca", "us", "edu", "eu", "info", "biz", "io", "se", "dk",
	"cz", "jp"};

static const char *const people[64] = {
	"wei", "li", "zhang", "anna", "tom", "marc", "lena", "felix", "grace", "emma", "david",
	"carla", "hugo", "otto", "nina", "yan", "xin", "chen", "liu", "wang", "zhao", "huang",
	"sun", "zhou", "mueller", "schmidt", "weber", "meier", "dupont", "martin", "durand",
	"rossi", "ferrari", "silva", "santos", "garcia", "lopez", "perez", "smith", "jones",
	"brown", "taylor", "wilson", "lee", "kim", "park", "tanaka", "sato", "suzuki", "ivanov",
	"petrov", "novak", "svoboda", "kowalski", "nagy", "jansen", "devries", "larsen", "hansen",
	"berg", "lind", "cohen", "levi", "uwe"};

/* Our own side: the domains that send, the programs that inject, the hosts that deliver. */
static const char *const sender_domains[] = {
	"news.example.com", "shop.example.com", "crm.example.org", "billing.example.net",
	"notify.example.cn", "alerts.example.org", "forum.example.net", "hr.example.com",
	"travel.example.org", "bank.example.com"};
enum { SENDERS = COUNT(sender_domains), NULL_SENDER = SENDERS };
static const char *const sender_names[] = {"newsletter", "noreply", "orders", "service", "billing",
					   "info", "zhangwei", "li.na"};

static const struct client {
	const char *name, *ip, *user;
} clients[] = {
	{"app1.example.com", "192.0.2.50", NULL}, {"app2.example.com", "192.0.2.51", NULL},
	{"crm.example.com", "192.0.2.52", "crm@example.org"},
	{"web1.example.net", "192.0.2.61", NULL},
	{"erp.example.com", "2001:db8:7::12", "erp@example.com"},
	{"jobs.example.org", "192.0.2.70", NULL},
};

static const char *const host_names[BM_GENERATE_HOSTS_MAX] = {"mta1", "mta2", "out1", "out2",
							      "relay1", "relay2", "mx7", "mx8"};

static const char *const subjects[] = {
	"Your order %n has shipped", "Invoice %n for December", "Re: meeting notes",
	"=?utf-8?q?Votre_facture_n=C2=B0_%n_est_disponible?=", "Quarterly report",
	"=?utf-8?b?5oKo55qE6K6i5Y2VIDE1MTczIOW3suWPkei0pw==?=", "Ihre Rechnung Nr. %n",
	"Limited offer: 50%% off ends tonight!!!", "Password reset for your account",
	"to=<someone@example.com>, relay=none, test %n", "Fwd: contract status=bounced (draft %n)",
	"A long subject line that goes on and on so that the client? has to fold it after all %n"};

/* The same as bouncemill names them: decoded, numbers and addresses masked. */
static const char *const subject_names[COUNT(subjects)] = {
	"Your order # has shipped", "Invoice # for December", "Re: meeting notes",
	"Votre facture n\xc2\xb0 # est disponible", "Quarterly report",
	"\xe6\x82\xa8\xe7\x9a\x84\xe8\xae\xa2\xe5\x8d\x95 # \xe5\xb7\xb2\xe5\x8f\x91\xe8\xb4\xa7",
	"Ihre Rechnung Nr. #", "Limited offer: #% off ends tonight!!!",
	"Password reset for your account", "<addr> relay=none, test #",
	"Fwd: contract status=bounced (draft #)",
	"A long subject line that goes on and on so that the client? has to fold it after all #"};

/* Recipients of a message, in classes. */
static const struct {
	unsigned most;
	const char *name;
} fanouts[] = {{1, "1"}, {5, "2-5"}, {20, "6-20"}, {30, "21-30"}, {100, "31-100"}, {~0u, "101+"}};

/* Mail an hour of the day and a day of the week (from Monday) brings, in parts. */
static const unsigned char hour_parts[24] = {14, 10, 8, 7, 8, 12, 24, 44, 72, 96, 100, 92,
					     78, 84, 92, 90, 84, 72, 60, 54, 48, 40, 30, 20};
static const unsigned char week_parts[7] = {105, 112, 110, 108, 100, 48, 40};
/* clang-format on */

/* ---- state ---- */

struct random {
	uint64_t state[4];
};

struct domain {
	uint32_t name; /* offset in names */
	uint8_t size;
	uint8_t kind;
	uint32_t seed;
};

struct recipient {
	uint32_t domain;
	uint32_t local;
	uint16_t reply; /* given while left > 0, and at last when last == BOUNCED */
	uint16_t bounce;
	uint8_t left; /* deferrals to come, or FOREVER */
	bool sent;    /* the end, when it comes: sent or bounced */
	bool open, deferred, loud /* domain in capitals */;
	uint8_t first, last; /* category of the first and the last deferral */
};

struct message {
	int64_t born; /* microseconds */
	char id[24], next_id[24];
	uint8_t id_size, next_size, host, client;
	bool null, hop, warned, counted;
	uint8_t sender;  /* of sender_domains */
	uint8_t subject; /* 1 + that of subjects; 0 = not logged */
	uint32_t sender_local;
	uint32_t inode, size;
	uint16_t round; /* queue runs so far */
	uint16_t count, open, next, bounced;
	struct recipient to[];
};

struct session {
	uint8_t host, client;
	uint16_t sent, left, recipients;
	unsigned pid;
	bool greeted;
};

struct host {
	const char *name, *tag;
	bool short_ids;
	unsigned pid;
	uint32_t *free_inodes; /* last in, first out: ids come back soon */
	size_t free_count, free_room;
	uint32_t inode;
	int64_t last_id; /* microseconds of the last long id */
};

enum step_kind {
	ARRIVAL,
	SESSION,
	CLEANUP,
	QUEUED,
	FILTERED,
	HANDED,
	ATTEMPT,
	FINISH,
	RETRY,
	ANVIL
};

struct step {
	int64_t time;   /* microseconds */
	uint64_t order; /* of planning, and the kind in the low byte */
	void *subject;
};

struct cell {
	uint64_t key; /* 1 + (day << 40 | domain << 8 | category); 0 = free */
	uint32_t n[4];
};

enum outcome { SENT, BOUNCED, EXPIRED, DEFERRED, OUTCOMES };
enum ending { LATER_SENT, LATER_BOUNCED, LATER_EXPIRED, STILL_OPEN, ENDINGS };

struct truth {
	bool wanted;
	struct cell *cells;
	size_t count, room;
	uint64_t (*days)[3];                         /* messages, deferred recipients, rejected */
	uint64_t senders[SENDERS + 1][OUTCOMES + 1]; /* and messages */
	uint64_t fanouts[COUNT(fanouts)][OUTCOMES + 1];
	uint64_t subjects[COUNT(subjects) + 1][OUTCOMES + 1];
	uint64_t endings[2][BM_CATEGORY_COUNT][ENDINGS]; /* by last and by first deferral */
	uint64_t incidents[BM_GENERATE_INCIDENTS_MAX]; /* refusals that would not have been else */
};

struct generator {
	struct bm_generate_options options;
	const struct bm_generate_sink *sink;
	struct bm_generate_totals totals;
	enum bm_err err;
	struct random random;
	char *buffer, *at; /* BUFFER_BYTES and room for one burst of lines */
	/* time */
	int64_t now, end; /* microseconds of the wall clock since 1970 */
	int64_t second, day;
	char stamp[40];
	size_t stamp_size;
	/* what is planned */
	struct step *steps;
	size_t step_count, step_room;
	uint64_t planned;
	/* pace */
	int64_t hour;
	uint64_t parts_left, started; /* of hours to come; messages so far */
	int64_t gap;                  /* mean microseconds between arrivals */
	int64_t anvil_gap;            /* microseconds between reports of anvil */
	/* the world */
	struct host hosts[BM_GENERATE_HOSTS_MAX];
	struct domain *domains;
	char *names;
	size_t name_bytes;
	uint32_t own; /* first of our own domains */
	uint8_t head_of[SHARES];
	unsigned head_share;
	uint8_t tail_kinds[SHARES * 2];
	unsigned tail_share;
	struct truth truth;
};

/* ---- chance ---- */

/* rotate - bits turned left */
static inline uint64_t rotate(uint64_t bits, unsigned by)
{
	return bits << by | bits >> (64 - by);
}

/* mix - a well-spread function of one word */
static uint64_t mix(uint64_t word)
{
	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
	word = (word ^ word >> 27) * 0x94d049bb133111eb;
	return word ^ word >> 31;
}

/* random_bits - the next 64 of the stream (xoshiro256++ by Blackman and Vigna) */
static inline uint64_t random_bits(struct generator *g)
{
	uint64_t *const s = g->random.state;
	const uint64_t result = rotate(s[0] + s[3], 23) + s[0];
	const uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate(s[3], 45);
	return result;
}

/* below - a number in [0, limit) */
static inline uint32_t below(struct generator *g, uint32_t limit)
{
	return (uint32_t)((random_bits(g) >> 32) * limit >> 32);
}

/* chance - true in share of 10,000 cases */
static inline bool chance(struct generator *g, unsigned share)
{
	return below(g, 10000) < share;
}

/* between - microseconds in [low, high) milliseconds */
static inline int64_t between(struct generator *g, unsigned low, unsigned high)
{
	return 1000LL * low + below(g, 1000 * (high - low));
}

/* waiting - a waiting time of the given mean: nearly exponential, in integers */
static int64_t waiting(struct generator *g, int64_t mean)
{
	const uint64_t bits = random_bits(g) | 1;
	const unsigned zeros = (unsigned)__builtin_clzll(bits);
	const uint64_t fraction = zeros < 63 ? (bits << (zeros + 1)) >> 48 : 0;
	const uint64_t halvings = ((uint64_t)(zeros + 1) << 16) - fraction; /* -log2, 16 bits */

	return (int64_t)((double)mean * (double)halvings / 94548.0) + 1; /* 65536 / ln 2 */
}

/* ---- text ---- */

/* put - append size bytes */
static inline void put(struct generator *g, const char *data, size_t size)
{
	memcpy(g->at, data, size);
	g->at += size;
}
#define PUT(g, literal) put((g), "" literal, sizeof(literal) - 1)

/* put_string - append a C string */
static inline void put_string(struct generator *g, const char *text)
{
	put(g, text, strlen(text));
}

/* put_number - append a decimal number of at least width digits */
static void put_number(struct generator *g, uint64_t value, unsigned width)
{
	char digits[24];
	unsigned used = 0;

	do {
		digits[sizeof digits - ++used] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0 || used < width);
	put(g, digits + sizeof digits - used, used);
}

/* put_based - append exactly width digits of value in a base */
static void put_based(struct generator *g, uint64_t value, unsigned width, const char *digits,
		      unsigned base)
{
	for (unsigned i = width; i-- > 0; value /= base)
		g->at[i] = digits[value % base];
	g->at += width;
}

/* put_hex - append exactly width lower-case hex digits of value */
static void put_hex(struct generator *g, uint64_t value, unsigned width)
{
	for (unsigned i = width; i-- > 0; value >>= 4)
		g->at[i] = "0123456789abcdef"[value & 15];
	g->at += width;
}

/* put_delay - append hundredths of a second as Postfix does: two digits that matter */
static void put_delay(struct generator *g, uint64_t hundredths)
{
	put_number(g, hundredths / 100, 1);
	if (hundredths >= 1000 || hundredths % 100 == 0)
		return;
	const unsigned part = (unsigned)(hundredths % 100);
	if (hundredths >= 100) {
		if (part >= 10) {
			PUT(g, ".");
			put_number(g, part / 10, 1);
		}
		return;
	}
	PUT(g, ".");
	if (part % 10)
		put_number(g, part, 2);
	else
		put_number(g, part / 10, 1);
}

/* put_ip - append the IPv4 address a seed stands for; never private, never loopback */
static void put_ip(struct generator *g, uint32_t seed)
{
	put_number(g, 11 + seed % 83, 1);
	for (unsigned shift = 8; shift <= 24; shift += 8) {
		PUT(g, ".");
		put_number(g, (seed >> shift & 0xff) % 254 + 1, 1);
	}
}

/* put_local - append the local part a seed stands for: name, style, second name, number */
static void put_local(struct generator *g, uint32_t seed)
{
	const unsigned style = seed >> 6 & 3;

	if (style == 3) {
		put_number(g, 1000 + (seed >> 8), 1);
		return;
	}
	put_string(g, people[seed & 63]);
	if (style > 0) {
		PUT(g, ".");
		put_string(g, people[24 + (seed >> 8 & 15)]);
	}
	if (style != 1)
		put_number(g, seed >> 12, 1);
}

/* put_sender_local - append the local part of one of our own addresses */
static void put_sender_local(struct generator *g, uint32_t seed)
{
	if (seed & 0x10) {
		PUT(g, "bounce+");
		put_number(g, (seed >> 5) % 1000000, 6);
	} else {
		put_string(g, sender_names[seed % COUNT(sender_names)]);
	}
}

/* put_domain - append a recipient's domain as it was written */
static void put_domain(struct generator *g, const struct recipient *to)
{
	const struct domain *const domain = &g->domains[to->domain];
	char *const start = g->at;

	put(g, g->names + domain->name, domain->size);
	if (to->loud)
		for (char *letter = start; letter < g->at; letter++)
			if (*letter >= 'a' && *letter <= 'z')
				*letter = (char)(*letter - 'a' + 'A');
}

/* put_recipient - append a recipient's address */
static void put_recipient(struct generator *g, const struct recipient *to)
{
	if (g->domains[to->domain].kind == VIRTUAL)
		put_sender_local(g, to->local);
	else
		put_local(g, to->local);
	PUT(g, "@");
	put_domain(g, to);
}

/* put_sender - append a message's sender address; nothing for the null sender */
static void put_sender(struct generator *g, const struct message *message)
{
	if (message->null)
		return;
	put_sender_local(g, message->sender_local);
	PUT(g, "@");
	put_string(g, sender_domains[message->sender]);
}

/* ---- time and lines ---- */

/* flush - hand the buffer to the sink */
static void flush(struct generator *g)
{
	if (g->err == BM_OK && g->at > g->buffer)
		g->err = g->sink->write(g->sink->context, g->buffer, (size_t)(g->at - g->buffer));
	g->totals.bytes += (uint64_t)(g->at - g->buffer);
	g->at = g->buffer;
}

/* put_clock - append date and time of the current second in the form asked for */
static void put_clock(struct generator *g)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const enum bm_generate_form form = g->options.form;
	const bool iso = form == BM_GENERATE_3339 || form == BM_GENERATE_5424;
	const unsigned rest = (unsigned)(g->second % 86400);
	int64_t year;
	unsigned month, day;

	bm_civil_from_days(g->day, &year, &month, &day);
	if (form == BM_GENERATE_5424)
		PUT(g, "<22>1 ");
	if (form != BM_GENERATE_3164) {
		put_number(g, (uint64_t)year, 4);
		put(g, iso ? "-" : " ", 1);
	}
	if (iso) {
		put_number(g, month, 2);
		PUT(g, "-");
		put_number(g, day, 2);
	} else {
		put(g, months + 3 * (month - 1), 3);
		put(g, day < 10 ? "  " : " ", day < 10 ? 2 : 1);
		put_number(g, day, 1);
	}
	put(g, iso ? "T" : " ", 1);
	put_number(g, rest / 3600, 2);
	PUT(g, ":");
	put_number(g, rest / 60 % 60, 2);
	PUT(g, ":");
	put_number(g, rest % 60, 2);
}

/* tick - move the clock to a time; tells the sink of a new day */
static void tick(struct generator *g, int64_t time)
{
	g->now = time;
	if (time / MICROSECONDS == g->second)
		return;
	g->second = time / MICROSECONDS;
	if (g->second / 86400 != g->day) {
		flush(g);
		g->day = g->second / 86400;
		if (g->err == BM_OK && g->sink->day)
			g->err = g->sink->day(g->sink->context, g->day);
	}
	char *const start = g->at;
	put_clock(g);
	g->stamp_size = (size_t)(g->at - start);
	memcpy(g->stamp, start, g->stamp_size);
	g->at = start;
}

/* begin - start a line of a daemon: stamp, host, tag */
static void begin(struct generator *g, const struct host *host, const char *daemon, unsigned pid)
{
	const enum bm_generate_form form = g->options.form;

	put(g, g->stamp, g->stamp_size);
	if (form == BM_GENERATE_YEAR_FIRST) {
		PUT(g, ".");
		put_number(g, (uint64_t)(g->now % MICROSECONDS / 1000), 3);
	} else if (form != BM_GENERATE_3164) {
		PUT(g, ".");
		put_number(g, (uint64_t)(g->now % MICROSECONDS), 6);
		PUT(g, "+02:00");
	}
	PUT(g, " ");
	put_string(g, host->name);
	PUT(g, " ");
	put_string(g, host->tag);
	if (form == BM_GENERATE_5424) { /* rsyslog's APP-NAME ends at the slash */
		PUT(g, " ");
		put_number(g, pid, 1);
		PUT(g, " - -  ");
		return;
	}
	PUT(g, "/");
	put_string(g, daemon);
	PUT(g, "[");
	put_number(g, pid, 1);
	PUT(g, "]: ");
}

/* finish_line - end a line */
static inline void finish_line(struct generator *g)
{
	*g->at++ = '\n';
	g->totals.lines++;
	if (g->at - g->buffer >= BUFFER_BYTES)
		flush(g);
}

/* begin_id - start a line of a daemon about a message */
static void begin_id(struct generator *g, const struct message *message, const char *daemon,
		     unsigned pid)
{
	begin(g, &g->hosts[message->host], daemon, pid);
	put(g, message->id, message->id_size);
	PUT(g, ": ");
}

/* pid_of - one of a host's processes of the given role */
static unsigned pid_of(struct generator *g, const struct host *host, unsigned role, unsigned many)
{
	return host->pid + (unsigned)(g->day % 7) * 1900 + role * 60 + below(g, many);
}

/* qmgr_pid - the one queue manager of a host */
static unsigned qmgr_pid(const struct host *host)
{
	return host->pid + 3;
}

/* ---- plan ---- */

/* earlier - must left be handled before right */
static inline bool earlier(const struct step *left, const struct step *right)
{
	return left->time != right->time ? left->time < right->time : left->order < right->order;
}

/* plan - add a step at a time */
static void plan(struct generator *g, int64_t time, enum step_kind kind, void *subject)
{
	const struct step step = {time, g->planned++ << 8 | kind, subject};

	BM_GROW(g->steps, g->step_count, g->step_room);
	size_t i = g->step_count++;
	while (i > 0 && earlier(&step, &g->steps[(i - 1) / 2])) {
		g->steps[i] = g->steps[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	g->steps[i] = step;
}

/* take - remove and return the next step; there must be one */
static struct step take(struct generator *g)
{
	const struct step first = g->steps[0];
	const struct step last = g->steps[--g->step_count];
	size_t i = 0;

	for (size_t child; (child = 2 * i + 1) < g->step_count; i = child) {
		if (child + 1 < g->step_count && earlier(&g->steps[child + 1], &g->steps[child]))
			child++;
		if (!earlier(&g->steps[child], &last))
			break;
		g->steps[i] = g->steps[child];
	}
	if (g->step_count > 0)
		g->steps[i] = last;
	return first;
}

/* ---- truth ---- */

/* grow_cells - twice the room */
static void grow_cells(struct truth *truth)
{
	const size_t room = truth->room ? 2 * truth->room : 1 << 12;
	struct cell *const cells = bm_zalloc(room, sizeof *cells);

	for (size_t i = 0; i < truth->room; i++) {
		if (!truth->cells[i].key)
			continue;
		size_t slot = (size_t)mix(truth->cells[i].key) & (room - 1);
		while (cells[slot].key)
			slot = (slot + 1) & (room - 1);
		cells[slot] = truth->cells[i];
	}
	bm_free(truth->cells);
	truth->cells = cells;
	truth->room = room;
}

/* count_origin - an outcome, or the message (OUTCOMES), by what is known of the message */
static void count_origin(struct truth *truth, const struct message *message, unsigned what)
{
	unsigned fanout = 0;

	while (message->count > fanouts[fanout].most)
		fanout++;
	truth->senders[message->null ? NULL_SENDER : message->sender][what]++;
	truth->fanouts[fanout][what]++;
	truth->subjects[message->subject][what]++;
}

/* count_outcome - one recipient's outcome, today */
static void count_outcome(struct generator *g, const struct message *message, uint32_t domain,
			  enum bm_category category, enum outcome outcome)
{
	struct truth *const truth = &g->truth;
	const uint64_t day = (uint64_t)(g->day - g->options.start_day);
	const uint64_t key = 1 + (day << 40 | (uint64_t)domain << 8 | (uint64_t)category);
	uint64_t *const totals[OUTCOMES] = {&g->totals.delivered, &g->totals.bounced,
					    &g->totals.expired, &g->totals.deferred};

	++*totals[outcome];
	g->totals.attempts += outcome != EXPIRED;
	count_origin(truth, message, outcome);
	if (!truth->wanted)
		return;
	if (10 * truth->count >= 7 * truth->room)
		grow_cells(truth);
	size_t slot = (size_t)mix(key) & (truth->room - 1);
	while (truth->cells[slot].key && truth->cells[slot].key != key)
		slot = (slot + 1) & (truth->room - 1);
	truth->count += !truth->cells[slot].key;
	truth->cells[slot].key = key;
	truth->cells[slot].n[outcome]++;
}

/* count_today - one more message, deferred recipient or rejection (0, 1, 2) of today */
static void count_today(struct generator *g, unsigned what)
{
	g->truth.days[g->day - g->options.start_day][what]++;
}

/* count_ending - what became of a recipient that was deferred */
static void count_ending(struct generator *g, const struct recipient *to, enum ending ending)
{
	if (!to->deferred)
		return;
	g->truth.endings[0][to->last][ending]++;
	g->truth.endings[1][to->first][ending]++;
}

/* count_reject - one refusal on the way in */
static void count_reject(struct generator *g)
{
	count_today(g, 2);
	g->totals.rejected++;
}

/* ---- messages ---- */

/* name_message - give a message a queue id: long, or short and soon to return */
static void name_message(struct generator *g, struct message *message)
{
	static const char base52[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
	struct host *const host = &g->hosts[message->host];
	char *const start = g->at;

	if (host->short_ids) {
		message->inode = host->free_count ? host->free_inodes[--host->free_count]
						  : 0x20000 + host->inode++;
		put_based(g, 15625 * (1 + below(g, 60)), 5, "0123456789ABCDEF", 16);
		put_based(g, message->inode, 5, "0123456789ABCDEF", 16);
	} else {
		const int64_t time = g->now > host->last_id ? g->now : host->last_id + 1;
		host->last_id = time;
		put_based(g, (uint64_t)(time / MICROSECONDS), 6, base52, 52);
		put_based(g, (uint64_t)(time % MICROSECONDS), 4, base52, 52);
		PUT(g, "z");
		put_based(g, 140000 + host->inode++ % 100000, 4, base52, 51);
	}
	message->id_size = (uint8_t)(g->at - start);
	memcpy(message->id, start, message->id_size);
	g->at = start;
}

/* new_message - an empty message of count recipients on a host, with its queue id */
static struct message *new_message(struct generator *g, unsigned host, unsigned count)
{
	struct message *const message =
		bm_zalloc(1, sizeof *message + count * sizeof message->to[0]);

	message->born = g->now;
	message->host = (uint8_t)host;
	message->count = message->open = (uint16_t)count;
	message->size = 600 + below(g, 1u << (8 + below(g, 10)));
	name_message(g, message);
	return message;
}

/* end_message - log the removal, free the id and the message */
static void end_message(struct generator *g, struct message *message)
{
	struct host *const host = &g->hosts[message->host];

	begin_id(g, message, "qmgr", qmgr_pid(host));
	PUT(g, "removed");
	finish_line(g);
	if (host->short_ids) {
		BM_GROW(host->free_inodes, host->free_count, host->free_room);
		host->free_inodes[host->free_count++] = message->inode;
	}
	bm_free(message);
}

/* draw_domain - a recipient's domain by popularity */
static uint32_t draw_domain(struct generator *g)
{
	const uint32_t share = below(g, SHARES);

	if (share < g->head_share)
		return g->head_of[share];
	const uint64_t u = random_bits(g) >> 32;
	const uint64_t u2 = u * u >> 32;
	const uint64_t u5 = (u2 * u2 >> 32) * u >> 32;
	return (uint32_t)COUNT(heads) + (uint32_t)(u5 * (g->own - COUNT(heads)) >> 32);
}

/* final_reply - does Postfix give up after this reply */
static bool final_reply(const struct reply *reply)
{
	if (reply->code == 0)
		return reply->dsn[0] == '5';
	return reply->code >= 500 && reply->stage != CONNECT;
}

/* draw_reply - a refusal, final or not, as this kind gives it; the index in replies */
static uint16_t draw_reply(struct generator *g, enum kind kind, bool final)
{
	unsigned weight = 0, pick;
	size_t i;

	for (i = 0; i < COUNT(replies); i++)
		if (replies[i].kind == kind && final_reply(&replies[i]) == final)
			weight += replies[i].weight;
	assert(weight > 0);
	pick = below(g, weight);
	for (i = 0; i < COUNT(replies); i++) {
		if (replies[i].kind != kind || final_reply(&replies[i]) != final)
			continue;
		if (pick < replies[i].weight)
			break;
		pick -= replies[i].weight;
	}
	return (uint16_t)i;
}

/* share_of - how many final refusals in all a kind gives, and for one reason, by weight */
static void share_of(enum kind kind, enum bm_category category, unsigned *all, unsigned *some)
{
	*all = *some = 0;
	for (size_t i = 0; i < COUNT(replies); i++) {
		if (replies[i].kind != kind || !final_reply(&replies[i]))
			continue;
		*all += replies[i].weight;
		*some += replies[i].category == category ? replies[i].weight : 0;
	}
}

/* strikes - is it the incident's time and provider, and is this recipient one of those refused beyond
 * the usual */
static bool strikes(struct generator *g, const struct bm_generate_incident *incident,
		    const struct service *service)
{
	const int64_t first = g->options.start_day + incident->day;
	const char *const provider = provider_names[service->replies];
	unsigned all, some;

	if (g->day < first || g->day >= first + incident->days || !provider ||
	    strcmp(provider, incident->provider) != 0)
		return false;
	share_of(service->replies, incident->category, &all, &some);
	const uint64_t more = (uint64_t)(incident->factor - 1) * service->bounce * some / all;
	return chance(g, more < 10000 ? (unsigned)more : 10000);
}

/* draw_strike - is a recipient refused by an incident; nothing is drawn when there is none */
static bool draw_strike(struct generator *g, struct recipient *to, const struct service *service)
{
	for (unsigned i = 0; i < g->options.incident_count; i++) {
		const struct bm_generate_incident *const incident = &g->options.incidents[i];
		if (!strikes(g, incident, service))
			continue;
		do
			to->bounce = draw_reply(g, service->replies, true);
		while (replies[to->bounce].category != incident->category);
		g->truth.incidents[i]++;
		return true;
	}
	return false;
}

/* draw_fate - what will become of a recipient */
static void draw_fate(struct generator *g, struct recipient *to)
{
	const struct service *const service = &services[g->domains[to->domain].kind];
	const bool dead = service->defer == 10000;
	const unsigned draw = below(g, 10000);

	to->open = true;
	to->sent = !draw_strike(g, to, service);
	if (!to->sent)
		return;
	if (draw < service->bounce) {
		to->sent = false;
		to->bounce = draw_reply(g, service->replies, true);
		return;
	}
	if (draw >= service->bounce + service->defer)
		return;
	to->reply = draw_reply(g, service->replies, false);
	const bool slow = dead || replies[to->reply].category == BM_CATEGORY_QUOTA_ISSUES;
	for (to->left = 1; to->left < 12 && chance(g, slow ? 6500 : 2500);)
		to->left++;
	if (chance(g, dead ? 1700 : 40)) {
		to->left = FOREVER;
	} else if (!dead && chance(g, 700)) {
		to->sent = false;
		to->bounce = draw_reply(g, service->replies, true);
	}
}

/* draw_recipients - fill in the recipients of a message */
static void draw_recipients(struct generator *g, struct message *message)
{
	const bool alike = chance(g, 5000);

	for (unsigned i = 0; i < message->count; i++) {
		struct recipient *const to = &message->to[i];
		to->domain = alike && i > 0 ? message->to[0].domain : draw_domain(g);
		to->local = (uint32_t)random_bits(g);
		if (message->count > 1) /* no address twice: the place is part of the number */
			to->local = (to->local & 0x3f) | ((to->local >> 12 & 0x3fff) << 6 | i)
								 << 12;
		to->loud = chance(g, 40);
		draw_fate(g, to);
	}
}

/* ---- deliveries ---- */

/* What a text is expanded for. */
struct scene {
	const struct message *message;
	const struct recipient *to;
	const struct service *service;
	unsigned exchanger; /* which of service->hosts */
};

static void expand(struct generator *g, const struct scene *scene, const char *text, size_t size);

/* put_relay - append the name of the exchanger */
static void put_relay(struct generator *g, const struct scene *scene)
{
	const char *const host = scene->service->hosts[scene->exchanger];

	if (!strchr(host, '%')) {
		put_string(g, host);
		return;
	}
	expand(g, scene, host, strlen(host));
}

/* put_relay_ip - append the address of the exchanger: the same for the same name */
static void put_relay_ip(struct generator *g, const struct scene *scene)
{
	const struct domain *const domain = &g->domains[scene->to->domain];
	const char *const host = scene->service->hosts[scene->exchanger];

	if (domain->kind == LMTP) {
		PUT(g, "private/dovecot-lmtp");
	} else if (scene->service->replies == GOOGLE && scene->message->inode % 6 == 0) {
		PUT(g, "2a00:1450:4013:c0");
		put_hex(g, domain->kind + scene->exchanger, 1);
		PUT(g, "::1a");
	} else if (strchr(host, '%')) {
		put_ip(g, domain->seed + scene->exchanger);
	} else {
		put_ip(g, (uint32_t)mix(domain->kind * 7u + scene->exchanger));
	}
}

/* put_dashed - append a domain with dashes for dots, as Office 365 names its exchangers */
static void put_dashed(struct generator *g, const struct recipient *to)
{
	const struct domain *const domain = &g->domains[to->domain];

	for (unsigned i = 0; i < domain->size; i++) {
		const char byte = g->names[domain->name + i];
		*g->at++ = byte == '.' ? '-' : byte;
	}
}

/* put_zulu - append the time in UTC as Microsoft's replies show it */
static void put_zulu(struct generator *g)
{
	int64_t year;
	unsigned month, day;

	bm_civil_from_days(g->day, &year, &month, &day);
	put_number(g, (uint64_t)year, 4);
	PUT(g, "-");
	put_number(g, month, 2);
	PUT(g, "-");
	put_number(g, day, 2);
	PUT(g, "T0");
	put_number(g, below(g, 10), 1);
	PUT(g, ":");
	put_number(g, 10 + below(g, 50), 2);
	PUT(g, ":00.000Z");
}

/* put_party - append who or where a placeholder names */
static void put_party(struct generator *g, const struct scene *scene, char what)
{
	const struct message *const message = scene->message;
	const struct domain *const domain = &g->domains[scene->to->domain];

	switch (what) {
	case 'r':
		put_recipient(g, scene->to);
		break;
	case 'l':
		put_local(g, scene->to->local);
		break;
	case 'd':
		put(g, g->names + domain->name, domain->size);
		break;
	case 'D':
		put_dashed(g, scene->to);
		break;
	case 'k':
		put_number(g, domain->seed % 900000 + 100000, 6);
		break;
	case 's':
		put_sender(g, message);
		break;
	case 'S':
		put_string(g, sender_domains[message->sender]);
		break;
	case 'm':
		put_relay(g, scene);
		break;
	case 'p':
		put_relay_ip(g, scene);
		break;
	case 'h':
		put_string(g, g->hosts[message->host].name);
		PUT(g, ".example.com");
		break;
	case 'i':
		PUT(g, "192.0.2.");
		put_number(g, 25 + message->host, 1);
		break;
	default:
		assert(!"a placeholder");
	}
}

/* expand - append a text, its placeholders filled in: %r recipient, %l its local part, %d its
 * domain, %D that with dashes, %k its number, %s sender, %S its domain, %m exchanger, %p its
 * address, %h our name, %i our address, %g long id, %x hex id, %q queue id, %n six digits, %3
 * three, %e epoch, %z time */
static void expand(struct generator *g, const struct scene *scene, const char *text, size_t size)
{
	const char *const end = text + size;

	while (text < end) {
		const char *const mark = memchr(text, '%', (size_t)(end - text));
		const char *const stop = mark ? mark : end;

		put(g, text, (size_t)(stop - text));
		if (!mark)
			return;
		switch (mark[1]) {
		case 'g':
			put_hex(g, random_bits(g), 16);
			put_hex(g, below(g, 1 << 24), 6);
			break;
		case 'x':
			put_hex(g, random_bits(g), 8);
			break;
		case 'q':
			put_based(g, random_bits(g), 11, "0123456789ABCDEF", 16);
			break;
		case '3':
			put_number(g, below(g, 1000), 3);
			break;
		case 'e':
			put_number(g, (uint64_t)g->second, 1);
			break;
		case 'z':
			put_zulu(g);
			break;
		case '%':
			PUT(g, "%");
			break;
		case 'n':
			put_number(g, 100000 + below(g, 900000), 6);
			break;
		default:
			put_party(g, scene, mark[1]);
		}
		text = mark + 2;
	}
}

/* put_said - append a reply as Postfix logs it: the code before each line, lines joined */
static void put_said(struct generator *g, const struct scene *scene, const struct reply *reply)
{
	const char *line = reply->text;

	for (;;) {
		const char *const stop = strchr(line, '\n');
		put_number(g, reply->code, 3);
		put(g, stop ? "-" : " ", 1);
		expand(g, scene, line, stop ? (size_t)(stop - line) : strlen(line));
		if (!stop)
			return;
		PUT(g, " ");
		line = stop + 1;
	}
}

/* put_reason - append the words of a failure, in Postfix's frame */
static void put_reason(struct generator *g, const struct scene *scene, const struct reply *reply)
{
	if (reply->code == 0) {
		expand(g, scene, reply->text, strlen(reply->text));
		return;
	}
	PUT(g, "host ");
	put_relay(g, scene);
	PUT(g, "[");
	put_relay_ip(g, scene);
	if (reply->stage == CONNECT) {
		PUT(g, "] refused to talk to me: ");
		put_said(g, scene, reply);
		return;
	}
	PUT(g, "] said: ");
	put_said(g, scene, reply);
	PUT(g, " (in reply to ");
	put_string(g, stage_names[reply->stage]);
	PUT(g, " command)");
}

/* put_dsn - append the status Postfix derives: the text's own, unless there is none or the classes
 * disagree */
static void put_dsn(struct generator *g, const struct reply *reply)
{
	const char *const text = reply->text;

	if (reply->code == 0) {
		put_string(g, reply->dsn);
		return;
	}
	const char class = reply->stage == CONNECT ? '4' : (char)('0' + reply->code / 100);
	if (text[0] >= '4' && text[0] <= '5' && text[1] == '.' &&
	    text[0] - '0' == (int)reply->code / 100) {
		put(g, &class, 1);
		put(g, text + 1, strspn(text + 1, ".0123456789"));
	} else {
		put(g, &class, 1);
		PUT(g, ".0.0");
	}
}

/* put_timing - append delay= and delays= */
static void put_timing(struct generator *g, const struct message *message, bool talked)
{
	const uint64_t all = (uint64_t)(g->now - message->born) / 10000;
	const uint64_t send = talked && all > 4 ? below(g, all < 200 ? (uint32_t)all / 2 : 100) : 0;
	const uint64_t connect = all > 8 ? below(g, all < 200 ? (uint32_t)all / 3 : 66) : 0;

	PUT(g, ", delay=");
	put_delay(g, all);
	PUT(g, ", delays=");
	put_delay(g, all - send - connect);
	PUT(g, "/0.0");
	put_number(g, below(g, 9) + 1, 1);
	PUT(g, "/");
	put_delay(g, connect);
	PUT(g, "/");
	put_delay(g, send);
}

/* begin_attempt - start an attempt's line, up to dsn= */
static void begin_attempt(struct generator *g, const struct scene *scene, const char *daemon,
			  unsigned pid, bool named)
{
	const struct domain *const domain = &g->domains[scene->to->domain];

	begin_id(g, scene->message, daemon, pid);
	PUT(g, "to=<");
	put_recipient(g, scene->to);
	if (domain->kind == VIRTUAL && scene->to->local % 4 == 0)
		PUT(g, ">, orig_to=<bounces@example.com");
	PUT(g, ">, relay=");
	if (domain->kind == VIRTUAL) {
		PUT(g, "virtual");
	} else if (named) {
		put_relay(g, scene);
		PUT(g, "[");
		put_relay_ip(g, scene);
		if (domain->kind == LMTP)
			PUT(g, "]");
		else
			PUT(g, "]:25");
		if (scene->to->domain < COUNT(heads) && chance(g, 900)) {
			PUT(g, ", conn_use=");
			put_number(g, 2 + below(g, 9), 1);
		}
	} else {
		PUT(g, "none");
	}
	put_timing(g, scene->message, named);
	PUT(g, ", dsn=");
}

/* deliver_sent - log and count a delivery */
static void deliver_sent(struct generator *g, const struct scene *scene, unsigned pid)
{
	const enum kind kind = g->domains[scene->to->domain].kind;
	const char *const text = scene->service->sent;
	const char *const daemon = kind == VIRTUAL ? "virtual" : kind == LMTP ? "lmtp" : "smtp";

	begin_attempt(g, scene, daemon, pid, true);
	if (text[0] == '2' && text[1] == '.')
		put(g, text, 5);
	else
		PUT(g, "2.0.0");
	PUT(g, ", status=sent (");
	if (kind != VIRTUAL)
		PUT(g, "250 ");
	expand(g, scene, text, strlen(text));
	PUT(g, ")");
	finish_line(g);
	count_outcome(g, scene->message, scene->to->domain, BM_CATEGORY_DELIVERED, SENT);
	count_ending(g, scene->to, LATER_SENT);
}

/* deliver_info - log what smtp(8) says on the way: not an attempt, though it looks like one */
static void deliver_info(struct generator *g, struct scene *scene, const struct reply *reply,
			 unsigned pid)
{
	if (reply->stage == ALONE && strncmp(reply->text, "connect", 7) == 0) {
		begin(g, &g->hosts[scene->message->host], "smtp", pid);
		put_reason(g, scene, reply);
		finish_line(g);
	} else if (reply->code && reply->code < 500 && chance(g, 3500)) {
		begin_id(g, scene->message, "smtp", pid);
		put_reason(g, scene, reply);
		finish_line(g);
		scene->exchanger = 1;
	}
}

/* deliver_failed - log and count a failure */
static void deliver_failed(struct generator *g, struct scene *scene, const struct reply *reply,
			   unsigned pid)
{
	const bool final = final_reply(reply);
	const bool own = reply->code == 0 || reply->stage == CONNECT;
	const bool suspended = own && !final && scene->message->round > 0 && chance(g, 4000);
	const bool lmtp = g->domains[scene->to->domain].kind == LMTP;

	if (!suspended && !lmtp)
		deliver_info(g, scene, reply, pid);
	begin_attempt(g, scene,
		      suspended ? "error"
		      : lmtp    ? "lmtp"
				: "smtp",
		      pid, !suspended && reply->stage != ALONE);
	put_dsn(g, reply);
	if (final)
		PUT(g, ", status=bounced (");
	else
		PUT(g, ", status=deferred (");
	if (suspended)
		PUT(g, "delivery temporarily suspended: ");
	put_reason(g, scene, reply);
	PUT(g, ")");
	finish_line(g);
	count_outcome(g, scene->message, scene->to->domain, reply->category,
		      final ? BOUNCED : DEFERRED);
}

/* deliver_tls - log the encryption agreed on, for a part of all connections */
static void deliver_tls(struct generator *g, const struct scene *scene, unsigned pid)
{
	if (!chance(g, 40 * scene->service->tls))
		return;
	begin(g, &g->hosts[scene->message->host], "smtp", pid);
	if (chance(g, 4000))
		PUT(g, "Trusted TLS connection established to ");
	else
		PUT(g, "Untrusted TLS connection established to ");
	put_relay(g, scene);
	PUT(g, "[");
	put_relay_ip(g, scene);
	PUT(g, "]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)");
	if (chance(g, 5000))
		PUT(g, " key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest "
		       "SHA256");
	finish_line(g);
}

/* deliver - try one recipient: log it, count it, note what is left */
static void deliver(struct generator *g, struct message *message, struct recipient *to)
{
	struct scene scene = {message, to, &services[g->domains[to->domain].kind], chance(g, 800)};
	const unsigned pid = pid_of(g, &g->hosts[message->host], 10, 50);

	if (!message->counted) {
		message->counted = true;
		count_today(g, 0);
		g->totals.messages++;
		count_origin(&g->truth, message, OUTCOMES);
	}
	if (to->left > 0) {
		const struct reply *const reply = &replies[to->reply];
		deliver_failed(g, &scene, reply, pid);
		to->last = (uint8_t)reply->category;
		if (!to->deferred) {
			to->deferred = true;
			to->first = to->last;
			count_today(g, 1);
			g->totals.deferred_recipients++;
		}
		if (to->left != FOREVER)
			to->left--;
		if (chance(g, 1500))
			to->reply = draw_reply(g, scene.service->replies, false);
		return;
	}
	to->open = false;
	message->open--;
	if (to->sent) {
		deliver_tls(g, &scene, pid);
		deliver_sent(g, &scene, pid);
		return;
	}
	deliver_failed(g, &scene, &replies[to->bounce], pid);
	count_ending(g, to, LATER_BOUNCED);
	message->bounced++;
}

/* ---- steps ---- */

/* log_queued - the queue manager opens a message, for the recipients that are left */
static void log_queued(struct generator *g, const struct message *message)
{
	begin_id(g, message, "qmgr", qmgr_pid(&g->hosts[message->host]));
	PUT(g, "from=<");
	put_sender(g, message);
	PUT(g, ">, size=");
	put_number(g, message->size, 1);
	PUT(g, ", nrcpt=");
	put_number(g, message->open, 1);
	PUT(g, " (queue active)");
	finish_line(g);
}

/* log_message_id - cleanup names a message after its sender, or after our host */
static void log_message_id(struct generator *g, const struct message *message, unsigned pid)
{
	begin_id(g, message, "cleanup", pid);
	PUT(g, "message-id=<");
	if (message->null) {
		put_number(g, (uint64_t)(g->now / MICROSECONDS), 1);
		PUT(g, ".");
		put(g, message->id, message->id_size);
		PUT(g, "@");
		put_string(g, g->hosts[message->host].name);
		PUT(g, ".example.com>");
	} else {
		put_number(g, (uint64_t)g->second, 1);
		PUT(g, ".");
		put_hex(g, random_bits(g), 16);
		PUT(g, ".");
		put_number(g, below(g, 1000000), 6);
		PUT(g, "@");
		put_string(g, sender_domains[message->sender]);
		PUT(g, ">");
	}
	finish_line(g);
}

/* plan_attempt - when the next open recipient is tried, or the round ends */
static void plan_attempt(struct generator *g, struct message *message)
{
	int64_t wait = between(g, 0, 8);

	while (message->next < message->count && !message->to[message->next].open)
		message->next++;
	if (message->next == message->count) {
		plan(g, g->now + wait, FINISH, message);
		return;
	}
	const struct recipient *const to = &message->to[message->next];
	if (g->domains[to->domain].kind == VIRTUAL)
		wait = between(g, 2, 40);
	else if (to->left > 0 && replies[to->reply].code == 0)
		wait = between(g, 200, 30000);
	else if (message->next == 0 || to->domain != message->to[message->next - 1].domain)
		wait = between(g, 80, 1800);
	plan(g, g->now + wait, ATTEMPT, message);
}

/* notify - bounce(8) tells the sender about a message: a new message of our own, delivered here */
static void notify(struct generator *g, const struct message *message, bool delayed)
{
	struct message *const note = new_message(g, message->host, 1);
	const struct host *const host = &g->hosts[message->host];

	note->null = true;
	note->size = message->size + 2600;
	note->sender = message->sender;
	note->to[0] = (struct recipient){.domain = g->own + message->sender,
					 .local = message->sender_local,
					 .open = true,
					 .sent = true};
	log_message_id(g, note, pid_of(g, host, 3, 20));
	log_queued(g, note);
	begin_id(g, message, "bounce", pid_of(g, host, 5, 8));
	if (delayed)
		PUT(g, "sender delay notification: ");
	else
		PUT(g, "sender non-delivery notification: ");
	put(g, note->id, note->id_size);
	finish_line(g);
	plan_attempt(g, note);
}

/* expire - the queue manager gives up: all open recipients are lost */
static void expire(struct generator *g, struct message *message)
{
	begin_id(g, message, "qmgr", qmgr_pid(&g->hosts[message->host]));
	PUT(g, "from=<");
	put_sender(g, message);
	PUT(g, ">, status=expired, returned to sender");
	finish_line(g);
	for (unsigned i = 0; i < message->count; i++) {
		struct recipient *const to = &message->to[i];
		if (!to->open)
			continue;
		count_outcome(g, message, to->domain, (enum bm_category)to->last, EXPIRED);
		count_ending(g, to, LATER_EXPIRED);
		to->open = false;
		message->bounced++;
	}
	message->open = 0;
}

/* step_finish - a round is over: report what bounced, then remove the message or let it wait */
static void step_finish(struct generator *g, struct message *message)
{
	const int64_t age = g->now - message->born;

	if (message->open > 0 && age >= LIFETIME_MICROSECONDS)
		expire(g, message);
	if (message->bounced > 0 && !message->null)
		notify(g, message, false);
	message->bounced = 0;
	if (message->open == 0) {
		end_message(g, message);
		return;
	}
	if (!message->warned && !message->null && age > WARNING_MICROSECONDS) {
		message->warned = true;
		if (message->host == 0)
			notify(g, message, true);
	}
	int64_t wait = age < 300 * MICROSECONDS ? 300 * MICROSECONDS : age;
	if (wait > 4000 * MICROSECONDS)
		wait = 4000 * MICROSECONDS;
	message->next = 0;
	message->round++;
	plan(g, g->now + wait + between(g, 0, 300000), RETRY, message);
}

/* put_subject - append a Subject line's text; returns which */
static unsigned put_subject(struct generator *g)
{
	const unsigned number = below(g, COUNT(subjects));
	const char *text = subjects[number];

	for (; *text; text++) {
		if (*text != '%')
			*g->at++ = *text;
		else if (*++text == 'n')
			put_number(g, 10000 + below(g, 90000), 5);
		else
			PUT(g, "%");
	}
	return number;
}

/* log_subject - cleanup's header_checks warn about the subject, as some sites want it */
static void log_subject(struct generator *g, struct message *message, unsigned pid)
{
	const struct client *const client = &clients[message->client];

	begin_id(g, message, "cleanup", pid);
	PUT(g, "warning: header Subject: ");
	message->subject = (uint8_t)(1 + put_subject(g));
	PUT(g, " from ");
	put_string(g, client->name);
	PUT(g, "[");
	put_string(g, client->ip);
	PUT(g, "]; from=<");
	put_sender(g, message);
	PUT(g, "> to=<");
	put_recipient(g, &message->to[0]);
	PUT(g, "> proto=ESMTP helo=<");
	put_string(g, client->name);
	PUT(g, ">");
	finish_line(g);
}

/* step_cleanup - the message's headers are read */
static void step_cleanup(struct generator *g, struct message *message)
{
	const unsigned pid = pid_of(g, &g->hosts[message->host], 3, 20);

	if (message->host != 1 && chance(g, 3000))
		log_subject(g, message, pid);
	log_message_id(g, message, pid);
	plan(g, g->now + between(g, 2, 60), QUEUED, message);
}

/* step_queued - the message enters the active queue: on to the filter or to the recipients */
static void step_queued(struct generator *g, struct message *message)
{
	log_queued(g, message);
	if (message->hop)
		plan(g, g->now + between(g, 150, 1500), FILTERED, message);
	else
		plan_attempt(g, message);
}

/* step_filtered - the filter hands the message back: it goes on under a new id */
static void step_filtered(struct generator *g, struct message *hop)
{
	struct message *const message = new_message(g, hop->host, hop->count);
	const struct host *const host = &g->hosts[hop->host];

	message->null = hop->null;
	message->client = hop->client;
	message->sender = hop->sender;
	message->sender_local = hop->sender_local;
	message->size = hop->size + 380;
	memcpy(message->to, hop->to, hop->count * sizeof hop->to[0]);
	memcpy(hop->next_id, message->id, message->id_size);
	hop->next_size = message->id_size;
	begin_id(g, message, "smtpd", pid_of(g, host, 7, 10));
	PUT(g, "client=localhost[127.0.0.1]");
	if (hop->host == 0) {
		PUT(g, ", orig_queue_id=");
		put(g, hop->id, hop->id_size);
		PUT(g, ", orig_client=");
		put_string(g, clients[hop->client].name);
		PUT(g, "[");
		put_string(g, clients[hop->client].ip);
		PUT(g, "]");
	}
	finish_line(g);
	log_message_id(g, message, pid_of(g, host, 3, 20));
	log_queued(g, message);
	plan(g, g->now + between(g, 3, 60), HANDED, hop);
	plan(g, g->now + between(g, 80, 900), ATTEMPT, message);
}

/* step_handed - the hop into the filter is logged as sent, which it is not */
static void step_handed(struct generator *g, struct message *hop)
{
	const unsigned pid = pid_of(g, &g->hosts[hop->host], 10, 50);

	for (unsigned i = 0; i < hop->count; i++) {
		begin_id(g, hop, "smtp", pid);
		PUT(g, "to=<");
		put_recipient(g, &hop->to[i]);
		PUT(g, ">, relay=127.0.0.1[127.0.0.1]:10024");
		put_timing(g, hop, true);
		PUT(g, ", dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 "
		       "2.0.0 "
		       "Ok: queued as ");
		put(g, hop->next_id, hop->next_size);
		PUT(g, ")");
		finish_line(g);
	}
	end_message(g, hop);
}

/* step_attempt - one recipient is tried */
static void step_attempt(struct generator *g, struct message *message)
{
	while (message->next < message->count && !message->to[message->next].open)
		message->next++;
	if (message->next < message->count)
		deliver(g, message, &message->to[message->next++]);
	plan_attempt(g, message);
}

/* step_retry - a deferred message is opened again */
static void step_retry(struct generator *g, struct message *message)
{
	log_queued(g, message);
	plan_attempt(g, message);
}

/* draw_size - how many recipients a message has: mostly one */
static unsigned draw_size(struct generator *g)
{
	const unsigned draw = below(g, 1000);

	if (draw < 955)
		return 1;
	if (draw < 992)
		return 2 + below(g, 4);
	return 6 + below(g, RECIPIENTS_MAX - 5);
}

/* draw_message - a new message of a client, not yet logged */
static struct message *draw_message(struct generator *g, unsigned host, unsigned client)
{
	struct message *const message = new_message(g, host, draw_size(g));

	g->started++;
	message->client = (uint8_t)client;
	message->hop = g->options.filter;
	message->sender = (uint8_t)((client * 2 + below(g, 3)) % SENDERS);
	message->sender_local = (uint32_t)random_bits(g);
	message->null = chance(g, 50);
	draw_recipients(g, message);
	return message;
}

/* log_client - smtpd takes a message */
static void log_client(struct generator *g, const struct message *message, unsigned pid)
{
	const struct client *const client = &clients[message->client];

	begin_id(g, message, client->user ? "submission/smtpd" : "smtpd", pid);
	PUT(g, "client=");
	put_string(g, client->name);
	PUT(g, "[");
	put_string(g, client->ip);
	PUT(g, "]");
	if (client->user) {
		PUT(g, ", sasl_method=PLAIN, sasl_username=");
		put_string(g, client->user);
	}
	finish_line(g);
}

/* log_peer - "connect from" or "disconnect from" a client */
static void log_peer(struct generator *g, const struct session *session, const char *what)
{
	const struct client *const client = &clients[session->client];

	begin(g, &g->hosts[session->host], client->user ? "submission/smtpd" : "smtpd",
	      session->pid);
	put_string(g, what);
	put_string(g, client->name);
	PUT(g, "[");
	put_string(g, client->ip);
	PUT(g, "]");
}

/* put_count - append " name=count" */
static void put_count(struct generator *g, const char *name, unsigned count)
{
	put_string(g, name);
	put_number(g, count, 1);
}

/* step_session - a client connects, hands over its messages one by one, and leaves */
static void step_session(struct generator *g, struct session *session)
{
	if (!session->greeted) {
		session->greeted = true;
		log_peer(g, session, "connect from ");
		finish_line(g);
		plan(g, g->now + between(g, 5, 120), SESSION, session);
		return;
	}
	if (session->left > 0) {
		struct message *const message = draw_message(g, session->host, session->client);
		session->left--;
		session->sent++;
		session->recipients = (uint16_t)(session->recipients + message->count);
		log_client(g, message, session->pid);
		plan(g, g->now + between(g, 1, 50), CLEANUP, message);
		plan(g, g->now + between(g, 60, 700), SESSION, session);
		return;
	}
	log_peer(g, session, "disconnect from ");
	PUT(g, " ehlo=1");
	put_count(g, " mail=", session->sent);
	put_count(g, " rcpt=", session->recipients);
	put_count(g, " data=", session->sent);
	put_count(g, " quit=1 commands=", 2u + 2u * session->sent + session->recipients);
	finish_line(g);
	bm_free(session);
}

/* begin_stranger - start a line of smtpd or postscreen on some host about a stranger */
static void begin_stranger(struct generator *g, const struct host *host, const char *daemon,
			   uint32_t seed, const char *what)
{
	begin(g, host, daemon, host->pid + 8 * 60 + seed % 4);
	put_string(g, what);
	PUT(g, "[");
	put_ip(g, seed);
	PUT(g, "]");
}

/* put_envelope - append what a refused stranger had wanted */
static void put_envelope(struct generator *g, uint32_t seed)
{
	PUT(g, "from=<spam");
	put_number(g, seed % 1000, 1);
	PUT(g, "@gmail.com> to=<nobody");
	put_number(g, seed >> 8 & 0xff, 1);
	PUT(g, "@example.com> proto=ESMTP helo=<");
	put_hex(g, seed, 6);
	PUT(g, ".example.net>");
}

/* noise_smtpd - a stranger is refused by smtpd, or just goes away */
static void noise_smtpd(struct generator *g, const struct host *host)
{
	static const char *const refusals[] = {
		": 550 5.1.1 <nobody@example.com>: Recipient address rejected: User unknown; ",
		": 554 5.7.1 <nobody@example.com>: Relay access denied; ",
		": 450 4.7.25 Client host rejected: cannot find your hostname; ",
		": 554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org; "};
	const uint32_t seed = (uint32_t)random_bits(g);

	begin_stranger(g, host, "smtpd", seed, "connect from unknown");
	finish_line(g);
	if (chance(g, 7000)) {
		begin_stranger(g, host, "smtpd", seed, "NOQUEUE: reject: RCPT from unknown");
		put_string(g, refusals[below(g, COUNT(refusals))]);
		put_envelope(g, seed);
		finish_line(g);
		count_reject(g);
	} else {
		begin_stranger(g, host, "smtpd", seed, "lost connection after AUTH from unknown");
		finish_line(g);
	}
	begin_stranger(g, host, "smtpd", seed, "disconnect from unknown");
	PUT(g, " ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4");
	finish_line(g);
}

/* noise_postscreen - a stranger meets postscreen */
static void noise_postscreen(struct generator *g, const struct host *host)
{
	const uint32_t seed = (uint32_t)random_bits(g);

	begin_stranger(g, host, "postscreen", seed, "CONNECT from ");
	PUT(g, ":52344 to [192.0.2.25]:25");
	finish_line(g);
	if (chance(g, 4000)) {
		begin_stranger(g, host, "postscreen", seed, "PASS OLD ");
		PUT(g, ":52344");
		finish_line(g);
		return;
	}
	begin_stranger(g, host, "postscreen", seed, "DNSBL rank 6 for ");
	PUT(g, ":52344");
	finish_line(g);
	begin_stranger(g, host, "postscreen", seed, "NOQUEUE: reject: RCPT from ");
	PUT(g, ":52344: 550 5.7.1 Service unavailable; client [");
	put_ip(g, seed);
	PUT(g, "] blocked using zen.spamhaus.org; ");
	put_envelope(g, seed);
	finish_line(g);
	count_reject(g);
}

/* noise_milter - a client's message is refused by a milter: it never reaches the queue */
static void noise_milter(struct generator *g, unsigned host)
{
	struct message *const message = draw_message(g, host, below(g, COUNT(clients)));
	const struct client *const client = &clients[message->client];
	const unsigned pid = pid_of(g, &g->hosts[host], 3, 20);

	log_client(g, message, pid_of(g, &g->hosts[host], 1, 30));
	log_message_id(g, message, pid);
	begin_id(g, message, "cleanup", pid);
	PUT(g, "milter-reject: END-OF-MESSAGE from ");
	put_string(g, client->name);
	PUT(g, "[");
	put_string(g, client->ip);
	PUT(g, "]: 5.7.1 Spam message rejected; from=<");
	put_sender(g, message);
	PUT(g, "> to=<");
	put_recipient(g, &message->to[0]);
	PUT(g, "> proto=ESMTP helo=<");
	put_string(g, client->name);
	PUT(g, ">");
	finish_line(g);
	count_reject(g);
	if (g->hosts[host].short_ids) {
		struct host *const h = &g->hosts[host];
		BM_GROW(h->free_inodes, h->free_count, h->free_room);
		h->free_inodes[h->free_count++] = message->inode;
	}
	bm_free(message);
}

/* parts_of - the share of mail of an hour since 1970 */
static unsigned parts_of(int64_t hour)
{
	return (unsigned)hour_parts[hour % 24] * week_parts[(hour / 24 + 3) % 7];
}

/* pace - set the gap between arrivals from what is still to be written and what messages cost */
static void pace(struct generator *g)
{
	const bool by_lines = g->options.lines > 0;
	const uint64_t wanted = by_lines ? g->options.lines : g->options.bytes;
	const uint64_t done =
		by_lines ? g->totals.lines : g->totals.bytes + (uint64_t)(g->at - g->buffer);
	const uint64_t guess = (by_lines ? MESSAGE_LINES_GUESS : MESSAGE_BYTES_GUESS) *
			       (g->options.filter ? 3 : 2) / 2;
	const uint64_t cost = g->started > 3000 ? done / g->started + 1 : guess;
	const uint64_t parts = g->parts_left + 1;
	const double messages = wanted > done ? (double)(wanted - done) / (double)cost : 0;
	const double hourly = messages * parts_of(g->hour) / (double)parts;
	const double sessions = hourly / 1.8;

	g->gap = sessions > 0.01 ? (int64_t)(3600.0 * MICROSECONDS / sessions) : DAY_MICROSECONDS;
}

/* pickup - a message of a local program enters by pickup(8) */
static void pickup(struct generator *g, unsigned host)
{
	struct message *const message = draw_message(g, host, 3);

	begin_id(g, message, "pickup", g->hosts[host].pid + 2);
	PUT(g, "uid=33 from=<www-data>");
	finish_line(g);
	plan(g, g->now + between(g, 1, 30), CLEANUP, message);
}

/* step_arrival - somebody comes: a client, a local program or a stranger; the next is planned */
static void step_arrival(struct generator *g)
{
	const unsigned draw = below(g, 1000);
	const unsigned host = below(g, g->options.hosts);

	for (bool moved = false; g->hour < g->now / (3600 * MICROSECONDS) || !g->gap;
	     moved = true) {
		if (g->gap) {
			g->parts_left -= parts_of(g->hour);
			g->hour++;
		}
		if (!moved || g->hour == g->now / (3600 * MICROSECONDS))
			pace(g);
	}
	plan(g, g->now + waiting(g, g->gap), ARRIVAL, NULL);
	if (draw < 90) {
		noise_smtpd(g, &g->hosts[host]);
	} else if (draw < 120) {
		noise_postscreen(g, &g->hosts[host]);
	} else if (draw < 125) {
		noise_milter(g, host);
	} else if (draw < 180) {
		pickup(g, host);
	} else {
		struct session *const session = bm_zalloc(1, sizeof *session);
		session->host = (uint8_t)host;
		session->client = (uint8_t)below(g, COUNT(clients));
		session->left = (uint16_t)(1 + (chance(g, 3000) ? below(g, 8) : 0));
		session->pid = pid_of(g, &g->hosts[host], 1, 30);
		plan(g, g->now + 1, SESSION, session);
	}
}

/* step_anvil - anvil(8) reports, hour by hour or less often in a small log */
static void step_anvil(struct generator *g, struct host *host)
{
	static const char *const lines[] = {
		"statistics: max connection rate 3/60s for (smtp:192.0.2.50)",
		"statistics: max connection count 2 for (smtp:192.0.2.50)",
		"statistics: max cache size 4"};

	for (unsigned i = 0; i < COUNT(lines); i++) {
		begin(g, host, "anvil", host->pid + 7);
		put_string(g, lines[i]);
		PUT(g, " at ");
		put(g, g->stamp, g->stamp_size);
		finish_line(g);
	}
	plan(g, g->now + g->anvil_gap, ANVIL, host);
}

/* handle - let one step happen */
static void handle(struct generator *g, const struct step *step)
{
	switch ((enum step_kind)(step->order & 0xff)) {
	case ARRIVAL:
		step_arrival(g);
		break;
	case SESSION:
		step_session(g, step->subject);
		break;
	case CLEANUP:
		step_cleanup(g, step->subject);
		break;
	case QUEUED:
		step_queued(g, step->subject);
		break;
	case FILTERED:
		step_filtered(g, step->subject);
		break;
	case HANDED:
		step_handed(g, step->subject);
		break;
	case ATTEMPT:
		step_attempt(g, step->subject);
		break;
	case FINISH:
		step_finish(g, step->subject);
		break;
	case RETRY:
		step_retry(g, step->subject);
		break;
	case ANVIL:
		step_anvil(g, step->subject);
		break;
	}
}

/* abandon - the log ends before this step: what is open stays open */
static void abandon(struct generator *g, const struct step *step)
{
	const enum step_kind kind = (enum step_kind)(step->order & 0xff);

	if (kind == ARRIVAL || kind == ANVIL)
		return;
	if (kind != SESSION) {
		const struct message *const message = step->subject;
		for (unsigned i = 0; i < message->count; i++)
			if (message->to[i].open)
				count_ending(g, &message->to[i], STILL_OPEN);
	}
	bm_free(step->subject);
}

/* ---- the world ---- */

/* seed_random - start the stream */
static void seed_random(struct generator *g, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++)
		g->random.state[i] = mix(seed + 0x9e3779b97f4a7c15 * (i + 1));
}

/* name_tail - append the name of small domain number index: unique, and not sorted by popularity */
static void name_tail(struct generator *g, uint32_t index)
{
	const uint32_t words = COUNT(first_words) * COUNT(second_words) * COUNT(suffixes);
	uint32_t place = (uint32_t)((uint64_t)(index % words) * 48271 % words);

	put_string(g, first_words[place % COUNT(first_words)]);
	place /= COUNT(first_words);
	if (place % 3 == 0)
		PUT(g, "-");
	put_string(g, second_words[place % COUNT(second_words)]);
	place /= COUNT(second_words);
	if (index >= words)
		put_number(g, index / words, 1);
	PUT(g, ".");
	put_string(g, suffixes[place]);
}

/* add_domain - the domain whose name stands in the buffer */
static void add_domain(struct generator *g, uint32_t index, enum kind kind)
{
	const size_t size = (size_t)(g->at - g->buffer);

	memcpy(g->names + g->name_bytes, g->buffer, size);
	g->domains[index] = (struct domain){(uint32_t)g->name_bytes, (uint8_t)size, (uint8_t)kind,
					    (uint32_t)mix(g->options.seed ^ index * 2654435761u)};
	g->name_bytes += size;
	g->at = g->buffer;
}

/* make_domains - heads, tail and our own */
static void make_domains(struct generator *g)
{
	const uint32_t count = g->options.domains + SENDERS;
	uint32_t index = 0;

	g->own = g->options.domains;
	g->domains = bm_zalloc(count, sizeof *g->domains);
	g->names = bm_alloc((size_t)count * 40);
	for (unsigned i = 0; i < COUNT(heads); i++, index++) {
		put_string(g, heads[i].domain);
		add_domain(g, index, heads[i].kind);
		for (unsigned share = 0; share < heads[i].weight; share++)
			g->head_of[g->head_share++] = (uint8_t)i;
	}
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		for (unsigned share = 0; share < services[kind].tail; share++)
			g->tail_kinds[g->tail_share++] = (uint8_t)kind;
	for (; index < g->own; index++) {
		const uint32_t tail = index - (uint32_t)COUNT(heads);
		enum kind kind;
		do
			kind = (enum kind)g->tail_kinds[below(g, g->tail_share)];
		while (kind >= NXDOMAIN && tail < LIVE_TAIL && tail < g->options.domains / 8);
		name_tail(g, tail);
		add_domain(g, index, kind);
	}
	for (unsigned i = 0; i < SENDERS; i++, index++) {
		put_string(g, sender_domains[i]);
		add_domain(g, index, VIRTUAL);
	}
}

/* make_hosts - the machines, and the first lines they log */
static void make_hosts(struct generator *g)
{
	for (unsigned i = 0; i < g->options.hosts; i++) {
		struct host *const host = &g->hosts[i];
		host->name = host_names[i];
		host->tag = i == 2 ? "postfix-out" : "postfix";
		host->short_ids = i > 0 && i + 1 == g->options.hosts;
		host->pid = 1000 + below(g, 5000);
		begin(g, host, "master", host->pid);
		PUT(g, "daemon started -- version 3.7.11, configuration /etc/postfix");
		finish_line(g);
		plan(g, g->now + waiting(g, g->anvil_gap), ANVIL, host);
	}
}

/* ---- truth.json ---- */

/* order_cells - for qsort: by day, domain, category */
static int order_cells(const void *left, const void *right)
{
	const uint64_t a = ((const struct cell *)left)->key, b = ((const struct cell *)right)->key;

	return (a > b) - (a < b);
}

/* hand_truth - give the buffer to the sink as truth when it is full, or at last */
static void hand_truth(struct generator *g, bool last)
{
	if (!last && g->at - g->buffer < BUFFER_BYTES)
		return;
	if (g->err == BM_OK && g->at > g->buffer)
		g->err = g->sink->truth(g->sink->context, g->buffer, (size_t)(g->at - g->buffer));
	g->at = g->buffer;
}

/* put_row - append numbers behind what stands there, and end the row */
static void put_row(struct generator *g, const uint64_t *numbers, size_t count, bool more)
{
	for (size_t i = 0; i < count; i++) {
		PUT(g, ",");
		put_number(g, numbers[i], 1);
	}
	if (more)
		PUT(g, "],\n");
	else
		PUT(g, "]\n");
	hand_truth(g, false);
}

/* put_totals - append the totals object */
static void put_totals(struct generator *g)
{
	const struct bm_generate_totals *const t = &g->totals;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {{"bytes", t->bytes},       {"lines", t->lines},
		    {"messages", t->messages}, {"attempts", t->attempts},
		    {"rejected", t->rejected}, {"delivered", t->delivered},
		    {"bounced", t->bounced},   {"expired", t->expired},
		    {"deferred", t->deferred}, {"deferred_recipients", t->deferred_recipients}};

	PUT(g, "\"totals\":{");
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_string(g, i ? ",\"" : "\"");
		put_string(g, rows[i].name);
		PUT(g, "\":");
		put_number(g, rows[i].value, 1);
	}
	PUT(g, "},\n");
}

/* put_date - append a day of the log, counted from 0, in quotes */
static void put_date(struct generator *g, unsigned index)
{
	int64_t year;
	unsigned month, day;

	bm_civil_from_days(g->options.start_day + index, &year, &month, &day);
	PUT(g, "\"");
	put_number(g, (uint64_t)year, 4);
	PUT(g, "-");
	put_number(g, month, 2);
	PUT(g, "-");
	put_number(g, day, 2);
	PUT(g, "\"");
}

/* put_days - append messages, deferred recipients and rejections by day */
static void put_days(struct generator *g)
{
	PUT(g, "\"days\":[\n");
	for (unsigned i = 0; i < g->options.days; i++) {
		PUT(g, "[");
		put_date(g, i);
		put_row(g, g->truth.days[i], 3, i + 1 < g->options.days);
	}
	PUT(g, "],\n");
}

static const char *const category_names[BM_CATEGORY_COUNT] = {
#define X(identifier, name, fault, severity) name,
	BM_CATEGORIES(X)
#undef X
};

/* put_incidents - append first and last day, provider, category and how many more were refused */
static void put_incidents(struct generator *g)
{
	PUT(g, "\"incidents\":[\n");
	for (unsigned i = 0; i < g->options.incident_count; i++) {
		const struct bm_generate_incident *const incident = &g->options.incidents[i];
		PUT(g, "[");
		put_date(g, incident->day);
		PUT(g, ",");
		put_date(g, incident->day + incident->days - 1);
		PUT(g, ",\"");
		put_string(g, incident->provider);
		PUT(g, "\",\"");
		put_string(g, category_names[incident->category]);
		PUT(g, "\"");
		put_row(g, &g->truth.incidents[i], 1, i + 1 < g->options.incident_count);
	}
	PUT(g, "],\n");
}

/* put_endings - append what became of deferred recipients, by last or by first deferral */
static void put_endings(struct generator *g, const char *name, unsigned which)
{
	PUT(g, "\"");
	put_string(g, name);
	PUT(g, "\":[\n");
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++) {
		PUT(g, "[\"");
		put_string(g, category_names[i]);
		PUT(g, "\"");
		put_row(g, g->truth.endings[which][i], ENDINGS, i + 1 < BM_CATEGORY_COUNT);
	}
	PUT(g, "],\n");
}

/* put_senders - append messages and outcomes by sender domain */
static void put_senders(struct generator *g)
{
	PUT(g, "\"senders\":[\n");
	for (unsigned i = 0; i <= SENDERS; i++) {
		PUT(g, "[\"");
		put_string(g, i < SENDERS ? sender_domains[i] : "<>");
		PUT(g, "\"");
		put_row(g, g->truth.senders[i], OUTCOMES + 1, i < SENDERS);
	}
	PUT(g, "],\n");
}

/* put_origins - append outcomes and messages by number of recipients and by subject */
static void put_origins(struct generator *g)
{
	PUT(g, "\"fanout\":[\n");
	for (unsigned i = 0; i < COUNT(fanouts); i++) {
		PUT(g, "[\"");
		put_string(g, fanouts[i].name);
		PUT(g, "\"");
		put_row(g, g->truth.fanouts[i], OUTCOMES + 1, i + 1 < COUNT(fanouts));
	}
	PUT(g, "],\n\"subjects\":[\n");
	for (unsigned i = 1; i <= COUNT(subjects); i++) {
		PUT(g, "[\"");
		put_string(g, subject_names[i - 1]);
		PUT(g, "\"");
		put_row(g, g->truth.subjects[i], OUTCOMES + 1, i < COUNT(subjects));
	}
	PUT(g, "],\n");
}

/* put_cube - append the names that occur and the cells, which refer to them by number */
static void put_cube(struct generator *g)
{
	struct truth *const truth = &g->truth;
	const uint32_t domains = g->own + SENDERS;
	uint32_t *const number = bm_zalloc(domains, sizeof *number);
	uint32_t used = 0;

	for (size_t i = 0; i < truth->count; i++)
		number[(truth->cells[i].key - 1) >> 8 & 0xffffffff] = 1;
	PUT(g, "\"categories\":[");
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++) {
		put_string(g, i ? ",\"" : "\"");
		put_string(g, category_names[i]);
		PUT(g, "\"");
	}
	PUT(g, "],\n\"domains\":[");
	for (uint32_t i = 0; i < domains; i++) {
		if (!number[i])
			continue;
		put_string(g, used ? ",\n\"" : "\n\"");
		put(g, g->names + g->domains[i].name, g->domains[i].size);
		PUT(g, "\"");
		number[i] = used++;
		hand_truth(g, false);
	}
	PUT(g, "],\n\"cube\":[\n");
	for (size_t i = 0; i < truth->count; i++) {
		const struct cell *const cell = &truth->cells[i];
		const uint64_t row[] = {number[(cell->key - 1) >> 8 & 0xffffffff],
					(cell->key - 1) & 0xff,
					cell->n[0],
					cell->n[1],
					cell->n[2],
					cell->n[3]};
		PUT(g, "[");
		put_number(g, (cell->key - 1) >> 40, 1);
		put_row(g, row, COUNT(row), i + 1 < truth->count);
	}
	PUT(g, "]}\n");
	bm_free(number);
}

/* write_truth - truth.json into the sink; compacts and sorts the cells */
static void write_truth(struct generator *g)
{
	static const char *const forms[] = {"3164", "3339", "5424", "year-first"};
	struct truth *const truth = &g->truth;
	size_t kept = 0;

	for (size_t i = 0; i < truth->room; i++)
		if (truth->cells[i].key)
			truth->cells[kept++] = truth->cells[i];
	if (kept > 0)
		qsort(truth->cells, kept, sizeof *truth->cells, order_cells);
	PUT(g, "{\"seed\":");
	put_number(g, g->options.seed, 1);
	PUT(g, ",\"form\":\"");
	put_string(g, forms[g->options.form]);
	PUT(g, "\",\"hosts\":");
	put_number(g, g->options.hosts, 1);
	PUT(g, ",\"filter\":");
	put_string(g, g->options.filter ? "true,\n" : "false,\n");
	put_totals(g);
	put_incidents(g);
	put_days(g);
	put_senders(g);
	put_origins(g);
	put_endings(g, "deferrals_by_last", 0);
	put_endings(g, "deferrals_by_first", 1);
	put_cube(g);
	hand_truth(g, true);
}

/* ---- the whole ---- */

struct bm_generate_options bm_generate_defaults(void)
{
	return (struct bm_generate_options){.bytes = 64 << 20,
					    .days = 90,
					    .domains = 100000,
					    .hosts = 3,
					    .seed = 1,
					    .start_day = 20423, /* 2025-12-01, a Monday */
					    .form = BM_GENERATE_3164};
}

/* set_anvil_gap - an hour, or so long that anvil's lines stay below 2 % of the log */
static void set_anvil_gap(struct generator *g)
{
	const uint64_t wanted = g->options.lines ? g->options.lines : g->options.bytes / 150;
	const uint64_t few = 3u * g->options.hosts * 24 * g->options.days * 50;

	g->anvil_gap = 3600 * MICROSECONDS;
	if (wanted < few)
		g->anvil_gap *= (int64_t)(few / (wanted + 1) + 1);
}

/* start - make the world at midnight of the first day */
static void start(struct generator *g)
{
	const int64_t hours = 24LL * g->options.days;

	g->buffer = g->at = bm_alloc(BUFFER_BYTES + 16 * LINE_BYTES_MAX * RECIPIENTS_MAX / 8);
	g->truth.days = bm_zalloc(g->options.days, sizeof *g->truth.days);
	g->truth.wanted = g->sink->truth != NULL;
	seed_random(g, g->options.seed);
	make_domains(g);
	g->day = g->second = -1;
	g->hour = g->options.start_day * 24;
	g->end = (g->options.start_day + g->options.days) * DAY_MICROSECONDS;
	for (int64_t i = 0; i < hours; i++)
		g->parts_left += parts_of(g->hour + i);
	set_anvil_gap(g);
	tick(g, g->options.start_day * DAY_MICROSECONDS);
	make_hosts(g);
	plan(g, g->now + MICROSECONDS, ARRIVAL, NULL);
}

/* dispose - free the world */
static void dispose(struct generator *g)
{
	for (unsigned i = 0; i < g->options.hosts; i++)
		bm_free(g->hosts[i].free_inodes);
	bm_free(g->truth.cells);
	bm_free(g->truth.days);
	bm_free(g->domains);
	bm_free(g->names);
	bm_free(g->steps);
	bm_free(g->buffer);
}

bool bm_generate_can(const char *provider, enum bm_category category)
{
	for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
		unsigned all, some;
		if (!provider_names[kind] || strcmp(provider_names[kind], provider) != 0)
			continue;
		share_of((enum kind)kind, category, &all, &some);
		return some > 0;
	}
	return false;
}

enum bm_err bm_generate(const struct bm_generate_options *options,
			const struct bm_generate_sink *sink, struct bm_generate_totals *totals)
{
	struct generator g = {.options = *options, .sink = sink};

	assert(options->days >= 1 && options->days <= BM_GENERATE_DAYS_MAX);
	assert(options->hosts >= 1 && options->hosts <= BM_GENERATE_HOSTS_MAX);
	assert(options->domains >= BM_GENERATE_DOMAINS_MIN);
	start(&g);
	while (g.err == BM_OK && g.steps[0].time < g.end) {
		const struct step step = take(&g);
		tick(&g, step.time);
		handle(&g, &step);
	}
	flush(&g);
	while (g.step_count > 0) {
		const struct step step = take(&g);
		abandon(&g, &step);
	}
	if (g.err == BM_OK && g.truth.wanted)
		write_truth(&g);
	if (totals)
		*totals = g.totals;
	dispose(&g);
	return g.err;
}
