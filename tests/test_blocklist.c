/* test_blocklist.c - which list a reply names, where to ask, and what is listed.
 *
 * Texts are written after the ways of servers, with reserved addresses and names.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "bouncemill/blocklist.h"

static const struct {
	const char *text, *name, *listed;
} table[] = {
	{"554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org; "
	 "https://www.spamhaus.org/query/ip/192.0.2.7",
	 "spamhaus-zen", "192.0.2.7"},
	{"550 5.7.1 Service unavailable; client [192.0.2.8] blocked using pbl.spamhaus.org",
	 "spamhaus-pbl", "192.0.2.8"},
	{"550 Your address 192.0.2.9 is on the Policy Block List (PBL), see www.spamhaus.org",
	 "spamhaus-pbl", "192.0.2.9"},
	{"554 rejected: 192.0.2.10 is in Spamhaus XBL", "spamhaus-xbl", "192.0.2.10"},
	{"554 5.7.1 refused, see https://www.spamhaus.org/sbl/query/SBL654321 (192.0.2.11)",
	 "spamhaus-sbl", "192.0.2.11"},
	{"554 5.7.1 192.0.2.12 listed, SBLCSS", "spamhaus-css", "192.0.2.12"},
	{"554 4.3.2.1.zen.spamhaus.org answered 127.0.0.4 for client 192.0.2.13", "spamhaus-zen",
	 "192.0.2.13"},
	{"554 5.7.1 blocked using zen.spamhaus.org, answer 127.0.0.11", "spamhaus-zen", ""},
	{"554 5.7.1 Sender address [news@sub.orchard-mail.example] blocked using dbl.spamhaus.org; "
	 "https://www.spamhaus.org/query/domain/orchard-mail.example",
	 "spamhaus-dbl", "sub.orchard-mail.example"},
	{"550 5.7.1 rejected: your domain orchard.example is in the Spamhaus DBL", "spamhaus-dbl",
	 "orchard.example"},
	{"550 john.doe@orchard.example: https://www.spamhaus.org/dbl/", "spamhaus-dbl",
	 "orchard.example"},
	{"554 5.7.1 Client host [2001:db8:4::25] blocked using zen.spamhaus.org", "spamhaus-zen",
	 "2001:db8:4::25"},
	{"550 IP:2001:db8:0:1:2:3:4:5 SPAMHAUS-ZEN", "spamhaus-zen", "2001:db8:0:1:2:3:4:5"},
	{"550 IP:192.0.2.14:25 at zen.dq.spamhaus.net", "spamhaus-zen", "192.0.2.14"},
	{"554 Blocked - see http://www.spamcop.net/bl.shtml?192.0.2.15", "spamcop", "192.0.2.15"},
	{"550 192.0.2.16 blocked at bl.spamcop.net", "spamcop", "192.0.2.16"},
	{"554 Service unavailable; Client host [mail.orchard.example] blocked using Barracuda "
	 "Reputation; http://www.barracudanetworks.com/reputation/?r=1&ip=192.0.2.17",
	 "barracuda", "192.0.2.17"},
	{"550 5.7.1 listed by b.barracudacentral.org (192.0.2.18)", "barracuda", "192.0.2.18"},
	{"550 5.7.1 192.0.2.19: http://www.sorbs.net/lookup.shtml", "sorbs", "192.0.2.19"},
	{"550 [192.0.2.20] in dnsbl-2.uceprotect.net", "uceprotect-2", "192.0.2.20"},
	{"550 [192.0.2.21] in UCEPROTECTL3", "uceprotect-3", "192.0.2.21"},
	{"550 [192.0.2.22] in dnsbl-1.uceprotect.net", "uceprotect", "192.0.2.22"},
	{"550 refused, lookup.abusix.com/search?q=192.0.2.23", "abusix", "192.0.2.23"},
	{"550 domain pear.example in dblack.mail.abusix.zone", "abusix-domain", "pear.example"},
	{"554 192.0.2.24 at bl.0spam.org", "0spam", "192.0.2.24"},
	{"554 192.0.2.25 has a bad record at bl.mailspike.net", "mailspike", "192.0.2.25"},
	{"554 hostkarma.junkemailfilter.com lists 192.0.2.26", "hostkarma", "192.0.2.26"},
	{"550 192.0.2.27 found in ivmSIP", "invaluement", "192.0.2.27"},
	{"550 link to quince.example found in ivmURI", "invaluement-uri", "quince.example"},
	{"550 5.7.1 http://www.surbl.org/ plum.example", "surbl", "plum.example"},
	{"550 plum.example blocked by multi.uribl.com", "uribl", "plum.example"},
	{"550 192.0.2.28 found on http://www.spamrats.com/bl?192.0.2.28", "spamrats", "192.0.2.28"},
	{"550 192.0.2.29 psbl.surriel.com", "psbl", "192.0.2.29"},
	{"550 DroneBL says no to 192.0.2.30", "dronebl", "192.0.2.30"},
	{"550 rejected because 192.0.2.31 is in a black list at cbl.abuseat.org", "spamhaus-cbl",
	 "192.0.2.31"},
	{"554 NiXSpam: 192.0.2.32 in ix.dnsbl.manitu.net", "nixspam", "192.0.2.32"},
	{"550 192.0.2.33 ips.backscatterer.org", "backscatterer", "192.0.2.33"},
	{"550 192.0.2.34 truncate.gbudb.net", "gbudb-truncate", "192.0.2.34"},
	{"550 192.0.2.35 ubl.unsubscore.com", "lashback", "192.0.2.35"},
	{"550 192.0.2.36 bl.score.senderscore.com", "senderscore", "192.0.2.36"},
	{"550 192.0.2.37 blacklisted by CSI, http://csi.cloudmark.com/reset-request/?ip=192.0.2.37",
	 "cloudmark-csi", "192.0.2.37"},
	{"550 192.0.2.38 db.wpbl.info", "wpbl", "192.0.2.38"},
	{"550 192.0.2.39 all.s5h.net", "s5h", "192.0.2.39"},
	{"550 192.0.2.40 https://matrix.spfbl.net/192.0.2.40", "spfbl", "192.0.2.40"},
	{"554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.41", "proofpoint",
	 "192.0.2.41"},
	{"550 5.7.1 Mail from 192.0.2.42 blocked using Trend Micro Email Reputation Service",
	 "trendmicro-ers", "192.0.2.42"},
	{"550 5.7.606 Access denied, banned sending IP [192.0.2.43]. https://sender.office.com/",
	 "microsoft", "192.0.2.43"},
	{"550 messages from [192.0.2.44] weren't sent, part of their network is on our block list "
	 "(S3140)",
	 "microsoft-consumer", "192.0.2.44"},
	{"553 5.3.0 DNSBL:ATTRBL 521< 192.0.2.45 >_is_blocked. Write to abuse_rbl@abuse-att.net",
	 "att", "192.0.2.45"},
	{"554 comcast 192.0.2.46 Comcast block for spam. #BL000010", "comcast", "192.0.2.46"},
	{"554 IP=192.0.2.47 - A problem occurred. (Ask tosa@rx.t-online.de.) (BL)", "t-online",
	 "192.0.2.47"},
	{"550 192.0.2.48 spamlist.or.kr", "kisa", "192.0.2.48"},
	/* no list is named */
	{"550 5.1.1 <a@orchard.example>: user unknown", NULL, NULL},
	{"550 blocked: 192.0.2.50", NULL, NULL},
	{"550 spamcopy.example has no such user", "spamcop", ""}, /* an open sign is a guess */
	{"550 no user a@spamhaus.org", NULL, NULL},
	{"", NULL, NULL},
};

Test(blocklist, lists_are_told_by_zone_page_and_name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct bm_blocklist found;
		const bool is = bm_blocklist_find(bm_bytes_of(table[i].text), &found);
		cr_expect_eq(is, table[i].name != NULL, "%s", table[i].text);
		if (!is || !table[i].name)
			continue;
		cr_expect(bm_bytes_equal(found.name, bm_bytes_of(table[i].name)), "%.*s: %s",
			  (int)found.name.size, (const char *)found.name.data, table[i].text);
		cr_expect(bm_bytes_equal(found.listed, bm_bytes_of(table[i].listed)), "'%.*s': %s",
			  (int)found.listed.size, (const char *)found.listed.data, table[i].text);
	}
}

Test(blocklist, pages_are_links_or_none)
{
	struct bm_blocklist found;
	cr_assert(bm_blocklist_find(BM_BYTES("bl.spamcop.net"), &found));
	cr_expect(bm_bytes_starts(found.page, BM_BYTES("https://")));
	cr_assert(bm_blocklist_find(BM_BYTES("dnsbl.sorbs.net"), &found));
	cr_expect_eq(found.page.size, 0, "closed");
}

Test(blocklist, pages_are_known_by_name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct bm_blocklist found;
		if (bm_blocklist_find(bm_bytes_of(table[i].text), &found))
			cr_expect(bm_bytes_equal(bm_blocklist_page(found.name), found.page), "%s",
				  table[i].name);
	}
	cr_expect_eq(bm_blocklist_page(BM_BYTES("no such list")).size, 0);
}

Test(blocklist, cut_texts_are_read_within_their_bounds)
{
	static const char whole[] = "554 [2001:db8::1] zen.spamhaus.org a.example 192.0.2.1:";
	for (size_t size = 0; size < sizeof whole; size++) {
		uint8_t *const copy = malloc(size ? size : 1); /* exactly: for the sanitizer */
		memcpy(copy, whole, size);
		struct bm_blocklist found;
		const struct bm_bytes text = {copy, size};
		if (bm_blocklist_find(text, &found) && found.listed.size)
			cr_expect(found.listed.data >= copy &&
				  found.listed.data + found.listed.size <= copy + size);
		free(copy);
	}
}
