/* csv.c - comma-separated values, RFC 4180: for spreadsheets and everything else.
 *
 * UTF-8, one row a line, a text with a comma or a quote in quotes.  Line ends and control bytes
 * never occur inside a cell (they are \xHH), so that line tools work too.  A text that a
 * spreadsheet could take for a formula begins with an apostrophe, unless --raw-cells asks for
 * the bare text.
 */
#include "bouncemill/writer.h"

#include "cells.h"

/* csv_plain - copy a text that needs no care, or NULL */
static uint8_t *csv_plain(uint8_t *at, struct bm_bytes text)
{
	static const struct bm_special special = {{'"', ',', ',', ',', ','}};
	return bm_cells_plain(at, text, &special);
}

/* csv_text - append a text cell that needs care */
static void csv_text(struct bm_text *out, struct bm_bytes text, struct bm_text *scratch, bool guard)
{
	scratch->size = 0;
	bm_text_clean(scratch, text, BM_CELL_TEXT_MAX);
	const struct bm_bytes clean = {scratch->data, scratch->size};
	const bool quoted = bm_bytes_find(clean, 0, ',') < clean.size ||
			    bm_bytes_find(clean, 0, '"') < clean.size;
	uint8_t *at = bm_text_room(out, 2 * clean.size + 3);
	if (quoted)
		*at++ = '"';
	if (guard && bm_cells_formula(clean))
		*at++ = '\'';
	for (size_t i = 0; i < clean.size; i++) {
		if (clean.data[i] == '"')
			*at++ = '"';
		*at++ = clean.data[i];
	}
	if (quoted)
		*at++ = '"';
	out->size = (size_t)(at - out->data);
}

static void csv_head(struct bm_text *out, const struct bm_table *table, const struct bm_view *view,
		     const struct bm_writer_options *options)
{
	(void)view;
	bm_dialect_head(out, table, options, ',');
}

static void csv_rows(struct bm_text *out, const struct bm_table *table, const void *rows,
		     size_t first, size_t end, const struct bm_view *view,
		     const struct bm_writer_options *options)
{
	static const struct bm_dialect dialect = {
		.separator = ',', .plain = csv_plain, .text = csv_text};
	bm_dialect_rows(out, table, rows, first, end, view, options, &dialect);
}

static void csv_tail(struct bm_text *out, const struct bm_table *table, const struct bm_view *view,
		     const struct bm_writer_options *options)
{
	(void)out, (void)table, (void)view, (void)options;
}

const struct bm_writer bm_writer_csv = {
	.name = "csv",
	.suffix = ".csv",
	.head = csv_head,
	.rows = csv_rows,
	.tail = csv_tail,
};
