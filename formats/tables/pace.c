/* pace.c - one row a known provider and hour: how fast we wrote, and how much was put off for that.
 *
 * Attempts are those that reached a host of the provider; limited are the attempts among them that
 * were answered rate-limited or greylisted.  limit_pace is the provider's, the same in all its rows:
 * attempts a minute from which on it puts off more.  It is where the minutes, sorted by their
 * attempts, are parted best: the share of limited attempts above and below differs by most standard
 * errors (taken over minutes, since the answers of one minute are one mood), provided that these
 * are LIMIT_Z_MIN or more, that the share above is LIMIT_TIMES_MIN times that below, and that
 * LIMIT_MINUTES_MIN minutes stand on either side and LIMIT_ANSWERS_MIN answers above.  Else the log
 * shows none, and the cell is empty.
 *
 * Hours with fewer than PACE_ATTEMPTS_MIN attempts say nothing about a pace: those of a provider are
 * one row without an hour, in front of its others, whose peak is the greatest of them.
 *
 * Providers that formats/rules/providers.txt does not know have no rows: their pace is not kept.
 */
#include "rows.h"

#include <math.h>

enum {
	PACE_ATTEMPTS_MIN = 10,
	LIMIT_Z_MIN = 4, /* high, because every border between two minutes is tried */
	LIMIT_TIMES_MIN = 2,
	LIMIT_MINUTES_MIN = 10,
	LIMIT_ANSWERS_MIN = 10
};

static const struct bm_column columns[] = {
	{"provider", BM_KIND_TEXT},       {"hour", BM_KIND_TIME},   {"attempts", BM_KIND_INT},
	{"peak_per_minute", BM_KIND_INT}, {"limited", BM_KIND_INT}, {"limited_rate", BM_KIND_SHARE},
	{"limit_pace", BM_KIND_INT},
};

#define NO_HOUR INT32_MIN

/* One minute of a provider. */
struct minute {
	uint32_t attempts, limited;
};

struct hour {
	uint32_t provider;
	int32_t hour; /* since 1970, or NO_HOUR */
	uint32_t peak;
	uint64_t attempts, limited;
};

struct pace {
	const struct bm_tally *tally;
	uint32_t *limits;     /* by provider; 0 = none */
	uint64_t *limited;    /* by provider: all its limited attempts */
	uint32_t *place;      /* by provider: in text order, of those that have pages */
	struct bm_key *cells; /* of limited attempts, by provider and minute, like the pages */
	size_t cell_count, cell_at; /* cell_at: the first that is not behind the minute in hand */
	struct hour *hours;
	uint32_t hour_count, hour_room;
	struct minute *minutes; /* of the provider in hand */
	uint32_t minute_count, minute_room;
};

/* --- the pace from which on a provider puts off more --- */

/* Sums over minutes. */
struct side {
	double minutes, attempts, limited;
	double limited_2, both, attempts_2; /* of squares and products */
};

static void add_minute(struct side *side, struct minute minute, double sign)
{
	const double attempts = minute.attempts, limited = minute.limited;
	side->minutes += sign;
	side->attempts += sign * attempts;
	side->limited += sign * limited;
	side->limited_2 += sign * limited * limited;
	side->both += sign * limited * attempts;
	side->attempts_2 += sign * attempts * attempts;
}

/* variance - of a side's share, as a ratio of sums over minutes */
static double variance(const struct side *side)
{
	const double share = side->limited / side->attempts;
	const double squares =
		side->limited_2 - 2 * share * side->both + share * share * side->attempts_2;
	return squares > 0 ? squares / (side->attempts * side->attempts) : 0;
}

/* difference - by how many standard errors the share above exceeds that below; 0 when it does not
 * count */
static double difference(const struct side *below, const struct side *above)
{
	if (below->minutes < LIMIT_MINUTES_MIN || above->minutes < LIMIT_MINUTES_MIN ||
	    above->limited < LIMIT_ANSWERS_MIN)
		return 0;
	const double low = below->limited / below->attempts;
	const double high = above->limited / above->attempts;
	if (high < LIMIT_TIMES_MIN * low)
		return 0;
	const double z = (high - low) / sqrt(variance(below) + variance(above));
	return z >= LIMIT_Z_MIN ? z : 0;
}

/* find_limit - of the minutes in hand, or 0 */
static uint32_t find_limit(const struct pace *all)
{
	const uint32_t count = all->minute_count;
	struct bm_key *const keys = bm_alloc((2 * (size_t)count + 1) * sizeof *keys);
	struct side below = {0}, above = {0};
	double most = 0;
	uint32_t limit = 0;
	for (uint32_t i = 0; i < count; i++) {
		keys[i] = (struct bm_key){.key = all->minutes[i].attempts, .id = i};
		add_minute(&above, all->minutes[i], 1);
	}
	bm_order_keys(keys, keys + count, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct minute minute = all->minutes[keys[i].id];
		const double z =
			i && keys[i].key != keys[i - 1].key ? difference(&below, &above) : 0;
		if (z > most) {
			most = z;
			limit = minute.attempts;
		}
		add_minute(&below, minute, 1);
		add_minute(&above, minute, -1);
	}
	bm_free(keys);
	return limit;
}

/* --- hours --- */

/* hour_at - the row of a provider's hour; they come in order */
static struct hour *hour_at(struct pace *all, uint32_t provider, int32_t hour)
{
	struct hour *const last = all->hour_count ? &all->hours[all->hour_count - 1] : NULL;
	if (last && last->provider == provider && last->hour == hour)
		return last;
	BM_GROW(all->hours, all->hour_count, all->hour_room);
	all->hours[all->hour_count] = (struct hour){.provider = provider, .hour = hour};
	return &all->hours[all->hour_count++];
}

/* floor_hour - the hour of a minute, before 1970 too */
static int32_t floor_hour(int32_t minute)
{
	return (minute - (minute % BM_HOUR_MINUTES + BM_HOUR_MINUTES) % BM_HOUR_MINUTES) /
	       BM_HOUR_MINUTES;
}

/* minute_key - what minutes, and pages by their number, are in order of: the place of the provider,
 * then time */
static uint64_t minute_key(uint32_t place, int32_t number)
{
	return (uint64_t)place << 32 | bm_order_signed(number);
}

/* limited_in - limited attempts of a minute; minutes are asked for in order */
static uint32_t limited_in(struct pace *all, uint64_t key)
{
	while (all->cell_at < all->cell_count && all->cells[all->cell_at].key < key)
		all->cell_at++;
	if (all->cell_at == all->cell_count || all->cells[all->cell_at].key != key)
		return 0;
	return all->tally->cells[BM_CELLS_LIMITED].list[all->cells[all->cell_at].id].n[0];
}

/* take_minute - one minute of a provider into its hour, and, where there may be a limit, into the
 * minutes in hand */
static void take_minute(struct pace *all, uint32_t provider, int32_t number, uint32_t attempts)
{
	struct hour *const hour = hour_at(all, provider, floor_hour(number));
	hour->attempts += attempts;
	hour->peak = attempts > hour->peak ? attempts : hour->peak;
	if (all->limited[provider] == 0)
		return;
	const uint32_t limited = limited_in(all, minute_key(all->place[provider], number));
	hour->limited += limited;
	if (all->limited[provider] < LIMIT_ANSWERS_MIN)
		return;
	BM_GROW(all->minutes, all->minute_count, all->minute_room);
	all->minutes[all->minute_count++] = (struct minute){attempts, limited};
}

/* take_page - a page that is the only one of its minutes, as nearly all are; mostly empty where mail is
 * scarce, so eight minutes are looked at together */
static void take_page(struct pace *all, const struct bm_pace_page *page)
{
	for (int half = 0; half < BM_PAGE_MINUTES; half += 8) {
		uint64_t word = bm_load64(page->minute + half);
		for (int at = 0; word; at++, word >>= 8) {
			const int empty = __builtin_ctzll(word) / 8;
			at += empty;
			word >>= 8 * empty;
			take_minute(all, page->provider, page->number * BM_PAGE_MINUTES + half + at,
				    word & 0xff);
		}
	}
}

/* take_pages - the pages of one provider's same minutes; how many of keys they are */
static size_t take_pages(struct pace *all, const struct bm_key *keys, size_t count)
{
	const struct bm_pace_page *const list = all->tally->pace.list;
	const struct bm_pace_page *const first = &list[keys->id];
	size_t used = 1;
	while (used < count && keys[used].key == keys->key)
		used++;
	if (used == 1) {
		take_page(all, first);
		return 1;
	}
	for (int at = 0; at < BM_PAGE_MINUTES; at++) {
		uint32_t sum = 0;
		for (size_t i = 0; i < used; i++)
			sum += list[keys[i].id].minute[at];
		if (sum)
			take_minute(all, first->provider, first->number * BM_PAGE_MINUTES + at,
				    sum);
	}
	return used;
}

/* gather_small - the hours of the provider in hand that say nothing, which begin at from, in one */
static void gather_small(struct pace *all, uint32_t from)
{
	struct hour small = {.provider = all->hours[from].provider, .hour = NO_HOUR};
	uint32_t kept = all->hour_count;
	for (uint32_t i = all->hour_count; i-- > from;) {
		const struct hour *const hour = &all->hours[i];
		if (hour->attempts >= PACE_ATTEMPTS_MIN) {
			all->hours[--kept] = *hour;
			continue;
		}
		small.attempts += hour->attempts;
		small.limited += hour->limited;
		small.peak = hour->peak > small.peak ? hour->peak : small.peak;
	}
	const uint32_t count = all->hour_count - kept;
	if (small.attempts)
		all->hours[from++] = small;
	memmove(&all->hours[from], &all->hours[kept], count * sizeof *all->hours);
	all->hour_count = from + count;
}

/* place_providers - the places in text order of the providers that have pages, by number; the caller
 * frees.  They are known ones, so they are few. */
static uint32_t *place_providers(const struct bm_tally *tally)
{
	const struct bm_pace *const pace = &tally->pace;
	uint32_t *const place =
		bm_zalloc((size_t)bm_intern_count(tally->providers) + 1, sizeof *place);
	uint32_t *met = NULL, count = 0, room = 0;
	for (uint32_t i = 0; i < pace->count; i++) {
		const uint32_t provider = pace->list[i].provider;
		if (place[provider]++)
			continue;
		BM_GROW(met, count, room);
		met[count++] = provider;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct bm_bytes name = bm_intern_get(tally->providers, met[i]);
		place[met[i]] = 0;
		for (uint32_t j = 0; j < count; j++)
			place[met[i]] +=
				bm_bytes_order(bm_intern_get(tally->providers, met[j]), name) < 0;
	}
	bm_free(met);
	return place;
}

/* sort_pages - by provider and minutes; the caller frees */
static struct bm_key *sort_pages(const struct pace *all)
{
	const struct bm_pace *const pace = &all->tally->pace;
	struct bm_key *const keys = bm_alloc((2 * (size_t)pace->count + 1) * sizeof *keys);
	for (uint32_t i = 0; i < pace->count; i++) {
		const struct bm_pace_page *const page = &pace->list[i];
		keys[i] = (struct bm_key){
			.key = minute_key(all->place[page->provider], page->number), .id = i};
	}
	bm_order_keys(keys, keys + pace->count, pace->count);
	return keys;
}

/* sort_limited - the cells of limited attempts in the same order, and their sums by provider */
static void sort_limited(struct pace *all)
{
	const struct bm_cells *const cells = &all->tally->cells[BM_CELLS_LIMITED];
	all->cell_count = cells->count;
	all->cells = bm_alloc((2 * (size_t)cells->count + 1) * sizeof *all->cells);
	for (uint32_t i = 0; i < cells->count; i++) {
		const struct bm_cell *const cell = &cells->list[i];
		all->limited[cell->key[0]] += cell->n[0];
		all->cells[i] = (struct bm_key){
			.key = minute_key(all->place[cell->key[0]], (int32_t)cell->key[1]),
			.id = i};
	}
	bm_order_keys(all->cells, all->cells + cells->count, cells->count);
}

static void *pace_open(const struct bm_view *view, size_t *count)
{
	struct pace *const all = bm_zalloc(1, sizeof *all);
	const struct bm_pace *const pace = &view->tally->pace;
	all->tally = view->tally;
	all->limits =
		bm_zalloc((size_t)bm_intern_count(view->tally->providers) + 1, sizeof *all->limits);
	all->limited = bm_zalloc((size_t)bm_intern_count(view->tally->providers) + 1,
				 sizeof *all->limited);
	all->place = place_providers(view->tally);
	sort_limited(all);
	struct bm_key *const keys = sort_pages(all);
	uint32_t from = 0;
	for (size_t i = 0; i < pace->count;) {
		const uint32_t provider = pace->list[keys[i].id].provider;
		i += take_pages(all, keys + i, pace->count - i);
		if (i < pace->count && pace->list[keys[i].id].provider == provider)
			continue;
		all->limits[provider] = find_limit(all);
		all->minute_count = 0;
		gather_small(all, from);
		from = all->hour_count;
	}
	bm_free(keys);
	bm_free(all->cells);
	bm_free(all->place);
	bm_free(all->minutes);
	*count = all->hour_count;
	return all;
}

static void pace_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct pace *const all = rows;
	const struct hour *const hour = &all->hours[index];
	const uint32_t limit = all->limits[hour->provider];
	const int64_t wall = (int64_t)hour->hour * BM_HOUR_SECONDS;
	*values++ = bm_row_text(bm_intern_get(all->tally->providers, hour->provider));
	*values++ = bm_row_time(hour->hour == NO_HOUR ? BM_TIME_UNKNOWN
						      : bm_time_make(wall, BM_OFFSET_UNKNOWN));
	*values++ = bm_row_int(hour->attempts);
	*values++ = bm_row_int(hour->peak);
	*values++ = bm_row_int(hour->limited);
	*values++ = bm_row_share((double)hour->limited, hour->attempts);
	*values++ = (struct bm_value){.empty = limit == 0, .integer = limit};
}

static void pace_close(void *rows)
{
	struct pace *const all = rows;
	bm_free(all->limits);
	bm_free(all->limited);
	bm_free(all->hours);
	bm_free(all);
}

const struct bm_table bm_table_pace = {
	.name = "pace",
	.about = "How fast each large provider was mailed to, hour by hour, and what it made wait.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 2,
	.open = pace_open,
	.row = pace_row,
	.close = pace_close,
};
