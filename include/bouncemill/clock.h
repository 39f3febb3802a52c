/* clock.h - instants as logs write them, and the periods they fall into.
 *
 * A log's own wall clock is what its readers know, so a time here is that wall clock plus, where
 * the stamp has one, its offset from UTC.  Both are packed into one integer so that min and max are
 * plain comparisons: wall seconds since 1970 (proleptic Gregorian) above, offset below.
 */
#ifndef BOUNCEMILL_CLOCK_H
#define BOUNCEMILL_CLOCK_H

#include "bouncemill/bytes.h"

typedef int64_t bm_time;
#define BM_TIME_UNKNOWN INT64_MIN
enum { BM_OFFSET_UNKNOWN = -2048, BM_TIME_OFFSET_BITS = 12 };

/* bm_time_make - from wall seconds and offset in minutes east of UTC (or BM_OFFSET_UNKNOWN) */
static inline bm_time bm_time_make(int64_t wall, int offset_minutes)
{
	return wall * (1 << BM_TIME_OFFSET_BITS) + (offset_minutes - BM_OFFSET_UNKNOWN);
}

/* bm_time_wall - seconds of the wall clock since 1970; not for BM_TIME_UNKNOWN */
static inline int64_t bm_time_wall(bm_time time)
{
	return time >> BM_TIME_OFFSET_BITS;
}

/* bm_time_offset - minutes east of UTC, or BM_OFFSET_UNKNOWN */
static inline int bm_time_offset(bm_time time)
{
	return (int)(time & ((1 << BM_TIME_OFFSET_BITS) - 1)) + BM_OFFSET_UNKNOWN;
}

/* bm_days_from_civil - days since 1970-01-01; month 1..12, day 1..31 */
int64_t bm_days_from_civil(int64_t year, unsigned month, unsigned day);
/* bm_civil_from_days - the inverse */
void bm_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);
/* bm_days_in_month - 28..31 */
unsigned bm_days_in_month(int64_t year, unsigned month);

enum bm_bucket { BM_BUCKET_HOUR, BM_BUCKET_DAY, BM_BUCKET_WEEK, BM_BUCKET_MONTH };

/* A period is the number of its first day (or hour) since 1970; unknown times share one period. */
typedef int32_t bm_period;
#define BM_PERIOD_UNKNOWN INT32_MIN

bm_period bm_period_of(bm_time time, enum bm_bucket bucket);
/* bm_period_back - the period count (0 or more) periods before this one; unknown stays unknown */
bm_period bm_period_back(bm_period period, enum bm_bucket bucket, int64_t count);
/* bm_period_distance - how many periods later is `later`; neither may be unknown */
int64_t bm_period_distance(bm_period earlier, bm_period later, enum bm_bucket bucket);
/* bm_period_before - the period just before this one; unknown stays unknown */
static inline bm_period bm_period_before(bm_period period, enum bm_bucket bucket)
{
	return bm_period_back(period, bucket, 1);
}
/* bm_period_start - wall seconds since 1970 at which a known period begins; bm_period_end - and at
 * which the one after it does */
int64_t bm_period_start(bm_period period, enum bm_bucket bucket);
int64_t bm_period_end(bm_period period, enum bm_bucket bucket);
/* bm_period_text - 2026-01-31, 2026-01-31T08, 2026-W05 or 2026-01; "" for unknown; returns length
 */
enum { BM_PERIOD_TEXT_MAX = 24, BM_TIME_TEXT_MAX = 40 };
size_t bm_period_text(bm_period period, enum bm_bucket bucket, char text[BM_PERIOD_TEXT_MAX]);
/* bm_time_text - RFC 3339; without the offset when that is unknown; "" for unknown */
size_t bm_time_text(bm_time time, char text[BM_TIME_TEXT_MAX]);

/* Where year-less stamps stand; see engine/base/years.h. */
struct bm_years {
	int32_t day;      /* reference: days since 1970 */
	int32_t pending;  /* a far stamp waiting to be confirmed, or BM_YEARS_NONE */
	int32_t last_day; /* what the last stamp was dated as */
	uint8_t last_month, last_day_of_month; /* the last stamp: the same again changes nothing */
};
#define BM_YEARS_NONE INT32_MIN

/* struct bm_seen - the first and last time something was seen; merges by min and max */
struct bm_seen {
	bm_time first; /* both BM_TIME_UNKNOWN until something with a known time is seen */
	bm_time last;
};
#define BM_SEEN_NEVER ((struct bm_seen){BM_TIME_UNKNOWN, BM_TIME_UNKNOWN})

static inline void bm_seen_add(struct bm_seen *seen, bm_time time)
{
	if (time == BM_TIME_UNKNOWN)
		return;
	if (seen->first == BM_TIME_UNKNOWN || time < seen->first)
		seen->first = time;
	if (time > seen->last)
		seen->last = time;
}

#endif
