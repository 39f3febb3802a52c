/* audit.h - what the rules do with a list of replies or a log: which are never hit, which stand in
 * the shadow of others, and what is missing. */
#ifndef BM_AUDIT_H
#define BM_AUDIT_H

#include "finding.h"

/* bm_audit_run - judge all replies of a file (- = standard input): a log, a list as of --batch, or a
 * reply a line; append the report to out; an enum bm_exit */
int bm_audit_run(const char *path, const struct bm_rules *rules, struct bm_examiner *examiner,
		 struct bm_text *out);

#endif
