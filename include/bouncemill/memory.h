/* memory.h - asking for memory: there is some, or the run ends.
 *
 * Pieces of a megabyte and more, which is where a run's memory goes, lie in huge pages where the
 * system lends them, can be bounded together, and are kept for a while when they are freed.
 */
#ifndef BOUNCEMILL_MEMORY_H
#define BOUNCEMILL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* bm_alloc, bm_zalloc, bm_realloc - memory or the end of the run; never NULL.  Free with bm_free.
 * Any thread. */
void *bm_alloc(size_t size);
void *bm_zalloc(size_t count, size_t size);
void *bm_realloc(void *old, size_t size);
void bm_free(void *old);

/* bm_memory_budget - end the run as out of memory when pieces of a megabyte and more take more bytes
 * than this; 0 = no bound */
void bm_memory_budget(uint64_t bytes);

/* BM_GROW - make room for one more element in a {pointer, count, room} triple, doubling */
#define BM_GROW(pointer, count, room)                                                              \
	do {                                                                                       \
		if ((count) == (room)) {                                                           \
			(room) = (room) ? 2 * (room) : 16;                                         \
			(pointer) = bm_realloc((pointer), (size_t)(room) * sizeof *(pointer));     \
		}                                                                                  \
	} while (0)

#endif
