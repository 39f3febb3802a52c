/* date.c - when, as mails write it: RFC 5322 dates, and those of the C library (asctime).
 *
 * "Tue, 24 Nov 2026 00:29:39 +0000 (UTC)", "24 Jun 24 08:48:01 GMT", "Thu Jul 17 11:19:54 2014".
 * Words are taken as they come: a month's name, a time with colons, a day and a year among the
 * numbers, a zone.  A date without one of the first four is unknown.
 */
#include "work.h"

enum { DATE_BYTES_MAX = 120, ZONE_MINUTES_MAX = 24 * 60 };

struct stamp {
	int64_t year;
	unsigned month, day;
	int64_t seconds; /* of the day */
	bool timed;
	int offset; /* minutes east of UTC */
};

/* digits - a run of at most six digits as a number, or -1 */
static int64_t digits(struct bm_bytes word)
{
	int64_t sum = 0;
	if (word.size == 0 || word.size > 6)
		return -1;
	for (size_t i = 0; i < word.size; i++) {
		if (!bm_is_digit(word.data[i]))
			return -1;
		sum = sum * 10 + word.data[i] - '0';
	}
	return sum;
}

/* month_number - 1..12, or 0 */
static unsigned month_number(struct bm_bytes word)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	if (word.size < 3 || !is_letter(word.data[0]))
		return 0;
	for (unsigned i = 0; i < 12; i++)
		if (bm_lower(word.data[0]) == (uint8_t)names[3 * i] &&
		    bm_lower(word.data[1]) == (uint8_t)names[3 * i + 1] &&
		    bm_lower(word.data[2]) == (uint8_t)names[3 * i + 2])
			return i + 1;
	return 0;
}

/* clock_word - "08:48" or "08:48:01" */
static void clock_word(struct bm_bytes word, struct stamp *stamp)
{
	int64_t part[3] = {0, 0, 0};
	unsigned count = 0;
	for (size_t from = 0; from <= word.size && count < 3; count++) {
		const size_t colon = bm_bytes_find(word, from, ':');
		part[count] = digits(run_between(word, from, colon));
		from = colon + 1;
	}
	if (count < 2 || part[0] < 0 || part[0] > 24 || part[1] < 0 || part[1] > 59 ||
	    part[2] < 0 || part[2] > 60)
		return;
	stamp->timed = true;
	stamp->seconds = part[0] * 3600 + part[1] * 60 + part[2];
}

/* zone_word - "+0100", "GMT", "PST" */
static void zone_word(struct bm_bytes word, struct stamp *stamp)
{
	static const struct {
		const char *name;
		int hours;
	} names[] = {{"gmt", 0},  {"utc", 0},  {"ut", 0},   {"z", 0},    {"est", -5},
		     {"edt", -4}, {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6},
		     {"pst", -8}, {"pdt", -7}, {"cet", 1},  {"cest", 2}, {"jst", 9}};
	if (word.size == 5 && (word.data[0] == '+' || word.data[0] == '-')) {
		const int64_t number = digits(bm_bytes_from(word, 1));
		const int minutes = (int)(number / 100 * 60 + number % 100);
		if (number >= 0 && minutes < ZONE_MINUTES_MAX)
			stamp->offset = word.data[0] == '-' ? -minutes : minutes;
		return;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (run_is(word, names[i].name))
			stamp->offset = names[i].hours * 60;
}

/* number_word - a day, or a year behind it; two digits of a year are of this century or, from 70
 * on, of the last */
static void number_word(int64_t number, size_t size, struct stamp *stamp)
{
	if (size <= 2 && stamp->day == 0 && number >= 1 && number <= 31)
		stamp->day = (unsigned)number;
	else if (stamp->year == 0 && size == 4)
		stamp->year = number;
	else if (stamp->year == 0 && size == 2)
		stamp->year = number + (number < 70 ? 2000 : 1900);
}

static void stamp_word(struct bm_bytes word, struct stamp *stamp)
{
	const int64_t number = digits(word);
	if (number >= 0)
		number_word(number, word.size, stamp);
	else if (!stamp->timed && bm_is_digit(word.data[0]) &&
		 bm_bytes_find(word, 0, ':') < word.size)
		clock_word(word, stamp);
	else if (stamp->month == 0 && month_number(word))
		stamp->month = month_number(word);
	else if (stamp->timed && stamp->offset == BM_OFFSET_UNKNOWN)
		zone_word(word, stamp);
}

bm_time work_date(struct bm_bytes value)
{
	const struct bm_bytes near = run_first(run_trim(value), DATE_BYTES_MAX);
	struct stamp stamp = {.offset = BM_OFFSET_UNKNOWN};
	for (size_t i = 0; i < near.size && near.data[i] != '(';) {
		size_t end = i;
		while (end < near.size && !is_blank(near.data[end]) && near.data[end] != ',' &&
		       near.data[end] != '(')
			end++;
		if (end > i)
			stamp_word(run_between(near, i, end), &stamp);
		i = end + (end < near.size && near.data[end] != '(');
	}
	if (!stamp.timed || stamp.month == 0 || stamp.day == 0 || stamp.year < 1970 ||
	    stamp.day > bm_days_in_month(stamp.year, stamp.month))
		return BM_TIME_UNKNOWN;
	const int64_t days = bm_days_from_civil(stamp.year, stamp.month, stamp.day);
	return bm_time_make(days * 86400 + stamp.seconds, stamp.offset);
}
