/* verdict.h - what the verdict on one reply costs that nobody has met before. */
#ifndef BM_VERDICT_H
#define BM_VERDICT_H

#include "bouncemill/rule.h"
#include "bouncemill/tally.h"

/* Nanoseconds a reply, fastest of all runs. */
struct bm_verdict_cost {
	size_t texts; /* distinct ones; 0 = nothing was measured */
	double parse_ns, mask_ns, match_ns;
};

/* bm_verdict_measure - time the long way over the sample texts of a tally's templates, or over a
 * few replies of our own when it has none */
struct bm_verdict_cost bm_verdict_measure(const struct bm_tally *tally,
					  const struct bm_rules *rules, unsigned runs);

#endif
