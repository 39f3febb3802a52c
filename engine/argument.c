/* argument.c - words of a command line: numbers, sizes, times, small files, and guesses.
 *
 * Nothing here knows an option.  Numbers are strict: no sign, no blank, nothing behind them.  A
 * time is the wall clock of the logs, so `7d` counts back from this machine's wall clock, and
 * `today` is its midnight.
 */
#include "argument.h"

#include "bouncemill/error.h"
#include "bouncemill/text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORD_BYTES_MAX = 40 }; /* longest word that is worth a guess */

bool bm_argument_number(const char *text, unsigned low, unsigned high, unsigned *result)
{
	char *end = NULL;
	errno = 0;
	const unsigned long long parsed = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || parsed < low || parsed > high)
		return false;
	*result = (unsigned)parsed;
	return true;
}

uint64_t bm_argument_size(const char *text)
{
	static const char suffixes[] = "kmgt";
	char *end = NULL;
	errno = 0;
	const unsigned long long count = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || errno)
		return 0;
	if (!*end)
		return count;
	const char *const found = strchr(suffixes, tolower((unsigned char)*end));
	if (!found || (end[1] && strcmp(end + 1, "iB") != 0))
		return 0;
	const unsigned shift = 10 * (unsigned)(found - suffixes + 1);
	return count > UINT64_MAX >> shift ? 0 : (uint64_t)count << shift;
}

/* digits - read exactly count digits at *at into *result; false when they are not there */
static bool digits(const char **at, int count, int *result)
{
	*result = 0;
	for (; count > 0; count--, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		*result = *result * 10 + (**at - '0');
	}
	return true;
}

/* clock_parse - seconds of a day from `HH:MM` or `HH:MM:SS`, or -1 */
static int clock_parse(const char *at)
{
	int hour, minute, second = 0;
	if (!digits(&at, 2, &hour) || *at++ != ':' || !digits(&at, 2, &minute))
		return -1;
	if (*at == ':') {
		at++;
		if (!digits(&at, 2, &second))
			return -1;
	}
	if (*at || hour > 23 || minute > 59 || second > 59)
		return -1;
	return hour * 3600 + minute * 60 + second;
}

/* date_parse - wall seconds of `2026-01-31` with an optional time of day; false when it is none */
static bool date_parse(const char *at, int64_t *wall)
{
	int year, month, day, seconds = 0;
	if (!digits(&at, 4, &year) || *at++ != '-' || !digits(&at, 2, &month) || *at++ != '-' ||
	    !digits(&at, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
	    (unsigned)day > bm_days_in_month(year, (unsigned)month))
		return false;
	if (*at == 'T' || *at == ' ')
		seconds = clock_parse(at + 1);
	else if (*at)
		return false;
	*wall = bm_days_from_civil(year, (unsigned)month, (unsigned)day) * 86400 + seconds;
	return seconds >= 0;
}

/* wall_now - seconds of this machine's wall clock since 1970 */
static int64_t wall_now(void)
{
	const time_t now = time(NULL);
	struct tm civil = {0};
	localtime_r(&now, &civil);
	const int64_t days = bm_days_from_civil(civil.tm_year + 1900, (unsigned)civil.tm_mon + 1,
						(unsigned)civil.tm_mday);
	return days * 86400 + civil.tm_hour * 3600 + civil.tm_min * 60 + civil.tm_sec;
}

/* ago_parse - wall seconds of `7d`, `12h`, `2w`, `yesterday` or `today`; false when it is none */
static bool ago_parse(const char *value, int64_t now, int64_t *wall)
{
	const int64_t midnight = now - ((now % 86400) + 86400) % 86400;
	int64_t count = 0, unit = 0;
	if (strcmp(value, "today") == 0 || strcmp(value, "yesterday") == 0) {
		*wall = midnight - (value[0] == 'y' ? 86400 : 0);
		return true;
	}
	const char *at = value;
	for (; isdigit((unsigned char)*at) && at - value < 6; at++)
		count = count * 10 + (*at - '0');
	if (*at == 'h')
		unit = 3600;
	else if (*at == 'd')
		unit = 86400;
	else if (*at == 'w')
		unit = 7 * 86400;
	*wall = now - count * unit;
	return unit && at > value && !at[1];
}

bool bm_argument_time(const char *text, bm_time *result)
{
	int64_t wall = 0;
	if (!date_parse(text, &wall) && !ago_parse(text, wall_now(), &wall))
		return false;
	*result = bm_time_make(wall, BM_OFFSET_UNKNOWN);
	return true;
}

char *bm_argument_file(const char *path, size_t limit, size_t *size_read)
{
	const bool standard = strcmp(path, "-") == 0;
	FILE *const file = standard ? stdin : fopen(path, "re");
	if (!file) {
		bm_say(path, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	struct bm_text text = {0};
	size_t step = 1;
	while (step > 0 && text.size <= limit) {
		step = fread(bm_text_room(&text, 1 << 16), 1, 1 << 16, file);
		text.size += step;
	}
	const int failure = ferror(file) ? errno : 0;
	if (!standard)
		fclose(file);
	if (failure || text.size > limit) {
		bm_say(path, failure ? "cannot be read: %s" : "is too large%s",
		       failure ? strerror(failure) : "");
		bm_text_dispose(&text);
		return NULL;
	}
	*size_read = text.size;
	bm_text_byte(&text, 0);
	return (char *)text.data;
}

/* distance - edits that make left of right (Levenshtein); INT_MAX when one is too long to guess */
static int distance(const char *left, const char *right)
{
	const size_t height = strlen(left), width = strlen(right);
	int line[WORD_BYTES_MAX + 1];
	if (height > WORD_BYTES_MAX || width > WORD_BYTES_MAX)
		return INT_MAX;
	for (size_t j = 0; j <= width; j++)
		line[j] = (int)j;
	for (size_t i = 1; i <= height; i++) {
		int diagonal = line[0];
		line[0] = (int)i;
		for (size_t j = 1; j <= width; j++) {
			const int swap = diagonal + (left[i - 1] != right[j - 1]);
			const int step = 1 + (line[j] < line[j - 1] ? line[j] : line[j - 1]);
			diagonal = line[j];
			line[j] = swap < step ? swap : step;
		}
	}
	return line[width];
}

void bm_guess_try(struct bm_guess *guess, const char *typed, const char *candidate)
{
	const int edits = distance(typed, candidate);
	const int limit = 1 + (int)strlen(candidate) / 4;
	if (edits > limit || (guess->word && edits >= guess->edits))
		return;
	guess->word = candidate;
	guess->edits = edits;
}
