/* test_replies.c - the built-in rules against replies that no rule was written from.
 *
 * data/replies.tsv holds failure texts in the manner of servers, providers, gateways and lists, one
 * a row: id, provider (`*` = the host that spoke tells it), the category TAXONOMY wants, text, and
 * topic.  Who wrote them had not read the rules, so a right verdict here was not learned by heart;
 * the texts that rules grew up with are rule-replies.tsv, tested by test_rule.c.  An id is the
 * system that speaks and a number: `gmail-07`, `postfix-dns-03`.
 *
 * A verdict is made as the engine makes it: parse, mask, match.  A row that fails is printed as id,
 * wanted, got, rule and text.  Mend the rule; the label only when TAXONOMY is against it; never the
 * text.
 *
 * The table itself is held to quotas, since a table that shrank would pass in silence.
 */
#include "bouncemill/rule.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bouncemill/provider.h"

/* The quotas. */
enum {
	ROWS_MIN = 700,
	ROWS_MAX = 4096,
	ROWS_PER_CATEGORY_MIN = 12, /* of every category that is a failure */
	ROWS_PER_SYSTEM_MIN = 3,
	ROWS_PER_LANGUAGE_MIN = 5,
	ROWS_UNKNOWN_MIN = 60,
	FRAMED_PERCENT_MIN = 40 /* in Postfix's frame, and as many at least bare */
};

struct row {
	const char *id, *provider, *category, *text, *topic;
};

/* The table, borrowed from the file's lines; a test's process owns it until its end. */
static struct row rows[ROWS_MAX];
static size_t rows_count;
static char *lines[ROWS_MAX + 1];
static size_t lines_count;

/* Who must speak in the table: what stands before the number of an id. */
static const char systems[] =
	/* mailboxes of the world, of China, of Europe, of elsewhere */
	"gmail ms-consumer m365 yahoo apple "
	"qq exmail netease netease-qiye aliyun sina sohu 21cn 139 263 tom "
	"gmx t-online orange free laposte libero mail.ru yandex rambler seznam "
	"comcast cox att charter earthlink iinet naver daum ntt kddi docomo uol terra "
	/* gateways */
	"proofpoint mimecast barracuda ironport trend messagelabs sophos forcepoint spamexperts "
	"cloudmark vade rspamd spamassassin amavis postgrey policyd-weight "
	/* lists */
	"spamhaus spamcop barracudacentral sorbs uceprotect abusix 0spam mailspike hostkarma "
	/* software */
	"postfix-connect postfix-dns postfix-tls postfix-loop postfix-size postfix-utf8 "
	"postfix-transport postfix-mailbox postfix-alias postfix-quota postfix-expired "
	"postfix-access exim sendmail qmail exchange domino courier mdaemon hmailserver zimbra "
	"kerio icewarp communigate opensmtpd haraka zonemta mailenable dovecot-lmtp cyrus";

static const char languages[] = "zh-hans zh-hant ja ko de fr es pt it ru pl cs tr";

static const char *const topics[] = {"mta", "provider", "gateway", "dnsbl", "language", "unknown"};

/* cell - the next tab-separated cell of a line, NUL-terminated in place; NULL behind the last */
static const char *cell(char **line)
{
	return strsep(line, "\t");
}

/* add_row - one line as a row; the line is cut up */
static void add_row(char *line)
{
	struct row *const row = &rows[rows_count++];
	row->id = cell(&line);
	row->provider = cell(&line);
	row->category = cell(&line);
	row->text = cell(&line);
	row->topic = cell(&line);
	cr_assert(row->topic != NULL && line == NULL, "%s: a row has five cells", row->id);
}

/* load - read the table once */
static void load(void)
{
	FILE *const file = fopen(BM_TESTS "/data/replies.tsv", "r");
	cr_assert_not_null(file);
	size_t room = 0;
	while (lines_count <= ROWS_MAX && getline(&lines[lines_count], &room, file) > 0) {
		char *const line = lines[lines_count++];
		line[strcspn(line, "\n")] = '\0';
		room = 0;
		if (lines_count == 1)
			cr_assert_str_eq(line, "id\tprovider\tcategory\ttext\ttopic");
		else
			add_row(line);
	}
	cr_assert(feof(file), "more than %d rows", ROWS_MAX);
	fclose(file);
}

/* unload - give the lines back */
static void unload(void)
{
	for (size_t i = 0; i < ROWS_MAX + 1; i++)
		free(lines[i]);
}

TestSuite(replies, .init = load, .fini = unload);

/* category_of - the category a row wants */
static enum bm_category category_of(const struct row *row)
{
	return bm_category_find(bm_bytes_of(row->category));
}

/* is_of - true when the row's id is system, a dash and a number */
static bool is_of(const struct row *row, struct bm_bytes system)
{
	if (strncmp(row->id, (const char *)system.data, system.size) != 0 ||
	    row->id[system.size] != '-')
		return false;
	const char *const number = row->id + system.size + 1;
	return number[0] && strspn(number, "0123456789") == strlen(number);
}

/* count_of - rows of a system */
static size_t count_of(struct bm_bytes system)
{
	size_t count = 0;
	for (size_t i = 0; i < rows_count; i++)
		count += is_of(&rows[i], system);
	return count;
}

/* expect_all - each of the names, which stand apart by blanks, has rows enough */
static void expect_all(const char *names, size_t rows_min)
{
	for (size_t size; (size = strcspn(names, " ")); names += size + (names[size] == ' ')) {
		const struct bm_bytes name = {(const uint8_t *)names, size};
		cr_expect_geq(count_of(name), rows_min, "%.*s", (int)size, names);
	}
}

/* is_listed - true when name stands in a list of count names */
static bool is_listed(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

/* knows_provider - true when formats/rules/providers.txt has a line that opens with name */
static bool knows_provider(const char *name)
{
	FILE *const file = fopen(BM_TESTS "/../formats/rules/providers.txt", "r");
	cr_assert_not_null(file);
	char line[1024];
	bool found = false;
	while (!found && fgets(line, sizeof line, file)) {
		line[strcspn(line, " \t\n")] = '\0';
		found = strcmp(line, name) == 0;
	}
	fclose(file);
	return found;
}

/* is_framed - true when Postfix's words for a server's reply stand around the text */
static bool is_framed(const struct row *row)
{
	return strstr(row->text, " said: ") || strstr(row->text, " refused to talk to me: ");
}

Test(replies, every_row_is_well_formed)
{
	for (size_t i = 0; i < rows_count; i++) {
		const struct row *const row = &rows[i];
		const enum bm_category category = category_of(row);
		cr_expect(category < BM_CATEGORY_DELIVERED, "%s: category %s", row->id,
			  row->category);
		cr_expect(is_listed(row->topic, topics, sizeof topics / sizeof *topics),
			  "%s: topic %s", row->id, row->topic);
		cr_expect_eq(category == BM_CATEGORY_UNKNOWN, strcmp(row->topic, "unknown") == 0,
			     "%s: topic unknown holds what says nothing, and only that", row->id);
		cr_expect(row->text[0], "%s: a text", row->id);
		cr_expect(strcmp(row->provider, "*") == 0 || knows_provider(row->provider),
			  "%s: provider %s", row->id, row->provider);
	}
}

Test(replies, no_row_stands_twice)
{
	for (size_t i = 0; i < rows_count; i++)
		for (size_t j = 0; j < i; j++) {
			cr_expect_str_neq(rows[i].id, rows[j].id);
			cr_expect_str_neq(rows[i].text, rows[j].text, "%s and %s", rows[j].id,
					  rows[i].id);
		}
}

Test(replies, the_table_is_large_and_broad)
{
	size_t of_category[BM_CATEGORY_COUNT + 1] = {0}, framed = 0;
	for (size_t i = 0; i < rows_count; i++) {
		of_category[category_of(&rows[i])]++;
		framed += is_framed(&rows[i]);
	}
	cr_expect_geq(rows_count, ROWS_MIN);
	cr_expect_geq(of_category[BM_CATEGORY_UNKNOWN], ROWS_UNKNOWN_MIN);
	for (int i = BM_CATEGORY_UNKNOWN + 1; i < BM_CATEGORY_DELIVERED; i++)
		cr_expect_geq(of_category[i], ROWS_PER_CATEGORY_MIN, "%s: %zu rows",
			      bm_category_name((enum bm_category)i), of_category[i]);
	const size_t percent = 100 * framed / (rows_count + !rows_count);
	cr_expect(percent >= FRAMED_PERCENT_MIN && percent <= 100 - FRAMED_PERCENT_MIN,
		  "%zu %% are framed", percent);
}

Test(replies, every_system_and_language_speaks)
{
	expect_all(systems, ROWS_PER_SYSTEM_MIN);
	expect_all(languages, ROWS_PER_LANGUAGE_MIN);
}

/* verdict_of - a row's text through parser, mask and rules, as the engine does it */
static struct bm_verdict verdict_of(const struct bm_rules *rules, struct bm_rules_scratch *scratch,
				    const struct row *row)
{
	struct bm_text template = {0};
	struct bm_reply reply;
	bm_reply_parse(bm_bytes_of(row->text), &reply);
	bm_reply_mask(reply.text, bm_rules_keep(rules), &template);
	const struct bm_bytes provider = strcmp(row->provider, "*") == 0
						 ? bm_provider_known(reply.host)
						 : bm_bytes_of(row->provider);
	const struct bm_verdict verdict = bm_rules_match(
		rules, scratch, provider, (struct bm_bytes){template.data, template.size}, &reply,
		(struct bm_enhanced){0});
	bm_text_dispose(&template);
	return verdict;
}

Test(replies, built_in_rules_judge_replies_they_have_not_seen)
{
	struct bm_rules *const rules = bm_rules_new();
	bm_rules_builtin(rules);
	bm_rules_seal(rules);
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(rules);
	for (size_t i = 0; i < rows_count; i++) {
		const struct bm_verdict verdict = verdict_of(rules, scratch, &rows[i]);
		const struct bm_rule *const rule = bm_rules_get(rules, verdict.rule);
		cr_expect_eq(verdict.category, category_of(&rows[i]), "%s\t%s\t%s\t%s\t%s",
			     rows[i].id, rows[i].category, bm_category_name(verdict.category),
			     rule ? rule->name : "none", rows[i].text);
	}
	bm_rules_scratch_free(scratch);
	bm_rules_free(rules);
}
