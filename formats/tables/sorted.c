/* sorted.c - the cube in order, made once for all tables.
 *
 * Cells lie scattered in a hash table twice their size, which costs every reader a guess a slot
 * and, read in the order of rows, a miss of cache and page table a cell.  So they are copied out:
 * two scans bring each cell to its period, then each period is sorted by (domain,
 * provider, category, source) in ranks, within the processor's cache.  Domain names are laid out
 * in order as well.  From then on every table reads in sequence.
 */
#include "sorted.h"

#include <assert.h>

enum {
	CATEGORY_BITS = 5,
	SOURCE_BITS = 1,
	BLOCK_CELLS = 1 << 13,  /* wanted in one block: some 500 kB with their groups */
	BLOCK_PERIOD_CELLS = 4, /* at least so many a period: a block looks at each of them */
};

/* rank_bits - how many bits hold ranks below count */
static unsigned rank_bits(uint32_t count)
{
	return count < 2 ? 1 : 32 - (unsigned)__builtin_clz(count - 1);
}

/* lay_out - copy the names of domains to where they follow each other in order */
static void lay_out(struct bm_sorted *sorted)
{
	const struct bm_names *const names = &sorted->domains;
	size_t size = 0;
	for (uint32_t id = 0; id < names->count; id++)
		size += names->text[id].size;
	sorted->domain_bytes = bm_alloc(size + 1);
	sorted->domain_ends = bm_alloc(((size_t)names->count + 1) * sizeof *sorted->domain_ends);
	sorted->domain_ends[0] = size = 0;
	for (uint32_t rank = 0; rank < names->count; rank++) {
		const struct bm_bytes text = names->text[names->order[rank]];
		if (text.size > 0)
			memcpy(sorted->domain_bytes + size, text.data, text.size);
		sorted->domain_ends[rank + 1] = size += text.size;
	}
}

uint32_t bm_sorted_rank(const struct bm_sorted *sorted, struct bm_bytes domain)
{
	uint32_t low = 0, high = sorted->domains.count;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const int order = bm_bytes_order(bm_sorted_domain(sorted, middle), domain);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return sorted->domains.count;
}

/* The periods of the cells: how many each has, and where the next one goes. */
struct periods {
	struct bm_sparse index;
	size_t *sizes, *ends; /* by number */
	uint32_t room;
	size_t size_max;
};

/* measure - find all periods, and where each will lie; fills sorted->starts */
static void measure(struct periods *periods, struct bm_sorted *sorted, const struct bm_cells *cells)
{
	BM_FOR_EACH_CELL(cell, cells)
	{
		const uint32_t known = periods->index.count;
		const uint32_t number =
			bm_sparse_add(&periods->index, bm_order_signed((int32_t)cell->key[0]));
		if (number == known) {
			BM_GROW(periods->sizes, known, periods->room);
			periods->sizes[number] = 0;
		}
		periods->sizes[number]++;
	}
	struct bm_key *const keys = bm_sparse_sort(&periods->index);
	periods->ends = bm_alloc(((size_t)periods->index.count + 1) * sizeof *periods->ends);
	sorted->period_count = periods->index.count;
	sorted->starts = bm_alloc(((size_t)periods->index.count + 1) * sizeof *sorted->starts);
	size_t start = 0;
	for (uint32_t i = 0; i < periods->index.count; i++) {
		const size_t size = periods->sizes[keys[i].id];
		periods->ends[keys[i].id] = sorted->starts[i] = start;
		periods->size_max = size > periods->size_max ? size : periods->size_max;
		start += size;
	}
	sorted->starts[periods->index.count] = start;
	bm_free(keys);
}

/* key_of - what the cells of one period are sorted by; a domain's rank is in place already */
static inline uint64_t key_of(const struct bm_sorted *sorted, const struct bm_cell *cell,
			      unsigned provider_bits)
{
	const uint32_t pair = cell->key[2];
	uint64_t key = cell->key[1];
	key = key << provider_bits | sorted->providers.rank[BM_PAIR_PROVIDER(pair)];
	key = key << CATEGORY_BITS | sorted->labels.rank[BM_PAIR_CATEGORY(pair)];
	return key << SOURCE_BITS | !cell->key[3]; /* "dsn" comes before "log" */
}

/* Room to sort one period in. */
struct room {
	struct bm_key *keys, *scratch;
	struct bm_cell *cells;
};

/* sort_period - rank the domains of count cells, put the cells in order */
static void sort_period(const struct bm_sorted *sorted, struct bm_cell *cells, size_t count,
			const struct room *room)
{
	const unsigned bits = rank_bits(sorted->providers.count);
	for (size_t i = 0; i < count; i++) {
		cells[i].key[1] = sorted->domains.rank[cells[i].key[1]];
		room->keys[i] =
			(struct bm_key){.key = key_of(sorted, &cells[i], bits), .id = (uint32_t)i};
	}
	bm_order_keys(room->keys, room->scratch, count);
	for (size_t i = 0; i < count; i++)
		room->cells[i] = cells[room->keys[i].id];
	memcpy(cells, room->cells, count * sizeof *cells);
}

/* A cube on its way into order. */
struct sorting {
	struct bm_sorted *sorted;
	const struct bm_tally *tally;
	size_t period_size_max;
	size_t parts; /* that the periods are sorted in */
};

/* sort_periods - those of one part */
static void sort_periods(void *context, size_t part)
{
	const struct sorting *const sorting = context;
	const struct bm_sorted *const sorted = sorting->sorted;
	const size_t *const starts = sorted->starts;
	const size_t size = sorting->period_size_max + 1;
	const struct room room = {
		.keys = bm_alloc(size * sizeof *room.keys),
		.scratch = bm_alloc(size * sizeof *room.scratch),
		.cells = bm_alloc(size * sizeof *room.cells),
	};
	for (size_t i = part; i < sorted->period_count; i += sorting->parts)
		sort_period(sorted, sorted->cells + starts[i], starts[i + 1] - starts[i], &room);
	bm_free(room.keys);
	bm_free(room.scratch);
	bm_free(room.cells);
}

/* part_cells - bring each cell to its period */
static void part_cells(struct sorting *sorting)
{
	struct bm_sorted *const sorted = sorting->sorted;
	const struct bm_cells *const cells = &sorting->tally->cells[BM_CELLS_CUBE];
	struct periods periods = {0};
	measure(&periods, sorted, cells);
	uint32_t period = 0, number = BM_SPARSE_NONE; /* of the cell before: most have its */
	BM_FOR_EACH_CELL(cell, cells)
	{
		if (number == BM_SPARSE_NONE || cell->key[0] != period)
			number = bm_sparse_find(&periods.index,
						bm_order_signed((int32_t)cell->key[0]));
		period = cell->key[0];
		sorted->cells[periods.ends[number]++] = *cell;
	}
	sorting->period_size_max = periods.size_max;
	bm_free(periods.sizes);
	bm_free(periods.ends);
	bm_sparse_dispose(&periods.index);
}

/* prepare - all that need not wait for each other, the longest first */
enum { PREPARE_PARTS = 3 };
static void prepare(void *context, size_t part)
{
	struct sorting *const sorting = context;
	struct bm_sorted *const sorted = sorting->sorted;
	switch (part) {
	case 0:
		bm_names_rank(&sorted->domains, sorting->tally->domains);
		lay_out(sorted);
		break;
	case 1:
		part_cells(sorting);
		break;
	default:
		bm_names_rank(&sorted->providers, sorting->tally->providers);
	}
}

struct bm_sorted *bm_sorted_new(const struct bm_view *view, const struct bm_crew *crew)
{
	_Static_assert(BM_CATEGORY_COUNT <= 1 << CATEGORY_BITS, "ranks of categories fit");
	const struct bm_cells *const cells = &view->tally->cells[BM_CELLS_CUBE];
	assert(cells->count < UINT32_MAX);
	struct bm_sorted *const sorted = bm_zalloc(1, sizeof *sorted);
	struct sorting sorting = {sorted, view->tally, 0, bm_crew_size(crew)};
	bm_labels_make(&sorted->labels);
	sorted->count = cells->count;
	sorted->cells = bm_alloc(((size_t)cells->count + 1) * sizeof *sorted->cells);
	bm_crew_run(crew, PREPARE_PARTS, prepare, &sorting);
	bm_crew_run(crew, sorting.parts, sort_periods, &sorting);
	return sorted;
}

void bm_sorted_free(struct bm_sorted *sorted)
{
	if (sorted == NULL)
		return;
	bm_names_dispose(&sorted->domains);
	bm_names_dispose(&sorted->providers);
	bm_free(sorted->domain_ends);
	bm_free(sorted->domain_bytes);
	bm_free(sorted->cells);
	bm_free(sorted->starts);
	bm_free(sorted);
}

struct bm_hold bm_hold_take(const struct bm_view *view)
{
	struct bm_hold hold = {.sorted = view->sorted};
	if (hold.sorted == NULL)
		hold.sorted = hold.own = bm_sorted_new(view, NULL);
	return hold;
}

void bm_hold_drop(struct bm_hold *hold)
{
	bm_sorted_free(hold->own);
	*hold = (struct bm_hold){0};
}

void bm_blocks_start(struct bm_blocks *blocks, const struct bm_sorted *sorted)
{
	const size_t periods = sorted->period_count;
	const size_t by_period = BLOCK_PERIOD_CELLS * periods;
	const size_t wanted = by_period > BLOCK_CELLS ? by_period : BLOCK_CELLS;
	const size_t count = sorted->count / wanted + 1;
	*blocks = (struct bm_blocks){
		.sorted = sorted,
		.cursors = bm_alloc((periods + 1) * sizeof *blocks->cursors),
		.step = (uint32_t)(sorted->domains.count / count + 1),
	};
	memcpy(blocks->cursors, sorted->starts, periods * sizeof *blocks->cursors);
}

/* take_period - copy a period's cells of the block's domains; its cells are in order of domains */
static void take_period(struct bm_blocks *blocks, uint32_t period)
{
	const struct bm_cell *const cells = blocks->sorted->cells;
	const size_t period_end = blocks->sorted->starts[period + 1];
	size_t at = blocks->cursors[period];
	for (; at < period_end && cells[at].key[1] < blocks->end; at++) {
		BM_GROW(blocks->cells.list, blocks->cells.count, blocks->cells.room);
		struct bm_cell *const copy = &blocks->cells.list[blocks->cells.count++];
		*copy = cells[at];
		copy->key[1] -= blocks->first;
	}
	blocks->cursors[period] = at;
}

bool bm_blocks_next(struct bm_blocks *blocks)
{
	const uint32_t domains = blocks->sorted->domains.count;
	bm_groups_dispose(&blocks->groups);
	blocks->groups = (struct bm_groups){0};
	blocks->first = blocks->end;
	if (blocks->first == domains)
		return false;
	blocks->end =
		blocks->step < domains - blocks->first ? blocks->first + blocks->step : domains;
	blocks->cells.count = 0;
	for (uint32_t period = 0; period < blocks->sorted->period_count; period++)
		take_period(blocks, period);
	bm_groups_make(&blocks->groups, &blocks->cells, blocks->end - blocks->first,
		       (struct bm_words){.by = 1, .pair = 2, .other = 0});
	return true;
}

void bm_blocks_dispose(struct bm_blocks *blocks)
{
	bm_groups_dispose(&blocks->groups);
	bm_free(blocks->cells.list);
	bm_free(blocks->cursors);
}
