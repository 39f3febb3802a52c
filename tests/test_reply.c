/* test_reply.c - one small test per fear about the tokenizer and the mask. */
#include "bouncemill/reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bouncemill/error.h"

/* parsed - the reply of a C string */
static struct bm_reply parsed(const char *text)
{
	struct bm_reply reply;
	bm_reply_parse(bm_bytes_of(text), &reply);
	return reply;
}

/* masked - the template of a C string's bytes; valid until the next call */
static const char *masked(const char *text, const struct bm_keep *keep)
{
	static struct bm_text out;
	out.size = 0;
	bm_reply_mask(bm_bytes_of(text), keep, &out);
	bm_text_byte(&out, 0);
	return (const char *)out.data;
}

/* same - does the run say what text says */
static bool same(struct bm_bytes run, const char *text)
{
	return bm_bytes_equal(run, bm_bytes_of(text));
}

struct frame {
	const char *in, *host, *ip, *text;
	enum bm_stage stage;
	bool quoted, suspended;
};

static const struct frame frames[] = {
	{"host mx.a.example[192.0.2.1] said: 550 no (in reply to RCPT TO command)", "mx.a.example",
	 "192.0.2.1", "550 no", BM_STAGE_RCPT, true, false},
	{"host mx.a.example[192.0.2.1] said: 550 no (in reply to RCPT TO command))", "mx.a.example",
	 "192.0.2.1", "550 no", BM_STAGE_RCPT, true, false},
	{"host mx.a.example[2001:db8::1] refused to talk to me: 421 busy)", "mx.a.example",
	 "2001:db8::1", "421 busy", BM_STAGE_CONNECT, true, false},
	{"connect to mx.a.example[192.0.2.1]:25: server refused to talk to me: 421 busy",
	 "mx.a.example", "192.0.2.1", "421 busy", BM_STAGE_CONNECT, true, false},
	{"host mx.a.example[::ffff:192.0.2.1] said: 554 x (in reply to end of DATA command)",
	 "mx.a.example", "::ffff:192.0.2.1", "554 x", BM_STAGE_DOT, true, false},
	{"mx.a.example[192.0.2.1]:25 said: 450 x (in reply to MAIL FROM command)", "mx.a.example",
	 "192.0.2.1", "450 x", BM_STAGE_MAIL, true, false},
	{"host mail[private/dovecot-lmtp] said: 550 5.1.1 x (in reply to LHLO command)", "mail",
	 "private/dovecot-lmtp", "550 5.1.1 x", BM_STAGE_EHLO, true, false},
	{"connect to mx.a.example[192.0.2.1]:25: Connection refused", "mx.a.example", "192.0.2.1",
	 "connect to mx.a.example[192.0.2.1]:25: Connection refused", BM_STAGE_CONNECT, false,
	 false},
	{"delivery temporarily suspended: connect to a[192.0.2.1]:25: No route to host", "a",
	 "192.0.2.1", "connect to a[192.0.2.1]:25: No route to host", BM_STAGE_CONNECT, false,
	 true},
	{"delivery temporarily suspended: host a[192.0.2.1] said: 450 x (in reply to DATA command)",
	 "a", "192.0.2.1", "450 x", BM_STAGE_DATA, true, true},
	{"lost connection with a[192.0.2.1] while sending end of data -- message may be sent more "
	 "than once",
	 "a", "192.0.2.1",
	 "lost connection with a[192.0.2.1] while sending end of data -- message may be sent more "
	 "than once",
	 BM_STAGE_DOT, false, false},
	{"conversation with a[192.0.2.1] timed out while performing the EHLO handshake", "a",
	 "192.0.2.1",
	 "conversation with a[192.0.2.1] timed out while performing the EHLO handshake",
	 BM_STAGE_EHLO, false, false},
	{"SASL authentication failed; server a[192.0.2.1] said: 535 5.7.8 no", "a", "192.0.2.1",
	 "535 5.7.8 no", BM_STAGE_AUTH, true, false},
	{"TLS is required, but was not offered by host a[192.0.2.1]", "a", "192.0.2.1",
	 "TLS is required, but was not offered by host a[192.0.2.1]", BM_STAGE_STARTTLS, false,
	 false},
	{"unknown user: \"x\"", "", "", "unknown user: \"x\"", BM_STAGE_NONE, false, false},
	{"Disk quota (of user) exceeded", "", "", "Disk quota (of user) exceeded", BM_STAGE_NONE,
	 false, false},
	{"", "", "", "", BM_STAGE_NONE, false, false},
};

Test(reply, frames_are_peeled)
{
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
		const struct frame *const want = &frames[i];
		const struct bm_reply reply = parsed(want->in);
		cr_expect(same(reply.host, want->host), "host of %s", want->in);
		cr_expect(same(reply.ip, want->ip), "address of %s", want->in);
		cr_expect(same(reply.text, want->text), "text of %s", want->in);
		cr_expect_eq(reply.stage, want->stage, "stage of %s", want->in);
		cr_expect_eq(reply.quoted, want->quoted, "quoted of %s", want->in);
		cr_expect_eq(reply.suspended, want->suspended, "suspended of %s", want->in);
	}
}

Test(reply, text_in_a_reply_never_becomes_a_frame)
{
	const struct bm_reply reply =
		parsed("host real.example[192.0.2.1] said: 550 host fake.example[192.0.2.9] said: "
		       "250 fine "
		       "(in reply to MAIL FROM command) (in reply to RCPT TO command)");
	cr_expect(same(reply.host, "real.example"));
	cr_expect_eq(reply.code, 550);
	cr_expect_eq(reply.stage, BM_STAGE_RCPT);
	cr_expect(same(reply.text, "550 host fake.example[192.0.2.9] said: 250 fine "
				   "(in reply to MAIL FROM command)"));
}

struct code {
	const char *in;
	uint16_t basic;
	struct bm_enhanced enhanced;
};

static const struct code codes[] = {
	{"550 5.1.1 x", 550, {5, 1, 1}},
	{"550-5.7.26 x 550 5.7.26 y", 550, {5, 7, 26}},
	{"550-x y 550 5.7.606 z", 550, {5, 7, 606}},
	{"550 sorry (#5.1.1)", 550, {5, 1, 1}},
	{"550 #5.1.0 Address rejected", 550, {5, 1, 0}},
	{"451 busy (4.3.2 later)", 451, {4, 3, 2}},
	{"5.2.2 mailbox full", 0, {5, 2, 2}},
	{"550", 550, {0, 0, 0}},
	{"550-", 550, {0, 0, 0}},
	{"5500000 apples", 0, {0, 0, 0}},
	{"550x", 0, {0, 0, 0}},
	{"199 x", 0, {0, 0, 0}},
	{"600 x", 0, {0, 0, 0}},
	{"550 5.1.1.7 is an address", 550, {0, 0, 0}},
	{"550 5.1.1b is a version", 550, {0, 0, 0}},
	{"550 5.1.1000 x", 550, {0, 0, 0}},
	{"550 3.1.1 x", 550, {0, 0, 0}},
	{"550 host 5.2.2 of three", 550, {0, 0, 0}},
	{"connect to 5.5.5.5[5.5.5.5]:25: Connection refused", 0, {0, 0, 0}},
};

Test(reply, codes_are_read_and_nothing_else)
{
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		const struct bm_reply reply = parsed(codes[i].in);
		const struct bm_enhanced *const want = &codes[i].enhanced;
		cr_expect_eq(reply.code, codes[i].basic, "basic code of %s: %u", codes[i].in,
			     reply.code);
		cr_expect(reply.enhanced.class == want->class &&
				  reply.enhanced.subject == want->subject &&
				  reply.enhanced.detail == want->detail,
			  "enhanced code of %s: %u.%u.%u", codes[i].in, reply.enhanced.class,
			  reply.enhanced.subject, reply.enhanced.detail);
	}
}

Test(reply, providers_own_codes_are_found)
{
	static const char *const table[][2] = {
		{"550 5.7.1 x (S3140). y", "S3140"},
		{"421 4.7.0 [TSS04] Messages", "TSS04"},
		{"554 DT:SPM 163 smtp14,abc", "DT:SPM"},
		{"554 x (RLY:B1) y", "RLY:B1"},
		{"452 4.5.3 Too many recipients (AS780090) [x]", "AS780090"},
		{"550 5.2.0 OFR004_506 [506]", "OFR004_506"},
		{"550 5.1.1 see https://support.google.com/mail/?p=NoSuchUser x", "p=NoSuchUser"},
		{"550 not RFC5322 (RFC5322) compliant", ""},
		{"550 nothing here", ""},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct bm_reply reply = parsed(table[i][0]);
		cr_expect(same(reply.token, table[i][1]), "token of %s: %.*s", table[i][0],
			  (int)reply.token.size, (const char *)reply.token.data);
	}
}

Test(reply, masks)
{
	static const char *const table[][2] = {
		{"550 用户pat@shop.example不存在", "550 用户<addr>不存在"},
		{"550 账号abc123456789（4月）已停用", "550 账号<id>（<num>月）已停用"},
		{"550 见 https://x.example/a/1，请稍后", "550 见 <url>，请稍后"},
		{"550 5.1.1 <a.b@c.example>: Recipient address rejected",
		 "550 5.1.1 <addr>: Recipient address rejected"},
		{"550-5.1.1 one 550-5.1.1  two 550 5.1.1 three", "550 5.1.1 one two three"},
		{"550-5.1.1 one 550 5.7.1 two", "550 5.1.1 one 5.7.1 two"},
		{"connect to mx1.a.example[192.0.2.7]:25: Connection refused",
		 "connect to <host>[<ip>]:<num>: Connection refused"},
		{"connect to mx1.a.example[2001:db8::7]:25: x", "connect to <host>[<ip>]:<num>: x"},
		{"unknown user: \"dsi\"", "unknown user: \"<addr>\""},
		{"550 <john>... User unknown", "550 <addr>... User unknown"},
		{"550 <DATA>: Data command rejected", "550 <DATA>: Data command rejected"},
		{"450 retry in 300 seconds, at 12:34:56 or 2026-01-02T03:04:05Z",
		 "450 retry in <num> seconds, at <id> or <id>"},
		{"554 cannot be delivered (554.30). - mta4205.mail.ne1.yahoo.com",
		 "554 cannot be delivered (554.30). - <host>"},
		{"550 x OFR004_506 [506] (S3140) [TSS04] (AS780090)",
		 "550 x OFR004_506 [506] (S3140) [TSS04] (AS780090)"},
		{"250 x h7-20020a05600c350700b003a2cf1ba9e2si1234567wmq.100 - gsmtp",
		 "250 x <id> - gsmtp"},
		{"550 see https://support.google.com/mail/?p=NoSuchUser now",
		 "550 see https://support.google.com/mail/?p=NoSuchUser now"},
		{"550 see http://c.example/a/b?c=d, or www.d.example/e", "550 see <url>, or <url>"},
		{"550 W32/Netsky.P@MM from a@mm.example", "550 W32/Netsky.P@MM from <addr>"},
		{"550 permanent (a@b.example:blocked)", "550 permanent (<addr>:blocked)"},
		{"552 larger than 10MB or 20.5 MB", "552 larger than <num>MB or <num> MB"},
		{"550 create file /home/u1/Maildir/tmp/132.P2.x: no", "550 create file <id>: no"},
		{"550 blocked using zen.spamhaus.org", "550 blocked using zen.spamhaus.org"},
		{"550 blocked using 2.0.0.127.zen.spamhaus.org",
		 "550 blocked using <id>.zen.spamhaus.org"},
		{"550 blocked using notspamhaus.org", "550 blocked using <host>"},
		{"550 full.Please wait", "550 full.Please wait"},
		{"\t550  a  b ", "550 a b"},
		{"", ""},
	};
	struct bm_keep *const keep = bm_keep_new();
	bm_keep_add(keep, BM_BYTES("Spamhaus.org"));
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *const got = masked(table[i][0], keep);
		cr_expect_str_eq(got, table[i][1], "%s -> %s", table[i][0], got);
	}
	bm_keep_free(keep);
}

Test(reply, two_replies_that_differ_in_what_varies_have_one_template)
{
	static const char *const table[][2] = {
		{"554 DT:SPM 163 smtp14,EsCowAC3f9xx 1356425022,please see "
		 "http://mail.163.com/help/"
		 "help_spam_16.htm?ip=192.0.2.1&hostid=smtp14&time=1356425022",
		 "554 DT:SPM 163 smtp9,P8CowBD7a1yyz 1456425099,please see "
		 "http://mail.163.com/help/"
		 "help_spam_16.htm?ip=192.0.2.200&hostid=smtp9&time=1456425099"},
		{"550 5.4.1 Recipient address rejected: Access denied. "
		 "[AM4PEPF00027A62.eurprd04.prod.outlook.com 2026-02-11T07:45:12.113Z "
		 "08DE1A2B3C4D5E6F]",
		 "550 5.4.1 Recipient address rejected: Access denied. "
		 "[DB5PEPF00014B8A.eurprd02.prod.outlook.com 2026-03-12T17:05:02.903Z "
		 "08DE9A8B7C6D5E4F]"},
		{"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked",
		 "554 5.7.1 Service unavailable; Client host [203.0.113.254] blocked"},
		{"550 5.1.1 <a@b.example> x", "550 5.1.1 <longer.name+tag@other.example> x"},
		{"451 4.7.1 wait 00:04:59", "451 4.7.1 wait 00:00:01"},
		{"552 4 errors, 71234 bytes", "552 11 errors, 9 bytes"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char left[BM_TEMPLATE_BYTES_MAX + 1];
		snprintf(left, sizeof left, "%s", masked(table[i][0], NULL));
		cr_expect_str_eq(masked(table[i][1], NULL), left);
	}
}

/* Of the processor, for a huge text; one read again and again would take minutes. */
enum { SECONDS_MAX = 5 };

/* seconds - processor time so far */
static double seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* repeated - size bytes of unit again and again; bm_free it */
static struct bm_bytes repeated(const char *unit, size_t size)
{
	uint8_t *const data = bm_alloc(size);
	const size_t step = strlen(unit);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)unit[i % step];
	return (struct bm_bytes){data, size};
}

Test(reply, huge_texts_stay_linear)
{
	static const char *const units[] = {
		"550 ",       "said: ",        "<",
		"(",          "host a[",       "a.b.c.d@",
		"1.2.3.4.",   "#5.1.1",        "[TSS0",
		"\"",         "http://x.",     "::",
		"550-5.1.1 ", "a:b=c/d",       "user: \"",
		"x9",         "(in reply to ", "delivery temporarily suspended: ",
	};
	struct bm_text out = {0};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		const struct bm_bytes text = repeated(units[i], 600000);
		const double start = seconds();
		struct bm_reply reply;
		bm_reply_parse(text, &reply);
		out.size = 0;
		bm_reply_mask(reply.text, NULL, &out);
		cr_expect_leq(out.size, BM_TEMPLATE_BYTES_MAX);
		cr_expect_lt(seconds() - start, SECONDS_MAX, "%s", units[i]);
		bm_free((void *)(uintptr_t)text.data);
	}
	bm_text_dispose(&out);
}
