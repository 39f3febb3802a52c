/* symptom.c - from pasted bytes to delivery attempts that can be judged; see symptom.h.
 *
 * Four readings, tried in this order:
 *   log     as soon as one line is an event of a known log format, the input is a log: each failed
 *           or delivered attempt in it is a case.  All header forms of record.h are read.
 *   mail    a whole mail, or an mbox, is read as bounce archives are (mail.h): each recipient that it
 *           reports on is a case, and so is a complaint or an automatic answer.
 *   report  "Final-Recipient:" or "Diagnostic-Code:" at a line's head are fields of RFC 3464:
 *           folded lines are joined, each group of fields is a recipient and a case.  A group
 *           without Diagnostic-Code is judged by Status, else by the story for people before it.
 *   text    everything else.  Lines are joined to paragraphs: a blank line ends one, and so does
 *           what SMTP says ends a reply (RFC 5321 4.2.1: "550-" goes on, "550 " is the last line).
 *           When all is replies, each is a case; else all paragraphs compete in one case.
 *
 * Of a paragraph the reply alone is tried as well, when one can be seen in the middle of it: behind
 * "status=bounced (", behind "<recipient>:", or from a basic code that an enhanced one follows.
 * A mail's head and the message that was sent back are no part of the story and are left out.
 */
#include "symptom.h"

#include <strings.h>

#include "bouncemill/error.h"
#include "bouncemill/log.h"
#include "bouncemill/mail.h"
#include "bouncemill/registry.h"
#include "bouncemill/reply.h"
#include "record.h"
#include "returned.h"

enum {
	PIECES_MAX = 4096,       /* symptoms of one case: a mail has far fewer paragraphs */
	FIELD_BYTES_MAX = 16384, /* of a folded field */
	DAY_OF_YEARLESS = 20000  /* what year a stamp gets plays no part here */
};

/* --- the list --- */

/* symptom_add - one more symptom of a case; NULL when there is no room for it */
static struct bm_symptom *symptom_add(struct bm_symptoms *symptoms, enum bm_symptom_form form,
				      uint32_t number)
{
	if (number >= symptoms->cases_max || symptoms->count >= (size_t)PIECES_MAX + number) {
		symptoms->more = true;
		return NULL;
	}
	BM_GROW(symptoms->list, symptoms->count, symptoms->room);
	struct bm_symptom *const symptom = &symptoms->list[symptoms->count++];
	*symptom = (struct bm_symptom){.form = form, .number = number};
	symptom->event = (struct bm_event){.kind = BM_EVENT_ATTEMPT,
					   .status = BM_STATUS_BOUNCED,
					   .delay_hundredths = UINT32_MAX};
	return symptom;
}

void bm_symptoms_dispose(struct bm_symptoms *symptoms)
{
	bm_free(symptoms->list);
	bm_arena_dispose(&symptoms->arena);
	*symptoms = (struct bm_symptoms){0};
}

/* --- lines --- */

static bool is_blank(uint8_t byte)
{
	return byte <= ' ' || byte == 0x7f;
}

static struct bm_bytes trim(struct bm_bytes run)
{
	while (run.size && is_blank(run.data[0]))
		run = bm_bytes_from(run, 1);
	while (run.size && is_blank(run.data[run.size - 1]))
		run.size--;
	return run;
}

bool bm_symptom_line(struct bm_bytes *rest, struct bm_bytes *line)
{
	if (rest->size == 0)
		return false;
	const size_t end = bm_bytes_find(*rest, 0, '\n');
	*line = (struct bm_bytes){rest->data, end};
	*rest = bm_bytes_from(*rest, end < rest->size ? end + 1 : end);
	if (line->size && line->data[line->size - 1] == '\r')
		line->size--;
	return true;
}

/* starts - does run begin with a word, without regard to case */
static bool starts(struct bm_bytes run, const char *word)
{
	const size_t size = strlen(word);
	return run.size >= size && strncasecmp((const char *)run.data, word, size) == 0;
}

/* put_flat - append text to out, every blank and control byte a space */
static void put_flat(struct bm_text *out, struct bm_bytes text)
{
	uint8_t *const at = bm_text_room(out, text.size);
	for (size_t i = 0; i < text.size; i++)
		at[i] = is_blank(text.data[i]) ? ' ' : text.data[i];
	out->size += text.size;
}

/* --- a paragraph --- */

/* code_at - is there a basic code of a failure at offset, a word of its own */
static bool code_at(struct bm_bytes text, size_t at)
{
	if (at + 3 > text.size || (text.data[at] != '4' && text.data[at] != '5') ||
	    !bm_is_digit(text.data[at + 1]) || !bm_is_digit(text.data[at + 2]))
		return false;
	const uint8_t before = at ? text.data[at - 1] : ' ';
	const uint8_t after = at + 3 < text.size ? text.data[at + 3] : ' ';
	return strchr(" :;,'\"(<[#=", before) && strchr(" -", after);
}

/* reply_start - where a reply begins in running text: at a basic code that an enhanced one
 * follows, or that stands behind a colon; text.size if nowhere */
static size_t reply_start(struct bm_bytes text)
{
	struct bm_enhanced enhanced;
	for (size_t at = 0; at + 3 <= text.size; at++) {
		if (!code_at(text, at))
			continue;
		const bool behind = at >= 2 && text.data[at - 1] == ' ' && text.data[at - 2] == ':';
		if (behind || (at + 4 < text.size &&
			       bm_enhanced_parse(bm_bytes_from(text, at + 4), &enhanced)))
			return at;
	}
	return text.size;
}

/* peel_status - of a log line's rest, "... status=bounced (T)": leave T in *text */
static void peel_status(struct bm_bytes *text)
{
	const size_t at = bm_bytes_search(*text, BM_BYTES("status="));
	const size_t open = bm_bytes_search(bm_bytes_from(*text, at), BM_BYTES(" (")) + at;
	if (at < text->size && open - at < 30 && open + 2 < text->size)
		*text = bm_bytes_from(*text, open + 2);
}

/* peel_recipient - "<a@b>: T" and "to=<a@b>, ...": keep the address, leave T of the first */
static void peel_recipient(struct bm_bytes *text, struct bm_bytes *address)
{
	const bool to = bm_bytes_starts(*text, BM_BYTES("to=<"));
	const size_t from = to ? 4 : 1;
	if (!to && (text->size == 0 || text->data[0] != '<'))
		return;
	const size_t end = bm_bytes_find(*text, from, '>');
	const struct bm_bytes inside = {text->data + from, end < text->size ? end - from : 0};
	if (bm_bytes_find(inside, 0, '@') == inside.size)
		return;
	*address = inside;
	if (!to && end + 1 < text->size && text->data[end + 1] == ':')
		*text = trim(bm_bytes_from(*text, end + 2));
}

/* What is known of a case besides the paragraph at hand. */
struct setting {
	enum bm_symptom_form form;
	uint32_t number;
	struct bm_bytes address, relay, dsn;
	bool told; /* the paragraph stands under "Reason:" or the like */
};

/* add_text - a symptom of that text */
static void add_text(struct bm_symptoms *symptoms, const struct setting *setting,
		     struct bm_bytes text, struct bm_bytes address, bool spoken)
{
	struct bm_symptom *const symptom = symptom_add(symptoms, setting->form, setting->number);
	if (symptom == NULL)
		return;
	symptom->spoken = spoken;
	symptom->event.text = text;
	symptom->event.address = address;
	symptom->event.relay = setting->relay;
	symptom->event.dsn = setting->dsn;
}

/* add_paragraph - a paragraph on one line: all of it, and the reply in it if there is one */
static void add_paragraph(struct bm_symptoms *symptoms, const struct setting *setting,
			  struct bm_bytes text)
{
	struct bm_bytes address = setting->address;
	struct bm_reply reply;
	peel_recipient(&text, &address);
	peel_status(&text);
	bm_reply_parse(text, &reply);
	const bool heads = reply.code || reply.quoted;
	const size_t start = heads ? text.size : reply_start(text);
	const bool spoken = heads || reply.enhanced.class || start < text.size || setting->told;
	if (start < text.size)
		add_text(symptoms, setting, bm_bytes_from(text, start), address, true);
	add_text(symptoms, setting, text, address, spoken);
}

/* --- running text --- */

/* code_line - '-' when a line goes on by SMTP's rule, ' ' when it ends a reply, 0 when it has no
 * code at its head */
static uint8_t code_line(struct bm_bytes line)
{
	if (!code_at(line, 0))
		return 0;
	return line.size > 3 ? line.data[3] : ' ';
}

/* is_returned - does here begin the message that was sent back */
static bool is_returned(struct bm_bytes line)
{
	static const char *const marks[] = {
		"Content-Type: message/rfc822",
		"Content-Type: text/rfc822-headers",
		"Content-Type: message/global",
		"--- Below this line is a copy of the message",
		"------ This is a copy of",
		"----- Original message -----",
		"-----Original Message-----",
		"Original message headers:",
		"----- Message header follows -----",
	};
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (starts(line, marks[i]))
			return true;
	return false;
}

/* skip_head - the body of a whole mail: input without its header, which must tell of one */
static struct bm_bytes skip_head(struct bm_bytes input)
{
	static const char *const firsts[] = {
		"Return-Path:",  "Received:", "From:",    "Delivered-To:",
		"MIME-Version:", "Date:",     "Subject:", "X-Original-To:"};
	struct bm_bytes rest = input, line;
	bool mail = bm_bytes_starts(input, BM_BYTES("From ")), ended = false;
	for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
		mail |= starts(input, firsts[i]);
	while (mail && !ended && bm_symptom_line(&rest, &line))
		ended = trim(line).size == 0;
	return ended ? rest : input;
}

/* Paragraphs being made of lines. */
struct writing {
	struct bm_symptoms *symptoms;
	struct setting setting;
	struct bm_text text; /* the paragraph so far, on one line */
	bool told_next;      /* a label stood alone: what it announces comes */
	bool goes_on;        /* its last code said so: "550-" */
	bool replies;        /* a pass of its own: count replies only */
	size_t reply_count, other_count;
};

/* announces - does a line begin with the label of what went wrong (1) or of advice (-1) */
static int announces(struct bm_bytes line)
{
	static const char *const reasons[] = {"Reason:",
					      "Reason for",
					      "Error:",
					      "The error",
					      "The response",
					      "The reason",
					      "Diagnostic information",
					      "Technical details",
					      "退信原因",
					      "退信代码",
					      "退回原因",
					      "失败原因",
					      "错误信息",
					      "错误代码",
					      "错误原因",
					      "原因"};
	static const char *const advice[] = {"解决方案", "解决办法", "建议", "温馨提示",
					     "处理建议"};
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (starts(line, reasons[i]))
			return 1;
	for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
		if (starts(line, advice[i]))
			return -1;
	return 0;
}

/* is_label - is a line nothing but a label: it ends with a colon */
static bool is_label(struct bm_bytes line)
{
	const struct bm_bytes wide = BM_BYTES("：");
	if (line.size == 0 || line.size > 100)
		return false;
	return line.data[line.size - 1] == ':' ||
	       (line.size >= wide.size &&
		bm_bytes_equal(bm_bytes_from(line, line.size - wide.size), wide));
}

/* end_paragraph - what was written is whole */
static void end_paragraph(struct writing *writing)
{
	const struct bm_bytes text =
		trim((struct bm_bytes){writing->text.data, writing->text.size});
	if (text.size) {
		const bool reply = code_line(text) != 0;
		writing->reply_count += reply;
		writing->other_count += !reply;
		if (!writing->replies)
			add_paragraph(writing->symptoms, &writing->setting,
				      bm_arena_copy(&writing->symptoms->arena, text));
		if (writing->setting.form == BM_FORM_REPLY && !writing->replies)
			writing->setting.number++;
	}
	writing->setting.told = text.size ? writing->told_next : writing->setting.told;
	writing->told_next = false;
	writing->text.size = 0;
	writing->goes_on = false;
}

/* take_line - one line of running text */
static void take_line(struct writing *writing, struct bm_bytes line)
{
	const struct bm_bytes words = trim(line);
	const uint8_t code = code_line(words);
	const bool hangs = line.size && is_blank(line.data[0]); /* a folded line */
	const int label = announces(words);
	if (words.size == 0 || label || (code && !writing->goes_on && !hangs))
		end_paragraph(writing);
	if (label)
		writing->setting.told = label > 0;
	writing->told_next = label > 0 && is_label(words);
	if (writing->text.size)
		bm_text_byte(&writing->text, ' ');
	put_flat(&writing->text, words);
	const size_t start = code ? 0 : reply_start(words);
	if (start + 3 < words.size)
		writing->goes_on = words.data[start + 3] == '-';
}

/* take_text - all paragraphs up to the message that was sent back */
static void take_text(struct writing *writing, struct bm_bytes input)
{
	struct bm_bytes rest = input, line;
	while (bm_symptom_line(&rest, &line) && !is_returned(line))
		take_line(writing, line);
	end_paragraph(writing);
}

/* read_text - running text as one case, or replies and nothing else as a case each */
static void read_text(struct bm_symptoms *symptoms, struct bm_bytes input,
		      const struct setting *setting)
{
	struct writing count = {.symptoms = symptoms, .replies = true};
	take_text(&count, input);
	struct writing writing = {.symptoms = symptoms, .setting = *setting};
	const bool alone = count.other_count + count.reply_count == 1;
	const bool replies = count.other_count == 0 && count.reply_count;
	if (setting->form != BM_FORM_BOUNCE)
		writing.setting.form = replies ? BM_FORM_REPLY : BM_FORM_BOUNCE;
	take_text(&writing, input);
	for (size_t i = 0; alone && setting->form != BM_FORM_BOUNCE && i < symptoms->count; i++)
		symptoms->list[i].form = BM_FORM_REPLY;
	symptoms->cases = writing.setting.form == BM_FORM_REPLY ? writing.setting.number
								: setting->number + 1;
	bm_text_dispose(&count.text);
	bm_text_dispose(&writing.text);
}

/* --- delivery reports --- */

/* One recipient's fields, unfolded; slices of the arena. */
struct group {
	struct bm_bytes recipient, action, status, remote, diagnostic;
};

/* field_of - where a field of that line is kept in the group, and its value; NULL = not wanted */
static struct bm_bytes *field_of(struct group *group, struct bm_bytes line, struct bm_bytes *value)
{
	const struct {
		const char *name;
		struct bm_bytes *place;
	} fields[] = {{"Final-Recipient:", &group->recipient},
		      {"Action:", &group->action},
		      {"Status:", &group->status},
		      {"Remote-MTA:", &group->remote},
		      {"Diagnostic-Code:", &group->diagnostic}};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (starts(line, fields[i].name)) {
			*value = bm_bytes_from(line, strlen(fields[i].name));
			return fields[i].place;
		}
	return NULL;
}

/* behind_type - "rfc822; a@b" without its type */
static struct bm_bytes behind_type(struct bm_bytes value)
{
	const size_t semicolon = bm_bytes_find(value, 0, ';');
	return trim(semicolon < value.size ? bm_bytes_from(value, semicolon + 1) : value);
}

/* word_of - the first word of a value */
static struct bm_bytes word_of(struct bm_bytes value)
{
	const struct bm_bytes word = trim(value);
	size_t size = 0;
	while (size < word.size && !is_blank(word.data[size]) && word.data[size] != '(')
		size++;
	return (struct bm_bytes){word.data, size};
}

/* is_done - was the recipient served after all */
static bool is_done(struct bm_bytes action)
{
	const struct bm_bytes word = word_of(action);
	return starts(word, "delivered") || starts(word, "relayed") || starts(word, "expanded");
}

/* end_group - a group of fields is whole: a case, if it tells of a recipient */
static void end_group(struct bm_symptoms *symptoms, struct group *group, struct bm_bytes around)
{
	const struct group fields = *group;
	*group = (struct group){0};
	if (!fields.diagnostic.size && !(fields.recipient.size && fields.status.size))
		return;
	if (symptoms->cases >= symptoms->cases_max) {
		symptoms->more = true;
		return;
	}
	struct bm_bytes address = behind_type(fields.recipient);
	if (bm_bytes_starts(address, BM_BYTES("<")))
		peel_recipient(&address, &address);
	const struct setting setting = {BM_FORM_BOUNCE,
					symptoms->cases,
					address,
					word_of(behind_type(fields.remote)),
					word_of(fields.status),
					false};
	const struct bm_bytes said = behind_type(fields.diagnostic);
	const size_t first = symptoms->count;
	add_text(symptoms, &setting, said, address, true);
	if (said.size == 0 && !is_done(fields.action))
		read_text(symptoms, around, &setting);
	if (is_done(fields.action) && symptoms->count > first)
		symptoms->list[first].event.status = BM_STATUS_SENT;
	symptoms->cases = setting.number + 1;
}

/* unfold - a field's value with the folded lines that follow it, which *rest steps over */
static struct bm_bytes unfold(struct bm_symptoms *symptoms, struct bm_bytes value,
			      struct bm_bytes *rest)
{
	struct bm_text text = {0};
	put_flat(&text, trim(value));
	while (rest->size && (rest->data[0] == ' ' || rest->data[0] == '\t') &&
	       text.size < FIELD_BYTES_MAX) {
		struct bm_bytes line;
		bm_symptom_line(rest, &line);
		if (trim(line).size == 0)
			break;
		bm_text_byte(&text, ' ');
		put_flat(&text, trim(line));
	}
	const struct bm_bytes copy =
		bm_arena_copy(&symptoms->arena, (struct bm_bytes){text.data, text.size});
	bm_text_dispose(&text);
	return copy;
}

/* read_report - each group of fields a case; false if there is none */
static bool read_report(struct bm_symptoms *symptoms, struct bm_bytes input)
{
	struct group group = {0};
	struct bm_bytes rest = input, line, value;
	const uint8_t *first = NULL; /* where the fields begin: the story for people lies before */
	while (bm_symptom_line(&rest, &line) && !(first && is_returned(line))) {
		struct bm_bytes *const place = field_of(&group, line, &value);
		const struct bm_bytes around = {input.data,
						first ? (size_t)(first - input.data) : 0};
		if (place && first == NULL)
			first = line.data;
		if (trim(line).size == 0 || (place == &group.recipient && place->size))
			end_group(symptoms, &group, around);
		if (place)
			*place = unfold(symptoms, value, &rest);
	}
	end_group(symptoms, &group,
		  (struct bm_bytes){input.data, first ? (size_t)(first - input.data) : 0});
	return symptoms->cases > 0;
}

/* --- logs --- */

enum bm_event_kind bm_symptom_parse(const struct bm_record *record, struct bm_event *event)
{
	const struct bm_log *log;
	for (size_t i = 0; (log = bm_registry_log(i)); i++)
		if (log->parse(record, event) != BM_EVENT_OTHER)
			return event->kind;
	return BM_EVENT_OTHER;
}

/* take_event - a record that is an event: a case if it tells how a delivery ended */
static void take_event(struct bm_symptoms *symptoms, const struct bm_event *event,
		       struct bm_bytes message)
{
	const struct setting setting = {.form = BM_FORM_LOG, .number = symptoms->cases};
	const size_t first = symptoms->count;
	struct bm_bytes text = message;
	if (event->kind == BM_EVENT_ATTEMPT) {
		struct bm_symptom *const symptom =
			symptom_add(symptoms, BM_FORM_LOG, symptoms->cases);
		if (symptom)
			symptom->event = *event;
	} else if (event->kind == BM_EVENT_EXPIRED) {
		const size_t at = bm_bytes_search(message, BM_BYTES("status="));
		text = bm_bytes_from(message, at + strlen("status="));
		add_text(symptoms, &setting, text, (struct bm_bytes){0}, true);
	} else if (event->kind == BM_EVENT_REJECT || event->kind == BM_EVENT_PROBE ||
		   reply_start(message) < message.size) {
		add_paragraph(symptoms, &setting, text);
	}
	symptoms->cases += symptoms->count > first;
}

/* take_record - one record of a log; true if it is an event.  Events keep slices of the message,
 * so that is copied first. */
static bool take_record(struct bm_symptoms *symptoms, struct bm_record_reader *reader,
			struct bm_bytes line)
{
	struct bm_record record;
	struct bm_event event;
	if (bm_record_read(reader, line, &record) != BM_RECORD_OK)
		return false;
	if (bm_symptom_parse(&record, &event) == BM_EVENT_OTHER)
		return false;
	record.message = bm_arena_copy(&symptoms->arena, record.message);
	(void)bm_symptom_parse(&record, &event);
	take_event(symptoms, &event, record.message);
	return true;
}

/* record_take - the next record of *rest: a line, or a block of a journal's export */
static bool record_take(struct bm_bytes *rest, struct bm_bytes *record, bool blocks)
{
	if (!blocks)
		return bm_symptom_line(rest, record);
	const size_t end = bm_bytes_search(*rest, BM_BYTES("\n\n"));
	*record = (struct bm_bytes){rest->data, end < rest->size ? end + 1 : end};
	*rest = bm_bytes_from(*rest, end < rest->size ? end + 2 : end);
	return record->size > 0;
}

/* read_log - each attempt a case; false if no line is an event */
static bool read_log(struct bm_symptoms *symptoms, struct bm_bytes input)
{
	struct bm_record_reader reader;
	struct bm_bytes rest = input, record;
	const enum bm_transport transport = bm_transport_sniff(input);
	bool found = false;
	bm_record_reader_init(&reader, transport, NULL);
	bm_record_years(&reader, bm_years_at(DAY_OF_YEARLESS));
	while (record_take(&rest, &record, transport == BM_TRANSPORT_EXPORT))
		if (record.size)
			found |= take_record(symptoms, &reader, record);
	bm_record_reader_dispose(&reader);
	return found;
}

/* --- mails --- */

/* take_recipient - a recipient of a report is a case, a delivered one too */
static void take_recipient(struct bm_symptoms *symptoms, const struct bm_mail_recipient *recipient)
{
	const bool complaint = recipient->action == BM_ACTION_FEEDBACK;
	struct bm_returned_event returned;
	struct bm_symptom *const symptom = symptom_add(symptoms, BM_FORM_BOUNCE, symptoms->cases);
	symptoms->cases++;
	if (symptom == NULL)
		return;
	bm_returned_event(recipient, &returned);
	symptom->event = returned.event;
	symptom->known = complaint ? BM_CATEGORY_FEEDBACK_LOOP : BM_CATEGORY_UNKNOWN;
	struct bm_bytes *const runs[] = {&symptom->event.address, &symptom->event.relay,
					 &symptom->event.dsn, &symptom->event.text};
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
		*runs[i] = bm_arena_copy(&symptoms->arena, *runs[i]);
}

/* take_answer - an automatic answer: a case that says so */
static void take_answer(struct bm_symptoms *symptoms)
{
	struct bm_symptom *const symptom = symptom_add(symptoms, BM_FORM_BOUNCE, symptoms->cases);
	symptoms->cases++;
	if (symptom == NULL)
		return;
	symptom->event.status = BM_STATUS_SENT;
	symptom->known = BM_CATEGORY_AUTO_REPLY;
}

/* read_mails - what whole mails report on; false when they are none, or report nothing */
static bool read_mails(struct bm_symptoms *symptoms, struct bm_bytes input)
{
	const enum bm_mails_shape shape = bm_mails_sniff(input);
	if (shape == BM_MAILS_NONE)
		return false;
	const int transport = shape == BM_MAILS_MBOX ? BM_TRANSPORT_MBOX : BM_TRANSPORT_MAIL;
	struct bm_mail_reader *const reader = bm_mail_reader_new();
	struct bm_bytes data;
	for (size_t at = 0; bm_returned_next(input, transport, &at, &data);) {
		struct bm_mail mail;
		if (bm_mail_read(reader, data, &mail) == BM_MAIL_ANSWER)
			take_answer(symptoms);
		for (size_t i = 0; i < mail.count; i++)
			take_recipient(symptoms, &mail.recipients[i]);
	}
	bm_mail_reader_free(reader);
	return symptoms->cases > 0;
}

void bm_symptoms_read(struct bm_symptoms *symptoms, struct bm_bytes input, uint32_t cases_max)
{
	*symptoms = (struct bm_symptoms){.cases_max = cases_max};
	const struct bm_bytes all =
		bm_bytes_starts(input, BM_BYTES("\xef\xbb\xbf")) ? bm_bytes_from(input, 3) : input;
	const struct bm_bytes story = trim(all);
	if (story.size == 0 || read_log(symptoms, story))
		return;
	if (read_mails(symptoms, story))
		return;
	const struct bm_bytes body = skip_head(story);
	if (read_report(symptoms, body))
		return;
	const struct setting setting = {0};
	read_text(symptoms, body, &setting);
}
