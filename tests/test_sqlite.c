/* test_sqlite.c - a database takes whatever a table holds: texts that would be SQL, bytes that are no
 * text, keys that look alike.  That it says what the CSV says is run_formats.sh's to show.
 */
#include "bouncemill/writer.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct bm_writer bm_writer_sqlite;

static const struct bm_bytes payloads[] = {
	BM_BYTES("'); DROP TABLE meta; --"),
	BM_BYTES("\"; ATTACH 'x' AS y; --"),
	BM_BYTES("=1+1"),
	BM_BYTES("a\0b"),
	BM_BYTES("\xff\xfe\xc0\xaf"),
	BM_BYTES("\xed\xa0\x80"),
	BM_BYTES("\xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda"),
	BM_BYTES("a\nb\r\n\x1b[2J"),
	BM_BYTES("1e5"),
	BM_BYTES("007"),
	BM_BYTES("?1 :a @b $c"),
	BM_BYTES(""),
};
enum { PAYLOAD_COUNT = sizeof payloads / sizeof *payloads };

/* A word that SQL keeps for itself is as good a name as any. */
static const struct bm_column columns[] = {
	{"select", BM_KIND_TEXT}, {"order", BM_KIND_INT},      {"share", BM_KIND_SHARE},
	{"time", BM_KIND_TIME},   {"unknown", BM_KIND_PERIOD},
};

static void payload_row(const void *rows, size_t index, struct bm_value *values)
{
	(void)rows;
	values[0] = (struct bm_value){.text = payloads[index % PAYLOAD_COUNT]};
	values[1] = (struct bm_value){.integer = INT64_MIN + (int64_t)index};
	values[2] = (struct bm_value){.real = (double)index / 3};
	values[3] = (struct bm_value){.integer = bm_time_make(1700000000, 480)};
	values[4] = (struct bm_value){.empty = true};
}

static const struct bm_table table = {
	.name = "group",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.key_count = 1,
	.row = payload_row,
};

/* written - a database of so many rows of the table, opened; close it, path is removed */
static sqlite3 *written(const struct bm_table *of, size_t count)
{
	static const struct bm_view view = {.bucket = BM_BUCKET_DAY, .lang = "en"};
	static const struct bm_writer_options options = {.version = "1"};
	const struct bm_sheet sheet = {of, NULL, count};
	char path[] = "/tmp/bouncemill-test-XXXXXX";
	const int file = mkstemp(path);
	cr_assert_geq(file, 0);
	close(file);
	const struct bm_document document = {.view = &view,
					     .options = &options,
					     .sheets = &sheet,
					     .sheet_count = 1,
					     .target = path};
	cr_assert_eq(bm_writer_sqlite.document(path, &document), BM_OK);
	sqlite3 *db;
	cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	unlink(path);
	return db;
}

/* number - what a query of one number answers */
static int64_t number(sqlite3 *db, const char *query)
{
	sqlite3_stmt *statement;
	cr_assert_eq(sqlite3_prepare_v2(db, query, -1, &statement, NULL), SQLITE_OK, "%s",
		     sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	const int64_t answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return answer;
}

Test(sqlite, texts_are_values_and_clean)
{
	sqlite3 *const db = written(&table, PAYLOAD_COUNT);
	sqlite3_stmt *rows;
	cr_assert_eq(sqlite3_prepare_v2(db, "SELECT \"select\" FROM \"group\" ORDER BY rowid", -1,
					&rows, NULL),
		     SQLITE_OK);
	for (size_t i = 0; i < PAYLOAD_COUNT; i++) {
		struct bm_text want = {0};
		bm_text_clean(&want, payloads[i], 0);
		cr_assert_eq(sqlite3_step(rows), SQLITE_ROW);
		cr_expect_eq(sqlite3_column_type(rows, 0), SQLITE_TEXT, "row %zu", i);
		const uint8_t *const have = sqlite3_column_text(rows, 0);
		cr_expect(bm_bytes_equal(
				  (struct bm_bytes){want.data, want.size},
				  (struct bm_bytes){have, (size_t)sqlite3_column_bytes(rows, 0)}),
			  "row %zu: %s", i, have);
		bm_text_dispose(&want);
	}
	cr_expect_eq(sqlite3_step(rows), SQLITE_DONE);
	sqlite3_finalize(rows);
	sqlite3_close(db);
}

Test(sqlite, numbers_and_times_are_those_of_the_digits)
{
	sqlite3 *const db = written(&table, 3);
	cr_expect_eq(number(db, "SELECT \"order\" FROM \"group\" WHERE rowid = 3"), INT64_MIN + 2);
	cr_expect_eq(number(db, "SELECT count(*) FROM \"group\" WHERE share = 0.666667"), 1);
	cr_expect_eq(number(db, "SELECT count(*) FROM \"group\" WHERE typeof(share) = 'real'"), 3);
	cr_expect_eq(number(db, "SELECT count(*) FROM \"group\" WHERE unknown IS NULL AND "
				"time = '2023-11-14T22:13:20+08:00'"),
		     3);
	sqlite3_close(db);
}

Test(sqlite, a_key_is_unique_unless_two_look_alike)
{
	static const char unique[] = "SELECT \"unique\" FROM pragma_index_list('group')";
	static const char rows[] = "SELECT count(*) FROM \"group\"";
	sqlite3 *db = written(&table, PAYLOAD_COUNT);
	cr_expect_eq(number(db, unique), 1);
	sqlite3_close(db);
	/* The index that failed is taken back whole. */
	db = written(&table, 1000 * PAYLOAD_COUNT);
	cr_expect_eq(number(db, unique), 0);
	cr_expect_eq(number(db, rows), 1000 * PAYLOAD_COUNT);
	cr_expect_eq(number(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	sqlite3_close(db);
	struct bm_table keyless = table;
	keyless.key_count = 0;
	db = written(&keyless, 2);
	cr_expect_eq(number(db, "SELECT count(*) FROM pragma_index_list('group')"), 0);
	sqlite3_close(db);
}

Test(sqlite, an_empty_table_is_one)
{
	sqlite3 *const db = written(&table, 0);
	cr_expect_eq(number(db, "SELECT count(*) FROM \"group\""), 0);
	cr_expect_eq(number(db, "SELECT count(*) FROM columns WHERE table_name = 'group'"),
		     (int64_t)table.column_count);
	sqlite3_close(db);
}
