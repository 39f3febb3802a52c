/* arena.c - chunks of memory, handed out front to back; see arena.h. */
#include "arena.h"

#include "bouncemill/error.h"

enum { ARENA_CHUNK_BYTES_MIN = 1 << 14, ARENA_CHUNK_BYTES_MAX = 1 << 22 };

struct bm_arena_chunk {
	struct bm_arena_chunk *older;
};

/* add_chunk - make room for at least size bytes */
static void add_chunk(struct bm_arena *arena, size_t size)
{
	if (arena->chunk_bytes < ARENA_CHUNK_BYTES_MIN)
		arena->chunk_bytes = ARENA_CHUNK_BYTES_MIN;
	const size_t room = size > arena->chunk_bytes ? size : arena->chunk_bytes;
	struct bm_arena_chunk *const chunk = bm_alloc(sizeof *chunk + room);
	chunk->older = arena->chunk;
	arena->chunk = chunk;
	arena->next = (uint8_t *)(chunk + 1);
	arena->left = room;
	if (arena->chunk_bytes < ARENA_CHUNK_BYTES_MAX)
		arena->chunk_bytes *= 2;
}

void *bm_arena_take(struct bm_arena *arena, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if (size > arena->left || arena->chunk == NULL) /* nothing has a place too */
		add_chunk(arena, size);
	void *const piece = arena->next;
	arena->next += size;
	arena->left -= size;
	return piece;
}

struct bm_bytes bm_arena_copy(struct bm_arena *arena, struct bm_bytes run)
{
	uint8_t *const copy = bm_arena_take(arena, run.size);
	if (run.size)
		memcpy(copy, run.data, run.size);
	return (struct bm_bytes){copy, run.size};
}

void bm_arena_dispose(struct bm_arena *arena)
{
	while (arena->chunk) {
		struct bm_arena_chunk *const chunk = arena->chunk;
		arena->chunk = chunk->older;
		bm_free(chunk);
	}
	*arena = (struct bm_arena){0};
}
