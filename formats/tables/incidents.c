/* incidents.c - when and where something failed that had not failed before, or not so much.
 *
 * A row is a span of periods in which one category of refusals at one name, a provider or a
 * domain, was more frequent than its own past makes believable.  What is tested is the rate
 * of attempts refused (bounced or deferred; the logs' only), so a day of more mail is none.  The test
 * of one period is told in excess.c.  Odd periods (one in 1,000 would be by chance, and FACTOR_MIN
 * times what is expected) make a span when at most GAP_PERIODS lie between them.  A span, with all
 * that lies between, has the p value of the product of its periods' p values (Fisher), so that ten
 * days of something small tell as much as one of something large, paid for by its length; one of
 * its periods must have REFUSED_MIN refusals.  Whatever could have been an incident counts as
 * tested: each name (as domain and as provider) in each period in which it was mailed to, times all
 * categories.  Over so many tests the false discovery rate is held (Benjamini and Hochberg) at
 * one in 1,000; `significance` is the q value's orders of magnitude.
 *
 * A domain's incident that is its provider's again is said once, as the wider one: when the rest of
 * the provider failed too.  When only that domain did, the provider's row is left out.
 *
 * The reply shown is the one that probably said most of it: counts of replies are not kept by
 * period, so each is taken as spread evenly over the time in which it was heard.
 *
 * Work is in proportion to the cube's cells: a scan or two of all, then only names that have a cell
 * of REFUSED_MIN refusals (providers: so many in all), whose every past is a window of fixed
 * length.  A log of too few periods has no past, and no rows.
 */
#define _GNU_SOURCE
#include "excess.h"
#include "hidden.h"
#include "series.h"
#include "template.h"

#include <math.h>
#include <stdlib.h>

enum {
	REFUSED_MIN = 10, /* attempts in one period, or nobody need be told */
	ODD_REFUSED_MIN = 3,
	GAP_PERIODS = 2,      /* a week-end */
	INCIDENTS_MAX = 1000, /* rows: the ones with most refusals above those expected */
	SIGNIFICANCE_MAX = 300
};
#define FACTOR_MIN 2.0
#define Q_MAX      1e-3
#define ODD_LOG_P  (-6.907755) /* 1 in 1,000 */

static const struct bm_column columns[] = {
	{"start", BM_KIND_PERIOD},      {"end", BM_KIND_PERIOD},       {"scope", BM_KIND_TEXT},
	{"name", BM_KIND_TEXT},         {"category", BM_KIND_TEXT},    {"fault", BM_KIND_TEXT},
	{"peak", BM_KIND_PERIOD},       {"observed", BM_KIND_INT},     {"expected", BM_KIND_INT},
	{"factor", BM_KIND_REAL},       {"significance", BM_KIND_INT}, {"domains", BM_KIND_INT},
	{"new_template", BM_KIND_TEXT}, {"template_id", BM_KIND_TEXT}, {"sample", BM_KIND_TEXT},
};

struct incident {
	const struct bm_series *series;
	uint32_t category;
	uint32_t first, last, peak; /* places of periods in the cube */
	uint64_t observed;
	double expected, log_p, log_q;
	uint32_t domains;
	uint32_t template; /* number + 1; 0 = none */
	double template_count;
	bool dropped; /* said by another row */
};

struct incidents {
	const struct bm_view *view;
	struct bm_hold hold;
	struct bm_all_series all;
	struct incident *list;
	uint32_t count, room;
	struct bm_hidden samples;      /* by row */
	struct bm_template *templates; /* by row */
};

/* --- finding odd periods --- */

/* blank_points - the looks of a series, as if nothing had been refused in them */
static void blank_points(const struct incidents *all, const struct bm_series *series,
			 struct bm_point *points)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	for (uint32_t i = 0; i < series->look_count; i++) {
		const size_t start = sorted->starts[series->looks[i].period];
		points[i] = (struct bm_point){
			.tried = series->looks[i].ended,
			.slot = (uint16_t)bm_excess_slot((bm_period)sorted->cells[start].key[0],
							 all->view->bucket),
		};
	}
}

/* set_points - put the refusals of one category in, or take them out again */
static void set_points(const struct bm_series *series, uint32_t category, struct bm_point *points,
		       bool in)
{
	for (uint32_t i = 0; i < series->refusal_count; i++) {
		const struct bm_refusal *const refusal = &series->refusals[i];
		struct bm_point *const point = &points[refusal->look];
		if (refusal->category != category)
			continue;
		point->tried = series->looks[refusal->look].ended;
		point->refused = point->deferred = 0;
		point->odd = false;
		if (!in)
			continue;
		bm_add_saturating(&point->tried, refusal->deferred);
		point->deferred = refusal->deferred;
		point->refused = refusal->bounced;
		bm_add_saturating(&point->refused, refusal->deferred);
	}
}

/* Odd periods of one series and category: places among its looks. */
struct odd {
	uint32_t *looks;
	uint32_t count, room;
};

/* is_odd - would the point pass for an incident were it the only one */
static bool is_odd(const struct bm_point *points, uint32_t at, enum bm_bucket bucket)
{
	const struct bm_excess excess = bm_excess_of(points, at, bucket);
	return excess.known && excess.log_p <= ODD_LOG_P &&
	       points[at].refused >= FACTOR_MIN * excess.expected;
}

/* find_odd - the odd ones of count points, marked as such; the sums of their windows move along */
static void find_odd(struct odd *odd, struct bm_point *points, uint32_t count,
		     enum bm_bucket bucket)
{
	const size_t window = bm_excess_window(bucket);
	uint64_t tried = 0, refused = 0;
	odd->count = 0;
	for (uint32_t at = 0; at < count; at++) {
		struct bm_point *const point = &points[at];
		if (point->refused >= ODD_REFUSED_MIN &&
		    bm_excess_may(point, tried, refused, ODD_LOG_P) && is_odd(points, at, bucket)) {
			BM_GROW(odd->looks, odd->count, odd->room);
			odd->looks[odd->count++] = at;
			point->odd = true;
		}
		tried += point->odd ? 0 : point->tried;
		refused += point->odd ? 0 : point->refused;
		if (at >= window && !points[at - window].odd) {
			tried -= points[at - window].tried;
			refused -= points[at - window].refused;
		}
	}
}

/* --- spans of them --- */

/* log_product_tail - logarithm of an upper bound of the chance that the product of count p values
 * comes down to exp(log_product): the tail of a gamma distribution, whose terms fall from the last
 * one on.  It is paid for with the choice of count (1 / (count * (count + 1)), which is 1 in all). */
static double log_product_tail(double log_product, uint32_t count)
{
	const double depth = -log_product, before = count - 1.0;
	int sign;
	if (depth <= count)
		return 0;
	const double log_p = log_product + before * log(depth) - lgamma_r(count, &sign) -
			     log(1 - before / depth) + log(count) + log(count + 1.0);
	return log_p < 0 ? log_p : 0;
}

/* keep_span - an incident of all looks from first to last */
static void keep_span(struct incidents *all, const struct bm_series *series, uint32_t category,
		      const struct bm_point *points, uint32_t first, uint32_t last)
{
	const struct bm_look *const looks = series->looks;
	struct incident incident = {.series = series,
				    .category = category,
				    .first = looks[first].period,
				    .last = looks[last].period};
	uint32_t most = 0;
	for (uint32_t at = first; at <= last; at++) {
		const struct bm_excess excess = bm_excess_of(points, at, all->view->bucket);
		incident.observed += points[at].refused;
		incident.expected += excess.expected;
		incident.log_p += excess.log_p;
		if (points[at].refused > most) {
			most = points[at].refused;
			incident.peak = looks[at].period;
		}
	}
	incident.log_p = log_product_tail(incident.log_p, last - first + 1);
	if (most < REFUSED_MIN || (double)incident.observed < FACTOR_MIN * incident.expected)
		return;
	BM_GROW(all->list, all->count, all->room);
	all->list[all->count++] = incident;
}

/* keep_spans - join odd looks that are near each other */
static void keep_spans(struct incidents *all, const struct bm_series *series, uint32_t category,
		       const struct bm_point *points, const struct odd *odd)
{
	for (uint32_t i = 0, next; i < odd->count; i = next) {
		for (next = i + 1; next < odd->count; next++)
			if (series->looks[odd->looks[next]].period -
				    series->looks[odd->looks[next - 1]].period >
			    GAP_PERIODS + 1)
				break;
		keep_span(all, series, category, points, odd->looks[i], odd->looks[next - 1]);
	}
}

/* categories_of - a bit for each category with a period of enough refusals */
static uint32_t categories_of(const struct bm_series *series)
{
	uint32_t categories = 0;
	for (uint32_t i = 0; i < series->refusal_count; i++) {
		const struct bm_refusal *const refusal = &series->refusals[i];
		if ((uint64_t)refusal->bounced + refusal->deferred >= REFUSED_MIN)
			categories |= UINT32_C(1) << refusal->category;
	}
	return categories;
}

/* points_for - room for the points of the longest series */
static struct bm_point *points_for(const struct bm_all_series *all)
{
	uint32_t most = 0;
	for (uint32_t i = 0; i < all->count; i++)
		if (all->list[i].look_count > most)
			most = all->list[i].look_count;
	return bm_alloc(((size_t)most + 1) * sizeof(struct bm_point));
}

/* find_spans - whatever may be an incident, in the order of series, category and time */
static void find_spans(struct incidents *all)
{
	struct bm_point *const points = points_for(&all->all);
	struct odd odd = {0};
	for (uint32_t i = 0; i < all->all.count; i++) {
		const struct bm_series *const series = &all->all.list[i];
		uint32_t left = categories_of(series);
		if (left)
			blank_points(all, series, points);
		for (; left; left &= left - 1) {
			const uint32_t category = (uint32_t)__builtin_ctz(left);
			set_points(series, category, points, true);
			find_odd(&odd, points, series->look_count, all->view->bucket);
			keep_spans(all, series, category, points, &odd);
			set_points(series, category, points, false);
		}
	}
	bm_free(odd.looks);
	bm_free(points);
}

/* judge - keep spans whose q, the share of false ones among all as odd or odder, is small enough */
static void judge(struct incidents *all, double tests)
{
	struct bm_key *const keys = bm_alloc(2 * ((size_t)all->count + 1) * sizeof *keys);
	for (uint32_t i = 0; i < all->count; i++) {
		/* The bits of positive numbers are in their order. */
		const double oddness = 0 - all->list[i].log_p;
		uint64_t bits;
		memcpy(&bits, &oddness, sizeof bits);
		keys[i] = (struct bm_key){.key = bits, .id = i};
	}
	bm_order_keys(keys, keys + all->count, all->count);
	double least = 0;
	for (uint32_t i = 0; i < all->count; i++) { /* the least odd first */
		struct incident *const incident = &all->list[keys[i].id];
		const double log_q = incident->log_p + log(tests) - log(all->count - i);
		incident->log_q = least = log_q < least ? log_q : least;
	}
	bm_free(keys);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < all->count; i++)
		if (all->list[i].log_q <= log(Q_MAX))
			all->list[kept++] = all->list[i];
	all->count = kept;
}

/* --- the same story, told once --- */

/* Incidents of one name and category lie together, in order of time. */
struct runs {
	struct bm_sparse index; /* of key_of */
	uint32_t *starts;       /* by number of the index, and behind the last one the count */
	uint32_t room;
};

/* key_of - a name and category */
static uint64_t key_of(bool is_provider, uint32_t id, uint32_t category)
{
	return (uint64_t)is_provider << 40 | (uint64_t)id << 8 | category;
}

static void runs_make(struct runs *runs, const struct incidents *all)
{
	*runs = (struct runs){0};
	for (uint32_t i = 0; i <= all->count; i++) {
		const struct incident *const incident = &all->list[i];
		const uint32_t known = runs->index.count;
		if (i < all->count &&
		    bm_sparse_add(&runs->index, key_of(incident->series->is_provider,
						       incident->series->id, incident->category)) <
			    known)
			continue;
		BM_GROW(runs->starts, known, runs->room);
		runs->starts[known] = i;
	}
}

static void runs_dispose(struct runs *runs)
{
	bm_sparse_dispose(&runs->index);
	bm_free(runs->starts);
}

/* runs_from - the first incident of a key that ends at period or later; *end is behind its last */
static uint32_t runs_from(const struct runs *runs, const struct incidents *all, uint64_t key,
			  uint32_t period, uint32_t *end)
{
	const uint32_t number = bm_sparse_find(&runs->index, key);
	if (number == BM_SPARSE_NONE)
		return *end = 0;
	uint32_t low = runs->starts[number], high = *end = runs->starts[number + 1];
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		if (all->list[middle].last < period)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* rest_failed - did a provider fail beyond what one domain's incident tells */
static bool rest_failed(const struct incident *whole, const struct incident *part)
{
	const double expected = whole->expected - part->expected;
	const double rest = (double)whole->observed - (double)part->observed;
	return rest >= ODD_REFUSED_MIN && rest >= FACTOR_MIN * expected;
}

/* fold_domain - drop a domain's incident, or its provider's that is nothing but that */
static void fold_domain(struct incidents *all, const struct runs *runs, struct incident *part)
{
	uint32_t end;
	const uint64_t key = key_of(true, part->series->provider, part->category);
	const uint32_t first = runs_from(runs, all, key, part->first, &end);
	for (uint32_t i = first; i < end && all->list[i].first <= part->last; i++)
		part->dropped |= rest_failed(&all->list[i], part);
	for (uint32_t i = first; !part->dropped && i < end && all->list[i].first <= part->last; i++)
		all->list[i].dropped = true;
}

/* by_run - for qsort, the order of find_spans */
static int by_run(const void *left, const void *right)
{
	const struct incident *const a = left, *const b = right;
	if (a->series != b->series)
		return a->series > b->series ? 1 : -1;
	if (a->category != b->category)
		return a->category > b->category ? 1 : -1;
	return (a->first > b->first) - (a->first < b->first);
}

/* by_excess - for qsort, most refusals above those expected first */
static int by_excess(const void *left, const void *right)
{
	const struct incident *const a = left, *const b = right;
	const double one = (double)a->observed - a->expected;
	const double other = (double)b->observed - b->expected;
	return one != other ? (one < other ? 1 : -1) : by_run(left, right);
}

/* fold - leave out what another row says, and what is beyond INCIDENTS_MAX */
static void fold(struct incidents *all)
{
	struct runs runs;
	runs_make(&runs, all);
	for (uint32_t i = 0; i < all->count; i++)
		if (!all->list[i].series->is_provider)
			fold_domain(all, &runs, &all->list[i]);
	runs_dispose(&runs);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < all->count; i++)
		if (!all->list[i].dropped)
			all->list[kept++] = all->list[i];
	if (kept > INCIDENTS_MAX) {
		qsort(all->list, kept, sizeof *all->list, by_excess);
		kept = INCIDENTS_MAX;
		qsort(all->list, kept, sizeof *all->list, by_run);
	}
	all->count = kept;
}

/* --- whom it hit, and what was said --- */

/* add_hit - note a cell's domain at the incident of its provider that it belongs to */
static void add_hit(struct incidents *all, const struct runs *runs, const struct bm_cell *cell,
		    uint32_t period, struct bm_sparse *hits)
{
	uint32_t end;
	const uint32_t pair = cell->key[2];
	const uint32_t at =
		runs_from(runs, all, key_of(true, BM_PAIR_PROVIDER(pair), BM_PAIR_CATEGORY(pair)),
			  period, &end);
	const uint32_t known = hits->count;
	if (at < end && all->list[at].first <= period &&
	    bm_sparse_add(hits, (uint64_t)cell->key[1] << 32 | at) == known)
		all->list[at].domains++;
}

/* count_domains - how many domains each incident hit; hits becomes the pairs of them */
static void count_domains(struct incidents *all, const struct runs *runs, struct bm_sparse *hits)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	bool *const hit = bm_zalloc((size_t)sorted->providers.count + 1, sizeof *hit);
	for (uint32_t i = 0; i < all->count; i++) {
		const struct bm_series *const series = all->list[i].series;
		hit[series->provider] |= series->is_provider;
		all->list[i].domains = !series->is_provider;
		if (!series->is_provider)
			bm_sparse_add(hits, (uint64_t)series->id << 32 | i);
	}
	for (uint32_t period = 0; period < sorted->period_count; period++)
		for (size_t i = sorted->starts[period]; i < sorted->starts[period + 1]; i++) {
			const struct bm_cell *const cell = &sorted->cells[i];
			if (hit[BM_PAIR_PROVIDER(cell->key[2])] && cell->key[3] == BM_SOURCE_LOG &&
			    (cell->n[BM_BOUNCED] | cell->n[BM_DEFERRED]))
				add_hit(all, runs, cell, period, hits);
		}
	bm_free(hit);
}

/* period_at - the period at a place of the cube */
static bm_period period_at(const struct incidents *all, uint32_t place)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	return (bm_period)sorted->cells[sorted->starts[place]].key[0];
}

/* part_within - the part of a time that lies in an incident, when it has even density */
static double part_within(const struct incidents *all, const struct incident *incident,
			  struct bm_seen seen)
{
	const enum bm_bucket bucket = all->view->bucket;
	const int64_t first = bm_time_wall(seen.first), end = bm_time_wall(seen.last) + 1;
	const int64_t start = bm_period_start(period_at(all, incident->first), bucket);
	const int64_t stop = bm_period_end(period_at(all, incident->last), bucket);
	const int64_t from = first > start ? first : start, to = end < stop ? end : stop;
	return to > from ? (double)(to - from) / (double)(end - first) : 0;
}

/* hear - a template was said count times to the domains of an incident: did it say most of it */
static void hear(struct incidents *all, struct incident *incident, uint32_t template,
		 uint64_t count)
{
	const struct bm_tally *const tally = all->view->tally;
	const struct bm_seen seen = tally->template[template].seen;
	if (seen.first == BM_TIME_UNKNOWN)
		return;
	const double here = (double)count * part_within(all, incident, seen);
	if (here <= 0 || here < incident->template_count)
		return;
	if (here == incident->template_count &&
	    bm_bytes_order(bm_intern_get(tally->templates, template),
			   bm_intern_get(tally->templates, incident->template - 1)) > 0)
		return;
	incident->template_count = here;
	incident->template = template + 1;
}

/* add_heard - a template's count at one domain, to each incident of its category that hit it; keys
 * are the sorted hits */
static void add_heard(const struct incidents *all, const struct bm_cell *cell,
		      const struct bm_key *keys, size_t count, struct bm_sums *heard)
{
	const uint64_t rank = all->hold.sorted->domains.rank[cell->key[1]];
	const enum bm_category category = all->view->tally->template[cell->key[0]].category;
	size_t low = 0, high = count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (keys[middle].key < rank << 32)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && keys[low].key >> 32 == rank; low++) {
		const uint64_t at = (uint32_t)keys[low].key;
		if (all->list[at].category == category)
			bm_sums_at(heard, at << 32 | cell->key[0])[0] += cell->n[0];
	}
}

/* hear_all - find the reply of each incident */
static void hear_all(struct incidents *all, const struct bm_sparse *hits)
{
	struct bm_sums heard = {0};
	struct bm_key *const keys = bm_sparse_sort(hits);
	BM_FOR_EACH_CELL(cell, &all->view->tally->cells[BM_CELLS_SPREAD])
	add_heard(all, cell, keys, hits->count, &heard);
	for (uint32_t i = 0; i < heard.index.count; i++)
		hear(all, &all->list[heard.index.keys[i] >> 32], (uint32_t)heard.index.keys[i],
		     heard.n[i][0]);
	bm_free(keys);
	bm_sums_dispose(&heard);
}

/* tell_all - whom each incident hit, and what was said */
static void tell_all(struct incidents *all)
{
	struct runs runs;
	struct bm_sparse hits = {0};
	runs_make(&runs, all);
	count_domains(all, &runs, &hits);
	hear_all(all, &hits);
	runs_dispose(&runs);
	bm_sparse_dispose(&hits);
}

/* --- the table --- */

/* name_of - of the provider or domain */
static struct bm_bytes name_of(const struct incidents *all, const struct bm_series *series)
{
	return series->is_provider ? all->hold.sorted->providers.text[series->id]
				   : bm_sorted_domain(all->hold.sorted, series->id);
}

/* order - the rows by start and end, then scope, name and category: two stable sorts, the last key
 * first */
static void order(struct incidents *all)
{
	struct bm_key *const keys = bm_alloc(2 * ((size_t)all->count + 1) * sizeof *keys);
	struct incident *const list = bm_alloc(((size_t)all->count + 1) * sizeof *list);
	const struct bm_sorted *const sorted = all->hold.sorted;
	for (uint32_t i = 0; i < all->count; i++) {
		const struct bm_series *const series = all->list[i].series;
		const uint32_t name =
			series->is_provider ? sorted->providers.rank[series->id] : series->id;
		keys[i] = (struct bm_key){.key = key_of(series->is_provider, name,
							sorted->labels.rank[all->list[i].category]),
					  .id = i};
	}
	bm_order_keys(keys, keys + all->count, all->count);
	for (uint32_t i = 0; i < all->count; i++)
		keys[i].key =
			(uint64_t)all->list[keys[i].id].first << 32 | all->list[keys[i].id].last;
	bm_order_keys(keys, keys + all->count, all->count);
	for (uint32_t i = 0; i < all->count; i++)
		list[i] = all->list[keys[i].id];
	bm_free(keys);
	bm_free(all->list);
	all->list = list;
}

/* say - ids and samples of the rows' replies */
static void say(struct incidents *all)
{
	const struct bm_tally *const tally = all->view->tally;
	all->templates = bm_zalloc((size_t)all->count + 1, sizeof *all->templates);
	bm_hidden_make(&all->samples, all->count);
	for (uint32_t i = 0; i < all->count; i++) {
		const uint32_t template = all->list[i].template;
		struct bm_bytes sample = {0};
		if (template) {
			all->templates[i] =
				bm_template_of(bm_intern_get(tally->templates, template - 1));
			sample = tally->template[template - 1].sample;
		}
		bm_hidden_add(&all->samples, sample, all->view->hide_addresses);
	}
}

static void *incidents_open(const struct bm_view *view, size_t *count)
{
	struct incidents *const all = bm_zalloc(1, sizeof *all);
	all->view = view;
	all->hold = bm_hold_take(view);
	bm_series_make(&all->all, all->hold.sorted, REFUSED_MIN);
	find_spans(all);
	judge(all, 2.0 * (double)all->all.looks * BM_CATEGORY_COUNT);
	fold(all);
	if (all->count > 0)
		tell_all(all);
	order(all);
	say(all);
	*count = all->count;
	return all;
}

/* is_new - did the reply of an incident appear inside its span */
static bool is_new(const struct incidents *all, const struct incident *incident)
{
	const bm_time first = all->view->tally->template[incident->template - 1].seen.first;
	return bm_time_wall(first) >=
	       bm_period_start(period_at(all, incident->first), all->view->bucket);
}

/* significance_of - whole orders of magnitude */
static uint64_t significance_of(const struct incident *incident)
{
	const double orders = incident->log_q / log(0.1);
	return orders < SIGNIFICANCE_MAX ? (uint64_t)orders : SIGNIFICANCE_MAX;
}

static void incidents_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct incidents *const all = rows;
	const struct incident *const incident = &all->list[index];
	const struct bm_labels *const labels = &all->hold.sorted->labels;
	const double factor = (double)incident->observed / incident->expected;
	const bool said = incident->template != 0;
	*values++ = bm_row_period(period_at(all, incident->first));
	*values++ = bm_row_period(period_at(all, incident->last));
	*values++ = bm_row_text(incident->series->is_provider ? BM_BYTES("provider")
							      : BM_BYTES("domain"));
	*values++ = bm_row_text(name_of(all, incident->series));
	*values++ = bm_row_category(labels, (enum bm_category)incident->category);
	*values++ = bm_row_text(labels->fault[incident->category]);
	*values++ = bm_row_period(period_at(all, incident->peak));
	*values++ = bm_row_int(incident->observed);
	*values++ = bm_row_int((uint64_t)(incident->expected + 0.5));
	*values++ = bm_row_share(floor(factor * 10 + 0.5), 10);
	*values++ = bm_row_int(significance_of(incident));
	*values++ = bm_row_int(incident->domains);
	*values++ = bm_row_text(!said                   ? BM_BYTES("")
				: is_new(all, incident) ? BM_BYTES("yes")
							: BM_BYTES("no"));
	*values++ = bm_row_text(
		said ? (struct bm_bytes){all->templates[index].id, BM_TEMPLATE_ID_DIGITS}
		     : BM_BYTES(""));
	*values++ = bm_row_text(bm_hidden_get(&all->samples, index));
}

static void incidents_close(void *rows)
{
	struct incidents *const all = rows;
	bm_series_dispose(&all->all);
	bm_hold_drop(&all->hold);
	bm_hidden_dispose(&all->samples);
	bm_free(all->templates);
	bm_free(all->list);
	bm_free(all);
}

const struct bm_table bm_table_incidents = {
	.name = "incidents",
	.about = "Spans in which something failed far more often than its own past explains.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 5,
	.open = incidents_open,
	.row = incidents_row,
	.close = incidents_close,
};
