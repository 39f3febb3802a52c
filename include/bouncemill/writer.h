/* writer.h - an output format: how a table becomes bytes.
 *
 * Pure functions from rows to text; files, atomicity and threads are engine/report.c's.  A table is
 * head, then rows in pieces (any cut, in order, joined without gaps), then tail.
 */
#ifndef BOUNCEMILL_WRITER_H
#define BOUNCEMILL_WRITER_H

#include "bouncemill/table.h"
#include "bouncemill/text.h"

struct bm_writer_options {
	bool excel;     /* byte-order mark and CRLF */
	bool raw_cells; /* no guard before what a spreadsheet takes for a formula */
	const char *version;
};

struct bm_writer {
	const char *name;   /* as in --format */
	const char *suffix; /* ".csv" */
	void (*head)(struct bm_text *out, const struct bm_table *table, const struct bm_view *view,
		     const struct bm_writer_options *options);
	void (*rows)(struct bm_text *out, const struct bm_table *table, const void *rows,
		     size_t first, size_t end, const struct bm_view *view,
		     const struct bm_writer_options *options);
	void (*tail)(struct bm_text *out, const struct bm_table *table, const struct bm_view *view,
		     const struct bm_writer_options *options);
	/* The one-file form holding all tables (NULL when the format has none): bundle_head, then
	 * for each table its name part, its rows as above, its end; then bundle_tail. */
	void (*bundle_head)(struct bm_text *out, const struct bm_view *view,
			    const struct bm_writer_options *options);
	void (*bundle_table)(struct bm_text *out, const struct bm_table *table, bool first);
	void (*bundle_table_end)(struct bm_text *out);
	void (*bundle_tail)(struct bm_text *out);
};

/* bm_terminal_summary - the report for people on stdout: totals, categories with shares and
 * prescriptions, worst domains, the trend as a sparkline, the conservation line.  colour = may use
 * SGR sequences; top = rows a section; columns = width of the terminal (>= 60). */
void bm_terminal_summary(struct bm_text *out, const struct bm_view *view, bool colour, unsigned top,
			 unsigned columns);

#endif
