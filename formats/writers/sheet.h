/* sheet.h - a table opened for reading by names: what pages for people are made from, so that they
 * add no number of their own.
 */
#ifndef BM_SHEET_H
#define BM_SHEET_H

#include "bouncemill/writer.h"

/* bm_sheet_open - open a table of the registry by name; close it with bm_sheet_close */
struct bm_sheet bm_sheet_open(const struct bm_view *view, const char *name);
void bm_sheet_close(struct bm_sheet *sheet);
/* bm_sheet_of - the opened table of that name in a document, or NULL */
const struct bm_sheet *bm_sheet_of(const struct bm_document *document, const char *name);

/* bm_sheet_column - the place of a column, or the column count */
unsigned bm_sheet_column(const struct bm_sheet *sheet, const char *name);
/* bm_sheet_cell - the value of a row in a named column; empty when there is no such column */
const struct bm_value *bm_sheet_cell(const struct bm_sheet *sheet, const struct bm_value *values,
				     const char *name);
/* bm_sheet_number - a count of the row, 0 when unknown */
uint64_t bm_sheet_number(const struct bm_sheet *sheet, const struct bm_value *values,
			 const char *name);
/* bm_sheet_failures - bounced and expired of the row */
uint64_t bm_sheet_failures(const struct bm_sheet *sheet, const struct bm_value *values);

/* bm_sheet_row - fill the values of a row */
static inline void bm_sheet_row(const struct bm_sheet *sheet, size_t index, struct bm_value *values)
{
	sheet->table->row(sheet->rows, index, values);
}

#endif
