/* bzip2.c - bzip2 streams, one behind another, as bzip2 and pbzip2 write them.
 *
 * libbz2 wants a new decoder for each stream; one of 900 kB blocks takes 3.6 MB, whatever it
 * decodes to.  A stream of no blocks is a stream.  libbz2 has one code for everything that is wrong
 * inside a stream, so a bad checksum has the same reason as a bad block; either way the data before
 * it has been handed out.
 */
#include <stdio.h>

#include <bzlib.h>

#include "bouncemill/codec.h"

enum {
	MAGIC_BYTES = 4,          /* "BZh" and a level */
	BLOCK_MAGIC_BYTES = 6,    /* behind it: a block, or the end of the stream */
	STEP_BYTES_MAX = 1 << 30, /* libbz2 counts in 32 bits */
};

struct bzip2 {
	bz_stream stream;
	bool in_stream;
	bool any; /* a stream was complete */
	char head[MAGIC_BYTES];
	unsigned head_size;
};

/* damaged - BM_DAMAGED, with its reason set */
static enum bm_err damaged(struct bm_codec_io *io, const char *kind, const char *words)
{
	snprintf(io->reason, sizeof io->reason, "%s%s", kind, words);
	return BM_DAMAGED;
}

/* library_damaged - BM_DAMAGED, with the reason of an error of libbz2 */
static enum bm_err library_damaged(struct bm_codec_io *io, int error)
{
	switch (error) {
	case BZ_MEM_ERROR:
		return damaged(io, "not enough memory to decode", "");
	case BZ_DATA_ERROR:
		return damaged(io, "corrupt: ", "data integrity error");
	case BZ_DATA_ERROR_MAGIC:
		return damaged(io, "corrupt: ", "bad magic number");
	default:
		return damaged(io, "corrupt: ", "internal error of libbz2");
	}
}

/* fits_magic - can byte number at of a stream be this */
static bool fits_magic(unsigned at, uint8_t byte)
{
	return at < 3 ? byte == (uint8_t) "BZh"[at] : byte >= '1' && byte <= '9';
}

/* clamp - size, or as much as the library can count */
static unsigned clamp(size_t size)
{
	return size < STEP_BYTES_MAX ? (unsigned)size : STEP_BYTES_MAX;
}

/* start_stream - BM_OK, or BM_DAMAGED; a new decoder has eaten the magic */
static enum bm_err start_stream(struct bzip2 *bzip2, struct bm_codec_io *io)
{
	bz_stream *const stream = &bzip2->stream;
	char nowhere;
	int result;

	*stream = (bz_stream){0};
	result = BZ2_bzDecompressInit(stream, 0, 0);
	if (result != BZ_OK)
		return library_damaged(io, result);
	bzip2->in_stream = true;
	bzip2->head_size = 0;
	stream->next_in = bzip2->head;
	stream->avail_in = MAGIC_BYTES;
	stream->next_out = &nowhere;
	stream->avail_out = 0;
	result = BZ2_bzDecompress(stream);
	return result == BZ_OK ? BM_OK : library_damaged(io, result);
}

/* decode - what libbz2 said; one call of the library on the caller's windows */
static int decode(struct bzip2 *bzip2, struct bm_codec_io *io)
{
	bz_stream *const stream = &bzip2->stream;
	const unsigned in_size = clamp(io->in_size);
	const unsigned out_size = clamp(io->out_size);
	int result;

	stream->next_in = (char *)(uintptr_t)io->in;
	stream->avail_in = in_size;
	stream->next_out = (char *)io->out;
	stream->avail_out = out_size;
	result = BZ2_bzDecompress(stream);
	io->in += in_size - stream->avail_in;
	io->in_size -= in_size - stream->avail_in;
	io->out += out_size - stream->avail_out;
	io->out_size -= out_size - stream->avail_out;
	return result;
}

/* read_stream - BM_OK when input or room ran out or the stream is complete, or BM_DAMAGED */
static enum bm_err read_stream(struct bzip2 *bzip2, struct bm_codec_io *io)
{
	while (io->out_size > 0) {
		const size_t before = io->in_size + io->out_size;
		const int result = decode(bzip2, io);

		if (result == BZ_STREAM_END) {
			(void)BZ2_bzDecompressEnd(&bzip2->stream);
			bzip2->in_stream = false;
			bzip2->any = true;
			return BM_OK;
		}
		if (result != BZ_OK)
			return library_damaged(io, result);
		if (io->in_size + io->out_size == before)
			return BM_OK;
	}
	return BM_OK;
}

/* read_magic - BM_OK, or BM_DAMAGED; skips zero padding, starts a decoder behind a stream's magic
 */
static enum bm_err read_magic(struct bzip2 *bzip2, struct bm_codec_io *io)
{
	for (; bzip2->head_size < MAGIC_BYTES && io->in_size > 0; io->in++, io->in_size--) {
		if (bzip2->head_size == 0 && *io->in == 0)
			continue;
		if (!fits_magic(bzip2->head_size, *io->in))
			return bzip2->any ? damaged(io, "trailing garbage ignored", "")
					  : damaged(io, "corrupt: ", "bad magic number");
		bzip2->head[bzip2->head_size++] = (char)*io->in;
	}
	return bzip2->head_size == MAGIC_BYTES ? start_stream(bzip2, io) : BM_OK;
}

/* bzip2_step - see struct bm_codec; borders and streams in turn until input or room runs out */
static enum bm_err bzip2_step(void *decoder, struct bm_codec_io *io)
{
	struct bzip2 *const bzip2 = decoder;

	do {
		if (!bzip2->in_stream)
			BM_TRY(read_magic(bzip2, io));
		if (bzip2->in_stream)
			BM_TRY(read_stream(bzip2, io));
	} while (io->in_size > 0 && io->out_size > 0 && !bzip2->in_stream);
	if (io->in_size > 0 || !io->in_last || (bzip2->in_stream && io->out_size == 0))
		return BM_OK;
	if (bzip2->in_stream || bzip2->head_size > 0)
		return damaged(io, "truncated: ", "unexpected end of compressed data");
	return BM_END;
}

/* bzip2_sniff - do the first bytes belong to a bzip2 stream */
static bool bzip2_sniff(struct bm_bytes head)
{
	static const uint8_t block[] = {0x31, 0x41, 0x59, 0x26, 0x53, 0x59};
	static const uint8_t end[] = {0x17, 0x72, 0x45, 0x38, 0x50, 0x90};
	const size_t known = head.size < MAGIC_BYTES ? head.size : MAGIC_BYTES;
	size_t rest = head.size - known;

	for (unsigned at = 0; at < known; at++) {
		if (!fits_magic(at, head.data[at]))
			return false;
	}
	rest = rest < BLOCK_MAGIC_BYTES ? rest : BLOCK_MAGIC_BYTES;
	return head.size >= 2 && (rest == 0 || memcmp(head.data + MAGIC_BYTES, block, rest) == 0 ||
				  memcmp(head.data + MAGIC_BYTES, end, rest) == 0);
}

/* bzip2_open - a decoder, or NULL when memory is short */
static void *bzip2_open(unsigned threads)
{
	(void)threads;
	return bm_zalloc(1, sizeof(struct bzip2));
}

/* bzip2_close - frees the decoder */
static void bzip2_close(void *decoder)
{
	struct bzip2 *const bzip2 = decoder;

	if (bzip2->in_stream)
		(void)BZ2_bzDecompressEnd(&bzip2->stream);
	bm_free(bzip2);
}

const struct bm_codec bm_codec_bzip2 = {
	.name = "bzip2",
	.sniff = bzip2_sniff,
	.open = bzip2_open,
	.step = bzip2_step,
	.close = bzip2_close,
};
