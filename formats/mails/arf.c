/* arf.c - complaints: feedback reports (RFC 5965, 6591, 6692) and Microsoft's older form.
 *
 * A mailbox owner pressed "this is spam", or a receiver tells of a failed DMARC check.  Neither is
 * a failure of delivery: the recipient gets the action "feedback".  Who complained is often left
 * out or blotted; then it is whom the original was sent to.
 */
#include "work.h"

enum { BODY_BYTES_MAX = 64 << 10 };

/* is_address - something with an @ inside */
static bool is_address(struct bm_bytes address)
{
	const size_t at = bm_bytes_find(address, 0, '@');
	return at > 0 && at + 1 < address.size;
}

/* complain - one recipient who complained */
static void complain(struct work *work, struct bm_bytes value, struct bm_bytes type)
{
	const struct bm_bytes address =
		work_address(scratch_unfold(work->scratch, value, BODY_BYTES_MAX));
	if (!is_address(address))
		return;
	struct bm_mail_recipient *const one = work_add(work, address, BM_ACTION_FEEDBACK);
	if (one)
		one->text = type;
}

/* from_original - the complainer by the returned message's own header */
static void from_original(struct work *work, struct bm_bytes type)
{
	struct bm_bytes field[FIELD_COUNT];
	(void)mime_fields(work->original, field);
	if (work->count == 0 && field[FIELD_X_COMPLAINER].size)
		complain(work, field[FIELD_X_COMPLAINER], type);
	if (work->count == 0)
		complain(work, field[FIELD_TO], type);
}

static bool arf_recognise(struct work *work)
{
	const struct part *const part = mime_find(work, "message/feedback-report");
	work->found = part;
	return part != NULL;
}

/* feedback_field - one field of the report */
static void feedback_field(struct work *work, struct bm_bytes name, struct bm_bytes value,
			   struct bm_bytes *type)
{
	struct bm_mail *const mail = work->mail;
	if (run_is(name, "feedback-type"))
		*type = value;
	else if (run_is(name, "original-rcpt-to") || run_is(name, "removal-recipient"))
		complain(work, value, *type);
	else if (run_is(name, "original-mail-from"))
		mail->sender = work_address(value);
	else if (run_is(name, "arrival-date") || run_is(name, "received-date"))
		mail->arrival = work_date(value);
}

static void arf_read(struct work *work)
{
	const struct bm_bytes body = mime_body(work, work->found, BODY_BYTES_MAX);
	struct bm_bytes line, name, value, type = {0};
	size_t offset = 0;
	while (line_take(body, &offset, &line))
		if (mime_field_line(line, &name, &value))
			feedback_field(work, name, value, &type);
	for (size_t i = 0; i < work->count; i++)
		work->list[i].text = type;
	from_original(work, type);
	struct bm_mail_recipient *const hidden =
		work->count ? NULL : work_add(work, BM_BYTES(""), BM_ACTION_FEEDBACK);
	if (hidden)
		hidden->text = type;
	work->mail->sort = BM_MAIL_FEEDBACK;
}

const struct bm_mail_kind bm_mail_kind_arf = {
	.name = "arf", .recognise = arf_recognise, .read = arf_read};

/* Microsoft's complaints (JMRP) are the message itself with one field more; Apple Mail's opt-out is
 * a line of text. */
static bool complaint_recognise(struct work *work)
{
	const struct part *const top = &work->parts[0];
	struct bm_bytes field[FIELD_COUNT];
	(void)mime_fields(work->original, field);
	if (field[FIELD_X_COMPLAINER].size)
		return true;
	return run_has(scratch_lower(work->scratch,
				     scratch_unfold(work->scratch, top->field[FIELD_SUBJECT], 128)),
		       "unsubscribe") &&
	       bm_bytes_search(run_first(work_text(work), 256),
			       BM_BYTES("sent this email to unsubscribe")) < 256;
}

static void complaint_read(struct work *work)
{
	from_original(work, (struct bm_bytes){0});
	if (work->count == 0)
		complain(work, work->parts[0].field[FIELD_FROM], BM_BYTES("opt-out"));
	work->mail->sort = BM_MAIL_FEEDBACK;
}

const struct bm_mail_kind bm_mail_kind_complaint = {
	.name = "complaint", .recognise = complaint_recognise, .read = complaint_read};
