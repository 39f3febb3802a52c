/* diagnose.h - the command for one reply, a log line or a bounce: what it means and what to do. */
#ifndef BM_DIAGNOSE_H
#define BM_DIAGNOSE_H

#include "options.h"

/* bm_diagnose_run - the whole command; returns an enum bm_exit */
int bm_diagnose_run(const struct bm_options *options);

#endif
