/* tally.h - the counts: an unordered, mergeable summary of closed events.
 *
 * The second of the two monoids.  Threads, files, months, hosts and saved partial results all merge
 * by bm_tally_merge, which is associative and commutative: +, min, max and set union only.  Names
 * are interned; counters live in hashed cells, sparse in every dimension (a thousand distinct years
 * cost a thousand cells).  One tally has one writer; readers come when it is complete.
 */
#ifndef BOUNCEMILL_TALLY_H
#define BOUNCEMILL_TALLY_H

#include "bouncemill/category.h"
#include "bouncemill/clock.h"
#include "bouncemill/crew.h"
#include "bouncemill/index.h"
#include "bouncemill/intern.h"
#include "bouncemill/reply.h"

enum bm_outcome { BM_DELIVERED, BM_BOUNCED, BM_EXPIRED, BM_DEFERRED, BM_OUTCOME_COUNT };

/* One hashed counter cell.  A stored cell has at least one n that is not 0. */
struct bm_cell {
	uint32_t key[4];
	uint32_t n[BM_OUTCOME_COUNT]; /* saturates at UINT32_MAX */
};

/* A set of cells; walk with BM_FOR_EACH_CELL, order is meaningless.  The cells stand in the order they
 * were made, which is the log's: those of one day lie together, and while that day is counted its cells
 * stay in the cache however many there are. */
struct bm_cells {
	struct bm_cell *list;
	uint32_t count, room;
	struct bm_index index; /* by hash of the key */
};

#define BM_FOR_EACH_CELL(cell, cells)                                                              \
	for (const struct bm_cell *cell = (cells)->list, *end_##cell = cell + (cells)->count;      \
	     cell < end_##cell; cell++)

/* bm_add_saturating - n more on a counter that stays at its maximum rather than starting again */
static inline void bm_add_saturating(uint32_t *counter, uint32_t n)
{
	*counter = n > UINT32_MAX - *counter ? UINT32_MAX : *counter + n;
}

/* bm_cells_at - the counters of a key, made when missing; valid until the next bm_cells_at.  The
 * caller must make at least one of them non-zero. */
uint32_t *bm_cells_at(struct bm_cells *cells, const uint32_t key[4]);
/* bm_cells_number_of - the same cell's place in the list, valid as long as the set */
uint32_t bm_cells_number_of(struct bm_cells *cells, const uint32_t key[4]);
/* bm_cells_want - the cell of a key will be needed soon: ask memory for it */
void bm_cells_want(const struct bm_cells *cells, const uint32_t key[4]);
/* bm_cells_find - the counters of a key, or NULL */
const uint32_t *bm_cells_find(const struct bm_cells *cells, const uint32_t key[4]);
void bm_cells_dispose(struct bm_cells *cells);

/* provider and category share one key word */
#define BM_PAIR(provider, category) ((uint32_t)(provider) << 8 | (uint32_t)(category))
#define BM_PAIR_PROVIDER(pair)      ((pair) >> 8)
#define BM_PAIR_CATEGORY(pair)      ((enum bm_category)((pair)&0xff))

/* How many recipients a message has, in classes.  X(identifier, most, "name") */
#define BM_FANOUTS(X)                                                                              \
	X(UNKNOWN, 0, "")                                                                          \
	X(1, 1, "1")                                                                               \
	X(5, 5, "2-5")                                                                             \
	X(20, 20, "6-20")                                                                          \
	X(30, 30, "21-30")                                                                         \
	X(100, 100, "31-100")                                                                      \
	X(MANY, UINT32_MAX, "101+")

enum bm_fanout {
#define X(identifier, most, name) BM_FANOUT_##identifier,
	BM_FANOUTS(X)
#undef X
		BM_FANOUT_COUNT
};

/* bm_fanout_of - the class of a number of recipients; 0 is unknown */
static inline enum bm_fanout bm_fanout_of(uint32_t recipients)
{
	static const uint32_t most[] = {
#define X(identifier, most, name) most,
		BM_FANOUTS(X)
#undef X
	};
	unsigned class = 0;
	while (recipients > most[class])
		class ++;
	return (enum bm_fanout) class;
}

/* What each set of cells is keyed by and counts.  Unused key words are 0. */
enum bm_cells_kind {
	BM_CELLS_CUBE,      /* {period, domain, pair, enum bm_cube_source}: outcomes */
	BM_CELLS_RELAYS,    /* {relay, pair}: outcomes (expired never) */
	BM_CELLS_SENDERS,   /* {sender, category, enum bm_fanout, subject}: outcomes */
	BM_CELLS_MESSAGES,  /* {sender, enum bm_fanout, subject}: n[0] messages */
	BM_CELLS_PERIODS,   /* {period}: enum bm_period_count */
	BM_CELLS_DEFERRALS, /* {pair}: enum bm_deferral_count, in deferred recipients */
	BM_CELLS_RESOLVE,   /* {pair, enum bm_resolve, step}: n[0] deferred recipients */
	BM_CELLS_SPREAD,    /* {template, domain}: n[0] failures */
	BM_CELLS_ADDRESSES, /* {address, category}: outcomes; only with --addresses */
	BM_CELLS_DAYS,      /* {address, day}: n[0] soft failures; only with --addresses */
	BM_CELLS_LIMITED,   /* {provider, minute since 1970}: n[0] attempts that were answered
			       rate-limited or greylisted, of those that struct bm_pace counts */
	BM_CELLS_COUNT
};
enum bm_cube_source { BM_SOURCE_LOG, BM_SOURCE_DSN };
enum bm_period_count { BM_MESSAGES, BM_DEFERRED_RECIPIENTS, BM_REJECTED, BM_PROBES };
enum bm_deferral_count { BM_LATER_DELIVERED, BM_LATER_BOUNCED, BM_LATER_EXPIRED, BM_STILL_OPEN };
enum bm_resolve { BM_RESOLVE_ATTEMPTS, BM_RESOLVE_SECONDS };

/* Histogram steps: four per doubling, so a percentile read back is within 12.5 % of the truth. */
enum { BM_STEP_COUNT = 160 };
/* bm_step_of - the step of a duration in hundredths of a second (or of 100 * any count) */
unsigned bm_step_of(uint64_t hundredths);
/* bm_step_value - a step's middle, in hundredths */
double bm_step_value(unsigned step);

/* A mergeable histogram of steps, small while it has few of them. */
struct bm_steps {
	uint32_t few[10]; /* step << 24 | count (below 2^24), while full is NULL; 0 = unused */
	uint32_t *full;   /* BM_STEP_COUNT counters, owned */
};
void bm_steps_add(struct bm_steps *steps, unsigned step, uint32_t count);
/* bm_steps_count - total; bm_steps_quantile - value in hundredths at share (0..1), or -1 if empty
 */
uint64_t bm_steps_count(const struct bm_steps *steps);
double bm_steps_quantile(const struct bm_steps *steps, double share);

/* Attempts by minute, of known providers (bm_provider_is_name) that were spoken to: a page holds
 * what one provider got in 16 minutes, or a part of that, so that counting need not look for the page
 * it had: several pages of the same minutes are to be added up.  Where mail is, minutes are dense:
 * pages cost a quarter of what cells would. */
enum { BM_PAGE_SHIFT = 4, BM_PAGE_MINUTES = 1 << BM_PAGE_SHIFT };
enum { BM_HOUR_MINUTES = 60, BM_HOUR_SECONDS = 3600 };
struct bm_pace_page {
	uint32_t provider;
	int32_t number; /* minutes since 1970 of the wall clock >> BM_PAGE_SHIFT */
	uint8_t minute[BM_PAGE_MINUTES];
};
struct bm_pace {
	struct bm_pace_page *list; /* in no order that means anything */
	uint32_t count, room;
	int32_t latest;    /* the greatest number of a page; with any */
	uint32_t doubtful; /* pages that may be of minutes that have one already */
	uint32_t *last; /* by provider: number + 1 of the page in use; 0 = none, UINT32_MAX = not a
			   known one, without pages */
	uint32_t last_room;
};

struct bm_traffic_record { /* of a domain or provider, beside its name; a cache line */
	struct bm_seen seen;
	struct bm_steps delays; /* of deliveries */
};

struct bm_relay_record {    /* of a relay, beside its name */
	uint32_t provider;  /* number + 1; 0 = not asked yet, UINT32_MAX = whoever runs the
			       recipient's domain */
	uint32_t delivered; /* under that provider, on the way to the cells: see bm_tally_settle */
};

struct bm_template_record { /* by template number; the name is provider NUL evidence NUL masked text
			     */
	uint64_t n[BM_OUTCOME_COUNT]; /* bounced and deferred attempts, expired recipients */
	struct bm_seen seen;
	struct bm_bytes sample; /* the smallest original text, clipped; owned by the tally */
	uint32_t provider;
	uint32_t rule; /* index in the rules, or BM_RULE_NONE */
	enum bm_category category;
	uint16_t code;
	struct bm_enhanced enhanced; /* from the text, else from dsn= */
	bool judged;                 /* provider, rule, category and codes are set */
};

struct bm_listing_record { /* of what a blocklist is said to list, beside its name: list NUL listed */
	uint64_t n[BM_OUTCOME_COUNT]; /* bounced and deferred attempts, expired recipients */
	struct bm_seen seen;
};

/* The last failure of a kind: a reply and what it was taken for. */
struct bm_evidence {
	bm_time time;
	struct bm_bytes text; /* clipped; owned by the tally; data is NULL while there is none */
	uint32_t room;        /* bytes it may be overwritten with */
	enum bm_category category;
};

struct bm_address_record { /* by address number */
	struct bm_seen seen;
	bm_time last_final;           /* time of last_outcome */
	enum bm_outcome last_outcome; /* at equal times the greater enum value */
	bm_time last_delivered;       /* unknown = never, or nobody knows when */
	bm_time last_hard;            /* of those in hard */
	uint64_t hard;                /* failures for good that bear hard on the address */
	struct bm_evidence evidence[BM_BEARING_HARD]; /* see bm_evidence_of */
};

/* bm_evidence_of - where an address keeps the evidence of a bearing, soft or hard */
static inline struct bm_evidence *bm_evidence_of(struct bm_address_record *record,
						 enum bm_bearing bearing)
{
	return &record->evidence[bearing - BM_BEARING_SOFT];
}

struct bm_tally {
	struct bm_intern *domains; /* recipient domains, lower case; "" = unknown */
	struct bm_intern *providers;
	struct bm_intern *senders; /* sender domains; "" = unknown, "<>" = null sender */
	struct bm_intern *relays;  /* host[ip] */
	struct bm_intern *templates;
	struct bm_intern *addresses;
	struct bm_intern *listings; /* list NUL address or domain, which is empty when not named */
	struct bm_intern *subjects; /* see engine/subject.h and bm_tally_subject */
	struct bm_cells cells[BM_CELLS_COUNT];
	struct bm_template_record *template; /* as many as templates has numbers */
	struct bm_address_record *address;
	struct bm_pace pace;
	struct bm_seen category[BM_CATEGORY_COUNT]; /* failures; deliveries under DELIVERED */
	struct bm_tally_private *private;
};

struct bm_tally *bm_tally_new(void);
void bm_tally_free(struct bm_tally *tally);
/* bm_tally_settle - move what is kept beside names into the cells; before a tally is merged or read
 */
void bm_tally_settle(struct bm_tally *tally);
/* bm_tally_domain_at, bm_tally_provider_at, bm_tally_relay_at, bm_tally_listing_at - the record of a number */
static inline struct bm_traffic_record *bm_tally_domain_at(const struct bm_tally *tally,
							   uint32_t id)
{
	return bm_intern_payload(tally->domains, id);
}
static inline struct bm_traffic_record *bm_tally_provider_at(const struct bm_tally *tally,
							     uint32_t id)
{
	return bm_intern_payload(tally->providers, id);
}
static inline struct bm_relay_record *bm_tally_relay_at(const struct bm_tally *tally, uint32_t id)
{
	return bm_intern_payload(tally->relays, id);
}
static inline struct bm_listing_record *bm_tally_listing_at(const struct bm_tally *tally,
							    uint32_t id)
{
	return bm_intern_payload(tally->listings, id);
}
/* bm_tally_merge - add source to target by a crew, or NULL; source stays as it is */
void bm_tally_merge(struct bm_tally *target, const struct bm_tally *source,
		    const struct bm_crew *crew);

/* The ways in: numbers for names.  Records for new numbers are made empty. */
uint32_t bm_tally_domain(struct bm_tally *tally, struct bm_bytes domain);
uint32_t bm_tally_domain_hashed(struct bm_tally *tally, struct bm_bytes domain, uint64_t hash);
uint32_t bm_tally_provider(struct bm_tally *tally, struct bm_bytes provider);
uint32_t bm_tally_sender(struct bm_tally *tally, struct bm_bytes sender);
uint32_t bm_tally_relay(struct bm_tally *tally, struct bm_bytes relay);
uint32_t bm_tally_template(struct bm_tally *tally, struct bm_bytes name);
uint32_t bm_tally_address(struct bm_tally *tally, struct bm_bytes address);
uint32_t bm_tally_listing(struct bm_tally *tally, struct bm_bytes name);
/* bm_tally_subject - the number of a subject.  Strangers choose subjects, so a tally names only so many:
 * when there are more, those keep their names whose content's hash is smallest, and all the rest
 * are counted as one, BM_SUBJECT_OTHER.  Which these are is decided by the subjects alone: they
 * are the same however the work was divided. */
enum { BM_SUBJECTS_MAX = 1 << 17, BM_SUBJECT_NONE = 0, BM_SUBJECT_OTHER = 1 };
uint32_t bm_tally_subject(struct bm_tally *tally, struct bm_bytes subject);
/* bm_tally_pace_page - the way of bm_tally_pace where the page in use will not do */
bool bm_tally_pace_page(struct bm_tally *tally, uint32_t provider, int32_t minute);
/* bm_tally_pace - an attempt in a minute since 1970; false for providers whose pace is not kept */
static inline bool bm_tally_pace(struct bm_tally *tally, uint32_t provider, int32_t minute)
{
	const struct bm_pace *const pace = &tally->pace;
	const uint32_t last = provider < pace->last_room ? pace->last[provider] : 0;
	if (last == UINT32_MAX)
		return false;
	if (last && pace->list[last - 1].number == minute >> BM_PAGE_SHIFT) {
		uint8_t *const n = &pace->list[last - 1].minute[minute & (BM_PAGE_MINUTES - 1)];
		if (*n < UINT8_MAX) {
			++*n;
			return true;
		}
	}
	return bm_tally_pace_page(tally, provider, minute);
}
/* bm_tally_sample - keep the smaller of record's sample and text (clipped to 512 bytes) */
void bm_tally_sample(struct bm_tally *tally, struct bm_bytes *sample, struct bm_bytes text);
/* bm_tally_evidence - keep the later of evidence and this failure; of the same time the smaller category,
 * then the smaller text */
void bm_tally_evidence(struct bm_tally *tally, struct bm_evidence *evidence, bm_time time,
		       enum bm_category category, struct bm_bytes text);

#endif
