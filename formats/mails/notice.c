/* notice.c - bounces written for people: qmail, Exim, Sendmail, Exchange, Gmail and everybody else.
 *
 * For decades each program has said in words of its own that mail came back, but all say it in the
 * same order: that it failed, to whom, why, and then the original.  So one grammar reads them all,
 * and what differs is data (notices.c).
 *
 *   where     the text for people up to the original: a line of notice_original_words, or the first
 *             line that is plainly the original's header;
 *   to whom   a line that begins with an address ("<user@example.com>:", "  user@example.com") or
 *             brings one behind a label ("Unknown user: user@example.com"); with
 *             X-Failed-Recipients, exactly those;
 *   why       what stands between this recipient and the next: the SMTP reply where one is quoted,
 *             else the words; recipients in a row share what stands behind the last of them.
 *
 * Where no line names a recipient, the transcript of a session may ("550 <user@...>... Host
 * unknown"), or a sentence, or, as a last resort, the original's To: when it holds one address.
 *
 * A mail is looked at only when its sender or subject make it likely; a text nobody's row fits must
 * come from a mail daemon and say that something failed.
 */
#include "notices.h"
#include "work.h"

#include "bouncemill/error.h"

enum {
	ADDRESS_BYTES_MAX = 320,
	LABEL_BYTES_MAX = 100,
	FINDINGS_MAX = 2048,
	FAILED_MAX = 1000, /* X-Failed-Recipients */
	OPENING_BYTES_MAX = 4096,
	REGION_BYTES_MAX = 4096, /* between a recipient and the next */
	REASON_BYTES_MAX = 1000,
	BEFORE_BYTES_MAX = 600
};

/* A recipient line. */
struct finding {
	struct bm_bytes address;
	struct bm_bytes label; /* what stood before the address, or empty */
	size_t line;           /* offset of the line */
	size_t rest;           /* offset behind the address */
};

struct findings {
	struct bm_bytes text, low; /* up to the original; low is the same in lower case */
	struct finding *list;
	size_t count;
};

/* has_any - does low hold one of the words; its offset in *at when wanted */
static bool has_any(struct bm_bytes low, const char *const words[])
{
	for (size_t i = 0; words[i]; i++)
		if (run_has(low, words[i]))
			return true;
	return false;
}

/* starts_any - does low begin with one of the words */
static bool starts_any(struct bm_bytes low, const char *const words[])
{
	for (size_t i = 0; words[i]; i++)
		if (bm_bytes_starts(low, bm_bytes_of(words[i])))
			return true;
	return false;
}

/* ---- addresses in lines ---- */

/* is_word - may byte stand in an address that has no angles */
static bool is_word(uint8_t byte)
{
	return byte > ' ' && byte != 127 && !strchr("<>()[]{},;:\"|", byte);
}

/* address_ok - user@domain, of a length that may be */
static bool address_ok(struct bm_bytes address)
{
	const size_t at = bm_bytes_find(address, 0, '@');
	if (at == 0 || at + 1 >= address.size || address.size > ADDRESS_BYTES_MAX)
		return false;
	for (size_t i = 0; i < address.size; i++)
		if (is_blank(address.data[i]) || strchr("<>\"()", address.data[i]))
			return false;
	return is_letter(address.data[at + 1]) || bm_is_digit(address.data[at + 1]) ||
	       address.data[at + 1] == '[' || address.data[at + 1] >= 0x80;
}

/* closed - the inside of a pair such as <> at the head of run, when it is an address */
static size_t closed(struct bm_bytes run, uint8_t close, struct bm_bytes *address)
{
	const size_t end = bm_bytes_find(run_first(run, ADDRESS_BYTES_MAX + 8), 1, close);
	*address = run_trim(run_between(run, 1, end));
	if (run_starts(*address, "mailto:"))
		*address = bm_bytes_from(*address, 7);
	return end < run.size && address_ok(*address) ? end + 1 : 0;
}

/* address_at - the address at the head of run, in <>, "", '' or bare; the bytes it takes, or 0 */
static size_t address_at(struct bm_bytes run, struct bm_bytes *address)
{
	size_t size = 0;
	if (run.size == 0)
		return 0;
	if (run.data[0] == '<')
		return closed(run, '>', address);
	if (run.data[0] == '"' || run.data[0] == '\'')
		return closed(run, run.data[0], address);
	while (size < run.size && size <= ADDRESS_BYTES_MAX && is_word(run.data[size]))
		size++;
	*address = run_first(run, size);
	while (address->size && strchr(".!?'", address->data[address->size - 1]))
		address->size--;
	return address_ok(*address) ? address->size : 0;
}

/* may_follow - does what stands behind an address at the head of a line make it a recipient */
static bool may_follow(struct bm_bytes rest, bool bare)
{
	const struct bm_bytes next = run_trim(rest);
	if (!bare || next.size == 0 || strchr(":([;,-", next.data[0]))
		return true;
	return run_starts(next, "on ") || run_starts(next, "error") || run_starts(next, "...") ||
	       run_starts(next, "<") || run_starts(rest, "  ") || run_starts(rest, "\t");
}

/* unbulleted - a line without the marks of a list or a quotation before it */
static struct bm_bytes unbulleted(struct bm_bytes line)
{
	struct bm_bytes rest = run_trim(line);
	while (rest.size > 1 && strchr("*>-|", rest.data[0]))
		rest = run_trim(bm_bytes_from(rest, 1));
	if (bm_bytes_starts(rest, BM_BYTES("•")))
		rest = run_trim(bm_bytes_from(rest, 3));
	return rest;
}

/* twin - a second form of the same address behind the first: "user@example.com <user@...>" */
static size_t twin(struct bm_bytes rest)
{
	struct bm_bytes again;
	const struct bm_bytes next = run_trim(rest);
	const size_t size = next.size && next.data[0] == '<' ? address_at(next, &again) : 0;
	return size ? (size_t)(next.data + size - rest.data) : 0;
}

/* plain_line - a line that begins with a recipient */
static bool plain_line(struct bm_bytes line, struct finding *finding)
{
	const struct bm_bytes head = unbulleted(line);
	struct bm_bytes address;
	const size_t size = address_at(head, &address);
	if (size == 0)
		return false;
	struct bm_bytes rest = bm_bytes_from(head, size);
	if (!may_follow(rest, is_word(head.data[0])))
		return false;
	rest = bm_bytes_from(rest, twin(rest));
	*finding = (struct finding){.address = address,
				    .rest = (size_t)(rest.data - line.data)};
	return true;
}

/* label_ends - does a label end as labels do: a colon, or "to" */
static bool label_ends(struct bm_bytes label)
{
	if (label.size < 3)
		return false;
	const struct bm_bytes tail = bm_bytes_from(label, label.size - 3);
	return tail.data[2] == ':' || run_is(tail, " to") || tail.data[2] == '=';
}

/* labelled_line - a line that brings a recipient behind a label */
static bool labelled_line(struct bm_bytes line, struct bm_bytes low, struct finding *finding)
{
	const size_t at = bm_bytes_find(line, 0, '@');
	size_t from = at;
	if (at == line.size)
		return false;
	while (from && is_word(line.data[from - 1]) && line.data[from - 1] != '=')
		from--;
	if (from && strchr("<\"'", line.data[from - 1]))
		from--;
	const struct bm_bytes label = run_trim(run_first(low, from));
	struct bm_bytes address;
	const size_t size = address_at(bm_bytes_from(line, from), &address);
	if (size == 0 || label.size > LABEL_BYTES_MAX || !label_ends(label) ||
	    has_any(label, notice_label_others))
		return false;
	if (!has_any(label, notice_label_words) && !run_has(label, "dda:smtp="))
		return false;
	*finding = (struct finding){
		.address = address, .label = run_first(line, from), .rest = from + size};
	return true;
}

/* transcript_line - "550 <user@example.com>... Host unknown" */
static bool transcript_line(struct bm_bytes line, struct finding *finding)
{
	const struct bm_bytes head = run_trim(line);
	struct bm_bytes address;
	if (head.size < 8 || (head.data[0] != '4' && head.data[0] != '5') ||
	    !bm_is_digit(head.data[1]) || !bm_is_digit(head.data[2]) || head.data[3] != ' ')
		return false;
	const struct bm_bytes rest = run_trim(bm_bytes_from(head, 3));
	const size_t size = address_at(rest, &address);
	if (size == 0)
		return false;
	*finding = (struct finding){.address = address,
				    .rest = (size_t)(rest.data + size - line.data)};
	return true;
}

/* ---- the text ---- */

/* original_line - does a line end the notice; what follows is the original */
static bool original_line(struct bm_bytes low)
{
	static const char *const headers[] = {"received:", "return-path:", "x-originating-ip:",
					      "dkim-signature:", "x-apparently-to:", NULL};
	return starts_any(low, headers) || (low.size >= 10 && has_any(low, notice_original_words));
}

/* notice_size - bytes of text before the original; *original is where that begins */
static size_t notice_size(struct bm_bytes low, size_t *original)
{
	size_t offset = 0, at = 0;
	struct bm_bytes line;
	for (; line_take(low, &offset, &line); at = offset) {
		if (!original_line(line))
			continue;
		const bool header = line.data[0] != '-' && run_has(run_first(line, 18), ":") &&
				    is_letter(line.data[0]) && !run_has(line, "original message");
		*original = header ? at : offset;
		return at;
	}
	*original = low.size;
	return low.size;
}

/* message_behind - the original in the text behind the notice */
static struct bm_bytes message_behind(struct bm_bytes text, size_t from)
{
	size_t offset = from, at = from;
	struct bm_bytes line, name, value;
	for (int i = 0; i < 16 && line_take(text, &offset, &line); at = offset, i++)
		if (mime_field_line(line, &name, &value))
			return bm_bytes_from(text, at);
	return (struct bm_bytes){0};
}

/* is_spoken - is the recipient of this line the one who speaks: "a message sent by" */
static bool is_spoken(struct bm_bytes low, size_t line)
{
	const struct bm_bytes before = run_trim(run_first(low, line));
	const struct bm_bytes tail = bm_bytes_from(before, before.size > 8 ? before.size - 8 : 0);
	return run_has(tail, "sent by") || run_has(tail, "from:") || run_has(tail, "sender:") ||
	       run_has(tail, "contact");
}

/* find_lines - all recipient lines behind from */
static void find_lines(struct findings *findings, size_t from, bool transcript)
{
	size_t offset = from, at = from;
	struct bm_bytes line;
	for (; findings->count < FINDINGS_MAX && line_take(findings->text, &offset, &line);
	     at = offset) {
		if (bm_bytes_find(line, 0, '@') == line.size)
			continue;
		struct finding found;
		const struct bm_bytes low = {findings->low.data + at, line.size};
		const bool is = transcript ? transcript_line(line, &found)
					   : plain_line(line, &found) ||
						     labelled_line(line, low, &found);
		if (!is || is_spoken(findings->low, at))
			continue;
		found.line = at;
		found.rest += at;
		findings->list[findings->count++] = found;
	}
}

/* findings_new - the notice's text and its recipient lines behind from */
static struct findings *findings_new(struct work *work)
{
	struct findings *const findings =
		(struct findings *)(void *)scratch_take(work->scratch, sizeof *findings + 16);
	const struct bm_bytes text = work_text(work);
	const struct bm_bytes low = scratch_lower(work->scratch, text);
	size_t original;
	*findings = (struct findings){0};
	const size_t size = notice_size(low, &original);
	findings->text = run_first(text, size);
	findings->low = run_first(low, size);
	if (work->original.data == NULL && original < text.size)
		work_original(work, message_behind(text, original));
	return findings;
}

/* findings_list - room for recipient lines */
static struct finding *findings_list(struct work *work)
{
	return (struct finding *)(void *)scratch_take(work->scratch,
						      FINDINGS_MAX * sizeof(struct finding));
}

/* ---- why ---- */

/* stands_out - may a reply begin at offset: at the start of a line or sentence, behind a colon or in
 * brackets */
static bool stands_out(struct bm_bytes run, size_t offset)
{
	if (offset == 0 || strchr("\n[(\"", run.data[offset - 1]))
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
	if (at[1] == '.' &&
	    (offset == 0 || at[-1] == '\n' ||
	     (offset > 2 && run_is(run_between(run, offset - 3, offset), "-- "))))
		return bm_enhanced_parse(bm_bytes_from(run, offset), &enhanced) > 0;
	return at[1] <= '7' && bm_is_digit(at[1]) && bm_is_digit(at[2]) &&
	       strchr(" -:\n\r", at[3]) && stands_out(run, offset);
}

/* code_find - offset of the first quoted reply, or run.size; a greeting's code is none */
static size_t code_find(struct bm_bytes run)
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

/* reply_end - bytes of the reply at the head of run: its paragraph, up to the next command */
static size_t reply_end(struct bm_bytes run)
{
	size_t offset = 0, at = 0;
	struct bm_bytes line;
	for (; line_take(run, &offset, &line); at = offset) {
		const struct bm_bytes head = run_trim(line);
		if (at == 0)
			continue;
		if (head.size == 0 || is_rule(head) || run_starts(head, "giving up on") ||
		    run_starts(head, ">>>") || run_starts(head, "--") ||
		    run_starts(head, "... while talking"))
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
	while (run.size && strchr("\" ", run.data[run.size - 1]))
		run.size--;
	const uint8_t last = run.size ? run.data[run.size - 1] : 0;
	const uint8_t open = last == ')' ? '(' : last == ']' ? '[' : 0;
	if (open && bm_bytes_find(run, 0, open) == run.size)
		run.size--;
	return run;
}

/* said - the reply at the head of run as one line, its code followed by one blank ("550: 5.1.1" and
 * "550 550 5.1.1" are met); stage goes behind it */
static struct bm_bytes said(struct work *work, struct bm_bytes run, const char *stage)
{
	struct bm_bytes line = unclosed(scratch_unfold(
		work->scratch, run_first(run, reply_end(run)), REGION_BYTES_MAX));
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

/* words - what a region says where no reply is quoted: its lines but those that explain nothing */
static struct bm_bytes words(struct work *work, struct bm_bytes region)
{
	uint8_t *const text = scratch_take(work->scratch, REASON_BYTES_MAX);
	size_t size = 0, offset = 0;
	struct bm_bytes line;
	while (line_take(region, &offset, &line)) {
		struct bm_bytes rest = run_trim(line);
		while (rest.size && strchr(":;,.-*> ", rest.data[0]))
			rest = bm_bytes_from(rest, 1);
		const struct bm_bytes low = scratch_lower(work->scratch, run_first(rest, 64));
		if (rest.size == 0 || is_rule(rest) || starts_any(low, notice_idle_words))
			continue;
		rest = run_first(rest, REASON_BYTES_MAX - size);
		memcpy(text + size, rest.data, rest.size);
		size += rest.size;
		if (size == REASON_BYTES_MAX)
			break;
		text[size++] = ' ';
	}
	return run_trim((struct bm_bytes){text, size});
}

struct bm_bytes notice_shape(struct work *work, struct bm_bytes region, bool *quoted)
{
	region = run_first(region, REGION_BYTES_MAX);
	const struct bm_bytes head = run_trim(region);
	size_t colon = 0;
	while (colon < head.size && strchr(": ", head.data[colon]))
		colon++;
	const struct bm_bytes frame = bm_bytes_from(head, colon);
	const size_t code = code_find(region);
	*quoted = code < region.size;
	/* Postfix's own frame is what the tokenizer of replies knows best */
	if (run_starts(frame, "host ") && bm_bytes_search(run_first(frame, 600),
							  BM_BYTES("said:")) < 600 &&
	    bm_bytes_search(run_first(frame, 600), BM_BYTES("said:")) < frame.size) {
		*quoted = true;
		size_t end = bm_bytes_search(frame, BM_BYTES("\n\n"));
		return scratch_unfold(work->scratch, run_first(frame, end), REGION_BYTES_MAX);
	}
	if (!*quoted)
		return words(work, region);
	const struct bm_bytes low = scratch_lower(work->scratch, run_first(region, code));
	return said(work, bm_bytes_from(region, code), stage_words(low));
}

/* remote_of - the host that a region says the reply came from, or empty */
static struct bm_bytes remote_of(struct bm_bytes region)
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

/* region_of - what stands between recipient line index and the next that is about another */
static struct bm_bytes region_of(const struct findings *findings, size_t index)
{
	const struct finding *const one = &findings->list[index];
	size_t next = index + 1;
	while (next < findings->count &&
	       run_same(findings->list[next].address, one->address))
		next++;
	return run_between(findings->text, one->rest,
			   next < findings->count ? findings->list[next].line
						  : findings->text.size);
}

/* is_empty - has a region nothing to say */
static bool is_empty(struct work *work, struct bm_bytes region)
{
	return code_find(region) == region.size && words(work, region).size < 4;
}

/* with_cause - a reply that is only the mail system's own "Service unavailable", and the line before
 * it, which is what the delivery program said */
static struct bm_bytes with_cause(struct work *work, struct bm_bytes reply, struct bm_bytes cause)
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

/* reply_about - a line of a transcript with a code that names the address, or, for no address, the
 * first with a code */
static struct bm_bytes reply_about(struct work *work, const struct findings *findings,
				   struct bm_bytes address)
{
	size_t offset = 0;
	struct bm_bytes line, cause = {0};
	while (line_take(findings->text, &offset, &line)) {
		const size_t code = code_find(line);
		if (code < line.size && bm_bytes_search(line, address) < line.size)
			return with_cause(work, said(work, bm_bytes_from(line, code), ""), cause);
		cause = run_trim(line);
	}
	return (struct bm_bytes){0};
}

/* label_reason - a label that tells why: "User mailbox exceeds allowed size: X" */
static struct bm_bytes label_reason(struct work *work, const struct finding *finding)
{
	static const char *const telling[] = {"unknown", "full", "exceed", "invalid", "quota",
					      "disabled", "attempts", "undeliver", NULL};
	const struct bm_bytes low = scratch_lower(work->scratch, finding->label);
	return has_any(low, telling) ? run_trim(finding->label) : (struct bm_bytes){0};
}

/* before - the last words before the recipients: why, where no line behind them tells it */
static struct bm_bytes before(struct work *work, const struct findings *findings, size_t line)
{
	const size_t from = line > BEFORE_BYTES_MAX ? line - BEFORE_BYTES_MAX : 0;
	return words(work, run_between(findings->text, from, line));
}

/* reason_of - why a recipient failed, and who said so */
static struct bm_bytes reason_of(struct work *work, const struct findings *findings, size_t index,
				 struct bm_bytes *remote)
{
	const struct finding *const one = &findings->list[index];
	bool quoted;
	struct bm_bytes region = region_of(findings, index), text;
	for (size_t i = index; is_empty(work, region) && ++i < findings->count;)
		region = region_of(findings, i);
	*remote = remote_of(region);
	text = notice_shape(work, region, &quoted);
	if (quoted)
		return text;
	const struct bm_bytes about = reply_about(work, findings, one->address);
	if (about.size)
		return about;
	const struct bm_bytes early = run_first(findings->text, findings->list[0].line);
	if (code_find(early) < early.size)
		return notice_shape(work, early, &quoted);
	const struct bm_bytes label = label_reason(work, one);
	if (label.size)
		return label;
	if (text.size >= 4)
		return text;
	return before(work, findings, findings->list[0].line);
}

/* ---- to whom ---- */

/* index_of - the first recipient line about an address, or count */
static size_t index_of(const struct findings *findings, struct bm_bytes address)
{
	size_t i = 0;
	while (i < findings->count && !run_same(findings->list[i].address, address))
		i++;
	return i;
}

/* add - a recipient with its reason */
static void add(struct work *work, struct bm_bytes address, enum bm_action action,
		struct bm_bytes text, struct bm_bytes remote)
{
	struct bm_mail_recipient *const one = work_add(work, address, action);
	if (one == NULL || one->text.size)
		return;
	struct bm_reply reply;
	bm_reply_parse(text, &reply);
	one->text = text;
	one->remote = remote;
	one->status = reply.enhanced;
}

/* add_whole - a recipient that no line is about: the whole text tells why */
static void add_whole(struct work *work, const struct findings *findings, struct bm_bytes address,
		      enum bm_action action, size_t from)
{
	bool quoted;
	const struct bm_bytes region =
		run_between(findings->text, from, from + REGION_BYTES_MAX);
	const struct bm_bytes text = notice_shape(work, region, &quoted);
	add(work, address, action, text, remote_of(region));
}

/* add_failed - the recipients of X-Failed-Recipients */
static void add_failed(struct work *work, const struct findings *findings, enum bm_action action,
		       size_t from)
{
	const struct bm_bytes header = work->parts[0].field[FIELD_X_FAILED];
	size_t offset = 0;
	for (int i = 0; i < FAILED_MAX && offset < header.size; i++) {
		const size_t comma = bm_bytes_find(header, offset, ',');
		const struct bm_bytes address =
			work_address(run_trim(run_between(header, offset, comma)));
		offset = comma + 1;
		if (address.size == 0)
			continue;
		const size_t index = index_of(findings, address);
		struct bm_bytes remote;
		if (index == findings->count) {
			add_whole(work, findings, address, action, from);
			continue;
		}
		const struct bm_bytes text = reason_of(work, findings, index, &remote);
		add(work, address, action, text, remote);
	}
}

/* is_own - is the address one of this mail's own: whom it is from or to, or a postmaster */
static bool is_own(const struct work *work, struct bm_bytes address)
{
	const struct part *const top = &work->parts[0];
	return run_same(address, work_address(top->field[FIELD_TO])) ||
	       run_same(address, work_address(top->field[FIELD_FROM])) ||
	       run_same(address, work->mail->sender) || run_starts(address, "postmaster") ||
	       run_starts(address, "mailer-daemon") || run_starts(address, "support@") ||
	       run_starts(address, "abuse");
}

/* named_at - the address around the @ at offset of a sentence, unless it is this mail's own */
static bool named_at(const struct work *work, struct bm_bytes text, size_t at, size_t *from,
		     struct bm_bytes *address)
{
	*from = at;
	while (*from && at - *from < ADDRESS_BYTES_MAX && is_word(text.data[*from - 1]) &&
	       text.data[*from - 1] != '=')
		(*from)--;
	return address_at(bm_bytes_from(text, *from), address) > 0 && !is_own(work, *address);
}

/* add_sentence - the first address that a sentence names; rather one that words about delivery stand
 * before */
static void add_sentence(struct work *work, const struct findings *findings, enum bm_action action)
{
	static const char *const marks[] = {"message", "mail to", "deliver", "addressed", "user",
					    "recipient", "mailbox", NULL};
	const struct bm_bytes text = findings->text;
	struct bm_bytes address, any = {0};
	size_t from;
	for (size_t at = 0; (at = bm_bytes_find(text, at, '@')) < text.size; at++) {
		if (!named_at(work, text, at, &from, &address))
			continue;
		if (any.size == 0)
			any = address;
		if (!has_any(run_between(findings->low, from > 60 ? from - 60 : 0, from), marks))
			continue;
		any = address;
		break;
	}
	if (any.size)
		add_whole(work, findings, any, action, 0);
}

/* add_local - a word on a line of its own: a user of the host that writes */
static void add_local(struct work *work, const struct findings *findings, enum bm_action action,
		      size_t from)
{
	const struct bm_bytes sender = work_address(work->parts[0].field[FIELD_FROM]);
	const size_t at = bm_bytes_find(sender, 0, '@');
	size_t offset = from;
	struct bm_bytes line;
	while (at < sender.size && line_take(findings->text, &offset, &line)) {
		const struct bm_bytes word = run_trim(line);
		if (line.size == 0 || !is_blank(line.data[0]) || word.size == 0 || word.size > 64)
			continue;
		size_t i = 0;
		while (i < word.size && (is_letter(word.data[i]) || bm_is_digit(word.data[i]) ||
					 strchr("._-+", word.data[i])))
			i++;
		if (i < word.size)
			continue;
		const size_t size = word.size + sender.size - at;
		uint8_t *const address = scratch_take(work->scratch, size);
		memcpy(address, word.data, word.size);
		memcpy(address + word.size, sender.data + at, sender.size - at);
		add_whole(work, findings, (struct bm_bytes){address, size}, action, 0);
	}
}

/* add_original - the only address of the original's To: */
static void add_original(struct work *work, const struct findings *findings,
			 enum bm_action action)
{
	struct bm_bytes field[FIELD_COUNT];
	(void)mime_fields(work->original, field);
	const struct bm_bytes to = field[FIELD_TO];
	const struct bm_bytes address = work_address(to);
	/* a bounce that came back went to its sender: that is not whom it failed for */
	if (run_starts(field[FIELD_CONTENT_TYPE], "multipart/report"))
		return;
	if (address_ok(address) && bm_bytes_find(to, 0, ',') == to.size)
		add_whole(work, findings, address, action, 0);
}

/* remote_words - a transcript's "Remote protocol error" stands for the reply before it */
static struct bm_bytes transcript_reason(struct work *work, const struct findings *findings,
					 size_t index)
{
	const struct finding *const one = &findings->list[index];
	const size_t from = index ? findings->list[index - 1].rest : 0;
	const struct bm_bytes region = run_between(findings->text, from, one->line);
	const size_t reply = run_find(region, "<<< ");
	if (reply < region.size && code_at(region, reply + 4))
		return said(work, bm_bytes_from(region, reply + 4), "");
	const size_t end = bm_bytes_find(findings->text, one->rest, '\n');
	return said(work, run_trim(run_between(findings->text, one->line, end)), "");
}

/* add_lines - the recipients that lines name; returns how many there are */
static void add_lines(struct work *work, const struct findings *findings, enum bm_action action,
		      bool transcript)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct bm_bytes remote = {0};
		const struct bm_bytes text =
			transcript ? transcript_reason(work, findings, i)
				   : reason_of(work, findings, i, &remote);
		add(work, findings->list[i].address, action, text, remote);
	}
}

/* ---- whose words ---- */

/* low_field - the head of a field in lower case, decoded */
static struct bm_bytes low_field(struct work *work, enum mail_field field)
{
	const struct bm_bytes value = work->parts[0].field[field];
	return scratch_lower(work->scratch,
			     decode_words(work, scratch_unfold(work->scratch, value, 400)));
}

/* from_daemon - does a mail daemon or a postmaster write, or nobody */
bool from_daemon(struct work *work)
{
	static const char *const names[] = {"mailer-daemon", "postmaster", "mail delivery",
					    "mail.delivery", "mail administrator", "mdaemon@",
					    "mail_service", "administrator", "mailsystem",
					    "mail system", NULL};
	const struct bm_bytes from = low_field(work, FIELD_FROM);
	const struct bm_bytes path = work->parts[0].field[FIELD_RETURN_PATH];
	return has_any(from, names) || run_has(from, "<>") ||
	       (path.data && bm_bytes_equal(run_trim(path), BM_BYTES("<>"))) ||
	       run_starts(path, "<mailer-daemon");
}

/* row_of - the first row that the opening of a text fits, or NULL */
static const struct notice *row_of(struct bm_bytes low, size_t *at)
{
	const struct bm_bytes opening = run_first(low, OPENING_BYTES_MAX);
	for (const struct notice *row = notice_rows; row->name; row++) {
		*at = run_find(opening, row->phrase);
		if (*at < opening.size)
			return row;
	}
	return NULL;
}

static bool notice_recognise(struct work *work)
{
	static const struct notice nobody = {"mail", "", BM_ACTION_FAILED};
	const bool failed = work->parts[0].field[FIELD_X_FAILED].size > 0;
	const bool daemon = from_daemon(work);
	const struct bm_bytes subject = low_field(work, FIELD_SUBJECT);
	if (!failed && !daemon && !has_any(subject, notice_subject_words))
		return false;
	const struct findings *const findings = findings_new(work);
	const struct notice *row = row_of(findings->low, &work->found_at);
	if (row == NULL && (failed || (daemon && (has_any(findings->low, notice_failure_words))))) {
		row = &nobody;
		work->found_at = 0;
	}
	work->found = row;
	work->findings = findings;
	return row != NULL;
}

/* line_start - where the line around offset begins */
static size_t line_start(struct bm_bytes text, size_t offset)
{
	while (offset && text.data[offset - 1] != '\n')
		offset--;
	return offset;
}

/* add_all - the recipients by the first way that finds any */
static void add_all(struct work *work, struct findings *findings, enum bm_action action,
		    size_t from)
{
	find_lines(findings, from, false);
	if (work->parts[0].field[FIELD_X_FAILED].size)
		add_failed(work, findings, action, from);
	else
		add_lines(work, findings, action, false);
	if (work->count == 0)
		add_sentence(work, findings, action);
	if (work->count == 0)
		add_local(work, findings, action, from);
	if (work->count == 0)
		add_original(work, findings, action);
}

static void notice_read(struct work *work)
{
	const struct notice *const row = work->found;
	struct findings findings = *work->findings;
	const size_t from = line_start(findings.text, work->found_at);
	findings.list = findings_list(work);
	work->mail->kind = row->name;
	/* a mail that is all transcript has its recipients in there */
	if (strcmp(row->phrase, "transcript of session follows") == 0)
		find_lines(&findings, 0, true);
	if (findings.count)
		add_lines(work, &findings, row->action, true);
	else
		add_all(work, &findings, row->action, from);
}

/* explained - the text for people, searched for recipients once */
static const struct findings *explained(struct work *work)
{
	if (work->explained == NULL) {
		struct findings *const findings = findings_new(work);
		findings->list = findings_list(work);
		find_lines(findings, 0, false);
		work->explained = findings;
	}
	return work->explained;
}

/* generated - what a program that mail was piped into said (Exim) */
static struct bm_bytes generated(struct work *work, const struct findings *findings)
{
	const size_t at = run_find(findings->low, "text was generated during the delivery");
	const size_t end = bm_bytes_find(findings->text, at, '\n');
	return words(work, run_between(findings->text, end, end + REASON_BYTES_MAX));
}

struct bm_bytes notice_explain(struct work *work, struct bm_bytes address)
{
	const struct findings *const findings = explained(work);
	const size_t index = index_of(findings, address);
	struct bm_bytes remote, text = {0};
	if (index < findings->count)
		text = reason_of(work, findings, index, &remote);
	if (text.size == 0)
		text = reply_about(work, findings, address);
	if (text.size)
		return text;
	text = reply_about(work, findings, BM_BYTES(""));
	return text.size ? text : generated(work, findings);
}

struct bm_bytes notice_transcript(struct work *work, struct bm_bytes first)
{
	if (first.size < 8 || first.data[3] != '-' || !code_at(first, 0))
		return (struct bm_bytes){0};
	const struct bm_bytes text = explained(work)->text;
	const size_t at = bm_bytes_search(text, first);
	/* the reason in a report is cut as the report's line is: look for the session's own */
	size_t offset = bm_bytes_search(text, BM_BYTES("<<< "));
	if (at == text.size || offset == text.size)
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

const struct bm_mail_kind bm_mail_kind_notice = {
	.name = "notice", .recognise = notice_recognise, .read = notice_read};
