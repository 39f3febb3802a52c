/* error.h - the four kinds of trouble and what is said about them.
 *
 * A bad line is counted; a bad file is reported, skipped and makes exit status 1; a wrong command
 * line stops at once with 2; a failed output or a lack of memory ends with 3; our own mistake is an
 * assert.  Functions return `enum bm_err` and pass it on with BM_TRY.
 *
 * Everything said goes to stderr as `bouncemill: WHAT: text`; names and texts pass through the same
 * filter, so that no control byte of a file name or a log ever reaches a terminal.
 */
#ifndef BOUNCEMILL_ERROR_H
#define BOUNCEMILL_ERROR_H

#include "bouncemill/memory.h"

#include <stddef.h>

enum bm_err {
	BM_OK = 0,
	BM_END,     /* nothing more to come: not a failure */
	BM_DAMAGED, /* input ends early or contradicts itself: what came before stands */
	BM_READ,    /* the system refused to read an input */
	BM_USAGE,   /* the command line is wrong */
	BM_WRITE,   /* the system refused to write an output */
	BM_MEMORY   /* out of memory, or out of the budget */
};

enum bm_exit { BM_EXIT_OK = 0, BM_EXIT_PARTIAL = 1, BM_EXIT_USAGE = 2, BM_EXIT_OUTPUT = 3 };

#define BM_TRY(call)                                                                               \
	do {                                                                                       \
		const enum bm_err err_ = (call);                                                   \
		if (err_ != BM_OK)                                                                 \
			return err_;                                                               \
	} while (0)

/* bm_say - one line on stderr, `bouncemill: [what: ]text`; what may be NULL.  Any thread. */
void bm_say(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bm_out_of_memory - say so, remove unfinished outputs, end the process with BM_EXIT_OUTPUT */
_Noreturn void bm_out_of_memory(size_t wanted_bytes);

/* bm_at_exit_remove - name of an unfinished output that must go if the run is cut short, or NULL to
 * clear the slot; returns a slot number for slot < 0.  At most BM_UNFINISHED_MAX at once.
 * The string must stay valid until cleared. */
enum { BM_UNFINISHED_MAX = 64 };
int bm_at_exit_remove(int slot, const char *path);

/* bm_remove_unfinished - unlink what bm_at_exit_remove holds; async-signal-safe */
void bm_remove_unfinished(void);

#endif
