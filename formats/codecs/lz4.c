/* lz4.c - lz4 frames, one behind another, skippable ones between them.
 *
 * Like libzstd, liblz4 forgets what it wrote in the call that finds an error, so it is fed one
 * block at a time: its hint is the block and the four bytes of the next block's header, and those
 * four are held back.  When a call has filled the output the next one gets no input.  A frame
 * header is gathered here and given whole: then an error is known to be one of the header, and in
 * the first frame that says that the file is something else.
 *
 * The format of before lz4 1.4 (lz4 -l) is recognised by its magic and refused.
 */
#include <ctype.h>
#include <stdio.h>

#include <lz4frame.h>

#include "bouncemill/codec.h"

enum {
	MAGIC_BYTES = 4,
	HEAD_BYTES_MIN = LZ4F_MIN_SIZE_TO_KNOW_HEADER_LENGTH,
	BLOCK_HEAD_BYTES = 4,
};

enum kind { UNKNOWN, FRAME, SKIPPABLE, LEGACY };

struct lz4 {
	LZ4F_dctx *context;
	size_t hint;   /* bytes liblz4 wants next; 0 = between frames */
	bool any;      /* a frame was complete */
	bool flushing; /* the last call filled the output: there may be more */
	uint8_t head[LZ4F_HEADER_SIZE_MAX];
	unsigned head_size;
};

/* damaged - BM_DAMAGED, with its reason set */
static enum bm_err damaged(struct bm_codec_io *io, const char *kind, const char *words)
{
	snprintf(io->reason, sizeof io->reason, "%s%s", kind, words);
	return BM_DAMAGED;
}

/* library_damaged - BM_DAMAGED, with the words of liblz4's error, which are those of its enum */
static enum bm_err library_damaged(struct bm_codec_io *io, const char *kind, size_t result)
{
	const char *const name = LZ4F_getErrorName(result);
	const char *const end = io->reason + sizeof io->reason - 2;
	char *to = io->reason + strlen(kind);

	if (strcmp(name, "ERROR_contentChecksum_invalid") == 0)
		return damaged(io, "checksum mismatch", "");
	if (strcmp(name, "ERROR_allocation_failed") == 0)
		return damaged(io, "not enough memory to decode", "");
	(void)damaged(io, kind, "");
	for (const char *from = strncmp(name, "ERROR_", 6) ? name : name + 6; *from && to < end;
	     from++) {
		if (isupper((unsigned char)*from))
			*to++ = ' ';
		*to++ = *from == '_' ? ' ' : (char)tolower((unsigned char)*from);
	}
	*to = '\0';
	return BM_DAMAGED;
}

/* take - nothing; size bytes of input are done with */
static void take(struct bm_codec_io *io, size_t size)
{
	io->in += size;
	io->in_size -= size;
}

/* kind_of - what these bytes begin, or may begin when they are fewer than a magic */
static enum kind kind_of(const uint8_t *data, size_t size)
{
	static const uint8_t frame[] = {0x04, 0x22, 0x4d, 0x18};
	static const uint8_t legacy[] = {0x02, 0x21, 0x4c, 0x18};
	static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18};
	const size_t known = size < MAGIC_BYTES ? size : MAGIC_BYTES;

	if (known == 0)
		return UNKNOWN;
	if (memcmp(data, frame, known) == 0)
		return FRAME;
	if (memcmp(data, legacy, known) == 0)
		return LEGACY;
	if ((data[0] & 0xf0) == skippable[0] && memcmp(data + 1, skippable + 1, known - 1) == 0)
		return SKIPPABLE;
	return UNKNOWN;
}

/* feed - what liblz4 said: its next hint or an error; size is set to what it took of data */
static size_t feed(struct lz4 *lz4, struct bm_codec_io *io, const uint8_t *data, size_t *size)
{
	size_t written = io->out_size;
	const size_t result = LZ4F_decompress(lz4->context, io->out, &written, data, size, NULL);

	if (LZ4F_isError(result))
		return result;
	lz4->flushing = written == io->out_size;
	io->out += written;
	io->out_size -= written;
	lz4->hint = result;
	lz4->any = lz4->any || result == 0;
	return result;
}

/* gather - true when wanted bytes of the header are there */
static bool gather(struct lz4 *lz4, struct bm_codec_io *io, size_t wanted)
{
	while (lz4->head_size < wanted && io->in_size > 0) {
		lz4->head[lz4->head_size++] = *io->in;
		take(io, 1);
	}
	return lz4->head_size >= wanted;
}

/* header_damaged - BM_DAMAGED, with what liblz4 says about a header */
static enum bm_err header_damaged(const struct lz4 *lz4, struct bm_codec_io *io, size_t result)
{
	return library_damaged(io,
			       lz4->any ? "corrupt: " : "unrecognised lz4 frame header: ", result);
}

/* no_frame - BM_DAMAGED: what follows is not ours */
static enum bm_err no_frame(const struct lz4 *lz4, struct bm_codec_io *io)
{
	if (lz4->any)
		return damaged(io, "trailing garbage ignored", "");
	return damaged(io, "unrecognised lz4 frame header: ", "frame type unknown");
}

/* read_head - BM_OK, or BM_DAMAGED; skips zero padding, then gathers and feeds a frame header */
static enum bm_err read_head(struct lz4 *lz4, struct bm_codec_io *io)
{
	size_t header_size;
	size_t result;

	while (lz4->head_size == 0 && io->in_size > 0 && *io->in == 0)
		take(io, 1);
	if (!gather(lz4, io, MAGIC_BYTES))
		return BM_OK;
	if (kind_of(lz4->head, MAGIC_BYTES) == UNKNOWN)
		return no_frame(lz4, io);
	if (kind_of(lz4->head, MAGIC_BYTES) == LEGACY)
		return damaged(io, "unrecognised lz4 frame header: ", "legacy format, unsupported");
	if (!gather(lz4, io, HEAD_BYTES_MIN))
		return BM_OK;
	header_size = LZ4F_headerSize(lz4->head, lz4->head_size);
	if (LZ4F_isError(header_size))
		return header_damaged(lz4, io, header_size);
	if (!gather(lz4, io, header_size))
		return BM_OK;
	lz4->head_size = 0;
	result = feed(lz4, io, lz4->head, &header_size);
	return LZ4F_isError(result) ? header_damaged(lz4, io, result) : BM_OK;
}

/* read_frame - BM_OK when input or room ran out or the frame is complete, or BM_DAMAGED */
static enum bm_err read_frame(struct lz4 *lz4, struct bm_codec_io *io)
{
	while (lz4->hint > 0 && io->out_size > 0 && (io->in_size > 0 || lz4->flushing)) {
		const size_t wanted =
			lz4->hint > BLOCK_HEAD_BYTES ? lz4->hint - BLOCK_HEAD_BYTES : lz4->hint;
		size_t size = lz4->flushing ? 0 : wanted < io->in_size ? wanted : io->in_size;
		const size_t result = feed(lz4, io, io->in, &size);

		if (LZ4F_isError(result))
			return library_damaged(io, "corrupt: ", result);
		take(io, size);
	}
	return BM_OK;
}

/* lz4_step - see struct bm_codec; headers and frames in turn until input or room runs out */
static enum bm_err lz4_step(void *decoder, struct bm_codec_io *io)
{
	struct lz4 *const lz4 = decoder;

	do {
		if (lz4->hint == 0)
			BM_TRY(read_head(lz4, io));
		BM_TRY(read_frame(lz4, io));
	} while (io->in_size > 0 && io->out_size > 0);
	if (io->in_size > 0 || !io->in_last || (lz4->hint > 0 && io->out_size == 0))
		return BM_OK;
	if (lz4->hint == 0 && lz4->head_size == 0)
		return BM_END;
	if (lz4->hint == 0 && kind_of(lz4->head, lz4->head_size) == UNKNOWN)
		return no_frame(lz4, io);
	return damaged(io, "truncated: ", "unexpected end of compressed data");
}

/* lz4_sniff - do the first bytes belong to lz4; zstd, which has the same skippable frames, is asked
 * first and claims those that do not show an lz4 frame behind them */
static bool lz4_sniff(struct bm_bytes head)
{
	return head.size >= 2 && kind_of(head.data, head.size) != UNKNOWN;
}

/* lz4_open - a decoder, or NULL when memory is short */
static void *lz4_open(unsigned threads)
{
	struct lz4 *const lz4 = bm_zalloc(1, sizeof *lz4);

	(void)threads;
	if (LZ4F_isError(LZ4F_createDecompressionContext(&lz4->context, LZ4F_VERSION))) {
		bm_free(lz4);
		return NULL;
	}
	return lz4;
}

/* lz4_close - frees the decoder */
static void lz4_close(void *decoder)
{
	struct lz4 *const lz4 = decoder;

	(void)LZ4F_freeDecompressionContext(lz4->context);
	bm_free(lz4);
}

const struct bm_codec bm_codec_lz4 = {
	.name = "lz4",
	.sniff = lz4_sniff,
	.open = lz4_open,
	.step = lz4_step,
	.close = lz4_close,
};
