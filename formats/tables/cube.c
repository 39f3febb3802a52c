/* cube.c - the finest counts: period, domain, provider, category and source.
 *
 * The longest table by far - a million rows are usual - and the simplest: it is sorted.h's cells
 * as they lie.  Names are in order but with gaps, which no processor foresees: row() asks for a
 * coming one.
 */
#include "sorted.h"

enum { PREFETCH_AHEAD = 12 };

static const struct bm_column columns[] = {
	{"period", BM_KIND_PERIOD}, {"domain", BM_KIND_TEXT}, {"provider", BM_KIND_TEXT},
	{"category", BM_KIND_TEXT}, {"source", BM_KIND_TEXT}, {"fault", BM_KIND_TEXT},
	{"delivered", BM_KIND_INT}, {"bounced", BM_KIND_INT}, {"expired", BM_KIND_INT},
	{"deferred", BM_KIND_INT},
};

static void *cube_open(const struct bm_view *view, size_t *count)
{
	struct bm_hold *const hold = bm_alloc(sizeof *hold);
	*hold = bm_hold_take(view);
	*count = hold->sorted->count;
	return hold;
}

/* set_text, set_int - what bm_row_text and bm_row_int return */
static inline void set_text(struct bm_value *value, struct bm_bytes text)
{
	value->empty = text.size == 0;
	value->text = text;
}

static inline void set_int(struct bm_value *value, int64_t integer)
{
	value->empty = false;
	value->integer = integer;
}

static void cube_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct bm_sorted *const sorted = ((const struct bm_hold *)rows)->sorted;
	const struct bm_cell *const cell = &sorted->cells[index];
	const enum bm_category category = BM_PAIR_CATEGORY(cell->key[2]);
	if (index + PREFETCH_AHEAD < sorted->count)
		__builtin_prefetch(
			bm_sorted_domain(sorted, sorted->cells[index + PREFETCH_AHEAD].key[1])
				.data);
	/* In place: a row of structs by value costs twice the time, and there are a million. */
	set_int(&values[0], (bm_period)cell->key[0]);
	values[0].empty = (bm_period)cell->key[0] == BM_PERIOD_UNKNOWN;
	set_text(&values[1], bm_sorted_domain(sorted, cell->key[1]));
	set_text(&values[2], sorted->providers.text[BM_PAIR_PROVIDER(cell->key[2])]);
	set_text(&values[3], sorted->labels.name[category]);
	set_text(&values[4], cell->key[3] == BM_SOURCE_DSN ? BM_BYTES("dsn") : BM_BYTES("log"));
	set_text(&values[5], sorted->labels.fault[category]);
	set_int(&values[6], cell->n[BM_DELIVERED]);
	set_int(&values[7], cell->n[BM_BOUNCED]);
	set_int(&values[8], cell->n[BM_EXPIRED]);
	set_int(&values[9], cell->n[BM_DEFERRED]);
}

static void cube_close(void *rows)
{
	bm_hold_drop(rows);
	bm_free(rows);
}

const struct bm_table bm_table_cube = {
	.name = "cube",
	.about = "Every count there is: period, domain, provider, category and source. The place "
		 "to pivot from.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 5,
	.open = cube_open,
	.row = cube_row,
	.close = cube_close,
};
