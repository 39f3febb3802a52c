/* test_cut.c - whatever the size of blocks and the way to them, they hold the lines of the file, in
 * order, dated alike.
 *
 * A file is written plain (ranges), as gzip (a stream) and as zstd of many frames (parts), then cut
 * into blocks of many sizes.  What a worker would read of the blocks - lines without NULs in front,
 * over-long ones only counted - must be what it would read of the whole.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "bouncemill/input.h"
#include "cut.h"
#include "record.h"

enum { NAME_BYTES_MAX = 64 };

enum carrier { PLAIN, GZIP, ZSTD_FRAMES, CARRIERS };
static const char *const carrier_names[] = {"plain", "gzip", "zstd"};

/* A growing run of bytes. */
struct content {
	uint8_t *data;
	size_t size, room;
};

static void put(struct content *content, const void *bytes, size_t size)
{
	if (content->size + size > content->room) {
		content->room = 2 * (content->size + size);
		content->data = realloc(content->data, content->room);
	}
	if (size)
		memcpy(content->data + content->size, bytes, size);
	content->size += size;
}

static void put_text(struct content *content, const char *text)
{
	put(content, text, strlen(text));
}

static void put_many(struct content *content, int byte, size_t size)
{
	uint8_t *const bytes = malloc(size + 1);
	memset(bytes, byte, size);
	put(content, bytes, size);
	free(bytes);
}

static struct bm_bytes run_of(const struct content *content)
{
	return (struct bm_bytes){content->data, content->size};
}

/* --- files --- */

static struct content gzipped(const struct content *content)
{
	struct content packed = {0};
	packed.room = compressBound(content->size) + 64;
	packed.data = malloc(packed.room);
	z_stream stream = {.next_in = content->data, .avail_in = (unsigned)content->size};
	stream.next_out = packed.data;
	stream.avail_out = (unsigned)packed.room;
	cr_assert_eq(deflateInit2(&stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	packed.size = stream.total_out;
	deflateEnd(&stream);
	return packed;
}

/* framed - zstd frames of up to frame_bytes each, at least two */
static struct content framed(const struct content *content, size_t frame_bytes)
{
	struct content packed = {0};
	for (size_t at = 0; at < content->size; at += frame_bytes) {
		const size_t left = content->size - at,
			     size = left < frame_bytes ? left : frame_bytes;
		uint8_t *const frame = malloc(ZSTD_compressBound(size));
		const size_t got =
			ZSTD_compress(frame, ZSTD_compressBound(size), content->data + at, size, 1);
		cr_assert_not(ZSTD_isError(got));
		put(&packed, frame, got);
		free(frame);
	}
	return packed;
}

/* write_file - content in a temporary file, whose name goes to name */
static void write_file(const struct content *content, char name[NAME_BYTES_MAX])
{
	snprintf(name, NAME_BYTES_MAX, "%s/test_cut-XXXXXX", P_tmpdir);
	const int fd = mkstemp(name);
	cr_assert_geq(fd, 0);
	for (size_t at = 0; at < content->size;) {
		const ssize_t got = write(fd, content->data + at, content->size - at);
		cr_assert_gt(got, 0);
		at += (size_t)got;
	}
	close(fd);
}

/* Content on disk in one of the carriers, identified. */
struct file {
	char name[NAME_BYTES_MAX];
	struct bm_inputs inputs;
};

static struct file file_of(const struct content *content, enum carrier carrier, size_t frame_bytes)
{
	struct file file = {.inputs = {0}};
	struct content packed = {0};
	if (carrier == GZIP)
		packed = gzipped(content);
	else if (carrier == ZSTD_FRAMES)
		packed = framed(content, frame_bytes);
	write_file(carrier == PLAIN ? content : &packed, file.name);
	free(packed.data);
	bm_inputs_add(&file.inputs, file.name);
	bm_inputs_identify(&file.inputs, 2024);
	return file;
}

static void file_free(struct file *file)
{
	unlink(file->name);
	bm_inputs_dispose(&file->inputs);
}

/* --- what is read of blocks --- */

/* Everything a worker would see, as bytes: each line behind its date. */
struct reading {
	struct content lines;
	uint64_t long_lines;
	struct bm_record_reader reader;
};

/* read_line - one line as the worker takes it */
static void read_line(struct reading *reading, struct bm_bytes line)
{
	while (line.size && line.data[0] == 0)
		line = bm_bytes_from(line, 1);
	if (line.size > BM_LINE_BYTES_MAX) {
		reading->long_lines++;
		return;
	}
	struct bm_record record;
	bm_record_read(&reading->reader, line, &record);
	put(&reading->lines, &record.time, sizeof record.time);
	put(&reading->lines, line.data, line.size);
	put(&reading->lines, "\n", 1);
}

/* read_block - all lines of a block, with fresh years where its anchors say so */
static void read_block(struct reading *reading, const struct bm_block *block)
{
	const struct bm_bytes data = block->data;
	size_t next = 0;
	bm_record_years(&reading->reader, block->years);
	reading->long_lines += block->long_lines;
	for (size_t at = 0; at < data.size;) {
		while (next < block->anchor_count &&
		       block->offset + at >= (block->first_border + next) * BM_YEARS_STRIDE)
			bm_record_years(&reading->reader, bm_years_at(block->anchors[next++]));
		const size_t end = bm_bytes_find(data, at, '\n');
		struct bm_bytes line = {data.data + at, end - at};
		while (end == data.size && line.size && line.data[0] == 0)
			line = bm_bytes_from(line, 1);
		if (end < data.size || line.size)
			read_line(reading, line);
		at = end + 1;
	}
}

static struct reading reading_new(void)
{
	struct reading reading = {.lines = {0}};
	bm_record_reader_init(&reading.reader, BM_TRANSPORT_LINES, NULL);
	return reading;
}

static void reading_free(struct reading *reading)
{
	free(reading->lines.data);
	bm_record_reader_dispose(&reading->reader);
}

/* for_each_block - cut a file into blocks */
static void for_each_block(struct file *file, size_t block_bytes, enum bm_block_kind *kind,
			   void (*take)(void *context, const struct bm_block *block), void *context)
{
	struct bm_cut *const cut = bm_cut_new(
		&file->inputs, &(struct bm_cut_options){.block_bytes = block_bytes, .threads = 1});
	struct bm_block block = {0};
	for (uint64_t seq = 0; bm_cut_next(cut, &block) == BM_OK; seq++) {
		char reason[192] = "";
		cr_assert_eq(block.seq, seq);
		*kind = block.kind;
		if (block.kind != BM_BLOCK_READY)
			cr_assert(bm_cut_fill(&block, reason), "%s", reason);
		if (block.kind == BM_BLOCK_PART) {
			cr_assert_eq(bm_cut_turn(&block), block.lane_seq);
			bm_cut_stitch(cut, &block, NULL);
		}
		take(context, &block);
		bm_cut_release(cut, &block);
	}
	bm_block_dispose(&block);
	bm_cut_free(cut);
}

static void take_lines(void *context, const struct bm_block *block)
{
	read_block(context, block);
}

/* read_file - what workers see of a file in blocks of a size */
static struct reading read_file(struct file *file, size_t block_bytes, enum bm_block_kind *kind)
{
	struct reading reading = reading_new();
	for_each_block(file, block_bytes, kind, take_lines, &reading);
	return reading;
}

/* read_whole - what must be seen, without any cut or date */
static struct reading read_whole(const struct content *content)
{
	struct reading reading = reading_new();
	struct bm_bytes data = run_of(content);
	if (bm_bytes_starts(data, BM_BYTES("\xef\xbb\xbf")))
		data = bm_bytes_from(data, 3);
	read_block(&reading, &(struct bm_block){.data = data, .years = bm_years_at(0)});
	return reading;
}

/* expect - one reading is the other; undated: but for the times */
static void expect(const struct reading *got, const struct reading *want, bool undated,
		   const char *name, enum carrier carrier, size_t block_bytes)
{
	cr_assert_eq(got->long_lines, want->long_lines,
		     "%s, %s in blocks of %zu: %lu long lines, not %lu", name,
		     carrier_names[carrier], block_bytes, (unsigned long)got->long_lines,
		     (unsigned long)want->long_lines);
	cr_assert_eq(got->lines.size, want->lines.size,
		     "%s, %s in blocks of %zu: %zu bytes, not %zu", name, carrier_names[carrier],
		     block_bytes, got->lines.size, want->lines.size);
	const uint8_t *a = got->lines.data, *b = want->lines.data;
	const uint8_t *const end = a + got->lines.size;
	while (a < end) {
		const size_t times = sizeof(bm_time);
		const uint8_t *const stop = memchr(a + times, '\n', (size_t)(end - a) - times);
		const size_t size = (size_t)(stop - a) + 1;
		cr_assert_eq(memcmp(a + times, b + times, size - times), 0,
			     "%s, %s in blocks of %zu: other lines", name, carrier_names[carrier],
			     block_bytes);
		cr_assert(undated || memcmp(a, b, times) == 0,
			  "%s, %s in blocks of %zu: '%.40s' has another date", name,
			  carrier_names[carrier], block_bytes, (const char *)a + times);
		a += size;
		b += size;
	}
}

/* check - a content in one carrier and blocks of all sizes of [from, to) by step */
static void check(const char *name, const struct content *content, enum carrier carrier,
		  size_t frame_bytes, size_t from, size_t to, size_t step)
{
	const enum bm_block_kind kinds[] = {BM_BLOCK_RANGE, BM_BLOCK_READY, BM_BLOCK_PART};
	struct file file = file_of(content, carrier, frame_bytes);
	struct reading whole = read_whole(content);
	enum bm_block_kind kind = kinds[carrier];
	struct reading dated = read_file(&file, (size_t)64 << 20, &kind);
	expect(&dated, &whole, true, name, carrier, 0);
	for (size_t size = from; size < to; size += step + size / 7 * (step > 1)) {
		kind = kinds[carrier];
		struct reading reading = read_file(&file, size, &kind);
		if (carrier != ZSTD_FRAMES)
			cr_assert_eq(kind, kinds[carrier]);
		expect(&reading, &dated, false, name, carrier, size);
		reading_free(&reading);
	}
	reading_free(&dated);
	reading_free(&whole);
	file_free(&file);
}

static void check_carriers(const char *name, const struct content *content, size_t frame_bytes,
			   size_t from, size_t to, size_t step)
{
	for (int carrier = 0; carrier < CARRIERS; carrier++)
		check(name, content, (enum carrier)carrier, frame_bytes, from, to, step);
}

/* --- contents --- */

/* put_lines - a log of so many lines, its days running on from a month and day */
static void put_lines(struct content *content, struct chance *chance, unsigned count, unsigned days)
{
	static const char *const months[] = {"Nov", "Dec", "Jan", "Feb", "Mar"};
	static const unsigned month_days[] = {30, 31, 31, 29, 31};
	for (unsigned i = 0; i < count; i++) {
		unsigned day = i * days / count, month = 0;
		char line[200];
		while (day >= month_days[month % 5])
			day -= month_days[month++ % 5];
		snprintf(line, sizeof line,
			 "%s %2u %02u:%02u:%02u mail postfix/qmgr[%u]: %08X: %.*s%s\n",
			 months[month % 5], day + 1, i / 3600 % 24, i / 60 % 60, i % 60, i,
			 (unsigned)chance_next(chance), (int)chance_below(chance, 60),
			 "removed removed removed removed removed removed removed removed",
			 chance_percent(chance, 10) ? "\r" : "");
		put_text(content, line);
	}
}

/* next_line - offset of the first line that starts at or behind from */
static size_t next_line(const struct content *content, size_t from)
{
	return from == 0 ? 0 : bm_bytes_find(run_of(content), from - 1, '\n') + 1;
}

Test(cut, blocks_of_every_size)
{
	struct chance chance = {1};
	struct content content = {0};
	put_text(&content, "\xef\xbb\xbf");
	put_lines(&content, &chance, 30, 100);
	put_text(&content, "\n\n\r\n");
	put_lines(&content, &chance, 20, 100);
	put_text(&content, "Nov 24 00:29:39 mail postfix/qmgr[1]: no newline");
	check_carriers("every size", &content, 700, 4, 1000, 1);
	check_carriers("every size", &content, 700, 1000, 5000, 3);
	check("every size", &content, PLAIN, 0, 1000, 5000, 1);
	free(content.data);
}

Test(cut, tiny_blocks)
{
	struct content content = {0};
	put_text(&content, "one\n\ntwo\nNov  1 00:00:00 m p[1]: x\n");
	check_carriers("tiny", &content, 5, 1, 60, 1);
	free(content.data);
}

/* NULs in front, between lines and at the end, of any size. */
Test(cut, holes)
{
	struct chance chance = {2};
	static const size_t sizes[] = {1, 2, 63, 64, 700, 4095, 4096, 4097, 9000};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct content content = {0};
		put_many(&content, 0, sizes[i]);
		put_lines(&content, &chance, 12, 3);
		put_many(&content, 0, sizes[i]);
		put_lines(&content, &chance, 5, 3);
		put_many(&content, 0, 3);
		put_text(&content, "\n");
		put_many(&content, 0, sizes[i] / 2);
		put_text(&content, "Nov 24 00:29:39 mail postfix/qmgr[1]: end\n");
		if (i % 2)
			put_many(&content, 0, sizes[i]);
		check_carriers("holes", &content, 1000, 5, 5000, 37);
		free(content.data);
	}
}

/* Random bytes of a few kinds: every small accident at borders. */
Test(cut, accidents)
{
	struct chance chance = {3};
	static const char kinds[] = "\n\n\0\0ab\r\xef";
	for (int round = 0; round < 60; round++) {
		struct content content = {0};
		const uint32_t size = 20 + chance_below(&chance, 100);
		put_text(&content, "ab"); /* so that it is taken for text */
		for (uint32_t i = 0; i < size; i++)
			put(&content, &kinds[chance_below(&chance, sizeof kinds - 1)], 1);
		check_carriers("accidents", &content, 1 + chance_below(&chance, 40), 1, 90, 1);
		free(content.data);
	}
}

/* put_long - a line of so many bytes in all but its end */
static void put_long(struct content *content, size_t size)
{
	put_text(content, "Nov 24 00:29:39 mail postfix/qmgr[1]: ");
	put_many(content, 'x', size - 38);
	put_text(content, "\n");
}

static void check_long(const struct content *content, const char *name)
{
	static const size_t sizes[] = {100000, 1 << 18, 1 << 20, (1 << 20) + 1, 3 << 20};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		check_carriers(name, content, 300000, sizes[i], sizes[i] + 1, 1);
		check_carriers(name, content, 3 << 20, sizes[i], sizes[i] + 1, 1);
	}
}

Test(cut, long_lines)
{
	struct chance chance = {4};
	struct content content = {0};
	put_lines(&content, &chance, 10, 3);
	put_long(&content, BM_LINE_BYTES_MAX);
	put_long(&content, BM_LINE_BYTES_MAX + 1);
	put_lines(&content, &chance, 10, 3);
	put_long(&content, 4 * BM_LINE_BYTES_MAX);
	put_long(&content, 2 * BM_LINE_BYTES_MAX);
	put_lines(&content, &chance, 10, 3);
	check_long(&content, "long lines");
	put_long(&content, 3 * BM_LINE_BYTES_MAX);
	content.size--;
	check_long(&content, "a long end");
	free(content.data);
}

/* A hole of megabytes in the middle of a log, as copytruncate leaves it: what follows it is a
 * line. */
Test(cut, large_holes)
{
	struct chance chance = {5};
	struct content content = {0};
	put_lines(&content, &chance, 10, 3);
	put_many(&content, 0, 5 << 20);
	put_lines(&content, &chance, 10, 3);
	put_many(&content, 0, (3 << 20) + 17);
	put_lines(&content, &chance, 10, 3);
	check_long(&content, "large holes");
	free(content.data);
}

/* A long log over New Year and a leap day, with lines of a clock at its epoch, late lines, and
 * stamps that are none: the years do not depend on the cut. */
Test(cut, years_do_not_depend_on_blocks)
{
	struct chance chance = {6};
	struct content content = {0};
	struct content lines = {0};
	put_lines(&lines, &chance, 20000, 150);
	for (int part = 0; part < 40; part++) {
		/* The part's share of the lines. */
		const size_t from = next_line(&lines, lines.size * (size_t)part / 40);
		const size_t to = next_line(&lines, lines.size * (size_t)(part + 1) / 40);
		put(&content, lines.data + from, to - from);
		if (chance_percent(&chance, 50))
			put_text(&content, "Jan  1 00:00:07 mail kernel: an odd clock\n");
		if (chance_percent(&chance, 50))
			put_text(&content,
				 "Dec 31 23:61:07 mail postfix/qmgr[1]: no such minute\n");
		if (chance_percent(&chance, 30))
			put_many(&content, 'z', chance_below(&chance, 300000));
		put_text(&content, "\n");
	}
	free(lines.data);
	check("years", &content, PLAIN, 0, 50000, 3 << 20, 90001);
	check("years", &content, GZIP, 0, 20000, 3 << 20, 90001);
	check("years", &content, ZSTD_FRAMES, 100000, 20000, 3 << 20, 90001);
	free(content.data);
}

/* --- journal export --- */

static void take_exports(void *context, const struct bm_block *block)
{
	cr_assert(block->data.size == 0 || bm_bytes_starts(block->data, BM_BYTES("__CURSOR=")));
	put(context, block->data.data, block->data.size);
}

Test(cut, exports)
{
	struct chance chance = {7};
	struct content content = {0};
	for (int i = 0; i < 60; i++) {
		char head[100];
		snprintf(head, sizeof head,
			 "__CURSOR=s=%d\n__REALTIME_TIMESTAMP=1764000000123456\n", i);
		put_text(&content, head);
		put(&content, "MESSAGE\n\x0c\0\0\0\0\0\0\0", 16);
		put_text(&content, "ab\n\ncd\n__C\n\nSYSLOG_IDENTIFIER=postfix/qmgr\n");
		for (uint32_t n = chance_below(&chance, 5); n > 0; n--)
			put_text(&content, "SOME_FIELD=some value\n");
		put_text(&content, "\n");
	}
	for (int carrier = 0; carrier < CARRIERS; carrier++) {
		struct file file = file_of(&content, (enum carrier)carrier, 333);
		for (size_t size = 1; size < 3000; size += 1 + size / 20) {
			struct content got = {0};
			enum bm_block_kind kind;
			for_each_block(&file, size, &kind, take_exports, &got);
			cr_assert(bm_bytes_equal(run_of(&got), run_of(&content)),
				  "%s in blocks of %zu", carrier_names[carrier], size);
			free(got.data);
		}
		file_free(&file);
	}
	free(content.data);
}
