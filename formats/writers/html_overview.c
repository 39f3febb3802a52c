/* html_overview.c - the first screen: did the mail arrive, is it getting better, why did it fail,
 * what to do first; see html.h.
 *
 * Three answers side by side, each a figure and a picture, and below them what to do.  The verdict
 * on the trend compares the two halves of the time, by the share of recipients that failed: a single
 * bad last day is no trend.
 */
#include "html.h"

#include "bouncemill/error.h"

#include "axis.h"

enum { SPARK_PLACES_MAX = 120, SPARK_WIDTH = 1000, SPARK_HEIGHT = 200 };

static const uint32_t delivered_colour = 0x2e8b57, bounced_colour = 0xc0392b,
		      expired_colour = 0xd9a441;

/* card - open one of the answers */
static void card(struct bm_html *html, const char *question)
{
	bm_html_raw(html, "<div class=\"card\"><h3>");
	bm_html_say(html, question);
	bm_html_raw(html, "</h3>\n");
}

/* figure - the one number of a card, and what it is of */
static void figure(struct bm_html *html, uint64_t part, uint64_t whole, const char *meaning)
{
	bm_html_raw(html, "<p class=\"big\">");
	bm_html_percent(html, part, whole);
	bm_html_raw(html, " <small>");
	bm_html_say(html, meaning);
	bm_html_raw(html, "</small></p>\n");
}

/* term - a line of a card: a name, its count, and its share where there is one */
static void term(struct bm_html *html, const char *name, uint64_t part, uint64_t whole)
{
	bm_html_raw(html, "<div><dt>");
	bm_html_say(html, name);
	bm_html_raw(html, "</dt><dd>");
	bm_html_count(html, part);
	if (whole > 0) {
		bm_html_raw(html, " <span class=\"quiet\">");
		bm_html_percent(html, part, whole);
		bm_html_raw(html, "</span>");
	}
	bm_html_raw(html, "</dd></div>\n");
}

/* say_later - how those ended that had to wait */
static void say_later(struct bm_html *html)
{
	static const char *const names[] = {
		[BM_LATER_DELIVERED] = "delivered later",
		[BM_LATER_BOUNCED] = "bounced",
		[BM_LATER_EXPIRED] = "expired",
		[BM_STILL_OPEN] = "still open",
	};
	const struct bm_overview *const overview = &html->overview;
	const char *between = "of these ";
	if (overview->deferred == 0)
		return;
	bm_html_raw(html, "<p class=\"quiet\">");
	bm_html_plural(html, overview->later_all, "1 recipient");
	bm_html_say(html, " had to wait (deferred)");
	bm_html_raw(html, overview->later_all ? ": " : "");
	for (unsigned i = 0; i < BM_OUTCOME_COUNT; i++) {
		if (overview->later[i] == 0)
			continue;
		bm_html_say(html, between);
		bm_html_percent(html, overview->later[i], overview->later_all);
		bm_html_raw(html, " ");
		bm_html_say(html, names[i]);
		between = ", ";
	}
	bm_html_raw(html, "</p>\n");
}

/* say_returned - what came back as mail, and how much of it the logs told already */
static void say_returned(struct bm_html *html)
{
	const struct bm_overview *const overview = &html->overview;
	if (overview->archives == 0)
		return;
	bm_html_raw(html, "<p class=\"note\">");
	bm_html_say(html, "Bounce mails name, of recipients that no log tells of:");
	bm_html_raw(html, "</p>\n<dl>");
	term(html, "failed", overview->returned, 0);
	if (overview->delayed > 0)
		term(html, "delayed", overview->delayed, 0);
	if (overview->complaints > 0)
		term(html, "complained", overview->complaints, 0);
	if (overview->joined > 0)
		term(html, "counted by their log already", overview->joined, 0);
	if (overview->foreign > 0)
		term(html, "of mail that was not ours", overview->foreign, 0);
	bm_html_raw(html, "</dl>\n");
}

/* say_arrived - the first answer */
static void say_arrived(struct bm_html *html)
{
	const struct bm_overview *const overview = &html->overview;
	const double parts[] = {(double)overview->delivered, (double)overview->bounced,
				(double)overview->expired};
	const uint32_t colours[] = {delivered_colour, bounced_colour, expired_colour};
	card(html, "Did it arrive?");
	if (overview->recipients > 0) {
		figure(html, overview->delivered, overview->recipients,
		       "of recipients were reached");
		bm_html_bar(html, "stack", parts, colours, 3, (double)overview->recipients);
		bm_html_raw(html, "<dl>");
		term(html, "delivered", overview->delivered, 0);
		term(html, "bounced", overview->bounced, overview->recipients);
		term(html, "expired", overview->expired, overview->recipients);
		if (overview->rejected > 0)
			term(html, "refused on the way in", overview->rejected, 0);
		bm_html_raw(html, "</dl>\n");
	} else if (overview->archives == 0) {
		bm_html_raw(html, "<p class=\"big\">&ndash; <small>");
		bm_html_say(html, "no delivery was logged");
		bm_html_raw(html, "</small></p>\n");
	}
	say_later(html);
	say_returned(html);
	bm_html_raw(html, "</div>\n");
}

/* rate_of - failures of a slot's recipients */
static double rate_of(struct bm_slot slot)
{
	return slot.recipients ? (double)slot.failures / (double)slot.recipients : 0;
}

/* sum_of - several places as one */
static struct bm_slot sum_of(const struct bm_slot *slots, size_t count)
{
	struct bm_slot sum = {0, 0};
	for (size_t i = 0; i < count; i++) {
		sum.failures += slots[i].failures;
		sum.recipients += slots[i].recipients;
	}
	return sum;
}

/* spark - the rates as a small picture: a column a place */
static void spark(struct bm_html *html, const struct bm_slot *slots, size_t count)
{
	double most = 0;
	for (size_t i = 0; i < count; i++)
		if (rate_of(slots[i]) > most)
			most = rate_of(slots[i]);
	bm_text_format(html->out,
		       "<svg class=\"spark\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
		       "aria-hidden=\"true\"><path d=\"",
		       SPARK_WIDTH, SPARK_HEIGHT);
	for (size_t i = 0; i < count; i++) {
		const int left = (int)(i * SPARK_WIDTH / count);
		const int right = (int)((i + 1) * SPARK_WIDTH / count);
		const int gap = (right - left) / 6;
		const int height = most > 0 ? (int)(rate_of(slots[i]) / most * SPARK_HEIGHT) : 0;
		if (slots[i].recipients > 0)
			bm_text_format(html->out, "M%d %dh%dv%dh-%dz", left, SPARK_HEIGHT - height,
				       right - left - gap, height, right - left - gap);
	}
	bm_html_raw(html, "\"/></svg>\n");
}

/* verdict - better, worse or about the same: a tenth more or less is no difference */
static void verdict(struct bm_html *html, struct bm_slot early, struct bm_slot late)
{
	const double before = rate_of(early), after = rate_of(late);
	const bool better = after<before * 0.9, worse = after> before * 1.1;
	bm_text_format(html->out, "<p class=\"big %s\">", better ? "good" : worse ? "bad" : "same");
	bm_html_say(html, better ? "Better" : worse ? "Worse" : "About the same");
	bm_html_raw(html, " <small>");
	bm_html_percent(html, late.failures, late.recipients);
	bm_html_say(html, " failed in the second half, ");
	bm_html_percent(html, early.failures, early.recipients);
	bm_html_say(html, " in the first");
	bm_html_raw(html, "</small></p>\n");
}

/* say_extremes - the highest and the last rate, with their periods */
static void say_extremes(struct bm_html *html, const struct bm_axis *axis,
			 const struct bm_slot *slots)
{
	size_t most = 0, last = axis->count - 1;
	for (size_t i = 0; i < axis->count; i++)
		if (rate_of(slots[i]) > rate_of(slots[most]))
			most = i;
	while (last > 0 && slots[last].recipients == 0)
		last--;
	const size_t places[] = {most, last};
	static const char *const names[] = {"highest", "last"};
	bm_html_raw(html, "<dl>");
	for (unsigned i = 0; i < 2; i++) {
		char period[BM_PERIOD_TEXT_MAX];
		const size_t size =
			bm_period_text(bm_axis_period(axis, places[i]), axis->bucket, period);
		bm_html_raw(html, "<div><dt>");
		bm_html_say(html, names[i]);
		bm_html_raw(html, " <span class=\"quiet\">");
		bm_html_text(html, (struct bm_bytes){(uint8_t *)period, size}, 0);
		bm_html_raw(html, "</span></dt><dd>");
		bm_html_percent(html, slots[places[i]].failures, slots[places[i]].recipients);
		bm_html_raw(html, "</dd></div>\n");
	}
	bm_html_raw(html, "</dl>\n");
}

/* say_trend - the second answer */
static void say_trend(struct bm_html *html)
{
	const struct bm_sheet *const totals = bm_sheet_of(html->document, "totals");
	const struct bm_axis axis =
		totals ? bm_axis_make(totals, html->document->view->bucket, SPARK_PLACES_MAX)
		       : (struct bm_axis){.count = 0};
	card(html, "Is it getting better?");
	if (axis.count < 2 || html->overview.recipients == 0) {
		bm_html_raw(html, "<p class=\"big\">&ndash; <small>");
		bm_html_say(html, "too little time to compare");
		bm_html_raw(html, "</small></p></div>\n");
		return;
	}
	struct bm_slot *const slots = bm_zalloc(axis.count, sizeof *slots);
	const size_t half = axis.count / 2;
	bm_axis_fill(&axis, totals, slots);
	verdict(html, sum_of(slots, half), sum_of(slots + half, axis.count - half));
	spark(html, slots, axis.count);
	bm_html_raw(html, "<p class=\"quiet\">");
	bm_html_say(html, "Share of recipients that failed, over time");
	bm_html_raw(html, "</p>\n");
	say_extremes(html, &axis, slots);
	bm_html_raw(html, "</div>\n");
	bm_free(slots);
}

/* fault_colour - the leading hue of a side's categories */
static uint32_t fault_colour(const struct bm_fault *fault)
{
	static const struct {
		const char *name;
		uint32_t colour;
	} known[] = {{"recipient", 0xc0392b},
		     {"sender", 0x1f618d},
		     {"message", 0x8e44ad},
		     {"network", 0x1e8449}};
	for (size_t i = 0; fault->name && i < sizeof known / sizeof *known; i++)
		if (bm_bytes_equal(bm_bytes_of(fault->name), bm_bytes_of(known[i].name)))
			return known[i].colour;
	return 0x95a5a6;
}

/* say_fault - a line of the third answer */
static void say_fault(struct bm_html *html, const struct bm_fault *fault)
{
	bm_text_format(html->out,
		       "<div><dt><svg class=\"swatch\" viewBox=\"0 0 10 10\" aria-hidden=\"true\">"
		       "<rect class=\"mark\" width=\"10\" height=\"10\" fill=\"#%06x\"/></svg>",
		       fault_colour(fault));
	bm_html_say(html, fault->heading);
	bm_html_raw(html, "</dt><dd>");
	bm_html_count(html, fault->failures);
	bm_html_raw(html, " <span class=\"quiet\">");
	bm_html_percent(html, fault->failures, html->overview.failures);
	bm_html_raw(html, "</span></dd></div>\n");
}

/* say_why - the third answer: whose fault */
static void say_why(struct bm_html *html)
{
	const struct bm_overview *const overview = &html->overview;
	const struct bm_fault *const worst = &overview->faults[0];
	double parts[BM_FAULT_COUNT];
	uint32_t colours[BM_FAULT_COUNT];
	for (unsigned i = 0; i < BM_FAULT_COUNT; i++) {
		parts[i] = (double)overview->faults[i].failures;
		colours[i] = fault_colour(&overview->faults[i]);
	}
	card(html, "Why did it fail?");
	if (overview->failures == 0) {
		bm_html_raw(html, "<p class=\"big\">0 <small>");
		bm_html_say(html, "nothing failed");
		bm_html_raw(html, "</small></p></div>\n");
		return;
	}
	figure(html, worst->failures, overview->failures, worst->heading);
	bm_html_bar(html, "stack", parts, colours, BM_FAULT_COUNT, (double)overview->failures);
	bm_html_raw(html, "<dl>");
	for (unsigned i = 0; i < BM_FAULT_COUNT; i++)
		if (overview->faults[i].failures > 0)
			say_fault(html, &overview->faults[i]);
	bm_html_raw(html, "</dl></div>\n");
}

/* say_first - what to do first */
static void say_first(struct bm_html *html)
{
	const struct bm_overview *const overview = &html->overview;
	struct bm_cause first[BM_FIRST_MAX];
	const unsigned count = bm_overview_first(overview, first);
	if (count == 0)
		return;
	bm_html_raw(html, "<h3 class=\"todo-h\">");
	bm_html_say(html, "What to do first");
	bm_html_raw(html, "</h3>\n<ol class=\"todo\">\n");
	for (unsigned i = 0; i < count; i++) {
		const enum bm_category category = first[i].category;
		bm_text_format(html->out, "<li><h4><a href=\"#cause-%s\">",
			       bm_category_name(category));
		bm_html_text(html, bm_bytes_of(bm_category_title(category, html->lang)), 0);
		bm_html_raw(html, "</a></h4><p class=\"gain\"><strong>");
		bm_html_plural(html, first[i].failures, "1 failure");
		bm_html_raw(html, "</strong> <span class=\"quiet\">");
		bm_html_percent(html, first[i].failures, overview->failures);
		bm_html_say(html, " of all");
		bm_html_raw(html, "</span></p><p>");
		bm_html_text(html, bm_bytes_of(bm_category_prescription(category, html->lang)), 0);
		bm_html_raw(html, "</p></li>\n");
	}
	bm_html_raw(html, "</ol>\n");
}

void bm_html_overview(struct bm_html *html)
{
	bm_html_raw(html, "<section id=\"overview\" aria-labelledby=\"overview-h\">"
			  "<h2 id=\"overview-h\" class=\"unseen\">");
	bm_html_say(html, "Overview");
	bm_html_raw(html, "</h2>\n<div class=\"cards\">\n");
	say_arrived(html);
	say_trend(html);
	say_why(html);
	bm_html_raw(html, "</div>\n");
	say_first(html);
	bm_html_raw(html, "</section>\n");
}
