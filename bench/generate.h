/* generate.h - a Postfix log with known truth, of any size.
 *
 * bm_generate plays months of a busy sender through a model of Postfix and writes what its hosts
 * would have logged, strictly in time order, together with exact counts of what happened.  The same
 * options give the same bytes on every machine.  Memory is bounded by the messages still in the
 * queue, plus (when the truth is wanted) one cell for each day, domain and category that occurs.
 */
#ifndef BM_GENERATE_H
#define BM_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bouncemill/category.h"
#include "bouncemill/error.h"

enum bm_generate_form {
	BM_GENERATE_3164,       /* Dec  1 00:00:03 host postfix/smtp[1]: */
	BM_GENERATE_3339,       /* 2025-12-01T00:00:03.123456+02:00 host postfix/smtp[1]: */
	BM_GENERATE_5424,       /* <22>1 2025-12-01T00:00:03.123456+02:00 host postfix 1 - -  */
	BM_GENERATE_YEAR_FIRST, /* 2025 Dec  1 00:00:03.123 host postfix/smtp[1]: */
	BM_GENERATE_FORM_COUNT
};

/* Some days on which a provider refuses for one reason factor times as often as it does otherwise. */
struct bm_generate_incident {
	unsigned day, days;   /* the first, counted from 0; how many */
	const char *provider; /* as bouncemill calls it */
	enum bm_category category;
	unsigned factor;
};
enum { BM_GENERATE_INCIDENTS_MAX = 8, BM_GENERATE_FACTOR_MAX = 10000 };

struct bm_generate_options {
	uint64_t bytes;   /* of log wanted, met within a few percent; used when lines is 0 */
	uint64_t lines;   /* of log wanted, or 0 */
	unsigned days;    /* 1..BM_GENERATE_DAYS_MAX */
	unsigned domains; /* recipient domains that may occur, BM_GENERATE_DOMAINS_MIN.._MAX */
	unsigned hosts; /* 1..BM_GENERATE_HOSTS_MAX; of two or more, the last has short queue ids */
	uint64_t seed;
	int64_t start_day; /* days since 1970-01-01 */
	enum bm_generate_form form;
	bool filter; /* mail passes a content filter on the same host first */
	struct bm_generate_incident incidents[BM_GENERATE_INCIDENTS_MAX];
	unsigned incident_count;
};
enum { BM_GENERATE_DAYS_MAX = 3660, BM_GENERATE_HOSTS_MAX = 8 };
enum { BM_GENERATE_DOMAINS_MIN = 100, BM_GENERATE_DOMAINS_MAX = 4000000 };

/* Where the bytes go; context is handed to each.  A failure ends the run and is returned. */
struct bm_generate_sink {
	void *context;
	/* write - the next bytes of the log: whole lines, about 1 MiB */
	enum bm_err (*write)(void *context, const void *data, size_t size);
	/* day - the lines from here on are of this day (days since 1970); NULL = not interested */
	enum bm_err (*day)(void *context, int64_t day);
	/* truth - the next bytes of truth.json, after the log is complete; NULL = not wanted */
	enum bm_err (*truth)(void *context, const void *data, size_t size);
};

struct bm_generate_totals {
	uint64_t bytes, lines, messages, attempts, rejected;
	uint64_t delivered, bounced, expired, deferred, deferred_recipients;
};

/* bm_generate_defaults - 64 MiB, 90 days from 2025-12-01, 100,000 domains, 3 hosts, RFC 3164 */
struct bm_generate_options bm_generate_defaults(void);

/* bm_generate_can - does a provider of that name ever refuse for good for that reason, so that it can
 * do so more often */
bool bm_generate_can(const char *provider, enum bm_category category);

/* bm_generate - write the log and its truth into sink; totals may be NULL */
enum bm_err bm_generate(const struct bm_generate_options *options,
			const struct bm_generate_sink *sink, struct bm_generate_totals *totals);

#endif
