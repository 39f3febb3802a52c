/* test_tally.c - the unordered monoid's laws: commutative, associative, identity; and its counters'
 * edges.
 *
 * Tallies are filled by chance, each giving its own numbers to the same names; merged in any order
 * and grouping they dump the same text.
 */
#include "support.h"

#include <criterion/criterion.h>

#include "bouncemill/rule.h"
#include "count.h"

enum { NAMES = 6, EVENTS = 60, CASES = 300 };

/* pick - one of a few names, numbered in the order of arrival */
static struct bm_bytes pick(struct chance *chance, const char *kind, char text[64])
{
	snprintf(text, 64, "%s-%u", kind, chance_below(chance, NAMES));
	return bm_bytes_of(text);
}

/* judge - what a template's name decides is the same wherever it is decided */
static void judge(struct bm_tally *tally, uint32_t number, struct bm_bytes name)
{
	struct bm_template_record *const record = &tally->template[number];
	record->judged = true;
	record->provider = bm_tally_provider(tally, name);
	record->rule = name.data[name.size - 1];
	record->category = (enum bm_category)(1 + name.data[name.size - 1] % 5);
	record->code = 550;
	record->enhanced = (struct bm_enhanced){5, 1, name.data[name.size - 1]};
}

/* fact - an attempt by chance, in the numbers of tally */
static struct bm_fact make_fact(struct chance *chance, struct bm_tally *tally)
{
	char text[64];
	struct bm_fact fact = {
		.time = chance_percent(chance, 5)
				? BM_TIME_UNKNOWN
				: bm_time_make(chance_below(chance, 1000000),
					       chance_percent(chance, 50) ? 60 : BM_OFFSET_UNKNOWN),
		.outcome = (uint8_t)(chance_below(chance, 3) == 2 ? BM_DEFERRED
								  : chance_below(chance, 2)),
		.has_relay = chance_percent(chance, 80),
		.delay_step = (uint8_t)chance_below(chance, BM_STEP_COUNT),
	};
	fact.domain = bm_tally_domain(tally, pick(chance, "domain", text));
	/* Pace is kept of known ones. */
	fact.provider = bm_tally_provider(tally, chance_percent(chance, 40)
							 ? BM_BYTES("google")
							 : pick(chance, "provider", text));
	fact.relay = bm_intern_add(tally->relays, pick(chance, "relay", text));
	fact.address = bm_tally_address(tally, pick(chance, "address", text));
	fact.category = (uint8_t)(fact.outcome == BM_DELIVERED ? BM_CATEGORY_DELIVERED
							       : 1 + chance_below(chance, 24));
	if (fact.outcome != BM_DELIVERED) {
		if (chance_percent(chance, 50))
			fact.listing = bm_tally_listing(tally, pick(chance, "listing", text)) + 1;
		const struct bm_bytes name = pick(chance, "template", text);
		fact.template = bm_tally_template(tally, name);
		if (chance_percent(chance, 70))
			judge(tally, fact.template, name);
	}
	return fact;
}

/* count_one - something that happens in a run */
static void count_one(struct chance *chance, struct bm_counter *counter)
{
	struct bm_tally *const tally = counter->tally;
	char text[64];
	const struct bm_fact fact = make_fact(chance, tally);
	bm_count_attempt(counter, &fact);
	if (fact.outcome != BM_DELIVERED) {
		struct bm_address_record *const address = &tally->address[fact.address];
		bm_tally_sample(tally, &tally->template[fact.template].sample,
				pick(chance, "sample", text));
		/* Few times, so that many failures are of the same. */
		bm_tally_evidence(tally, &address->evidence[chance_below(chance, 2)],
				  bm_time_make(chance_below(chance, 3), 0),
				  (enum bm_category)(1 + chance_below(chance, 2)),
				  pick(chance, "evidence", text));
	}
	if (fact.outcome == BM_DEFERRED) {
		const bm_time end =
			fact.time == BM_TIME_UNKNOWN ? fact.time : fact.time + 999999999;
		bm_count_deferral(counter, &fact, (enum bm_deferral_count)chance_below(chance, 4),
				  1 + chance_below(chance, 9), fact.time, end);
		bm_count_expired(counter, &fact, end);
	}
	const uint32_t sender = bm_intern_add(tally->senders, pick(chance, "sender", text));
	const struct bm_origin origin = {
		.sender = sender,
		.subject = bm_tally_subject(tally, chance_percent(chance, 30)
							   ? (struct bm_bytes){0}
							   : pick(chance, "subject", text)),
		.fanout = (uint8_t)chance_below(chance, BM_FANOUT_COUNT)};
	bm_count_origin(counter, origin, (enum bm_category)fact.category,
			(enum bm_outcome)fact.outcome, 1 + chance_below(chance, 3));
	bm_count_message(counter, origin, fact.time);
	bm_count_period(counter, BM_REJECTED, fact.time);
}

/* make_tally - a tally filled by chance; the same seed gives the same one */
static struct bm_tally *make_tally(uint64_t seed)
{
	struct chance chance = {seed};
	struct bm_tally *const tally = bm_tally_new();
	struct bm_counter counter = {.tally = tally, .bucket = BM_BUCKET_DAY, .addresses = true};
	for (uint32_t n = chance_below(&chance, EVENTS); n > 0; n--)
		count_one(&chance, &counter);
	bm_tally_settle(tally);
	return tally;
}

/* expect_same - two tallies dump alike; both are freed */
static void expect_same(struct bm_tally *left, struct bm_tally *right, unsigned seed)
{
	char *const a = tally_dump(left), *const b = tally_dump(right);
	cr_assert_str_eq(a, b, "seed %u: %s", seed, dump_difference(a, b));
	free(a);
	free(b);
	bm_tally_free(left);
	bm_tally_free(right);
}

/* sum - left and right added to left; right is freed */
static struct bm_tally *sum(struct bm_tally *left, struct bm_tally *right)
{
	bm_tally_merge(left, right, NULL);
	bm_tally_free(right);
	return left;
}

Test(tally, merging_commutes)
{
	for (unsigned seed = 1; seed <= CASES; seed++)
		expect_same(sum(make_tally(seed), make_tally(seed + 1000)),
			    sum(make_tally(seed + 1000), make_tally(seed)), seed);
}

Test(tally, merging_is_associative)
{
	for (unsigned seed = 1; seed <= CASES; seed++)
		expect_same(sum(sum(make_tally(seed), make_tally(seed + 1000)),
				make_tally(seed + 2000)),
			    sum(make_tally(seed),
				sum(make_tally(seed + 1000), make_tally(seed + 2000))),
			    seed);
}

Test(tally, the_empty_one_changes_nothing)
{
	for (unsigned seed = 1; seed <= CASES; seed++) {
		expect_same(sum(make_tally(seed), bm_tally_new()), make_tally(seed), seed);
		expect_same(sum(bm_tally_new(), make_tally(seed)), make_tally(seed), seed);
	}
}

Test(tally, merging_leaves_its_source_alone)
{
	for (unsigned seed = 1; seed <= CASES; seed++) {
		struct bm_tally *const source = make_tally(seed), *const target =
									  make_tally(seed + 7);
		bm_tally_merge(target, source, NULL);
		bm_tally_free(target);
		expect_same(source, make_tally(seed), seed);
	}
}

/* One tally that counts it all and many that count a part each are the same. */
Test(tally, parts_make_the_whole)
{
	for (unsigned seed = 1; seed <= CASES; seed++) {
		struct bm_tally *const whole = bm_tally_new(), *parts[5];
		struct bm_counter counters[6];
		struct chance chance = {seed}, twin = chance;
		for (int i = 0; i < 5; i++) {
			parts[i] = bm_tally_new();
			counters[i] = (struct bm_counter){.tally = parts[i], .addresses = true};
		}
		counters[5] = (struct bm_counter){.tally = whole, .addresses = true};
		for (int i = 0; i < 100; i++) {
			count_one(&chance, &counters[i % 7 % 5]);
			count_one(&twin, &counters[5]);
		}
		for (int i = 0; i < 5; i++)
			bm_tally_settle(parts[i]);
		for (int i = 3; i >= 0; i--)
			parts[i] = sum(parts[i], parts[i + 1]);
		expect_same(whole, parts[0], seed);
	}
}

Test(tally, counters_stay_at_their_maximum)
{
	struct bm_tally *left = bm_tally_new(), *const right = bm_tally_new();
	struct bm_counter counter = {.tally = left};
	const uint32_t sender = bm_intern_add(left->senders, BM_BYTES("a"));
	bm_count_origin(&counter, (struct bm_origin){.sender = sender}, BM_CATEGORY_UNKNOWN,
			BM_BOUNCED, UINT32_MAX - 1);
	for (int i = 0; i < 5; i++)
		bm_count_origin(&counter, (struct bm_origin){.sender = sender}, BM_CATEGORY_UNKNOWN,
				BM_BOUNCED, 1);
	const uint32_t key[4] = {sender, BM_CATEGORY_UNKNOWN, 0, 0};
	cr_assert_eq(bm_cells_find(&left->cells[BM_CELLS_SENDERS], key)[BM_BOUNCED], UINT32_MAX);
	bm_tally_merge(right, left, NULL);
	bm_tally_merge(right, left, NULL);
	const uint32_t *const n = bm_cells_find(&right->cells[BM_CELLS_SENDERS], key);
	cr_assert_eq(n[BM_BOUNCED], UINT32_MAX);
	cr_assert_eq(n[BM_DELIVERED], 0);
	bm_tally_free(left);
	bm_tally_free(right);
}

Test(tally, the_smallest_sample_wins)
{
	static const char *const texts[] = {"mm", "b", "ba", "", "z", "a", "aa", "b"};
	struct chance chance = {5};
	struct bm_tally *const tally = bm_tally_new();
	for (int round = 0; round < 1000; round++) {
		struct bm_bytes sample = {0};
		const char *least = NULL;
		for (int i = 0; i < 5; i++) {
			const char *const text = texts[chance_below(&chance, 8)];
			if (least == NULL || strcmp(text, least) < 0)
				least = text;
			bm_tally_sample(tally, &sample, bm_bytes_of(text));
			cr_assert(bm_bytes_equal(sample, bm_bytes_of(least)), "'%.*s', not '%s'",
				  (int)sample.size, (const char *)sample.data, least);
		}
	}
	bm_tally_free(tally);
}

/* The last failure wins, of the same time the smaller category, then the smaller text; in any order. */
Test(tally, the_last_evidence_wins)
{
	static const struct {
		int time;
		enum bm_category category;
		const char *text;
	} failures[] = {{1, BM_CATEGORY_BAD_MAILBOX,
			 "a long text of the first day, which needs more "
			 "room than the least that is given out"},
			{3, BM_CATEGORY_BAD_DOMAIN, "z"},
			{3, BM_CATEGORY_BAD_DOMAIN, "y"},
			{3, BM_CATEGORY_INACTIVE_MAILBOX, "zz"},
			{3, BM_CATEGORY_INACTIVE_MAILBOX, "zzz"},
			{2, BM_CATEGORY_BAD_MAILBOX, ""}};
	enum { COUNT = sizeof failures / sizeof *failures };
	struct bm_tally *const tally = bm_tally_new();
	struct chance chance = {8};
	for (int round = 0; round < 1000; round++) {
		struct bm_evidence evidence = {0};
		unsigned seen = 0;
		while (seen != (1u << COUNT) - 1) {
			const uint32_t i = chance_below(&chance, COUNT);
			bm_tally_evidence(tally, &evidence, failures[i].time, failures[i].category,
					  bm_bytes_of(failures[i].text));
			seen |= 1u << i;
		}
		cr_assert(bm_bytes_equal(evidence.text, BM_BYTES("zz")));
		cr_assert_eq(evidence.category, BM_CATEGORY_INACTIVE_MAILBOX);
	}
	bm_tally_free(tally);
}

/* Clipping must not make the order of arrival matter. */
Test(tally, long_samples_are_clipped)
{
	static uint8_t left[2000], right[2000];
	struct bm_tally *const tally = bm_tally_new();
	memset(left, 'x', sizeof left);
	memset(right, 'x', sizeof right);
	right[1900] = 'a';
	struct bm_bytes one = {0}, other = {0};
	bm_tally_sample(tally, &one, (struct bm_bytes){left, sizeof left});
	bm_tally_sample(tally, &one, (struct bm_bytes){right, sizeof right});
	bm_tally_sample(tally, &other, (struct bm_bytes){right, sizeof right});
	bm_tally_sample(tally, &other, (struct bm_bytes){left, sizeof left});
	cr_assert_eq(one.size, 512);
	cr_assert(bm_bytes_equal(one, other));
	bm_tally_free(tally);
}

Test(tally, cells_hold_what_was_put_into_them)
{
	struct bm_cells cells = {0};
	static uint32_t counts[20000];
	struct chance chance = {6};
	for (int i = 0; i < 200000; i++) {
		const uint32_t at = chance_below(&chance, 20000);
		const uint32_t key[4] = {at % 10, at / 10 % 10, at / 100, 0};
		const uint32_t *const found = bm_cells_find(&cells, key);
		cr_assert_eq(found ? found[1] : 0, counts[at]);
		bm_cells_want(&cells, key);
		bm_cells_at(&cells, key)[1]++;
		counts[at]++;
	}
	size_t walked = 0;
	BM_FOR_EACH_CELL(cell, &cells)
	{
		cr_assert_eq(cell->n[1],
			     counts[cell->key[0] + 10 * cell->key[1] + 100 * cell->key[2]]);
		walked++;
	}
	cr_assert_eq(walked, cells.count);
	bm_cells_dispose(&cells);
}

/* --- histograms --- */

/* Half a step: four to a doubling are as near as this. */
#define NEAR 0.125

Test(tally, steps_grow_and_stay_near)
{
	unsigned before = 0;
	for (uint64_t value = 0; value < UINT64_C(1) << 40; value += 1 + value / 50) {
		const unsigned step = bm_step_of(value);
		cr_assert(step >= before && step < BM_STEP_COUNT);
		before = step;
		cr_assert(bm_step_value(step) >= (double)value * (1 - NEAR) - 0.5 &&
				  bm_step_value(step) <= (double)value * (1 + NEAR) + 0.5,
			  "%g for %lu", bm_step_value(step), (unsigned long)value);
	}
	cr_assert_lt(bm_step_of(UINT64_MAX), BM_STEP_COUNT);
}

static int by_value(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

/* quantiles - of so many random durations, against the sorted list */
static void quantiles(struct chance *chance, unsigned count, unsigned bits)
{
	static uint64_t values[3000];
	struct bm_steps steps = {0};
	for (unsigned i = 0; i < count; i++) {
		values[i] = chance_next(chance) >> (64 - 1 - chance_below(chance, bits));
		bm_steps_add(&steps, bm_step_of(values[i]), 1);
	}
	qsort(values, count, sizeof *values, by_value);
	cr_assert_eq(bm_steps_count(&steps), count);
	for (unsigned percent = 1; percent <= 100; percent++) {
		const double wanted = (double)percent / 100 * count;
		unsigned rank = (unsigned)wanted;
		rank += (double)rank < wanted;
		const double truth = (double)values[rank - 1];
		const double got = bm_steps_quantile(&steps, (double)percent / 100);
		cr_assert(got >= truth * (1 - NEAR) - 0.5 && got <= truth * (1 + NEAR) + 0.5,
			  "%u %% of %u: %g, not %g", percent, count, got, truth);
	}
	bm_free(steps.full);
}

Test(tally, quantiles_are_near)
{
	struct chance chance = {7};
	for (unsigned count = 1; count < 40; count++)
		quantiles(&chance, count, 30);
	quantiles(&chance, 3000, 5);
	quantiles(&chance, 3000, 36);
	const struct bm_steps none = {0};
	cr_assert_eq(bm_steps_quantile(&none, 0.5), -1);
	cr_assert_eq(bm_steps_count(&none), 0);
}

/* Large counts spill from the small form to the full one and are not lost. */
Test(tally, large_histograms)
{
	struct bm_steps steps = {0};
	uint64_t total = 0;
	for (unsigned i = 0; i < 20; i++) {
		bm_steps_add(&steps, 7, 0xfffff0);
		total += 0xfffff0;
		cr_assert_eq(bm_steps_count(&steps), total);
	}
	for (unsigned step = 0; step < BM_STEP_COUNT; step++) {
		bm_steps_add(&steps, step, 3);
		total += 3;
		cr_assert_eq(bm_steps_count(&steps), total);
	}
	cr_assert_eq(bm_steps_quantile(&steps, 0.5), bm_step_value(7));
	bm_steps_add(&steps, 9, UINT32_MAX);
	bm_steps_add(&steps, 9, UINT32_MAX);
	cr_assert_eq(steps.full[9], UINT32_MAX);
	bm_free(steps.full);
}

/* Which subjects keep their names depends on the subjects alone, and nothing is lost. */
Test(tally, too_many_subjects_are_one)
{
	enum { SUBJECTS = BM_SUBJECTS_MAX + BM_SUBJECTS_MAX / 2 };
	struct bm_tally *parts[3], *const whole = bm_tally_new();
	bm_intern_add(whole->senders, BM_BYTES("s.example"));
	for (int i = 0; i < 3; i++) {
		parts[i] = bm_tally_new();
		bm_intern_add(parts[i]->senders, BM_BYTES("s.example"));
	}
	for (uint32_t i = 0; i < SUBJECTS; i++) {
		char text[32];
		snprintf(text, sizeof text, "subject %u", i * 7919 % SUBJECTS);
		for (int twin = 0; twin < 2; twin++) {
			struct bm_tally *const tally = twin ? whole : parts[i % 3];
			struct bm_counter counter = {.tally = tally};
			const struct bm_origin origin = {
				.subject = bm_tally_subject(tally, bm_bytes_of(text))};
			bm_count_origin(&counter, origin, BM_CATEGORY_DELIVERED, BM_DELIVERED, 1);
			bm_count_message(&counter, origin, BM_TIME_UNKNOWN);
		}
	}
	for (int i = 0; i < 3; i++)
		bm_tally_settle(parts[i]);
	bm_tally_settle(whole);
	bm_tally_merge(parts[2], parts[0], NULL);
	bm_tally_merge(parts[1], parts[2], NULL);
	const uint32_t key[4] = {0, BM_CATEGORY_DELIVERED, 0, BM_SUBJECT_OTHER};
	const uint32_t other = bm_cells_find(&whole->cells[BM_CELLS_SENDERS], key)[BM_DELIVERED];
	cr_expect_eq(bm_cells_find(&parts[1]->cells[BM_CELLS_SENDERS], key)[BM_DELIVERED], other);
	cr_expect_leq(whole->cells[BM_CELLS_SENDERS].count, BM_SUBJECTS_MAX + 1);
	cr_expect_eq(whole->cells[BM_CELLS_SENDERS].count - 1 + other, SUBJECTS);
	for (int i = 0; i < 3; i++) {
		if (i == 1)
			expect_same(whole, parts[1], 0);
		else
			bm_tally_free(parts[i]);
	}
}

/* More in a minute than a page's counter holds, and times that go back and forth. */
Test(tally, pace_is_exact_in_any_order)
{
	struct bm_tally *const whole = bm_tally_new(), *const part = bm_tally_new();
	const uint32_t known = bm_tally_provider(whole, BM_BYTES("google"));
	const uint32_t stranger = bm_tally_provider(whole, BM_BYTES("a.example"));
	bm_tally_provider(part, BM_BYTES("x.example"));
	const uint32_t also = bm_tally_provider(part, BM_BYTES("google"));
	uint64_t sum = 0;
	for (int32_t i = 0; i < 40000; i++) {
		const int32_t minute = i % 7 * 1000 - 3000;
		cr_assert(bm_tally_pace(whole, known, minute));
		cr_assert(bm_tally_pace(part, also, minute));
	}
	cr_expect_not(bm_tally_pace(whole, stranger, 5));
	cr_expect_lt(whole->pace.room, 1024, "%u pages", whole->pace.room);
	bm_tally_merge(whole, part, NULL);
	for (uint32_t i = 0; i < whole->pace.count; i++) {
		const struct bm_pace_page *const page = &whole->pace.list[i];
		cr_expect_eq(page->provider, known);
		for (int at = 0; at < BM_PAGE_MINUTES; at++) {
			const int32_t minute = page->number * BM_PAGE_MINUTES + at;
			cr_expect(page->minute[at] == 0 || (minute + 3000) % 1000 == 0);
			sum += page->minute[at];
		}
	}
	cr_expect_eq(sum, 80000);
	bm_tally_free(whole);
	bm_tally_free(part);
}
