/* xz.c - .xz streams, decoded by liblzma, with threads where the caller grants some.
 *
 * Streams stand one behind another, with zero padding between them.  liblzma can join them itself
 * (LZMA_CONCATENATED) but then calls padding of a wrong length damage and trailing bytes a format
 * error, so each stream gets a decoder of its own and the border is crossed here.
 *
 * Only files of several blocks (xz -T, or a --block-size) gain from threads; liblzma goes back to
 * one thread by itself where blocks are too large for its share of memory.  A dictionary over the
 * limit is refused before it is allocated.  The old .lzma format has no magic and is not
 * recognised.
 */
#include <stdio.h>

#include <lzma.h>

#include "bouncemill/codec.h"

enum { MAGIC_BYTES = 6, THREADS_MAX = 64 };

/* The largest dictionary and what liblzma needs beside it; blocks in flight may take twice that. */
#define MEMORY_BYTES_MAX ((uint64_t)BM_CODEC_WINDOW_BYTES_MAX + ((uint64_t)1 << 20))

static const uint8_t stream_magic[MAGIC_BYTES] = {0xfd, '7', 'z', 'X', 'Z', 0};

struct xz {
	lzma_stream stream;
	unsigned threads;
	bool in_stream;
	bool any;           /* a stream was complete */
	unsigned head_size; /* bytes of the magic seen */
};

/* damaged - BM_DAMAGED, with its reason set */
static enum bm_err damaged(struct bm_codec_io *io, const char *kind, const char *words)
{
	snprintf(io->reason, sizeof io->reason, "%s%s", kind, words);
	return BM_DAMAGED;
}

/* needs_memory - BM_DAMAGED; the decoder with threads does not tell what it would have needed */
static enum bm_err needs_memory(const struct xz *xz, struct bm_codec_io *io)
{
	const unsigned long long mib = 1 << 20;
	const unsigned long long limit = MEMORY_BYTES_MAX / mib;
	const unsigned long long wanted = lzma_memusage(&xz->stream) / mib + 1;

	snprintf(io->reason, sizeof io->reason, "needs %s%llu MiB of memory, the limit is %llu MiB",
		 wanted > limit ? "" : "more than ", wanted > limit ? wanted : limit, limit);
	return BM_DAMAGED;
}

/* library_damaged - BM_DAMAGED, with the reason of an error of liblzma */
static enum bm_err library_damaged(const struct xz *xz, struct bm_codec_io *io, lzma_ret error)
{
	switch (error) {
	case LZMA_MEMLIMIT_ERROR:
		return needs_memory(xz, io);
	case LZMA_MEM_ERROR:
		return damaged(io, "not enough memory to decode", "");
	case LZMA_FORMAT_ERROR:
		return damaged(io, "corrupt: ", "file format not recognized");
	case LZMA_OPTIONS_ERROR:
		return damaged(io, "corrupt: ", "unsupported compression options");
	case LZMA_DATA_ERROR:
		return damaged(io, "corrupt: ", "compressed data is corrupt");
	default:
		return damaged(io, "corrupt: ", "internal error of liblzma");
	}
}

/* start_stream - LZMA_OK when a decoder for a new stream is ready */
static lzma_ret start_stream(struct xz *xz)
{
	lzma_mt options = {
		.threads = xz->threads,
		.memlimit_threading = 2 * MEMORY_BYTES_MAX,
		.memlimit_stop = MEMORY_BYTES_MAX,
	};

	if (xz->threads > 1)
		return lzma_stream_decoder_mt(&xz->stream, &options);
	return lzma_stream_decoder(&xz->stream, MEMORY_BYTES_MAX, 0);
}

/* code - what lzma_code said; one call of the library on the caller's windows */
static lzma_ret code(struct xz *xz, struct bm_codec_io *io)
{
	lzma_ret result;

	xz->stream.next_in = io->in;
	xz->stream.avail_in = io->in_size;
	xz->stream.next_out = io->out;
	xz->stream.avail_out = io->out_size;
	result = lzma_code(&xz->stream, io->in_last ? LZMA_FINISH : LZMA_RUN);
	io->in = xz->stream.next_in;
	io->in_size = xz->stream.avail_in;
	io->out = xz->stream.next_out;
	io->out_size = xz->stream.avail_out;
	return result;
}

/* read_stream - BM_OK when input or room ran out or the stream is complete, or BM_DAMAGED */
static enum bm_err read_stream(struct xz *xz, struct bm_codec_io *io)
{
	while (io->out_size > 0) {
		const size_t before = io->in_size + io->out_size;
		const lzma_ret result = code(xz, io);

		if (result == LZMA_STREAM_END) {
			xz->in_stream = false;
			xz->any = true;
			return BM_OK;
		}
		if (result == LZMA_BUF_ERROR)
			return io->in_last
				       ? damaged(io,
						 "truncated: ", "unexpected end of compressed data")
				       : BM_OK;
		if (result != LZMA_OK)
			return library_damaged(xz, io, result);
		if (!io->in_last && io->in_size + io->out_size == before)
			return BM_OK;
	}
	return BM_OK;
}

/* read_magic - BM_OK, or BM_DAMAGED; skips zero padding, starts a decoder behind a stream's magic
 */
static enum bm_err read_magic(struct xz *xz, struct bm_codec_io *io)
{
	for (; xz->head_size < MAGIC_BYTES && io->in_size > 0; io->in++, io->in_size--) {
		if (xz->head_size == 0 && *io->in == 0)
			continue;
		if (*io->in != stream_magic[xz->head_size])
			return xz->any ? damaged(io, "trailing garbage ignored", "")
				       : damaged(io, "corrupt: ", "file format not recognized");
		xz->head_size++;
	}
	if (xz->head_size == MAGIC_BYTES) {
		struct bm_codec_io magic = {.in = stream_magic, .in_size = MAGIC_BYTES};
		lzma_ret result = start_stream(xz);

		if (result == LZMA_OK)
			result = code(xz, &magic);
		if (result != LZMA_OK)
			return library_damaged(xz, io, result);
		xz->head_size = 0;
		xz->in_stream = true;
	}
	return BM_OK;
}

/* xz_step - see struct bm_codec; borders and streams in turn until input or room runs out */
static enum bm_err xz_step(void *decoder, struct bm_codec_io *io)
{
	struct xz *const xz = decoder;

	do {
		if (!xz->in_stream)
			BM_TRY(read_magic(xz, io));
		if (xz->in_stream)
			BM_TRY(read_stream(xz, io));
	} while (io->in_size > 0 && io->out_size > 0 && !xz->in_stream);
	if (io->in_size > 0 || !io->in_last || xz->in_stream)
		return BM_OK;
	if (xz->head_size > 0)
		return damaged(io, "truncated: ", "unexpected end of compressed data");
	return BM_END;
}

/* xz_sniff - do the first bytes belong to an .xz stream */
static bool xz_sniff(struct bm_bytes head)
{
	const size_t size = head.size < MAGIC_BYTES ? head.size : MAGIC_BYTES;

	return size >= 2 && memcmp(head.data, stream_magic, size) == 0;
}

/* xz_open - a decoder, or NULL when memory is short */
static void *xz_open(unsigned threads)
{
	struct xz *const xz = bm_zalloc(1, sizeof *xz);

	xz->stream = (lzma_stream)LZMA_STREAM_INIT;
	xz->threads = threads < THREADS_MAX ? threads : THREADS_MAX;
	if (start_stream(xz) != LZMA_OK) {
		lzma_end(&xz->stream);
		bm_free(xz);
		return NULL;
	}
	return xz;
}

/* xz_close - frees the decoder, ends its threads */
static void xz_close(void *decoder)
{
	struct xz *const xz = decoder;

	lzma_end(&xz->stream);
	bm_free(xz);
}

const struct bm_codec bm_codec_xz = {
	.name = "xz",
	.sniff = xz_sniff,
	.open = xz_open,
	.step = xz_step,
	.close = xz_close,
};
