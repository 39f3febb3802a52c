/* json.c - RFC 8259 JSON: one object a row, one row a line.
 *
 * Shares, seconds and counts are numbers, periods and times strings, an empty cell is null.  `<`,
 * `>` and `&` are \u003c and so on, so that the text may stand inside an HTML page as it is.  A
 * row begins with its comma unless it is the first, so that pieces join whatever the cut.
 */
#include "bouncemill/writer.h"

#include "cells.h"

enum { ESCAPE_BYTES_MAX = 6 };

static const struct bm_special special = {{'"', '\\', '<', '>', '&'}};

/* escape - write one byte of cleaned text */
static uint8_t *escape(uint8_t *at, uint8_t byte)
{
	switch (byte) {
	case '"':
	case '\\':
		*at++ = '\\';
		*at++ = byte;
		return at;
	case '<':
	case '>':
	case '&':
		memcpy(at, "\\u00", 4);
		at[4] = (uint8_t)('0' + (byte >> 4));
		at[5] = (uint8_t) "0123456789abcdef"[byte & 15];
		return at + ESCAPE_BYTES_MAX;
	default:
		*at++ = byte;
		return at;
	}
}

/* string - append a quoted string, cleaned in scratch */
static void string(struct bm_text *out, struct bm_bytes text, struct bm_text *scratch)
{
	scratch->size = 0;
	bm_text_clean(scratch, text, BM_CELL_TEXT_MAX);
	uint8_t *at = bm_text_room(out, ESCAPE_BYTES_MAX * scratch->size + 2);
	*at++ = '"';
	for (size_t i = 0; i < scratch->size; i++)
		at = escape(at, scratch->data[i]);
	*at++ = '"';
	out->size = (size_t)(at - out->data);
}

/* value - append one cell, which needs at most room while it is plain; returns its end */
static uint8_t *value(struct bm_text *out, uint8_t *at, enum bm_kind kind,
		      const struct bm_value *cell, struct bm_cells_pen *pen, size_t room)
{
	if (cell->empty) {
		memcpy(at, "null", 4);
		return at + 4;
	}
	if (kind == BM_KIND_PERIOD || kind == BM_KIND_TIME) {
		*at++ = '"';
		at = bm_cells_value(pen, at, kind, cell);
		*at++ = '"';
		return at;
	}
	if (kind != BM_KIND_TEXT)
		return bm_cells_value(pen, at, kind, cell);
	uint8_t *const plain = bm_cells_plain(at + 1, cell->text, &special);
	if (plain) {
		*at = *plain = '"';
		return plain + 1;
	}
	out->size = (size_t)(at - out->data);
	string(out, cell->text, &pen->scratch);
	return bm_text_room(out, room);
}

/* name_columns - what stands before each value: `{"name": ` or `, "name": `; names are the
 * program's own */
static void name_columns(const struct bm_table *table, struct bm_text *names, size_t *ends)
{
	for (unsigned i = 0; i < table->column_count; i++) {
		bm_text_format(names, "%s\"%s\": ", i ? ", " : "{", table->columns[i].name);
		ends[i] = names->size;
	}
}

static void json_rows(struct bm_text *out, const struct bm_table *table, const void *rows,
		      size_t first, size_t end, const struct bm_view *view,
		      const struct bm_writer_options *options)
{
	(void)options;
	struct bm_cells_pen pen = {.view = view};
	struct bm_value values[BM_COLUMNS_MAX];
	struct bm_text names = {0};
	size_t ends[BM_COLUMNS_MAX];
	name_columns(table, &names, ends);
	for (size_t index = first; index < end; index++) {
		table->row(rows, index, values);
		const size_t room = bm_cells_room(table, values) + names.size;
		uint8_t *at = bm_text_room(out, room);
		if (index > 0)
			*at++ = ',';
		*at++ = '\n';
		size_t start = 0;
		for (unsigned i = 0; i < table->column_count; i++) {
			memcpy(at, names.data + start, ends[i] - start);
			at += ends[i] - start;
			start = ends[i];
			at = value(out, at, table->columns[i].kind, &values[i], &pen, room);
		}
		*at++ = '}';
		out->size = (size_t)(at - out->data);
	}
	bm_text_dispose(&names);
	bm_cells_dispose_pen(&pen);
}

/* truth - as JSON spells it */
static const char *truth(bool is)
{
	return is ? "true" : "false";
}

static void json_head(struct bm_text *out, const struct bm_table *table, const struct bm_view *view,
		      const struct bm_writer_options *options)
{
	(void)options;
	bm_text_format(out, "{\"table\": \"%s\", \"partial\": %s, \"rows\": [", table->name,
		       truth(view->partial));
}

static void json_tail(struct bm_text *out, const struct bm_table *table, const struct bm_view *view,
		      const struct bm_writer_options *options)
{
	(void)table, (void)view, (void)options;
	bm_text_add(out, BM_BYTES("\n]}\n"));
}

/* count - append a named count */
static void count(struct bm_text *out, const char *name, uint64_t number)
{
	bm_text_format(out, ", \"%s\": ", name);
	bm_text_int(out, (int64_t)number);
}

/* lines_read - append what the sources add up to */
static void lines_read(struct bm_text *out, const struct bm_view *view)
{
	uint64_t lines = 0, events = 0, other = 0, malformed = 0, bytes = 0;
	for (size_t i = 0; i < view->source_count; i++) {
		const struct bm_source *const source = &view->sources[i];
		lines += source->lines;
		events += source->events;
		other += source->other;
		bytes += source->bytes;
		for (unsigned reason = 0; reason < BM_MALFORMED_COUNT; reason++)
			malformed += source->malformed[reason];
	}
	bm_text_add(out, BM_BYTES("\"lines\": "));
	bm_text_int(out, (int64_t)lines);
	count(out, "events", events);
	count(out, "other", other);
	count(out, "malformed", malformed);
	count(out, "bytes", bytes);
}

/* outcomes - append what became of the mail; what only bounce mails tell is counted apart */
static void outcomes(struct bm_text *out, const struct bm_tally *tally)
{
	uint64_t sums[2][BM_OUTCOME_COUNT] = {{0}}, rejected = 0;
	const uint64_t *const n = sums[BM_SOURCE_LOG], *const dsn = sums[BM_SOURCE_DSN];
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_CUBE])
	for (int i = 0; i < BM_OUTCOME_COUNT; i++)
		if (BM_PAIR_CATEGORY(cell->key[2]) != BM_CATEGORY_FEEDBACK_LOOP)
			sums[cell->key[3]][i] += cell->n[i];
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_PERIODS])
	rejected += cell->n[BM_REJECTED];
	count(out, "delivered", n[BM_DELIVERED]);
	count(out, "bounced", n[BM_BOUNCED]);
	count(out, "expired", n[BM_EXPIRED]);
	count(out, "deferred", n[BM_DEFERRED]);
	count(out, "rejected", rejected);
	count(out, "dsn_failed", dsn[BM_BOUNCED]);
	count(out, "dsn_delayed", dsn[BM_DEFERRED]);
}

static void json_bundle_head(struct bm_text *out, const struct bm_view *view,
			     const struct bm_writer_options *options)
{
	struct bm_text scratch = {0};
	bm_text_add(out, BM_BYTES("{\"bouncemill\": "));
	string(out, bm_bytes_of(options->version), &scratch);
	bm_text_format(out, ", \"partial\": %s,\n\"totals\": {", truth(view->partial));
	lines_read(out, view);
	outcomes(out, view->tally);
	bm_text_add(out, BM_BYTES("},\n\"tables\": {"));
	bm_text_dispose(&scratch);
}

static void json_bundle_table(struct bm_text *out, const struct bm_table *table, bool first)
{
	bm_text_format(out, "%s\n\"%s\": [", first ? "" : ",", table->name);
}

static void json_bundle_table_end(struct bm_text *out)
{
	bm_text_add(out, BM_BYTES("\n]"));
}

static void json_bundle_tail(struct bm_text *out)
{
	bm_text_add(out, BM_BYTES("\n}}\n"));
}

const struct bm_writer bm_writer_json = {
	.name = "json",
	.suffix = ".json",
	.head = json_head,
	.rows = json_rows,
	.tail = json_tail,
	.bundle_head = json_bundle_head,
	.bundle_table = json_bundle_table,
	.bundle_table_end = json_bundle_table_end,
	.bundle_tail = json_bundle_tail,
};
