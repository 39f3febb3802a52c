/* html.c - the report as one page: a file to mail to somebody, to open anywhere, to print.
 *
 * It needs nothing but itself, asks for nothing and runs nothing but its own two scripts: the
 * policy in its head names their hashes and forbids everything else.  Without scripts it is whole:
 * charts are drawn here, tables are tables.  The scripts make charts that can be asked, and tables
 * that can be sorted and searched.
 *
 * The order is that of the questions, as on the terminal: did the mail arrive, is it getting better,
 * why did it fail, what to do first; then each of them at length; then all tables.  Tables are cut
 * at so many rows and the page at so many bytes; what is left out is said, and is in the CSV.
 */
#include "bouncemill/error.h"
#include "bouncemill/registry.h"

#include "html.h"

#include <errno.h>
#include <stdio.h>

/* part_of - a text built into the program, by name */
static struct bm_bytes part_of(const char *name)
{
	const char *file;
	struct bm_bytes text;
	for (size_t i = 0; bm_embedded(i, &file, &text); i++)
		if (bm_bytes_equal(bm_bytes_of(file), bm_bytes_of(name)))
			return text;
	return (struct bm_bytes){0};
}

/* add_part - one of them, as it is */
static void add_part(struct bm_html *html, const char *name)
{
	bm_text_add(html->out, part_of(name));
}

/* add_element - an element of exactly the bytes that were hashed */
static void add_element(struct bm_html *html, const char *element, const char *part)
{
	bm_text_format(html->out, "<%s>", element);
	add_part(html, part);
	bm_text_format(html->out, "</%s>\n", element);
}

/* add_period - from when to when the logs tell, as days */
static void add_period(struct bm_html *html)
{
	const struct bm_seen seen = html->overview.seen;
	char first[BM_PERIOD_TEXT_MAX], last[BM_PERIOD_TEXT_MAX];
	if (seen.first == BM_TIME_UNKNOWN)
		return;
	const bm_period days[] = {bm_period_of(seen.first, BM_BUCKET_DAY),
				  bm_period_of(seen.last, BM_BUCKET_DAY)};
	const size_t first_size = bm_period_text(days[0], BM_BUCKET_DAY, first);
	const size_t last_size = bm_period_text(days[1], BM_BUCKET_DAY, last);
	bm_html_text(html, (struct bm_bytes){(uint8_t *)first, first_size}, 0);
	if (days[0] == days[1])
		return;
	bm_html_say(html, " to ");
	bm_html_text(html, (struct bm_bytes){(uint8_t *)last, last_size}, 0);
}

/* add_head - what a browser has to know before it shows anything */
static void add_head(struct bm_html *html)
{
	const bool chinese = html->lang && html->lang[0] == 'z';
	bm_text_format(html->out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n",
		       chinese ? "zh-Hans" : "en");
	bm_html_raw(html, "<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
			  "content=\"default-src 'none'; base-uri 'none'; form-action 'none'; "
			  "img-src data:; script-src '");
	add_part(html, "pages/chart.min.js.hash");
	bm_html_raw(html, "' '");
	add_part(html, "pages/page.js.hash");
	bm_html_raw(html, "'; style-src '");
	add_part(html, "pages/page.css.hash");
	bm_html_raw(html, "'\">\n<meta name=\"viewport\" content=\"width=device-width, "
			  "initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
			  "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	bm_html_say(html, "Mail report");
	bm_html_raw(html, " ");
	add_period(html);
	bm_html_raw(html, "</title>\n");
	add_element(html, "style", "pages/page.css");
	bm_html_raw(html, "</head>\n");
}

/* add_link - one entry of the navigation */
static void add_link(struct bm_html *html, const char *id, const char *words)
{
	bm_text_format(html->out, "<li><a href=\"#%s\">", id);
	bm_html_say(html, words);
	bm_html_raw(html, "</a></li>\n");
}

/* add_banner - the name, the way around, and where the script puts its switches */
static void add_banner(struct bm_html *html)
{
	bm_html_raw(html, "<body>\n<a class=\"skip\" href=\"#main\">");
	bm_html_say(html, "Skip to the report");
	bm_html_raw(html, "</a>\n<header class=\"banner\"><span class=\"brand\">bouncemill</span>\n"
			  "<nav aria-label=\"");
	bm_html_say(html, "Parts of the report");
	bm_html_raw(html, "\"><ul>\n");
	add_link(html, "overview", "Overview");
	add_link(html, "time", "Over time");
	add_link(html, "causes", "Why it failed");
	add_link(html, "places", "Where");
	add_link(html, "proof", "Nothing lost");
	add_link(html, "tables", "All tables");
	bm_html_raw(html, "</ul></nav>\n<div id=\"switches\"></div></header>\n");
}

/* add_title - what the page is about, and what it was made from */
static void add_title(struct bm_html *html)
{
	const struct bm_overview *const overview = &html->overview;
	bm_html_raw(html, "<main id=\"main\" tabindex=\"-1\">\n<div class=\"title\"><h1>");
	bm_html_say(html, "Mail report");
	bm_html_raw(html, " <span class=\"period\">");
	add_period(html);
	bm_html_raw(html, "</span></h1>\n<p class=\"quiet\">");
	bm_html_say(html, "Read");
	bm_html_raw(html, " ");
	bm_html_plural(html, overview->files, "1 file");
	bm_html_say(html, ", ");
	if (overview->hosts_max > 0) {
		bm_html_plural(html, overview->hosts_max, "1 host");
		bm_html_say(html, ", ");
	}
	if (overview->archives < overview->files || overview->files == 0) {
		bm_html_plural(html, overview->lines - overview->mails, "1 line");
		bm_html_say(html, ", ");
	}
	if (overview->archives > 0) {
		bm_html_plural(html, overview->mails, "1 mail");
		bm_html_say(html, ", ");
	}
	bm_page_bytes(&html->numbers, overview->bytes);
	bm_html_raw(html, "</p></div>\n");
	if (html->document->view->partial) {
		bm_html_raw(html, "<p class=\"alarm\" role=\"note\"><a href=\"#proof\">");
		bm_html_say(html, "Partial: some input could not be read in full.");
		bm_html_raw(html, "</a></p>\n");
	}
}

/* add_foot - who made it, and whose work is in it */
static void add_foot(struct bm_html *html)
{
	bm_html_raw(html, "</main>\n<footer class=\"quiet\"><p>bouncemill ");
	bm_html_text(html, bm_bytes_of(html->document->options->version), 0);
	bm_html_raw(html, "</p>\n<details><summary>");
	bm_html_say(html, "Licence of the charts");
	bm_html_raw(html, "</summary><pre lang=\"en\">");
	const struct bm_bytes notice = part_of("pages/notice.txt");
	for (size_t at = 0; at < notice.size;) { /* bm_text_clean would show line ends as \x0a */
		const size_t end = bm_bytes_find(notice, at, '\n');
		bm_html_text(html, (struct bm_bytes){notice.data + at, end - at}, 0);
		bm_html_raw(html, "\n");
		at = end + 1;
	}
	bm_html_raw(html, "</pre></details></footer>\n");
}

/* add_scripts - data first, then the library, then what uses both */
static void add_scripts(struct bm_html *html)
{
	bm_html_island(html);
	add_element(html, "script", "pages/chart.min.js");
	add_element(html, "script", "pages/page.js");
	bm_html_raw(html, "</body>\n</html>\n");
}

/* section - open a part of the page under a heading */
static void section(struct bm_html *html, const char *id, const char *heading)
{
	bm_text_format(html->out, "<section id=\"%s\" aria-labelledby=\"%s-h\"><h2 id=\"%s-h\">",
		       id, id, id);
	bm_html_say(html, heading);
	bm_html_raw(html, "</h2>\n");
}

/* add_page - the whole page; tables come last, into what room the rest leaves */
static void add_page(struct bm_html *html)
{
	struct bm_text scripts = {0};
	struct bm_text *const page = bm_html_into(html, &scripts);
	add_foot(html);
	add_scripts(html);
	bm_html_into(html, page);
	add_head(html);
	add_banner(html);
	add_title(html);
	bm_html_overview(html);
	section(html, "time", "Over time");
	bm_html_charts(html, true);
	bm_html_raw(html, "</section>\n");
	section(html, "causes", "Why it failed, and what to do");
	bm_html_causes(html);
	bm_html_raw(html, "</section>\n");
	section(html, "places", "Where, and what became of it");
	bm_html_charts(html, false);
	bm_html_raw(html, "</section>\n");
	section(html, "proof", "Nothing lost");
	bm_html_proof(html);
	bm_html_raw(html, "</section>\n");
	section(html, "tables", "All tables");
	const size_t used = page->size + scripts.size + sizeof "</section>\n";
	bm_html_tables(html, used < HTML_BYTES_MAX ? HTML_BYTES_MAX - used : 0);
	bm_html_raw(html, "</section>\n");
	bm_text_add(page, (struct bm_bytes){scripts.data, scripts.size});
	bm_text_dispose(&scripts);
}

/* save - the page to a file; the first failure is said of the file's final name */
static enum bm_err save(const struct bm_text *page, const char *path, const char *target)
{
	FILE *const file = fopen(path, "wb");
	bool good = file && fwrite(page->data, 1, page->size, file) == page->size;
	int why = errno;
	if (file && fclose(file) != 0 && good) {
		why = errno;
		good = false;
	}
	if (good)
		return BM_OK;
	bm_say(target, "cannot be written: %s", strerror(why));
	return BM_WRITE;
}

static enum bm_err html_document(const char *path, const struct bm_document *document)
{
	const struct bm_sheet *const totals = bm_sheet_of(document, "totals");
	const struct bm_sheet *const categories = bm_sheet_of(document, "categories");
	struct bm_text page = {0};
	struct bm_html html = {.document = document, .lang = document->view->lang};
	html.numbers.lang = html.lang;
	bm_html_into(&html, &page);
	if (totals && categories)
		bm_overview_make(&html.overview, document->view, totals, categories);
	bm_charts_make(&html.charts, document);
	add_page(&html);
	bm_charts_dispose(&html.charts);
	bm_text_dispose(&html.scratch);
	const enum bm_err err = save(&page, path, document->target);
	bm_text_dispose(&page);
	return err;
}

const struct bm_writer bm_writer_html = {
	.name = "html",
	.suffix = ".html",
	.document_name = "report.html",
	.document = html_document,
};
