/* sorted.h - the cube in order: what most tables are made from, with one scan in sequence each. */
#ifndef BM_SORTED_H
#define BM_SORTED_H

#include "rows.h"

struct bm_sorted {
	/* By period, domain, provider, category, source - as text.  key[1] is the domain's rank. */
	struct bm_cell *cells;
	size_t count;
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

/* A table's hold on it: the view's, or its own. */
struct bm_hold {
	const struct bm_sorted *sorted;
	struct bm_sorted *own; /* NULL when it is the view's */
};
struct bm_hold bm_hold_take(const struct bm_view *view);
void bm_hold_drop(struct bm_hold *hold);

/* bm_sorted_groups - group the cells by a domain's rank (by = 1) or by provider (by = 2) */
void bm_sorted_groups(const struct bm_sorted *sorted, struct bm_groups *groups, unsigned by);

#endif
