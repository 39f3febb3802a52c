/* cut.c - cut inputs into blocks of whole records; see cut.h.
 *
 * Each input in progress is a lane: its stream, its place, its year reference.  Three ways to a
 * block:
 *
 *   range   of a plain file: records that start in [from, to).  The worker reads it, finds the
 * first record start itself and reads on behind `to` up to the end of its last record: no two
 * workers wait for each other. stream  decode (or read a pipe) into the block's buffer behind the
 * record carried over from the last block, until it is full; cut at the last record's end, carry
 * the rest. part    a run of independent frames of a compressed file.  The worker reads and decodes
 * it; then, in turn, the carried record is joined to it and its own last one carried on
 * (bm_cut_stitch).
 *
 * All three leave out records over BM_LINE_BYTES_MAX in the same way, drop NULs in front of a
 * record (holes that copytruncate leaves), and take year references at the same offsets: so blocks
 * differ, but never what is read from them.
 */
#define _GNU_SOURCE
#include "cut.h"

#include <errno.h>
#include <stdio.h>

#include "bouncemill/mail.h"
#include "record.h"
#include "stream.h"

enum {
	RANGE_BYTES = 2 << 20,       /* a multiple of BM_YEARS_STRIDE */
	MAIL_BYTES_MAX = 32 << 20,   /* longer mails are left out, as longer lines are */
	MAIL_WINDOW_BYTES = 1 << 16, /* where the last mail of a block is looked for first */
	STREAM_BLOCK_BYTES = 2 << 20,
	PART_BYTES_MAX = 64 << 20,        /* of one frame, decoded or not */
	PART_WINDOW_BYTES = 4 << 20,      /* for finding frames */
	HEADROOM = (1 << 20) + (1 << 16), /* in front of a decoded part, for the carry */
	AHEAD_BYTES = 1 << 12             /* read behind a range at once: most records end there */
};

/* A run of frames of a compressed file. */
struct part {
	uint64_t from;
	size_t size, decoded_bytes;
};

struct bm_lane {
	struct bm_input *input;
	uint32_t number; /* of the input */
	struct bm_stream *stream;
	size_t block_bytes;
	enum bm_block_kind kind;
	uint64_t at; /* of a range: the next byte of the file */
	struct part *parts;
	size_t part_count, part_room, parts_out, parts_stitched;
	uint64_t offset;       /* decoded bytes before carry */
	struct bm_text carry;  /* the record cut off at the last block's end */
	bool skipping;         /* inside a record that is too long */
	bool over;             /* nothing more will be decoded */
	struct bm_years chain; /* year reference from border to border */
	struct bm_years years; /* and at the next block's first record */
	uint64_t next_border;  /* in strides */
	uint32_t long_lines;   /* left out, for the next block */
	unsigned users;        /* blocks that need the stream */
	bool closed;           /* all its blocks are out */
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

/* An empty run that has an address. */
static const struct bm_bytes nothing = {(const uint8_t *)"", 0};

/* --- record borders --- */

static const struct bm_bytes export_border = {(const uint8_t *)"\n\n__CURSOR=", 11};

/* next_start - offset of the first record start at or behind from (>= 1), data.size if none */
static size_t next_start(const struct bm_lane *lane, struct bm_bytes data, size_t from)
{
	if (lane->input->transport == BM_TRANSPORT_MAIL)
		return data.size;
	if (lane->input->transport == BM_TRANSPORT_MBOX)
		return bm_mbox_border(data, from, lane->over);
	if (lane->input->transport != BM_TRANSPORT_EXPORT) {
		const size_t end = bm_bytes_find(data, from - 1, '\n');
		return end < data.size ? end + 1 : data.size;
	}
	const size_t back = from >= 2 ? from - 2 : 0;
	const size_t found = back + bm_bytes_search(bm_bytes_from(data, back), export_border);
	return found < data.size ? found + 2 : data.size;
}

/* last_mail - offset of the last From_ line in data but not at 0, or 0 if there is none: found from
 * the first one on in a window at the end, which grows until there is one */
static size_t last_mail(const struct bm_lane *lane, struct bm_bytes data)
{
	size_t last = 0;
	for (size_t window = MAIL_WINDOW_BYTES; last == 0 && data.size > 1; window *= 4) {
		size_t at = data.size > window ? data.size - window : 1;
		const bool whole = at == 1;
		for (; (at = bm_mbox_border(data, at, lane->over)) < data.size; at++)
			last = at;
		if (whole)
			break;
	}
	return last;
}

/* last_start - offset of the last record start in data but not at 0, or 0 if there is none */
static size_t last_start(const struct bm_lane *lane, struct bm_bytes data)
{
	if (lane->input->transport == BM_TRANSPORT_MAIL)
		return 0;
	if (lane->input->transport == BM_TRANSPORT_MBOX)
		return last_mail(lane, data);
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

/* mark_size - bytes of the UTF-8 byte-order mark that a stream may begin with */
static size_t mark_size(struct bm_bytes data)
{
	const struct bm_bytes mark = BM_BYTES("\xef\xbb\xbf");
	return bm_bytes_starts(data, mark) ? mark.size : 0;
}

/* reserve - a buffer of at least size bytes, its contents kept */
static uint8_t *reserve(uint8_t **buffer, size_t *room, size_t size)
{
	if (*room < size) {
		*buffer = bm_realloc(*buffer, size);
		*room = size;
	}
	return *buffer;
}

/* --- years --- */

/* move_years - let a record's stamp move the reference */
static void move_years(struct bm_years *years, struct bm_bytes record)
{
	unsigned month, day;
	if (bm_record_yearless(record, &month, &day))
		bm_years_day(years, month, day);
}

/* run_years - move years over the records of run, as the worker's reader will */
static void run_years(struct bm_years *years, struct bm_bytes run)
{
	for (size_t at = 0; at < run.size;) {
		const size_t end = bm_bytes_find(run, at, '\n');
		move_years(years, (struct bm_bytes){run.data + at, end - at});
		at = end + 1;
	}
}

/* sample - the record that starts at data[start] moves the chain; returns the reference of its
 * border */
static int32_t sample(struct bm_lane *lane, struct bm_bytes data, size_t start)
{
	const size_t end = bm_bytes_find(data, start, '\n');
	move_years(&lane->chain, (struct bm_bytes){data.data + start, end - start});
	return lane->chain.day;
}

/* set_years - the references of a block that was cut from a stream, and of the next one's first
 * record */
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
		const size_t start = at ? next_start(lane, data, at) : 0;
		if (start >= data.size)
			break; /* its first record is in the next block */
		BM_GROW(block->anchors, block->anchor_count, block->anchor_room);
		block->anchors[block->anchor_count++] = sample(lane, data, start);
		lane->years = bm_years_at(lane->chain.day);
		from = start;
	}
	run_years(&lane->years, bm_bytes_from(data, from));
}

/* --- ranges of plain files --- */

/* sample_at - the chain at a border of the file, from the first record behind it */
static int32_t sample_at(struct bm_lane *lane, uint64_t border, struct bm_block *scratch)
{
	const uint64_t from = border ? border - 1 : 0;
	for (size_t size = 512; size <= BM_LINE_BYTES_MAX; size *= 8) {
		int error;
		uint8_t *const buffer = reserve(&scratch->raw, &scratch->raw_room, size);
		const struct bm_bytes data = {
			buffer, bm_stream_pread(lane->stream, buffer, size, from, &error)};
		const size_t start = border ? next_start(lane, data, 1) : 0;
		const bool whole = bm_bytes_find(data, start, '\n') < data.size || data.size < size;
		if (start < data.size && whole)
			return sample(lane, data, start);
		if (data.size < size)
			break;
	}
	return lane->chain.day;
}

/* sample_range - the references of the borders in a range with year-less stamps, and of the one before
 * it unless it begins at one.  Done as ranges are handed out: all borders of a large file before the
 * first line would be a wait on one thread. */
static void sample_range(struct bm_lane *lane, struct bm_block *block)
{
	block->anchor_count = 0;
	block->first_border = block->from / BM_YEARS_STRIDE;
	if (lane->input->first_day == BM_YEARS_NONE)
		return;
	for (uint64_t i = block->first_border; i * BM_YEARS_STRIDE < block->to; i++) {
		BM_GROW(block->anchors, block->anchor_count, block->anchor_room);
		/* The border that the range before has had too is where the chain stands. */
		const bool known = i < lane->next_border;
		block->anchors[block->anchor_count++] =
			known ? lane->chain.day : sample_at(lane, i * BM_YEARS_STRIDE, block);
		lane->next_border = i + 1;
	}
}

/* next_range - hand out the next range; false when the file is over */
static bool next_range(struct bm_lane *lane, struct bm_block *block)
{
	if (lane->at >= lane->input->size)
		return false;
	const uint64_t left = lane->input->size - lane->at;
	block->from = lane->at;
	block->to = lane->at + (left < lane->block_bytes ? left : lane->block_bytes);
	block->last = block->to == lane->input->size;
	lane->at = block->to;
	sample_range(lane, block);
	return true;
}

/* A range being read into its block's buffer. */
struct reading {
	struct bm_block *block;
	uint64_t base; /* file offset of buffer[0] */
	size_t size;   /* bytes in the buffer */
	bool eof;
	int error;
};

/* read_on - append bytes of the file */
static void read_on(struct reading *reading, size_t more)
{
	struct bm_block *const block = reading->block;
	reserve(&block->buffer, &block->buffer_room, reading->size + more);
	const size_t got = bm_stream_pread(block->lane->stream, block->buffer + reading->size, more,
					   reading->base + reading->size, &reading->error);
	reading->size += got;
	reading->eof = got < more;
}

static struct bm_bytes read_so_far(const struct reading *reading)
{
	return (struct bm_bytes){reading->block->buffer, reading->size};
}

/* skip_hole - the last record begins at start with NULs up to the buffer's end: read on behind them
 */
static void skip_hole(struct reading *reading, size_t start)
{
	while (!reading->eof &&
	       nuls(bm_bytes_from(read_so_far(reading), start)) == reading->size - start) {
		reading->base += reading->size - start;
		reading->size = start;
		read_on(reading, RANGE_BYTES);
	}
	/* The text behind the hole moves up to where the hole began. */
	const size_t hole = nuls(bm_bytes_from(read_so_far(reading), start));
	uint8_t *const at = reading->block->buffer + start;
	memmove(at, at + hole, reading->size - start - hole);
	reading->base += hole;
	reading->size -= hole;
}

/* end_last - where the record that starts at start, the range's last, ends; start itself when it is
 * too long */
static size_t end_last(struct reading *reading, size_t start, size_t from)
{
	for (;;) {
		const struct bm_bytes data = read_so_far(reading);
		const size_t end = bm_bytes_find(data, from, '\n');
		if (end < data.size)
			return end + 1;
		if (reading->eof)
			return data.size;
		if (data.size - start > BM_LINE_BYTES_MAX) {
			reading->block->long_lines++;
			return start;
		}
		from = data.size;
		read_on(reading, BM_LINE_BYTES_MAX / 8);
	}
}

/* start_years - the reference at a range's first byte: its border's, or run on from the border
 * before it */
static void start_years(struct bm_block *block)
{
	const struct bm_lane *const lane = block->lane;
	const uint64_t start = block->offset;
	block->years = lane->years;
	if (block->anchor_count == 0 || block->data.size == 0)
		return;
	const uint64_t border = start / BM_YEARS_STRIDE;
	const size_t behind = (size_t)(border - block->first_border) + 1;
	block->years = bm_years_at(block->anchors[behind - 1]);
	block->first_border = border + 1;
	block->anchor_count -= behind;
	memmove(block->anchors, block->anchors + behind,
		block->anchor_count * sizeof *block->anchors);
	/* From the first record behind the border to the range's own first one. */
	const uint64_t from = border * BM_YEARS_STRIDE;
	if (start == from)
		return;
	int error;
	const size_t size = (size_t)(start - from) + 1;
	uint8_t *const raw = reserve(&block->raw, &block->raw_room, size);
	const struct bm_bytes data = {
		raw, bm_stream_pread(lane->stream, raw, size - 1, from ? from - 1 : 0, &error)};
	const size_t first = from ? next_start(lane, data, 1) : 0;
	run_years(&block->years, bm_bytes_from(data, first));
}

/* take_records - set block->data to the records that start in the buffer's first want bytes, past
 * the partial one at its head */
static void take_records(struct reading *reading, size_t want)
{
	struct bm_block *const block = reading->block;
	const bool first = block->from == 0;
	struct bm_bytes data = read_so_far(reading);
	if (data.size > want)
		data.size = want;
	if (data.size == 0)
		return;
	const size_t start = first ? mark_size(data) : next_start(block->lane, data, 1);
	if (start == data.size)
		return;
	/* A record that starts behind the last byte belongs to the next range. */
	size_t last = last_start(block->lane, (struct bm_bytes){data.data, data.size - 1});
	if (last < start)
		last = start;
	if (data.data[last] == 0)
		skip_hole(reading, last);
	const size_t end = end_last(reading, last, last);
	block->offset = block->from - !first + start;
	block->data = (struct bm_bytes){block->buffer + start, end - start};
}

/* read_range - the records that start in [from, to) of a plain file; false when it cannot be read
 * in full */
static bool read_range(struct bm_block *block, char reason[192])
{
	struct reading reading = {.block = block, .base = block->from - (block->from > 0)};
	const size_t want = (size_t)(block->to - reading.base);
	block->data = nothing;
	block->long_lines = 0;
	read_on(&reading, want + (block->last ? 1 : AHEAD_BYTES));
	const bool whole = reading.size >= want;
	take_records(&reading, want);
	start_years(block);
	if (reading.error)
		snprintf(reason, 192, "%s", strerror(reading.error));
	else if (!whole)
		snprintf(reason, 192, "file shrank while it was read");
	return whole && reading.error == 0;
}

/* --- finishing a block of a stream --- */

/* hand_out - data of lane from its offset on is the block's */
static void hand_out(struct bm_lane *lane, struct bm_block *block, struct bm_bytes data, bool last)
{
	block->offset = lane->offset;
	block->data = data;
	block->last = last;
	block->long_lines = lane->long_lines;
	lane->long_lines = 0;
	lane->offset += data.size;
	set_years(lane, block);
}

/* hand_out_left - what is left to say of an input that is over: records left out behind its last
 * block */
static bool hand_out_left(struct bm_lane *lane, struct bm_block *block)
{
	lane->long_lines += lane->skipping;
	lane->skipping = false;
	if (lane->long_lines == 0)
		return false;
	hand_out(lane, block, nothing, true);
	return true;
}

/* drop_long - data begins inside a record known to be too long: leave it out up to its end; returns
 * what follows, empty when the end is not in data */
static struct bm_bytes drop_long(struct bm_lane *lane, struct bm_bytes data)
{
	const size_t start = data.size ? next_start(lane, data, 1) : 0;
	const bool ended = bm_transport_is_mail(lane->input->transport)
				   ? start < data.size
				   : start && data.data[start - 1] == '\n';
	lane->offset += start;
	if (ended) {
		lane->skipping = false;
		lane->long_lines++;
	}
	return bm_bytes_from(data, start);
}

/* trim - drop NULs in front of the record at data's head, and the record itself when it is too
 * long; returns the rest, in which a record starts or goes on (lane->skipping) */
static struct bm_bytes trim(struct bm_lane *lane, struct bm_bytes data)
{
	if (lane->skipping)
		data = drop_long(lane, data);
	if (lane->skipping)
		return data;
	const size_t mark = lane->offset == 0 ? mark_size(data) : 0;
	const size_t dropped = mark + nuls(bm_bytes_from(data, mark));
	lane->offset += dropped;
	return bm_bytes_from(data, dropped);
}

/* record_bytes_max - the longest record that is read */
static size_t record_bytes_max(const struct bm_lane *lane)
{
	return bm_transport_is_mail(lane->input->transport) ? MAIL_BYTES_MAX : BM_LINE_BYTES_MAX;
}

/* carry - keep a record without its end for the next block; one that is too long already is
 * skipped, a hole in front of one dropped */
static void carry(struct bm_lane *lane, struct bm_bytes rest)
{
	const size_t dropped = nuls(rest);
	rest = bm_bytes_from(rest, dropped);
	lane->offset += dropped;
	lane->skipping |= rest.size > record_bytes_max(lane);
	size_t lost = lane->skipping ? rest.size : 0;
	/* The From_ line that ends a mail may begin here and end in the next block. */
	if (lane->skipping && lane->input->transport == BM_TRANSPORT_MBOX)
		lost -= rest.size < BM_MBOX_LOOK_BYTES ? rest.size : BM_MBOX_LOOK_BYTES;
	lane->offset += lost;
	bm_text_add(&lane->carry, bm_bytes_from(rest, lost));
}

/* cut_buffer - hand out the whole records of data, carry the rest; false when there is none to hand
 * out */
static bool cut_buffer(struct bm_lane *lane, struct bm_block *block, struct bm_bytes data)
{
	data = trim(lane, data);
	const size_t end = lane->over ? data.size : last_start(lane, data);
	lane->carry.size = 0;
	if (end)
		hand_out(lane, block, (struct bm_bytes){data.data, end}, lane->over);
	carry(lane, bm_bytes_from(data, end));
	return end > 0;
}

/* --- streams --- */

/* end_stream - note why a stream is over */
static void end_stream(struct bm_cut *cut, struct bm_lane *lane, enum bm_err err)
{
	lane->over = true;
	if (err != BM_END && !lane->input->damaged)
		bm_input_trouble(cut->inputs, lane->input,
				 "damaged at byte %llu: %s (what came before is counted)",
				 (unsigned long long)bm_stream_raw_bytes(lane->stream),
				 bm_stream_reason(lane->stream));
}

/* next_streamed - decode the next block; false when the stream is over */
static bool next_streamed(struct bm_cut *cut, struct bm_lane *lane, struct bm_block *block)
{
	bool made = false;
	while (!made && !lane->over) {
		size_t size = lane->carry.size, want = lane->block_bytes;
		reserve(&block->buffer, &block->buffer_room, size + want);
		if (size)
			memcpy(block->buffer, lane->carry.data, size);
		lane->carry.size = 0;
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
	return made || hand_out_left(lane, block);
}

/* --- parts --- */

/* add_part - one more frame: to the run before it while that is small */
static void add_part(struct bm_lane *lane, uint64_t from, const struct bm_codec_part *frame)
{
	struct part *const run = lane->part_count ? &lane->parts[lane->part_count - 1] : NULL;
	if (run && run->decoded_bytes + frame->decoded_bytes <= lane->block_bytes) {
		run->size += frame->size;
		run->decoded_bytes += frame->decoded_bytes;
		return;
	}
	BM_GROW(lane->parts, lane->part_count, lane->part_room);
	lane->parts[lane->part_count++] = (struct part){from, frame->size, frame->decoded_bytes};
}

/* take_frames - add the frames that lie whole in window, which stands at `from` in the file; how
 * many bytes */
static size_t take_frames(struct bm_lane *lane, struct bm_bytes window, uint64_t from)
{
	struct bm_codec_part frame;
	size_t at = 0;
	while (at < window.size && lane->input->codec->part(bm_bytes_from(window, at), &frame) &&
	       frame.decoded_bytes <= PART_BYTES_MAX) {
		add_part(lane, from + at, &frame);
		at += frame.size;
	}
	return at;
}

/* find_parts - cut a compressed file into runs of frames; false when it must be streamed: one
 * frame, too large sizes, or something that is no frame */
static bool find_parts(struct bm_lane *lane)
{
	size_t window = PART_WINDOW_BYTES, room = 0, taken;
	uint8_t *buffer = NULL;
	uint64_t at = 0;
	if (lane->input->codec->part == NULL || !lane->input->seekable)
		return false;
	for (; at < lane->input->size; at += taken) {
		int error;
		reserve(&buffer, &room, window);
		const size_t got = bm_stream_pread(lane->stream, buffer, window, at, &error);
		taken = take_frames(lane, (struct bm_bytes){buffer, got}, at);
		if (taken == 0 && (got < window || window >= PART_BYTES_MAX))
			break;
		if (taken == 0)
			window *= 2; /* the frame is larger */
	}
	bm_free(buffer);
	return at == lane->input->size && lane->part_count >= 2;
}

/* next_part - hand out the next run of frames; false when all are out */
static bool next_part(struct bm_lane *lane, struct bm_block *block)
{
	if (lane->parts_out == lane->part_count)
		return false;
	const struct part *const part = &lane->parts[lane->parts_out];
	block->lane_seq = lane->parts_out++;
	block->from = part->from;
	block->to = part->from + part->size;
	block->decoded_bytes = part->decoded_bytes;
	return true;
}

/* decode_part - read and decode a run of frames */
static bool decode_part(struct bm_block *block, char reason[192])
{
	const struct bm_lane *const lane = block->lane;
	const struct bm_codec *const codec = lane->input->codec;
	const size_t size = (size_t)(block->to - block->from);
	int error;
	uint8_t *const raw = reserve(&block->raw, &block->raw_room, size);
	reserve(&block->buffer, &block->buffer_room, HEADROOM + block->decoded_bytes + 64);
	struct bm_codec_io io = {
		.in = raw,
		.in_size = bm_stream_pread(lane->stream, raw, size, block->from, &error),
		.in_last = true,
		.out = block->buffer + HEADROOM,
		.out_size = block->decoded_bytes + 64};
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

bool bm_cut_fill(struct bm_block *block, char reason[192])
{
	return block->kind == BM_BLOCK_RANGE ? read_range(block, reason)
					     : decode_part(block, reason);
}

void bm_cut_trouble(struct bm_cut *cut, const struct bm_block *block, const char *reason)
{
	if (!block->lane->input->damaged)
		bm_input_trouble(cut->inputs, block->lane->input,
				 "damaged at byte %llu: %s (what came before is counted)",
				 (unsigned long long)block->from, reason);
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
	const bool last = ++lane->parts_stitched == lane->part_count;
	bool made = false;
	block->data = nothing;
	if (!lane->over) {
		if (damage)
			bm_cut_trouble(cut, block, damage);
		lane->over = last || damage;
		lane->input->source.decoded_bytes += decoded.size;
		made = cut_buffer(lane, block, join_part(lane, decoded));
	}
	/* A record that is too long may go on in the next part: only behind the last one is it
	 * over. */
	if (!made && !(lane->over && hand_out_left(lane, block)))
		hand_out(lane, block, nothing, last);
}

uint64_t bm_cut_turn(const struct bm_block *block)
{
	return block->lane->parts_stitched;
}

/* --- lanes --- */

/* free_lane - all of an input is read */
static void free_lane(struct bm_lane *lane)
{
	bm_stream_close(lane->stream);
	bm_text_dispose(&lane->carry);
	bm_free(lane->parts);
	bm_free(lane);
}

void bm_cut_release(struct bm_cut *cut, struct bm_block *block)
{
	(void)cut; /* named for its lock */
	struct bm_lane *const lane = block->lane;
	block->lane = NULL;
	if (--lane->users == 0 && lane->closed)
		free_lane(lane);
}

/* choose_kind - how an input is best cut */
static void choose_kind(struct bm_lane *lane)
{
	const struct bm_input *const input = lane->input;
	lane->kind = BM_BLOCK_READY;
	if (bm_transport_is_mail(input->transport))
		return;
	if (strcmp(input->codec->name, "plain") != 0) {
		if (find_parts(lane))
			lane->kind = BM_BLOCK_PART;
	} else if (input->seekable && input->size && input->transport != BM_TRANSPORT_EXPORT) {
		lane->kind = BM_BLOCK_RANGE;
	}
}

/* open_lane - start on an input; NULL when it cannot be opened any more */
static struct bm_lane *open_lane(struct bm_cut *cut, uint32_t number)
{
	struct bm_input *const input = &cut->inputs->list[number];
	int error;
	struct bm_stream *const stream = bm_stream_open(input, cut->options.threads, &error);
	if (stream == NULL) {
		bm_input_trouble(cut->inputs, input, "cannot open: %s (it was there before)",
				 strerror(error));
		return NULL;
	}
	struct bm_lane *const lane = bm_zalloc(1, sizeof *lane);
	*lane = (struct bm_lane){.input = input, .number = number, .stream = stream};
	lane->block_bytes = cut->options.block_bytes;
	if (lane->block_bytes == 0)
		lane->block_bytes =
			strcmp(input->codec->name, "plain") == 0 ? RANGE_BYTES : STREAM_BLOCK_BYTES;
	lane->years = lane->chain =
		bm_years_at(input->first_day == BM_YEARS_NONE ? 0 : input->first_day);
	choose_kind(lane);
	return lane;
}

/* close_lane - all blocks of the current input are out */
static void close_lane(struct bm_cut *cut)
{
	struct bm_lane *const lane = cut->lane;
	cut->lane = NULL;
	if (lane->kind == BM_BLOCK_RANGE)
		lane->input->source.decoded_bytes = lane->input->size;
	if (lane->input->size == 0)
		lane->input->source.bytes = bm_stream_raw_bytes(lane->stream);
	cut->raw_done += lane->input->size;
	lane->closed = true;
	if (lane->users == 0)
		free_lane(lane);
}

/* next_of - the next block of a lane; false when it is over */
static bool next_of(struct bm_cut *cut, struct bm_lane *lane, struct bm_block *block)
{
	block->kind = lane->kind;
	block->input = lane->number;
	switch (lane->kind) {
	case BM_BLOCK_RANGE:
		return next_range(lane, block);
	case BM_BLOCK_PART:
		return next_part(lane, block);
	case BM_BLOCK_READY:
		break;
	}
	return next_streamed(cut, lane, block);
}

/* is_wanted - is an input one that this cut cuts */
static bool is_wanted(const struct bm_cut *cut, const struct bm_input *input)
{
	return !input->skip && bm_transport_is_mail(input->transport) == cut->options.mails;
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
		while (cut->next_input < cut->inputs->count &&
		       !is_wanted(cut, &cut->inputs->list[cut->next_input]))
			cut->next_input++;
		if (cut->next_input == cut->inputs->count)
			return BM_END;
		cut->lane = open_lane(cut, (uint32_t)cut->next_input++);
	}
}

uint64_t bm_cut_raw_bytes(const struct bm_cut *cut)
{
	const struct bm_lane *const lane = cut->lane;
	if (lane == NULL)
		return cut->raw_done;
	if (lane->kind == BM_BLOCK_RANGE)
		return cut->raw_done + lane->at;
	if (lane->kind == BM_BLOCK_PART)
		return cut->raw_done +
		       (lane->parts_out ? lane->parts[lane->parts_out - 1].from : 0);
	return cut->raw_done + bm_stream_raw_bytes(lane->stream);
}

void bm_cut_free(struct bm_cut *cut)
{
	if (cut == NULL)
		return;
	if (cut->lane)
		free_lane(cut->lane);
	bm_free(cut);
}

void bm_block_dispose(struct bm_block *block)
{
	bm_free(block->anchors);
	bm_free(block->buffer);
	bm_free(block->raw);
}
