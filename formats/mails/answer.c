/* answer.c - auto-replies (RFC 3834): vacation notices, confirmations, read receipts.
 *
 * They are told by their marks (Auto-Submitted, X-Autoreply, Precedence, X-Auto-Response-Suppress),
 * by the words of their subject in many languages, or by being a receipt (RFC 8098).  None is a
 * failure, whatever its text says; so this kind is asked only when the others found no bounce.
 */
#include "notices.h"
#include "work.h"

/* marked - do the header's fields say so */
static bool marked(const struct part *top)
{
	const struct bm_bytes *const field = top->field;
	return run_starts(field[FIELD_AUTO_SUBMITTED], "auto-replied") ||
	       run_starts(field[FIELD_AUTO_SUBMITTED], "auto-notified") ||
	       run_starts(field[FIELD_PRECEDENCE], "auto_reply") ||
	       run_starts(field[FIELD_PRECEDENCE], "auto-reply") || field[FIELD_X_AUTOREPLY].size ||
	       field[FIELD_X_AUTORESPOND].size || field[FIELD_X_SUPPRESS].size;
}

static bool answer_recognise(struct work *work)
{
	const struct part *const top = &work->parts[0];
	if (marked(top) || mime_find(work, "message/disposition-notification"))
		return true;
	const struct bm_bytes subject = scratch_lower(
		work->scratch,
		decode_words(work, scratch_unfold(work->scratch, top->field[FIELD_SUBJECT], 400)));
	for (size_t i = 0; notice_answer_words[i]; i++)
		if (run_has(subject, notice_answer_words[i]))
			return true;
	return false;
}

static void answer_read(struct work *work)
{
	work->mail->sort = BM_MAIL_ANSWER;
}

const struct bm_mail_kind bm_mail_kind_answer = {
	.name = "auto-reply", .recognise = answer_recognise, .read = answer_read};
