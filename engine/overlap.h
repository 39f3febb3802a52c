/* overlap.h - two inputs that share lines: a log that was copied and cut while it was written
 * (copytruncate). */
#ifndef BM_OVERLAP_H
#define BM_OVERLAP_H

#include "bouncemill/input.h"

/* bm_overlap_say - after the run: say which inputs begin inside another one, and note it in their
 * status */
void bm_overlap_say(struct bm_inputs *inputs);

#endif
