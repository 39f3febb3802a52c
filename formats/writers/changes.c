/* changes.c - incidents in words, and the last full period beside the one before; see changes.h.
 *
 * Made from the tables `incidents` and `compare`, whose columns are known here by their order.
 */
#include "changes.h"

#include "bouncemill/error.h"
#include "bouncemill/words.h"

#include "sheet.h"
#include "title.h"

enum {
	COUNT_COLUMNS = 11,
	DIRECTION_COLUMNS = 7,
	SCOPE_COLUMNS = 10,
	SAMPLE_BYTES_MAX = 240,
	WIDE_COLUMNS = 72 /* of a page with room for one more count */
};

/* The columns of `incidents`, and of `compare`. */
enum {
	START,
	END,
	SCOPE,
	NAME,
	CATEGORY,
	FAULT,
	PEAK,
	OBSERVED,
	EXPECTED,
	FACTOR,
	SIGNIFICANCE,
	DOMAINS,
	NEW_TEMPLATE,
	TEMPLATE_ID,
	SAMPLE
};
enum {
	C_SCOPE,
	C_NAME,
	C_PERIOD,
	C_FAILURES,
	C_BEFORE,
	C_AVERAGE,
	C_CHANGE,
	C_CHANGE_RATE,
	C_RATE,
	C_RATE_BEFORE,
	C_NEW,
	C_SAMPLE
};

/* count_text - a count with separators, ended with NUL; dispose of it */
static struct bm_text count_text(uint64_t count)
{
	struct bm_text text = {0};
	struct bm_page line = {.out = &text};
	bm_page_count(&line, count, 0);
	bm_text_byte(&text, 0);
	return text;
}

/* --- incidents --- */

/* say_when - from when to when */
static void say_when(struct bm_text *out, const struct bm_page *page, const struct bm_view *view,
		     const struct bm_value *values)
{
	char first[BM_PERIOD_TEXT_MAX], last[BM_PERIOD_TEXT_MAX];
	bm_period_text((bm_period)values[START].integer, view->bucket, first);
	bm_period_text((bm_period)values[END].integer, view->bucket, last);
	if (values[START].integer == values[END].integer)
		bm_text_format(out, bm_words("in %s", page->lang), first);
	else
		bm_text_format(out, bm_words("from %s to %s", page->lang), first, last);
}

/* clipped - the head of a sample, cut between characters */
static struct bm_bytes clipped(struct bm_bytes sample)
{
	if (sample.size <= SAMPLE_BYTES_MAX)
		return sample;
	sample.size = SAMPLE_BYTES_MAX;
	while (sample.size > 0 && (sample.data[sample.size] & 0xc0) == 0x80)
		sample.size--;
	return sample;
}

/* say_incident - one of them: when, where, what, how much, and the words heard */
static void say_incident(struct bm_page *page, const struct bm_view *view,
			 const struct bm_value *values)
{
	struct bm_text text = {0};
	struct bm_text observed = count_text((uint64_t)values[OBSERVED].integer);
	struct bm_text expected = count_text((uint64_t)values[EXPECTED].integer);
	const struct bm_bytes sample = values[SAMPLE].text;
	const char *const colon = bm_words(": ", page->lang);
	say_when(&text, page, view, values);
	bm_text_add(&text, bm_bytes_of(colon));
	bm_text_add(&text, values[NAME].empty ? bm_bytes_of(bm_words("(unknown)", page->lang))
					      : values[NAME].text);
	bm_text_add(&text, bm_bytes_of(bm_words(", ", page->lang)));
	bm_text_add(&text, bm_title_category(values[CATEGORY].text, page->lang));
	bm_text_add(&text, bm_bytes_of(colon));
	if (values[EXPECTED].integer == 0)
		bm_text_format(&text, bm_words("%s refused, none expected", page->lang),
			       (const char *)observed.data);
	else
		bm_text_format(&text, bm_words("%s refused, %s expected (%.0f x)", page->lang),
			       (const char *)observed.data, (const char *)expected.data,
			       values[FACTOR].real);
	bm_page_wrap(page, (struct bm_bytes){text.data, text.size}, 2);
	text.size = 0;
	if (!values[SAMPLE].empty) {
		const bool is_new = bm_bytes_equal(values[NEW_TEMPLATE].text, BM_BYTES("yes"));
		bm_text_add(&text,
			    bm_bytes_of(bm_words(is_new ? "new reply: " : "reply: ", page->lang)));
		bm_text_add(&text, clipped(sample));
		if (sample.size > SAMPLE_BYTES_MAX)
			bm_text_add(&text, BM_BYTES("..."));
		bm_page_wrap(page, (struct bm_bytes){text.data, text.size}, 4);
	}
	bm_text_dispose(&text);
	bm_text_dispose(&observed);
	bm_text_dispose(&expected);
}

/* worst_of - the row with most refusals above those expected that is not said yet; count if none */
static size_t worst_of(const int64_t *left, size_t count)
{
	size_t worst = count;
	for (size_t i = 0; i < count; i++)
		if (left[i] > 0 && (worst == count || left[i] > left[worst]))
			worst = i;
	return worst;
}

/* say_incidents - the largest ones */
static void say_incidents(struct bm_page *page, const struct bm_view *view, unsigned top)
{
	struct bm_sheet sheet = bm_sheet_open(view, "incidents");
	struct bm_value values[BM_COLUMNS_MAX];
	const size_t count = sheet.count;
	int64_t *const left = bm_alloc((count + 1) * sizeof *left);
	for (size_t i = 0; i < count; i++) {
		bm_sheet_row(&sheet, i, values);
		left[i] = values[OBSERVED].integer - values[EXPECTED].integer;
	}
	if (count > 0 && top > 0)
		bm_page_heading(page, "Incidents",
				"refused far more often than their own past explains");
	for (unsigned said = 0; said < top && said < count; said++) {
		const size_t worst = worst_of(left, count);
		bm_sheet_row(&sheet, worst, values);
		say_incident(page, view, values);
		left[worst] = 0;
	}
	if (count > top && top > 0) {
		bm_page_say(page, BM_STYLE_DIM, "  more in table `incidents`");
		bm_page_end_line(page);
	}
	bm_free(left);
	bm_sheet_close(&sheet);
}

/* --- the comparison --- */

/* direction_of - what became of a row's failures */
static const char *direction_of(const struct bm_value *values)
{
	if (bm_bytes_equal(values[C_NEW].text, BM_BYTES("yes")))
		return "new";
	return values[C_CHANGE].integer > 0   ? "rose"
	       : values[C_CHANGE].integer < 0 ? "fell"
					      : "same";
}

/* say_change - one row */
static void say_change(struct bm_page *page, const struct bm_value *values)
{
	const bool wide = page->columns >= WIDE_COLUMNS;
	const unsigned counts = (wide ? 3 : 2) * COUNT_COLUMNS;
	const struct bm_bytes scope = values[C_SCOPE].text;
	const bool is_template = bm_bytes_equal(scope, BM_BYTES("template"));
	const struct bm_bytes name = is_template
					     ? values[C_SAMPLE].text
					     : bm_title_category(values[C_NAME].text, page->lang);
	bm_page_fill(page, 2);
	bm_page_name(page, values[C_CHANGE].integer > 0 ? BM_STYLE_RED : BM_STYLE_PLAIN,
		     direction_of(values), DIRECTION_COLUMNS);
	bm_page_name(page, BM_STYLE_DIM, is_template ? "reply" : (const char *)scope.data,
		     SCOPE_COLUMNS);
	bm_page_text(page, name.size ? name : bm_bytes_of(bm_words("(unknown)", page->lang)),
		     page->columns - 2 - DIRECTION_COLUMNS - SCOPE_COLUMNS - counts);
	bm_page_count(page, (uint64_t)values[C_FAILURES].integer, COUNT_COLUMNS);
	bm_page_count(page, (uint64_t)values[C_BEFORE].integer, COUNT_COLUMNS);
	if (wide)
		bm_page_count(page, (uint64_t)(values[C_AVERAGE].real + 0.5), COUNT_COLUMNS);
	bm_page_end_line(page);
}

/* say_periods - a heading with the two periods compared */
static void say_periods(struct bm_page *page, const struct bm_view *view, bm_period last)
{
	struct bm_text meaning = {0};
	char now[BM_PERIOD_TEXT_MAX], before[BM_PERIOD_TEXT_MAX];
	bm_period_text(last, view->bucket, now);
	bm_period_text(bm_period_before(last, view->bucket), view->bucket, before);
	bm_text_format(&meaning,
		       bm_words(page->columns >= WIDE_COLUMNS ? "failures of %s, of %s, on average"
							      : "failures of %s, of %s",
				page->lang),
		       now, before);
	bm_text_byte(&meaning, 0);
	bm_page_heading(page, "What changed", (const char *)meaning.data);
	bm_text_dispose(&meaning);
}

/* say_comparison - the largest changes, or that there is nothing to compare */
static void say_comparison(struct bm_page *page, const struct bm_view *view, unsigned top)
{
	struct bm_sheet sheet = bm_sheet_open(view, "compare");
	struct bm_value values[BM_COLUMNS_MAX];
	for (size_t i = 0; i < sheet.count && i < top; i++) {
		bm_sheet_row(&sheet, i, values);
		if (i == 0)
			say_periods(page, view, (bm_period)values[C_PERIOD].integer);
		say_change(page, values);
	}
	if (sheet.count == 0) {
		bm_page_heading(page, "What changed", "");
		bm_page_say(page, BM_STYLE_PLAIN,
			    "  no two full periods with failures: nothing to compare");
		bm_page_end_line(page);
	} else if (sheet.count > top && top > 0) {
		bm_page_say(page, BM_STYLE_DIM, "  more in table `compare`");
		bm_page_end_line(page);
	}
	bm_sheet_close(&sheet);
}

void bm_changes_say(struct bm_page *page, const struct bm_view *view, unsigned top)
{
	say_incidents(page, view, top);
	if (view->compare)
		say_comparison(page, view, top);
}
