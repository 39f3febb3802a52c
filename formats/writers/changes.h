/* changes.h - the parts of the summary that tell what is different: incidents, and the comparison. */
#ifndef BM_CHANGES_H
#define BM_CHANGES_H

#include "bouncemill/table.h"

#include "page.h"

/* bm_changes_say - the largest incidents, and with --compare the largest changes; top of each */
void bm_changes_say(struct bm_page *page, const struct bm_view *view, unsigned top);

#endif
