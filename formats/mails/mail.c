/* mail.c - one mail in, its meaning out: the kinds are asked in turn, see work.h.
 *
 * The order of the registry is the order of trust.  A report in a form made for machines is
 * believed before the words for people, and these before the marks of an auto-reply, since many
 * servers mark their bounces as auto-replies.  The first kind that recognises the mail and finds a
 * recipient in it has it; one that recognises it and finds nobody leaves it to those behind.
 */
#include "bouncemill/error.h"
#include "bouncemill/registry.h"
#include "work.h"

enum {
	TEXT_BYTES_MAX = 64 << 10,     /* of the text for people */
	ORIGINAL_BYTES_MAX = 64 << 10, /* of the original's header */
	SUBJECT_BYTES_MAX = 1000,
	TWIN_LOOK_MAX = 64 /* how far back a recipient is looked for */
};

struct bm_mail_reader {
	struct part parts[BM_MAIL_PARTS_MAX];
	struct work work;
};

struct bm_mail_reader *bm_mail_reader_new(void)
{
	struct bm_mail_reader *const reader = bm_zalloc(1, sizeof *reader);
	decode_start();
	reader->work.parts = reader->parts;
	reader->work.scratch = scratch_new();
	reader->work.converters = converters_new();
	return reader;
}

void bm_mail_reader_free(struct bm_mail_reader *reader)
{
	if (reader == NULL)
		return;
	scratch_free(reader->work.scratch);
	converters_free(reader->work.converters);
	bm_free(reader->work.list);
	bm_free(reader);
}

struct bm_bytes bm_mail_words(struct bm_mail_reader *reader, struct bm_bytes value)
{
	scratch_reset(reader->work.scratch);
	return decode_words(&reader->work, value);
}

const char *bm_mail_sort_name(enum bm_mail_sort sort)
{
	static const char *const names[] = {"ordinary", "bounce",     "delay",     "success",
					    "feedback", "auto-reply", "unreadable"};
	return names[sort];
}

const char *bm_action_name(enum bm_action action)
{
	static const char *const names[] = {"failed",  "delayed",  "delivered",
					    "relayed", "expanded", "feedback"};
	return names[action];
}

/* ---- what kinds ask for ---- */

struct bm_mail_recipient *work_add(struct work *work, struct bm_bytes address,
				   enum bm_action action)
{
	if (address.size == 0 && action != BM_ACTION_FEEDBACK)
		return NULL;
	const size_t back = work->count < TWIN_LOOK_MAX ? work->count : TWIN_LOOK_MAX;
	for (size_t i = work->count - back; i < work->count; i++)
		if (work->list[i].action == action && run_same(work->list[i].address, address))
			return &work->list[i];
	if (work->count == BM_MAIL_RECIPIENTS_MAX) {
		work->mail->notes |= BM_MAIL_NOTE_RECIPIENTS;
		return NULL;
	}
	BM_GROW(work->list, work->count, work->room);
	struct bm_mail_recipient *const one = &work->list[work->count++];
	*one = (struct bm_mail_recipient){
		.address = address, .action = action, .last_attempt = BM_TIME_UNKNOWN};
	return one;
}

struct bm_bytes work_address(struct bm_bytes value)
{
	const size_t open = bm_bytes_find(value, 0, '<');
	if (open < value.size) {
		const struct bm_bytes inside = bm_bytes_from(value, open + 1);
		return run_trim(run_first(inside, bm_bytes_find(inside, 0, '>')));
	}
	size_t at = bm_bytes_find(value, 0, '@'), from = at, to = at;
	if (at == value.size)
		return (struct bm_bytes){value.data, 0};
	while (from && !is_blank(value.data[from - 1]) && !strchr(",;:()\"", value.data[from - 1]))
		from--;
	while (to < value.size && !is_blank(value.data[to]) && !strchr(",;()\"", value.data[to]))
		to++;
	return run_between(value, from, to);
}

/* unangled - a Message-ID without its angles */
static struct bm_bytes unangled(struct work *work, struct bm_bytes value)
{
	struct bm_bytes id = scratch_unfold(work->scratch, value, SUBJECT_BYTES_MAX);
	const size_t open = bm_bytes_find(id, 0, '<');
	if (open == id.size)
		return id;
	id = bm_bytes_from(id, open + 1);
	return run_first(id, bm_bytes_find(id, 0, '>'));
}

void work_original(struct work *work, struct bm_bytes message)
{
	struct bm_bytes field[FIELD_COUNT], head;
	struct bm_mail *const mail = work->mail;
	(void)mime_head(message, &head);
	(void)mime_fields(head, field);
	work->original = head;
	work->inner = message;
	if (mail->sender.size == 0)
		mail->sender = work_address(field[FIELD_RETURN_PATH]);
	if (mail->sender.size == 0)
		mail->sender = work_address(field[FIELD_FROM]);
	mail->subject = decode_words(
		work, scratch_unfold(work->scratch, field[FIELD_SUBJECT], SUBJECT_BYTES_MAX));
	mail->message_id = unangled(work, field[FIELD_MESSAGE_ID]);
}

/* is_message - is the part a message, or the header of one */
static bool is_message(const struct part *part)
{
	return mime_is(part, "message/rfc822") || mime_is(part, "text/rfc822-headers") ||
	       mime_is(part, "text/rfc822-header") || mime_is(part, "message/global") ||
	       mime_is(part, "message/global-headers");
}

/* find_original - the header of the message that came back, where it has a part of its own */
static void find_original(struct work *work)
{
	for (size_t i = 1; i < work->part_count; i++) {
		if (!is_message(&work->parts[i]))
			continue;
		struct bm_bytes body = mime_body(work, &work->parts[i], ORIGINAL_BYTES_MAX);
		while (body.size && is_blank(body.data[0]))
			body = bm_bytes_from(body, 1);
		work_original(work, body);
		return;
	}
}

/* text_part - the part people are to read: plain text, else a page, else the first without a type
 * of its own */
static const struct part *text_part(const struct work *work)
{
	const struct part *page = NULL;
	for (size_t i = work->part_count > 1; i < work->part_count; i++) {
		const struct part *const part = &work->parts[i];
		if (mime_is(part, "text/plain") && part->body.size)
			return part;
		if (page == NULL && mime_is(part, "text/html"))
			page = part;
	}
	return page ? page : &work->parts[0];
}

struct bm_bytes work_text(struct work *work)
{
	if (work->text_made)
		return work->text;
	work->text_made = true;
	const struct part *const part = text_part(work);
	const struct bm_bytes charset =
		mime_parameter(work, part->field[FIELD_CONTENT_TYPE], "charset");
	work->text = decode_raw(
		work, decode_charset(work, mime_body(work, part, TEXT_BYTES_MAX), charset));
	work->text_html = mime_is(part, "text/html");
	if (work->text_html)
		work->text = decode_html(work, work->text);
	return work->text;
}

/* ---- reading ---- */

/* unwrapped - a mail's bytes without blank lines and a From_ line before its header */
static struct bm_bytes unwrapped(struct bm_bytes data)
{
	size_t offset = 0, start = 0;
	struct bm_bytes line;
	while (line_take(data, &offset, &line)) {
		const bool from = bm_bytes_starts(line, BM_BYTES("From ")) ||
				  bm_bytes_starts(line, BM_BYTES(">From "));
		if (!from && run_trim(line).size)
			break;
		start = offset;
		if (from)
			break;
	}
	return bm_bytes_from(data, start);
}

/* sort_of - by the actions of the recipients */
static enum bm_mail_sort sort_of(const struct work *work)
{
	enum bm_mail_sort sort = BM_MAIL_SUCCESS;
	for (size_t i = 0; i < work->count; i++) {
		if (work->list[i].action == BM_ACTION_FAILED)
			return BM_MAIL_BOUNCE;
		if (work->list[i].action == BM_ACTION_FEEDBACK)
			return BM_MAIL_FEEDBACK;
		if (work->list[i].action == BM_ACTION_DELAYED)
			sort = BM_MAIL_DELAY;
	}
	return sort;
}

/* ask_kinds - the first kind that can read the mail does */
static void ask_kinds(struct work *work)
{
	struct bm_mail *const mail = work->mail;
	const struct bm_mail_kind *kind;
	bool claimed = false;
	for (size_t i = 0; (kind = bm_registry_mail_kind(i)) != NULL; i++) {
		if (!kind->recognise(work))
			continue;
		mail->kind = kind->name;
		kind->read(work);
		if (mail->sort != BM_MAIL_ORDINARY)
			return;
		if (work->count) {
			mail->sort = sort_of(work);
			return;
		}
		claimed = true;
	}
	mail->sort = claimed ? BM_MAIL_UNREADABLE : BM_MAIL_ORDINARY;
}

/* settle - a status that a report leaves open or general is the one its text begins with */
static void settle(struct work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		struct bm_mail_recipient *const one = &work->list[i];
		const bool general = one->status.subject == 0 && one->status.detail == 0;
		struct bm_reply reply;
		if (!general || one->text.size == 0)
			continue;
		bm_reply_parse(one->text, &reply);
		if (reply.enhanced.class &&
		    (one->status.class == 0 || one->status.class == reply.enhanced.class))
			one->status = reply.enhanced;
	}
}

/* read_one - one message; what it says replaces what work->mail held */
static void read_one(struct work *work, struct bm_bytes data)
{
	struct bm_mail *const mail = work->mail;
	*mail = (struct bm_mail){.kind = "", .date = BM_TIME_UNKNOWN, .arrival = BM_TIME_UNKNOWN};
	work->count = 0;
	work->text_made = false;
	work->explained = NULL;
	work->frame_at = work->frames_missed = 0;
	work->original = work->inner = (struct bm_bytes){0};
	mime_read(work, unwrapped(data));
	mail->date = work_date(work->parts[0].field[FIELD_DATE]);
	mail->own_id = unangled(work, work->parts[0].field[FIELD_MESSAGE_ID]);
	mail->author = work_address(work->parts[0].field[FIELD_FROM]);
	mail->returned_to = work_address(work->parts[0].field[FIELD_TO]);
	find_original(work);
	ask_kinds(work);
	settle(work);
}

/* is_wrapped - is this a bounce that names nobody around a report that does: some gateways put the
 * report they got into a notice of their own */
static bool is_wrapped(struct work *work)
{
	struct bm_bytes field[FIELD_COUNT];
	const enum bm_mail_sort sort = work->mail->sort;
	if (work->inner.size == 0 || (sort != BM_MAIL_UNREADABLE && sort != BM_MAIL_ORDINARY))
		return false;
	(void)mime_fields(work->original, field);
	return run_starts(field[FIELD_CONTENT_TYPE], "multipart/report") && from_daemon(work);
}

enum bm_mail_sort bm_mail_read(struct bm_mail_reader *reader, struct bm_bytes data,
			       struct bm_mail *mail)
{
	struct work *const work = &reader->work;
	scratch_reset(work->scratch);
	work->mail = mail;
	read_one(work, data);
	if (is_wrapped(work)) {
		const struct bm_mail outer = *mail;
		read_one(work, work->inner);
		mail->own_id = outer.own_id;
		mail->author = outer.author;
		mail->date = outer.date;
	}
	mail->count = work->count;
	mail->recipients = work->list;
	return mail->sort;
}
