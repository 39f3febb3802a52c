/* argument.h - words of a command line: numbers, sizes, times, small files, and guesses. */
#ifndef BM_ARGUMENT_H
#define BM_ARGUMENT_H

#include "bouncemill/clock.h"

/* bm_argument_number - a decimal integer within [low, high] into *result; false when it is not one
 */
bool bm_argument_number(const char *text, unsigned low, unsigned high, unsigned *result);

/* bm_argument_size - bytes of a SIZE such as 512M (k, M, G and T are binary), or 0 when it is none
 */
uint64_t bm_argument_size(const char *text);

/* bm_argument_time - a TIME such as 2026-01-31, 2026-01-31T08:00:00, 7d, 12h, 2w, yesterday or
 * today as wall clock into *result; false when it is none */
bool bm_argument_time(const char *text, bm_time *result);

/* bm_argument_file - all of a small file (`-` = stdin) as a string with a NUL behind it; NULL after
 * saying why.  Free with bm_free. */
char *bm_argument_file(const char *path, size_t bytes_max, size_t *bytes_read);

/* The right word that a wrong one was probably meant to be. */
struct bm_guess {
	const char *word; /* the nearest so far, or NULL; borrowed */
	int edits;
};

/* bm_guess_try - keep candidate if it is near enough to typed and nearer than what is kept */
void bm_guess_try(struct bm_guess *guess, const char *typed, const char *candidate);

#endif
