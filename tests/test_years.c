/* test_years.c - nasty cases of dating stamps that have no year.
 *
 * Each case is a list of days as a log tells them, and what years they must get from a given start.
 */
#include "support.h"

#include <criterion/criterion.h>

#include "years.h"

/* One stamp and the year it must be given; 0 = no year within reach. */
struct stamp {
	unsigned month, day;
	int year;
};

static int32_t day_of(int64_t year, unsigned month, unsigned day)
{
	return (int32_t)bm_days_from_civil(year, month, day);
}

/* expect - date the stamps one after another, each twice: the second time must change nothing */
static void expect(const char *name, int32_t start, const struct stamp *stamps, size_t count)
{
	struct bm_years years = bm_years_at(start);
	for (size_t i = 0; i < count; i++) {
		const struct stamp *const stamp = &stamps[i];
		const int32_t want =
			stamp->year ? day_of(stamp->year, stamp->month, stamp->day) : BM_YEARS_NONE;
		const int32_t got = bm_years_day(&years, stamp->month, stamp->day);
		int64_t year = 0;
		unsigned month, day;
		if (got != BM_YEARS_NONE)
			bm_civil_from_days(got, &year, &month, &day);
		cr_assert_eq(got, want, "%s: stamp %zu (%u/%u) is of %d, not %d", name, i,
			     stamp->month, stamp->day, (int)year, stamp->year);
		const struct bm_years before = years;
		cr_assert_eq(bm_years_day(&years, stamp->month, stamp->day), got);
		cr_assert_eq(memcmp(&before, &years, sizeof years), 0, "%s: twice is not once",
			     name);
	}
}

#define CASE(name, start, ...)                                                                     \
	Test(years, name)                                                                          \
	{                                                                                          \
		static const struct stamp stamps[] = {__VA_ARGS__};                                \
		expect(#name, start, stamps, sizeof stamps / sizeof *stamps);                      \
	}

CASE(new_year, day_of(2025, 12, 30), {12, 30, 2025}, {12, 31, 2025}, {1, 1, 2026}, {1, 2, 2026})
CASE(a_late_line_of_the_old_year, day_of(2025, 12, 31), {12, 31, 2025}, {1, 1, 2026},
     {12, 31, 2025}, {1, 1, 2026}, {12, 30, 2025}, {1, 3, 2026})
CASE(starts_with_a_late_line, day_of(2026, 1, 1), {12, 31, 2025}, {1, 1, 2026})
CASE(leap_day, day_of(2024, 2, 27), {2, 27, 2024}, {2, 28, 2024}, {2, 29, 2024}, {3, 1, 2024})
CASE(leap_day_over_new_year, day_of(2023, 12, 20), {12, 20, 2023}, {1, 20, 2024}, {2, 20, 2024},
     {2, 29, 2024}, {3, 2, 2024})
CASE(leap_day_in_no_leap_year, day_of(2025, 2, 27), {2, 27, 2025}, {2, 29, 0}, {3, 1, 2025})
CASE(two_wraps, day_of(2023, 11, 1), {11, 1, 2023}, {12, 10, 2023}, {1, 10, 2024}, {2, 20, 2024},
     {4, 1, 2024}, {5, 10, 2024}, {6, 20, 2024}, {8, 1, 2024}, {9, 10, 2024}, {10, 20, 2024},
     {12, 1, 2024}, {1, 5, 2025}, {2, 10, 2025})
CASE(a_clock_at_its_epoch, day_of(2025, 11, 15), {11, 15, 2025}, {1, 1, 2026}, {11, 15, 2025},
     {11, 16, 2025}, {12, 31, 2025}, {1, 1, 2026})
CASE(epoch_lines_again_and_again, day_of(2025, 6, 15), {6, 15, 2025}, {1, 1, 2026}, {6, 15, 2025},
     {1, 1, 2026}, {6, 16, 2025}, {1, 1, 2026}, {6, 17, 2025})
CASE(a_gap_of_months, day_of(2025, 3, 1), {3, 1, 2025}, {9, 1, 2025}, {9, 2, 2025}, {9, 3, 2025})
CASE(a_gap_over_new_year, day_of(2025, 9, 1), {9, 1, 2025}, {3, 1, 2026}, {3, 2, 2026},
     {12, 31, 2026})
CASE(a_gap_of_nine_months, day_of(2025, 5, 1), {5, 1, 2025}, {2, 20, 2026}, {2, 21, 2026},
     {3, 10, 2026})
CASE(a_gap_over_a_leap_day, day_of(2023, 10, 1), {10, 1, 2023}, {2, 29, 2024}, {3, 1, 2024})
CASE(a_late_line_of_a_month_ago, day_of(2025, 7, 1), {7, 1, 2025}, {6, 1, 2025}, {7, 1, 2025},
     {7, 20, 2025})
CASE(late_lines_do_not_pull_back, day_of(2026, 1, 20), {1, 20, 2026}, {12, 20, 2025}, {1, 20, 2026},
     {2, 10, 2026})
CASE(no_such_day, day_of(2025, 5, 1), {5, 1, 2025}, {2, 30, 0}, {4, 31, 0}, {5, 2, 2025})
CASE(no_such_month, day_of(2025, 5, 1), {13, 1, 0}, {5, 2, 2025})
CASE(century_without_leap_day, day_of(2100, 2, 27), {2, 27, 2100}, {2, 29, 0}, {3, 1, 2100})

/* A clock is put back an hour in autumn: the same day comes twice, and yesterday perhaps. */
CASE(summer_time_ends, day_of(2025, 10, 26), {10, 26, 2025}, {10, 25, 2025}, {10, 26, 2025},
     {10, 27, 2025})

/* Every day of twenty years, each with a late line of the day before, is dated right. */
Test(years, twenty_years_day_by_day)
{
	const int32_t first = day_of(2015, 1, 1), last = day_of(2035, 1, 1);
	struct bm_years years = bm_years_at(first);
	for (int32_t day = first + 1; day < last; day++) {
		for (int32_t told = day; told >= day - 1; told--) {
			int64_t year;
			unsigned month, day_of_month;
			bm_civil_from_days(told, &year, &month, &day_of_month);
			cr_assert_eq(bm_years_day(&years, month, day_of_month), told);
		}
	}
}

/* Gaps up to the stated reach, from any day of a leap cycle: the days behind the gap confirm
 * each other. */
Test(years, every_gap)
{
	for (int32_t start = day_of(2023, 1, 1); start < day_of(2027, 1, 1); start += 3) {
		for (int32_t gap = 1; gap < 300; gap += 7) {
			struct bm_years years = bm_years_at(start);
			for (int32_t day = start + gap; day < start + gap + 3; day++) {
				int64_t year;
				unsigned month, day_of_month;
				bm_civil_from_days(day, &year, &month, &day_of_month);
				cr_assert_eq(bm_years_day(&years, month, day_of_month), day,
					     "gap %d", gap);
			}
			cr_assert_eq(years.day, start + gap + 2, "a gap of %d days is not believed",
				     gap);
		}
	}
}
