/* zstd.c - zstd frames (RFC 8878), one behind another, skippable ones between them.
 *
 * libzstd writes into the caller's window; nothing is copied here.  Two of its habits shape this
 * file.  When it finds an error it forgets what it wrote in the same call, so it is fed one block
 * at a time: then everything before a bad block, or before a bad checksum at the frame's end, has
 * been handed out already, and it is the same for every size of window.  And a frame that is cut is
 * no error to it: only the hint that is not zero at the end of input tells.
 *
 * The hint is what libzstd wants next, and it asks for the next block's header with each block.
 * Holding those three bytes back is all that feeding by blocks takes.  When a call has filled the
 * output the next one gets no input, since flushing and decoding in one call would lose the flushed
 * bytes to an error.
 *
 * A frame that lies whole in the input and fits into the output is decoded in one call, without
 * libzstd's own window and the copy out of it: 0.274 s of CPU instead of 0.309 s for 300 MB of log
 * in frames of 4 MB (fastest of 25, two cores shared with other work).  If that fails the frame is
 * read again by blocks, so damage looks the same either way.
 *
 * The frame header is gathered here before libzstd sees it, because only the header knows how large
 * a window is needed, and only its dictionary number says why nothing can be decoded.  Formats from
 * before zstd 0.8 are recognised by their magic and refused.
 */
#include <ctype.h>
#include <stdio.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "bouncemill/codec.h"

enum {
	MAGIC_BYTES = 4,
	HEAD_BYTES_MIN = 5, /* magic and descriptor: enough to know the header's size */
	HEAD_BYTES_MAX = 18,
	SKIP_HEAD_BYTES = 8,
	BLOCK_HEAD_BYTES = 3,
	BLOCK_BYTES_MAX = 1 << 17, /* decoded */
	SINGLE_SEGMENT = 0x20,
};

enum kind { UNKNOWN, FRAME, SKIPPABLE, LEGACY };

struct zstd {
	ZSTD_DStream *stream;
	size_t hint;   /* bytes libzstd wants next; 0 = between frames */
	bool any;      /* a frame was complete */
	bool flushing; /* the last call filled the output: there may be more */
	uint8_t head[HEAD_BYTES_MAX];
	unsigned head_size;
};

/* damaged - BM_DAMAGED, with its reason set */
static enum bm_err damaged(struct bm_codec_io *io, const char *kind, const char *words)
{
	const size_t size = strlen(kind);

	snprintf(io->reason, sizeof io->reason, "%s%s", kind, words);
	if (io->reason[size])
		io->reason[size] = (char)tolower((unsigned char)io->reason[size]);
	return BM_DAMAGED;
}

/* take - nothing; size bytes of input are done with */
static void take(struct bm_codec_io *io, size_t size)
{
	io->in += size;
	io->in_size -= size;
}

/* load - the little-endian number of size bytes at data */
static uint64_t load(const uint8_t *data, size_t size)
{
	uint64_t number = 0;

	while (size > 0)
		number = number << 8 | data[--size];
	return number;
}

/* kind_of - what the four bytes at data begin */
static enum kind kind_of(const uint8_t *data)
{
	const uint32_t magic = (uint32_t)load(data, MAGIC_BYTES);

	if (magic == ZSTD_MAGICNUMBER)
		return FRAME;
	if ((magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)
		return SKIPPABLE;
	if (magic == 0xfd2fb51e || (magic >= 0xfd2fb522 && magic <= 0xfd2fb527))
		return LEGACY;
	return UNKNOWN;
}

/* may_begin - could these bytes, fewer than a magic, be the begin of one */
static bool may_begin(const uint8_t *data, size_t size)
{
	static const uint8_t rest[2][MAGIC_BYTES] = {{0, 0xb5, 0x2f, 0xfd}, {0, 0x2a, 0x4d, 0x18}};
	const uint8_t first = size > 0 ? data[0] : 0;
	const bool skippable = (first & 0xf0) == 0x50;

	if (!skippable && first != 0x28 && first != 0x1e && !(first >= 0x22 && first <= 0x27))
		return false;
	return memcmp(data + 1, rest[skippable] + 1, size - 1) == 0;
}

/* window_field_size - bytes of the window descriptor, or 0 */
static unsigned window_field_size(uint8_t descriptor)
{
	return descriptor & SINGLE_SEGMENT ? 0 : 1;
}

/* dictionary_field_size - bytes of the dictionary number, or 0 */
static unsigned dictionary_field_size(uint8_t descriptor)
{
	static const uint8_t sizes[4] = {0, 1, 2, 4};

	return sizes[descriptor & 3];
}

/* content_field_size - bytes of the content size, or 0 */
static unsigned content_field_size(uint8_t descriptor)
{
	static const uint8_t sizes[4] = {0, 2, 4, 8};
	const unsigned size = sizes[descriptor >> 6];

	return size == 0 && descriptor & SINGLE_SEGMENT ? 1 : size;
}

/* head_size_of - bytes of the header that begins with these HEAD_BYTES_MIN */
static unsigned head_size_of(const uint8_t *head)
{
	const uint8_t descriptor = head[MAGIC_BYTES];

	if (kind_of(head) == SKIPPABLE)
		return SKIP_HEAD_BYTES;
	return HEAD_BYTES_MIN + window_field_size(descriptor) + dictionary_field_size(descriptor) +
	       content_field_size(descriptor);
}

/* window_of - bytes of window that the frame of this whole header needs */
static uint64_t window_of(const uint8_t *head)
{
	const uint8_t descriptor = head[MAGIC_BYTES];
	const uint8_t *const field = head + HEAD_BYTES_MIN;
	const unsigned content_size = content_field_size(descriptor);

	if (window_field_size(descriptor) > 0) {
		const uint64_t base = (uint64_t)1 << (10 + (field[0] >> 3));
		return base + base / 8 * (field[0] & 7);
	}
	return load(field + dictionary_field_size(descriptor), content_size) +
	       (content_size == 2 ? 256 : 0);
}

/* decoded_bound - how many bytes the whole frame of size bytes at data decodes to at most, told by its
 * blocks' headers: what was compressed from a pipe has no size in its own */
static uint64_t decoded_bound(const uint8_t *data, size_t size)
{
	enum { RLE = 1, COMPRESSED = 2 };
	const uint64_t window_bytes = window_of(data);
	const uint64_t block_max = window_bytes < BLOCK_BYTES_MAX ? window_bytes : BLOCK_BYTES_MAX;
	uint64_t bound = 0;
	size_t at = head_size_of(data);
	for (bool last = false; !last && at + BLOCK_HEAD_BYTES <= size;) {
		const uint64_t head = load(data + at, BLOCK_HEAD_BYTES);
		const uint64_t type = head >> 1 & 3, block_size = head >> 3;
		last = head & 1;
		bound += type == COMPRESSED ? block_max : block_size;
		at += BLOCK_HEAD_BYTES + (type == RLE ? 1 : (size_t)block_size);
	}
	return bound;
}

/* decoded_size - of the whole frame of size bytes at data: as its header claims, else at most */
static uint64_t decoded_size(const uint8_t *data, size_t size)
{
	const unsigned long long claim = ZSTD_getFrameContentSize(data, size);
	return claim < ZSTD_CONTENTSIZE_ERROR ? claim : decoded_bound(data, size);
}

/* check_head - BM_OK, or BM_DAMAGED when the frame of this whole header is not for us */
static enum bm_err check_head(const uint8_t *head, struct bm_codec_io *io)
{
	const uint8_t descriptor = head[MAGIC_BYTES];
	const uint8_t *const dictionary = head + HEAD_BYTES_MIN + window_field_size(descriptor);
	const uint64_t number = load(dictionary, dictionary_field_size(descriptor));
	const uint64_t window_bytes = window_of(head);
	const uint64_t mib = (uint64_t)1 << 20;

	if (kind_of(head) == SKIPPABLE)
		return BM_OK;
	if (number != 0) {
		snprintf(io->reason, sizeof io->reason, "needs dictionary %llu",
			 (unsigned long long)number);
		return BM_DAMAGED;
	}
	if (window_bytes > BM_CODEC_WINDOW_BYTES_MAX) {
		snprintf(io->reason, sizeof io->reason,
			 "needs a window of %llu MiB, the limit is %llu MiB",
			 (unsigned long long)(window_bytes / mib + (window_bytes % mib != 0)),
			 (unsigned long long)(BM_CODEC_WINDOW_BYTES_MAX / mib));
		return BM_DAMAGED;
	}
	return BM_OK;
}

/* library_damaged - BM_DAMAGED, with the reason of an error of libzstd */
static enum bm_err library_damaged(struct bm_codec_io *io, size_t result)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_checksum_wrong:
		return damaged(io, "checksum mismatch", "");
	case ZSTD_error_dictionary_wrong:
	case ZSTD_error_dictionary_corrupted:
		return damaged(io, "needs a dictionary", "");
	case ZSTD_error_memory_allocation:
		return damaged(io, "not enough memory to decode", "");
	default:
		return damaged(io, "corrupt: ", ZSTD_getErrorName(result));
	}
}

/* feed - BM_OK, or BM_DAMAGED; one call of the library with size bytes of data */
static enum bm_err feed(struct zstd *zstd, struct bm_codec_io *io, const uint8_t *data,
			size_t *size)
{
	ZSTD_inBuffer in = {data, *size, 0};
	ZSTD_outBuffer out = {io->out, io->out_size, 0};
	const size_t result = ZSTD_decompressStream(zstd->stream, &out, &in);

	if (ZSTD_isError(result))
		return library_damaged(io, result);
	zstd->hint = result;
	zstd->flushing = out.pos == out.size;
	io->out += out.pos;
	io->out_size -= out.pos;
	*size = in.pos;
	return BM_OK;
}

/* gather - true when wanted bytes of the header are there */
static bool gather(struct zstd *zstd, struct bm_codec_io *io, unsigned wanted)
{
	while (zstd->head_size < wanted && io->in_size > 0) {
		zstd->head[zstd->head_size++] = *io->in;
		take(io, 1);
	}
	return zstd->head_size == wanted;
}

/* no_frame - BM_DAMAGED: what follows is not ours */
static enum bm_err no_frame(const struct zstd *zstd, struct bm_codec_io *io)
{
	return zstd->any ? damaged(io, "trailing garbage ignored", "")
			 : damaged(io, "corrupt: ", "not a zstd frame");
}

/* read_head - BM_OK, or BM_DAMAGED; skips zero padding, then gathers and checks a frame header */
static enum bm_err read_head(struct zstd *zstd, struct bm_codec_io *io)
{
	size_t size;

	while (zstd->head_size == 0 && io->in_size > 0 && *io->in == 0)
		take(io, 1);
	if (zstd->head_size < MAGIC_BYTES && !gather(zstd, io, MAGIC_BYTES))
		return BM_OK;
	if (kind_of(zstd->head) == UNKNOWN)
		return no_frame(zstd, io);
	if (kind_of(zstd->head) == LEGACY)
		return damaged(io, "legacy zstd format, unsupported", "");
	if (zstd->head_size < HEAD_BYTES_MIN && !gather(zstd, io, HEAD_BYTES_MIN))
		return BM_OK;
	if (!gather(zstd, io, head_size_of(zstd->head)))
		return BM_OK;
	BM_TRY(check_head(zstd->head, io));
	size = zstd->head_size;
	zstd->head_size = 0;
	BM_TRY(feed(zstd, io, zstd->head, &size));
	zstd->any = zstd->any || zstd->hint == 0;
	return BM_OK;
}

/* read_frame - BM_OK when input or room ran out or the frame is complete, or BM_DAMAGED */
static enum bm_err read_frame(struct zstd *zstd, struct bm_codec_io *io)
{
	while (zstd->hint > 0 && io->out_size > 0 && (io->in_size > 0 || zstd->flushing)) {
		const size_t wanted =
			zstd->hint > BLOCK_HEAD_BYTES ? zstd->hint - BLOCK_HEAD_BYTES : zstd->hint;
		size_t size = zstd->flushing ? 0 : wanted < io->in_size ? wanted : io->in_size;

		BM_TRY(feed(zstd, io, io->in, &size));
		take(io, size);
	}
	zstd->any = zstd->any || zstd->hint == 0;
	return BM_OK;
}

/* read_whole - true when the frame at the head of the input was decoded in one call: all of it is
 * there, and so is the room.  If anything is wrong with it, it is read again block by block. */
static bool read_whole(struct zstd *zstd, struct bm_codec_io *io)
{
	if (zstd->head_size > 0 || io->in_size < HEAD_BYTES_MAX || kind_of(io->in) != FRAME)
		return false;
	if (check_head(io->in, io) != BM_OK)
		return false;
	const size_t size = ZSTD_findFrameCompressedSize(io->in, io->in_size);
	if (ZSTD_isError(size) || decoded_size(io->in, size) > io->out_size)
		return false;
	/* It is an error of libzstd's too when a frame does not hold what its header claims. */
	const size_t got = ZSTD_decompressDCtx(zstd->stream, io->out, io->out_size, io->in, size);
	if (ZSTD_isError(got)) {
		(void)ZSTD_DCtx_reset(zstd->stream, ZSTD_reset_session_only);
		return false;
	}
	take(io, size);
	io->out += got;
	io->out_size -= got;
	zstd->any = true;
	return true;
}

/* zstd_step - see struct bm_codec; headers and frames in turn until input or room runs out */
static enum bm_err zstd_step(void *decoder, struct bm_codec_io *io)
{
	struct zstd *const zstd = decoder;

	do {
		if (zstd->hint == 0 && read_whole(zstd, io))
			continue;
		if (zstd->hint == 0)
			BM_TRY(read_head(zstd, io));
		BM_TRY(read_frame(zstd, io));
	} while (io->in_size > 0 && io->out_size > 0);
	if (io->in_size > 0 || !io->in_last || (zstd->hint > 0 && io->out_size == 0))
		return BM_OK;
	if (zstd->hint > 0 || zstd->head_size >= MAGIC_BYTES)
		return damaged(io, "truncated: ", "unexpected end of compressed data");
	if (zstd->head_size == 0)
		return BM_END;
	if (!may_begin(zstd->head, zstd->head_size))
		return no_frame(zstd, io);
	return damaged(io, "truncated: ", "unexpected end of compressed data");
}

/* behind_skippable - the rest of head behind the skippable frames it begins with */
static struct bm_bytes behind_skippable(struct bm_bytes head)
{
	while (head.size >= SKIP_HEAD_BYTES && kind_of(head.data) == SKIPPABLE) {
		const uint64_t size = SKIP_HEAD_BYTES + load(head.data + MAGIC_BYTES, 4);
		head = bm_bytes_from(head, size < head.size ? (size_t)size : head.size);
	}
	return head;
}

/* zstd_sniff - do the first bytes belong to zstd; lz4 has the same skippable frames */
static bool zstd_sniff(struct bm_bytes head)
{
	const struct bm_bytes rest = behind_skippable(head);

	if (rest.size >= MAGIC_BYTES)
		return kind_of(rest.data) != UNKNOWN ||
		       (rest.data != head.data && load(rest.data, MAGIC_BYTES) == 0);
	return head.size >= 2 && (head.size >= MAGIC_BYTES || may_begin(head.data, head.size));
}

/* zstd_open - a decoder, or NULL when memory is short */
static void *zstd_open(unsigned threads)
{
	struct zstd *const zstd = bm_zalloc(1, sizeof *zstd);
	int window_log = 0;

	(void)threads;
	while ((size_t)2 << window_log <= BM_CODEC_WINDOW_BYTES_MAX)
		window_log++;
	zstd->stream = ZSTD_createDStream();
	if (!zstd->stream ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, window_log))) {
		ZSTD_freeDStream(zstd->stream);
		bm_free(zstd);
		return NULL;
	}
	return zstd;
}

/* zstd_close - frees the decoder */
static void zstd_close(void *decoder)
{
	struct zstd *const zstd = decoder;

	ZSTD_freeDStream(zstd->stream);
	bm_free(zstd);
}

/* zstd_part - true, with the first frame of rest and the zero padding behind it, when all of it is
 * there */
static bool zstd_part(struct bm_bytes rest, struct bm_codec_part *part)
{
	enum kind kind;

	if (rest.size < SKIP_HEAD_BYTES)
		return false;
	kind = kind_of(rest.data);
	if (kind != FRAME && kind != SKIPPABLE)
		return false;
	part->size = ZSTD_findFrameCompressedSize(rest.data, rest.size);
	if (ZSTD_isError(part->size) || part->size == 0 || part->size > rest.size)
		return false;
	part->decoded_bytes = 0;
	if (kind == FRAME) {
		const uint64_t decoded = decoded_size(rest.data, part->size);
		if (decoded > SIZE_MAX)
			return false;
		part->decoded_bytes = (size_t)decoded;
	}
	while (part->size < rest.size && rest.data[part->size] == 0)
		part->size++;
	return true;
}

const struct bm_codec bm_codec_zstd = {
	.name = "zstd",
	.sniff = zstd_sniff,
	.open = zstd_open,
	.step = zstd_step,
	.close = zstd_close,
	.part = zstd_part,
};
