/* series.h - the refusals of names over time, for those that have enough of them to tell a story. */
#ifndef BM_SERIES_H
#define BM_SERIES_H

#include "sorted.h"

/* A period in which a name was mailed to. */
struct bm_look {
	uint32_t period; /* its place among the cube's periods */
	uint32_t ended;  /* attempts that were delivered or bounced */
};

/* The refusals of one category among them. */
struct bm_refusal {
	uint32_t look; /* its place among the name's looks */
	uint32_t category;
	uint32_t bounced, deferred; /* attempts */
};

struct bm_series {
	bool is_provider;      /* else a domain */
	uint32_t id;           /* of a domain its rank, of a provider its number */
	uint32_t provider;     /* of a domain the number of the one that refused last */
	struct bm_look *looks; /* in order of time */
	uint32_t look_count, look_room;
	struct bm_refusal *refusals; /* in order of looks */
	uint32_t refusal_count, refusal_room;
};

struct bm_all_series {
	struct bm_series
		*list; /* providers in order of their numbers, then domains in order of names */
	uint32_t count;
	uint64_t looks; /* of all names, also of those left out: what might have been a story */
};

/* bm_series_make - from the logs' cells: domains with a cell of least refusals, and providers with as
 * many in all, at two domains or more (what only one domain meets is that domain's story) */
void bm_series_make(struct bm_all_series *all, const struct bm_sorted *sorted, uint32_t least);
void bm_series_dispose(struct bm_all_series *all);

#endif
