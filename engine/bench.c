/* bench.c - placeholder until the generator is in. */
#include "bench.h"
int bm_bench_run(const struct bm_options *options)
{
	(void)options;
	return BM_EXIT_USAGE;
}
