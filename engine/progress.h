/* progress.h - one line on stderr that tells how far the run is: bytes, rate, lines, time left. */
#ifndef BM_PROGRESS_H
#define BM_PROGRESS_H

#include "options.h"

struct bm_text;

struct bm_progress {
	uint64_t bytes_total; /* of all inputs as they lie there; may be raised; 0 = unknown */
	int64_t start_ns, drawn_ns;
	bool on, terminal, visible;
};

/* bm_progress_start - begin to count time; when says whether anything is ever drawn (auto = only on
 * a terminal that is not dumb) */
void bm_progress_start(struct bm_progress *progress, enum bm_when when, uint64_t bytes_total);

/* bm_progress_update - so many bytes of the inputs are read and lines (0 = not known) done, since
 * the start.  One thread at a time, as often as it likes: mostly it looks at the clock and returns.
 */
void bm_progress_update(struct bm_progress *progress, uint64_t bytes, uint64_t lines);

/* bm_progress_end - take the line away */
void bm_progress_end(struct bm_progress *progress);

/* bm_progress_line - append the line's text: what update draws, apart for tests */
void bm_progress_line(struct bm_text *out, uint64_t bytes, uint64_t bytes_total, uint64_t lines,
		      double seconds);

#endif
