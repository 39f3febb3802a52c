/* test_finding.c - the verdict on one text and the evidence for it; lists. */
#include "batch.h"
#include "finding.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct bm_rules *rules;
static struct bm_examiner *examiner;
static struct bm_finding finding;

/* set_up - an examiner with a few rules */
static void set_up(void)
{
	static const char text[] = "t/full    quota-issues  * *     \"mailbox\" \"is full\"\n"
				   "t/chinese bad-mailbox   * *     \"不存在\"\n"
				   "t/google  rate-limited  google 421\n"
				   "t/code    bad-mailbox   * x.1.1\n"
				   "t/basic   spam-related  * 554\n";
	rules = bm_rules_new();
	cr_assert_eq(bm_rules_add(rules, "t.rules", bm_bytes_of(text), false), BM_OK);
	bm_rules_seal(rules);
	examiner = bm_examiner_new(rules);
}

static void tear_down(void)
{
	bm_examiner_free(examiner);
	bm_rules_free(rules);
}

/* judge - a text with codes beside it */
static void judge(const char *code, const char *enhanced, const char *text)
{
	bm_examine_coded(examiner, bm_bytes_of(code), bm_bytes_of(enhanced), bm_bytes_of(text),
			 &finding);
}

/* expect - the rule that decided, "" for none */
static void expect(const char *rule)
{
	cr_expect_str_eq(finding.rule ? finding.rule->name : "", rule);
}

TestSuite(finding, .init = set_up, .fini = tear_down);

Test(finding, evidence_is_spelt_as_in_the_text)
{
	judge("", "", "552 5.2.2 The Mailbox of <a@b.example> IS FULL");
	expect("t/full");
	cr_assert_eq(finding.evidence_count, 2);
	cr_expect(bm_bytes_equal(finding.evidence[0], BM_BYTES("Mailbox")));
	cr_expect(bm_bytes_equal(finding.evidence[1], BM_BYTES("IS FULL")));
	cr_expect_eq(finding.code, 552);
	cr_expect_eq(finding.enhanced.subject, 2);
}

Test(finding, codes_beside_the_text_count_where_the_text_has_none)
{
	judge("554", "", "go away");
	expect("t/basic");
	cr_expect_eq(finding.evidence_count, 0);
	cr_expect_not(finding.by_enhanced);
	judge("554", "5.1.1", "go away");
	expect("t/code");
	cr_expect(finding.by_enhanced);
	judge("554", "5.1.1", "550 5.9.9 go away");
	expect("");
	cr_expect_eq(finding.category, BM_CATEGORY_UNKNOWN);
	cr_expect_eq(finding.code, 550);
}

Test(finding, gb18030_is_matched_as_what_it_says)
{
	judge("", "", "550 \xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda");
	expect("t/chinese");
	cr_expect(bm_bytes_equal(finding.evidence[0], BM_BYTES("不存在")));
}

Test(finding, who_speaks_is_told_by_host_or_words)
{
	judge("", "", "host mx.google.com[192.0.2.1] said: 421 later");
	expect("t/google");
	cr_expect(bm_bytes_equal(finding.provider, BM_BYTES("google")));
	judge("", "", "421 later abc123si456 - gsmtp");
	expect("t/google");
	judge("", "", "421 later");
	expect("");
	cr_expect_eq(finding.provider.size, 0);
}

Test(finding, a_template_tells_what_decided)
{
	struct bm_template_look look;
	judge("", "5.1.1", "554 no");
	const struct bm_tally *const tally = bm_examiner_tally(examiner);
	cr_assert(bm_template_read(bm_intern_get(tally->templates, finding.template), &look));
	cr_expect(bm_bytes_equal(look.masked, BM_BYTES("554 no")));
	cr_expect_eq(look.reply.code, 554);
	cr_expect_eq(look.dsn.class, 5);
	cr_expect_eq(look.dsn.detail, 1);
	cr_expect_not(bm_template_read(BM_BYTES("no template"), &look));
}

Test(batch, lines_with_and_without_codes)
{
	struct bm_batch_line batch;
	cr_assert(bm_batch_read(BM_BYTES("id\tsome\ttext"), &batch));
	cr_expect(bm_bytes_equal(batch.text, BM_BYTES("some\ttext")));
	cr_assert(bm_batch_read(BM_BYTES("id\t550\t5.1.1\ta\tb"), &batch));
	cr_expect(bm_bytes_equal(batch.code, BM_BYTES("550")));
	cr_expect(bm_bytes_equal(batch.enhanced, BM_BYTES("5.1.1")));
	cr_expect(bm_bytes_equal(batch.text, BM_BYTES("a\tb")));
	cr_assert(bm_batch_read(BM_BYTES("id\t\t\t"), &batch));
	cr_expect_eq(batch.text.size, 0);
	cr_assert(bm_batch_read(BM_BYTES("id\tno code\tat\tall"), &batch));
	cr_expect(bm_bytes_equal(batch.text, BM_BYTES("no code\tat\tall")));
	cr_expect_not(bm_batch_read(BM_BYTES("no tab"), &batch));
}
