/* test_xlsx.c - the workbook: containers that can be read back, dates that spreadsheets can hold, text
 * that stays text, tables longer than a sheet, and a Chinese title for everything.
 *
 * That a workbook says what the CSV says is checked on whole runs by run_workbook.sh.
 */
#include "bouncemill/deflate.h"
#include "bouncemill/registry.h"
#include "bouncemill/words.h"
#include "formats/writers/book.h"
#include "formats/writers/sheetdata.h"
#include "formats/writers/zip.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct bm_writer bm_writer_xlsx;

/* --- zip --- */

static void temporary(char path[64])
{
	snprintf(path, 64, "/tmp/bouncemill-test-XXXXXX");
	const int file = mkstemp(path);
	cr_assert_geq(file, 0);
	close(file);
}

/* add - a piece of a member */
static void add(struct bm_zip_writer *writer, const char *text, bool last)
{
	struct bm_text deflated = {0};
	const struct bm_bytes run = bm_bytes_of(text);
	bm_deflate(&deflated, run, last);
	bm_zip_add(writer, (struct bm_bytes){deflated.data, deflated.size}, run.size,
		   bm_crc32(run));
	bm_text_dispose(&deflated);
}

static void expect_member(const struct bm_zip_member *member, const char *name, const char *text)
{
	struct bm_text content = {0};
	cr_expect(bm_bytes_equal(member->name, bm_bytes_of(name)));
	cr_expect(bm_zip_content(member, &content), "%s", name);
	cr_expect(bm_bytes_equal((struct bm_bytes){content.data, content.size}, bm_bytes_of(text)),
		  "%s: %.*s", name, (int)content.size, (const char *)content.data);
	bm_text_dispose(&content);
}

Test(zip, what_is_written_in_pieces_is_read_back_whole)
{
	char path[64], command[128];
	struct bm_zip zip;
	temporary(path);
	struct bm_zip_writer *const writer = bm_zip_create(path);
	cr_assert_not_null(writer);
	bm_zip_start(writer, BM_BYTES("a/one"));
	add(writer, "all work and no play, ", false);
	add(writer, "", false);
	add(writer, "all work and no play", false);
	add(writer, "", true);
	bm_zip_start(writer, BM_BYTES("two"));
	add(writer, "short", true);
	cr_assert_eq(bm_zip_end(writer), 0);
	cr_assert(bm_zip_read(&zip, path));
	cr_assert_eq(zip.count, 2);
	expect_member(&zip.members[0], "a/one", "all work and no play, all work and no play");
	expect_member(&zip.members[1], "two", "short");
	bm_zip_dispose(&zip);
	snprintf(command, sizeof command, "python3 -m zipfile -t %s >/dev/null", path);
	cr_expect_eq(system(command), 0);
	unlink(path);
}

/* However it is cut or changed, reading says so and never reads beyond. */
Test(zip, damage_is_noticed)
{
	char path[64];
	struct bm_zip zip;
	temporary(path);
	struct bm_zip_writer *const writer = bm_zip_create(path);
	bm_zip_start(writer, BM_BYTES("one"));
	add(writer, "some text that is worth a checksum", true);
	cr_assert_eq(bm_zip_end(writer), 0);
	cr_assert(bm_zip_read(&zip, path));
	const size_t size = zip.bytes.size;
	struct bm_text whole = zip.bytes;
	for (size_t i = 0; i < 2 * size; i++) {
		FILE *const file = fopen(path, "wb");
		const size_t at = i % size;
		whole.data[at] ^= i < size ? 0 : 0x41;
		cr_assert_eq(fwrite(whole.data, 1, i < size ? at : size, file),
			     i < size ? at : size);
		fclose(file);
		whole.data[at] ^= i < size ? 0 : 0x41;
		struct bm_zip other;
		struct bm_text content = {0};
		const bool read = bm_zip_read(&other, path);
		if (i < size)
			cr_expect_not(read, "cut at %zu", at);
		for (size_t k = 0; read && k < other.count; k++)
			if (bm_zip_content(&other.members[k], &content))
				cr_expect_eq(content.size, 34);
		bm_text_dispose(&content);
		bm_zip_dispose(&other);
	}
	bm_zip_dispose(&zip);
	unlink(path);
}

/* --- rows --- */

static struct bm_value values[2];

static void value_row(const void *rows, size_t index, struct bm_value *to)
{
	(void)rows, (void)index;
	memcpy(to, values, sizeof values);
}

/* expect_cell - what a value of a kind becomes, from its style to its end */
static void expect_cell(enum bm_kind kind, enum bm_bucket bucket, struct bm_value value,
			const char *want)
{
	const struct bm_column columns[] = {{"before", BM_KIND_INT}, {"it", kind}};
	const struct bm_table table = {
		.name = "one", .columns = columns, .column_count = 2, .row = value_row};
	const struct bm_view view = {.bucket = bucket, .lang = "en"};
	const struct bm_sheetdata data = {
		.view = &view, .table = &table, .style = {3, 4}, .above = 3};
	struct bm_text text = {0}, whole = {0};
	values[0] = (struct bm_value){.integer = 7};
	values[1] = value;
	bm_sheetdata_add(&text, &data, 0, 0, 1);
	bm_text_format(&whole, "<row r=\"4\"><c r=\"A4\" s=\"3\"><v>7</v></c>%s</row>", want);
	cr_expect(bm_bytes_equal((struct bm_bytes){text.data, text.size},
				 (struct bm_bytes){whole.data, whole.size}),
		  "%.*s", (int)text.size, (const char *)text.data);
	bm_text_dispose(&text);
	bm_text_dispose(&whole);
}

static void expect_text(struct bm_bytes text, const char *want)
{
	expect_cell(BM_KIND_TEXT, BM_BUCKET_DAY, (struct bm_value){.text = text}, want);
}

#define INLINE(text) "<c r=\"B4\" s=\"4\" t=\"inlineStr\"><is><t>" text "</t></is></c>"
#define CAREFUL(text)                                                                              \
	"<c r=\"B4\" s=\"4\" t=\"inlineStr\"><is><t xml:space=\"preserve\">" text "</t></is></c>"
#define NUMBER(text) "<c r=\"B4\" s=\"4\"><v>" text "</v></c>"

Test(sheetdata, text_stays_text)
{
	expect_text(BM_BYTES("mx.example"), INLINE("mx.example"));
	expect_text(BM_BYTES(""), "");
	expect_text(BM_BYTES("=1+1"), INLINE("=1+1"));
	expect_text(BM_BYTES("a&b<c>\"d\""), CAREFUL("a&amp;b&lt;c&gt;\"d\""));
	expect_text(BM_BYTES(" a "), CAREFUL(" a "));
	expect_text(BM_BYTES("\x01]]>"), CAREFUL("\\x01]]&gt;"));
	expect_text(BM_BYTES("_x000D_"), CAREFUL("_x005F_x000D_"));
	expect_text(BM_BYTES("a_x0041_x0042_x00"), CAREFUL("a_x005F_x0041_x005F_x0042_x00"));
	expect_text(BM_BYTES("_dmarc._x00g1_"), CAREFUL("_dmarc._x00g1_"));
	expect_text(BM_BYTES("\xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda"), CAREFUL("用户不存在"));
}

Test(sheetdata, moments_are_days_where_they_can)
{
	const struct bm_value day = {.integer = 20454}; /* 2026-01-01 */
	expect_cell(BM_KIND_PERIOD, BM_BUCKET_DAY, day, NUMBER("46023"));
	expect_cell(BM_KIND_PERIOD, BM_BUCKET_MONTH, day, NUMBER("46023"));
	expect_cell(BM_KIND_PERIOD, BM_BUCKET_WEEK, (struct bm_value){.integer = 20451},
		    INLINE("2026-W01"));
	expect_cell(BM_KIND_PERIOD, BM_BUCKET_HOUR, (struct bm_value){.integer = 20454 * 24 + 6},
		    NUMBER("46023.25"));
	expect_cell(BM_KIND_TIME, BM_BUCKET_DAY,
		    (struct bm_value){.integer = bm_time_make(20454LL * 86400 + 43200, 480)},
		    NUMBER("46023.5"));
	expect_cell(BM_KIND_TIME, BM_BUCKET_DAY,
		    (struct bm_value){.integer = bm_time_make(20454LL * 86400 + 86399, 0)},
		    NUMBER("46023.9999884259"));
	expect_cell(BM_KIND_TIME, BM_BUCKET_DAY, (struct bm_value){.integer = bm_time_make(-1, 0)},
		    INLINE("1969-12-31T23:59:59+00:00"));
	expect_cell(BM_KIND_TIME, BM_BUCKET_DAY,
		    (struct bm_value){.integer = bm_time_make(253402300800, BM_OFFSET_UNKNOWN)},
		    INLINE("10000-01-01T00:00:00"));
	expect_cell(BM_KIND_SHARE, BM_BUCKET_DAY, (struct bm_value){.real = -1.0 / 3},
		    NUMBER("-0.333333"));
	expect_cell(BM_KIND_SECONDS, BM_BUCKET_DAY, (struct bm_value){.real = 2.5}, NUMBER("2.5"));
	expect_cell(BM_KIND_INT, BM_BUCKET_DAY, (struct bm_value){.empty = true}, "");
}

/* A cell ends where a spreadsheet's does, also when all of it would be escaped. */
Test(sheetdata, a_text_has_an_end)
{
	enum { TIMES = 20000 };
	struct bm_text text = {0}, clean = {0}, escaped = {0};
	for (int i = 0; i < TIMES; i++)
		bm_text_add(&text, BM_BYTES("_x0041_"));
	bm_text_clean(&clean, (struct bm_bytes){text.data, text.size}, 32000);
	bm_book_escape(&escaped, (struct bm_bytes){clean.data, clean.size});
	cr_expect_leq(escaped.size, BM_BOOK_TEXT_MAX);
	cr_expect_gt(escaped.size, clean.size);
	bm_text_dispose(&text);
	bm_text_dispose(&clean);
	bm_text_dispose(&escaped);
}

/* --- whole workbooks --- */

static unsigned one_by_one(unsigned threads, size_t count, void (*job)(void *context, size_t i),
			   void *context)
{
	for (size_t i = 0; i < count; i++)
		job(context, i);
	return threads;
}

static void counting_row(const void *rows, size_t index, struct bm_value *to)
{
	(void)rows;
	to[0] = (struct bm_value){.integer = (int64_t)index};
}

/* write_counting - a workbook of one table of so many rows, read back */
static void write_counting(struct bm_zip *zip, size_t count, const char *name, const char *lang,
			   unsigned threads)
{
	const struct bm_column column = {"count", BM_KIND_INT};
	const struct bm_table table = {.name = name,
				       .about = "Numbers.",
				       .columns = &column,
				       .column_count = 1,
				       .row = counting_row};
	const struct bm_view view = {.bucket = BM_BUCKET_DAY, .lang = lang};
	const struct bm_writer_options options = {0};
	const struct bm_sheet sheet = {&table, NULL, count};
	char path[64];
	temporary(path);
	const struct bm_document document = {.view = &view,
					     .options = &options,
					     .sheets = &sheet,
					     .sheet_count = 1,
					     .target = path,
					     .crew = &(struct bm_crew){threads, one_by_one}};
	cr_assert_eq(bm_writer_xlsx.document(path, &document), BM_OK);
	cr_assert(bm_zip_read(zip, path));
	unlink(path);
}

/* content - of a named member, ending in NUL; "" when there is none */
static struct bm_text content(const struct bm_zip *zip, const char *name)
{
	struct bm_text text = {0};
	for (size_t i = 0; i < zip->count; i++)
		if (bm_bytes_equal(zip->members[i].name, bm_bytes_of(name)))
			cr_assert(bm_zip_content(&zip->members[i], &text));
	bm_text_byte(&text, 0);
	return text;
}

static void expect_in(const struct bm_zip *zip, const char *name, const char *want)
{
	struct bm_text text = content(zip, name);
	cr_expect(strstr((const char *)text.data, want), "%s does not say %s", name, want);
	bm_text_dispose(&text);
}

Test(xlsx, a_table_longer_than_a_sheet_goes_on_in_the_next)
{
	struct bm_zip zip;
	write_counting(&zip, 1048573 + 5, "long", "en", 3);
	expect_in(&zip, "xl/workbook.xml", "<sheet name=\"long\"");
	expect_in(&zip, "xl/workbook.xml", "<sheet name=\"long (2)\"");
	expect_in(&zip, "xl/worksheets/sheet2.xml", "<dimension ref=\"A1:A1048576\"/>");
	expect_in(&zip, "xl/worksheets/sheet2.xml", "<row r=\"4\"><c r=\"A4\" s=\"");
	expect_in(&zip, "xl/worksheets/sheet2.xml", "<v>1048572</v></c></row></sheetData>");
	expect_in(&zip, "xl/worksheets/sheet3.xml", "<v>1048573</v>");
	expect_in(&zip, "xl/worksheets/sheet3.xml", "<v>1048577</v></c></row></sheetData>");
	expect_in(&zip, "xl/tables/table2.xml", "name=\"long_2\"");
	expect_in(&zip, "xl/tables/table2.xml", "ref=\"A3:A8\"");
	expect_in(&zip, "xl/sharedStrings.xml",
		  "Sheet 2 of 2: rows 1048574 to 1048578 of 1048578.");
	bm_zip_dispose(&zip);
}

Test(xlsx, no_rows_and_one_row)
{
	struct bm_zip zip;
	write_counting(&zip, 0, "none", "en", 1);
	expect_in(&zip, "xl/tables/table1.xml", "ref=\"A3:A4\"");
	struct bm_text text = content(&zip, "xl/worksheets/sheet2.xml");
	cr_expect_null(strstr((const char *)text.data, "<row r=\"4\""));
	bm_text_dispose(&text);
	bm_zip_dispose(&zip);
	write_counting(&zip, 1, "single", "en", 1);
	expect_in(&zip, "xl/worksheets/sheet2.xml", "<v>0</v></c></row></sheetData>");
	bm_zip_dispose(&zip);
}

Test(xlsx, names_of_sheets_are_such_as_sheets_may_have)
{
	struct bm_zip zip;
	struct bm_text name = {0};
	bm_book_name(&name, BM_BYTES("a[b]:c*d?e/f\\g'h and far too many letters"), 31);
	cr_expect_str_eq((const char *)name.data, "a-b--c-d-e-f-g-h and far too ma");
	bm_text_dispose(&name);
	write_counting(&zip, 1, "OVERVIEW", "en", 1);
	expect_in(&zip, "xl/workbook.xml", "<sheet name=\"OVERVIEW (2)\"");
	bm_zip_dispose(&zip);
	write_counting(&zip, 1, "domains", "zh", 1);
	expect_in(&zip, "xl/workbook.xml", "<sheet name=\"收件域名\"");
	expect_in(&zip, "xl/tables/table1.xml", "name=\"domains\"");
	bm_zip_dispose(&zip);
}

Test(xlsx, the_same_table_is_the_same_file)
{
	struct bm_zip one, other;
	write_counting(&one, 9000, "some", "en", 1);
	write_counting(&other, 9000, "some", "en", 5);
	cr_expect(bm_bytes_equal((struct bm_bytes){one.bytes.data, one.bytes.size},
				 (struct bm_bytes){other.bytes.data, other.bytes.size}));
	bm_zip_dispose(&one);
	bm_zip_dispose(&other);
}

/* --- words --- */

static void expect_chinese(const char *english, const char *of)
{
	cr_expect(english && bm_words(english, "zh") != english,
		  "formats/lang/zh.txt has no line \"%s\" (of table %s)",
		  english ? english : "(nothing)", of);
}

Test(title, every_table_and_column_has_a_chinese_one)
{
	const struct bm_table *table;
	for (size_t i = 0; (table = bm_registry_table(i)) != NULL; i++) {
		expect_chinese(table->name, table->name);
		expect_chinese(table->about, table->name);
		for (unsigned column = 0; column < table->column_count; column++)
			expect_chinese(table->columns[column].name, table->name);
	}
}
