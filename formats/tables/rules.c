/* rules.c - which rule decided how much, and how much none did.
 *
 * hits are attempts that bounced or were deferred.  The row `unknown` is there as soon as anything
 * was judged, even with 0 hits: that nothing stayed unknown is worth saying.
 */
#include "rows.h"

#include <stdlib.h>

static const struct bm_column columns[] = {
	{"rule", BM_KIND_TEXT},
	{"category", BM_KIND_TEXT},
	{"hits", BM_KIND_INT},
};

struct hits {
	struct bm_bytes rule;
	enum bm_category category;
	uint64_t count;
};

struct rules {
	struct hits *hits;
	struct bm_labels labels;
};

/* compare - for qsort: by name of the rule */
static int compare(const void *left, const void *right)
{
	return bm_bytes_order(((const struct hits *)left)->rule,
			      ((const struct hits *)right)->rule);
}

/* count_hits - hits by rule, those of none behind the last; returns how many there are in all */
static uint64_t count_hits(const struct bm_tally *tally, uint64_t *counts, size_t rule_count)
{
	uint64_t total = 0;
	for (uint32_t id = 0; id < bm_intern_count(tally->templates); id++) {
		const struct bm_template_record *const record = &tally->template[id];
		const uint64_t hits = record->n[BM_BOUNCED] + record->n[BM_DEFERRED];
		counts[record->rule < rule_count ? record->rule : rule_count] += hits;
		total += hits;
	}
	return total;
}

static void *rules_open(const struct bm_view *view, size_t *count)
{
	const size_t rule_count = view->rules ? bm_rules_count(view->rules) : 0;
	struct rules *const rules = bm_zalloc(1, sizeof *rules);
	uint64_t *const counts = bm_zalloc(rule_count + 1, sizeof *counts);
	bm_labels_make(&rules->labels);
	rules->hits = bm_alloc((rule_count + 1) * sizeof *rules->hits);
	*count = 0;
	if (count_hits(view->tally, counts, rule_count) > 0)
		rules->hits[(*count)++] =
			(struct hits){BM_BYTES("unknown"), BM_CATEGORY_UNKNOWN, counts[rule_count]};
	for (size_t i = 0; i < rule_count; i++) {
		if (counts[i] == 0)
			continue;
		const struct bm_rule *const rule = bm_rules_get(view->rules, (uint32_t)i);
		rules->hits[(*count)++] =
			(struct hits){bm_bytes_of(rule->name), rule->category, counts[i]};
	}
	qsort(rules->hits, *count, sizeof *rules->hits, compare);
	bm_free(counts);
	return rules;
}

static void rules_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct rules *const rules = rows;
	const struct hits *const hits = &rules->hits[index];
	*values++ = bm_row_text(hits->rule);
	*values++ = bm_row_category(&rules->labels, hits->category);
	*values++ = bm_row_int(hits->count);
}

static void rules_close(void *rows)
{
	struct rules *const rules = rows;
	bm_free(rules->hits);
	bm_free(rules);
}

const struct bm_table bm_table_rules = {
	.name = "rules",
	.about = "Which rule decided how much, and what none understood.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = rules_open,
	.row = rules_row,
	.close = rules_close,
};
