/* coverage.c - what was read: one row a file, in the order of the sources.
 *
 * The proof that nothing was lost: lines = events + other + malformed in every row.
 */
#include "rows.h"

static const struct bm_column columns[] = {
	{"file", BM_KIND_TEXT},      {"format", BM_KIND_TEXT},   {"codec", BM_KIND_TEXT},
	{"bytes", BM_KIND_INT},      {"lines", BM_KIND_INT},     {"events", BM_KIND_INT},
	{"other", BM_KIND_INT},      {"malformed", BM_KIND_INT}, {"first_time", BM_KIND_TIME},
	{"last_time", BM_KIND_TIME}, {"status", BM_KIND_TEXT},   {"hosts", BM_KIND_INT},
};

/* coverage_open - the view itself: sources are rows already */
static void *coverage_open(const struct bm_view *view, size_t *count)
{
	const struct bm_view **const rows = bm_alloc(sizeof *rows);
	*rows = view;
	*count = view->source_count;
	return (void *)rows;
}

static void coverage_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct bm_view *const *const view = rows;
	const struct bm_source *const source = &(*view)->sources[index];
	uint64_t malformed = 0;
	for (unsigned reason = 0; reason < BM_MALFORMED_COUNT; reason++)
		malformed += source->malformed[reason];
	*values++ = bm_row_text(bm_bytes_of(source->name));
	*values++ = bm_row_text(bm_bytes_of(source->format));
	*values++ = bm_row_text(bm_bytes_of(source->codec));
	*values++ = bm_row_int(source->bytes);
	*values++ = bm_row_int(source->lines);
	*values++ = bm_row_int(source->events);
	*values++ = bm_row_int(source->other);
	*values++ = bm_row_int(malformed);
	*values++ = bm_row_time(source->seen.first);
	*values++ = bm_row_time(source->seen.last);
	*values++ = bm_row_text(bm_bytes_of(source->status));
	*values++ = bm_row_int(source->hosts);
}

const struct bm_table bm_table_coverage = {
	.name = "coverage",
	.about = "What was read, file by file, and what could not be.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = coverage_open,
	.row = coverage_row,
	.close = bm_free,
};
