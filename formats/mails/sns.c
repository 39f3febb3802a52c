/* sns.c - Amazon SES by way of SNS: a bounce, complaint or delivery as JSON in a mail.
 *
 * Two forms: the notification itself, or the notification as a string inside SNS's own object, its
 * quotes escaped.  A mail may have folded the lines anywhere.  So line ends go, escapes are undone
 * once where they are met, and then the few keys that matter are searched for; nothing is built.
 *
 * The recipients are the objects of one list, told apart by "emailAddress"; a delivery names plain
 * strings.
 */
#include "work.h"

enum { JSON_BYTES_MAX = 256 << 10, VALUE_BYTES_MAX = 4096 };

/* unescaped - run without line ends and without the backslashes of one level */
static struct bm_bytes unescaped(struct work *work, struct bm_bytes run, bool escapes)
{
	uint8_t *const text = scratch_take(work->scratch, run.size);
	size_t size = 0;
	for (size_t i = 0; i < run.size; i++) {
		if (run.data[i] == '\n' || run.data[i] == '\r')
			continue;
		if (escapes && run.data[i] == '\\' && i + 1 < run.size)
			i++;
		text[size++] = run.data[i];
	}
	return (struct bm_bytes){text, size};
}

/* string_at - the string whose opening quote stands at from; *end is behind its closing one */
static struct bm_bytes string_at(struct bm_bytes json, size_t from, size_t *end)
{
	size_t i = from + 1;
	const size_t limit =
		from + VALUE_BYTES_MAX < json.size ? from + VALUE_BYTES_MAX : json.size;
	while (i < limit && json.data[i] != '"')
		i += 1 + (json.data[i] == '\\');
	if (i > limit)
		i = limit;
	*end = i < json.size ? i + 1 : i;
	return run_between(json, from + 1, i);
}

/* value_of - the string a quoted key has, or empty */
static struct bm_bytes value_of(struct bm_bytes json, const char *key)
{
	const size_t at = run_find(json, key);
	size_t end, i = at + strlen(key);
	while (i < json.size && strchr(" \t:", json.data[i]))
		i++;
	if (at == json.size || i >= json.size || json.data[i] != '"')
		return (struct bm_bytes){0};
	return string_at(json, i, &end);
}

/* clean - a value with its escapes undone */
static struct bm_bytes clean(struct work *work, struct bm_bytes value)
{
	return bm_bytes_find(value, 0, '\\') == value.size ? value : unescaped(work, value, true);
}

static bool sns_recognise(struct work *work)
{
	const struct bm_bytes body = run_first(work->parts[0].body, JSON_BYTES_MAX);
	const struct bm_bytes head = run_trim(body);
	if (head.size == 0 || head.data[0] != '{')
		return false;
	const size_t at = run_find(run_first(body, 4096), "notificationType");
	work->found_at = at;
	return at < run_first(body, 4096).size;
}

/* recipients - one for each "emailAddress" of the list */
static void recipients(struct work *work, struct bm_bytes json, enum bm_action action)
{
	static const char key[] = "\"emailAddress\"";
	for (size_t at = run_find(json, key); at < json.size;) {
		const struct bm_bytes rest = bm_bytes_from(json, at + sizeof key - 1);
		const size_t next = run_find(rest, key);
		const size_t close = bm_bytes_find(rest, 0, '}');
		const struct bm_bytes object = run_first(rest, close < next ? close : next);
		const struct bm_bytes address = value_of(bm_bytes_from(json, at), key);
		struct bm_mail_recipient *const one =
			address.size ? work_add(work, clean(work, address), action) : NULL;
		if (one) {
			struct bm_bytes text = clean(work, value_of(object, "\"diagnosticCode\""));
			if (run_starts(text, "smtp;"))
				text = run_trim(bm_bytes_from(text, 5));
			one->text = text;
			one->status = report_status(value_of(object, "\"status\""));
		}
		at = next < rest.size ? (size_t)(rest.data - json.data) + next : json.size;
	}
}

/* delivered - the plain strings of a delivery's list */
static void delivered(struct work *work, struct bm_bytes json)
{
	const struct bm_bytes part = bm_bytes_from(json, run_find(json, "\"delivery\""));
	const struct bm_bytes list = bm_bytes_from(part, run_find(part, "\"recipients\""));
	const size_t close = bm_bytes_find(list, 0, ']');
	for (size_t i = bm_bytes_find(list, 0, '['); i < close;) {
		const size_t quote = bm_bytes_find(list, i, '"');
		if (quote >= close)
			break;
		(void)work_add(work, string_at(list, quote, &i), BM_ACTION_DELIVERED);
	}
}

static void sns_read(struct work *work)
{
	const struct bm_bytes body = run_first(work->parts[0].body, JSON_BYTES_MAX);
	const bool nested = work->found_at && body.data[work->found_at - 1] == '"' &&
			    work->found_at > 1 && body.data[work->found_at - 2] == '\\';
	const struct bm_bytes json = unescaped(work, body, nested);
	const struct bm_bytes type = value_of(json, "\"notificationType\"");
	const struct bm_bytes mail = bm_bytes_from(json, run_find(json, "\"mail\""));
	if (run_is(type, "bounce"))
		recipients(work, json, BM_ACTION_FAILED);
	else if (run_is(type, "complaint"))
		recipients(work, json, BM_ACTION_FEEDBACK);
	else if (run_is(type, "delivery"))
		delivered(work, json);
	work->mail->sender = value_of(mail, "\"source\"");
	work->mail->message_id = value_of(mail, "\"messageId\"");
	work->mail->subject = clean(work, value_of(mail, "\"subject\""));
}

const struct bm_mail_kind bm_mail_kind_sns = {
	.name = "sns", .recognise = sns_recognise, .read = sns_read};
