/* verdict.c - parse, mask and match, timed apart; see verdict.h.
 *
 * In a run most failures are met again and cost a hash; this is the price of the others, and of each
 * line of `diagnose --batch`.  The three steps are timed one after another over all texts, many times
 * a reading of the clock: a step is shorter than the clock can tell.  Providers are left out, so
 * rules of one provider decide nothing here; the pass over the text is the same.
 */
#include "verdict.h"

#include <math.h>
#include <time.h>

#include "bouncemill/error.h"

enum { PASS_NS_MIN = 2000000, PASSES_MAX = 1 << 20 };

/* One text, and what each step leaves to the next. */
struct piece {
	struct bm_bytes text;
	struct bm_reply reply;
	size_t masked_at, masked_size; /* in masked */
};

struct measure {
	struct piece *pieces;
	size_t count;
	const struct bm_rules *rules;
	struct bm_rules_scratch *scratch;
	struct bm_text masked, one;
	uint64_t sink; /* so that nothing is optimised away */
};

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void parse(struct measure *measure, struct piece *piece)
{
	bm_reply_parse(piece->text, &piece->reply);
	measure->sink += piece->reply.code;
}

static void mask(struct measure *measure, struct piece *piece)
{
	measure->one.size = 0;
	bm_reply_mask(piece->reply.text, bm_rules_keep(measure->rules), &measure->one);
	measure->sink += measure->one.size;
}

static void match(struct measure *measure, struct piece *piece)
{
	const struct bm_bytes masked = {measure->masked.data + piece->masked_at,
					piece->masked_size};
	measure->sink += bm_rules_match(measure->rules, measure->scratch, (struct bm_bytes){0},
					masked, &piece->reply, (struct bm_enhanced){0})
				 .rule;
}

/* step_ns - the fastest time of a step, a text */
static double step_ns(struct measure *measure, void (*step)(struct measure *, struct piece *),
		      unsigned runs)
{
	double fastest = INFINITY;
	size_t passes = 1;
	for (unsigned run = 0; run < runs;) {
		const int64_t start = now_ns();
		for (size_t pass = 0; pass < passes; pass++)
			for (size_t i = 0; i < measure->count; i++)
				step(measure, &measure->pieces[i]);
		const int64_t spent = now_ns() - start;
		if (spent < PASS_NS_MIN && passes < PASSES_MAX) {
			passes *= 2; /* too short to be measured: not a run yet */
			continue;
		}
		fastest = fmin(fastest, (double)spent / (double)(passes * measure->count));
		run++;
	}
	return fastest;
}

/* take - one more text, with all that the steps before matching make of it */
static void take(struct measure *measure, struct bm_bytes text)
{
	if (text.size == 0)
		return;
	struct piece *const piece = &measure->pieces[measure->count++];
	*piece = (struct piece){.text = text, .masked_at = measure->masked.size};
	bm_reply_parse(text, &piece->reply);
	bm_reply_mask(piece->reply.text, bm_rules_keep(measure->rules), &measure->masked);
	piece->masked_size = measure->masked.size - piece->masked_at;
}

/* take_own - a few replies as servers word them */
static void take_own(struct measure *measure)
{
	static const char *const texts[] = {
		"host mx.shop.example[192.0.2.7] said: 550 5.1.1 <pat@shop.example>: Recipient "
		"address rejected: User unknown in virtual mailbox table (in reply to RCPT TO "
		"command)",
		"host mx.shop.example[192.0.2.7] said: 552 5.2.2 The mailbox of pat is full, "
		"please "
		"try again later (in reply to RCPT TO command)",
		"connect to mx.shop.example[192.0.2.7]:25: Connection timed out",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		take(measure, bm_bytes_of(texts[i]));
}

struct bm_verdict_cost bm_verdict_measure(const struct bm_tally *tally,
					  const struct bm_rules *rules, unsigned runs)
{
	enum { OWN_TEXTS_MAX = 8 };
	const uint32_t templates = bm_intern_count(tally->templates);
	struct measure measure = {
		.pieces = bm_alloc((templates + OWN_TEXTS_MAX) * sizeof *measure.pieces),
		.rules = rules,
		.scratch = bm_rules_scratch_new(rules)};
	for (uint32_t i = 0; i < templates; i++)
		take(&measure, tally->template[i].sample);
	if (measure.count == 0)
		take_own(&measure);
	const struct bm_verdict_cost cost = {.texts = measure.count,
					     .parse_ns = step_ns(&measure, parse, runs),
					     .mask_ns = step_ns(&measure, mask, runs),
					     .match_ns = step_ns(&measure, match, runs)};
	bm_rules_scratch_free(measure.scratch);
	bm_text_dispose(&measure.masked);
	bm_text_dispose(&measure.one);
	bm_free(measure.pieces);
	return cost;
}
