/* plain.c - no compression: the last resort of the registry.
 *
 * Every file that no other codec recognises is plain, so sniff() refuses nothing and step() can
 * only copy.  A mapped plain file is never pumped through here; this codec is for pipes and for the
 * members of archives, where bytes arrive in windows.
 */
#include "bouncemill/codec.h"

/* plain_sniff - true: what nobody else knows is plain */
static bool plain_sniff(struct bm_bytes head)
{
	(void)head;
	return true;
}

/* plain_open - a decoder without state: any address that is not NULL */
static void *plain_open(unsigned threads)
{
	static char nothing;

	(void)threads;
	return &nothing;
}

/* plain_step - BM_OK after copying what fits, BM_END behind the last byte */
static enum bm_err plain_step(void *decoder, struct bm_codec_io *io)
{
	const size_t size = io->in_size < io->out_size ? io->in_size : io->out_size;

	(void)decoder;
	if (size > 0) {
		memcpy(io->out, io->in, size);
		io->in += size;
		io->in_size -= size;
		io->out += size;
		io->out_size -= size;
	}
	return io->in_last && io->in_size == 0 ? BM_END : BM_OK;
}

/* plain_close - nothing to free */
static void plain_close(void *decoder)
{
	(void)decoder;
}

const struct bm_codec bm_codec_plain = {
	.name = "plain",
	.sniff = plain_sniff,
	.open = plain_open,
	.step = plain_step,
	.close = plain_close,
};
