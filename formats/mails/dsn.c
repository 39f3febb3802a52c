/* dsn.c - delivery status notifications: RFC 3464, with RFC 6533 (UTF-8 addresses) and RFC 3886.
 *
 * A report is a list of fields: first those of the message, then, behind a blank line each, a group
 * for every recipient.  Servers keep that only roughly.  Groups run into each other or are torn by
 * blank lines, Action stands before Final-Recipient, names have a blank before the colon.  So a new
 * group begins where a field of a recipient comes behind a blank line, or comes a second time; and
 * a group counts when it names a recipient.
 *
 * The text to classify is Diagnostic-Code, or for Postfix the same with its frame; where that is missing or holds a bare code, it is what
 * the text for people says about this recipient (notice_explain).  What a report does not say is
 * left open: an unknown Action follows the class of Status.
 */
#include "reason.h"
#include "work.h"

enum {
	DIAGNOSTIC_BYTES_MAX = 4096,
	LOOSE_BYTES_MAX = 64 << 10,
	HOST_BYTES_MAX = 255,
	TYPE_BYTES_MAX = 40,
	LETTERS_MIN = 3,
	GROUP_FIELDS = 8
};

enum group_field { FINAL, ORIGINAL, ACTUAL, ACTION, STATUS, REMOTE, DIAGNOSTIC, LAST_ATTEMPT };

struct group {
	struct bm_bytes field[GROUP_FIELDS]; /* raw values; data is NULL for what is missing */
	bool begun;
};

/* untyped - what stands behind the type in "rfc822; user@example.com" */
static struct bm_bytes untyped(struct bm_bytes value)
{
	const size_t mark = bm_bytes_find(run_first(value, TYPE_BYTES_MAX), 0, ';');
	for (size_t i = 0; i < mark && i < value.size; i++)
		if (!is_letter(value.data[i]) && !bm_is_digit(value.data[i]) &&
		    !strchr("-_/ .", value.data[i]))
			return run_trim(value);
	return mark < run_first(value, TYPE_BYTES_MAX).size
		       ? run_trim(bm_bytes_from(value, mark + 1))
		       : run_trim(value);
}

/* hex_take - the number inside "\\x{1F4A9}" at the head of run; the bytes it takes, or 0 */
static size_t hex_take(struct bm_bytes run, uint32_t *number)
{
	size_t i = 3;
	*number = 0;
	if (run.size < 5 || memcmp(run.data, "\\x{", 3) != 0)
		return 0;
	for (; i < run.size && i < 9 && run.data[i] != '}'; i++) {
		const uint8_t byte = bm_lower(run.data[i]);
		if (!bm_is_digit(byte) && (byte < 'a' || byte > 'f'))
			return 0;
		*number = *number * 16 + (bm_is_digit(byte) ? byte - '0' : byte - 'a' + 10);
	}
	return i > 3 && i < run.size && run.data[i] == '}' && *number <= 0x10ffff ? i + 1 : 0;
}

/* utf8_put - the UTF-8 of a code point; returns its size */
static size_t utf8_put(uint8_t *out, uint32_t number)
{
	const unsigned more = number < 0x80 ? 0 : number < 0x800 ? 1 : number < 0x10000 ? 2 : 3;
	static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
	for (unsigned i = more; i > 0; i--, number >>= 6)
		out[i] = (uint8_t)(0x80 | (number & 0x3f));
	out[0] = (uint8_t)(marks[more] | number);
	return more + 1;
}

/* unescaped - a UTF-8 address as RFC 6533 lets ASCII write it: "j\x{FC}rgen" */
static struct bm_bytes unescaped(struct work *work, struct bm_bytes address)
{
	if (bm_bytes_search(address, BM_BYTES("\\x{")) == address.size)
		return address;
	uint8_t *const text = scratch_take(work->scratch, address.size);
	size_t size = 0;
	for (size_t i = 0; i < address.size;) {
		uint32_t number;
		const size_t taken = hex_take(bm_bytes_from(address, i), &number);
		if (taken)
			size += utf8_put(text + size, number);
		else
			text[size++] = address.data[i];
		i += taken ? taken : 1;
	}
	return (struct bm_bytes){text, size};
}

/* address_of - the address of a recipient field, without angles */
static struct bm_bytes address_of(struct work *work, struct bm_bytes value)
{
	struct bm_bytes address =
		scratch_unfold(work->scratch, untyped(value), DIAGNOSTIC_BYTES_MAX);
	if (address.size && address.data[0] == '<') {
		address = bm_bytes_from(address, 1);
		address = run_first(address, bm_bytes_find(address, 0, '>'));
	}
	return unescaped(work, run_trim(address));
}

/* host_of - the host of an MTA field, without what servers write behind it */
static struct bm_bytes host_of(struct work *work, struct bm_bytes value)
{
	const struct bm_bytes host = scratch_unfold(work->scratch, untyped(value), HOST_BYTES_MAX);
	size_t size = 0;
	while (size < host.size && !is_blank(host.data[size]))
		size++;
	while (size && strchr(".;,", host.data[size - 1]))
		size--;
	return run_first(host, size);
}

struct bm_enhanced report_status(struct bm_bytes value)
{
	struct bm_enhanced status = {0};
	struct bm_bytes head = run_trim(value);
	for (size_t i = 0; i < head.size; i++)
		if (!bm_is_digit(head.data[i]) && head.data[i] != '.') {
			head = run_first(head, i);
			break;
		}
	(void)bm_enhanced_parse(head, &status);
	return status;
}

/* action_of - the Action field, or what the status makes likely */
static enum bm_action action_of(struct bm_bytes value, struct bm_enhanced status)
{
	if (run_starts(value, "delay"))
		return BM_ACTION_DELAYED;
	if (run_starts(value, "deliver"))
		return BM_ACTION_DELIVERED;
	if (run_starts(value, "relay"))
		return BM_ACTION_RELAYED;
	if (run_starts(value, "expand"))
		return BM_ACTION_EXPANDED;
	if (run_starts(value, "fail"))
		return BM_ACTION_FAILED;
	return status.class == 2 ? BM_ACTION_DELIVERED : BM_ACTION_FAILED;
}

/* says_little - is a diagnostic no more than a code */
static bool says_little(struct bm_bytes text)
{
	unsigned letters = 0;
	for (size_t i = 0; i < text.size && letters < LETTERS_MIN; i++)
		letters += is_letter(text.data[i]) || text.data[i] >= 0x80;
	return letters < LETTERS_MIN;
}

/* diagnostic_of - the text to classify */
static struct bm_bytes diagnostic_of(struct work *work, const struct group *group,
				     struct bm_bytes address)
{
	const struct bm_bytes said =
		decode_raw(work, scratch_unfold(work->scratch, untyped(group->field[DIAGNOSTIC]),
						DIAGNOSTIC_BYTES_MAX));
	/* Postfix's report leaves out at which command it was said: its text does not.  Of a program
	 * that mail was piped into, the report has the words that tell. */
	const bool piped = run_starts(run_trim(group->field[DIAGNOSTIC]), "x-unix");
	const struct bm_bytes frame = work->mail->queue_id.size && said.size && !piped
					      ? reason_frame(work, address)
					      : (struct bm_bytes){0};
	if (frame.size)
		return decode_raw(work, frame);
	if (!says_little(said)) {
		const struct bm_bytes whole = reason_transcript(work, said);
		return whole.size ? whole : said;
	}
	const struct bm_bytes told = notice_explain(work, address);
	return told.size ? told : said;
}

/* recipient_of - whom a group is about */
static struct bm_bytes recipient_of(struct work *work, const struct group *group)
{
	static const enum group_field order[] = {FINAL, ORIGINAL, ACTUAL};
	struct bm_bytes address = {0}, first = {0};
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		address = address_of(work, group->field[order[i]]);
		if (bm_bytes_find(address, 0, '@') < address.size)
			return address;
		if (first.size == 0)
			first = address;
	}
	/* a report may hide whom it is about */
	const bool told = group->field[ACTION].data || group->field[STATUS].data;
	return first.size || !told ? first : work_verp(work);
}

/* group_end - a recipient, if the group names one */
static void group_end(struct work *work, struct group *group)
{
	const struct bm_bytes address = recipient_of(work, group);
	if (address.size) {
		const struct bm_enhanced status = report_status(group->field[STATUS]);
		const enum bm_action action = action_of(run_trim(group->field[ACTION]), status);
		struct bm_mail_recipient *const one = work_add(work, address, action);
		if (one && one->text.size == 0) {
			one->status = status;
			one->original = address_of(work, group->field[ORIGINAL]);
			one->text = diagnostic_of(work, group, address);
			/* a delay has no reason yet; that it is one stands before the recipients */
			if (one->text.size == 0 && action == BM_ACTION_DELAYED)
				one->text = notice_opening(work);
			one->remote = host_of(work, group->field[REMOTE]);
			one->last_attempt = work_date(group->field[LAST_ATTEMPT]);
		}
	}
	*group = (struct group){.begun = false};
}

/* group_field - which of a group's fields a name is, or GROUP_FIELDS */
static unsigned group_field(struct bm_bytes name)
{
	static const char *const names[GROUP_FIELDS] = {
		"final-recipient", "original-recipient", "x-actual-recipient", "action",
		"status",          "remote-mta",         "diagnostic-code",    "last-attempt-date"};
	unsigned i = 0;
	while (i < GROUP_FIELDS && !run_is(name, names[i]))
		i++;
	return i;
}

/* message_field - a field that is the message's */
static void message_field(struct work *work, struct bm_bytes name, struct bm_bytes value)
{
	struct bm_mail *const mail = work->mail;
	if (run_is(name, "reporting-mta") && mail->reporter.size == 0)
		mail->reporter = host_of(work, value);
	else if (run_is(name, "x-postfix-queue-id"))
		mail->queue_id = scratch_unfold(work->scratch, value, 255);
	else if (run_is(name, "x-postfix-sender"))
		mail->sender = address_of(work, value);
	else if (run_is(name, "arrival-date"))
		mail->arrival = work_date(value);
}

/* field_take - the next field of a report with its folds; blank tells of blank lines before it */
static bool field_take(struct bm_bytes body, size_t *offset, struct bm_bytes *name,
		       struct bm_bytes *value, bool *blank)
{
	struct bm_bytes line;
	*blank = false;
	while (line_take(body, offset, &line)) {
		if (run_trim(line).size == 0) {
			*blank = true;
			continue;
		}
		if (line.data[0] == '\r') /* a stray one, by careless software */
			line = run_trim(line);
		if (!mime_field_line(line, name, value))
			continue;
		while (*offset < body.size &&
		       (body.data[*offset] == ' ' || body.data[*offset] == '\t')) {
			(void)line_take(body, offset, &line);
			value->size = (size_t)(line.data + line.size - value->data);
		}
		return true;
	}
	return false;
}

void report_fields(struct work *work, struct bm_bytes body)
{
	struct group group = {.begun = false};
	struct bm_bytes name, value;
	size_t offset = 0;
	bool blank, torn = false;
	while (field_take(body, &offset, &name, &value, &blank)) {
		const unsigned number = group_field(name);
		torn |= blank;
		if (number == GROUP_FIELDS) {
			message_field(work, name, value);
			continue;
		}
		if (group.begun && (group.field[number].data ||
				    (torn && group.field[FINAL].data && number <= ACTION)))
			group_end(work, &group);
		if (group.field[number].data == NULL)
			group.field[number] = value;
		group.begun = true;
		torn = false;
	}
	group_end(work, &group);
}

/* is_report - is the part a delivery report, by its type or by its first field */
static bool is_report(const struct part *part)
{
	if (mime_is(part, "message/delivery-status") ||
	    mime_is(part, "message/global-delivery-status") ||
	    mime_is(part, "message/tracking-status"))
		return true;
	const struct bm_bytes near = run_first(part->body, 512);
	size_t offset = 0;
	struct bm_bytes line;
	while (part->depth && line_take(near, &offset, &line))
		if (run_trim(line).size)
			return run_starts(line, "reporting-mta:") ||
			       run_starts(line, "final-recipient:");
	return false;
}

/* loose_report - the fields of a report that lost the boundaries around them, in a mail that says
 * it is one: from Reporting-MTA: to the original's header; or empty */
static struct bm_bytes loose_report(struct work *work)
{
	const struct part *const top = &work->parts[0];
	const struct bm_bytes near = run_first(top->body, LOOSE_BYTES_MAX);
	size_t offset = 0, at = 0, from = SIZE_MAX;
	struct bm_bytes line;
	if (!mime_is(top, "multipart/report"))
		return (struct bm_bytes){0};
	for (; line_take(near, &offset, &line); at = offset) {
		if (from == SIZE_MAX && run_starts(line, "reporting-mta:"))
			from = at;
		else if (from != SIZE_MAX &&
			 (run_starts(line, "return-path:") || run_starts(line, "received:")))
			return run_between(near, from, at);
	}
	return from == SIZE_MAX ? (struct bm_bytes){0} : run_between(near, from, near.size);
}

static bool dsn_recognise(struct work *work)
{
	for (size_t i = 0; i < work->part_count; i++)
		if (is_report(&work->parts[i])) {
			work->found_at = i;
			return true;
		}
	work->found_at = work->part_count;
	work->loose = loose_report(work);
	return work->loose.size > 0;
}

static void dsn_read(struct work *work)
{
	for (size_t i = work->found_at; i < work->part_count; i++)
		if (is_report(&work->parts[i]))
			report_fields(work,
				      mime_body(work, &work->parts[i], work->parts[i].body.size));
	if (work->found_at == work->part_count)
		report_fields(work, work->loose);
}

const struct bm_mail_kind bm_mail_kind_dsn = {
	.name = "dsn", .recognise = dsn_recognise, .read = dsn_read};
