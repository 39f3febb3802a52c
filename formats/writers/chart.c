/* chart.c - from tables to the numbers of charts; see chart.h.
 *
 * Two charts run over time and are made by hand: failures by category, and the share delivered.
 * All others are recipes: a table, the column that names a bar, the columns that are stacked in it,
 * and how many bars.  A recipe for a table that does not exist (yet, or without --addresses) or has
 * no rows makes no chart.
 */
#include "chart.h"

#include "bouncemill/error.h"
#include "bouncemill/words.h"

#include "axis.h"
#include "title.h"

#include <math.h>
#include <stdlib.h>

enum {
	PLACES_MAX = 400,   /* of periods in a chart: more cannot be told apart on a page */
	CATEGORIES_MAX = 8, /* told apart by colour; the rest is "other" */
	LABEL_BYTES_MAX = 60
};

/* --- colours --- */

/* Families of fault share a hue, so that a page can be read from afar. */
uint32_t bm_chart_colour(enum bm_category category)
{
	static const struct {
		const char *fault;
		uint32_t shades[6];
	} families[] = {
		{"recipient", {0xc0392b, 0xe67e73, 0xd9822b, 0xf0b27a, 0x922b21, 0xf5cba7}},
		{"sender", {0x1f618d, 0x5dade2, 0x2e86c1, 0x85c1e9, 0x154360, 0xaed6f1}},
		{"message", {0x6c3483, 0xaf7ac5, 0x8e44ad, 0xd2b4de, 0x4a235a, 0xe8daef}},
		{"network", {0x117864, 0x52be80, 0x1e8449, 0xa9dfbf, 0x0b5345, 0x76d7c4}},
	};
	const struct bm_bytes fault = bm_bytes_of(bm_category_fault(category));
	unsigned before = 0; /* categories of the same family that come earlier */
	for (unsigned other = 0; other < (unsigned)category; other++)
		before += bm_bytes_equal(bm_bytes_of(bm_category_fault((enum bm_category)other)),
					 fault);
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (bm_bytes_equal(bm_bytes_of(families[i].fault), fault))
			return families[i].shades[before % 6];
	return 0x95a5a6;
}

static const uint32_t other_colour = 0xbdc3c7;

/* Columns that several charts stack: their colour, and what a legend calls them. */
static const struct known {
	const char *column, *words;
	uint32_t colour;
} known[] = {
	{"delivered", "delivered", 0x2e8b57},
	{"bounced", "bounced", 0xc0392b},
	{"expired", "expired", 0xd9a441},
	{"deferred", "deferred", 0x7f8c8d},
	{"later_delivered", "delivered later", 0x2e8b57},
	{"later_bounced", "later bounced", 0xc0392b},
	{"later_expired", "later expired", 0xd9a441},
	{"still_open", "still open", 0x7f8c8d},
	{"observed", "refused", 0xc0392b},
	{"expected", "expected", 0x7f8c8d},
	{"failures", "failures", 0xc0392b},
	{"before", "the period before", 0x7f8c8d},
	{"average", "average", 0xbdc3c7},
	{"refused", "refused", 0xc0392b},
	{"limited", "put off", 0xd9a441},
};

/* known_of - a column of any name; one that is not known is its own legend */
static struct known known_of(const char *column)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (bm_bytes_equal(bm_bytes_of(known[i].column), bm_bytes_of(column)))
			return known[i];
	return (struct known){column, column, 0x1f618d};
}

/* --- building --- */

/* chart_start - a chart of that many labels, its texts to be set in order by label_set */
static struct bm_chart *chart_start(struct bm_charts *charts, size_t labels)
{
	struct bm_chart *const chart = &charts->list[charts->count++];
	*chart = (struct bm_chart){.label_count = labels};
	chart->labels = bm_zalloc(labels + 1, sizeof *chart->labels);
	return chart;
}

/* label_set - clean a label of the world; call chart_end when all are set */
static void label_set(struct bm_chart *chart, size_t label, struct bm_bytes text)
{
	const size_t start = chart->text.size;
	bm_text_clean(&chart->text, text, LABEL_BYTES_MAX);
	chart->labels[label].size = chart->text.size - start;
	bm_text_byte(&chart->text, 0);
}

/* chart_end - point the labels into their text, which moves no more */
static void chart_end(struct bm_chart *chart)
{
	const uint8_t *at = chart->text.data;
	for (size_t i = 0; i < chart->label_count; i++) {
		chart->labels[i].data = at;
		at += chart->labels[i].size + 1;
	}
}

/* series_add - one more series, all of one value */
static double *series_add(struct bm_chart *chart, const char *name, uint32_t colour, double value)
{
	struct bm_series *const series = &chart->series[chart->series_count++];
	series->name = name;
	series->colour = colour;
	series->values = bm_alloc((chart->label_count + 1) * sizeof *series->values);
	for (size_t i = 0; i < chart->label_count; i++)
		series->values[i] = value;
	return series->values;
}

/* describe - what a chart shows, from which table, in the words of the view's language */
static void describe(struct bm_chart *chart, enum bm_chart_kind kind, const char *name,
		     const char *title, const char *table, const char *unit, const char *lang)
{
	chart->kind = kind;
	chart->name = name;
	chart->title = bm_words(title, lang);
	chart->table = table;
	chart->unit = bm_words(unit, lang);
}

/* periods_start - a chart over an axis, its labels set */
static struct bm_chart *periods_start(struct bm_charts *charts, const struct bm_axis *axis)
{
	struct bm_chart *const chart = chart_start(charts, axis->count);
	for (size_t i = 0; i < axis->count; i++) {
		char text[BM_PERIOD_TEXT_MAX];
		const size_t size = bm_period_text(bm_axis_period(axis, i), axis->bucket, text);
		label_set(chart, i, (struct bm_bytes){(const uint8_t *)text, size});
	}
	chart_end(chart);
	chart->periods = true;
	return chart;
}

/* --- over time --- */

/* Which series a category is drawn in. */
struct places {
	size_t of[BM_CATEGORY_COUNT];
	size_t count; /* CATEGORIES_MAX and perhaps one for the others */
};

/* places_make - the most frequent causes get series of their own */
static struct places places_make(const struct bm_overview *overview)
{
	struct places places = {.count = 0};
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++)
		places.of[i] = CATEGORIES_MAX;
	for (; places.count < overview->cause_count && places.count < CATEGORIES_MAX;
	     places.count++)
		places.of[overview->causes[places.count].category] = places.count;
	if (overview->cause_count > CATEGORIES_MAX)
		places.count++;
	return places;
}

/* failures_over_time - stacked by category */
static void failures_over_time(struct bm_charts *charts, const struct bm_document *document,
			       const struct bm_overview *overview, const struct bm_axis *axis)
{
	const struct bm_sheet *const trend = bm_sheet_of(document, "trend");
	if (trend == NULL || overview->cause_count == 0 || axis->count < 2)
		return;
	const char *const lang = document->view->lang;
	const struct places places = places_make(overview);
	struct bm_chart *const chart = periods_start(charts, axis);
	struct bm_value values[BM_COLUMNS_MAX];
	describe(chart, BM_CHART_COLUMNS, "failures-over-time", "Failures by category over time",
		 "trend", "recipients", lang);
	for (size_t i = 0; i < places.count; i++) {
		const enum bm_category category = overview->causes[i].category;
		const bool other = i == CATEGORIES_MAX;
		series_add(chart,
			   other ? bm_words("other", lang) : bm_category_title(category, lang),
			   other ? other_colour : bm_chart_colour(category), 0);
	}
	for (size_t row = 0; row < trend->count; row++) {
		bm_sheet_row(trend, row, values);
		const size_t place = bm_axis_place(axis, bm_sheet_cell(trend, values, "period"));
		const enum bm_category category =
			bm_category_find(bm_sheet_cell(trend, values, "category")->text);
		if (place < axis->count && category < BM_CATEGORY_COUNT &&
		    places.of[category] < places.count)
			chart->series[places.of[category]].values[place] +=
				(double)bm_sheet_failures(trend, values);
	}
}

/* rate_over_time - the share delivered; a place without recipients has none */
static void rate_over_time(struct bm_charts *charts, const struct bm_document *document,
			   const struct bm_axis *axis)
{
	const struct bm_sheet *const totals = bm_sheet_of(document, "totals");
	if (totals == NULL || axis->count < 2)
		return;
	const char *const lang = document->view->lang;
	struct bm_chart *const chart = periods_start(charts, axis);
	struct bm_value values[BM_COLUMNS_MAX];
	describe(chart, BM_CHART_LINE, "delivery-rate", "Delivery rate over time", "totals",
		 "of recipients", lang);
	chart->share = true;
	double *const rate = series_add(chart, bm_words("delivered", lang), 0x2e8b57, 0);
	double *const recipients = bm_zalloc(axis->count, sizeof *recipients);
	for (size_t row = 0; row < totals->count; row++) {
		bm_sheet_row(totals, row, values);
		const size_t place = bm_axis_place(axis, bm_sheet_cell(totals, values, "period"));
		if (place == axis->count)
			continue;
		rate[place] += (double)bm_sheet_number(totals, values, "delivered");
		recipients[place] += (double)bm_sheet_number(totals, values, "recipients");
	}
	for (size_t i = 0; i < axis->count; i++)
		rate[i] = recipients[i] > 0 ? rate[i] / recipients[i] : (double)NAN;
	bm_free(recipients);
}

/* causes_by_share - what part of all failures each category is */
static void causes_by_share(struct bm_charts *charts, const struct bm_document *document,
			    const struct bm_overview *overview)
{
	const struct places places = places_make(overview);
	if (places.count == 0)
		return;
	const char *const lang = document->view->lang;
	struct bm_chart *const chart = chart_start(charts, places.count);
	describe(chart, BM_CHART_SHARES, "causes", "Causes by share", "categories", "recipients",
		 lang);
	chart->label_colours = bm_alloc(places.count * sizeof *chart->label_colours);
	double *const failures = series_add(chart, bm_words("failures", lang), 0xc0392b, 0);
	for (unsigned i = 0; i < overview->cause_count; i++)
		failures[places.of[overview->causes[i].category]] +=
			(double)overview->causes[i].failures;
	for (size_t i = 0; i < places.count; i++) {
		const enum bm_category category = overview->causes[i].category;
		const bool other = i == CATEGORIES_MAX;
		label_set(chart, i,
			  bm_bytes_of(other ? bm_words("other", lang)
					    : bm_category_title(category, lang)));
		chart->label_colours[i] = other ? other_colour : bm_chart_colour(category);
	}
	chart_end(chart);
}

/* --- recipes --- */

enum { STACK_MAX = 4 };

/* A chart of bars from a table. */
struct recipe {
	const char *name, *title, *table, *unit;
	const char *label;            /* the column that names a bar; rows of one name are added */
	const char *stack[STACK_MAX]; /* columns of numbers */
	const char *only[2];          /* only rows with this text in that column */
	unsigned most;                /* bars */
	bool in_order;                /* keep the table's order; else the longest first */
	bool beside;                  /* not stacked, for they are no parts of a whole */
};

static const struct recipe recipes[] = {
	{.name = "worst-domains",
	 .title = "Worst domains",
	 .table = "domains",
	 .unit = "recipients",
	 .label = "domain",
	 .stack = {"bounced", "expired"},
	 .most = 10},
	{.name = "worst-providers",
	 .title = "Worst providers",
	 .table = "providers",
	 .unit = "recipients",
	 .label = "provider",
	 .stack = {"bounced", "expired"},
	 .most = 10},
	{.name = "deferral-outcomes",
	 .title = "What became of the deferred",
	 .table = "deferrals",
	 .unit = "recipients",
	 .label = "category",
	 .stack = {"later_delivered", "later_bounced", "later_expired", "still_open"},
	 .most = 10},
	{.name = "incidents",
	 .title = "Incidents: refused, and expected",
	 .table = "incidents",
	 .unit = "attempts",
	 .label = "name",
	 .stack = {"observed", "expected"},
	 .most = 10,
	 .beside = true},
	{.name = "compare",
	 .title = "Last full period beside the one before",
	 .table = "compare",
	 .unit = "failures",
	 .label = "name",
	 .stack = {"failures", "before", "average"},
	 .only = {"scope", "category"},
	 .most = 12,
	 .beside = true},
	{.name = "fanout",
	 .title = "Failures by recipients a message",
	 .table = "fanout",
	 .unit = "recipients",
	 .label = "fanout",
	 .stack = {"bounced", "expired"},
	 .most = 7,
	 .in_order = true},
	{.name = "subjects",
	 .title = "Subjects with most failures",
	 .table = "subjects",
	 .unit = "recipients",
	 .label = "subject",
	 .stack = {"bounced", "expired"},
	 .most = 10},
	{.name = "words",
	 .title = "Words of refused subjects",
	 .table = "words",
	 .unit = "messages",
	 .label = "word",
	 .stack = {"refused"},
	 .most = 10,
	 .in_order = true},
	{.name = "pace",
	 .title = "Put off for pace",
	 .table = "pace",
	 .unit = "attempts",
	 .label = "provider",
	 .stack = {"limited"},
	 .most = 10},
	{.name = "typos",
	 .title = "Mistyped domains",
	 .table = "typos",
	 .unit = "recipients",
	 .label = "domain",
	 .stack = {"failures"},
	 .most = 10},
	{.name = "blocklists",
	 .title = "Blocklists named",
	 .table = "blocklists",
	 .unit = "attempts",
	 .label = "blocklist",
	 .stack = {"refused", "deferred"},
	 .most = 10},
};

/* A bar being added up. */
struct bar {
	struct bm_bytes label;
	double values[STACK_MAX];
};

static int by_label(const void *left, const void *right)
{
	const struct bar *const a = left, *const b = right;
	return bm_bytes_order(a->label, b->label);
}

static double length_of(const struct bar *bar)
{
	double length = 0;
	for (unsigned i = 0; i < STACK_MAX; i++)
		length += bar->values[i];
	return length;
}

static int by_length(const void *left, const void *right)
{
	const double a = length_of(left), b = length_of(right);
	return a != b ? (a < b) - (a > b) : by_label(left, right);
}

/* number_of - the number of a row in a column, 0 when unknown */
static double number_of(const struct bm_sheet *sheet, const struct bm_value *values,
			const char *name)
{
	const unsigned column = bm_sheet_column(sheet, name);
	if (column == sheet->table->column_count || values[column].empty)
		return 0;
	return sheet->table->columns[column].kind == BM_KIND_REAL ? values[column].real
								  : (double)values[column].integer;
}

/* is_wanted - is a row of those that the recipe is about */
static bool is_wanted(const struct bm_sheet *sheet, const struct recipe *recipe,
		      const struct bm_value *values)
{
	return recipe->only[0] == NULL ||
	       bm_bytes_equal(bm_sheet_cell(sheet, values, recipe->only[0])->text,
			      bm_bytes_of(recipe->only[1]));
}

/* bars_read - one bar a row; unknown names and empty bars are left out */
static size_t bars_read(const struct bm_sheet *sheet, const struct recipe *recipe, struct bar *bars)
{
	struct bm_value values[BM_COLUMNS_MAX];
	size_t count = 0;
	for (size_t row = 0; row < sheet->count; row++) {
		bm_sheet_row(sheet, row, values);
		if (!is_wanted(sheet, recipe, values))
			continue;
		struct bar *const bar = &bars[count];
		*bar = (struct bar){.label = bm_sheet_cell(sheet, values, recipe->label)->text};
		for (unsigned i = 0; i < STACK_MAX && recipe->stack[i]; i++)
			bar->values[i] = number_of(sheet, values, recipe->stack[i]);
		count += bar->label.size > 0 && length_of(bar) > 0;
	}
	return count;
}

/* bars_merge - add up bars of one name, then the longest first; how many are left */
static size_t bars_merge(struct bar *bars, size_t count)
{
	size_t kept = 0;
	qsort(bars, count, sizeof *bars, by_label);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || by_label(&bars[kept - 1], &bars[i]) != 0) {
			bars[kept++] = bars[i];
			continue;
		}
		for (unsigned column = 0; column < STACK_MAX; column++)
			bars[kept - 1].values[column] += bars[i].values[column];
	}
	qsort(bars, kept, sizeof *bars, by_length);
	return kept;
}

/* bar_label - what people call it: categories have titles */
static struct bm_bytes bar_label(const struct recipe *recipe, struct bm_bytes label,
				 const char *lang)
{
	const char *const what = recipe->only[1] ? recipe->only[1] : recipe->label;
	return bm_bytes_equal(bm_bytes_of(what), BM_BYTES("category"))
		       ? bm_title_category(label, lang)
		       : label;
}

/* bars_draw - the chart of a recipe's bars */
static void bars_draw(struct bm_charts *charts, const struct recipe *recipe, const struct bar *bars,
		      size_t count, const char *lang)
{
	struct bm_chart *const chart = chart_start(charts, count);
	describe(chart, BM_CHART_BARS, recipe->name, recipe->title, recipe->table, recipe->unit,
		 lang);
	chart->beside = recipe->beside;
	for (unsigned column = 0; column < STACK_MAX && recipe->stack[column]; column++) {
		const struct known series = known_of(recipe->stack[column]);
		double *const values =
			series_add(chart, bm_words(series.words, lang), series.colour, 0);
		for (size_t i = 0; i < count; i++)
			values[i] = bars[i].values[column];
	}
	for (size_t i = 0; i < count; i++)
		label_set(chart, i, bar_label(recipe, bars[i].label, lang));
	chart_end(chart);
}

/* bars_make - follow a recipe, if there is something to draw */
static void bars_make(struct bm_charts *charts, const struct bm_document *document,
		      const struct recipe *recipe)
{
	const struct bm_sheet *const sheet = bm_sheet_of(document, recipe->table);
	if (sheet == NULL || charts->count == BM_CHARTS_MAX)
		return;
	struct bar *const bars = bm_alloc((sheet->count + 1) * sizeof *bars);
	size_t count = bars_read(sheet, recipe, bars);
	if (!recipe->in_order)
		count = bars_merge(bars, count);
	if (count > recipe->most)
		count = recipe->most;
	if (count > 0)
		bars_draw(charts, recipe, bars, count, document->view->lang);
	bm_free(bars);
}

/* --- all --- */

void bm_charts_make(struct bm_charts *charts, const struct bm_document *document)
{
	const struct bm_sheet *const totals = bm_sheet_of(document, "totals");
	const struct bm_sheet *const categories = bm_sheet_of(document, "categories");
	charts->count = 0;
	if (totals && categories) {
		struct bm_overview overview;
		bm_overview_make(&overview, document->view, totals, categories);
		const struct bm_axis axis =
			bm_axis_make(totals, document->view->bucket, PLACES_MAX);
		failures_over_time(charts, document, &overview, &axis);
		rate_over_time(charts, document, &axis);
		causes_by_share(charts, document, &overview);
	}
	for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
		bars_make(charts, document, &recipes[i]);
}

void bm_charts_dispose(struct bm_charts *charts)
{
	for (size_t i = 0; i < charts->count; i++) {
		struct bm_chart *const chart = &charts->list[i];
		for (size_t j = 0; j < chart->series_count; j++)
			bm_free(chart->series[j].values);
		bm_free(chart->labels);
		bm_free(chart->label_colours);
		bm_text_dispose(&chart->text);
	}
	charts->count = 0;
}

const struct bm_chart *bm_charts_find(const struct bm_charts *charts, const char *name)
{
	for (size_t i = 0; i < charts->count; i++)
		if (bm_bytes_equal(bm_bytes_of(charts->list[i].name), bm_bytes_of(name)))
			return &charts->list[i];
	return NULL;
}
