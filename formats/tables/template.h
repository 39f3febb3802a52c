/* template.h - a reply template's name taken apart, and the id that tables show for it. */
#ifndef BM_TEMPLATE_H
#define BM_TEMPLATE_H

#include "bouncemill/bytes.h"

enum { BM_TEMPLATE_ID_DIGITS = 16 };

struct bm_template {
	uint8_t id[BM_TEMPLATE_ID_DIGITS]; /* in hexadecimal */
	struct bm_bytes provider, text;    /* text is masked */
};

/* bm_template_of - from the name in a tally: provider NUL dsn NUL masked text; borrows from it */
struct bm_template bm_template_of(struct bm_bytes name);

#endif
