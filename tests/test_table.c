/* test_table.c - small tallies with known sums, and the rows they must become.
 *
 * Rows are compared as the CSV they are written as, which is the contract.
 */
#include "bouncemill/registry.h"
#include "bouncemill/writer.h"

#include <criterion/criterion.h>
#include "count.h"
#include <stdio.h>
#include <stdlib.h>

extern const struct bm_writer bm_writer_csv, bm_writer_json;

static struct bm_tally *tally;
static struct bm_view view;

static void set_up(void)
{
	tally = bm_tally_new();
	view = (struct bm_view){
		.tally = tally, .bucket = BM_BUCKET_DAY, .lang = "en", .addresses = true};
}

static void tear_down(void)
{
	bm_tally_free(tally);
}

/* find - a table by name */
static const struct bm_table *find(const char *name)
{
	for (size_t i = 0; bm_registry_table(i) != NULL; i++)
		if (strcmp(bm_registry_table(i)->name, name) == 0)
			return bm_registry_table(i);
	cr_assert_fail("no table %s", name);
	return NULL;
}

/* render - the rows of a table as CSV, ended with NUL */
static struct bm_text render(const char *name)
{
	const struct bm_table *const table = find(name);
	const struct bm_writer_options options = {0};
	struct bm_text text = {0};
	size_t count;
	void *const rows = table->open(&view, &count);
	bm_writer_csv.rows(&text, table, rows, 0, count, &view, &options);
	table->close(rows);
	bm_text_byte(&text, 0);
	return text;
}

/* expect - the rows of a table, with the cube sorted for all tables or for itself */
static void expect(const char *name, const char *want)
{
	struct bm_text alone = render(name);
	cr_expect_str_eq((const char *)alone.data, want, "%s:\n%swant:\n%s", name,
			 (const char *)alone.data, want);
	struct bm_sorted *const sorted = bm_sorted_new(&view, NULL);
	view.sorted = sorted;
	struct bm_text shared = render(name);
	cr_expect_str_eq((const char *)shared.data, (const char *)alone.data);
	view.sorted = NULL;
	bm_sorted_free(sorted);
	bm_text_dispose(&alone);
	bm_text_dispose(&shared);
}

/* count - put one cell into the cube */
static void count(bm_period period, const char *domain, const char *provider,
		  enum bm_category category, enum bm_outcome outcome, uint32_t n)
{
	const uint32_t key[4] = {
		(uint32_t)period, bm_tally_domain(tally, bm_bytes_of(domain)),
		BM_PAIR(bm_tally_provider(tally, bm_bytes_of(provider)), category)};
	bm_cells_at(&tally->cells[BM_CELLS_CUBE], key)[outcome] += n;
}

/* put - add n to one counter of a cell */
static void put(enum bm_cells_kind kind, uint32_t a, uint32_t b, uint32_t c, unsigned counter,
		uint32_t n)
{
	bm_cells_at(&tally->cells[kind], (uint32_t[4]){a, b, c})[counter] += n;
}

enum { DAY = 20454 }; /* 2026-01-01 */
#define CATEGORY(name) BM_CATEGORY_##name

TestSuite(table, .init = set_up, .fini = tear_down);

Test(table, nothing_makes_no_rows)
{
	const struct bm_table *table;
	for (size_t i = 0; (table = bm_registry_table(i)) != NULL; i++) {
		cr_expect_leq(table->column_count, BM_COLUMNS_MAX);
		expect(table->name, "");
	}
}

Test(table, totals_join_both_sides)
{
	count(DAY, "a", "p", CATEGORY(DELIVERED), BM_DELIVERED, 3);
	count(DAY, "a", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 1);
	count(DAY, "a", "p", CATEGORY(GREYLISTING), BM_DEFERRED, 5);
	count(BM_PERIOD_UNKNOWN, "a", "p", CATEGORY(DELIVERED), BM_DELIVERED, 1);
	put(BM_CELLS_PERIODS, DAY, 0, 0, BM_MESSAGES, 4);
	put(BM_CELLS_PERIODS, DAY + 2, 0, 0, BM_REJECTED, 7);
	put(BM_CELLS_PERIODS, DAY + 3, 0, 0, BM_PROBES, 7);
	expect("totals", ",0,1,1,0,0,0,0,0,0.000000,1.000000\n"
			 "2026-01-01,4,4,3,1,0,5,0,0,0.250000,0.750000\n"
			 "2026-01-03,0,0,0,0,0,0,0,7,,\n");
}

Test(table, cube_is_sorted_by_text)
{
	count(DAY + 1, "b", "p", CATEGORY(DELIVERED), BM_DELIVERED, 1);
	count(DAY, "b", "q", CATEGORY(DELIVERED), BM_DELIVERED, 2);
	count(DAY, "b", "p", CATEGORY(GREYLISTING), BM_DEFERRED, 3);
	count(DAY, "b", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 4);
	count(DAY, "aa", "p", CATEGORY(DELIVERED), BM_DELIVERED, 5);
	count(DAY, "a", "p", CATEGORY(DELIVERED), BM_DELIVERED, 6);
	count(BM_PERIOD_UNKNOWN, "z", "p", CATEGORY(MESSAGE_EXPIRED), BM_EXPIRED, 7);
	bm_cells_at(
		&tally->cells[BM_CELLS_CUBE],
		(uint32_t[4]){DAY, bm_tally_domain(tally, BM_BYTES("a")),
			      BM_PAIR(bm_tally_provider(tally, BM_BYTES("p")), CATEGORY(DELIVERED)),
			      1})[BM_DELIVERED] = 8;
	expect("cube", ",z,p,message-expired,log,network,0,0,7,0\n"
		       "2026-01-01,a,p,delivered,dsn,,8,0,0,0\n"
		       "2026-01-01,a,p,delivered,log,,6,0,0,0\n"
		       "2026-01-01,aa,p,delivered,log,,5,0,0,0\n"
		       "2026-01-01,b,p,bad-mailbox,log,recipient,0,4,0,0\n"
		       "2026-01-01,b,p,greylisting,log,network,0,0,0,3\n"
		       "2026-01-01,b,q,delivered,log,,2,0,0,0\n"
		       "2026-01-02,b,p,delivered,log,,1,0,0,0\n");
}

Test(table, trend_compares_with_the_calendar)
{
	count(DAY, "a", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 2);
	count(DAY, "a", "p", CATEGORY(QUOTA_ISSUES), BM_DEFERRED, 9);
	count(DAY + 1, "a", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 3);
	count(DAY + 1, "b", "q", CATEGORY(QUOTA_ISSUES), BM_EXPIRED, 1);
	count(DAY + 3, "a", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 1);
	count(DAY + 4, "a", "p", CATEGORY(GREYLISTING), BM_DEFERRED, 1);
	count(BM_PERIOD_UNKNOWN, "a", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 1);
	expect("trend", ",bad-mailbox,recipient,1,0,0,1.000000,\n"
			"2026-01-01,bad-mailbox,recipient,2,0,0,1.000000,\n"
			"2026-01-01,quota-issues,recipient,0,0,9,0.000000,\n"
			"2026-01-02,bad-mailbox,recipient,3,0,0,0.750000,0.500000\n"
			"2026-01-02,quota-issues,recipient,0,1,0,0.250000,\n"
			"2026-01-04,bad-mailbox,recipient,1,0,0,1.000000,\n"
			"2026-01-05,greylisting,network,0,0,1,,\n");
}

Test(table, trend_of_months_looks_one_month_back)
{
	const int64_t march = bm_days_from_civil(2026, 3, 1),
		      february = bm_days_from_civil(2026, 2, 1);
	view.bucket = BM_BUCKET_MONTH;
	count((bm_period)february, "a", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 4);
	count((bm_period)march, "a", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 1);
	expect("trend", "2026-02,bad-mailbox,recipient,4,0,0,1.000000,\n"
			"2026-03,bad-mailbox,recipient,1,0,0,1.000000,-0.750000\n");
}

/* expect_starts - the rows of a table must begin so, line by line */
static void expect_starts(const char *name, const char *const *starts, size_t start_count)
{
	struct bm_text text = render(name);
	const char *line = (const char *)text.data;
	for (size_t i = 0; i < start_count; i++) {
		cr_expect_eq(strncmp(line, starts[i], strlen(starts[i])), 0, "%s: %s want %s", name,
			     line, starts[i]);
		line = strchr(line, '\n') ? strchr(line, '\n') + 1 : "";
	}
	cr_expect_str_eq(line, "");
	bm_text_dispose(&text);
}

Test(table, categories_fall_and_count_domains_once)
{
	count(DAY, "a", "p", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, 1);
	count(DAY + 1, "a", "q", CATEGORY(QUOTA_ISSUES), BM_EXPIRED, 1);
	count(DAY, "b", "p", CATEGORY(QUOTA_ISSUES), BM_DEFERRED, 1);
	count(DAY, "c", "p", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, 4);
	count(DAY, "a", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 2);
	count(DAY, "a", "p", CATEGORY(BAD_DOMAIN), BM_BOUNCED, 2);
	count(DAY, "a", "p", CATEGORY(DELIVERED), BM_DELIVERED, 100);
	static const char *const want[] = {
		"quota-issues,recipient,soft,5,1,1,0.600000,3,,,",
		"bad-domain,recipient,hard,2,0,0,0.200000,1,,,",
		"bad-mailbox,recipient,hard,2,0,0,0.200000,1,,,",
	};
	expect_starts("categories", want, 3);
}

Test(table, domains_fall_and_take_the_busiest_provider)
{
	count(DAY, "few.example", "q", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 1);
	count(DAY, "b.example", "z", CATEGORY(DELIVERED), BM_DELIVERED, 2);
	count(DAY, "b.example", "y", CATEGORY(GREYLISTING), BM_DEFERRED, 1);
	count(DAY + 1, "b.example", "y", CATEGORY(RATE_LIMITED), BM_DEFERRED, 1);
	count(DAY, "a.example", "z", CATEGORY(DELIVERED), BM_DELIVERED, 2);
	count(DAY, "many.example", "q", CATEGORY(QUOTA_ISSUES), BM_EXPIRED, 2);
	count(DAY, "many.example", "q", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 2);
	bm_steps_add(
		&bm_tally_domain_at(tally, bm_tally_domain(tally, BM_BYTES("a.example")))->delays,
		bm_step_of(4), 3);
	expect("domains", "many.example,q,4,0,2,2,0,1.000000,bad-mailbox,,,,\n"
			  "few.example,q,1,0,1,0,0,1.000000,bad-mailbox,,,,\n"
			  "a.example,z,2,2,0,0,0,0.000000,,,,0.04,0.04\n"
			  "b.example,y,2,2,0,0,2,0.000000,greylisting,,,,\n");
	expect("providers", "q,2,5,0,3,2,0,1.000000,bad-mailbox,,,,\n"
			    "y,1,0,0,0,0,2,,greylisting,,,,\n"
			    "z,2,4,4,0,0,0,0.000000,,,,,\n");
}

Test(table, senders_and_relays)
{
	const uint32_t sender = bm_intern_add(tally->senders, BM_BYTES("s.example"));
	const uint32_t relay = bm_intern_add(tally->relays, BM_BYTES("mx.example[192.0.2.1]"));
	const uint32_t provider = bm_tally_provider(tally, BM_BYTES("p"));
	put(BM_CELLS_MESSAGES, bm_intern_add(tally->senders, BM_BYTES("<>")), 0, 0, 0, 1);
	put(BM_CELLS_MESSAGES, sender, 0, 0, 0, 6);
	put(BM_CELLS_SENDERS, sender, CATEGORY(DELIVERED), 0, BM_DELIVERED, 3);
	put(BM_CELLS_SENDERS, sender, CATEGORY(BAD_MAILBOX), 0, BM_BOUNCED, 1);
	put(BM_CELLS_RELAYS, relay, BM_PAIR(provider, CATEGORY(DELIVERED)), 0, BM_DELIVERED, 3);
	put(BM_CELLS_RELAYS, relay, BM_PAIR(provider, CATEGORY(GREYLISTING)), 0, BM_DEFERRED, 2);
	expect("senders", "<>,1,0,0,0,0,0,,\n"
			  "s.example,6,4,3,1,0,0,0.250000,bad-mailbox\n");
	expect("relays", "mx.example[192.0.2.1],p,5,3,0,2,greylisting\n");
}

Test(table, fanout_sums_by_class)
{
	const uint32_t sender = bm_intern_add(tally->senders, BM_BYTES("s.example"));
	const uint32_t other = bm_intern_add(tally->senders, BM_BYTES("t.example"));
	put(BM_CELLS_MESSAGES, sender, BM_FANOUT_1, 0, 0, 3);
	put(BM_CELLS_MESSAGES, other, BM_FANOUT_1, 0, 0, 1);
	put(BM_CELLS_MESSAGES, sender, BM_FANOUT_MANY, 0, 0, 1);
	put(BM_CELLS_SENDERS, sender, CATEGORY(DELIVERED), BM_FANOUT_1, BM_DELIVERED, 2);
	put(BM_CELLS_SENDERS, other, CATEGORY(SPAM_RELATED), BM_FANOUT_1, BM_BOUNCED, 1);
	put(BM_CELLS_SENDERS, other, CATEGORY(RATE_LIMITED), BM_FANOUT_1, BM_DEFERRED, 1);
	put(BM_CELLS_SENDERS, sender, CATEGORY(BAD_MAILBOX), BM_FANOUT_MANY, BM_EXPIRED, 150);
	put(BM_CELLS_SENDERS, sender, CATEGORY(BAD_MAILBOX), BM_FANOUT_UNKNOWN, BM_BOUNCED, 1);
	expect("fanout", ",0,1,0,1,0,0,1.000000,0.000000,0.000000\n"
			 "1,4,3,2,1,0,1,0.333333,0.250000,0.250000\n"
			 "101+,1,150,0,0,150,0,1.000000,,\n");
}

/* put_subject - outcomes under a subject */
static void put_subject(const char *subject, enum bm_category category, enum bm_outcome outcome,
			uint32_t n)
{
	const uint32_t key[4] = {0, category, 0, bm_tally_subject(tally, bm_bytes_of(subject))};
	bm_cells_at(&tally->cells[BM_CELLS_SENDERS], key)[outcome] += n;
}

Test(table, subjects_are_sorted_by_failures)
{
	bm_intern_add(tally->senders, BM_BYTES("s.example"));
	put_subject("", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 9);
	put_subject("(other)", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 9);
	put_subject("b", CATEGORY(DELIVERED), BM_DELIVERED, 3);
	put_subject("a", CATEGORY(DELIVERED), BM_DELIVERED, 3);
	put_subject("a", CATEGORY(GREYLISTING), BM_DEFERRED, 3);
	put_subject("z", CATEGORY(SPAM_RELATED), BM_BOUNCED, 1);
	put_subject("z", CATEGORY(POLICY_RELATED), BM_EXPIRED, 1);
	put(BM_CELLS_MESSAGES, 0, 0, bm_tally_subject(tally, BM_BYTES("z")), 0, 2);
	expect("subjects", "z,2,2,0,1,1,0,1.000000,1,1,0.500000\n"
			   "a,0,3,3,0,0,3,0.000000,0,0,0.000000\n"
			   "b,0,3,3,0,0,0,0.000000,0,0,0.000000\n"
			   "(other),0,9,0,9,0,0,1.000000,0,0,0.000000\n");
}

/* A word that goes with refusals stands out, one that is everywhere does not, and one without enough
 * refusals is not looked at. */
Test(table, words_of_refused_subjects)
{
	bm_intern_add(tally->senders, BM_BYTES("s.example"));
	put_subject("Free offer #", CATEGORY(SPAM_RELATED), BM_BOUNCED, 40);
	put_subject("FREE <addr> \xe6\x98\xa5\xe5\xad\xa3\xe4\xbf\x83", CATEGORY(SPAM_RELATED),
		    BM_BOUNCED, 20);
	put_subject("offer of the week", CATEGORY(DELIVERED), BM_DELIVERED, 500);
	put_subject("free rare", CATEGORY(SPAM_RELATED), BM_BOUNCED, 4);
	put_subject("no such user", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 40);
	const char *const chinese = "\xe5\xad\xa3\xe4\xbf\x83,20,0,";
	struct bm_text text = render("words");
	const char *const rows = (const char *)text.data;
	cr_expect_eq(strncmp(rows, "free,64,0,", 10), 0, "%s", rows);
	cr_expect_neq(strstr(rows, chinese), NULL, "%s", rows);
	for (const char *const *word =
		     (const char *[]){"offer", "rare", "addr", "such", "week", NULL};
	     *word; word++)
		cr_expect_eq(strstr(rows, *word), NULL, "%s in %s", *word, rows);
	bm_text_dispose(&text);
}

/* pace - attempts of a provider in a minute, some of them limited */
static void pace(const char *provider, int32_t minute, unsigned attempts, unsigned limited)
{
	const uint32_t id = bm_tally_provider(tally, bm_bytes_of(provider));
	for (unsigned i = 0; i < attempts; i++)
		bm_tally_pace(tally, id, minute);
	if (limited)
		put(BM_CELLS_LIMITED, id, (uint32_t)minute, 0, 0, limited);
}

Test(table, pace_by_provider_and_hour)
{
	enum { FIRST = DAY * 24 * 60 };
	pace("yahoo", FIRST + 61, 300, 3);
	pace("yahoo", FIRST + 119, 7, 0);
	pace("yahoo", FIRST + 62, 1, 0);
	pace("google", FIRST, 9, 1);
	pace("google", FIRST + 600, 4, 0);
	pace("stranger.example", FIRST, 50, 50);
	expect("pace", "google,,13,9,1,0.076923,\n"
		       "yahoo,2026-01-01T01:00:00,308,300,3,0.009740,\n");
}

/* Fifty slow minutes with little put off, fifty fast ones with much: the border is found; where the
 * share is the same at any pace there is none. */
Test(table, pace_finds_the_limit)
{
	enum { FIRST = DAY * 24 * 60 };
	for (int i = 0; i < 50; i++) {
		pace("yahoo", FIRST + i, 10 + (unsigned)i % 10, i % 10 == 0);
		pace("yahoo", FIRST + 500 + i, 30 + (unsigned)i % 10, 12 + (unsigned)i % 5);
		pace("google", FIRST + i, 10 + (unsigned)i % 10, 1);
		pace("google", FIRST + 500 + i, 30 + (unsigned)i % 10, 3);
	}
	struct bm_text text = render("pace");
	const char *const rows = (const char *)text.data;
	cr_expect_neq(strstr(rows, "yahoo,2026-01-01T00:00:00,725,19,5,0.006897,30\n"), NULL, "%s",
		      rows);
	cr_expect_neq(strstr(rows, "google,2026-01-01T00:00:00,725,19,50,0.068966,\n"), NULL, "%s",
		      rows);
	bm_text_dispose(&text);
}

/* say - a template with counts */
static struct bm_template_record *say(struct bm_bytes name, uint16_t code,
				      enum bm_category category, uint64_t bounced,
				      uint64_t deferred)
{
	const uint32_t id = bm_tally_template(tally, name);
	struct bm_template_record *const record = &tally->template[id];
	record->code = code;
	record->category = category;
	record->n[BM_BOUNCED] = bounced;
	record->n[BM_DEFERRED] = deferred;
	return record;
}

Test(table, replies_codes_and_rules)
{
	struct bm_template_record *record = say(BM_BYTES("p\0"
							 "5.1.1\0"
							 "550 5.1.1 <addr> unknown"),
						550, CATEGORY(BAD_MAILBOX), 2, 0);
	record->enhanced = (struct bm_enhanced){5, 1, 1};
	record->sample = BM_BYTES("550 5.1.1 <a@b> unknown");
	record = say(BM_BYTES("q\0"
			      "5.1.1\0"
			      "550 5.1.1 <addr> unknown"),
		     550, CATEGORY(BAD_MAILBOX), 2, 0);
	record->enhanced = (struct bm_enhanced){5, 1, 1};
	say(BM_BYTES("p\0"
		     "4.0.0\0"
		     "busy"),
	    0, CATEGORY(UNKNOWN), 0, 9);
	put(BM_CELLS_SPREAD, 0, bm_tally_domain(tally, BM_BYTES("x")), 0, 0, 5);
	put(BM_CELLS_SPREAD, 0, bm_tally_domain(tally, BM_BYTES("y")), 0, 0, 1);
	struct bm_text text = render("replies");
	const char *line = (const char *)text.data;
	cr_expect_str_eq(strchr(strchr(line, '\n') + 1, ','),
			 ",2,bad-mailbox,,p,550 5.1.1 <addr> unknown,550 5.1.1 <a@b> unknown,,,2\n"
			 "c13f90d302e1fe8b,2,bad-mailbox,,q,550 5.1.1 <addr> unknown,,,,0\n");
	cr_expect_eq(strncmp(line + 16, ",9,unknown,,p,busy,,,,0\n", 23), 0);
	bm_text_dispose(&text);
	expect("codes", ",,unknown,0,0,9\n"
			"550,5.1.1,bad-mailbox,4,0,0\n");
	expect("rules", "unknown,unknown,13\n");
}

Test(table, deferrals_read_their_histograms)
{
	const uint32_t pair =
		BM_PAIR(bm_tally_provider(tally, BM_BYTES("p")), CATEGORY(GREYLISTING));
	put(BM_CELLS_DEFERRALS, pair, 0, 0, BM_LATER_DELIVERED, 9);
	put(BM_CELLS_DEFERRALS, pair, 0, 0, BM_STILL_OPEN, 1);
	put(BM_CELLS_RESOLVE, pair, BM_RESOLVE_ATTEMPTS, bm_step_of(200), 0, 9);
	struct bm_text text = render("deferrals");
	cr_expect_str_eq((const char *)text.data, "p,greylisting,10,9,0,0,1,2,2,,\n");
	bm_text_dispose(&text);
}

Test(table, coverage_sums_what_was_malformed)
{
	struct bm_source source = {.name = "mail.log",
				   .format = "postfix",
				   .codec = "gzip",
				   .bytes = 10,
				   .lines = 9,
				   .events = 4,
				   .other = 2,
				   .hosts = 1,
				   .seen = BM_SEEN_NEVER,
				   .status = "ok"};
	source.malformed[BM_MALFORMED_CUT] = 1;
	source.malformed[BM_MALFORMED_LONG] = 2;
	view.sources = &source;
	view.source_count = 1;
	expect("coverage", "mail.log,postfix,gzip,10,9,4,2,3,,,ok,1\n");
}

/* mail - an address's outcome in a category, counted as in a run, with a reply as evidence */
static void mail(const char *address, enum bm_category category, enum bm_outcome outcome, int day,
		 const char *reply)
{
	struct bm_counter counter = {.tally = tally, .bucket = BM_BUCKET_DAY, .addresses = true};
	const bm_time time = bm_time_make((int64_t)(DAY + day) * 86400 + 43200, 0);
	struct bm_fact fact = {.time = time,
			       .domain = bm_tally_domain(tally, BM_BYTES("x.example")),
			       .provider = bm_tally_provider(tally, BM_BYTES("p")),
			       .template = bm_tally_template(tally, BM_BYTES("t")),
			       .address = bm_tally_address(tally, bm_bytes_of(address)),
			       .category = (uint8_t)category,
			       .outcome = (uint8_t)outcome,
			       .delay_step = BM_NO_STEP};
	const enum bm_bearing bearing = bm_category_bearing(category);
	if (bearing != BM_BEARING_NONE && outcome != BM_DELIVERED)
		bm_tally_evidence(tally, bm_evidence_of(&tally->address[fact.address], bearing),
				  time, category, bm_bytes_of(reply));
	if (outcome == BM_EXPIRED)
		bm_count_expired(&counter, &fact, time);
	else
		bm_count_attempt(&counter, &fact);
}

/* again - the same on several days, of which -1 is the end */
static void again(const char *address, enum bm_category category, enum bm_outcome outcome,
		  const int *days)
{
	for (; *days >= 0; days++)
		mail(address, category, outcome, *days, "full");
}

#define SEEN(first, last) "2026-01-" first "T12:00:00+00:00,2026-01-" last "T12:00:00+00:00,,"

Test(table, suppress_lists_hard_failures_that_were_not_mended)
{
	mail("hard@x", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 0, "gone");
	mail("late@x", CATEGORY(BAD_MAILBOX), BM_EXPIRED, 0, "gone");
	mail("soft@x", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, 0, "full");
	mail("ours@x", CATEGORY(AUTHENTICATION_FAILED), BM_BOUNCED, 0, "no SPF");
	mail("spam@x", CATEGORY(SPAM_RELATED), BM_BOUNCED, 0, "spam");
	mail("mended@x", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 0, "gone");
	mail("mended@x", CATEGORY(DELIVERED), BM_DELIVERED, 1, "");
	mail("mended@x", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, 2, "full");
	mail("again@x", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 2, "b");
	mail("again@x", CATEGORY(DELIVERED), BM_DELIVERED, 3, "");
	mail("again@x", CATEGORY(INACTIVE_MAILBOX), BM_BOUNCED, 4, "c");
	mail("again@x", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 1, "a");
	mail("open@x", CATEGORY(BAD_MAILBOX), BM_DEFERRED, 0, "gone");
	expect("suppress",
	       "again@x,inactive-mailbox,hard,c," SEEN(
		       "02", "05") "stop,3,\n"
				   "hard@x,bad-mailbox,hard,gone," SEEN(
					   "01", "01") "stop,1,\n"
						       "late@x,bad-mailbox,hard,gone," SEEN(
							       "01", "01") "stop,1,\n");
}

/* Three failures, three days, seven days from the first to the last, and no delivery. */
Test(table, suppress_lists_soft_failures_again_and_again)
{
	view.soft = BM_SOFT_RULE;
	again("enough@x", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, (int[]){0, 3, 7, -1});
	again("short@x", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, (int[]){0, 3, 6, -1});
	again("twodays@x", CATEGORY(QUOTA_ISSUES), BM_DEFERRED, (int[]){0, 0, 9, 9, -1});
	again("mended@x", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, (int[]){0, 3, 7, -1});
	mail("mended@x", CATEGORY(DELIVERED), BM_DELIVERED, 7, "");
	again("since@x", CATEGORY(BAD_CONNECTION), BM_EXPIRED, (int[]){0, 2, 4, 9, 11, -1});
	mail("since@x", CATEGORY(DELIVERED), BM_DELIVERED, 2, "");
	again("until@x", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, (int[]){0, 2, 4, 9, -1});
	mail("until@x", CATEGORY(DELIVERED), BM_DELIVERED, 3, "");
	again("ours@x", CATEGORY(BLOCKLISTED), BM_DEFERRED, (int[]){0, 3, 7, -1});
	again("greeted@x", CATEGORY(GREYLISTING), BM_DEFERRED, (int[]){0, 5, 9, -1});
	mail("later@x", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, 8, "latest");
	again("later@x", CATEGORY(QUOTA_ISSUES), BM_BOUNCED, (int[]){0, 3, -1});
	expect("suppress",
	       "enough@x,quota-issues,soft,full," SEEN(
		       "01",
		       "08") "reach-otherwise,3,3\n"
			     "greeted@x,greylisting,soft,full," SEEN(
				     "01",
				     "10") "reach-otherwise,3,3\n"
					   "later@x,quota-issues,soft,latest," SEEN(
						   "01",
						   "09") "reach-otherwise,3,3\n"
							 "since@x,bad-connection,soft,full," SEEN(
								 "01",
								 "12") "reach-otherwise,3,3\n");
	view.soft = (struct bm_soft_rule){.count = 4, .days = 2, .span = 9};
	expect("suppress",
	       "twodays@x,quota-issues,soft,full," SEEN("01", "10") "reach-otherwise,4,2\n");
	view.soft.count = 0;
	expect("suppress", "");
}

Test(table, recipients_by_their_last_final_outcome)
{
	mail("hard@x", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 0, "");
	mail("mended@x", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 0, "");
	mail("mended@x", CATEGORY(DELIVERED), BM_DELIVERED, 1, "");
	mail("open@x", CATEGORY(BAD_MAILBOX), BM_DEFERRED, 0, "");
	static const char *const want[] = {
		"hard@x,bounced,bad-mailbox,1,0,0,2026-01-01",
		"mended@x,delivered,bad-mailbox,1,0,0,2026-01-01",
		"open@x,deferred,bad-mailbox,0,0,1,2026-01-01",
	};
	expect_starts("recipients", want, 3);
}

/* fail - a domain that was not delivered to, so many times; ok - one that was */
static void fail(const char *domain, uint32_t n)
{
	count(DAY, domain, "p", CATEGORY(BAD_DOMAIN), BM_BOUNCED, n);
}

static void ok(const char *domain, uint32_t n)
{
	count(DAY, domain, "p", CATEGORY(DELIVERED), BM_DELIVERED, n);
}

Test(table, typos_of_large_mail_domains)
{
	fail("gmial.com", 3);
	fail("gmail.con", 2);
	fail("gamil.con", 1);
	fail("qq.co", 1);
	fail("hotmail.com", 900); /* fails a lot, and is what it is */
	ok("hotmail.com", 100);
	fail("yhaoo.co.uk", 1);
	fail("outlok.com", 5); /* is delivered to more often */
	ok("outlok.com", 6);
	ok("gmail.com", 500);
	ok("other.co", 1);
	expect("typos", "gmial.com,3,gmail.com,0.948104,1,0,500,bad-domain,,\n"
			"gmail.con,2,gmail.com,0.948735,1,0,500,bad-domain,,\n"
			"gamil.con,1,gmail.com,0.422765,2,0,500,bad-domain,,\n"
			"qq.co,1,qq.com,0.474525,1,0,0,bad-domain,,\n"
			"yhaoo.co.uk,1,yahoo.co.uk,0.949051,1,0,0,bad-domain,,\n");
}

Test(table, typos_of_domains_that_deliver)
{
	fail("acme-tolos.example", 1);
	ok("acme-tools.example", 3);
	ok("two-edits-few.example", 99);
	fail("towedits-few.example", 1);
	ok("two-edits-many.example", 100);
	fail("towedits-many.example", 1);
	ok("s12.hosting.example", 50); /* numbered, not mistyped */
	fail("s13.hosting.example", 1);
	ok("firm.de", 50); /* somebody else's: .se is in use */
	fail("firm.se", 1);
	ok("others.se", 1);
	fail("xn--bcher-kva.example", 1); /* b\u00fccher: one letter away, in Unicode */
	ok("bucher.example", 9);
	fail("dead.example", 30); /* fails more than it could be mistyped */
	ok("bead.example", 2);
	fail("[192.0.2.1]", 5);
	ok("[192.0.2.2]", 5);
	expect("typos",
	       "acme-tolos.example,1,acme-tools.example,0.712500,1,0,3,bad-domain,,\n"
	       "towedits-many.example,1,two-edits-many.example,0.670173,2,0,100,bad-domain,,\n"
	       "xn--bcher-kva.example,1,bucher.example,0.765000,1,0,9,bad-domain,,\n");
}

Test(table, suggestions_are_for_domains_that_are_likely_mistyped)
{
	mail("ann@gmial.com", CATEGORY(BAD_DOMAIN), BM_BOUNCED, 0, "no such domain");
	mail("bob@gamil.con", CATEGORY(BAD_DOMAIN), BM_BOUNCED, 0, "no such domain");
	mail("nobody", CATEGORY(BAD_DOMAIN), BM_BOUNCED, 0, "no such domain");
	fail("gmial.com", 1);
	fail("gamil.con", 1);
	struct bm_text text = render("suppress");
	cr_expect(strstr((const char *)text.data, "T12:00:00+00:00,ann@gmail.com,stop,1,\n"));
	cr_expect_null(strstr((const char *)text.data, "bob@gmail.com"));
	bm_text_dispose(&text);
}

/* list - what a reply said is listed */
static void list(struct bm_bytes name, uint64_t bounced, uint64_t expired, uint64_t deferred)
{
	struct bm_listing_record *const record =
		bm_tally_listing_at(tally, bm_tally_listing(tally, name));
	record->n[BM_BOUNCED] = bounced;
	record->n[BM_EXPIRED] = expired;
	record->n[BM_DEFERRED] = deferred;
}

Test(table, blocklists_that_cost_most_come_first)
{
	list(BM_BYTES("spamcop\0"
		      "192.0.2.2"),
	     1, 2, 0);
	list(BM_BYTES("spamcop\0"
		      "192.0.2.1"),
	     1, 2, 0);
	list(BM_BYTES("sorbs\0"), 0, 0, 7);
	list(BM_BYTES("uribl\0"
		      "a.example"),
	     0, 0, 8);
	list(BM_BYTES("spamhaus-zen\0"
		      "2001:db8::1"),
	     4, 0, 0);
	list(BM_BYTES("psbl\0"
		      "192.0.2.9"),
	     0, 0, 0); /* named and not counted */
	expect("blocklists", "spamhaus-zen,2001:db8::1,4,0,,,https://check.spamhaus.org/\n"
			     "spamcop,192.0.2.1,3,0,,,https://www.spamcop.net/bl.shtml\n"
			     "spamcop,192.0.2.2,3,0,,,https://www.spamcop.net/bl.shtml\n"
			     "uribl,a.example,0,8,,,https://admin.uribl.com/\n"
			     "sorbs,,0,7,,,\n");
}

/* by_text - for qsort, the plain twin of the ranking */
static int by_text(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

Test(table, many_names_are_in_order)
{
	enum { COUNT = 20000 };
	static char *names[COUNT];
	uint64_t state = 1;
	for (size_t i = 0; i < COUNT; i++) {
		char name[128];
		state = state * 6364136223846793005u + 1442695040888963407u;
		/* Long common prefixes, some names prefixes of others. */
		const int size = snprintf(
			name, sizeof name, "%.*s%u", (int)(state >> 60 == 0 ? 100 : state >> 61),
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			(unsigned)(state >> 40 & 0xfffff));
		names[i] = malloc((size_t)size + 1);
		memcpy(names[i], name, (size_t)size + 1);
		count(DAY + (bm_period)(i % 7), name, "p", CATEGORY(DELIVERED), BM_DELIVERED, 1);
	}
	qsort(names, COUNT, sizeof *names, by_text);
	const struct bm_table *const table = find("domains");
	size_t rows_count, at = 0;
	void *const rows = table->open(&view, &rows_count);
	for (size_t i = 0; i < rows_count; i++, at++) {
		struct bm_value values[BM_COLUMNS_MAX];
		while (at > 0 && at < COUNT && strcmp(names[at], names[at - 1]) == 0)
			at++;
		table->row(rows, i, values);
		cr_assert(bm_bytes_equal(values[0].text, bm_bytes_of(names[at])));
	}
	table->close(rows);
	for (size_t i = 0; i < COUNT; i++)
		free(names[i]);
}

Test(table, bundle_is_one_object)
{
	const struct bm_writer_options options = {.version = "1"};
	struct bm_text text = {0};
	count(DAY, "a", "p", CATEGORY(DELIVERED), BM_DELIVERED, 3);
	bm_writer_json.bundle_head(&text, &view, &options);
	bm_writer_json.bundle_table(&text, find("rules"), true);
	bm_writer_json.bundle_table_end(&text);
	bm_writer_json.bundle_tail(&text);
	bm_text_byte(&text, 0);
	cr_expect_str_eq(
		(const char *)text.data,
		"{\"bouncemill\": \"1\", \"partial\": false,\n\"totals\": {\"lines\": 0, "
		"\"events\": 0, \"other\": 0, \"malformed\": 0, \"bytes\": 0, \"delivered\": 3, "
		"\"bounced\": 0, \"expired\": 0, \"deferred\": 0, \"rejected\": 0, "
		"\"dsn_failed\": 0, \"dsn_delayed\": 0},\n\"tables\": {\n\"rules\": [\n]\n}}\n");
	bm_text_dispose(&text);
}

Test(table, summary_fits_and_is_safe)
{
	count(DAY, "evil\x1b[2J\xe2\x80\xae.example", "p", CATEGORY(BAD_MAILBOX), BM_BOUNCED, 3);
	count(DAY + 500, "用户用户用户用户用户用户用户用户用户用户用户.example", "p",
	      CATEGORY(QUOTA_ISSUES), BM_EXPIRED, 2);
	say(BM_BYTES("p\0\0"
		     "what\x9b is this"),
	    0, CATEGORY(UNKNOWN), 3, 0);
	struct bm_source source = {.name = "a\x1b]0;b\a",
				   .format = "postfix",
				   .codec = "plain",
				   .seen = BM_SEEN_NEVER,
				   .status = "damaged at 5: cut"};
	view.sources = &source;
	view.source_count = 1;
	for (unsigned columns = 60; columns < 140; columns += 10) {
		struct bm_text text = {0};
		bm_terminal_summary(&text, &view, false, 10, columns);
		size_t wide = 0;
		for (size_t i = 0; i < text.size; i++) {
			cr_assert(text.data[i] == '\n' || text.data[i] >= 0x20);
			wide = text.data[i] == '\n' ? 0 : wide + ((text.data[i] & 0xc0) != 0x80);
			cr_assert_leq(wide, columns);
		}
		bm_text_dispose(&text);
	}
}
