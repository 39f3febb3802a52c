/* axis.c - periods to places; see axis.h. */
#include "axis.h"

struct bm_axis bm_axis_make(const struct bm_sheet *totals, enum bm_bucket bucket, size_t most)
{
	struct bm_value values[BM_COLUMNS_MAX];
	struct bm_axis axis = {.bucket = bucket, .fold = 1};
	size_t known = 0;
	for (; known < totals->count; known++) {
		bm_sheet_row(totals, known, values);
		if (!bm_sheet_cell(totals, values, "period")->empty)
			break;
	}
	if (known == totals->count)
		return axis;
	axis.first = (bm_period)bm_sheet_cell(totals, values, "period")->integer;
	bm_sheet_row(totals, totals->count - 1, values);
	axis.last = (bm_period)bm_sheet_cell(totals, values, "period")->integer;
	const size_t span = (size_t)bm_period_distance(axis.first, axis.last, bucket) + 1;
	axis.fold = (span + most - 1) / most;
	axis.count = (span + axis.fold - 1) / axis.fold;
	return axis;
}

size_t bm_axis_place(const struct bm_axis *axis, const struct bm_value *period)
{
	if (period->empty || axis->count == 0 || period->integer < axis->first ||
	    period->integer > axis->last)
		return axis->count;
	return (size_t)bm_period_distance(axis->first, (bm_period)period->integer, axis->bucket) /
	       axis->fold;
}

bm_period bm_axis_period(const struct bm_axis *axis, size_t place)
{
	const int64_t span = bm_period_distance(axis->first, axis->last, axis->bucket);
	return bm_period_back(axis->last, axis->bucket, span - (int64_t)(place * axis->fold));
}

void bm_axis_fill(const struct bm_axis *axis, const struct bm_sheet *totals, struct bm_slot *slots)
{
	struct bm_value values[BM_COLUMNS_MAX];
	for (size_t row = 0; row < totals->count; row++) {
		bm_sheet_row(totals, row, values);
		const size_t place = bm_axis_place(axis, bm_sheet_cell(totals, values, "period"));
		if (place == axis->count)
			continue;
		slots[place].failures += bm_sheet_failures(totals, values);
		slots[place].recipients += bm_sheet_number(totals, values, "recipients");
	}
}
