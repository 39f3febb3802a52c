/* fuzz_mail.c - arbitrary bytes through the reader of mails.
 *
 * What must hold: every slice is readable; the sort fits the actions; the bounds are kept; the same
 * mail read twice, and by a reader that has read others, says the same.
 */
#include "bouncemill/mail.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* must - nothing, or the end of the run */
static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_mail: %s\n", what);
		abort();
	}
}

/* digest - of every byte a slice shows: also proves that they can be read */
static uint64_t digest(uint64_t sum, struct bm_bytes run)
{
	for (size_t i = 0; i < run.size; i++)
		sum = (sum ^ run.data[i]) * UINT64_C(0x100000001b3);
	return (sum ^ run.size) * UINT64_C(0x100000001b3);
}

/* check_sort - do the actions make the sort */
static void check_sort(const struct bm_mail *mail)
{
	size_t failed = 0, delayed = 0, feedback = 0;
	for (size_t i = 0; i < mail->count; i++) {
		failed += mail->recipients[i].action == BM_ACTION_FAILED;
		delayed += mail->recipients[i].action == BM_ACTION_DELAYED;
		feedback += mail->recipients[i].action == BM_ACTION_FEEDBACK;
		must(mail->recipients[i].address.size > 0 || feedback,
		     "a recipient without an address");
	}
	switch (mail->sort) {
	case BM_MAIL_BOUNCE:
		must(failed > 0, "a bounce without a failure");
		break;
	case BM_MAIL_DELAY:
		must(failed == 0 && delayed > 0, "a delay without one");
		break;
	case BM_MAIL_FEEDBACK:
		must(failed + delayed == 0 && feedback == mail->count, "a complaint that failed");
		break;
	case BM_MAIL_SUCCESS:
		must(failed + delayed == 0 && mail->count > 0, "a success without recipients");
		break;
	default:
		must(mail->count == 0, "recipients in a mail that reports none");
	}
}

/* read_all - what a reader says, as one number */
static uint64_t read_all(struct bm_mail_reader *reader, struct bm_bytes bytes)
{
	struct bm_mail mail;
	bm_mail_read(reader, bytes, &mail);
	must(mail.count <= BM_MAIL_RECIPIENTS_MAX, "too many recipients");
	check_sort(&mail);
	uint64_t sum = digest(mail.sort + mail.notes, bm_bytes_of(mail.kind));
	sum = digest(digest(digest(sum, mail.own_id), mail.reporter), mail.queue_id);
	sum = digest(digest(digest(sum, mail.sender), mail.subject), mail.message_id);
	sum = digest(digest(sum, mail.author), mail.returned_to);
	sum ^= (uint64_t)mail.date * 3 ^ (uint64_t)mail.arrival * 5;
	for (size_t i = 0; i < mail.count; i++) {
		const struct bm_mail_recipient *const one = &mail.recipients[i];
		sum = digest(digest(sum + one->action, one->address), one->original);
		sum = digest(digest(sum + one->status.subject, one->text), one->remote);
		sum ^= (uint64_t)one->last_attempt;
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bm_mail_reader *kept;
	/* a copy of the exact size, so that a read behind the end is seen */
	uint8_t *const copy = malloc(size ? size : 1);
	if (kept == NULL)
		kept = bm_mail_reader_new();
	if (size)
		memcpy(copy, data, size);
	struct bm_mail_reader *const fresh = bm_mail_reader_new();
	const struct bm_bytes bytes = {copy, size};
	must(read_all(kept, bytes) == read_all(fresh, bytes), "two readers, two meanings");
	bm_mail_reader_free(fresh);
	free(copy);
	return 0;
}
