/* html_island.c - what the script draws from: charts, the pivot of failures, and its words; see
 * html.h.
 *
 * It is JSON in an element that no browser runs.  `<`, `>` and `&` are spelt \u003c and so on, so
 * that nothing in it can end the element.
 *
 * The pivot is all failures by place in time, provider and category: what the script adds up when
 * somebody asks for one provider, or for one side's faults.  Its providers are those with most
 * failures, the others are one.
 */
#include "html.h"

#include "bouncemill/error.h"
#include "bouncemill/words.h"

#include "axis.h"

#include <math.h>
#include <stdlib.h>

enum { PROVIDERS_MAX = 12, PLACES_MAX = 400 };

/* --- JSON --- */

/* add_string - a quoted string of cleaned text */
static void add_string(struct bm_html *html, struct bm_bytes text)
{
	struct bm_text *const clean = &html->scratch;
	clean->size = 0;
	bm_text_clean(clean, text, 0);
	bm_text_byte(html->out, '"');
	for (size_t i = 0; i < clean->size; i++) {
		const uint8_t byte = clean->data[i];
		if (memchr("<>&'", byte, 4))
			bm_text_format(html->out, "\\u%04x", byte);
		else if (byte == '"' || byte == '\\')
			bm_text_format(html->out, "\\%c", byte);
		else
			bm_text_byte(html->out, byte);
	}
	bm_text_byte(html->out, '"');
}

/* add_number - a count, or a share in millionths; null when unknown */
static void add_number(struct bm_html *html, double value, bool share)
{
	if (isnan(value))
		bm_html_raw(html, "null");
	else if (!share)
		bm_text_int(html->out, (int64_t)(value + 0.5));
	else if (value >= 1)
		bm_html_raw(html, "1");
	else
		bm_text_format(html->out, "0.%06d", (int)(value * 1e6 + 0.5) % 1000000);
}

/* add_field - `"name":`, after a comma unless it is the first */
static void add_field(struct bm_html *html, const char *name, bool first)
{
	bm_text_format(html->out, "%s\"%s\":", first ? "" : ",", name);
}

/* add_text_field - a field of text */
static void add_text_field(struct bm_html *html, const char *name, const char *text)
{
	add_field(html, name, false);
	add_string(html, bm_bytes_of(text));
}

/* --- charts --- */

static void add_series(struct bm_html *html, const struct bm_chart *chart,
		       const struct bm_series *series)
{
	bm_text_format(html->out, "{\"colour\":\"#%06x\"", series->colour);
	add_text_field(html, "name", series->name);
	bm_html_raw(html, ",\"values\":[");
	for (size_t i = 0; i < chart->label_count; i++) {
		bm_html_raw(html, i ? "," : "");
		add_number(html, series->values[i], chart->share);
	}
	bm_html_raw(html, "]}");
}

/* add_chart - one that the script draws anew: a picture */
static void add_chart(struct bm_html *html, const struct bm_chart *chart)
{
	bm_text_format(html->out, "{\"name\":\"%s\",\"line\":%s,\"share\":%s,\"periods\":%s",
		       chart->name, chart->kind == BM_CHART_LINE ? "true" : "false",
		       chart->share ? "true" : "false", chart->periods ? "true" : "false");
	add_text_field(html, "title", chart->title);
	add_text_field(html, "unit", chart->unit);
	bm_html_raw(html, ",\"labels\":[");
	for (size_t i = 0; i < chart->label_count; i++) {
		bm_html_raw(html, i ? "," : "");
		add_string(html, chart->labels[i]);
	}
	bm_html_raw(html, "],\"series\":[");
	for (size_t i = 0; i < chart->series_count; i++) {
		bm_html_raw(html, i ? ",\n" : "");
		add_series(html, chart, &chart->series[i]);
	}
	bm_html_raw(html, "]}");
}

static void add_charts(struct bm_html *html)
{
	bool first = true;
	add_field(html, "charts", false);
	bm_html_raw(html, "[");
	for (size_t i = 0; i < html->charts.count; i++) {
		const struct bm_chart *const chart = &html->charts.list[i];
		if (chart->kind != BM_CHART_COLUMNS && chart->kind != BM_CHART_LINE)
			continue;
		bm_html_raw(html, first ? "\n" : ",\n");
		add_chart(html, chart);
		first = false;
	}
	bm_html_raw(html, "]");
}

/* --- the pivot --- */

/* Failures by place, provider and category. */
struct pivot {
	struct bm_axis axis;
	const struct bm_tally *tally;
	uint32_t provider_count;           /* with names of their own */
	uint32_t providers[PROVIDERS_MAX]; /* numbers of the tally */
	uint8_t *place_of; /* by number of the tally: among providers, or their count */
	uint64_t *n;       /* [provider_count + 1][BM_CATEGORY_COUNT][axis.count] */
};

/* A provider and its failures. */
struct rank {
	uint64_t failures;
	struct bm_bytes name;
	uint32_t provider;
};

static int by_failures(const void *left, const void *right)
{
	const struct rank *const a = left, *const b = right;
	return a->failures != b->failures ? (a->failures < b->failures ? 1 : -1)
					  : bm_bytes_order(a->name, b->name);
}

/* failures_in - of a cell of the cube */
static uint64_t failures_in(const struct bm_cell *cell)
{
	return (uint64_t)cell->n[BM_BOUNCED] + cell->n[BM_EXPIRED];
}

/* rank_providers - find those that have places of their own */
static void rank_providers(struct pivot *pivot)
{
	const uint32_t count = bm_intern_count(pivot->tally->providers);
	struct rank *const ranks = bm_zalloc((size_t)count + 1, sizeof *ranks);
	pivot->place_of = bm_zalloc((size_t)count + 1, 1);
	for (uint32_t i = 0; i < count; i++)
		ranks[i] = (struct rank){0, bm_intern_get(pivot->tally->providers, i), i};
	BM_FOR_EACH_CELL(cell, &pivot->tally->cells[BM_CELLS_CUBE])
	ranks[BM_PAIR_PROVIDER(cell->key[2])].failures += failures_in(cell);
	qsort(ranks, count, sizeof *ranks, by_failures);
	memset(pivot->place_of, PROVIDERS_MAX, count);
	for (uint32_t i = 0; i < count && i < PROVIDERS_MAX && ranks[i].failures > 0; i++) {
		pivot->place_of[ranks[i].provider] = (uint8_t)i;
		pivot->providers[pivot->provider_count++] = ranks[i].provider;
	}
	bm_free(ranks);
}

/* counter - of a place in all three directions */
static uint64_t *counter(const struct pivot *pivot, size_t provider, size_t category, size_t place)
{
	return &pivot->n[(provider * BM_CATEGORY_COUNT + category) * pivot->axis.count + place];
}

/* fill_pivot - add up the cube */
static void fill_pivot(struct pivot *pivot)
{
	pivot->n = bm_zalloc((PROVIDERS_MAX + 1) * BM_CATEGORY_COUNT * pivot->axis.count,
			     sizeof *pivot->n);
	BM_FOR_EACH_CELL(cell, &pivot->tally->cells[BM_CELLS_CUBE])
	{
		const bm_period period = (bm_period)cell->key[0];
		const struct bm_value value = {.empty = period == BM_PERIOD_UNKNOWN,
					       .integer = period};
		if (failures_in(cell) == 0)
			continue;
		const size_t place = bm_axis_place(&pivot->axis, &value);
		if (place < pivot->axis.count)
			*counter(pivot, pivot->place_of[BM_PAIR_PROVIDER(cell->key[2])],
				 BM_PAIR_CATEGORY(cell->key[2]), place) += failures_in(cell);
	}
}

/* add_providers - their names, the place of all others last */
static void add_providers(struct bm_html *html, const struct pivot *pivot)
{
	add_field(html, "providers", true);
	bm_html_raw(html, "[");
	for (uint32_t i = 0; i < pivot->provider_count; i++) {
		const struct bm_bytes name =
			bm_intern_get(pivot->tally->providers, pivot->providers[i]);
		add_string(html, name.size ? name : bm_bytes_of(bm_words("(unknown)", html->lang)));
		bm_html_raw(html, ",");
	}
	add_string(html, bm_bytes_of(bm_words("other", html->lang)));
	bm_html_raw(html, "]");
}

/* add_categories - those that failed, the most frequent first, with whose fault each is */
static void add_categories(struct bm_html *html)
{
	add_field(html, "categories", false);
	bm_html_raw(html, "[");
	for (unsigned i = 0; i < html->overview.cause_count; i++) {
		const enum bm_category category = html->overview.causes[i].category;
		bm_text_format(html->out, "%s{\"colour\":\"#%06x\",\"fault\":%u", i ? "," : "",
			       bm_chart_colour(category),
			       bm_overview_fault(&html->overview,
						 bm_bytes_of(bm_category_fault(category))));
		add_text_field(html, "name", bm_category_title(category, html->lang));
		bm_html_raw(html, "}");
	}
	bm_html_raw(html, "],\"faults\":[");
	for (unsigned i = 0; i < BM_FAULT_COUNT; i++) {
		bm_html_raw(html, i ? "," : "");
		add_string(html,
			   bm_bytes_of(bm_words(html->overview.faults[i].heading, html->lang)));
	}
	bm_html_raw(html, "]");
}

/* add_run - the counts of one provider and category, if there are any; true when it was added */
static bool add_run(struct bm_html *html, const struct pivot *pivot, size_t provider, size_t cause,
		    bool first)
{
	const uint64_t *const n =
		counter(pivot, provider, html->overview.causes[cause].category, 0);
	size_t used = pivot->axis.count;
	while (used > 0 && n[used - 1] == 0)
		used--;
	if (used == 0)
		return false;
	bm_text_format(html->out, "%s[%zu,%zu", first ? "" : ",\n",
		       provider == PROVIDERS_MAX ? pivot->provider_count : provider, cause);
	for (size_t i = 0; i < used; i++) {
		bm_html_raw(html, ",");
		bm_text_int(html->out, (int64_t)n[i]);
	}
	bm_html_raw(html, "]");
	return true;
}

/* add_pivot - the axis is that of the chart of failures over time, so the two agree */
static void add_pivot(struct bm_html *html)
{
	const struct bm_sheet *const totals = bm_sheet_of(html->document, "totals");
	struct pivot pivot = {.tally = html->document->view->tally};
	add_field(html, "pivot", false);
	if (totals == NULL || bm_charts_find(&html->charts, "failures-over-time") == NULL) {
		bm_html_raw(html, "null");
		return;
	}
	pivot.axis = bm_axis_make(totals, html->document->view->bucket, PLACES_MAX);
	rank_providers(&pivot);
	fill_pivot(&pivot);
	bm_html_raw(html, "{");
	add_providers(html, &pivot);
	add_categories(html);
	bm_html_raw(html, ",\"runs\":[");
	bool first = true;
	for (size_t provider = 0; provider <= PROVIDERS_MAX; provider++)
		for (unsigned cause = 0; cause < html->overview.cause_count; cause++)
			first &= !add_run(html, &pivot, provider, cause, first);
	bm_html_raw(html, "]}");
	bm_free(pivot.place_of);
	bm_free(pivot.n);
}

/* --- words --- */

/* add_words - what the script says, in the page's language */
static void add_words(struct bm_html *html)
{
	static const char *const words[] = {
		"Dark",
		"Light",
		"Print",
		"Search in this table",
		"rows shown",
		"of",
		"Stack by",
		"category",
		"who can mend it",
		"provider",
		"Provider",
		"Category",
		"Who can mend it",
		"all",
		"From period",
		"To period",
		"Whole time",
		"failures in view",
		"Drag over the chart to look closer.",
		"Show in table",
	};
	add_field(html, "words", true);
	bm_html_raw(html, "{");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		bm_html_raw(html, i ? "," : "");
		add_string(html, bm_bytes_of(words[i]));
		bm_html_raw(html, ":");
		add_string(html, bm_bytes_of(bm_words(words[i], html->lang)));
	}
	bm_html_raw(html, "}");
}

void bm_html_island(struct bm_html *html)
{
	bm_html_raw(html, "<script type=\"application/json\" id=\"data\">{");
	add_words(html);
	add_charts(html);
	add_pivot(html);
	bm_html_raw(html, "}</script>\n");
}
