/* reason.c - why a mail came back: the telling part of what stands behind a recipient.
 *
 * A notice surrounds the reason with words of its own ("SMTP error from remote mail server after
 * RCPT TO:", "Technical details of permanent failure:").  Where an SMTP reply is quoted, it is the
 * reason, whole and nothing else: from its code to the end of its paragraph.  A code is believed
 * only where a reply may begin, so that "queue 500 messages" is none.  The stage that was named
 * before it is put behind it in Postfix's words, for there the tokenizer of replies looks for it.
 * Where no reply is quoted, the reason is what remains when the lines that explain nothing are left
 * out (notice_idle_words).
 */
#include "reason.h"

#include "notices.h"

enum {
	REGION_BYTES_MAX = 4096,
	REASON_BYTES_MAX = 1000,
	CAUSE_BYTES_MAX = 300,
	ALIAS_BYTES_MAX = 400,
	FRAMES_MISSED_MAX = 100
};

/* starts_any - does low begin with one of the words */
static bool starts_any(struct bm_bytes low, const char *const words[])
{
	for (size_t i = 0; words[i]; i++)
		if (bm_bytes_starts(low, bm_bytes_of(words[i])))
			return true;
	return false;
}

/* stands_out - may a reply begin at offset: at the start of a line or sentence, behind a colon or in
 * brackets */
static bool stands_out(struct bm_bytes run, size_t offset)
{
	if (offset == 0 || strchr("\n[(\"'", run.data[offset - 1]))
		return true;
	size_t back = offset;
	while (back && (run.data[back - 1] == ' ' || run.data[back - 1] == '\t'))
		back--;
	return back < offset && (back == 0 || strchr("\n:>,<]|=.;", run.data[back - 1]));
}

/* code_at - does an SMTP code of failure begin a reply at offset, or an enhanced one a line */
static bool code_at(struct bm_bytes run, size_t offset)
{
	const uint8_t *const at = run.data + offset;
	struct bm_enhanced enhanced;
	if (offset + 5 > run.size || (at[0] != '4' && at[0] != '5'))
		return false;
	if (at[1] == '.' && (offset == 0 || at[-1] == '\n' ||
			     (offset > 2 && run_is(run_between(run, offset - 3, offset), "-- "))))
		return bm_enhanced_parse(bm_bytes_from(run, offset), &enhanced) > 0;
	return at[1] <= '7' && bm_is_digit(at[1]) && bm_is_digit(at[2]) &&
	       strchr(" -:\n\r", at[3]) && stands_out(run, offset);
}

size_t reason_code(struct bm_bytes run)
{
	for (size_t i = 0; i + 5 <= run.size; i++)
		if ((run.data[i] == '4' || run.data[i] == '5') && code_at(run, i) &&
		    !(run.data[i + 1] == '0' && run.data[i + 2] == '3' &&
		      run_has(run_between(run, i, i + 24), "RCPT")))
			return i;
	return run.size;
}

/* is_rule - is a line nothing but dashes, stars and the like */
static bool is_rule(struct bm_bytes line)
{
	for (size_t i = 0; i < line.size; i++)
		if (!strchr("-=*_# \t", line.data[i]))
			return false;
	return true;
}

/* ends - is a line one that never belongs to the reply before it */
static bool ends(struct bm_bytes line)
{
	for (size_t i = 0; notice_end_words[i]; i++)
		if (run_starts(line, notice_end_words[i]))
			return true;
	return false;
}

/* reply_end - bytes of the reply at the head of run: its paragraph, up to the next command */
static size_t reply_end(struct bm_bytes run)
{
	size_t offset = 0, at = 0;
	struct bm_bytes line;
	for (; line_take(run, &offset, &line); at = offset) {
		const struct bm_bytes head = run_trim(line);
		if (at == 0)
			continue;
		if (head.size == 0 || is_rule(head) || ends(head))
			return at;
		/* a code of its own, unless it goes on with the same reply */
		if (code_at(head, 0) && head.data[1] != '.' && memcmp(head.data, run.data, 3) != 0)
			return at;
		if (run_starts(head, "<<<") && run.data[3] != '-')
			return at;
	}
	return run.size;
}

/* stage_words - the stage a program names before the reply, in Postfix's words for it */
static const char *stage_words(struct bm_bytes low)
{
	static const struct {
		const char *have, *want;
	} table[] = {{"after rcpt to", " (in reply to RCPT TO command)"},
		     {"after rcpt command", " (in reply to RCPT TO command)"},
		     {"after mail from", " (in reply to MAIL FROM command)"},
		     {"after end of data", " (in reply to end of DATA command)"},
		     {"after i sent the message", " (in reply to end of DATA command)"},
		     {"does not like recipient", " (in reply to RCPT TO command)"},
		     {"but sender was rejected", " (in reply to MAIL FROM command)"},
		     {"did not like our rcpt to", " (in reply to RCPT TO command)"},
		     {"did not like our mail from", " (in reply to MAIL FROM command)"},
		     {"did not like our final data", " (in reply to end of DATA command)"}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (run_has(low, table[i].have))
			return table[i].want;
	return "";
}

/* unclosed - a run without the parenthesis or bracket that closes at its end, when it opened before
 * the run: "(reason: 550 User unknown)" */
static struct bm_bytes unclosed(struct bm_bytes run)
{
	while (run.size && strchr("\"' ", run.data[run.size - 1]))
		run.size--;
	const uint8_t last = run.size ? run.data[run.size - 1] : 0;
	const uint8_t open = last == ')' ? '(' : last == ']' ? '[' : 0;
	if (open && bm_bytes_find(run, 0, open) == run.size)
		run.size--;
	return run;
}

struct bm_bytes reason_reply(struct work *work, struct bm_bytes run, const char *stage)
{
	struct bm_bytes line = unclosed(
		scratch_unfold(work->scratch, run_first(run, reply_end(run)), REGION_BYTES_MAX));
	const size_t tail = strlen(stage);
	if (line.size < 5 || line.data[1] == '.')
		return line;
	if (line.size > 8 && line.data[3] == ' ' && memcmp(line.data, line.data + 4, 3) == 0 &&
	    strchr(" -:", line.data[7]))
		line = bm_bytes_from(line, 4);
	const struct bm_bytes rest =
		line.data[3] == '-' ? bm_bytes_from(line, 4) : run_trim(bm_bytes_from(line, 4));
	uint8_t *const text = scratch_take(work->scratch, 4 + rest.size + tail);
	memcpy(text, line.data, 3);
	text[3] = line.data[3] == '-' ? '-' : ' ';
	if (rest.size)
		memcpy(text + 4, rest.data, rest.size);
	memcpy(text + 4 + rest.size, stage, tail);
	return (struct bm_bytes){text, 4 + rest.size + tail};
}

/* is_closing - does a line open a paragraph that explains nothing */
static bool is_closing(struct work *work, struct bm_bytes line)
{
	return starts_any(scratch_lower(work->scratch, run_first(line, 64)), notice_closing_words);
}

/* is_idle - does a line explain nothing: boilerplate, a rule, "on <date>" behind a recipient */
static bool is_idle(struct work *work, struct bm_bytes line)
{
	const struct bm_bytes low = scratch_lower(work->scratch, run_first(line, 64));
	return line.size == 0 || is_rule(line) || starts_any(low, notice_idle_words) ||
	       (run_starts(low, "on ") && work_date(bm_bytes_from(line, 3)) != BM_TIME_UNKNOWN);
}

struct bm_bytes reason_words(struct work *work, struct bm_bytes region, bool behind)
{
	uint8_t *const text = scratch_take(work->scratch, REASON_BYTES_MAX);
	size_t size = 0, offset = 0;
	bool closing = false; /* inside a paragraph that explains nothing */
	struct bm_bytes line;
	while (size < REASON_BYTES_MAX && line_take(region, &offset, &line)) {
		struct bm_bytes rest = run_trim(line);
		while (rest.size && strchr(":;,.-*> ", rest.data[0]))
			rest = bm_bytes_from(rest, 1);
		closing = rest.size && (closing || is_closing(work, rest));
		if (closing && behind)
			break;
		if (closing || is_idle(work, rest))
			continue;
		rest = run_first(rest, REASON_BYTES_MAX - size);
		memcpy(text + size, rest.data, rest.size);
		size += rest.size;
		if (size < REASON_BYTES_MAX)
			text[size++] = ' ';
	}
	return run_trim((struct bm_bytes){text, size});
}

struct bm_bytes reason_with_cause(struct work *work, struct bm_bytes reply, struct bm_bytes cause)
{
	const struct bm_bytes low = scratch_lower(work->scratch, reply);
	if (cause.size == 0 || cause.size > 300 || strchr(">.<-", cause.data[0]) ||
	    (!run_has(low, "service unavailable") && !run_has(low, "unknown mailer error")))
		return reply;
	uint8_t *const text = scratch_take(work->scratch, reply.size + cause.size + 3);
	memcpy(text, reply.data, reply.size);
	memcpy(text + reply.size, " (", 2);
	memcpy(text + reply.size + 2, cause.data, cause.size);
	text[reply.size + cause.size + 2] = ')';
	return (struct bm_bytes){text, reply.size + cause.size + 3};
}

/* line_before - the last line of run that is not blank */
static struct bm_bytes line_before(struct bm_bytes run)
{
	const struct bm_bytes text = run_trim(run);
	size_t from = text.size;
	while (from && text.data[from - 1] != '\n')
		from--;
	return run_trim(bm_bytes_from(text, from));
}

struct bm_bytes reason_shape(struct work *work, struct bm_bytes region, bool *quoted)
{
	region = run_first(region, REGION_BYTES_MAX);
	const struct bm_bytes head = run_trim(region);
	size_t colon = 0;
	while (colon < head.size && strchr(": ", head.data[colon]))
		colon++;
	const struct bm_bytes frame = bm_bytes_from(head, colon);
	const size_t code = reason_code(region);
	*quoted = code < region.size;
	/* Postfix's own frame is what the tokenizer of replies knows best */
	if (run_starts(frame, "host ") &&
	    bm_bytes_search(run_first(frame, 600), BM_BYTES("said:")) < 600 &&
	    bm_bytes_search(run_first(frame, 600), BM_BYTES("said:")) < frame.size) {
		*quoted = true;
		size_t end = bm_bytes_search(frame, BM_BYTES("\n\n"));
		return scratch_unfold(work->scratch, run_first(frame, end), REGION_BYTES_MAX);
	}
	if (!*quoted)
		return reason_words(work, region, true);
	const struct bm_bytes early = run_first(region, code);
	const struct bm_bytes low = scratch_lower(work->scratch, early);
	return reason_with_cause(work,
				 reason_reply(work, bm_bytes_from(region, code), stage_words(low)),
				 line_before(early));
}

struct bm_bytes reason_remote(struct bm_bytes region)
{
	static const char *const marks[] = {"host ", "talking to ", "domain by ", "host: ", " by "};
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		const size_t at = run_find(region, marks[i]);
		if (at == region.size)
			continue;
		const struct bm_bytes host = bm_bytes_from(region, at + strlen(marks[i]));
		size_t size = 0, dots = 0;
		for (; size < host.size && size < 255 &&
		       (is_letter(host.data[size]) || bm_is_digit(host.data[size]) ||
			strchr("-._", host.data[size]));
		     size++)
			dots += host.data[size] == '.';
		while (size && host.data[size - 1] == '.')
			size--;
		if (dots && size && is_letter(host.data[size - 1]))
			return run_first(host, size);
	}
	return (struct bm_bytes){0};
}

/* is_whole - does a reply whose first line is "550-..." have its last one, "550 ..." */
static bool is_whole(struct bm_bytes reply)
{
	const uint8_t last[5] = {' ', reply.data[0], reply.data[1], reply.data[2], ' '};
	return bm_bytes_search(reply, (struct bm_bytes){last, sizeof last}) < reply.size;
}

struct bm_bytes reason_transcript(struct work *work, struct bm_bytes first)
{
	if (first.size < 8 || first.data[3] != '-' || !code_at(first, 0) || is_whole(first))
		return (struct bm_bytes){0};
	const struct bm_bytes text = work_text(work);
	size_t offset = bm_bytes_search(text, BM_BYTES("<<< "));
	if (offset == text.size)
		return (struct bm_bytes){0};
	uint8_t *const whole = scratch_take(work->scratch, REGION_BYTES_MAX);
	size_t size = 0;
	struct bm_bytes line;
	while (line_take(text, &offset, &line)) {
		if (!bm_bytes_starts(line, BM_BYTES("<<< ")) ||
		    (size == 0 && !bm_bytes_starts(bm_bytes_from(line, 4), first))) {
			if (size)
				break;
			continue;
		}
		const struct bm_bytes rest =
			run_first(bm_bytes_from(line, 4), REGION_BYTES_MAX - size - 1);
		memcpy(whole + size, rest.data, rest.size);
		size += rest.size;
		if (size + 2 > REGION_BYTES_MAX)
			break;
		whole[size++] = ' ';
	}
	return run_trim((struct bm_bytes){whole, size});
}

/* frame_start - offset behind "<address>: " or "<address> (expanded from <other>): " at the head of
 * run, whose address takes size bytes */
static size_t frame_start(struct bm_bytes run, size_t size)
{
	const struct bm_bytes near = run_first(run, size + ALIAS_BYTES_MAX);
	const bool alias = run_starts(bm_bytes_from(near, size), " (expanded from");
	const struct bm_bytes mark = alias ? BM_BYTES("): ") : BM_BYTES(": ");
	const struct bm_bytes rest = bm_bytes_from(near, size);
	const size_t at = bm_bytes_search(rest, mark);
	return at < rest.size && (alias || at == 0) ? size + at + mark.size : 0;
}

struct bm_bytes reason_frame(struct work *work, struct bm_bytes address)
{
	const struct bm_bytes text = work_text(work);
	uint8_t *const mark = scratch_take(work->scratch, address.size + 2);
	mark[0] = '<';
	memcpy(mark + 1, address.data, address.size);
	mark[address.size + 1] = '>';
	const struct bm_bytes rest = bm_bytes_from(text, work->frame_at);
	const size_t at = work->frames_missed < FRAMES_MISSED_MAX
				  ? bm_bytes_search(rest, (struct bm_bytes){mark, address.size + 2})
				  : rest.size;
	work->frames_missed += at == rest.size;
	if (at == rest.size)
		return (struct bm_bytes){0};
	work->frame_at += at + 1;
	const size_t start = frame_start(bm_bytes_from(rest, at), address.size + 2);
	const struct bm_bytes region = run_first(bm_bytes_from(rest, at + start), REGION_BYTES_MAX);
	const size_t end = bm_bytes_search(region, BM_BYTES("\n\n"));
	return start ? scratch_unfold(work->scratch, run_first(region, end), REGION_BYTES_MAX)
		     : (struct bm_bytes){0};
}
