/* input.c - find, identify, order and de-duplicate the files of a run; see bouncemill/input.h.
 *
 * Each file is opened in turn and its head decoded once: codec, transport, first time.  Only files
 * whose heads are equal are read in full before the run, side by side, to tell a duplicate; so a
 * normal set costs nothing extra.
 */
#define _GNU_SOURCE
#include "bouncemill/input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bouncemill/archive.h"
#include "bouncemill/mail.h"
#include "bouncemill/registry.h"
#include "hash.h"
#include "record.h"
#include "stream.h"

enum {
	HEAD_BYTES = 1 << 16,
	TWIN_BYTES = 1 << 10,            /* heads this equal make files compare in full */
	YEARS_WHOLE_BYTES_MAX = 1 << 20, /* files up to this size are dated by all of their lines */
	YEARS_DECODED_BYTES_MAX = 16 << 20, /* but no further than this, decoded */
	SAMPLE_STRIDE = 1 << 20,            /* larger plain ones by a line for each so many bytes */
	SAMPLE_BYTES = 2048,
	DEPTH_MAX = 64,
	ARCHIVE_DEPTH_MAX = 3, /* archives inside archives */
	FIFO_WAIT_MS = 2000,
	YEARS_BACK_MAX = 9,
	DAY_SECONDS = 86400
};

void bm_input_trouble(struct bm_inputs *inputs, struct bm_input *input, const char *format, ...)
{
	char why[200];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	snprintf(input->source.status, sizeof input->source.status, "%s", why);
	input->damaged = true;
	inputs->partial = true;
	bm_say(input->name, "%s", why);
}

/* add - a new entry named name */
static struct bm_input *add(struct bm_inputs *inputs, const char *name)
{
	BM_GROW(inputs->list, inputs->count, inputs->room);
	struct bm_input *const input = &inputs->list[inputs->count++];
	char *const copy = bm_alloc(strlen(name) + 1);
	strcpy(copy, name);
	*input = (struct bm_input){.name = copy,
				   .fd = -1,
				   .seekable = true,
				   .first_time = BM_TIME_UNKNOWN,
				   .first_day = BM_YEARS_NONE,
				   .source = {.name = copy,
					      .format = "",
					      .codec = "",
					      .seen = BM_SEEN_NEVER,
					      .status = "ok"}};
	return input;
}

/* give_up - an entry that cannot be read at all */
static void give_up(struct bm_inputs *inputs, const char *name, const char *why)
{
	struct bm_input *const input = add(inputs, name);
	input->skip = true;
	input->unreadable = true;
	bm_input_trouble(inputs, input, "%s", why);
}

/* --- heads --- */

/* The beginning of a file, as it lies there and decoded. */
struct head {
	uint8_t raw[HEAD_BYTES], decoded[HEAD_BYTES];
	size_t raw_size, decoded_size;
};

/* read_head - up to HEAD_BYTES from fd's start; false with errno set */
static bool read_head(int fd, bool seekable, struct head *head)
{
	head->raw_size = 0;
	while (head->raw_size < sizeof head->raw) {
		uint8_t *const at = head->raw + head->raw_size;
		const size_t room = sizeof head->raw - head->raw_size;
		const ssize_t got =
			seekable ? pread(fd, at, room, (off_t)head->raw_size) : read(fd, at, room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		head->raw_size += (size_t)got;
	}
	return true;
}

/* decode_head - what the head's bytes decode to, as far as they go */
static void decode_head(const struct bm_codec *codec, struct head *head)
{
	struct bm_codec_io io = {.in = head->raw,
				 .in_size = head->raw_size,
				 .in_last = head->raw_size < sizeof head->raw,
				 .out = head->decoded,
				 .out_size = sizeof head->decoded};
	void *const decoder = codec->open(1);
	for (;;) {
		const size_t in_before = io.in_size, out_before = io.out_size;
		if (codec->step(decoder, &io) != BM_OK || io.out_size == 0)
			break;
		if (io.in_size == in_before && io.out_size == out_before)
			break;
	}
	codec->close(decoder);
	head->decoded_size = sizeof head->decoded - io.out_size;
}

static const struct bm_codec *codec_of(struct bm_bytes head)
{
	for (size_t i = 0;; i++) {
		const struct bm_codec *const codec = bm_registry_codec(i);
		if (codec->sniff(head))
			return codec;
	}
}

/* unsupported - the name of a compression that is known, but not to us; or NULL */
static const char *unsupported(struct bm_bytes raw)
{
	if (bm_bytes_starts(raw, BM_BYTES("\x1f\x9d")))
		return "compress(1) format is unsupported (uncompress it first)";
	if (bm_bytes_starts(raw, BM_BYTES("7z\xbc\xaf\x27\x1c")))
		return "7z format is unsupported (unpack it first)";
	if (bm_bytes_starts(raw, BM_BYTES("Rar!\x1a\x07")))
		return "rar format is unsupported (unpack it first)";
	return NULL;
}

/* --- times in a head --- */

/* A changing month and day, in the order of the lines. */
struct days {
	struct day {
		uint8_t month, day;
	} * list;
	size_t count, room;
};

/* note_day - keep a line's month and day when they differ from the line's before */
static void note_day(struct days *days, struct bm_bytes line)
{
	unsigned month, day;
	if (!bm_record_yearless(line, &month, &day))
		return;
	const struct day *const last = days->count ? &days->list[days->count - 1] : NULL;
	if (last && last->month == month && last->day == day)
		return;
	BM_GROW(days->list, days->count, days->room);
	days->list[days->count++] = (struct day){(uint8_t)month, (uint8_t)day};
}

/* note_lines - the days of all whole lines of run */
static void note_lines(struct days *days, struct bm_bytes run)
{
	for (size_t at = 0; at < run.size;) {
		const size_t end = bm_bytes_find(run, at, '\n');
		note_day(days, (struct bm_bytes){run.data + at, end - at});
		at = end + 1;
	}
}

/* note_sample - the day of the first line behind a place in a plain file */
static void note_sample(struct days *days, const struct bm_stream *stream, uint64_t at)
{
	uint8_t buffer[SAMPLE_BYTES];
	int error;
	const struct bm_bytes run = {buffer,
				     bm_stream_pread(stream, buffer, sizeof buffer, at, &error)};
	const size_t start = at == 0 ? 0 : bm_bytes_find(run, 0, '\n') + 1;
	if (start < run.size)
		note_day(days, bm_bytes_from(run, start));
}

/* note_whole - the days of all lines of a small input */
static void note_whole(struct days *days, struct bm_stream *stream)
{
	struct bm_text text = {0};
	size_t got;
	enum bm_err err;
	do {
		uint8_t *const at = bm_text_room(&text, HEAD_BYTES);
		err = bm_stream_read(stream, at, HEAD_BYTES, &got);
		text.size += got;
	} while (err == BM_OK && text.size < YEARS_DECODED_BYTES_MAX);
	note_lines(days, (struct bm_bytes){text.data, text.size});
	bm_text_dispose(&text);
}

/* note_stream - days of the whole input, as densely as its size allows */
static void note_stream(struct days *days, const struct bm_input *input, struct bm_bytes head)
{
	int error;
	struct bm_stream *const stream = input->seekable ? bm_stream_open(input, 1, &error) : NULL;
	if (stream && input->size <= YEARS_WHOLE_BYTES_MAX)
		note_whole(days, stream);
	else if (stream && strcmp(input->codec->name, "plain") == 0)
		for (uint64_t at = 0; at < input->size; at += SAMPLE_STRIDE)
			note_sample(days, stream, at);
	else
		note_lines(days, head);
	bm_stream_close(stream);
}

/* try_year - run through the days from a first one in year; false when a Feb 29 falls in no leap
 * year (unless lax) or the last day is behind latest */
static bool try_year(const struct days *days, int64_t year, int32_t latest, bool lax,
		     int32_t *first)
{
	const struct day *const day = days->list;
	if (day->day > bm_days_in_month(year, day->month))
		return false;
	*first = (int32_t)bm_days_from_civil(year, day->month, day->day);
	struct bm_years years = bm_years_at(*first);
	for (size_t i = 0; i < days->count; i++)
		if (bm_years_day(&years, days->list[i].month, days->list[i].day) == BM_YEARS_NONE &&
		    !lax)
			return false;
	return years.day <= latest;
}

/* first_day - the latest year for the first line such that the last is not behind the file's own
 * date */
static int32_t first_day(const struct days *days, int64_t mtime)
{
	const int32_t latest = (int32_t)(mtime / DAY_SECONDS) + 1;
	int64_t year;
	unsigned month, day;
	int32_t first;
	bm_civil_from_days(latest, &year, &month, &day);
	for (int lax = 0; lax < 2; lax++)
		for (int back = 0; back <= YEARS_BACK_MAX; back++)
			if (try_year(days, year - back, latest, lax, &first))
				return first;
	return latest;
}

/* first_record - the first time in head, dating year-less stamps from first_day */
static bm_time first_record(const struct bm_input *input, struct bm_bytes head)
{
	struct bm_record_reader reader;
	struct bm_record record;
	bm_record_reader_init(&reader, (enum bm_transport)input->transport, NULL);
	bm_record_years(&reader,
			bm_years_at(input->first_day == BM_YEARS_NONE ? 0 : input->first_day));
	bm_time time = BM_TIME_UNKNOWN;
	const char *const border = input->transport == BM_TRANSPORT_EXPORT ? "\n\n" : "\n";
	for (size_t at = 0; at < head.size && time == BM_TIME_UNKNOWN;) {
		const struct bm_bytes rest = bm_bytes_from(head, at);
		const size_t end = bm_bytes_search(rest, bm_bytes_of(border));
		struct bm_bytes line = {rest.data, end};
		while (line.size && line.data[0] == 0)
			line = bm_bytes_from(line, 1);
		if (bm_record_read(&reader, line, &record) == BM_RECORD_OK)
			time = record.time;
		at += end + strlen(border);
	}
	bm_record_reader_dispose(&reader);
	return time;
}

/* date - first time and, for year-less stamps, the day they start from */
static void date(struct bm_input *input, struct bm_bytes head)
{
	struct days days = {0};
	if (input->transport == BM_TRANSPORT_LINES)
		note_lines(&days, head);
	if (days.count) {
		days.count = 0;
		note_stream(&days, input, head);
	}
	if (days.count)
		input->first_day = first_day(&days, input->mtime);
	bm_free(days.list);
	input->first_time = first_record(input, head);
}

/* --- what a file is --- */

/* looks_utf16 - a byte-order mark, or every second byte 0 */
static bool looks_utf16(struct bm_bytes head)
{
	if (bm_bytes_starts(head, BM_BYTES("\xff\xfe")) ||
	    bm_bytes_starts(head, BM_BYTES("\xfe\xff")))
		return true;
	size_t odd = 0, even = 0;
	const size_t size = head.size < 512 ? head.size : 512;
	for (size_t i = 0; i < size; i++)
		*(i % 2 ? &odd : &even) += head.data[i] == 0;
	return size >= 64 &&
	       ((odd > size / 3 && even < size / 16) || (even > size / 3 && odd < size / 16));
}

/* refusal - why a decoded head cannot be read as text or mails, or NULL */
static const char *refusal(const struct bm_codec *codec, struct bm_bytes head)
{
	if (looks_utf16(head))
		return "UTF-16 text is unsupported (convert it with iconv -f UTF-16 -t UTF-8)";
	if (bm_bytes_starts(head, BM_BYTES("*mbx*\r\n")))
		return "an MBX mailbox (UW IMAP) is unsupported (copy it to an mbox with mailutil)";
	if (bm_bytes_find(head, 0, '\n') == head.size && bm_bytes_find(head, 0, '\r') < head.size &&
	    head.size > 80)
		return "lines end in CR without newline (convert them with tr '\\r' '\\n')";
	if (strcmp(codec->name, "plain") != 0 && strcmp(codec_of(head)->name, "plain") != 0)
		return "compressed twice: nested compression is not read (decompress it once "
		       "first)";
	return NULL;
}

/* transport_of - what a decoded head begins: mails, or a log in one of its shapes */
static enum bm_transport transport_of(struct bm_bytes head)
{
	const enum bm_transport transport = bm_transport_sniff(head);
	if (transport != BM_TRANSPORT_LINES)
		return transport;
	switch (bm_mails_sniff(head)) {
	case BM_MAILS_MBOX:
		return BM_TRANSPORT_MBOX;
	case BM_MAILS_ONE:
		return BM_TRANSPORT_MAIL;
	case BM_MAILS_NONE:
		break;
	}
	return transport;
}

/* An archive being unpacked into inputs. */
struct unpacking {
	struct bm_inputs *inputs;
	const char *archive;
	unsigned count;
};

static void identify(struct bm_inputs *inputs, struct bm_input *input, int fd);

/* take_member - one member of an archive as an input named archive:member */
static void take_member(void *context, const struct bm_archive_member *member)
{
	struct unpacking *const unpacking = context;
	const size_t size = strlen(unpacking->archive) + strlen(member->name) + 2;
	char *const name = bm_alloc(size);
	snprintf(name, size, "%s:%s", unpacking->archive, member->name);
	struct bm_input *const input = add(unpacking->inputs, name);
	bm_free(name);
	struct stat status;
	input->fd = member->fd;
	input->mtime = member->mtime;
	if (fstat(member->fd, &status) == 0)
		input->size = (uint64_t)status.st_size;
	unpacking->count++;
	identify(unpacking->inputs, input, member->fd);
}

/* unpack - the entry at index is an archive: its members take its place */
static void unpack(struct bm_inputs *inputs, size_t index, int fd)
{
	struct unpacking unpacking = {inputs, inputs->list[index].name, 0};
	char reason[160] = "";
	inputs->depth++;
	const enum bm_err err = lseek(fd, 0, SEEK_SET) < 0
					? BM_READ
					: bm_archive_walk(fd, take_member, &unpacking, reason);
	inputs->depth--;
	struct bm_input *const input = &inputs->list[index];
	input->skip = true;
	const char *const files = unpacking.count == 1 ? "file" : "files";
	snprintf(input->source.status, sizeof input->source.status, "archive of %u %s",
		 unpacking.count, files);
	bm_say(input->name, "archive (tar or zip) of %u %s, read one by one", unpacking.count,
	       files);
	if (err != BM_OK)
		bm_input_trouble(inputs, input, "damaged archive: %s",
				 reason[0]
					 ? reason
					 : "cannot be read from a pipe (save it to a file first)");
}

/* note_digest - what makes two inputs worth comparing in full */
static void note_digest(struct bm_input *input, struct bm_bytes head)
{
	struct bm_digester *const digester = bm_digester_new();
	if (head.size > TWIN_BYTES)
		head.size = TWIN_BYTES;
	bm_digester_add(digester, head);
	const struct bm_digest digest = bm_digester_get(digester);
	input->head_digest[0] = digest.low;
	input->head_digest[1] = digest.high;
	bm_digester_free(digester);
}

/* settle - codec, transport and dates from a head that was read */
static void settle(struct bm_inputs *inputs, struct bm_input *input, int fd, struct head *head)
{
	const struct bm_bytes raw = {head->raw, head->raw_size};
	input->codec = codec_of(raw);
	input->source.codec = input->codec->name;
	input->source.bytes = input->size;
	if (raw.size == 0) {
		input->skip = true;
		strcpy(input->source.status, "empty");
		return;
	}
	const char *why = unsupported(raw);
	decode_head(input->codec, head);
	const struct bm_bytes decoded = {head->decoded, head->decoded_size};
	if (why == NULL && bm_archive_sniff(decoded)) {
		if (inputs->depth < ARCHIVE_DEPTH_MAX) {
			unpack(inputs, (size_t)(input - inputs->list), fd);
			return;
		}
		why = "an archive inside three others is not read (unpack the outer ones first)";
	}
	if (why == NULL)
		why = refusal(input->codec, decoded);
	if (why) {
		input->skip = true;
		bm_input_trouble(inputs, input, "%s", why);
		return;
	}
	input->transport = transport_of(decoded);
	input->source.mails = bm_transport_is_mail(input->transport);
	note_digest(input, decoded);
	if (!bm_transport_is_mail(input->transport))
		date(input, decoded);
}

/* identify - read the head of input, open at fd, and settle what it is; may add entries */
static void identify(struct bm_inputs *inputs, struct bm_input *input, int fd)
{
	struct head *const head = bm_alloc(sizeof *head);
	if (!read_head(fd, input->seekable, head)) {
		input->skip = true;
		input->unreadable = true;
		bm_input_trouble(inputs, input, "cannot read: %s (check its permissions)",
				 strerror(errno));
	} else {
		if (!input->seekable) {
			input->raw_head = bm_alloc(head->raw_size + 1);
			input->raw_head_size = head->raw_size;
			memcpy(input->raw_head, head->raw, head->raw_size);
		}
		settle(inputs, input, fd, head);
	}
	bm_free(head);
}

/* --- finding --- */

/* add_open - an entry for what is open at fd */
static void add_open(struct bm_inputs *inputs, const char *name, int fd, const struct stat *status,
		     bool keep_fd)
{
	struct bm_input *const input = add(inputs, name);
	const size_t index = inputs->count - 1;
	input->device = status->st_dev;
	input->inode = status->st_ino;
	input->seekable = S_ISREG(status->st_mode);
	input->size = input->seekable ? (uint64_t)status->st_size : 0;
	input->mtime = input->seekable ? status->st_mtime : time(NULL);
	if (keep_fd)
		input->fd = fd;
	identify(inputs, input, fd);
	if (!keep_fd)
		close(fd);
	else if (inputs->list[index].skip && fd > 2)
		close(fd);
}

/* add_fifo - wait a little for a writer's data, then keep it open */
static void add_fifo(struct bm_inputs *inputs, const char *path)
{
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0) {
		give_up(inputs, path, "cannot open the fifo (check its permissions)");
	} else if (poll(&poller, 1, FIFO_WAIT_MS) <= 0) {
		close(fd);
		give_up(inputs, path, "fifo without data, skipped (start its writer first)");
	} else {
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
		add_open(inputs, path, fd, &status, true);
	}
}

static void add_regular(struct bm_inputs *inputs, const char *path, const struct stat *status)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		char why[160];
		snprintf(why, sizeof why, "cannot open: %s (check its permissions)",
			 strerror(errno));
		give_up(inputs, path, why);
		return;
	}
	add_open(inputs, path, fd, status, false);
}

static void add_path(struct bm_inputs *inputs, const char *path, unsigned depth, bool given);

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* entries - the names in a directory, sorted; NULL with errno set */
static char **entries(const char *path, size_t *count)
{
	DIR *const dir = opendir(path);
	if (dir == NULL)
		return NULL;
	char **names = bm_zalloc(16, sizeof *names);
	size_t room = 16;
	*count = 0;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		BM_GROW(names, *count, room);
		const size_t size = strlen(path) + strlen(entry->d_name) + 2;
		names[*count] = bm_alloc(size);
		snprintf(names[(*count)++], size, "%s/%s", path, entry->d_name);
	}
	closedir(dir);
	qsort(names, *count, sizeof *names, by_name);
	return names;
}

/* is_maildir - do the names of a directory hold cur and new */
static bool is_maildir(char **names, size_t count)
{
	unsigned found = 0;
	for (size_t i = 0; i < count; i++) {
		const char *const name = strrchr(names[i], '/') + 1;
		found |= strcmp(name, "cur") == 0 ? 1u : strcmp(name, "new") == 0 ? 2u : 0;
	}
	return found == 3;
}

static void add_directory(struct bm_inputs *inputs, const char *path, unsigned depth)
{
	size_t count = 0;
	char **const names = depth < DEPTH_MAX ? entries(path, &count) : NULL;
	if (names == NULL) {
		give_up(inputs, path,
			depth < DEPTH_MAX ? "cannot read the directory (check its permissions)"
					  : "directories nest too deep, skipped");
		return;
	}
	if (count == 0 && depth == 0)
		bm_say(path, "no input files in this directory");
	const bool maildir = is_maildir(names, count);
	for (size_t i = 0; i < count; i++) {
		/* What lies in a Maildir's tmp is not delivered yet. */
		if (!maildir || strcmp(strrchr(names[i], '/'), "/tmp") != 0)
			add_path(inputs, names[i], depth + 1, false);
		bm_free(names[i]);
	}
	bm_free(names);
}

/* add_path - whatever path is; given = named by the user, not found in a directory */
static void add_path(struct bm_inputs *inputs, const char *path, unsigned depth, bool given)
{
	struct stat status, link;
	if (!given && lstat(path, &link) == 0 && S_ISLNK(link.st_mode) &&
	    stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return; /* a walk does not follow links to directories: no loops */
	if (stat(path, &status) != 0) {
		char why[160];
		snprintf(why, sizeof why, "cannot open: %s (check the name)", strerror(errno));
		give_up(inputs, path, why);
	} else if (S_ISDIR(status.st_mode)) {
		add_directory(inputs, path, depth);
	} else if (S_ISREG(status.st_mode)) {
		add_regular(inputs, path, &status);
	} else if (S_ISFIFO(status.st_mode) && given) {
		add_fifo(inputs, path);
	} else if (S_ISCHR(status.st_mode) && strcmp(path, "/dev/null") == 0) {
		add_open(inputs, path, open(path, O_RDONLY | O_CLOEXEC), &status, true);
	} else {
		give_up(inputs, path, "not a regular file (device, socket or fifo), skipped");
	}
}

void bm_inputs_add(struct bm_inputs *inputs, const char *path)
{
	struct stat status;
	if (strcmp(path, "-") != 0)
		add_path(inputs, path, 0, true);
	else if (fstat(0, &status) != 0)
		give_up(inputs, path, "standard input is closed");
	else
		add_open(inputs, path, 0, &status, true);
}

/* --- the same bytes under two names --- */

enum likeness { DIFFERENT, EQUAL, LEFT_SHORTER, RIGHT_SHORTER };

/* fill - read until buffer is full or the stream over; how much */
static size_t fill(struct bm_stream *stream, uint8_t *buffer, size_t size)
{
	size_t have = 0, got;
	while (have < size && bm_stream_read(stream, buffer + have, size - have, &got) == BM_OK)
		have += got;
	return have;
}

/* compare_streams - are the decoded bytes equal, or one a beginning of the other */
static enum likeness compare_streams(struct bm_stream *left, struct bm_stream *right)
{
	uint8_t *const buffers = bm_alloc(2 * HEAD_BYTES);
	enum likeness likeness = EQUAL;
	for (;;) {
		const size_t left_size = fill(left, buffers, HEAD_BYTES);
		const size_t right_size = fill(right, buffers + HEAD_BYTES, HEAD_BYTES);
		const size_t both = left_size < right_size ? left_size : right_size;
		if (memcmp(buffers, buffers + HEAD_BYTES, both) != 0)
			likeness = DIFFERENT;
		else if (left_size != right_size)
			likeness = left_size < right_size ? LEFT_SHORTER : RIGHT_SHORTER;
		if (likeness != EQUAL || both < HEAD_BYTES)
			break;
	}
	bm_free(buffers);
	return likeness;
}

static enum likeness compare(const struct bm_input *left, const struct bm_input *right)
{
	int error;
	struct bm_stream *const left_stream = bm_stream_open(left, 1, &error);
	struct bm_stream *const right_stream = bm_stream_open(right, 1, &error);
	enum likeness likeness = DIFFERENT;
	if (left_stream && right_stream)
		likeness = compare_streams(left_stream, right_stream);
	bm_stream_close(left_stream);
	bm_stream_close(right_stream);
	return likeness;
}

/* An input and the digest of its first decoded bytes. */
struct twin {
	struct bm_digest digest;
	uint32_t index;
};

/* by_file - device and inode, then place in the order */
static int by_file(const void *left, const void *right)
{
	const struct bm_input *const a = *(struct bm_input *const *)left;
	const struct bm_input *const b = *(struct bm_input *const *)right;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return (a > b) - (a < b);
}

/* drop_same_files - one file under several names: by path twice, by hard or symbolic link */
static void drop_same_files(struct bm_inputs *inputs)
{
	struct bm_input **const files = bm_alloc((inputs->count + 1) * sizeof *files);
	size_t count = 0;
	for (size_t i = 0; i < inputs->count; i++)
		if (inputs->list[i].inode)
			files[count++] = &inputs->list[i];
	if (count)
		qsort(files, count, sizeof *files, by_file);
	for (size_t i = 1, kept = 0; i < count; i++) {
		if (files[i]->device != files[kept]->device ||
		    files[i]->inode != files[kept]->inode) {
			kept = i;
			continue;
		}
		files[i]->skip = true;
		bm_say(files[i]->name, "same file as %s, already read: counted once",
		       files[kept]->name);
		snprintf(files[i]->source.status, sizeof files[i]->source.status, "duplicate of %s",
			 files[kept]->name);
	}
	bm_free(files);
}

static int by_digest(const void *left, const void *right)
{
	const struct twin *const a = left, *const b = right;
	if (a->digest.high != b->digest.high)
		return a->digest.high < b->digest.high ? -1 : 1;
	if (a->digest.low != b->digest.low)
		return a->digest.low < b->digest.low ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

/* drop_twin - input's bytes are all in the kept one */
static void drop_twin(struct bm_input *input, const struct bm_input *kept, bool whole)
{
	input->skip = true;
	snprintf(input->source.status, sizeof input->source.status, "duplicate of %s", kept->name);
	bm_say(input->name, "duplicate: %s as %s, counted once",
	       whole ? "identical content" : "the same content, cut short,", kept->name);
}

/* settle_group - compare each of a group of like heads with those kept before it */
static void settle_group(struct bm_inputs *inputs, const struct twin *twins, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct bm_input *const input = &inputs->list[twins[i].index];
		for (size_t j = 0; j < i && !input->skip; j++) {
			struct bm_input *const other = &inputs->list[twins[j].index];
			if (other->skip)
				continue;
			const enum likeness likeness = compare(other, input);
			if (likeness == LEFT_SHORTER)
				drop_twin(other, input, false);
			else if (likeness != DIFFERENT)
				drop_twin(input, other, likeness == EQUAL);
		}
	}
}

/* drop_duplicates - inputs are in order, so the one kept is the first by order, not by argument */
static void drop_duplicates(struct bm_inputs *inputs)
{
	struct twin *const twins = bm_alloc((inputs->count + 1) * sizeof *twins);
	size_t count = 0;
	for (uint32_t i = 0; i < inputs->count; i++) {
		if (inputs->list[i].skip || !inputs->list[i].seekable)
			continue;
		const uint64_t *const digest = inputs->list[i].head_digest;
		twins[count++] = (struct twin){{digest[0], digest[1]}, i};
	}
	if (count)
		qsort(twins, count, sizeof *twins, by_digest);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && twins[to].digest.low == twins[from].digest.low &&
				    twins[to].digest.high == twins[from].digest.high;)
			to++;
		settle_group(inputs, twins + from, to - from);
	}
	bm_free(twins);
}

/* --- order --- */

static int by_time(const void *left, const void *right)
{
	const struct bm_input *const a = left, *const b = right;
	const bool a_known = a->first_time != BM_TIME_UNKNOWN,
		   b_known = b->first_time != BM_TIME_UNKNOWN;
	if (a_known != b_known)
		return a_known ? -1 : 1;
	if (a->first_time != b->first_time)
		return a->first_time < b->first_time ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* shift_years - --year: move all year-less inputs so that the earliest starts in year */
static void shift_years(struct bm_inputs *inputs, int year)
{
	int32_t earliest = INT32_MAX;
	for (size_t i = 0; i < inputs->count; i++)
		if (inputs->list[i].first_day != BM_YEARS_NONE &&
		    inputs->list[i].first_day < earliest)
			earliest = inputs->list[i].first_day;
	if (earliest == INT32_MAX)
		return;
	int64_t from;
	unsigned month, day;
	bm_civil_from_days(earliest, &from, &month, &day);
	for (size_t i = 0; i < inputs->count; i++) {
		struct bm_input *const input = &inputs->list[i];
		if (input->first_day == BM_YEARS_NONE)
			continue;
		int64_t old;
		bm_civil_from_days(input->first_day, &old, &month, &day);
		const int64_t moved = old - from + year;
		if (day > bm_days_in_month(moved, month))
			day = bm_days_in_month(moved, month);
		const int32_t first = (int32_t)bm_days_from_civil(moved, month, day);
		if (input->first_time != BM_TIME_UNKNOWN)
			input->first_time += (int64_t)(first - input->first_day) * DAY_SECONDS *
					     (1 << BM_TIME_OFFSET_BITS);
		input->first_day = first;
	}
}

void bm_inputs_identify(struct bm_inputs *inputs, int year)
{
	if (year)
		shift_years(inputs, year);
	if (inputs->count)
		qsort(inputs->list, inputs->count, sizeof *inputs->list, by_time);
	drop_same_files(inputs);
	if (!inputs->keep_equal)
		drop_duplicates(inputs);
	for (size_t i = 0; i < inputs->count; i++)
		if (!inputs->list[i].skip)
			inputs->bytes += inputs->list[i].size;
}

void bm_inputs_dispose(struct bm_inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++) {
		if (inputs->list[i].fd > 2)
			close(inputs->list[i].fd);
		bm_free(inputs->list[i].raw_head);
		bm_free(inputs->list[i].name);
	}
	bm_free(inputs->list);
	*inputs = (struct bm_inputs){0};
}
