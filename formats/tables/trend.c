/* trend.c - is it getting better: one row for each period and category that failed in it.
 *
 * share is of the period's own failures; change compares with the calendar period before, and is
 * unknown when nothing of the category failed then: growth from zero has no rate.
 */
#include "sorted.h"

static const struct bm_column columns[] = {
	{"period", BM_KIND_PERIOD}, {"category", BM_KIND_TEXT}, {"fault", BM_KIND_TEXT},
	{"bounced", BM_KIND_INT},   {"expired", BM_KIND_INT},   {"deferred", BM_KIND_INT},
	{"share", BM_KIND_SHARE},   {"change", BM_KIND_SHARE},
};

struct move {
	bm_period period;
	enum bm_category category;
	uint64_t n[BM_OUTCOME_COUNT];
	uint64_t period_failures; /* of all categories */
	uint64_t before;          /* failures of the category in the period before */
};

struct trend {
	struct move *moves;
	struct bm_labels labels;
};

/* key_of - periods in order, then categories by name */
static uint64_t key_of(bm_period period, unsigned rank)
{
	return bm_order_signed(period) << 8 | rank;
}

/* failures_at - failures summed under a key, 0 if there are none */
static uint64_t failures_at(const struct bm_sums *sums, uint64_t key)
{
	const uint64_t *const n = bm_sums_find(sums, key);
	return n ? bm_sum_failures(n) : 0;
}

/* add_period - sum the cells of one period by category; returns how many cells it has */
static size_t add_period(struct bm_sums *sums, const struct bm_cell *cell,
			 const struct bm_cell *end, const struct bm_labels *labels)
{
	const struct bm_cell *const start = cell;
	uint64_t n[BM_CATEGORY_COUNT][BM_OUTCOME_COUNT] = {{0}};
	for (; cell < end && cell->key[0] == start->key[0]; cell++)
		bm_sum_cell(n[BM_PAIR_CATEGORY(cell->key[2])], cell->n);
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++)
		if (n[i][BM_BOUNCED] | n[i][BM_EXPIRED] | n[i][BM_DEFERRED])
			memcpy(bm_sums_at(sums, key_of((bm_period)start->key[0], labels->rank[i])),
			       n[i], sizeof n[i]);
	return (size_t)(cell - start);
}

/* add_cells - sum the cube by period and category */
static void add_cells(struct bm_sums *sums, const struct bm_sorted *sorted)
{
	const struct bm_cell *const cells = sorted->cells;
	for (size_t i = 0; i < sorted->count;)
		i += add_period(sums, cells + i, cells + sorted->count, &sorted->labels);
}

/* move_of - the row of one key */
static struct move move_of(uint64_t key, const struct bm_sums *sums, const struct bm_sums *periods,
			   enum bm_bucket bucket)
{
	struct move move = {.period = bm_order_signed_back(key >> 8)};
	memcpy(move.n, bm_sums_find(sums, key), sizeof move.n);
	move.period_failures = failures_at(periods, key >> 8);
	if (move.period != BM_PERIOD_UNKNOWN) {
		const bm_period before = bm_period_before(move.period, bucket);
		move.before = failures_at(sums, key_of(before, key & 0xff));
	}
	return move;
}

static void *trend_open(const struct bm_view *view, size_t *count)
{
	struct trend *const trend = bm_zalloc(1, sizeof *trend);
	enum bm_category by_rank[BM_CATEGORY_COUNT];
	struct bm_sums sums = {0}, periods = {0};
	bm_labels_make(&trend->labels);
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++)
		by_rank[trend->labels.rank[i]] = (enum bm_category)i;
	struct bm_hold hold = bm_hold_take(view);
	add_cells(&sums, hold.sorted);
	bm_hold_drop(&hold);
	struct bm_key *const keys = bm_sparse_sort(&sums.index);
	*count = sums.index.count;
	for (size_t i = 0; i < *count; i++) {
		uint64_t *const n = bm_sums_at(&periods, keys[i].key >> 8);
		for (int outcome = 0; outcome < BM_OUTCOME_COUNT; outcome++)
			n[outcome] += sums.n[keys[i].id][outcome];
	}
	trend->moves = bm_alloc((*count + 1) * sizeof *trend->moves);
	for (size_t i = 0; i < *count; i++) {
		trend->moves[i] = move_of(keys[i].key, &sums, &periods, view->bucket);
		trend->moves[i].category = by_rank[keys[i].key & 0xff];
	}
	bm_free(keys);
	bm_sums_dispose(&sums);
	bm_sums_dispose(&periods);
	return trend;
}

static void trend_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct trend *const trend = rows;
	const struct move *const move = &trend->moves[index];
	const double failures = (double)bm_sum_failures(move->n);
	*values++ = bm_row_period(move->period);
	*values++ = bm_row_category(&trend->labels, move->category);
	*values++ = bm_row_text(trend->labels.fault[move->category]);
	*values++ = bm_row_int(move->n[BM_BOUNCED]);
	*values++ = bm_row_int(move->n[BM_EXPIRED]);
	*values++ = bm_row_int(move->n[BM_DEFERRED]);
	*values++ = bm_row_share(failures, move->period_failures);
	*values++ = bm_row_share(failures - (double)move->before, move->before);
}

static void trend_close(void *rows)
{
	struct trend *const trend = rows;
	bm_free(trend->moves);
	bm_free(trend);
}

const struct bm_table bm_table_trend = {
	.name = "trend",
	.about = "Failures of each period by category, and how they changed.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 2,
	.open = trend_open,
	.row = trend_row,
	.close = trend_close,
};
