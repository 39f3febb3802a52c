/* event.h - what one log line says about one message, as borrowed slices of the line.
 *
 * Names are Postfix's: queue id, relay, dsn, status.  Nothing is judged here: category, provider
 * and what counts are for the stages behind (span, classify, count).
 */
#ifndef BOUNCEMILL_EVENT_H
#define BOUNCEMILL_EVENT_H

#include "bouncemill/bytes.h"
#include "bouncemill/clock.h"

enum bm_event_kind {
	BM_EVENT_OTHER,    /* a line without meaning for us */
	BM_EVENT_BEGIN,    /* a message enters the queue: client=, uid=, message-id= */
	BM_EVENT_SENDER,   /* qmgr from=<...>: the sender, at each activation */
	BM_EVENT_SUBJECT,  /* cleanup's header_checks tell the subject */
	BM_EVENT_ATTEMPT,  /* to=<...> ... status=...: one delivery attempt */
	BM_EVENT_EXPIRED,  /* qmgr status=expired: all open recipients are given up */
	BM_EVENT_REMOVED,  /* the queue id is free again */
	BM_EVENT_REJECT,   /* refused on the way in */
	BM_EVENT_PROBE,    /* address verification: never an outcome */
	BM_EVENT_IDLE,     /* about a message, but nothing is counted by it */
	BM_EVENT_MALFORMED /* meant to be an event; reason says what is wrong */
};

enum bm_status { BM_STATUS_SENT, BM_STATUS_BOUNCED, BM_STATUS_DEFERRED };

struct bm_event {
	enum bm_event_kind kind;
	int reason; /* enum bm_malformed, with MALFORMED */
	struct bm_bytes queue_id;
	struct bm_bytes address; /* SENDER: from=, ATTEMPT: to=; inside of <>, may be empty */
	uint32_t recipients;     /* SENDER: nrcpt=, of this activation; 0 = not told */
	/* ATTEMPT */
	enum bm_status status;
	struct bm_bytes relay;     /* host part: "mx.example.com", "none", "local" */
	struct bm_bytes relay_ip;  /* in brackets: address or socket path; may be empty */
	bool relay_near;           /* loopback, private network or socket: maybe our own filter */
	struct bm_bytes dsn;       /* the field's text, "5.1.1", or empty */
	uint32_t delay_hundredths; /* delay=; UINT32_MAX = not given */
	struct bm_bytes text;      /* inside the parentheses, closing one removed when present;
				      SUBJECT: the header's value, as it is logged */
	/* ATTEMPT sent: the id under which it lives on ("queued as X", "forwarded as X"), or empty.
	 * BEGIN: orig_queue_id, or empty. */
	struct bm_bytes next_id;
	struct bm_bytes message_id; /* BEGIN by a message-id= line: without angles; else empty */
	bool forwarded;             /* next_id comes from "forwarded as": always on this host */
	bool client_told;           /* BEGIN: the line tells where the message came in from */
	bool client_far;            /* from a public address, so not from our own filter */
};

#endif
