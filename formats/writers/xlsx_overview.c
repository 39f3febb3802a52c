/* xlsx_overview.c - the first sheet of a workbook; see xlsx_overview.h.
 *
 * From the top: what was read, what became of the mail, what to do first, pictures, why mail failed
 * and whose fault it is, which sheet holds what, and the proof that no line was lost.  The numbers
 * are those of overview.h and the charts those of chart.h; it is a grid of twelve columns that fits
 * the width of a page.
 */
#include "xlsx_overview.h"

#include "bouncemill/words.h"

#include "page.h"

enum {
	FIRST = 1, /* columns of the grid */
	COLUMNS = 12,
	LAST = FIRST + COLUMNS - 1,
	TILES = 6,
	TILE_COLUMNS = COLUMNS / TILES,
	COLUMN_WIDTH = 12, /* characters */
	COLUMN_PIXELS = COLUMN_WIDTH * 7 + 5,
	CHART_ROWS_WIDE = 13, /* so that these and a row of others end the first page */
	CHART_ROWS = 12,
	CHART_ROWS_BARS = 15,
	ROW_PIXELS = 20,
	GAP_PIXELS = 8,
};
#define LINE_POINTS 15.0

/* What is written to, and where it goes on. */
struct sheet {
	struct bm_book *book;
	const struct bm_xlsx *xlsx;
	const struct bm_overview *overview;
	const char *lang;
	struct bm_page page; /* a line being put together */
	struct bm_text line;
	uint32_t row;
};

static struct bm_bytes words(const struct sheet *sheet, const char *english)
{
	return bm_bytes_of(bm_words(english, sheet->lang));
}

/* say - words of our own at the end of the line */
static void say(struct sheet *sheet, const char *english)
{
	bm_page_say(&sheet->page, BM_STYLE_PLAIN, english);
}

/* put_line - the line that was put together, over columns of the row; the next one is empty */
static void put_line(struct sheet *sheet, uint16_t first, uint16_t last, enum bm_book_style style)
{
	struct bm_bytes line = {sheet->line.data, sheet->line.size};
	while (line.size > 0 && line.data[0] == ' ') /* the terminal's indent */
		line = bm_bytes_from(line, 1);
	bm_book_wide(sheet->book, sheet->row, first, last, style, line);
	sheet->line.size = 0;
}

/* heading - begin a section */
static void heading(struct sheet *sheet, const char *english)
{
	sheet->row++;
	bm_book_height(sheet->book, sheet->row, 21);
	bm_book_wide(sheet->book, sheet->row++, FIRST, LAST, BM_BOOK_HEADING,
		     words(sheet, english));
}

/* lines_of - how many lines a text takes in so many columns: letters are narrower than the digits that
 * columns are measured in, ideographs twice as wide */
static unsigned lines_of(struct bm_bytes text, unsigned columns)
{
	size_t points = 0;
	for (size_t i = 0; i < text.size; i++)
		points += (text.data[i] & 0xc0) != 0x80;
	const size_t wide = bm_page_width(text) - points, narrow = points - wide;
	const size_t tenths = narrow * 8 + wide * 21,
		     line_tenths = (columns * COLUMN_WIDTH - 4) * 10;
	return (unsigned)((tenths + line_tenths - 1) / line_tenths);
}

/* --- what was read --- */

/* say_read - as the terminal has it */
static void say_read(struct sheet *sheet)
{
	const struct bm_overview *const overview = sheet->overview;
	bm_page_plural(&sheet->page, overview->files, "1 file");
	if (overview->hosts_max > 0) {
		say(sheet, ", ");
		bm_page_plural(&sheet->page, overview->hosts_max, "1 host");
	}
	if (overview->archives < overview->files) {
		say(sheet, ", ");
		bm_page_plural(&sheet->page, overview->lines - overview->mails, "1 line");
	}
	if (overview->archives > 0) {
		say(sheet, ", ");
		bm_page_plural(&sheet->page, overview->mails, "1 mail");
	}
	say(sheet, ", ");
	bm_page_bytes(&sheet->page, overview->bytes);
}

/* say_when - from the first to the last moment */
static void say_when(struct sheet *sheet)
{
	const struct bm_seen *const seen = &sheet->overview->seen;
	if (seen->first == BM_TIME_UNKNOWN)
		return;
	bm_page_moment(&sheet->page, seen->first);
	say(sheet, " to ");
	bm_page_moment(&sheet->page, seen->last);
	bm_text_add(&sheet->line, BM_BYTES("   \xc2\xb7   "));
}

static void title(struct sheet *sheet)
{
	bm_book_height(sheet->book, 0, 28);
	bm_book_wide(sheet->book, 0, FIRST, LAST, BM_BOOK_TITLE,
		     words(sheet, "What became of our mail"));
	sheet->row = 1;
	say_when(sheet);
	say_read(sheet);
	put_line(sheet, FIRST, LAST, BM_BOOK_DIM);
	sheet->row++;
	if (sheet->xlsx->document->view->partial) {
		say(sheet, "  PARTIAL: some input could not be read in full");
		put_line(sheet, FIRST, LAST, BM_BOOK_WARNING);
		sheet->row++;
	}
}

/* --- what became of it --- */

/* One number to be seen first. */
struct tile {
	const char *name;
	uint64_t count, whole; /* whole 0: no share */
	const char *note;      /* instead of a share, or NULL */
};

static void put_tile(struct sheet *sheet, unsigned place, const struct tile *tile)
{
	const uint16_t first = (uint16_t)(FIRST + place * TILE_COLUMNS);
	const uint16_t last = (uint16_t)(first + TILE_COLUMNS - 1);
	struct bm_book *const book = sheet->book;
	bm_book_wide(book, sheet->row, first, last, BM_BOOK_TILE_NAME, words(sheet, tile->name));
	bm_book_wide_number(book, sheet->row + 1, first, last, BM_BOOK_TILE_COUNT,
			    (double)tile->count);
	if (tile->whole > 0)
		bm_book_wide_number(book, sheet->row + 2, first, last, BM_BOOK_TILE_NOTE,
				    (double)tile->count / (double)tile->whole);
	else
		bm_book_wide(book, sheet->row + 2, first, last, BM_BOOK_TILE_NOTE,
			     tile->note ? words(sheet, tile->note) : (struct bm_bytes){0});
}

static void put_tiles(struct sheet *sheet, const struct tile tiles[TILES])
{
	bm_book_height(sheet->book, sheet->row + 1, 27);
	for (unsigned i = 0; i < TILES; i++)
		put_tile(sheet, i, &tiles[i]);
	sheet->row += 3;
}

/* outcomes - of logs; and below, if there were any, of bounce mails */
static void outcomes(struct sheet *sheet)
{
	const struct bm_overview *const all = sheet->overview;
	sheet->row++;
	if (all->archives < all->files || all->files == 0)
		put_tiles(sheet, (const struct tile[TILES]){
					 {"recipients", all->recipients, 0, "final outcomes"},
					 {"delivered", all->delivered, all->recipients, NULL},
					 {"bounced", all->bounced, all->recipients, NULL},
					 {"expired", all->expired, all->recipients, NULL},
					 {"deferred", all->deferred, 0, "delivery attempts"},
					 {"messages", all->messages, 0, NULL}});
	if (all->archives > 0)
		put_tiles(sheet, (const struct tile[TILES]){
					 {"What came back", all->mails, 0, "bounce mails"},
					 {"failed", all->returned, 0, "that no log tells of"},
					 {"delayed", all->delayed, 0, "that no log tells of"},
					 {"complained", all->complaints, 0, "stop mailing them"},
					 {"counted", all->joined, 0, "by their log already"},
					 {"foreign", all->foreign, 0, "of mail not ours"}});
}

/* --- what to do first --- */

/* put_first - a cause, how much it is, and its cure */
static void put_first(struct sheet *sheet, unsigned rank, const struct bm_cause *cause)
{
	enum { CURE = FIRST + 5 };
	struct bm_book *const book = sheet->book;
	const struct bm_bytes cure =
		bm_bytes_of(bm_category_prescription(cause->category, sheet->lang));
	bm_book_height(book, sheet->row, LINE_POINTS * lines_of(cure, LAST - CURE + 1) + 6);
	bm_text_format(&sheet->line, "%u. %s", rank,
		       bm_category_title(cause->category, sheet->lang));
	put_line(sheet, FIRST, FIRST + 2, BM_BOOK_STRONG);
	bm_book_number(book, sheet->row, FIRST + 3, BM_BOOK_STRONG_COUNT, (double)cause->failures);
	bm_book_number(book, sheet->row, FIRST + 4, BM_BOOK_STRONG_SHARE,
		       (double)cause->failures / (double)sheet->overview->failures);
	bm_book_wide(book, sheet->row++, CURE, LAST, BM_BOOK_WRAP, cure);
}

/* to_do - the cures that would remove most failures, and how much that is together */
static void to_do(struct sheet *sheet)
{
	struct bm_cause first[BM_FIRST_MAX];
	const unsigned count = bm_overview_first(sheet->overview, first);
	uint64_t cured = 0;
	if (count == 0)
		return;
	for (unsigned i = 0; i < count; i++)
		cured += first[i].failures;
	heading(sheet, "What to do first");
	say(sheet, "Failures that go away with these causes: ");
	bm_page_count(&sheet->page, cured, 0);
	say(sheet, " of ");
	bm_page_count(&sheet->page, sheet->overview->failures, 0);
	bm_text_add(&sheet->line, BM_BYTES(" ("));
	bm_page_percent(&sheet->page, cured, sheet->overview->failures, 0);
	bm_text_add(&sheet->line, BM_BYTES(")"));
	put_line(sheet, FIRST, LAST, BM_BOOK_DIM);
	sheet->row++;
	for (unsigned i = 0; i < count; i++)
		put_first(sheet, i + 1, &first[i]);
}

/* --- pictures --- */

/* put_chart - in so many rows and columns of the grid, from its column at */
static void put_chart(struct sheet *sheet, size_t index, unsigned at, unsigned columns,
		      unsigned rows)
{
	bm_book_chart(sheet->book, sheet->row, (uint16_t)(FIRST + at),
		      columns * COLUMN_PIXELS - GAP_PIXELS, rows * ROW_PIXELS - GAP_PIXELS,
		      &sheet->xlsx->charts.list[index], sheet->xlsx->data,
		      sheet->xlsx->columns[index]);
}

/* rows_of - how high a chart is: bars have a label each */
static unsigned rows_of(enum bm_chart_kind kind)
{
	return kind == BM_CHART_COLUMNS ? CHART_ROWS_WIDE
	       : kind == BM_CHART_BARS  ? CHART_ROWS_BARS
					: CHART_ROWS;
}

/* put_charts - those of many series over time over the whole width, all others two a row */
static void put_charts(struct sheet *sheet)
{
	const struct bm_charts *const charts = &sheet->xlsx->charts;
	unsigned begun = 0; /* rows of a chart that has the left half, the right one being free */
	bool bars = false;  /* those begin the second page */
	sheet->row += charts->count > 0;
	for (size_t i = 0; i < charts->count; i++) {
		const bool wide = charts->list[i].kind == BM_CHART_COLUMNS;
		const unsigned rows = rows_of(charts->list[i].kind);
		if (wide || begun == 0) {
			sheet->row += begun;
			if (charts->list[i].kind == BM_CHART_BARS && !bars)
				bm_book_break(sheet->book, sheet->row);
			bars |= charts->list[i].kind == BM_CHART_BARS;
			put_chart(sheet, i, 0, wide ? COLUMNS : COLUMNS / 2, rows);
			begun = wide ? 0 : rows;
			sheet->row += wide ? rows : 0;
		} else {
			put_chart(sheet, i, COLUMNS / 2, COLUMNS / 2, rows);
			sheet->row += rows > begun ? rows : begun;
			begun = 0;
		}
	}
	sheet->row += begun;
}

/* --- why it failed --- */

enum { SHARE_AT = FIRST + 4, SEVERITY_AT = FIRST + 5, DIAGNOSIS_AT = FIRST + 6 };

/* put_head - one head over columns */
static void put_head(struct sheet *sheet, uint16_t first, uint16_t last, const char *english,
		     enum bm_book_style style)
{
	if (first == last)
		bm_book_text(sheet->book, sheet->row, first, style, words(sheet, english));
	else
		bm_book_wide(sheet->book, sheet->row, first, last, style, words(sheet, english));
}

/* put_counts - failures and their share */
static void put_counts(struct sheet *sheet, uint64_t failures, bool strong)
{
	bm_book_number(sheet->book, sheet->row, FIRST + 3,
		       strong ? BM_BOOK_STRONG_COUNT : BM_BOOK_COUNT, (double)failures);
	bm_book_number(sheet->book, sheet->row, SHARE_AT,
		       strong ? BM_BOOK_STRONG_SHARE : BM_BOOK_SHARE,
		       (double)failures / (double)sheet->overview->failures);
}

/* put_cause - a line of the table of causes */
static void put_cause(struct sheet *sheet, const struct bm_cause *cause)
{
	const struct bm_bytes diagnosis =
		bm_bytes_of(bm_category_diagnosis(cause->category, sheet->lang));
	const unsigned lines = lines_of(diagnosis, LAST - DIAGNOSIS_AT + 1);
	if (lines > 1)
		bm_book_height(sheet->book, sheet->row, LINE_POINTS * lines);
	bm_book_wide(sheet->book, sheet->row, FIRST, FIRST + 2, BM_BOOK_WRAP,
		     bm_bytes_of(bm_category_title(cause->category, sheet->lang)));
	put_counts(sheet, cause->failures, false);
	bm_book_text(sheet->book, sheet->row, SEVERITY_AT, BM_BOOK_WRAP,
		     words(sheet, bm_category_severity(cause->category)));
	bm_book_wide(sheet->book, sheet->row++, DIAGNOSIS_AT, LAST, BM_BOOK_WRAP, diagnosis);
}

/* Whose fault a failure is, as people call it; in the order of the terminal. */
static const struct {
	const char *fault, *title;
} roots[] = {
	{"recipient", "At the recipient: address or mailbox"},
	{"sender", "At the sender: yours to mend"},
	{"message", "In the message"},
	{"network", "On the way: network and servers"},
	{"", "Nobody knows yet"},
};

/* put_root - whose fault, how much of it, and its causes */
static void put_root(struct sheet *sheet, size_t root)
{
	const struct bm_overview *const all = sheet->overview;
	const struct bm_bytes fault = bm_bytes_of(roots[root].fault);
	uint64_t failures = 0;
	for (unsigned i = 0; i < all->cause_count; i++)
		if (bm_bytes_equal(bm_bytes_of(bm_category_fault(all->causes[i].category)), fault))
			failures += all->causes[i].failures;
	if (failures == 0)
		return;
	bm_book_wide(sheet->book, sheet->row, FIRST, FIRST + 2, BM_BOOK_STRONG,
		     words(sheet, roots[root].title));
	put_counts(sheet, failures, true);
	sheet->row++;
	for (unsigned i = 0; i < all->cause_count; i++)
		if (bm_bytes_equal(bm_bytes_of(bm_category_fault(all->causes[i].category)), fault))
			put_cause(sheet, &all->causes[i]);
}

static void causes(struct sheet *sheet)
{
	if (sheet->overview->cause_count == 0)
		return;
	heading(sheet, "Why it failed");
	put_head(sheet, FIRST, FIRST + 2, "by whose fault", BM_BOOK_HEAD);
	put_head(sheet, FIRST + 3, FIRST + 3, "failures", BM_BOOK_HEAD_COUNT);
	put_head(sheet, SHARE_AT, SHARE_AT, "share", BM_BOOK_HEAD_COUNT);
	put_head(sheet, SEVERITY_AT, SEVERITY_AT, "severity", BM_BOOK_HEAD_WRAP);
	put_head(sheet, DIAGNOSIS_AT, LAST, "diagnosis", BM_BOOK_HEAD_WRAP);
	const uint32_t start = ++sheet->row;
	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
		put_root(sheet, i);
	bm_book_rule(sheet->book, (struct bm_book_range){start, sheet->row - 1, SHARE_AT, SHARE_AT},
		     BM_BOOK_PART);
}

/* --- what is where --- */

void bm_xlsx_about(struct bm_text *out, const struct bm_xlsx *xlsx, const struct bm_xlsx_part *part)
{
	const char *const lang = xlsx->document->view->lang;
	const struct bm_table *const table = part->sheet->table;
	bm_text_add(out, bm_bytes_of(table->about ? bm_words(table->about, lang) : table->name));
	if (part->of > 1)
		bm_text_format(out, bm_words(" Sheet %u of %u: rows %zu to %zu of %zu.", lang),
			       part->number, part->of, part->first + 1, part->first + part->count,
			       part->sheet->count);
}

static void contents(struct sheet *sheet)
{
	heading(sheet, "In this workbook");
	for (size_t i = 0; i < sheet->xlsx->count; i++) {
		const struct bm_xlsx_part *const part = &sheet->xlsx->parts[i];
		bm_book_link(sheet->book, sheet->row, FIRST, part->name);
		bm_book_number(sheet->book, sheet->row, FIRST + 2, BM_BOOK_COUNT,
			       (double)part->count);
		bm_book_text(sheet->book, sheet->row, FIRST + 3, BM_BOOK_WRAP,
			     words(sheet, part->count == 1 ? "row" : "rows"));
		bm_xlsx_about(&sheet->line, sheet->xlsx, part);
		put_line(sheet, FIRST + 4, LAST, BM_BOOK_TEXT);
		sheet->row++;
	}
	bm_book_link(sheet->book, sheet->row, FIRST, sheet->xlsx->data);
	bm_book_wide(sheet->book, sheet->row++, FIRST + 4, LAST, BM_BOOK_TEXT,
		     words(sheet, "The numbers of the charts above."));
	bm_book_wide(sheet->book, sheet->row++, FIRST, LAST, BM_BOOK_DIM,
		     words(sheet, "Each sheet is a table that formulas and pivot tables can name, "
				  "as in =SUM(totals[bounced]); `cube` holds every count there "
				  "is."));
}

/* proof - that no line was lost */
static void proof(struct sheet *sheet)
{
	const struct bm_overview *const all = sheet->overview;
	heading(sheet, "Nothing lost");
	say(sheet, "  lines ");
	bm_page_count(&sheet->page, all->lines, 0);
	say(sheet, " = events ");
	bm_page_count(&sheet->page, all->events, 0);
	say(sheet, " + other ");
	bm_page_count(&sheet->page, all->other, 0);
	say(sheet, " + malformed ");
	bm_page_count(&sheet->page, all->malformed_all, 0);
	put_line(sheet, FIRST, LAST, BM_BOOK_TEXT);
	sheet->row++;
}

void bm_xlsx_overview(struct bm_book *book, const struct bm_xlsx *xlsx)
{
	const struct bm_document *const document = xlsx->document;
	const struct bm_sheet *const totals = bm_sheet_of(document, "totals");
	const struct bm_sheet *const categories = bm_sheet_of(document, "categories");
	struct bm_overview overview = {0};
	if (totals && categories)
		bm_overview_make(&overview, document->view, totals, categories);
	struct sheet sheet = {
		.book = book, .xlsx = xlsx, .overview = &overview, .lang = document->view->lang};
	sheet.page = (struct bm_page){.out = &sheet.line, .columns = 120, .lang = sheet.lang};
	bm_book_plain(book);
	bm_book_print(book, 0);
	bm_book_width(book, 0, 0, 2);
	bm_book_width(book, FIRST, LAST, COLUMN_WIDTH);
	title(&sheet);
	outcomes(&sheet);
	to_do(&sheet);
	put_charts(&sheet);
	causes(&sheet);
	contents(&sheet);
	proof(&sheet);
	bm_text_dispose(&sheet.page.scratch);
	bm_text_dispose(&sheet.line);
}
