/* record.c - peel the transport off a line; see record.h for the forms.
 *
 * The common forms are tried in the order of their frequency, by their first byte; everything odd
 * goes through the same few steps: [container prefix] [priority] stamp [stamp] host tag[pid]:
 * message.
 */
#include "record.h"

enum { DAY_SECONDS = 86400, PREFIX_BYTES_MAX = 64, HOST_BYTES_MAX = 255, TAG_BYTES_MAX = 128 };

/* A place in a line. */
struct cursor {
	const uint8_t *at, *end;
};

static inline size_t left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* two_digits - their value, or more than 99 */
static inline unsigned two_digits(const uint8_t *at)
{
	const unsigned tens = (uint8_t)(at[0] - '0'), ones = (uint8_t)(at[1] - '0');
	return tens < 10 && ones < 10 ? tens * 10 + ones : 255;
}

/* month_number - 1..12 of an English abbreviation, or 0 */
static unsigned month_number(const uint8_t *at)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (unsigned i = 0; i < 12; i++)
		if (memcmp(names + 3 * i, at, 3) == 0)
			return i + 1;
	return 0;
}

/* day_seconds - HH:MM:SS at 8 readable bytes as seconds, or -1; 60 is allowed for a leap second */
static inline int day_seconds(const uint8_t *at)
{
	const unsigned hour = two_digits(at), minute = two_digits(at + 3),
		       second = two_digits(at + 6);
	if (hour > 23 || minute > 59 || second > 60 || at[2] != ':' || at[5] != ':')
		return -1;
	return (int)(hour * 3600 + minute * 60 + second);
}

/* skip_fraction - step over .123 or ,123 */
static inline void skip_fraction(struct cursor *cursor)
{
	if (left(cursor) < 2 || (*cursor->at != '.' && *cursor->at != ',') ||
	    !bm_is_digit(cursor->at[1]))
		return;
	for (cursor->at++; cursor->at < cursor->end && bm_is_digit(*cursor->at); cursor->at++)
		;
}

/* skip_blanks - step over spaces */
static inline void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && *cursor->at == ' ')
		cursor->at++;
}

/* wall_of - midnight of a civil date, or BM_TIME_UNKNOWN when there is no such day */
static int64_t wall_of(int64_t year, unsigned month, unsigned day)
{
	if (month < 1 || month > 12 || day < 1 || day > bm_days_in_month(year, month))
		return BM_TIME_UNKNOWN;
	return bm_days_from_civil(year, month, day) * DAY_SECONDS;
}

/* time_at - midnight plus seconds, or unknown */
static inline bm_time time_at(int64_t midnight, int seconds, int offset)
{
	if (midnight == BM_TIME_UNKNOWN || seconds < 0)
		return BM_TIME_UNKNOWN;
	return bm_time_make(midnight + seconds, offset);
}

/* day_of_month - read "24" or " 4" or "4" before a space; 0 = none */
static unsigned day_of_month(struct cursor *cursor)
{
	const uint8_t *at = cursor->at;
	if (at[0] == ' ' && bm_is_digit(at[1])) {
		cursor->at += 2;
		return at[1] - '0';
	}
	if (!bm_is_digit(at[0]))
		return 0;
	const unsigned size = bm_is_digit(at[1]) ? 2 : 1;
	cursor->at += size;
	return size == 2 ? two_digits(at) : (unsigned)(at[0] - '0');
}

/* midnight_yearless - date month and day near the reference, through the one-day cache */
static int64_t midnight_yearless(struct bm_record_reader *reader, unsigned month, unsigned day,
				 uint64_t bytes)
{
	const int32_t dated = bm_years_day(&reader->years, month, day);
	reader->day_bytes = bytes;
	reader->day_wall = dated == BM_YEARS_NONE ? BM_TIME_UNKNOWN : (int64_t)dated * DAY_SECONDS;
	return reader->day_wall;
}

/* stamp_month - "Nov 24 00:29:39" at the cursor; false leaves the cursor */
static bool stamp_month(struct bm_record_reader *reader, struct cursor *cursor, bm_time *time)
{
	struct cursor next = *cursor;
	if (left(cursor) < 15)
		return false;
	uint64_t bytes = 0;
	memcpy(&bytes, next.at, 6);
	unsigned month = 0, day = 0;
	if (bytes == reader->day_bytes) {
		next.at += 6;
	} else {
		month = month_number(next.at);
		if (month == 0 || next.at[3] != ' ')
			return false;
		next.at += 4;
		day = day_of_month(&next);
		if (day == 0 || left(&next) < 9)
			return false;
	}
	if (*next.at != ' ' || !bm_is_digit(next.at[1]) || next.at[3] != ':')
		return false;
	/* A stamp that is none must not move the years. */
	const int seconds = day_seconds(next.at + 1);
	int64_t midnight = reader->day_wall;
	if (month && seconds >= 0)
		midnight = midnight_yearless(reader, month, day,
					     next.at == cursor->at + 6 ? bytes : 0);
	*time = time_at(midnight, seconds, BM_OFFSET_UNKNOWN);
	next.at += 9;
	skip_fraction(&next);
	*cursor = next;
	return true;
}

/* offset_minutes - "Z", "+01:00", "+0100" or nothing at the cursor */
static int offset_minutes(struct cursor *cursor)
{
	if (left(cursor) >= 1 && (*cursor->at == 'Z' || *cursor->at == 'z')) {
		cursor->at++;
		return 0;
	}
	if (left(cursor) < 5 || (*cursor->at != '+' && *cursor->at != '-'))
		return BM_OFFSET_UNKNOWN;
	const bool colon = cursor->at[3] == ':';
	if (colon && left(cursor) < 6)
		return BM_OFFSET_UNKNOWN;
	const unsigned hours = two_digits(cursor->at + 1);
	const unsigned minutes = two_digits(cursor->at + (colon ? 4 : 3));
	if (hours > 23 || minutes > 59)
		return BM_OFFSET_UNKNOWN;
	const int offset = (int)(hours * 60 + minutes);
	const bool west = *cursor->at == '-';
	cursor->at += colon ? 6 : 5;
	return west ? -offset : offset;
}

/* zoned - the instant in the zone that was asked for */
static bm_time zoned(struct bm_record_reader *reader, bm_time time)
{
	if (reader->zone == NULL || time == BM_TIME_UNKNOWN)
		return time;
	if (time != reader->zone_from) {
		reader->zone_from = time;
		reader->zone_to = bm_zone_convert(reader->zone, time);
	}
	return reader->zone_to;
}

/* stamp_date - "2026-11-24T00:29:39.057+01:00" at the cursor */
static bool stamp_date(struct bm_record_reader *reader, struct cursor *cursor, bm_time *time)
{
	struct cursor next = *cursor;
	if (left(cursor) < 19 || next.at[4] != '-' || next.at[7] != '-' ||
	    (next.at[10] != 'T' && next.at[10] != ' ' && next.at[10] != 't') || next.at[13] != ':')
		return false;
	if (memcmp(reader->date_bytes, next.at, sizeof reader->date_bytes) != 0) {
		const unsigned century = two_digits(next.at), year = two_digits(next.at + 2);
		if (century > 99 || year > 99)
			return false;
		memcpy(reader->date_bytes, next.at, sizeof reader->date_bytes);
		reader->date_wall = wall_of(century * 100 + year, two_digits(next.at + 5),
					    two_digits(next.at + 8));
	}
	const int seconds = day_seconds(next.at + 11);
	next.at += 19;
	skip_fraction(&next);
	*time = zoned(reader, time_at(reader->date_wall, seconds, offset_minutes(&next)));
	*cursor = next;
	return true;
}

/* stamp_year_month - "2013 Jun 16 16:05:07.123" at the cursor */
static bool stamp_year_month(struct cursor *cursor, bm_time *time)
{
	struct cursor next = *cursor;
	if (left(cursor) < 20 || next.at[4] != ' ')
		return false;
	const unsigned century = two_digits(next.at), year = two_digits(next.at + 2);
	const unsigned month = month_number(next.at + 5);
	if (century > 99 || year > 99 || month == 0 || next.at[8] != ' ')
		return false;
	next.at += 9;
	const unsigned day = day_of_month(&next);
	if (day == 0 || left(&next) < 9 || *next.at != ' ' || next.at[3] != ':')
		return false;
	*time = time_at(wall_of(century * 100 + year, month, day), day_seconds(next.at + 1),
			BM_OFFSET_UNKNOWN);
	next.at += 9;
	skip_fraction(&next);
	*cursor = next;
	return true;
}

/* stamp - any stamp at the cursor and the blanks behind it */
static bool stamp(struct bm_record_reader *reader, struct cursor *cursor, bm_time *time)
{
	if (left(cursor) < 15)
		return false;
	const uint8_t first = *cursor->at;
	bool found;
	if ((uint8_t)(first - 'A') < 26)
		found = stamp_month(reader, cursor, time);
	else if (bm_is_digit(first))
		found = stamp_date(reader, cursor, time) || stamp_year_month(cursor, time);
	else
		return false;
	if (found)
		skip_blanks(cursor);
	return found;
}

/* token - the run up to the next space, which is stepped over; empty when it is longer than max */
static inline struct bm_bytes token(struct cursor *cursor, size_t max)
{
	const uint8_t *const from = cursor->at;
	const uint8_t *const stop = left(cursor) > max ? from + max : cursor->end;
	const uint8_t *at = from;
	while (at < stop && *at != ' ')
		at++;
	if (at == stop)
		return (struct bm_bytes){0};
	cursor->at = at + 1;
	return (struct bm_bytes){from, (size_t)(at - from)};
}

/* skip_pid - "[123]" at the cursor, with the colon or without */
static inline bool skip_pid(struct cursor *cursor)
{
	const uint8_t *at = cursor->at + 1;
	while (at < cursor->end && bm_is_digit(*at))
		at++;
	if (at == cursor->at + 1 || at == cursor->end || *at != ']')
		return false;
	cursor->at = at + 1;
	if (cursor->at < cursor->end && *cursor->at == ':')
		cursor->at++;
	return true;
}

/* tag - "postfix/smtp[123]: " or "tag: " at the cursor */
static inline bool tag(struct cursor *cursor, struct bm_bytes *out)
{
	const uint8_t *const from = cursor->at;
	const uint8_t *const stop =
		left(cursor) > TAG_BYTES_MAX ? from + TAG_BYTES_MAX : cursor->end;
	const uint8_t *at = from;
	while (at < stop && *at != '[' && *at != ':' && *at != ' ')
		at++;
	if (at == stop || at == from || *at == ' ')
		return false;
	cursor->at = at;
	if (*at == ':')
		cursor->at++;
	else if (!skip_pid(cursor))
		return false;
	skip_blanks(cursor);
	*out = (struct bm_bytes){from, (size_t)(at - from)};
	return true;
}

/* is_blob - journald's stand-in for a message that is no text: "[285B blob data]" */
static bool is_blob(struct bm_bytes message)
{
	static const char tail[] = "B blob data]";
	const size_t size = sizeof tail - 1;
	return message.size > size + 1 && message.data[0] == '[' && bm_is_digit(message.data[1]) &&
	       memcmp(message.data + message.size - size, tail, size) == 0;
}

static inline struct bm_bytes rest(const struct cursor *cursor)
{
	return (struct bm_bytes){cursor->at, left(cursor)};
}

/* last_component - offset behind the last slash of a tag, or 0 */
static size_t last_component(struct bm_bytes tag_run)
{
	size_t at = tag_run.size;
	while (at > 0 && tag_run.data[at - 1] != '/')
		at--;
	return at;
}

/* finish - the message behind the tag */
static inline enum bm_record_status finish(const struct cursor *cursor, struct bm_record *record)
{
	record->message = rest(cursor);
	record->daemon = last_component(record->tag);
	if (record->message.size && record->message.data[0] == '[' && is_blob(record->message))
		return BM_RECORD_LOST;
	return BM_RECORD_OK;
}

/* read_plain - stamp [stamp] host tag message at the cursor, where a stamp is known to begin */
static enum bm_record_status read_plain(struct bm_record_reader *reader, struct cursor *cursor,
					struct bm_record *record)
{
	if (!stamp(reader, cursor, &record->time))
		return BM_RECORD_OTHER;
	bm_time own;
	while (stamp(reader, cursor, &own))
		record->time = own;
	struct cursor next = *cursor;
	record->host = token(&next, HOST_BYTES_MAX);
	if (record->host.size && record->host.data[record->host.size - 1] != ':' &&
	    tag(&next, &record->tag))
		return finish(&next, record);
	/* Without a host: `stamp tag[pid]: message`. */
	record->host = (struct bm_bytes){0};
	return tag(cursor, &record->tag) ? finish(cursor, record) : BM_RECORD_OTHER;
}

/* skip_structured_data - "-" or "[...][...]" with quoted values, RFC 5424 section 6.3 */
static bool skip_structured_data(struct cursor *cursor)
{
	if (left(cursor) && *cursor->at == '-') {
		cursor->at++;
		return true;
	}
	bool quoted = false;
	for (const uint8_t *at = cursor->at; at < cursor->end; at++) {
		if (*at == '\\' && quoted)
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (*at == ']' && !quoted && (at + 1 == cursor->end || at[1] != '[')) {
			cursor->at = at + 1;
			return true;
		}
	}
	return false;
}

/* read_5424 - behind "<PRI>1 ": STAMP HOST APP PROCID MSGID SD MSG */
static enum bm_record_status read_5424(struct bm_record_reader *reader, struct cursor *cursor,
				       struct bm_record *record)
{
	if (left(cursor) >= 2 && cursor->at[0] == '-' && cursor->at[1] == ' ')
		cursor->at += 2;
	else if (!stamp(reader, cursor, &record->time))
		return BM_RECORD_OTHER;
	record->host = token(cursor, HOST_BYTES_MAX);
	record->tag = token(cursor, TAG_BYTES_MAX);
	const struct bm_bytes procid = token(cursor, TAG_BYTES_MAX);
	const struct bm_bytes msgid = token(cursor, TAG_BYTES_MAX);
	if (!record->host.size || !record->tag.size || !procid.size || !msgid.size ||
	    !skip_structured_data(cursor))
		return BM_RECORD_OTHER;
	skip_blanks(cursor);
	if (left(cursor) >= 3 && memcmp(cursor->at, "\xef\xbb\xbf", 3) == 0)
		cursor->at += 3;
	return finish(cursor, record);
}

/* skip_priority - step over "<22>" */
static bool skip_priority(struct cursor *cursor)
{
	const uint8_t *at = cursor->at + 1;
	while (at < cursor->end && bm_is_digit(*at))
		at++;
	if (at == cursor->end || *at != '>')
		return false;
	cursor->at = at + 1;
	return true;
}

/* read_priority - "<22>" at the cursor, then RFC 5424 or RFC 3164 */
static enum bm_record_status read_priority(struct bm_record_reader *reader, struct cursor *cursor,
					   struct bm_record *record)
{
	if (!skip_priority(cursor))
		return BM_RECORD_OTHER;
	if (left(cursor) < 2 || cursor->at[0] != '1' || cursor->at[1] != ' ')
		return read_plain(reader, cursor, record);
	cursor->at += 2;
	return read_5424(reader, cursor, record);
}

/* skip_container - "smtp_1 | " or "smtp_1 ¦ " in front of a line */
static bool skip_container(struct cursor *cursor)
{
	const size_t size = left(cursor) < PREFIX_BYTES_MAX ? left(cursor) : PREFIX_BYTES_MAX;
	const struct bm_bytes head = {cursor->at, size};
	size_t skip = bm_bytes_search(head, BM_BYTES("| "));
	if (skip < size)
		skip += 2;
	else if ((skip = bm_bytes_search(head, BM_BYTES("\xc2\xa6 "))) < size)
		skip += 3;
	else
		return false;
	cursor->at += skip;
	return true;
}

/* --- the short way --- */

/* fast_seconds - "HH:MM:SS" as seconds, eight bytes at once; -1 for anything else */
static inline int fast_seconds(const uint8_t *at)
{
	const uint64_t word = bm_load64(at);
	const uint64_t shape = UINT64_C(0x30303a30303a3030), upper = UINT64_C(0xf0f0fff0f0fff0f0);
	if ((word & upper) != shape || ((word + UINT64_C(0x0606000606000606)) & upper) != shape)
		return -1;
	const uint64_t digits = word ^ shape;
	const unsigned hour = (unsigned)(digits & 15) * 10 + (unsigned)(digits >> 8 & 15);
	const unsigned minute = (unsigned)(digits >> 24 & 15) * 10 + (unsigned)(digits >> 32 & 15);
	const unsigned second = (unsigned)(digits >> 48 & 15) * 10 + (unsigned)(digits >> 56 & 15);
	if (hour > 23 || minute > 59 || second > 60)
		return -1;
	return (int)(hour * 3600 + minute * 60 + second);
}

/* fast_stamp - a stamp of the same day as the line before; how many bytes it and its space take, or
 * 0 */
static inline size_t fast_stamp(struct bm_record_reader *reader, struct bm_bytes line,
				bm_time *time)
{
	const uint8_t *const at = line.data;
	const uint64_t head = bm_load64(at);
	if ((head & 0xffffffffffff) == reader->day_bytes && at[6] == ' ' && at[15] == ' ') {
		if (bm_load64(at + 7) != reader->clock_bytes) {
			reader->clock_bytes = bm_load64(at + 7);
			reader->clock_seconds = fast_seconds(at + 7);
		}
		*time = time_at(reader->day_wall, reader->clock_seconds, BM_OFFSET_UNKNOWN);
		return reader->clock_seconds < 0 ? 0 : 16;
	}
	if (memcmp(at, reader->date_bytes, sizeof reader->date_bytes) != 0 || at[10] != 'T')
		return 0;
	const int seconds = fast_seconds(at + 11);
	struct cursor cursor = {at + 19, at + line.size};
	skip_fraction(&cursor);
	*time = zoned(reader, time_at(reader->date_wall, seconds, offset_minutes(&cursor)));
	if (seconds < 0 || cursor.at == cursor.end || *cursor.at != ' ')
		return 0;
	return (size_t)(cursor.at + 1 - at);
}

/* fast_host - size of the host at line[from], if it is one of the last ones; 0 otherwise.  16 bytes
 * and more follow. */
static inline size_t fast_host(const struct bm_record_reader *reader, struct bm_bytes line,
			       size_t from)
{
	const uint64_t head = bm_load64(line.data + from);
	for (size_t i = 0; i < sizeof reader->hosts / sizeof *reader->hosts; i++) {
		const struct bm_host *const host = &reader->hosts[i];
		if ((head & host->mask) != host->head || host->size == 0)
			continue;
		if (host->size < 8) /* the space behind it is in the head */
			return host->size;
		if (from + host->size < line.size && line.data[from + host->size] == ' ' &&
		    bm_same_short(line.data + from, host->bytes, host->size))
			return host->size;
	}
	return 0;
}

/* fast_pid - "[123]: " at line[open]; where the message begins, or 0 */
static inline size_t fast_pid(struct bm_bytes line, size_t open)
{
	if (open + 16 > line.size)
		return 0;
	const uint64_t word = bm_load64(line.data + open + 1);
	/* The high bit of each byte that is no digit. */
	const uint64_t digits = word ^ UINT64_C(0x3030303030303030);
	const uint64_t others =
		((digits + UINT64_C(0x7676767676767676)) | digits) & UINT64_C(0x8080808080808080);
	const size_t size = others ? (size_t)__builtin_ctzll(others) / 8 : 8;
	const uint8_t *const close = line.data + open + 1 + size;
	if (size == 0 || size == 8 || close[0] != ']' || close[1] != ':' || close[2] != ' ')
		return 0;
	return open + size + 4;
}

/* fast_tag - a tag of up to 31 bytes at line[from], ended by '['; *open is where that stands */
static inline bool fast_tag(struct bm_bytes line, size_t from, struct bm_record *record,
			    size_t *open)
{
	if (from + 32 > line.size)
		return false;
	const uint8_t *const at = line.data + from;
	const uint32_t opens = bm_equal16(at, '[') | bm_equal16(at + 16, '[') << 16;
	const uint32_t others = bm_equal16(at, ' ') | bm_equal16(at + 16, ' ') << 16 |
				bm_equal16(at, ':') | bm_equal16(at + 16, ':') << 16;
	const uint32_t before = (opens & -opens) - 1; /* the bytes in front of the first '[' */
	if (opens == 0 || before == 0 || (others & before))
		return false;
	const uint32_t slashes = (bm_equal16(at, '/') | bm_equal16(at + 16, '/') << 16) & before;
	const size_t size = (size_t)__builtin_ctz(opens);
	record->tag = (struct bm_bytes){at, size};
	record->daemon = slashes ? 32 - (size_t)__builtin_clz(slashes) : 0;
	*open = from + size;
	return true;
}

/* read_fast - the common line: a stamp of the last day, the last host, "tag[pid]: "; false = take
 * the long way */
static inline bool read_fast(struct bm_record_reader *reader, struct bm_bytes line,
			     struct bm_record *record)
{
	enum { FAST_BYTES_MIN = 64 }; /* a stamp, and 16 bytes and more behind it */
	if (line.size < FAST_BYTES_MIN)
		return false;
	const size_t host = fast_stamp(reader, line, &record->time);
	const size_t host_size = host ? fast_host(reader, line, host) : 0;
	if (host_size == 0)
		return false;
	const size_t from = host + host_size + 1;
	size_t open;
	if (!fast_tag(line, from, record, &open))
		return false;
	const size_t message = fast_pid(line, open);
	if (message == 0 || message == line.size || line.data[message] == ' ' ||
	    line.data[message] == '[')
		return false;
	record->host = (struct bm_bytes){line.data + host, host_size};
	record->message = bm_bytes_from(line, message);
	return true;
}

/* remember_host - what read_fast compares with */
static void remember_host(struct bm_record_reader *reader, struct bm_bytes name)
{
	struct bm_host *const hosts = reader->hosts;
	/* What the long way could take for another stamp, or for a tag, must go the long way again.
	 */
	if (name.size == 0 || name.size > sizeof hosts->bytes || bm_is_digit(name.data[0]) ||
	    name.data[name.size - 1] == ':' || (name.size == 3 && month_number(name.data)))
		return;
	for (size_t i = 0; i < sizeof reader->hosts / sizeof *hosts; i++)
		if (bm_bytes_equal(name, (struct bm_bytes){hosts[i].bytes, hosts[i].size}))
			return;
	memmove(hosts + 1, hosts, sizeof reader->hosts - sizeof *hosts);
	memcpy(hosts->bytes, name.data, name.size);
	hosts->size = name.size;
	/* The first eight bytes as one word, with the space behind a shorter name. */
	uint8_t head[8] = "        ";
	memcpy(head, name.data, name.size < 8 ? name.size : 8);
	hosts->mask = name.size < 7 ? (UINT64_C(1) << (8 * (name.size + 1))) - 1 : UINT64_MAX;
	hosts->head = bm_load64(head) & hosts->mask;
}

/* read_line - one line of a text log */
static enum bm_record_status read_line(struct bm_record_reader *reader, struct bm_bytes line,
				       struct bm_record *record)
{
	if (reader->fast && read_fast(reader, line, record))
		return BM_RECORD_OK;
	struct cursor cursor = {line.data, line.data + line.size};
	const struct cursor start = cursor;
	enum bm_record_status status = BM_RECORD_OTHER;
	record->time = BM_TIME_UNKNOWN;
	if (line.size && line.data[0] == '<')
		status = read_priority(reader, &cursor, record);
	else if (line.size)
		status = read_plain(reader, &cursor, record);
	if (status != BM_RECORD_OTHER) {
		remember_host(reader, record->host);
		return status;
	}
	cursor = start;
	if (skip_container(&cursor)) {
		struct cursor inner = cursor;
		status = read_plain(reader, &inner, record);
		if (status != BM_RECORD_OTHER)
			return status;
	}
	/* No stamp: `postfix/smtp[121]: message`, as in a container's output. */
	*record = (struct bm_record){.time = BM_TIME_UNKNOWN};
	return tag(&cursor, &record->tag) ? finish(&cursor, record) : BM_RECORD_OTHER;
}

/* --- journald --- */

/* The fields of a journal record that matter, as offsets into scratch or slices of the record. */
enum field { FIELD_MESSAGE, FIELD_TAG, FIELD_HOST, FIELD_SOURCE_TIME, FIELD_TIME, FIELD_COUNT };

static const char *const field_names[FIELD_COUNT] = {"MESSAGE", "SYSLOG_IDENTIFIER", "_HOSTNAME",
						     "_SOURCE_REALTIME_TIMESTAMP",
						     "__REALTIME_TIMESTAMP"};

/* field_of - which field a name is, or FIELD_COUNT */
static enum field field_of(struct bm_bytes name)
{
	for (int i = 0; i < FIELD_COUNT; i++)
		if (bm_bytes_equal(name, bm_bytes_of(field_names[i])))
			return (enum field)i;
	return FIELD_COUNT;
}

/* microseconds - a decimal run as a time in UTC, or unknown */
static bm_time microseconds(struct bm_bytes digits)
{
	uint64_t value = 0;
	if (digits.size == 0 || digits.size > 18)
		return BM_TIME_UNKNOWN;
	for (size_t i = 0; i < digits.size; i++) {
		if (!bm_is_digit(digits.data[i]))
			return BM_TIME_UNKNOWN;
		value = value * 10 + (uint64_t)(digits.data[i] - '0');
	}
	return bm_time_make((int64_t)(value / 1000000), 0);
}

/* journal_record - put the fields of a journal record together */
static enum bm_record_status journal_record(struct bm_record_reader *reader,
					    const struct bm_bytes fields[FIELD_COUNT],
					    struct bm_record *record)
{
	bm_time time = microseconds(fields[FIELD_SOURCE_TIME]);
	if (time == BM_TIME_UNKNOWN)
		time = microseconds(fields[FIELD_TIME]);
	record->time = zoned(reader, time);
	record->host = fields[FIELD_HOST];
	record->tag = fields[FIELD_TAG];
	record->daemon = last_component(record->tag);
	record->message = fields[FIELD_MESSAGE];
	if (record->tag.size == 0)
		return BM_RECORD_OTHER;
	return record->message.size && is_blob(record->message) ? BM_RECORD_LOST : BM_RECORD_OK;
}

/* read_export - "KEY=VALUE" lines, or "KEY" and a length-prefixed value */
static enum bm_record_status read_export(struct bm_record_reader *reader, struct bm_bytes block,
					 struct bm_record *record)
{
	struct bm_bytes fields[FIELD_COUNT] = {{0}};
	for (size_t at = 0; at < block.size;) {
		const size_t end = bm_bytes_find(block, at, '\n');
		const struct bm_bytes line = {block.data + at, end - at};
		const size_t equals = bm_bytes_find(line, 0, '=');
		struct bm_bytes value;
		at = end + 1;
		if (line.size == 0)
			continue;
		if (equals < line.size) {
			value = bm_bytes_from(line, equals + 1);
		} else {
			uint64_t size;
			if (at > block.size || block.size - at < sizeof size)
				return BM_RECORD_BROKEN;
			memcpy(&size, block.data + at,
			       sizeof size); /* little-endian by definition */
			at += sizeof size;
			if (size > block.size - at)
				return BM_RECORD_BROKEN;
			value = (struct bm_bytes){block.data + at, (size_t)size};
			at += (size_t)size + 1;
		}
		const enum field field = field_of((struct bm_bytes){line.data, equals});
		if (field < FIELD_COUNT)
			fields[field] = value;
	}
	return journal_record(reader, fields, record);
}

static unsigned hex_value(uint8_t byte)
{
	if (bm_is_digit(byte))
		return byte - '0';
	const uint8_t lower = byte | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10u : 255;
}

/* four_hex - value of \uXXXX's digits at the cursor, or UINT32_MAX */
static uint32_t four_hex(struct cursor *cursor)
{
	if (left(cursor) < 4)
		return UINT32_MAX;
	uint32_t value = 0;
	for (int i = 0; i < 4; i++) {
		const unsigned digit = hex_value(cursor->at[i]);
		if (digit > 15)
			return UINT32_MAX;
		value = value << 4 | digit;
	}
	cursor->at += 4;
	return value;
}

/* add_utf8 - append a code point */
static void add_utf8(struct bm_text *text, uint32_t point)
{
	if (point < 0x80) {
		bm_text_byte(text, (uint8_t)point);
	} else if (point < 0x800) {
		bm_text_byte(text, (uint8_t)(0xc0 | point >> 6));
		bm_text_byte(text, (uint8_t)(0x80 | (point & 0x3f)));
	} else if (point < 0x10000) {
		bm_text_byte(text, (uint8_t)(0xe0 | point >> 12));
		bm_text_byte(text, (uint8_t)(0x80 | (point >> 6 & 0x3f)));
		bm_text_byte(text, (uint8_t)(0x80 | (point & 0x3f)));
	} else {
		bm_text_byte(text, (uint8_t)(0xf0 | point >> 18));
		bm_text_byte(text, (uint8_t)(0x80 | (point >> 12 & 0x3f)));
		bm_text_byte(text, (uint8_t)(0x80 | (point >> 6 & 0x3f)));
		bm_text_byte(text, (uint8_t)(0x80 | (point & 0x3f)));
	}
}

/* json_escape - what follows a backslash; false when it is no escape */
static bool json_escape(struct cursor *cursor, struct bm_text *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (left(cursor) == 0)
		return false;
	const uint8_t letter = *cursor->at++;
	const char *const simple = letter ? strchr(from, letter) : NULL;
	if (simple) {
		bm_text_byte(out, (uint8_t)to[simple - from]);
		return true;
	}
	uint32_t point = letter == 'u' ? four_hex(cursor) : UINT32_MAX;
	if (point == UINT32_MAX)
		return false;
	if (point >= 0xd800 && point < 0xdc00 && left(cursor) >= 6 && cursor->at[0] == '\\' &&
	    cursor->at[1] == 'u') {
		struct cursor low_at = {cursor->at + 2, cursor->end};
		const uint32_t low = four_hex(&low_at);
		if (low >= 0xdc00 && low < 0xe000) {
			point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
			*cursor = low_at;
		}
	}
	add_utf8(out, point);
	return true;
}

/* json_string - a string at the cursor (behind its quote); a slice of the line, or of out when it
 * had escapes */
static bool json_string(struct cursor *cursor, struct bm_text *out, struct bm_bytes *value)
{
	const uint8_t *const from = cursor->at;
	const size_t out_from = out->size;
	const uint8_t *copied = from;
	for (; cursor->at < cursor->end && *cursor->at != '"';) {
		if (*cursor->at != '\\') {
			cursor->at++;
			continue;
		}
		bm_text_add(out, (struct bm_bytes){copied, (size_t)(cursor->at - copied)});
		cursor->at++;
		if (!json_escape(cursor, out))
			return false;
		copied = cursor->at;
	}
	if (cursor->at == cursor->end)
		return false;
	if (copied == from) {
		*value = (struct bm_bytes){from, (size_t)(cursor->at - from)};
	} else {
		bm_text_add(out, (struct bm_bytes){copied, (size_t)(cursor->at - copied)});
		*value = (struct bm_bytes){out->data + out_from, out->size - out_from};
	}
	cursor->at++;
	return true;
}

/* json_strings - ["a","b"] at the cursor (behind its bracket): a field given twice keeps its first
 */
static bool json_strings(struct cursor *cursor, struct bm_text *out, struct bm_bytes *value)
{
	struct bm_bytes more;
	for (struct bm_bytes *into = value;; into = &more) {
		if (left(cursor) == 0 || *cursor->at++ != '"' || !json_string(cursor, out, into) ||
		    left(cursor) == 0)
			return false;
		const uint8_t byte = *cursor->at++;
		if (byte != ',')
			return byte == ']';
		skip_blanks(cursor);
	}
}

/* json_bytes - [52,106,...] at the cursor (behind its bracket): journald's form of what is no UTF-8
 */
static bool json_bytes(struct cursor *cursor, struct bm_text *out, struct bm_bytes *value)
{
	const size_t out_from = out->size;
	unsigned number = 0;
	for (; cursor->at < cursor->end; cursor->at++) {
		const uint8_t byte = *cursor->at;
		if (bm_is_digit(byte)) {
			number = number * 10 + (unsigned)(byte - '0');
			if (number > 255)
				return false;
		} else if (byte == ',' || byte == ']') {
			bm_text_byte(out, (uint8_t)number);
			number = 0;
			if (byte == ']')
				break;
		} else if (byte != ' ') {
			return false;
		}
	}
	if (cursor->at == cursor->end)
		return false;
	cursor->at++;
	*value = (struct bm_bytes){out->data + out_from, out->size - out_from};
	return true;
}

/* json_value - a value at the cursor: string, byte array, or a bare word */
static bool json_value(struct cursor *cursor, struct bm_text *out, struct bm_bytes *value)
{
	if (left(cursor) == 0)
		return false;
	if (*cursor->at == '"' || *cursor->at == '[') {
		if (*cursor->at++ == '"')
			return json_string(cursor, out, value);
		const bool strings = left(cursor) && *cursor->at == '"';
		return strings ? json_strings(cursor, out, value) : json_bytes(cursor, out, value);
	}
	const uint8_t *const from = cursor->at;
	while (cursor->at < cursor->end && *cursor->at != ',' && *cursor->at != '}')
		cursor->at++;
	const size_t size = (size_t)(cursor->at - from);
	/* journald writes null for a field over its size limit. */
	*value = size == 4 && memcmp(from, "null", 4) == 0 ? (struct bm_bytes){0}
							   : (struct bm_bytes){from, size};
	return true;
}

/* skip_to - step over blanks and one expected byte */
static bool skip_to(struct cursor *cursor, uint8_t byte)
{
	skip_blanks(cursor);
	if (left(cursor) == 0 || *cursor->at != byte)
		return false;
	cursor->at++;
	skip_blanks(cursor);
	return true;
}

/* read_json - one flat object a line */
static enum bm_record_status read_json(struct bm_record_reader *reader, struct bm_bytes line,
				       struct bm_record *record)
{
	struct bm_bytes fields[FIELD_COUNT] = {{0}};
	struct cursor cursor = {line.data, line.data + line.size};
	if (!skip_to(&cursor, '{'))
		return line.size ? BM_RECORD_BROKEN : BM_RECORD_OTHER;
	/* Slices into scratch must not move while the record is read: make room for the worst
	 * first. */
	reader->scratch.size = 0;
	bm_text_room(&reader->scratch, line.size + 16);
	for (;;) {
		struct bm_bytes name, value;
		if (!skip_to(&cursor, '"') || !json_string(&cursor, &reader->scratch, &name) ||
		    !skip_to(&cursor, ':') || !json_value(&cursor, &reader->scratch, &value))
			return BM_RECORD_BROKEN;
		const enum field field = field_of(name);
		if (field < FIELD_COUNT)
			fields[field] = value;
		if (!skip_to(&cursor, ','))
			break;
	}
	return skip_to(&cursor, '}') ? journal_record(reader, fields, record) : BM_RECORD_BROKEN;
}

/* --- the way in --- */

void bm_record_reader_init(struct bm_record_reader *reader, enum bm_transport transport,
			   const struct bm_zone *zone)
{
	*reader = (struct bm_record_reader){.transport = transport,
					    .fast = true,
					    .zone = zone,
					    .years = bm_years_at(0),
					    .zone_from = BM_TIME_UNKNOWN,
					    .date_wall = BM_TIME_UNKNOWN};
}

void bm_record_reader_dispose(struct bm_record_reader *reader)
{
	bm_text_dispose(&reader->scratch);
}

void bm_record_years(struct bm_record_reader *reader, struct bm_years years)
{
	reader->years = years;
	reader->day_bytes = 0;
}

enum bm_record_status bm_record_read(struct bm_record_reader *reader, struct bm_bytes line,
				     struct bm_record *record)
{
	record->time = BM_TIME_UNKNOWN;
	switch (reader->transport) {
	case BM_TRANSPORT_JSON:
		return read_json(reader, line, record);
	case BM_TRANSPORT_EXPORT:
		return read_export(reader, line, record);
	case BM_TRANSPORT_LINES:
	case BM_TRANSPORT_MBOX:
	case BM_TRANSPORT_MAIL:
		break;
	}
	return read_line(reader, line, record);
}

bool bm_record_yearless(struct bm_bytes line, unsigned *month, unsigned *day)
{
	struct cursor cursor = {line.data, line.data + line.size};
	struct bm_record_reader reader;
	bm_time time;
	bm_record_reader_init(&reader, BM_TRANSPORT_LINES, NULL);
	if (line.size && line.data[0] == '<' && skip_priority(&cursor) && left(&cursor) >= 2 &&
	    cursor.at[0] == '1' && cursor.at[1] == ' ')
		cursor.at += 2;
	if (!stamp(&reader, &cursor, &time) &&
	    !(skip_container(&cursor) && stamp(&reader, &cursor, &time)))
		return false;
	while (stamp(&reader, &cursor, &time))
		;
	*month = reader.years.last_month;
	*day = reader.years.last_day_of_month;
	return *month > 0;
}

/* is_journal - does JSON name what journald's records have; other JSON is a text like any */
static bool is_journal(struct bm_bytes head)
{
	return bm_bytes_search(head, BM_BYTES("\"__REALTIME_TIMESTAMP\"")) < head.size ||
	       bm_bytes_search(head, BM_BYTES("\"MESSAGE\"")) < head.size;
}

enum bm_transport bm_transport_sniff(struct bm_bytes head)
{
	while (head.size && (head.data[0] == '\n' || head.data[0] == '\r' || head.data[0] == ' ' ||
			     head.data[0] == 0))
		head = bm_bytes_from(head, 1);
	if (bm_bytes_starts(head, BM_BYTES("{\"")) || bm_bytes_starts(head, BM_BYTES("{ \"")))
		return is_journal(head) ? BM_TRANSPORT_JSON : BM_TRANSPORT_LINES;
	if (bm_bytes_starts(head, BM_BYTES("__CURSOR=")) ||
	    bm_bytes_starts(head, BM_BYTES("__REALTIME_TIMESTAMP=")))
		return BM_TRANSPORT_EXPORT;
	return BM_TRANSPORT_LINES;
}
