/* xlsx.c - one workbook of all tables, with an overview and native charts, for people who decide.
 *
 * It is made in two steps.  First libxlsxwriter (book.c) writes everything but the rows: pages,
 * styles, heads, charts, and for each table one row of empty cells where its last one will be.  Then
 * that file, which is small, is read back and written anew with the rows in the place of that row.
 * Why so: the rows are nearly all of a workbook, and this way all threads make and compress them in
 * pieces, memory holds pieces and not tables, every write is checked (the library does not notice a
 * full disk in its temporary files), and the row of empty cells tells the numbers of the styles.
 *
 * A table is a real one of the spreadsheet: formulas name its columns as programs do.  Above it stand
 * what it is about and what people call its columns.  One longer than a sheet goes on in the next.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bouncemill/deflate.h"
#include "bouncemill/words.h"

#include "page.h"
#include "sheetdata.h"
#include "title.h"
#include "xlsx_overview.h"
#include "zip.h"

enum {
	HEAD_ROWS = 3, /* what it is about, titles, names */
	PART_ROWS_MAX = BM_BOOK_ROWS_MAX - HEAD_ROWS,
	PIECE_ROWS = 2048,
	PIECES_A_THREAD = 2,
	PIECES_MAX = 32,  /* of some 2 MB each */
	WIDTH_ROWS = 500, /* looked at to tell how wide a column is */
	WIDTH_LEAST = 8,
	WIDTH_MOST = 48,
	WIDTH_PROSE = 72,
};

/* --- which sheets there are --- */

/* name_taken - does a sheet before have this name, whatever its case */
static bool name_taken(const struct bm_xlsx *xlsx, const char *name)
{
	for (size_t i = 0; i < xlsx->count; i++)
		if (strcasecmp(xlsx->parts[i].name, name) == 0)
			return true;
	return strcasecmp(xlsx->overview, name) == 0 || strcasecmp(xlsx->data, name) == 0;
}

/* name_make - of a sheet: its table's name, or title where that is another language; the second and
 * later ones of a name are numbered */
static void name_make(const struct bm_xlsx *xlsx, struct bm_xlsx_part *part, unsigned number)
{
	const char *const lang = xlsx->document->view->lang;
	const char *const name = part->sheet->table->name;
	struct bm_text text = {0};
	char tail[16] = "";
	if (number > 1)
		snprintf(tail, sizeof tail, " (%u)", number);
	bm_book_name(&text, bm_bytes_of(bm_words(name, lang)), BM_BOOK_NAME_MAX - strlen(tail));
	snprintf(part->name, sizeof part->name, "%s%s", (const char *)text.data, tail);
	bm_text_dispose(&text);
}

/* part_add - one more sheet for a table */
static void part_add(struct bm_xlsx *xlsx, struct bm_xlsx_part part)
{
	unsigned number = part.number;
	do
		name_make(xlsx, &part, number++);
	while (name_taken(xlsx, part.name));
	BM_GROW(xlsx->parts, xlsx->count, xlsx->room);
	xlsx->parts[xlsx->count++] = part;
}

/* parts_make - the sheets of all tables */
static void parts_make(struct bm_xlsx *xlsx)
{
	const struct bm_document *const document = xlsx->document;
	for (size_t i = 0; i < document->sheet_count; i++) {
		const struct bm_sheet *const sheet = &document->sheets[i];
		const size_t of = (sheet->count + PART_ROWS_MAX - 1) / PART_ROWS_MAX;
		for (size_t part = 0; part < of || part == 0; part++) {
			const size_t first = part * PART_ROWS_MAX, left = sheet->count - first;
			part_add(xlsx, (struct bm_xlsx_part){
					       .sheet = sheet,
					       .first = first,
					       .count = left < PART_ROWS_MAX ? left : PART_ROWS_MAX,
					       .number = (unsigned)part + 1,
					       .of = of ? (unsigned)of : 1});
		}
	}
}

/* --- sheets of tables, without their rows --- */

static bool is_prose(const struct bm_column *column)
{
	return strcmp(column->name, "diagnosis") == 0 || strcmp(column->name, "prescription") == 0;
}

/* style_of - how a column's cells look */
static enum bm_book_style style_of(const struct bm_column *column, enum bm_bucket bucket)
{
	static const enum bm_book_style periods[] = {
		[BM_BUCKET_HOUR] = BM_BOOK_HOUR,
		[BM_BUCKET_DAY] = BM_BOOK_DAY,
		[BM_BUCKET_WEEK] = BM_BOOK_TEXT,
		[BM_BUCKET_MONTH] = BM_BOOK_MONTH,
	};
	switch (column->kind) {
	case BM_KIND_INT:
		return BM_BOOK_COUNT;
	case BM_KIND_SHARE:
		return BM_BOOK_SHARE;
	case BM_KIND_SECONDS:
	case BM_KIND_REAL:
		return BM_BOOK_SECONDS;
	case BM_KIND_PERIOD:
		return periods[bucket];
	case BM_KIND_TIME:
		return BM_BOOK_TIME;
	case BM_KIND_TEXT:
		break;
	}
	return is_prose(column) ? BM_BOOK_WRAP : BM_BOOK_TEXT;
}

/* is_number - do its cells stand to the right */
static bool is_number(enum bm_kind kind)
{
	return kind == BM_KIND_INT || kind == BM_KIND_SHARE || kind == BM_KIND_SECONDS ||
	       kind == BM_KIND_REAL;
}

/* rule_of - what a share's colour means, by the column's name */
static enum bm_book_rule rule_of(const char *name)
{
	const size_t size = strlen(name);
	if (strcmp(name, "change") == 0)
		return BM_BOOK_CHANGE;
	if (strcmp(name, "delivery_rate") == 0)
		return BM_BOOK_MORE;
	return size > 5 && strcmp(name + size - 5, "_rate") == 0 ? BM_BOOK_LESS : BM_BOOK_PART;
}

/* width_of - columns that a value takes */
static unsigned width_of(enum bm_kind kind, const struct bm_value *value)
{
	uint8_t digits[32];
	switch (kind) {
	case BM_KIND_TEXT:
		return bm_page_width(value->text);
	case BM_KIND_INT:
		return (unsigned)snprintf((char *)digits, sizeof digits, "%lld",
					  (long long)value->integer) *
		       4 / 3;
	case BM_KIND_TIME:
		return 19;
	case BM_KIND_PERIOD:
		return 16;
	case BM_KIND_SHARE:
	case BM_KIND_SECONDS:
	case BM_KIND_REAL:
		break;
	}
	return 9;
}

/* set_widths - columns as wide as their names and their first rows want, within reason */
static void set_widths(struct bm_book *book, const struct bm_xlsx_part *part)
{
	const struct bm_table *const table = part->sheet->table;
	const size_t looked_at = part->count < WIDTH_ROWS ? part->count : WIDTH_ROWS;
	unsigned widths[BM_COLUMNS_MAX];
	struct bm_value values[BM_COLUMNS_MAX];
	for (unsigned i = 0; i < table->column_count; i++) {
		widths[i] = (unsigned)strlen(table->columns[i].name);
		if (widths[i] < WIDTH_LEAST)
			widths[i] = WIDTH_LEAST;
	}
	for (size_t row = 0; row < looked_at; row++) {
		table->row(part->sheet->rows, part->first + row, values);
		for (unsigned i = 0; i < table->column_count; i++) {
			const unsigned width =
				values[i].empty ? 0 : width_of(table->columns[i].kind, &values[i]);
			if (width > widths[i])
				widths[i] = width;
		}
	}
	for (unsigned i = 0; i < table->column_count; i++) {
		const unsigned most = is_prose(&table->columns[i]) ? WIDTH_PROSE : WIDTH_MOST;
		bm_book_width(book, (uint16_t)i, (uint16_t)i,
			      (widths[i] < most ? widths[i] : most) + 2);
	}
}

/* last_row - of a part in its sheet, from 0; a table has at least one, be it empty */
static uint32_t last_row(const struct bm_xlsx_part *part)
{
	return (uint32_t)(HEAD_ROWS + (part->count > 0 ? part->count : 1) - 1);
}

/* put_head - what a sheet is about, and what its columns are called */
static void put_head(struct bm_book *book, const struct bm_xlsx *xlsx,
		     const struct bm_xlsx_part *part)
{
	const struct bm_table *const table = part->sheet->table;
	const struct bm_view *const view = xlsx->document->view;
	struct bm_text text = {0};
	bm_xlsx_about(&text, xlsx, part);
	if (view->partial)
		bm_text_add(&text,
			    bm_bytes_of(bm_words("  PARTIAL: some input could not be read in full",
						 view->lang)));
	bm_book_text(book, 0, 0, view->partial ? BM_BOOK_WARNING : BM_BOOK_STRONG_LINE,
		     (struct bm_bytes){text.data, text.size});
	bm_book_height(book, 1, 30);
	for (unsigned i = 0; i < table->column_count; i++) {
		text.size = 0;
		bm_title_add(&text, table->columns[i].name, view->lang);
		bm_book_text(book, 1, (uint16_t)i,
			     is_number(table->columns[i].kind) ? BM_BOOK_HEAD_COUNT : BM_BOOK_HEAD,
			     (struct bm_bytes){text.data, text.size});
	}
	bm_text_dispose(&text);
}

/* put_part - a sheet without its rows */
static void put_part(struct bm_book *book, const struct bm_xlsx *xlsx,
		     const struct bm_xlsx_part *part)
{
	const struct bm_table *const table = part->sheet->table;
	const struct bm_book_range range = {HEAD_ROWS - 1, last_row(part), 0,
					    (uint16_t)(table->column_count - 1)};
	struct bm_text name = {0};
	bm_book_sheet(book, part->name);
	bm_book_print(book, HEAD_ROWS - 1);
	set_widths(book, part);
	put_head(book, xlsx, part);
	bm_text_add(&name, bm_bytes_of(table->name));
	if (part->number > 1)
		bm_text_format(&name, "_%u", part->number);
	bm_text_byte(&name, 0);
	bm_book_table(book, range, (const char *)name.data, table->columns);
	for (uint16_t i = 0; i < table->column_count; i++) {
		bm_book_blank(book, range.last_row, i,
			      style_of(&table->columns[i], xlsx->document->view->bucket));
		if (table->columns[i].kind == BM_KIND_SHARE)
			bm_book_rule(book, (struct bm_book_range){HEAD_ROWS, range.last_row, i, i},
				     rule_of(table->columns[i].name));
	}
	bm_text_dispose(&name);
}

/* --- the charts' numbers --- */

/* put_numbers - a chart's title, its labels, and a series in each column beside them */
static void put_numbers(struct bm_book *book, const struct bm_chart *chart, uint16_t column)
{
	bm_book_text(book, 0, column, BM_BOOK_STRONG_LINE, bm_bytes_of(chart->title));
	bm_book_text(book, 1, column, BM_BOOK_HEAD, bm_bytes_of(chart->unit));
	bm_book_width(book, column, column, 24);
	for (uint32_t i = 0; i < chart->label_count; i++)
		bm_book_text(book, 2 + i, column, BM_BOOK_TEXT, chart->labels[i]);
	for (size_t series = 0; series < chart->series_count; series++) {
		const uint16_t at = (uint16_t)(column + 1 + series);
		bm_book_text(book, 1, at, BM_BOOK_HEAD_COUNT,
			     bm_bytes_of(chart->series[series].name));
		bm_book_width(book, at, at, 14);
		for (uint32_t i = 0; i < chart->label_count; i++)
			if (!isnan(chart->series[series].values[i]))
				bm_book_number(book, 2 + i, at,
					       chart->share ? BM_BOOK_SHARE : BM_BOOK_COUNT,
					       chart->series[series].values[i]);
	}
}

/* columns_make - where each chart's numbers are; one column is left free between two */
static void columns_make(struct bm_xlsx *xlsx)
{
	uint16_t at = 0;
	for (size_t i = 0; i < xlsx->charts.count; i++) {
		xlsx->columns[i] = at;
		at = (uint16_t)(at + xlsx->charts.list[i].series_count + 2);
	}
}

/* --- the whole --- */

/* made - the date of a workbook: that of the last thing seen in the logs, to the second */
static int64_t made(const struct bm_view *view)
{
	enum { IN_1980 = 315532800 };
	int64_t last = IN_1980;
	for (size_t i = 0; i < view->source_count; i++)
		if (view->sources[i].seen.last != BM_TIME_UNKNOWN &&
		    bm_time_wall(view->sources[i].seen.last) > last)
			last = bm_time_wall(view->sources[i].seen.last);
	return last;
}

/* lay_out - the workbook without rows */
static enum bm_err lay_out(const struct bm_xlsx *xlsx, const char *path)
{
	const struct bm_document *const document = xlsx->document;
	struct bm_book *const book = bm_book_open(path, "bouncemill", made(document->view));
	bm_book_sheet(book, xlsx->overview);
	bm_xlsx_overview(book, xlsx);
	for (size_t i = 0; i < xlsx->count; i++)
		put_part(book, xlsx, &xlsx->parts[i]);
	bm_book_sheet(book, xlsx->data);
	for (size_t i = 0; i < xlsx->charts.count; i++)
		put_numbers(book, &xlsx->charts.list[i], xlsx->columns[i]);
	return bm_book_close(book, document->target);
}

/* A wave of pieces of a part: each thread makes and compresses some. */
struct wave {
	const struct bm_sheetdata *data;
	const struct bm_xlsx_part *part;
	size_t first;         /* row of the table */
	struct piece *pieces; /* pieces_of */
};
struct piece {
	struct bm_text text, deflated;
	uint32_t crc;
};

static void make_piece(void *context, size_t i)
{
	const struct wave *const wave = context;
	struct piece *const piece = &wave->pieces[i];
	const size_t first = wave->first + i * PIECE_ROWS;
	const size_t end = wave->part->first + wave->part->count;
	piece->text.size = piece->deflated.size = 0;
	bm_sheetdata_add(&piece->text, wave->data, wave->part->first, first,
			 end - first < PIECE_ROWS ? end : first + PIECE_ROWS);
	const struct bm_bytes text = {piece->text.data, piece->text.size};
	bm_deflate(&piece->deflated, text, false);
	piece->crc = bm_crc32(text);
}

/* pieces_of - how many pieces a wave has at most */
static size_t pieces_of(const struct bm_document *document)
{
	const size_t wanted = (size_t)bm_crew_size(document->crew) * PIECES_A_THREAD;
	return wanted < PIECES_MAX ? wanted : PIECES_MAX;
}

/* write_rows - all rows of a part, wave by wave */
static void write_rows(struct bm_zip_writer *zip, const struct bm_document *document,
		       struct wave *wave)
{
	const size_t pieces_max = pieces_of(document);
	const size_t end = wave->part->first + wave->part->count;
	for (wave->first = wave->part->first; wave->first < end;) {
		const size_t left = (end - wave->first + PIECE_ROWS - 1) / PIECE_ROWS;
		const size_t count = left < pieces_max ? left : pieces_max;
		bm_crew_run(document->crew, count, make_piece, wave);
		for (size_t i = 0; i < count; i++) {
			const struct piece *const piece = &wave->pieces[i];
			bm_zip_add(zip,
				   (struct bm_bytes){piece->deflated.data, piece->deflated.size},
				   piece->text.size, piece->crc);
		}
		wave->first += count * PIECE_ROWS;
	}
}

/* write_text - a piece of a member as it is */
static void write_text(struct bm_zip_writer *zip, struct bm_bytes text, bool last)
{
	struct bm_text deflated = {0};
	bm_deflate(&deflated, text, last);
	bm_zip_add(zip, (struct bm_bytes){deflated.data, deflated.size}, text.size, bm_crc32(text));
	bm_text_dispose(&deflated);
}

/* find_row - where the row of empty cells begins and ends in a sheet's XML, its styles being read;
 * false when it is not there */
static bool find_row(struct bm_bytes xml, size_t number, struct bm_sheetdata *data, size_t *first,
		     size_t *end)
{
	struct bm_text row = {0};
	bm_text_format(&row, "<row r=\"%zu\"", number);
	*first = bm_bytes_search(xml, (struct bm_bytes){row.data, row.size});
	bm_text_dispose(&row);
	const struct bm_bytes rest = bm_bytes_from(xml, *first);
	const size_t size = bm_bytes_search(rest, BM_BYTES("</row>"));
	if (size == rest.size)
		return false;
	*end = *first + size + strlen("</row>");
	size_t at = 0;
	for (unsigned i = 0; i < data->table->column_count; i++) {
		at += bm_bytes_search(bm_bytes_from(rest, at), BM_BYTES("\" s=\""));
		if (at >= size)
			return false;
		at += strlen("\" s=\"");
		data->style[i] = 0;
		for (; bm_is_digit(rest.data[at]); at++)
			data->style[i] = data->style[i] * 10 + (rest.data[at] - '0');
	}
	return true;
}

/* write_part - a sheet with its rows, from its XML without them; false when that is no such thing */
static bool write_part(struct bm_zip_writer *zip, const struct bm_xlsx *xlsx,
		       const struct bm_xlsx_part *part, struct piece *pieces, struct bm_bytes xml)
{
	const struct bm_document *const document = xlsx->document;
	struct bm_sheetdata data = {.view = document->view,
				    .table = part->sheet->table,
				    .rows = part->sheet->rows,
				    .above = HEAD_ROWS};
	size_t first, end;
	if (!find_row(xml, last_row(part) + 1, &data, &first, &end))
		return false;
	struct wave wave = {.data = &data, .part = part, .pieces = pieces};
	write_text(zip, (struct bm_bytes){xml.data, first}, false);
	write_rows(zip, document, &wave);
	write_text(zip, bm_bytes_from(xml, end), true);
	return true;
}

/* is_whole - does an XML text end with the end of its first element */
static bool is_whole(struct bm_bytes xml)
{
	const size_t prolog = bm_bytes_search(xml, BM_BYTES("?>"));
	const size_t start = bm_bytes_find(xml, prolog, '<');
	size_t size = 0;
	while (xml.size > 0 && xml.data[xml.size - 1] == '\n')
		xml.size--;
	while (start + 1 + size < xml.size && !strchr(" >/", xml.data[start + 1 + size]))
		size++;
	if (size == 0 || xml.size < size + 3)
		return false;
	const uint8_t *const tail = xml.data + xml.size - size - 3;
	return memcmp(tail, "</", 2) == 0 && memcmp(tail + 2, xml.data + start + 1, size) == 0;
}

/* part_of - the part whose sheet a member of the container is, or NULL; the overview is the first */
static const struct bm_xlsx_part *part_of(const struct bm_xlsx *xlsx, struct bm_bytes name)
{
	const struct bm_bytes start = BM_BYTES("xl/worksheets/sheet");
	size_t number = 0;
	if (!bm_bytes_starts(name, start))
		return NULL;
	for (size_t i = start.size; i < name.size && bm_is_digit(name.data[i]); i++)
		number = number * 10 + (name.data[i] - '0');
	return number >= 2 && number - 2 < xlsx->count ? &xlsx->parts[number - 2] : NULL;
}

/* write_member - one member of the container, sheets of tables with their rows */
static bool write_member(struct bm_zip_writer *zip, const struct bm_xlsx *xlsx,
			 const struct bm_zip_member *member, struct piece *pieces)
{
	const struct bm_xlsx_part *const part = part_of(xlsx, member->name);
	struct bm_text text = {0};
	bool whole = bm_zip_content(member, &text);
	const struct bm_bytes xml = {text.data, text.size};
	whole = whole && is_whole(xml);
	bm_zip_start(zip, member->name);
	if (whole && part)
		whole = write_part(zip, xlsx, part, pieces, xml);
	else
		bm_zip_add(zip, member->data, member->size, member->crc);
	bm_text_dispose(&text);
	return whole;
}

/* failed - say why there is no workbook */
static enum bm_err failed(const char *target, const char *why)
{
	bm_say(target, "the workbook cannot be written: %s", why);
	return BM_WRITE;
}

/* fill_in - write the workbook at path anew, with rows */
static enum bm_err fill_in(const struct bm_xlsx *xlsx, const struct bm_zip *laid_out,
			   const char *path)
{
	const struct bm_document *const document = xlsx->document;
	const size_t piece_count = pieces_of(document);
	struct bm_zip_writer *const zip = bm_zip_create(path);
	if (zip == NULL)
		return failed(document->target, strerror(errno));
	struct piece *const pieces = bm_zalloc(piece_count, sizeof *pieces);
	bool whole = true;
	for (size_t i = 0; i < laid_out->count; i++)
		whole &= write_member(zip, xlsx, &laid_out->members[i], pieces);
	for (size_t i = 0; i < piece_count; i++) {
		bm_text_dispose(&pieces[i].text);
		bm_text_dispose(&pieces[i].deflated);
	}
	bm_free(pieces);
	const int error = bm_zip_end(zip);
	if (error == EOVERFLOW)
		return failed(document->target,
			      "more than 4 GiB (csv and sqlite have no such limit)");
	if (error)
		return failed(document->target, strerror(error));
	return whole ? BM_OK
		     : failed(document->target, "its parts came out damaged (is the disk full?)");
}

/* xlsx_document - all tables in one workbook */
static enum bm_err xlsx_document(const char *path, const struct bm_document *document)
{
	const char *const lang = document->view->lang;
	struct bm_xlsx xlsx = {.document = document,
			       .overview = bm_words("Overview", lang),
			       .data = bm_words("Chart data", lang)};
	struct bm_zip laid_out = {0};
	bm_charts_make(&xlsx.charts, document);
	columns_make(&xlsx);
	parts_make(&xlsx);
	enum bm_err err = lay_out(&xlsx, path);
	if (err == BM_OK && !bm_zip_read(&laid_out, path))
		err = failed(document->target, "its parts cannot be read back (is the disk full?)");
	if (err == BM_OK)
		err = fill_in(&xlsx, &laid_out, path);
	bm_zip_dispose(&laid_out);
	bm_charts_dispose(&xlsx.charts);
	bm_free(xlsx.parts);
	return err;
}

const struct bm_writer bm_writer_xlsx = {
	.name = "xlsx",
	.suffix = ".xlsx",
	.document_name = "bouncemill.xlsx",
	.document = xlsx_document,
};
