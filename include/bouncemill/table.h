/* table.h - a summary table: what a complete tally becomes rows by.
 *
 * One file a table in formats/tables/; each is a const struct bm_table listed in registry.c. open()
 * sorts once; row(i) is random access, so that a long table is rendered in pieces by several
 * threads. Rows are sorted by text, never by number or hash order.
 */
#ifndef BOUNCEMILL_TABLE_H
#define BOUNCEMILL_TABLE_H

#include "bouncemill/rule.h"
#include "bouncemill/source.h"
#include "bouncemill/tally.h"

enum bm_kind {
	BM_KIND_TEXT, /* bytes of the world: each writer cleans and escapes */
	BM_KIND_INT,
	BM_KIND_SHARE,   /* a fraction, six decimals */
	BM_KIND_SECONDS, /* a duration in seconds, at most two decimals */
	BM_KIND_REAL,    /* a number, at most two decimals */
	BM_KIND_PERIOD,  /* bm_period */
	BM_KIND_TIME     /* bm_time */
};

struct bm_value {
	bool empty; /* unknown: an empty cell, JSON null */
	union {
		struct bm_bytes text;
		int64_t integer; /* INT, PERIOD, TIME */
		double real;     /* SHARE, SECONDS, REAL */
	};
};

struct bm_column {
	const char *name; /* lower case with underscores: part of the contract */
	enum bm_kind kind;
};

/* The cube's cells in the order of its rows, and the names they use ranked: most tables need them.
 */
struct bm_sorted;

/* When soft failures make an address one to reach otherwise: so many, on so many different days, the
 * last so many days behind the first.  A count of 0 is never. */
struct bm_soft_rule {
	uint32_t count, days, span;
};
#define BM_SOFT_RULE ((struct bm_soft_rule){.count = 3, .days = 3, .span = 7})

/* Everything a table may look at; complete and read-only. */
struct bm_view {
	const struct bm_tally *tally;
	const struct bm_rules *rules;
	const struct bm_source *sources;
	size_t source_count;
	enum bm_bucket bucket;
	const char *lang;
	bool partial;             /* some input could not be read in full */
	bool addresses;           /* --addresses */
	bool compare;             /* --compare */
	bool hide_addresses;      /* texts may not show whole ones: not asked for, or --anonymize */
	struct bm_soft_rule soft; /* for table suppress */
	const struct bm_sorted *sorted; /* made once for all tables, or NULL: each makes its own */
};

/* bm_sorted_new - sort the cube of a view by a crew, or NULL; set view.sorted to it before tables are
 * opened.  Free with bm_sorted_free when the last one is closed. */
struct bm_sorted *bm_sorted_new(const struct bm_view *view, const struct bm_crew *crew);
void bm_sorted_free(struct bm_sorted *sorted);

enum { BM_COLUMNS_MAX = 16 };

struct bm_table {
	const char *name;
	const char *about; /* one sentence for people: what a row is; words of bm_words */
	const struct bm_column *columns;
	unsigned column_count;
	/* The first so many columns are the key: no two rows are the same there, unless texts that
	 * differ are shown alike.  0 = the table names none. */
	unsigned key_count;
	bool addresses_only; /* made only with --addresses */
	bool compare_only;   /* made only with --compare */
	/* open - rows of the view; *count = how many; the result is passed to row and close */
	void *(*open)(const struct bm_view *view, size_t *count);
	/* row - fill one value a column; texts point into the view or the opened rows.  Any thread.
	 */
	void (*row)(const void *rows, size_t index, struct bm_value *values);
	void (*close)(void *rows);
};

#endif
