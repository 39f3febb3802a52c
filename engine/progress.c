/* progress.c - one line on stderr that tells how far the run is.
 *
 * The line is drawn with the cursor put back to its beginning, so that a message of bm_say simply
 * overwrites it (and erases the rest of the row); the next update draws it again below.  Nothing is
 * drawn in the first instants: a run that is over before it could be read about needs no progress.
 * Asked for with `always` on something that is no terminal, it becomes a plain line every second.
 *
 * Rates and the time left come from the whole run so far.  A shorter window looks livelier and is
 * wrong more often: inputs of different codecs take turns.
 */
#include "progress.h"

#include "bouncemill/text.h"

#include <string.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define TERMINAL_STEP_NS INT64_C(100000000)
#define PLAIN_STEP_NS    INT64_C(1000000000)
#define FIRST_NS         INT64_C(300000000)

/* now_ns - the steady clock */
static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* columns - width of the terminal on stderr, 80 when it does not tell */
static unsigned columns(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* put - write text to stderr, in one go; nobody is told if that fails */
static void put(struct bm_bytes text)
{
	const ssize_t done = write(STDERR_FILENO, text.data, text.size);
	(void)done;
}

/* add_scaled - a number with three digits and the prefix of its magnitude, decimal as rates are */
static void add_scaled(struct bm_text *out, double value, const char *unit)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
	unsigned magnitude = 0;
	for (; value >= 999.5 && magnitude < 5; magnitude++)
		value /= 1000;
	const int decimals = magnitude == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	bm_text_format(out, "%.*f %s%s", decimals, value, prefixes[magnitude], unit);
}

/* add_eta - time left as m:ss or h:mm:ss */
static void add_eta(struct bm_text *out, double seconds)
{
	const unsigned left = seconds < 359999 ? (unsigned)(seconds + 0.5) : 359999;
	bm_text_format(out, "  ETA ");
	if (left >= 3600)
		bm_text_format(out, "%u:%02u:%02u", left / 3600, left / 60 % 60, left % 60);
	else
		bm_text_format(out, "%u:%02u", left / 60, left % 60);
}

void bm_progress_line(struct bm_text *out, uint64_t bytes, uint64_t bytes_total, uint64_t lines,
		      double seconds)
{
	const double rate = seconds > 0 ? (double)bytes / seconds : 0;
	add_scaled(out, (double)bytes, "B");
	if (bytes_total && bytes <= bytes_total) {
		bm_text_format(out, " of ");
		add_scaled(out, (double)bytes_total, "B");
		bm_text_format(out, " (%u%%)",
			       (unsigned)(100.0 * (double)bytes / (double)bytes_total));
	}
	bm_text_format(out, "  %.2f GB/s", rate / 1e9);
	if (lines && seconds > 0) {
		bm_text_format(out, "  ");
		add_scaled(out, (double)lines / seconds, "lines/s");
	}
	if (bytes_total && bytes && bytes <= bytes_total && rate > 0)
		add_eta(out, (double)(bytes_total - bytes) / rate);
}

void bm_progress_start(struct bm_progress *progress, enum bm_when when, uint64_t bytes_total)
{
	const char *const term = getenv("TERM");
	const bool terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	*progress = (struct bm_progress){
		.bytes_total = bytes_total,
		.start_ns = now_ns(),
		.terminal = terminal,
		.on = when == BM_ALWAYS || (when == BM_AUTO && terminal),
	};
}

void bm_progress_update(struct bm_progress *progress, uint64_t bytes, uint64_t lines)
{
	if (!progress->on)
		return;
	const int64_t now = now_ns();
	const int64_t step = progress->terminal ? TERMINAL_STEP_NS : PLAIN_STEP_NS;
	if (now - progress->start_ns < FIRST_NS || now - progress->drawn_ns < step)
		return;
	progress->drawn_ns = now;
	struct bm_text line = {0};
	bm_progress_line(&line, bytes, progress->bytes_total, lines,
			 (double)(now - progress->start_ns) / 1e9);
	if (progress->terminal) {
		const size_t width = columns() - 1;
		line.size = line.size < width ? line.size : width;
		bm_text_add(&line, BM_BYTES("\033[K\r"));
		progress->visible = true;
	} else {
		bm_text_byte(&line, '\n');
	}
	put((struct bm_bytes){line.data, line.size});
	bm_text_dispose(&line);
}

void bm_progress_end(struct bm_progress *progress)
{
	if (progress->visible)
		put(BM_BYTES("\r\033[K"));
	progress->visible = false;
	progress->on = false;
}
