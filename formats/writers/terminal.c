/* terminal.c - the report for a person: what happened, why, and what to do about it.
 *
 * It is made from the same tables as every other output and adds no number of its own.  The order
 * is that of the questions: what was read; did the mail arrive; is it getting better; why did it
 * fail and what to do; where; what became of the deferred; what was not understood; and the
 * proof that no line was lost.
 */
#include "bouncemill/error.h"
#include "bouncemill/registry.h"
#include "bouncemill/words.h"
#include "bouncemill/writer.h"

#include "axis.h"
#include "cells.h"
#include "changes.h"
#include "overview.h"
#include "page.h"
#include "title.h"

enum {
	COUNT_COLUMNS = 13,
	PERCENT_COLUMNS = 9,
	CATEGORY_COLUMNS = 22,
	BAR_COLUMNS_MAX = 24,
	PRESCRIPTIONS_MAX = 5,
	TEMPLATE_BYTES_MAX = 200
};

/* plain - words of our own */
static void plain(struct bm_page *page, const char *words)
{
	bm_page_say(page, BM_STYLE_PLAIN, words);
}

/* label - a line's name in dim */
static void label(struct bm_page *page, const char *name)
{
	bm_page_name(page, BM_STYLE_DIM, name, 12);
}

/* odd_files - name the files that were not read as they should be */
static void odd_files(struct bm_page *page, const struct bm_view *view, unsigned top)
{
	unsigned odd = 0;
	for (size_t i = 0; i < view->source_count; i++) {
		const struct bm_source *const source = &view->sources[i];
		if (bm_bytes_starts(bm_bytes_of(source->status), BM_BYTES("ok")) || ++odd > top)
			continue;
		const unsigned name_columns = (page->columns - 14) / 2;
		label(page, odd == 1 ? "But" : "");
		bm_page_text(page, bm_bytes_of(source->name), name_columns);
		bm_page_fill(page, 1);
		bm_page_text(page, bm_bytes_of(source->status), page->columns - 13 - name_columns);
		bm_page_end_line(page);
	}
	if (odd > top) {
		label(page, "");
		bm_text_format(page->out, bm_words("and %u more: see table `coverage`", page->lang),
			       odd - top);
		bm_page_end_line(page);
	}
}

/* say_read - what was read */
static void say_read(struct bm_page *page, const struct bm_view *view,
		     const struct bm_overview *overview, unsigned top)
{
	bm_page_say(page, BM_STYLE_HEADING, "bouncemill");
	if (view->partial)
		bm_page_say(page, BM_STYLE_RED, "  PARTIAL: some input could not be read in full");
	bm_page_end_line(page);
	label(page, "Read");
	bm_page_plural(page, overview->files, "1 file");
	plain(page, ", ");
	if (overview->hosts_max > 0) {
		bm_page_plural(page, overview->hosts_max, "1 host");
		plain(page, ", ");
	}
	if (overview->archives < overview->files)
		bm_page_plural(page, overview->lines - overview->mails, "1 line");
	if (overview->archives > 0 && overview->archives < overview->files)
		plain(page, ", ");
	if (overview->archives > 0)
		bm_page_plural(page, overview->mails, "1 mail");
	plain(page, ", ");
	bm_page_bytes(page, overview->bytes);
	bm_page_end_line(page);
	if (overview->seen.first != BM_TIME_UNKNOWN) {
		const int64_t day_first = bm_time_wall(overview->seen.first) / 86400;
		const int64_t day_last = bm_time_wall(overview->seen.last) / 86400;
		label(page, "From");
		bm_page_moment(page, overview->seen.first);
		bm_page_say(page, BM_STYLE_DIM, " to ");
		bm_page_moment(page, overview->seen.last);
		bm_text_add(page->out, BM_BYTES(" ("));
		bm_page_plural(page, (uint64_t)(day_last - day_first + 1), "1 day");
		bm_text_add(page->out, BM_BYTES(")\n"));
	}
	odd_files(page, view, top);
}

/* outcome - one line of what became of recipients */
static void outcome(struct bm_page *page, const char *name, enum bm_style style, uint64_t part,
		    uint64_t whole)
{
	bm_page_fill(page, 2);
	bm_page_name(page, style, name, 10);
	bm_page_count(page, part, COUNT_COLUMNS);
	bm_page_percent(page, part, whole, PERCENT_COLUMNS + 1);
	bm_page_fill(page, 2);
	bm_page_bar(page, part, whole, page->columns - 40 < 40 ? page->columns - 40 : 40);
	bm_page_trim(page);
	bm_page_end_line(page);
}

/* say_later - what became of recipients that had to wait, in shares of all of them */
static void say_later(struct bm_page *page, const uint64_t n[BM_OUTCOME_COUNT], uint64_t all)
{
	static const char *const names[] = {
		[BM_LATER_DELIVERED] = "delivered later",
		[BM_LATER_BOUNCED] = "bounced",
		[BM_LATER_EXPIRED] = "expired",
		[BM_STILL_OPEN] = "still open",
	};
	struct bm_text text = {0};
	const char *between = bm_words("of these ", page->lang);
	for (unsigned i = 0; i < BM_OUTCOME_COUNT; i++) {
		const unsigned tenths = (unsigned)((double)n[i] * 1000 / (double)all + 0.5);
		if (n[i] == 0)
			continue;
		bm_text_format(&text, "%s%u.%u %% %s", between, tenths / 10, tenths % 10,
			       bm_words(names[i], page->lang));
		between = bm_words(", ", page->lang);
	}
	bm_page_wrap(page, (struct bm_bytes){text.data, text.size}, 4);
	bm_text_dispose(&text);
}

/* say_deferrals - how much had to wait, and how it ended */
static void say_deferrals(struct bm_page *page, const struct bm_overview *overview)
{
	if (overview->deferred == 0)
		return;
	const uint64_t all = overview->later_all;
	bm_page_fill(page, 2);
	bm_page_name(page, BM_STYLE_PLAIN, "deferred", 10);
	bm_page_count(page, overview->deferred, COUNT_COLUMNS);
	plain(page, "  attempts");
	if (all > 0) {
		plain(page, " for ");
		bm_page_plural(page, all, "1 recipient");
	}
	bm_page_end_line(page);
	if (all > 0)
		say_later(page, overview->later, all);
}

/* say_outcomes - did the mail arrive */
static void say_outcomes(struct bm_page *page, const struct bm_overview *overview)
{
	bm_page_heading(page, "Did it arrive", "final outcomes, in recipients");
	outcome(page, "delivered", BM_STYLE_PLAIN, overview->delivered, overview->recipients);
	outcome(page, "bounced", BM_STYLE_RED, overview->bounced, overview->recipients);
	outcome(page, "expired", BM_STYLE_YELLOW, overview->expired, overview->recipients);
	say_deferrals(page, overview);
	bm_page_fill(page, 2);
	bm_page_name(page, BM_STYLE_PLAIN, "messages", 10);
	bm_page_count(page, overview->messages, COUNT_COLUMNS);
	if (overview->rejected > 0) {
		plain(page, "  and ");
		bm_page_count(page, overview->rejected, 0);
		plain(page, " refused on the way in");
	}
	bm_page_end_line(page);
}

/* returned - one line of what bounce mails tell */
static void returned(struct bm_page *page, const char *name, enum bm_style style, uint64_t count,
		     const char *note)
{
	if (count == 0)
		return;
	bm_page_fill(page, 2);
	bm_page_name(page, style, name, 10);
	bm_page_count(page, count, COUNT_COLUMNS);
	bm_page_fill(page, 2);
	plain(page, note);
	bm_page_end_line(page);
}

/* say_returned - what came back as mail, and how much of it the logs told already */
static void say_returned(struct bm_page *page, const struct bm_overview *overview)
{
	if (overview->archives == 0)
		return;
	bm_page_heading(page, "What came back", "recipients named by bounce mails");
	returned(page, "failed", BM_STYLE_RED, overview->returned, "that no log tells of");
	returned(page, "delayed", BM_STYLE_YELLOW, overview->delayed, "that no log tells of");
	returned(page, "complained", BM_STYLE_RED, overview->complaints, "stop mailing them");
	returned(page, "counted", BM_STYLE_PLAIN, overview->joined, "by their log already");
	returned(page, "foreign", BM_STYLE_PLAIN, overview->foreign,
		 "of mail that was not ours: somebody uses our name");
}

/* rate_of - failures of a slot's recipients */
static double rate_of(const struct bm_slot *slot)
{
	return slot->recipients ? (double)slot->failures / (double)slot->recipients : 0;
}

/* say_axis - the first and last period below a sparkline */
static void say_axis(struct bm_page *page, const struct bm_axis *axis)
{
	char left[BM_PERIOD_TEXT_MAX], right[BM_PERIOD_TEXT_MAX];
	const size_t left_size = bm_period_text(axis->first, axis->bucket, left);
	const size_t right_size = bm_period_text(axis->last, axis->bucket, right);
	left[left_size] = right[right_size] = 0;
	bm_page_fill(page, 2);
	bm_page_say(page, BM_STYLE_DIM, left);
	if (left_size + right_size + 1 <= axis->count)
		bm_page_fill(page, (unsigned)(axis->count - left_size - right_size));
	else
		bm_page_say(page, BM_STYLE_DIM, " .. ");
	bm_page_say(page, BM_STYLE_DIM, right);
	bm_page_end_line(page);
}

/* say_slots - the sparkline itself, and its highest and last value */
static void say_slots(struct bm_page *page, const struct bm_slot *slots, size_t count)
{
	size_t most = 0;
	for (size_t i = 0; i < count; i++)
		if (rate_of(&slots[i]) > rate_of(&slots[most]))
			most = i;
	bm_page_fill(page, 2);
	for (size_t i = 0; i < count; i++)
		bm_page_spark(page, slots[i].recipients == 0, rate_of(&slots[i]),
			      rate_of(&slots[most]));
	plain(page, "  highest ");
	bm_page_percent(page, slots[most].failures, slots[most].recipients, 0);
	plain(page, ", last ");
	bm_page_percent(page, slots[count - 1].failures, slots[count - 1].recipients, 0);
	bm_page_end_line(page);
}

/* say_trend - is it getting better: the bounce rate over time, when there is more than one period
 */
static void say_trend(struct bm_page *page, const struct bm_view *view,
		      const struct bm_sheet *totals)
{
	static const char *const each[] = {"bounce rate per hour", "bounce rate per day",
					   "bounce rate per week", "bounce rate per month"};
	static const char *const many[] = {
		"bounce rate, %u hours a block", "bounce rate, %u days a block",
		"bounce rate, %u weeks a block", "bounce rate, %u months a block"};
	const struct bm_axis axis = bm_axis_make(totals, view->bucket, page->columns - 36);
	if (axis.count < 2)
		return;
	struct bm_slot *const slots = bm_zalloc(axis.count, sizeof *slots);
	struct bm_text meaning = {0};
	bm_axis_fill(&axis, totals, slots);
	bm_text_format(&meaning, bm_words((axis.fold == 1 ? each : many)[view->bucket], page->lang),
		       (unsigned)axis.fold);
	bm_text_byte(&meaning, 0);
	bm_page_heading(page, "Is it getting better", (const char *)meaning.data);
	say_slots(page, slots, axis.count);
	say_axis(page, &axis);
	bm_text_dispose(&meaning);
	bm_free(slots);
}

/* severity_style - red for what no retry mends, yellow for what one may */
static enum bm_style severity_style(struct bm_bytes severity)
{
	return bm_bytes_equal(severity, BM_BYTES("hard"))   ? BM_STYLE_RED
	       : bm_bytes_equal(severity, BM_BYTES("soft")) ? BM_STYLE_YELLOW
							    : BM_STYLE_PLAIN;
}

/* say_share - failures and their share of all, with a bar where there is room */
static void say_share(struct bm_page *page, uint64_t part, uint64_t all, bool bar)
{
	const unsigned columns =
		page->columns - 52 < BAR_COLUMNS_MAX ? page->columns - 52 : BAR_COLUMNS_MAX;
	bm_page_count(page, part, COUNT_COLUMNS - 2);
	bm_page_percent(page, part, all, PERCENT_COLUMNS);
	bm_page_fill(page, 1);
	if (bar)
		bm_page_bar(page, part, all, columns);
	bm_page_fill(page, 1);
}

/* say_category - one line of a category, and below it what to do */
static void say_category(struct bm_page *page, const struct bm_sheet *sheet,
			 const struct bm_value *values, uint64_t all, bool advise)
{
	const struct bm_bytes severity = bm_sheet_cell(sheet, values, "severity")->text;
	bm_page_fill(page, 2);
	bm_page_text(page,
		     bm_title_category(bm_sheet_cell(sheet, values, "category")->text, page->lang),
		     CATEGORY_COLUMNS);
	say_share(page, bm_sheet_failures(sheet, values), all, page->columns > 56);
	bm_page_say(page, severity_style(severity),
		    severity.size ? (const char *)severity.data : "");
	bm_page_trim(page);
	bm_page_end_line(page);
	const struct bm_value *const prescription = bm_sheet_cell(sheet, values, "prescription");
	if (advise && !prescription->empty)
		bm_page_wrap(page, prescription->text, 4);
}

/* say_fault - a heading with all its failures, and below it those of the first rows that are its */
static void say_fault(struct bm_page *page, const struct bm_sheet *sheet,
		      const struct bm_overview *overview, unsigned fault, size_t rows)
{
	struct bm_value values[BM_COLUMNS_MAX];
	bool headed = false;
	for (size_t i = 0; i < rows; i++) {
		bm_sheet_row(sheet, i, values);
		const struct bm_bytes name = bm_sheet_cell(sheet, values, "fault")->text;
		if (bm_overview_fault(overview, name) != fault)
			continue;
		if (!headed) {
			bm_page_name(page, BM_STYLE_HEADING, overview->faults[fault].heading,
				     CATEGORY_COLUMNS + 15);
			bm_page_percent(page, overview->faults[fault].failures, overview->failures,
					PERCENT_COLUMNS - 2);
			bm_page_end_line(page);
			headed = true;
		}
		say_category(page, sheet, values, overview->failures, i < PRESCRIPTIONS_MAX);
	}
}

/* say_categories - why it failed, and what to do */
static void say_categories(struct bm_page *page, const struct bm_sheet *categories,
			   const struct bm_overview *overview, unsigned top)
{
	const size_t rows = overview->cause_count < top ? overview->cause_count : top;
	if (rows == 0)
		return;
	bm_page_heading(page, "Why it failed, and what to do",
			"by whose fault: failures, share, hard or soft");
	for (unsigned fault = 0; fault < BM_FAULT_COUNT; fault++)
		say_fault(page, categories, overview, fault, rows);
	if (categories->count > top) {
		bm_page_say(page, BM_STYLE_DIM, "  more in table `categories`");
		bm_page_end_line(page);
	}
}

/* say_place - one line of a domain or provider */
static void say_place(struct bm_page *page, const struct bm_sheet *sheet,
		      const struct bm_value *values)
{
	const unsigned name_columns =
		page->columns - 2 - COUNT_COLUMNS - PERCENT_COLUMNS - CATEGORY_COLUMNS - 5;
	const struct bm_value *const name = &values[0];
	bm_page_fill(page, 2);
	bm_page_text(page,
		     name->empty ? bm_bytes_of(bm_words("(unknown)", page->lang)) : name->text,
		     name_columns);
	bm_page_count(page, bm_sheet_failures(sheet, values), COUNT_COLUMNS - 2);
	bm_page_percent(page, bm_sheet_failures(sheet, values),
			bm_sheet_number(sheet, values, "recipients"), PERCENT_COLUMNS + 1);
	bm_page_fill(page, 3);
	bm_page_text(
		page,
		bm_title_category(bm_sheet_cell(sheet, values, "top_category")->text, page->lang),
		CATEGORY_COLUMNS);
	bm_page_trim(page);
	bm_page_end_line(page);
}

/* say_domains - where it fails most; the table is in that order */
static void say_domains(struct bm_page *page, const struct bm_view *view, unsigned top)
{
	struct bm_value values[BM_COLUMNS_MAX];
	struct bm_sheet sheet = bm_sheet_open(view, "domains");
	for (size_t i = 0; i < sheet.count && i < top; i++) {
		bm_sheet_row(&sheet, i, values);
		if (bm_sheet_failures(&sheet, values) == 0)
			break;
		if (i == 0)
			bm_page_heading(page, "Worst domains",
					"failures, share of the domain's recipients, main reason");
		say_place(page, &sheet, values);
	}
	bm_sheet_close(&sheet);
}

/* say_providers - who refuses most: the table is in order of names, so the worst are picked */
static void say_providers(struct bm_page *page, const struct bm_view *view, unsigned top)
{
	struct bm_value values[BM_COLUMNS_MAX];
	struct bm_sheet sheet = bm_sheet_open(view, "providers");
	uint64_t *const left = bm_alloc((sheet.count + 1) * sizeof *left);
	for (size_t i = 0; i < sheet.count; i++) {
		bm_sheet_row(&sheet, i, values);
		left[i] = bm_sheet_failures(&sheet, values);
	}
	for (unsigned shown = 0; shown < top && sheet.count > 0; shown++) {
		size_t worst = 0;
		for (size_t i = 1; i < sheet.count; i++)
			if (left[i] > left[worst])
				worst = i;
		if (left[worst] == 0)
			break;
		if (shown == 0)
			bm_page_heading(
				page, "Worst providers",
				"failures, share of the provider's recipients, main reason");
		bm_sheet_row(&sheet, worst, values);
		say_place(page, &sheet, values);
		left[worst] = 0;
	}
	bm_free(left);
	bm_sheet_close(&sheet);
}

/* template_text - the masked text in a template's name, behind two NULs */
static struct bm_bytes template_text(struct bm_bytes name)
{
	for (unsigned i = 0; i < 2; i++) {
		const size_t end = bm_bytes_find(name, 0, '\0');
		if (end < name.size)
			name = bm_bytes_from(name, end + 1);
	}
	return name;
}

/* say_unknown - how much no rule understood, and the most frequent text of it */
static void say_unknown(struct bm_page *page, const struct bm_tally *tally)
{
	uint64_t all = 0, unknown = 0, most = 0;
	struct bm_bytes example = {0};
	for (uint32_t id = 0; id < bm_intern_count(tally->templates); id++) {
		const struct bm_template_record *const record = &tally->template[id];
		const uint64_t n = record->n[BM_BOUNCED] + record->n[BM_DEFERRED];
		all += n;
		if (record->category != BM_CATEGORY_UNKNOWN || n == 0)
			continue;
		const struct bm_bytes text = template_text(bm_intern_get(tally->templates, id));
		unknown += n;
		if (n > most || (n == most && bm_bytes_order(text, example) < 0)) {
			most = n;
			example = text;
		}
	}
	if (all == 0)
		return;
	bm_page_heading(page, "Not understood", "attempts that no rule recognised");
	bm_page_fill(page, 2);
	bm_page_count(page, unknown, 0);
	plain(page, " of ");
	bm_page_count(page, all, 0);
	bm_text_add(page->out, BM_BYTES(" ("));
	bm_page_percent(page, unknown, all, 0);
	plain(page, unknown ? "), most often:" : ")");
	bm_page_end_line(page);
	if (example.size > TEMPLATE_BYTES_MAX)
		example.size = TEMPLATE_BYTES_MAX;
	if (unknown > 0)
		bm_page_wrap(page, example, 4);
}

/* say_proof - that no line was lost */
static void say_proof(struct bm_page *page, const struct bm_overview *overview)
{
	bm_page_heading(page, "Nothing lost", "");
	plain(page, "  lines ");
	bm_page_count(page, overview->lines, 0);
	plain(page, " = events ");
	bm_page_count(page, overview->events, 0);
	plain(page, " + other ");
	bm_page_count(page, overview->other, 0);
	plain(page, " + malformed ");
	bm_page_count(page, overview->malformed_all, 0);
	bm_page_end_line(page);
	for (unsigned reason = 0; reason < BM_MALFORMED_COUNT; reason++) {
		if (overview->malformed[reason] == 0)
			continue;
		bm_page_fill(page, 4);
		bm_page_count(page, overview->malformed[reason], 0);
		bm_text_byte(page->out, ' ');
		plain(page, bm_malformed_text((enum bm_malformed)reason));
		bm_page_end_line(page);
	}
	plain(page, "  bytes ");
	bm_page_count(page, overview->bytes, 0);
	bm_page_end_line(page);
}

void bm_terminal_summary(struct bm_text *out, const struct bm_view *view, bool colour, unsigned top,
			 unsigned columns)
{
	enum { COLUMNS_LEAST = 60, COLUMNS_MOST = 120 };
	struct bm_sorted *const own = view->sorted ? NULL : bm_sorted_new(view, NULL);
	struct bm_view mine = *view;
	if (own)
		mine.sorted = own;
	struct bm_page page = {
		.out = out, .colour = colour, .columns = columns, .lang = view->lang};
	if (columns < COLUMNS_LEAST)
		page.columns = COLUMNS_LEAST;
	if (columns > COLUMNS_MOST)
		page.columns = COLUMNS_MOST;
	struct bm_overview overview;
	struct bm_sheet totals = bm_sheet_open(&mine, "totals");
	struct bm_sheet categories = bm_sheet_open(&mine, "categories");
	bm_overview_make(&overview, &mine, &totals, &categories);
	say_read(&page, &mine, &overview, top);
	if (overview.archives < overview.files)
		say_outcomes(&page, &overview);
	say_returned(&page, &overview);
	say_trend(&page, &mine, &totals);
	bm_changes_say(&page, &mine, top);
	say_categories(&page, &categories, &overview, top);
	say_domains(&page, &mine, top);
	say_providers(&page, &mine, top);
	say_unknown(&page, mine.tally);
	say_proof(&page, &overview);
	bm_sheet_close(&totals);
	bm_sheet_close(&categories);
	bm_sorted_free(own);
	bm_text_dispose(&page.scratch);
}
