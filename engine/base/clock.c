/* clock.c - calendar arithmetic and the written forms of times and periods.
 *
 * Proleptic Gregorian, any year from 0 to 9999; no time zone database is touched here, so neither
 * TZ nor the locale can change a byte.  Zone conversion for --tz is engine/zone.c's.
 */
#include "bouncemill/clock.h"

#include <stdio.h>

enum { DAY_SECONDS = 86400, HOUR_SECONDS = 3600 };

int64_t bm_days_from_civil(int64_t year, unsigned month, unsigned day)
{
	/* Count years from March, so that the leap day is a year's last. */
	const int64_t shifted = year - (month <= 2);
	const int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	const int64_t year_of_era = shifted - era * 400;
	const int64_t day_of_year =
		(153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	const int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

void bm_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	const int64_t shifted = days + 719468;
	const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	const int64_t day_of_era = shifted - era * 146097;
	const int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	const int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const int64_t month_from_march = (5 * day_of_year + 2) / 153;
	*day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	*month = (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

unsigned bm_days_in_month(int64_t year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (unsigned)(month == 2 && leap);
}

/* floor_div - quotient rounded down */
static int64_t floor_div(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

bm_period bm_period_of(bm_time time, enum bm_bucket bucket)
{
	if (time == BM_TIME_UNKNOWN)
		return BM_PERIOD_UNKNOWN;
	const int64_t wall = bm_time_wall(time);
	if (bucket == BM_BUCKET_HOUR)
		return (bm_period)floor_div(wall, HOUR_SECONDS);
	const int64_t day = floor_div(wall, DAY_SECONDS);
	if (bucket == BM_BUCKET_DAY)
		return (bm_period)day;
	if (bucket == BM_BUCKET_WEEK)
		return (bm_period)(floor_div(day + 3, 7) * 7 - 3); /* 1970-01-01 was a Thursday */
	int64_t year;
	unsigned month, day_of_month;
	bm_civil_from_days(day, &year, &month, &day_of_month);
	return (bm_period)(day - day_of_month + 1);
}

/* month_of - months since year 0 of the month that a day lies in */
static int64_t month_of(bm_period day)
{
	int64_t year;
	unsigned month, day_of_month;
	bm_civil_from_days(day, &year, &month, &day_of_month);
	return year * 12 + month - 1;
}

bm_period bm_period_back(bm_period period, enum bm_bucket bucket, int64_t count)
{
	if (period == BM_PERIOD_UNKNOWN)
		return period;
	if (bucket != BM_BUCKET_MONTH)
		return (bm_period)(period - count * (bucket == BM_BUCKET_WEEK ? 7 : 1));
	const int64_t month = month_of(period) - count, year = floor_div(month, 12);
	return (bm_period)bm_days_from_civil(year, (unsigned)(month - year * 12) + 1, 1);
}

int64_t bm_period_distance(bm_period earlier, bm_period later, enum bm_bucket bucket)
{
	if (bucket == BM_BUCKET_MONTH)
		return month_of(later) - month_of(earlier);
	return ((int64_t)later - earlier) / (bucket == BM_BUCKET_WEEK ? 7 : 1);
}

int64_t bm_period_start(bm_period period, enum bm_bucket bucket)
{
	return (int64_t)period * (bucket == BM_BUCKET_HOUR ? HOUR_SECONDS : DAY_SECONDS);
}

int64_t bm_period_end(bm_period period, enum bm_bucket bucket)
{
	enum { MONTH_DAYS_MAX = 31 };
	const int64_t start = bm_period_start(period, bucket);
	if (bucket == BM_BUCKET_HOUR)
		return start + HOUR_SECONDS;
	if (bucket != BM_BUCKET_MONTH)
		return start + (bucket == BM_BUCKET_WEEK ? 7 : 1) * (int64_t)DAY_SECONDS;
	const bm_time next = bm_time_make(start + MONTH_DAYS_MAX * (int64_t)DAY_SECONDS, 0);
	return bm_period_start(bm_period_of(next, bucket), bucket);
}

/* week_text - ISO 8601 week of a Monday: the year is that of its Thursday */
static int week_text(int64_t monday, char *text)
{
	int64_t year;
	unsigned month, day;
	bm_civil_from_days(monday + 3, &year, &month, &day);
	const int64_t week = (monday + 3 - bm_days_from_civil(year, 1, 1)) / 7 + 1;
	return snprintf(text, BM_PERIOD_TEXT_MAX, "%04d-W%02d", (int)year, (int)week);
}

size_t bm_period_text(bm_period period, enum bm_bucket bucket, char text[BM_PERIOD_TEXT_MAX])
{
	text[0] = 0;
	if (period == BM_PERIOD_UNKNOWN)
		return 0;
	if (bucket == BM_BUCKET_WEEK)
		return (size_t)week_text(period, text);
	const int64_t days = bucket == BM_BUCKET_HOUR ? floor_div(period, 24) : period;
	int64_t year;
	unsigned month, day;
	bm_civil_from_days(days, &year, &month, &day);
	if (bucket == BM_BUCKET_MONTH)
		return (size_t)snprintf(text, BM_PERIOD_TEXT_MAX, "%04d-%02u", (int)year, month);
	const int size =
		snprintf(text, BM_PERIOD_TEXT_MAX, "%04d-%02u-%02u", (int)year, month, day);
	if (bucket == BM_BUCKET_DAY)
		return (size_t)size;
	return (size_t)(size + snprintf(text + size, BM_PERIOD_TEXT_MAX - (size_t)size, "T%02d",
					(int)(period - days * 24)));
}

size_t bm_time_text(bm_time time, char text[BM_TIME_TEXT_MAX])
{
	text[0] = 0;
	if (time == BM_TIME_UNKNOWN)
		return 0;
	const int64_t wall = bm_time_wall(time);
	const int64_t days = floor_div(wall, DAY_SECONDS);
	const int second = (int)(wall - days * DAY_SECONDS);
	int64_t year;
	unsigned month, day;
	bm_civil_from_days(days, &year, &month, &day);
	int size = snprintf(text, BM_TIME_TEXT_MAX, "%04d-%02u-%02uT%02d:%02d:%02d", (int)year,
			    month, day, second / 3600, second / 60 % 60, second % 60);
	const int offset = bm_time_offset(time);
	if (offset != BM_OFFSET_UNKNOWN)
		size += snprintf(text + size, BM_TIME_TEXT_MAX - (size_t)size, "%c%02d:%02d",
				 offset < 0 ? '-' : '+', (offset < 0 ? -offset : offset) / 60,
				 (offset < 0 ? -offset : offset) % 60);
	return (size_t)size;
}
