/* test_category.c - every category has a name, a fault, a severity and something useful to say;
 * providers are known. */
#include "bouncemill/category.h"
#include "bouncemill/provider.h"

#include <criterion/criterion.h>

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
