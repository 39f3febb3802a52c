/* sheetdata.h - rows of a table as a worksheet's XML (ECMA-376, element sheetData).
 *
 * The library writes some 150,000 rows a second on one thread; a table of a million rows would take
 * longer than reading the log did.  So the rows are text like any other, made in pieces by all
 * threads.  Numbers are those of the CSV, digit by digit; dates are real ones, of the wall clock.
 */
#ifndef BM_SHEETDATA_H
#define BM_SHEETDATA_H

#include "bouncemill/writer.h"

/* What the cells of a column begin with, and how all rows of a sheet are written. */
struct bm_sheetdata {
	const struct bm_view *view;
	const struct bm_table *table;
	const void *rows;
	uint32_t style[BM_COLUMNS_MAX]; /* numbers of the workbook's styles */
	size_t above;                   /* rows of the sheet above the table's first */
};

/* bm_sheetdata_add - append rows [first, end) of the table, the first of the sheet being start */
void bm_sheetdata_add(struct bm_text *out, const struct bm_sheetdata *data, size_t start,
		      size_t first, size_t end);

#endif
