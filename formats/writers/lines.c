/* lines.c - the first column, a line a row, and nothing else: for programs that import a list.
 *
 * No head, no quotes, no guard before formulas, which an importing program would take for part of an
 * address.  Control bytes are still \xHH, so that a row is a line.  It is no --format: most
 * tables are more than their first column.
 */
#include "bouncemill/writer.h"

static void nothing(struct bm_text *out, const struct bm_table *table, const struct bm_view *view,
		    const struct bm_writer_options *options)
{
	(void)out, (void)table, (void)view, (void)options;
}

static void lines_rows(struct bm_text *out, const struct bm_table *table, const void *rows,
		       size_t first, size_t end, const struct bm_view *view,
		       const struct bm_writer_options *options)
{
	struct bm_value values[BM_COLUMNS_MAX];
	(void)view, (void)options;
	for (size_t i = first; i < end; i++) {
		table->row(rows, i, values);
		bm_text_clean(out, values[0].text, 0);
		bm_text_byte(out, '\n');
	}
}

const struct bm_writer bm_writer_lines = {
	.name = "lines",
	.suffix = ".txt",
	.head = nothing,
	.rows = lines_rows,
	.tail = nothing,
};
