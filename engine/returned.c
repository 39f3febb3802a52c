/* returned.c - one event for each recipient of a report, judged like a line of a log; see
 * returned.h. */
#include "returned.h"

#include <stdio.h>

#include "bouncemill/error.h"
#include "hash.h"
#include "record.h"
#include "zone.h"

struct bm_returned {
	const struct bm_pipeline_options *options;
	struct bm_classifier *classifier;
	struct bm_tally *tally;
	const struct bm_sent *sent;
	struct bm_mail_reader *reader;
};

struct bm_returned *bm_returned_new(const struct bm_pipeline_options *options,
				    struct bm_classifier *classifier, struct bm_tally *tally,
				    const struct bm_sent *sent)
{
	struct bm_returned *const returned = bm_alloc(sizeof *returned);
	*returned = (struct bm_returned){options, classifier, tally, sent, bm_mail_reader_new()};
	return returned;
}

void bm_returned_free(struct bm_returned *returned)
{
	if (returned == NULL)
		return;
	bm_mail_reader_free(returned->reader);
	bm_free(returned);
}

/* time_of - when a recipient failed, as far as the report tells */
static bm_time time_of(const struct bm_returned *returned, const struct bm_mail *mail,
		       const struct bm_mail_recipient *recipient)
{
	bm_time time = recipient->last_attempt;
	if (time == BM_TIME_UNKNOWN)
		time = mail->arrival != BM_TIME_UNKNOWN ? mail->arrival : mail->date;
	const struct bm_zone *const zone = returned->options->zone;
	return zone && time != BM_TIME_UNKNOWN ? bm_zone_convert(zone, time) : time;
}

/* ask - do the logs know of it */
static enum bm_sent_answer ask(const struct bm_returned *returned, const struct bm_mail *mail,
			       const struct bm_mail_recipient *recipient, bm_time time)
{
	if (returned->sent == NULL)
		return BM_SENT_NEWS;
	const struct bm_bytes names[] = {recipient->address, recipient->original};
	enum bm_sent_answer answer = BM_SENT_NEWS;
	for (size_t i = 0; i < 2 && answer != BM_SENT_COUNTED; i++) {
		if (names[i].size == 0)
			continue;
		const struct bm_sent_claim claim = {.queue_id = mail->queue_id,
						    .message_id = mail->message_id,
						    .recipient = names[i],
						    .time = time,
						    .sender = mail->returned_to};
		answer = bm_sent_ask(returned->sent, &claim);
	}
	return answer;
}

bool bm_returned_is_failure(const struct bm_mail_recipient *recipient)
{
	return recipient->action == BM_ACTION_FAILED || recipient->action == BM_ACTION_DELAYED;
}

void bm_returned_event(const struct bm_mail_recipient *recipient,
		       struct bm_returned_event *returned)
{
	const struct bm_enhanced *const enhanced = &recipient->status;
	returned->status[0] = 0;
	if (enhanced->class)
		snprintf(returned->status, sizeof returned->status, "%u.%u.%u",
			 (unsigned)enhanced->class, (unsigned)enhanced->subject,
			 (unsigned)enhanced->detail);
	returned->event = (struct bm_event){.kind = BM_EVENT_ATTEMPT,
					    .address = recipient->address,
					    .status = BM_STATUS_SENT,
					    .relay = recipient->remote,
					    .dsn = bm_bytes_of(returned->status),
					    .text = recipient->text,
					    .delay_hundredths = UINT32_MAX};
	if (bm_returned_is_failure(recipient))
		returned->event.status = recipient->action == BM_ACTION_DELAYED ? BM_STATUS_DEFERRED
										: BM_STATUS_BOUNCED;
}

bool bm_returned_next(struct bm_bytes data, int transport, size_t *at, struct bm_bytes *mail)
{
	if (transport == BM_TRANSPORT_MBOX && *at == 0)
		*at = bm_mbox_border(data, 0, true);
	if (*at >= data.size)
		return false;
	if (transport == BM_TRANSPORT_MBOX) {
		*mail = bm_mbox_mail(data, *at, at);
	} else {
		*mail = bm_bytes_from(data, *at);
		*at = data.size;
	}
	return true;
}

/* judge - the fact of a recipient: who runs the mailbox and why it failed */
static struct bm_fact judge(struct bm_returned *returned, const struct bm_mail_recipient *recipient,
			    bm_time time)
{
	struct bm_returned_event as_line;
	bm_returned_event(recipient, &as_line);
	struct bm_lookup lookup;
	struct bm_fact fact;
	bm_lookup_start(returned->classifier, &as_line.event, &lookup);
	bm_lookup_peek(returned->classifier, &lookup);
	bm_classify(returned->classifier, &as_line.event, &lookup, time, &fact);
	fact.has_relay = false; /* it was not us who spoke to that host */
	if (recipient->action == BM_ACTION_FEEDBACK) {
		fact.category = BM_CATEGORY_FEEDBACK_LOOP;
		fact.outcome = BM_BOUNCED;
		fact.template = BM_NO_TEMPLATE;
		fact.listing = 0;
	}
	return fact;
}

/* origin_of - sender and subject of the mail that failed; a report need not tell them */
static struct bm_origin origin_of(const struct bm_returned *returned, const struct bm_mail *mail)
{
	struct bm_classifier *const classifier = returned->classifier;
	return (struct bm_origin){
		.sender = mail->sender.size ? bm_classify_sender(classifier, mail->sender)
					    : bm_tally_sender(returned->tally, mail->sender),
		.subject = mail->subject.size ? bm_classify_subject(classifier, mail->subject)
					      : BM_SUBJECT_NONE,
		.fanout = BM_FANOUT_UNKNOWN};
}

/* report_of - what tells this report on a recipient from all others, or 0 */
static uint64_t report_of(const struct bm_mail *mail, const struct bm_mail_recipient *recipient,
			  bm_time time)
{
	if (mail->own_id.size == 0)
		return 0;
	const uint64_t whom = bm_hash_mix(bm_hash(recipient->address) | 1, bm_hash(mail->own_id));
	return bm_hash_mix(whom ^ (uint64_t)time, bm_hash_seeds()[0] ^ recipient->action) | 1;
}

/* take_recipient - leave one recipient of a report to be counted, unless a log has it */
static void take_recipient(struct bm_returned *returned, const struct bm_mail *mail,
			   const struct bm_mail_recipient *recipient,
			   struct bm_returned_counts *counts)
{
	if (!bm_returned_is_failure(recipient) && recipient->action != BM_ACTION_FEEDBACK)
		return;
	const bm_time time = time_of(returned, mail, recipient);
	bm_seen_add(&counts->seen, time);
	switch (ask(returned, mail, recipient, time)) {
	case BM_SENT_COUNTED:
		counts->counted++;
		return;
	case BM_SENT_FOREIGN:
		counts->foreign++;
		return;
	case BM_SENT_NEWS:
		break;
	}
	if (!bm_pipeline_wants(returned->options, time))
		return;
	bm_news_add(counts->news, &(struct bm_news_item){report_of(mail, recipient, time),
							 judge(returned, recipient, time),
							 origin_of(returned, mail)});
}

void bm_returned_mail(struct bm_returned *returned, struct bm_bytes data,
		      struct bm_returned_counts *counts)
{
	struct bm_mail mail;
	switch (bm_mail_read(returned->reader, data, &mail)) {
	case BM_MAIL_ORDINARY:
	case BM_MAIL_ANSWER:
		counts->ordinary++;
		return;
	case BM_MAIL_UNREADABLE:
		counts->unreadable++;
		return;
	case BM_MAIL_BOUNCE:
	case BM_MAIL_DELAY:
	case BM_MAIL_SUCCESS:
	case BM_MAIL_FEEDBACK:
		break;
	}
	counts->reports++;
	for (size_t i = 0; i < mail.count; i++)
		take_recipient(returned, &mail, &mail.recipients[i], counts);
}
