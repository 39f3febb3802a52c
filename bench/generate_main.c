/* generate_main.c - the command `generate`: a corpus for benchmarks and tests, with its truth.
 *
 * Writes one log, or one log a day, and truth.json beside it.  A log without years says its year by
 * the time of its file only, so each file's time is set to the end of what it holds.
 */
#include "generate.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bouncemill/clock.h"

enum { PATH_BYTES_MAX = 4096 };

/* Where the log goes: one file, or DIR/mail-<day>.log for each day. */
struct target {
	const char *path;
	bool split, stdout_only;
	FILE *log, *truth;
	char log_path[PATH_BYTES_MAX];
	int64_t day; /* last one written to */
};

static const char usage[] =
	"usage: generate [OPTION]... --out FILE|DIR|-\n"
	"  --bytes SIZE         size of the log, such as 64M or 2G (default 64M)\n"
	"  --lines N            lines of the log instead\n"
	"  --days N             days it spans (90)\n"
	"  --start YYYY-MM-DD   first day (2025-12-01)\n"
	"  --domains N          recipient domains that may occur (100000)\n"
	"  --hosts N            mail hosts, 1..8 (3); of two or more, the last has short queue "
	"ids\n"
	"  --seed S             same seed, same bytes (1)\n"
	"  --form 3164|3339|5424|year-first\n"
	"  --split day|none     one file a day, in DIR (none)\n"
	"  --filter             mail passes a content filter first\n"
	"  --incident DAY:DAYS:PROVIDER:CATEGORY:FACTOR\n"
	"                       from day DAY (the first is 0), DAYS long, PROVIDER refuses for\n"
	"                       CATEGORY FACTOR times as often; up to 8 times\n"
	"  --no-truth           write no truth.json\n";

/* fail - say what is wrong and end */
static _Noreturn void fail(enum bm_exit status, const char *what, const char *why)
{
	fprintf(stderr, "generate: %s: %s\n", what, why);
	exit(status);
}

/* number - a decimal number with an optional K, M or G (or T); ends the program when it is none */
static uint64_t number(const char *text, uint64_t low, uint64_t high)
{
	char *end;
	uint64_t value, unit = 1;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end == 'K' || *end == 'k')
		unit = 1ull << 10;
	else if (*end == 'M' || *end == 'm')
		unit = 1ull << 20;
	else if (*end == 'G' || *end == 'g')
		unit = 1ull << 30;
	else if (*end == 'T' || *end == 't')
		unit = 1ull << 40;
	end += unit > 1;
	if (errno || end == text || *end || *text == '-' || value > UINT64_MAX / unit ||
	    value * unit < low || value * unit > high)
		fail(BM_EXIT_USAGE, text, "not a number in the range allowed (see --help)");
	return value * unit;
}

/* start_day - days since 1970 of YYYY-MM-DD; ends the program when it is none */
static int64_t start_day(const char *text)
{
	int year, used = 0;
	unsigned month, day;

	if (sscanf(text, "%4d-%2u-%2u%n", &year, &month, &day, &used) != 3 || text[used] ||
	    year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > bm_days_in_month(year, month))
		fail(BM_EXIT_USAGE, text, "not a date like 2025-12-01");
	return bm_days_from_civil(year, month, day);
}

/* form - the form of a name; ends the program when it is none */
static enum bm_generate_form form(const char *name)
{
	static const char *const names[] = {[BM_GENERATE_3164] = "3164",
					    [BM_GENERATE_3339] = "3339",
					    [BM_GENERATE_5424] = "5424",
					    [BM_GENERATE_YEAR_FIRST] = "year-first"};

	for (unsigned i = 0; i < BM_GENERATE_FORM_COUNT; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum bm_generate_form)i;
	fail(BM_EXIT_USAGE, name, "not a form: 3164, 3339, 5424 or year-first");
}

/* add_incident - one more of DAY:DAYS:PROVIDER:CATEGORY:FACTOR, in a text that is cut at its colons;
 * ends the program when it is none */
static void add_incident(struct bm_generate_options *options, char *text)
{
	enum { DAY, LENGTH, PROVIDER, CATEGORY, TIMES, PARTS };
	char *parts[PARTS], *rest = text;
	unsigned count = 0;

	if (options->incident_count == BM_GENERATE_INCIDENTS_MAX)
		fail(BM_EXIT_USAGE, text, "one incident too many (8 are allowed)");
	while (count < PARTS && (parts[count] = strsep(&rest, ":")))
		count++;
	if (count < PARTS || rest)
		fail(BM_EXIT_USAGE, text, "not DAY:DAYS:PROVIDER:CATEGORY:FACTOR");
	const struct bm_generate_incident incident = {
		.day = (unsigned)number(parts[DAY], 0, BM_GENERATE_DAYS_MAX),
		.days = (unsigned)number(parts[LENGTH], 1, BM_GENERATE_DAYS_MAX),
		.provider = parts[PROVIDER],
		.category = bm_category_find(bm_bytes_of(parts[CATEGORY])),
		.factor = (unsigned)number(parts[TIMES], 1, BM_GENERATE_FACTOR_MAX),
	};
	if (incident.category == BM_CATEGORY_COUNT)
		fail(BM_EXIT_USAGE, parts[CATEGORY], "no such category");
	if (!bm_generate_can(incident.provider, incident.category))
		fail(BM_EXIT_USAGE, parts[PROVIDER], "never refuses for good for that reason");
	options->incidents[options->incident_count++] = incident;
}

/* end_log - close the log and date it to the end of its last day; BM_WRITE when that fails */
static enum bm_err end_log(struct target *target)
{
	const time_t end = (time_t)(target->day * 86400 + 86399);
	const struct timespec times[2] = {{.tv_sec = end}, {.tv_sec = end}};

	if (!target->log)
		return BM_OK;
	const bool failed = fflush(target->log) || ferror(target->log);
	if (target->log != stdout && fclose(target->log))
		return BM_WRITE;
	target->log = NULL;
	if (!target->stdout_only && utimensat(AT_FDCWD, target->log_path, times, 0))
		return BM_WRITE;
	return failed ? BM_WRITE : BM_OK;
}

/* begin_log - open the log named log_path; BM_WRITE when that fails */
static enum bm_err begin_log(struct target *target)
{
	target->log = target->stdout_only ? stdout : fopen(target->log_path, "wb");
	return target->log ? BM_OK : BM_WRITE;
}

/* on_day - sink: another day begins; with --split, so does another file */
static enum bm_err on_day(void *context, int64_t day)
{
	struct target *const target = context;

	if (!target->split) {
		target->day = day;
		return BM_OK;
	}
	int64_t year;
	unsigned month, of_month;
	BM_TRY(end_log(target));
	bm_civil_from_days(day, &year, &month, &of_month);
	snprintf(target->log_path, sizeof target->log_path, "%s/mail-%04d-%02u-%02u.log",
		 target->path, (int)year, month, of_month);
	target->day = day;
	return begin_log(target);
}

/* on_write - sink: bytes of the log */
static enum bm_err on_write(void *context, const void *data, size_t size)
{
	struct target *const target = context;

	return fwrite(data, 1, size, target->log) == size ? BM_OK : BM_WRITE;
}

/* on_truth - sink: bytes of truth.json */
static enum bm_err on_truth(void *context, const void *data, size_t size)
{
	struct target *const target = context;

	return fwrite(data, 1, size, target->truth) == size ? BM_OK : BM_WRITE;
}

/* truth_path - where truth.json goes: into the directory, or beside the file */
static void truth_path(const struct target *target, char path[PATH_BYTES_MAX])
{
	const char *const slash = strrchr(target->path, '/');
	const int size = target->split ? (int)strlen(target->path)
			 : slash       ? (int)(slash - target->path)
				       : 1;

	snprintf(path, PATH_BYTES_MAX, "%.*s/truth.json", size,
		 target->split || slash ? target->path : ".");
}

/* run - generate into the target; says what went wrong, returns the exit status */
static enum bm_exit run(const struct bm_generate_options *options, struct target *target,
			bool truth)
{
	struct bm_generate_sink sink = {target, on_write, on_day, truth ? on_truth : NULL};
	struct bm_generate_totals totals;
	char path[PATH_BYTES_MAX];
	enum bm_err err = BM_OK;

	if (target->split) {
		if (mkdir(target->path, 0777) && errno != EEXIST)
			fail(BM_EXIT_OUTPUT, target->path, strerror(errno));
	} else {
		snprintf(target->log_path, sizeof target->log_path, "%s", target->path);
		err = begin_log(target);
	}
	truth_path(target, path);
	if (err == BM_OK && truth && !(target->truth = fopen(path, "wb")))
		fail(BM_EXIT_OUTPUT, path, strerror(errno));
	if (err == BM_OK)
		err = bm_generate(options, &sink, &totals);
	if (err == BM_OK)
		err = end_log(target);
	if (target->truth && fclose(target->truth))
		err = BM_WRITE;
	if (err != BM_OK)
		fail(BM_EXIT_OUTPUT, target->path, strerror(errno));
	fprintf(stderr,
		"%" PRIu64 " bytes, %" PRIu64 " lines, %" PRIu64 " messages, %" PRIu64
		" attempts: %" PRIu64 " delivered, %" PRIu64 " bounced, %" PRIu64
		" deferred; %" PRIu64 " expired\n",
		totals.bytes, totals.lines, totals.messages, totals.attempts, totals.delivered,
		totals.bounced, totals.deferred, totals.expired);
	return BM_EXIT_OK;
}

enum {
	BYTES = 256,
	LINES,
	DAYS,
	START,
	DOMAINS,
	HOSTS,
	SEED,
	FORM,
	SPLIT,
	FILTER,
	INCIDENT,
	NO_TRUTH,
	OUT,
	HELP
};

static const struct option long_options[] = {{"bytes", required_argument, NULL, BYTES},
					     {"lines", required_argument, NULL, LINES},
					     {"days", required_argument, NULL, DAYS},
					     {"start", required_argument, NULL, START},
					     {"domains", required_argument, NULL, DOMAINS},
					     {"hosts", required_argument, NULL, HOSTS},
					     {"seed", required_argument, NULL, SEED},
					     {"form", required_argument, NULL, FORM},
					     {"split", required_argument, NULL, SPLIT},
					     {"filter", no_argument, NULL, FILTER},
					     {"incident", required_argument, NULL, INCIDENT},
					     {"no-truth", no_argument, NULL, NO_TRUTH},
					     {"out", required_argument, NULL, OUT},
					     {"help", no_argument, NULL, HELP},
					     {NULL, 0, NULL, 0}};

/* set_option - take one option of the command line */
static void set_option(int option, struct bm_generate_options *options, struct target *target,
		       bool *truth)
{
	switch (option) {
	case BYTES:
		options->bytes = number(optarg, 1, UINT64_MAX / 2);
		break;
	case LINES:
		options->lines = number(optarg, 1, UINT64_MAX / 2);
		break;
	case DAYS:
		options->days = (unsigned)number(optarg, 1, BM_GENERATE_DAYS_MAX);
		break;
	case START:
		options->start_day = start_day(optarg);
		break;
	case DOMAINS:
		options->domains =
			(unsigned)number(optarg, BM_GENERATE_DOMAINS_MIN, BM_GENERATE_DOMAINS_MAX);
		break;
	case HOSTS:
		options->hosts = (unsigned)number(optarg, 1, BM_GENERATE_HOSTS_MAX);
		break;
	case SEED:
		options->seed = number(optarg, 0, UINT64_MAX);
		break;
	case FORM:
		options->form = form(optarg);
		break;
	case SPLIT:
		if (strcmp(optarg, "day") != 0 && strcmp(optarg, "none") != 0)
			fail(BM_EXIT_USAGE, optarg, "--split is day or none");
		target->split = strcmp(optarg, "day") == 0;
		break;
	case FILTER:
		options->filter = true;
		break;
	case INCIDENT:
		add_incident(options, optarg);
		break;
	case NO_TRUTH:
		*truth = false;
		break;
	case OUT:
		target->path = optarg;
		break;
	case HELP:
		fputs(usage, stdout);
		exit(BM_EXIT_OK);
	default:
		fputs(usage, stderr);
		exit(BM_EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	struct bm_generate_options options = bm_generate_defaults();
	struct target target = {0};
	bool truth = true;

	for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
		set_option(option, &options, &target, &truth);
	if (!target.path || optind < argc) {
		fputs(usage, stderr);
		return BM_EXIT_USAGE;
	}
	target.stdout_only = strcmp(target.path, "-") == 0;
	if (target.stdout_only && target.split)
		fail(BM_EXIT_USAGE, "-", "one file a day needs a directory");
	return (int)run(&options, &target, truth && !target.stdout_only);
}
