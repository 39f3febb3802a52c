/* sqlite.c - a database of all tables, for questions in SQL: bouncemill.db, or -o NAME.db.
 *
 * Each table is a table of the same name, its rows in the order of every other format (ORDER BY
 * rowid), its numbers the same to the last digit, its periods and times the same texts; unknown is
 * NULL.  Texts are cleaned as everywhere but without the guard against formulas: nothing runs here.
 * `meta` says what was read, `columns` what each column is, and two views answer what is asked
 * first.
 *
 * Columns have types but the tables are not STRICT: readers before SQLite 3.37, which many servers
 * still have, could then read nothing at all.  Nor is the key a PRIMARY KEY: a period may be
 * unknown, and two domains that differ in a broken byte may be shown alike.  It is a unique index
 * instead - or, where two rows do look alike, a plain one: no row is ever lost to its key.
 *
 * The engine made the file, empty and private, syncs it and gives it its name.  So SQLite neither
 * syncs nor locks nor keeps a journal on disk; one transaction writes everything, indexes last.
 * What it sorts for an index beyond its cache lies in $TMPDIR, without a name.  The bytes depend on
 * the rows and the version of the library only.  No text ever becomes SQL: values are bound.
 */
#include "bouncemill/error.h"
#include "bouncemill/words.h"
#include "bouncemill/writer.h"

#include <errno.h>
#include <sqlite3.h>

#include "cells.h"
#include "overview.h"
#include "title.h"

/* SCHEMA_VERSION rises when tables that programs read mean something else; new ones do not count. */
enum { SCHEMA_VERSION = 1, APPLICATION_ID = 0x626d696c /* "bmil" */, PATH_BYTES_MAX = 511 };

/* A database being written. */
struct base {
	sqlite3 *db;
	const struct bm_document *document;
	struct bm_text sql; /* the statement being made */
};

/* complain - say why the database cannot be written; the error that means */
static enum bm_err complain(const struct base *base, int code)
{
	const char *const target = base->document->target;
	if (code == SQLITE_NOMEM) { /* there may be no db either */
		bm_say(target, "cannot be written: out of memory");
		return BM_MEMORY;
	}
	int why = 0;
	sqlite3_file_control(base->db, NULL, SQLITE_FCNTL_LAST_ERRNO, &why);
	if (code == SQLITE_FULL)
		bm_say(target, "cannot be written: %s", strerror(ENOSPC));
	else if (code == SQLITE_CANTOPEN)
		bm_say(target,
		       "cannot be written: SQLite does not open it (a path may have %d bytes)",
		       PATH_BYTES_MAX);
	else if (code == SQLITE_IOERR && why)
		bm_say(target, "cannot be written: %s", strerror(why));
	else
		bm_say(target, "cannot be written: %s", sqlite3_errmsg(base->db));
	return BM_WRITE;
}

/* judge - what a result code of SQLite means; a failure is said */
static enum bm_err judge(const struct base *base, int code)
{
	if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
		return BM_OK;
	return complain(base, code & 0xff);
}

static enum bm_err execute(const struct base *base, const char *sql)
{
	return judge(base, sqlite3_exec(base->db, sql, NULL, NULL, NULL));
}

/* finished - the statement in base->sql, as a string */
static const char *finished(struct base *base)
{
	bm_text_byte(&base->sql, 0);
	return (const char *)base->sql.data;
}

/* insert_of - an INSERT of so many values into a table, to be bound; *insert is NULL on failure */
static enum bm_err insert_of(struct base *base, const char *table, unsigned count,
			     sqlite3_stmt **insert)
{
	base->sql.size = 0;
	bm_text_format(&base->sql, "INSERT INTO \"%s\" VALUES (", table);
	for (unsigned i = 0; i < count; i++)
		bm_text_add(&base->sql, i ? BM_BYTES(", ?") : BM_BYTES("?"));
	bm_text_byte(&base->sql, ')');
	return judge(base, sqlite3_prepare_v2(base->db, finished(base), -1, insert, NULL));
}

/* put - insert the row that is bound */
static enum bm_err put(const struct base *base, sqlite3_stmt *insert)
{
	const enum bm_err err = judge(base, sqlite3_step(insert));
	return err == BM_OK ? judge(base, sqlite3_reset(insert)) : err;
}

/* --- tables --- */

/* How a kind is declared, and what its values look like. */
static const struct {
	const char *type, *form;
} kinds[] = {
	[BM_KIND_TEXT] = {"TEXT", "text"},   [BM_KIND_INT] = {"INTEGER", "count"},
	[BM_KIND_SHARE] = {"REAL", "share"}, [BM_KIND_SECONDS] = {"REAL", "seconds"},
	[BM_KIND_REAL] = {"REAL", "number"}, [BM_KIND_PERIOD] = {"TEXT", "period"},
	[BM_KIND_TIME] = {"TEXT", "time"},
};

/* declare - create a table; what it is stands in it as a comment, for `.schema` */
static enum bm_err declare(struct base *base, const struct bm_table *table)
{
	struct bm_text *const sql = &base->sql;
	sql->size = 0;
	bm_text_format(sql, "CREATE TABLE \"%s\" ( -- %s\n", table->name,
		       bm_words(table->about ? table->about : "", base->document->view->lang));
	for (unsigned i = 0; i < table->column_count; i++) {
		const struct bm_column *const column = &table->columns[i];
		bm_text_format(sql, "\t\"%s\" %s%s -- %s%s\n", column->name,
			       kinds[column->kind].type, i + 1 < table->column_count ? "," : "",
			       kinds[column->kind].form, i < table->key_count ? ", key" : "");
	}
	bm_text_byte(sql, ')');
	return execute(base, finished(base));
}

/* bind_text - bind text, which stays as it is until the row is put */
static int bind_text(sqlite3_stmt *insert, int place, const struct bm_text *text)
{
	/* Without an address it would be NULL, which is unknown and not empty. */
	return sqlite3_bind_text(insert, place, text->data ? (const char *)text->data : "",
				 (int)text->size, SQLITE_STATIC);
}

/* bind_value - bind one cell; cell holds its text until the row is put */
static int bind_value(sqlite3_stmt *insert, int place, enum bm_kind kind,
		      const struct bm_value *value, struct bm_cells_pen *pen, struct bm_text *cell)
{
	if (value->empty)
		return sqlite3_bind_null(insert, place);
	switch (kind) {
	case BM_KIND_INT:
		return sqlite3_bind_int64(insert, place, value->integer);
	case BM_KIND_SHARE:
	case BM_KIND_SECONDS:
	case BM_KIND_REAL:
		return sqlite3_bind_double(insert, place, bm_cells_real(kind, value));
	case BM_KIND_TEXT:
		cell->size = 0;
		bm_text_clean(cell, value->text, BM_CELL_TEXT_MAX);
		return bind_text(insert, place, cell);
	case BM_KIND_PERIOD:
	case BM_KIND_TIME:
		break;
	}
	cell->size = 0;
	uint8_t *const at = bm_text_room(cell, BM_CELL_BYTES_MAX);
	cell->size = (size_t)(bm_cells_value(pen, at, kind, value) - at);
	return bind_text(insert, place, cell);
}

/* A table being filled. */
struct filling {
	sqlite3_stmt *insert;
	const struct bm_sheet *sheet;
	struct bm_cells_pen pen;
	struct bm_text cells[BM_COLUMNS_MAX]; /* what is bound */
};

/* put_row - insert one row of a table */
static enum bm_err put_row(const struct base *base, struct filling *filling, size_t index)
{
	const struct bm_table *const table = filling->sheet->table;
	struct bm_value values[BM_COLUMNS_MAX];
	bm_sheet_row(filling->sheet, index, values);
	for (unsigned i = 0; i < table->column_count; i++)
		BM_TRY(judge(base, bind_value(filling->insert, (int)i + 1, table->columns[i].kind,
					      &values[i], &filling->pen, &filling->cells[i])));
	return put(base, filling->insert);
}

/* fill - insert all rows of a table */
static enum bm_err fill(struct base *base, const struct bm_sheet *sheet)
{
	struct filling filling = {.sheet = sheet, .pen = {.view = base->document->view}};
	const struct bm_table *const table = sheet->table;
	enum bm_err err = insert_of(base, table->name, table->column_count, &filling.insert);
	for (size_t i = 0; i < sheet->count && err == BM_OK; i++)
		err = put_row(base, &filling, i);
	sqlite3_finalize(filling.insert);
	for (unsigned i = 0; i < table->column_count; i++)
		bm_text_dispose(&filling.cells[i]);
	bm_cells_dispose_pen(&filling.pen);
	return err;
}

/* add_keys - append the names of a table's key columns, those that are periods or those that are not;
 * before is what stands before the next name */
static const char *add_keys(struct bm_text *sql, const struct bm_table *table, bool periods,
			    const char *before)
{
	for (unsigned i = 0; i < table->key_count; i++) {
		if ((table->columns[i].kind == BM_KIND_PERIOD) != periods)
			continue;
		bm_text_format(sql, "%s\"%s\"", before, table->columns[i].name);
		before = ", ";
	}
	return before;
}

/* create_key - the index of a table's key, unique if its rows are; SQLite's result.  Rows lie in the
 * order of periods already, and what is looked up is a domain or a category over time: so the
 * period comes last. */
static int create_key(struct base *base, const struct bm_table *table, bool unique)
{
	base->sql.size = 0;
	bm_text_format(&base->sql, "CREATE%s INDEX \"%s_key\" ON \"%s\" ", unique ? " UNIQUE" : "",
		       table->name, table->name);
	add_keys(&base->sql, table, true, add_keys(&base->sql, table, false, "("));
	bm_text_byte(&base->sql, ')');
	return sqlite3_exec(base->db, finished(base), NULL, NULL, NULL);
}

static enum bm_err write_table(struct base *base, const struct bm_sheet *sheet)
{
	BM_TRY(declare(base, sheet->table));
	BM_TRY(fill(base, sheet));
	if (sheet->table->key_count == 0)
		return BM_OK;
	int code = create_key(base, sheet->table, true);
	if (code == SQLITE_CONSTRAINT)
		code = create_key(base, sheet->table, false);
	return judge(base, code);
}

/* --- what describes them --- */

/* bind_words - bind a string that stays where it is */
static int bind_words(sqlite3_stmt *insert, int place, const char *words)
{
	return sqlite3_bind_text(insert, place, words, -1, SQLITE_STATIC);
}

/* A row of `meta`. */
struct fact {
	const char *key;
	const char *text; /* NULL = it is a number */
	uint64_t number;
};

/* put_fact - insert one row of `meta` */
static enum bm_err put_fact(const struct base *base, sqlite3_stmt *insert, const struct fact *fact)
{
	BM_TRY(judge(base, bind_words(insert, 1, fact->key)));
	if (fact->text)
		BM_TRY(judge(base, bind_words(insert, 2, fact->text)));
	else
		BM_TRY(judge(base, sqlite3_bind_int64(insert, 2, (int64_t)fact->number)));
	return put(base, insert);
}

/* write_meta - what the database is of: who made it, from what, and the sums of all tables */
static enum bm_err write_meta(struct base *base)
{
	static const char *const buckets[] = {"hour", "day", "week", "month"};
	const struct bm_view *const view = base->document->view;
	const struct bm_sheet *const totals = bm_sheet_of(base->document, "totals");
	const struct bm_sheet *const categories = bm_sheet_of(base->document, "categories");
	struct bm_overview all = {0};
	if (totals && categories)
		bm_overview_make(&all, view, totals, categories);
	const struct fact facts[] = {
		{"made_by", "bouncemill", 0},
		{"version", base->document->options->version, 0},
		{"schema_version", NULL, SCHEMA_VERSION},
		{"partial", NULL, view->partial},
		{"bucket", buckets[view->bucket], 0},
		{"lang", view->lang, 0},
		{"files", NULL, all.files},
		{"lines", NULL, all.lines},
		{"events", NULL, all.events},
		{"other", NULL, all.other},
		{"malformed", NULL, all.malformed_all},
		{"bytes", NULL, all.bytes},
		{"messages", NULL, all.messages},
		{"delivered", NULL, all.delivered},
		{"bounced", NULL, all.bounced},
		{"expired", NULL, all.expired},
		{"deferred", NULL, all.deferred},
		{"rejected", NULL, all.rejected},
		{"dsn_failed", NULL, all.returned},
		{"dsn_delayed", NULL, all.delayed},
		{"complaints", NULL, all.complaints},
	};
	sqlite3_stmt *insert;
	BM_TRY(execute(base, "CREATE TABLE meta ( -- What this report is of.\n"
			     "\tkey TEXT PRIMARY KEY,\n"
			     "\tvalue\n)"));
	enum bm_err err = insert_of(base, "meta", 2, &insert);
	for (size_t i = 0; i < sizeof facts / sizeof *facts && err == BM_OK; i++)
		err = put_fact(base, insert, &facts[i]);
	sqlite3_finalize(insert);
	return err;
}

/* put_column - insert one row of `columns`; title is room for one */
static enum bm_err put_column(const struct base *base, sqlite3_stmt *insert,
			      const struct bm_table *table, unsigned i, struct bm_text *title)
{
	const struct bm_column *const column = &table->columns[i];
	title->size = 0;
	bm_title_add(title, column->name, base->document->view->lang);
	BM_TRY(judge(base, bind_words(insert, 1, table->name)));
	BM_TRY(judge(base, sqlite3_bind_int64(insert, 2, i + 1)));
	BM_TRY(judge(base, bind_words(insert, 3, column->name)));
	BM_TRY(judge(base, bind_words(insert, 4, kinds[column->kind].form)));
	BM_TRY(judge(base, sqlite3_bind_int64(insert, 5, i < table->key_count)));
	BM_TRY(judge(base, bind_text(insert, 6, title)));
	return put(base, insert);
}

/* write_columns - what the columns of all tables are */
static enum bm_err write_columns(struct base *base)
{
	const struct bm_document *const document = base->document;
	struct bm_text title = {0};
	sqlite3_stmt *insert;
	BM_TRY(execute(
		base,
		"CREATE TABLE columns ( -- What the columns of the other tables are.\n"
		"\ttable_name TEXT,\n"
		"\tplace INTEGER, -- from 1\n"
		"\tcolumn_name TEXT,\n"
		"\tform TEXT, -- text, count, share (of 1), seconds, period, time (RFC 3339)\n"
		"\tis_key INTEGER,\n"
		"\ttitle TEXT,\n"
		"\tPRIMARY KEY (table_name, place)\n)"));
	enum bm_err err = insert_of(base, "columns", 6, &insert);
	for (size_t i = 0; i < document->sheet_count; i++)
		for (unsigned j = 0; j < document->sheets[i].table->column_count; j++)
			if (err == BM_OK)
				err = put_column(base, insert, document->sheets[i].table, j,
						 &title);
	sqlite3_finalize(insert);
	bm_text_dispose(&title);
	return err;
}

/* What is asked first. */
static const char views[] =
	"CREATE VIEW worst_domains AS -- Domains that mail fails at, most failures first.\n"
	"\tSELECT domain, provider, bounced + expired AS failures, recipients, bounce_rate,\n"
	"\t\ttop_category, last_seen\n"
	"\tFROM domains WHERE bounced + expired > 0\n"
	"\tORDER BY failures DESC, domain;\n"
	"CREATE VIEW causes AS -- Why mail fails at each provider, and what to do about it.\n"
	"\tSELECT provider, category, cube.fault, severity,\n"
	"\t\tsum(cube.bounced + cube.expired) AS failures, sum(cube.deferred) AS deferred,\n"
	"\t\tcount(DISTINCT domain) AS domains, prescription\n"
	"\tFROM cube JOIN categories USING (category)\n"
	"\tWHERE cube.bounced + cube.expired + cube.deferred > 0\n"
	"\tGROUP BY provider, category\n"
	"\tORDER BY failures DESC, deferred DESC, provider, category;\n";

/* --- the file --- */

/* The engine syncs; a failed statement (create_key) can be taken back; what could be left in a page
 * is cleared, so that the same rows are the same bytes. */
static const char settings[] = "PRAGMA synchronous = OFF;\n"
			       "PRAGMA journal_mode = MEMORY;\n"
			       "PRAGMA secure_delete = ON;\n"
			       "PRAGMA auto_vacuum = NONE;\n"
			       "PRAGMA page_size = 8192;\n"
			       "PRAGMA cache_size = -32768;\n"; /* KiB */

static enum bm_err write_all(struct base *base)
{
	const struct bm_document *const document = base->document;
	BM_TRY(execute(base, settings));
	base->sql.size = 0;
	bm_text_format(&base->sql, "BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d;",
		       APPLICATION_ID, SCHEMA_VERSION);
	BM_TRY(execute(base, finished(base)));
	BM_TRY(write_meta(base));
	BM_TRY(write_columns(base));
	for (size_t i = 0; i < document->sheet_count; i++)
		BM_TRY(write_table(base, &document->sheets[i]));
	BM_TRY(execute(base, views));
	return execute(base, "COMMIT");
}

static enum bm_err sqlite_document(const char *path, const struct bm_document *document)
{
	struct base base = {.document = document};
	/* A name that begins with `file:` would be taken for a URI.  Nobody else knows the file: no
	 * lock, which not every network file system has. */
	bm_text_format(&base.sql, "%s%s", *path == '/' ? "" : "./", path);
	const int code = sqlite3_open_v2(finished(&base), &base.db,
					 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, "unix-none");
	enum bm_err err = judge(&base, code);
	if (err == BM_OK)
		err = write_all(&base);
	const int closed = sqlite3_close(base.db);
	if (err == BM_OK)
		err = judge(&base, closed);
	bm_text_dispose(&base.sql);
	return err;
}

const struct bm_writer bm_writer_sqlite = {
	.name = "sqlite",
	.suffix = ".db",
	.document_name = "bouncemill.db",
	.document = sqlite_document,
};
