/* xlsx_overview.h - the workbook's first sheet: the report on a page, for somebody who has to decide. */
#ifndef BM_XLSX_OVERVIEW_H
#define BM_XLSX_OVERVIEW_H

#include "book.h"

/* A sheet that holds a table, or part of a long one. */
struct bm_xlsx_part {
	const struct bm_sheet *sheet;
	size_t first, count;                 /* rows of the table */
	unsigned number, of;                 /* 1 of 1, unless it was split */
	char name[4 * BM_BOOK_NAME_MAX + 1]; /* of the sheet */
};

struct bm_xlsx {
	const struct bm_document *document;
	struct bm_xlsx_part *parts;
	size_t count, room;
	struct bm_charts charts;
	uint16_t
		columns[BM_CHARTS_MAX]; /* of the sheet of data, where each chart's numbers begin */
	const char *overview, *data;    /* names of the two sheets that are no tables */
};

/* bm_xlsx_overview - fill the sheet that was begun last */
void bm_xlsx_overview(struct bm_book *book, const struct bm_xlsx *xlsx);
/* bm_xlsx_about - append what a part is about, in the document's language */
void bm_xlsx_about(struct bm_text *out, const struct bm_xlsx *xlsx,
		   const struct bm_xlsx_part *part);

#endif
