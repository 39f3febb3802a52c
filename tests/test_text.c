/* test_text.c - a growing text, and the bytes of the world made safe to show. */
#include "bouncemill/text.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

/* expect_clean - in, cleaned with a limit, must be want */
static void expect_clean(struct bm_bytes in, size_t limit, const char *want)
{
	struct bm_text text = {0};
	bm_text_clean(&text, in, limit);
	bm_text_byte(&text, 0);
	cr_expect_str_eq((const char *)text.data, want, "got \"%s\", want \"%s\"",
			 (const char *)text.data, want);
	bm_text_dispose(&text);
}

Test(text, integers_are_those_of_printf)
{
	static const int64_t values[] = {0,   1,         -1,        9,        10,     99,
					 100, INT64_MAX, INT64_MIN, -1000000, 1234567};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		char want[32];
		struct bm_text text = {0};
		bm_text_int(&text, values[i]);
		bm_text_byte(&text, 0);
		snprintf(want, sizeof want, "%" PRId64, values[i]);
		cr_expect_str_eq((const char *)text.data, want);
		bm_text_dispose(&text);
	}
}

Test(text, grows_and_keeps_what_it_has)
{
	struct bm_text text = {0};
	for (int i = 0; i < 10000; i++)
		bm_text_format(&text, "%d,", i % 10);
	cr_expect_eq(text.size, 20000);
	cr_expect_eq(text.data[0], '0');
	cr_expect_eq(text.data[19998], '9');
	bm_text_dispose(&text);
	cr_expect_eq(text.size, 0);
	bm_text_add(&text, (struct bm_bytes){0});
	cr_expect_eq(text.size, 0);
	bm_text_dispose(&text);
}

Test(clean, printable_ascii_stays)
{
	expect_clean(BM_BYTES(""), 0, "");
	expect_clean(BM_BYTES("550 5.1.1 <a@b> user \"x\" \\ ~"), 0,
		     "550 5.1.1 <a@b> user \"x\" \\ ~");
}

Test(clean, control_bytes_are_escaped_wherever_they_stand)
{
	for (size_t place = 0; place < 20; place++) {
		uint8_t bytes[20];
		char want[64] = "";
		memset(bytes, 'a', sizeof bytes);
		bytes[place] = 0x1b;
		for (size_t i = 0; i < sizeof bytes; i++)
			strcat(want, i == place ? "\\x1b" : "a");
		expect_clean((struct bm_bytes){bytes, sizeof bytes}, 0, want);
	}
	expect_clean(BM_BYTES("a\tb\nc\rd\x7f\0e"), 0, "a\\x09b\\x0ac\\x0dd\\x7f\\x00e");
}

Test(clean, utf8_stays_but_for_what_lies_about_itself)
{
	expect_clean(BM_BYTES("用户不存在 é 😀"), 0, "用户不存在 é 😀");
	expect_clean(BM_BYTES("a\xc2\x9b"
			      "31m"),
		     0, "a\\xc2\\x9b31m");
	expect_clean(BM_BYTES("user\xe2\x80\xaemoc"), 0, "user\\xe2\\x80\\xaemoc");
	expect_clean(BM_BYTES("\xe2\x81\xa6"
			      "a\xe2\x81\xa9"),
		     0, "\\xe2\\x81\\xa6a\\xe2\\x81\\xa9");
	expect_clean(BM_BYTES("a\xe2\x80\xa8"
			      "b"),
		     0, "a\\xe2\\x80\\xa8b");
	expect_clean(BM_BYTES("\xef\xbb\xbfx"), 0, "\\xef\\xbb\\xbfx");
	expect_clean(BM_BYTES("\xef\xbf\xbe"), 0, "\\xef\\xbf\\xbe");
}

Test(clean, broken_utf8_is_bytes)
{
	expect_clean(BM_BYTES("\xff\xfe\xc0\xaf"), 0, "\\xff\\xfe\\xc0\\xaf");
	expect_clean(BM_BYTES("\xe0\x80\xbc"), 0, "\\xe0\\x80\\xbc");
	expect_clean(BM_BYTES("\xed\xa0\x80"), 0, "\\xed\\xa0\\x80");
	expect_clean(BM_BYTES("abc\xe4\xb8"), 0, "abc\\xe4\\xb8");
	expect_clean(BM_BYTES("\xf4\x90\x80\x80"), 0, "\\xf4\\x90\\x80\\x80");
}

Test(clean, gbk_is_read_as_chinese)
{
	expect_clean(BM_BYTES("550 \xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda!"), 0,
		     "550 用户不存在!");
	/* Cut in the middle of its last character. */
	expect_clean(BM_BYTES("\xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4"), 0, "用户不存\\xd4");
	/* Control bytes among it are still control bytes. */
	expect_clean(BM_BYTES("\xd3\xc3\xbb\xa7\x1b[2J"), 0, "用户\\x1b[2J");
}

Test(clean, latin1_is_not_read_as_chinese)
{
	expect_clean(BM_BYTES("na\xefve caf\xe9s"), 0, "na\\xefve caf\\xe9s");
	expect_clean(BM_BYTES("Bo\xeete pleine"), 0, "Bo\\xeete pleine");
}

Test(clean, limit_never_cuts_a_character)
{
	expect_clean(BM_BYTES("abcdef"), 6, "abcdef");
	expect_clean(BM_BYTES("abcdef"), 5, "abcde...");
	expect_clean(BM_BYTES("ab用户"), 4, "ab...");
	expect_clean(BM_BYTES("ab用户"), 5, "ab用...");
	expect_clean(BM_BYTES("ab\x01"), 5, "ab...");
	expect_clean(BM_BYTES("ab\x01"), 6, "ab\\x01");
	expect_clean(BM_BYTES("\xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda"), 6, "用户...");
}

/* utf8_is_printable - an independent look at a result: well-formed, no C0, DEL or C1 */
static bool utf8_is_printable(struct bm_bytes run)
{
	for (size_t i = 0; i < run.size;) {
		const uint8_t lead = run.data[i];
		const size_t size = lead < 0x80             ? 1
				    : (lead & 0xe0) == 0xc0 ? 2
				    : (lead & 0xf0) == 0xe0 ? 3
							    : 4;
		if (lead < 0x20 || lead == 0x7f || (lead >= 0x80 && lead < 0xc2) || lead > 0xf4 ||
		    i + size > run.size || (lead == 0xc2 && run.data[i + 1] < 0xa0))
			return false;
		for (size_t k = 1; k < size; k++)
			if ((run.data[i + k] & 0xc0) != 0x80)
				return false;
		i += size;
	}
	return true;
}

Test(clean, noise_is_always_made_printable)
{
	uint64_t state = 88172645463325252u;
	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[64];
		struct bm_text text = {0};
		state = state * 6364136223846793005u + 1442695040888963407u;
		const size_t size = state >> 58, limit = state >> 40 & 31;
		for (size_t i = 0; i < size; i++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			bytes[i] = (uint8_t)(round % 2 ? 0x80 | state >> 33 : state >> 33);
		}
		bm_text_clean(&text, (struct bm_bytes){bytes, size}, limit);
		cr_assert(utf8_is_printable((struct bm_bytes){text.data, text.size}));
		cr_assert(limit == 0 || text.size <= limit + 3);
		bm_text_dispose(&text);
	}
}

/* expect_chinese - in as UTF-8 when it is Chinese in GB18030; want is "" when it is not */
static void expect_chinese(struct bm_bytes in, const char *want)
{
	struct bm_text text = {0};
	bm_text_add(&text, BM_BYTES(">"));
	const bool chinese = bm_text_chinese(&text, in);
	bm_text_byte(&text, 0);
	cr_expect_eq(chinese, *want != 0);
	cr_expect_str_eq((const char *)text.data + 1, want);
	bm_text_dispose(&text);
}

Test(chinese, is_decoded_to_be_matched_and_all_else_is_left_alone)
{
	expect_chinese(BM_BYTES("550 \xd3\xca\xcf\xe4\xd2\xd1\xc2\xfa full"), "550 邮箱已满 full");
	expect_chinese(BM_BYTES("550 user unknown"), "");
	expect_chinese(BM_BYTES("550 邮箱已满"), "");
	expect_chinese(BM_BYTES("550 d\xe9sol\xe9, caf\xe9s"), "");
	expect_chinese(BM_BYTES("\xff\xfe\x80"), "");
	expect_chinese(BM_BYTES(""), "");
}

Test(text, room_is_a_place_even_for_nothing)
{
	struct bm_text text = {0};
	cr_assert_not_null(bm_text_room(&text, 0));
	cr_assert_eq(text.size, 0);
	bm_text_dispose(&text);
}
