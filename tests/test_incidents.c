/* test_incidents.c - the table `incidents` on tallies made by chance: a year of noise says nothing, and
 * what is planted is found where it was planted.
 *
 * The noise is harder than Poisson's: rates differ by weekday and drift over the year, volumes have
 * week-ends and campaigns, and each day has a mood of its own (a gamma factor, so counts are
 * negative binomial).
 */
#include "support.h"

#include "bouncemill/registry.h"
#include "bouncemill/writer.h"

#include <criterion/criterion.h>
#include <math.h>

extern const struct bm_writer bm_writer_csv;

enum { DAY = 20454 /* 2026-01-01 */, YEAR_DAYS = 365, NAMES = 60, SEEDS = 8 };

static struct bm_tally *tally;
static struct bm_view view;

static void set_up(void)
{
	tally = bm_tally_new();
	view = (struct bm_view){.tally = tally, .bucket = BM_BUCKET_DAY, .lang = "en"};
}

static void tear_down(void)
{
	bm_tally_free(tally);
}

TestSuite(incidents, .init = set_up, .fini = tear_down);

/* render - the rows as CSV up to the column `significance`, ended with NUL; free() it */
static char *render(void)
{
	const struct bm_table *table = NULL;
	const struct bm_writer_options options = {0};
	struct bm_text text = {0};
	size_t count;
	for (size_t i = 0; (table = bm_registry_table(i)); i++)
		if (strcmp(table->name, "incidents") == 0)
			break;
	cr_assert_not_null(table);
	void *const rows = table->open(&view, &count);
	bm_writer_csv.rows(&text, table, rows, 0, count, &view, &options);
	table->close(rows);
	bm_text_byte(&text, 0);
	char *const result = strdup((const char *)text.data);
	bm_text_dispose(&text);
	return result;
}

/* lines - how many rows there are */
static unsigned lines(const char *rows)
{
	unsigned count = 0;
	for (; *rows; rows++)
		count += *rows == '\n';
	return count;
}

/* expect_rows - the rows begin with these words, one a row and no more; NULL ends them */
static void expect_rows(const char *const *wants)
{
	char *const rows = render();
	const char *line = rows;
	for (; *wants; wants++) {
		cr_expect_eq(strncmp(line, *wants, strlen(*wants)), 0, "have\n%swant %s", rows,
			     *wants);
		line = strchr(line, '\n') ? strchr(line, '\n') + 1 : "";
	}
	cr_expect_str_eq(line, "", "more rows than wanted:\n%s", rows);
	free(rows);
}

/* add - n outcomes of one cell */
static void add_from(bm_period period, const char *domain, const char *provider,
		     enum bm_category category, enum bm_outcome outcome, uint32_t n,
		     enum bm_cube_source source)
{
	const uint32_t key[4] = {(uint32_t)period, bm_tally_domain(tally, bm_bytes_of(domain)),
				 BM_PAIR(bm_tally_provider(tally, bm_bytes_of(provider)), category),
				 source};
	if (n)
		bm_cells_at(&tally->cells[BM_CELLS_CUBE], key)[outcome] += n;
}

static void add(bm_period period, const char *domain, const char *provider,
		enum bm_category category, enum bm_outcome outcome, uint32_t n)
{
	add_from(period, domain, provider, category, outcome, n, BM_SOURCE_LOG);
}

/* --- chance --- */

/* unit - evenly in (0, 1) */
static double unit(struct chance *chance)
{
	return ((double)(chance_next(chance) >> 11) + 0.5) / 9007199254740992.0;
}

/* normal - with mean 0 and variance 1 (Box and Muller) */
static double normal(struct chance *chance)
{
	const double radius = sqrt(-2 * log(unit(chance)));
	return radius * cos(6.283185307179586 * unit(chance));
}

/* poisson - of a mean; by its limit when that is large */
static uint32_t poisson(struct chance *chance, double mean)
{
	if (mean > 200) {
		const double value = mean + sqrt(mean) * normal(chance) + 0.5;
		return value > 0 ? (uint32_t)value : 0;
	}
	const double limit = exp(-mean);
	uint32_t count = 0;
	for (double product = unit(chance); product > limit; product *= unit(chance))
		count++;
	return count;
}

/* gamma_factor - with mean 1 and variance 1 / shape; shape is 1 or more (Marsaglia and Tsang) */
static double gamma_factor(struct chance *chance, double shape)
{
	const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
	for (;;) {
		const double x = normal(chance), v = pow(1 + c * x, 3);
		if (c * x > -1 && log(unit(chance)) < x * x / 2 + d - d * v + d * log(v))
			return d * v / shape;
	}
}

/* One name of the noise. */
struct habit {
	char domain[32], provider[16];
	double volume, rate[3], shape, drift, week[7];
};

static const enum bm_category reasons[3] = {BM_CATEGORY_BAD_MAILBOX, BM_CATEGORY_QUOTA_ISSUES,
					    BM_CATEGORY_RATE_LIMITED};

/* make_habit - six domains a provider; from a letter a week to thousands a day */
static struct habit make_habit(struct chance *chance, unsigned i)
{
	struct habit habit = {.volume = pow(10, 0.3 + 3.5 * unit(chance)),
			      .shape = 2 + 40 * unit(chance),
			      .drift = 0.5 + 1.5 * unit(chance)};
	snprintf(habit.domain, sizeof habit.domain, "d%02u.example", i);
	snprintf(habit.provider, sizeof habit.provider, "p%u", i / 6);
	for (unsigned j = 0; j < 3; j++)
		habit.rate[j] = 0.001 + 0.04 * unit(chance) * unit(chance);
	for (unsigned j = 0; j < 7; j++)
		habit.week[j] = 0.6 + unit(chance);
	return habit;
}

/* live - one day of a habit; factor is for its first reason */
static void live(struct chance *chance, const struct habit *habit, unsigned day, double factor)
{
	const bool weekend = (day + 3) % 7 >= 5; /* 2026-01-01 is a Thursday */
	const double campaign = chance_percent(chance, 3) ? 5 : 1;
	const uint32_t tried = poisson(chance, habit->volume * campaign * (weekend ? 0.3 : 1));
	const double drift = 1 + (habit->drift - 1) * day / YEAR_DAYS;
	uint32_t left = tried;
	for (unsigned i = 0; i < 3; i++) {
		const double mood = gamma_factor(chance, habit->shape);
		const double rate = habit->rate[i] * habit->week[day % 7] * drift * mood *
				    (i == 0 ? factor : 1);
		uint32_t refused = poisson(chance, tried * (rate < 0.9 ? rate : 0.9));
		refused = refused < left ? refused : left;
		left -= refused;
		add(DAY + (bm_period)day, habit->domain, habit->provider, reasons[i],
		    reasons[i] == BM_CATEGORY_RATE_LIMITED ? BM_DEFERRED : BM_BOUNCED, refused);
	}
	add(DAY + (bm_period)day, habit->domain, habit->provider, BM_CATEGORY_DELIVERED,
	    BM_DELIVERED, left);
}

/* live_all - a year of all names; provider p3 is struck from day 200 to 204 by factor */
static void live_all(uint64_t seed, double factor)
{
	struct chance chance = {seed};
	for (unsigned i = 0; i < NAMES; i++) {
		struct habit habit = make_habit(&chance, i);
		const bool struck = i / 6 == 3;
		if (struck && habit.volume < 100)
			habit.volume = 100;
		for (unsigned day = 0; day < YEAR_DAYS; day++)
			live(&chance, &habit, day, struck && day >= 200 && day < 205 ? factor : 1);
	}
}

Test(incidents, a_year_of_noise_says_nothing)
{
	unsigned false_ones = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		live_all(seed, 1);
		char *const rows = render();
		cr_expect_leq(lines(rows), 1, "seed %u:\n%s", (unsigned)seed, rows);
		false_ones += lines(rows);
		free(rows);
		tear_down();
		set_up();
	}
	cr_expect_leq(false_ones, 1, "%u in %u years", false_ones, (unsigned)SEEDS);
}

Test(incidents, weeks_and_hours_of_noise_say_nothing)
{
	static const enum bm_bucket buckets[] = {BM_BUCKET_WEEK, BM_BUCKET_MONTH};
	for (size_t i = 0; i < 2; i++) {
		struct chance chance = {7 + i};
		view.bucket = buckets[i];
		for (unsigned name = 0; name < NAMES; name++) {
			const struct habit habit = make_habit(&chance, name);
			for (unsigned day = 0; day < 4 * YEAR_DAYS; day++)
				if (bm_period_of(bm_time_make((DAY + (int64_t)day) * 86400, 0),
						 buckets[i]) == DAY + (bm_period)day)
					live(&chance, &habit, day, 1);
		}
		expect_rows((const char *const[]){NULL});
		tear_down();
		set_up();
	}
	view.bucket = BM_BUCKET_HOUR;
	struct chance chance = {9};
	for (unsigned name = 0; name < 12; name++) {
		const struct habit habit = make_habit(&chance, name);
		for (unsigned hour = 0; hour < 6 * 168; hour++)
			live(&chance, &habit, hour, 1);
	}
	expect_rows((const char *const[]){NULL});
}

Test(incidents, what_is_planted_is_found_on_its_days)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		live_all(seed, 12);
		char *const rows = render();
		cr_expect(lines(rows) <= 2 &&
				  strstr(rows, "2026-07-20,2026-07-24,provider,p3,bad-mailbox,"),
			  "seed %u:\n%s", (unsigned)seed, rows);
		free(rows);
		tear_down();
		set_up();
	}
}

/* calm - days of 200 letters to a domain, of which refused are bounced; from first to end */
static void calm(const char *domain, const char *provider, unsigned first, unsigned end,
		 uint32_t refused)
{
	for (unsigned day = first; day < end; day++) {
		add(DAY + (bm_period)day, domain, provider, BM_CATEGORY_BLOCKLISTED, BM_BOUNCED,
		    refused);
		add(DAY + (bm_period)day, domain, provider, BM_CATEGORY_DELIVERED, BM_DELIVERED,
		    200 - refused);
	}
}

Test(incidents, a_story_is_told_once_by_the_wider_name)
{
	calm("a.example", "wide", 0, 40, 1);
	calm("b.example", "wide", 0, 40, 1);
	calm("c.example", "lone", 0, 40, 1);
	calm("d.example", "lone", 0, 40, 1);
	calm("e.example", "e.example", 0, 40, 1);
	for (unsigned day = 30; day < 33; day++) {
		static const char *const struck[][2] = {{"a.example", "wide"},
							{"b.example", "wide"},
							{"c.example", "lone"},
							{"e.example", "e.example"}};
		for (size_t i = 0; i < 4; i++)
			add(DAY + (bm_period)day, struck[i][0], struck[i][1],
			    BM_CATEGORY_BLOCKLISTED, BM_BOUNCED, 50 + day);
	}
	expect_rows((const char *const[]){
		"2026-01-31,2026-02-02,domain,c.example,blocklisted,sender,2026-02-02,246,4,57.7",
		"2026-01-31,2026-02-02,domain,e.example,blocklisted,sender,2026-02-02,246,4,57.7",
		"2026-01-31,2026-02-02,provider,wide,blocklisted,sender,2026-02-02,492,8,58.1",
		NULL});
}

Test(incidents, more_mail_is_none_and_no_past_is_none)
{
	calm("busy.example", "busy", 0, 30, 4);
	for (unsigned day = 30; day < 32; day++) { /* a hundred times the mail, and the refusals */
		add(DAY + (bm_period)day, "busy.example", "busy", BM_CATEGORY_BLOCKLISTED,
		    BM_BOUNCED, 400);
		add(DAY + (bm_period)day, "busy.example", "busy", BM_CATEGORY_DELIVERED,
		    BM_DELIVERED, 19600);
	}
	calm("young.example", "young", 20, 30, 1);
	calm("young.example", "young", 30, 31, 150);
	calm("few.example", "few", 0, 30, 0);
	calm("few.example", "few", 30, 31, 9);
	calm("told.example", "told", 0, 40, 1);
	add_from(DAY + 35, "told.example", "told", BM_CATEGORY_BLOCKLISTED, BM_BOUNCED, 500,
		 BM_SOURCE_DSN);
	add(BM_PERIOD_UNKNOWN, "told.example", "told", BM_CATEGORY_BLOCKLISTED, BM_BOUNCED, 500);
	add(DAY + 35, "told.example", "told", BM_CATEGORY_BLOCKLISTED, BM_EXPIRED, 500);
	expect_rows((const char *const[]){NULL});
}

Test(incidents, mondays_are_no_incident_but_one_that_is_odd_for_a_monday)
{
	for (unsigned day = 0; day < 70; day++) {
		const uint32_t refused = day % 7 == 4 ? 40 : 4; /* 2026-01-05 was a Monday */
		calm("m.example", "m", day, day + 1, day == 60 ? 160 : refused);
	}
	expect_rows((const char *const[]){"2026-03-02,2026-03-02,domain,m.example,", NULL});
}

Test(incidents, what_lasts_becomes_normal)
{
	calm("a.example", "a", 0, 40, 2);
	calm("a.example", "a", 40, 160, 40);
	char *const rows = render();
	cr_expect_eq(lines(rows), 1, "%s", rows);
	cr_expect_eq(strncmp(rows, "2026-02-10,2026-03-", 19), 0, "%s", rows);
	free(rows);
}

Test(incidents, a_long_and_deep_one_is_one)
{
	view.bucket = BM_BUCKET_HOUR; /* what calm() takes for days are hours then */
	calm("a.example", "a", 0, 700, 1);
	calm("a.example", "a", 700, 1000, 190);
	char *const rows = render();
	cr_expect_eq(lines(rows), 1, "%s", rows);
	cr_expect_not_null(strstr(rows, ",57000,300,189.9,300,1,"), "%s", rows);
	free(rows);
}

/* reply - a template heard count times at a.example, from one day to another */
static void reply(const char *text, uint32_t count, unsigned first, unsigned last)
{
	char name[100] = "p";
	strcpy(name + 3, text); /* provider NUL, no code, NUL */
	const uint32_t id =
		bm_tally_template(tally, (struct bm_bytes){(uint8_t *)name, 3 + strlen(text)});
	struct bm_template_record *const record = &tally->template[id];
	record->judged = true;
	record->category = BM_CATEGORY_BLOCKLISTED;
	record->provider = bm_tally_provider(tally, BM_BYTES("p"));
	record->n[BM_BOUNCED] = count;
	record->seen = (struct bm_seen){bm_time_make((DAY + (int64_t)first) * 86400 + 1, 0),
					bm_time_make((DAY + (int64_t)last) * 86400 + 80000, 0)};
	bm_tally_sample(tally, &record->sample, bm_bytes_of(text));
	bm_cells_at(&tally->cells[BM_CELLS_SPREAD],
		    (uint32_t[4]){id, bm_tally_domain(tally, BM_BYTES("a.example"))})[0] = count;
}

/* expect_end - the first row ends so */
static void expect_end(const char *want)
{
	char *const rows = render();
	const char *const end = strstr(rows, want);
	cr_expect(end && strcspn(rows, "\n") == (size_t)(end - rows) + strlen(want), "%swant %s",
		  rows, want);
	free(rows);
}

Test(incidents, the_reply_that_said_most_is_shown_and_whether_it_is_new)
{
	calm("a.example", "p", 0, 40, 2);
	for (unsigned day = 30; day < 32; day++)
		add(DAY + (bm_period)day, "a.example", "p", BM_CATEGORY_BLOCKLISTED, BM_BOUNCED,
		    90);
	reply("old words", 120, 0, 39);
	expect_end(",1,no,6e5a07e306848391,old words");
	reply("new words to ***@x", 100, 30, 31);
	reply("newer words", 99, 31, 31);
	view.hide_addresses = true;
	expect_end(",new words to ***@x");
	char *const rows = render();
	cr_expect_not_null(strstr(rows, ",1,yes,"));
	free(rows);
}

Test(incidents, the_domains_that_were_hit_are_counted)
{
	for (unsigned i = 0; i < 5; i++) {
		char domain[32];
		snprintf(domain, sizeof domain, "d%u.example", i);
		calm(domain, "p", 0, 40, 1);
		if (i < 3)
			add(DAY + 30, domain, "p", BM_CATEGORY_SPAM_RELATED, BM_DEFERRED, 60);
	}
	char *const rows = render();
	cr_expect_eq(lines(rows), 1, "%s", rows);
	cr_expect_not_null(strstr(rows, "2026-01-31,180,0,"), "%s", rows);
	cr_expect_not_null(strstr(rows, ",3,,,\n"), "%s", rows);
	free(rows);
}
