/* scan.h - find line ends, many at a time.
 *
 * The one loop that touches every byte.  It has a plain twin and vector twins chosen at run time by
 * what the processor offers; BM_DISABLE_CPU=avx512,avx2 in the environment takes twins away, for
 * tests.
 */
#ifndef BM_SCAN_H
#define BM_SCAN_H

#include "bouncemill/bytes.h"

/* bm_scan_lines - offsets of '\n' in run (at most UINT32_MAX bytes) at or after *from, into ends;
 * stops when ends (of ends_max) is full or run is done; *from moves to where to go on.  Returns how
 * many. */
size_t bm_scan_lines(struct bm_bytes run, size_t *from, uint32_t *ends, size_t ends_max);

/* The twins, for tests: all return the same. */
typedef size_t bm_scan_fn(struct bm_bytes run, size_t *from, uint32_t *ends, size_t ends_max);
bm_scan_fn bm_scan_lines_plain;
/* bm_scan_twin - twin number index and its name, or NULL behind the last this processor can run */
bm_scan_fn *bm_scan_twin(size_t index, const char **name);

#endif
