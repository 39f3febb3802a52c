/* mails.c - every recipient that bounce mails name, judged; see mails.h.
 *
 * For scoring and for looking at single mails: in the order of the inputs, on one thread, nothing
 * joined and nothing left out.  Delivered, relayed and expanded recipients get a line too, without
 * a verdict.  A mail that reports on nobody gets one line without an action: an automatic answer is
 * `auto-reply` of whom it is from, and everything else is `unknown`, for nothing failed in it.
 */
#include "mails.h"

#include "bouncemill/error.h"
#include "bouncemill/mail.h"
#include "cut.h"
#include "returned.h"

/* What is being read. */
struct reading {
	struct bm_examiner *examiner;
	struct bm_mail_reader *reader;
	struct bm_text *out;
	const char *path;
	uint64_t mails, recipients;
};

/* put_field - a field of a line: clean, so it holds no tab */
static void put_field(struct bm_text *out, struct bm_bytes field)
{
	bm_text_clean(out, field, 0);
	bm_text_byte(out, '\t');
}

/* put_recipient - a recipient's line */
static void put_recipient(struct reading *reading, const struct bm_mail_recipient *recipient)
{
	struct bm_text *const out = reading->out;
	struct bm_returned_event returned;
	struct bm_finding finding = {.category = BM_CATEGORY_DELIVERED};
	bm_returned_event(recipient, &returned);
	if (recipient->action == BM_ACTION_FEEDBACK)
		finding.category = BM_CATEGORY_FEEDBACK_LOOP;
	else if (bm_returned_is_failure(recipient))
		bm_examine(reading->examiner, &returned.event, &finding);
	put_field(out, bm_bytes_of(reading->path));
	put_field(out, recipient->address);
	put_field(out, bm_bytes_of(bm_action_name(recipient->action)));
	put_field(out, returned.event.dsn);
	put_field(out, bm_bytes_of(bm_category_name(finding.category)));
	bm_text_add(out, bm_bytes_of(finding.rule ? finding.rule->name : ""));
	bm_text_byte(out, '\n');
	reading->recipients++;
}

/* put_nobody - the line of a mail that reports on no recipient */
static void put_nobody(struct reading *reading, const struct bm_mail *mail)
{
	const bool answer = mail->sort == BM_MAIL_ANSWER;
	struct bm_text *const out = reading->out;
	put_field(out, bm_bytes_of(reading->path));
	put_field(out, answer ? mail->author : (struct bm_bytes){0});
	put_field(out, (struct bm_bytes){0});
	put_field(out, (struct bm_bytes){0});
	put_field(out, bm_bytes_of(bm_category_name(answer ? BM_CATEGORY_AUTO_REPLY
							   : BM_CATEGORY_UNKNOWN)));
	bm_text_byte(out, '\n');
}

/* read_block - the mails of a block */
static void read_block(struct reading *reading, const struct bm_block *block, int transport)
{
	struct bm_bytes data;
	struct bm_mail mail;
	for (size_t at = 0; bm_returned_next(block->data, transport, &at, &data);) {
		bm_mail_read(reading->reader, data, &mail);
		reading->mails++;
		for (size_t i = 0; i < mail.count; i++)
			put_recipient(reading, &mail.recipients[i]);
		if (mail.count == 0)
			put_nobody(reading, &mail);
	}
}

/* say_logs - inputs that hold no mails are no mistake in a folder, but are not read here */
static void say_logs(const struct bm_inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		if (!inputs->list[i].skip && !inputs->list[i].source.mails)
			bm_say(inputs->list[i].name, "holds no mails, skipped");
}

int bm_mails_run(const struct bm_options *options, struct bm_examiner *examiner,
		 struct bm_text *out)
{
	struct bm_inputs inputs = {.keep_equal = true};
	struct bm_block block = {0};
	for (size_t i = 0; i < options->path_count; i++)
		bm_inputs_add(&inputs, options->paths[i]);
	bm_inputs_identify(&inputs, 0);
	say_logs(&inputs);
	struct reading reading = {.examiner = examiner, .reader = bm_mail_reader_new(), .out = out};
	struct bm_cut *const cut =
		bm_cut_new(&inputs, &(struct bm_cut_options){.threads = 1, .mails = true});
	while (bm_cut_next(cut, &block) == BM_OK) {
		reading.path = inputs.list[block.input].name;
		read_block(&reading, &block, inputs.list[block.input].transport);
		bm_cut_release(cut, &block);
	}
	const bool partial = inputs.partial;
	bm_block_dispose(&block);
	bm_cut_free(cut);
	bm_mail_reader_free(reading.reader);
	bm_inputs_dispose(&inputs);
	if (reading.recipients == 0)
		bm_say(NULL, "%s",
		       reading.mails ? "no mail reports on a recipient" : "no mails found");
	if (reading.mails == 0)
		return BM_EXIT_USAGE;
	return partial ? BM_EXIT_PARTIAL : BM_EXIT_OK;
}
