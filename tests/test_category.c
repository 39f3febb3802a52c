/* test_category.c - every category has a name, a fault, a severity and something useful to say;
 * providers are known. */
#include "bouncemill/category.h"
#include "bouncemill/provider.h"
#include "bouncemill/registry.h"
#include "bouncemill/words.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(category, names_are_found_again)
{
	for (int i = 0; i < BM_CATEGORY_COUNT; i++) {
		const enum bm_category category = (enum bm_category)i;
		cr_expect_eq(bm_category_find(bm_bytes_of(bm_category_name(category))), category);
	}
	cr_expect_eq(bm_category_find(BM_BYTES("no-such-thing")), BM_CATEGORY_COUNT);
	cr_expect_eq(bm_category_find(BM_BYTES("")), BM_CATEGORY_COUNT);
}

Test(category, faults_and_severities)
{
	cr_expect_str_eq(bm_category_fault(BM_CATEGORY_BAD_MAILBOX), "recipient");
	cr_expect_str_eq(bm_category_severity(BM_CATEGORY_BAD_MAILBOX), "hard");
	cr_expect_str_eq(bm_category_fault(BM_CATEGORY_GREYLISTING), "network");
	cr_expect_str_eq(bm_category_severity(BM_CATEGORY_GREYLISTING), "soft");
	cr_expect_str_eq(bm_category_fault(BM_CATEGORY_UNKNOWN), "");
}

Test(category, each_has_a_diagnosis_and_a_prescription)
{
	for (int i = 0; i < BM_CATEGORY_COUNT; i++) {
		const enum bm_category category = (enum bm_category)i;
		cr_expect_gt(strlen(bm_category_diagnosis(category, "en")), 20, "%s",
			     bm_category_name(category));
		cr_expect_gt(strlen(bm_category_prescription(category, "en")), 10, "%s",
			     bm_category_name(category));
	}
}

/* same_percents - do two texts ask printf for the same values */
static bool same_percents(const char *left, const char *right)
{
	for (;; left++, right++) {
		left = strchr(left, '%');
		right = strchr(right, '%');
		if (left == NULL || right == NULL)
			return left == right;
		if (left[1] != right[1])
			return false;
	}
}

Test(category, each_has_a_title_and_texts_in_chinese)
{
	for (int i = 0; i < BM_CATEGORY_COUNT; i++) {
		const enum bm_category category = (enum bm_category)i;
		const char *const name = bm_category_name(category);
		cr_expect_str_neq(bm_category_title(category, "zh"), name, "%s", name);
		cr_expect_str_eq(bm_category_title(category, "en"), name);
		cr_expect_gt(strlen(bm_category_diagnosis(category, "zh")), 20, "%s", name);
		cr_expect_gt(strlen(bm_category_prescription(category, "zh")), 10, "%s", name);
	}
}

Test(words, are_english_where_a_language_has_none)
{
	cr_expect_str_eq(bm_words("Did it arrive", "en"), "Did it arrive");
	cr_expect_str_eq(bm_words("Did it arrive", NULL), "Did it arrive");
	cr_expect_str_neq(bm_words("Did it arrive", "zh"), "Did it arrive");
	cr_expect_str_eq(bm_words("no such words", "zh"), "no such words");
}

Test(words, ask_printf_for_the_same_values)
{
	const char *name;
	struct bm_bytes text;
	size_t lines = 0;
	for (size_t i = 0; bm_embedded(i, &name, &text); i++) {
		if (strcmp(name, "lang/zh.txt") != 0)
			continue;
		char *const copy = strndup((const char *)text.data, text.size);
		for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
			char *const middle = line[0] == '"' ? strstr(line, "\" \"") : NULL;
			cr_expect(line[0] != '"' || middle, "%s", line);
			if (middle == NULL)
				continue;
			lines++;
			*middle = 0;
			cr_expect(same_percents(line, middle + 1), "%s", line);
			cr_expect_eq(strchr(middle + 3, '"'), middle + 3 + strlen(middle + 3) - 1,
				     "%s", line);
		}
		free(copy);
	}
	cr_expect_gt(lines, 50);
}

Test(provider, known_ones_by_mail_exchanger_and_domain)
{
	static const char *const table[][2] = {
		{"gmail-smtp-in.l.google.com", "google"},
		{"GMAIL.com", "google"},
		{"firm-de.mail.protection.outlook.com", "microsoft"},
		{"hotmail.co.uk", "microsoft"},
		{"live.nl", "microsoft"},
		{"yahoo.co.jp", "yahoo"},
		{"mta5.am0.yahoodns.net", "yahoo"},
		{"mx3.qq.com", "tencent"},
		{"vip.163.com", "netease"},
		{"mxn.mxhichina.com", "aliyun"},
		{"mxs.mail.ru", "mail.ru"},
		{"mx00.emig.gmx.net", "gmx"},
		{"mx01.mail.icloud.com.", "apple"},
		{"mx0a-1.pphosted.com", "proofpoint"},
		{"notgmail.com", ""},
		{"gmail.com.evil.example", ""},
		{"hotmail.com.evil.example", ""},
		{"com", ""},
		{"..", ""},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct bm_bytes got = bm_provider_known(bm_bytes_of(table[i][0]));
		cr_expect(bm_bytes_equal(got, bm_bytes_of(table[i][1])), "%s -> %.*s", table[i][0],
			  (int)got.size, (const char *)got.data);
	}
}

Test(provider, registrable_domains_of_others)
{
	static const char *const table[][2] = {
		{"mx1.mail.firm.co.uk", "firm.co.uk"},
		{"mx.universe.example", "universe.example"},
		{"mail.foo.com.cn", "foo.com.cn"},
		{"192.0.2.1", "192.0.2.1"},
		{"2001:db8::1", "2001:db8::1"},
		{"localhost", "localhost"},
		{"co.uk", "co.uk"},
		{"mx.firm.de.", "firm.de"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct bm_bytes got = bm_provider_registrable(bm_bytes_of(table[i][0]));
		cr_expect(bm_bytes_equal(got, bm_bytes_of(table[i][1])), "%s -> %.*s", table[i][0],
			  (int)got.size, (const char *)got.data);
	}
}

/* What bears hard on an address is the recipient's, and hard; what the sender or the message is to blame for
 * says nothing about it. */
Test(category, failures_bear_on_addresses_by_whose_fault_they_are)
{
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++) {
		const enum bm_category category = (enum bm_category)i;
		const char *const fault = bm_category_fault(category);
		const bool hard = strcmp(bm_category_severity(category), "hard") == 0;
		enum bm_bearing want = BM_BEARING_NONE;
		if (strcmp(fault, "recipient") == 0)
			want = hard ? BM_BEARING_HARD : BM_BEARING_SOFT;
		else if (strcmp(fault, "network") == 0 || category == BM_CATEGORY_UNKNOWN)
			want = BM_BEARING_SOFT;
		else if (category == BM_CATEGORY_FEEDBACK_LOOP)
			want = BM_BEARING_HARD;
		cr_expect_eq(bm_category_bearing(category), want, "%s", bm_category_name(category));
	}
	cr_expect_eq(bm_category_bearing(BM_CATEGORY_BAD_MAILBOX), BM_BEARING_HARD);
	cr_expect_eq(bm_category_bearing(BM_CATEGORY_QUOTA_ISSUES), BM_BEARING_SOFT);
	cr_expect_eq(bm_category_bearing(BM_CATEGORY_SPAM_RELATED), BM_BEARING_NONE);
	cr_expect_eq(bm_category_bearing(BM_CATEGORY_DELIVERED), BM_BEARING_NONE);
}
