/* html_table.c - all tables of the report, each cut to what a page can hold; see html.h.
 *
 * A table shows at most HTML_TABLE_ROWS_MAX rows: of a longer one those with most failures (or, where
 * failures are not counted, with most of its first count), in the table's own order.  The bytes that
 * are left are dealt out: the shortest table first, each gets an equal part of what is still there,
 * and what one does not need goes to those after it.  A table that asks for more shows fewer rows.
 * Nothing here knows any table by name.
 */
#include "html.h"

#include "bouncemill/error.h"

#include "cells.h"

#include <stdlib.h>

enum { TABLES_MAX = 64, WIDE_BYTES = 48 };

/* A table being made. */
struct part {
	const struct bm_sheet *sheet;
	struct bm_text text; /* its section */
	size_t shown;        /* rows */
};

/* A row that may be shown. */
struct pick {
	uint64_t weight;
	size_t index;
};

/* --- which rows --- */

/* weight_column - the first count of a table, or the column count */
static unsigned weight_column(const struct bm_table *table)
{
	unsigned column = 0;
	while (column < table->column_count && table->columns[column].kind != BM_KIND_INT)
		column++;
	return column;
}

/* weigh - how much a row matters */
static uint64_t weigh(const struct bm_sheet *sheet, const struct bm_value *values, unsigned column,
		      bool failures)
{
	if (failures)
		return bm_sheet_failures(sheet, values);
	return column < sheet->table->column_count && !values[column].empty
		       ? (uint64_t)values[column].integer
		       : 0;
}

/* lighter - does left matter less than right; of equal ones the later row does */
static bool lighter(const struct pick *left, const struct pick *right)
{
	return left->weight != right->weight ? left->weight < right->weight
					     : left->index > right->index;
}

static void swap(struct pick *left, struct pick *right)
{
	const struct pick moved = *left;
	*left = *right;
	*right = moved;
}

/* sink - put the first of a heap, the lightest of which is on top, where it belongs */
static void sink(struct pick *heap, size_t count)
{
	for (size_t at = 0;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
			if (lighter(&heap[child], &heap[least]))
				least = child;
		if (least == at)
			return;
		swap(&heap[at], &heap[least]);
		at = least;
	}
}

/* rise - put the last one of a heap where it belongs */
static void rise(struct pick *heap, size_t at)
{
	for (size_t above; at > 0; at = above) {
		above = (at - 1) / 2;
		if (!lighter(&heap[at], &heap[above]))
			return;
		swap(&heap[at], &heap[above]);
	}
}

static int by_weight(const void *left, const void *right)
{
	return lighter(left, right) ? 1 : -1;
}

static int by_index(const void *left, const void *right)
{
	const struct pick *const a = left, *const b = right;
	return (a->index > b->index) - (a->index < b->index);
}

/* pick_rows - the most rows of a table that matter most, those first; returns how many */
static size_t pick_rows(const struct bm_sheet *sheet, struct pick *picks, size_t most)
{
	struct bm_value values[BM_COLUMNS_MAX];
	const unsigned column = weight_column(sheet->table);
	const bool failures = bm_sheet_column(sheet, "bounced") < sheet->table->column_count;
	size_t count = 0;
	for (size_t i = 0; i < sheet->count; i++) {
		bm_sheet_row(sheet, i, values);
		const struct pick pick = {weigh(sheet, values, column, failures), i};
		if (count < most) {
			picks[count++] = pick;
			rise(picks, count - 1);
		} else if (lighter(&picks[0], &pick)) {
			picks[0] = pick;
			sink(picks, count);
		}
	}
	qsort(picks, count, sizeof *picks, by_weight);
	return count;
}

/* --- rows --- */

/* add_cell - one value as people read it */
static void add_cell(struct bm_html *html, const struct bm_column *column,
		     const struct bm_value *value, struct bm_cells_pen *pen)
{
	switch (column->kind) {
	case BM_KIND_TEXT:
		bm_html_cell_text(html, column->name, value->text);
		return;
	case BM_KIND_INT:
		if (value->integer < 0)
			bm_text_int(html->out, value->integer);
		else
			bm_html_count(html, (uint64_t)value->integer);
		return;
	case BM_KIND_SHARE:
		bm_html_share(html, value->real);
		return;
	case BM_KIND_TIME:
		bm_html_moment(html, value->integer);
		return;
	case BM_KIND_SECONDS:
	case BM_KIND_REAL:
	case BM_KIND_PERIOD:
		break;
	}
	uint8_t *const at = bm_text_room(html->out, BM_CELL_BYTES_MAX);
	html->out->size += (size_t)(bm_cells_value(pen, at, column->kind, value) - at);
}

/* add_rows - the picked rows in the table's order; widths are the longest cell of each column */
static void add_rows(struct bm_html *html, const struct bm_sheet *sheet, struct pick *picks,
		     size_t count, size_t *widths)
{
	struct bm_cells_pen pen = {.view = html->document->view};
	struct bm_value values[BM_COLUMNS_MAX];
	qsort(picks, count, sizeof *picks, by_index);
	for (size_t row = 0; row < count; row++) {
		bm_sheet_row(sheet, picks[row].index, values);
		bm_html_raw(html, "<tr>");
		for (unsigned i = 0; i < sheet->table->column_count; i++) {
			bm_html_raw(html, i == 0 && !values[i].empty ? "<th>" : "<td>");
			const size_t start = html->out->size;
			if (!values[i].empty)
				add_cell(html, &sheet->table->columns[i], &values[i], &pen);
			if (html->out->size - start > widths[i])
				widths[i] = html->out->size - start;
		}
		bm_html_raw(html, "\n");
	}
	bm_cells_dispose_pen(&pen);
}

/* --- a table --- */

/* is_number - does the kind stand flush right and sort as a number */
static bool is_number(enum bm_kind kind)
{
	return kind != BM_KIND_TEXT && kind != BM_KIND_PERIOD && kind != BM_KIND_TIME;
}

/* add_columns - the tag of the table, which says where numbers and long texts stand, and the heads */
static void add_columns(struct bm_html *html, const struct bm_table *table, const size_t *widths)
{
	bm_html_raw(html, "<table class=\"data");
	for (unsigned i = 0; i < table->column_count; i++) {
		if (is_number(table->columns[i].kind))
			bm_text_format(html->out, " n%u", i + 1);
		else if (widths[i] > WIDE_BYTES)
			bm_text_format(html->out, " w%u", i + 1);
	}
	bm_html_raw(html, "\"><caption class=\"unseen\">");
	bm_html_title(html, table->name);
	bm_html_raw(html, "</caption><thead><tr>");
	for (unsigned i = 0; i < table->column_count; i++) {
		bm_text_format(html->out, "<th scope=\"col\" data-name=\"%s\"%s>",
			       table->columns[i].name,
			       is_number(table->columns[i].kind) ? " class=\"n\"" : "");
		bm_html_title(html, table->columns[i].name);
		bm_html_raw(html, "</th>");
	}
	bm_html_raw(html, "</tr></thead><tbody>\n");
}

/* add_cut - what is not shown, and where it is */
static void add_cut(struct bm_html *html, const struct part *part)
{
	if (part->shown == part->sheet->count)
		return;
	bm_html_raw(html, "<p class=\"cut\">");
	bm_html_count(html, part->shown);
	bm_html_say(html, " of ");
	bm_html_plural(html, part->sheet->count, "1 row");
	bm_html_say(html, ", those that count most. All of them are in the CSV: ");
	bm_text_format(html->out, "<code>bouncemill report -o tables</code>, <code>%s.csv</code>",
		       part->sheet->table->name);
	bm_html_raw(html, "</p>\n");
}

/* add_table - a section of rows that are made already */
static void add_table(struct bm_html *html, const struct part *part, const struct bm_text *rows,
		      const size_t *widths)
{
	const struct bm_table *const table = part->sheet->table;
	bm_text_format(html->out,
		       "<details class=\"table\" id=\"table-%s\"><summary><h3 id=\"%s-t\">",
		       table->name, table->name);
	bm_html_title(html, table->name);
	bm_html_raw(html, "</h3><span class=\"quiet\">");
	bm_html_say(html, table->about ? table->about : "");
	bm_html_raw(html, "</span><span class=\"n quiet\">");
	bm_html_plural(html, part->sheet->count, "1 row");
	bm_html_raw(html, "</span></summary>\n");
	add_cut(html, part);
	bm_text_format(html->out,
		       "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		       "aria-labelledby=\"%s-t\">",
		       table->name);
	add_columns(html, table, widths);
	bm_text_add(html->out, (struct bm_bytes){rows->data, rows->size});
	bm_html_raw(html, "</tbody></table></div></details>\n");
}

/* make_table - as many rows as bytes_max allows; the section is part->text afterwards */
static void make_table(struct bm_html *html, struct part *part, size_t bytes_max)
{
	const size_t most =
		part->sheet->count < HTML_TABLE_ROWS_MAX ? part->sheet->count : HTML_TABLE_ROWS_MAX;
	struct pick *const picks = bm_alloc((most + 1) * sizeof *picks);
	struct bm_text rows = {0};
	struct bm_text *const page = html->out;
	part->shown = most ? pick_rows(part->sheet, picks, most) : 0;
	for (;;) {
		size_t widths[BM_COLUMNS_MAX] = {0};
		rows.size = part->text.size = 0;
		bm_html_into(html, &rows);
		add_rows(html, part->sheet, picks, part->shown, widths);
		bm_html_into(html, &part->text);
		add_table(html, part, &rows, widths);
		if (part->text.size <= bytes_max || part->shown == 0)
			break;
		const size_t fewer =
			(size_t)((double)part->shown * (double)bytes_max / (double)part->text.size);
		qsort(picks, part->shown, sizeof *picks, by_weight);
		part->shown = fewer < part->shown ? fewer : part->shown - 1;
	}
	bm_html_into(html, page);
	bm_text_dispose(&rows);
	bm_free(picks);
}

/* --- all --- */

/* shortest - the part with fewest rows that is not made yet */
static struct part *shortest(struct part *parts, size_t count)
{
	struct part *least = NULL;
	for (size_t i = 0; i < count; i++)
		if (parts[i].text.size == 0 &&
		    (least == NULL || parts[i].sheet->count < least->sheet->count))
			least = &parts[i];
	return least;
}

void bm_html_tables(struct bm_html *html, size_t bytes_max)
{
	struct part parts[TABLES_MAX] = {{0}};
	const size_t count =
		html->document->sheet_count < TABLES_MAX ? html->document->sheet_count : TABLES_MAX;
	size_t left = bytes_max;
	for (size_t i = 0; i < count; i++)
		parts[i].sheet = &html->document->sheets[i];
	for (size_t i = 0; i < count; i++) {
		struct part *const part = shortest(parts, count);
		make_table(html, part, left / (count - i));
		left -= part->text.size < left ? part->text.size : left;
	}
	for (size_t i = 0; i < count; i++) {
		bm_text_add(html->out, (struct bm_bytes){parts[i].text.data, parts[i].text.size});
		bm_text_dispose(&parts[i].text);
	}
}
