/* sheetdata.c - rows as XML; see sheetdata.h.
 *
 * A cell says where it is although it need not: some readers count on it.  Strings stand in their
 * cells and not in a table of all strings, which would have to be kept, and shared by threads.
 */
#include "sheetdata.h"

#include "book.h"
#include "cells.h"

enum {
	MARKUP_BYTES_MAX = 96, /* of a cell, around its value */
	ESCAPED_BYTES_MAX = 7, /* a byte of text: "_x005F_", "&amp;" */
	DAYS_TO_1970 = 25569,  /* days of spreadsheets, from 1899-12-30 */
	DAYS_LEAST = 61,       /* 1900-03-01: before it they count a day that never was */
	DAYS_MOST = 2958465,   /* 9999-12-31 */
	DAY_SECONDS = 86400,
	DAY_HOURS = 24,
	DAY_DECIMALS = 10, /* of a day: 9 microseconds */
};
#define DAY_UNITS INT64_C(10000000000)

/* literal - copy a string; its end */
static inline uint8_t *literal(uint8_t *at, struct bm_bytes text)
{
	memcpy(at, text.data, text.size);
	return at + text.size;
}

/* day_number - a moment as spreadsheets count, in units of a day; false when they cannot */
static bool day_number(enum bm_kind kind, int64_t value, enum bm_bucket bucket, int64_t *units)
{
	int64_t per_day = 1;
	if (kind == BM_KIND_TIME) {
		value = bm_time_wall(value);
		per_day = DAY_SECONDS;
	} else if (bucket == BM_BUCKET_HOUR) {
		per_day = DAY_HOURS;
	} else if (bucket == BM_BUCKET_WEEK) {
		return false; /* has a number in its year, and is no date */
	}
	const int64_t days = value / per_day + DAYS_TO_1970, rest = value % per_day;
	if (rest < 0 || days < DAYS_LEAST || days > DAYS_MOST)
		return false;
	*units = days * DAY_UNITS + (rest * DAY_UNITS + per_day / 2) / per_day;
	return true;
}

/* text_plain - copy a text that is the same in XML, or NULL */
static uint8_t *text_plain(uint8_t *at, struct bm_bytes text)
{
	static const struct bm_special special = {{'&', '<', '>', '_', '_'}};
	if (text.data[0] == ' ' || text.data[text.size - 1] == ' ')
		return NULL;
	return bm_cells_plain(at, text, &special);
}

/* text_careful - append a text that needs care */
static void text_careful(struct bm_text *out, struct bm_bytes text)
{
	struct bm_text clean = {0}, escaped = {0};
	bm_text_clean(&clean, text, BM_CELL_TEXT_MAX);
	bm_book_escape(&escaped, (struct bm_bytes){clean.data, clean.size});
	uint8_t *at = bm_text_room(out, escaped.size * ESCAPED_BYTES_MAX);
	for (size_t i = 0; i < escaped.size; i++) {
		const uint8_t byte = escaped.data[i];
		if (byte == '&')
			at = literal(at, BM_BYTES("&amp;"));
		else if (byte == '<')
			at = literal(at, BM_BYTES("&lt;"));
		else if (byte == '>')
			at = literal(at, BM_BYTES("&gt;"));
		else
			*at++ = byte;
	}
	out->size = (size_t)(at - out->data);
	bm_text_dispose(&clean);
	bm_text_dispose(&escaped);
}

/* cell_start - `<c r="B17" s="3"`; column is below 26, as BM_COLUMNS_MAX is */
static uint8_t *cell_start(uint8_t *at, unsigned column, struct bm_bytes row, uint32_t style)
{
	at = literal(at, BM_BYTES("<c r=\""));
	*at++ = (uint8_t)('A' + column);
	at = literal(at, row);
	at = literal(at, BM_BYTES("\" s=\""));
	at = bm_cells_number(at, style);
	*at++ = '"';
	return at;
}

/* number_cell - a value of any kind but text; at has room for it */
static uint8_t *number_cell(struct bm_cells_pen *pen, uint8_t *at, enum bm_kind kind,
			    const struct bm_value *value)
{
	int64_t units;
	const bool moment = kind == BM_KIND_TIME || kind == BM_KIND_PERIOD;
	if (moment && !day_number(kind, value->integer, pen->view->bucket, &units)) {
		at = literal(at, BM_BYTES(" t=\"inlineStr\"><is><t>"));
		at = bm_cells_value(pen, at, kind, value);
		return literal(at, BM_BYTES("</t></is></c>"));
	}
	at = literal(at, BM_BYTES("><v>"));
	at = moment ? bm_cells_fixed(at, units, DAY_DECIMALS, true)
		    : bm_cells_value(pen, at, kind, value);
	return literal(at, BM_BYTES("</v></c>"));
}

/* text_cell - append a text's cell, of which `at` is where it goes on; where it ends, with room bytes
 * behind it */
static uint8_t *text_cell(struct bm_text *out, uint8_t *at, struct bm_bytes text, size_t room)
{
	uint8_t *const start = at;
	at = literal(at, BM_BYTES(" t=\"inlineStr\"><is><t>"));
	at = text_plain(at, text);
	if (at)
		return literal(at, BM_BYTES("</t></is></c>"));
	out->size = (size_t)(start - out->data);
	bm_text_add(out, BM_BYTES(" t=\"inlineStr\"><is><t xml:space=\"preserve\">"));
	text_careful(out, text);
	bm_text_add(out, BM_BYTES("</t></is></c>"));
	return bm_text_room(out, room);
}

/* add_row - one row, of that number in the sheet */
static void add_row(struct bm_text *out, const struct bm_sheetdata *data, struct bm_cells_pen *pen,
		    size_t number, const struct bm_value *values)
{
	const size_t room = bm_cells_room(data->table, values) +
			    ((size_t)data->table->column_count + 1) * MARKUP_BYTES_MAX;
	uint8_t digits[BM_CELL_BYTES_MAX];
	const struct bm_bytes row = {digits,
				     (size_t)(bm_cells_number(digits, (int64_t)number) - digits)};
	uint8_t *at = bm_text_room(out, room);
	at = literal(literal(at, BM_BYTES("<row r=\"")), row);
	at = literal(at, BM_BYTES("\">"));
	for (unsigned i = 0; i < data->table->column_count; i++) {
		const enum bm_kind kind = data->table->columns[i].kind;
		if (values[i].empty || (kind == BM_KIND_TEXT && values[i].text.size == 0))
			continue;
		at = cell_start(at, i, row, data->style[i]);
		at = kind == BM_KIND_TEXT ? text_cell(out, at, values[i].text, room)
					  : number_cell(pen, at, kind, &values[i]);
	}
	at = literal(at, BM_BYTES("</row>"));
	out->size = (size_t)(at - out->data);
}

void bm_sheetdata_add(struct bm_text *out, const struct bm_sheetdata *data, size_t start,
		      size_t first, size_t end)
{
	struct bm_cells_pen pen = {.view = data->view};
	struct bm_value values[BM_COLUMNS_MAX];
	for (size_t i = first; i < end; i++) {
		data->table->row(data->rows, i, values);
		add_row(out, data, &pen, data->above + 1 + i - start, values);
	}
	bm_cells_dispose_pen(&pen);
}
