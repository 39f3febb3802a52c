/* arena.c - chunks of memory, handed out front to back; see arena.h. */
#include "arena.h"

#include "bouncemill/error.h"

enum { ARENA_CHUNK_BYTES_MIN = 1 << 14, ARENA_CHUNK_BYTES_MAX = 1 << 22 };

struct bm_arena_chunk {
	struct bm_arena_chunk *older;
	size_t size; /* bytes behind the header */
};

/* add_chunk - make room for at least size bytes */
static void add_chunk(struct bm_arena *arena, size_t size)
{
	if (arena->chunk_bytes < ARENA_CHUNK_BYTES_MIN)
		arena->chunk_bytes = ARENA_CHUNK_BYTES_MIN;
	const size_t room = size > arena->chunk_bytes ? size : arena->chunk_bytes;
	struct bm_arena_chunk *const chunk = bm_alloc(sizeof *chunk + room);
	chunk->older = arena->chunk;
	chunk->size = room;
	arena->chunk = chunk;
	arena->next = (uint8_t *)(chunk + 1);
	arena->left = room;
	if (arena->chunk_bytes < ARENA_CHUNK_BYTES_MAX)
		arena->chunk_bytes *= 2;
}

void *bm_arena_take(struct bm_arena *arena, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if (size > arena->left)
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

/* free_older - give back every chunk behind this one */
static void free_older(struct bm_arena_chunk *chunk)
{
	while (chunk->older) {
		struct bm_arena_chunk *const older = chunk->older;
		chunk->older = older->older;
		bm_free(older);
	}
}

void bm_arena_reset(struct bm_arena *arena)
{
	if (arena->chunk == NULL)
		return;
	free_older(arena->chunk);
	arena->next = (uint8_t *)(arena->chunk + 1);
	arena->left = arena->chunk->size;
}

void bm_arena_dispose(struct bm_arena *arena)
{
	if (arena->chunk) {
		free_older(arena->chunk);
		bm_free(arena->chunk);
	}
	*arena = (struct bm_arena){0};
}
