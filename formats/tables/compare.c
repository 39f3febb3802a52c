/* compare.c - what rose, what fell and what is new: the last full period beside the one before.
 *
 * Full is a period that the data covers from its start to its end, give or take a twenty-fourth of
 * it: the first and last outcome tell.  Failures of the last full period are compared with those of
 * the period before it, and with the average of the earlier full periods at the same place in
 * the week (by hour and day; by week and month: of all earlier ones).  Without two full periods in
 * a row there is nothing to compare, and no row.
 *
 * One row for each category, domain and provider that failed in either of the two, and one for each
 * reply (template) that was first heard in the last one, the largest change first: all of them,
 * so that nothing is summed away.  Replies are counted in attempts, all else in recipients.  The
 * rate of a category is its share of all recipients of the period.
 */
#include "hidden.h"
#include "sorted.h"
#include "template.h"

enum { SLACK_DIVISOR = 24, HOURS_A_WEEK = 7 * 24, DAYS_A_WEEK = 7 };

static const struct bm_column columns[] = {
	{"scope", BM_KIND_TEXT},        {"name", BM_KIND_TEXT},         {"period", BM_KIND_PERIOD},
	{"failures", BM_KIND_INT},      {"before", BM_KIND_INT},        {"average", BM_KIND_REAL},
	{"change", BM_KIND_INT},        {"change_rate", BM_KIND_SHARE}, {"rate", BM_KIND_SHARE},
	{"rate_before", BM_KIND_SHARE}, {"new", BM_KIND_TEXT},          {"sample", BM_KIND_TEXT},
};

enum scope { CATEGORY, DOMAIN, PROVIDER, TEMPLATE };
static const char *const scope_names[] = {"category", "domain", "provider", "template"};

/* When a period is, seen from the last full one. */
enum when { LAST, BEFORE, WHEN_COUNT };

/* What is known of one name. */
struct sum {
	uint64_t failures[WHEN_COUNT], recipients[WHEN_COUNT];
	uint64_t alike; /* failures of the full periods that the average is of */
	bool old;       /* failed before the last full period */
};

struct row {
	enum scope scope;
	uint32_t id; /* category, rank of a domain, number of a provider or template */
	uint64_t failures, before;
};

struct compare {
	const struct bm_view *view;
	struct bm_hold hold;
	bm_period first, last, before; /* of full periods; before is last's */
	uint64_t alike_count;          /* periods the average is of */
	struct sum categories[BM_CATEGORY_COUNT], *domains, *providers;
	struct sum all;
	struct row *rows;
	size_t count, room;
	struct bm_key *order;
	struct bm_template *templates; /* by row, of templates only */
	struct bm_hidden samples;      /* by row */
};

/* seen_of - the first and last outcome of all */
static struct bm_seen seen_of(const struct bm_tally *tally)
{
	struct bm_seen seen = BM_SEEN_NEVER;
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++) {
		bm_seen_add(&seen, tally->category[i].first);
		bm_seen_add(&seen, tally->category[i].last);
	}
	return seen;
}

/* find_periods - which are full; false when the two to compare are not */
static bool find_periods(struct compare *all)
{
	const enum bm_bucket bucket = all->view->bucket;
	const struct bm_seen seen = seen_of(all->view->tally);
	if (seen.first == BM_TIME_UNKNOWN)
		return false;
	all->first = bm_period_of(seen.first, bucket);
	all->last = bm_period_of(seen.last, bucket);
	int64_t start = bm_period_start(all->first, bucket),
		end = bm_period_end(all->first, bucket);
	if (bm_time_wall(seen.first) > start + (end - start) / SLACK_DIVISOR)
		all->first = bm_period_of(bm_time_make(end, 0), bucket);
	start = bm_period_start(all->last, bucket);
	end = bm_period_end(all->last, bucket);
	if (bm_time_wall(seen.last) + 1 < end - (end - start) / SLACK_DIVISOR)
		all->last = bm_period_before(all->last, bucket);
	all->before = bm_period_before(all->last, bucket);
	return all->before >= all->first;
}

/* alike_step - periods from one place in the week to the next such; 0 when all are alike */
static int alike_step(enum bm_bucket bucket)
{
	return bucket == BM_BUCKET_HOUR ? HOURS_A_WEEK : bucket == BM_BUCKET_DAY ? DAYS_A_WEEK : 0;
}

/* is_alike - is a period part of the average */
static bool is_alike(const struct compare *all, bm_period period)
{
	const int step = alike_step(all->view->bucket);
	return period >= all->first && period < all->last &&
	       (step == 0 || (all->last - period) % step == 0);
}

/* count_alike - how many periods the average is of, those without mail too */
static uint64_t count_alike(const struct compare *all)
{
	const int step = alike_step(all->view->bucket);
	uint64_t count = 0;
	if (step)
		return (uint64_t)((all->last - all->first) / step);
	for (bm_period period = all->last; period > all->first; count++)
		period = bm_period_before(period, all->view->bucket);
	return count;
}

/* add_to - a cell of a period to a sum; when is WHEN_COUNT for periods other than the two */
static void add_to(struct sum *sum, const struct bm_cell *cell, enum when when, bool alike,
		   bool old)
{
	const uint64_t failures = (uint64_t)cell->n[BM_BOUNCED] + cell->n[BM_EXPIRED];
	if (when < WHEN_COUNT) {
		sum->failures[when] += failures;
		sum->recipients[when] += failures + cell->n[BM_DELIVERED];
	}
	sum->alike += alike ? failures : 0;
	sum->old |= old && failures > 0;
}

/* add_period - all cells of one period */
static void add_period(struct compare *all, uint32_t place)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	const size_t end = sorted->starts[place + 1];
	const bm_period period = (bm_period)sorted->cells[sorted->starts[place]].key[0];
	const enum when when = period == all->last     ? LAST
			       : period == all->before ? BEFORE
						       : WHEN_COUNT;
	const bool alike = is_alike(all, period), old = period < all->last;
	if (period == BM_PERIOD_UNKNOWN || period > all->last)
		return;
	for (size_t i = sorted->starts[place]; i < end; i++) {
		const struct bm_cell *const cell = &sorted->cells[i];
		const uint32_t pair = cell->key[2];
		add_to(&all->categories[BM_PAIR_CATEGORY(pair)], cell, when, alike, old);
		add_to(&all->domains[cell->key[1]], cell, when, alike, old);
		add_to(&all->providers[BM_PAIR_PROVIDER(pair)], cell, when, alike, old);
		add_to(&all->all, cell, when, alike, old);
	}
}

/* sum_of - of a row that is no template's */
static const struct sum *sum_of(const struct compare *all, const struct row *row)
{
	return row->scope == CATEGORY ? &all->categories[row->id]
	       : row->scope == DOMAIN ? &all->domains[row->id]
				      : &all->providers[row->id];
}

/* keep - a row of a name, unless it failed in neither period */
static void keep(struct compare *all, enum scope scope, uint32_t id)
{
	struct row row = {.scope = scope, .id = id};
	const struct sum *const sum = sum_of(all, &row);
	row.failures = sum->failures[LAST];
	row.before = sum->failures[BEFORE];
	if (row.failures + row.before == 0)
		return;
	BM_GROW(all->rows, all->count, all->room);
	all->rows[all->count++] = row;
}

/* keep_template - a row of a reply that was first heard in the last full period */
static void keep_template(struct compare *all, uint32_t id)
{
	const struct bm_template_record *const record = &all->view->tally->template[id];
	const uint64_t attempts = record->n[BM_BOUNCED] + record->n[BM_DEFERRED];
	if (attempts == 0 || bm_period_of(record->seen.first, all->view->bucket) != all->last)
		return;
	BM_GROW(all->rows, all->count, all->room);
	all->rows[all->count++] = (struct row){.scope = TEMPLATE, .id = id, .failures = attempts};
}

/* keep_all - rows by scope, then by name; templates by provider, code and text */
static void keep_all(struct compare *all)
{
	const struct bm_sorted *const sorted = all->hold.sorted;
	struct bm_names templates;
	uint8_t by_rank[BM_CATEGORY_COUNT];
	for (unsigned i = 0; i < BM_CATEGORY_COUNT; i++)
		by_rank[sorted->labels.rank[i]] = (uint8_t)i;
	for (unsigned rank = 0; rank < BM_CATEGORY_COUNT; rank++)
		keep(all, CATEGORY, by_rank[rank]);
	for (uint32_t rank = 0; rank < sorted->domains.count; rank++)
		keep(all, DOMAIN, rank);
	for (uint32_t rank = 0; rank < sorted->providers.count; rank++)
		keep(all, PROVIDER, sorted->providers.order[rank]);
	bm_names_rank(&templates, all->view->tally->templates);
	for (uint32_t rank = 0; rank < templates.count; rank++)
		keep_template(all, templates.order[rank]);
	bm_names_dispose(&templates);
}

/* change_of - failures more than before, or fewer */
static int64_t change_of(const struct row *row)
{
	return (int64_t)row->failures - (int64_t)row->before;
}

/* order - the largest change first, else as they were kept */
static void order(struct compare *all)
{
	all->order = bm_alloc(2 * (all->count + 1) * sizeof *all->order);
	for (size_t i = 0; i < all->count; i++) {
		const int64_t change = change_of(&all->rows[i]);
		all->order[i] = (struct bm_key){.key = ~(uint64_t)(change < 0 ? -change : change),
						.id = (uint32_t)i};
	}
	bm_order_keys(all->order, all->order + all->count, all->count);
}

/* say - ids and samples of new replies */
static void say(struct compare *all)
{
	const struct bm_tally *const tally = all->view->tally;
	all->templates = bm_zalloc(all->count + 1, sizeof *all->templates);
	bm_hidden_make(&all->samples, all->count);
	for (size_t i = 0; i < all->count; i++) {
		const struct row *const row = &all->rows[i];
		const bool said = row->scope == TEMPLATE;
		if (said)
			all->templates[i] =
				bm_template_of(bm_intern_get(tally->templates, row->id));
		bm_hidden_add(&all->samples, said ? tally->template[row->id].sample : BM_BYTES(""),
			      all->view->hide_addresses);
	}
}

static void *compare_open(const struct bm_view *view, size_t *count)
{
	struct compare *const all = bm_zalloc(1, sizeof *all);
	all->view = view;
	all->hold = bm_hold_take(view);
	const struct bm_sorted *const sorted = all->hold.sorted;
	all->domains = bm_zalloc((size_t)sorted->domains.count + 1, sizeof *all->domains);
	all->providers = bm_zalloc((size_t)sorted->providers.count + 1, sizeof *all->providers);
	if (find_periods(all)) {
		all->alike_count = count_alike(all);
		for (uint32_t place = 0; place < sorted->period_count; place++)
			add_period(all, place);
		keep_all(all);
	}
	order(all);
	say(all);
	*count = all->count;
	return all;
}

/* name_of - of a row; the id of a template */
static struct bm_bytes name_of(const struct compare *all, size_t number)
{
	const struct row *const row = &all->rows[number];
	const struct bm_sorted *const sorted = all->hold.sorted;
	switch (row->scope) {
	case CATEGORY:
		return sorted->labels.name[row->id];
	case DOMAIN:
		return bm_sorted_domain(sorted, row->id);
	case PROVIDER:
		return sorted->providers.text[row->id];
	case TEMPLATE:
		break;
	}
	return (struct bm_bytes){all->templates[number].id, BM_TEMPLATE_ID_DIGITS};
}

/* rate_of - failures of a row's recipients in one of the two periods; unknown for templates */
static struct bm_value rate_of(const struct compare *all, const struct row *row, enum when when)
{
	if (row->scope == TEMPLATE)
		return (struct bm_value){.empty = true};
	const struct sum *const sum = sum_of(all, row);
	return bm_row_share((double)sum->failures[when], row->scope == CATEGORY
								 ? all->all.recipients[when]
								 : sum->recipients[when]);
}

static void compare_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct compare *const all = rows;
	const size_t number = all->order[index].id;
	const struct row *const row = &all->rows[number];
	const bool said = row->scope == TEMPLATE;
	const struct sum *const sum = said ? NULL : sum_of(all, row);
	const int64_t change = change_of(row);
	*values++ = bm_row_text(bm_bytes_of(scope_names[row->scope]));
	*values++ = bm_row_text(name_of(all, number));
	*values++ = bm_row_period(all->last);
	*values++ = bm_row_int(row->failures);
	*values++ = bm_row_int(row->before);
	*values++ = bm_row_share(said ? 0 : (double)sum->alike, all->alike_count);
	*values++ = (struct bm_value){.integer = change};
	*values++ = bm_row_share((double)change, row->before);
	*values++ = rate_of(all, row, LAST);
	*values++ = rate_of(all, row, BEFORE);
	*values++ = bm_row_text(said || !sum->old ? BM_BYTES("yes") : BM_BYTES("no"));
	*values++ = bm_row_text(bm_hidden_get(&all->samples, number));
}

static void compare_close(void *rows)
{
	struct compare *const all = rows;
	bm_hidden_dispose(&all->samples);
	bm_hold_drop(&all->hold);
	bm_free(all->domains);
	bm_free(all->providers);
	bm_free(all->templates);
	bm_free(all->order);
	bm_free(all->rows);
	bm_free(all);
}

const struct bm_table bm_table_compare = {
	.name = "compare",
	.about = "The last full period beside the one before: what rose, what fell, what is new.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 2,
	.compare_only = true,
	.open = compare_open,
	.row = compare_row,
	.close = compare_close,
};
