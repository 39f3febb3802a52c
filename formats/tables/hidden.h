/* hidden.h - texts of the world with the local parts of addresses taken out: samples are shown to people who may not know
 * the recipients (only --addresses shows them, and --anonymize not even then).
 */
#ifndef BM_HIDDEN_H
#define BM_HIDDEN_H

#include "bouncemill/text.h"

/* The texts of a table's rows, one behind another. */
struct bm_hidden {
	struct bm_text text;
	size_t *starts; /* count + 1 */
	size_t count;
};

/* bm_hidden_make - ready for rows texts, to be added in order */
void bm_hidden_make(struct bm_hidden *hidden, size_t rows);
/* bm_hidden_add - the next row's text; hide = put *** in place of each local part */
void bm_hidden_add(struct bm_hidden *hidden, struct bm_bytes text, bool hide);
struct bm_bytes bm_hidden_get(const struct bm_hidden *hidden, size_t row);
void bm_hidden_dispose(struct bm_hidden *hidden);

#endif
