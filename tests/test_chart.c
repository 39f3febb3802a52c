/* test_chart.c - the numbers behind the pictures: places of periods, series that add up to the tables,
 * and no chart of nothing. */
#include "bouncemill/registry.h"
#include "formats/writers/axis.h"
#include "formats/writers/chart.h"
#include "formats/writers/title.h"

#include <criterion/criterion.h>
#include <math.h>

enum { DAY = 20454, SHEETS_MAX = 64 }; /* 2026-01-01 */

static struct bm_tally *tally;
static struct bm_view view;
static struct bm_sheet sheets[SHEETS_MAX];
static struct bm_document document;
static struct bm_charts charts;

static void count(bm_period period, const char *domain, enum bm_category category,
		  enum bm_outcome outcome, uint32_t n)
{
	const uint32_t key[4] = {(uint32_t)period, bm_tally_domain(tally, bm_bytes_of(domain)),
				 BM_PAIR(bm_tally_provider(tally, BM_BYTES("p")), category),
				 BM_SOURCE_LOG};
	bm_cells_at(&tally->cells[BM_CELLS_CUBE], key)[outcome] += n;
}

static void set_up(void)
{
	tally = bm_tally_new();
	view = (struct bm_view){
		.tally = tally, .bucket = BM_BUCKET_DAY, .lang = "en", .hide_addresses = true};
	document = (struct bm_document){.view = &view, .sheets = sheets};
}

/* draw - open all tables of the tally and make the charts */
static void draw(void)
{
	const struct bm_table *table;
	for (size_t i = 0; (table = bm_registry_table(i)) != NULL; i++) {
		if (table->addresses_only || strcmp(table->name, "rules") == 0)
			continue;
		struct bm_sheet *const sheet = &sheets[document.sheet_count++];
		sheet->table = table;
		sheet->rows = table->open(&view, &sheet->count);
	}
	bm_charts_make(&charts, &document);
}

static void tear_down(void)
{
	bm_charts_dispose(&charts);
	for (size_t i = 0; i < document.sheet_count; i++)
		sheets[i].table->close(sheets[i].rows);
	bm_tally_free(tally);
}

TestSuite(chart, .init = set_up, .fini = tear_down);

Test(chart, nothing_is_no_chart)
{
	draw();
	cr_assert_eq(charts.count, 0);
	cr_assert_null(bm_charts_find(&charts, "causes"));
}

Test(chart, a_silent_day_is_a_gap)
{
	count(DAY, "a", BM_CATEGORY_DELIVERED, BM_DELIVERED, 3);
	count(DAY, "a", BM_CATEGORY_BAD_MAILBOX, BM_BOUNCED, 1);
	count(DAY + 2, "a", BM_CATEGORY_QUOTA_ISSUES, BM_EXPIRED, 2);
	draw();
	const struct bm_chart *const rate = bm_charts_find(&charts, "delivery-rate");
	cr_assert_not_null(rate);
	cr_assert_eq(rate->label_count, 3);
	cr_assert_eq(rate->series[0].values[0], 0.75);
	cr_assert(isnan(rate->series[0].values[1]));
	cr_assert_eq(rate->series[0].values[2], 0);
	cr_assert(bm_bytes_equal(rate->labels[1], BM_BYTES("2026-01-02")));
	const struct bm_chart *const failures = bm_charts_find(&charts, "failures-over-time");
	cr_assert_not_null(failures);
	cr_assert_eq(failures->series_count, 2);
	cr_assert_str_eq(failures->series[0].name, "quota-issues");
	cr_assert(failures->series[0].values[2] == 2 && failures->series[0].values[0] == 0);
	cr_assert(failures->series[1].values[0] == 1 && failures->series[1].values[1] == 0);
}

/* More categories than colours: the rest is one series, and the sum of all is that of the table. */
Test(chart, what_has_no_colour_of_its_own_is_other)
{
	uint32_t all = 0;
	for (unsigned i = 1; i <= 12; i++) {
		count(DAY, "a", (enum bm_category)(BM_CATEGORY_BAD_MAILBOX + i), BM_BOUNCED, i);
		all += i;
	}
	count(DAY + 1, "a", BM_CATEGORY_DELIVERED, BM_DELIVERED, 1);
	draw();
	const struct bm_chart *const causes = bm_charts_find(&charts, "causes");
	cr_assert_not_null(causes);
	cr_assert_eq(causes->label_count, 9);
	cr_assert(bm_bytes_equal(causes->labels[8], BM_BYTES("other")));
	cr_assert_eq(causes->series[0].values[8], 1 + 2 + 3 + 4);
	double sum = 0;
	for (size_t i = 0; i < causes->label_count; i++)
		sum += causes->series[0].values[i];
	cr_assert_eq(sum, all);
	const struct bm_chart *const failures = bm_charts_find(&charts, "failures-over-time");
	cr_assert_eq(failures->series_count, 9);
	cr_assert_eq(failures->series[8].values[0], 10);
}

Test(chart, bars_are_merged_and_the_longest_comes_first)
{
	count(DAY, "small", BM_CATEGORY_BAD_MAILBOX, BM_BOUNCED, 1);
	count(DAY, "large", BM_CATEGORY_BAD_MAILBOX, BM_BOUNCED, 7);
	count(DAY + 1, "large", BM_CATEGORY_QUOTA_ISSUES, BM_EXPIRED, 2);
	count(DAY, "", BM_CATEGORY_QUOTA_ISSUES, BM_BOUNCED, 90); /* has no name */
	count(DAY, "fine", BM_CATEGORY_DELIVERED, BM_DELIVERED, 50);
	draw();
	const struct bm_chart *const worst = bm_charts_find(&charts, "worst-domains");
	cr_assert_not_null(worst);
	cr_assert_eq(worst->label_count, 2);
	cr_assert(bm_bytes_equal(worst->labels[0], BM_BYTES("large")));
	cr_assert(worst->series[0].values[0] == 7 && worst->series[1].values[0] == 2);
	cr_assert(worst->series[0].values[1] == 1 && worst->series[1].values[1] == 0);
}

/* However long the log, a chart has so many places and loses nothing. */
Test(chart, long_times_are_folded)
{
	for (int day = 0; day < 3000; day += 3)
		count(DAY + day, "a", BM_CATEGORY_BAD_MAILBOX, BM_BOUNCED, 1);
	draw();
	const struct bm_axis axis =
		bm_axis_make(bm_sheet_of(&document, "totals"), BM_BUCKET_DAY, 400);
	cr_assert_eq(axis.fold, 8);
	cr_assert_eq(axis.count, 375);
	cr_assert_eq(bm_axis_period(&axis, 0), DAY);
	cr_assert_eq(bm_axis_period(&axis, 374), DAY + 374 * 8);
	cr_assert_eq(bm_axis_place(&axis, &(struct bm_value){.integer = DAY + 2997}), 374);
	cr_assert_eq(bm_axis_place(&axis, &(struct bm_value){.integer = DAY - 1}), 375);
	cr_assert_eq(bm_axis_place(&axis, &(struct bm_value){.empty = true}), 375);
	const struct bm_chart *const failures = bm_charts_find(&charts, "failures-over-time");
	double sum = 0;
	for (size_t i = 0; i < failures->label_count; i++)
		sum += failures->series[0].values[i];
	cr_assert_eq(sum, 1000);
}

Test(chart, labels_of_the_world_are_cleaned)
{
	count(DAY, "\x1b[2J=1+1", BM_CATEGORY_BAD_MAILBOX, BM_BOUNCED, 1);
	draw();
	const struct bm_chart *const worst = bm_charts_find(&charts, "worst-domains");
	cr_assert_eq(bm_bytes_find(worst->labels[0], 0, 0x1b), worst->labels[0].size);
}

Test(chart, titles)
{
	static const char *const names[][2] = {{"first_seen", "First seen"},
					       {"smtp_code", "SMTP code"},
					       {"delay_p50_s", "Delay, median (s)"}};
	struct bm_text text = {0};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		text.size = 0;
		bm_title_add(&text, names[i][0], "en");
		bm_text_byte(&text, 0);
		cr_expect_str_eq((const char *)text.data, names[i][1]);
	}
	bm_text_dispose(&text);
}
