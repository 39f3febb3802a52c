/* choices.c - rule files written out: each phrase that a choice stands for, on its own.
 *
 * The syntax is that of rule.h.  A line is cut in its head (name to codes) and its quoted texts; each
 * text is written out to plain phrases, as the engine does when it reads rules.  What is written
 * back has the same meaning: every phrase escaped, `|` between them, the ~ of the source between the
 * texts.  A line of the source stays a line, so rules keep their order.
 *
 * A file is known to be sound (the engine has read it), so nothing is checked here.
 */
#include "choices.h"

#include "bouncemill/error.h"

/* One plain phrase of a rule. */
struct choice {
	struct bm_text text; /* folded, without escapes */
	uint32_t group;      /* number of the quoted text in the line */
	bool seen, unseen;   /* replies that support it */
};

/* One line of a file. */
struct line {
	struct bm_bytes source, name, head;
	struct bm_bytes joint[8]; /* what stands in front of each quoted text */
	struct choice *choices;
	size_t count, room;
	uint32_t groups;
	size_t file;
};

struct choices {
	struct line *lines;
	size_t count, room, files;
};

struct choices *choices_new(void)
{
	return bm_zalloc(1, sizeof(struct choices));
}

void choices_free(struct choices *choices)
{
	for (size_t i = 0; i < choices->count; i++) {
		for (size_t k = 0; k < choices->lines[i].count; k++)
			bm_text_dispose(&choices->lines[i].choices[k].text);
		bm_free(choices->lines[i].choices);
	}
	bm_free(choices->lines);
	bm_free(choices);
}

/* next_of - offset of one of two bytes that no backslash escapes, or the end; braces hide what is in
 * them when hidden is set */
static size_t next_of(struct bm_bytes text, size_t from, char one, char other, bool hidden)
{
	bool inside = false;
	for (size_t i = from; i < text.size; i++) {
		const char byte = (char)text.data[i];
		if (byte == '\\') {
			i++;
			continue;
		}
		if (!inside && (byte == one || byte == other))
			return i;
		if (hidden)
			inside = byte == '{' || (inside && byte != '}');
	}
	return text.size;
}

/* plain - append a piece without escapes, folded */
static void plain(struct bm_text *out, struct bm_bytes piece)
{
	for (size_t i = 0; i < piece.size; i++) {
		i += piece.data[i] == '\\' && i + 1 < piece.size;
		const uint8_t byte = piece.data[i];
		bm_text_byte(out, byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
	}
}

/* expand - add each phrase that rest stands for behind kept */
static void expand(struct line *line, struct bm_bytes kept, struct bm_bytes rest)
{
	const size_t open = next_of(rest, 0, '{', '{', false);
	const size_t close = next_of(rest, open, '}', '}', false);
	const struct bm_bytes inner = {rest.data + open + 1, close > open ? close - open - 1 : 0};
	for (size_t start = 0, end; start <= inner.size; start = end + 1) {
		struct bm_text text = {0};
		end = next_of(inner, start, '|', '|', false);
		bm_text_add(&text, kept);
		plain(&text, (struct bm_bytes){rest.data, open});
		if (open == rest.size) {
			BM_GROW(line->choices, line->count, line->room);
			line->choices[line->count++] =
				(struct choice){.text = text, .group = line->groups};
			return;
		}
		plain(&text, (struct bm_bytes){inner.data + start, end - start});
		expand(line, (struct bm_bytes){text.data, text.size},
		       bm_bytes_from(rest, close + 1));
		bm_text_dispose(&text);
	}
}

/* line_read - head, joints and choices of one line */
static struct line line_read(struct bm_bytes source)
{
	struct line line = {.source = source};
	const size_t first = next_of(source, 0, '"', '#', false);
	line.head = (struct bm_bytes){source.data, first};
	while (line.name.size < first && !strchr(" \t", source.data[line.name.size]))
		line.name.size++;
	line.name.data = source.data;
	for (size_t at = first, joint = first; at < source.size && source.data[at] == '"';) {
		const size_t close = next_of(source, at + 1, '"', '"', false);
		const struct bm_bytes text = {source.data + at + 1, close - at - 1};
		line.joint[line.groups] = (struct bm_bytes){source.data + joint, at - joint};
		for (size_t start = 0, end; start <= text.size; start = end + 1) {
			end = next_of(text, start, '|', '|', true);
			expand(&line, (struct bm_bytes){0},
			       (struct bm_bytes){text.data + start, end - start});
		}
		line.groups++;
		joint = close + 1;
		at = next_of(source, joint, '"', '#', false);
	}
	return line;
}

void choices_add(struct choices *choices, struct bm_bytes text)
{
	for (size_t start = 0, end; start < text.size; start = end + 1) {
		end = bm_bytes_find(text, start, '\n');
		BM_GROW(choices->lines, choices->count, choices->room);
		struct line *const line = &choices->lines[choices->count++];
		*line = line_read((struct bm_bytes){text.data + start, end - start});
		line->file = choices->files;
	}
	choices->files++;
}

void choices_clear(struct choices *choices)
{
	for (size_t i = 0; i < choices->count; i++)
		for (size_t k = 0; k < choices->lines[i].count; k++)
			choices->lines[i].choices[k].seen = choices->lines[i].choices[k].unseen =
				false;
}

void choices_mark(struct choices *choices, const char *rule, struct bm_bytes template, bool unseen)
{
	for (size_t i = 0; i < choices->count; i++) {
		struct line *const line = &choices->lines[i];
		if (!line->groups || !bm_bytes_equal(line->name, bm_bytes_of(rule)))
			continue;
		for (size_t k = 0; k < line->count; k++) {
			struct choice *const choice = &line->choices[k];
			const struct bm_bytes text = {choice->text.data, choice->text.size};
			if (bm_bytes_search(template, text) < template.size)
				*(unseen ? &choice->unseen : &choice->seen) = true;
		}
	}
}

/* group_write - the phrases of one group that stay; returns how many */
static unsigned group_write(const struct line *line, uint32_t group, struct bm_text *out)
{
	unsigned count = 0;
	for (size_t k = 0; k < line->count; k++) {
		const struct choice *const choice = &line->choices[k];
		if (choice->group != group || (choice->unseen && !choice->seen))
			continue;
		if (count++)
			bm_text_byte(out, '|');
		for (size_t i = 0; i < choice->text.size; i++) {
			if (strchr("\"\\{}|", choice->text.data[i]))
				bm_text_byte(out, '\\');
			bm_text_byte(out, choice->text.data[i]);
		}
	}
	return count;
}

unsigned choices_write(const struct choices *choices, size_t index, struct bm_text *out)
{
	unsigned left_out = 0;
	for (size_t i = 0; i < choices->count; i++) {
		const struct line *const line = &choices->lines[i];
		if (line->file != index)
			continue;
		const size_t start = out->size;
		bm_text_add(out, line->groups ? line->head : line->source);
		for (size_t k = 0; k < line->count; k++)
			left_out += line->choices[k].unseen && !line->choices[k].seen;
		for (uint32_t group = 0; group < line->groups; group++) {
			bm_text_add(out, line->joint[group]);
			bm_text_byte(out, '"');
			if (!group_write(line, group, out)) {
				out->size = start;
				break;
			}
			bm_text_byte(out, '"');
		}
		bm_text_byte(out, '\n');
	}
	return left_out;
}
