/* report.h - `bouncemill report`: options in, tables out, exit status back. */
#ifndef BM_REPORT_H
#define BM_REPORT_H

#include "options.h"

/* bm_report_run - the whole command; returns an enum bm_exit */
int bm_report_run(const struct bm_options *options);

#endif
