/* options.c - from argv to struct bm_options, and the help that is printed from the same table.
 *
 * Every option is one row of `rows`: its names, the commands that take it, how its value is read
 * and its help.  getopt_long's own table, the help pages, the suggestions for a mistyped name and
 * the hint that an option belongs to another command are all made from it, so they cannot disagree.
 *
 * A wrong command line is answered at once, in one line that names the word and says what would be
 * right; a name that is nearly right is guessed by edit distance.  What INTERFACE promises for
 * later versions is refused by name: an option that is silently ignored is worse than none.
 */
#include "options.h"
#include "argument.h"
#include "output.h"
#include "pipeline.h"
#include "render.h"

#include "bouncemill/registry.h"
#include "bouncemill/log.h"
#include "bouncemill/table.h"
#include "bouncemill/text.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "pipeline.h"

enum {
	TOP_ROWS_MAX = 1000000,
	RUNS_MAX = 1000,
	SOFT_MAX = 1000000,
	NAME_BYTES_MAX = 40,
	KEY_BYTES_MAX = 1 << 16,
	LIST_BYTES_MAX = 1 << 28,
	HELP_COLUMN = 31,
	CODE_BASE = 256 /* getopt's value of row 0: above every letter */
};

enum { IN_REPORT = 1, IN_BENCH = 2, IN_BOTH = 3, IN_DIAGNOSE = 4, IN_ALL = 7 };

struct row;
typedef enum bm_err setter(struct bm_options *, const struct row *, const char *value);

struct row {
	const char *name;
	const char *value; /* how the help calls it; NULL = a switch */
	const char *head;  /* heading that begins here in the help, or NULL */
	const char *help;  /* NULL = not shown: not in this version */
	setter *set;       /* how a value is read */
	size_t where;      /* else: offset of the bool to set */
	unsigned commands;
	char letter; /* 0 = none */
};

/* refuse - say what is wrong with an option's value; always BM_USAGE */
static enum bm_err refuse(const struct row *row, const char *value, const char *remedy)
{
	char name[NAME_BYTES_MAX];
	snprintf(name, sizeof name, "--%s", row->name);
	bm_say(name, "'%s' cannot be used (%s)", value, remedy);
	return BM_USAGE;
}

/* choose - the place of value among words (NULL ends them), or -1 after saying what they are */
static int choose(const struct row *row, const char *value, const char *const *words)
{
	struct bm_text remedy = {0};
	struct bm_guess guess = {0};
	bm_text_format(&remedy, "one of");
	for (int i = 0; words[i]; i++) {
		if (strcmp(value, words[i]) == 0) {
			bm_text_dispose(&remedy);
			return i;
		}
		bm_guess_try(&guess, value, words[i]);
		bm_text_format(&remedy, "%s %s", i ? "," : "", words[i]);
	}
	if (guess.word)
		bm_text_format(&remedy, "; did you mean %s?", guess.word);
	bm_text_byte(&remedy, 0);
	refuse(row, value, (const char *)remedy.data);
	bm_text_dispose(&remedy);
	return -1;
}

/* append - one more item at the end of an owned array, whose room doubles from 16 */
static void append(const char ***items, size_t *count, const char *item)
{
	const bool full = *count == 0 || (*count >= 16 && (*count & (*count - 1)) == 0);
	if (full) {
		const size_t room = *count ? 2 * *count : 16;
		*items = bm_realloc(*items, room * sizeof **items);
	}
	(*items)[(*count)++] = item;
}

/* number - a decimal integer within [low, high] into *result */
static enum bm_err number(const struct row *row, const char *value, unsigned low, unsigned high,
			  unsigned *result)
{
	char remedy[80];
	if (bm_argument_number(value, low, high, result))
		return BM_OK;
	snprintf(remedy, sizeof remedy, "a number from %u to %u", low, high);
	return refuse(row, value, remedy);
}

/* size - a SIZE above zero into *result */
static enum bm_err size(const struct row *row, const char *value, uint64_t *result)
{
	*result = bm_argument_size(value);
	return *result ? BM_OK
		       : refuse(row, value, "a size such as 512M or 4G; k, M and G are binary");
}

/* moment - a TIME into *result */
static enum bm_err moment(const struct row *row, const char *value, bm_time *result)
{
	if (bm_argument_time(value, result))
		return BM_OK;
	return refuse(row, value,
		      "a time such as 2026-01-31, 2026-01-31T08:00, 7d, 12h, 2w, yesterday or "
		      "today");
}

/* ends - does text end in suffix, without regard to case */
static bool ends(const char *text, const char *suffix)
{
	const size_t length = strlen(text), tail = strlen(suffix);
	return length > tail && strcasecmp(text + length - tail, suffix) == 0;
}

/* set_output - one more place for the tables */
static enum bm_err set_output(struct bm_options *options, const struct row *row, const char *value)
{
	static const char *const near[] = {".xls", ".ods", ".htm", ".sqlite", ".sqlite3"};
	if (!*value)
		return refuse(row, value,
			      "a directory, or a file that ends in .json, .xlsx, .html or .db");
	if (strcmp(value, "-") == 0)
		return refuse(row, value, "for a table on standard output use --table NAME");
	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		if (ends(value, near[i]))
			return refuse(row, value,
				      "one file of all tables ends in .json, .xlsx, .html or .db");
	for (size_t i = 0; i < options->output_count; i++)
		if (strcmp(value, options->outputs[i]) == 0)
			return refuse(row, value, "it is given twice");
	append(&options->outputs, &options->output_count, value);
	return BM_OK;
}

/* format_add - one more format, unless it is there already */
static enum bm_err format_add(struct bm_options *options, const struct row *row, const char *name)
{
	const char **names = NULL;
	size_t count = 0;
	const struct bm_writer *writer;
	for (size_t i = 0; (writer = bm_registry_writer(i)); i++)
		append(&names, &count, writer->name);
	append(&names, &count, NULL);
	const int place = choose(row, name, names);
	bm_free(names);
	if (place < 0)
		return BM_USAGE;
	writer = bm_registry_writer((size_t)place);
	for (size_t i = 0; i < options->format_count; i++)
		if (options->formats[i] == writer)
			return BM_OK;
	options->formats = bm_realloc(options->formats,
				      (options->format_count + 1) * sizeof *options->formats);
	options->formats[options->format_count++] = writer;
	return BM_OK;
}

/* set_format - a comma list of formats, added to those asked for before */
static enum bm_err set_format(struct bm_options *options, const struct row *row, const char *value)
{
	char name[NAME_BYTES_MAX];
	for (const char *at = value;; at++) {
		const size_t length = strcspn(at, ",");
		if (length == 0 || length >= sizeof name)
			return refuse(row, value, "a comma list of formats, such as csv,xlsx");
		memcpy(name, at, length);
		name[length] = 0;
		BM_TRY(format_add(options, row, name));
		at += length;
		if (!*at)
			return BM_OK;
	}
}

/* set_table - the one table for stdout */
static enum bm_err set_table(struct bm_options *options, const struct row *row, const char *value)
{
	const char **names = NULL;
	size_t count = 0;
	const struct bm_table *table;
	for (size_t i = 0; (table = bm_registry_table(i)); i++)
		append(&names, &count, table->name);
	append(&names, &count, NULL);
	const int place = choose(row, value, names);
	bm_free(names);
	options->table = value;
	return place < 0 ? BM_USAGE : BM_OK;
}

/* set_bucket - the length of a period */
static enum bm_err set_bucket(struct bm_options *options, const struct row *row, const char *value)
{
	static const char *const words[] = {"hour", "day", "week", "month", NULL};
	const int place = choose(row, value, words);
	options->bucket = place < 0 ? BM_BUCKET_DAY : (enum bm_bucket)place;
	options->bucket_given = true;
	return place < 0 ? BM_USAGE : BM_OK;
}

/* set_since - the first moment that counts */
static enum bm_err set_since(struct bm_options *options, const struct row *row, const char *value)
{
	return moment(row, value, &options->since);
}

/* set_until - the first moment that counts no more */
static enum bm_err set_until(struct bm_options *options, const struct row *row, const char *value)
{
	return moment(row, value, &options->until);
}

/* set_tz - the zone times are shown in; whether it exists is for the clock to say */
static enum bm_err set_tz(struct bm_options *options, const struct row *row, const char *value)
{
	options->tz = value;
	return *value ? BM_OK : refuse(row, value, "a zone such as Asia/Shanghai or UTC");
}

/* set_year - the year of the first line without one */
static enum bm_err set_year(struct bm_options *options, const struct row *row, const char *value)
{
	unsigned year = 0;
	BM_TRY(number(row, value, 1970, 9999, &year));
	options->year = (int)year;
	return BM_OK;
}

/* set_files_from - more inputs, one a line */
static enum bm_err set_files_from(struct bm_options *options, const struct row *row,
				  const char *value)
{
	size_t length = 0;
	char *const text = bm_argument_file(value, LIST_BYTES_MAX, &length);
	if (!text)
		return BM_USAGE;
	const char **texts = (const char **)options->texts;
	append(&texts, &options->text_count, text);
	options->texts = (char **)texts;
	if (memchr(text, 0, length))
		return refuse(row, value, "it holds NUL bytes; wanted is one path a line");
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (!*line)
			continue;
		if (strcmp(line, "-") == 0 && strcmp(value, "-") == 0)
			return refuse(row, value, "the list names standard input, which it is");
		append(&options->paths, &options->path_count, line);
	}
	return BM_OK;
}

/* set_anonymize - the key that local parts are hashed with: a file's bytes without line ends */
static enum bm_err set_anonymize(struct bm_options *options, const struct row *row,
				 const char *value)
{
	size_t length = 0;
	char *const key = bm_argument_file(value, KEY_BYTES_MAX, &length);
	if (!key)
		return BM_USAGE;
	while (length > 0 && (key[length - 1] == '\n' || key[length - 1] == '\r'))
		key[--length] = 0;
	bm_free((void *)options->anonymize_key);
	options->anonymize_key = key;
	options->anonymize_key_size = length;
	return length ? BM_OK : refuse(row, value, "the key file is empty; 16 random bytes do");
}

/* set_soft - when soft failures make an address one to reach otherwise */
static enum bm_err set_soft(struct bm_options *options, const struct row *row, const char *value)
{
	static const char remedy[] =
		"COUNT,DAYS,SPAN such as 3,3,7: so many failures on so many days, the last so many "
		"days behind the first; or never";
	unsigned *const numbers[] = {&options->soft.count, &options->soft.days,
				     &options->soft.span};
	char word[NAME_BYTES_MAX];
	options->soft_given = true;
	if (strcmp(value, "never") == 0) {
		options->soft.count = 0;
		return BM_OK;
	}
	for (int i = 0; i < 3; i++) {
		const size_t length = strcspn(value, ",");
		if (length >= sizeof word || (value[length] == ',') != (i < 2))
			return refuse(row, value, remedy);
		memcpy(word, value, length);
		word[length] = 0;
		if (!bm_argument_number(word, i < 2, SOFT_MAX, numbers[i]))
			return refuse(row, value, remedy);
		value += length + (i < 2);
	}
	return BM_OK;
}

/* set_suppress_format - the form of table suppress */
static enum bm_err set_suppress_format(struct bm_options *options, const struct row *row,
				       const char *value)
{
	static const char *const words[] = {"table", "plain", NULL};
	const int place = choose(row, value, words);
	options->suppress_plain = place == 1;
	return place < 0 ? BM_USAGE : BM_OK;
}

/* set_rules - one more file of rules */
static enum bm_err set_rules(struct bm_options *options, const struct row *row, const char *value)
{
	if (!*value)
		return refuse(row, value, "a file of rules");
	append(&options->rules, &options->rules_count, value);
	return BM_OK;
}

/* set_log_format - the format all inputs are taken for */
static enum bm_err set_log_format(struct bm_options *options, const struct row *row,
				  const char *value)
{
	const char **names = NULL;
	size_t count = 0;
	const struct bm_log *log;
	append(&names, &count, "auto");
	for (size_t i = 0; (log = bm_registry_log(i)); i++)
		append(&names, &count, log->name);
	append(&names, &count, NULL);
	const int place = choose(row, value, names);
	bm_free(names);
	options->log_format = place > 0 ? value : NULL;
	return place < 0 ? BM_USAGE : BM_OK;
}

/* set_lang - the language of names and prescriptions */
static enum bm_err set_lang(struct bm_options *options, const struct row *row, const char *value)
{
	static const char *const words[] = {"en", "zh", NULL};
	const int place = choose(row, value, words);
	options->lang = words[place < 0 ? 0 : place];
	return place < 0 ? BM_USAGE : BM_OK;
}

/* set_threads - how many workers */
static enum bm_err set_threads(struct bm_options *options, const struct row *row, const char *value)
{
	return number(row, value, 1, BM_THREADS_MAX, &options->threads);
}

/* set_memory - the budget */
static enum bm_err set_memory(struct bm_options *options, const struct row *row, const char *value)
{
	return size(row, value, &options->memory_bytes);
}

/* set_top - rows per section of the summary */
static enum bm_err set_top(struct bm_options *options, const struct row *row, const char *value)
{
	return number(row, value, 0, TOP_ROWS_MAX, &options->top);
}

/* set_when - auto, always or never into *result */
static enum bm_err set_when(const struct row *row, const char *value, enum bm_when *result)
{
	static const char *const words[] = {"auto", "always", "never", NULL};
	const int place = choose(row, value, words);
	*result = place < 0 ? BM_AUTO : (enum bm_when)place;
	return place < 0 ? BM_USAGE : BM_OK;
}

/* set_progress - when the progress line is drawn */
static enum bm_err set_progress(struct bm_options *options, const struct row *row,
				const char *value)
{
	return set_when(row, value, &options->progress);
}

/* set_color - when the summary is coloured */
static enum bm_err set_color(struct bm_options *options, const struct row *row, const char *value)
{
	return set_when(row, value, &options->color);
}

/* set_generate - size of the corpus to make */
static enum bm_err set_generate(struct bm_options *options, const struct row *row,
				const char *value)
{
	return size(row, value, &options->generate_bytes);
}

/* set_runs - how often to repeat a measurement */
static enum bm_err set_runs(struct bm_options *options, const struct row *row, const char *value)
{
	return number(row, value, 1, RUNS_MAX, &options->runs);
}

/* set_batch - the list of replies to judge */
static enum bm_err set_batch(struct bm_options *options, const struct row *row, const char *value)
{
	options->batch = value;
	return *value ? BM_OK : refuse(row, value, "a file of lines `id<TAB>text`, or -");
}

/* set_audit - the replies that rules are held against */
static enum bm_err set_audit(struct bm_options *options, const struct row *row, const char *value)
{
	options->audit = value;
	return *value ? BM_OK : refuse(row, value, "a file of replies or a log, or -");
}

/* set_later - for what this version does not have: refused, never ignored */
static enum bm_err set_later(struct bm_options *options, const struct row *row, const char *value)
{
	(void)options;
	return refuse(row, value, "this version has no partial results and no state yet");
}

#define FLAG(member) .where = offsetof(struct bm_options, member)

static const struct row rows[] = {
	{"output", "PATH", "Where the tables go",
	 "a directory (made if need be), or one file with all\n"
	 "tables if PATH ends in .json, .xlsx, .html or .db;\n"
	 "may be repeated.\n"
	 "Default: only the summary on standard output",
	 set_output, .commands = IN_REPORT, .letter = 'o'},
	{"format", "LIST", NULL,
	 "what a directory gets: csv, tsv, json, xlsx, html, sqlite\n(default csv)", set_format,
	 .commands = IN_REPORT, .letter = 'f'},
	{"table", "NAME", NULL, "write that one table to standard output instead", set_table,
	 .commands = IN_REPORT, .letter = 't'},
	{"excel", NULL, NULL, "CSV as Excel wants it: byte-order mark and CRLF", NULL, FLAG(excel),
	 .commands = IN_REPORT},
	{"raw-cells", NULL, NULL, "no ' before cells that look like formulas", NULL,
	 FLAG(raw_cells), .commands = IN_REPORT},
	{"top", "N", NULL, "rows per section of the summary (default 10)", set_top,
	 .commands = IN_REPORT},

	{"bucket", "PERIOD", "What is counted", "hour, day, week or month (default day)",
	 set_bucket, .commands = IN_REPORT, .letter = 'b'},
	{"compare", NULL, NULL,
	 "the last full period beside the one before: table\n"
	 "compare, and a part of the summary; by week unless\n"
	 "--bucket says otherwise",
	 NULL, FLAG(compare), .commands = IN_REPORT},
	{"since", "TIME", NULL,
	 "only events from TIME on: 2026-01-31,\n"
	 "2026-01-31T08:00, 7d, 12h, 2w, yesterday, today",
	 set_since, .commands = IN_REPORT},
	{"until", "TIME", NULL, "only events before TIME", set_until, .commands = IN_REPORT},
	{"tz", "ZONE", NULL, "show times in this zone (default: as logged)", set_tz,
	 .commands = IN_REPORT},
	{"year", "YYYY", NULL,
	 "year of the first line that has none\n"
	 "(default: told from the files' dates)",
	 set_year, .commands = IN_REPORT},
	{"addresses", NULL, NULL, "also the tables that hold addresses", NULL, FLAG(addresses),
	 .commands = IN_REPORT},
	{"anonymize", "KEYFILE", NULL, "replace local parts by a hash with this key", set_anonymize,
	 .commands = IN_REPORT},
	{"soft", "RULE", NULL,
	 "COUNT,DAYS,SPAN: in suppress as well after so many\n"
	 "soft failures on so many days over a span of so many,\n"
	 "without a delivery (default 3,3,7); or never",
	 set_soft, .commands = IN_REPORT},
	{"suppress-format", "FORM", NULL,
	 "table, or plain: an address a line, for --table\n"
	 "suppress, and as suppress.txt in directories",
	 set_suppress_format, .commands = IN_REPORT},
	{"rules", "FILE", "Rules",
	 "more rules, tried before the built-in ones;\n"
	 "may be repeated",
	 set_rules, .commands = IN_ALL},

	{"generate", "SIZE", "What is measured",
	 "on a corpus of that size made on the fly\n"
	 "(default 256M when no PATH is given)",
	 set_generate, .commands = IN_BENCH},
	{"runs", "N", NULL, "report the fastest of N runs (default 5)", set_runs,
	 .commands = IN_BENCH},

	{"batch", "FILE", "What is diagnosed",
	 "a list: lines `id<TAB>text`, or\n"
	 "`id<TAB>code<TAB>enhanced code<TAB>text`; writes\n"
	 "`id<TAB>category<TAB>rule`; - is standard input",
	 set_batch, .commands = IN_DIAGNOSE},
	{"audit", "FILE", NULL,
	 "hold the rules against a log, a list or a reply a\n"
	 "line: rules never hit or shadowed, replies unknown",
	 set_audit, .commands = IN_DIAGNOSE},

	{"mails", NULL, NULL,
	 "bounce mails in PATHs (mbox, Maildir, .eml, archives):\n"
	 "writes `path<TAB>recipient<TAB>action<TAB>status<TAB>\n"
	 "category<TAB>rule`, a line for each recipient",
	 NULL, FLAG(mails), .commands = IN_DIAGNOSE},

	{"lang", "LANG", "How it is said", "en or zh: language of names and prescriptions",
	 set_lang, .commands = IN_REPORT | IN_DIAGNOSE},
	{"json", NULL, NULL, "JSON instead of text", NULL, FLAG(json),
	 .commands = IN_BENCH | IN_DIAGNOSE},

	{"files-from", "FILE", "Input", "read PATHs from FILE, one a line (- for stdin)",
	 set_files_from, .commands = IN_BOTH},
	{"log-format", "NAME", NULL, "take every input for this format (default auto)",
	 set_log_format, .commands = IN_BOTH},

	{"threads", "N", "Resources", "worker threads (default: all cores)", set_threads,
	 .commands = IN_BOTH, .letter = 'j'},
	{"memory", "SIZE", NULL, "memory budget, as 512M or 4G (default: RAM / 4)", set_memory,
	 .commands = IN_BOTH},
	{"no-mmap", NULL, NULL, "accepted, and always so: files are read", NULL, FLAG(no_mmap),
	 .commands = IN_BOTH},

	{"strict", NULL, "Behaviour", "malformed lines make exit status 1", NULL, FLAG(strict),
	 .commands = IN_REPORT},
	{"quiet", NULL, NULL, "errors only", NULL, FLAG(quiet), .commands = IN_ALL, .letter = 'q'},
	{"verbose", NULL, NULL, "say more on standard error", NULL, FLAG(verbose),
	 .commands = IN_BOTH, .letter = 'v'},
	{"progress", "WHEN", NULL, "auto, always or never: progress on standard error",
	 set_progress, .commands = IN_BOTH},
	{"color", "WHEN", NULL, "auto, always or never; NO_COLOR is honoured", set_color,
	 .commands = IN_BOTH},
	{"help", NULL, NULL, "this help", NULL, .commands = IN_ALL, .letter = 'h'},
	{"version", NULL, NULL, "the version", NULL, .commands = IN_ALL},

	{"partial", "FILE", NULL, NULL, set_later, .commands = IN_REPORT},
	{"state", "FILE", NULL, NULL, set_later, .commands = IN_REPORT},
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static const struct command {
	const char *name;
	enum bm_command command;
	unsigned options; /* the rows it takes */
	const char *usage;
	const char *help;
	const char *notes;
} commands[] = {
	{"report", BM_COMMAND_REPORT, IN_REPORT, "bouncemill report [OPTION]... PATH...",
	 "Crunches mail logs into summary tables: who bounces, why, whose fault it is, what to\n"
	 "do about it and whether it is getting better.\n"
	 "\n"
	 "PATH is a file, a directory (walked), a .tar or .zip holding either, or - for standard\n"
	 "input.  It holds logs or bounce mails (mbox, Maildir, single mails), told from content\n"
	 "like the compression; the order does not matter.\n",
	 "Exit status: 0 complete; 1 finished, but some input could not be read in full;\n"
	 "2 wrong usage, nothing readable or nothing recognised; 3 an output could not be\n"
	 "written, or memory ran out.\n"
	 "\n"
	 "Examples:\n"
	 "  bouncemill report /var/log/mail.log*            the summary\n"
	 "  bouncemill report -o tables /var/log            every table as CSV\n"
	 "  bouncemill report -o report.xlsx --since 30d .  a workbook with charts\n"
	 "  bouncemill report -t domains -f tsv mail.log | head\n"
	 "  bouncemill report -o mail.db mail.log && sqlite3 mail.db .schema\n"},
	{"diagnose", BM_COMMAND_DIAGNOSE, IN_DIAGNOSE,
	 "bouncemill diagnose [OPTION]... [TEXT|FILE]",
	 "Says what one failure means: category, whose fault it is, what to do, and which rule "
	 "and\n"
	 "words said so.\n"
	 "\n"
	 "The input is a server's reply, a log line in any form that report reads, or the text of "
	 "a\n"
	 "bounce mail: on the command line, in a file, or on standard input (- or nothing).  A\n"
	 "word that names an existing file is that file; everything else is text, and words\n"
	 "without quotes around them are one text.\n"
	 "\n"
	 "Lines of one reply (550-...) are joined.  Several replies, log lines, or recipients of "
	 "a\n"
	 "delivery report get an answer each, up to 20; of a bounce without a report the most\n"
	 "telling paragraph is diagnosed.  What no rule knows is `category: unknown`.\n",
	 "Exit status: 0 answered, `unknown` is an answer; 1 some lines of a list were none;\n"
	 "2 wrong usage, or an input without words; 3 the output could not be written.\n"
	 "\n"
	 "Examples:\n"
	 "  bouncemill diagnose \"550 5.1.1 <a@b.example>: user unknown\"\n"
	 "  bouncemill diagnose --lang zh bounce.eml\n"
	 "  grep status=bounced mail.log | tail -n 1 | bouncemill diagnose\n"
	 "  bouncemill diagnose --batch replies.tsv >verdicts.tsv\n"
	 "  bouncemill diagnose --audit mail.log >draft.rules\n"
	 "  bouncemill diagnose --mails Maildir/ >recipients.tsv\n"},
	{"bench", BM_COMMAND_BENCH, IN_BENCH, "bouncemill bench [OPTION]... [PATH]...",
	 "Measures throughput stage by stage and end to end, in GB/s and nanoseconds per line,\n"
	 "beside the rate at which this machine reads memory.\n",
	 "Examples:\n"
	 "  bouncemill bench --generate 2G\n"
	 "  bouncemill bench --json /var/log/mail.log\n"},
	{"help", BM_COMMAND_HELP, 0, "bouncemill help [COMMAND]", NULL, NULL},
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

/* command_find - the command called name, or NULL */
static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* row_help - one option of a help page: names on the left, lines of text on the right */
static void row_help(struct bm_text *out, const struct row *row)
{
	const size_t start = out->size;
	if (row->letter)
		bm_text_format(out, "  -%c, --%s", row->letter, row->name);
	else
		bm_text_format(out, "      --%s", row->name);
	if (row->value)
		bm_text_format(out, " %s", row->value);
	size_t column = out->size - start;
	for (const char *line = row->help; line;) {
		const char *const end = strchr(line, '\n');
		const int length = end ? (int)(end - line) : (int)strlen(line);
		const int padding = column < HELP_COLUMN ? HELP_COLUMN - (int)column : 1;
		bm_text_format(out, "%*s%.*s\n", padding, "", length, line);
		line = end ? end + 1 : NULL;
		column = 0;
	}
}

/* command_help - the help page of one command */
static void command_help(struct bm_text *out, const struct command *command)
{
	const char *head = "", *printed = "";
	bm_text_format(out, "Usage: %s\n\n%s", command->usage, command->help);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct row *const row = &rows[i];
		head = row->head ? row->head : head;
		if (!(row->commands & command->options) || !row->help)
			continue;
		if (head != printed)
			bm_text_format(out, "\n%s:\n", head);
		printed = head;
		row_help(out, row);
	}
	bm_text_format(out, "\n%s", command->notes);
}

/* general_help - the page for someone who has just met the program */
static void general_help(struct bm_text *out)
{
	bm_text_format(
		out,
		"bouncemill %s grinds mail logs into a few tables that say who bounces, why,\n"
		"whose fault it is, what to do about it and whether it is getting better.\n"
		"\n"
		"Usage:\n"
		"  bouncemill report [OPTION]... PATH...    crunch logs into summary tables\n"
		"  bouncemill diagnose [TEXT|FILE]          one failure: what it means, what to "
		"do\n"
		"  bouncemill bench [OPTION]... [PATH]...   measure throughput, stage by stage\n"
		"  bouncemill help [COMMAND]                all options of a command\n"
		"  bouncemill --version\n"
		"\n"
		"Start with:\n"
		"  bouncemill report /var/log/mail.log*            the summary\n"
		"  bouncemill report -o tables /var/log/mail.log*  the tables, as CSV\n"
		"  bouncemill diagnose \"550 5.1.1 user unknown\"   one reply\n"
		"\n"
		"`bouncemill help report` lists every option; the manual page is bouncemill(1).\n",
		BM_VERSION);
}

/* print - text to stdout; BM_WRITE after saying why not */
static enum bm_err print(const struct bm_text *text)
{
	struct bm_output *output = NULL;
	BM_TRY(bm_output_open(&output, NULL));
	const enum bm_err err = bm_output_write(output, (struct bm_bytes){text->data, text->size});
	const enum bm_err end = bm_output_finish(output);
	return err ? err : end;
}

enum bm_err bm_options_help(const char *topic)
{
	struct bm_text out = {0};
	const struct command *const command = topic ? command_find(topic) : NULL;
	if (command && command->help)
		command_help(&out, command);
	else
		general_help(&out);
	const enum bm_err err = print(&out);
	bm_text_dispose(&out);
	return err;
}

enum bm_err bm_options_version(void)
{
	struct bm_text out = {0};
	bm_text_format(&out, "bouncemill %s\n", BM_VERSION);
	const enum bm_err err = print(&out);
	bm_text_dispose(&out);
	return err;
}

/* hint - where to read on, behind a complaint; always BM_USAGE */
static enum bm_err hint(const struct command *command)
{
	bm_say(NULL, "usage: %s (see bouncemill help %s)", command->usage, command->name);
	return BM_USAGE;
}

/* command_of - the first command that takes an option */
static const char *command_of(const struct row *row)
{
	size_t i = 0;
	while (i + 1 < COMMAND_COUNT && !(commands[i].options & row->commands))
		i++;
	return commands[i].name;
}

/* unknown_option - say that word is no option of command, and which one may be meant */
static enum bm_err unknown_option(const struct command *command, const char *word)
{
	char name[NAME_BYTES_MAX + 1];
	struct bm_guess guess = {0};
	const char *const start = word + strspn(word, "-");
	snprintf(name, sizeof name, "%.*s", (int)strcspn(start, "="), start);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const bool here = rows[i].commands & command->options;
		if (here && rows[i].help)
			bm_guess_try(&guess, name, rows[i].name);
		if (!here && strcmp(name, rows[i].name) == 0) {
			bm_say(word, "not an option of bouncemill %s (but of bouncemill %s)",
			       command->name, command_of(&rows[i]));
			return BM_USAGE;
		}
	}
	if (guess.word)
		bm_say(word, "unknown option (did you mean --%s? see bouncemill help %s)",
		       guess.word, command->name);
	else
		bm_say(word, "unknown option (see bouncemill help %s)", command->name);
	return BM_USAGE;
}

/* row_of - the row of a code from getopt, or NULL */
static const struct row *row_of(const struct command *command, int code)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (code == CODE_BASE + (int)i ||
		    (code == rows[i].letter && code && (rows[i].commands & command->options)))
			return &rows[i];
	return NULL;
}

/* getopt_table - fill longs and letters with the options of command */
static void getopt_table(const struct command *command, struct option longs[ROW_COUNT + 1],
			 char letters[2 * ROW_COUNT + 3])
{
	size_t count = 0, used = 0;
	letters[used++] = '-'; /* give arguments in place, whatever POSIXLY_CORRECT says */
	letters[used++] = ':'; /* keep quiet, tell a missing value from an unknown option */
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!(rows[i].commands & command->options))
			continue;
		const int wants = rows[i].value ? required_argument : no_argument;
		longs[count++] = (struct option){rows[i].name, wants, NULL, CODE_BASE + (int)i};
		if (rows[i].letter)
			letters[used++] = rows[i].letter;
		if (rows[i].letter && rows[i].value)
			letters[used++] = ':';
	}
	longs[count] = (struct option){0};
	letters[used] = 0;
}

/* apply - carry out one option */
static enum bm_err apply(struct bm_options *options, const struct command *command,
			 const struct row *row, const char *value)
{
	if (row->set)
		return row->set(options, row, value);
	if (row->where) {
		*(bool *)((char *)options + row->where) = true;
	} else if (row->letter == 'h') {
		options->command = BM_COMMAND_HELP;
		options->help_topic = command->name;
	} else {
		options->command = BM_COMMAND_VERSION;
	}
	return BM_OK;
}

/* complain - say what getopt found wrong; code is '?' or ':' */
static enum bm_err complain(const struct command *command, int code, char **argv)
{
	const struct row *const row = row_of(command, optopt);
	char name[NAME_BYTES_MAX];
	if (!row && optopt == 0)
		return unknown_option(command, argv[optind - 1]);
	if (!row)
		snprintf(name, sizeof name, "-%c", optopt);
	else
		snprintf(name, sizeof name, "--%s", row->name);
	if (!row)
		bm_say(name, "unknown option (see bouncemill help %s)", command->name);
	else if (code == ':')
		bm_say(name, "the value is missing (--%s %s)", row->name, row->value);
	else
		bm_say(name, "takes no value (write just --%s)", row->name);
	return BM_USAGE;
}

/* arguments - all options and paths behind the command; argv[0] is the command's own name */
static enum bm_err arguments(struct bm_options *options, const struct command *command, int argc,
			     char **argv)
{
	struct option longs[ROW_COUNT + 1];
	char letters[2 * ROW_COUNT + 3];
	getopt_table(command, longs, letters);
	optind = 0;
	for (int code; (code = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
		if (code == '?' || code == ':')
			return complain(command, code, argv);
		if (code == 1) {
			append(&options->paths, &options->path_count, optarg);
			continue;
		}
		BM_TRY(apply(options, command, row_of(command, code), optarg));
		if (options->command != command->command)
			return BM_OK; /* help or version: nothing else matters */
	}
	for (; optind < argc; optind++)
		append(&options->paths, &options->path_count, argv[optind]);
	return BM_OK;
}

/* table_check - is the one table for stdout asked for in a way that makes sense */
static enum bm_err table_check(const struct bm_options *options)
{
	const struct bm_table *table = NULL;
	size_t texts = 0;
	for (size_t i = 0; i < options->format_count; i++)
		texts += !options->formats[i]->document;
	if (texts > 1) {
		bm_say("--table", "several formats for one table (name one with --format)");
		return BM_USAGE;
	}
	if (texts == 0 && options->format_count > 0) {
		bm_say("--table", "%s is a file of all tables, not of one (use --output FILE%s)",
		       options->formats[0]->name, options->formats[0]->suffix);
		return BM_USAGE;
	}
	for (size_t i = 0; (table = bm_registry_table(i)); i++)
		if (strcmp(table->name, options->table) == 0)
			break;
	if (table && table->addresses_only && !options->addresses) {
		bm_say("--table", "%s holds addresses (add --addresses to allow them)",
		       options->table);
		return BM_USAGE;
	}
	if (table && table->compare_only && !options->compare) {
		bm_say("--table", "%s is made by --compare (add it)", options->table);
		return BM_USAGE;
	}
	return BM_OK;
}

/* fills_directory - is any output a directory of tables */
static bool fills_directory(const struct bm_options *options)
{
	for (size_t i = 0; i < options->output_count; i++)
		if (bm_render_one_file(options->outputs[i]) == NULL)
			return true;
	return false;
}

/* format_check - does anything take the formats asked for */
static enum bm_err format_check(const struct bm_options *options)
{
	if (options->format_count > 0 && options->table == NULL && !fills_directory(options)) {
		bm_say("--format", "nothing is written in it (add --output DIRECTORY or "
				   "--table NAME)");
		return BM_USAGE;
	}
	return BM_OK;
}

/* is_suppress - is that table asked for on standard output */
static bool is_suppress(const struct bm_options *options)
{
	return options->table && strcmp(options->table, "suppress") == 0;
}

/* suppress_check - does anything become of the options for table suppress */
static enum bm_err suppress_check(const struct bm_options *options)
{
	const bool directory = fills_directory(options);
	if (options->soft_given && !options->addresses)
		bm_say("--soft",
		       "is about table suppress, which holds addresses (add --addresses)");
	else if (options->suppress_plain && !options->addresses)
		bm_say("--suppress-format", "is about a table of addresses (add --addresses)");
	else if (options->suppress_plain && !directory && !is_suppress(options))
		bm_say("--suppress-format", "nothing is written in it (add --output DIRECTORY or "
					    "--table suppress)");
	else if (options->suppress_plain && !directory && options->format_count > 0)
		bm_say("--suppress-format", "and --format for one table (one or the other)");
	else
		return BM_OK;
	return BM_USAGE;
}

/* diagnose_check - one thing at a time */
static enum bm_err diagnose_check(const struct bm_options *options)
{
	const char *const list = options->batch ? "--batch" : "--audit";
	if (options->batch && options->audit)
		bm_say("--batch", "and --audit together (one or the other)");
	else if ((options->batch || options->audit) && options->path_count)
		bm_say(list, "and a TEXT or FILE besides (the list is the input)");
	else if ((options->batch || options->audit) && options->mails)
		bm_say("--mails", "and %s together (one or the other)", list);
	else if ((options->batch || options->audit || options->mails) && options->json)
		bm_say("--json", "not with %s, whose output has a form of its own",
		       options->mails ? "--mails" : list);
	else if (options->mails && options->path_count == 0)
		bm_say("--mails", "without a PATH (name an mbox, a Maildir or mails)");
	else
		return BM_OK;
	return BM_USAGE;
}

/* check - what only all options together can tell */
static enum bm_err check(struct bm_options *options, const struct command *command)
{
	if (options->since != BM_TIME_UNKNOWN && options->until != BM_TIME_UNKNOWN &&
	    options->since >= options->until) {
		bm_say("--until", "is not after --since (nothing could be counted)");
		return BM_USAGE;
	}
	if (command->command == BM_COMMAND_REPORT && options->path_count == 0) {
		bm_say(NULL, "no input (name log files or a directory, or - for standard input)");
		return hint(command);
	}
	if (options->generate_bytes && options->path_count) {
		bm_say("--generate", "and PATHs together (measure one or the other)");
		return BM_USAGE;
	}
	if (command->command == BM_COMMAND_DIAGNOSE)
		return diagnose_check(options);
	if (options->compare && !options->bucket_given)
		options->bucket = BM_BUCKET_WEEK;
	if (options->table)
		BM_TRY(table_check(options));
	BM_TRY(suppress_check(options));
	return format_check(options);
}

/* surroundings - what the environment has to say */
static enum bm_err surroundings(struct bm_options *options)
{
	const char *const plain = getenv("NO_COLOR");
	const char *const block = getenv("BM_BLOCK_BYTES");
	if (plain && *plain && options->color == BM_AUTO)
		options->color = BM_NEVER;
	if (block && *block) {
		options->block_bytes = bm_argument_size(block);
		if (options->block_bytes == 0) {
			bm_say("BM_BLOCK_BYTES", "'%s' is no size", block);
			return BM_USAGE;
		}
	}
	return BM_OK;
}

/* unknown_command - say that word is no command, and what may be meant */
static enum bm_err unknown_command(const char *word)
{
	struct bm_guess guess = {0};
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		bm_guess_try(&guess, word, commands[i].name);
	if (strcmp(word, "merge") == 0)
		bm_say(word, "this version does not have that command yet (report, diagnose and "
			     "bench are)");
	else if (word[0] == '-')
		bm_say(word, "options stand behind the command (bouncemill report [OPTION]... "
			     "PATH...)");
	else if (guess.word)
		bm_say(word, "no such command (did you mean %s? see bouncemill --help)",
		       guess.word);
	else if (access(word, F_OK) == 0)
		bm_say(word, "no such command (did you mean bouncemill report %s?)", word);
	else
		bm_say(word,
		       "no such command (report, diagnose, bench and help are; see bouncemill "
		       "--help)");
	return BM_USAGE;
}

/* help_parse - `help [COMMAND]` */
static enum bm_err help_parse(struct bm_options *options, int argc, char **argv)
{
	options->command = BM_COMMAND_HELP;
	options->help_topic = argc > 0 ? argv[0] : NULL;
	if (argc > 0 && !command_find(argv[0]))
		return unknown_command(argv[0]);
	return BM_OK;
}

enum bm_err bm_options_parse(struct bm_options *options, int argc, char **argv)
{
	*options = (struct bm_options){.bucket = BM_BUCKET_DAY,
				       .since = BM_TIME_UNKNOWN,
				       .until = BM_TIME_UNKNOWN,
				       .lang = "en",
				       .soft = BM_SOFT_RULE,
				       .top = 10,
				       .runs = 5};
	if (argc < 2) {
		bm_say(NULL, "no command (try bouncemill report PATH..., or bouncemill --help)");
		return BM_USAGE;
	}
	const char *const word = argv[1];
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return help_parse(options, argc - 2, argv + 2);
	options->command = BM_COMMAND_VERSION;
	if (strcmp(word, "--version") == 0)
		return BM_OK;
	const struct command *const command = command_find(word);
	if (!command)
		return unknown_command(word);
	options->command = command->command;
	enum bm_err err = arguments(options, command, argc - 1, argv + 1);
	if (!err && options->command == command->command)
		err = check(options, command);
	if (!err)
		err = surroundings(options);
	if (err)
		bm_options_dispose(options);
	return err;
}

void bm_options_dispose(struct bm_options *options)
{
	for (size_t i = 0; i < options->text_count; i++)
		bm_free(options->texts[i]);
	bm_free(options->texts);
	bm_free(options->paths);
	bm_free(options->outputs);
	bm_free(options->formats);
	bm_free(options->rules);
	bm_free((void *)options->anonymize_key);
	*options = (struct bm_options){0};
}
