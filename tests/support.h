/* support.h - what several tests need: a seeded generator of chance, and a tally as text.
 *
 * Tests are reproducible: every one starts its generator from a constant.  Two tallies are equal
 * when their dumps are: one line for each cell and record, names instead of numbers, sorted by
 * text; names nothing was counted under leave no line.  Include it first: it asks libc for its
 * extensions.
 */
#ifndef BM_SUPPORT_H
#define BM_SUPPORT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "bouncemill/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A generator of chance (splitmix64). */
struct chance {
	uint64_t state;
};

static inline uint64_t chance_next(struct chance *chance)
{
	uint64_t word = chance->state += UINT64_C(0x9e3779b97f4a7c15);
	word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
	return word ^ word >> 31;
}

/* chance_below - a number in [0, limit) */
static inline uint32_t chance_below(struct chance *chance, uint32_t limit)
{
	return (uint32_t)((chance_next(chance) >> 32) * limit >> 32);
}

/* chance_percent - true so often in a hundred */
static inline bool chance_percent(struct chance *chance, uint32_t percent)
{
	return chance_below(chance, 100) < percent;
}

/* Lines of a dump. */
struct dump {
	char **lines;
	size_t count, room;
};

static inline char *dump_name(const struct bm_intern *intern, uint32_t number)
{
	static char names[8][700];
	static unsigned next;
	char *const name = names[next++ % 8];
	const struct bm_bytes run = bm_intern_get(intern, number);
	size_t size = 0;
	for (size_t i = 0; i < run.size && size < 690; i++)
		name[size++] = run.data[i] ? (char)run.data[i] : '|';
	name[size] = 0;
	return name;
}

static inline void dump_line(struct dump *dump, char *line)
{
	if (dump->count == dump->room) {
		dump->room = dump->room ? 2 * dump->room : 64;
		dump->lines = realloc(dump->lines, dump->room * sizeof *dump->lines);
	}
	dump->lines[dump->count++] = line;
}

#define DUMP(dump, ...)                                                                            \
	do {                                                                                       \
		char *line_ = NULL;                                                                \
		if (asprintf(&line_, __VA_ARGS__) < 0)                                             \
			abort();                                                                   \
		dump_line(dump, line_);                                                            \
	} while (0)

static inline const char *dump_pair(const struct bm_tally *tally, uint32_t pair)
{
	static char pairs[4][800];
	static unsigned next;
	char *const text = pairs[next++ % 4];
	snprintf(text, sizeof pairs[0], "%s/%u",
		 dump_name(tally->providers, BM_PAIR_PROVIDER(pair)),
		 (unsigned)BM_PAIR_CATEGORY(pair));
	return text;
}

/* dump_key - a cell's key with names for numbers */
static inline void dump_key(const struct bm_tally *tally, int kind, const uint32_t key[4],
			    char text[3000])
{
	switch (kind) {
	case BM_CELLS_CUBE:
		snprintf(text, 3000, "%d %s %s %u", (int)key[0], dump_name(tally->domains, key[1]),
			 dump_pair(tally, key[2]), key[3]);
		break;
	case BM_CELLS_RELAYS:
		snprintf(text, 3000, "%s %s", dump_name(tally->relays, key[0]),
			 dump_pair(tally, key[1]));
		break;
	case BM_CELLS_SENDERS:
		snprintf(text, 3000, "%s %u %u %s", dump_name(tally->senders, key[0]), key[1],
			 key[2], dump_name(tally->subjects, key[3]));
		break;
	case BM_CELLS_MESSAGES:
		snprintf(text, 3000, "%s %u %s", dump_name(tally->senders, key[0]), key[1],
			 dump_name(tally->subjects, key[2]));
		break;
	case BM_CELLS_PERIODS:
		snprintf(text, 3000, "%d", (int)key[0]);
		break;
	case BM_CELLS_DEFERRALS:
		snprintf(text, 3000, "%s", dump_pair(tally, key[0]));
		break;
	case BM_CELLS_RESOLVE:
		snprintf(text, 3000, "%s %u %u", dump_pair(tally, key[0]), key[1], key[2]);
		break;
	case BM_CELLS_DAYS:
		snprintf(text, 3000, "%s %d", dump_name(tally->addresses, key[0]), (int)key[1]);
		break;
	case BM_CELLS_SPREAD:
		snprintf(text, 3000, "%s %s", dump_name(tally->templates, key[0]),
			 dump_name(tally->domains, key[1]));
		break;
	case BM_CELLS_LIMITED:
		snprintf(text, 3000, "%s %d", dump_name(tally->providers, key[0]), (int)key[1]);
		break;
	default:
		snprintf(text, 3000, "%s %u", dump_name(tally->addresses, key[0]), key[1]);
	}
}

static inline void dump_cells(struct dump *dump, const struct bm_tally *tally)
{
	char key[3000];
	for (int kind = 0; kind < BM_CELLS_COUNT; kind++) {
		BM_FOR_EACH_CELL(cell, &tally->cells[kind])
		{
			dump_key(tally, kind, cell->key, key);
			DUMP(dump, "cell %d: %s = %u %u %u %u", kind, key, cell->n[0], cell->n[1],
			     cell->n[2], cell->n[3]);
		}
	}
}

/* dump_pace - the sums over all pages of the same minutes */
static inline void dump_pace(struct dump *dump, const struct bm_tally *tally)
{
	const struct bm_pace_page *const list = tally->pace.list;
	for (uint32_t i = 0; i < tally->pace.count; i++)
		for (int minute = 0; minute < BM_PAGE_MINUTES; minute++) {
			unsigned sum = 0;
			bool first = true;
			for (uint32_t j = 0; j < tally->pace.count; j++)
				if (list[j].provider == list[i].provider &&
				    list[j].number == list[i].number) {
					sum += list[j].minute[minute];
					first &= j >= i;
				}
			if (first && sum)
				DUMP(dump, "pace %s: %d:%02d = %u",
				     dump_name(tally->providers, list[i].provider),
				     (int)list[i].number, minute, sum);
		}
}

static inline uint64_t dump_step(const struct bm_steps *steps, unsigned step)
{
	uint64_t n = steps->full ? steps->full[step] : 0;
	for (size_t i = 0; i < sizeof steps->few / sizeof *steps->few; i++)
		if (steps->few[i] >> 24 == step)
			n += steps->few[i] & 0xffffff;
	return n;
}

static inline void dump_traffic(struct dump *dump, const char *what, const char *name,
				const struct bm_traffic_record *record)
{
	if (record->seen.first != BM_TIME_UNKNOWN)
		DUMP(dump, "%s %s: seen %" PRId64 " %" PRId64, what, name, record->seen.first,
		     record->seen.last);
	for (unsigned step = 0; step < BM_STEP_COUNT; step++)
		if (dump_step(&record->delays, step))
			DUMP(dump, "%s %s: step %u = %" PRIu64, what, name, step,
			     dump_step(&record->delays, step));
}

static inline void dump_records(struct dump *dump, const struct bm_tally *tally)
{
	for (uint32_t i = 0; i < bm_intern_count(tally->domains); i++)
		dump_traffic(dump, "domain", dump_name(tally->domains, i),
			     bm_tally_domain_at(tally, i));
	for (uint32_t i = 0; i < bm_intern_count(tally->providers); i++)
		dump_traffic(dump, "provider", dump_name(tally->providers, i),
			     bm_tally_provider_at(tally, i));
	for (uint32_t i = 0; i < bm_intern_count(tally->templates); i++) {
		const struct bm_template_record *const record = &tally->template[i];
		if (record->n[0] | record->n[1] | record->n[2] | record->n[3])
			DUMP(dump,
			     "template %s: %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			     " seen %" PRId64 " %" PRId64
			     " sample %.*s rule %d category %d code %d %d.%d.%d by %s",
			     dump_name(tally->templates, i), record->n[0], record->n[1],
			     record->n[2], record->n[3], record->seen.first, record->seen.last,
			     (int)record->sample.size,
			     record->sample.data ? (const char *)record->sample.data : "",
			     (int)record->rule, (int)record->category, record->code,
			     record->enhanced.class, record->enhanced.subject,
			     record->enhanced.detail,
			     record->judged ? dump_name(tally->providers, record->provider) : "-");
	}
	for (uint32_t i = 0; i < bm_intern_count(tally->addresses); i++) {
		const struct bm_address_record *const record = &tally->address[i];
		if (record->seen.first != BM_TIME_UNKNOWN)
			DUMP(dump,
			     "address %s: seen %" PRId64 " %" PRId64 " last %" PRId64
			     " %d delivered %" PRId64 " hard %" PRId64 " %" PRIu64,
			     dump_name(tally->addresses, i), record->seen.first, record->seen.last,
			     record->last_final, (int)record->last_outcome, record->last_delivered,
			     record->last_hard, record->hard);
		for (size_t k = 0; k < sizeof record->evidence / sizeof *record->evidence; k++)
			if (record->evidence[k].text.data)
				DUMP(dump, "address %s: evidence %zu %" PRId64 " %d %.*s",
				     dump_name(tally->addresses, i), k, record->evidence[k].time,
				     (int)record->evidence[k].category,
				     (int)record->evidence[k].text.size,
				     (const char *)record->evidence[k].text.data);
	}
	for (uint32_t i = 0; i < bm_intern_count(tally->listings); i++) {
		const struct bm_listing_record *const record = bm_tally_listing_at(tally, i);
		if (record->n[0] | record->n[1] | record->n[2] | record->n[3])
			DUMP(dump,
			     "listing %s: %" PRIu64 " %" PRIu64 " %" PRIu64 " seen %" PRId64
			     " %" PRId64,
			     dump_name(tally->listings, i), record->n[BM_BOUNCED],
			     record->n[BM_EXPIRED], record->n[BM_DEFERRED], record->seen.first,
			     record->seen.last);
	}
	for (int i = 0; i < BM_CATEGORY_COUNT; i++)
		if (tally->category[i].first != BM_TIME_UNKNOWN)
			DUMP(dump, "category %d: seen %" PRId64 " %" PRId64, i,
			     tally->category[i].first, tally->category[i].last);
}

static inline int dump_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* tally_dump - everything a tally holds as sorted text; free() it */
static inline char *tally_dump(struct bm_tally *tally)
{
	struct dump dump = {0};
	bm_tally_settle(tally);
	dump_cells(&dump, tally);
	dump_pace(&dump, tally);
	dump_records(&dump, tally);
	if (dump.count)
		qsort(dump.lines, dump.count, sizeof *dump.lines, dump_order);
	char *text = NULL;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	for (size_t i = 0; i < dump.count; i++) {
		fprintf(out, "%s\n", dump.lines[i]);
		free(dump.lines[i]);
	}
	fclose(out);
	free(dump.lines);
	return text;
}

/* dump_difference - the first lines in which two dumps differ, for a message */
static inline const char *dump_difference(const char *left, const char *right)
{
	static char text[900];
	while (*left && *left == *right) {
		const size_t left_size = strcspn(left, "\n"), right_size = strcspn(right, "\n");
		if (left_size != right_size || memcmp(left, right, left_size) != 0)
			break;
		left += left_size + (left[left_size] == '\n');
		right += right_size + (right[right_size] == '\n');
	}
	snprintf(text, sizeof text, "'%.*s' against '%.*s'", (int)strcspn(left, "\n"), left,
		 (int)strcspn(right, "\n"), right);
	return text;
}

#endif
