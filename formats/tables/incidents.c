/* incidents.c - when and where something failed that had not failed before, or not so much.
 *
 * A row is a span of periods in which one category of refusals at one name, a provider or a
 * domain, was more frequent than its own past makes believable.  What is tested is the rate
 * of attempts refused (bounced or deferred; the logs' only), so a day of more mail is none.  The test
 * of one period is told in excess.c.  Whatever could have been an incident counts as tested: each
 * name (as domain and as provider) in each period in which it was mailed to, times all
 * categories.  Over so many tests the false discovery rate is held (Benjamini and Hochberg) at
 * one in 1,000, and a period is hot when it passes, has REFUSED_MIN refusals and FACTOR_MIN
 * times those expected.  A span is hot periods with at most GAP_PERIODS others between them; a
 * neighbour that would pass were it the only test (EDGE_LOG_P) belongs to it as well.
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
	EDGE_REFUSED_MIN = 3,
	GAP_PERIODS = 2, /* a week-end */
	INCIDENTS_MAX = 1000, /* rows: the ones with most refusals above those expected */
	SIGNIFICANCE_MAX = 300
};
#define FACTOR_MIN 2.0
#define Q_MAX      1e-3
#define EDGE_LOG_P (-9.21034) /* 1 in 10,000 */

static const struct bm_column columns[] = {
	{"start", BM_KIND_PERIOD},      {"end", BM_KIND_PERIOD},     {"scope", BM_KIND_TEXT},
	{"name", BM_KIND_TEXT},         {"category", BM_KIND_TEXT},  {"fault", BM_KIND_TEXT},
	{"peak", BM_KIND_PERIOD},       {"observed", BM_KIND_INT},   {"expected", BM_KIND_INT},
	{"factor", BM_KIND_SHARE},      {"significance", BM_KIND_INT}, {"domains", BM_KIND_INT},
	{"new_template", BM_KIND_TEXT}, {"template_id", BM_KIND_TEXT}, {"sample", BM_KIND_TEXT},
};

/* A period that looks odd by itself. */
struct suspect {
	uint32_t series, category, look;
	double log_p, log_q;
	bool many; /* enough refusals to be hot */
};

struct incident {
	const struct bm_series *series;
	uint32_t category;
	uint32_t first_look, last_look, peak_look;
	uint32_t first, last; /* places of periods in the cube */
	uint64_t observed;
	double expected, log_q;
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
	struct bm_hidden samples; /* by row */
	struct bm_template *templates; /* by row */
};

/* --- finding odd periods --- */

struct suspects {
	struct suspect *list;
	uint32_t count, room;
};

/* blank_points - the looks of a series, as if nothing had been refused in them */
static void blank_points(const struct incidents *all, const struct bm_series *series,
			 struct bm_point *points)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	for (uint32_t i = 0; i < series->look_count; i++) {
		const size_t start = sorted->starts[series->looks[i].period];
		points[i] = (struct bm_point){
			.tried = series->looks[i].ended,
			.slot = bm_excess_slot((bm_period)sorted->cells[start].key[0],
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
		if (!in)
			continue;
		bm_add_saturating(&point->tried, refusal->deferred);
		point->deferred = refusal->deferred;
		point->refused = refusal->bounced;
		bm_add_saturating(&point->refused, refusal->deferred);
	}
}

/* suspect_at - keep the point when it is odd by itself */
static void suspect_at(const struct incidents *all, struct suspects *suspects, uint32_t series,
		       uint32_t category, const struct bm_point *points, uint32_t at)
{
	const struct bm_excess excess = bm_excess_of(points, at, all->view->bucket);
	if (!excess.known || excess.log_p > EDGE_LOG_P ||
	    points[at].refused < FACTOR_MIN * excess.expected)
		return;
	BM_GROW(suspects->list, suspects->count, suspects->room);
	suspects->list[suspects->count++] = (struct suspect){
		.series = series,
		.category = category,
		.look = at,
		.log_p = excess.log_p,
		.many = points[at].refused >= REFUSED_MIN,
	};
}

/* look_through - the points of one category; those no higher than the plain mean of their window,
 * most of all, are passed over */
static void look_through(const struct incidents *all, struct suspects *suspects, uint32_t number,
			 uint32_t category, const struct bm_point *points)
{
	const uint32_t count = all->all.list[number].look_count;
	const size_t window = bm_excess_window(all->view->bucket);
	uint64_t tried = 0, refused = 0;
	for (uint32_t at = 0; at < count; at++) {
		const struct bm_point *const point = &points[at];
		if (point->refused >= EDGE_REFUSED_MIN &&
		    (double)point->refused * (double)tried >=
			    (double)refused * (double)point->tried)
			suspect_at(all, suspects, number, category, points, at);
		tried += point->tried;
		refused += point->refused;
		if (at >= window) {
			tried -= points[at - window].tried;
			refused -= points[at - window].refused;
		}
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

/* find_suspects - of all series, in their order, then by category and time */
static void find_suspects(const struct incidents *all, struct suspects *suspects)
{
	struct bm_point *const points = points_for(&all->all);
	for (uint32_t i = 0; i < all->all.count; i++) {
		const struct bm_series *const series = &all->all.list[i];
		uint32_t left = categories_of(series);
		if (left)
			blank_points(all, series, points);
		for (; left; left &= left - 1) {
			const uint32_t category = (uint32_t)__builtin_ctz(left);
			set_points(series, category, points, true);
			look_through(all, suspects, i, category, points);
			set_points(series, category, points, false);
		}
	}
	bm_free(points);
}

/* --- judging them together --- */

/* judge - give each suspect its q: the share of false ones among all that are as odd or odder */
static void judge(struct suspects *suspects, double tests)
{
	struct bm_key *const keys = bm_alloc(2 * ((size_t)suspects->count + 1) * sizeof *keys);
	for (uint32_t i = 0; i < suspects->count; i++) {
		/* The bits of positive numbers are in their order. */
		const double oddness = 0 - suspects->list[i].log_p;
		uint64_t bits;
		memcpy(&bits, &oddness, sizeof bits);
		keys[i] = (struct bm_key){.key = bits, .id = i};
	}
	bm_order_keys(keys, keys + suspects->count, suspects->count);
	double least = 0;
	for (uint32_t i = 0; i < suspects->count; i++) { /* the least odd first */
		struct suspect *const suspect = &suspects->list[keys[i].id];
		const double log_q = suspect->log_p + log(tests) - log(suspects->count - i);
		least = log_q < least ? log_q : least;
		suspect->log_q = least;
	}
	bm_free(keys);
}

/* is_hot - does a suspect make an incident by itself */
static bool is_hot(const struct suspect *suspect)
{
	return suspect->many && suspect->log_q <= log(Q_MAX);
}

/* --- spans of them --- */

/* chain_end - behind the last suspect that belongs to the same span as that at i */
static uint32_t chain_end(const struct incidents *all, const struct suspects *suspects, uint32_t i)
{
	const struct bm_look *const looks = all->all.list[suspects->list[i].series].looks;
	const struct suspect *const first = &suspects->list[i];
	for (i++; i < suspects->count; i++) {
		const struct suspect *const next = &suspects->list[i];
		if (next->series != first->series || next->category != first->category ||
		    looks[next->look].period - looks[next[-1].look].period > GAP_PERIODS + 1)
			break;
	}
	return i;
}

/* measure - what was refused in an incident's span, and expected; points are those of its series and
 * category */
static void measure(const struct incidents *all, struct incident *incident, struct bm_point *points)
{
	incident->peak_look = incident->first_look;
	for (uint32_t at = incident->first_look; at <= incident->last_look; at++) {
		incident->observed += points[at].refused;
		incident->expected += bm_excess_of(points, at, all->view->bucket).expected;
		if (points[at].refused > points[incident->peak_look].refused)
			incident->peak_look = at;
	}
}

/* keep_chain - make an incident of suspects from first to end, if there is a hot one */
static void keep_chain(struct incidents *all, const struct suspect *first, const struct suspect *end)
{
	struct incident incident = {
		.series = &all->all.list[first->series],
		.category = first->category,
		.first_look = first->look,
		.last_look = end[-1].look,
	};
	bool hot = false;
	for (const struct suspect *suspect = first; suspect < end; suspect++) {
		hot |= is_hot(suspect);
		if (is_hot(suspect) && suspect->log_q < incident.log_q)
			incident.log_q = suspect->log_q;
	}
	if (!hot)
		return;
	incident.first = incident.series->looks[incident.first_look].period;
	incident.last = incident.series->looks[incident.last_look].period;
	BM_GROW(all->list, all->count, all->room);
	all->list[all->count++] = incident;
}

/* find_spans - the incidents, in the order of series, category and time */
static void find_spans(struct incidents *all)
{
	struct suspects suspects = {0};
	find_suspects(all, &suspects);
	judge(&suspects, 2.0 * (double)all->all.looks * BM_CATEGORY_COUNT);
	for (uint32_t i = 0, end; i < suspects.count; i = end) {
		end = chain_end(all, &suspects, i);
		keep_chain(all, &suspects.list[i], &suspects.list[end]);
	}
	bm_free(suspects.list);
	struct bm_point *const points = points_for(&all->all);
	for (uint32_t i = 0; i < all->count; i++) {
		struct incident *const incident = &all->list[i];
		if (i == 0 || incident->series != incident[-1].series ||
		    incident->category != incident[-1].category) {
			blank_points(all, incident->series, points);
			set_points(incident->series, incident->category, points, true);
		}
		measure(all, incident, points);
	}
	bm_free(points);
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
		    bm_sparse_add(&runs->index,
				  key_of(incident->series->is_provider, incident->series->id,
					 incident->category)) < known)
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
	return rest >= EDGE_REFUSED_MIN && rest >= FACTOR_MIN * expected;
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

/* by_excess - for qsort, most refusals above those expected first, then in order */
static int by_excess(const void *left, const void *right)
{
	const struct incident *const a = left, *const b = right;
	const double one = (double)a->observed - a->expected;
	const double other = (double)b->observed - b->expected;
	if (one != other)
		return one < other ? 1 : -1;
	return a->series != b->series		    ? (a->series > b->series ? 1 : -1)
	       : a->category != b->category ? (a->category > b->category ? 1 : -1)
					    : (a->first > b->first) - (a->first < b->first);
}

/* by_run - for qsort, the order of find_spans */
static int by_run(const void *left, const void *right)
{
	const struct incident *const a = left, *const b = right;
	return a->series != b->series		    ? (a->series > b->series ? 1 : -1)
	       : a->category != b->category ? (a->category > b->category ? 1 : -1)
					    : (a->first > b->first) - (a->first < b->first);
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
	const uint32_t at = runs_from(
		runs, all, key_of(true, BM_PAIR_PROVIDER(pair), BM_PAIR_CATEGORY(pair)), period,
		&end);
	const uint32_t known = hits->count;
	if (at < end && all->list[at].first <= period &&
	    bm_sparse_add(hits, (uint64_t)at << 32 | cell->key[1]) == known)
		all->list[at].domains++;
}

/* count_domains - how many domains each incident hit */
static void count_domains(struct incidents *all, const struct runs *runs)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	struct bm_sparse hits = {0};
	bool *const hit = bm_zalloc((size_t)sorted->providers.count + 1, sizeof *hit);
	for (uint32_t i = 0; i < all->count; i++) {
		all->list[i].domains = !all->list[i].series->is_provider;
		if (all->list[i].series->is_provider)
			hit[all->list[i].series->id] = true;
	}
	for (uint32_t period = 0; period < sorted->period_count; period++)
		for (size_t i = sorted->starts[period]; i < sorted->starts[period + 1]; i++) {
			const struct bm_cell *const cell = &sorted->cells[i];
			if (hit[BM_PAIR_PROVIDER(cell->key[2])] && cell->key[3] == BM_SOURCE_LOG &&
			    (cell->n[BM_BOUNCED] | cell->n[BM_DEFERRED]))
				add_hit(all, runs, cell, period, &hits);
		}
	bm_free(hit);
	bm_sparse_dispose(&hits);
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

/* hear - a template was said count times to a name: has it said most of one of its incidents */
static void hear(struct incidents *all, const struct runs *runs, uint64_t key, uint32_t template,
		 uint64_t count)
{
	const struct bm_tally *const tally = all->view->tally;
	const struct bm_seen seen = tally->template[template].seen;
	uint32_t end;
	if (seen.first == BM_TIME_UNKNOWN)
		return;
	for (uint32_t i = runs_from(runs, all, key, 0, &end); i < end; i++) {
		struct incident *const incident = &all->list[i];
		const double here = (double)count * part_within(all, incident, seen);
		if (here <= 0 || here < incident->template_count)
			continue;
		if (here == incident->template_count &&
		    bm_bytes_order(bm_intern_get(tally->templates, template),
				   bm_intern_get(tally->templates, incident->template - 1)) > 0)
			continue;
		incident->template_count = here;
		incident->template = template + 1;
	}
}

/* hear_all - find the reply of each incident */
static void hear_all(struct incidents *all, const struct runs *runs)
{
	const struct bm_tally *const tally = all->view->tally;
	for (uint32_t id = 0; id < bm_intern_count(tally->templates); id++) {
		const struct bm_template_record *const record = &tally->template[id];
		if (record->judged)
			hear(all, runs, key_of(true, record->provider, record->category), id,
			     record->n[BM_BOUNCED] + record->n[BM_DEFERRED]);
	}
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_SPREAD])
	hear(all, runs,
	     key_of(false, all->hold.sorted->domains.rank[cell->key[1]],
		    tally->template[cell->key[0]].category),
	     cell->key[0], cell->n[0]);
}

/* --- the table --- */

/* name_of - of the provider or domain */
static struct bm_bytes name_of(const struct incidents *all, const struct bm_series *series)
{
	return series->is_provider ? all->hold.sorted->providers.text[series->id]
				   : bm_sorted_domain(all->hold.sorted, series->id);
}

/* order - the rows in the order of their keys: the four stable sorts, least first */
static void order(struct incidents *all)
{
	struct bm_key *const keys = bm_alloc(2 * ((size_t)all->count + 1) * sizeof *keys);
	struct incident *const list = bm_alloc(((size_t)all->count + 1) * sizeof *list);
	const struct bm_sorted *const sorted = all->hold.sorted;
	for (uint32_t i = 0; i < all->count; i++) {
		const struct bm_series *const series = all->list[i].series;
		const uint32_t name =
			series->is_provider ? sorted->providers.rank[series->id] : series->id;
		keys[i] = (struct bm_key){
			.key = key_of(series->is_provider, name,
				      sorted->labels.rank[all->list[i].category]),
			.id = i};
	}
	bm_order_keys(keys, keys + all->count, all->count);
	for (uint32_t i = 0; i < all->count; i++)
		keys[i].key = (uint64_t)all->list[keys[i].id].first << 32 |
			      all->list[keys[i].id].last;
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
			all->templates[i] = bm_template_of(
				bm_intern_get(tally->templates, template - 1));
			sample = tally->template[template - 1].sample;
		}
		bm_hidden_add(&all->samples, sample, all->view->hide_addresses);
	}
}

static void *incidents_open(const struct bm_view *view, size_t *count)
{
	struct incidents *const all = bm_zalloc(1, sizeof *all);
	struct runs runs;
	all->view = view;
	all->hold = bm_hold_take(view);
	bm_series_make(&all->all, all->hold.sorted, REFUSED_MIN);
	find_spans(all);
	fold(all);
	runs_make(&runs, all);
	if (all->count > 0) {
		count_domains(all, &runs);
		hear_all(all, &runs);
	}
	runs_dispose(&runs);
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
	*values++ = bm_row_period(
		period_at(all, incident->series->looks[incident->peak_look].period));
	*values++ = bm_row_int(incident->observed);
	*values++ = bm_row_int((uint64_t)(incident->expected + 0.5));
	*values++ = bm_row_share(floor(factor * 10 + 0.5), 10);
	*values++ = bm_row_int(significance_of(incident));
	*values++ = bm_row_int(incident->domains);
	*values++ = bm_row_text(!said ? BM_BYTES("")
				: is_new(all, incident) ? BM_BYTES("yes")
							: BM_BYTES("no"));
	*values++ = bm_row_text(said ? (struct bm_bytes){all->templates[index].id,
							 BM_TEMPLATE_ID_DIGITS}
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
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.open = incidents_open,
	.row = incidents_row,
	.close = incidents_close,
};
