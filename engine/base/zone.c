/* zone.c - wall clocks of another zone, by localtime_r. */
#define _GNU_SOURCE
#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "bouncemill/error.h"

struct bm_zone {
	char *old; /* the TZ to put back, or NULL */
};

/* is_known - does the database have a file of that name, or is it UTC or a POSIX rule with digits
 */
static bool is_known(const char *name)
{
	char path[256];
	struct stat status;
	if (strcmp(name, "UTC") == 0)
		return true;
	if (name[0] == '/' || strstr(name, "..") || strlen(name) > 200)
		return false;
	const char *const dir = getenv("TZDIR");
	snprintf(path, sizeof path, "%s/%s", dir ? dir : "/usr/share/zoneinfo", name);
	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

struct bm_zone *bm_zone_open(const char *name)
{
	if (!is_known(name))
		return NULL;
	struct bm_zone *const zone = bm_zalloc(1, sizeof *zone);
	const char *const old = getenv("TZ");
	zone->old = old ? strdup(old) : NULL;
	setenv("TZ", name, 1);
	tzset();
	return zone;
}

void bm_zone_close(struct bm_zone *zone)
{
	if (zone == NULL)
		return;
	if (zone->old)
		setenv("TZ", zone->old, 1);
	else
		unsetenv("TZ");
	tzset();
	free(zone->old);
	bm_free(zone);
}

bm_time bm_zone_convert(const struct bm_zone *zone, bm_time time)
{
	(void)zone; /* the process's TZ is the zone: see bm_zone_open */
	if (time == BM_TIME_UNKNOWN || bm_time_offset(time) == BM_OFFSET_UNKNOWN)
		return time;
	const time_t instant = bm_time_wall(time) - bm_time_offset(time) * 60;
	struct tm broken;
	if (localtime_r(&instant, &broken) == NULL)
		return time;
	return bm_time_make(instant + broken.tm_gmtoff, (int)(broken.tm_gmtoff / 60));
}
