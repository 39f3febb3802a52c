/* test_mail.c - what the reader of mails says of one mail of each kind, and of broken ones.
 *
 * data/mails/ holds a mail for every family of reports, written for this project or by a real
 * server (the two of Postfix and of Sendmail); expected.tsv says what each of them means, one line a
 * recipient.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <dirent.h>

#include "bouncemill/mail.h"
#include "bouncemill/text.h"

static struct bm_bytes slurp(const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/data/mails/%s", BM_TESTS, name);
	FILE *const file = fopen(path, "rb");
	cr_assert_not_null(file, "%s", path);
	uint8_t *const data = malloc(1 << 20);
	const size_t size = fread(data, 1, 1 << 20, file);
	fclose(file);
	return (struct bm_bytes){data, size};
}

/* say_recipient - a line of expected.tsv */
static void say_recipient(struct bm_text *out, const char *file, const struct bm_mail *mail,
			  const struct bm_mail_recipient *one)
{
	bm_text_format(out, "%s\t%s\t%s\t", file, bm_mail_sort_name(mail->sort), mail->kind);
	if (one == NULL) {
		bm_text_format(out, "\t\t\t\n");
		return;
	}
	bm_text_add(out, one->address);
	bm_text_format(out, "\t%s\t", bm_action_name(one->action));
	if (one->status.class)
		bm_text_format(out, "%d.%d.%d", one->status.class, one->status.subject,
			       one->status.detail);
	bm_text_format(out, "\t");
	bm_text_add(out, one->text);
	bm_text_format(out, "\n");
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* mails - the names of all mails there are, sorted */
static size_t mails(char *names[256])
{
	size_t count = 0;
	DIR *const folder = opendir(BM_TESTS "/data/mails");
	cr_assert_not_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (strstr(entry->d_name, ".eml") && count < 256)
			names[count++] = strdup(entry->d_name);
	closedir(folder);
	qsort(names, count, sizeof *names, by_name);
	return count;
}

Test(mail, every_kind_means_what_the_table_says)
{
	char *names[256];
	const size_t count = mails(names);
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	struct bm_text got = {0};
	bm_text_format(&got, "file\tsort\tkind\taddress\taction\tstatus\ttext\n");
	for (size_t i = 0; i < count; i++) {
		const struct bm_bytes data = slurp(names[i]);
		struct bm_mail mail;
		bm_mail_read(reader, data, &mail);
		if (mail.count == 0)
			say_recipient(&got, names[i], &mail, NULL);
		for (size_t k = 0; k < mail.count; k++)
			say_recipient(&got, names[i], &mail, &mail.recipients[k]);
		free((void *)(uintptr_t)data.data);
		free(names[i]);
	}
	bm_text_byte(&got, 0);
	const struct bm_bytes want = slurp("expected.tsv");
	char *const wanted = strndup((const char *)want.data, want.size);
	cr_assert(count > 60);
	cr_assert(strcmp((char *)got.data, wanted) == 0, "%s",
		  dump_difference((char *)got.data, wanted));
	bm_mail_reader_free(reader);
}

/* read_text - the reader's word on a text */
static struct bm_mail read_text(struct bm_mail_reader *reader, const char *text)
{
	struct bm_mail mail;
	bm_mail_read(reader, bm_bytes_of(text), &mail);
	return mail;
}

static bool is(struct bm_bytes run, const char *text)
{
	return bm_bytes_equal(run, bm_bytes_of(text));
}

Test(mail, a_report_tells_of_its_message)
{
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	const struct bm_bytes data = slurp("zimbra.eml");
	struct bm_mail mail;
	char text[BM_TIME_TEXT_MAX];
	cr_assert_eq(bm_mail_read(reader, data, &mail), BM_MAIL_BOUNCE);
	cr_assert(is(mail.queue_id, "5D2A71234"));
	cr_assert(is(mail.reporter, "zimbra.example.net"));
	cr_assert(is(mail.sender, "news@example.com"));
	cr_assert(is(mail.subject, "Novembern\xc3\xa4"
				   "chte"));
	cr_assert(is(mail.message_id, "orig-zimbra@example.com"));
	cr_assert(is(mail.recipients[0].remote, "mx1.example.org"));
	bm_time_text(mail.arrival, text);
	cr_assert_str_eq(text, "2026-11-02T08:15:00+01:00");
	bm_time_text(mail.date, text);
	cr_assert_str_eq(text, "2026-11-02T08:20:00+01:00");
	bm_mail_reader_free(reader);
}

Test(mail, the_address_that_was_written_to_is_kept)
{
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	const struct bm_bytes data = slurp("dsn-actions.eml");
	struct bm_mail mail;
	char text[BM_TIME_TEXT_MAX];
	bm_mail_read(reader, data, &mail);
	cr_assert(is(mail.recipients[0].original, "team@example.org"));
	cr_assert(is(mail.recipients[0].address, "anna@example.org"));
	bm_time_text(mail.recipients[0].last_attempt, text);
	cr_assert_str_eq(text, "2026-11-02T08:19:58+01:00");
	bm_mail_reader_free(reader);
}

#define TOP   "From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered\n"
#define GROUP "Final-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\n"

Test(mail, empty_and_cut_mails_are_read)
{
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	const struct bm_bytes data = slurp("dsn-actions.eml");
	struct bm_mail mail;
	cr_assert_eq(read_text(reader, "").sort, BM_MAIL_ORDINARY);
	cr_assert_eq(read_text(reader, "\n\n\n").sort, BM_MAIL_ORDINARY);
	cr_assert_eq(read_text(reader, "From nobody Mon Nov  2 08:00:00 2026\n").sort,
		     BM_MAIL_ORDINARY);
	for (size_t size = 0; size < data.size; size++) {
		uint8_t *const copy = malloc(size ? size : 1);
		memcpy(copy, data.data, size);
		bm_mail_read(reader, (struct bm_bytes){copy, size}, &mail);
		cr_assert(mail.count <= 5);
		free(copy);
	}
	bm_mail_reader_free(reader);
}

Test(mail, a_report_without_its_boundaries_is_read_where_it_says_it_is_one)
{
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	const struct bm_mail loose = read_text(
		reader, TOP "Content-Type: multipart/report; report-type=delivery-status\n\n"
			    "Reporting-MTA: dns; mx.example.net\n\n" GROUP);
	cr_assert_eq(loose.count, 1);
	const struct bm_mail forged =
		read_text(reader, TOP "\nReporting-MTA: dns; mx.example.net\n\n" GROUP);
	cr_assert_eq(forged.count, 0);
	bm_mail_reader_free(reader);
}

Test(mail, an_odd_status_is_none)
{
	static const char *const odd[] = {"5.1", "550",    "5.999999999999.1",
					  "",    "-5.1.1", "5. 1. 1"};
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		char text[600];
		snprintf(text, sizeof text,
			 TOP "Content-Type: multipart/report; boundary=b\n\n--b\n"
			     "Content-Type: message/delivery-status\n\nReporting-MTA: dns; m\n\n"
			     "Final-Recipient: rfc822; a@example.org\nAction: failed\n"
			     "Status: %s\n\n--b--\n",
			 odd[i]);
		const struct bm_mail mail = read_text(reader, text);
		cr_assert_eq(mail.count, 1, "%s", odd[i]);
		cr_assert_eq(mail.recipients[0].action, BM_ACTION_FAILED);
		cr_assert_eq(mail.recipients[0].status.class, 0, "%s", odd[i]);
	}
	bm_mail_reader_free(reader);
}

/* repeated - head, then part as often as asked; free it */
static char *repeated(const char *head, const char *part, size_t times)
{
	char *text = NULL;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	fputs(head, out);
	for (size_t i = 0; i < times; i++)
		fprintf(out, part, (int)i, (int)i);
	fclose(out);
	return text;
}

Test(mail, bounds_are_kept_and_noted, .timeout = 20)
{
	static const struct {
		const char *head, *part;
		unsigned note;
	} cases[] = {
		{"MIME-Version: 1.0\n",
		 "Content-Type: multipart/mixed; boundary=\"n%d\"\n\n--n%d\n", BM_MAIL_NOTE_DEPTH},
		{"Content-Type: multipart/mixed; boundary=a\n\n", "--a\n\n%.0d%.0d\n",
		 BM_MAIL_NOTE_PARTS},
		{TOP, "X-%d: %d\n", BM_MAIL_NOTE_HEADER},
		{TOP "Subject: a\n", " fold%.0d%.0d\n", BM_MAIL_NOTE_HEADER},
		{TOP "To: ", ":@%.0d%.0d", BM_MAIL_NOTE_HEADER},
		{TOP "\n\nThis message could not be delivered to:\n", "u%d@example%d.org\n", 0},
		{TOP "\n\nThis message could not be delivered to:\n", "<a%d@b%d.c>:\n550 no\n\n",
		 0},
		{TOP "\n\nundeliverable ", "@%.0d%.0d", 0},
		{TOP "Content-Type: text/html\n\n", "<style>%.0d</style>%.0d<a", 0},
	};
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *const text = repeated(cases[i].head, cases[i].part, 150000);
		const struct bm_mail mail = read_text(reader, text);
		cr_assert_eq(mail.notes & cases[i].note, cases[i].note, "case %zu: notes %u", i,
			     mail.notes);
		free(text);
	}
	bm_mail_reader_free(reader);
}

Test(mail, many_recipients_are_all_there, .timeout = 20)
{
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	char *const text = repeated(TOP "Content-Type: multipart/report; boundary=b\n\n--b\n"
					"Content-Type: message/delivery-status\n\n",
				    "Final-Recipient: rfc822; r%d@example.org\nAction: failed\n"
				    "Status: 5.1.%d\n\n",
				    BM_MAIL_RECIPIENTS_MAX + 10);
	const struct bm_mail mail = read_text(reader, text);
	cr_assert_eq(mail.count, BM_MAIL_RECIPIENTS_MAX);
	cr_assert(mail.notes & BM_MAIL_NOTE_RECIPIENTS);
	free(text);
	bm_mail_reader_free(reader);
}

Test(mail, dates_are_read_in_every_form)
{
	static const struct {
		const char *date, *want;
	} cases[] = {
		{"Mon, 2 Nov 2026 08:15:00 +0100 (CET)", "2026-11-02T08:15:00+01:00"},
		{"2 Nov 26 08:15 -0330", "2026-11-02T08:15:00-03:30"},
		{"Mon, 02 Nov 1998 08:15:00 GMT", "1998-11-02T08:15:00+00:00"},
		{"Mon Nov  2 08:15:00 2026", "2026-11-02T08:15:00"},
		{"Mon Nov 2 08:15:00 PST 2026", "2026-11-02T08:15:00-08:00"},
		{"Mon,\n\t2 Nov 2026 08:15:00\n\t+0000", "2026-11-02T08:15:00+00:00"},
		{"29 Feb 2025 08:15:00 +0000", ""},
		{"2 Nov 2026", ""},
		{"yesterday", ""},
		{"99 Nov 2026 08:15:00", ""},
		{"2 Nov 2026 29:15:00", ""},
	};
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[200], got[BM_TIME_TEXT_MAX];
		snprintf(text, sizeof text, "Date: %s\n\nx\n", cases[i].date);
		got[bm_time_text(read_text(reader, text).date, got)] = 0;
		cr_assert_str_eq(got, cases[i].want, "%s: %s", cases[i].date, got);
	}
	bm_mail_reader_free(reader);
}

Test(mail, charsets_and_encodings_become_utf8)
{
	static const struct {
		const char *head, *body, *want;
	} cases[] = {
		{"Content-Type: text/plain; charset=gb2312\n",
		 "\xd3\xca\xcf\xe4\xb2\xbb\xb4\xe6\xd4\xda", "邮箱不存在"},
		{"Content-Type: text/plain\n", "\xd3\xca\xcf\xe4\xb2\xbb\xb4\xe6\xd4\xda",
		 "邮箱不存在"},
		{"Content-Type: text/plain; charset=big5\n", "\xab\x48\xbd\x63\xa4\x77\xba\xa1",
		 "信箱已滿"},
		{"Content-Type: text/plain; charset=koi8-r\n",
		 "\xd1\xdd\xc9\xcb \xd0\xcf\xcc\xcf\xce", "ящик полон"},
		{"Content-Type: text/plain; charset=windows-1251\n",
		 "\xff\xf9\xe8\xea \xef\xee\xeb\xee\xed", "ящик полон"},
		{"Content-Type: text/plain; charset=iso-2022-jp\n", "\x1b$B%a!<%k\x1b(B", "メール"},
		{"Content-Type: text/plain; charset=iso-8859-1\n", "bo\xeete pleine",
		 "boîte pleine"},
		{"Content-Type: text/plain\n", "bo\xeete pleine", "boîte pleine"},
		{"Content-Type: text/plain; charset=no-such-one\n", "plain words", "plain words"},
		{"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
		 "quoted-printable\n",
		 "bo=C3=AEte =\npleine", "boîte pleine"},
		{"Content-Type: text/html; charset=utf-8\n",
		 "<p class=\"x\">bo&nbsp;&lt;te&gt;</p><style>p{}</style>", "bo <te>"},
	};
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[600];
		snprintf(text, sizeof text, TOP "%s\n<a@example.org>:\n%s\n\nundeliverable\n",
			 cases[i].head, cases[i].body);
		if (strstr(cases[i].head, "html"))
			snprintf(text, sizeof text,
				 TOP "%s\n<div>a@example.org</div>%s\n\nundeliverable\n",
				 cases[i].head, cases[i].body);
		const struct bm_mail mail = read_text(reader, text);
		cr_assert_eq(mail.count, 1, "case %zu", i);
		cr_assert(bm_bytes_starts(mail.recipients[0].text, bm_bytes_of(cases[i].want)),
			  "case %zu: %.*s", i, (int)mail.recipients[0].text.size,
			  (const char *)mail.recipients[0].text.data);
	}
	bm_mail_reader_free(reader);
}

/* Found by fuzz_mail. */
Test(mail, what_the_fuzzer_found)
{
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	const struct bm_mail nobody = read_text(
		reader, "From: a@example.org\n\n{\"notificationType\":\"Delivery\",\"mail\":{},"
			"\"delivery\":{\"recipients\":[\"\"]}}\n");
	cr_assert_eq(nobody.sort, BM_MAIL_UNREADABLE);
	const struct bm_mail longest = read_text(
		reader, "Date: 99999999999999999999999999999999999999999 Nov 2026 08:15:00\n\nx\n");
	cr_assert_eq(longest.date, BM_TIME_UNKNOWN);
	bm_mail_reader_free(reader);
}
