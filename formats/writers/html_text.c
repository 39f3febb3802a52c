/* html_text.c - words, numbers and texts of the world as HTML; see html.h.
 *
 * This is the one place where a byte of a log can become a byte of the page.
 */
#include "html.h"

#include "bouncemill/words.h"

#include "title.h"

struct bm_text *bm_html_into(struct bm_html *html, struct bm_text *out)
{
	struct bm_text *const before = html->out;
	html->out = html->numbers.out = out;
	return before;
}

void bm_html_raw(struct bm_html *html, const char *markup)
{
	bm_text_add(html->out, bm_bytes_of(markup));
}

/* entity - how a byte is spelt that means something to HTML; NULL for all others */
static const char *entity(uint8_t byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void bm_html_text(struct bm_html *html, struct bm_bytes text, size_t limit)
{
	struct bm_text *const clean = &html->scratch;
	clean->size = 0;
	bm_text_clean(clean, text, limit);
	for (size_t i = 0; i < clean->size; i++) {
		const char *const name = entity(clean->data[i]);
		if (name)
			bm_html_raw(html, name);
		else
			bm_text_byte(html->out, clean->data[i]);
	}
}

void bm_html_say(struct bm_html *html, const char *english)
{
	bm_html_text(html, bm_bytes_of(bm_words(english, html->lang)), 0);
}

void bm_html_title(struct bm_html *html, const char *name)
{
	struct bm_text title = {0};
	bm_title_add(&title, name, html->lang);
	bm_html_text(html, (struct bm_bytes){title.data, title.size}, 0);
	bm_text_dispose(&title);
}

/* is_one_of - is name among words, which end with NULL */
static bool is_one_of(const char *name, const char *const *words)
{
	while (*words && !bm_bytes_equal(bm_bytes_of(name), bm_bytes_of(*words)))
		words++;
	return *words != NULL;
}

void bm_html_cell_text(struct bm_html *html, const char *column, struct bm_bytes text)
{
	static const char *const categories[] = {"category", "top_category", NULL};
	static const char *const words[] = {"fault", "severity", NULL};
	if (is_one_of(column, categories)) {
		text = bm_title_category(text, html->lang);
	} else if (is_one_of(column, words)) {
		char word[32] = "";
		if (text.size < sizeof word)
			memcpy(word, text.data, text.size);
		bm_html_say(html, word);
		return;
	}
	bm_html_text(html, text, HTML_CELL_BYTES_MAX);
}

void bm_html_count(struct bm_html *html, uint64_t count)
{
	bm_page_count(&html->numbers, count, 0);
}

void bm_html_percent(struct bm_html *html, uint64_t part, uint64_t whole)
{
	bm_page_percent(&html->numbers, part, whole, 0);
}

void bm_html_share(struct bm_html *html, double share)
{
	const uint64_t whole = UINT64_C(1000000000000);
	if (share < 0)
		bm_html_raw(html, "-");
	bm_html_percent(html, (uint64_t)((share < 0 ? -share : share) * (double)whole + 0.5),
			whole);
}

void bm_html_plural(struct bm_html *html, uint64_t count, const char *one)
{
	const char *const other = bm_words(one, html->lang);
	bm_html_count(html, count);
	if (other != one)
		bm_text_format(html->out, " %s", other);
	else
		bm_text_format(html->out, "%s%s", one + 1, count == 1 ? "" : "s");
}

void bm_html_moment(struct bm_html *html, bm_time time)
{
	enum { SECONDS_END = 19 }; /* of 2026-01-31T08:15:00+01:00 */
	char text[BM_TIME_TEXT_MAX];
	size_t size = bm_time_text(time, text);
	if (size > SECONDS_END && text[4] == '-')
		size = SECONDS_END;
	for (size_t i = 0; i < size; i++)
		bm_text_byte(html->out, text[i] == 'T' ? ' ' : (uint8_t)text[i]);
}

void bm_html_bar(struct bm_html *html, const char *class, const double *values,
		 const uint32_t *colours, size_t count, double whole)
{
	enum { WIDTH = 1000 };
	double before = 0;
	bm_text_format(html->out,
		       "<svg class=\"%s\" viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" "
		       "aria-hidden=\"true\">",
		       class, WIDTH);
	for (size_t i = 0; i < count && whole > 0; i++) {
		const int left = (int)(before / whole * WIDTH + 0.5);
		before += values[i];
		const int right = (int)(before / whole * WIDTH + 0.5);
		if (right > left)
			bm_text_format(html->out,
				       "<rect class=\"mark\" x=\"%d\" width=\"%d\" height=\"10\" "
				       "fill=\"#%06x\"/>",
				       left, right - left, colours[i]);
	}
	bm_html_raw(html, "</svg>");
}
