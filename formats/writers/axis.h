/* axis.h - the periods of a chart: contiguous, at most so many places, several periods a place where
 * there are more.
 *
 * Periods that the log does not mention have a place too: a silent day is a gap, not a join.
 */
#ifndef BM_AXIS_H
#define BM_AXIS_H

#include "sheet.h"

struct bm_axis {
	bm_period first, last;
	enum bm_bucket bucket;
	size_t fold;  /* periods a place; the last place may hold fewer */
	size_t count; /* of places; 0 = no known period */
};

/* bm_axis_make - over the known periods of an opened `totals`, in at most most places */
struct bm_axis bm_axis_make(const struct bm_sheet *totals, enum bm_bucket bucket, size_t most);
/* bm_axis_place - where a period lies; count when it is unknown or not between first and last */
size_t bm_axis_place(const struct bm_axis *axis, const struct bm_value *period);
/* bm_axis_period - the first period of a place */
bm_period bm_axis_period(const struct bm_axis *axis, size_t place);

/* What one place stands for. */
struct bm_slot {
	uint64_t failures, recipients;
};
/* bm_axis_fill - add up the totals of each place's periods; slots are zeros, one a place */
void bm_axis_fill(const struct bm_axis *axis, const struct bm_sheet *totals, struct bm_slot *slots);

#endif
