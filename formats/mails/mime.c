/* mime.c - a mail taken apart by lines: headers, parts, and nothing else.
 *
 * A bounce is a header, a few parts between boundaries and plain text in them; finding these takes
 * a search for the boundary and for line ends, and that is all this scanner does.  It copies
 * nothing, and it leaves encodings to decode.c.
 *
 * Parts are put in a list, outermost first; a multipart in the list is taken apart when its turn
 * comes, so nothing recurses.  A message inside the mail is one part: what it holds is not ours to
 * count, however much it looks like a report.  Depth, number of parts and length of a header are
 * bounded and the bound is noted, so a mail costs its size times a constant.
 *
 * Faults are met as a mail reader meets them: a part ends where its parent ends, a part whose first
 * line is no field has no header, a multipart without a boundary is text, and lines in a header
 * that are no fields are passed over.
 */
#include "work.h"

enum { BOUNDARY_BYTES_MAX = 16384, NAME_BYTES_MAX = 76 };

bool mime_field_line(struct bm_bytes line, struct bm_bytes *name, struct bm_bytes *value)
{
	size_t i = 0;
	while (i < line.size && i < NAME_BYTES_MAX && line.data[i] > ' ' && line.data[i] < 127 &&
	       line.data[i] != ':')
		i++;
	*name = (struct bm_bytes){line.data, i};
	while (i < line.size && (line.data[i] == ' ' || line.data[i] == '\t'))
		i++;
	if (name->size == 0 || i >= line.size || line.data[i] != ':')
		return false;
	*value = run_trim(bm_bytes_from(line, i + 1));
	return true;
}

/* is_fold - does the line go on with the field before it */
static bool is_fold(struct bm_bytes line)
{
	return line.size && (line.data[0] == ' ' || line.data[0] == '\t');
}

size_t mime_head(struct bm_bytes data, struct bm_bytes *head)
{
	size_t offset = 0, before = 0;
	struct bm_bytes line;
	while (line_take(data, &offset, &line)) {
		if (line.size == 0)
			break;
		before = offset;
	}
	*head = run_first(data, before);
	return offset;
}

/* field_number - which field a name is, or FIELD_COUNT */
static unsigned field_number(struct bm_bytes name)
{
	static const struct {
		const char *name;
		size_t size;
	} names[] = {
#define X(identifier, text) {text, sizeof text - 1},
		MAIL_FIELDS(X)
#undef X
	};
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (names[i].size == name.size &&
		    (uint8_t)names[i].name[0] == bm_lower(*name.data) &&
		    run_starts(name, names[i].name))
			return i;
	return FIELD_COUNT;
}

bool mime_fields(struct bm_bytes head, struct bm_bytes field[FIELD_COUNT])
{
	const struct bm_bytes near = run_first(head, BM_MAIL_HEADER_BYTES_MAX);
	size_t offset = 0;
	unsigned last = FIELD_COUNT;
	struct bm_bytes line, name, value;
	memset(field, 0, FIELD_COUNT * sizeof *field);
	while (line_take(near, &offset, &line)) {
		if (is_fold(line)) {
			if (last < FIELD_COUNT) /* the folds lie behind the value in the mail */
				field[last].size =
					(size_t)(line.data + line.size - field[last].data);
			continue;
		}
		last = FIELD_COUNT;
		if (!mime_field_line(line, &name, &value))
			continue;
		const unsigned number = field_number(name);
		if (number == FIELD_COUNT || field[number].data)
			continue;
		field[number] = value;
		last = number;
	}
	return head.size <= BM_MAIL_HEADER_BYTES_MAX;
}

/* media_type - "text/plain" of a Content-Type */
static struct bm_bytes media_type(struct bm_bytes value)
{
	size_t i = 0;
	while (i < value.size && value.data[i] != ';' && !is_blank(value.data[i]))
		i++;
	return run_first(value, i);
}

bool mime_is(const struct part *part, const char *type)
{
	const struct bm_bytes have = part->type.size ? part->type : BM_BYTES("text/plain");
	return type[strlen(type) - 1] == '/' ? run_starts(have, type) : run_is(have, type);
}

const struct part *mime_find(const struct work *work, const char *type)
{
	for (size_t i = 0; i < work->part_count; i++)
		if (mime_is(&work->parts[i], type))
			return &work->parts[i];
	return NULL;
}

/* parameter_value - a quoted string or a word at the head of run */
static struct bm_bytes parameter_value(struct bm_bytes run)
{
	size_t end = 0;
	if (run.size && run.data[0] == '"') {
		run = bm_bytes_from(run, 1);
		return run_first(run, bm_bytes_find(run, 0, '"'));
	}
	while (end < run.size && run.data[end] != ';' && !is_blank(run.data[end]))
		end++;
	return run_first(run, end);
}

struct bm_bytes mime_parameter(struct work *work, struct bm_bytes value, const char *name)
{
	const size_t size = strlen(name);
	bool quoted = false;
	for (size_t i = 0; i < value.size; i++) {
		quoted ^= value.data[i] == '"';
		if (quoted || value.data[i] != ';')
			continue;
		const struct bm_bytes rest = run_trim(bm_bytes_from(value, i + 1));
		if (!run_starts(rest, name))
			continue;
		const struct bm_bytes behind = run_trim(bm_bytes_from(rest, size));
		if (behind.size && behind.data[0] == '=')
			return parameter_value(run_trim(bm_bytes_from(behind, 1)));
		if (behind.size && behind.data[0] == '*') /* RFC 2231 */
			return decode_parameter(work, value, name);
	}
	return (struct bm_bytes){0};
}

/* part_make - header and body of a part's bytes */
static void part_make(struct work *work, struct part *part, struct bm_bytes data, unsigned depth)
{
	struct bm_bytes line = {0}, name, value;
	size_t offset = 0;
	*part = (struct part){.depth = depth};
	/* a part may have no header: then it starts with a blank line, or with text */
	(void)line_take(data, &offset, &line);
	if (depth && line.size && !mime_field_line(line, &name, &value)) {
		part->head = run_first(data, 0);
		part->body = data;
	} else {
		part->body = bm_bytes_from(data, mime_head(data, &part->head));
	}
	if (!mime_fields(part->head, part->field))
		work->mail->notes |= BM_MAIL_NOTE_HEADER;
	part->type = media_type(part->field[FIELD_CONTENT_TYPE]);
}

/* boundary_find - offset of the next line "--boundary" at or behind from, or body.size; mark is
 * "--boundary", *ends tells of the "--" behind the last one */
static size_t boundary_find(struct bm_bytes body, size_t from, struct bm_bytes mark, bool *ends)
{
	while (from < body.size) {
		const size_t at = from + bm_bytes_search(bm_bytes_from(body, from), mark);
		if (at >= body.size)
			break;
		from = at + mark.size;
		if (at && body.data[at - 1] != '\n')
			continue;
		const size_t end = bm_bytes_find(body, from, '\n');
		const struct bm_bytes rest = run_trim(run_between(body, from, end));
		*ends = bm_bytes_equal(rest, BM_BYTES("--"));
		if (*ends || rest.size == 0)
			return at;
	}
	*ends = false;
	return body.size;
}

/* part_add - a part between two boundaries */
static void part_add(struct work *work, struct bm_bytes data, unsigned depth)
{
	if (work->part_count == BM_MAIL_PARTS_MAX)
		work->mail->notes |= BM_MAIL_NOTE_PARTS;
	else if (depth > BM_MAIL_DEPTH_MAX)
		work->mail->notes |= BM_MAIL_NOTE_DEPTH;
	else
		part_make(work, &work->parts[work->part_count++], data, depth);
}

/* split - add the parts of a multipart */
static void split(struct work *work, const struct part *whole, struct bm_bytes boundary)
{
	const struct bm_bytes body = whole->body;
	const unsigned depth = whole->depth + 1;
	uint8_t *const text = scratch_take(work->scratch, boundary.size + 2);
	memcpy(text, "--", 2);
	memcpy(text + 2, boundary.data, boundary.size);
	const struct bm_bytes mark = {text, boundary.size + 2};
	bool ends;
	size_t at = boundary_find(body, 0, mark, &ends);
	while (at < body.size && !ends) {
		const size_t line = bm_bytes_find(body, at, '\n');
		const size_t from = line < body.size ? line + 1 : body.size;
		at = boundary_find(body, from, mark, &ends);
		part_add(work, run_between(body, from, at), depth);
		if (work->mail->notes & (BM_MAIL_NOTE_PARTS | BM_MAIL_NOTE_DEPTH))
			return;
	}
	if (!ends)
		work->mail->notes |= BM_MAIL_NOTE_CUT;
}

/* comes_again - does the line at the head of rest stand in it a second time */
static bool comes_again(struct bm_bytes rest, struct bm_bytes line)
{
	const struct bm_bytes behind = bm_bytes_from(rest, line.size);
	const size_t at = bm_bytes_search(behind, line);
	return at > 0 && at < behind.size && behind.data[at - 1] == '\n';
}

/* guess_boundary - of a mail whose Content-Type got lost, but whose body starts like a multipart;
 * or empty */
static struct bm_bytes guess_boundary(const struct part *part)
{
	size_t offset = 0, at = 0;
	struct bm_bytes line, next, name, value;
	for (int i = 0; i < 8 && line_take(part->body, &offset, &line); at = offset, i++) {
		if (line.size < 8 || line.data[0] != '-' || line.data[1] != '-' ||
		    is_blank(line.data[2]) || line.data[2] == '-')
			continue;
		size_t behind = offset;
		if (!line_take(part->body, &behind, &next))
			break;
		if (mime_field_line(next, &name, &value)
			    ? run_starts(name, "content-")
			    : comes_again(bm_bytes_from(part->body, at), line))
			return run_trim(bm_bytes_from(line, 2));
	}
	return (struct bm_bytes){0};
}

void mime_read(struct work *work, struct bm_bytes data)
{
	work->part_count = 0;
	part_make(work, &work->parts[work->part_count++], data, 0);
	for (size_t i = 0; i < work->part_count; i++) {
		struct part *const part = &work->parts[i];
		const bool many = mime_is(part, "multipart/");
		if (!many && !(i == 0 && part->type.size == 0))
			continue;
		const struct bm_bytes boundary =
			many ? mime_parameter(work, part->field[FIELD_CONTENT_TYPE], "boundary")
			     : guess_boundary(part);
		if (boundary.size && boundary.size <= BOUNDARY_BYTES_MAX)
			split(work, part, boundary);
	}
}

struct bm_bytes mime_body(struct work *work, const struct part *part, size_t limit)
{
	const struct bm_bytes encoding = part->field[FIELD_CONTENT_ENCODING];
	const struct bm_bytes body = run_first(part->body, limit);
	const bool base64 = run_starts(encoding, "base64");
	return base64 || run_starts(encoding, "quoted-printable")
		       ? decode_transfer(work, body, base64)
		       : body;
}
