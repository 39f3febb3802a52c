/* series.c - the refusals of names over time; see series.h.
 *
 * Two scans of the cube in its order: the first finds who has refusals enough, the second adds up
 * their cells period by period, so memory is in proportion to the cells of those names.  Bounce mails
 * are left out: they tell of failures without telling what they are a share of.  So are expired
 * recipients, who were refused as deferred attempts, days before.
 */
#include "series.h"

/* What is known of a provider after the first scan. */
struct glance {
	uint32_t domain; /* one of its domains with refusals: rank + 1; 0 = none yet */
	bool several;
	uint32_t refused;
};

/* A name's period being added up. */
struct gauge {
	uint32_t ended;
	uint32_t categories; /* a bit for each that has refusals */
	uint32_t bounced[BM_CATEGORY_COUNT], deferred[BM_CATEGORY_COUNT];
};

struct gather {
	const struct bm_sorted *sorted;
	struct bm_all_series *all;
	uint32_t *of_domain, *of_provider; /* series + 1, by rank and by number; 0 = left out */
	struct gauge *gauges;              /* by series */
	uint32_t *touched;                 /* series of this period */
	uint32_t touched_count;
};

/* refused_in - refusals of a cell, saturating */
static uint32_t refused_in(const struct bm_cell *cell)
{
	uint32_t refused = cell->n[BM_BOUNCED];
	bm_add_saturating(&refused, cell->n[BM_DEFERRED]);
	return refused;
}

/* is_told - does a cell belong to a series: a log's, and its time is known */
static bool is_told(const struct bm_cell *cell)
{
	return cell->key[3] == BM_SOURCE_LOG && (bm_period)cell->key[0] != BM_PERIOD_UNKNOWN;
}

/* look_around - the first scan; of_domain becomes 1 for domains to keep */
static void look_around(struct gather *gather, struct glance *glances, uint32_t least)
{
	const struct bm_sorted *const sorted = gather->sorted;
	uint32_t period = 0, domain = UINT32_MAX;
	for (size_t i = 0; i < sorted->count; i++) {
		const struct bm_cell *const cell = &sorted->cells[i];
		if (!is_told(cell))
			continue;
		gather->all->looks += cell->key[1] != domain || cell->key[0] != period;
		domain = cell->key[1];
		period = cell->key[0];
		const uint32_t refused = refused_in(cell);
		if (refused == 0) /* most */
			continue;
		struct glance *const glance = &glances[BM_PAIR_PROVIDER(cell->key[2])];
		glance->several |= glance->domain && glance->domain != domain + 1;
		glance->domain = domain + 1;
		bm_add_saturating(&glance->refused, refused);
		if (refused >= least)
			gather->of_domain[domain] = 1;
	}
}

/* number_series - give those to keep their series */
static void number_series(struct gather *gather, const struct glance *glances, uint32_t least)
{
	const struct bm_sorted *const sorted = gather->sorted;
	uint32_t count = 0, room = 0;
	struct bm_series *list = NULL;
	for (uint32_t id = 0; id < sorted->providers.count; id++) {
		if (!glances[id].several || glances[id].refused < least)
			continue;
		BM_GROW(list, count, room);
		list[count++] = (struct bm_series){.is_provider = true, .id = id, .provider = id};
		gather->of_provider[id] = count;
	}
	for (uint32_t rank = 0; rank < sorted->domains.count; rank++) {
		if (gather->of_domain[rank] == 0)
			continue;
		BM_GROW(list, count, room);
		list[count++] = (struct bm_series){.id = rank};
		gather->of_domain[rank] = count;
	}
	gather->all->list = list;
	gather->all->count = count;
}

/* add_cell - to the gauge of a series (its number + 1, or 0 for none) */
static void add_cell(struct gather *gather, uint32_t series, const struct bm_cell *cell)
{
	if (series == 0 || (cell->n[BM_DELIVERED] | refused_in(cell)) == 0)
		return;
	struct gauge *const gauge = &gather->gauges[series - 1];
	const enum bm_category category = BM_PAIR_CATEGORY(cell->key[2]);
	if (gauge->ended == 0 && gauge->categories == 0)
		gather->touched[gather->touched_count++] = series - 1;
	bm_add_saturating(&gauge->ended, cell->n[BM_DELIVERED]);
	bm_add_saturating(&gauge->ended, cell->n[BM_BOUNCED]);
	if (refused_in(cell) == 0)
		return;
	gauge->categories |= UINT32_C(1) << category;
	bm_add_saturating(&gauge->bounced[category], cell->n[BM_BOUNCED]);
	bm_add_saturating(&gauge->deferred[category], cell->n[BM_DEFERRED]);
}

/* read_gauge - a period of a series is complete: keep it, and set the gauge to 0 */
static void read_gauge(struct bm_series *series, struct gauge *gauge, uint32_t period)
{
	BM_GROW(series->looks, series->look_count, series->look_room);
	series->looks[series->look_count] = (struct bm_look){period, gauge->ended};
	for (uint32_t left = gauge->categories; left; left &= left - 1) {
		const unsigned category = (unsigned)__builtin_ctz(left);
		BM_GROW(series->refusals, series->refusal_count, series->refusal_room);
		series->refusals[series->refusal_count++] = (struct bm_refusal){
			.look = series->look_count,
			.category = category,
			.bounced = gauge->bounced[category],
			.deferred = gauge->deferred[category],
		};
	}
	series->look_count++;
	*gauge = (struct gauge){0};
}

/* add_period - the second scan's part of one period */
static void add_period(struct gather *gather, uint32_t period)
{
	const struct bm_sorted *const sorted = gather->sorted;
	for (size_t i = sorted->starts[period]; i < sorted->starts[period + 1]; i++) {
		const struct bm_cell *const cell = &sorted->cells[i];
		const uint32_t provider = BM_PAIR_PROVIDER(cell->key[2]);
		const uint32_t domain = gather->of_domain[cell->key[1]];
		if (!is_told(cell))
			continue;
		add_cell(gather, gather->of_provider[provider], cell);
		add_cell(gather, domain, cell);
		if (domain && refused_in(cell))
			gather->all->list[domain - 1].provider = provider;
	}
	for (uint32_t i = 0; i < gather->touched_count; i++)
		read_gauge(&gather->all->list[gather->touched[i]],
			   &gather->gauges[gather->touched[i]], period);
	gather->touched_count = 0;
}

void bm_series_make(struct bm_all_series *all, const struct bm_sorted *sorted, uint32_t least)
{
	_Static_assert(BM_CATEGORY_COUNT <= 32, "a bit for each category");
	struct gather gather = {
		.sorted = sorted,
		.all = all,
		.of_domain = bm_zalloc((size_t)sorted->domains.count + 1, sizeof *gather.of_domain),
		.of_provider =
			bm_zalloc((size_t)sorted->providers.count + 1, sizeof *gather.of_provider),
	};
	struct glance *const glances =
		bm_zalloc((size_t)sorted->providers.count + 1, sizeof *glances);
	*all = (struct bm_all_series){0};
	look_around(&gather, glances, least);
	number_series(&gather, glances, least);
	gather.gauges = bm_zalloc((size_t)all->count + 1, sizeof *gather.gauges);
	gather.touched = bm_alloc(((size_t)all->count + 1) * sizeof *gather.touched);
	for (uint32_t period = 0; period < sorted->period_count; period++)
		add_period(&gather, period);
	bm_free(glances);
	bm_free(gather.gauges);
	bm_free(gather.touched);
	bm_free(gather.of_domain);
	bm_free(gather.of_provider);
}

void bm_series_dispose(struct bm_all_series *all)
{
	for (uint32_t i = 0; i < all->count; i++) {
		bm_free(all->list[i].looks);
		bm_free(all->list[i].refusals);
	}
	bm_free(all->list);
	*all = (struct bm_all_series){0};
}
