/* arena.h - memory that is given out in small pieces and taken back all at once.
 *
 * Pieces never move.  One owner, no locks.
 */
#ifndef BM_ARENA_H
#define BM_ARENA_H

#include "bouncemill/bytes.h"

struct bm_arena_chunk;

struct bm_arena {
	struct bm_arena_chunk *chunk; /* newest first */
	uint8_t *next;
	size_t left;        /* bytes behind next */
	size_t chunk_bytes; /* of the next chunk; doubles up to ARENA_CHUNK_BYTES_MAX */
};

/* bm_arena_take - size bytes, aligned to 8 */
void *bm_arena_take(struct bm_arena *arena, size_t size);
/* bm_arena_copy - a copy of run */
struct bm_bytes bm_arena_copy(struct bm_arena *arena, struct bm_bytes run);
void bm_arena_dispose(struct bm_arena *arena);

#endif
