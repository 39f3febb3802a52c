/* zone.h - show instants in a chosen zone (--tz), by the C library's time zone database.
 *
 * Only stamps that say their own offset can be moved; a wall clock of unknown offset stays as it
 * is.
 */
#ifndef BM_ZONE_H
#define BM_ZONE_H

#include "bouncemill/clock.h"

struct bm_zone;
/* bm_zone_open - the zone of a name such as Asia/Shanghai; NULL when the database has none.  Sets
 * the process's TZ, so at most one zone is open, before threads start. */
struct bm_zone *bm_zone_open(const char *name);
void bm_zone_close(struct bm_zone *zone);
/* bm_zone_convert - the same instant on that zone's wall clock */
bm_time bm_zone_convert(const struct bm_zone *zone, bm_time time);

#endif
