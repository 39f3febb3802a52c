/* cells.c - numbers, periods and times as bytes; rows of separated values; what looks like a
 * formula.
 *
 * A row asks for room once.  A text that needs care goes the slow way and asks again.
 */
#include "cells.h"

#include "bouncemill/writer.h"

enum { SHARE_DECIMALS = 6, SECONDS_DECIMALS = 2, NUMBER_DIGITS_MAX = 20 };

static const char two_digits[] = "00010203040506070809101112131415161718192021222324"
				 "25262728293031323334353637383940414243444546474849"
				 "50515253545556575859606162636465666768697071727374"
				 "75767778798081828384858687888990919293949596979899";

void bm_cells_dispose_pen(struct bm_cells_pen *pen)
{
	bm_text_dispose(&pen->scratch);
}

size_t bm_cells_room(const struct bm_table *table, const struct bm_value *values)
{
	size_t room = ((size_t)table->column_count + 1) * BM_CELL_BYTES_MAX;
	for (unsigned i = 0; i < table->column_count; i++)
		if (table->columns[i].kind == BM_KIND_TEXT)
			room += values[i].text.size;
	return room;
}

uint8_t *bm_cells_number(uint8_t *at, int64_t value)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	if (value < 0)
		*at++ = '-';
	if (rest < 10) {
		*at = (uint8_t)('0' + rest);
		return at + 1;
	}
	uint8_t digits[NUMBER_DIGITS_MAX];
	size_t first = sizeof digits;
	for (; rest >= 10; rest /= 100)
		memcpy(digits + (first -= 2), two_digits + 2 * (rest % 100), 2);
	if (rest > 0)
		digits[--first] = (uint8_t)('0' + rest);
	memcpy(at, digits + first, sizeof digits - first);
	return at + sizeof digits - first;
}

uint8_t *bm_cells_fixed(uint8_t *at, int64_t value, unsigned decimals, bool trim)
{
	int64_t unit = 1;
	for (unsigned i = 0; i < decimals; i++)
		unit *= 10;
	if (value < 0)
		*at++ = '-';
	const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	at = bm_cells_number(at, (int64_t)(size / (uint64_t)unit));
	uint64_t rest = size % (uint64_t)unit;
	if (trim && rest == 0)
		return at;
	*at = '.';
	for (unsigned i = decimals; i > 0; i--, rest /= 10)
		at[i] = (uint8_t)('0' + rest % 10);
	at += decimals;
	while (trim && *at == '0')
		at--;
	return at + 1;
}

/* scaled - real times factor, rounded, kept within what prints as digits */
static int64_t scaled(double real, double factor)
{
	const double product = real * factor;
	if (!(product > -9e18))
		return INT64_MIN + 1;
	return product < 9e18 ? (int64_t)(product < 0 ? product - 0.5 : product + 0.5) : INT64_MAX;
}

/* period - a period's text, made once for a run of rows that share it */
static uint8_t *period(struct bm_cells_pen *pen, uint8_t *at, bm_period value)
{
	if (pen->period_size == 0 || pen->period != value) {
		pen->period_size = bm_period_text(value, pen->view->bucket, pen->period_text);
		pen->period = value;
	}
	memcpy(at, pen->period_text, sizeof pen->period_text);
	return at + pen->period_size;
}

/* pair - a separator and two digits */
static uint8_t *pair(uint8_t *at, char separator, unsigned value)
{
	at[0] = (uint8_t)separator;
	memcpy(at + 1, two_digits + 2 * (size_t)value, 2);
	return at + 3;
}

/* timestamp - an instant as bm_time_text has it, without printf for the years people live in */
static uint8_t *timestamp(uint8_t *at, bm_time time)
{
	enum { DAY_SECONDS = 86400 };
	const int64_t wall = bm_time_wall(time);
	const int64_t days = wall / DAY_SECONDS;
	int64_t year;
	const unsigned second = (unsigned)(wall % DAY_SECONDS);
	unsigned month, day;
	bm_civil_from_days(days, &year, &month, &day);
	if (wall < 0 || year > 9999)
		return at + bm_time_text(time, (char *)at);
	memcpy(at, two_digits + 2 * (year / 100), 2);
	memcpy(at + 2, two_digits + 2 * (year % 100), 2);
	at = pair(pair(at + 4, '-', month), '-', day);
	at = pair(at, 'T', second / 3600);
	at = pair(pair(at, ':', second / 60 % 60), ':', second % 60);
	const int offset = bm_time_offset(time);
	if (offset == BM_OFFSET_UNKNOWN)
		return at;
	const unsigned minutes = (unsigned)(offset < 0 ? -offset : offset);
	return pair(pair(at, offset < 0 ? '-' : '+', minutes / 60), ':', minutes % 60);
}

uint8_t *bm_cells_value(struct bm_cells_pen *pen, uint8_t *at, enum bm_kind kind,
			const struct bm_value *value)
{
	switch (kind) {
	case BM_KIND_INT:
		return bm_cells_number(at, value->integer);
	case BM_KIND_SHARE:
		return bm_cells_fixed(at, scaled(value->real, 1e6), SHARE_DECIMALS, false);
	case BM_KIND_SECONDS:
	case BM_KIND_REAL:
		return bm_cells_fixed(at, scaled(value->real, 1e2), SECONDS_DECIMALS, true);
	case BM_KIND_PERIOD:
		return period(pen, at, (bm_period)value->integer);
	case BM_KIND_TIME:
		return timestamp(at, value->integer);
	case BM_KIND_TEXT:
		break;
	}
	return at;
}

double bm_cells_real(enum bm_kind kind, const struct bm_value *value)
{
	const double unit = kind == BM_KIND_SHARE ? 1e6 : 1e2;
	return (double)scaled(value->real, unit) / unit;
}

/* blank_size - bytes of the white space that starts a cleaned text, or 0 */
static size_t blank_size(struct bm_bytes text)
{
	if (text.size > 0 && text.data[0] == ' ')
		return 1;
	if (bm_bytes_starts(text, BM_BYTES("\xc2\xa0")))
		return 2;
	/* U+1680, U+2000 to U+200B, U+202F, U+205F, U+3000 */
	if (text.size < 3)
		return 0;
	const uint32_t three =
		(uint32_t)text.data[0] << 16 | (uint32_t)text.data[1] << 8 | text.data[2];
	const bool blank = three == 0xe19a80 || (three >= 0xe28080 && three <= 0xe2808b) ||
			   three == 0xe280af || three == 0xe2819f || three == 0xe38080;
	return blank ? 3 : 0;
}

bool bm_cells_formula(struct bm_bytes text)
{
	for (size_t blank; (blank = blank_size(text)) > 0;)
		text = bm_bytes_from(text, blank);
	if (text.size == 0)
		return false;
	/* Control bytes are \xHH by now; a spreadsheet that undoes that sees what it would have
	 * seen. */
	if (memchr("=+-@|", text.data[0], 5) != NULL)
		return true;
	static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"};
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (bm_bytes_starts(text, bm_bytes_of(wide[i])))
			return true;
	return false;
}

/* end_line - how a row ends */
static uint8_t *end_line(uint8_t *at, bool excel)
{
	if (excel)
		*at++ = '\r';
	*at++ = '\n';
	return at;
}

void bm_dialect_head(struct bm_text *out, const struct bm_table *table,
		     const struct bm_writer_options *options, uint8_t separator)
{
	if (options->excel)
		bm_text_add(out, BM_BYTES("\xef\xbb\xbf"));
	for (unsigned i = 0; i < table->column_count; i++) {
		if (i > 0)
			bm_text_byte(out, separator);
		bm_text_add(out, bm_bytes_of(table->columns[i].name));
	}
	end_line(bm_text_room(out, 2), options->excel);
	out->size += options->excel ? 2 : 1;
}

/* leads_safely - may a plain text begin so, whatever opens the file */
static inline bool leads_safely(struct bm_bytes text)
{
	const uint8_t byte = text.size ? text.data[0] : 'a';
	return byte != ' ' && byte != '=' && byte != '+' && byte != '-' && byte != '@' &&
	       byte != '|';
}

void bm_dialect_rows(struct bm_text *out, const struct bm_table *table, const void *rows,
		     size_t first, size_t end, const struct bm_view *view,
		     const struct bm_writer_options *options, const struct bm_dialect *dialect)
{
	struct bm_cells_pen pen = {.view = view};
	struct bm_value values[BM_COLUMNS_MAX];
	const unsigned count = table->column_count;
	for (size_t index = first; index < end; index++) {
		table->row(rows, index, values);
		const size_t room = bm_cells_room(table, values);
		uint8_t *at = bm_text_room(out, room);
		for (unsigned i = 0; i < count; i++) {
			if (i > 0)
				*at++ = dialect->separator;
			const struct bm_value *const value = &values[i];
			if (value->empty)
				continue;
			if (table->columns[i].kind != BM_KIND_TEXT) {
				at = bm_cells_value(&pen, at, table->columns[i].kind, value);
				continue;
			}
			uint8_t *const plain =
				leads_safely(value->text) ? dialect->plain(at, value->text) : NULL;
			if (plain == NULL) {
				out->size = (size_t)(at - out->data);
				dialect->text(out, value->text, &pen.scratch, !options->raw_cells);
				at = bm_text_room(out, room);
			} else {
				at = plain;
			}
		}
		at = end_line(at, options->excel);
		out->size = (size_t)(at - out->data);
	}
	bm_cells_dispose_pen(&pen);
}
