/* test_clock.c - calendar arithmetic against the C library's, and the written forms. */
#include "support.h"

#include <criterion/criterion.h>
#include <time.h>

#include "bouncemill/clock.h"

/* Each day from year 0 to 9999, one after another. */
Test(clock, days_and_dates_are_inverse)
{
	int64_t want = bm_days_from_civil(0, 1, 1);
	for (int64_t year = 0; year <= 9999; year++)
		for (unsigned month = 1; month <= 12; month++) {
			const unsigned days = bm_days_in_month(year, month);
			for (unsigned day = 1; day <= days; day += day == 1 ? days - 1 : 1) {
				const int64_t number = bm_days_from_civil(year, month, day);
				int64_t year_back;
				unsigned month_back, day_back;
				bm_civil_from_days(number, &year_back, &month_back, &day_back);
				cr_assert_eq(number, want + day - 1);
				cr_assert(year_back == year && month_back == month &&
					  day_back == day);
			}
			want += days;
		}
}

Test(clock, agrees_with_the_library)
{
	struct chance chance = {4};
	for (int i = 0; i < 100000; i++) {
		const int64_t wall = (int64_t)(chance_next(&chance) % 8000000000u) - 2000000000;
		const time_t instant = wall;
		struct tm tm;
		char want[40], got[BM_TIME_TEXT_MAX];
		cr_assert_not_null(gmtime_r(&instant, &tm));
		strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S", &tm);
		const size_t size = bm_time_text(bm_time_make(wall, BM_OFFSET_UNKNOWN), got);
		cr_assert_str_eq(got, want);
		cr_assert_eq(size, strlen(got));
		strftime(want, sizeof want, "%G-W%V", &tm);
		const bm_time time = bm_time_make(wall, 60);
		bm_period_text(bm_period_of(time, BM_BUCKET_WEEK), BM_BUCKET_WEEK, got);
		cr_assert_str_eq(got, want);
		strftime(want, sizeof want, "%Y-%m-%dT%H", &tm);
		bm_period_text(bm_period_of(time, BM_BUCKET_HOUR), BM_BUCKET_HOUR, got);
		cr_assert_str_eq(got, want);
		strftime(want, sizeof want, "%Y-%m", &tm);
		bm_period_text(bm_period_of(time, BM_BUCKET_MONTH), BM_BUCKET_MONTH, got);
		cr_assert_str_eq(got, want);
		strftime(want, sizeof want, "%Y-%m-%d", &tm);
		bm_period_text(bm_period_of(time, BM_BUCKET_DAY), BM_BUCKET_DAY, got);
		cr_assert_str_eq(got, want);
	}
}

Test(clock, a_time_keeps_wall_and_offset)
{
	static const int offsets[] = {-1439, -720, -1, 0, 1, 345, 1439, BM_OFFSET_UNKNOWN};
	static const int64_t walls[] = {-62167219200, -1, 0, 1, 1764000000, 253402300799};
	for (size_t i = 0; i < sizeof walls / sizeof *walls; i++)
		for (size_t j = 0; j < sizeof offsets / sizeof *offsets; j++) {
			const bm_time time = bm_time_make(walls[i], offsets[j]);
			cr_assert_eq(bm_time_wall(time), walls[i]);
			cr_assert_eq(bm_time_offset(time), offsets[j]);
			cr_assert_lt(time, bm_time_make(walls[i] + 1, -1439));
		}
}

Test(clock, offsets_are_written)
{
	char text[BM_TIME_TEXT_MAX];
	bm_time_text(bm_time_make(0, -90), text);
	cr_assert_str_eq(text, "1970-01-01T00:00:00-01:30");
	bm_time_text(bm_time_make(86399, 345), text);
	cr_assert_str_eq(text, "1970-01-01T23:59:59+05:45");
	cr_assert_eq(bm_time_text(BM_TIME_UNKNOWN, text), 0);
	cr_assert_str_eq(text, "");
}

/* The period before a period is the one that ends where it begins. */
Test(clock, the_period_before)
{
	static const int64_t seconds[] = {3600, 86400, 7 * 86400};
	for (int64_t day = -1000; day < 30000; day += 13) {
		const bm_time time = bm_time_make(day * 86400 + 4000, BM_OFFSET_UNKNOWN);
		for (int bucket = BM_BUCKET_HOUR; bucket <= BM_BUCKET_MONTH; bucket++) {
			const enum bm_bucket kind = (enum bm_bucket)bucket;
			const bm_period period = bm_period_of(time, kind);
			const bm_period before = bm_period_before(period, kind);
			const int64_t unit = kind == BM_BUCKET_HOUR ? 3600 : 86400;
			const bm_time last = bm_time_make(period * unit - 1, 0);
			cr_assert_lt(before, period);
			cr_assert_eq(bm_period_of(last, kind), before);
			if (kind != BM_BUCKET_MONTH)
				cr_assert_eq((period - before) * unit, seconds[bucket]);
			cr_assert_eq(bm_period_start(period, kind), period * unit);
			cr_assert_eq(bm_period_end(before, kind), period * unit);
		}
	}
	cr_assert_eq(bm_period_before(BM_PERIOD_UNKNOWN, BM_BUCKET_DAY), BM_PERIOD_UNKNOWN);
	cr_assert_eq(bm_period_of(BM_TIME_UNKNOWN, BM_BUCKET_DAY), BM_PERIOD_UNKNOWN);
}

/* Steps of one period, however many, are what going back and the distance say at once. */
Test(clock, going_back_and_the_distance_are_steps)
{
	for (int bucket = BM_BUCKET_HOUR; bucket <= BM_BUCKET_MONTH; bucket++) {
		const enum bm_bucket kind = (enum bm_bucket)bucket;
		const bm_period last = bm_period_of(bm_time_make(INT64_C(1709251200), 0), kind);
		bm_period period = last;
		for (int64_t steps = 0; steps < 900; steps++) {
			cr_assert_eq(bm_period_back(last, kind, steps), period);
			cr_assert_eq(bm_period_distance(period, last, kind), steps);
			period = bm_period_before(period, kind);
		}
	}
	cr_assert_eq(bm_period_back(BM_PERIOD_UNKNOWN, BM_BUCKET_DAY, 7), BM_PERIOD_UNKNOWN);
}

Test(clock, seen_is_a_minimum_and_a_maximum)
{
	struct bm_seen seen = BM_SEEN_NEVER;
	bm_seen_add(&seen, BM_TIME_UNKNOWN);
	cr_assert_eq(seen.first, BM_TIME_UNKNOWN);
	bm_seen_add(&seen, 5);
	bm_seen_add(&seen, -7);
	bm_seen_add(&seen, BM_TIME_UNKNOWN);
	cr_assert(seen.first == -7 && seen.last == 5);
}
