/* bench.h - `bouncemill bench`: throughput stage by stage, on this machine. */
#ifndef BM_BENCH_H
#define BM_BENCH_H

#include "options.h"

/* bm_bench_run - the whole command; returns an enum bm_exit */
int bm_bench_run(const struct bm_options *options);

#endif
