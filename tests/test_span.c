/* test_span.c - the ordered monoid's laws, and what a span counts.
 *
 * Histories of messages are made by chance, but plausible: short ids used again after their
 * removal, several hosts, retries over days, expiry, deletion, passes through a content filter,
 * lives that begin before the log or outlast it, lost `removed` lines.  However such a history is
 * cut into runs and however the runs are merged, what is counted equals what one span counts that
 * saw everything.  Where nothing is lost, the script itself says what must be counted.
 */
#include "support.h"

#include <criterion/criterion.h>

#include "span.h"

enum {
	EVENTS_MAX = 4000,
	RUNS_MAX = 8,
	HOSTS = 2,
	IDS = 4,
	DOMAINS = 3,
	RECIPIENTS_MAX = 4,
	LOG_SECONDS = 40000,
	SUBJECTS_FROM = BM_SUBJECT_OTHER + 1 /* number of the first subject */
};

/* What is in a history. */
struct taste {
	bool hops;   /* content filters */
	bool damage; /* lines before the log, behind it, lost */
	bool late;   /* the filter's message is logged after the delivery to it */
};

/* What must be counted of a history without damage. */
struct truth {
	uint64_t outcomes[BM_OUTCOME_COUNT];
	uint64_t later[4];
	uint64_t messages;
	uint64_t fanout[BM_FANOUT_COUNT];              /* messages */
	uint64_t subjects[SUBJECTS_FROM + DOMAINS][2]; /* messages, delivered */
};

struct history {
	struct chance chance;
	struct taste taste;
	struct bm_tally *names; /* every name has the same number in each tally */
	struct item {
		struct bm_span_event event;
		struct bm_fact fact;
		char address[32];
		uint64_t order;
	} items[EVENTS_MAX];
	size_t count;
	unsigned fresh; /* ids used once */
	struct truth truth;
};

/* --- names --- */

/* make_tally - an empty tally in which every name of the tests has its number */
static struct bm_tally *make_tally(unsigned shift)
{
	static const char *const domains[] = {"a.example", "b.example", "c.example"};
	struct bm_tally *const tally = bm_tally_new();
	char text[32];
	for (unsigned i = 0; i < shift; i++) { /* other numbers for the same names */
		snprintf(text, sizeof text, "shift-%u", i);
		bm_tally_domain(tally, bm_bytes_of(text));
		bm_tally_provider(tally, bm_bytes_of(text));
		bm_tally_template(tally, bm_bytes_of(text));
		bm_tally_address(tally, bm_bytes_of(text));
		bm_tally_subject(tally, bm_bytes_of(text));
		bm_intern_add(tally->senders, bm_bytes_of(text));
		bm_intern_add(tally->relays, bm_bytes_of(text));
	}
	for (int i = 0; i < DOMAINS; i++) {
		bm_tally_domain(tally, bm_bytes_of(domains[i]));
		bm_tally_provider(tally, bm_bytes_of(domains[i]));
		snprintf(text, sizeof text, "mx.%s[192.0.2.%d]", domains[i], i);
		bm_intern_add(tally->relays, bm_bytes_of(text));
		snprintf(text, sizeof text, "sender-%d.example", i);
		bm_intern_add(tally->senders, bm_bytes_of(text));
		snprintf(text, sizeof text, "subject %d", i);
		cr_assert_eq(bm_tally_subject(tally, bm_bytes_of(text)), SUBJECTS_FROM + shift + i);
		snprintf(text, sizeof text, "reply %d", i);
		bm_tally_template(tally, bm_bytes_of(text));
		bm_tally_address(tally, bm_bytes_of(domains[i]));
	}
	return tally;
}

/* --- histories --- */

/* A message being scripted. */
struct script {
	struct history *history;
	struct bm_message_key key;
	bm_time at;
	int64_t seconds;
	uint32_t sender, subject; /* subject 0 = not told */
	bool counts;              /* an attempt of it counts */
	struct {
		char address[32];
		uint8_t domain;
		bool open, deferred;
	} to[RECIPIENTS_MAX];
	unsigned to_count, open;
};

static void wait_for(struct script *script, int64_t seconds)
{
	script->seconds += seconds;
	script->at = bm_time_make(script->seconds, BM_OFFSET_UNKNOWN);
}

/* add - one event of the script, unless it lies outside the log */
static struct item *add(struct script *script, enum bm_event_kind kind)
{
	static struct item outside;
	struct history *const history = script->history;
	const bool inside =
		!history->taste.damage || (script->seconds >= 0 && script->seconds < LOG_SECONDS);
	cr_assert_lt(history->count, EVENTS_MAX);
	struct item *const item = inside ? &history->items[history->count++] : &outside;
	*item = (struct item){.event = {.kind = kind, .key = script->key, .time = script->at},
			      .order = history->count};
	return item;
}

/* add_attempt - one delivery attempt of recipient i */
static struct item *add_attempt(struct script *script, unsigned i, enum bm_outcome outcome,
				bool hop)
{
	struct history *const history = script->history;
	struct item *const item = add(script, BM_EVENT_ATTEMPT);
	const uint32_t domain = script->to[i].domain;
	strcpy(item->address, script->to[i].address);
	item->event.hop = hop;
	item->fact = (struct bm_fact){
		.time = script->at,
		.domain = domain,
		.provider = domain,
		.relay = domain,
		.template = chance_below(&history->chance, DOMAINS),
		.address = domain,
		.category = outcome == BM_DELIVERED
				    ? BM_CATEGORY_DELIVERED
				    : (uint8_t)(1 + chance_below(&history->chance, 3)),
		.outcome = (uint8_t)outcome,
		.delay_step = outcome == BM_DELIVERED ? 9 : BM_NO_STEP,
		.has_relay = chance_percent(&history->chance, 80)};
	if (!hop) {
		history->truth.outcomes[outcome]++;
		history->truth.subjects[script->subject][1] += outcome == BM_DELIVERED;
		script->counts = true;
	}
	return item;
}

/* close_recipient - the recipient's last word was spoken */
static void close_recipient(struct script *script, unsigned i, enum bm_deferral_count result)
{
	script->to[i].open = false;
	script->open--;
	if (script->to[i].deferred)
		script->history->truth.later[result]++;
}

static void add_begin(struct script *script, bool far, bool second)
{
	struct item *const item = add(script, BM_EVENT_BEGIN);
	item->event.client_told = true;
	item->event.far = far;
	if (second)
		add(script, BM_EVENT_BEGIN); /* message-id= */
}

/* add_sender - an activation, which tells how many recipients are left */
static void add_sender(struct script *script)
{
	struct item *const item = add(script, BM_EVENT_SENDER);
	item->event.sender = script->sender;
	item->event.fanout = (uint8_t)bm_fanout_of(script->open);
}

/* add_subject - header_checks tell it, or not; a second line is not believed */
static void add_subject(struct script *script)
{
	struct chance *const chance = &script->history->chance;
	if (chance_percent(chance, 30))
		return;
	script->subject = SUBJECTS_FROM + chance_below(chance, DOMAINS);
	add(script, BM_EVENT_SUBJECT)->event.subject = script->subject;
	if (chance_percent(chance, 10))
		add(script, BM_EVENT_SUBJECT)->event.subject = SUBJECTS_FROM;
}

static struct bm_message_key fresh_key(struct history *history, uint64_t host)
{
	char id[24];
	snprintf(id, sizeof id, "F%06u", history->fresh++);
	return bm_message_key(bm_bytes_of(id), host);
}

static int64_t play(struct history *history, struct bm_message_key key, int64_t seconds,
		    bool filtered, const struct bm_message_key *origin);

/* pass - recipient i goes to our own filter, which hands it back (or does not, or the next host
 * is just near) */
static void pass(struct script *script, unsigned i)
{
	struct history *const history = script->history;
	struct chance *const chance = &history->chance;
	/* The next id told, and here; told by the next message, on hosts where near relays do
	 * tell; told, but elsewhere; not told. */
	const unsigned luck = chance_below(chance, 3);
	const unsigned way = luck == 1 ? (script->key.host == 7 ? 1 : 3) : luck;
	const bool counts = way >= 2;
	const struct bm_message_key next = fresh_key(history, script->key.host);
	struct item *const item = add_attempt(script, i, BM_DELIVERED, true);
	item->event.has_next = way == 0 || way == 2;
	item->event.next = next;
	if (counts) {
		history->truth.outcomes[BM_DELIVERED]++;
		history->truth.subjects[script->subject][1]++;
		script->counts = true;
	} else {
		/* `item` may move no more: play() only appends. */
		int64_t when = script->seconds - chance_below(chance, 20);
		if (history->taste.late && chance_percent(chance, 50))
			when = script->seconds + 1 + chance_below(chance, 500);
		play(history, next, when, true, way == 1 ? &script->key : NULL);
	}
	close_recipient(script, i, BM_LATER_DELIVERED);
}

/* try_recipient - one attempt and its outcome */
static void try_recipient(struct script *script, unsigned i, bool filtered)
{
	struct chance *const chance = &script->history->chance;
	const unsigned luck = chance_below(chance, 100);
	if (luck < 45) {
		add_attempt(script, i, BM_DEFERRED, false);
		script->to[i].deferred = true;
	} else if (luck < 70 && script->history->taste.hops && !filtered) {
		pass(script, i);
	} else {
		const bool bounced = luck > 85;
		add_attempt(script, i, bounced ? BM_BOUNCED : BM_DELIVERED, false);
		close_recipient(script, i, bounced ? BM_LATER_BOUNCED : BM_LATER_DELIVERED);
	}
}

/* give_up - the queue manager expires what is open; or the postmaster deletes it */
static void give_up(struct script *script)
{
	struct truth *const truth = &script->history->truth;
	const bool expired = chance_percent(&script->history->chance, 70);
	if (expired)
		add(script, BM_EVENT_EXPIRED);
	for (unsigned i = 0; i < script->to_count; i++) {
		if (!script->to[i].open)
			continue;
		if (expired && script->to[i].deferred)
			truth->outcomes[BM_EXPIRED]++;
		close_recipient(script, i, expired ? BM_LATER_EXPIRED : BM_STILL_OPEN);
	}
}

/* begin_script - a message, its sender and recipients */
static struct script begin_script(struct history *history, struct bm_message_key key,
				  int64_t seconds, bool filtered)
{
	struct chance *const chance = &history->chance;
	struct script script = {.history = history, .key = key};
	wait_for(&script, seconds);
	script.sender = chance_below(chance, DOMAINS);
	script.to_count = script.open = 1 + chance_below(chance, filtered ? 2 : RECIPIENTS_MAX);
	for (unsigned i = 0; i < script.to_count; i++) {
		script.to[i].open = true;
		script.to[i].domain = (uint8_t)chance_below(chance, DOMAINS);
		snprintf(script.to[i].address, sizeof script.to[i].address, "u%u@%u", i,
			 script.to[i].domain);
	}
	return script;
}

/* play - the whole life of a message; returns when its id is free again */
static int64_t play(struct history *history, struct bm_message_key key, int64_t seconds,
		    bool filtered, const struct bm_message_key *origin)
{
	struct chance *const chance = &history->chance;
	struct script script = begin_script(history, key, seconds, filtered);
	const size_t first = history->count;
	add_begin(&script, !filtered && chance_percent(chance, 60),
		  origin == NULL && chance_percent(chance, 70));
	if (origin && history->count > first) {
		history->items[first].event.has_next = true;
		history->items[first].event.next = *origin;
	}
	add_subject(&script);
	wait_for(&script, chance_below(chance, 3));
	for (unsigned round = 0; script.open; round++) {
		add_sender(&script);
		if (round > 1 + chance_below(chance, 3)) {
			give_up(&script);
			break;
		}
		for (unsigned i = 0; i < script.to_count; i++) {
			wait_for(&script, chance_below(chance, 4));
			if (script.to[i].open && chance_percent(chance, 85))
				try_recipient(&script, i, filtered);
		}
		if (script.open)
			wait_for(&script, 200 + chance_below(chance, round ? 9000 : 900));
	}
	wait_for(&script, chance_below(chance, 2));
	const bool lost = history->taste.damage && chance_percent(chance, 10);
	if (!lost)
		add(&script, BM_EVENT_REMOVED);
	history->truth.messages += script.counts;
	history->truth.fanout[bm_fanout_of(script.to_count)] += script.counts;
	history->truth.subjects[script.subject][0] += script.counts;
	return script.seconds;
}

static int by_time(const void *left, const void *right)
{
	const struct item *const a = left, *const b = right;
	if (a->event.time != b->event.time)
		return a->event.time < b->event.time ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

/* make_history - several queue ids on several hosts, each used again and again */
static struct history *make_history(uint64_t seed, struct taste taste, unsigned messages)
{
	static struct history history;
	history.chance.state = seed;
	history.taste = taste;
	history.count = history.fresh = 0;
	history.truth = (struct truth){0};
	for (unsigned chain = 0; chain < HOSTS * IDS; chain++) {
		char id[16];
		snprintf(id, sizeof id, "A%uB%u", chain / HOSTS, chain / HOSTS);
		const struct bm_message_key key =
			bm_message_key(bm_bytes_of(id), 7 + chain % HOSTS);
		int64_t at =
			(int64_t)chance_below(&history.chance, 9000) - (taste.damage ? 6000 : 0);
		for (unsigned i = 0; i < messages; i++)
			at = play(&history, key, at, false, NULL) + 1 +
			     chance_below(&history.chance, 900);
	}
	qsort(history.items, history.count, sizeof *history.items, by_time);
	for (size_t i = 0; i < history.count; i++) {
		struct item *const item = &history.items[i];
		item->event.address = bm_bytes_of(item->address);
		item->event.fact = &item->fact;
	}
	return &history;
}

/* --- runs and merges --- */

/* Where counts go. */
struct desk {
	struct bm_tally *tally;
	struct bm_counter counter;
};

static struct desk desk_new(unsigned shift)
{
	struct bm_tally *const tally = make_tally(shift);
	return (struct desk){tally, {.tally = tally, .bucket = BM_BUCKET_HOUR, .addresses = true}};
}

/* add_run - give events [from, to) to a span */
static void add_run(struct bm_span *span, const struct history *history, size_t from, size_t to,
		    struct bm_counter *counter)
{
	for (size_t i = from; i < to; i++)
		bm_span_add(span, &history->items[i].event, counter);
}

/* whole - the dump of a history seen by one span */
static char *whole(const struct history *history)
{
	struct desk desk = desk_new(0);
	struct bm_span *const span = bm_span_new(true);
	add_run(span, history, 0, history->count, &desk.counter);
	bm_span_close(span, &desk.counter);
	cr_assert_eq(bm_span_open_count(span), 0);
	bm_span_free(span);
	char *const text = tally_dump(desk.tally);
	bm_tally_free(desk.tally);
	return text;
}

/* Borders of runs: run i is [at[i], at[i + 1]). */
struct cuts {
	size_t at[RUNS_MAX + 1];
	unsigned count;
};

static int by_size(const void *left, const void *right)
{
	const size_t a = *(const size_t *)left, b = *(const size_t *)right;
	return (a > b) - (a < b);
}

static struct cuts make_cuts(struct chance *chance, size_t count)
{
	struct cuts cuts = {.count = 1 + chance_below(chance, RUNS_MAX)};
	cuts.at[0] = 0;
	for (unsigned i = 1; i < cuts.count; i++)
		cuts.at[i] = chance_below(chance, (uint32_t)count + 1);
	cuts.at[cuts.count] = count;
	qsort(cuts.at, cuts.count, sizeof *cuts.at, by_size);
	return cuts;
}

enum way { LEFT_TO_RIGHT, RIGHT_TO_LEFT, ANY_ORDER, CLOSED_UNROOTED, WAYS };

/* merge_neighbours - merge runs in one of the orders until one is left, which is returned */
static struct bm_span *merge_neighbours(struct bm_span **runs, unsigned count, enum way way,
					struct chance *chance, struct bm_counter *counter)
{
	while (count > 1) {
		unsigned left = 0;
		if (way == RIGHT_TO_LEFT)
			left = count - 2;
		else if (way != LEFT_TO_RIGHT)
			left = chance_below(chance, count - 1);
		bm_span_merge(runs[left], runs[left + 1], NULL, counter);
		bm_span_free(runs[left + 1]);
		memmove(runs + left + 1, runs + left + 2, (count - left - 2) * sizeof *runs);
		count--;
	}
	return runs[0];
}

/* in_runs - the dump of a history cut into runs that are merged */
static char *in_runs(const struct history *history, const struct cuts *cuts, enum way way,
		     struct chance *chance)
{
	struct desk desk = desk_new(0);
	struct bm_span *runs[2 * RUNS_MAX + 1];
	unsigned count = 0;
	if (way != CLOSED_UNROOTED)
		runs[count++] = bm_span_new(true);
	for (unsigned i = 0; i < cuts->count; i++) {
		runs[count++] = bm_span_new(false);
		add_run(runs[count - 1], history, cuts->at[i], cuts->at[i + 1], &desk.counter);
		if (chance_percent(chance, 20))
			runs[count++] = bm_span_new(false); /* the identity, anywhere */
	}
	struct bm_span *const span = merge_neighbours(runs, count, way, chance, &desk.counter);
	bm_span_close(span, &desk.counter);
	bm_span_free(span);
	char *const text = tally_dump(desk.tally);
	bm_tally_free(desk.tally);
	return text;
}

/* check_laws - all ways of merging count what one span counts */
static void check_laws(struct taste taste, unsigned cases, unsigned messages)
{
	for (unsigned seed = 1; seed <= cases; seed++) {
		const struct history *const history = make_history(seed, taste, messages);
		struct chance chance = {seed * UINT64_C(7919)};
		char *const want = whole(history);
		const struct cuts cuts = make_cuts(&chance, history->count);
		for (int way = 0; way < WAYS; way++) {
			char *const got = in_runs(history, &cuts, (enum way)way, &chance);
			cr_assert_str_eq(got, want, "seed %u, way %d, %u runs, %zu events: %s",
					 seed, way, cuts.count, history->count,
					 dump_difference(got, want));
			free(got);
		}
		free(want);
	}
}

Test(span, merges_of_whole_histories)
{
	check_laws((struct taste){0}, 1000, 1);
}

Test(span, merges_of_damaged_histories)
{
	check_laws((struct taste){.damage = true}, 3000, 1);
	check_laws((struct taste){.damage = true}, 300, 4);
}

Test(span, merges_with_filters)
{
	check_laws((struct taste){.hops = true}, 1500, 1);
	check_laws((struct taste){.hops = true, .damage = true}, 1000, 2);
}

Test(span, merges_with_filters_logged_late)
{
	check_laws((struct taste){.hops = true, .late = true}, 1500, 1);
	check_laws((struct taste){.hops = true, .late = true, .damage = true}, 800, 2);
}

/* total - sum of a column over a set of cells */
static uint64_t total(const struct bm_tally *tally, enum bm_cells_kind kind, unsigned column)
{
	uint64_t sum = 0;
	BM_FOR_EACH_CELL(cell, &tally->cells[kind])
	sum += cell->n[column];
	return sum;
}

/* total_of - the same, of the cells whose key has this word */
static uint64_t total_of(const struct bm_tally *tally, enum bm_cells_kind kind, unsigned word,
			 uint32_t value, unsigned column)
{
	uint64_t sum = 0;
	BM_FOR_EACH_CELL(cell, &tally->cells[kind])
	sum += cell->key[word] == value ? cell->n[column] : 0;
	return sum;
}

/* check_origins - messages and deliveries by number of recipients and by subject */
static void check_origins(const struct bm_tally *tally, const struct truth *truth, unsigned seed)
{
	for (uint32_t class = 0; class < BM_FANOUT_COUNT; class ++)
		cr_assert_eq(total_of(tally, BM_CELLS_MESSAGES, 1, class, 0), truth->fanout[class],
			     "seed %u, fanout %u", seed, class);
	for (uint32_t id = 0; id < SUBJECTS_FROM + DOMAINS; id++) {
		cr_assert_eq(total_of(tally, BM_CELLS_MESSAGES, 2, id, 0), truth->subjects[id][0],
			     "seed %u, messages of subject %u", seed, id);
		cr_assert_eq(total_of(tally, BM_CELLS_SENDERS, 3, id, BM_DELIVERED),
			     truth->subjects[id][1], "seed %u, deliveries of subject %u", seed, id);
	}
}

/* check_truth - the script's own totals */
static void check_truth(struct taste taste, unsigned cases)
{
	for (unsigned seed = 1; seed <= cases; seed++) {
		const struct history *const history = make_history(seed, taste, 2);
		const struct truth *const truth = &history->truth;
		struct desk desk = desk_new(0);
		struct bm_span *const span = bm_span_new(true);
		add_run(span, history, 0, history->count, &desk.counter);
		bm_span_close(span, &desk.counter);
		for (unsigned i = 0; i < BM_OUTCOME_COUNT; i++) {
			cr_assert_eq(total(desk.tally, BM_CELLS_CUBE, i), truth->outcomes[i],
				     "seed %u, outcome %u: %lu, not %lu", seed, i,
				     (unsigned long)total(desk.tally, BM_CELLS_CUBE, i),
				     (unsigned long)truth->outcomes[i]);
			cr_assert_eq(total(desk.tally, BM_CELLS_SENDERS, i), truth->outcomes[i],
				     "seed %u, outcome %u by sender", seed, i);
			cr_assert_eq(total(desk.tally, BM_CELLS_DEFERRALS, i), truth->later[i],
				     "seed %u, later %u", seed, i);
		}
		cr_assert_eq(total(desk.tally, BM_CELLS_MESSAGES, 0), truth->messages, "seed %u",
			     seed);
		cr_assert_eq(total(desk.tally, BM_CELLS_PERIODS, BM_MESSAGES), truth->messages);
		check_origins(desk.tally, truth, seed);
		bm_span_free(span);
		bm_tally_free(desk.tally);
	}
}

Test(span, counts_the_truth)
{
	check_truth((struct taste){0}, 300);
}

Test(span, counts_the_truth_behind_filters)
{
	check_truth((struct taste){.hops = true}, 600);
}

Test(span, counts_the_truth_behind_late_filters)
{
	check_truth((struct taste){.hops = true, .late = true}, 600);
}

/* Each run counts into a tally of its own with numbers of its own, as workers do. */
Test(span, merges_between_tallies)
{
	for (unsigned seed = 1; seed <= 400; seed++) {
		struct history *const history = make_history(
			seed, (struct taste){.hops = true, .damage = true, .late = true}, 1);
		struct chance chance = {seed};
		char *const want = whole(history);
		const struct cuts cuts = make_cuts(&chance, history->count);
		struct desk fold = desk_new(0);
		struct bm_span *const prefix = bm_span_new(true), *const run = bm_span_new(false);
		struct desk worker = desk_new(0);
		struct desk shifted = desk_new(9);
		for (unsigned i = 0; i < cuts.count; i++) {
			add_run(run, history, cuts.at[i], cuts.at[i + 1], &worker.counter);
			struct bm_rename rename = {.source = worker.tally, .target = shifted.tally};
			bm_span_merge(prefix, run, &rename, &shifted.counter);
			bm_rename_dispose(&rename);
			bm_span_clear(run);
		}
		bm_span_close(prefix, &shifted.counter);
		bm_tally_merge(fold.tally, worker.tally, NULL);
		bm_tally_merge(fold.tally, shifted.tally, NULL);
		char *const got = tally_dump(fold.tally);
		cr_assert_str_eq(got, want, "seed %u: %s", seed, dump_difference(got, want));
		free(got);
		free(want);
		bm_span_free(prefix);
		bm_span_free(run);
		bm_tally_free(worker.tally);
		bm_tally_free(shifted.tally);
		bm_tally_free(fold.tally);
	}
}

/* --- single fears --- */

/* A few lines by hand. */
struct hand {
	struct desk desk;
	struct bm_span *prefix, *run;
	struct bm_fact facts[64];
	unsigned fact_count;
	int64_t seconds;
};

static struct hand hand_new(void)
{
	return (struct hand){
		.desk = desk_new(0), .prefix = bm_span_new(true), .run = bm_span_new(false)};
}

/* cut_here - the run so far is folded */
static void cut_here(struct hand *hand)
{
	bm_span_merge(hand->prefix, hand->run, NULL, &hand->desk.counter);
	bm_span_clear(hand->run);
}

static struct bm_span_event line_of(struct hand *hand, enum bm_event_kind kind, const char *id)
{
	hand->seconds++;
	return (struct bm_span_event){.kind = kind,
				      .key = bm_message_key(bm_bytes_of(id), 1),
				      .time = bm_time_make(hand->seconds, BM_OFFSET_UNKNOWN)};
}

static void say(struct hand *hand, enum bm_event_kind kind, const char *id)
{
	struct bm_span_event event = line_of(hand, kind, id);
	event.client_told = kind == BM_EVENT_BEGIN;
	bm_span_add(hand->run, &event, &hand->desk.counter);
}

/* attempt - one, to next when that is not NULL */
static void attempt(struct hand *hand, const char *id, const char *address, enum bm_outcome outcome,
		    const char *next)
{
	struct bm_span_event event = line_of(hand, BM_EVENT_ATTEMPT, id);
	struct bm_fact *const fact = &hand->facts[hand->fact_count++];
	*fact = (struct bm_fact){.time = event.time,
				 .category = outcome == BM_DELIVERED ? BM_CATEGORY_DELIVERED : 1,
				 .outcome = (uint8_t)outcome,
				 .delay_step = BM_NO_STEP};
	event.address = bm_bytes_of(address);
	event.fact = fact;
	event.hop = event.has_next = next != NULL;
	if (next)
		event.next = bm_message_key(bm_bytes_of(next), 1);
	bm_span_add(hand->run, &event, &hand->desk.counter);
}

/* finish - close and compare: delivered, bounced, expired, deferred, messages */
static void finish(struct hand *hand, uint64_t delivered, uint64_t bounced, uint64_t expired,
		   uint64_t deferred, uint64_t messages)
{
	cut_here(hand);
	bm_span_close(hand->prefix, &hand->desk.counter);
	const struct bm_tally *const tally = hand->desk.tally;
	cr_expect_eq(total(tally, BM_CELLS_CUBE, BM_DELIVERED), delivered);
	cr_expect_eq(total(tally, BM_CELLS_CUBE, BM_BOUNCED), bounced);
	cr_expect_eq(total(tally, BM_CELLS_CUBE, BM_EXPIRED), expired);
	cr_expect_eq(total(tally, BM_CELLS_CUBE, BM_DEFERRED), deferred);
	cr_expect_eq(total(tally, BM_CELLS_MESSAGES, 0), messages);
	bm_span_free(hand->prefix);
	bm_span_free(hand->run);
	bm_tally_free(hand->desk.tally);
}

Test(span, expired_reaches_over_a_cut)
{
	struct hand hand = hand_new();
	say(&hand, BM_EVENT_BEGIN, "A1");
	attempt(&hand, "A1", "x", BM_DEFERRED, NULL);
	attempt(&hand, "A1", "y", BM_DEFERRED, NULL);
	cut_here(&hand);
	attempt(&hand, "A1", "x", BM_DELIVERED, NULL);
	cut_here(&hand);
	say(&hand, BM_EVENT_EXPIRED, "A1");
	say(&hand, BM_EVENT_REMOVED, "A1");
	finish(&hand, 1, 0, 1, 2, 1);
}

Test(span, a_reused_id_is_another_message)
{
	struct hand hand = hand_new();
	attempt(&hand, "A1", "x", BM_DEFERRED, NULL);
	cut_here(&hand);
	say(&hand, BM_EVENT_REMOVED, "A1");
	attempt(&hand, "A1", "x", BM_DEFERRED, NULL);
	cut_here(&hand);
	say(&hand, BM_EVENT_EXPIRED, "A1");
	finish(&hand, 0, 0, 1, 2, 2);
}

/* The message's count must not go down with the recipient that turns out to be a hop. */
Test(span, one_recipient_to_the_filter_and_one_away)
{
	struct hand hand = hand_new();
	say(&hand, BM_EVENT_BEGIN, "B1");
	cut_here(&hand);
	say(&hand, BM_EVENT_BEGIN, "A1");
	attempt(&hand, "A1", "x", BM_DELIVERED, "ELSEWHERE");
	attempt(&hand, "A1", "y", BM_DELIVERED, "B1");
	say(&hand, BM_EVENT_REMOVED, "A1");
	cut_here(&hand);
	attempt(&hand, "B1", "y", BM_DELIVERED, NULL);
	say(&hand, BM_EVENT_REMOVED, "B1");
	finish(&hand, 2, 0, 0, 0, 2);
}

/* Expired, `removed` lost, and the id begins anew behind a cut. */
Test(span, expired_then_begun_anew)
{
	struct hand hand = hand_new();
	say(&hand, BM_EVENT_BEGIN, "A1");
	attempt(&hand, "A1", "x", BM_DEFERRED, NULL);
	cut_here(&hand);
	say(&hand, BM_EVENT_EXPIRED, "A1");
	say(&hand, BM_EVENT_BEGIN, "A1");
	attempt(&hand, "A1", "x", BM_DELIVERED, NULL);
	finish(&hand, 1, 0, 1, 1, 2);
}

/* A filter's message seen early in a long run still tells that the delivery before the cut was a
 * hop. */
Test(span, a_hop_found_early_in_a_long_run)
{
	struct hand hand = hand_new();
	say(&hand, BM_EVENT_BEGIN, "A1");
	attempt(&hand, "A1", "x", BM_DELIVERED, "B1");
	say(&hand, BM_EVENT_REMOVED, "A1");
	cut_here(&hand);
	say(&hand, BM_EVENT_BEGIN, "B1");
	attempt(&hand, "B1", "x", BM_DELIVERED, NULL);
	say(&hand, BM_EVENT_REMOVED, "B1");
	hand.seconds += 5000;
	say(&hand, BM_EVENT_BEGIN, "C1");
	finish(&hand, 1, 0, 0, 0, 1);
}

/* Thousands of messages between a hop and its message's end must not push out what proves the
 * hop. */
Test(span, a_hop_outlives_many_messages)
{
	struct hand hand = hand_new();
	char id[16];
	say(&hand, BM_EVENT_BEGIN, "A1");
	attempt(&hand, "A1", "x", BM_DELIVERED, "B1");
	attempt(&hand, "A1", "y", BM_DEFERRED, NULL);
	say(&hand, BM_EVENT_BEGIN, "B1");
	attempt(&hand, "B1", "x", BM_DELIVERED, NULL);
	say(&hand, BM_EVENT_REMOVED, "B1");
	cut_here(&hand);
	hand.seconds += 2 * SPAN_HOP_SECONDS;
	for (int i = 0; i < 5000; i++) {
		snprintf(id, sizeof id, "M%d", i);
		say(&hand, BM_EVENT_BEGIN, id);
		say(&hand, BM_EVENT_REMOVED, id);
		if (i % 100 == 0)
			cut_here(&hand);
	}
	attempt(&hand, "A1", "y", BM_DELIVERED, NULL);
	say(&hand, BM_EVENT_REMOVED, "A1");
	finish(&hand, 2, 0, 0, 1, 2);
}

/* tell - a line that tells a class of recipients or a subject */
static void tell(struct hand *hand, enum bm_event_kind kind, const char *id, uint32_t what)
{
	struct bm_span_event event = line_of(hand, kind, id);
	event.fanout = (uint8_t)what;
	event.subject = what;
	bm_span_add(hand->run, &event, &hand->desk.counter);
}

/* The whole message is what its first activation has; cut off at the log's start it is unknown, and so
 * it is when the first activation's line is lost. */
Test(span, the_first_activation_tells_the_recipients)
{
	for (int cut = 0; cut < 8; cut++) {
		struct hand hand = hand_new();
		struct bm_tally *const tally = hand.desk.tally;
		say(&hand, BM_EVENT_BEGIN, "A1");
		tell(&hand, BM_EVENT_SENDER, "A1", BM_FANOUT_5);
		if (cut & 1)
			cut_here(&hand);
		attempt(&hand, "A1", "x", BM_DEFERRED, NULL);
		tell(&hand, BM_EVENT_SENDER, "A1", BM_FANOUT_1);
		attempt(&hand, "A1", "x", BM_DELIVERED, NULL);
		if (cut & 2)
			cut_here(&hand);
		tell(&hand, BM_EVENT_SENDER, "B1", BM_FANOUT_1); /* began before the log */
		attempt(&hand, "B1", "x", BM_DELIVERED, NULL);
		say(&hand, BM_EVENT_BEGIN, "C1");
		attempt(&hand, "C1", "x", BM_DEFERRED, NULL);
		if (cut & 4)
			cut_here(&hand);
		tell(&hand, BM_EVENT_SENDER, "C1", BM_FANOUT_1); /* the first one was lost */
		say(&hand, BM_EVENT_REMOVED, "A1");
		cut_here(&hand);
		bm_span_close(hand.prefix, &hand.desk.counter);
		cr_expect_eq(total_of(tally, BM_CELLS_MESSAGES, 1, BM_FANOUT_5, 0), 1);
		cr_expect_eq(total_of(tally, BM_CELLS_MESSAGES, 1, BM_FANOUT_1, 0), 0);
		cr_expect_eq(total_of(tally, BM_CELLS_MESSAGES, 1, BM_FANOUT_UNKNOWN, 0), 2);
		cr_expect_eq(total_of(tally, BM_CELLS_SENDERS, 2, BM_FANOUT_5, BM_DEFERRED), 1);
		finish(&hand, 2, 0, 0, 2, 3);
	}
}

/* A subject told behind the message's attempts is another's. */
Test(span, a_subject_is_told_before_the_attempts)
{
	for (int cut = 0; cut < 4; cut++) {
		struct hand hand = hand_new();
		struct bm_tally *const tally = hand.desk.tally;
		tell(&hand, BM_EVENT_SUBJECT, "A1", SUBJECTS_FROM);
		attempt(&hand, "A1", "x", BM_DELIVERED, NULL);
		attempt(&hand, "B1", "x", BM_DEFERRED, NULL);
		if (cut & 1)
			cut_here(&hand);
		tell(&hand, BM_EVENT_SUBJECT, "B1", SUBJECTS_FROM);
		if (cut & 2)
			cut_here(&hand);
		attempt(&hand, "B1", "x", BM_DELIVERED, NULL);
		cut_here(&hand);
		bm_span_close(hand.prefix, &hand.desk.counter);
		cr_expect_eq(total_of(tally, BM_CELLS_SENDERS, 3, SUBJECTS_FROM, BM_DELIVERED), 1);
		cr_expect_eq(total_of(tally, BM_CELLS_SENDERS, 3, BM_SUBJECT_NONE, BM_DELIVERED),
			     1);
		finish(&hand, 2, 0, 0, 1, 2);
	}
}

/* A span's size is that of the mail in flight, whatever passed through. */
Test(span, stays_small)
{
	struct hand hand = hand_new();
	char id[16];
	for (int i = 0; i < 20000; i++) {
		snprintf(id, sizeof id, "%X", i);
		say(&hand, BM_EVENT_BEGIN, id);
		say(&hand, BM_EVENT_SENDER, id);
		say(&hand, BM_EVENT_REMOVED, id);
		if (i % 50 == 0)
			cut_here(&hand);
		cr_assert_leq(bm_span_open_count(hand.prefix), 2);
	}
	finish(&hand, 0, 0, 0, 0, 0);
}

Test(span, keys_tell_ids_apart)
{
	char left[40], right[40];
	for (unsigned size = 1; size <= 24; size++)
		for (unsigned other = 1; other <= 24; other++)
			for (unsigned at = 0; at <= size; at++) {
				memset(left, 'A', sizeof left);
				memset(right, 'A', sizeof right);
				if (at < size)
					left[at] = 'B';
				const struct bm_message_key a =
					bm_message_key((struct bm_bytes){(uint8_t *)left, size}, 1);
				const struct bm_message_key b = bm_message_key(
					(struct bm_bytes){(uint8_t *)right, other}, 1);
				const bool same = size == other && at == size;
				cr_assert_eq(memcmp(&a, &b, sizeof a) == 0, same, "%u %u %u", size,
					     other, at);
			}
}
