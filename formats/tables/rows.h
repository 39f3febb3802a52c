/* rows.h - what the tables share: values, labels of categories, and sums of groups of cells.
 *
 * A table's open() scans the cells it needs once or twice, in sequence, into dense arrays
 * indexed by number; names are ranked by order.h.  Its row() only picks from those arrays.
 */
#ifndef BM_ROWS_H
#define BM_ROWS_H

#include "bouncemill/error.h"
#include "bouncemill/table.h"

#include "order.h"

/* BM_COLUMN_COUNT - for the designated field of a table whose columns are a static array */
#define BM_COLUMN_COUNT(columns) (sizeof(columns) / sizeof *(columns))

/* bm_row_text - a text cell; empty text is an unknown */
static inline struct bm_value bm_row_text(struct bm_bytes text)
{
	return (struct bm_value){.empty = text.size == 0, .text = text};
}

/* bm_row_int - a count */
static inline struct bm_value bm_row_int(uint64_t count)
{
	return (struct bm_value){.integer = (int64_t)count};
}

/* bm_row_share - part of whole; unknown when there is no whole */
static inline struct bm_value bm_row_share(double part, uint64_t whole)
{
	return (struct bm_value){.empty = whole == 0, .real = whole ? part / (double)whole : 0};
}

/* bm_row_seconds - a quantile of bm_steps as a duration; negative is unknown */
static inline struct bm_value bm_row_seconds(double hundredths)
{
	return (struct bm_value){.empty = hundredths < 0, .real = hundredths / 100};
}

/* bm_row_period - a period cell */
static inline struct bm_value bm_row_period(bm_period period)
{
	return (struct bm_value){.empty = period == BM_PERIOD_UNKNOWN, .integer = period};
}

/* bm_row_time - an instant */
static inline struct bm_value bm_row_time(bm_time time)
{
	return (struct bm_value){.empty = time == BM_TIME_UNKNOWN, .integer = time};
}

/* Names of categories as runs, and their places in text order. */
struct bm_labels {
	struct bm_bytes name[BM_CATEGORY_COUNT], fault[BM_CATEGORY_COUNT],
		severity[BM_CATEGORY_COUNT];
	uint8_t rank[BM_CATEGORY_COUNT];
};
void bm_labels_make(struct bm_labels *labels);

/* bm_labels_top - the category with most, ties by name; BM_CATEGORY_COUNT if all are 0 */
enum bm_category bm_labels_top(const struct bm_labels *labels,
			       const uint64_t counts[BM_CATEGORY_COUNT]);

/* bm_row_category - the name of a category; unknown for BM_CATEGORY_COUNT */
static inline struct bm_value bm_row_category(const struct bm_labels *labels,
					      enum bm_category category)
{
	return bm_row_text(category < BM_CATEGORY_COUNT ? labels->name[category]
							: (struct bm_bytes){0});
}

/* What a group of cells (a domain, a provider, a sender ...) adds up to. */
struct bm_sum {
	uint64_t n[BM_OUTCOME_COUNT];
	uint32_t provider; /* with most attempts, ties by text; UINT32_MAX if not asked for */
	enum bm_category
		top; /* most failures, else most deferrals, ties by name; or BM_CATEGORY_COUNT */
};

/* bm_sum_failures - bounced and expired */
static inline uint64_t bm_sum_failures(const uint64_t n[BM_OUTCOME_COUNT])
{
	return n[BM_BOUNCED] + n[BM_EXPIRED];
}

/* bm_sum_recipients - final outcomes */
static inline uint64_t bm_sum_recipients(const uint64_t n[BM_OUTCOME_COUNT])
{
	return n[BM_DELIVERED] + bm_sum_failures(n);
}

/* bm_sum_any - is there anything to show */
static inline bool bm_sum_any(const uint64_t n[BM_OUTCOME_COUNT])
{
	return (n[BM_DELIVERED] | n[BM_BOUNCED] | n[BM_EXPIRED] | n[BM_DEFERRED]) != 0;
}

/* bm_sum_cell - add a cell's counters */
static inline void bm_sum_cell(uint64_t n[BM_OUTCOME_COUNT], const uint32_t cell[BM_OUTCOME_COUNT])
{
	for (int outcome = 0; outcome < BM_OUTCOME_COUNT; outcome++)
		n[outcome] += cell[outcome];
}

/* Outcomes summed under sparse keys; start with {0}. */
struct bm_sums {
	struct bm_sparse index;
	uint64_t (*n)[BM_OUTCOME_COUNT]; /* by number of the index */
	uint32_t room;
};
/* bm_sums_at - the counters of a key, made 0 when missing; valid until the next bm_sums_at */
uint64_t *bm_sums_at(struct bm_sums *sums, uint64_t key);
/* bm_sums_find - the counters of a key, or NULL */
const uint64_t *bm_sums_find(const struct bm_sums *sums, uint64_t key);
void bm_sums_dispose(struct bm_sums *sums);

/* Cells brought together by one word of their key. */
struct bm_part {
	uint32_t pair;  /* provider and category, see BM_PAIR */
	uint32_t other; /* one more word of the key */
	uint32_t n[BM_OUTCOME_COUNT];
};
struct bm_groups {
	struct bm_part *parts;
	uint32_t *start; /* group i is parts[start[i]] .. parts[start[i + 1] - 1] */
};
/* Which words of a cell's key: by >> by_shift is the group. */
struct bm_words {
	unsigned by, by_shift, pair, other;
};
/* bm_groups_make - cells grouped; their group numbers must be below count */
void bm_groups_make(struct bm_groups *groups, const struct bm_cells *cells, uint32_t count,
		    struct bm_words words);
/* bm_groups_sum - add up one group; attempts is NULL, or one 0 a provider and 0 again afterwards */
struct bm_sum bm_groups_sum(const struct bm_groups *groups, uint32_t group,
			    const struct bm_labels *labels, const struct bm_names *providers,
			    uint64_t *attempts);
void bm_groups_dispose(struct bm_groups *groups);

#endif
