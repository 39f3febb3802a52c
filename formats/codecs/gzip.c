/* gzip.c - gzip members (RFC 1952), decoded by ISA-L where it is built in, by zlib elsewhere.
 *
 * The wrapper is read here and only the deflate data inside goes to a library.  The reasons: ISA-L
 * stops at a member's end and must be started again anyway; both engines then agree on what a
 * header may hold and say the same words about a bad one; and a header that arrives one byte at a
 * time is nobody's special case.  The header's name, comment and extra field are skipped without
 * being kept, so an endless name costs time, not memory.
 *
 * A decoder goes round: magic, fixed fields, extra, name, comment, header checksum, body, trailer,
 * and back to the magic.  Reserved flags are refused, as gzip(1) does.  The trailer is compared
 * when all data has been handed out: a bad checksum never costs the data.
 *
 * ISA-L reads ahead: at the end of a member up to eight bytes are in its bit buffer.  The trailer
 * is eight bytes long, so whatever it took belongs to the trailer and nothing must ever be put
 * back.
 *
 * Two more of its habits matter for damaged input.  On a distance too far back its fast loop has
 * already counted the bytes it could not copy, which would hand out whatever was in the buffer; so
 * the state is saved before each call, and a call that fails is done again byte by byte, where the
 * slow loop stops in front of the bad symbol.  And an error does not flush what is still in its own
 * buffer: LAST_WORDS does.  Saving costs less than 3 % at windows of
 * 64 KiB and more.  What remains: where the input is cut, ISA-L may hand out a byte or two less
 * than zlib, since it decodes literals in packs.
 *
 * Setting BM_DISABLE_ISAL in the environment selects zlib, the plain twin, for tests.
 *
 * At the end: compression for documents.  Measured on 235 MB of a worksheet: ISA-L 0.21 s, zlib 1.76 s, to
 * the same size.  What either makes is a matter of its version and, with ISA-L, of the processor.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#ifndef BM_HAVE_ISAL
#define BM_HAVE_ISAL 0
#endif
#if BM_HAVE_ISAL
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#endif

#include "bouncemill/codec.h"
#include "bouncemill/deflate.h"

enum {
	FLAG_HEADER_CRC = 0x02,
	FLAG_EXTRA = 0x04,
	FLAG_NAME = 0x08,
	FLAG_COMMENT = 0x10,
	FLAGS_RESERVED = 0xe0,
	FIXED_BYTES = 10,
	TRAILER_BYTES = 8,
	STEP_BYTES_MAX = 1 << 30, /* the libraries count in 32 bits */
};

/* In the order of the format: a member passes through all of them from the top.  LAST_WORDS is
 * where ISA-L goes when it found an error but still holds decoded bytes. */
enum place {
	MAGIC,
	FIXED,
	EXTRA_SIZE,
	EXTRA,
	NAME,
	COMMENT,
	HEADER_CRC,
	BODY,
	TRAILER,
	LAST_WORDS
};

struct gzip {
	enum place place;
	bool any;                   /* a member was complete */
	bool fast;                  /* ISA-L, not zlib */
	uint8_t flags;              /* of this member's header */
	uint8_t field[FIXED_BYTES]; /* what was gathered of the field at hand */
	unsigned field_size;
	unsigned extra_left; /* bytes */
	uint32_t header_crc;
	uint32_t crc;           /* of the body so far, when zlib decodes */
	uint32_t decoded_bytes; /* modulo 2^32, as the trailer has it */
	z_stream zlib;
#if BM_HAVE_ISAL
	int error; /* of ISA-L */
	struct inflate_state isal;
	struct inflate_state saved; /* as isal was before the last call */
#endif
};

/* damaged - BM_DAMAGED, with its reason set */
static enum bm_err damaged(struct bm_codec_io *io, const char *kind, const char *words)
{
	snprintf(io->reason, sizeof io->reason, "%s%s", kind, words);
	return BM_DAMAGED;
}

/* take - nothing; size bytes of input are done with */
static void take(struct bm_codec_io *io, size_t size)
{
	io->in += size;
	io->in_size -= size;
}

/* gather - true when wanted bytes of the field at hand are there */
static bool gather(struct gzip *gzip, struct bm_codec_io *io, unsigned wanted)
{
	while (gzip->field_size < wanted && io->in_size > 0) {
		gzip->field[gzip->field_size++] = *io->in;
		take(io, 1);
	}
	return gzip->field_size == wanted;
}

/* sum_header - nothing; these bytes are part of the header */
static void sum_header(struct gzip *gzip, const uint8_t *data, size_t size)
{
	if (gzip->flags & FLAG_HEADER_CRC)
		gzip->header_crc = (uint32_t)crc32_z(gzip->header_crc, data, size);
}

/* enter - nothing; go to the next place this member has, at place or behind it */
static void enter(struct gzip *gzip, enum place place)
{
	if (place == EXTRA_SIZE && !(gzip->flags & FLAG_EXTRA))
		place = NAME;
	if (place == NAME && !(gzip->flags & FLAG_NAME))
		place = COMMENT;
	if (place == COMMENT && !(gzip->flags & FLAG_COMMENT))
		place = HEADER_CRC;
	if (place == HEADER_CRC && !(gzip->flags & FLAG_HEADER_CRC))
		place = BODY;
	gzip->place = place;
	gzip->field_size = 0;
}

/* read_magic - BM_OK, or BM_DAMAGED when what follows is no member; skips zero padding */
static enum bm_err read_magic(struct gzip *gzip, struct bm_codec_io *io)
{
	static const uint8_t magic[2] = {0x1f, 0x8b};

	while (gzip->field_size == 0 && io->in_size > 0 && *io->in == 0)
		take(io, 1);
	while (gzip->field_size < sizeof magic && io->in_size > 0) {
		if (*io->in != magic[gzip->field_size])
			return gzip->any ? damaged(io, "trailing garbage ignored", "")
					 : damaged(io, "corrupt: ", "not a gzip header");
		(void)gather(gzip, io, gzip->field_size + 1);
	}
	if (gzip->field_size == sizeof magic)
		gzip->place = FIXED;
	return BM_OK;
}

/* read_fixed - BM_OK, or BM_DAMAGED for a method or flags that nobody knows */
static enum bm_err read_fixed(struct gzip *gzip, struct bm_codec_io *io)
{
	if (!gather(gzip, io, FIXED_BYTES))
		return BM_OK;
	if (gzip->field[2] != Z_DEFLATED)
		return damaged(io, "corrupt: ", "unknown compression method");
	gzip->flags = gzip->field[3];
	if (gzip->flags & FLAGS_RESERVED)
		return damaged(io, "corrupt: ", "unknown header flags set");
	gzip->header_crc = 0;
	sum_header(gzip, gzip->field, FIXED_BYTES);
	enter(gzip, EXTRA_SIZE);
	return BM_OK;
}

/* read_extra_size - BM_OK */
static enum bm_err read_extra_size(struct gzip *gzip, struct bm_codec_io *io)
{
	if (!gather(gzip, io, 2))
		return BM_OK;
	sum_header(gzip, gzip->field, 2);
	gzip->extra_left = gzip->field[0] | (unsigned)gzip->field[1] << 8;
	enter(gzip, EXTRA);
	return BM_OK;
}

/* skip_extra - BM_OK */
static enum bm_err skip_extra(struct gzip *gzip, struct bm_codec_io *io)
{
	const size_t size = io->in_size < gzip->extra_left ? io->in_size : gzip->extra_left;

	sum_header(gzip, io->in, size);
	take(io, size);
	gzip->extra_left -= (unsigned)size;
	if (gzip->extra_left == 0)
		enter(gzip, NAME);
	return BM_OK;
}

/* skip_text - BM_OK; name and comment end with a NUL */
static enum bm_err skip_text(struct gzip *gzip, struct bm_codec_io *io)
{
	const uint8_t *const nul = io->in_size > 0 ? memchr(io->in, 0, io->in_size) : NULL;
	const size_t size = nul ? (size_t)(nul - io->in) + 1 : io->in_size;

	sum_header(gzip, io->in, size);
	take(io, size);
	if (nul)
		enter(gzip, gzip->place == NAME ? COMMENT : HEADER_CRC);
	return BM_OK;
}

/* check_header - BM_OK, or BM_DAMAGED when the header's own checksum is another */
static enum bm_err check_header(struct gzip *gzip, struct bm_codec_io *io)
{
	if (!gather(gzip, io, 2))
		return BM_OK;
	if ((gzip->header_crc & 0xffff) != (gzip->field[0] | (uint32_t)gzip->field[1] << 8))
		return damaged(io, "corrupt: ", "header checksum mismatch");
	enter(gzip, BODY);
	return BM_OK;
}

/* start_body - nothing; the engine is ready for a new member */
static void start_body(struct gzip *gzip)
{
	gzip->crc = 0;
	gzip->decoded_bytes = 0;
#if BM_HAVE_ISAL
	if (gzip->fast) {
		isal_inflate_init(&gzip->isal);
		gzip->isal.crc_flag = ISAL_GZIP_NO_HDR;
		return;
	}
#endif
	(void)inflateReset(&gzip->zlib);
}

/* gave - nothing; size bytes of output were written */
static void gave(struct gzip *gzip, struct bm_codec_io *io, size_t size)
{
	io->out += size;
	io->out_size -= size;
	gzip->decoded_bytes += (uint32_t)size;
}

/* clamp - size, or as much as the libraries can count */
static uint32_t clamp(size_t size)
{
	return size < STEP_BYTES_MAX ? (uint32_t)size : STEP_BYTES_MAX;
}

#if BM_HAVE_ISAL
/* isal_words - what an error of ISA-L means */
static const char *isal_words(int error)
{
	switch (error) {
	case ISAL_INVALID_BLOCK:
		return "invalid block";
	case ISAL_INVALID_SYMBOL:
		return "invalid symbol";
	case ISAL_INVALID_LOOKBACK:
		return "invalid distance too far back";
	default:
		return "invalid deflate data";
	}
}

/* end_isal - nothing; what the bit buffer took is the begin of the trailer */
static void end_isal(struct gzip *gzip)
{
	const int32_t bits = gzip->isal.read_in_length;
	uint64_t rest = gzip->isal.read_in >> (bits % 8);

	gzip->crc = gzip->isal.crc;
	enter(gzip, TRAILER);
	for (int32_t byte = 0; byte < bits / 8; byte++, rest >>= 8)
		gzip->field[gzip->field_size++] = (uint8_t)rest;
}

/* say_last_words - BM_OK while there is more than room, then BM_DAMAGED */
static enum bm_err say_last_words(struct gzip *gzip, struct bm_codec_io *io)
{
	struct inflate_state *const state = &gzip->isal;
	const size_t held = (size_t)(state->tmp_out_valid - state->tmp_out_processed);
	const size_t size = held < io->out_size ? held : io->out_size;

	memcpy(io->out, state->tmp_out_buffer + state->tmp_out_processed, size);
	state->tmp_out_processed += (int32_t)size;
	gave(gzip, io, size);
	return size < held ? BM_OK : damaged(io, "corrupt: ", isal_words(gzip->error));
}

/* save_isal - nothing; the state as it is before a call can be had back */
static void save_isal(struct gzip *gzip)
{
	const struct inflate_state *const state = &gzip->isal;

	memcpy(&gzip->saved, state, offsetof(struct inflate_state, tmp_out_buffer));
	memcpy(gzip->saved.tmp_out_buffer, state->tmp_out_buffer, (size_t)state->tmp_out_valid);
}

/* call_isal - what the library said; one call with at most in_max bytes of input */
static int call_isal(struct gzip *gzip, struct bm_codec_io *io, size_t in_max)
{
	struct inflate_state *const state = &gzip->isal;
	const uint32_t in_size = clamp(io->in_size < in_max ? io->in_size : in_max);
	const uint32_t out_size = clamp(io->out_size);
	int error;

	state->next_in = (uint8_t *)(uintptr_t)io->in;
	state->avail_in = in_size;
	state->next_out = io->out;
	state->avail_out = out_size;
	error = isal_inflate(state);
	take(io, in_size - state->avail_in);
	gave(gzip, io, out_size - state->avail_out);
	return error;
}

/* replay_isal - what the library said; does the failed call again, one byte of input at a time */
static int replay_isal(struct gzip *gzip, struct bm_codec_io *io)
{
	int error;

	gzip->isal = gzip->saved;
	do {
		error = call_isal(gzip, io, 1);
	} while (error >= 0 && gzip->isal.block_state != ISAL_BLOCK_FINISH && io->in_size > 0 &&
		 io->out_size > 0);
	return error;
}

/* inflate_isal - BM_OK; goes on to the trailer when the body is complete, to LAST_WORDS on an error
 */
static enum bm_err inflate_isal(struct gzip *gzip, struct bm_codec_io *io)
{
	const struct bm_codec_io before = *io;
	const uint32_t decoded_bytes = gzip->decoded_bytes;
	int error;

	save_isal(gzip);
	error = call_isal(gzip, io, STEP_BYTES_MAX);
	if (error < 0) {
		*io = before;
		gzip->decoded_bytes = decoded_bytes;
		error = replay_isal(gzip, io);
	}
	if (error < 0) {
		gzip->error = error;
		enter(gzip, LAST_WORDS);
	} else if (gzip->isal.block_state == ISAL_BLOCK_FINISH) {
		end_isal(gzip);
	}
	return BM_OK;
}
#endif

/* inflate_zlib - BM_OK, or BM_DAMAGED; one call of the library */
static enum bm_err inflate_zlib(struct gzip *gzip, struct bm_codec_io *io)
{
	z_stream *const zlib = &gzip->zlib;
	const uint32_t in_size = clamp(io->in_size);
	const uint32_t out_size = clamp(io->out_size);
	const uint8_t *const out = io->out;
	int error;

	zlib->next_in = (Bytef *)(uintptr_t)io->in;
	zlib->avail_in = in_size;
	zlib->next_out = io->out;
	zlib->avail_out = out_size;
	error = inflate(zlib, Z_NO_FLUSH);
	take(io, in_size - zlib->avail_in);
	gave(gzip, io, out_size - zlib->avail_out);
	gzip->crc = (uint32_t)crc32_z(gzip->crc, out, out_size - zlib->avail_out);
	if (error == Z_MEM_ERROR)
		return damaged(io, "not enough memory to decode", "");
	if (error == Z_STREAM_END)
		enter(gzip, TRAILER);
	else if (error != Z_OK && error != Z_BUF_ERROR)
		return damaged(io, "corrupt: ", zlib->msg ? zlib->msg : "invalid deflate data");
	return BM_OK;
}

/* read_body - BM_OK when input or room ran out or the body is complete, or BM_DAMAGED */
static enum bm_err read_body(struct gzip *gzip, struct bm_codec_io *io)
{
	while (gzip->place == BODY && io->out_size > 0) {
		const size_t before = io->in_size + io->out_size;
#if BM_HAVE_ISAL
		BM_TRY(gzip->fast ? inflate_isal(gzip, io) : inflate_zlib(gzip, io));
#else
		BM_TRY(inflate_zlib(gzip, io));
#endif
		if (io->in_size + io->out_size == before)
			break;
	}
	return BM_OK;
}

/* load32 - the little-endian number at data */
static uint32_t load32(const uint8_t *data)
{
	return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

/* check_trailer - BM_OK, or BM_DAMAGED when the data is not what was compressed */
static enum bm_err check_trailer(struct gzip *gzip, struct bm_codec_io *io)
{
	if (!gather(gzip, io, TRAILER_BYTES))
		return BM_OK;
	if (load32(gzip->field) != gzip->crc || load32(gzip->field + 4) != gzip->decoded_bytes)
		return damaged(io, "checksum mismatch", "");
	gzip->any = true;
	enter(gzip, MAGIC);
	return BM_OK;
}

/* move - BM_OK, or BM_DAMAGED; as far as the field at hand goes */
static enum bm_err move(struct gzip *gzip, struct bm_codec_io *io)
{
	switch (gzip->place) {
	case MAGIC:
		return read_magic(gzip, io);
	case FIXED:
		return read_fixed(gzip, io);
	case EXTRA_SIZE:
		return read_extra_size(gzip, io);
	case EXTRA:
		return skip_extra(gzip, io);
	case NAME:
	case COMMENT:
		return skip_text(gzip, io);
	case HEADER_CRC:
		return check_header(gzip, io);
	case BODY:
		return read_body(gzip, io);
	case TRAILER:
		return check_trailer(gzip, io);
	case LAST_WORDS:
#if BM_HAVE_ISAL
		return say_last_words(gzip, io);
#else
		break;
#endif
	}
	return BM_OK;
}

/* gzip_step - see struct bm_codec; moves from field to field until one does not end */
static enum bm_err gzip_step(void *decoder, struct bm_codec_io *io)
{
	struct gzip *const gzip = decoder;
	enum place before;

	do {
		before = gzip->place;
		BM_TRY(move(gzip, io));
		if (gzip->place == BODY && before != BODY)
			start_body(gzip);
	} while (gzip->place != before);
	if (io->in_size > 0 || !io->in_last || (gzip->place >= BODY && io->out_size == 0))
		return BM_OK;
	if (gzip->place == MAGIC && gzip->field_size == 0)
		return BM_END;
	return damaged(io, "truncated: ", "unexpected end of compressed data");
}

/* gzip_sniff - do the first bytes belong to a gzip member */
static bool gzip_sniff(struct bm_bytes head)
{
	return head.size >= 2 && head.data[0] == 0x1f && head.data[1] == 0x8b;
}

/* gzip_open - a decoder, or NULL when memory is short */
static void *gzip_open(unsigned threads)
{
	struct gzip *const gzip = bm_zalloc(1, sizeof *gzip);

	(void)threads;
	gzip->fast = BM_HAVE_ISAL && !getenv("BM_DISABLE_ISAL");
	if (!gzip->fast && inflateInit2(&gzip->zlib, -MAX_WBITS) != Z_OK) {
		bm_free(gzip);
		return NULL;
	}
	return gzip;
}

/* gzip_close - frees the decoder */
static void gzip_close(void *decoder)
{
	struct gzip *const gzip = decoder;

	if (!gzip->fast)
		(void)inflateEnd(&gzip->zlib);
	bm_free(gzip);
}

const struct bm_codec bm_codec_gzip = {
	.name = "gzip",
	.sniff = gzip_sniff,
	.open = gzip_open,
	.step = gzip_step,
	.close = gzip_close,
};

/* --- the other way: deflate.h --- */

/* run_zlib - feed all of run and drain the stream; step is deflate or inflate; its last word */
static int run_zlib(z_stream *zlib, int (*step)(z_stream *, int), struct bm_bytes run,
		    struct bm_text *out, int flush)
{
	enum { ROOM_BYTES = 1 << 16 };
	int result;
	zlib->next_in = (uint8_t *)run.data; /* zlib reads it and does not say so */
	zlib->avail_in = (uInt)run.size;
	do {
		zlib->next_out = bm_text_room(out, ROOM_BYTES);
		zlib->avail_out = ROOM_BYTES;
		result = step(zlib, flush);
		out->size += ROOM_BYTES - zlib->avail_out;
	} while (result == Z_OK && zlib->avail_out == 0);
	return result;
}

/* deflate_zlib - the plain twin of deflate_isal */
static void deflate_zlib(struct bm_text *out, struct bm_bytes run, bool last)
{
	enum { LEVEL = 1, MEMORY = 9 };
	z_stream zlib = {0};
	if (deflateInit2(&zlib, LEVEL, Z_DEFLATED, -MAX_WBITS, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		bm_out_of_memory(run.size);
	run_zlib(&zlib, deflate, run, out, last ? Z_FINISH : Z_SYNC_FLUSH);
	deflateEnd(&zlib);
}

#if BM_HAVE_ISAL
/* deflate_isal - one call, which wants room for the worst */
static void deflate_isal(struct bm_text *out, struct bm_bytes run, bool last)
{
	enum { LEVEL = 1, LEVEL_BYTES = ISAL_DEF_LVL1_DEFAULT, SLACK_BYTES = 4096 };
	const size_t room = run.size + run.size / 64 + SLACK_BYTES;
	struct isal_zstream stream = {0};
	isal_deflate_stateless_init(&stream);
	stream.level = LEVEL;
	stream.level_buf_size = LEVEL_BYTES;
	/* What it finds there decides what it matches. */
	stream.level_buf = bm_zalloc(1, LEVEL_BYTES);
	stream.flush = FULL_FLUSH;
	stream.end_of_stream = last;
	stream.next_in = (uint8_t *)run.data; /* as with zlib */
	stream.avail_in = (uint32_t)run.size;
	stream.next_out = bm_text_room(out, room);
	stream.avail_out = (uint32_t)room;
	if (isal_deflate_stateless(&stream) == COMP_OK)
		out->size += room - stream.avail_out;
	else
		deflate_zlib(out, run, last);
	bm_free(stream.level_buf);
}
#endif

void bm_deflate(struct bm_text *out, struct bm_bytes run, bool last)
{
#if BM_HAVE_ISAL
	if (!getenv("BM_DISABLE_ISAL")) {
		deflate_isal(out, run, last);
		return;
	}
#endif
	deflate_zlib(out, run, last);
}

bool bm_inflate(struct bm_text *out, struct bm_bytes run, size_t size)
{
	const size_t start = out->size;
	z_stream zlib = {0};
	if (inflateInit2(&zlib, -MAX_WBITS) != Z_OK)
		bm_out_of_memory(size);
	const int result = run_zlib(&zlib, inflate, run, out, Z_NO_FLUSH);
	inflateEnd(&zlib);
	return result == Z_STREAM_END && out->size - start == size;
}

uint32_t bm_crc32(struct bm_bytes run)
{
#if BM_HAVE_ISAL
	return crc32_gzip_refl(0, run.data, run.size);
#else
	return (uint32_t)crc32_z(0, run.data, run.size);
#endif
}

uint32_t bm_crc32_join(uint32_t left, uint32_t right, uint64_t right_size)
{
	return (uint32_t)crc32_combine64(left, right, (z_off64_t)right_size);
}
