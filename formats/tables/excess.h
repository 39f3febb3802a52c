/* excess.h - did something fail more often in one period than its own past makes believable. */
#ifndef BM_EXCESS_H
#define BM_EXCESS_H

#include "bouncemill/clock.h"

/* One period of one name and category in which mail was tried; those of a series are in order. */
struct bm_point {
	uint32_t tried;             /* attempts that could have been refused so; at least refused */
	uint32_t refused, deferred; /* of these; deferred is a part of refused */
	uint16_t slot;              /* bm_excess_slot */
	bool odd;                   /* judged so: no part of the past of those behind it */
};

struct bm_excess {
	bool known;      /* there was enough of a past; else nothing here means anything */
	double expected; /* refusals the past lets us expect; above 0 */
	double log_p;    /* natural logarithm of the chance of at least so many; never above 0 */
};

/* bm_excess_slot - the place of a period in the week, which its rate may depend on; 0 where a
 * bucket has no such effect */
enum { BM_EXCESS_SLOTS_MAX = 7 * 24 };
unsigned bm_excess_slot(bm_period period, enum bm_bucket bucket);

/* bm_excess_of - points[at] against the points before it */
struct bm_excess bm_excess_of(const struct bm_point *points, size_t at, enum bm_bucket bucket);

/* bm_excess_window - how many points before one are looked at, at most */
size_t bm_excess_window(enum bm_bucket bucket);
/* bm_excess_may - can a point's log_p come down to that, when its window has tried and refused in
 * all: a cheap question that spares most points the other */
bool bm_excess_may(const struct bm_point *point, uint64_t tried, uint64_t refused, double log_p);

#endif
