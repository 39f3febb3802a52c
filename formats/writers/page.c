/* page.c - a page of text for a person.
 *
 * Widths are ours and not the locale's, so that the page is the same everywhere: ideographs,
 * kana, hangul, wide forms and pictographs take two columns, combining marks none, all else one.
 */
#include "page.h"

#include "bouncemill/words.h"

enum { PIECE_BYTES_MAX = 4096, TAIL_COLUMNS = 1, EIGHTHS = 8 };

static const char *const codes[] = {
	[BM_STYLE_PLAIN] = "\033[0m", [BM_STYLE_HEADING] = "\033[1m", [BM_STYLE_DIM] = "\033[2m",
	[BM_STYLE_RED] = "\033[31m",  [BM_STYLE_YELLOW] = "\033[33m",
};

void bm_page_paint(struct bm_page *page, enum bm_style style)
{
	if (page->colour)
		bm_text_add(page->out, bm_bytes_of(codes[style]));
}

void bm_page_trim(struct bm_page *page)
{
	while (page->out->size > 0 && page->out->data[page->out->size - 1] == ' ')
		page->out->size--;
}

void bm_page_end_line(struct bm_page *page)
{
	bm_text_byte(page->out, '\n');
}

void bm_page_fill(struct bm_page *page, unsigned columns)
{
	memset(bm_text_room(page->out, columns), ' ', columns);
	page->out->size += columns;
}

/* next_point - the code point at *at of well-formed UTF-8, which moves behind it */
static uint32_t next_point(struct bm_bytes text, size_t *at)
{
	const uint8_t lead = text.data[(*at)++];
	uint32_t point = lead < 0x80   ? lead
			 : lead < 0xe0 ? lead & 0x1fu
			 : lead < 0xf0 ? lead & 0xfu
				       : lead & 7u;
	for (; *at < text.size && (text.data[*at] & 0xc0) == 0x80; ++*at)
		point = point << 6 | (text.data[*at] & 0x3f);
	return point;
}

/* width_of - columns a code point takes */
static unsigned width_of(uint32_t point)
{
	static const struct {
		uint32_t first, last;
		unsigned width;
	} ranges[] = {
		{0x300, 0x36f, 0},     {0x483, 0x489, 0},     {0x591, 0x5bd, 0},
		{0x610, 0x61a, 0},     {0x64b, 0x65f, 0},     {0x1100, 0x115f, 2},
		{0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},   {0x200b, 0x200d, 0},
		{0x20d0, 0x20ff, 0},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},
		{0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},
		{0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},
		{0xffe0, 0xffe6, 2},   {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
		{0xe0100, 0xe01ef, 0},
	};
	for (size_t i = 0; point >= 0x300 && i < sizeof ranges / sizeof *ranges; i++)
		if (point <= ranges[i].last)
			return point >= ranges[i].first ? ranges[i].width : 1;
	return 1;
}

unsigned bm_page_width(struct bm_bytes text)
{
	unsigned columns = 0;
	for (size_t at = 0; at < text.size;)
		columns += width_of(next_point(text, &at));
	return columns;
}

unsigned bm_page_say(struct bm_page *page, enum bm_style style, const char *english)
{
	const char *const words = bm_words(english, page->lang);
	if (style != BM_STYLE_PLAIN)
		bm_page_paint(page, style);
	bm_text_add(page->out, bm_bytes_of(words));
	if (style != BM_STYLE_PLAIN)
		bm_page_paint(page, BM_STYLE_PLAIN);
	return bm_page_width(bm_bytes_of(words));
}

void bm_page_name(struct bm_page *page, enum bm_style style, const char *words, unsigned width)
{
	const unsigned used = bm_page_say(page, style, words);
	bm_page_fill(page, used < width ? width - used : 0);
}

void bm_page_heading(struct bm_page *page, const char *heading, const char *meaning)
{
	bm_page_end_line(page);
	const unsigned used = bm_page_say(page, BM_STYLE_HEADING, heading);
	if (meaning[0] &&
	    used + 2 + bm_page_width(bm_bytes_of(bm_words(meaning, page->lang))) <= page->columns) {
		bm_page_fill(page, 2);
		bm_page_say(page, BM_STYLE_DIM, meaning);
	}
	bm_page_end_line(page);
}

/* fitting - bytes of cleaned text that fit into width columns; *used is how many they take */
static size_t fitting(struct bm_bytes text, unsigned width, unsigned *used)
{
	size_t size = 0;
	*used = 0;
	for (size_t at = 0; at < text.size; size = at) {
		const unsigned wide = width_of(next_point(text, &at));
		if (*used + wide > width)
			break;
		*used += wide;
	}
	return size;
}

/* cleaned - a text of the world made safe in the page's scratch */
static struct bm_bytes cleaned(struct bm_page *page, struct bm_bytes text)
{
	page->scratch.size = 0;
	bm_text_clean(&page->scratch, text, PIECE_BYTES_MAX);
	return (struct bm_bytes){page->scratch.data, page->scratch.size};
}

void bm_page_text(struct bm_page *page, struct bm_bytes text, unsigned width)
{
	const struct bm_bytes clean = cleaned(page, text);
	unsigned used;
	size_t size = fitting(clean, width, &used);
	const bool clipped = size < clean.size;
	if (clipped)
		size = fitting(clean, width > 0 ? width - TAIL_COLUMNS : 0, &used);
	bm_text_add(page->out, (struct bm_bytes){clean.data, size});
	if (clipped && width > 0) {
		bm_text_add(page->out, BM_BYTES("…"));
		used += TAIL_COLUMNS;
	}
	bm_page_fill(page, width - used);
}

/* is_closing - punctuation that no line of Chinese begins with */
static bool is_closing(uint32_t point)
{
	static const uint16_t closings[] = {0x2019, 0x201d, 0x3001, 0x3002, 0x3009,
					    0x300b, 0x300d, 0x300f, 0x3011, 0xff01,
					    0xff09, 0xff0c, 0xff1a, 0xff1b, 0xff1f};
	for (size_t i = 0; i < sizeof closings / sizeof *closings; i++)
		if (point == closings[i])
			return true;
	return false;
}

/* with_closings - where the closing punctuation behind at ends; its columns are added to *width */
static size_t with_closings(struct bm_bytes text, size_t at, unsigned *width)
{
	for (size_t next = at; at < text.size; at = next) {
		const uint32_t point = next_point(text, &next);
		if (!is_closing(point))
			break;
		*width += width_of(point);
	}
	return at;
}

/* unit - bytes of what may not be broken at the head of text: a wide character or a word, and the
 * closing punctuation behind it */
static size_t unit(struct bm_bytes text, unsigned *width)
{
	size_t at = 0;
	*width = width_of(next_point(text, &at));
	if (*width == 2)
		return with_closings(text, at, width);
	while (at < text.size && text.data[at] != ' ') {
		size_t next = at;
		const unsigned wide = width_of(next_point(text, &next));
		if (wide == 2)
			break;
		*width += wide;
		at = next;
	}
	return with_closings(text, at, width);
}

void bm_page_wrap(struct bm_page *page, struct bm_bytes text, unsigned indent)
{
	struct bm_bytes rest = cleaned(page, text);
	unsigned column = indent, width;
	bm_page_fill(page, indent);
	for (size_t size; rest.size > 0; rest = bm_bytes_from(rest, size)) {
		const bool blank = rest.data[0] == ' ';
		size = blank ? 1 : unit(rest, &width);
		if (blank)
			continue;
		const bool spaced = rest.data > page->scratch.data && rest.data[-1] == ' ';
		if (column > indent && column + spaced + width > page->columns) {
			bm_page_end_line(page);
			bm_page_fill(page, indent);
			column = indent;
		} else if (spaced && column > indent) {
			bm_page_fill(page, 1);
			column++;
		}
		bm_text_add(page->out, (struct bm_bytes){rest.data, size});
		column += width;
	}
	bm_page_end_line(page);
}

void bm_page_count(struct bm_page *page, uint64_t count, unsigned width)
{
	uint8_t digits[32];
	size_t at = sizeof digits;
	for (unsigned place = 0; place == 0 || count > 0; place++, count /= 10) {
		if (place > 0 && place % 3 == 0)
			digits[--at] = ',';
		digits[--at] = (uint8_t)('0' + count % 10);
	}
	const unsigned size = (unsigned)(sizeof digits - at);
	if (size < width)
		bm_page_fill(page, width - size);
	bm_text_add(page->out, (struct bm_bytes){digits + at, size});
}

void bm_page_percent(struct bm_page *page, uint64_t part, uint64_t whole, unsigned width)
{
	struct bm_text text = {0};
	const double share = whole ? (double)part / (double)whole : 0;
	const unsigned hundredths = (unsigned)(share * 10000 + 0.5);
	if (whole == 0)
		bm_text_byte(&text, '-');
	else if (part > 0 && hundredths == 0)
		bm_text_add(&text, BM_BYTES("<0.01 %"));
	else
		bm_text_format(&text, "%u.%02u %%", hundredths / 100, hundredths % 100);
	if (text.size < width)
		bm_page_fill(page, width - (unsigned)text.size);
	bm_text_add(page->out, (struct bm_bytes){text.data, text.size});
	bm_text_dispose(&text);
}

void bm_page_plural(struct bm_page *page, uint64_t count, const char *one)
{
	const char *const other = bm_words(one, page->lang);
	bm_page_count(page, count, 0);
	if (other != one)
		bm_text_format(page->out, " %s", other);
	else
		bm_text_format(page->out, "%s%s", one + 1, count == 1 ? "" : "s");
}

void bm_page_moment(struct bm_page *page, bm_time time)
{
	char text[BM_TIME_TEXT_MAX];
	const size_t size = bm_time_text(time, text);
	for (size_t i = 0; i < size; i++)
		bm_text_byte(page->out, text[i] == 'T' ? ' ' : (uint8_t)text[i]);
}

void bm_page_bytes(struct bm_page *page, uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	unsigned step = 0;
	uint64_t unit_bytes = 1;
	while (step + 1 < sizeof units / sizeof *units && bytes / unit_bytes >= 1000) {
		unit_bytes *= 1000;
		step++;
	}
	const uint64_t whole = bytes / unit_bytes;
	const unsigned hundredths = (unsigned)(bytes % unit_bytes * 100 / unit_bytes);
	if (step == 0)
		bm_text_format(page->out, "%u B", (unsigned)whole);
	else if (whole < 10)
		bm_text_format(page->out, "%u.%02u %s", (unsigned)whole, hundredths, units[step]);
	else
		bm_text_format(page->out, "%u.%u %s", (unsigned)whole, hundredths / 10,
			       units[step]);
}

void bm_page_bar(struct bm_page *page, uint64_t part, uint64_t whole, unsigned width)
{
	static const char *const blocks[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	const double share = whole ? (double)part / (double)whole : 0;
	unsigned eighths = (unsigned)(share * width * EIGHTHS + 0.5);
	if (part > 0 && eighths == 0)
		eighths = 1;
	for (unsigned i = 0; i < eighths / EIGHTHS; i++)
		bm_text_add(page->out, BM_BYTES("█"));
	bm_text_add(page->out, bm_bytes_of(blocks[eighths % EIGHTHS]));
	bm_page_fill(page, width - (eighths + EIGHTHS - 1) / EIGHTHS);
}

void bm_page_spark(struct bm_page *page, bool blank, double value, double most)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	const unsigned height = most > 0 ? (unsigned)(value / most * (EIGHTHS - 1) + 0.5) : 0;
	bm_text_add(page->out, blank ? BM_BYTES(" ") : bm_bytes_of(blocks[height]));
}
