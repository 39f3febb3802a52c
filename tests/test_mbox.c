/* test_mbox.c - where mails begin in an mbox, and what a file of mail is taken for. */
#include "support.h"

#include <criterion/criterion.h>

#include "bouncemill/mail.h"

#define FROM   "From MAILER-DAEMON  Mon Nov  2 08:00:00 2026\n"
#define QUOTED ">" FROM
#define NOW    "From now 10:00 2026\n"
#define MAIL   "Subject: x\n\nbody\n\n"

/* count - the mails of a text */
static size_t count(const char *text)
{
	const struct bm_bytes data = bm_bytes_of(text);
	size_t n = 0;
	for (size_t at = bm_mbox_border(data, 0, true); at < data.size; n++)
		at = bm_mbox_border(data, at + 1, true);
	return n;
}

Test(mbox, a_from_line_begins_a_mail)
{
	cr_assert_eq(count(""), 0);
	cr_assert_eq(count(FROM), 1);
	cr_assert_eq(count(FROM FROM FROM), 3);
	cr_assert_eq(count(FROM MAIL FROM MAIL), 2);
	cr_assert_eq(count(FROM "Subject: x\n\nno blank line behind\n" FROM MAIL), 2);
	cr_assert_eq(count(FROM "Subject: x\r\n\r\nbody\r\n\r\nFrom - Mon Nov  2 08:00:00 2026\r\n"
				"Subject: y\r\n\r\n"),
		     2);
}

Test(mbox, from_lines_of_any_shape)
{
	static const char *const lines[] = {
		"From a@example.org Mon Nov  2 08:00:00 2026",
		"From a@example.org  Mon Nov  2 08:00:00 2026 +0100",
		"From a@example.org Mon Nov  2 08:00 CET 2026",
		"From - Mon, 02 Nov 2026 08:00:00 GMT",
		"From ???@??? Mon Nov 02 08:00:00 2026",
		"From \"a b\"@example.org Mon Nov  2 08:00:00 2026 remote from relay",
		"From MAILER-DAEMON 2 Nov 2026 08:00:00 +0100",
		"From a@example.org 2026 Nov 2 8:00:00",
		"From () 2026-11-02 08:00:00 +0000",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char text[300];
		snprintf(text, sizeof text, FROM MAIL "%s\n" MAIL, lines[i]);
		cr_assert_eq(count(text), 2, "%s", lines[i]);
	}
}

Test(mbox, body_lines_begin_none)
{
	static const char *const bodies[] = {
		"From now on we meet at 10:00, as in 2025.\nSo do come.\n",
		"From here to there\n\nFrom me\n",
		">From a@example.org Mon Nov  2 08:00:00 2026\nSubject: quoted\n",
		">>From a@example.org Mon Nov  2 08:00:00 2026\n\n",
		" From a@example.org Mon Nov  2 08:00:00 2026\n\n",
		"From a@example.org Mon Nov  2 08:00:00 2026\nand then he said\n",
		"Content-Length: 99999\n",
	};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		char text[600];
		snprintf(text, sizeof text, FROM "Content-Length: 5\n\n\n%s\n" FROM MAIL,
			 bodies[i]);
		cr_assert_eq(count(text), 2, "%s", bodies[i]);
	}
}

Test(mbox, a_mail_is_what_lies_between_borders)
{
	const struct bm_bytes data = bm_bytes_of(FROM MAIL FROM "Subject: y\n\n");
	size_t next;
	const struct bm_bytes first = bm_mbox_mail(data, 0, &next);
	cr_assert(bm_bytes_equal(first, BM_BYTES(MAIL)));
	const struct bm_bytes second = bm_mbox_mail(data, next, &next);
	cr_assert(bm_bytes_equal(second, BM_BYTES("Subject: y\n\n")));
	cr_assert_eq(next, data.size);
}

/* random_mbox - pieces that look like borders and pieces that do not, in any order */
static size_t random_mbox(struct chance *chance, char *text, size_t room)
{
	static const char *const pieces[] = {FROM,  MAIL,   "\n", "\r\n",         "From ",
					     "x\n", QUOTED, NOW,  "Subject: a\n", " 2026\n"};
	size_t size = 0;
	for (uint32_t n = chance_below(chance, 120); n > 0; n--) {
		const char *const piece =
			pieces[chance_below(chance, sizeof pieces / sizeof *pieces)];
		if (size + strlen(piece) >= room)
			break;
		memcpy(text + size, piece, strlen(piece));
		size += strlen(piece);
	}
	return size;
}

/* Wherever the search starts and wherever the data is cut, the borders are the same. */
Test(mbox, borders_are_the_same_from_anywhere)
{
	static char text[8192];
	struct chance chance = {11};
	for (int round = 0; round < 300; round++) {
		const struct bm_bytes data = {(uint8_t *)text,
					      random_mbox(&chance, text, sizeof text)};
		size_t border = bm_mbox_border(data, 0, true);
		for (size_t from = 0; from < data.size; from++) {
			if (border < from)
				border = bm_mbox_border(data, from, true);
			cr_assert_eq(bm_mbox_border(data, from, true), border);
		}
		const size_t size = chance_below(&chance, (uint32_t)data.size + 1);
		const struct bm_bytes window = {data.data, size};
		const size_t seen = bm_mbox_border(window, 0, false);
		const size_t true_one = bm_mbox_border(data, 0, true);
		if (seen < size)
			cr_assert_eq(seen, true_one);
		else if (size > BM_MBOX_LOOK_BYTES)
			cr_assert(true_one >= size - BM_MBOX_LOOK_BYTES);
	}
}

Test(mbox, files_are_told_by_their_head)
{
	static const struct {
		const char *head;
		enum bm_mails_shape shape;
	} cases[] = {
		{FROM MAIL, BM_MAILS_MBOX},
		{"\n\n" FROM MAIL, BM_MAILS_MBOX},
		{"Return-Path: <>\nReceived: from a\n\tby b\nFrom: c\n\nbody", BM_MAILS_ONE},
		{"\xef\xbb\xbfSubject: x\nX-Mailer: y\n\n", BM_MAILS_ONE},
		{"Received: from a\n\tby b; a long li", BM_MAILS_NONE},
		{"X-A: b\nReceived: from a\n\tby b; a long li", BM_MAILS_ONE},
		{"X-A: b\nX-B: c\n\nno field that mails have", BM_MAILS_NONE},
		{"Nov  2 08:00:00 host postfix/smtp[1]: A1: to=<a@b>, status=sent (ok)\n",
		 BM_MAILS_NONE},
		{"2026-11-02T08:00:00+01:00 host postfix/smtp[1]: A1: to=<a@b>\n", BM_MAILS_NONE},
		{"{\"MESSAGE\":\"x\"}\n", BM_MAILS_NONE},
		{"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\nMESSAGE=x\n", BM_MAILS_NONE},
		{"From now on this is a log\nSubject: x\n", BM_MAILS_NONE},
		{"", BM_MAILS_NONE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_assert_eq(bm_mails_sniff(bm_bytes_of(cases[i].head)), cases[i].shape, "case %zu",
			     i);
}
