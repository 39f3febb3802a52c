/* cut.c - cut inputs into blocks of whole records; see cut.h.
 *
 * Each input in progress is a lane: its stream, the record cut off at the last block's end (carry), its place in
 * the decoded bytes, its year reference.  Three ways to a block:
 *
 *   map     a plain mapped file: find a record border behind the wanted size, borrow the bytes between;
 *   stream  decode (or read) into the block's buffer behind the carry until it is full, cut at its last border;
 *   parts   a compressed file of many independent frames: hand out runs of frames; the worker decodes, and then
 *           its lane joins carry and bytes in order (bm_cut_stitch).
 *
 * All three leave out records over BM_LINE_BYTES_MAX in the same way, drop NULs in front of a record (holes that
 * copytruncate leaves), and take year references at the same offsets: so blocks differ, but never what is
 * read from them.
 */
#define _GNU_SOURCE
#include "cut.h"

#include <stdio.h>

#include "record.h"
#include "stream.h"

enum {
	MAP_BLOCK_BYTES_MAX = 16 << 20,
	MAP_BLOCK_BYTES_MIN = 1 << 20,
	STREAM_BLOCK_BYTES = 2 << 20,
	BLOCKS_A_THREAD = 8, /* of a mapped file, so that threads finish together */
	PART_BYTES_MAX = 64 << 20,
	HEADROOM = (1 << 20) + (1 << 16), /* in front of a decoded part, for the carry */
	SKIP_BYTES = 1 << 20
};

struct bm_lane {
	struct bm_input *input;
	uint32_t number;          /* of the input */
	struct bm_stream *stream;
	struct bm_bytes map;      /* of a plain mapped file or one in parts */
	size_t at;                /* in map */
	size_t block_bytes;
	bool parts;
	uint64_t offset;          /* decoded bytes before carry */
	struct bm_text carry;     /* the record cut off at the last block's end */
	bool skipping;            /* inside a record that is too long */
	bool over;                /* nothing more will be decoded */
	struct bm_years chain;    /* year reference from border to border */
	struct bm_years years;    /* and at the next block's first record */
	uint64_t next_border;     /* in strides */
	uint64_t parts_out, parts_stitched;
	unsigned users;           /* blocks that borrow from it */
	bool closed;              /* all its blocks are out */
	uint32_t long_lines;      /* left out, for the next block */
};

struct bm_cut {
	struct bm_inputs *inputs;
	struct bm_cut_options options;
	size_t next_input;
	struct bm_lane *lane;
	uint64_t seq;
	uint64_t raw_done; /* bytes of inputs that are over */
};

struct bm_cut *bm_cut_new(struct bm_inputs *inputs, const struct bm_cut_options *options)
{
	struct bm_cut *const cut = bm_zalloc(1, sizeof *cut);
	cut->inputs = inputs;
	cut->options = *options;
	return cut;
}

/* --- record borders --- */

static const struct bm_bytes export_border = {(const uint8_t *)"\n\n__CURSOR=", 11};

/* next_start - offset of the first record start at or behind from (>= 1), looking no further than limit; limit if none */
static size_t next_start(const struct bm_lane *lane, struct bm_bytes data, size_t from, size_t limit)
{
	if (limit > data.size)
		limit = data.size;
	const struct bm_bytes head = {data.data, limit};
	if (lane->input->transport != BM_TRANSPORT_EXPORT) {
		const size_t end = bm_bytes_find(head, from - 1, '\n');
		return end < limit ? end + 1 : limit;
	}
	const size_t back = from >= 2 ? from - 2 : 0;
	const size_t found = back + bm_bytes_search(bm_bytes_from(head, back), export_border);
	return found < limit ? found + 2 : limit;
}

/* last_start - offset of the last record start in data but not at 0, or 0 if there is none */
static size_t last_start(const struct bm_lane *lane, struct bm_bytes data)
{
	if (lane->input->transport != BM_TRANSPORT_EXPORT) {
		const uint8_t *const end = data.size ? memrchr(data.data, '\n', data.size) : NULL;
		return end ? (size_t)(end - data.data) + 1 : 0;
	}
	for (size_t at = data.size; at >= export_border.size; at--)
		if (memcmp(data.data + at - export_border.size, export_border.data,
			   export_border.size) == 0)
			return at - export_border.size + 2;
	return 0;
}

/* nuls - how many NULs data begins with */
static size_t nuls(struct bm_bytes data)
{
	size_t at = 0;
	static const uint8_t zeros[4096];
	while (data.size - at >= sizeof zeros && memcmp(data.data + at, zeros, sizeof zeros) == 0)
		at += sizeof zeros;
	while (at < data.size && data.data[at] == 0)
		at++;
	return at;
}

/* --- years --- */

/* sample - the year reference for a border, from the record that starts at data[start] */
static void sample(struct bm_lane *lane, struct bm_bytes data, size_t start)
{
	unsigned month, day;
	const size_t end = bm_bytes_find(data, start, '\n');
	if (bm_record_yearless((struct bm_bytes){data.data + start, end - start}, &month, &day))
		bm_years_day(&lane->chain, month, day);
}

/* run_years - move years over the records of run, as the worker's reader will */
static void run_years(struct bm_years *years, struct bm_bytes run)
{
	unsigned month, day;
	for (size_t at = 0; at < run.size;) {
		const size_t end = bm_bytes_find(run, at, '\n');
		if (bm_record_yearless((struct bm_bytes){run.data + at, end - at}, &month, &day))
			bm_years_day(years, month, day);
		at = end + 1;
	}
}

/* set_years - the references of a finished block, and of the next one's first record */
static void set_years(struct bm_lane *lane, struct bm_block *block)
{
	const struct bm_bytes data = block->data;
	block->anchor_count = 0;
	block->years = lane->years;
	block->first_border = lane->next_border;
	if (lane->input->first_day == BM_YEARS_NONE)
		return;
	size_t from = 0;
	for (;; lane->next_border++) {
		const uint64_t border = lane->next_border * BM_YEARS_STRIDE;
		if (border >= block->offset + data.size)
			break;
		const size_t at = border > block->offset ? (size_t)(border - block->offset) : 0;
		const size_t start = at ? next_start(lane, data, at, data.size) : 0;
		if (start >= data.size)
			break; /* its first record is in the next block */
		sample(lane, data, start);
		BM_GROW(block->anchors, block->anchor_count, block->anchor_room);
		block->anchors[block->anchor_count++] = lane->chain.day;
		lane->years = bm_years_at(lane->chain.day);
		from = start;
	}
	run_years(&lane->years, bm_bytes_from(data, from));
}

/* --- finishing a block --- */

/* hand_out - data of lane from its offset on is the block's */
static void hand_out(struct bm_lane *lane, struct bm_block *block, struct bm_bytes data, bool last)
{
	block->input = lane->number;
	block->offset = lane->offset;
	block->data = data;
	block->last = last;
	block->long_lines = lane->long_lines;
	block->part = (struct bm_bytes){0};
	lane->long_lines = 0;
	lane->offset += data.size;
	set_years(lane, block);
}

/* hand_out_left - what is left to say of an input that is over: records left out behind its last block */
static bool hand_out_left(struct bm_lane *lane, struct bm_block *block)
{
	lane->long_lines += lane->skipping;
	lane->skipping = false;
	if (lane->long_lines == 0)
		return false;
	hand_out(lane, block, (struct bm_bytes){0}, true);
	return true;
}

/* drop_long - data begins inside a record known to be too long: leave it out up to its end; returns what follows,
 * empty when the end is not in data */
static struct bm_bytes drop_long(struct bm_lane *lane, struct bm_bytes data)
{
	const size_t start = data.size ? next_start(lane, data, 1, data.size) : 0;
	const bool ends = start && data.data[start - 1] == '\n';
	lane->offset += start;
	if (ends) {
		lane->skipping = false;
		lane->long_lines++;
	}
	return bm_bytes_from(data, start);
}

/* trim - drop NULs in front of the record at data's head, and the record itself when it is too long; returns the
 * rest, in which a record starts or goes on (lane->skipping) */
static struct bm_bytes trim(struct bm_lane *lane, struct bm_bytes data)
{
	if (lane->skipping)
		data = drop_long(lane, data);
	if (lane->skipping)
		return data;
	const size_t dropped = nuls(data);
	lane->offset += dropped;
	return bm_bytes_from(data, dropped);
}

/* --- plain mapped files --- */

/* skip_long_mapped - the record at lane->at is too long or begins with many NULs: step over what must not be read */
static void skip_long_mapped(struct bm_lane *lane)
{
	while (lane->at < lane->map.size) {
		struct bm_bytes data = bm_bytes_from(lane->map, lane->at);
		if (data.size > SKIP_BYTES)
			data.size = SKIP_BYTES;
		const struct bm_bytes rest = trim(lane, data);
		lane->at += data.size - rest.size;
		bm_stream_forget(lane->stream, lane->at);
		if (rest.size == 0)
			continue;
		/* A record starts here. */
		const struct bm_bytes ahead = bm_bytes_from(lane->map, lane->at);
		const size_t limit = BM_LINE_BYTES_MAX + 1;
		if (ahead.size <= limit || next_start(lane, ahead, 1, limit) < limit ||
		    ahead.data[limit - 1] == '\n')
			return;
		lane->skipping = true;
	}
}

/* next_mapped - cut the next block of a plain mapped file; false when it is over */
static bool next_mapped(struct bm_lane *lane, struct bm_block *block)
{
	for (;;) {
		const struct bm_bytes data = bm_bytes_from(lane->map, lane->at);
		if (data.size == 0)
			return false;
		size_t end = data.size;
		if (lane->block_bytes < data.size) {
			const size_t limit = lane->block_bytes + BM_LINE_BYTES_MAX + 1;
			end = next_start(lane, data, lane->block_bytes, limit);
			if (end == limit && limit < data.size) /* a too long record begins before: cut before it */
				end = last_start(lane, (struct bm_bytes){data.data, lane->block_bytes});
		}
		if (end == 0) {
			skip_long_mapped(lane);
			continue;
		}
		lane->at += end;
		block->map_end = lane->at;
		hand_out(lane, block, (struct bm_bytes){data.data, end}, lane->at == lane->map.size);
		return true;
	}
}

/* --- streams --- */

/* reserve - a buffer of at least size bytes, its contents kept */
static void reserve(struct bm_block *block, size_t size)
{
	if (block->buffer_room >= size)
		return;
	block->buffer = bm_realloc(block->buffer, size);
	block->buffer_room = size;
}

/* end_stream - note why a stream is over */
static void end_stream(struct bm_cut *cut, struct bm_lane *lane, enum bm_err err)
{
	lane->over = true;
	if (err != BM_END && !lane->input->damaged)
		bm_input_trouble(cut->inputs, lane->input, "damaged at byte %llu: %s (what came before is counted)",
				 (unsigned long long)bm_stream_raw_bytes(lane->stream),
				 bm_stream_reason(lane->stream));
}

/* take_carry - move the carried bytes to the head of the block's buffer; how many */
static size_t take_carry(struct bm_lane *lane, struct bm_block *block)
{
	const size_t size = lane->carry.size;
	reserve(block, size + lane->block_bytes);
	if (size)
		memcpy(block->buffer, lane->carry.data, size);
	lane->carry.size = 0;
	return size;
}

/* cut_buffer - hand out the whole records of data, carry the rest; false when there is none to hand out */
static bool cut_buffer(struct bm_lane *lane, struct bm_block *block, struct bm_bytes data)
{
	data = trim(lane, data);
	const size_t end = lane->over ? data.size : last_start(lane, data);
	const struct bm_bytes rest = bm_bytes_from(data, end);
	if (end == 0 && rest.size > BM_LINE_BYTES_MAX) { /* one record, and still no end of it */
		lane->skipping = true;
		lane->offset += rest.size;
		return false;
	}
	lane->carry.size = 0;
	if (end)
		hand_out(lane, block, (struct bm_bytes){data.data, end}, lane->over);
	bm_text_add(&lane->carry, rest);
	return end > 0;
}

/* next_streamed - decode the next block; false when the stream is over */
static bool next_streamed(struct bm_cut *cut, struct bm_lane *lane, struct bm_block *block)
{
	bool made = false;
	while (!made && !lane->over) {
		size_t size = take_carry(lane, block), want = lane->block_bytes;
		while (want && !lane->over) {
			size_t got;
			const enum bm_err err =
				bm_stream_read(lane->stream, block->buffer + size, want, &got);
			size += got;
			want -= got;
			if (err != BM_OK)
				end_stream(cut, lane, err);
		}
		lane->input->source.decoded_bytes += lane->block_bytes - want;
		made = cut_buffer(lane, block, (struct bm_bytes){block->buffer, size});
	}
	return made;
}

/* --- parts --- */

/* has_parts - can the mapped file be decoded in pieces: two or more parts, all of known and moderate size */
static bool has_parts(const struct bm_codec *codec, struct bm_bytes map)
{
	if (codec->part == NULL || map.size == 0)
		return false;
	unsigned count = 0;
	for (struct bm_codec_part part; map.size; map = bm_bytes_from(map, part.size)) {
		if (!codec->part(map, &part) || part.size == 0 || part.size > map.size ||
		    part.decoded_bytes > PART_BYTES_MAX)
			return false;
		if (part.decoded_bytes)
			count++;
	}
	return count >= 2;
}

/* next_part - hand out the next run of parts, to be decoded by the worker; false when all are out */
static bool next_part(struct bm_lane *lane, struct bm_block *block)
{
	const struct bm_bytes rest = bm_bytes_from(lane->map, lane->at);
	size_t size = 0, decoded = 0;
	while (size < rest.size) {
		struct bm_codec_part part;
		lane->input->codec->part(bm_bytes_from(rest, size), &part);
		if (size && decoded + part.decoded_bytes > lane->block_bytes)
			break;
		size += part.size;
		decoded += part.decoded_bytes;
	}
	if (size == 0)
		return false;
	block->input = lane->number;
	block->lane_seq = lane->parts_out++;
	block->part = (struct bm_bytes){rest.data, size};
	block->part_decoded_bytes = decoded;
	block->data = (struct bm_bytes){0};
	lane->at += size;
	return true;
}

bool bm_cut_decode(const struct bm_inputs *inputs, struct bm_block *block, char reason[192])
{
	const struct bm_codec *const codec = inputs->list[block->input].codec;
	reserve(block, HEADROOM + block->part_decoded_bytes + 64);
	struct bm_codec_io io = {.in = block->part.data,
				 .in_size = block->part.size,
				 .in_last = true,
				 .out = block->buffer + HEADROOM,
				 .out_size = block->part_decoded_bytes + 64};
	void *const decoder = codec->open(1);
	enum bm_err err = BM_OK;
	while (err == BM_OK && io.out_size)
		err = codec->step(decoder, &io);
	codec->close(decoder);
	block->data = (struct bm_bytes){block->buffer + HEADROOM,
					(size_t)(io.out - block->buffer) - HEADROOM};
	if (err == BM_OK)
		snprintf(reason, 192, "more data than its header says");
	else if (err == BM_DAMAGED)
		snprintf(reason, 192, "%s", io.reason);
	return err == BM_END;
}

/* join_part - put the carry in front of a decoded part */
static struct bm_bytes join_part(struct bm_lane *lane, struct bm_bytes decoded)
{
	uint8_t *const front = (uint8_t *)decoded.data - lane->carry.size;
	if (lane->carry.size)
		memcpy(front, lane->carry.data, lane->carry.size);
	return (struct bm_bytes){front, decoded.size + lane->carry.size};
}

void bm_cut_stitch(struct bm_cut *cut, struct bm_block *block, const char *damage)
{
	struct bm_lane *const lane = block->lane;
	const struct bm_bytes decoded = block->data;
	const bool last = ++lane->parts_stitched == lane->parts_out && lane->at == lane->map.size;
	bool made = false;
	if (!lane->over) {
		if (damage)
			bm_input_trouble(cut->inputs, lane->input,
					 "damaged at byte %llu: %s (what came before is counted)",
					 (unsigned long long)(block->part.data - lane->map.data), damage);
		lane->over = last || damage;
		lane->input->source.decoded_bytes += decoded.size;
		made = cut_buffer(lane, block, join_part(lane, decoded));
	}
	if (!made && !hand_out_left(lane, block))
		hand_out(lane, block, (struct bm_bytes){0}, last);
}

uint64_t bm_cut_turn(const struct bm_block *block)
{
	return block->lane->parts_stitched;
}

/* --- lanes --- */

/* free_lane - all of an input is read */
static void free_lane(struct bm_cut *cut, struct bm_lane *lane)
{
	if (bm_stream_shrank(lane->stream) && !lane->input->damaged)
		bm_input_trouble(cut->inputs, lane->input,
				 "file shrank while it was read (rotate by rename, or use --no-mmap)");
	bm_stream_close(lane->stream);
	bm_text_dispose(&lane->carry);
	bm_free(lane);
}

void bm_cut_release(struct bm_cut *cut, struct bm_block *block)
{
	struct bm_lane *const lane = block->lane;
	block->lane = NULL;
	bm_stream_forget(lane->stream, block->map_end);
	if (--lane->users == 0 && lane->closed)
		free_lane(cut, lane);
}

/* map_block_bytes - enough blocks for all threads, none too small to be worth a merge */
static size_t map_block_bytes(const struct bm_cut *cut, uint64_t size)
{
	size_t bytes = (size_t)(size / (BLOCKS_A_THREAD * (uint64_t)cut->options.threads)) + 1;
	if (bytes > MAP_BLOCK_BYTES_MAX)
		bytes = MAP_BLOCK_BYTES_MAX;
	return bytes < MAP_BLOCK_BYTES_MIN ? MAP_BLOCK_BYTES_MIN : bytes;
}

/* skip_mark - leave out a UTF-8 byte-order mark */
static void skip_mark(struct bm_lane *lane)
{
	if (bm_bytes_starts(lane->map, BM_BYTES("\xef\xbb\xbf"))) {
		lane->at = 3;
		lane->offset = 3;
	}
}

/* open_lane - start on an input; NULL when it cannot be opened any more */
static struct bm_lane *open_lane(struct bm_cut *cut, uint32_t number)
{
	struct bm_input *const input = &cut->inputs->list[number];
	int error;
	struct bm_stream *const stream =
		bm_stream_open(input, cut->options.no_mmap, cut->options.threads, &error);
	if (stream == NULL) {
		bm_input_trouble(cut->inputs, input, "cannot open: %s (it was there before)",
				 strerror(error));
		return NULL;
	}
	struct bm_lane *const lane = bm_zalloc(1, sizeof *lane);
	*lane = (struct bm_lane){.input = input, .number = number, .stream = stream};
	const struct bm_bytes map = bm_stream_map(stream);
	const bool plain = strcmp(input->codec->name, "plain") == 0;
	lane->parts = !plain && has_parts(input->codec, map);
	if (plain || lane->parts)
		lane->map = map;
	if (plain)
		skip_mark(lane);
	lane->block_bytes = cut->options.block_bytes;
	if (lane->block_bytes == 0)
		lane->block_bytes = lane->map.size && !lane->parts ? map_block_bytes(cut, map.size)
								     : STREAM_BLOCK_BYTES;
	lane->years = lane->chain = bm_years_at(input->first_day == BM_YEARS_NONE ? 0 : input->first_day);
	return lane;
}

/* close_lane - all blocks of the current input are out */
static void close_lane(struct bm_cut *cut)
{
	struct bm_lane *const lane = cut->lane;
	cut->lane = NULL;
	if (lane->map.size && !lane->parts)
		lane->input->source.decoded_bytes = lane->map.size;
	if (lane->input->size == 0)
		lane->input->source.bytes = bm_stream_raw_bytes(lane->stream);
	cut->raw_done += lane->input->size;
	lane->closed = true;
	if (lane->users == 0)
		free_lane(cut, lane);
}

/* next_of - the next block of a lane; false when it is over */
static bool next_of(struct bm_cut *cut, struct bm_lane *lane, struct bm_block *block)
{
	block->map_end = 0;
	if (lane->parts)
		return next_part(lane, block);
	const bool made = lane->map.size ? next_mapped(lane, block) : next_streamed(cut, lane, block);
	return made || hand_out_left(lane, block);
}

enum bm_err bm_cut_next(struct bm_cut *cut, struct bm_block *block)
{
	for (;;) {
		if (cut->lane && next_of(cut, cut->lane, block)) {
			block->seq = cut->seq++;
			block->lane = cut->lane;
			cut->lane->users++;
			return BM_OK;
		}
		if (cut->lane)
			close_lane(cut);
		while (cut->next_input < cut->inputs->count && cut->inputs->list[cut->next_input].skip)
			cut->next_input++;
		if (cut->next_input == cut->inputs->count)
			return BM_END;
		cut->lane = open_lane(cut, (uint32_t)cut->next_input++);
	}
}

uint64_t bm_cut_raw_bytes(const struct bm_cut *cut)
{
	uint64_t bytes = cut->raw_done;
	if (cut->lane && cut->lane->map.size)
		bytes += cut->lane->at;
	else if (cut->lane)
		bytes += bm_stream_raw_bytes(cut->lane->stream);
	return bytes;
}

void bm_cut_free(struct bm_cut *cut)
{
	if (cut == NULL)
		return;
	if (cut->lane)
		free_lane(cut, cut->lane);
	bm_free(cut);
}

void bm_block_dispose(struct bm_block *block)
{
	bm_free(block->anchors);
	bm_free(block->buffer);
}
