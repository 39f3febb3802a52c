/* options.h - the command line as one struct: nothing else knows getopt.
 *
 * Parsing says everything that is wrong with a command line before any input is opened; what comes
 * out is complete and consistent: no caller has to check it again.
 */
#ifndef BM_OPTIONS_H
#define BM_OPTIONS_H

#include "bouncemill/clock.h"
#include "bouncemill/error.h"
#include "bouncemill/table.h"
#include "bouncemill/writer.h"

enum bm_command {
	BM_COMMAND_REPORT,
	BM_COMMAND_DIAGNOSE,
	BM_COMMAND_BENCH,
	BM_COMMAND_HELP,
	BM_COMMAND_VERSION
};
enum bm_when { BM_AUTO, BM_ALWAYS, BM_NEVER };

struct bm_options {
	enum bm_command command;
	const char *help_topic; /* of help COMMAND, or NULL */
	const char **paths; /* inputs, with those of --files-from; words of diagnose; owned array */
	size_t path_count;
	const char **outputs; /* -o, in order; owned array */
	size_t output_count;
	const struct bm_writer **formats; /* what a directory gets, each once; owned array */
	size_t format_count;
	const char *table; /* -t: one table to stdout, or NULL */
	enum bm_bucket bucket;
	bool bucket_given; /* on the command line; else --compare counts by week */
	bool compare;
	bm_time since, until; /* wall clock, offset unknown; BM_TIME_UNKNOWN = no bound */
	const char *tz;       /* --tz, or NULL */
	int year;             /* --year, or 0 */
	bool excel, raw_cells, addresses, strict, quiet, verbose, no_mmap,
		json /* of bench and diagnose */;
	struct bm_soft_rule soft;        /* --soft */
	bool soft_given, suppress_plain; /* --suppress-format plain */
	const char *anonymize_key;       /* contents of KEYFILE, or NULL; owned */
	size_t anonymize_key_size;
	const char **rules; /* --rules files, in order; owned array */
	size_t rules_count;
	const char *log_format; /* NULL = auto */
	const char *lang;       /* "en" or "zh" */
	unsigned threads;       /* -j; 0 = all cores */
	uint64_t memory_bytes;  /* --memory; 0 = a quarter of RAM */
	unsigned top;
	enum bm_when progress, color;
	uint64_t generate_bytes; /* bench --generate SIZE, or 0 */
	unsigned runs;           /* bench --runs N: fastest of N */
	const char *batch;       /* diagnose --batch FILE, or NULL */
	const char *audit;       /* diagnose --audit FILE, or NULL */
	bool mails;              /* diagnose --mails */
	uint64_t block_bytes;    /* test hook BM_BLOCK_BYTES of the environment; 0 = default */
	char **texts;            /* of --files-from, which paths point into; owned array */
	size_t text_count;
};

/* bm_options_parse - fill from argv; on BM_USAGE the reason has been said with how to mend it, and
 * there is nothing to dispose */
enum bm_err bm_options_parse(struct bm_options *options, int argc, char **argv);
void bm_options_dispose(struct bm_options *options);
/* bm_options_help - print the help of a topic (NULL = all) to stdout; BM_WRITE when that fails */
enum bm_err bm_options_help(const char *topic);
/* bm_options_version - print name and version to stdout; BM_WRITE when that fails */
enum bm_err bm_options_version(void);

#endif
