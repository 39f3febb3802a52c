/* thread_pipeline.c - several threads over a set of small files in all carriers; a plain program,
 * for TSan.
 *
 * Two weeks of mail are made by chance, a file a day: plain, gzip, zstd of one frame, zstd of many.
 * Messages are deferred over days, so that they cross files and blocks; some pass a content filter.
 * An mbox holds reports on some of the messages, and on mail that no log knows.  One thread and four, in blocks small and large, must count the same.
 */
#include "support.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "bouncemill/input.h"
#include "bouncemill/rule.h"
#include "pipeline.h"

enum {
	DAYS = 14,
	MESSAGES_A_DAY = 400,
	REPORTS = 600,
	DAY_BYTES_MAX = 1 << 20,
	NAME_BYTES_MAX = 64
};

/* The lines of a day. */
struct day {
	char text[DAY_BYTES_MAX];
	size_t size;
	char name[NAME_BYTES_MAX];
};

static struct day days[DAYS];
static char mbox_name[NAME_BYTES_MAX];

/* must - nothing, or the end of the test */
static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "thread_pipeline: %s\n", what);
		exit(1);
	}
}

/* add_line - a line of a day, at some second of it */
static void add_line(int day, unsigned second, const char *daemon, unsigned id, const char *rest)
{
	struct day *const to = &days[day];
	const int size = snprintf(to->text + to->size, sizeof to->text - to->size,
				  "Nov %2d %02u:%02u:%02u mail postfix/%s[%u]: %08X: %s\n", day + 1,
				  second / 3600, second / 60 % 60, second % 60, daemon,
				  100 + id % 7, id, rest);
	to->size += (size_t)size;
	must(to->size < sizeof to->text, "a day too long");
}

static void add_message(struct chance *chance, int day, unsigned id, unsigned second,
			bool filtered);

/* add_try - one attempt at the recipient of a message; true when it was the last */
static bool add_try(struct chance *chance, int day, unsigned second, unsigned id, bool filtered)
{
	char rest[400];
	const uint32_t luck = chance_below(chance, 100);
	const char *const relay =
		filtered ? "127.0.0.1[127.0.0.1]:10024" : "mx.d.example[192.0.2.1]:25";
	const unsigned domain = id % 97;
	if (luck < 50 && id % 5 == 0)
		snprintf(rest, sizeof rest,
			 "to=<u%u@d%u.example>, relay=mx.d%u.example[192.0.2.%u]:25, delay=1, "
			 "dsn=%s.7.1, status=%s (host mx.d%u.example[192.0.2.%u] said: %s.7.1 "
			 "Client host [198.51.100.%u] blocked using zen.spamhaus.org (in reply to "
			 "RCPT TO command))",
			 id, domain, domain, domain, luck < 40 ? "4" : "5",
			 luck < 40 ? "deferred" : "bounced", domain, domain,
			 luck < 40 ? "450 4" : "550 5", id % 7);
	else if (luck < 40)
		snprintf(rest, sizeof rest,
			 "to=<u%u@d%u.example>, relay=none, delay=1, dsn=4.4.1, status=deferred "
			 "(connect to mx.d%u.example[192.0.2.%u]:25: Connection timed out)",
			 id, domain, domain, domain);
	else if (luck < 60)
		snprintf(rest, sizeof rest,
			 "to=<u%u@d%u.example>, relay=mx.d%u.example[192.0.2.%u]:25, delay=1, "
			 "dsn=5.1.1, status=bounced (host mx.d%u.example[192.0.2.%u] said: 550 "
			 "5.1.1 "
			 "<u%u@d%u.example>: user unknown (in reply to RCPT TO command))",
			 id, domain, domain, domain, domain, domain, id, domain);
	else
		snprintf(rest, sizeof rest,
			 "to=<u%u@d%u.example>, relay=%s, delay=1, dsn=2.0.0, status=sent (250 "
			 "2.0.0 "
			 "Ok: queued as %08X)",
			 id, domain, relay, id | 0x80000000u);
	/* The filter's message is there before the filter says so; or it is no filter, just
	 * near. */
	if (luck >= 60 && filtered && chance_percent(chance, 50))
		add_message(chance, day, id | 0x80000000u, second, false);
	add_line(day, second, "smtp", id, rest);
	return luck >= 40;
}

/* add_message - a message from its beginning on a day to its end, maybe on another */
static void add_message(struct chance *chance, int day, unsigned id, unsigned second, bool filtered)
{
	char rest[200];
	add_line(day, second, "smtpd", id,
		 id >> 31 ? "client=localhost[127.0.0.1]" : "client=c.example[198.51.100.7]");
	add_line(day, second, "cleanup", id, "message-id=<x@y.example>");
	snprintf(rest, sizeof rest, "from=<s@s%u.example>, size=1, nrcpt=1 (queue active)",
		 id % 11);
	for (; day < DAYS; day += (int)chance_below(chance, 3)) {
		add_line(day, second, "qmgr", id, rest);
		if (add_try(chance, day, second, id, filtered)) {
			add_line(day, second, "qmgr", id, "removed");
			return;
		}
		if (chance_percent(chance, 10)) {
			snprintf(rest, sizeof rest,
				 "from=<s@s%u.example>, status=expired, returned", id % 11);
			add_line(day, second, "qmgr", id, rest);
			add_line(day, second, "qmgr", id, "removed");
			return;
		}
	}
}

/* --- files --- */

static void write_all(int fd, const void *bytes, size_t size)
{
	must(write(fd, bytes, size) == (ssize_t)size, "cannot write");
}

/* write_frames - a day as zstd frames of up to frame_bytes */
static void write_frames(int fd, const struct day *day, size_t frame_bytes)
{
	for (size_t at = 0; at < day->size; at += frame_bytes) {
		const size_t left = day->size - at, size = left < frame_bytes ? left : frame_bytes;
		void *const frame = malloc(ZSTD_compressBound(size));
		const size_t got =
			ZSTD_compress(frame, ZSTD_compressBound(size), day->text + at, size, 1);
		must(!ZSTD_isError(got), "cannot compress");
		write_all(fd, frame, got);
		free(frame);
	}
}

static void write_gzip(const char *name, const struct day *day)
{
	const gzFile file = gzopen(name, "wb1");
	must(file && gzwrite(file, day->text, (unsigned)day->size) == (int)day->size,
	     "cannot write");
	gzclose(file);
}

static void write_day(struct day *day, int carrier)
{
	snprintf(day->name, sizeof day->name, "%s/thread_pipeline-XXXXXX", P_tmpdir);
	const int fd = mkstemp(day->name);
	must(fd >= 0, "cannot make a temporary file");
	if (carrier == 0)
		write_all(fd, day->text, day->size);
	else if (carrier == 1)
		write_gzip(day->name, day);
	else
		write_frames(fd, day, carrier == 2 ? DAY_BYTES_MAX : 9000);
	close(fd);
}

static void make_days(void)
{
	struct chance chance = {42};
	unsigned id = 1;
	for (unsigned second = 0; second < 86400; second += 86400 / MESSAGES_A_DAY)
		for (int day = 0; day < DAYS; day++)
			add_message(&chance, day, id++, second, chance_percent(&chance, 30));
	for (int day = 0; day < DAYS; day++)
		write_day(&days[day], day % 4);
}

/* write_reports - bounce mails of our own server and of others, about messages by chance */
static void write_reports(void)
{
	struct chance chance = {7};
	snprintf(mbox_name, sizeof mbox_name, "%s/thread_pipeline-XXXXXX", P_tmpdir);
	const int fd = mkstemp(mbox_name);
	must(fd >= 0, "cannot make a temporary file");
	for (unsigned i = 0; i < REPORTS; i++) {
		char mail[1200];
		const unsigned id = 1 + chance_below(&chance, DAYS * MESSAGES_A_DAY);
		const int size = snprintf(
			mail, sizeof mail,
			"From MAILER-DAEMON Mon Jan  5 10:00:00 2026\n"
			"From: MAILER-DAEMON@mta.example\nTo: s@s1.example\nSubject: returned\n"
			"Content-Type: multipart/report; report-type=delivery-status; "
			"boundary=b\n\n"
			"--b\nContent-Type: message/delivery-status\n\n"
			"Reporting-MTA: dns; mta.example\nX-Postfix-Queue-ID: %08X\n"
			"Arrival-Date: Mon, 5 Jan 2026 09:00:00 +0000\n\n"
			"Final-Recipient: rfc822; u%u@d%u.example\nAction: failed\nStatus: 5.1.1\n"
			"Diagnostic-Code: smtp; 550 5.1.1 no such user %u\n\n--b--\n\n",
			id, id, id % 97, i % 5);
		write_all(fd, mail, (size_t)size);
	}
	close(fd);
}

/* --- runs --- */

/* run - grind all days; the dump of what was counted, which is to be freed */
static char *run(const struct bm_rules *rules, unsigned threads, size_t block_bytes)
{
	struct bm_inputs inputs = {0};
	struct bm_run done;
	for (int day = 0; day < DAYS; day++)
		bm_inputs_add(&inputs, days[(day + 5) % DAYS].name);
	bm_inputs_add(&inputs, mbox_name);
	bm_inputs_identify(&inputs, 2026);
	const struct bm_pipeline_options options = {
		.bucket = BM_BUCKET_DAY,
		.since = BM_TIME_UNKNOWN,
		.until = BM_TIME_UNKNOWN,
		.rules = rules,
		.threads = threads,
		.block_bytes = block_bytes,
		.addresses = true,
		.depth = BM_DEPTH_COUNT,
	};
	bm_pipeline_run(&inputs, &options, &done);
	must(!inputs.partial, "an input is damaged");
	for (size_t i = 0; i < inputs.count; i++) {
		const struct bm_source *const source = &inputs.list[i].source;
		uint64_t malformed = 0;
		for (int reason = 0; reason < BM_MALFORMED_COUNT; reason++)
			malformed += source->malformed[reason];
		must(source->lines == source->events + source->other + malformed,
		     "lines are not conserved");
		must(malformed == 0 && (source->hosts == 1 || source->mails),
		     "lines are read wrongly");
	}
	char *const text = tally_dump(done.tally);
	bm_tally_free(done.tally);
	bm_inputs_dispose(&inputs);
	return text;
}

int main(void)
{
	static const size_t sizes[] = {0, 3000, 65536};
	static const unsigned threads[] = {1, 4, 7};
	struct bm_rules *const rules = bm_rules_new();
	bm_rules_builtin(rules);
	bm_rules_seal(rules);
	make_days();
	write_reports();
	char *const want = run(rules, 1, 0);
	must(strlen(want) > 10000, "hardly anything was counted");
	int different = 0;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (size_t j = 0; j < sizeof threads / sizeof *threads; j++) {
			char *const got = run(rules, threads[j], sizes[i]);
			if (strcmp(got, want) != 0) {
				fprintf(stderr, "thread_pipeline: %u threads, blocks of %zu: %s\n",
					threads[j], sizes[i], dump_difference(got, want));
				different++;
			}
			free(got);
		}
	for (int day = 0; day < DAYS; day++)
		unlink(days[day].name);
	unlink(mbox_name);
	free(want);
	bm_rules_free(rules);
	printf("thread_pipeline: %d of 9 runs differ\n", different);
	return different > 0;
}
