/* test_options.c - what a command line means, and what is said about a wrong one. */
#include "options.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char said[8192]; /* what the last parse wrote to stderr */
static struct bm_options options;

/* parse - the result for a command line of words split at single spaces; stderr goes to `said` */
static enum bm_err parse(const char *line)
{
	static char copy[1024];
	static char *argv[64];
	int argc = 0;
	snprintf(copy, sizeof copy, "%s", line);
	char *rest = copy;
	for (char *word; (word = strsep(&rest, " "));)
		argv[argc++] = word;
	argv[argc] = NULL;
	FILE *const file = tmpfile();
	const int kept = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	const enum bm_err err = bm_options_parse(&options, argc, argv);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	said[fread(said, 1, sizeof said - 1, file)] = 0;
	fclose(file);
	return err;
}

/* refused - is the line refused with words that hold hint */
static bool refused(const char *line, const char *hint)
{
	const enum bm_err err = parse(line);
	bm_options_dispose(&options);
	const bool told = strstr(said, hint) && strncmp(said, "bouncemill: ", 12) == 0;
	if (err != BM_USAGE || !told)
		fprintf(stderr, "%s: %d: %s", line, err, said);
	return err == BM_USAGE && told;
}

/* in_file - a temporary file with text; its name in a static buffer */
static const char *in_file(const char *text, size_t size)
{
	static char path[64];
	snprintf(path, sizeof path, "/tmp/bm-options-XXXXXX");
	const int fd = mkstemp(path);
	cr_assert_eq(write(fd, text, size), (ssize_t)size);
	close(fd);
	return path;
}

Test(options, defaults)
{
	cr_assert_eq(parse("bouncemill report mail.log"), BM_OK);
	cr_assert_eq(options.command, BM_COMMAND_REPORT);
	cr_assert_eq(options.path_count, 1);
	cr_assert_str_eq(options.paths[0], "mail.log");
	cr_assert_eq(options.bucket, BM_BUCKET_DAY);
	cr_assert_eq(options.format_count, 0);
	cr_assert_eq(options.since, BM_TIME_UNKNOWN);
	cr_assert_eq(options.until, BM_TIME_UNKNOWN);
	cr_assert_str_eq(options.lang, "en");
	cr_assert_eq(options.top, 10);
	cr_assert_eq(options.threads, 0);
	cr_assert_null(options.log_format);
	cr_assert_str_eq(said, "");
	bm_options_dispose(&options);
}

Test(options, everything_of_report)
{
	cr_assert_eq(parse("bouncemill report a -o out -o all.json -f tsv,json -b week --tz UTC "
			   "--year 2024 --excel --raw-cells --addresses --rules r1 --rules r2 "
			   "--log-format postfix --lang en -j3 --memory 512M --no-mmap --top 3 "
			   "--strict -q -v --progress never --color always -- -b -"),
		     BM_OK);
	cr_assert_eq(options.output_count, 2);
	cr_assert_str_eq(options.outputs[1], "all.json");
	cr_assert_eq(options.format_count, 2);
	cr_assert_str_eq(options.formats[0]->name, "tsv");
	cr_assert_str_eq(options.formats[1]->name, "json");
	cr_assert_eq(options.bucket, BM_BUCKET_WEEK);
	cr_assert_str_eq(options.tz, "UTC");
	cr_assert_eq(options.year, 2024);
	cr_assert(options.excel && options.raw_cells && options.addresses && options.no_mmap);
	cr_assert(options.strict && options.quiet && options.verbose);
	cr_assert_eq(options.rules_count, 2);
	cr_assert_str_eq(options.log_format, "postfix");
	cr_assert_eq(options.threads, 3);
	cr_assert_eq(options.memory_bytes, (uint64_t)512 << 20);
	cr_assert_eq(options.top, 3);
	cr_assert_eq(options.progress, BM_NEVER);
	cr_assert_eq(options.color, BM_ALWAYS);
	cr_assert_eq(options.path_count, 3);
	cr_assert_str_eq(options.paths[1], "-b");
	cr_assert_str_eq(options.paths[2], "-");
	bm_options_dispose(&options);
}

Test(options, bench)
{
	cr_assert_eq(parse("bouncemill bench --generate 2G --runs 7 --json"), BM_OK);
	cr_assert_eq(options.command, BM_COMMAND_BENCH);
	cr_assert_eq(options.generate_bytes, (uint64_t)2 << 30);
	cr_assert_eq(options.runs, 7);
	cr_assert(options.json);
	bm_options_dispose(&options);
	cr_assert(refused("bouncemill bench --generate 2G a.log", "together"));
	cr_assert(refused("bouncemill bench --bucket day", "of bouncemill report"));
}

Test(options, sizes)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {{"1", 1},
		     {"64k", 65536},
		     {"64K", 65536},
		     {"3M", 3 << 20},
		     {"2G", (uint64_t)2 << 30},
		     {"1GiB", (uint64_t)1 << 30}};
	char line[64];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(line, sizeof line, "bouncemill report a --memory %s", cases[i].text);
		cr_assert_eq(parse(line), BM_OK);
		cr_assert_eq(options.memory_bytes, cases[i].bytes);
		bm_options_dispose(&options);
	}
	cr_assert(refused("bouncemill report a --memory 0", "--memory"));
	cr_assert(refused("bouncemill report a --memory -1", "--memory"));
	cr_assert(refused("bouncemill report a --memory 1X", "--memory"));
	cr_assert(refused("bouncemill report a --memory 1kk", "--memory"));
	cr_assert(refused("bouncemill report a --memory 99999999999G", "--memory"));
}

/* wall - wall seconds of --since TIME */
static int64_t wall(const char *text)
{
	char line[128];
	snprintf(line, sizeof line, "bouncemill report a --since %s", text);
	cr_assert_eq(parse(line), BM_OK, "%s", said);
	const bm_time time = options.since;
	bm_options_dispose(&options);
	cr_assert_eq(bm_time_offset(time), BM_OFFSET_UNKNOWN);
	return bm_time_wall(time);
}

Test(options, times)
{
	cr_assert_eq(wall("1970-01-01"), 0);
	cr_assert_eq(wall("2026-01-31"), 1769817600);
	cr_assert_eq(wall("2026-01-31T08:00"), 1769817600 + 8 * 3600);
	cr_assert_eq(wall("2026-01-31T08:00:07"), 1769817600 + 8 * 3600 + 7);
	cr_assert_eq(wall("2024-02-29") + 86400, wall("2024-03-01"));
	cr_assert_eq(wall("today") - wall("yesterday"), 86400);
	cr_assert_eq(wall("today") % 86400, 0);
	const int64_t week = wall("1w"), days = wall("7d"), hours = wall("168h");
	cr_assert(days - week <= 1 && hours - days <= 1);
	static const char *const wrong[] = {"2026-02-29",
					    "2026-13-01",
					    "2026-01-00",
					    "2026-1-1",
					    "2026-01-31T24:00",
					    "2026-01-31T8:00",
					    "d",
					    "7",
					    "7y",
					    "7dd",
					    "-7d",
					    "2026-01-31Z",
					    "tomorrow",
					    "2026-01-31T"};
	char line[128];
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(line, sizeof line, "bouncemill report a --until %s", wrong[i]);
		cr_assert(refused(line, "2026-01-31T08:00"));
	}
	cr_assert(refused("bouncemill report a --since 2026-01-02 --until 2026-01-02", "--until"));
}

Test(options, relative_times_count_from_now_on_the_wall)
{
	setenv("TZ", "Asia/Shanghai", 1);
	tzset();
	const int64_t expected = time(NULL) + 8 * 3600 - 86400;
	const int64_t got = wall("1d");
	cr_assert(got >= expected && got <= expected + 2);
}

Test(options, wrong_words_are_named_with_the_nearest_right_one)
{
	cr_assert(refused("bouncemill report a --buckett day", "--bucket?"));
	cr_assert(refused("bouncemill report a --ouptut=x", "--output?"));
	cr_assert(refused("bouncemill report a --zzzzzz", "--zzzzzz: unknown option"));
	cr_assert(refused("bouncemill report a -Z", "-Z: unknown option"));
	cr_assert(refused("bouncemill report a -b dayy", "day?"));
	cr_assert(refused("bouncemill report a -b", "--bucket: the value is missing"));
	cr_assert(refused("bouncemill report a --strict=yes", "takes no value"));
	cr_assert(refused("bouncemill report a -t domain", "did you mean domains?"));
	cr_assert(refused("bouncemill report a --log-format postfxi", "postfix?"));
	cr_assert(refused("bouncemill reprot a", "did you mean report?"));
	cr_assert(refused("bouncemill help reprot", "did you mean report?"));
	cr_assert(refused("bouncemill -q report a", "behind the command"));
	cr_assert(refused("bouncemill /", "bouncemill report /?"));
	cr_assert(refused("bouncemill", "no command"));
	cr_assert(refused("bouncemill report", "no input"));
	cr_assert(refused("bouncemill report a -j 0", "1 to 256"));
	cr_assert(refused("bouncemill report a -j 2x", "1 to 256"));
	cr_assert(refused("bouncemill report a --generate 1G", "of bouncemill bench"));
}

Test(options, what_is_not_there_yet_is_refused_not_ignored)
{
	cr_assert(refused("bouncemill report a --state s", "this version"));
	cr_assert(refused("bouncemill report a --partial=p", "this version"));
	cr_assert(refused("bouncemill merge a", "this version"));
}

Test(options, compare_counts_by_week_unless_told)
{
	cr_assert_eq(parse("bouncemill report a --compare"), BM_OK);
	cr_assert(options.compare && options.bucket == BM_BUCKET_WEEK);
	bm_options_dispose(&options);
	cr_assert_eq(parse("bouncemill report a -b day --compare -t compare"), BM_OK);
	cr_assert(options.compare && options.bucket == BM_BUCKET_DAY);
	bm_options_dispose(&options);
}

Test(options, contradictions)
{
	cr_assert(refused("bouncemill report a -f json", "nothing is written"));
	cr_assert(refused("bouncemill report a -f csv -o a.json", "nothing is written"));
	cr_assert(refused("bouncemill report a -t totals -f csv,json", "several formats"));
	cr_assert(refused("bouncemill report a -t recipients", "--addresses"));
	cr_assert(refused("bouncemill report a -o x -o x", "twice"));
	cr_assert(refused("bouncemill report a -f csv,", "comma list"));
	cr_assert(refused("bouncemill report a -o -", "--table"));
	cr_assert(refused("bouncemill report a -o r.htm", ".html"));
	cr_assert(refused("bouncemill report a -o r.sqlite", ".db"));
	cr_assert(refused("bouncemill report a -f parquet -o x", "one of csv"));
	cr_assert(refused("bouncemill report a -t compare", "--compare"));
	cr_assert_eq(parse("bouncemill report a -t recipients --addresses -f json"), BM_OK);
	cr_assert_eq(options.format_count, 1);
	cr_assert_str_eq(options.formats[0]->name, "json");
	bm_options_dispose(&options);
}

Test(options, control_bytes_do_not_reach_the_terminal)
{
	cr_assert(refused("bouncemill report a --\033[2J", "unknown option"));
	cr_assert_null(strchr(said, '\033'));
}

Test(options, help_and_version_win_over_what_is_missing)
{
	cr_assert_eq(parse("bouncemill --help"), BM_OK);
	cr_assert_eq(options.command, BM_COMMAND_HELP);
	cr_assert_null(options.help_topic);
	cr_assert_eq(parse("bouncemill help bench"), BM_OK);
	cr_assert_str_eq(options.help_topic, "bench");
	cr_assert_eq(parse("bouncemill report -h"), BM_OK);
	cr_assert_eq(options.command, BM_COMMAND_HELP);
	cr_assert_str_eq(options.help_topic, "report");
	cr_assert_eq(parse("bouncemill --version"), BM_OK);
	cr_assert_eq(options.command, BM_COMMAND_VERSION);
	cr_assert_eq(parse("bouncemill bench --version"), BM_OK);
	cr_assert_eq(options.command, BM_COMMAND_VERSION);
}

Test(options, paths_from_a_file)
{
	char line[128];
	const char *const path = in_file("a log\n\n-b\nlast", 14);
	snprintf(line, sizeof line, "bouncemill report first --files-from %s", path);
	cr_assert_eq(parse(line), BM_OK);
	unlink(path);
	cr_assert_eq(options.path_count, 4);
	cr_assert_str_eq(options.paths[1], "a log");
	cr_assert_str_eq(options.paths[2], "-b");
	cr_assert_str_eq(options.paths[3], "last");
	bm_options_dispose(&options);
	cr_assert(refused("bouncemill report --files-from /nonexistent", "cannot be opened"));
	cr_assert(refused("bouncemill report --files-from /", "cannot be read"));
}

Test(options, a_thousand_paths)
{
	char text[8000], line[128];
	size_t size = 0;
	for (int i = 0; i < 1000; i++)
		size += (size_t)snprintf(text + size, sizeof text - size, "f%d\n", i);
	const char *const path = in_file(text, size);
	snprintf(line, sizeof line, "bouncemill report --files-from %s", path);
	cr_assert_eq(parse(line), BM_OK);
	unlink(path);
	cr_assert_eq(options.path_count, 1000);
	cr_assert_str_eq(options.paths[999], "f999");
	bm_options_dispose(&options);
}

Test(options, the_key_of_anonymize)
{
	char line[128];
	const char *path = in_file("secret\n", 7);
	snprintf(line, sizeof line, "bouncemill report a --anonymize %s", path);
	cr_assert_eq(parse(line), BM_OK);
	unlink(path);
	cr_assert_eq(options.anonymize_key_size, 6);
	cr_assert_str_eq(options.anonymize_key, "secret");
	bm_options_dispose(&options);
	path = in_file("\n", 1);
	snprintf(line, sizeof line, "bouncemill report a --anonymize %s", path);
	cr_assert(refused(line, "empty"));
	unlink(path);
	cr_assert(refused("bouncemill report a --anonymize /nonexistent", "cannot be opened"));
	cr_assert(refused("bouncemill report a --anonymize /dev/zero", "too large"));
}

Test(options, the_environment)
{
	setenv("BM_BLOCK_BYTES", "64k", 1);
	setenv("NO_COLOR", "1", 1);
	setenv("POSIXLY_CORRECT", "1", 1);
	cr_assert_eq(parse("bouncemill report a -b hour"), BM_OK);
	cr_assert_eq(options.block_bytes, 65536);
	cr_assert_eq(options.color, BM_NEVER);
	cr_assert_eq(options.bucket, BM_BUCKET_HOUR);
	bm_options_dispose(&options);
	cr_assert_eq(parse("bouncemill report a --color always"), BM_OK);
	cr_assert_eq(options.color, BM_ALWAYS);
	bm_options_dispose(&options);
	setenv("BM_BLOCK_BYTES", "many", 1);
	cr_assert(refused("bouncemill report a", "BM_BLOCK_BYTES"));
}

Test(options, diagnose_takes_words_lists_and_a_language)
{
	cr_assert_eq(parse("bouncemill diagnose --lang zh --json no such user"), BM_OK);
	cr_assert_eq(options.command, BM_COMMAND_DIAGNOSE);
	cr_assert_eq(options.path_count, 3);
	cr_assert_str_eq(options.lang, "zh");
	cr_assert(options.json);
	bm_options_dispose(&options);
	cr_assert_eq(parse("bouncemill diagnose --batch - --rules own.rules"), BM_OK);
	cr_assert_str_eq(options.batch, "-");
	bm_options_dispose(&options);
	cr_assert_eq(parse("bouncemill diagnose"), BM_OK);
	bm_options_dispose(&options);
}

Test(options, diagnose_does_one_thing_at_a_time)
{
	cr_assert(refused("bouncemill diagnose --batch a --audit b", "together"));
	cr_assert(refused("bouncemill diagnose --batch a words", "besides"));
	cr_assert(refused("bouncemill diagnose --audit a words", "besides"));
	cr_assert(refused("bouncemill diagnose --json --batch a", "form of its own"));
	cr_assert(refused("bouncemill diagnose --lang de x", "one of en, zh"));
	cr_assert(refused("bouncemill diagnose --top 3 x", "bouncemill report"));
	cr_assert(refused("bouncemill report --batch a x", "bouncemill diagnose"));
}

Test(options, the_rule_of_soft_failures)
{
	cr_assert_eq(parse("bouncemill report x"), BM_OK);
	cr_expect(options.soft.count == 3 && options.soft.days == 3 && options.soft.span == 7);
	bm_options_dispose(&options);
	cr_assert_eq(parse("bouncemill report --addresses --soft 5,2,0 x"), BM_OK);
	cr_expect(options.soft.count == 5 && options.soft.days == 2 && options.soft.span == 0);
	bm_options_dispose(&options);
	cr_assert_eq(parse("bouncemill report --addresses --soft never x"), BM_OK);
	cr_expect_eq(options.soft.count, 0);
	bm_options_dispose(&options);
	static const char *const wrong[] = {"3",      "3,3",    "3,3,7,9",    "0,3,7",
					    "3,0,7",  "3,3,",   ",3,7",       "3,x,7",
					    "-3,3,7", "3,3,7d", "3,3,1000001"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char line[100];
		snprintf(line, sizeof line, "bouncemill report --addresses --soft %s x", wrong[i]);
		cr_expect(refused(line, "COUNT,DAYS,SPAN"));
	}
	cr_expect(refused("bouncemill report --soft 3,3,7 x", "add --addresses"));
}

Test(options, a_plain_list_goes_somewhere)
{
	cr_assert_eq(parse("bouncemill report --addresses -t suppress --suppress-format plain x"),
		     BM_OK);
	cr_expect(options.suppress_plain);
	bm_options_dispose(&options);
	cr_assert_eq(parse("bouncemill report --addresses -o dir --suppress-format plain -f tsv x"),
		     BM_OK);
	bm_options_dispose(&options);
	cr_assert_eq(parse("bouncemill report --suppress-format table x"), BM_OK);
	cr_expect_not(options.suppress_plain);
	bm_options_dispose(&options);
	cr_expect(refused("bouncemill report --suppress-format plane x", "did you mean plain"));
	cr_expect(refused("bouncemill report --suppress-format plain -o d x", "--addresses"));
	cr_expect(refused("bouncemill report --addresses --suppress-format plain x",
			  "--table suppress"));
	cr_expect(refused("bouncemill report --addresses --suppress-format plain -o a.json x",
			  "--table suppress"));
	cr_expect(refused("bouncemill report --addresses -t suppress --suppress-format plain -f "
			  "tsv x",
			  "one or the other"));
}
