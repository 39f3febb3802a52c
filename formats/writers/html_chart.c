/* html_chart.c - charts drawn here, as pictures of SVG: what shows without scripts, in print and in
 * previews of mails; see html.h.
 *
 * Columns and lines are pictures, and say their extremes in words for those who cannot see them;
 * shares and bars are tables that have a bar in each row, which is picture and figures in one.
 * Coordinates are whole tenths of a unit, so that no locale can put a comma into one.
 */
#include "html.h"

#include "bouncemill/error.h"

#include <math.h>

enum {
	LEFT = 700,
	RIGHT = 9900,
	TOP = 100,
	BOTTOM = 2500,
	HEIGHT = 2900,
	WIDTH = 10000,
	GRID_LINES = 4,
	LABELS_MOST = 6
};

/* The plane that a chart is drawn on. */
struct plane {
	const struct bm_chart *chart;
	double low, high; /* values at bottom and top */
};

/* total_at - what a label's column adds up to; a line's is its highest */
static double total_at(const struct bm_chart *chart, size_t label)
{
	double total = 0;
	for (size_t i = 0; i < chart->series_count; i++) {
		const double value = chart->series[i].values[label];
		if (isnan(value))
			continue;
		if (chart->kind == BM_CHART_LINE)
			total = value > total ? value : total;
		else
			total += value;
	}
	return total;
}

/* round_up - the next of 1, 2, 5, 10, 20 ... */
static double round_up(double value)
{
	static const double steps[] = {1, 2, 2.5, 4, 5, 6, 8, 10};
	double unit = 1;
	while (unit * 10 <= value)
		unit *= 10;
	while (unit > value && unit > 1e-9)
		unit /= 10;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i] * unit >= value)
			return steps[i] * unit;
	return 10 * unit;
}

/* plane_make - room for all values; shares that all lie high are looked at from nearby */
static struct plane plane_make(const struct bm_chart *chart)
{
	double most = 0, least = 1;
	for (size_t label = 0; label < chart->label_count; label++) {
		const double total = total_at(chart, label);
		most = total > most ? total : most;
		for (size_t i = 0; i < chart->series_count; i++)
			if (chart->series[i].values[label] < least)
				least = chart->series[i].values[label];
	}
	struct plane plane = {.chart = chart, .high = most > 0 ? round_up(most) : 1};
	if (chart->share && chart->kind == BM_CHART_LINE && most <= 1) {
		static const double steps[] = {0.01, 0.02, 0.05, 0.1, 0.25};
		size_t step = 0;
		while (1 - GRID_LINES * steps[step] > least)
			step++;
		plane.low = 1 - GRID_LINES * steps[step];
		plane.high = 1;
	}
	if (!chart->share && plane.high < GRID_LINES)
		plane.high = GRID_LINES;
	return plane;
}

/* x_of, y_of - where a place begins, where a value lies */
static int x_of(const struct plane *plane, double place)
{
	return LEFT + (int)((RIGHT - LEFT) * place / (double)plane->chart->label_count);
}

static int y_of(const struct plane *plane, double value)
{
	const double share = (value - plane->low) / (plane->high - plane->low);
	return BOTTOM - (int)((BOTTOM - TOP) * (share < 0 ? 0 : share) + 0.5);
}

/* add_value - a value as people read it, in whole counts or per cent */
static void add_value(struct bm_html *html, const struct bm_chart *chart, double value)
{
	if (isnan(value))
		bm_html_raw(html, "&ndash;");
	else if (chart->share)
		bm_html_share(html, value);
	else
		bm_html_count(html, (uint64_t)(value + 0.5));
}

/* add_grid - lines at round values, with their figures */
static void add_grid(struct bm_html *html, const struct plane *plane)
{
	for (int i = 0; i <= GRID_LINES; i++) {
		const double value = plane->low + (plane->high - plane->low) * i / GRID_LINES;
		const int y = y_of(plane, value);
		bm_text_format(html->out,
			       "<path class=\"grid\" d=\"M%d %dH%d\"/><text x=\"%d\" y=\"%d\" "
			       "text-anchor=\"end\">",
			       LEFT, y, RIGHT, LEFT - 80, y + 40);
		if (plane->chart->share)
			bm_text_format(html->out, "%d %%", (int)(value * 100 + 0.5));
		else
			bm_html_count(html, (uint64_t)(value + 0.5));
		bm_html_raw(html, "</text>");
	}
}

/* add_labels - some of the labels below the plane */
static void add_labels(struct bm_html *html, const struct plane *plane)
{
	const size_t count = plane->chart->label_count;
	const size_t step = (count + LABELS_MOST - 1) / LABELS_MOST;
	for (size_t i = 0; i < count; i += step) {
		bm_text_format(html->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
			       x_of(plane, (double)i + 0.5), BOTTOM + 240);
		bm_html_text(html, plane->chart->labels[i], 20);
		bm_html_raw(html, "</text>");
	}
}

/* add_columns - all columns of one series as one path, standing on those before it */
static void add_columns(struct bm_html *html, const struct plane *plane, size_t series,
			double *below)
{
	const struct bm_series *const drawn = &plane->chart->series[series];
	bm_text_format(html->out, "<path class=\"mark\" fill=\"#%06x\" d=\"", drawn->colour);
	for (size_t i = 0; i < plane->chart->label_count; i++) {
		const double value = drawn->values[i];
		if (isnan(value) || value <= 0)
			continue;
		const int x = x_of(plane, (double)i + 0.1), right = x_of(plane, (double)i + 0.9);
		const int bottom = y_of(plane, below[i]), top = y_of(plane, below[i] + value);
		below[i] += value;
		if (bottom > top)
			bm_text_format(html->out, "M%d %dh%dv%dh-%dz", x, top, right - x,
				       bottom - top, right - x);
	}
	bm_html_raw(html, "\"/>");
}

/* add_line - one series as a line; where nothing is known it is broken, and a lone value is a dot */
static void add_line(struct bm_html *html, const struct plane *plane, size_t series)
{
	const struct bm_series *const drawn = &plane->chart->series[series];
	bool pen = false;
	bm_text_format(html->out, "<path class=\"line mark\" stroke=\"#%06x\" d=\"", drawn->colour);
	for (size_t i = 0; i < plane->chart->label_count; i++) {
		if (isnan(drawn->values[i])) {
			pen = false;
			continue;
		}
		const int x = x_of(plane, (double)i + 0.5), y = y_of(plane, drawn->values[i]);
		bm_text_format(html->out, pen ? "L%d %d" : "M%d %dh1", x, y);
		pen = true;
	}
	bm_html_raw(html, "\"/>");
}

/* add_extremes - the picture in words: its highest and its last value */
static void add_extremes(struct bm_html *html, const struct bm_chart *chart)
{
	size_t most = 0;
	for (size_t i = 0; i < chart->label_count; i++)
		if (total_at(chart, i) > total_at(chart, most))
			most = i;
	const size_t places[] = {most, chart->label_count - 1};
	static const char *const names[] = {"highest", "last"};
	for (unsigned i = 0; i < 2; i++) {
		bm_html_say(html, i ? ", " : "");
		bm_html_say(html, names[i]);
		bm_html_raw(html, " ");
		add_value(html, chart, total_at(chart, places[i]));
		bm_html_raw(html, " (");
		bm_html_text(html, chart->labels[places[i]], 0);
		bm_html_raw(html, ")");
	}
}

/* add_legend - which colour is which series; one series needs none */
static void add_legend(struct bm_html *html, const struct bm_chart *chart)
{
	if (chart->series_count < 2)
		return;
	bm_html_raw(html, "<ul class=\"legend\">");
	for (size_t i = 0; i < chart->series_count; i++) {
		bm_text_format(html->out,
			       "<li><svg class=\"swatch\" viewBox=\"0 0 10 10\" "
			       "aria-hidden=\"true\"><rect class=\"mark\" width=\"10\" "
			       "height=\"10\" fill=\"#%06x\"/></svg>",
			       chart->series[i].colour);
		bm_html_text(html, bm_bytes_of(chart->series[i].name), 0);
		bm_html_raw(html, "</li>");
	}
	bm_html_raw(html, "</ul>\n");
}

/* add_picture - columns or lines */
static void add_picture(struct bm_html *html, const struct bm_chart *chart)
{
	const struct plane plane = plane_make(chart);
	double *const below = bm_zalloc(chart->label_count + 1, sizeof *below);
	bm_html_raw(html, "<div class=\"plot\">");
	bm_text_format(html->out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
		       HEIGHT);
	bm_html_text(html, bm_bytes_of(chart->title), 0);
	bm_html_say(html, ": ");
	add_extremes(html, chart);
	bm_html_raw(html, "\">");
	add_grid(html, &plane);
	for (size_t i = 0; i < chart->series_count; i++)
		if (chart->kind == BM_CHART_LINE)
			add_line(html, &plane, i);
		else
			add_columns(html, &plane, i, below);
	add_labels(html, &plane);
	bm_html_raw(html, "</svg></div>\n");
	add_legend(html, chart);
	bm_free(below);
}

/* add_chart - a chart with its title, and the way to the table it was made from */
static void add_chart(struct bm_html *html, const struct bm_chart *chart)
{
	const bool picture = chart->kind == BM_CHART_COLUMNS || chart->kind == BM_CHART_LINE;
	bm_text_format(html->out, "<figure class=\"%s\" id=\"chart-%s\"><figcaption><h3>",
		       picture ? "picture" : "rows", chart->name);
	bm_html_text(html, bm_bytes_of(chart->title), 0);
	bm_html_raw(html, "</h3> <span class=\"quiet\">");
	bm_html_text(html, bm_bytes_of(chart->unit), 0);
	bm_text_format(html->out, " &middot; <a href=\"#table-%s\">", chart->table);
	bm_html_say(html, "table: ");
	bm_html_title(html, chart->table);
	bm_html_raw(html, "</a></span></figcaption>\n");
	if (picture)
		add_picture(html, chart);
	else
		bm_html_chart_bars(html, chart);
	bm_html_raw(html, "</figure>\n");
}

/* is_here - does a chart belong to this part; shares of all failures are the part of causes */
static bool is_here(const struct bm_chart *chart, bool periods)
{
	return chart->periods == periods && chart->kind != BM_CHART_SHARES;
}

void bm_html_charts(struct bm_html *html, bool periods)
{
	size_t shown = 0;
	bm_html_raw(html, periods ? "<div class=\"tall\">\n" : "<div class=\"wide\">\n");
	for (size_t i = 0; i < html->charts.count; i++)
		if (is_here(&html->charts.list[i], periods)) {
			add_chart(html, &html->charts.list[i]);
			shown++;
		}
	bm_html_raw(html, "</div>\n");
	if (shown > 0)
		return;
	bm_html_raw(html, "<p>");
	bm_html_say(html, periods ? "There is no more than one period to show."
				  : "There is nothing to show.");
	bm_html_raw(html, "</p>\n");
}
