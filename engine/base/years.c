/* years.c - date year-less stamps near their neighbours; see years.h. */
#include "years.h"

enum {
	BACK_DAYS_MAX = 60,   /* a line may be this much older than the reference */
	AHEAD_DAYS_MAX = 305, /* or this much younger: the two make a year */
	NEAR_DAYS_MAX = 45    /* moves the reference without confirmation */
};

/* day_in_window - the day in [from - BACK, from + AHEAD] that falls on month and day */
static int32_t day_in_window(int32_t from, unsigned month, unsigned day)
{
	int64_t year;
	unsigned month_of, day_of;
	bm_civil_from_days(from, &year, &month_of, &day_of);
	for (int64_t candidate = year - 1; candidate <= year + 1; candidate++) {
		if (day > bm_days_in_month(candidate, month))
			continue;
		const int64_t days = bm_days_from_civil(candidate, month, day);
		if (days >= from - BACK_DAYS_MAX && days <= from + AHEAD_DAYS_MAX)
			return (int32_t)days;
	}
	return BM_YEARS_NONE;
}

static bool is_near(int32_t left, int32_t right)
{
	return left - right <= NEAR_DAYS_MAX && right - left <= NEAR_DAYS_MAX;
}

/* move - let a dated stamp move the reference, if it may */
static void move(struct bm_years *years, int32_t dated)
{
	if (dated == BM_YEARS_NONE)
		return;
	/* A far stamp is believed by the next one that runs on from it. */
	const bool confirmed =
		years->pending != BM_YEARS_NONE && dated - years->pending >= -NEAR_DAYS_MAX;
	if (is_near(dated, years->day) || confirmed) {
		years->day = dated;
		years->pending = BM_YEARS_NONE;
	} else {
		years->pending = dated;
	}
}

int32_t bm_years_day(struct bm_years *years, unsigned month, unsigned day)
{
	if (month == years->last_month && day == years->last_day_of_month)
		return years->last_day;
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return BM_YEARS_NONE;
	const int32_t dated = day_in_window(years->day, month, day);
	move(years, dated);
	years->last_month = (uint8_t)month;
	years->last_day_of_month = (uint8_t)day;
	years->last_day = dated;
	return dated;
}
