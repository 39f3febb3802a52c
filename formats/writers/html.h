/* html.h - a page being made, and its parts.
 *
 * The page is one run of bytes in memory, at most HTML_BYTES_MAX of them.  Whatever the logs say
 * goes through bm_html_text, which cleans and escapes it; everything else is markup of ours.  The
 * Content-Security-Policy forbids style attributes and handlers, so there are none: what has a size
 * of its own, such as a bar, is a picture of SVG whose attributes say so.
 */
#ifndef BM_HTML_H
#define BM_HTML_H

#include "chart.h"
#include "page.h"

enum { HTML_BYTES_MAX = 2000000, HTML_TABLE_ROWS_MAX = 1000, HTML_CELL_BYTES_MAX = 300 };

struct bm_html {
	struct bm_text *out; /* what is being appended to */
	const struct bm_document *document;
	const char *lang;
	struct bm_overview overview;
	struct bm_charts charts;
	struct bm_page numbers; /* how people write them; appends to the same text */
	struct bm_text scratch;
};

/* bm_html_into - append to another text from now on; returns the one before */
struct bm_text *bm_html_into(struct bm_html *html, struct bm_text *out);
/* bm_html_raw - markup of our own, as it is */
void bm_html_raw(struct bm_html *html, const char *markup);
/* bm_html_text - a text of the world: cleaned, escaped, at most limit bytes of it (0 = all); fit for
 * elements and quoted attributes */
void bm_html_text(struct bm_html *html, struct bm_bytes text, size_t limit);
/* bm_html_say - words of our own in the page's language, escaped */
void bm_html_say(struct bm_html *html, const char *english);
/* bm_html_title - what people call a table or column, escaped */
void bm_html_title(struct bm_html *html, const char *name);
/* bm_html_cell_text - the text of a cell: categories, faults and severities have names in the
 * page's language */
void bm_html_cell_text(struct bm_html *html, const char *column, struct bm_bytes text);
/* bm_html_count - 24,583; bm_html_plural - a count and its noun, given as "1 row"; bm_html_percent -
 * 12.34 %; bm_html_share - the same of a fraction, which may be negative */
void bm_html_count(struct bm_html *html, uint64_t count);
void bm_html_percent(struct bm_html *html, uint64_t part, uint64_t whole);
void bm_html_share(struct bm_html *html, double share);
void bm_html_plural(struct bm_html *html, uint64_t count, const char *one);
/* bm_html_moment - an instant by the log's wall clock: 2026-01-31 08:15:00 */
void bm_html_moment(struct bm_html *html, bm_time time);
/* bm_html_bar - a bar of parts of a whole, drawn from values and colours */
void bm_html_bar(struct bm_html *html, const char *class, const double *values,
		 const uint32_t *colours, size_t count, double whole);

/* The parts, in their order. */
void bm_html_overview(struct bm_html *html);
void bm_html_charts(struct bm_html *html, bool periods);
void bm_html_causes(struct bm_html *html);
void bm_html_proof(struct bm_html *html);
/* bm_html_tables - every table behind its name, cut so that all take at most bytes_max */
void bm_html_tables(struct bm_html *html, size_t bytes_max);
/* bm_html_island - what the script draws from, as JSON in an element of its own */
void bm_html_island(struct bm_html *html);

/* bm_html_chart_bars - a chart of shares or bars as rows of a table; in html_bars.c */
void bm_html_chart_bars(struct bm_html *html, const struct bm_chart *chart);

#endif
