/* test_codec.c - every codec against what is feared of compressed files.
 *
 * All inputs are made here by the libraries' own compressors.  Each fear is tried on each subject
 * of a table, in several sizes of window; gzip stands in it twice (ISA-L and zlib), xz too (one
 * thread and two).  What only one format has is tested below under its own name.
 */
#include "bouncemill/codec.h"

#include <bzlib.h>
#include <criterion/criterion.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

extern const struct bm_codec bm_codec_plain, bm_codec_gzip, bm_codec_zstd, bm_codec_xz,
	bm_codec_bzip2, bm_codec_lz4;

#define TRUNCATED "truncated: unexpected end of compressed data"
#define GARBAGE   "trailing garbage ignored"
#define MISMATCH  "checksum mismatch"

enum { ROOM = 1 << 20, ALL = 1 << 20, SOME = 4096, STEPS_MAX = 8 << 20 };

/* What came out of one decoding. */
struct outcome {
	enum bm_err err;
	char reason[160];
	size_t size;
	uint8_t *data;
};

struct subject {
	const char *name;
	const struct bm_codec *codec;
	size_t (*pack)(const uint8_t *data, size_t size, uint8_t *to);
	unsigned threads;
	const char *disable_isal;
};

static uint8_t text[ROOM];
static uint8_t packed[2 * ROOM];
static uint8_t first_data[ROOM];
static uint8_t second_data[ROOM];

/* make_text - lines like a log's, the same in each run */
static void make_text(size_t size)
{
	uint32_t state = 12345;
	size_t at = 0;

	while (at < size) {
		char line[256];
		state = state * 1664525 + 1013904223;
		const int wanted = snprintf(
			line, sizeof line,
			"Mar %2u %02u:%02u:%02u mx postfix/smtp[%u]: %08X: to=<u%u@example.com>, "
			"relay=mx.example.com[192.0.2.%u]:25, dsn=2.0.0, status=sent (250 Ok)\n",
			state >> 27, state >> 28, state >> 26 & 63, state >> 20 & 63, state >> 18,
			state * 2654435761u, state >> 22, state >> 24);
		const size_t part = (size_t)wanted < size - at ? (size_t)wanted : size - at;
		memcpy(text + at, line, part);
		at += part;
	}
}

static size_t pack_gzip(const uint8_t *data, size_t size, uint8_t *to)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (unsigned)size};
	stream.next_out = to;
	stream.avail_out = ROOM;
	cr_assert(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	cr_assert(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

static size_t pack_zstd(const uint8_t *data, size_t size, uint8_t *to)
{
	ZSTD_CCtx *const context = ZSTD_createCCtx();
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	const size_t packed_size = ZSTD_compress2(context, to, ROOM, data, size);
	cr_assert(!ZSTD_isError(packed_size));
	ZSTD_freeCCtx(context);
	return packed_size;
}

/* pack_zstd_unsized - a frame that does not tell its content's size */
static size_t pack_zstd_unsized(const uint8_t *data, size_t size, uint8_t *to)
{
	ZSTD_CCtx *const context = ZSTD_createCCtx();
	ZSTD_inBuffer in = {data, size, 0};
	ZSTD_outBuffer out = {to, ROOM, 0};
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
	cr_assert(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end) == 0);
	ZSTD_freeCCtx(context);
	return out.pos;
}

static size_t pack_xz(const uint8_t *data, size_t size, uint8_t *to)
{
	size_t packed_size = 0;
	cr_assert(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, data, size, to, &packed_size,
					  ROOM) == LZMA_OK);
	return packed_size;
}

/* pack_xz_blocks - many blocks that know their sizes, as xz -T writes them */
static size_t pack_xz_blocks(const uint8_t *data, size_t size, uint8_t *to)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	const lzma_mt options = {
		.threads = 1, .block_size = 8192, .preset = 1, .check = LZMA_CHECK_CRC32};
	cr_assert(lzma_stream_encoder_mt(&stream, &options) == LZMA_OK);
	stream.next_in = data;
	stream.avail_in = size;
	stream.next_out = to;
	stream.avail_out = ROOM;
	while (lzma_code(&stream, LZMA_FINISH) == LZMA_OK)
		;
	const size_t packed_size = stream.total_out;
	lzma_end(&stream);
	return packed_size;
}

static size_t pack_bzip2(const uint8_t *data, size_t size, uint8_t *to)
{
	unsigned packed_size = ROOM;
	cr_assert(BZ2_bzBuffToBuffCompress((char *)to, &packed_size, (char *)(uintptr_t)data,
					   (unsigned)size, 1, 0, 0) == BZ_OK);
	return packed_size;
}

static size_t pack_lz4(const uint8_t *data, size_t size, uint8_t *to)
{
	const LZ4F_preferences_t wishes = {
		.frameInfo = {.blockSizeID = LZ4F_max64KB,
			      .contentChecksumFlag = LZ4F_contentChecksumEnabled}};
	const size_t packed_size = LZ4F_compressFrame(to, ROOM, data, size, &wishes);
	cr_assert(!LZ4F_isError(packed_size));
	return packed_size;
}

static const struct subject subjects[] = {
	{"gzip by ISA-L", &bm_codec_gzip, pack_gzip, 1, NULL},
	{"gzip by zlib", &bm_codec_gzip, pack_gzip, 1, "1"},
	{"zstd", &bm_codec_zstd, pack_zstd, 1, NULL},
	{"zstd without sizes", &bm_codec_zstd, pack_zstd_unsized, 1, NULL},
	{"xz", &bm_codec_xz, pack_xz, 1, NULL},
	{"xz with threads", &bm_codec_xz, pack_xz_blocks, 2, NULL},
	{"bzip2", &bm_codec_bzip2, pack_bzip2, 1, NULL},
	{"lz4", &bm_codec_lz4, pack_lz4, 1, NULL},
};

#define FOR_EACH_SUBJECT(each)                                                                     \
	for (const struct subject *each = subjects;                                                \
	     each < subjects + sizeof subjects / sizeof *subjects; each++)

/* decode - the outcome of pumping size bytes through; windows are exact heap blocks, for ASan */
static struct outcome decode(const struct subject *subject, const uint8_t *data, size_t size,
			     size_t in_window, size_t out_window, uint8_t *to)
{
	struct outcome outcome = {.err = BM_OK, .data = to};
	struct bm_codec_io io = {0};
	uint8_t *const in = malloc(in_window < size ? in_window : size + 1);
	uint8_t *const out = malloc(out_window);
	size_t at = 0;

	if (subject->disable_isal)
		setenv("BM_DISABLE_ISAL", subject->disable_isal, 1);
	else
		unsetenv("BM_DISABLE_ISAL");
	void *const decoder = subject->codec->open(subject->threads);
	cr_assert_not_null(decoder);
	for (size_t steps = 0; outcome.err == BM_OK; steps++) {
		cr_assert(steps < STEPS_MAX, "%s does not end", subject->name);
		if (io.in_size == 0) {
			io.in_size = size - at < in_window ? size - at : in_window;
			memcpy(in, data + at, io.in_size);
			io.in = in;
			at += io.in_size;
			io.in_last = at == size;
		}
		io.out = out;
		io.out_size = out_window < ROOM - outcome.size ? out_window : ROOM - outcome.size;
		if (io.out_size == 0)
			break;
		outcome.err = subject->codec->step(decoder, &io);
		memcpy(to + outcome.size, out, (size_t)(io.out - out));
		outcome.size += (size_t)(io.out - out);
	}
	subject->codec->close(decoder);
	snprintf(outcome.reason, sizeof outcome.reason, "%s",
		 outcome.err == BM_DAMAGED ? io.reason : "");
	free(in);
	free(out);
	return outcome;
}

/* expect - all of the text came out, with this end */
static void expect(const struct subject *subject, struct outcome outcome, size_t size,
		   const char *reason)
{
	cr_assert(outcome.err == (*reason ? BM_DAMAGED : BM_END), "%s: ended with %d: %s",
		  subject->name, (int)outcome.err, outcome.reason);
	cr_assert_str_eq(outcome.reason, reason, "%s: said '%s', not '%s'", subject->name,
			 outcome.reason, reason);
	cr_assert_eq(outcome.size, size, "%s: %zu bytes, not %zu", subject->name, outcome.size,
		     size);
	cr_assert(memcmp(outcome.data, text, size) == 0, "%s: other bytes", subject->name);
}

/* expect_in_windows - the same end in every size of window */
static void expect_in_windows(const struct subject *subject, size_t packed_size, size_t size,
			      const char *reason)
{
	static const size_t windows[][2] = {{1, 1},     {1, 7},     {3, 1},      {7, 13},
					    {251, 509}, {1, ALL},   {ALL, 1},    {4097, 1021},
					    {ALL, ALL}, {333, ALL}, {ALL, 65536}};

	for (size_t index = 0; index < sizeof windows / sizeof *windows; index++)
		expect(subject,
		       decode(subject, packed, packed_size, windows[index][0], windows[index][1],
			      first_data),
		       size, reason);
}

/* pack_members - size of: half of the text, nothing, the other half; borders between members */
static size_t pack_members(const struct subject *subject, size_t size, size_t borders[3])
{
	const size_t half = size / 2;

	borders[0] = subject->pack(text, half, packed);
	borders[1] = borders[0] + subject->pack(text, 0, packed + borders[0]);
	borders[2] = borders[1] + subject->pack(text + half, size - half, packed + borders[1]);
	return borders[2];
}

Test(codec, round_trip_in_any_windows)
{
	make_text(90000);
	FOR_EACH_SUBJECT(subject)
	expect_in_windows(subject, subject->pack(text, 90000, packed), 90000, "");
}

Test(codec, members_are_one_stream)
{
	size_t borders[3];

	make_text(20000);
	FOR_EACH_SUBJECT(subject)
	expect_in_windows(subject, pack_members(subject, 20000, borders), 20000, "");
}

Test(codec, an_empty_member_is_an_empty_stream)
{
	FOR_EACH_SUBJECT(subject)
	expect_in_windows(subject, subject->pack(text, 0, packed), 0, "");
}

Test(codec, ten_thousand_empty_members_are_cheap)
{
	FOR_EACH_SUBJECT(subject)
	{
		const size_t size = subject->pack(text, 0, packed);
		for (size_t count = 1; count < 10000; count++)
			memcpy(packed + count * size, packed, size);
		expect(subject, decode(subject, packed, 10000 * size, ALL, ALL, first_data), 0, "");
	}
}

Test(codec, a_cut_at_any_byte_is_said)
{
	size_t borders[3];

	make_text(600);
	FOR_EACH_SUBJECT(subject)
	{
		const size_t size = pack_members(subject, 600, borders);
		for (size_t cut = 0; cut < size; cut++) {
			const bool whole = cut == 0 || cut == borders[0] || cut == borders[1];
			const struct outcome outcome =
				decode(subject, packed, cut, cut % 3 ? SOME : 5, cut % 2 ? SOME : 3,
				       first_data);
			cr_assert(outcome.err == (whole ? BM_END : BM_DAMAGED),
				  "%s: cut at %zu of %zu: %d", subject->name, cut, size,
				  (int)outcome.err);
			cr_assert_str_eq(outcome.reason, whole ? "" : TRUNCATED,
					 "%s: cut at %zu: %s", subject->name, cut, outcome.reason);
			cr_assert(outcome.size <= 600 && !memcmp(first_data, text, outcome.size));
			cr_assert(cut < borders[0] || outcome.size >= 300);
		}
	}
}

Test(codec, a_flipped_byte_neither_crashes_nor_hangs)
{
	size_t borders[3];

	make_text(600);
	FOR_EACH_SUBJECT(subject)
	{
		const size_t size = pack_members(subject, 600, borders);
		for (size_t at = 0; at < size; at++) {
			const uint8_t bits = at % 2 ? 0x01 : 0x80;
			packed[at] ^= bits;
			const struct outcome whole =
				decode(subject, packed, size, SOME, SOME, first_data);
			const struct outcome drops =
				decode(subject, packed, size, 3, 5, second_data);
			packed[at] ^= bits;
			const size_t both = whole.size < drops.size ? whole.size : drops.size;
			cr_assert(!memcmp(first_data, second_data, both));
			cr_assert_eq(whole.err, drops.err, "%s: byte %zu", subject->name, at);
			cr_assert(at < borders[1] || whole.size >= 300, "%s: lost data",
				  subject->name);
		}
	}
}

Test(codec, zero_padding_is_skipped)
{
	static const size_t paddings[] = {1, 3, 4, 512, 100000};

	make_text(3000);
	FOR_EACH_SUBJECT(subject)
	{
		for (size_t index = 0; index < sizeof paddings / sizeof *paddings; index++) {
			const size_t padding = paddings[index];
			const size_t head = subject->pack(text, 1000, packed);
			memset(packed + head, 0, padding);
			const size_t both =
				head + padding +
				subject->pack(text + 1000, 2000, packed + head + padding);
			memset(packed + both, 0, padding);
			expect_in_windows(subject, both + padding, 3000, "");
		}
	}
}

Test(codec, trailing_garbage_is_said_and_costs_nothing)
{
	static const char *const garbages[] = {"garbage behind the end\n", "x", "\n", "BZhx",
					       "\x1fx"};

	make_text(3000);
	FOR_EACH_SUBJECT(subject)
	{
		const size_t size = subject->pack(text, 3000, packed);
		for (size_t index = 0; index < sizeof garbages / sizeof *garbages; index++) {
			const size_t length = strlen(garbages[index]);
			memcpy(packed + size, garbages[index], length);
			expect_in_windows(subject, size + length, 3000, GARBAGE);
			memset(packed + size, 0, 5);
			memcpy(packed + size + 5, garbages[index], length);
			expect_in_windows(subject, size + 5 + length, 3000, GARBAGE);
		}
	}
}

/* expect_kept - everything came out although byte at of the packed text is wrong */
static void expect_kept(const struct subject *subject, size_t packed_size, size_t at,
			const char *reason)
{
	packed[at] ^= 0x10;
	expect_in_windows(subject, packed_size, 200000, reason);
}

Test(codec, a_bad_checksum_keeps_the_data)
{
	make_text(200000);
	FOR_EACH_SUBJECT(subject)
	{
		const size_t size = subject->pack(text, 200000, packed);
		if (subject->codec == &bm_codec_bzip2) {
			expect_kept(subject, size, size - 3, "corrupt: data integrity error");
		} else if (subject->codec == &bm_codec_xz) {
			const size_t index_size = 4 * ((size_t)packed[size - 8] + 1);
			expect_kept(subject, size, size - 12 - index_size - 1,
				    "corrupt: compressed data is corrupt");
		} else {
			expect_kept(subject, size, size - 1, MISMATCH);
		}
	}
}

Test(codec, bombs_go_through_a_small_window)
{
	uint8_t *const zeros = calloc(1, ROOM / 2);

	FOR_EACH_SUBJECT(subject)
	{
		size_t size = 0;
		for (int count = 0; count < 30; count++)
			size += subject->pack(zeros, ROOM / 2, packed + size);
		size_t total = 0;
		uint8_t window[4096];
		struct bm_codec_io io = {.in = packed, .in_size = size, .in_last = true};
		void *const decoder = subject->codec->open(1);
		enum bm_err err = BM_OK;
		while (err == BM_OK) {
			io.out = window;
			io.out_size = sizeof window;
			err = subject->codec->step(decoder, &io);
			total += sizeof window - io.out_size;
		}
		subject->codec->close(decoder);
		cr_assert_eq(err, BM_END);
		cr_assert_eq(total, (size_t)15 * ROOM);
	}
	free(zeros);
}

Test(codec, each_sniffs_its_own_and_prefixes_of_it)
{
	const struct bm_bytes log = BM_BYTES("Mar  1 00:00:00 mx postfix/smtp[1]: 0: to=<a@b>");

	make_text(500);
	FOR_EACH_SUBJECT(subject)
	{
		size_t size = subject->pack(text, 500, packed);
		cr_assert(!subject->codec->sniff(log));
		cr_assert(!subject->codec->sniff((struct bm_bytes){packed, 1}));
		cr_assert(!subject->codec->sniff((struct bm_bytes){packed, 0}));
		for (size = size < 512 ? size : 512; size >= 2; size--) {
			const struct bm_bytes head = {packed, size};
			cr_assert(subject->codec->sniff(head), "%s: %zu", subject->name, size);
			FOR_EACH_SUBJECT(other)
			cr_assert(other->codec == subject->codec || !other->codec->sniff(head));
		}
		cr_assert(bm_codec_plain.sniff((struct bm_bytes){packed, size}));
	}
}

Test(plain, copies)
{
	static const struct subject plain = {"plain", &bm_codec_plain, NULL, 1, NULL};

	make_text(5000);
	memcpy(packed, text, 5000);
	expect_in_windows(&plain, 5000, 5000, "");
	expect_in_windows(&plain, 0, 0, "");
}

/* put_gzip - size of a member with these header flags around the text */
static size_t put_gzip(uint8_t flags, size_t size)
{
	uint8_t member[4096];
	const size_t member_size = pack_gzip(text, size, member);
	size_t at = 10;

	memcpy(packed, member, 10);
	packed[3] = flags;
	if (flags & 4) {
		memcpy(packed + at, "\5\0extra", 7);
		at += 7;
	}
	if (flags & 8)
		at += 1 + (size_t)sprintf((char *)packed + at, "mail.log");
	if (flags & 16)
		at += 1 + (size_t)sprintf((char *)packed + at, "a comment");
	if (flags & 2) {
		const uLong sum = crc32(0, packed, (unsigned)at);
		packed[at++] = (uint8_t)sum;
		packed[at++] = (uint8_t)(sum >> 8);
	}
	memcpy(packed + at, member + 10, member_size - 10);
	return at + member_size - 10;
}

Test(gzip, every_header_field)
{
	make_text(1000);
	for (int twin = 0; twin < 2; twin++) {
		for (int flags = 0; flags < 32; flags++)
			expect_in_windows(&subjects[twin], put_gzip((uint8_t)flags, 1000), 1000,
					  "");
	}
}

Test(gzip, bad_headers)
{
	make_text(1000);
	for (int twin = 0; twin < 2; twin++) {
		size_t size = put_gzip(0x20, 1000);
		expect_in_windows(&subjects[twin], size, 0, "corrupt: unknown header flags set");
		size = put_gzip(0, 1000);
		packed[2] = 7;
		expect_in_windows(&subjects[twin], size, 0, "corrupt: unknown compression method");
		size = put_gzip(2 + 8, 1000);
		packed[12] ^= 1;
		expect_in_windows(&subjects[twin], size, 0, "corrupt: header checksum mismatch");
		size = put_gzip(8, 1000);
		memset(packed + 10, 'n', 5000);
		expect_in_windows(&subjects[twin], 5010, 0, TRUNCATED);
	}
}

Test(gzip, wrong_size_or_checksum)
{
	make_text(1000);
	for (int twin = 0; twin < 2; twin++) {
		for (size_t back = 1; back <= 8; back++) {
			const size_t size = put_gzip(0, 1000);
			packed[size - back] ^= 0x40;
			expect_in_windows(&subjects[twin], size, 1000, MISMATCH);
		}
	}
}

Test(gzip, isa_l_and_zlib_agree)
{
	uint32_t state = 1;

	make_text(100000);
	for (int round = 0; round < 300; round++) {
		const size_t size = pack_gzip(text + round, 50000, packed);
		state = state * 1664525 + 1013904223;
		if (round % 3)
			packed[10 + state % (size - 10)] ^= (uint8_t)(1 << round % 8);
		const size_t window = 1 + (state >> 12) % 5000;
		const struct outcome fast =
			decode(&subjects[0], packed, size, ALL, window, first_data);
		const struct outcome slow =
			decode(&subjects[1], packed, size, window, ALL, second_data);
		const size_t both = fast.size < slow.size ? fast.size : slow.size;
		cr_assert_eq(fast.err, slow.err);
		cr_assert(memcmp(first_data, second_data, both) == 0);
		cr_assert(round % 3 || (fast.size == slow.size && fast.err == BM_END));
	}
}

/* zstd_says - feeding these bytes alone gives this reason and no data */
static void zstd_says(struct bm_bytes bytes, const char *reason)
{
	memcpy(packed, bytes.data, bytes.size);
	expect_in_windows(&subjects[2], bytes.size, 0, reason);
}

Test(zstd, what_cannot_be_decoded_is_named)
{
	zstd_says(BM_BYTES("\x28\xb5\x2f\xfd\0\xa8\1\0\0"),
		  "needs a window of 2048 MiB, the limit is 128 MiB");
	zstd_says(BM_BYTES("\x28\xb5\x2f\xfd\0\x89\1\0\0"),
		  "needs a window of 144 MiB, the limit is 128 MiB");
	zstd_says(BM_BYTES("\x28\xb5\x2f\xfd\xe0\0\0\0\0\1\0\0\0\1\0\0\0\0\0"),
		  "needs a window of 4096 MiB, the limit is 128 MiB");
	zstd_says(BM_BYTES("\x28\xb5\x2f\xfd\2\0\x39\x30\1\0\0"), "needs dictionary 12345");
	zstd_says(BM_BYTES("\x27\xb5\x2f\xfd\0\0\0\0\0\0\0"), "legacy zstd format, unsupported");
	zstd_says(BM_BYTES("\x1e\xb5\x2f\xfd\0\0\0\0\0\0\0"), "legacy zstd format, unsupported");
	zstd_says(BM_BYTES("\x28\xb5\x2f\xfd\0\x88\1\0\0"), "");
	cr_assert(bm_codec_zstd.sniff(BM_BYTES("\x27\xb5\x2f\xfd\0\0\0\0\0\0\0")));
}

Test(zstd, a_bad_block_keeps_those_before_it)
{
	make_text(600000);
	ZSTD_CCtx *const context = ZSTD_createCCtx();
	const size_t size = ZSTD_compressCCtx(context, packed, ROOM, text, 600000, 1);
	ZSTD_freeCCtx(context);
	memset(packed + size - 100, 0xff, 50);
	const struct outcome whole = decode(&subjects[2], packed, size, ALL, ALL, first_data);
	const struct outcome drops = decode(&subjects[2], packed, size, 97, 101, second_data);
	cr_assert_eq(whole.err, BM_DAMAGED);
	cr_assert_eq(whole.size, 4 * 131072);
	cr_assert_eq(whole.size, drops.size);
	cr_assert(memcmp(first_data, text, whole.size) == 0);
	cr_assert_str_eq(whole.reason, drops.reason);
}

Test(zstd, skippable_frames_and_parts)
{
	static const struct bm_bytes skippable = BM_BYTES("\x5f\x2a\x4d\x18\3\0\0\0abc");
	struct bm_codec_part part;
	size_t size = skippable.size;

	make_text(3000);
	memcpy(packed, skippable.data, skippable.size);
	size += pack_zstd(text, 2000, packed + size);
	memset(packed + size, 0, 7);
	const size_t second = size + 7;
	size = second + pack_zstd_unsized(text + 2000, 1000, packed + second);
	expect_in_windows(&subjects[2], size, 3000, "");
	cr_assert(bm_codec_zstd.sniff((struct bm_bytes){packed, 64}));

	cr_assert(bm_codec_zstd.part((struct bm_bytes){packed, size}, &part));
	cr_assert_eq(part.size, skippable.size);
	cr_assert_eq(part.decoded_bytes, 0);
	const struct bm_bytes rest = {packed + part.size, size - part.size};
	cr_assert(bm_codec_zstd.part(rest, &part));
	cr_assert_eq(part.size, second - skippable.size);
	cr_assert_eq(part.decoded_bytes, 2000);
	cr_assert(!bm_codec_zstd.part((struct bm_bytes){rest.data, part.size - 8}, &part));
	/* A frame that does not tell its size has a bound: one block of at most its window. */
	cr_assert(bm_codec_zstd.part((struct bm_bytes){packed + second, size - second}, &part));
	cr_assert_eq(part.size, size - second);
	cr_assert_geq(part.decoded_bytes, 1000);
	cr_assert_leq(part.decoded_bytes, 131072);
	cr_assert(!bm_codec_zstd.part(BM_BYTES("not a zstd frame"), &part));
	cr_assert(!bm_codec_zstd.part(BM_BYTES(""), &part));
}

Test(zstd, the_bound_of_an_unsized_frame_holds_what_is_in_it)
{
	/* Text, then what does not shrink, then one byte again and again: blocks of all types. */
	enum { EACH = 200000 };
	struct bm_codec_part part;
	uint32_t state = 1;
	make_text(3 * EACH);
	for (size_t i = EACH; i < 2 * EACH; i++)
		text[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
	memset(text + 2 * EACH, 'x', EACH);
	const size_t size = pack_zstd_unsized(text, 3 * EACH, packed);
	cr_assert(bm_codec_zstd.part((struct bm_bytes){packed, size}, &part));
	cr_assert_geq(part.decoded_bytes, 3 * EACH);
	cr_assert_leq(part.decoded_bytes, 3 * EACH + 2 * 131072);
	expect_in_windows(&subjects[2], size, 3 * EACH, "");
}

Test(xz, a_huge_dictionary_is_refused)
{
	make_text(1000);
	const size_t size = pack_xz(text, 1000, packed);
	const size_t header_size = 4 * ((size_t)packed[12] + 1);
	uint8_t *property = packed + 14;

	while (property[-2] != 0x21 || property[-1] != 1)
		property++;
	*property = 36; /* 1 GiB */
	const uint32_t sum = lzma_crc32(packed + 12, header_size - 4, 0);
	memcpy(packed + 12 + header_size - 4, &sum, 4);
	for (unsigned threads = 1; threads <= 2; threads++) {
		const struct subject xz = {"xz", &bm_codec_xz, NULL, threads, NULL};
		const struct outcome outcome = decode(&xz, packed, size, ALL, ALL, first_data);
		cr_assert_eq(outcome.err, BM_DAMAGED);
		cr_assert_str_eq(
			outcome.reason,
			threads == 1 ? "needs 1025 MiB of memory, the limit is 129 MiB"
				     : "needs more than 129 MiB of memory, the limit is 129 MiB");
	}
}

/* lz4_says - feeding these bytes alone gives this reason and no data */
static void lz4_says(struct bm_bytes bytes, const char *reason)
{
	memcpy(packed, bytes.data, bytes.size);
	expect_in_windows(&subjects[7], bytes.size, 0, reason);
}

Test(lz4, headers_that_are_none)
{
	lz4_says(BM_BYTES("\x04\x22\x4d\x18\x44\x40\x00\0\0\0\0"),
		 "unrecognised lz4 frame header: header checksum invalid");
	lz4_says(BM_BYTES("\x04\x22\x4d\x18\x04\x40\x00\0\0\0\0"),
		 "unrecognised lz4 frame header: header version wrong");
	lz4_says(BM_BYTES("\x02\x21\x4c\x18\x04\x40\x00\0\0\0\0"),
		 "unrecognised lz4 frame header: legacy format, unsupported");
	lz4_says(BM_BYTES("no lz4 at all"), "unrecognised lz4 frame header: frame type unknown");
	lz4_says(BM_BYTES("\x50\x2a\x4d\x18\3\0\0\0abc"), "");
	cr_assert(bm_codec_lz4.sniff(BM_BYTES("\x02\x21\x4c\x18\x04\x40\x00\0\0\0\0")));
	cr_assert(!bm_codec_zstd.sniff(BM_BYTES("\x50\x2a\x4d\x18\1\0\0\0a\x04\x22\x4d\x18\x60")));
}
