/* html_bars.c - a chart of shares or bars as a table: a row a label, a bar in each, and the figures
 * beside it; see html.h.
 *
 * Where the table behind it knows a bounce rate or a main reason of that name, they stand there too:
 * a count alone does not tell a bad domain from a large one.
 */
#include "html.h"

/* What a row of the table behind the chart adds. */
static const char *const extras[] = {"bounce_rate", "top_category"};
enum { EXTRA_COUNT = sizeof extras / sizeof *extras };

/* length_of - of a label's bar, or of its longest where they stand side by side */
static double length_of(const struct bm_chart *chart, size_t label)
{
	double total = 0, longest = 0;
	for (size_t i = 0; i < chart->series_count; i++) {
		const double value = chart->series[i].values[label];
		total += value > 0 ? value : 0;
		longest = value > longest ? value : longest;
	}
	return chart->beside ? longest : total;
}

/* row_find - fill the values of the row that a label names in its first column; false if none does
 */
static bool row_find(const struct bm_sheet *sheet, struct bm_bytes label, struct bm_value *values)
{
	for (size_t i = 0; sheet && i < sheet->count; i++) {
		bm_sheet_row(sheet, i, values);
		if (bm_bytes_equal(values[0].text, label))
			return true;
	}
	return false;
}

/* has_column - is there such a column, in a table that text names the rows of */
static bool has_column(const struct bm_sheet *sheet, const char *name)
{
	return sheet && sheet->table->columns[0].kind == BM_KIND_TEXT &&
	       bm_sheet_column(sheet, name) < sheet->table->column_count;
}

/* add_heads - the first row: what the figures are */
static void add_heads(struct bm_html *html, const struct bm_chart *chart,
		      const struct bm_sheet *sheet)
{
	bm_html_raw(html, "<thead><tr><th scope=\"col\"><span class=\"unseen\">");
	bm_html_say(html, "name");
	bm_html_raw(html, "</span></th><td></td>");
	for (size_t i = 0; i < chart->series_count; i++) {
		bm_text_format(
			html->out,
			"<th scope=\"col\" class=\"n\"><svg class=\"swatch\" viewBox=\"0 0 10 "
			"10\" aria-hidden=\"true\"><rect class=\"mark\" width=\"10\" "
			"height=\"10\" fill=\"#%06x\"/></svg>",
			chart->series[i].colour);
		bm_html_text(html, bm_bytes_of(chart->series[i].name), 0);
		bm_html_raw(html, "</th>");
	}
	for (unsigned i = 0; i < EXTRA_COUNT; i++) {
		if (!has_column(sheet, extras[i]))
			continue;
		bm_html_raw(html, i == 0 ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
		bm_html_title(html, extras[i]);
		bm_html_raw(html, "</th>");
	}
	bm_html_raw(html, "</tr></thead>\n<tbody>\n");
}

/* add_extras - what the table behind the chart knows of a label */
static void add_extras(struct bm_html *html, const struct bm_sheet *sheet, struct bm_bytes label)
{
	struct bm_value values[BM_COLUMNS_MAX];
	if (!has_column(sheet, extras[0]) && !has_column(sheet, extras[1]))
		return;
	const bool found = row_find(sheet, label, values);
	for (unsigned i = 0; i < EXTRA_COUNT; i++) {
		if (!has_column(sheet, extras[i]))
			continue;
		const struct bm_value *const value = bm_sheet_cell(sheet, values, extras[i]);
		bm_html_raw(html, i == 0 ? "<td class=\"n\">" : "<td>");
		if (found && !value->empty && i == 0)
			bm_html_share(html, value->real);
		else if (found && !value->empty)
			bm_html_cell_text(html, extras[i], value->text);
		bm_html_raw(html, "</td>");
	}
}

/* add_row - one label */
static void add_row(struct bm_html *html, const struct bm_chart *chart,
		    const struct bm_sheet *sheet, size_t label, double most)
{
	double values[BM_SERIES_MAX];
	uint32_t colours[BM_SERIES_MAX];
	for (size_t i = 0; i < chart->series_count; i++) {
		values[i] = chart->series[i].values[label] > 0 ? chart->series[i].values[label] : 0;
		colours[i] = chart->label_colours ? chart->label_colours[label]
						  : chart->series[i].colour;
	}
	bm_html_raw(html, "<tr><th scope=\"row\">");
	bm_html_text(html, chart->labels[label], 0);
	bm_html_raw(html, "</th><td class=\"barcell\">");
	if (chart->beside)
		for (size_t i = 0; i < chart->series_count; i++)
			bm_html_bar(html, "bar", &values[i], &colours[i], 1, most);
	else
		bm_html_bar(html, "bar", values, colours, chart->series_count, most);
	bm_html_raw(html, "</td>");
	for (size_t i = 0; i < chart->series_count; i++) {
		bm_html_raw(html, "<td class=\"n\">");
		if (chart->share)
			bm_html_share(html, values[i]);
		else
			bm_html_count(html, (uint64_t)(values[i] + 0.5));
		bm_html_raw(html, "</td>");
	}
	add_extras(html, sheet, chart->labels[label]);
	bm_html_raw(html, "</tr>\n");
}

void bm_html_chart_bars(struct bm_html *html, const struct bm_chart *chart)
{
	const struct bm_sheet *const sheet = bm_sheet_of(html->document, chart->table);
	double most = 0;
	for (size_t i = 0; i < chart->label_count; i++)
		most = length_of(chart, i) > most ? length_of(chart, i) : most;
	bm_text_format(html->out,
		       "<table class=\"bars\" data-table=\"%s\"><caption class=\"unseen\">",
		       chart->table);
	bm_html_text(html, bm_bytes_of(chart->title), 0);
	bm_html_raw(html, "</caption>\n");
	add_heads(html, chart, sheet);
	for (size_t i = 0; i < chart->label_count; i++)
		add_row(html, chart, sheet, i, most);
	bm_html_raw(html, "</tbody></table>\n");
}
