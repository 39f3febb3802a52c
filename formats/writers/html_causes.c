/* html_causes.c - why it failed, cause by cause, and the proof that nothing was lost; see html.h. */
#include "html.h"

enum { OPEN_CAUSES_MAX = 3, ODD_FILES_MAX = 20 };

/* badge - a word of a cell in a frame */
static void badge(struct bm_html *html, const char *column, const struct bm_value *value)
{
	if (value->empty)
		return;
	bm_text_format(html->out, "<span class=\"badge %s\">",
		       bm_bytes_equal(value->text, BM_BYTES("hard")) ? "hard" : "soft");
	bm_html_cell_text(html, column, value->text);
	bm_html_raw(html, "</span>");
}

/* when - in how many domains, from when to when */
static void when(struct bm_html *html, const struct bm_sheet *sheet, const struct bm_value *values)
{
	const struct bm_value *const first = bm_sheet_cell(sheet, values, "first_seen");
	const struct bm_value *const last = bm_sheet_cell(sheet, values, "last_seen");
	bm_html_raw(html, "<p class=\"quiet\">");
	bm_html_plural(html, bm_sheet_number(sheet, values, "domains"), "1 domain");
	if (!first->empty && !last->empty) {
		bm_html_say(html, ", ");
		bm_html_moment(html, first->integer);
		bm_html_say(html, " to ");
		bm_html_moment(html, last->integer);
	}
	bm_html_raw(html, "</p>\n");
}

/* paragraph - a text under its label */
static void paragraph(struct bm_html *html, const char *label, const struct bm_value *text)
{
	if (text->empty)
		return;
	bm_html_raw(html, "<p><b>");
	bm_html_say(html, label);
	bm_html_raw(html, "</b> ");
	bm_html_text(html, text->text, 0);
	bm_html_raw(html, "</p>\n");
}

/* add_cause - one category: its size, what it means and what to do */
static void add_cause(struct bm_html *html, const struct bm_sheet *sheet,
		      const struct bm_value *values, enum bm_category category, bool open)
{
	const double failures = (double)bm_sheet_failures(sheet, values);
	const uint32_t colour = bm_chart_colour(category);
	bm_text_format(html->out, "<details class=\"cause\" id=\"cause-%s\"%s><summary><h4>",
		       bm_category_name(category), open ? " open" : "");
	bm_html_text(html, bm_bytes_of(bm_category_title(category, html->lang)), 0);
	bm_html_raw(html, "</h4>");
	bm_html_bar(html, "bar", &failures, &colour, 1, (double)html->overview.failures);
	bm_html_raw(html, "<span class=\"n\">");
	bm_html_count(html, bm_sheet_failures(sheet, values));
	bm_html_raw(html, "</span><span class=\"n quiet\">");
	bm_html_percent(html, bm_sheet_failures(sheet, values), html->overview.failures);
	bm_html_raw(html, "</span>");
	badge(html, "severity", bm_sheet_cell(sheet, values, "severity"));
	bm_html_raw(html, "</summary><div>");
	paragraph(html, "What it means.", bm_sheet_cell(sheet, values, "diagnosis"));
	paragraph(html, "What to do.", bm_sheet_cell(sheet, values, "prescription"));
	when(html, sheet, values);
	bm_html_raw(html, "</div></details>\n");
}

/* add_fault - all causes that one side can mend */
static void add_fault(struct bm_html *html, const struct bm_sheet *sheet, unsigned fault)
{
	const struct bm_fault *const group = &html->overview.faults[fault];
	struct bm_value values[BM_COLUMNS_MAX];
	if (group->failures == 0)
		return;
	bm_html_raw(html, "<h3>");
	bm_html_say(html, group->heading);
	bm_html_raw(html, " <span class=\"quiet\">");
	bm_html_percent(html, group->failures, html->overview.failures);
	bm_html_raw(html, "</span></h3>\n");
	for (size_t i = 0; i < sheet->count; i++) {
		bm_sheet_row(sheet, i, values);
		const enum bm_category category =
			bm_category_find(bm_sheet_cell(sheet, values, "category")->text);
		if (category < BM_CATEGORY_COUNT && bm_sheet_failures(sheet, values) > 0 &&
		    bm_overview_fault(&html->overview, bm_bytes_of(bm_category_fault(category))) ==
			    fault)
			add_cause(html, sheet, values, category, i < OPEN_CAUSES_MAX);
	}
}

void bm_html_causes(struct bm_html *html)
{
	const struct bm_sheet *const sheet = bm_sheet_of(html->document, "categories");
	if (sheet == NULL || html->overview.cause_count == 0) {
		bm_html_raw(html, "<p>");
		bm_html_say(html, "Nothing failed.");
		bm_html_raw(html, "</p>\n");
		return;
	}
	bm_html_raw(html, "<p class=\"quiet\">");
	bm_html_say(html, "By who can mend it: failures, their share of all, and whether a later "
			  "retry may succeed (soft) or not (hard).");
	bm_html_raw(html, "</p>\n");
	for (unsigned fault = 0; fault < BM_FAULT_COUNT; fault++)
		add_fault(html, sheet, fault);
}

/* say_equation - lines = events + other + malformed */
static void say_equation(struct bm_html *html)
{
	const struct bm_overview *const overview = &html->overview;
	bm_html_raw(html, "<p class=\"equation\">");
	bm_html_say(html, "  lines ");
	bm_html_count(html, overview->lines);
	bm_html_say(html, " = events ");
	bm_html_count(html, overview->events);
	bm_html_say(html, " + other ");
	bm_html_count(html, overview->other);
	bm_html_say(html, " + malformed ");
	bm_html_count(html, overview->malformed_all);
	bm_html_raw(html, "</p>\n");
	if (overview->malformed_all == 0)
		return;
	bm_html_raw(html, "<ul>");
	for (unsigned reason = 0; reason < BM_MALFORMED_COUNT; reason++) {
		if (overview->malformed[reason] == 0)
			continue;
		bm_html_raw(html, "<li>");
		bm_html_count(html, overview->malformed[reason]);
		bm_html_raw(html, " ");
		bm_html_say(html, bm_malformed_text((enum bm_malformed)reason));
		bm_html_raw(html, "</li>\n");
	}
	bm_html_raw(html, "</ul>\n");
}

/* say_unknown - how many attempts no rule understood */
static void say_unknown(struct bm_html *html)
{
	const struct bm_sheet *const sheet = bm_sheet_of(html->document, "replies");
	struct bm_value values[BM_COLUMNS_MAX];
	uint64_t all = 0, unknown = 0;
	for (size_t i = 0; sheet && i < sheet->count; i++) {
		bm_sheet_row(sheet, i, values);
		const uint64_t count = bm_sheet_number(sheet, values, "count");
		all += count;
		if (bm_bytes_equal(bm_sheet_cell(sheet, values, "category")->text,
				   BM_BYTES("unknown")))
			unknown += count;
	}
	if (all == 0)
		return;
	bm_html_raw(html, "<p>");
	bm_html_say(html, "Attempts that no rule recognised:");
	bm_html_raw(html, " ");
	bm_html_count(html, unknown);
	bm_html_say(html, " of ");
	bm_html_count(html, all);
	bm_html_raw(html, " (");
	bm_html_percent(html, unknown, all);
	bm_html_raw(html, ")</p>\n");
}

/* say_odd - the files that were not read as they should be */
static void say_odd(struct bm_html *html)
{
	const struct bm_view *const view = html->document->view;
	size_t odd = 0;
	for (size_t i = 0; i < view->source_count; i++) {
		const struct bm_source *const source = &view->sources[i];
		if (bm_bytes_starts(bm_bytes_of(source->status), BM_BYTES("ok")) ||
		    ++odd > ODD_FILES_MAX)
			continue;
		bm_html_raw(html, odd == 1 ? "<ul class=\"odd\">" : "");
		bm_html_raw(html, "<li><code>");
		bm_html_text(html, bm_bytes_of(source->name), HTML_CELL_BYTES_MAX);
		bm_html_raw(html, "</code> ");
		bm_html_text(html, bm_bytes_of(source->status), HTML_CELL_BYTES_MAX);
		bm_html_raw(html, "</li>\n");
	}
	bm_html_raw(html, odd ? "</ul>\n" : "");
}

void bm_html_proof(struct bm_html *html)
{
	bm_html_raw(html, "<p>");
	bm_html_say(html, "Every line that was read is in one of these counts, file by file:");
	bm_html_raw(html, " <a href=\"#table-coverage\">");
	bm_html_title(html, "coverage");
	bm_html_raw(html, "</a></p>\n");
	say_equation(html);
	say_odd(html);
	say_unknown(html);
}
