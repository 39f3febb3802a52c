/* chart.h - the pictures of a report as numbers: titles, labels and series, ready to be drawn.
 *
 * The workbook draws them as native charts, the page as pictures of its own; both show the same
 * numbers, which come from the tables.  What to draw for a table is one line of chart.c.
 */
#ifndef BM_CHART_H
#define BM_CHART_H

#include "overview.h"

enum bm_chart_kind {
	BM_CHART_COLUMNS, /* stacked, over time */
	BM_CHART_LINE,    /* over time */
	BM_CHART_SHARES,  /* parts of a whole: one series */
	BM_CHART_BARS     /* lying, stacked or side by side, a label's under the one before */
};

struct bm_series {
	const char *name; /* in the view's language */
	uint32_t colour;  /* 0xRRGGBB; the same thing has the same one in every chart */
	double *values;   /* one a label; NAN = unknown, draw nothing */
};

enum { BM_SERIES_MAX = 9, BM_CHARTS_MAX = 24 };

struct bm_chart {
	const char *name;  /* for programs: "failures-over-time" */
	const char *title; /* in the view's language */
	const char *table; /* the table its numbers come from */
	const char *unit;  /* what the values are, in the view's language: "recipients" */
	enum bm_chart_kind kind;
	bool beside;  /* BARS: the series stand side by side */
	bool share;   /* values are fractions: show per cent */
	bool periods; /* labels are periods, in order, without gaps */
	size_t label_count;
	struct bm_bytes *labels; /* cleaned, printable UTF-8 */
	uint32_t *label_colours; /* SHARES: one a label; else NULL */
	size_t series_count;
	struct bm_series series[BM_SERIES_MAX];
	struct bm_text text; /* what labels point into */
};

struct bm_charts {
	struct bm_chart list[BM_CHARTS_MAX];
	size_t count;
};

/* bm_charts_make - the charts that a document has numbers for; a chart with nothing in it is left
 * out.  Dispose of them with bm_charts_dispose. */
void bm_charts_make(struct bm_charts *charts, const struct bm_document *document);
void bm_charts_dispose(struct bm_charts *charts);
/* bm_chart_colour - the colour of a category, the same in every chart: 0xRRGGBB */
uint32_t bm_chart_colour(enum bm_category category);
/* bm_charts_find - the chart of a name, or NULL */
const struct bm_chart *bm_charts_find(const struct bm_charts *charts, const char *name);

#endif
