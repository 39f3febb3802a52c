/* test_idn.c - one form of a domain. */
#include <criterion/criterion.h>

#include "idn.h"

static void expect(const char *domain, const char *wanted)
{
	uint8_t buffer[256];
	const struct bm_bytes got = bm_idn_ascii(bm_bytes_of(domain), buffer, sizeof buffer);
	cr_expect(bm_bytes_equal(got, bm_bytes_of(wanted)), "%s: %.*s", domain, (int)got.size,
		  (const char *)got.data);
}

Test(idn, names_become_a_labels)
{
	expect("m\xc3\xbcnchen.example", "xn--mnchen-3ya.example");
	expect("\xe4\xbe\x8b\xe5\xad\x90.example", "xn--fsqu00a.example");
	expect("xn--mnchen-3ya.example", "xn--mnchen-3ya.example");
	expect("plain.example", "plain.example");
	expect("", "");
}

Test(idn, what_is_no_name_stays)
{
	expect("\xff\xfe.example", "\xff\xfe.example");
	expect("[\xc3\xbc]", "[\xc3\xbc]");
	uint8_t small[4];
	const struct bm_bytes name = bm_bytes_of("m\xc3\xbcnchen.example");
	cr_expect(bm_bytes_equal(bm_idn_ascii(name, small, sizeof small), name));
}
