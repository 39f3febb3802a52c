/* page.h - a page of text for a person: columns, bars, wrapped lines, a few sober colours.
 *
 * Our own words are given in English and printed in the page's language (words.h).  Everything of
 * the world passes through bm_text_clean and is clipped to its column, counted in
 * columns of the terminal: ideographs are two wide.  Without colour the page says the same.
 */
#ifndef BM_PAGE_H
#define BM_PAGE_H

#include "bouncemill/clock.h"
#include "bouncemill/text.h"

enum bm_style { BM_STYLE_PLAIN, BM_STYLE_HEADING, BM_STYLE_DIM, BM_STYLE_RED, BM_STYLE_YELLOW };

struct bm_page {
	struct bm_text *out;
	bool colour;
	unsigned columns;
	const char *lang;       /* of our own words; NULL = English */
	struct bm_text scratch; /* dispose of it at the end */
};

/* bm_page_say - words of our own in a style, in the page's language; returns their columns */
unsigned bm_page_say(struct bm_page *page, enum bm_style style, const char *words);
/* bm_page_name - the same, filled up to width columns */
void bm_page_name(struct bm_page *page, enum bm_style style, const char *words, unsigned width);
/* bm_page_paint - all that follows is in a style, until BM_STYLE_PLAIN */
void bm_page_paint(struct bm_page *page, enum bm_style style);
/* bm_page_trim - take back blanks at the end of the line */
void bm_page_trim(struct bm_page *page);
/* bm_page_heading - an empty line, then a heading, then in dim what it means if that fits */
void bm_page_heading(struct bm_page *page, const char *heading, const char *meaning);
/* bm_page_text - a text of the world in exactly width columns, clipped or filled up */
void bm_page_text(struct bm_page *page, struct bm_bytes text, unsigned width);
/* bm_page_wrap - a text on as many lines as it takes, all indented; ends the last line */
void bm_page_wrap(struct bm_page *page, struct bm_bytes text, unsigned indent);
/* bm_page_count - a count with thousands separators, flush right in width (0 = as wide as it is) */
void bm_page_count(struct bm_page *page, uint64_t count, unsigned width);
/* bm_page_percent - part of whole as "12.34 %", flush right in width; "-" when whole is 0 */
void bm_page_percent(struct bm_page *page, uint64_t part, uint64_t whole, unsigned width);
/* bm_page_plural - a count and its noun, given as "1 file" */
void bm_page_plural(struct bm_page *page, uint64_t count, const char *one);
/* bm_page_moment - an instant as people write it */
void bm_page_moment(struct bm_page *page, bm_time time);
/* bm_page_bytes - a size as people say it: "2.01 GB" */
void bm_page_bytes(struct bm_page *page, uint64_t bytes);
/* bm_page_bar - part of whole as a bar in exactly width columns, to an eighth of one */
void bm_page_bar(struct bm_page *page, uint64_t part, uint64_t whole, unsigned width);
/* bm_page_spark - one block of a sparkline: value of most; blank if there is nothing to show */
void bm_page_spark(struct bm_page *page, bool blank, double value, double most);
void bm_page_fill(struct bm_page *page, unsigned columns);
void bm_page_end_line(struct bm_page *page);

/* bm_page_width - columns that a text takes on one line */
unsigned bm_page_width(struct bm_bytes text);

#endif
