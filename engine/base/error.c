/* error.c - saying what is wrong, ending when memory is short, leaving nothing half-written behind.
 *
 * A message is built in one buffer, cleaned of everything a terminal could obey, and handed to the
 * kernel by one write(2): lines of several threads never mix.  It is cut at a length below
 * PIPE_BUF, so that holds for a pipe too.  On a terminal the rest of the row is erased behind it,
 * because a progress line may lie there (engine/progress.c draws it and puts the cursor back to its
 * beginning).
 *
 * The names of unfinished outputs stand in slots of atomic pointers, since a signal handler must
 * be able to walk them at any instant.  Clearing a slot waits until such a walk is over: the name
 * may be freed right after.
 */
#include "bouncemill/error.h"

#include "bouncemill/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 3500, WHAT_BYTES_MAX = 1200, MESSAGE_BYTES_MAX = 2200 };

static _Atomic(const char *) unfinished[BM_UNFINISHED_MAX];
static atomic_int walkers;

/* put - write all of it to stderr as well as that goes; errno stays as it was */
static void put(const void *data, size_t size)
{
	const int kept = errno;
	const char *rest = data;
	while (size > 0) {
		const ssize_t done = write(STDERR_FILENO, rest, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
		rest += done;
		size -= (size_t)done;
	}
	errno = kept;
}

/* erases - is stderr a terminal that understands an erased row */
static bool erases(void)
{
	const char *const term = getenv("TERM");
	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void bm_say(const char *what, const char *format, ...)
{
	const int kept = errno;
	char message[MESSAGE_BYTES_MAX];
	va_list values;
	va_start(values, format);
	const int wanted = vsnprintf(message, sizeof message, format, values);
	va_end(values);
	if (wanted < 0)
		message[0] = 0;
	struct bm_text line = {0};
	bm_text_add(&line, BM_BYTES("bouncemill: "));
	if (what) {
		bm_text_clean(&line, bm_bytes_of(what), WHAT_BYTES_MAX);
		bm_text_add(&line, BM_BYTES(": "));
	}
	bm_text_clean(&line, bm_bytes_of(message), LINE_BYTES_MAX - line.size);
	if (wanted >= (int)sizeof message)
		bm_text_add(&line, BM_BYTES("..."));
	if (erases())
		bm_text_add(&line, BM_BYTES("\033[K"));
	bm_text_byte(&line, '\n');
	put(line.data, line.size);
	bm_text_dispose(&line);
	errno = kept;
}

_Noreturn void bm_out_of_memory(size_t wanted_bytes)
{
	char line[160];
	const int size = snprintf(line, sizeof line,
				  "bouncemill: out of memory: %zu bytes more were refused"
				  " (try fewer threads with -j, or raise the limit)\n",
				  wanted_bytes);
	bm_remove_unfinished();
	put(line, size > 0 ? (size_t)size : 0);
	_exit(BM_EXIT_OUTPUT);
}

/* slot_take - the number of a free slot, now holding path; -1 when all are taken */
static int slot_take(const char *path)
{
	for (int i = 0; i < BM_UNFINISHED_MAX; i++) {
		const char *expected = NULL;
		if (atomic_compare_exchange_strong(&unfinished[i], &expected, path))
			return i;
	}
	return -1;
}

int bm_at_exit_remove(int slot, const char *path)
{
	if (slot < 0)
		return slot_take(path);
	atomic_store(&unfinished[slot], path);
	while (atomic_load(&walkers) > 0)
		usleep(1000);
	return slot;
}

void bm_remove_unfinished(void)
{
	const int kept = errno;
	atomic_fetch_add(&walkers, 1);
	for (int i = 0; i < BM_UNFINISHED_MAX; i++) {
		const char *const path = atomic_exchange(&unfinished[i], NULL);
		if (path)
			unlink(path);
	}
	atomic_fetch_sub(&walkers, 1);
	errno = kept;
}
