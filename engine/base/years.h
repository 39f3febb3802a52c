/* years.h - the year of a stamp that has none.
 *
 * RFC 3164 stamps say "Feb 29" and leave the year to the reader.  A stream's dates run forward,
 * mostly: so each stamp is dated near the one before, in a window that looks far ahead (a server
 * was off for months) and a little back (late lines).  A stamp far from its neighbours is dated,
 * but moves the reference only when the next one confirms it: one line from a clock at its epoch
 * shifts nothing.
 *
 * The reference is taken afresh at every BM_YEARS_STRIDE bytes of a stream, by whoever cuts it (see
 * engine/cut.c), and carried from stamp to stamp in between: so a line's year is a function of the
 * stream, not of block borders or threads.
 */
#ifndef BM_YEARS_H
#define BM_YEARS_H

#include "bouncemill/clock.h"

enum { BM_YEARS_STRIDE = 1 << 18 };

/* bm_years_at - a reference at a day */
static inline struct bm_years bm_years_at(int32_t day)
{
	return (struct bm_years){.day = day, .pending = BM_YEARS_NONE, .last_day = BM_YEARS_NONE};
}

/* bm_years_day - date a stamp (month 1..12, day 1..31) and move the reference; BM_YEARS_NONE when
 * no year within reach has that day */
int32_t bm_years_day(struct bm_years *years, unsigned month, unsigned day);

#endif
