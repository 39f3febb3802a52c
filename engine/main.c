/* main.c - options, run, exit status.
 *
 * Exit status: 0 complete, 1 some input could not be read in full, 2 wrong usage or nothing
 * recognised, 3 an output could not be written or memory ran out.
 */
#include "bench.h"
#include "diagnose.h"
#include "options.h"
#include "output.h"
#include "report.h"

/* run - carry out the command of parsed options; returns the exit status */
static int run(const struct bm_options *options)
{
	switch (options->command) {
	case BM_COMMAND_REPORT:
		return bm_report_run(options);
	case BM_COMMAND_DIAGNOSE:
		return bm_diagnose_run(options);
	case BM_COMMAND_BENCH:
		return bm_bench_run(options);
	case BM_COMMAND_HELP:
		return bm_options_help(options->help_topic) == BM_OK ? BM_EXIT_OK : BM_EXIT_OUTPUT;
	case BM_COMMAND_VERSION:
		return bm_options_version() == BM_OK ? BM_EXIT_OK : BM_EXIT_OUTPUT;
	}
	return BM_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct bm_options options;
	bm_fds_secure();
	bm_signals_install();
	if (bm_options_parse(&options, argc, argv) != BM_OK)
		return BM_EXIT_USAGE;
	const int status = run(&options);
	bm_options_dispose(&options);
	return status;
}
