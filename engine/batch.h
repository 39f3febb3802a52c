/* batch.h - lists of replies: a line each, `id<TAB>text` or `id<TAB>code<TAB>enhanced<TAB>text`.
 *
 * The second form is told by its fields: four of them, a basic code or nothing in the second, an
 * enhanced one or nothing in the third.  Anything behind the first tab else is text.
 */
#ifndef BM_BATCH_H
#define BM_BATCH_H

#include "finding.h"

enum { BM_BATCH_BYTES_MAX = 1 << 30 }; /* of a list */

struct bm_batch_line {
	struct bm_bytes id, code, enhanced, text;
};

/* bm_batch_read - take a line apart; false when it has no tab */
bool bm_batch_read(struct bm_bytes line, struct bm_batch_line *batch);

/* bm_batch_run - judge every line of a file (- = standard input), append `id<TAB>category<TAB>rule`
 * to out; an enum bm_exit: lines without a tab are named and make it BM_EXIT_PARTIAL */
int bm_batch_run(const char *path, struct bm_examiner *examiner, struct bm_text *out);

#endif
