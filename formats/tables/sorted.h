/* sorted.h - the cube in order: what most tables are made from, with one scan in sequence each. */
#ifndef BM_SORTED_H
#define BM_SORTED_H

#include "rows.h"

struct bm_sorted {
	/* By period, domain, provider, category, source - as text.  key[1] is the domain's rank. */
	struct bm_cell *cells;
	size_t count;
	size_t *starts; /* of periods in cells, and behind the last one count */
	uint32_t period_count;
	struct bm_names domains, providers;
	size_t *domain_ends; /* by rank, behind a 0: where each name ends in domain_bytes */
	uint8_t *domain_bytes;
	struct bm_labels labels;
};

/* bm_sorted_domain - the name of a domain by rank */
static inline struct bm_bytes bm_sorted_domain(const struct bm_sorted *sorted, uint32_t rank)
{
	const size_t *const ends = sorted->domain_ends + rank;
	return (struct bm_bytes){sorted->domain_bytes + ends[0], ends[1] - ends[0]};
}

/* bm_sorted_rank - the rank of a domain's name, or domains.count when there is none of that name */
uint32_t bm_sorted_rank(const struct bm_sorted *sorted, struct bm_bytes domain);

/* A table's hold on it: the view's, or its own. */
struct bm_hold {
	const struct bm_sorted *sorted;
	struct bm_sorted *own; /* NULL when it is the view's */
};
struct bm_hold bm_hold_take(const struct bm_view *view);
void bm_hold_drop(struct bm_hold *hold);

/* The cells grouped by domain, some domains at a time so that they fit the processor's cache. Start
 * with bm_blocks_start, then while bm_blocks_next: group i of groups is the domain of rank first +
 * i. */
struct bm_blocks {
	const struct bm_sorted *sorted;
	size_t *cursors;           /* by period */
	uint32_t first, end, step; /* ranks */
	struct bm_cells cells;     /* those of this block, without free slots */
	struct bm_groups groups;
};
void bm_blocks_start(struct bm_blocks *blocks, const struct bm_sorted *sorted);
bool bm_blocks_next(struct bm_blocks *blocks);
void bm_blocks_dispose(struct bm_blocks *blocks);

#endif
