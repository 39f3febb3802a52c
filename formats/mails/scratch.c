/* scratch.c - memory for what is made while one mail is read.
 *
 * Slices of a mail must stay valid until the next one, so a buffer that grows by moving will not
 * do: pieces are cut from blocks, the first of which is kept from mail to mail.  Few mails need a
 * second one.
 */
#include "bouncemill/error.h"
#include "work.h"

enum { BLOCK_BYTES = 1 << 20 };

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(16) uint8_t data[];
};

struct scratch {
	struct block *blocks; /* the one in use first, the first one last */
};

static void grow(struct scratch *scratch, size_t size)
{
	struct block *const block = bm_alloc(sizeof *block + size);
	*block = (struct block){.next = scratch->blocks, .size = size};
	scratch->blocks = block;
}

struct scratch *scratch_new(void)
{
	struct scratch *const scratch = bm_zalloc(1, sizeof *scratch);
	grow(scratch, BLOCK_BYTES);
	return scratch;
}

void scratch_reset(struct scratch *scratch)
{
	while (scratch->blocks->next) {
		struct block *const next = scratch->blocks->next;
		bm_free(scratch->blocks);
		scratch->blocks = next;
	}
	scratch->blocks->used = 0;
}

void scratch_free(struct scratch *scratch)
{
	if (scratch == NULL)
		return;
	scratch_reset(scratch);
	bm_free(scratch->blocks);
	bm_free(scratch);
}

uint8_t *scratch_take(struct scratch *scratch, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (scratch->blocks->size - scratch->blocks->used < size)
		grow(scratch, size > BLOCK_BYTES ? size : BLOCK_BYTES);
	uint8_t *const piece = scratch->blocks->data + scratch->blocks->used;
	scratch->blocks->used += size;
	return piece;
}

struct bm_bytes scratch_lower(struct scratch *scratch, struct bm_bytes run)
{
	uint8_t *const copy = scratch_take(scratch, run.size);
	for (size_t i = 0; i < run.size; i++)
		copy[i] = bm_lower(run.data[i]);
	return (struct bm_bytes){copy, run.size};
}

struct bm_bytes scratch_unfold(struct scratch *scratch, struct bm_bytes run, size_t limit)
{
	run = run_first(run_trim(run), limit);
	if (bm_bytes_find(run, 0, '\n') == run.size && bm_bytes_find(run, 0, '\r') == run.size &&
	    bm_bytes_find(run, 0, 0) == run.size)
		return run_trim(run);
	uint8_t *const copy = scratch_take(scratch, run.size);
	size_t size = 0;
	for (size_t i = 0; i < run.size; i++) {
		const uint8_t byte = run.data[i];
		if (byte == 0)
			continue;
		if (byte != '\n' && byte != '\r') {
			copy[size++] = byte;
			continue;
		}
		while (size && is_blank(copy[size - 1]))
			size--;
		while (i + 1 < run.size && is_blank(run.data[i + 1]))
			i++;
		copy[size++] = ' ';
	}
	return run_trim((struct bm_bytes){copy, size});
}
