/* mails.h - bounce mails one by one: a line for each recipient they report on (`diagnose --mails`). */
#ifndef BM_MAILS_H
#define BM_MAILS_H

#include "finding.h"
#include "options.h"

/* bm_mails_run - read the mails of all paths (mbox files, Maildirs, single mails, archives of them),
 * append `path<TAB>recipient<TAB>action<TAB>status<TAB>category<TAB>rule` to out; an enum bm_exit */
int bm_mails_run(const struct bm_options *options, struct bm_examiner *examiner,
		 struct bm_text *out);

#endif
