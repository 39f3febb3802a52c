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
 * Where no line names a recipient, the address that the mail came back to may (VERP), the transcript
 * of a session ("550 <user@...>... Host unknown"), or a sentence, or, as a last resort, the original's
 * To: when it holds one address.
 *
 * A mail is looked at only when its sender or subject make it likely; a text that no row fits must
 * come from where bounces come and say that something failed.
 */
#include "notices.h"
#include "reason.h"
#include "work.h"

enum {
	ADDRESS_BYTES_MAX = 320,
	LABEL_BYTES_MAX = 100,
	FINDINGS_MAX = 2048,
	FAILED_MAX = 1000, /* X-Failed-Recipients */
	SEARCHES_MAX = 200,
	OPENING_BYTES_MAX = 4096,
	REGION_BYTES_MAX = 4096, /* between a recipient and the next */
	REASON_BYTES_MAX = 1000,
	REASON_BYTES_MIN = 4,
	BEFORE_BYTES_MAX = 600
};

/* A recipient line. */
struct finding {
	struct bm_bytes address;
	struct bm_bytes label; /* what stood before the address, or empty */
	size_t line;           /* offset of the line */
	size_t rest;           /* offset behind the address */
	size_t teller;         /* number of the line whose region tells why; see find_tellers */
};

struct findings {
	struct bm_bytes text, low; /* up to the original; low is the same in lower case */
	struct finding *list;
	size_t count;
	int searches; /* how often the whole text may still be searched for an address */
};

/* has_any - does low hold one of the words; its offset in *at when wanted */
static bool has_any(struct bm_bytes low, const char *const words[])
{
	for (size_t i = 0; words[i]; i++)
		if (run_has(low, words[i]))
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
	*finding = (struct finding){.address = address, .rest = (size_t)(rest.data - line.data)};
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

/* first_of - the lesser of limit and where the first of the words stands */
static size_t first_of(struct bm_bytes low, const char *const words[], size_t limit)
{
	for (size_t i = 0; words[i]; i++) {
		const struct bm_bytes near = run_first(low, limit);
		const size_t at = run_find(near, words[i]);
		if (at < near.size)
			limit = at;
	}
	return limit;
}

/* line_start - where the line around offset begins */
static size_t line_start(struct bm_bytes text, size_t offset)
{
	while (offset && text.data[offset - 1] != '\n')
		offset--;
	return offset;
}

/* notice_size - bytes of text before the original: up to a line that announces it, or that is
 * plainly its header; *original is where it begins */
static size_t notice_size(struct bm_bytes low, size_t *original)
{
	static const char *const headers[] = {
		"\nreceived:",       "\nreturn-path:",     "\nx-originating-ip:",
		"\ndkim-signature:", "\nx-apparently-to:", NULL};
	const size_t words = first_of(low, notice_original_words, low.size);
	const size_t header = first_of(low, headers, words);
	if (header < words) {
		*original = header + 1;
		return header + 1;
	}
	const size_t end = bm_bytes_find(low, words, '\n');
	*original = end < low.size ? end + 1 : low.size;
	return line_start(low, words);
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
		const bool is =
			transcript ? transcript_line(line, &found)
				   : plain_line(line, &found) || labelled_line(line, low, &found);
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
	findings->searches = reason_code(run_first(text, size)) < size ? SEARCHES_MAX : 0;
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

/* region_of - what stands between recipient line index and the next that is about another */
static struct bm_bytes region_of(const struct findings *findings, size_t index)
{
	const struct finding *const one = &findings->list[index];
	size_t next = index + 1;
	while (next < findings->count && run_same(findings->list[next].address, one->address))
		next++;
	return run_between(findings->text, one->rest,
			   next < findings->count ? findings->list[next].line
						  : findings->text.size);
}

/* is_empty - has a region nothing to say */
static bool is_empty(struct work *work, struct bm_bytes region)
{
	return reason_code(region) == region.size &&
	       reason_words(work, region, true).size < REASON_BYTES_MIN;
}

/* find_tellers - recipients in a row share the region behind the last of them */
static void find_tellers(struct work *work, struct findings *findings)
{
	for (size_t i = findings->count; i-- > 0;) {
		const bool last = i + 1 == findings->count;
		const bool tells = last || !is_empty(work, region_of(findings, i));
		findings->list[i].teller = tells ? i : findings->list[i + 1].teller;
	}
}

/* reply_about - a line of a transcript with a code that names the address, or, for no address, the
 * first with a code */
static struct bm_bytes reply_about(struct work *work, struct findings *findings,
				   struct bm_bytes address)
{
	size_t offset = 0;
	struct bm_bytes line, cause = {0};
	if (findings->searches == 0)
		return (struct bm_bytes){0};
	findings->searches--;
	while (line_take(findings->text, &offset, &line)) {
		const size_t code = reason_code(line);
		if (code < line.size && bm_bytes_search(line, address) < line.size)
			return reason_with_cause(
				work, reason_reply(work, bm_bytes_from(line, code), ""), cause);
		cause = run_trim(line);
	}
	return (struct bm_bytes){0};
}

/* label_reason - a label that tells why: "User mailbox exceeds allowed size: X" */
static struct bm_bytes label_reason(struct work *work, const struct finding *finding)
{
	static const char *const telling[] = {"unknown",  "full",      "exceed",
					      "invalid",  "quota",     "disabled",
					      "attempts", "undeliver", NULL};
	const struct bm_bytes low = scratch_lower(work->scratch, finding->label);
	return has_any(low, telling) ? run_trim(finding->label) : (struct bm_bytes){0};
}

/* before - the last words before the recipients: why, where no line behind them tells it */
static struct bm_bytes before(struct work *work, const struct findings *findings, size_t line)
{
	const size_t from = line > BEFORE_BYTES_MAX ? line - BEFORE_BYTES_MAX : 0;
	return reason_words(work, run_between(findings->text, from, line), false);
}

/* reason_near - why a recipient failed, by what stands around its line, and who said so; may be
 * empty */
static struct bm_bytes reason_near(struct work *work, struct findings *findings, size_t index,
				   struct bm_bytes *remote)
{
	const struct finding *const one = &findings->list[index];
	bool quoted;
	const struct bm_bytes region = region_of(findings, one->teller);
	*remote = reason_remote(region);
	const struct bm_bytes text = reason_shape(work, region, &quoted);
	if (quoted)
		return text;
	const struct bm_bytes about = reply_about(work, findings, one->address);
	if (about.size)
		return about;
	const struct bm_bytes early = run_first(findings->text, findings->list[0].line);
	if (reason_code(early) < early.size)
		return reason_shape(work, early, &quoted);
	const struct bm_bytes label = label_reason(work, one);
	return label.size ? label : text.size >= REASON_BYTES_MIN ? text : (struct bm_bytes){0};
}

/* reason_of - the same, else the last words before the recipients */
static struct bm_bytes reason_of(struct work *work, struct findings *findings, size_t index,
				 struct bm_bytes *remote)
{
	const struct bm_bytes text = reason_near(work, findings, index, remote);
	return text.size ? text : before(work, findings, findings->list[0].line);
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
	const struct bm_bytes region = run_between(findings->text, from, from + REGION_BYTES_MAX);
	const struct bm_bytes text = reason_shape(work, region, &quoted);
	add(work, address, action, text, reason_remote(region));
}

/* add_failed - the recipients of X-Failed-Recipients */
static void add_failed(struct work *work, struct findings *findings, enum bm_action action,
		       size_t from)
{
	const struct bm_bytes header = work->parts[0].field[FIELD_X_FAILED];
	/* the line of the opening phrase says that it failed, not why */
	const size_t behind = bm_bytes_find(findings->text, from, '\n');
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
			add_whole(work, findings, address, action,
				  is_empty(work, bm_bytes_from(findings->text, behind)) ? from
											: behind);
			continue;
		}
		const struct bm_bytes text = reason_of(work, findings, index, &remote);
		add(work, address, action, text, remote);
	}
}

/* The addresses of the mail itself, which no sentence means as a recipient. */
struct own {
	struct bm_bytes from, to, sender;
};

/* is_own - is the address one of this mail's own, or a postmaster's */
static bool is_own(const struct own *own, struct bm_bytes address)
{
	return run_same(address, own->to) || run_same(address, own->from) ||
	       run_same(address, own->sender) || run_starts(address, "postmaster") ||
	       run_starts(address, "mailer-daemon") || run_starts(address, "support@") ||
	       run_starts(address, "abuse");
}

/* named_at - the address around the @ at offset of a sentence, unless it is this mail's own */
static bool named_at(const struct own *own, struct bm_bytes text, size_t at, size_t *from,
		     struct bm_bytes *address)
{
	*from = at;
	while (*from && at - *from < ADDRESS_BYTES_MAX && is_word(text.data[*from - 1]) &&
	       text.data[*from - 1] != '=')
		(*from)--;
	return address_at(bm_bytes_from(text, *from), address) > 0 && !is_own(own, *address);
}

/* add_sentence - the first address that words about delivery stand before; without any such, the only
 * one in the text: of several, which are advice or examples cannot be told */
static void add_sentence(struct work *work, const struct findings *findings, enum bm_action action)
{
	static const char *const marks[] = {"message", "mail to",   "deliver", "addressed",
					    "user",    "recipient", "mailbox", NULL};
	const struct part *const top = &work->parts[0];
	const struct own own = {.from = work_address(top->field[FIELD_FROM]),
				.to = work_address(top->field[FIELD_TO]),
				.sender = work->mail->sender};
	const struct bm_bytes text = findings->text;
	struct bm_bytes address, any = {0};
	bool several = false;
	size_t from;
	for (size_t at = 0; (at = bm_bytes_find(text, at, '@')) < text.size; at++) {
		if (!named_at(&own, text, at, &from, &address))
			continue;
		if (has_any(run_between(findings->low, from > 60 ? from - 60 : 0, from), marks)) {
			add_whole(work, findings, address, action, 0);
			return;
		}
		several |= any.size > 0 && !run_same(any, address);
		any = address;
	}
	if (any.size && !several)
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

/* received_for - whom the topmost Received: says the original was for, or empty: servers write it
 * when there was one recipient */
static struct bm_bytes received_for(struct bm_bytes head, struct bm_bytes low)
{
	const size_t from = run_find(low, "received:");
	const struct bm_bytes rest = bm_bytes_from(low, from);
	const size_t end = bm_bytes_search(rest, BM_BYTES("\nreceived:"));
	const struct bm_bytes field = run_first(rest, end);
	const size_t mark = bm_bytes_search(field, BM_BYTES("for <"));
	if (mark == field.size)
		return (struct bm_bytes){0};
	const struct bm_bytes inside = bm_bytes_from(head, from + mark + 5);
	return run_first(inside, bm_bytes_find(run_first(inside, ADDRESS_BYTES_MAX), 0, '>'));
}

/* add_original - whom the original went to, by its own header: a list's is no recipient, and a
 * bounce that came back went to its sender */
static void add_original(struct work *work, const struct findings *findings, enum bm_action action)
{
	static const char *const lists[] = {"\nlist-",
					    "\nprecedence:",
					    "\nmailing-list:",
					    "\nx-beenthere:",
					    "\nnewsgroups:",
					    "\nerrors-to:",
					    NULL};
	struct bm_bytes field[FIELD_COUNT];
	(void)mime_fields(work->original, field);
	if (run_starts(field[FIELD_CONTENT_TYPE], "multipart/report"))
		return;
	const struct bm_bytes low = scratch_lower(work->scratch, work->original);
	const struct bm_bytes to = field[FIELD_TO];
	struct bm_bytes address = received_for(work->original, low);
	if (!address_ok(address) && !has_any(low, lists) && bm_bytes_find(to, 0, ',') == to.size)
		address = work_address(to);
	if (address_ok(address))
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
	if (reply < region.size && reason_code(bm_bytes_from(region, reply + 4)) == 0)
		return reason_reply(work, bm_bytes_from(region, reply + 4), "");
	const size_t end = bm_bytes_find(findings->text, one->rest, '\n');
	return reason_reply(work, run_trim(run_between(findings->text, one->line, end)), "");
}

/* add_lines - the recipients that lines name; returns how many there are */
static void add_lines(struct work *work, struct findings *findings, enum bm_action action,
		      bool transcript)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct bm_bytes remote = {0};
		const struct bm_bytes text = transcript ? transcript_reason(work, findings, i)
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

/* is_daemon - does the sender's name say that a program writes, or nobody */
static bool is_daemon(struct work *work)
{
	static const char *const names[] = {"mailer-daemon",
					    "postmaster",
					    "mail delivery",
					    "mail.delivery",
					    "mdaemon@",
					    "mail_service",
					    "mail administrator",
					    "administrator",
					    "mailsystem",
					    "mail system",
					    "<>",
					    NULL};
	return has_any(low_field(work, FIELD_FROM), names);
}

/* is_returned - did it come without a sender to answer to, as bounces do (and many auto-replies) */
static bool is_returned(const struct work *work)
{
	const struct bm_bytes path = work->parts[0].field[FIELD_RETURN_PATH];
	return (path.data && bm_bytes_equal(run_trim(path), BM_BYTES("<>"))) ||
	       run_starts(path, "<mailer-daemon");
}

bool from_daemon(struct work *work)
{
	return is_daemon(work) || is_returned(work);
}

/* row_of - the first row that the opening of a text fits, or NULL; *at is where the first phrase of
 * any row stands */
static const struct notice *row_of(struct bm_bytes low, size_t *at)
{
	const struct bm_bytes opening = run_first(low, OPENING_BYTES_MAX);
	const struct notice *first = NULL;
	*at = opening.size;
	for (const struct notice *row = notice_rows; row->name; row++) {
		const size_t found =
			run_find(first ? run_first(opening, *at) : opening, row->phrase);
		if (found >= *at)
			continue;
		*at = found;
		if (first == NULL)
			first = row;
	}
	return first;
}

/* may_be - is the text of a bounce that no row fits: one that says it failed, in a mail from where
 * bounces come */
static bool may_be(const struct findings *findings, bool daemon, bool returned, bool subject)
{
	const bool quoted = findings->searches > 0 &&
			    bm_bytes_find(findings->text, 0, '@') < findings->text.size;
	if (daemon && subject && quoted)
		return true;
	return (daemon || (returned && subject)) && has_any(findings->low, notice_failure_words);
}

static bool notice_recognise(struct work *work)
{
	static const struct notice nobody = {"mail", "", BM_ACTION_FAILED};
	const bool failed = work->parts[0].field[FIELD_X_FAILED].size > 0;
	const bool daemon = is_daemon(work), returned = is_returned(work);
	const struct bm_bytes title = low_field(work, FIELD_SUBJECT);
	const bool subject = has_any(title, notice_subject_words);
	if (!failed && !daemon && (!(returned || subject) || has_any(title, notice_answer_words)))
		return false;
	const struct findings *const findings = findings_new(work);
	work->findings = findings;
	work->found = row_of(findings->low, &work->found_at);
	if (work->found == NULL && (failed || may_be(findings, daemon, returned, subject))) {
		work->found = &nobody;
		work->found_at = 0;
	}
	return work->found != NULL;
}

/* add_all - the recipients by the first way that finds any */
static void add_all(struct work *work, struct findings *findings, enum bm_action action,
		    size_t from)
{
	find_lines(findings, from, false);
	find_tellers(work, findings);
	if (work->parts[0].field[FIELD_X_FAILED].size)
		add_failed(work, findings, action, from);
	else
		add_lines(work, findings, action, false);
	if (work->count == 0 && work_verp(work).size)
		add_whole(work, findings, work_verp(work), action, from);
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
static struct findings *explained(struct work *work)
{
	if (work->explained == NULL) {
		struct findings *const findings = findings_new(work);
		findings->list = findings_list(work);
		find_lines(findings, 0, false);
		find_tellers(work, findings);
		work->explained = findings;
	}
	return work->explained;
}

/* generated - what a program that mail was piped into said (Exim) */
static struct bm_bytes generated(struct work *work, const struct findings *findings)
{
	const size_t at = run_find(findings->low, "text was generated during the delivery");
	const size_t end = bm_bytes_find(findings->text, at, '\n');
	return reason_words(work, run_between(findings->text, end, end + REASON_BYTES_MAX), true);
}

struct bm_bytes notice_explain(struct work *work, struct bm_bytes address)
{
	struct findings *const findings = explained(work);
	const size_t index = index_of(findings, address);
	struct bm_bytes remote, text = {0};
	if (index < findings->count)
		text = reason_near(work, findings, index, &remote);
	if (text.size == 0)
		text = reply_about(work, findings, address);
	if (text.size)
		return text;
	text = reply_about(work, findings, BM_BYTES(""));
	return text.size ? text : generated(work, findings);
}

struct bm_bytes notice_opening(struct work *work)
{
	const struct findings *const findings = explained(work);
	return findings->count ? before(work, findings, findings->list[0].line)
			       : (struct bm_bytes){0};
}

const struct bm_mail_kind bm_mail_kind_notice = {
	.name = "notice", .recognise = notice_recognise, .read = notice_read};
