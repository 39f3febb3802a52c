/* tally.c - hashed counters that merge; see tally.h for what they mean.
 *
 * Cells are 32 bytes, two to a cache line, in the order they were made; an index finds them.  A merge
 * renames the source's numbers to the target's (each name is interned once), then adds cell by
 * cell; the look-ups are independent, so the next cells' places are fetched ahead.
 */
#include "bouncemill/tally.h"

#include "arena.h"
#include "bouncemill/error.h"
#include "bouncemill/provider.h"
#include "bouncemill/rule.h"
#include "hash.h"

#include <stdlib.h>

enum { SAMPLE_BYTES_MAX = 512, EVIDENCE_BYTES_MIN = 64, PREFETCH_AHEAD = 8 };

struct bm_tally_private {
	struct bm_arena samples;
	uint32_t template_room, address_room;
	unsigned subject_level;  /* see bm_tally_subject */
	uint32_t subjects_named; /* of the names that level lets pass */
};

/* --- cells --- */

static inline uint32_t key_hash(const uint32_t key[4])
{
	const uint64_t *const seeds = bm_hash_seeds();
	uint64_t words[2];
	memcpy(words, key, sizeof words);
	return (uint32_t)bm_hash_mix(words[0] ^ seeds[0], words[1] ^ seeds[1]);
}

static inline bool same_key(const uint32_t left[4], const uint32_t right[4])
{
	return ((left[0] ^ right[0]) | (left[1] ^ right[1]) | (left[2] ^ right[2]) |
		(left[3] ^ right[3])) == 0;
}

/* find - the number of a key's cell, or BM_INDEX_NONE */
static inline uint32_t find(const struct bm_cells *cells, const uint32_t key[4], uint32_t hash)
{
	struct bm_index_walk walk = bm_index_walk(&cells->index, hash);
	for (;;) {
		const uint32_t number = bm_index_next(&cells->index, &walk);
		if (number == BM_INDEX_NONE || same_key(cells->list[number].key, key))
			return number;
	}
}

uint32_t bm_cells_number_of(struct bm_cells *cells, const uint32_t key[4])
{
	const uint32_t hash = key_hash(key);
	const uint32_t known = find(cells, key, hash);
	if (known != BM_INDEX_NONE)
		return known;
	BM_GROW(cells->list, cells->count, cells->room);
	cells->list[cells->count] = (struct bm_cell){.key = {key[0], key[1], key[2], key[3]}};
	bm_index_put(&cells->index, hash, cells->count);
	return cells->count++;
}

uint32_t *bm_cells_at(struct bm_cells *cells, const uint32_t key[4])
{
	const uint32_t number = bm_cells_number_of(cells, key); /* may move the list */
	return cells->list[number].n;
}

void bm_cells_want(const struct bm_cells *cells, const uint32_t key[4])
{
	bm_index_want(&cells->index, key_hash(key));
}

const uint32_t *bm_cells_find(const struct bm_cells *cells, const uint32_t key[4])
{
	const uint32_t number = find(cells, key, key_hash(key));
	return number == BM_INDEX_NONE ? NULL : cells->list[number].n;
}

void bm_cells_dispose(struct bm_cells *cells)
{
	bm_index_dispose(&cells->index);
	bm_free(cells->list);
	*cells = (struct bm_cells){0};
}

/* add_cell - source's counters to those of its key */
static void add_cell(struct bm_cells *target, const struct bm_cell *source)
{
	uint32_t *const n = bm_cells_at(target, source->key);
	for (int outcome = 0; outcome < BM_OUTCOME_COUNT; outcome++)
		bm_add_saturating(&n[outcome], source->n[outcome]);
}

/* --- histograms --- */

unsigned bm_step_of(uint64_t hundredths)
{
	if (hundredths < 8)
		return (unsigned)
			hundredths; /* exact while four steps a doubling would be finer than 1 */
	const unsigned top = 63u - (unsigned)__builtin_clzll(hundredths);
	const unsigned step = 8 + (top - 3) * 4 + (unsigned)(hundredths >> (top - 2) & 3);
	return step < BM_STEP_COUNT ? step : BM_STEP_COUNT - 1;
}

double bm_step_value(unsigned step)
{
	if (step < 8)
		return step;
	const unsigned top = 3 + (step - 8) / 4;
	const double width = (double)(UINT64_C(1) << (top - 2));
	return (4 + (step - 8) % 4) * width + (width - 1) / 2;
}

/* spill - from the small form to the full one */
static void spill(struct bm_steps *steps)
{
	steps->full = bm_zalloc(BM_STEP_COUNT, sizeof *steps->full);
	for (size_t i = 0; i < sizeof steps->few / sizeof *steps->few; i++)
		steps->full[steps->few[i] >> 24] += steps->few[i] & 0xffffff;
	memset(steps->few, 0, sizeof steps->few);
}

void bm_steps_add(struct bm_steps *steps, unsigned step, uint32_t count)
{
	for (size_t i = 0; steps->full == NULL && i < sizeof steps->few / sizeof *steps->few; i++) {
		const uint32_t old = steps->few[i] & 0xffffff;
		if ((steps->few[i] >> 24 != step && old) || old + (uint64_t)count > 0xffffff)
			continue;
		steps->few[i] = (uint32_t)step << 24 | (old + count);
		return;
	}
	if (steps->full == NULL)
		spill(steps);
	bm_add_saturating(&steps->full[step], count);
}

/* step_counts - all counters of a histogram, whatever its form */
static void step_counts(const struct bm_steps *steps, uint64_t counts[BM_STEP_COUNT])
{
	memset(counts, 0, BM_STEP_COUNT * sizeof *counts);
	for (unsigned i = 0; i < BM_STEP_COUNT && steps->full; i++)
		counts[i] = steps->full[i];
	for (size_t i = 0; i < sizeof steps->few / sizeof *steps->few; i++)
		counts[steps->few[i] >> 24] += steps->few[i] & 0xffffff;
}

uint64_t bm_steps_count(const struct bm_steps *steps)
{
	uint64_t counts[BM_STEP_COUNT], total = 0;
	step_counts(steps, counts);
	for (unsigned i = 0; i < BM_STEP_COUNT; i++)
		total += counts[i];
	return total;
}

/* few_quantile - of the small form: its counters in the order of their steps, by selection */
static double few_quantile(const struct bm_steps *steps, double share)
{
	enum { FEW = sizeof steps->few / sizeof *steps->few };
	uint64_t total = 0, below = 0;
	for (int i = 0; i < FEW; i++)
		total += steps->few[i] & 0xffffff;
	for (uint32_t done = 0; total;) {
		uint32_t least = UINT32_MAX;
		for (int i = 0; i < FEW; i++)
			if ((steps->few[i] & 0xffffff) && steps->few[i] >= done &&
			    steps->few[i] < least)
				least = steps->few[i];
		below += least & 0xffffff;
		if ((double)below >= share * (double)total)
			return bm_step_value(least >> 24);
		done = least + 1;
	}
	return -1;
}

double bm_steps_quantile(const struct bm_steps *steps, double share)
{
	if (steps->full == NULL)
		return few_quantile(steps, share);
	uint64_t counts[BM_STEP_COUNT], total = 0, below = 0;
	step_counts(steps, counts);
	for (unsigned i = 0; i < BM_STEP_COUNT; i++)
		total += counts[i];
	const double wanted = share * (double)total;
	for (unsigned i = 0; i < BM_STEP_COUNT; i++) {
		below += counts[i];
		if (counts[i] && (double)below >= wanted)
			return bm_step_value(i);
	}
	return -1;
}

static void steps_merge(struct bm_steps *target, const struct bm_steps *source)
{
	for (size_t i = 0; i < sizeof source->few / sizeof *source->few; i++)
		if (source->few[i] & 0xffffff)
			bm_steps_add(target, source->few[i] >> 24, source->few[i] & 0xffffff);
	for (unsigned i = 0; source->full && i < BM_STEP_COUNT; i++)
		if (source->full[i])
			bm_steps_add(target, i, source->full[i]);
}

/* --- pace --- */

/* by_minutes - qsort: pages of one provider's same minutes side by side */
static int by_minutes(const void *left, const void *right)
{
	const struct bm_pace_page *const a = left, *const b = right;
	if (a->provider != b->provider)
		return a->provider < b->provider ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* take_in - source's attempts to target, a page of the same minutes; false, and nothing changed, when
 * they do not fit */
static bool take_in(struct bm_pace_page *target, const struct bm_pace_page *source)
{
	for (unsigned i = 0; i < BM_PAGE_MINUTES; i++)
		if (target->minute[i] + source->minute[i] > UINT8_MAX)
			return false;
	for (unsigned i = 0; i < BM_PAGE_MINUTES; i++)
		target->minute[i] = (uint8_t)(target->minute[i] + source->minute[i]);
	return true;
}

/* pack_pages - add up the pages of the same minutes, as far as they fit */
static void pack_pages(struct bm_pace *pace)
{
	uint32_t kept = 0;
	if (pace->count)
		qsort(pace->list, pace->count, sizeof *pace->list, by_minutes);
	for (uint32_t i = 0; i < pace->count; i++) {
		if (kept && by_minutes(&pace->list[kept - 1], &pace->list[i]) == 0 &&
		    take_in(&pace->list[kept - 1], &pace->list[i]))
			continue;
		pace->list[kept++] = pace->list[i];
	}
	pace->count = kept;
	pace->doubtful = 0;
	for (uint32_t i = 0; i < pace->last_room; i++)
		if (pace->last[i] != UINT32_MAX)
			pace->last[i] = 0;
}

/* add_page - an empty page.  In a log, times follow each other and nothing is doubtful; where a part of
 * the pages are, they are packed before the list grows, so memory is that of the minutes whatever their
 * order, and the time is linear but for a sort now and then. */
static struct bm_pace_page *add_page(struct bm_pace *pace, uint32_t provider, int32_t number,
				     bool doubtful)
{
	pace->doubtful += doubtful;
	if (pace->count == pace->room) {
		if (pace->doubtful > pace->room / 4)
			pack_pages(pace);
		if (pace->count >= pace->room / 2)
			BM_GROW(pace->list, pace->room, pace->room);
	}
	struct bm_pace_page *const page = &pace->list[pace->count++];
	*page = (struct bm_pace_page){.provider = provider, .number = number};
	if (pace->count == 1 || number > pace->latest)
		pace->latest = number;
	return page;
}

/* keeps_pace - is the provider's pace kept; asked the first time it is met, and when its page was
 * packed away */
static bool keeps_pace(struct bm_tally *tally, uint32_t provider)
{
	struct bm_pace *const pace = &tally->pace;
	while (pace->last_room <= provider) {
		const uint32_t old = pace->last_room;
		pace->last_room = old ? 2 * old : 64;
		pace->last = bm_realloc(pace->last, pace->last_room * sizeof *pace->last);
		memset(pace->last + old, 0, (pace->last_room - old) * sizeof *pace->last);
	}
	if (pace->last[provider] == 0 &&
	    !bm_provider_is_name(bm_intern_get(tally->providers, provider)))
		pace->last[provider] = UINT32_MAX;
	return pace->last[provider] != UINT32_MAX;
}

bool bm_tally_pace_page(struct bm_tally *tally, uint32_t provider, int32_t minute)
{
	struct bm_pace *const pace = &tally->pace;
	const int32_t number = minute >> BM_PAGE_SHIFT;
	if (!keeps_pace(tally, provider))
		return false;
	/* Where times go back, or near enough, a page of these minutes may be there already. */
	const uint32_t last = pace->last[provider];
	const bool doubtful = (last && pace->list[last - 1].number >= number) ||
			      (pace->count && number < pace->latest - 1);
	add_page(pace, provider, number, doubtful)->minute[minute & (BM_PAGE_MINUTES - 1)]++;
	pace->last[provider] = pace->count;
	return true;
}

static void pace_dispose(struct bm_pace *pace)
{
	bm_free(pace->list);
	bm_free(pace->last);
}

/* --- subjects --- */

/* is_named - does a level let a subject keep its name */
static bool is_named(struct bm_bytes subject, unsigned level)
{
	return bm_hash_content(subject) >> 32 << level >> 32 == 0;
}

/* raise_level - to level, and on until few enough subjects keep their names */
static void raise_level(struct bm_tally *tally, unsigned level)
{
	struct bm_tally_private *const private = tally->private;
	while (private->subject_level < level || private->subjects_named > BM_SUBJECTS_MAX) {
		private->subject_level++;
		private->subjects_named = 0;
		for (uint32_t id = BM_SUBJECT_OTHER + 1; id < bm_intern_count(tally->subjects);
		     id++)
		private->subjects_named +=
			is_named(bm_intern_get(tally->subjects, id), private->subject_level);
	}
}

uint32_t bm_tally_subject(struct bm_tally *tally, struct bm_bytes subject)
{
	struct bm_tally_private *const private = tally->private;
	if (subject.size == 0)
		return BM_SUBJECT_NONE;
	if (private->subject_level && !is_named(subject, private->subject_level))
		return BM_SUBJECT_OTHER;
	const uint32_t known = bm_intern_count(tally->subjects);
	const uint32_t id = bm_intern_add(tally->subjects, subject);
	private->subjects_named += id == known;
	raise_level(tally, 0);
	return id;
}

/* settle_cells - cells of subjects that have lost their names, whose number is key[word], to those
 * of the others */
static void settle_cells(struct bm_tally *tally, enum bm_cells_kind kind, unsigned word)
{
	struct bm_cells settled = {0};
	BM_FOR_EACH_CELL(cell, &tally->cells[kind])
	{
		struct bm_cell copy = *cell;
		const struct bm_bytes subject = bm_intern_get(tally->subjects, copy.key[word]);
		if (copy.key[word] > BM_SUBJECT_OTHER &&
		    !is_named(subject, tally->private->subject_level))
			copy.key[word] = BM_SUBJECT_OTHER;
		add_cell(&settled, &copy);
	}
	bm_cells_dispose(&tally->cells[kind]);
	tally->cells[kind] = settled;
}

static void settle_subjects(struct bm_tally *tally)
{
	if (tally->private->subject_level == 0)
		return;
	settle_cells(tally, BM_CELLS_SENDERS, 3);
	settle_cells(tally, BM_CELLS_MESSAGES, 2);
}

/* --- the tally --- */

struct bm_tally *bm_tally_new(void)
{
	struct bm_tally *const tally = bm_zalloc(1, sizeof *tally);
	tally->private = bm_zalloc(1, sizeof *tally->private);
	tally->domains = bm_intern_new_with(sizeof(struct bm_traffic_record));
	tally->providers = bm_intern_new_with(sizeof(struct bm_traffic_record));
	tally->senders = bm_intern_new();
	tally->relays = bm_intern_new_with(sizeof(struct bm_relay_record));
	tally->templates = bm_intern_new();
	tally->addresses = bm_intern_new();
	tally->listings = bm_intern_new_with(sizeof(struct bm_listing_record));
	tally->subjects = bm_intern_new();
	bm_intern_add(tally->subjects, (struct bm_bytes){0});
	bm_intern_add(tally->subjects, BM_BYTES("(other)"));
	for (int i = 0; i < BM_CATEGORY_COUNT; i++)
		tally->category[i] = BM_SEEN_NEVER;
	return tally;
}

void bm_tally_free(struct bm_tally *tally)
{
	if (tally == NULL)
		return;
	for (uint32_t i = 0; i < bm_intern_count(tally->domains); i++)
		bm_free(bm_tally_domain_at(tally, i)->delays.full);
	for (uint32_t i = 0; i < bm_intern_count(tally->providers); i++)
		bm_free(bm_tally_provider_at(tally, i)->delays.full);
	bm_free(tally->template);
	bm_free(tally->address);
	bm_intern_free(tally->domains);
	bm_intern_free(tally->providers);
	bm_intern_free(tally->senders);
	bm_intern_free(tally->relays);
	bm_intern_free(tally->templates);
	bm_intern_free(tally->addresses);
	bm_intern_free(tally->listings);
	bm_intern_free(tally->subjects);
	pace_dispose(&tally->pace);
	for (int i = 0; i < BM_CELLS_COUNT; i++)
		bm_cells_dispose(&tally->cells[i]);
	bm_arena_dispose(&tally->private->samples);
	bm_free(tally->private);
	bm_free(tally);
}

uint32_t bm_tally_domain(struct bm_tally *tally, struct bm_bytes domain)
{
	return bm_tally_domain_hashed(tally, domain, bm_hash(domain));
}

uint32_t bm_tally_domain_hashed(struct bm_tally *tally, struct bm_bytes domain, uint64_t hash)
{
	const uint32_t known = bm_intern_count(tally->domains);
	const uint32_t id = bm_intern_add_hashed(tally->domains, domain, hash);
	if (id == known)
		*bm_tally_domain_at(tally, id) = (struct bm_traffic_record){.seen = BM_SEEN_NEVER};
	return id;
}

uint32_t bm_tally_provider(struct bm_tally *tally, struct bm_bytes provider)
{
	const uint32_t known = bm_intern_count(tally->providers);
	const uint32_t id = bm_intern_add(tally->providers, provider);
	if (id == known)
		*bm_tally_provider_at(tally, id) =
			(struct bm_traffic_record){.seen = BM_SEEN_NEVER};
	return id;
}

uint32_t bm_tally_sender(struct bm_tally *tally, struct bm_bytes sender)
{
	return bm_intern_add(tally->senders, sender);
}

uint32_t bm_tally_relay(struct bm_tally *tally, struct bm_bytes relay)
{
	return bm_intern_add(tally->relays, relay);
}

uint32_t bm_tally_template(struct bm_tally *tally, struct bm_bytes name)
{
	const uint32_t known = bm_intern_count(tally->templates);
	const uint32_t id = bm_intern_add(tally->templates, name);
	if (id == known) {
		BM_GROW(tally->template, known, tally->private->template_room);
		tally->template[id] =
			(struct bm_template_record){.seen = BM_SEEN_NEVER, .rule = BM_RULE_NONE};
	}
	return id;
}

uint32_t bm_tally_address(struct bm_tally *tally, struct bm_bytes address)
{
	const uint32_t known = bm_intern_count(tally->addresses);
	const uint32_t id = bm_intern_add(tally->addresses, address);
	if (id == known) {
		BM_GROW(tally->address, known, tally->private->address_room);
		tally->address[id] = (struct bm_address_record){.seen = BM_SEEN_NEVER,
								.last_final = BM_TIME_UNKNOWN,
								.last_delivered = BM_TIME_UNKNOWN,
								.last_hard = BM_TIME_UNKNOWN};
	}
	return id;
}

uint32_t bm_tally_listing(struct bm_tally *tally, struct bm_bytes name)
{
	const uint32_t known = bm_intern_count(tally->listings);
	const uint32_t id = bm_intern_add(tally->listings, name);
	if (id == known)
		*bm_tally_listing_at(tally, id) = (struct bm_listing_record){.seen = BM_SEEN_NEVER};
	return id;
}

void bm_tally_sample(struct bm_tally *tally, struct bm_bytes *sample, struct bm_bytes text)
{
	if (text.size > SAMPLE_BYTES_MAX)
		text.size = SAMPLE_BYTES_MAX;
	if (sample->data && bm_bytes_order(*sample, text) <= 0)
		return;
	/* The old copy's room is used again when it suffices: a sample only shrinks in order. */
	if (sample->data && text.size <= sample->size) {
		if (text.size)
			memcpy((uint8_t *)sample->data, text.data, text.size);
		sample->size = text.size;
	} else {
		/* An empty text is one, and has an address. */
		*sample = text.size ? bm_arena_copy(&tally->private->samples, text) : BM_BYTES("");
	}
}

/* evidence_outranks - does a failure take the place of evidence */
static bool evidence_outranks(const struct bm_evidence *evidence, bm_time time,
			      enum bm_category category, struct bm_bytes text)
{
	if (evidence->text.data == NULL)
		return true;
	if (time != evidence->time)
		return time > evidence->time;
	if (category != evidence->category)
		return category < evidence->category;
	return bm_bytes_order(text, evidence->text) < 0;
}

void bm_tally_evidence(struct bm_tally *tally, struct bm_evidence *evidence, bm_time time,
		       enum bm_category category, struct bm_bytes text)
{
	if (text.size > SAMPLE_BYTES_MAX)
		text.size = SAMPLE_BYTES_MAX;
	if (!evidence_outranks(evidence, time, category, text))
		return;
	if (text.size > evidence->room || evidence->text.data == NULL) {
		/* Room doubles, so that an address costs the arena two full samples at most. */
		uint32_t room = EVIDENCE_BYTES_MIN;
		while (room < text.size)
			room *= 2;
		evidence->text.data = bm_arena_take(&tally->private->samples, room);
		evidence->room = room;
	}
	if (text.size)
		memcpy((uint8_t *)evidence->text.data, text.data, text.size);
	evidence->text.size = text.size;
	evidence->time = time;
	evidence->category = category;
}

/* --- merging --- */

/* All kinds of names that counts refer to by number.  X(member of struct bm_tally, how one is added) */
#define NAMES(X)                                                                                   \
	X(domains, bm_tally_domain)                                                                \
	X(relays, bm_tally_relay)                                                                  \
	X(providers, bm_tally_provider)                                                            \
	X(senders, bm_tally_sender)                                                                \
	X(templates, bm_tally_template)                                                            \
	X(addresses, bm_tally_address)                                                             \
	X(listings, bm_tally_listing)                                                              \
	X(subjects, bm_tally_subject)

/* What the source's numbers are called in the target. */
struct names {
#define X(kind, add) uint32_t *kind;
	NAMES(X)
#undef X
};

enum {
#define X(kind, add) RENAME_##kind,
	NAMES(X)
#undef X
		RENAME_PARTS
};

/* rename_all - intern each of source's runs in target by add, return the table of new numbers */
static uint32_t *rename_all(struct bm_tally *target, const struct bm_intern *source,
			    uint32_t (*add)(struct bm_tally *, struct bm_bytes))
{
	const uint32_t count = bm_intern_count(source);
	uint32_t *const numbers = bm_alloc((count + 1) * sizeof *numbers);
	for (uint32_t id = 0; id < count; id++)
		numbers[id] = add(target, bm_intern_get(source, id));
	return numbers;
}

static uint32_t rename_pair(const struct names *names, uint32_t pair)
{
	return BM_PAIR(names->providers[BM_PAIR_PROVIDER(pair)], BM_PAIR_CATEGORY(pair));
}

/* rename_key - the key of a source's cell in the target's numbers; see the list in tally.h */
static void rename_key(enum bm_cells_kind kind, const struct names *names, uint32_t key[4])
{
	switch (kind) {
	case BM_CELLS_CUBE:
		key[1] = names->domains[key[1]];
		key[2] = rename_pair(names, key[2]);
		break;
	case BM_CELLS_RELAYS:
		key[0] = names->relays[key[0]];
		key[1] = rename_pair(names, key[1]);
		break;
	case BM_CELLS_SENDERS:
		key[0] = names->senders[key[0]];
		key[3] = names->subjects[key[3]];
		break;
	case BM_CELLS_MESSAGES:
		key[0] = names->senders[key[0]];
		key[2] = names->subjects[key[2]];
		break;
	case BM_CELLS_DEFERRALS:
	case BM_CELLS_RESOLVE:
		key[0] = rename_pair(names, key[0]);
		break;
	case BM_CELLS_SPREAD:
		key[0] = names->templates[key[0]];
		key[1] = names->domains[key[1]];
		break;
	case BM_CELLS_ADDRESSES:
	case BM_CELLS_DAYS:
		key[0] = names->addresses[key[0]];
		break;
	case BM_CELLS_LIMITED:
		key[0] = names->providers[key[0]];
		break;
	case BM_CELLS_PERIODS:
	case BM_CELLS_COUNT:
		break;
	}
}

/* add_batch - add renamed cells, whose lines were asked for when they were gathered */
static void add_batch(struct bm_cells *target, const struct bm_cell *batch, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		add_cell(target, &batch[i]);
}

static void merge_cells(struct bm_cells *target, const struct bm_cells *source,
			enum bm_cells_kind kind, const struct names *names)
{
	struct bm_cell batch[PREFETCH_AHEAD];
	unsigned count = 0;
	BM_FOR_EACH_CELL(cell, source)
	{
		batch[count] = *cell;
		rename_key(kind, names, batch[count].key);
		bm_cells_want(target, batch[count].key);
		if (++count == PREFETCH_AHEAD) {
			add_batch(target, batch, count);
			count = 0;
		}
	}
	add_batch(target, batch, count);
}

/* merge_pace - the source's pages behind the target's, under the target's numbers of their providers;
 * they are not packed, since all of them were in memory already */
static void merge_pace(struct bm_pace *target, const struct bm_pace *source,
		       const struct names *names)
{
	if (source->count && (target->count == 0 || source->latest > target->latest))
		target->latest = source->latest;
	for (uint32_t i = 0; i < source->count; i++) {
		BM_GROW(target->list, target->count, target->room);
		struct bm_pace_page *const page = &target->list[target->count++];
		*page = source->list[i];
		page->provider = names->providers[page->provider];
	}
	target->doubtful += source->count;
}

static void merge_seen(struct bm_seen *target, struct bm_seen source)
{
	bm_seen_add(target, source.first);
	bm_seen_add(target, source.last);
}

static void merge_traffic(struct bm_traffic_record *target, const struct bm_traffic_record *source)
{
	merge_seen(&target->seen, source->seen);
	steps_merge(&target->delays, &source->delays);
}

static void merge_template(struct bm_tally *tally, struct bm_template_record *target,
			   const struct bm_template_record *source, const struct names *names)
{
	for (int i = 0; i < BM_OUTCOME_COUNT; i++)
		target->n[i] += source->n[i];
	merge_seen(&target->seen, source->seen);
	if (source->sample.data)
		bm_tally_sample(tally, &target->sample, source->sample);
	/* The rest is a function of the template's name. */
	if (!source->judged)
		return;
	target->judged = true;
	target->provider = names->providers[source->provider];
	target->rule = source->rule;
	target->category = source->category;
	target->code = source->code;
	target->enhanced = source->enhanced;
}

static void merge_address(struct bm_tally *tally, struct bm_address_record *target,
			  const struct bm_address_record *source)
{
	merge_seen(&target->seen, source->seen);
	if (source->last_final > target->last_final ||
	    (source->last_final == target->last_final &&
	     source->last_outcome > target->last_outcome)) {
		target->last_final = source->last_final;
		target->last_outcome = source->last_outcome;
	}
	if (source->last_delivered > target->last_delivered)
		target->last_delivered = source->last_delivered;
	if (source->last_hard > target->last_hard)
		target->last_hard = source->last_hard;
	target->hard += source->hard;
	for (size_t i = 0; i < sizeof source->evidence / sizeof *source->evidence; i++) {
		const struct bm_evidence *const evidence = &source->evidence[i];
		if (evidence->text.data)
			bm_tally_evidence(tally, &target->evidence[i], evidence->time,
					  evidence->category, evidence->text);
	}
}

static void merge_listing(struct bm_listing_record *target, const struct bm_listing_record *source)
{
	for (int i = 0; i < BM_OUTCOME_COUNT; i++)
		target->n[i] += source->n[i];
	merge_seen(&target->seen, source->seen);
}

static void merge_domains(struct bm_tally *target, const struct bm_tally *source,
			  const struct names *names)
{
	for (uint32_t i = 0; i < bm_intern_count(source->domains); i++)
		merge_traffic(bm_tally_domain_at(target, names->domains[i]),
			      bm_tally_domain_at(source, i));
}

/* merge_records - what is counted beside all other names */
static void merge_records(struct bm_tally *target, const struct bm_tally *source,
			  const struct names *names)
{
	for (uint32_t i = 0; i < bm_intern_count(source->providers); i++)
		merge_traffic(bm_tally_provider_at(target, names->providers[i]),
			      bm_tally_provider_at(source, i));
	for (uint32_t i = 0; i < bm_intern_count(source->templates); i++)
		merge_template(target, &target->template[names->templates[i]],
			       &source -> template[i], names);
	for (uint32_t i = 0; i < bm_intern_count(source->addresses); i++)
		merge_address(target, &target->address[names->addresses[i]], &source->address[i]);
	for (uint32_t i = 0; i < bm_intern_count(source->listings); i++)
		merge_listing(bm_tally_listing_at(target, names->listings[i]),
			      bm_tally_listing_at(source, i));
	for (int i = 0; i < BM_CATEGORY_COUNT; i++)
		merge_seen(&target->category[i], source->category[i]);
}

void bm_tally_settle(struct bm_tally *tally)
{
	for (uint32_t id = 0; id < bm_intern_count(tally->relays); id++) {
		struct bm_relay_record *const relay = bm_tally_relay_at(tally, id);
		if (relay->delivered == 0)
			continue;
		const uint32_t key[4] = {id, BM_PAIR(relay->provider - 1, BM_CATEGORY_DELIVERED), 0,
					 0};
		bm_add_saturating(&bm_cells_at(&tally->cells[BM_CELLS_RELAYS], key)[BM_DELIVERED],
				  relay->delivered);
		relay->delivered = 0;
	}
	settle_subjects(tally);
}

/* A merge, done in parts that touch nothing in common. */
struct merge {
	struct bm_tally *target;
	const struct bm_tally *source;
	struct names names;
};

/* rename_part - the names of one kind */
static void rename_part(void *context, size_t part)
{
	struct merge *const merge = context;
	struct bm_tally *const target = merge->target;
	const struct bm_tally *const source = merge->source;
	struct names *const names = &merge->names;
	switch (part) {
#define X(kind, add)                                                                               \
	case RENAME_##kind:                                                                        \
		names->kind = rename_all(target, source->kind, add);                               \
		break;
		NAMES(X)
#undef X
	}
}

/* merge_part - cells of one kind, or records; the cube, which takes longest, first */
static void merge_part(void *context, size_t part)
{
	const struct merge *const merge = context;
	_Static_assert(BM_CELLS_CUBE == 0, "the cube comes first");
	if (part < BM_CELLS_COUNT)
		merge_cells(&merge->target->cells[part], &merge->source->cells[part],
			    (enum bm_cells_kind)part, &merge->names);
	else if (part == BM_CELLS_COUNT)
		merge_domains(merge->target, merge->source, &merge->names);
	else if (part == BM_CELLS_COUNT + 1)
		merge_records(merge->target, merge->source, &merge->names);
	else
		merge_pace(&merge->target->pace, &merge->source->pace, &merge->names);
}
enum { MERGE_PARTS = BM_CELLS_COUNT + 3 };

void bm_tally_merge(struct bm_tally *target, const struct bm_tally *source,
		    const struct bm_crew *crew)
{
	struct merge merge = {target, source, {0}};
	raise_level(target, source->private->subject_level);
	bm_crew_run(crew, RENAME_PARTS, rename_part, &merge);
	bm_crew_run(crew, MERGE_PARTS, merge_part, &merge);
#define X(kind, add) bm_free(merge.names.kind);
	NAMES(X)
#undef X
	settle_subjects(target);
}
