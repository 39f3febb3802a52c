/* test_subject.c - subjects as logs and mails have them, and the names they are counted under. */
#include "support.h"

#include <criterion/criterion.h>

#include "bouncemill/mail.h"
#include "subject.h"

static struct bm_tally *tally;
static struct bm_subjects *subjects;

static void set_up(void)
{
	tally = bm_tally_new();
	subjects = bm_subjects_new(tally);
}

static void tear_down(void)
{
	bm_subjects_free(subjects);
	bm_tally_free(tally);
}

TestSuite(subject, .init = set_up, .fini = tear_down);

/* expect - a value's name; the value stands in memory of its exact size */
static void expect(const char *value, const char *want)
{
	const size_t size = strlen(value);
	uint8_t *const copy = malloc(size ? size : 1);
	memcpy(copy, value, size);
	for (int again = 0; again < 2; again++) { /* by the memo, too */
		const uint32_t id = bm_subjects_number(subjects, (struct bm_bytes){copy, size});
		const char *const got = dump_name(tally->subjects, id);
		cr_expect_str_eq(got, want, "'%s' is '%s', not '%s'", value, got, want);
	}
	free(copy);
}

Test(subject, plain_ones_are_folded_and_masked)
{
	expect("", "");
	expect("   ", "");
	expect(" Summer  sale ", "Summer sale");
	expect("Invoice 4711", "Invoice #");
	expect("Invoice #4711, page 1/2", "Invoice #, page #/#");
	expect("a\tb\x01 c", "a b c");
	expect("Mail of jo.99@a.example for <al@b.example>", "Mail of <addr> for <addr>");
	expect("meet me @ 5 or 5@", "meet me @ # or #@");
	expect("a=b", "a=b");
	expect("gr\xc3\xbc\xc3\x9f"
	       "e 1",
	       "gr\xc3\xbc\xc3\x9f"
	       "e #");
	expect("bad \xff byte", "bad \\xff byte");
}

Test(subject, encoded_words_are_decoded)
{
	expect("=?UTF-8?B?5pil5a2j54m55LiN5a65?=",
	       "\xe6\x98\xa5\xe5\xad\xa3\xe7\x89\xb9\xe4\xb8\x8d\xe5\xae\xb9");
	expect("=?utf-8?q?Facture_n=C2=B0_815?= =?utf-8?q?_=2D_mai?=", "Facture n\xc2\xb0 # - mai");
	expect("Re: =?us-ascii?Q?x=20y?= z", "Re: x y z");
	expect("=?GBK?B?tLq8vrTZz/o=?=", "\xe6\x98\xa5\xe5\xad\xa3\xe4\xbf\x83\xe9\x94\x80");
	expect("=?gb2312?Q?=B4=BA=BC=BE?=", "\xe6\x98\xa5\xe5\xad\xa3");
	expect("=?Big5?B?rEupdQ==?=", "\xe6\x98\xa5\xe5\xad\xa3");
	expect("=?ISO-2022-JP?B?GyRCPVU1KBsoQg==?=", "\xe6\x98\xa5\xe5\xad\xa3");
	expect("=?iso-8859-1?Q?Gr=FC=DFe?=", "Gr\xc3\xbc\xc3\x9f"
					     "e");
}

/* Postfix writes a line end as a question mark, and cuts a header where 200 bytes are full. */
Test(subject, folded_and_cut_words_are_mended)
{
	expect("=?UTF-8?B?5pil5a2j?=? =?UTF-8?B?5pil5a2j?=",
	       "\xe6\x98\xa5\xe5\xad\xa3\xe6\x98\xa5\xe5\xad\xa3");
	expect("=?GBK?B?tLq8vg==?=?? =?GBK?B?tLq8vg==?=",
	       "\xe6\x98\xa5\xe5\xad\xa3\xe6\x98\xa5\xe5\xad\xa3");
	expect("=?UTF-8?B?5pil5a2j54", "\xe6\x98\xa5\xe5\xad\xa3");
	expect("=?UTF-8?Q?n=C2=B0=C", "n\xc2\xb0");
	expect("=?UTF-8?Q?n=C2", "n");
	expect("=?GBK?B?tLq8vrTZ", "\xe6\x98\xa5\xe5\xad\xa3\xe4\xbf\x83");
	expect("x =?UTF-8?B", "x =?UTF-#?B");
	expect("x =?", "x =?");
	expect("really?= yes", "really?= yes");
}

Test(subject, long_ones_are_clipped_between_characters)
{
	char value[400], want[200];
	memset(value, 'x', sizeof value);
	value[sizeof value - 1] = 0;
	memset(want, 'x', BM_SUBJECT_BYTES_MAX);
	want[BM_SUBJECT_BYTES_MAX] = 0;
	expect(value, want);
	memcpy(value + BM_SUBJECT_BYTES_MAX - 1, "\xc3\xbc", 2);
	want[BM_SUBJECT_BYTES_MAX - 1] = 0;
	expect(value, want);
	value[BM_SUBJECT_BYTES_MAX - 1] = ' ';
	value[BM_SUBJECT_BYTES_MAX] = 'y';
	expect(value, want);
}

/* encode - text as one encoded word in UTF-8 */
static void encode(char *word, const char *text, bool base64)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const size_t size = strlen(text);
	char *at = word + sprintf(word, "=?utf-8?%c?", base64 ? 'B' : 'q');
	for (size_t i = 0; base64 && i < size; i += 3) {
		uint32_t bits = 0;
		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (i + k < size ? (uint8_t)text[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			*at++ = i + k <= size ? digits[bits >> (18 - 6 * k) & 63] : '=';
	}
	for (size_t i = 0; !base64 && i < size; i++)
		at += sprintf(at, text[i] == ' ' ? "_" : "=%02X", (uint8_t)text[i]);
	strcpy(at, "?=");
}

/* The short way for UTF-8 says what the library says. */
Test(subject, utf8_is_decoded_as_the_library_does)
{
	static const char *const pieces[] = {"a", " b", "\xc3\xbc", "\xe6\x98\xa5",
					     "=", "?",  "_",        "\xf0\x9f\x94\xa5"};
	struct chance chance = {5};
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	for (int i = 0; i < 2000; i++) {
		char text[200] = "x", word[800];
		for (uint32_t n = chance_below(&chance, 12); n > 0; n--)
			strcat(text, pieces[chance_below(&chance, 8)]);
		encode(word, text, chance_percent(&chance, 50));
		const struct bm_bytes decoded = bm_mail_words(reader, bm_bytes_of(word));
		cr_assert(bm_bytes_equal(decoded, bm_bytes_of(text)), "%s is not %s", word, text);
		const uint32_t id = bm_subjects_number(subjects, bm_bytes_of(word));
		const uint32_t same = bm_subjects_number(subjects, bm_bytes_of(text));
		cr_assert_eq(id, same, "%s: '%s' against '%s'", word,
			     dump_name(tally->subjects, id), dump_name(tally->subjects, same));
	}
	bm_mail_reader_free(reader);
}

/* Nothing reads behind a value, whatever it holds. */
Test(subject, noise_is_survived)
{
	static const char bytes[] = "=?=?utf-8?b?Q?BgbkAw==_ \xe6\x98@09?= ";
	struct chance chance = {3};
	for (int i = 0; i < 20000; i++) {
		const size_t size = chance_below(&chance, 60);
		uint8_t *const value = malloc(size ? size : 1);
		for (size_t k = 0; k < size; k++)
			value[k] = (uint8_t)bytes[chance_below(&chance, sizeof bytes)];
		const uint32_t id = bm_subjects_number(subjects, (struct bm_bytes){value, size});
		cr_assert_leq(bm_intern_get(tally->subjects, id).size, BM_SUBJECT_BYTES_MAX);
		free(value);
	}
}
