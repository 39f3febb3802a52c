/* test_symptom.c - what is found in pasted text: which attempts, of which cases, from which words. */
#include "bouncemill/text.h"
#include "symptom.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct bm_symptoms symptoms;

/* read - the symptoms of a text */
static void read(const char *text)
{
	bm_symptoms_read(&symptoms, bm_bytes_of(text), 20);
}

/* expect - symptom number i says text about address, in a case */
static void expect(size_t i, uint32_t number, const char *text, const char *address)
{
	cr_assert_lt(i, symptoms.count, "no symptom %zu", i);
	const struct bm_symptom *const symptom = &symptoms.list[i];
	cr_expect_eq(symptom->number, number, "%zu is of case %u", i, symptom->number);
	cr_expect(bm_bytes_equal(symptom->event.text, bm_bytes_of(text)), "%zu: %.*s", i,
		  (int)symptom->event.text.size, (const char *)symptom->event.text.data);
	cr_expect(bm_bytes_equal(symptom->event.address, bm_bytes_of(address)), "%zu: %.*s", i,
		  (int)symptom->event.address.size, (const char *)symptom->event.address.data);
}

/* done - there are no more symptoms than that */
static void done(size_t count)
{
	cr_expect_eq(symptoms.count, count, "%zu symptoms", symptoms.count);
	bm_symptoms_dispose(&symptoms);
}

Test(symptom, nothing_in_nothing)
{
	read("");
	done(0);
	read(" \r\n\t\n\x01 ");
	done(0);
}

Test(symptom, one_reply_is_one_case)
{
	read("550 5.1.1 user unknown\r\n");
	cr_expect_eq(symptoms.list[0].form, BM_FORM_REPLY);
	cr_expect(symptoms.list[0].spoken);
	expect(0, 0, "550 5.1.1 user unknown", "");
	done(1);
	read("user\tunknown");
	cr_expect_not(symptoms.list[0].spoken);
	expect(0, 0, "user unknown", "");
	done(1);
}

Test(symptom, lines_of_a_reply_are_joined_and_replies_are_parted)
{
	read("550-5.1.1 no\n550-5.1.1 such\n550 5.1.1 user\n452 4.2.2 full\nof mail\n");
	expect(0, 0, "550-5.1.1 no 550-5.1.1 such 550 5.1.1 user", "");
	expect(1, 1, "452 4.2.2 full of mail", "");
	done(2);
}

Test(symptom, the_reply_inside_a_paragraph_is_tried_alone)
{
	read("Sorry.\n\nThe server answered: 550 5.1.1 gone\n for ever\n");
	expect(0, 0, "Sorry.", "");
	expect(1, 0, "550 5.1.1 gone for ever", "");
	expect(2, 0, "The server answered: 550 5.1.1 gone for ever", "");
	cr_expect_not(symptoms.list[0].spoken);
	cr_expect(symptoms.list[1].spoken && symptoms.list[2].spoken);
	done(3);
}

Test(symptom, what_is_announced_as_the_reason_is_spoken)
{
	read("Sorry.\nReason: no such user\nMore text.\n建议：换个地址\n");
	expect(0, 0, "Sorry.", "");
	expect(1, 0, "Reason: no such user More text.", "");
	expect(2, 0, "建议：换个地址", "");
	cr_expect(!symptoms.list[0].spoken && symptoms.list[1].spoken && !symptoms.list[2].spoken);
	done(3);
	read("Sorry.\n\nThe response was:\n\nno such user\n\nBye\n");
	expect(2, 0, "no such user", "");
	cr_expect(symptoms.list[2].spoken && !symptoms.list[3].spoken);
	done(4);
}

Test(symptom, numbers_that_are_no_codes)
{
	read("We have 500 people, call 555-1234 at 450 Main Street");
	expect(0, 0, "We have 500 people, call 555-1234 at 450 Main Street", "");
	cr_expect_not(symptoms.list[0].spoken);
	done(1);
}

Test(symptom, a_recipient_in_front_is_known)
{
	read("<pat@shop.example>: host mx.shop.example[192.0.2.7] said: 550 no");
	expect(0, 0, "host mx.shop.example[192.0.2.7] said: 550 no", "pat@shop.example");
	done(1);
	read("<no address>: 550 no");
	expect(0, 0, "550 no", "");
	done(2);
}

Test(symptom, a_log_line_without_its_head)
{
	read("to=<a@b.example>, relay=none, status=deferred (connect to x: Connection refused)");
	expect(0, 0, "connect to x: Connection refused)", "a@b.example");
	done(1);
}

Test(symptom, a_log_is_read_as_one)
{
	read("Jan  1 00:00:00 h postfix/qmgr[1]: ABCDEF: removed\n"
	     "Jan  1 00:00:00 h postfix/smtp[1]: ABCDEF: to=<a@b.example>, relay=none, dsn=5.4.4, "
	     "status=bounced (Host not found)\nsome other line\n");
	cr_expect_eq(symptoms.list[0].form, BM_FORM_LOG);
	expect(0, 0, "Host not found", "a@b.example");
	cr_expect(bm_bytes_equal(symptoms.list[0].event.dsn, BM_BYTES("5.4.4")));
	done(1);
}

Test(symptom, a_delivery_report_has_a_case_a_recipient)
{
	read("Mailbox full?\n\nReporting-MTA: dns; x\n\n"
	     "FINAL-RECIPIENT: RFC822; a@b.example\nAction: failed\nstatus: 5.7.1 (policy)\n"
	     "Remote-MTA: dns; mx.b.example\nDiagnostic-Code: smtp; 550 5.7.1 no\n\twith\n  you\n\n"
	     "Final-Recipient: rfc822; <c@b.example>\nStatus: 5.1.1\n"
	     "Final-Recipient: rfc822; d@b.example\nAction: delivered\nStatus: 2.0.0\n");
	expect(0, 0, "550 5.7.1 no with you", "a@b.example");
	cr_expect(bm_bytes_equal(symptoms.list[0].event.relay, BM_BYTES("mx.b.example")));
	cr_expect(bm_bytes_equal(symptoms.list[0].event.dsn, BM_BYTES("5.7.1")));
	expect(1, 1, "", "c@b.example");
	expect(symptoms.count - 1, 2, "", "d@b.example");
	cr_expect_eq(symptoms.list[symptoms.count - 1].event.status, BM_STATUS_SENT);
	bm_symptoms_dispose(&symptoms);
}

Test(symptom, the_message_that_came_back_is_no_witness)
{
	read("550 5.1.1 gone\n\nContent-Type: message/rfc822\n\n554 5.7.1 spam\n");
	expect(0, 0, "550 5.1.1 gone", "");
	done(1);
	read("From: x@y.example\nSubject: 554 5.7.1 spam\n\n550 5.1.1 gone\n");
	expect(0, 0, "550 5.1.1 gone", "");
	done(1);
}

Test(symptom, cases_have_a_limit)
{
	struct bm_text text = {0};
	for (int i = 0; i < 30; i++)
		bm_text_format(&text, "550 5.1.1 number %d\n", i);
	bm_symptoms_read(&symptoms, (struct bm_bytes){text.data, text.size}, 20);
	cr_expect(symptoms.more);
	done(20);
	bm_text_dispose(&text);
}

Test(symptom, any_bytes_do)
{
	uint8_t noise[4096];
	uint64_t seed = 7;
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof noise; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			const uint8_t byte = (uint8_t)(seed >> 56);
			noise[i] = round % 2 ? byte : (uint8_t) "5.0 -\n\t<>:;=(R"[byte % 14];
		}
		bm_symptoms_read(&symptoms, (struct bm_bytes){noise, sizeof noise}, 20);
		bm_symptoms_dispose(&symptoms);
	}
}
