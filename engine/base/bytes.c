/* bytes.c - the one operation on runs that is too big to be inline. */
#define _GNU_SOURCE
#include "bouncemill/bytes.h"

size_t bm_bytes_search(struct bm_bytes run, struct bm_bytes needle)
{
	const void *const hit =
		run.size ? memmem(run.data, run.size, needle.data, needle.size) : NULL;
	return hit ? (size_t)((const uint8_t *)hit - run.data) : run.size;
}
