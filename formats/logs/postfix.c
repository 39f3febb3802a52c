/* postfix.c - what a Postfix log line says: the shapes of all delivery agents, qmgr, smtpd,
 * cleanup.
 *
 * A line counts by its program name and by what stands at fixed places behind it, never by words
 * found somewhere inside: `to=<` right behind the queue id, then comma-separated fields up to the
 * first `status=`.  So a header, a HELO name or a reply that spells `status=sent` is text, not an
 * event. Quoted local parts may hold anything; old versions lack dsn= and delays=; rsyslog's RFC
 * 5424 form lacks the daemon (tag "postfix"), so there the shape alone decides.
 *
 * Linear in the line; every slice points into it.  Multi-instance and service names
 * ("postfix-out/smtp", "postfix/submission/smtpd") are read by their last component.
 */
#include "bouncemill/log.h"
#include "bouncemill/source.h"

enum { QUEUE_ID_BYTES_MIN = 5, QUEUE_ID_BYTES_MAX = 24, DELAY_SECONDS_MAX = 400000000 };

/* What a daemon's lines can be. */
enum daemon {
	DAEMON_NONE,   /* not Postfix */
	DAEMON_SILENT, /* Postfix, but nothing of ours */
	DAEMON_AGENT,  /* delivers: smtp lmtp local virtual pipe error retry relay discard */
	DAEMON_QMGR,
	DAEMON_SMTPD,   /* also postscreen: lets in or rejects */
	DAEMON_CLEANUP, /* also pickup */
	DAEMON_SUPER,   /* postsuper */
	DAEMON_ANY      /* no daemon named: every shape is tried */
};

/* IS - is the run at data, whose size is known to be that of the literal, equal to it */
#define IS(data, literal) (memcmp(data, literal, sizeof(literal) - 1) == 0)

/* daemon_named - the daemon of a name, or DAEMON_NONE; sorted by size, so that few are compared */
static enum daemon daemon_named(struct bm_bytes name)
{
	const uint8_t *const at = name.data;
	switch (name.size) {
	case 4:
		if (IS(at, "smtp") || IS(at, "lmtp") || IS(at, "pipe"))
			return DAEMON_AGENT;
		return IS(at, "qmgr") ? DAEMON_QMGR : DAEMON_NONE;
	case 5:
		if (IS(at, "smtpd"))
			return DAEMON_SMTPD;
		if (IS(at, "local") || IS(at, "error") || IS(at, "retry") || IS(at, "relay"))
			return DAEMON_AGENT;
		if (IS(at, "anvil"))
			return DAEMON_SILENT;
		return IS(at, "nqmgr") || IS(at, "oqmgr") ? DAEMON_QMGR : DAEMON_NONE;
	case 6:
		if (IS(at, "bounce"))
			return DAEMON_SILENT;
		return IS(at, "pickup") ? DAEMON_CLEANUP : DAEMON_NONE;
	case 7:
		if (IS(at, "cleanup"))
			return DAEMON_CLEANUP;
		return IS(at, "virtual") || IS(at, "discard") ? DAEMON_AGENT : DAEMON_NONE;
	case 9:
		return IS(at, "postsuper") ? DAEMON_SUPER : DAEMON_NONE;
	case 10:
		return IS(at, "postscreen") ? DAEMON_SMTPD : DAEMON_NONE;
	case 11:
		return IS(at, "smtpd.local") ? DAEMON_SMTPD : DAEMON_NONE;
	}
	return DAEMON_NONE;
}

/* daemon_of - which daemon a record's tag names by its last component; what else calls itself
 * postfix has nothing to say */
static enum daemon daemon_of(const struct bm_record *record)
{
	const struct bm_bytes tag = record->tag;
	if (record->daemon == 0)
		return bm_bytes_starts(tag, BM_BYTES("postfix")) ? DAEMON_ANY : DAEMON_NONE;
	const enum daemon daemon = daemon_named(bm_bytes_from(tag, record->daemon));
	if (daemon == DAEMON_NONE && bm_bytes_starts(tag, BM_BYTES("postfix")))
		return DAEMON_SILENT;
	return daemon;
}

static inline bool is_alnum(uint8_t byte)
{
	return bm_is_digit(byte) || (uint8_t)((byte | 0x20) - 'a') < 26;
}

/* queue_id_size - length of a queue id at the head of run, or 0; digits or letters only */
static inline size_t queue_id_size(struct bm_bytes run)
{
	size_t size = 0;
	while (size < run.size && is_alnum(run.data[size]))
		size++;
	return size >= QUEUE_ID_BYTES_MIN && size <= QUEUE_ID_BYTES_MAX ? size : 0;
}

/* take_queue_id - "QID: " at the head of message into event; false leaves message */
static inline bool take_queue_id(struct bm_bytes *message, struct bm_event *event)
{
	struct bm_bytes head = *message;
	if (head.size > QUEUE_ID_BYTES_MAX + 1)
		head.size = QUEUE_ID_BYTES_MAX + 1;
	const size_t size = bm_bytes_find_either(head, 0, ':', ' ');
	if (size < QUEUE_ID_BYTES_MIN || message->size < size + 2 || message->data[size] != ':' ||
	    message->data[size + 1] != ' ')
		return false;
	event->queue_id = (struct bm_bytes){message->data, size};
	event->next_id = event->message_id = (struct bm_bytes){0};
	event->client_told = event->client_far = false;
	*message = bm_bytes_from(*message, size + 2);
	return true;
}

/* address_end - where the address at run[at] (behind its '<') ends: at its '>', honouring a quoted
 * local part; run.size when it is cut off */
static size_t address_end(struct bm_bytes run, size_t at)
{
	if (at < run.size && run.data[at] == '"') {
		for (at++; at < run.size && run.data[at] != '"'; at++)
			at += run.data[at] == '\\';
	}
	/* A '>' inside an unquoted address is followed by neither the next field nor the end. */
	for (at = bm_bytes_find_near(run, at, '>'); at + 1 < run.size;
	     at = bm_bytes_find_near(run, at + 1, '>'))
		if (run.data[at + 1] == ',' || run.data[at + 1] == ' ')
			return at;
	return at;
}

/* take_address - an address value at run[*at], with <> or without; moves *at behind it */
static struct bm_bytes take_address(struct bm_bytes run, size_t *at)
{
	const bool angled = *at < run.size && run.data[*at] == '<';
	const size_t from = *at + angled;
	const size_t end = angled ? address_end(run, from) : bm_bytes_find(run, from, ',');
	*at = end + (angled && end < run.size);
	return (struct bm_bytes){run.data + from, end - from};
}

/* is_private_172 - 172.16.0.0/12, behind the first byte */
static bool is_private_172(struct bm_bytes ip)
{
	if (ip.size < 7 || !bm_bytes_starts(ip, BM_BYTES("172.")) || ip.data[6] != '.')
		return false;
	const unsigned second = (unsigned)(ip.data[4] - '0') * 10 + (unsigned)(ip.data[5] - '0');
	return second >= 16 && second <= 31;
}

/* is_private - RFC 1918, loopback, link-local or unique-local address, as text */
static bool is_private(struct bm_bytes ip)
{
	if (bm_bytes_starts(ip, BM_BYTES("::ffff:")))
		ip = bm_bytes_from(ip, 7);
	if (bm_bytes_starts(ip, BM_BYTES("IPv6:")))
		ip = bm_bytes_from(ip, 5);
	switch (ip.size ? ip.data[0] : 0) {
	case '1':
		return bm_bytes_starts(ip, BM_BYTES("10.")) ||
		       bm_bytes_starts(ip, BM_BYTES("127.")) ||
		       bm_bytes_starts(ip, BM_BYTES("192.168.")) || is_private_172(ip) ||
		       bm_bytes_starts(ip, BM_BYTES("169.254."));
	case ':':
		return bm_bytes_starts(ip, BM_BYTES("::1"));
	case 'f':
		return bm_bytes_starts(ip, BM_BYTES("fe80:")) ||
		       bm_bytes_starts(ip, BM_BYTES("fd")) || bm_bytes_starts(ip, BM_BYTES("fc"));
	}
	return false;
}

/* is_socket - a unix socket's path stands where an address would: "private/dovecot-lmtp" */
static bool is_socket(struct bm_bytes ip)
{
	return !bm_is_digit(ip.data[0]) && bm_bytes_find_near(ip, 0, '/') < ip.size;
}

/* split_relay - "mx.example.com[192.0.2.1]:25" into host and address */
static void split_relay(struct bm_bytes relay, struct bm_event *event)
{
	const size_t open = bm_bytes_find_near(relay, 0, '[');
	event->relay = (struct bm_bytes){relay.data, open};
	event->relay_ip = (struct bm_bytes){0};
	if (open < relay.size) {
		const size_t close = bm_bytes_find_near(relay, open, ']');
		event->relay_ip = (struct bm_bytes){relay.data + open + 1, close - open - 1};
	} else {
		event->relay.size = bm_bytes_find(relay, 0, ':');
	}
	event->relay_near =
		event->relay_ip.size && (is_private(event->relay_ip) || is_socket(event->relay_ip));
}

/* hundredths - "1.25" as 125; UINT32_MAX when it is no number within reason */
static uint32_t hundredths(struct bm_bytes digits)
{
	uint64_t whole = 0;
	size_t at = 0;
	for (; at < digits.size && bm_is_digit(digits.data[at]) && whole <= DELAY_SECONDS_MAX; at++)
		whole = whole * 10 + (uint64_t)(digits.data[at] - '0');
	if (at == 0 || whole > DELAY_SECONDS_MAX / 10)
		return UINT32_MAX;
	uint32_t value = (uint32_t)whole * 100;
	if (at + 1 < digits.size && digits.data[at] == '.' && bm_is_digit(digits.data[at + 1])) {
		value += (uint32_t)(digits.data[at + 1] - '0') * 10;
		if (at + 2 < digits.size && bm_is_digit(digits.data[at + 2]))
			value += (uint32_t)(digits.data[at + 2] - '0');
	}
	return value;
}

/* outcome_of - kind and status of a status word */
static enum bm_event_kind outcome_of(struct bm_bytes word, struct bm_event *event)
{
	static const struct {
		const char *word;
		size_t size;
		enum bm_event_kind kind;
		enum bm_status status;
	} words[] = {
		{"sent", 4, BM_EVENT_ATTEMPT, BM_STATUS_SENT},
		{"bounced", 7, BM_EVENT_ATTEMPT, BM_STATUS_BOUNCED},
		{"deferred", 8, BM_EVENT_ATTEMPT, BM_STATUS_DEFERRED},
		/* soft_bounce = yes: a bounce that Postfix turned into a deferral */
		{"SOFTBOUNCE", 10, BM_EVENT_ATTEMPT, BM_STATUS_DEFERRED},
		{"deliverable", 11, BM_EVENT_PROBE, BM_STATUS_SENT},
		{"undeliverable", 13, BM_EVENT_PROBE, BM_STATUS_BOUNCED},
		{"undeliverable-but-not-cached", 28, BM_EVENT_PROBE, BM_STATUS_BOUNCED},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (word.size != words[i].size || memcmp(word.data, words[i].word, word.size) != 0)
			continue;
		event->status = words[i].status;
		return words[i].kind;
	}
	event->reason = BM_MALFORMED_STATUS;
	return BM_EVENT_MALFORMED;
}

/* take_id - the queue id behind the last occurrence of words in text, or empty */
static struct bm_bytes take_id(struct bm_bytes text, struct bm_bytes words)
{
	struct bm_bytes id = {0};
	for (;;) {
		const size_t at = bm_bytes_search(text, words);
		if (at == text.size)
			return id;
		text = bm_bytes_from(text, at + words.size);
		id = (struct bm_bytes){text.data, queue_id_size(text)};
	}
}

/* take_text - the words in parentheses behind the status; the closing one may be cut off */
static void take_text(struct bm_bytes tail, struct bm_event *event)
{
	/* A CSV export leaves commas behind. */
	while (tail.size && (tail.data[tail.size - 1] == ',' || tail.data[tail.size - 1] == ' '))
		tail.size--;
	if (tail.size == 0 || tail.data[0] != '(')
		return;
	tail = bm_bytes_from(tail, 1);
	if (tail.size && tail.data[tail.size - 1] == ')')
		tail.size--;
	event->text = tail;
	if (event->status != BM_STATUS_SENT)
		return;
	event->forwarded = bm_bytes_starts(tail, BM_BYTES("forwarded as "));
	if (event->forwarded)
		event->next_id = take_id(tail, BM_BYTES("forwarded as "));
	else if (event->relay_near)
		event->next_id = take_id(tail, BM_BYTES("queued as "));
}

/* take_status - "status=WORD (text)" at run[at] */
static enum bm_event_kind take_status(struct bm_bytes run, size_t at, struct bm_event *event)
{
	if (run.size - at > 6 && memcmp(run.data + at, "sent (", 6) == 0) { /* nearly always */
		event->status = BM_STATUS_SENT;
		take_text(bm_bytes_from(run, at + 5), event);
		return event->kind = BM_EVENT_ATTEMPT;
	}
	const size_t space = bm_bytes_find_near(run, at, ' ');
	struct bm_bytes word = {run.data + at, space - at};
	while (word.size && word.data[word.size - 1] == ',')
		word.size--;
	event->kind = outcome_of(word, event);
	if (space < run.size)
		take_text(bm_bytes_from(run, space + 1), event);
	return event->kind;
}

/* field_value - the value of the field at run[at] if its name is name; *end is where the field ends
 */
static inline bool field_is(struct bm_bytes run, size_t at, struct bm_bytes name)
{
	return run.size - at >= name.size && memcmp(run.data + at, name.data, name.size) == 0;
}

/* field_run - the value behind a name of name_size bytes, up to the comma or space that ends it */
static inline struct bm_bytes field_run(struct bm_bytes run, size_t at, size_t name_size,
					size_t *end)
{
	*end = bm_bytes_find_either(run, at + name_size, ',', ' ');
	return (struct bm_bytes){run.data + at + name_size, *end - at - name_size};
}

/* take_field - read the field that starts at run[at]; where it ends, or SIZE_MAX behind the status
 */
static size_t take_field(struct bm_bytes run, size_t at, struct bm_event *event)
{
	size_t end;
	if (field_is(run, at, BM_BYTES("relay="))) {
		split_relay(field_run(run, at, 6, &end), event);
	} else if (field_is(run, at, BM_BYTES("delay="))) {
		event->delay_hundredths = hundredths(field_run(run, at, 6, &end));
	} else if (field_is(run, at, BM_BYTES("dsn="))) {
		event->dsn = field_run(run, at, 4, &end);
	} else if (field_is(run, at, BM_BYTES("status="))) {
		take_status(run, at + 7, event);
		return SIZE_MAX;
	} else if (field_is(run, at, BM_BYTES("orig_to="))) {
		end = at + 8;
		take_address(run, &end);
	} else {
		field_run(run, at, 0, &end);
	}
	return end;
}

/* take_usual - the fields as today's Postfix writes them, from the comma at *at on: relay, delay,
 * delays, dsn, then status at *at; false leaves what it has read to be read again */
static inline bool take_usual(struct bm_bytes run, size_t *at, struct bm_event *event)
{
	size_t end;
	if (run.size - *at < 8 || memcmp(run.data + *at, ", relay=", 8) != 0)
		return false;
	const struct bm_bytes relay = field_run(run, *at, 8, &end);
	if (run.size - end < 8 || memcmp(run.data + end, ", delay=", 8) != 0)
		return false;
	const struct bm_bytes delay = field_run(run, end, 8, &end);
	if (run.size - end < 9 || memcmp(run.data + end, ", delays=", 9) != 0)
		return false;
	field_run(run, end, 9, &end);
	if (run.size - end < 6 || memcmp(run.data + end, ", dsn=", 6) != 0)
		return false;
	const struct bm_bytes dsn = field_run(run, end, 6, &end);
	if (run.size - end < 9 || memcmp(run.data + end, ", status=", 9) != 0)
		return false;
	split_relay(relay, event);
	event->delay_hundredths = hundredths(delay);
	event->dsn = dsn;
	*at = end + 9;
	return true;
}

/* take_attempt - "to=<...>, ... status=WORD (text)"; message begins at to= */
static enum bm_event_kind take_attempt(struct bm_bytes run, struct bm_event *event)
{
	size_t at = 3;
	event->address = take_address(run, &at);
	event->relay = event->relay_ip = event->dsn = event->text = (struct bm_bytes){0};
	event->relay_near = event->forwarded = false;
	event->delay_hundredths = UINT32_MAX;
	if (at < run.size && take_usual(run, &at, event))
		return take_status(run, at, event);
	while (at < run.size) {
		while (at < run.size && (run.data[at] == ',' || run.data[at] == ' '))
			at++;
		at = take_field(run, at, event);
		if (at == SIZE_MAX)
			return event->kind;
	}
	event->reason = BM_MALFORMED_CUT;
	return event->kind = BM_EVENT_MALFORMED;
}

/* take_recipients - the number behind "size=..., nrcpt=" at run[at], or 0 */
static inline uint32_t take_recipients(struct bm_bytes run, size_t at)
{
	enum { RECIPIENTS_MAX = 100000000 };
	uint32_t count = 0;
	at = bm_bytes_find_near(run, at, ',');
	if (!field_is(run, at, BM_BYTES(", nrcpt=")))
		return 0;
	for (at += 8; at < run.size && bm_is_digit(run.data[at]) && count < RECIPIENTS_MAX; at++)
		count = count * 10 + (uint32_t)(run.data[at] - '0');
	return count;
}

/* take_from - qmgr's "from=<...>, size=..., nrcpt=..." or "from=<...>, status=expired, ..." */
static enum bm_event_kind take_from(struct bm_bytes run, struct bm_event *event)
{
	size_t at = 5;
	event->address = take_address(run, &at);
	event->recipients = 0;
	while (at < run.size && (run.data[at] == ',' || run.data[at] == ' '))
		at++;
	if (field_is(run, at, BM_BYTES("size="))) { /* nearly always */
		event->recipients = take_recipients(run, at);
		return event->kind = BM_EVENT_SENDER;
	}
	const bool expired = field_is(run, at, BM_BYTES("status=expired")) ||
			     field_is(run, at, BM_BYTES("status=force-expired"));
	return event->kind = expired ? BM_EVENT_EXPIRED : BM_EVENT_SENDER;
}

/* take_client - smtpd's "client=host[ip], ..., orig_queue_id=ID" */
static enum bm_event_kind take_client(struct bm_bytes run, struct bm_event *event)
{
	const size_t open = bm_bytes_find_near(run, 0, '[');
	const size_t close = bm_bytes_find_near(run, open, ']');
	const struct bm_bytes ip = {run.data + open + 1, close > open ? close - open - 1 : 0};
	event->client_told = true;
	event->client_far = open < run.size && !is_private(ip);
	if (close + 1 < run.size) /* more fields follow */
		event->next_id = take_id(run, BM_BYTES("orig_queue_id="));
	return event->kind = BM_EVENT_BEGIN;
}

/* is_removed - "removed", perhaps with the commas of a CSV export */
static bool is_removed(struct bm_bytes run)
{
	if (!bm_bytes_starts(run, BM_BYTES("removed")))
		return false;
	for (size_t at = 7; at < run.size; at++)
		if (run.data[at] != ',' && run.data[at] != ' ')
			return false;
	return true;
}

/* header_value - what stands before " from CLIENT; from=<...> ..." behind a header's name.  Postfix
 * cuts the header at 200 bytes, so the frame is there; the sender may write one like it, so the last
 * one is the frame. */
static struct bm_bytes header_value(struct bm_bytes run)
{
	struct bm_bytes head = run;
	for (;;) {
		const size_t at = bm_bytes_find_last(head, ';');
		if (at == head.size)
			return run;
		head.size = at;
		if (bm_bytes_starts(bm_bytes_from(run, at), BM_BYTES("; from=<")))
			break;
	}
	const size_t space = bm_bytes_find_last(head, ' ');
	if (space < head.size && space >= 5 && memcmp(head.data + space - 5, " from", 5) == 0)
		head.size = space - 5;
	return head;
}

/* take_header - cleanup's "ACTION: header Subject: ..." of header_checks, other headers are idle */
static enum bm_event_kind take_header(struct bm_bytes run, struct bm_event *event)
{
	enum { ACTION_BYTES_MAX = 12 };
	static const char name[] = ": header subject:", usual[] = ": header Subject:";
	struct bm_bytes head = run;
	if (head.size > ACTION_BYTES_MAX)
		head.size = ACTION_BYTES_MAX;
	const size_t at = bm_bytes_find_near(head, 0, ':');
	if (run.size - at < sizeof name - 1)
		return event->kind = BM_EVENT_IDLE;
	if (memcmp(run.data + at, usual, sizeof usual - 1) != 0)
		for (size_t i = 0; i < sizeof name - 1; i++)
			if (bm_lower(run.data[at + i]) != (uint8_t)name[i])
				return event->kind = BM_EVENT_IDLE;
	event->text = header_value(bm_bytes_from(run, at + sizeof name - 1));
	return event->kind = BM_EVENT_SUBJECT;
}

/* is_reject - "reject: ..." or "milter-reject: ...": refused on the way in */
static bool is_reject(struct bm_bytes run)
{
	return bm_bytes_starts(run, BM_BYTES("reject: ")) ||
	       bm_bytes_starts(run, BM_BYTES("milter-reject: "));
}

/* with_queue_id - what a message behind "QID: " says */
static enum bm_event_kind with_queue_id(struct bm_bytes run, enum daemon daemon,
					struct bm_event *event)
{
	const bool any = daemon == DAEMON_ANY;
	switch (run.size ? run.data[0] : 0) {
	case 't':
		if ((any || daemon == DAEMON_AGENT || daemon == DAEMON_CLEANUP) &&
		    bm_bytes_starts(run, BM_BYTES("to=")))
			return take_attempt(run, event);
		break;
	case 'f':
		if ((any || daemon == DAEMON_QMGR) && bm_bytes_starts(run, BM_BYTES("from=")))
			return take_from(run, event);
		break;
	case 'r':
		if ((any || daemon == DAEMON_QMGR || daemon == DAEMON_SUPER) && is_removed(run))
			return event->kind = BM_EVENT_REMOVED;
		if ((any || daemon == DAEMON_SMTPD || daemon == DAEMON_CLEANUP) && is_reject(run))
			return event->kind = BM_EVENT_REJECT;
		break;
	case 'c':
		if ((any || daemon == DAEMON_SMTPD) && bm_bytes_starts(run, BM_BYTES("client=")))
			return take_client(run, event);
		break;
	case 'm':
		if ((any || daemon == DAEMON_CLEANUP) &&
		    bm_bytes_starts(run, BM_BYTES("message-id="))) {
			size_t at = 11;
			event->message_id = take_address(run, &at);
			return event->kind = BM_EVENT_BEGIN;
		}
		if ((any || daemon == DAEMON_SMTPD || daemon == DAEMON_CLEANUP) && is_reject(run))
			return event->kind = BM_EVENT_REJECT;
		break;
	case 'u':
		if ((any || daemon == DAEMON_CLEANUP) && bm_bytes_starts(run, BM_BYTES("uid="))) {
			event->client_told = true;
			return event->kind = BM_EVENT_BEGIN;
		}
		break;
	}
	if (any || daemon == DAEMON_CLEANUP)
		return take_header(run, event);
	return event->kind = BM_EVENT_IDLE;
}

/* parse - see struct bm_log */
static enum bm_event_kind parse(const struct bm_record *record, struct bm_event *event)
{
	const enum daemon daemon = daemon_of(record);
	event->kind = daemon == DAEMON_NONE ? BM_EVENT_OTHER : BM_EVENT_IDLE;
	if (daemon == DAEMON_NONE || daemon == DAEMON_SILENT)
		return event->kind;
	struct bm_bytes message = record->message;
	if (!take_queue_id(&message, event))
		return event->kind;
	/* NOQUEUE has a queue id's shape, but names no message. */
	if (bm_bytes_equal(event->queue_id, BM_BYTES("NOQUEUE")))
		return event->kind = is_reject(message) ? BM_EVENT_REJECT : BM_EVENT_IDLE;
	return with_queue_id(message, daemon, event);
}

const struct bm_log bm_log_postfix = {.name = "postfix", .parse = parse};
