/* tsv.c - tab-separated values: for line tools and databases.
 *
 * A cell never holds a tab or a line end, so that splitting at them is always right; a backslash
 * is doubled, as in the text format of PostgreSQL's COPY, and what is not printable is \xHH
 * behind such a doubled backslash.  The guard against formulas is the CSV's; --excel is not for
 * it.
 */
#include "bouncemill/writer.h"

#include "cells.h"

/* tsv_plain - copy a text that needs no care, or NULL */
static uint8_t *tsv_plain(uint8_t *at, struct bm_bytes text)
{
	static const struct bm_special special = {{'\\', '\\', '\\', '\\', '\\'}};
	return bm_cells_plain(at, text, &special);
}

/* backslashes - how many there are */
static size_t backslashes(struct bm_bytes text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '\\';
	return count;
}

/* tsv_text - append a text cell that needs care */
static void tsv_text(struct bm_text *out, struct bm_bytes text, struct bm_text *scratch, bool guard)
{
	scratch->size = 0;
	bm_text_clean(scratch, text, BM_CELL_TEXT_MAX);
	struct bm_bytes clean = {scratch->data, scratch->size};
	if (clean.size + backslashes(clean) > BM_CELL_TEXT_MAX) {
		scratch->size = 0;
		bm_text_clean(scratch, text, BM_CELL_TEXT_MAX / 2);
		clean = (struct bm_bytes){scratch->data, scratch->size};
	}
	uint8_t *at = bm_text_room(out, 2 * clean.size + 1);
	if (guard && bm_cells_formula(clean))
		*at++ = '\'';
	for (size_t i = 0; i < clean.size; i++) {
		if (clean.data[i] == '\\')
			*at++ = '\\';
		*at++ = clean.data[i];
	}
	out->size = (size_t)(at - out->data);
}

static void tsv_head(struct bm_text *out, const struct bm_table *table, const struct bm_view *view,
		     const struct bm_writer_options *options)
{
	(void)view;
	const struct bm_writer_options mine = {.raw_cells = options->raw_cells};
	bm_dialect_head(out, table, &mine, '\t');
}

static void tsv_rows(struct bm_text *out, const struct bm_table *table, const void *rows,
		     size_t first, size_t end, const struct bm_view *view,
		     const struct bm_writer_options *options)
{
	static const struct bm_dialect dialect = {
		.separator = '\t', .plain = tsv_plain, .text = tsv_text};
	const struct bm_writer_options mine = {.raw_cells = options->raw_cells};
	bm_dialect_rows(out, table, rows, first, end, view, &mine, &dialect);
}

static void tsv_tail(struct bm_text *out, const struct bm_table *table, const struct bm_view *view,
		     const struct bm_writer_options *options)
{
	(void)out, (void)table, (void)view, (void)options;
}

const struct bm_writer bm_writer_tsv = {
	.name = "tsv",
	.suffix = ".tsv",
	.head = tsv_head,
	.rows = tsv_rows,
	.tail = tsv_tail,
};
