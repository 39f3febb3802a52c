/* test_rule.c - the machine ranks as promised, refuses faulty rules by file and line, and the
 * built-in rules give each text of data/rule-replies.tsv its category. */
#include "bouncemill/rule.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bouncemill/error.h"
#include "bouncemill/provider.h"
#include "bouncemill/registry.h"

/* verdict_of - parse, mask and match one text; provider NULL = by the host that spoke */
static struct bm_verdict verdict_of(const struct bm_rules *rules, const char *provider,
				    struct bm_bytes text, const char *dsn)
{
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(rules);
	struct bm_text template = {0};
	struct bm_enhanced enhanced = {0};
	struct bm_reply reply;
	bm_reply_parse(text, &reply);
	(void)bm_enhanced_parse(bm_bytes_of(dsn), &enhanced);
	const struct bm_bytes who =
		provider ? bm_bytes_of(provider) : bm_provider_known(reply.host);
	bm_reply_mask(reply.text, bm_rules_keep(rules), &template);
	const struct bm_bytes run = {template.data, template.size};
	const struct bm_verdict verdict =
		bm_rules_match(rules, scratch, who, run, &reply, enhanced);
	const struct bm_verdict again = bm_rules_match(rules, scratch, who, run, &reply, enhanced);
	cr_assert(verdict.rule == again.rule, "scratch keeps nothing between calls");
	bm_text_dispose(&template);
	bm_rules_scratch_free(scratch);
	return verdict;
}

/* sealed - a set of one user and one built-in file */
static struct bm_rules *sealed(const char *user, const char *built_in)
{
	struct bm_rules *const rules = bm_rules_new();
	cr_assert_eq(bm_rules_add(rules, "user.rules", bm_bytes_of(user), true), BM_OK);
	cr_assert_eq(bm_rules_add(rules, "b.rules", bm_bytes_of(built_in), false), BM_OK);
	bm_rules_seal(rules);
	return rules;
}

/* decides - the name of the rule that decides text for provider, or "" */
static const char *decides(const struct bm_rules *rules, const char *provider, const char *text,
			   const char *dsn)
{
	const struct bm_verdict verdict = verdict_of(rules, provider, bm_bytes_of(text), dsn);
	return verdict.rule == BM_RULE_NONE ? "" : bm_rules_get(rules, verdict.rule)->name;
}

static const char ranked[] = "basic bad-mailbox * 550\n"
			     "enhanced bad-domain * 5.1.x\n"
			     "provider-code quota-issues acme 5.1.x\n"
			     "general-late spam-related * * \"foo\" \"bar\"\n"
			     "general-later virus-related * * \"Foo\"  # the same in capitals\n"
			     "provider blocklisted acme * \"foo\" \"baz\"\n"
			     "stage rate-limited * @rcpt,421 \"quux\"\n";

Test(rule, evidence_is_ranked)
{
	struct bm_rules *const rules = sealed("mine greylisting * 554 \"foo\"\n", ranked);
	cr_expect_str_eq(decides(rules, "x", "550 5.1.1 foo bar", ""), "general-late");
	cr_expect_str_eq(decides(rules, "x", "550 5.1.1 FOO", ""), "general-later");
	cr_expect_str_eq(decides(rules, "acme", "550 5.1.1 foo bar baz", ""), "provider");
	cr_expect_str_eq(decides(rules, "x", "550 5.1.1 foo bar baz", ""), "general-late");
	cr_expect_str_eq(decides(rules, "acme", "554 foo bar baz", ""), "mine");
	cr_expect_str_eq(decides(rules, "acme", "550 5.1.1 fo", ""), "provider-code");
	cr_expect_str_eq(decides(rules, "x", "550 5.1.1 fo", ""), "enhanced");
	cr_expect_str_eq(decides(rules, "x", "550 fo", ""), "basic");
	cr_expect_str_eq(decides(rules, "x", "554 fo", ""), "");
	cr_expect_str_eq(decides(rules, "x", "554 fo", "5.1.2"), "enhanced");
	cr_expect_str_eq(decides(rules, "x", "554 5.2.2 fo", "5.1.2"), "");
	bm_rules_free(rules);
}

Test(rule, loose_words_rank_between_codes_that_tell_and_codes_that_do_not)
{
	struct bm_rules *const rules = bm_rules_new();
	const struct bm_bytes codes = BM_BYTES("full quota-issues * x.2.2\n"
					       "none bad-domain * 5.3.0,5.7.1\n"
					       "own system-error * 452\n");
	const struct bm_bytes loose = BM_BYTES("word bad-mailbox * * \"mailbox\"\n");
	cr_assert_eq(bm_rules_add(rules, "rules/90-codes.rules", codes, false), BM_OK);
	cr_assert_eq(bm_rules_add(rules, "rules/70-loose.rules", loose, false), BM_OK);
	bm_rules_seal(rules);
	cr_expect_str_eq(decides(rules, "x", "550 5.2.2 the mailbox objects", ""), "full");
	cr_expect_str_eq(decides(rules, "x", "550 the mailbox objects", "5.2.2"), "full");
	cr_expect_str_eq(decides(rules, "x", "550 5.3.0 the mailbox objects", ""), "word");
	cr_expect_str_eq(decides(rules, "x", "550 5.7.1 the mailbox objects", ""), "word");
	cr_expect_str_eq(decides(rules, "x", "550 5.7.1 it objects", ""), "none");
	cr_expect_str_eq(decides(rules, "x", "452 the mailbox objects", ""), "word");
	bm_rules_free(rules);
}

Test(rule, a_stage_must_fit_as_well_as_a_code)
{
	struct bm_rules *const rules = sealed("", ranked);
	const char *const in = "host a[192.0.2.1] said: 421 quux (in reply to RCPT TO command)";
	cr_expect_str_eq(decides(rules, "x", in, ""), "stage");
	cr_expect_str_eq(decides(rules, "x", "421 quux", ""), "");
	bm_rules_free(rules);
}

Test(rule, a_user_rule_replaces_the_built_in_one_of_its_name)
{
	struct bm_rules *const rules = sealed("basic system-error * 550\n", ranked);
	const struct bm_verdict verdict = verdict_of(rules, "x", BM_BYTES("550 fo"), "");
	cr_expect_eq(verdict.category, BM_CATEGORY_SYSTEM_ERROR);
	cr_expect_eq(bm_rules_count(rules), 7);
	bm_rules_free(rules);
}

Test(rule, phrases_that_hold_each_other_are_all_found)
{
	struct bm_rules *const rules =
		sealed("", "a bad-mailbox * * \"she\" \"he\" \"hers\" \"r\" \"ushers\"\n"
			   "b bad-domain * * \"sh\" \"e sells\"\n");
	cr_expect_str_eq(decides(rules, "x", "the ushers", ""), "a");
	cr_expect_str_eq(decides(rules, "x", "she sells shells", ""), "b");
	cr_expect_str_eq(decides(rules, "x", "he rs us", ""), "");
	bm_rules_free(rules);
}

Test(rule, a_phrase_may_be_a_choice)
{
	struct bm_rules *const rules = sealed(
		"",
		"a bad-mailbox * * \"{no such|unknown} {user|mailbox}|box{|es} gone\" \"here\"\n"
		"b bad-domain * * \"x\\{y\\|z\\}\"\n");
	cr_expect_str_eq(decides(rules, "x", "no such mailbox here", ""), "a");
	cr_expect_str_eq(decides(rules, "x", "here: UNKNOWN USER", ""), "a");
	cr_expect_str_eq(decides(rules, "x", "box gone from here", ""), "a");
	cr_expect_str_eq(decides(rules, "x", "boxes gone from here", ""), "a");
	cr_expect_str_eq(decides(rules, "x", "boxes gone", ""), "");
	cr_expect_str_eq(decides(rules, "x", "no such user, unknown user, unknown mailbox", ""),
			 "");
	cr_expect_str_eq(decides(rules, "x", "such mailbox here", ""), "");
	cr_expect_str_eq(decides(rules, "x", "x{y|z}", ""), "b");
	bm_rules_free(rules);
}

Test(rule, a_tilde_wants_phrases_near)
{
	struct bm_rules *const rules = sealed("", "a bad-mailbox * * \"user|box\" ~ \"unknown\"\n"
						  "b bad-domain * * \"x\" ~ \"y\" ~1 \"z\" \"w\"\n"
						  "c spam-related * * \"user\" \"unknown\"\n"
						  "d spam-related * * \"great|gr\" ~ \"too gr\"\n");
	cr_expect_str_eq(decides(rules, "v", "user fred is unknown", ""), "a");
	cr_expect_str_eq(decides(rules, "v", "unknown user", ""), "c");
	cr_expect_str_eq(decides(rules, "v", "user of a very long name, that is, is unknown", ""),
			 "c");
	cr_expect_str_eq(
		decides(rules, "v", "user! a user of a very long name: user is unknown", ""), "a");
	cr_expect_str_eq(decides(rules, "v", "unknown user is unknown", ""), "a");
	cr_expect_str_eq(decides(rules, "v", "a great deal too great", ""), "d");
	cr_expect_str_eq(decides(rules, "v", "w x y z", ""), "b");
	cr_expect_str_eq(decides(rules, "v", "w x z y", ""), "");
	cr_expect_str_eq(decides(rules, "v", "w x y  z", ""), "b"); /* the mask folds blanks */
	cr_expect_str_eq(decides(rules, "v", "w x y, z", ""), "");
	bm_rules_free(rules);
}

Test(rule, words_of_a_link_are_no_words)
{
	struct bm_rules *const rules =
		sealed("", "a spam-related * * \"spam\"\nb bad-domain * * \"?p=nosuch\"\n");
	cr_expect_str_eq(decides(rules, "x", "see https://support.google.com/spam/ there", ""), "");
	cr_expect_str_eq(decides(rules, "x", "see https://support.google.com/spam/ spam", ""), "a");
	cr_expect_str_eq(decides(rules, "x", "see https://support.google.com/mail/?p=NoSuch", ""),
			 "b");
	bm_rules_free(rules);
}

Test(rule, a_providers_own_code_beats_words)
{
	struct bm_rules *const rules = sealed("", "words spam-related acme * \"spam\"\n"
						  "own blocklisted acme 5.7.606,5.7.607\n"
						  "common policy-related acme 5.7.1\n");
	cr_expect_str_eq(decides(rules, "acme", "550 5.7.606 spam", ""), "own");
	cr_expect_str_eq(decides(rules, "x", "550 5.7.606 spam", ""), "");
	cr_expect_str_eq(decides(rules, "acme", "550 5.7.1 spam", ""), "words");
	cr_expect_str_eq(decides(rules, "acme", "550 5.7.1 no", ""), "common");
	bm_rules_free(rules);
}

Test(rule, hosts_in_phrases_stay_readable)
{
	struct bm_rules *const rules = sealed("", "a blocklisted * * \"at bl.nice-list.org\"\n");
	cr_expect_str_eq(decides(rules, "x", "554 listed at bl.nice-list.org, bye", ""), "a");
	cr_expect_str_eq(decides(rules, "x", "554 listed at bl.ugly-list.org, bye", ""), "");
	bm_rules_free(rules);
}

/* complaint - what one faulty line makes bm_rules_add say on stderr */
static const char *complaint(const char *line)
{
	static char said[1024];
	FILE *const file = tmpfile();
	const int kept = dup(STDERR_FILENO);
	struct bm_rules *const rules = bm_rules_new();
	dup2(fileno(file), STDERR_FILENO);
	char text[1024];
	snprintf(text, sizeof text, "# comment\n\nfine spam-related * * \"x\"\n%s\n", line);
	const enum bm_err err = bm_rules_add(rules, "my.rules", bm_bytes_of(text), true);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	said[fread(said, 1, sizeof said - 1, file)] = 0;
	fclose(file);
	cr_expect_eq(err, BM_USAGE, "%s", line);
	bm_rules_free(rules);
	return said;
}

Test(rule, faults_are_named_by_file_and_line)
{
	static const char *const table[][2] = {
		{"N@me spam-related * * \"x\"", "bad rule name"},
		{"name spam * * \"x\"", "no such category"},
		{"name spam-related ACME * \"x\"", "bad scope"},
		{"name spam-related *", "no codes"},
		{"name spam-related * 5x", "no code pattern"},
		{"name spam-related * 650", "no code pattern"},
		{"name spam-related * 5.1", "no code pattern"},
		{"name spam-related * 550,, \"x\"", "no code pattern"},
		{"name spam-related * @nowhere", "no code pattern"},
		{"name spam-related * * \"x", "no closing quote"},
		{"name spam-related * * \"\"", "empty phrase"},
		{"name spam-related * * x", "no phrase"},
		{"name spam-related * * \"a||b\"", "empty phrase"},
		{"name spam-related * * \"{a|b\"", "bad braces"},
		{"name spam-related * * \"a}\"", "bad braces"},
		{"name spam-related * * \"{a{b}}\"", "bad braces"},
		{"name spam-related * * \"{a}{b}{c}{d}{e}{f}{g}\"", "bad braces"},
		{"name spam-related * * ~ \"a\"", "no phrase before ~"},
		{"name spam-related * * \"a\" ~", "no phrase"},
		{"name spam-related * * \"a\" ~201 \"b\"", "no distance"},
		{"name spam-related * * \"a\" ~\"b\"", "no distance"},
		{"name spam-related * *", "matches everything"},
		{"fine spam-related * * \"x\"", "used before"},
		{"name", "no such category"},
		{"name spam-related", "bad scope"},
		{"name spam-related * * \"x\" y", "no phrase"},
		{"name spam-related * 550 5.1.1", "no phrase"},
		{"name spam-related * 5.1.1111 \"x\"", "no code pattern"},
		{"name spam-related * 5.1.1. \"x\"", "no code pattern"},
		{"name spam-related * 1xx \"x\"", "no code pattern"},
		{"name spam-related * 5xx,*", "no code pattern"},
		{"name spam-related * * \"x\\\"", "no closing quote"},
		{"\xef\xbb\xbfname spam-related * * \"x\"", "bad rule name"},
		{"name,spam-related,*,*,\"x\"", "bad rule name"},
		{"name spam-related * "
		 "501,502,503,504,505,506,507,508,509,510,511,512,513,514,515,516,517,518,519,520,"
		 "521,522,523,524,525 \"x\"",
		 "too many codes"},
		{"name spam-related * * "
		 "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "x"
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "x"
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
		 "too long a phrase"},
		{"name spam-related * * \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\" \"8\" \"9\"",
		 "too many phrases"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *const said = complaint(table[i][0]);
		cr_expect(strstr(said, "my.rules:4: "), "%s: %s", table[i][0], said);
		cr_expect(strstr(said, table[i][1]), "%s: %s", table[i][0], said);
	}
}

Test(rule, every_faulty_line_is_named_and_the_others_stand)
{
	const char *const said = complaint("one spam-related * *\r\ntwo spam * * \"x\"\r\n"
					   "three spam-related * * \"y\"");
	cr_expect(strstr(said, "my.rules:4: ") && strstr(said, "my.rules:5: "), "%s", said);
	cr_expect_null(strstr(said, "my.rules:6: "), "%s", said);
}

Test(rule, a_closer_look_tells_phrases_place_and_strength)
{
	struct bm_rules *const rules = sealed("mine bad-domain * * \"Zone \\\"x\\\"\"\n",
					      "words spam-related * * \"junk\" \"mail\"\n"
					      "code bad-mailbox * 5.1.1\n");
	const struct bm_rule_look mine = bm_rules_look(rules, 0);
	const struct bm_rule_look words = bm_rules_look(rules, 1);
	const struct bm_rule_look code = bm_rules_look(rules, 2);
	cr_expect_eq(mine.words, 1);
	cr_expect_eq(words.words, 2);
	cr_expect_eq(code.words, 0);
	cr_expect_eq(words.line, 1);
	cr_expect(mine.rank < words.rank && words.rank < code.rank);
	cr_expect(code.by_enhanced && !words.by_enhanced);
	bm_rules_free(rules);
}

Test(rule, candidates_are_all_that_fit_and_the_first_is_the_verdict)
{
	struct bm_rules *const rules = sealed("", "a bad-mailbox * * \"no such user\"\n"
						  "b spam-related * * \"user\" \"spam\"\n"
						  "c quota-issues * 450 \"such\"\n"
						  "d bad-domain * 5.1.1\n"
						  "e system-error * 550\n");
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(rules);
	const struct bm_bytes text = BM_BYTES("550 no such user here");
	const struct bm_enhanced dsn = {5, 1, 1};
	struct bm_reply reply;
	bool fits[5];
	bm_reply_parse(text, &reply);
	bm_rules_candidates(rules, scratch, BM_BYTES("x"), text, &reply, dsn, fits);
	cr_expect(fits[0] && !fits[1] && !fits[2] && fits[3] && fits[4]);
	cr_expect_eq(bm_rules_match(rules, scratch, BM_BYTES("x"), text, &reply, dsn).rule, 0);
	bm_rules_scratch_free(scratch);
	bm_rules_free(rules);
}

Test(rule, evidence_is_the_words_that_decided)
{
	struct bm_rules *const rules =
		sealed("", "a spam-related * * \"{junk|bulk} mail\" \"refused\"\n"
			   "b bad-mailbox * * \"no\" ~8 \"user|mailbox\"\n"
			   "c policy-related * * \"spam\"\n");
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(rules);
	struct bm_bytes words[BM_RULE_EVIDENCE_MAX];
	const struct bm_bytes bulk = BM_BYTES("554 REFUSED: Bulk Mail");
	cr_assert_eq(bm_rules_evidence(rules, scratch, 0, bulk, words), 2);
	cr_expect(bm_bytes_equal(words[0], BM_BYTES("Bulk Mail")));
	cr_expect(bm_bytes_equal(words[1], BM_BYTES("REFUSED")));
	const struct bm_bytes near = BM_BYTES("no way to find it: no such mailbox");
	cr_assert_eq(bm_rules_evidence(rules, scratch, 1, near, words), 2);
	cr_expect_eq(words[0].data, near.data + 19);
	cr_expect(bm_bytes_equal(words[1], BM_BYTES("mailbox")));
	const struct bm_bytes link = BM_BYTES("see https://a.example/spam about spam");
	cr_assert_eq(bm_rules_evidence(rules, scratch, 2, link, words), 1);
	cr_expect_eq(words[0].data, link.data + link.size - 4);
	bm_rules_scratch_free(scratch);
	bm_rules_free(rules);
}

Test(rule, an_empty_set_knows_nothing)
{
	struct bm_rules *const rules = sealed("", "");
	cr_expect_str_eq(decides(rules, "x", "550 5.1.1 user unknown", "5.1.1"), "");
	cr_expect_null(bm_rules_get(rules, 0));
	bm_rules_free(rules);
}

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

Test(rule, built_in_rules_are_sound)
{
	struct bm_rules *const rules = bm_rules_new();
	struct bm_bytes text;
	const char *name;
	for (size_t i = 0; bm_embedded(i, &name, &text); i++)
		if (strstr(name, ".rules"))
			cr_expect_eq(bm_rules_add(rules, name, text, false), BM_OK, "%s", name);
	bm_rules_free(rules);
}

Test(rule, built_in_rules_know_the_replies_of_the_field)
{
	struct bm_rules *const rules = bm_rules_new();
	bm_rules_builtin(rules);
	bm_rules_seal(rules);
	FILE *const file = fopen(BM_TESTS "/data/rule-replies.tsv", "r");
	cr_assert_not_null(file);
	char *line = NULL;
	size_t room = 0, count = 0;
	while (getline(&line, &room, file) > 0) {
		char *rest = line;
		const char *const category = field(&rest), *const provider = field(&rest);
		const char *const text = field(&rest);
		if (category[0] == '#')
			continue;
		count++;
		const struct bm_verdict got = verdict_of(
			rules, provider[0] == '*' ? NULL : provider, bm_bytes_of(text), "");
		const struct bm_rule *const rule = bm_rules_get(rules, got.rule);
		cr_expect_str_eq(bm_category_name(got.category), category, "%s by %s: %s",
				 bm_category_name(got.category), rule ? rule->name : "none", text);
	}
	cr_expect_geq(count, 250);
	free(line);
	fclose(file);
	bm_rules_free(rules);
}
