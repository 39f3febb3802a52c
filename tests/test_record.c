/* test_record.c - all header forms: who said what when; and the fast way against the plain one.
 *
 * A table of lines with what must be read of them; then each line, and a great many damaged copies
 * of each, go through a fast reader and a plain one side by side: they must agree on everything.
 */
#include "support.h"

#include <criterion/criterion.h>

#include "record.h"

#define NO_TIME "?"

/* A line and its reading. */
struct form {
	const char *name;
	struct bm_bytes line;
	enum bm_record_status status;
	const char *time; /* bm_time_text of it; NO_TIME = unknown */
	const char *host, *tag, *message;
};

#define LINE(text) BM_BYTES(text)
#define OK         BM_RECORD_OK
#define REST       "4F0B21: removed"

static const struct form forms[] = {
	{"RFC 3164", LINE("Nov 24 00:29:39 mail postfix/qmgr[184]: " REST), OK,
	 "2025-11-24T00:29:39", "mail", "postfix/qmgr", REST},
	{"day after a blank", LINE("Nov  4 00:29:39 mail postfix/qmgr[184]: " REST), OK,
	 "2025-11-04T00:29:39", "mail", "postfix/qmgr", REST},
	{"day of one digit", LINE("Nov 4 00:29:39 mail postfix/qmgr[184]: " REST), OK,
	 "2025-11-04T00:29:39", "mail", "postfix/qmgr", REST},
	{"day with a nought", LINE("Nov 04 00:29:39 mail postfix/qmgr[184]: " REST), OK,
	 "2025-11-04T00:29:39", "mail", "postfix/qmgr", REST},
	{"milliseconds", LINE("Nov 24 00:29:39.123 mail postfix/qmgr[184]: " REST), OK,
	 "2025-11-24T00:29:39", "mail", "postfix/qmgr", REST},
	{"a leap second", LINE("Nov 24 23:59:60 mail postfix/qmgr[184]: " REST), OK,
	 "2025-11-25T00:00:00", "mail", "postfix/qmgr", REST},
	{"no pid", LINE("Nov 24 00:29:39 mail postfix/qmgr: " REST), OK, "2025-11-24T00:29:39",
	 "mail", "postfix/qmgr", REST},
	{"no colon behind the pid", LINE("Nov 24 00:29:39 mail postfix/qmgr[184] " REST), OK,
	 "2025-11-24T00:29:39", "mail", "postfix/qmgr", REST},
	{"no host", LINE("Nov 24 00:29:39 postfix/qmgr[184]: " REST), OK, "2025-11-24T00:29:39", "",
	 "postfix/qmgr", REST},
	{"two blanks for a host", LINE("Nov 24 00:29:39  postfix/qmgr[184]: " REST), OK,
	 "2025-11-24T00:29:39", "", "postfix/qmgr", REST},
	{"IPv4 host", LINE("Nov 24 00:29:39 192.0.2.7 postfix/qmgr[184]: " REST), OK,
	 "2025-11-24T00:29:39", "192.0.2.7", "postfix/qmgr", REST},
	{"IPv6 host", LINE("Nov 24 00:29:39 2001:db8::7 postfix/qmgr[184]: " REST), OK,
	 "2025-11-24T00:29:39", "2001:db8::7", "postfix/qmgr", REST},
	{"instance", LINE("Nov 24 00:29:39 mail postfix-out/submission/smtpd[9]: " REST), OK,
	 "2025-11-24T00:29:39", "mail", "postfix-out/submission/smtpd", REST},
	{"no such hour", LINE("Nov 24 24:29:39 mail postfix/qmgr[184]: " REST), OK, NO_TIME, "mail",
	 "postfix/qmgr", REST},
	{"no such day", LINE("Feb 30 00:29:39 mail postfix/qmgr[184]: " REST), OK, NO_TIME, "mail",
	 "postfix/qmgr", REST},
	{"year first", LINE("2013 Jun 16 16:05:07.123 mail postfix/qmgr[6]: " REST), OK,
	 "2013-06-16T16:05:07", "mail", "postfix/qmgr", REST},
	{"year first, one digit", LINE("2013 Jun  6 16:05:07 mail postfix/qmgr[6]: " REST), OK,
	 "2013-06-06T16:05:07", "mail", "postfix/qmgr", REST},
	{"year first, Feb 29", LINE("2013 Feb 29 16:05:07 mail postfix/qmgr[6]: " REST), OK,
	 NO_TIME, "mail", "postfix/qmgr", REST},
	{"RFC 3339", LINE("2026-11-24T00:29:39.057123+01:00 mail postfix/qmgr[6]: " REST), OK,
	 "2026-11-24T00:29:39+01:00", "mail", "postfix/qmgr", REST},
	{"RFC 3339 in UTC", LINE("2026-11-24T00:29:39Z mail postfix/qmgr[6]: " REST), OK,
	 "2026-11-24T00:29:39+00:00", "mail", "postfix/qmgr", REST},
	{"RFC 3339 west", LINE("2026-11-24T00:29:39-03:30 mail postfix/qmgr[6]: " REST), OK,
	 "2026-11-24T00:29:39-03:30", "mail", "postfix/qmgr", REST},
	{"RFC 3339 with a blank", LINE("2026-11-24 00:29:39 mail postfix/qmgr[6]: " REST), OK,
	 "2026-11-24T00:29:39", "mail", "postfix/qmgr", REST},
	{"fraction by a comma", LINE("2026-11-24T00:29:39,5+01:00 mail postfix/qmgr[6]: " REST), OK,
	 "2026-11-24T00:29:39+01:00", "mail", "postfix/qmgr", REST},
	{"journald short-iso", LINE("2026-11-24T00:29:39+0100 mail postfix/qmgr[6]: " REST), OK,
	 "2026-11-24T00:29:39+01:00", "mail", "postfix/qmgr", REST},
	{"RFC 3339, no such day", LINE("2025-02-29T00:29:39Z mail postfix/qmgr[6]: " REST), OK,
	 NO_TIME, "mail", "postfix/qmgr", REST},
	{"priority", LINE("<22>Nov 24 00:29:39 mail postfix/qmgr[184]: " REST), OK,
	 "2025-11-24T00:29:39", "mail", "postfix/qmgr", REST},
	{"priority and RFC 3339", LINE("<22>2026-11-24T00:29:39Z mail postfix/qmgr[184]: " REST),
	 OK, "2026-11-24T00:29:39+00:00", "mail", "postfix/qmgr", REST},
	{"RFC 5424", LINE("<22>1 2026-11-24T00:29:39.057+01:00 mail postfix/qmgr 161 - - " REST),
	 OK, "2026-11-24T00:29:39+01:00", "mail", "postfix/qmgr", REST},
	{"RFC 5424 without the daemon",
	 LINE("<22>1 2026-11-24T00:29:39Z mail postfix 161 - - " REST), OK,
	 "2026-11-24T00:29:39+00:00", "mail", "postfix", REST},
	{"RFC 5424 with data",
	 LINE("<22>1 2026-11-24T00:29:39Z mail postfix/qmgr 161 ID [a@1 b=\"c ] \\\" d\"][e "
	      "f=\"\"] " REST),
	 OK, "2026-11-24T00:29:39+00:00", "mail", "postfix/qmgr", REST},
	{"RFC 5424 with a byte-order mark",
	 LINE("<22>1 2026-11-24T00:29:39Z mail postfix/qmgr 161 - - \xef\xbb\xbf" REST), OK,
	 "2026-11-24T00:29:39+00:00", "mail", "postfix/qmgr", REST},
	{"RFC 5424 without a stamp", LINE("<22>1 - mail postfix/qmgr 161 - - " REST), OK, NO_TIME,
	 "mail", "postfix/qmgr", REST},
	{"RFC 5424 cut in its data",
	 LINE("<22>1 2026-11-24T00:29:39Z mail postfix/qmgr 161 - [a b=\"c"), BM_RECORD_OTHER, NULL,
	 NULL, NULL, NULL},
	{"RFC 5424 cut before its data", LINE("<22>1 2026-11-24T00:29:39Z mail postfix/qmgr 161"),
	 BM_RECORD_OTHER, NULL, NULL, NULL, NULL},
	{"a forwarder's stamp in front",
	 LINE("2021-03-06T06:09:00.000Z Mar  6 07:08:59 mail postfix/qmgr[2]: " REST), OK,
	 "2025-03-06T07:08:59", "mail", "postfix/qmgr", REST},
	{"two stamps of one kind",
	 LINE("Nov 24 00:29:40 Nov 24 00:29:39 mail postfix/qmgr[2]: " REST), OK,
	 "2025-11-24T00:29:39", "mail", "postfix/qmgr", REST},
	{"container", LINE("smtp_1_3d8b | Nov 24 00:29:39 mail postfix/qmgr[2]: " REST), OK,
	 "2025-11-24T00:29:39", "mail", "postfix/qmgr", REST},
	{"container, broken bar",
	 LINE("smtp_1_3d8b \xc2\xa6 2026-11-24T00:29:39Z mail postfix/qmgr[2]: " REST), OK,
	 "2026-11-24T00:29:39+00:00", "mail", "postfix/qmgr", REST},
	{"container without a stamp", LINE("smtp_1  | postfix/qmgr[121]: " REST), OK, NO_TIME, "",
	 "postfix/qmgr", REST},
	{"no stamp", LINE("postfix/qmgr[121]: " REST), OK, NO_TIME, "", "postfix/qmgr", REST},
	{"lost by journald",
	 LINE("2026-11-24T00:29:39+0100 mail postfix/smtp[6]: [285B blob data]"), BM_RECORD_LOST,
	 NULL, NULL, NULL, NULL},
	{"no blob", LINE("Nov 24 00:29:39 mail postfix/smtp[6]: [285B blob data] x"), OK,
	 "2025-11-24T00:29:39", "mail", "postfix/smtp", "[285B blob data] x"},
	{"an empty message", LINE("Nov 24 00:29:39 mail postfix/smtp[6]: "), OK,
	 "2025-11-24T00:29:39", "mail", "postfix/smtp", ""},
	{"nothing", LINE(""), BM_RECORD_OTHER, NULL, NULL, NULL, NULL},
	{"a stamp alone", LINE("Nov 24 00:29:39"), BM_RECORD_OTHER, NULL, NULL, NULL, NULL},
	{"prose", LINE("this is no log line at all, is it"), BM_RECORD_OTHER, NULL, NULL, NULL,
	 NULL},
	{"an unclosed priority", LINE("<22 Nov 24 00:29:39 mail x"), BM_RECORD_OTHER, NULL, NULL,
	 NULL, NULL},
	{"an unclosed pid", LINE("Nov 24 00:29:39 mail postfix/smtp[6: x"), BM_RECORD_OTHER, NULL,
	 NULL, NULL, NULL},
};

#define JSON_TIME "\"__REALTIME_TIMESTAMP\":\"1764000000123456\""
#define JSON_TAIL JSON_TIME ",\"_HOSTNAME\":\"mail\",\"SYSLOG_IDENTIFIER\":\"postfix/qmgr\""

static const struct form json_forms[] = {
	{"json", LINE("{" JSON_TAIL ",\"MESSAGE\":\"" REST "\"}"), OK, "2025-11-24T16:00:00+00:00",
	 "mail", "postfix/qmgr", REST},
	{"json with blanks", LINE("{ \"MESSAGE\" : \"x\" , " JSON_TAIL " }"), OK,
	 "2025-11-24T16:00:00+00:00", "mail", "postfix/qmgr", "x"},
	{"source time wins",
	 LINE("{" JSON_TAIL
	      ",\"_SOURCE_REALTIME_TIMESTAMP\":\"1764000001000000\",\"MESSAGE\":\"x\"}"),
	 OK, "2025-11-24T16:00:01+00:00", "mail", "postfix/qmgr", "x"},
	{"json escapes",
	 LINE("{" JSON_TAIL ",\"MESSAGE\":\"a\\\"b\\\\c\\/d\\te\\u00e9\\u4e2d\\ud83d\\ude00!\"}"),
	 OK, "2025-11-24T16:00:00+00:00", "mail", "postfix/qmgr",
	 "a\"b\\c/d\te\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80!"},
	{"json bytes", LINE("{" JSON_TAIL ",\"MESSAGE\":[104, 105,255,33]}"), OK,
	 "2025-11-24T16:00:00+00:00", "mail", "postfix/qmgr", "hi\xff!"},
	{"json strings", LINE("{" JSON_TAIL ",\"MESSAGE\":[\"first\",\"second\"]}"), OK,
	 "2025-11-24T16:00:00+00:00", "mail", "postfix/qmgr", "first"},
	{"json null", LINE("{" JSON_TAIL ",\"MESSAGE\":null}"), OK, "2025-11-24T16:00:00+00:00",
	 "mail", "postfix/qmgr", ""},
	{"json number", LINE("{" JSON_TAIL ",\"PRIORITY\":6,\"MESSAGE\":\"x\"}"), OK,
	 "2025-11-24T16:00:00+00:00", "mail", "postfix/qmgr", "x"},
	{"json without a program", LINE("{" JSON_TIME ",\"MESSAGE\":\"x\"}"), BM_RECORD_OTHER, NULL,
	 NULL, NULL, NULL},
	{"json lost", LINE("{" JSON_TAIL ",\"MESSAGE\":\"[285B blob data]\"}"), BM_RECORD_LOST,
	 NULL, NULL, NULL, NULL},
	{"json cut in a string", LINE("{" JSON_TAIL ",\"MESSAGE\":\"abc"), BM_RECORD_BROKEN, NULL,
	 NULL, NULL, NULL},
	{"json cut in an escape", LINE("{" JSON_TAIL ",\"MESSAGE\":\"abc\\u00"), BM_RECORD_BROKEN,
	 NULL, NULL, NULL, NULL},
	{"json cut in bytes", LINE("{" JSON_TAIL ",\"MESSAGE\":[1,2"), BM_RECORD_BROKEN, NULL, NULL,
	 NULL, NULL},
	{"json byte too large", LINE("{" JSON_TAIL ",\"MESSAGE\":[256]}"), BM_RECORD_BROKEN, NULL,
	 NULL, NULL, NULL},
	{"json not closed", LINE("{" JSON_TAIL), BM_RECORD_BROKEN, NULL, NULL, NULL, NULL},
	{"no json", LINE("Nov 24 00:29:39 mail postfix/qmgr[1]: x"), BM_RECORD_BROKEN, NULL, NULL,
	 NULL, NULL},
	{"json nothing", LINE(""), BM_RECORD_OTHER, NULL, NULL, NULL, NULL},
};

#define EXPORT                                                                                     \
	"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1764000000123456\n_HOSTNAME=mail\n"                \
	"SYSLOG_IDENTIFIER=postfix/qmgr\n"

static const struct form export_forms[] = {
	{"export", LINE(EXPORT "MESSAGE=" REST "\n\n"), OK, "2025-11-24T16:00:00+00:00", "mail",
	 "postfix/qmgr", REST},
	{"export without its end", LINE(EXPORT "MESSAGE=" REST), OK, "2025-11-24T16:00:00+00:00",
	 "mail", "postfix/qmgr", REST},
	{"export, binary field", LINE(EXPORT "MESSAGE\n\x05\0\0\0\0\0\0\0a\nb=\xff\nX=y\n\n"), OK,
	 "2025-11-24T16:00:00+00:00", "mail", "postfix/qmgr", "a\nb=\xff"},
	{"export, other binary field", LINE(EXPORT "OTHER\n\x02\0\0\0\0\0\0\0\n\n\nMESSAGE=x\n\n"),
	 OK, "2025-11-24T16:00:00+00:00", "mail", "postfix/qmgr", "x"},
	{"export, size too large", LINE(EXPORT "MESSAGE\n\x50\0\0\0\0\0\0\0ab\n\n"),
	 BM_RECORD_BROKEN, NULL, NULL, NULL, NULL},
	{"export, size huge",
	 LINE(EXPORT "MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff"
		     "ab\n\n"),
	 BM_RECORD_BROKEN, NULL, NULL, NULL, NULL},
	{"export, size cut", LINE(EXPORT "MESSAGE\n\x05\0\0"), BM_RECORD_BROKEN, NULL, NULL, NULL,
	 NULL},
	{"export without a program", LINE("__CURSOR=1\nMESSAGE=x\n\n"), BM_RECORD_OTHER, NULL, NULL,
	 NULL, NULL},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int32_t reference(void)
{
	return (int32_t)bm_days_from_civil(2025, 3, 1);
}

static void start(struct bm_record_reader *reader, enum bm_transport transport, bool fast)
{
	bm_record_reader_init(reader, transport, NULL);
	reader->fast = fast;
	bm_record_years(reader, bm_years_at(reference()));
}

static bool is(struct bm_bytes run, const char *text)
{
	return bm_bytes_equal(run, bm_bytes_of(text));
}

/* check - one form, read twice by a fresh reader: the second time from its memory */
static void check(const struct form *form, enum bm_transport transport, bool fast)
{
	struct bm_record_reader reader;
	start(&reader, transport, fast);
	for (int round = 0; round < 3; round++) {
		struct bm_record record = {0};
		char time[BM_TIME_TEXT_MAX];
		const enum bm_record_status status = bm_record_read(&reader, form->line, &record);
		cr_assert_eq(status, form->status, "%s: status %d, not %d", form->name, (int)status,
			     (int)form->status);
		if (status != OK)
			continue;
		if (bm_time_text(record.time, time) == 0)
			strcpy(time, NO_TIME);
		cr_assert_str_eq(time, form->time, "%s: at %s, not %s", form->name, time,
				 form->time);
		cr_assert(is(record.host, form->host), "%s: host '%.*s'", form->name,
			  (int)record.host.size, (const char *)record.host.data);
		cr_assert(is(record.tag, form->tag), "%s: tag '%.*s'", form->name,
			  (int)record.tag.size, (const char *)record.tag.data);
		cr_assert(is(record.message, form->message), "%s: message '%.*s'", form->name,
			  (int)record.message.size, (const char *)record.message.data);
		const char *const slash = strrchr(form->tag, '/');
		cr_assert_eq(record.daemon, slash ? (size_t)(slash + 1 - form->tag) : 0);
	}
	bm_record_reader_dispose(&reader);
}

static void check_all(const struct form *list, size_t count, enum bm_transport transport)
{
	for (size_t i = 0; i < count; i++)
		for (int fast = 0; fast < 2; fast++)
			check(&list[i], transport, fast);
}

Test(record, all_forms_of_lines)
{
	check_all(forms, COUNT(forms), BM_TRANSPORT_LINES);
}

Test(record, journal_json)
{
	check_all(json_forms, COUNT(json_forms), BM_TRANSPORT_JSON);
}

Test(record, journal_export)
{
	check_all(export_forms, COUNT(export_forms), BM_TRANSPORT_EXPORT);
}

/* --- twins --- */

static bool same(struct bm_bytes left, struct bm_bytes right)
{
	return bm_bytes_equal(left, right) && (left.size == 0 || left.data == right.data);
}

/* agree - both readers on one line, in memory of its exact size */
static void agree(struct bm_record_reader *fast, struct bm_record_reader *plain,
		  const uint8_t *bytes, size_t size)
{
	uint8_t *const copy = malloc(size ? size : 1);
	memcpy(copy, bytes, size);
	const struct bm_bytes line = {copy, size};
	struct bm_record left = {0}, right = {0};
	const enum bm_record_status status = bm_record_read(fast, line, &left);
	const enum bm_record_status plain_status = bm_record_read(plain, line, &right);
	cr_assert_eq(status, plain_status, "'%.*s'", (int)size, (const char *)bytes);
	if (status == OK)
		cr_assert(left.time == right.time && same(left.host, right.host) &&
				  same(left.tag, right.tag) && same(left.message, right.message) &&
				  left.daemon == right.daemon,
			  "the fast reader sees '%.*s' otherwise than the plain one", (int)size,
			  (const char *)bytes);
	free(copy);
}

/* mutate - change, drop, insert or repeat a few bytes; returns the new size */
static size_t mutate(struct chance *chance, uint8_t *line, size_t size, size_t room)
{
	static const char alphabet[] = " :[]/0123456789<>TZ+-.|NovJanpostfix\r\t\"=\xc2\xa6";
	for (uint32_t n = 1 + chance_below(chance, 3); n > 0; n--) {
		const size_t at = size ? chance_below(chance, (uint32_t)size) : 0;
		const uint8_t byte =
			chance_percent(chance, 90)
				? (uint8_t)alphabet[chance_below(chance, sizeof alphabet - 1)]
				: (uint8_t)chance_next(chance);
		switch (chance_below(chance, 4)) {
		case 0:
			if (size)
				line[at] = byte;
			break;
		case 1:
			if (size)
				memmove(line + at, line + at + 1, --size - at);
			break;
		case 2:
			if (size + 1 < room) {
				memmove(line + at + 1, line + at, size++ - at);
				line[at] = byte;
			}
			break;
		default:
			if (chance_percent(chance, 20))
				size = at; /* cut */
		}
	}
	return size;
}

Test(record, fast_and_plain_agree_on_damaged_lines)
{
	struct chance chance = {11};
	struct bm_record_reader fast, plain;
	start(&fast, BM_TRANSPORT_LINES, true);
	start(&plain, BM_TRANSPORT_LINES, false);
	for (int i = 0; i < 400000; i++) {
		const struct form *const form = &forms[chance_below(&chance, COUNT(forms))];
		uint8_t line[512];
		size_t size = form->line.size;
		memcpy(line, form->line.data, size);
		if (chance_percent(&chance, 50)) /* long enough for the short way */
			while (size < 120) {
				line[size] = (uint8_t)('a' + size % 26);
				size++;
			}
		agree(&fast, &plain, line, size);
		agree(&fast, &plain, line, mutate(&chance, line, size, sizeof line));
		if (i % 1000 == 0) {
			const int32_t day = reference() + (int32_t)chance_below(&chance, 700);
			bm_record_years(&fast, bm_years_at(day));
			bm_record_years(&plain, bm_years_at(day));
		}
	}
	bm_record_reader_dispose(&fast);
	bm_record_reader_dispose(&plain);
}

/* damaged - mutations of journal records never lead out of them */
static void damaged(const struct form *list, size_t count, enum bm_transport transport)
{
	struct chance chance = {12};
	struct bm_record_reader reader;
	start(&reader, transport, true);
	for (int i = 0; i < 100000; i++) {
		const struct form *const form = &list[chance_below(&chance, (uint32_t)count)];
		uint8_t line[512];
		memcpy(line, form->line.data, form->line.size);
		const size_t size = mutate(&chance, line, form->line.size, sizeof line);
		uint8_t *const copy = malloc(size ? size : 1);
		memcpy(copy, line, size);
		struct bm_record record = {0};
		if (bm_record_read(&reader, (struct bm_bytes){copy, size}, &record) == OK) {
			static volatile uint8_t sum; /* ASan watches the reads */
			for (size_t at = 0; at < record.message.size; at++)
				sum = sum ^ record.message.data[at];
			for (size_t at = 0; at < record.tag.size; at++)
				sum = sum ^ record.tag.data[at];
		}
		free(copy);
	}
	bm_record_reader_dispose(&reader);
}

Test(record, damaged_journals)
{
	damaged(json_forms, COUNT(json_forms), BM_TRANSPORT_JSON);
	damaged(export_forms, COUNT(export_forms), BM_TRANSPORT_EXPORT);
}

/* bm_record_yearless tells of a line what the reader dates by the years; both must see the same
 * stamp. */
Test(record, yearless_stamps)
{
	for (size_t i = 0; i < COUNT(forms); i++) {
		const struct form *const form = &forms[i];
		unsigned month = 0, day = 0;
		const bool yearless = bm_record_yearless(form->line, &month, &day);
		if (form->status != OK || strcmp(form->time, NO_TIME) == 0)
			continue;
		const bool want = strncmp(form->time, "2025", 4) == 0;
		cr_assert_eq(yearless, want, "%s", form->name);
		if (want && strcmp(form->name, "a leap second") != 0) {
			cr_assert_eq((int)month, atoi(form->time + 5), "%s", form->name);
			cr_assert_eq((int)day, atoi(form->time + 8), "%s", form->name);
		}
	}
}

/* The days a reader dates move its years as bm_record_yearless lets the cut's move: on damaged
 * lines too. */
Test(record, the_reader_and_the_cut_move_years_alike)
{
	struct chance chance = {13};
	struct bm_record_reader reader;
	start(&reader, BM_TRANSPORT_LINES, true);
	struct bm_years years = bm_years_at(reference());
	for (int i = 0; i < 200000; i++) {
		uint8_t line[512];
		static const char *const months[] = {"Jan", "Feb", "Mar", "Oct", "Nov", "Dec"};
		size_t size = (size_t)snprintf(
			(char *)line, sizeof line,
			"%s%s %2u %02u:%02u:09 mail postfix/qmgr[184]: %s",
			chance_percent(&chance, 10) ? "<22>" : "", months[chance_below(&chance, 6)],
			1 + chance_below(&chance, 31), chance_below(&chance, 26),
			chance_below(&chance, 62), REST);
		if (chance_percent(&chance, 40))
			size = mutate(&chance, line, size, sizeof line);
		struct bm_record record;
		unsigned month, day;
		uint8_t *const copy = malloc(size ? size : 1);
		memcpy(copy, line, size);
		bm_record_read(&reader, (struct bm_bytes){copy, size}, &record);
		if (bm_record_yearless((struct bm_bytes){copy, size}, &month, &day))
			bm_years_day(&years, month, day);
		free(copy);
		cr_assert_eq(reader.years.day, years.day, "after '%.*s'", (int)size,
			     (const char *)line);
	}
	bm_record_reader_dispose(&reader);
}

Test(record, transports_are_told_apart)
{
	cr_assert_eq(bm_transport_sniff(BM_BYTES("\n{\"MESSAGE\":1}")), BM_TRANSPORT_JSON);
	cr_assert_eq(bm_transport_sniff(BM_BYTES("{ \"MESSAGE\":1}")), BM_TRANSPORT_JSON);
	cr_assert_eq(bm_transport_sniff(BM_BYTES("__CURSOR=s=1")), BM_TRANSPORT_EXPORT);
	cr_assert_eq(bm_transport_sniff(BM_BYTES("Nov 24 00:29:39 mail x[1]: y")),
		     BM_TRANSPORT_LINES);
	cr_assert_eq(bm_transport_sniff(BM_BYTES("")), BM_TRANSPORT_LINES);
	cr_assert_eq(bm_transport_sniff(BM_BYTES("{no json")), BM_TRANSPORT_LINES);
}
