/* test_provider.c - who speaks, told by the words alone, and what the providers' rules make of it.
 *
 * data/providers.tsv has a line for each: category, provider, text.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "bouncemill/provider.h"
#include "bouncemill/rule.h"

/* field - the next tab-separated field of a line, NUL-terminated in place */
static char *field(char **line)
{
	char *const start = *line;
	char *const end = strpbrk(start, "\t\n");
	if (end)
		*end = '\0';
	*line = end ? end + 1 : start + strlen(start);
	return start;
}

/* verdict_of - what the built-in rules say of text spoken by provider */
static struct bm_verdict verdict_of(const struct bm_rules *rules, struct bm_bytes provider,
				    const struct bm_reply *reply)
{
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(rules);
	struct bm_text template = {0};
	bm_reply_mask(reply->text, bm_rules_keep(rules), &template);
	const struct bm_verdict verdict = bm_rules_match(
		rules, scratch, provider, (struct bm_bytes){template.data, template.size}, reply,
		(struct bm_enhanced){0});
	bm_text_dispose(&template);
	bm_rules_scratch_free(scratch);
	return verdict;
}

/* expect - one line of the data */
static void expect(const struct bm_rules *rules, const char *category, const char *provider,
		   const char *text)
{
	struct bm_reply reply;
	bm_reply_parse(bm_bytes_of(text), &reply);
	const struct bm_bytes spoken = bm_provider_spoken(reply.text);
	cr_expect(bm_bytes_equal(spoken, bm_bytes_of(provider[0] == '-' ? "" : provider)),
		  "'%.*s' speaks, not %s: %s", (int)spoken.size, (const char *)spoken.data,
		  provider, text);
	const struct bm_verdict got = verdict_of(rules, spoken, &reply);
	const struct bm_rule *const rule = bm_rules_get(rules, got.rule);
	cr_expect_str_eq(bm_category_name(got.category), category, "%s by %s, not %s: %s",
			 bm_category_name(got.category), rule ? rule->name : "none", category,
			 text);
}

Test(provider, words_tell_who_speaks_and_what_is_meant)
{
	struct bm_rules *const rules = bm_rules_new();
	bm_rules_builtin(rules);
	bm_rules_seal(rules);
	FILE *const file = fopen(BM_TESTS "/data/providers.tsv", "r");
	cr_assert_not_null(file);
	char *line = NULL;
	size_t room = 0, count = 0;
	while (getline(&line, &room, file) > 0) {
		char *rest = line;
		const char *const category = field(&rest), *const provider = field(&rest);
		if (category[0] == '#')
			continue;
		expect(rules, category, provider, field(&rest));
		count++;
	}
	cr_expect_geq(count, 180);
	free(line);
	fclose(file);
	bm_rules_free(rules);
}

Test(provider, signs_stand_between_borders_of_words)
{
	static const char *const table[][2] = {
		{"x gsmtp", "google"},
		{"x xgsmtp", ""},
		{"x gsmtpx", ""},
		{"GSMTP.", "google"},
		{"a@gsmtp", ""},
		{"550 5.7.606 x", "microsoft"},
		{"550 5.7.606.", "microsoft"},
		{"550 5.7.606.1", ""},
		{"550 15.7.606", ""},
		{"550 1.5.7.606", ""},
		{"550 5.7.60", "microsoft"},
		{"a.prod.outlook.com 2", "microsoft"},
		{"a.prod.outlook.com[192.0.2.7] x", ""},
		{"a@x.prod.example", ""},
		{"see https://mail.qq.com/x", "tencent"},
		{"see https://mail.qq.example/x", ""},
		{"://", ""},
		{"", ""},
		{"[ts", ""},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct bm_bytes got = bm_provider_spoken(bm_bytes_of(table[i][0]));
		cr_expect(bm_bytes_equal(got, bm_bytes_of(table[i][1])), "%s -> %.*s", table[i][0],
			  (int)got.size, (const char *)got.data);
	}
}
