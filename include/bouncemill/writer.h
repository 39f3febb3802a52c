/* writer.h - an output format: how a table becomes bytes.
 *
 * A format of texts is pure functions from rows to text; files, atomicity and threads are
 * engine/render.c's.  A table is head, then rows in pieces (any cut, in order, joined without gaps),
 * then tail.  A format of documents holds all tables in one file, which it writes itself, to a name
 * that the engine made and will give its final one.
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

/* One opened table. */
struct bm_sheet {
	const struct bm_table *table;
	void *rows;
	size_t count;
};

/* What a document is made of: the view and all its tables, opened. */
struct bm_document {
	const struct bm_view *view;
	const struct bm_writer_options *options;
	const struct bm_sheet *sheets; /* in the order of the registry */
	size_t sheet_count;
	const char *target; /* the file's final name, for what is said */
	const struct bm_crew *crew;
};

struct bm_writer {
	const char *name;   /* as in --format */
	const char *suffix; /* ".csv" */
	/* A format of documents: its file's name in a directory, and how to write one to path, which
	 * is there, empty and private.  On failure it has said why; the file is dropped.  Everything
	 * below is NULL then. */
	const char *document_name;
	enum bm_err (*document)(const char *path, const struct bm_document *document);
	/* A format of texts. */
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

/* A writer of the first column only, text, a line a row; not in the registry. */
extern const struct bm_writer bm_writer_lines;

/* bm_terminal_summary - the report for people on stdout: totals, categories with shares and
 * prescriptions, worst domains, the trend as a sparkline, the conservation line.  colour = may use
 * SGR sequences; top = rows a section; columns = width of the terminal (>= 60). */
void bm_terminal_summary(struct bm_text *out, const struct bm_view *view, bool colour, unsigned top,
			 unsigned columns);

#endif
