/* count.c - see count.h.  Hot for attempts: a cell of the cube, a relay's cell, a domain's record;
 * failures also a template and its spread over domains. */
#include "count.h"

#include "bouncemill/error.h"
#include "bouncemill/rule.h"

/* bump - n to one counter of the cell with key */
static inline void bump(struct bm_tally *tally, enum bm_cells_kind kind, const uint32_t key[4],
			unsigned column, uint32_t n)
{
	bm_add_saturating(&bm_cells_at(&tally->cells[kind], key)[column], n);
}

/* bump_known - n to one counter of a cell whose key was most often met not long ago */
static inline void bump_known(struct bm_tally *tally, enum bm_cells_kind kind,
			      struct bm_cell_memo *memo, const uint32_t key[4], unsigned column,
			      uint32_t n)
{
	struct bm_cells *const cells = &tally->cells[kind];
	const uint32_t mixed = key[0] * 0x9e3779b1u + key[1] * 0x85ebca6bu + key[2] * 0xc2b2ae35u +
			       key[3] * 0x27d4eb2fu;
	const size_t at = mixed / (UINT32_MAX / BM_MEMO_CELLS + 1);
	if (memo->list[at].mark == 0 ||
	    memcmp(memo->list[at].key, key, sizeof memo->list[at].key) != 0) {
		memcpy(memo->list[at].key, key, sizeof memo->list[at].key);
		memo->list[at].mark = bm_cells_number_of(cells, key) + 1;
	}
	bm_add_saturating(&cells->list[memo->list[at].mark - 1].n[column], n);
}

/* period_of - the period of a time; most times are in the hour of the one before */
static inline bm_period period_of(struct bm_counter *counter, bm_time time)
{
	if (time == BM_TIME_UNKNOWN)
		return BM_PERIOD_UNKNOWN;
	const int64_t wall = bm_time_wall(time);
	if (!counter->hour_known || (uint64_t)(wall - counter->hour) >= BM_HOUR_SECONDS) {
		counter->hour = wall - (wall % BM_HOUR_SECONDS + BM_HOUR_SECONDS) % BM_HOUR_SECONDS;
		counter->hour_minute = (int32_t)(counter->hour / 60);
		counter->hour_period = bm_period_of(time, counter->bucket);
		counter->hour_known = true;
	}
	return counter->hour_period;
}

/* count_cube - an outcome in the cube, and that domain, provider and category were seen */
static void count_cube(struct bm_counter *counter, const struct bm_fact *fact,
		       enum bm_outcome outcome, bm_time time, uint32_t source)
{
	struct bm_tally *const tally = counter->tally;
	const uint32_t key[4] = {(uint32_t)period_of(counter, time), fact->domain,
				 BM_PAIR(fact->provider, fact->category), source};
	bump(tally, BM_CELLS_CUBE, key, outcome, 1);
	bm_seen_add(&bm_tally_domain_at(tally, fact->domain)->seen, time);
	bm_seen_add(&bm_tally_provider_at(tally, fact->provider)->seen, time);
	bm_seen_add(&tally->category[fact->category], time);
}

/* count_relay - a delivery to a relay of its usual provider is counted beside its name, all else in
 * cells */
static void count_relay(struct bm_counter *counter, const struct bm_fact *fact,
			enum bm_outcome outcome)
{
	struct bm_relay_record *const relay = bm_tally_relay_at(counter->tally, fact->relay);
	if (outcome == BM_DELIVERED && relay->provider == fact->provider + 1 &&
	    relay->delivered < UINT32_MAX) {
		relay->delivered++;
		return;
	}
	const uint32_t key[4] = {fact->relay, BM_PAIR(fact->provider, fact->category), 0, 0};
	bump(counter->tally, BM_CELLS_RELAYS, key, outcome, 1);
}

/* count_bearing - what an outcome says about its address: see bm_category_bearing */
static void count_bearing(struct bm_counter *counter, const struct bm_fact *fact,
			  enum bm_outcome outcome, bm_time time)
{
	struct bm_address_record *const record = &counter->tally->address[fact->address];
	const enum bm_bearing bearing = bm_category_bearing((enum bm_category)fact->category);
	if (outcome == BM_DELIVERED) {
		if (time > record->last_delivered)
			record->last_delivered = time;
	} else if (bearing == BM_BEARING_HARD && outcome != BM_DEFERRED) {
		if (time > record->last_hard)
			record->last_hard = time;
		record->hard++;
	} else if (bearing != BM_BEARING_NONE) {
		const uint32_t key[4] = {fact->address, (uint32_t)bm_period_of(time, BM_BUCKET_DAY),
					 0, 0};
		bump(counter->tally, BM_CELLS_DAYS, key, 0, 1);
	}
}

/* count_pace - an attempt that reached a host of a known provider, in its minute.  The cube has just
 * counted the same time, so its hour is at hand. */
static inline void count_pace(struct bm_counter *counter, const struct bm_fact *fact)
{
	if (fact->time == BM_TIME_UNKNOWN)
		return;
	const unsigned second = (unsigned)(bm_time_wall(fact->time) - counter->hour);
	const int32_t minute = counter->hour_minute + (int32_t)(second / 60);
	if (!bm_tally_pace(counter->tally, fact->provider, minute))
		return;
	if (fact->category != BM_CATEGORY_RATE_LIMITED && fact->category != BM_CATEGORY_GREYLISTING)
		return;
	const uint32_t key[4] = {fact->provider, (uint32_t)minute, 0, 0};
	bump(counter->tally, BM_CELLS_LIMITED, key, 0, 1);
}

/* count_address - an outcome of one address, by category; final outcomes are kept with their time
 */
static void count_address(struct bm_counter *counter, const struct bm_fact *fact,
			  enum bm_outcome outcome, bm_time time)
{
	const uint32_t key[4] = {fact->address, fact->category, 0, 0};
	bump(counter->tally, BM_CELLS_ADDRESSES, key, outcome, 1);
	struct bm_address_record *const record = &counter->tally->address[fact->address];
	bm_seen_add(&record->seen, time);
	count_bearing(counter, fact, outcome, time);
	if (outcome == BM_DEFERRED)
		return;
	if (time > record->last_final ||
	    (time == record->last_final && outcome > record->last_outcome)) {
		record->last_final = time;
		record->last_outcome = outcome;
	}
}

/* count_failure - a bounced or deferred attempt under its template */
static void count_failure(struct bm_counter *counter, const struct bm_fact *fact)
{
	const uint32_t key[4] = {fact->template, fact->domain, 0, 0};
	struct bm_template_record *const record = &counter->tally->template[fact->template];
	record->n[fact->outcome]++;
	bm_seen_add(&record->seen, fact->time);
	bump(counter->tally, BM_CELLS_SPREAD, key, 0, 1);
	if (fact->listing == 0)
		return;
	struct bm_listing_record *const listing =
		bm_tally_listing_at(counter->tally, fact->listing - 1);
	listing->n[fact->outcome]++;
	bm_seen_add(&listing->seen, fact->time);
}

/* count_complaint - a complaint has no reply, but is evidence */
static void count_complaint(struct bm_counter *counter, const struct bm_fact *fact)
{
	struct bm_address_record *const record = &counter->tally->address[fact->address];
	bm_tally_evidence(counter->tally, bm_evidence_of(record, BM_BEARING_HARD), fact->time,
			  BM_CATEGORY_FEEDBACK_LOOP, (struct bm_bytes){0});
}

static void count_delay(struct bm_counter *counter, const struct bm_fact *fact)
{
	bm_steps_add(&bm_tally_domain_at(counter->tally, fact->domain)->delays, fact->delay_step,
		     1);
	bm_steps_add(&bm_tally_provider_at(counter->tally, fact->provider)->delays,
		     fact->delay_step, 1);
}

void bm_count_want(struct bm_counter *counter, const struct bm_fact *fact)
{
	const struct bm_tally *const tally = counter->tally;
	const uint32_t pair = BM_PAIR(fact->provider, fact->category);
	const uint32_t cube[4] = {(uint32_t)period_of(counter, fact->time), fact->domain, pair,
				  BM_SOURCE_LOG};
	const uint32_t relay[4] = {fact->relay, pair, 0, 0};
	const uint32_t spread[4] = {fact->template, fact->domain, 0, 0};
	bm_cells_want(&tally->cells[BM_CELLS_CUBE], cube);
	if (fact->outcome != BM_DELIVERED) {
		bm_cells_want(&tally->cells[BM_CELLS_RELAYS], relay);
		bm_cells_want(&tally->cells[BM_CELLS_SPREAD], spread);
	}
	__builtin_prefetch(bm_tally_provider_at(tally, fact->provider), 1);
}

void bm_count_attempt(struct bm_counter *counter, const struct bm_fact *fact)
{
	const enum bm_outcome outcome = (enum bm_outcome)fact->outcome;
	count_cube(counter, fact, outcome, fact->time, BM_SOURCE_LOG);
	if (fact->has_relay) {
		count_relay(counter, fact, outcome);
		count_pace(counter, fact);
	}
	if (outcome != BM_DELIVERED)
		count_failure(counter, fact);
	else if (fact->delay_step != BM_NO_STEP)
		count_delay(counter, fact);
	if (counter->addresses)
		count_address(counter, fact, outcome, fact->time);
}

/* has_reply - has the fact a template: a complaint is no server's word */
static bool has_reply(const struct bm_fact *fact)
{
	return fact->outcome != BM_DELIVERED && fact->template != BM_NO_TEMPLATE;
}

void bm_count_returned(struct bm_counter *counter, const struct bm_fact *fact,
		       struct bm_origin origin)
{
	const enum bm_outcome outcome = (enum bm_outcome)fact->outcome;
	count_cube(counter, fact, outcome, fact->time, BM_SOURCE_DSN);
	const bool complaint = fact->category == BM_CATEGORY_FEEDBACK_LOOP;
	if (has_reply(fact))
		count_failure(counter, fact);
	/* A complaint may hide who complained. */
	if (counter->addresses &&
	    bm_intern_get(counter->tally->addresses, fact->address).size > 0) {
		count_address(counter, fact, outcome, fact->time);
		if (complaint)
			count_complaint(counter, fact);
	}
	bm_count_origin(counter, origin, (enum bm_category)fact->category, outcome, 1);
}

void bm_count_expired(struct bm_counter *counter, const struct bm_fact *fact, bm_time time)
{
	count_cube(counter, fact, BM_EXPIRED, time, BM_SOURCE_LOG);
	counter->tally->template[fact->template].n[BM_EXPIRED]++;
	if (fact->listing)
		bm_tally_listing_at(counter->tally, fact->listing - 1)->n[BM_EXPIRED]++;
	if (counter->addresses)
		count_address(counter, fact, BM_EXPIRED, time);
}

void bm_count_origin(struct bm_counter *counter, struct bm_origin origin, enum bm_category category,
		     enum bm_outcome outcome, uint32_t n)
{
	const uint32_t key[4] = {origin.sender, category, origin.fanout, origin.subject};
	bump_known(counter->tally, BM_CELLS_SENDERS, &counter->origins, key, outcome, n);
}

void bm_count_message(struct bm_counter *counter, struct bm_origin origin, bm_time first_attempt)
{
	const uint32_t key[4] = {origin.sender, origin.fanout, origin.subject, 0};
	bump_known(counter->tally, BM_CELLS_MESSAGES, &counter->messages, key, 0, 1);
	bm_count_period(counter, BM_MESSAGES, first_attempt);
}

void bm_count_period(struct bm_counter *counter, enum bm_period_count what, bm_time time)
{
	const uint32_t key[4] = {(uint32_t)period_of(counter, time), 0, 0, 0};
	bump_known(counter->tally, BM_CELLS_PERIODS, &counter->periods, key, what, 1);
}

void bm_count_deferral(struct bm_counter *counter, const struct bm_fact *fact,
		       enum bm_deferral_count result, uint32_t attempts, bm_time first, bm_time end)
{
	const uint32_t pair = BM_PAIR(fact->provider, fact->category);
	const uint32_t key[4] = {pair, 0, 0, 0};
	bump(counter->tally, BM_CELLS_DEFERRALS, key, result, 1);
	bm_count_period(counter, BM_DEFERRED_RECIPIENTS, first);
	if (result == BM_STILL_OPEN)
		return;
	const uint32_t attempts_key[4] = {pair, BM_RESOLVE_ATTEMPTS,
					  bm_step_of((uint64_t)attempts * 100), 0};
	bump(counter->tally, BM_CELLS_RESOLVE, attempts_key, 0, 1);
	if (first == BM_TIME_UNKNOWN || end == BM_TIME_UNKNOWN || end < first)
		return;
	const uint64_t seconds = (uint64_t)(bm_time_wall(end) - bm_time_wall(first));
	const uint32_t seconds_key[4] = {pair, BM_RESOLVE_SECONDS, bm_step_of(seconds * 100), 0};
	bump(counter->tally, BM_CELLS_RESOLVE, seconds_key, 0, 1);
}

/* --- one tally's numbers in another's --- */

/* memo_at - the remembered number + 1 of a source number */
static uint32_t *memo_at(struct bm_rename_memo *memo, uint32_t number)
{
	if (number >= memo->room) {
		uint32_t room = memo->room ? memo->room : 64;
		while (number >= room)
			room *= 2;
		memo->numbers = bm_realloc(memo->numbers, room * sizeof *memo->numbers);
		memset(memo->numbers + memo->room, 0, (room - memo->room) * sizeof *memo->numbers);
		memo->room = room;
	}
	return &memo->numbers[number];
}

/* renamed - number's name in target, by add */
static uint32_t renamed(struct bm_rename_memo *memo, uint32_t number,
			const struct bm_intern *source, struct bm_tally *target,
			uint32_t (*add_name)(struct bm_tally *, struct bm_bytes))
{
	uint32_t *const known = memo_at(memo, number);
	if (*known == 0)
		*known = add_name(target, bm_intern_get(source, number)) + 1;
	return *known - 1;
}

struct bm_fact bm_rename_fact(struct bm_rename *rename, struct bm_fact fact, bool addresses)
{
	const struct bm_tally *const source = rename->source;
	struct bm_tally *const target = rename->target;
	fact.domain =
		renamed(&rename->domains, fact.domain, source->domains, target, bm_tally_domain);
	fact.provider = renamed(&rename->providers, fact.provider, source->providers, target,
				bm_tally_provider);
	if (fact.has_relay)
		fact.relay = renamed(&rename->relays, fact.relay, source->relays, target,
				     bm_tally_relay);
	if (has_reply(&fact))
		fact.template = renamed(&rename->templates, fact.template, source->templates,
					target, bm_tally_template);
	if (fact.listing)
		fact.listing = renamed(&rename->listings, fact.listing - 1, source->listings,
				       target, bm_tally_listing) +
			       1;
	if (addresses)
		fact.address = renamed(&rename->addresses, fact.address, source->addresses, target,
				       bm_tally_address);
	return fact;
}

uint32_t bm_rename_sender(struct bm_rename *rename, uint32_t sender)
{
	return renamed(&rename->senders, sender, rename->source->senders, rename->target,
		       bm_tally_sender);
}

uint32_t bm_rename_subject(struct bm_rename *rename, uint32_t subject)
{
	if (subject <= BM_SUBJECT_OTHER)
		return subject;
	return renamed(&rename->subjects, subject, rename->source->subjects, rename->target,
		       bm_tally_subject);
}

struct bm_origin bm_rename_origin(struct bm_rename *rename, struct bm_origin origin)
{
	origin.sender = bm_rename_sender(rename, origin.sender);
	origin.subject = bm_rename_subject(rename, origin.subject);
	return origin;
}

void bm_rename_dispose(struct bm_rename *rename)
{
	bm_free(rename->domains.numbers);
	bm_free(rename->providers.numbers);
	bm_free(rename->relays.numbers);
	bm_free(rename->templates.numbers);
	bm_free(rename->addresses.numbers);
	bm_free(rename->senders.numbers);
	bm_free(rename->listings.numbers);
	bm_free(rename->subjects.numbers);
}
