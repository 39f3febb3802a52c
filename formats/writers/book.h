/* book.h - a workbook being laid out: sheets, styled cells, tables, charts.  By libxlsxwriter, which
 * only book.c knows.
 *
 * Everything is said about the sheet that was begun last.  Rows and columns count from 0.  Text is
 * cleaned, and only ever text: nothing that is put here becomes a formula or a link out.
 */
#ifndef BM_BOOK_H
#define BM_BOOK_H

#include "chart.h"

enum bm_book_style {
	BM_BOOK_TEXT,
	BM_BOOK_WRAP,    /* on as many lines as it takes */
	BM_BOOK_DIM,     /* small and grey */
	BM_BOOK_TITLE,   /* of the workbook */
	BM_BOOK_HEADING, /* of a section */
	BM_BOOK_WARNING,
	BM_BOOK_HEAD,        /* above a column of text */
	BM_BOOK_HEAD_WRAP,   /* above one of BM_BOOK_WRAP */
	BM_BOOK_HEAD_COUNT,  /* above a column of numbers */
	BM_BOOK_KEY,         /* a column's name for programs */
	BM_BOOK_STRONG_LINE, /* on one line */
	BM_BOOK_STRONG,
	BM_BOOK_STRONG_COUNT,
	BM_BOOK_STRONG_SHARE,
	BM_BOOK_COUNT,
	BM_BOOK_SHARE,
	BM_BOOK_SECONDS,
	BM_BOOK_HOUR,
	BM_BOOK_DAY,
	BM_BOOK_MONTH,
	BM_BOOK_TIME,
	BM_BOOK_TILE_NAME,
	BM_BOOK_TILE_COUNT,
	BM_BOOK_TILE_NOTE,
	BM_BOOK_LINK,
	BM_BOOK_STYLE_COUNT
};

/* What the colour of a share means. */
enum bm_book_rule {
	BM_BOOK_PART,   /* of a whole: neither good nor bad */
	BM_BOOK_LESS,   /* the less the better */
	BM_BOOK_MORE,   /* the more the better */
	BM_BOOK_CHANGE, /* a rise is bad, a fall is good */
};

/* Where something lies: first to last, both included. */
struct bm_book_range {
	uint32_t row, last_row;
	uint16_t column, last_column;
};

enum { BM_BOOK_ROWS_MAX = 1048576, BM_BOOK_NAME_MAX = 31, BM_BOOK_TEXT_MAX = 32767 };

struct bm_book;

/* bm_book_open - a workbook that bm_book_close will write to path; made = its date, so that the same
 * report is the same file */
struct bm_book *bm_book_open(const char *path, const char *title, int64_t made);
/* bm_book_close - write and free; BM_WRITE when that failed, which it said, naming target */
enum bm_err bm_book_close(struct bm_book *book, const char *target);

/* bm_book_sheet - begin a sheet; names are unique and of at most BM_BOOK_NAME_MAX characters, with
 * nothing in them that bm_book_name would change */
void bm_book_sheet(struct bm_book *book, const char *name);
/* bm_book_name - append a name that a sheet may have, of at most limit characters; ends with NUL */
void bm_book_name(struct bm_text *out, struct bm_bytes wish, size_t limit);

void bm_book_width(struct bm_book *book, uint16_t first, uint16_t last, double width);
void bm_book_height(struct bm_book *book, uint32_t row, double points);
/* bm_book_print - landscape, as wide as a page; rows up to repeat are on every page */
void bm_book_print(struct bm_book *book, uint32_t repeat);
/* bm_book_break - a new page begins with this row; the only one of the sheet */
void bm_book_break(struct bm_book *book, uint32_t row);
/* bm_book_plain - a page to look at, without grid lines */
void bm_book_plain(struct bm_book *book);

void bm_book_text(struct bm_book *book, uint32_t row, uint16_t column, enum bm_book_style style,
		  struct bm_bytes text);
void bm_book_number(struct bm_book *book, uint32_t row, uint16_t column, enum bm_book_style style,
		    double number);
/* bm_book_blank - a cell that has a style only */
void bm_book_blank(struct bm_book *book, uint32_t row, uint16_t column, enum bm_book_style style);
/* bm_book_wide - a text over several columns of a row */
void bm_book_wide(struct bm_book *book, uint32_t row, uint16_t column, uint16_t last_column,
		  enum bm_book_style style, struct bm_bytes text);
/* bm_book_wide_number - a number over several columns of a row */
void bm_book_wide_number(struct bm_book *book, uint32_t row, uint16_t column, uint16_t last_column,
			 enum bm_book_style style, double number);
/* bm_book_link - the name of a sheet, leading there */
void bm_book_link(struct bm_book *book, uint32_t row, uint16_t column, const char *sheet);

/* bm_book_rule - colour the shares in a range */
void bm_book_rule(struct bm_book *book, struct bm_book_range range, enum bm_book_rule rule);
/* bm_book_table - make a range a table that formulas can name; its first row gets the columns' names;
 * what is above and in it stays in sight */
void bm_book_table(struct bm_book *book, struct bm_book_range range, const char *name,
		   const struct bm_column *columns);

/* bm_book_chart - put a chart at a cell, so many pixels wide and high; its numbers are in sheet data,
 * labels from (1, column) down, a series in each column beside them, names on top */
void bm_book_chart(struct bm_book *book, uint32_t row, uint16_t at, unsigned width, unsigned height,
		   const struct bm_chart *chart, const char *data, uint16_t column);

/* bm_book_escape - append cleaned text so that a spreadsheet shows it as it is: `_x0041_` would be
 * an A */
void bm_book_escape(struct bm_text *out, struct bm_bytes clean);

#endif
