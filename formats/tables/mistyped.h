/* mistyped.h - domains that fail and are likely mistypings of others, with what was meant.
 *
 * A domain is suspected when more of its recipients fail than are delivered, and few are delivered
 * at all.  It was meant to be a domain one edit away that delivers here, or one or two away that
 * delivers much here or is among the large mail domains of the world (mail-domains.txt): two edits
 * from a small domain are chance.  Unless a large one is meant, two kinds of names are not mistyped:
 * numbered ones, that differ in nothing but digits (s1, s2); and those that differ in their
 * top-level domain, when others under the typed one deliver here, so that it is none mistyped itself
 * (firm.se is not firm.de, but firm.con is firm.com).
 *
 * The rule of confidence, a share of 1; the most confident suggestion is kept, and none below
 * BM_MISTYPED_SHARE_MIN:
 *
 *	  0.95 for each edit that is a slip of the hand (spelling.h), 0.85 for any other
 *	x 0.75 if there are two
 *	x length: letters before the top-level domain / (4 x edits), at most 1: short names lie close by
 *	  chance
 *	x D / (D + failures), D what was delivered to the suggestion here, and 1,000 more for a large
 *	  mail domain: people mistype where they mail, and a domain that fails more is just dead
 *	x failures / (failures + delivered) of the domain itself
 */
#ifndef BM_MISTYPED_H
#define BM_MISTYPED_H

#include "bouncemill/spelling.h"
#include "sorted.h"

enum {
	BM_MISTYPED_DELIVERED_MAX = 100, /* recipients: a domain that delivers more is none */
	BM_MISTYPED_TWO_EDITS_MIN = 100, /* recipients delivered to what is meant, for two edits */
	BM_MISTYPED_RESTS_MAX =
		2000000, /* of suspects (spelling.h), of those that fail most: 40 MB */
};
#define BM_MISTYPED_SHARE_MIN 0.2

struct bm_mistyped {
	uint32_t domain; /* rank in the sorted names */
	uint64_t failures, delivered;
	struct bm_bytes meant; /* lives as long as the sorted names */
	uint64_t meant_delivered;
	unsigned edits;
	double confidence;
};

struct bm_mistyped_list {
	struct bm_mistyped *list; /* by rank of domain */
	size_t count;
};

/* bm_mistyped_find - all of them; dispose with bm_mistyped_dispose */
void bm_mistyped_find(struct bm_mistyped_list *found, const struct bm_sorted *sorted);
/* bm_mistyped_of - that of a domain's rank, or NULL */
const struct bm_mistyped *bm_mistyped_of(const struct bm_mistyped_list *found, uint32_t domain);
void bm_mistyped_dispose(struct bm_mistyped_list *found);

#endif
