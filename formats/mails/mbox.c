/* mbox.c - where mails begin in an mbox, and what a file of mail looks like.
 *
 * There are four dialects of mbox and no standard.  What they share is the From_ line: "From ",
 * who, and when.  Quoting (">From ", ">>From ") only concerns body lines and never looks like one;
 * Content-Length, which one dialect trusts instead of quoting, is wrong as soon as anybody edits a
 * mail, so it is not asked for.  A body line "From here on ..." must not cut a mail, therefore a
 * From_ line must have a time and a year, and what follows it must look like a header, a blank
 * line, another From_ line or the end.  In the form of the C library (weekday, month, day, time,
 * year) that is enough; in any other, a blank line or a From_ line must stand before it too.
 *
 * The search is for line ends followed by "From "; only these lines are looked at.  It may start at
 * any offset, and what it says there is what it says when it comes from the start.
 */
#include "work.h"

enum { FROM_BYTES_MAX = 512, NAMES_MIN = 2 };

/* word_take - the next word of a line */
static bool word_take(struct bm_bytes line, size_t *offset, struct bm_bytes *word)
{
	size_t from = *offset, to;
	while (from < line.size && is_blank(line.data[from]))
		from++;
	for (to = from; to < line.size && !is_blank(line.data[to]);)
		to++;
	*word = run_between(line, from, to);
	*offset = to;
	return word->size > 0;
}

/* is_clock - "10:00" or "10:00:00" */
static bool is_clock(struct bm_bytes word)
{
	const size_t colon = bm_bytes_find(word, 0, ':');
	return (colon == 1 || colon == 2) && colon + 2 < word.size && bm_is_digit(word.data[0]) &&
	       bm_is_digit(word.data[colon - 1]) && bm_is_digit(word.data[colon + 1]) &&
	       bm_is_digit(word.data[colon + 2]);
}

/* is_year - 1900 to 2099, alone or before a month: "2026-11-02" */
static bool is_year(struct bm_bytes word)
{
	return (word.size == 4 || (word.size == 10 && word.data[4] == '-')) &&
	       (bm_bytes_starts(word, BM_BYTES("19")) || bm_bytes_starts(word, BM_BYTES("20"))) &&
	       bm_is_digit(word.data[2]) && bm_is_digit(word.data[3]);
}

/* is_weekday - "Mon" to "Sun", with or without a comma */
static bool is_weekday(struct bm_bytes word)
{
	static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	for (size_t i = 0; i < 7 && word.size >= 3 && word.size <= 4; i++)
		if (run_starts(word, names[i]))
			return true;
	return false;
}

/* from_line - is a line a From_ line: 0 no, 1 of some form, 2 of the C library's */
static int from_line(struct bm_bytes line)
{
	bool clock = false, year = false, day = false;
	size_t offset = 5;
	struct bm_bytes word;
	if (line.size > FROM_BYTES_MAX || !bm_bytes_starts(line, BM_BYTES("From ")))
		return 0;
	while (word_take(line, &offset, &word)) {
		clock |= is_clock(word);
		year |= is_year(word);
		day |= is_weekday(word);
	}
	return clock && year ? 1 + day : 0;
}

/* line_at - the line at offset without its end */
static struct bm_bytes line_at(struct bm_bytes data, size_t offset, size_t *next)
{
	struct bm_bytes line = {data.data + data.size, 0};
	*next = offset;
	(void)line_take(data, next, &line);
	return line;
}

/* follows - may the line at offset stand behind a From_ line */
static bool follows(struct bm_bytes data, size_t offset)
{
	size_t next;
	struct bm_bytes name, value;
	if (offset >= data.size)
		return true;
	const struct bm_bytes line =
		line_at(run_first(data, offset + 2 * FROM_BYTES_MAX), offset, &next);
	return line.size == 0 || mime_field_line(line, &name, &value) || from_line(line) ||
	       bm_bytes_starts(line, BM_BYTES(">From ")) || bm_bytes_starts(line, BM_BYTES("rom "));
}

/* stands_free - does a blank line, a From_ line or nothing stand before offset */
static bool stands_free(struct bm_bytes data, size_t offset)
{
	if (offset < 2)
		return true;
	size_t end = offset - 1; /* of the line before, without its \n */
	if (end && data.data[end - 1] == '\r')
		end--;
	if (end == 0 || data.data[end - 1] == '\n')
		return true;
	const size_t low = end > FROM_BYTES_MAX ? end - FROM_BYTES_MAX : 0;
	size_t from = end;
	while (from > low && data.data[from - 1] != '\n')
		from--;
	return from_line(run_between(data, from, end)) > 0;
}

/* is_border - does a mail begin at offset, which is the start of a line */
static bool is_border(struct bm_bytes data, size_t offset)
{
	size_t next;
	const struct bm_bytes near = run_first(data, offset + FROM_BYTES_MAX + 2);
	if (!bm_bytes_starts(bm_bytes_from(data, offset), BM_BYTES("From ")))
		return false;
	const int form = from_line(line_at(near, offset, &next));
	if (form == 0 || !follows(data, next))
		return false;
	return form == 2 || stands_free(data, offset);
}

size_t bm_mbox_border(struct bm_bytes data, size_t from, bool last)
{
	const size_t end = last                             ? data.size
			   : data.size > BM_MBOX_LOOK_BYTES ? data.size - BM_MBOX_LOOK_BYTES
							    : 0;
	if (from == 0 && end > 0 && is_border(data, 0))
		return 0;
	size_t at = from ? from - 1 : 0;
	while (at < end) {
		at = bm_bytes_find(run_first(data, end), at, '\n') + 1;
		if (at < end && at + 5 <= data.size && data.data[at] == 'F' && is_border(data, at))
			return at;
	}
	return data.size;
}

struct bm_bytes bm_mbox_mail(struct bm_bytes data, size_t border, size_t *next)
{
	size_t start = border;
	struct bm_bytes line;
	if (bm_bytes_starts(bm_bytes_from(data, border), BM_BYTES("From ")))
		(void)line_take(data, &start, &line);
	*next = bm_mbox_border(data, border + 1, true);
	return run_between(data, start, *next);
}

/* known_name - a field that hardly any mail lacks */
static bool known_name(struct bm_bytes name)
{
	static const char *const names[] = {"received",       "return-path",
					    "from",           "to",
					    "subject",        "date",
					    "message-id",     "mime-version",
					    "delivered-to",   "content-type",
					    "reply-to",       "x-original-to",
					    "x-received",     "x-apparently-to",
					    "dkim-signature", "authentication-results"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (run_is(name, names[i]))
			return true;
	return false;
}

enum bm_mails_shape bm_mails_sniff(struct bm_bytes head)
{
	size_t offset = 0, names = 0, known = 0, at = 0;
	struct bm_bytes line, name, value;
	if (bm_bytes_starts(head, BM_BYTES("\xef\xbb\xbf")))
		head = bm_bytes_from(head, 3);
	for (; line_take(head, &offset, &line); at = offset) {
		if (names == 0 && run_trim(line).size == 0)
			continue;
		if (names == 0 && from_line(line) && follows(head, offset))
			return BM_MAILS_MBOX;
		if (names && line.size && (line.data[0] == ' ' || line.data[0] == '\t'))
			continue;
		if (line.size == 0 || !mime_field_line(line, &name, &value))
			break;
		names++;
		known += known_name(name);
	}
	/* the last line of a cut head may be cut in its name */
	const bool read = names && (at >= head.size || line.size == 0 || offset >= head.size);
	return read && known && names >= NAMES_MIN ? BM_MAILS_ONE : BM_MAILS_NONE;
}
