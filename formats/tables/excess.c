/* excess.c - the test behind the table `incidents`.
 *
 * A point is the refusals of one category at one name in one period, y, out of the attempts n that
 * could have met them.  It is compared with the points before it, at most a window of them (see
 * `pasts`), so that a slow trend moves the baseline along and a lasting change becomes the new
 * normal when half the window is of it.  What a rate r and the place in the week let us expect is
 *
 *	mu = n * r * weight(slot)
 *
 * so that a day of more mail is no incident.  Both r and the weights are sums over sums, each
 * past count clipped at two standard deviations above what is expected of it, which is repeated
 * until it settles (a Huber estimate; medians of rates would be 0 wherever refusals are rare), and
 * points that were odd themselves are left out: earlier incidents do not move them.  A weight leans to 1 as long as its slot has seen little.
 *
 * Counts scatter more than Poisson's: retries and many recipients of one message come in clusters,
 * and campaigns differ.  So the variance is dispersion * mu, where the dispersion is the greatest
 * of what clusters alone would make (CLUSTER_*), of the clipped squared residuals, and of their
 * median after a square root, which earlier incidents do not reach; what was measured grows with
 * mu when mu is above what the past saw (a campaign has one mood), and there is a part for how little the past knows.  p is then the
 * upper tail of the negative binomial with that mean and variance, bounded from above by a
 * geometric series: never too small, and without a loop.
 *
 * It stops where a past is too short, or saw too little mail: then nothing is known.  Results
 * depend on the last bits of lgamma and log only by rounding noise; callers print few digits.
 */
#define _GNU_SOURCE
#include "excess.h"

#include <math.h>

enum {
	CLUSTER_BOUNCES = 2,   /* refusals that come at once: recipients of one message */
	CLUSTER_DEFERRALS = 8, /* attempts on one recipient that has to wait */
	PAST_TRIED_MIN = 50,   /* attempts, or the rate is not worth the name */
	WINDOW_MAX = 28 * 24,
	ROUNDS = 5,     /* of clipping */
	DOUBT_MORE = 8, /* points by which few of them are made fewer */
	DOUBT_LESS = 4,
	HOURS_A_WEEK = 7 * 24
};
#define CLIP_DEVIATIONS   3.0
#define DISPERSION_SAFETY 1.2 /* clipping makes what is left look calmer than it is */
#define MAY_FACTOR        1.5 /* above the plain mean, which earlier incidents raise a little, */
#define MAY_DIVISOR       4.0 /* and above a part of it that no clipping falls below */
#define SLOT_LEAN         10.0 /* refusals a slot must have seen to count as much as the whole week */

static const struct {
	unsigned window, least; /* points of the past looked at, and needed */
} pasts[] = {
	[BM_BUCKET_HOUR] = {WINDOW_MAX, 7 * 24},
	[BM_BUCKET_DAY] = {56, 14},
	[BM_BUCKET_WEEK] = {26, 8},
	[BM_BUCKET_MONTH] = {24, 6},
};

/* What the window says. */
struct past {
	struct bm_point points[WINDOW_MAX];
	size_t count;
	double rate;
	double scatter;                     /* variance by mean, as measured */
	double dispersion;                  /* the same, at least what clusters make */
	double weight[BM_EXCESS_SLOTS_MAX]; /* by slot */
	double seen[BM_EXCESS_SLOTS_MAX];   /* clipped refusals by slot */
	double mean;                        /* expected refusals of a point, on average */
	unsigned slots;
};

unsigned bm_excess_slot(bm_period period, enum bm_bucket bucket)
{
	if (bucket > BM_BUCKET_DAY)
		return 0;
	const int slots = bucket == BM_BUCKET_HOUR ? HOURS_A_WEEK : 7;
	const int slot = period % slots;
	return (unsigned)(slot < 0 ? slot + slots : slot);
}

size_t bm_excess_window(enum bm_bucket bucket)
{
	return pasts[bucket].window;
}

/* expect - refusals expected of a point */
static double expect(const struct past *past, const struct bm_point *point)
{
	return point->tried * past->rate * past->weight[point->slot];
}

/* clipped - refusals of a past point, as far as they are believed */
static double clipped(const struct past *past, const struct bm_point *point)
{
	const double mean = expect(past, point);
	const double most = mean + CLIP_DEVIATIONS * sqrt(past->dispersion * mean) + 1;
	return point->refused < most ? point->refused : most;
}

/* middle - the median of values, which are put in another order; count is above 0 */
static double middle(double *values, size_t count)
{
	size_t low = 0, high = count - 1;
	while (low < high) {
		const double pivot = values[low + (high - low) / 2];
		size_t left = low, right = high;
		while (left <= right) {
			while (values[left] < pivot)
				left++;
			while (values[right] > pivot)
				right--;
			if (left > right)
				break;
			const double value = values[left];
			values[left++] = values[right];
			values[right] = value;
			if (right == 0)
				break;
			right--;
		}
		if (count / 2 <= right)
			high = right;
		else if (count / 2 >= left)
			low = left;
		else
			break;
	}
	return values[count / 2];
}

/* set_rate - refusals per attempt, and what each slot's differs by, from clipped counts */
static void set_rate(struct past *past)
{
	double tried[BM_EXCESS_SLOTS_MAX] = {0}, seen[BM_EXCESS_SLOTS_MAX] = {0};
	double all_tried = 0, all_seen = 0.5; /* what never happened yet may happen */
	for (size_t i = 0; i < past->count; i++) {
		const struct bm_point *const point = &past->points[i];
		const double count = clipped(past, point);
		seen[point->slot] += count;
		tried[point->slot] += point->tried;
		all_seen += count;
		all_tried += point->tried;
	}
	past->rate = all_seen / all_tried;
	for (unsigned slot = 0; slot < past->slots; slot++) {
		const double lean = past->slots > 1 ? SLOT_LEAN : 0;
		past->seen[slot] = seen[slot];
		past->weight[slot] =
			lean > 0 ? (seen[slot] + lean) / (tried[slot] * past->rate + lean) : 1;
	}
}

/* set_dispersion - how much the past scatters, at least as clusters do */
static void set_dispersion(struct past *past, double least)
{
	double roots[WINDOW_MAX];
	double squares = 0, means = 0;
	for (size_t i = 0; i < past->count; i++) {
		const struct bm_point *const point = &past->points[i];
		const double mean = expect(past, point), rest = clipped(past, point) - mean;
		squares += rest * rest;
		means += mean;
		roots[i] = fabs(2 * (sqrt(point->refused + 0.375) - sqrt(mean + 0.375)));
	}
	const double deviation = 1.4826 * middle(roots, past->count);
	const double by_squares = squares / means, by_roots = deviation * deviation;
	const double greater = by_squares > by_roots ? by_squares : by_roots;
	/* Few points do not know what others will be like. */
	const double count = (double)past->count,
		     doubt = (count + DOUBT_MORE) / (count - DOUBT_LESS);
	past->mean = means / count;
	past->scatter = greater * DISPERSION_SAFETY * doubt;
	past->dispersion = past->scatter > least ? past->scatter : least;
}

/* cluster_of - how many refusals of a point come at once, for no reason but mail's nature */
static double cluster_of(const struct bm_point *point)
{
	if (point->refused == 0)
		return CLUSTER_BOUNCES;
	const double deferred = (double)point->deferred / point->refused;
	return CLUSTER_BOUNCES + deferred * (CLUSTER_DEFERRALS - CLUSTER_BOUNCES);
}

/* take_window - the points before at, without odd ones unless these are most: then they are normal */
static void take_window(struct past *past, const struct bm_point *points, size_t at, size_t window)
{
	const size_t first = at > window ? at - window : 0;
	size_t odd = 0;
	for (size_t i = first; i < at; i++)
		odd += points[i].odd;
	const bool all = 2 * odd > at - first;
	past->count = 0;
	for (size_t i = first; i < at; i++)
		if (all || !points[i].odd)
			past->points[past->count++] = points[i];
}

/* learn - what the points before at say; false if that is too little */
static bool learn(struct past *past, const struct bm_point *points, size_t at,
		  enum bm_bucket bucket)
{
	uint64_t tried = 0, refused = 0;
	take_window(past, points, at, pasts[bucket].window);
	past->slots = bucket == BM_BUCKET_HOUR ? HOURS_A_WEEK : bucket == BM_BUCKET_DAY ? 7 : 1;
	for (size_t i = 0; i < past->count; i++) {
		tried += past->points[i].tried;
		refused += past->points[i].refused;
	}
	if (past->count < pasts[bucket].least || tried < PAST_TRIED_MIN)
		return false;
	const double least = cluster_of(&points[at]);
	past->rate = ((double)refused + 0.5) / (double)tried;
	past->dispersion = least;
	for (unsigned slot = 0; slot < past->slots; slot++)
		past->weight[slot] = 1;
	for (unsigned round = 0; round < ROUNDS; round++) {
		set_rate(past);
		set_dispersion(past, least);
	}
	return true;
}

/* log_tail - logarithm of an upper bound of the chance of count or more, by the negative binomial
 * with this mean and a variance above it */
static double log_tail(double mean, double variance, double count)
{
	const double size = mean * mean / (variance - mean), share = 1 - mean / variance;
	int sign;
	const double log_point = lgamma_r(count + size, &sign) - lgamma_r(size, &sign) -
				 lgamma_r(count + 1, &sign) + size * log(mean / variance) +
				 count * log(share);
	/* Each further term is at most so much of the one before. */
	const double next = (count + size) / (count + 1) * share;
	const double ratio = next > share ? next : share;
	const double log_p = ratio < 1 ? log_point - log(1 - ratio) : 0;
	return log_p < 0 ? log_p : 0;
}

bool bm_excess_may(const struct bm_point *point, uint64_t tried, uint64_t refused, double log_p)
{
	const double mean = point->tried * ((double)refused + 0.5) / ((double)tried + 1);
	if (point->refused < MAY_FACTOR * mean)
		return false;
	const double least = mean / MAY_DIVISOR;
	return log_tail(least, cluster_of(point) * least, point->refused) <= log_p;
}

struct bm_excess bm_excess_of(const struct bm_point *points, size_t at, enum bm_bucket bucket)
{
	struct past past;
	struct bm_excess excess = {0};
	if (!learn(&past, points, at, bucket))
		return excess;
	const struct bm_point *const point = &points[at];
	const double mean = expect(&past, point);
	const double busier = mean > past.mean ? mean / past.mean : 1;
	const double scatter = 1 + (past.scatter - 1) * busier, least = cluster_of(point);
	const double dispersion = scatter > least ? scatter : least;
	const double doubt = mean / (past.seen[point->slot] + (past.slots > 1 ? SLOT_LEAN : 1));
	excess.known = true;
	excess.expected = mean;
	if (point->refused > mean)
		excess.log_p = log_tail(mean, dispersion * mean * (1 + doubt), point->refused);
	return excess;
}
