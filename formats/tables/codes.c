/* codes.c - what servers said in numbers: basic code, enhanced code and what we made of them.
 *
 * Summed from the reply templates; 0 and "none" are empty cells and come first.  Codes sort as
 * text.
 */
#include "bouncemill/text.h"

#include <stdlib.h>

#include "rows.h"

enum { ENHANCED_TEXT_MAX = 16 };

static const struct bm_column columns[] = {
	{"smtp_code", BM_KIND_INT}, {"enhanced_code", BM_KIND_TEXT}, {"category", BM_KIND_TEXT},
	{"bounced", BM_KIND_INT},   {"expired", BM_KIND_INT},        {"deferred", BM_KIND_INT},
};

struct code {
	uint16_t basic;
	uint8_t enhanced_size;
	uint8_t category_rank;
	char enhanced[ENHANCED_TEXT_MAX];
	enum bm_category category;
	uint64_t n[BM_OUTCOME_COUNT];
};

struct codes {
	struct code *code; /* in order of rows */
	struct bm_labels labels;
};

/* key_of - basic code, enhanced code and category in one word */
static uint64_t key_of(const struct bm_template_record *record)
{
	const struct bm_enhanced *const enhanced = &record->enhanced;
	return (uint64_t)record->code << 48 | (uint64_t)enhanced->class << 40 |
	       (uint64_t)enhanced->subject << 24 | (uint64_t)enhanced->detail << 8 |
	       (uint64_t)record->category;
}

/* code_of - the row of one key */
static struct code code_of(uint64_t key, const uint64_t *n, const struct bm_labels *labels)
{
	struct code code = {.basic = (uint16_t)(key >> 48),
			    .category = (enum bm_category)(key & 0xff)};
	const unsigned class = key >> 40 & 0xff, subject = key >> 24 & 0xffff,
		       detail = key >> 8 & 0xffff;
	struct bm_text text = {0};
	if (class | subject | detail)
		bm_text_format(&text, "%u.%u.%u", class, subject, detail);
	if (text.size)
		memcpy(code.enhanced, text.data, text.size); /* at most 255.65535.65535 */
	code.enhanced_size = (uint8_t)text.size;
	bm_text_dispose(&text);
	code.category_rank = labels->rank[code.category];
	memcpy(code.n, n, sizeof code.n);
	return code;
}

/* enhanced_text - an enhanced code as a run of the row */
static struct bm_bytes enhanced_text(const struct code *code)
{
	return (struct bm_bytes){(const uint8_t *)code->enhanced, code->enhanced_size};
}

/* compare - for qsort: by the key columns */
static int compare(const void *left, const void *right)
{
	const struct code *const a = left, *const b = right;
	if (a->basic != b->basic)
		return a->basic < b->basic ? -1 : 1;
	const int order = bm_bytes_order(enhanced_text(a), enhanced_text(b));
	return order ? order : (int)a->category_rank - (int)b->category_rank;
}

static void *codes_open(const struct bm_view *view, size_t *count)
{
	const uint32_t templates = bm_intern_count(view->tally->templates);
	struct codes *const codes = bm_zalloc(1, sizeof *codes);
	struct bm_sums sums = {0};
	bm_labels_make(&codes->labels);
	for (uint32_t id = 0; id < templates; id++) {
		const struct bm_template_record *const record = &view->tally->template[id];
		if (!bm_sum_any(record->n))
			continue;
		uint64_t *const n = bm_sums_at(&sums, key_of(record));
		for (int outcome = 0; outcome < BM_OUTCOME_COUNT; outcome++)
			n[outcome] += record->n[outcome];
	}
	*count = sums.index.count;
	codes->code = bm_alloc((*count + 1) * sizeof *codes->code);
	for (size_t i = 0; i < *count; i++)
		codes->code[i] = code_of(sums.index.keys[i], sums.n[i], &codes->labels);
	qsort(codes->code, *count, sizeof *codes->code, compare);
	bm_sums_dispose(&sums);
	return codes;
}

static void codes_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct codes *const codes = rows;
	const struct code *const code = &codes->code[index];
	*values = bm_row_int(code->basic);
	values++->empty = code->basic == 0;
	*values++ = bm_row_text(enhanced_text(code));
	*values++ = bm_row_category(&codes->labels, code->category);
	*values++ = bm_row_int(code->n[BM_BOUNCED]);
	*values++ = bm_row_int(code->n[BM_EXPIRED]);
	*values++ = bm_row_int(code->n[BM_DEFERRED]);
}

static void codes_close(void *rows)
{
	struct codes *const codes = rows;
	bm_free(codes->code);
	bm_free(codes);
}

const struct bm_table bm_table_codes = {
	.name = "codes",
	.about = "SMTP and enhanced status codes, with the category they came to mean.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 3,
	.open = codes_open,
	.row = codes_row,
	.close = codes_close,
};
