/* test_sent.c - what logs told, and what bounce mails ask of it. */
#include <criterion/criterion.h>

#include "sent.h"

static bm_time at(int64_t seconds)
{
	return bm_time_make(seconds, 0);
}

static enum bm_sent_answer ask(const struct bm_sent *sent, const char *queue_id,
			       const char *message_id, const char *recipient, int64_t seconds)
{
	const struct bm_sent_claim claim = {.queue_id = bm_bytes_of(queue_id),
					    .message_id = bm_bytes_of(message_id),
					    .recipient = bm_bytes_of(recipient),
					    .time = at(seconds)};
	return bm_sent_ask(sent, &claim);
}

/* told - a log of the seconds 100 to 200: one message, one of whose recipients bounced, one was
 * deferred and one delivered */
static struct bm_sent *told(void)
{
	struct bm_sent *const sent = bm_sent_new();
	bm_sent_message(sent, BM_BYTES("m1@shop.example"), BM_BYTES("Q1"));
	bm_sent_failure(sent, BM_BYTES("Q1"), BM_BYTES("Bounced@a.example"), true);
	bm_sent_failure(sent, BM_BYTES("Q1"), BM_BYTES("late@a.example"), false);
	bm_sent_seen(sent, (struct bm_seen){at(100), at(200)});
	return sent;
}

Test(sent, our_own_reports_are_counted_by_the_log)
{
	struct bm_sent *const sent = told();
	cr_expect_eq(ask(sent, "Q1", "", "bounced@A.example", 150), BM_SENT_COUNTED);
	cr_expect_eq(ask(sent, "Q1", "", "late@a.example", 150), BM_SENT_COUNTED);
	cr_expect_eq(ask(sent, "", "m1@shop.example", "bounced@a.example", 150), BM_SENT_COUNTED);
	cr_expect_eq(ask(sent, "OTHER", "m1@shop.example", "bounced@a.example", 150),
		     BM_SENT_COUNTED);
	bm_sent_free(sent);
}

Test(sent, what_the_log_has_as_delivered_is_news)
{
	struct bm_sent *const sent = told();
	cr_expect_eq(ask(sent, "REMOTE", "m1@shop.example", "ok@a.example", 150), BM_SENT_NEWS);
	/* Deferred here, delivered later, failed there: only a queue id of ours would say else. */
	cr_expect_eq(ask(sent, "REMOTE", "m1@shop.example", "late@a.example", 150), BM_SENT_NEWS);
	cr_expect_eq(ask(sent, "", "", "bounced@a.example", 150), BM_SENT_NEWS);
	bm_sent_free(sent);
}

Test(sent, a_sender_of_its_own_leads_to_the_message_when_no_id_does)
{
	struct bm_sent *const sent = told();
	bm_sent_sender(sent, BM_BYTES("b+bounced=a.example@shop.example"), BM_BYTES("Q1"));
	struct bm_sent_claim claim = {.recipient = BM_BYTES("bounced@a.example"),
				      .sender = BM_BYTES("B+bounced=a.example@shop.example"),
				      .time = at(150)};
	cr_expect_eq(bm_sent_ask(sent, &claim), BM_SENT_COUNTED);
	claim.sender = BM_BYTES("b+other=a.example@shop.example");
	cr_expect_eq(bm_sent_ask(sent, &claim), BM_SENT_NEWS, "an unknown sender accuses nobody");
	claim.sender = BM_BYTES("b+bounced=a.example@shop.example");
	claim.queue_id = BM_BYTES("ELSEWHERE");
	cr_expect_eq(bm_sent_ask(sent, &claim), BM_SENT_NEWS,
		     "an id of another server outranks it");
	bm_sent_free(sent);
}

Test(sent, messages_that_logs_of_their_time_do_not_know_are_foreign)
{
	struct bm_sent *const sent = told();
	cr_expect_eq(ask(sent, "", "x@forged.example", "ok@a.example", 150), BM_SENT_FOREIGN);
	cr_expect_eq(ask(sent, "", "x@forged.example", "ok@a.example", 99), BM_SENT_NEWS);
	cr_expect_eq(ask(sent, "", "x@forged.example", "ok@a.example", 201), BM_SENT_NEWS);
	bm_sent_free(sent);
	struct bm_sent *const empty = bm_sent_new();
	bm_sent_seen(empty, (struct bm_seen){at(100), at(200)});
	cr_expect_eq(ask(empty, "", "x@forged.example", "ok@a.example", 150), BM_SENT_NEWS);
	bm_sent_free(empty);
}

Test(sent, merges_in_any_order)
{
	struct bm_sent *const sent = told(), *const left = bm_sent_new(),
			      *const right = bm_sent_new();
	bm_sent_message(right, BM_BYTES("m1@shop.example"), BM_BYTES("Q2"));
	bm_sent_failure(right, BM_BYTES("Q2"), BM_BYTES("b@a.example"), true);
	bm_sent_merge(left, right);
	bm_sent_merge(left, sent);
	bm_sent_merge(sent, right);
	const struct bm_sent *const both[] = {left, sent};
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(ask(both[i], "", "m1@shop.example", "b@a.example", 1),
			     BM_SENT_COUNTED);
		cr_expect_eq(ask(both[i], "", "m1@shop.example", "bounced@a.example", 1),
			     BM_SENT_COUNTED);
	}
	bm_sent_free(sent);
	bm_sent_free(left);
	bm_sent_free(right);
}
