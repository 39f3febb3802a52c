/* book.c - the workbook, by libxlsxwriter; see book.h.
 *
 * The library keeps what it is given in memory and writes at the end, so it gets pages, heads and
 * charts, and never the rows of a table: those are put in by xlsx.c, many times faster.  Its own
 * temporary files are nameless and lie beside the target.
 *
 * Colours are sober: what is red needs somebody.  Styles and rules are tables below.
 */
#include "book.h"

#include "bouncemill/error.h"

#include <math.h>
#include <string.h>
#include <xlsxwriter.h>

static const struct {
	const char *format;
	double size;
	bool bold, wrap, italic, border, indent;
	uint8_t align, vertical;
	uint32_t colour, fill;
} looks[BM_BOOK_STYLE_COUNT] = {
	[BM_BOOK_TEXT] = {.vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_WRAP] = {.wrap = true, .vertical = LXW_ALIGN_VERTICAL_TOP, .indent = true},
	[BM_BOOK_DIM] = {.size = 9, .colour = 0x6b7280},
	[BM_BOOK_TITLE] = {.size = 18, .bold = true, .colour = 0x1f3a5f},
	[BM_BOOK_HEADING] = {.size = 13, .bold = true, .colour = 0x1f3a5f, .border = true},
	[BM_BOOK_WARNING] = {.bold = true, .colour = 0xb03a2e},
	[BM_BOOK_HEAD] = {.bold = true,
			  .wrap = true,
			  .vertical = LXW_ALIGN_VERTICAL_CENTER,
			  .colour = 0xffffff,
			  .fill = 0x1f3a5f},
	[BM_BOOK_HEAD_WRAP] = {.bold = true,
			       .wrap = true,
			       .indent = true,
			       .vertical = LXW_ALIGN_VERTICAL_CENTER,
			       .colour = 0xffffff,
			       .fill = 0x1f3a5f},
	[BM_BOOK_HEAD_COUNT] = {.bold = true,
				.wrap = true,
				.align = LXW_ALIGN_RIGHT,
				.vertical = LXW_ALIGN_VERTICAL_CENTER,
				.colour = 0xffffff,
				.fill = 0x1f3a5f},
	[BM_BOOK_KEY] = {.size = 8, .italic = true, .colour = 0x6b7280, .fill = 0xeef2f7},
	[BM_BOOK_STRONG_LINE] = {.bold = true},
	[BM_BOOK_STRONG] = {.bold = true, .wrap = true, .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_STRONG_COUNT] = {.format = "#,##0",
				  .bold = true,
				  .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_STRONG_SHARE] = {.format = "0.00%",
				  .bold = true,
				  .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_COUNT] = {.format = "#,##0", .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_SHARE] = {.format = "0.00%", .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_SECONDS] = {.format = "#,##0.00", .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_HOUR] = {.format = "yyyy-mm-dd hh:mm",
			  .align = LXW_ALIGN_LEFT,
			  .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_DAY] = {.format = "yyyy-mm-dd",
			 .align = LXW_ALIGN_LEFT,
			 .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_MONTH] = {.format = "yyyy-mm",
			   .align = LXW_ALIGN_LEFT,
			   .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_TIME] = {.format = "yyyy-mm-dd hh:mm:ss",
			  .align = LXW_ALIGN_LEFT,
			  .vertical = LXW_ALIGN_VERTICAL_TOP},
	[BM_BOOK_TILE_NAME] = {.size = 10,
			       .align = LXW_ALIGN_CENTER,
			       .colour = 0x4b5563,
			       .fill = 0xeef2f7},
	[BM_BOOK_TILE_COUNT] = {.format = "#,##0",
				.size = 18,
				.bold = true,
				.align = LXW_ALIGN_CENTER,
				.colour = 0x1f3a5f,
				.fill = 0xeef2f7},
	[BM_BOOK_TILE_NOTE] = {.format = "0.00%",
			       .size = 10,
			       .align = LXW_ALIGN_CENTER,
			       .colour = 0x4b5563,
			       .fill = 0xeef2f7},
	[BM_BOOK_LINK] = {.colour = 0x1f618d, .vertical = LXW_ALIGN_VERTICAL_TOP},
};

struct bm_book {
	lxw_workbook *workbook;
	lxw_worksheet *sheet; /* begun last */
	lxw_format *formats[BM_BOOK_STYLE_COUNT];
	struct bm_text folder, scratch, clean;
};

/* format_make - a style as the library has it */
static lxw_format *format_make(lxw_workbook *workbook, enum bm_book_style style)
{
	lxw_format *const format = workbook_add_format(workbook);
	if (looks[style].format)
		format_set_num_format(format, looks[style].format);
	if (looks[style].size > 0)
		format_set_font_size(format, looks[style].size);
	if (looks[style].bold)
		format_set_bold(format);
	if (looks[style].italic)
		format_set_italic(format);
	if (looks[style].wrap)
		format_set_text_wrap(format);
	if (looks[style].indent)
		format_set_indent(format, 1);
	if (looks[style].align)
		format_set_align(format, looks[style].align);
	if (looks[style].vertical)
		format_set_align(format, looks[style].vertical);
	if (looks[style].colour)
		format_set_font_color(format, looks[style].colour);
	if (looks[style].fill)
		format_set_bg_color(format, looks[style].fill);
	if (looks[style].border) {
		format_set_bottom(format, LXW_BORDER_THIN);
		format_set_bottom_color(format, 0xb6c2d1);
	}
	return format;
}

struct bm_book *bm_book_open(const char *path, const char *title, int64_t made)
{
	struct bm_book *const book = bm_zalloc(1, sizeof *book);
	const char *const slash = strrchr(path, '/');
	bm_text_add(&book->folder,
		    slash ? (struct bm_bytes){(const uint8_t *)path, (size_t)(slash - path) + 1}
			  : BM_BYTES("."));
	bm_text_byte(&book->folder, 0);
	lxw_workbook_options options = {.tmpdir = (char *)book->folder.data};
	book->workbook = workbook_new_opt(path, &options);
	if (book->workbook == NULL)
		bm_out_of_memory(sizeof *book->workbook);
	lxw_doc_properties properties = {.title = (char *)title, .created = (time_t)made};
	workbook_set_properties(book->workbook, &properties);
	for (unsigned i = 0; i < BM_BOOK_STYLE_COUNT; i++)
		book->formats[i] = format_make(book->workbook, (enum bm_book_style)i);
	return book;
}

enum bm_err bm_book_close(struct bm_book *book, const char *target)
{
	const lxw_error error = workbook_close(book->workbook);
	if (error)
		bm_say(target, "the workbook cannot be written: %s (is there room beside it?)",
		       lxw_strerror(error));
	bm_text_dispose(&book->folder);
	bm_text_dispose(&book->scratch);
	bm_text_dispose(&book->clean);
	bm_free(book);
	return error ? BM_WRITE : BM_OK;
}

/* --- sheets --- */

void bm_book_sheet(struct bm_book *book, const char *name)
{
	book->sheet = workbook_add_worksheet(book->workbook, name);
	if (book->sheet == NULL)
		bm_out_of_memory(sizeof *book->sheet);
}

void bm_book_name(struct bm_text *out, struct bm_bytes wish, size_t limit)
{
	struct bm_text clean = {0};
	bm_text_clean(&clean, wish, 0);
	size_t used = 0;
	for (size_t at = 0; at < clean.size;) {
		const uint8_t lead = clean.data[at];
		const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
		if ((used += size == 4 ? 2 : 1) > limit)
			break;
		if (lead < 0x80 && strchr("[]:*?/\\'", lead))
			bm_text_byte(out, '-');
		else
			bm_text_add(out, (struct bm_bytes){clean.data + at, size});
		at += size;
	}
	bm_text_byte(out, 0);
	bm_text_dispose(&clean);
}

void bm_book_width(struct bm_book *book, uint16_t first, uint16_t last, double width)
{
	worksheet_set_column(book->sheet, first, last, width, NULL);
}

void bm_book_height(struct bm_book *book, uint32_t row, double points)
{
	worksheet_set_row(book->sheet, row, points, NULL);
}

void bm_book_print(struct bm_book *book, uint32_t repeat)
{
	enum { PAPER_A4 = 9 };
	worksheet_set_landscape(book->sheet);
	worksheet_set_paper(book->sheet, PAPER_A4);
	worksheet_fit_to_pages(book->sheet, 1, 0);
	worksheet_set_margins(book->sheet, 0.4, 0.4, 0.45, 0.55);
	worksheet_set_footer(book->sheet, "&L&8&A&R&8&P / &N");
	if (repeat > 0)
		worksheet_repeat_rows(book->sheet, 0, repeat);
}

void bm_book_plain(struct bm_book *book)
{
	worksheet_gridlines(book->sheet, LXW_HIDE_ALL_GRIDLINES);
}

void bm_book_break(struct bm_book *book, uint32_t row)
{
	worksheet_set_h_pagebreaks(book->sheet, (lxw_row_t[]){row, 0});
}

/* --- cells --- */

/* escaped - does `_xHHHH_` stand here, which spreadsheets decode */
static bool escaped(struct bm_bytes text, size_t at)
{
	if (text.size - at < 7 || text.data[at + 1] != 'x' || text.data[at + 6] != '_')
		return false;
	for (size_t i = at + 2; i < at + 6; i++) {
		const uint8_t byte = bm_lower(text.data[i]);
		if (!bm_is_digit(byte) && (byte < 'a' || byte > 'f'))
			return false;
	}
	return true;
}

void bm_book_escape(struct bm_text *out, struct bm_bytes clean)
{
	size_t done = 0, room = BM_BOOK_TEXT_MAX - clean.size;
	for (size_t at = 0; (at = bm_bytes_find(clean, at, '_')) < clean.size; at++) {
		if (!escaped(clean, at) || room < 6)
			continue;
		bm_text_add(out, (struct bm_bytes){clean.data + done, at - done});
		bm_text_add(out, BM_BYTES("_x005F"));
		room -= 6;
		done = at;
	}
	bm_text_add(out, bm_bytes_from(clean, done));
}

/* string - a text of the world as the library wants it; valid until the next one */
static const char *string(struct bm_book *book, struct bm_bytes text)
{
	enum { BYTES_MAX = 32000 };
	book->clean.size = book->scratch.size = 0;
	bm_text_clean(&book->clean, text, BYTES_MAX);
	bm_book_escape(&book->scratch, (struct bm_bytes){book->clean.data, book->clean.size});
	bm_text_byte(&book->scratch, 0);
	return (const char *)book->scratch.data;
}

void bm_book_text(struct bm_book *book, uint32_t row, uint16_t column, enum bm_book_style style,
		  struct bm_bytes text)
{
	worksheet_write_string(book->sheet, row, column, string(book, text), book->formats[style]);
}

void bm_book_number(struct bm_book *book, uint32_t row, uint16_t column, enum bm_book_style style,
		    double number)
{
	worksheet_write_number(book->sheet, row, column, number, book->formats[style]);
}

void bm_book_blank(struct bm_book *book, uint32_t row, uint16_t column, enum bm_book_style style)
{
	worksheet_write_blank(book->sheet, row, column, book->formats[style]);
}

void bm_book_wide(struct bm_book *book, uint32_t row, uint16_t column, uint16_t last_column,
		  enum bm_book_style style, struct bm_bytes text)
{
	worksheet_merge_range(book->sheet, row, column, row, last_column, "", book->formats[style]);
	bm_book_text(book, row, column, style, text);
}

void bm_book_wide_number(struct bm_book *book, uint32_t row, uint16_t column, uint16_t last_column,
			 enum bm_book_style style, double number)
{
	worksheet_merge_range(book->sheet, row, column, row, last_column, "", book->formats[style]);
	bm_book_number(book, row, column, style, number);
}

void bm_book_link(struct bm_book *book, uint32_t row, uint16_t column, const char *sheet)
{
	struct bm_text place = {0};
	bm_text_format(&place, "internal:'%s'!A1", sheet);
	bm_text_byte(&place, 0);
	worksheet_write_url_opt(book->sheet, row, column, (const char *)place.data,
				book->formats[BM_BOOK_LINK], sheet, NULL);
	bm_text_dispose(&place);
}

/* --- tables --- */

void bm_book_rule(struct bm_book *book, struct bm_book_range range, enum bm_book_rule rule)
{
	/* At 2 % of bounces a sender is watched, at 5 % in trouble, at 20 % blocked.  No bars: those
	 * that begin at nothing want formulas. */
	static const struct {
		double values[3];
		uint32_t colours[3];
	} scales[] = {
		[BM_BOOK_PART] = {{0, 0.1, 0.5}, {0xffffff, 0xdbe8f6, 0x8fb9e3}},
		[BM_BOOK_LESS] = {{0.02, 0.05, 0.2}, {0xffffff, 0xfdebc8, 0xf5b7b1}},
		[BM_BOOK_MORE] = {{0.8, 0.95, 0.98}, {0xf5b7b1, 0xfdebc8, 0xffffff}},
		[BM_BOOK_CHANGE] = {{-0.5, 0, 1}, {0xb7e1cd, 0xffffff, 0xf5b7b1}},
	};
	lxw_conditional_format format = {.type = LXW_CONDITIONAL_3_COLOR_SCALE,
					 .min_rule_type = LXW_CONDITIONAL_RULE_TYPE_NUMBER,
					 .mid_rule_type = LXW_CONDITIONAL_RULE_TYPE_NUMBER,
					 .max_rule_type = LXW_CONDITIONAL_RULE_TYPE_NUMBER,
					 .min_value = scales[rule].values[0],
					 .mid_value = scales[rule].values[1],
					 .max_value = scales[rule].values[2],
					 .min_color = scales[rule].colours[0],
					 .mid_color = scales[rule].colours[1],
					 .max_color = scales[rule].colours[2]};
	worksheet_conditional_format_range(book->sheet, range.row, range.column, range.last_row,
					   range.last_column, &format);
}

void bm_book_table(struct bm_book *book, struct bm_book_range range, const char *name,
		   const struct bm_column *columns)
{
	lxw_table_column list[BM_COLUMNS_MAX] = {0}, *pointers[BM_COLUMNS_MAX + 1] = {0};
	for (unsigned i = 0; i <= (unsigned)(range.last_column - range.column); i++) {
		list[i].header = (char *)columns[i].name;
		list[i].header_format = book->formats[BM_BOOK_KEY];
		pointers[i] = &list[i];
	}
	lxw_table_options options = {.name = (char *)name,
				     .columns = pointers,
				     .style_type = LXW_TABLE_STYLE_TYPE_LIGHT,
				     .style_type_number = 1};
	worksheet_add_table(book->sheet, range.row, range.column, range.last_row, range.last_column,
			    &options);
	worksheet_freeze_panes(book->sheet, range.row + 1, 0);
}

/* --- charts --- */

/* font - of a chart's text */
static lxw_chart_font font(double size, bool bold)
{
	return (lxw_chart_font){
		.size = size, .bold = bold ? LXW_TRUE : LXW_EXPLICIT_FALSE, .color = 0x374151};
}

/* type_of - what the library calls a kind of chart */
static uint8_t type_of(const struct bm_chart *chart)
{
	switch (chart->kind) {
	case BM_CHART_COLUMNS:
		return LXW_CHART_COLUMN_STACKED;
	case BM_CHART_LINE:
		return LXW_CHART_LINE;
	case BM_CHART_SHARES:
		return LXW_CHART_DOUGHNUT;
	case BM_CHART_BARS:
		break;
	}
	return chart->beside ? LXW_CHART_BAR : LXW_CHART_BAR_STACKED;
}

/* add_points - a colour each for the parts of a whole, and its share where there is room for it */
static void add_points(lxw_chart_series *series, const struct bm_chart *chart)
{
	enum { POINTS_MAX = 64 };
	lxw_chart_fill fills[POINTS_MAX] = {0};
	lxw_chart_point points[POINTS_MAX] = {0}, *pointers[POINTS_MAX + 1] = {0};
	lxw_chart_data_label labels[POINTS_MAX] = {0}, *label_pointers[POINTS_MAX + 1] = {0};
	lxw_chart_font white = {.size = 9, .bold = LXW_TRUE, .color = 0xffffff};
	double whole = 0;
	for (size_t i = 0; i < chart->label_count; i++)
		whole += chart->series[0].values[i];
	for (size_t i = 0; i < chart->label_count && i < POINTS_MAX; i++) {
		fills[i].color = chart->label_colours[i];
		points[i].fill = &fills[i];
		pointers[i] = &points[i];
		labels[i].hide = chart->series[0].values[i] < whole * 0.05;
		label_pointers[i] = &labels[i];
	}
	chart_series_set_points(series, pointers);
	chart_series_set_labels_custom(series, label_pointers); /* switches values on */
	chart_series_set_labels_options(series, LXW_FALSE, LXW_FALSE, LXW_FALSE);
	chart_series_set_labels_percentage(series);
	chart_series_set_labels_font(series, &white);
}

/* add_series - one series, its numbers in a column of the sheet of data */
static void add_series(lxw_chart *to, const struct bm_chart *chart, size_t index, const char *data,
		       uint16_t column)
{
	enum { POINTS_TO_SEE = 31 }; /* more of them are a line */
	const uint16_t at = (uint16_t)(column + 1 + index);
	const uint32_t last = 1 + (uint32_t)chart->label_count;
	lxw_chart_series *const series = chart_add_series(to, NULL, NULL);
	chart_series_set_categories(series, data, 2, column, last, column);
	chart_series_set_values(series, data, 2, at, last, at);
	chart_series_set_name_range(series, data, 1, at);
	const uint32_t colour = chart->series[index].colour;
	if (chart->kind == BM_CHART_LINE) {
		chart_series_set_line(series, &(lxw_chart_line){.color = colour, .width = 1.75});
		chart_series_set_marker_type(series, chart->label_count <= POINTS_TO_SEE
							     ? LXW_CHART_MARKER_CIRCLE
							     : LXW_CHART_MARKER_NONE);
		chart_series_set_marker_size(series, 4);
		chart_series_set_marker_fill(series, &(lxw_chart_fill){.color = colour});
		chart_series_set_marker_line(series, &(lxw_chart_line){.color = colour});
	} else if (chart->label_colours) {
		add_points(series, chart);
	} else {
		chart_series_set_fill(series, &(lxw_chart_fill){.color = colour});
	}
}

/* least - the least value of a chart of shares, rounded down to a tenth: what varies between 0.97
 * and 0.99 shall be seen to vary */
static double least(const struct bm_chart *chart)
{
	double value = 1;
	for (size_t i = 0; i < chart->series_count; i++)
		for (size_t place = 0; place < chart->label_count; place++)
			if (chart->series[i].values[place] < value)
				value = chart->series[i].values[place];
	const double floored = floor(value * 10) / 10;
	return floored < 1 ? floored : 0.9;
}

/* set_labels_axis - labels that do not run into each other; the first bar on top */
static void set_labels_axis(lxw_chart_axis *axis, const struct bm_chart *chart, unsigned width)
{
	enum { LABEL_PIXELS = 88 };
	const size_t fitting = width / LABEL_PIXELS;
	lxw_chart_font small = font(9, false);
	chart_axis_set_num_font(axis, &small);
	if (chart->periods) {
		const uint16_t step = (uint16_t)((chart->label_count + fitting - 1) / fitting);
		chart_axis_set_interval_unit(axis, step);
		chart_axis_set_interval_tick(axis, step);
	}
	if (chart->kind == BM_CHART_BARS) {
		chart_axis_set_reverse(axis);
		chart_axis_set_crossing_max(axis); /* keeps the values below */
	}
}

/* set_values_axis - values in the chart's unit */
static void set_values_axis(lxw_chart_axis *axis, const struct bm_chart *chart)
{
	lxw_chart_font small = font(9, false);
	lxw_chart_line faint = {.color = 0xe1e5ea, .width = 0.75};
	chart_axis_set_num_font(axis, &small);
	chart_axis_set_num_format(axis, chart->share ? "0%" : "#,##0");
	chart_axis_major_gridlines_set_visible(axis, LXW_TRUE);
	chart_axis_major_gridlines_set_line(axis, &faint);
	if (chart->kind != BM_CHART_BARS) { /* which need the room for their labels */
		chart_axis_set_name(axis, chart->unit);
		chart_axis_set_name_font(axis, &small);
	}
	if (chart->share) {
		chart_axis_set_min(axis, least(chart));
		chart_axis_set_max(axis, 1);
	}
}

/* set_axes - those of bars lie the other way round */
static void set_axes(lxw_chart *to, const struct bm_chart *chart, unsigned width)
{
	const bool lying = chart->kind == BM_CHART_BARS;
	lxw_chart_axis *const labels = lying ? to->y_axis : to->x_axis;
	chart_axis_major_gridlines_set_visible(labels, LXW_FALSE);
	set_labels_axis(labels, chart, width);
	set_values_axis(lying ? to->x_axis : to->y_axis, chart);
}

void bm_book_chart(struct bm_book *book, uint32_t row, uint16_t at, unsigned width, unsigned height,
		   const struct bm_chart *chart, const char *data, uint16_t column)
{
	enum { USUAL_WIDTH = 480, USUAL_HEIGHT = 288 };
	lxw_chart *const to = workbook_add_chart(book->workbook, type_of(chart));
	lxw_chart_font title = font(12, true), small = font(9, false);
	chart_title_set_name(to, chart->title);
	chart_title_set_name_font(to, &title);
	chart_legend_set_font(to, &small);
	for (size_t i = 0; i < chart->series_count; i++)
		add_series(to, chart, i, data, column);
	if (chart->kind != BM_CHART_SHARES)
		set_axes(to, chart, width);
	if (chart->kind == BM_CHART_COLUMNS || chart->kind == BM_CHART_BARS)
		chart_set_series_gap(to, 35);
	if (chart->kind == BM_CHART_SHARES)
		chart_legend_set_position(to, LXW_CHART_LEGEND_RIGHT);
	else if (chart->series_count == 1)
		chart_legend_set_position(to, LXW_CHART_LEGEND_NONE);
	else
		chart_legend_set_position(to, LXW_CHART_LEGEND_BOTTOM);
	lxw_chart_options options = {.x_scale = (double)width / USUAL_WIDTH,
				     .y_scale = (double)height / USUAL_HEIGHT,
				     .x_offset = 2,
				     .y_offset = 4,
				     .object_position = LXW_OBJECT_MOVE_DONT_SIZE,
				     .description = (char *)chart->title};
	worksheet_insert_chart_opt(book->sheet, row, at, to, &options);
}
