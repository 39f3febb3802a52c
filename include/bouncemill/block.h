/* block.h - a run of whole records, the unit of work.
 *
 * Made by the cut in (input, offset) order, read by one worker.  Its bytes lie in the block's own
 * buffer.
 */
#ifndef BOUNCEMILL_BLOCK_H
#define BOUNCEMILL_BLOCK_H

#include "bouncemill/clock.h"

/* Records longer than this are not read, but counted as malformed. */
#define BM_LINE_BYTES_MAX ((size_t)1 << 20)

enum bm_block_kind {
	BM_BLOCK_READY, /* data is there */
	BM_BLOCK_RANGE, /* of a plain file: the worker reads it by bm_cut_fill */
	BM_BLOCK_PART   /* of a compressed file: the worker decodes it by bm_cut_fill, then it is
			   stitched in turn */
};

struct bm_block {
	enum bm_block_kind kind;
	uint64_t seq;    /* order of all blocks of the run */
	uint32_t input;  /* number in the inputs */
	uint64_t offset; /* of the first byte in the decoded stream */
	struct bm_bytes data;
	bool last;           /* of its input: a record may lack its line end */
	uint32_t long_lines; /* records left out because they were too long */
	/* year-less stamps: the reference at the first byte, then a fresh one for the first record
	 * at or behind each stride border in data; see engine/base/years.h */
	struct bm_years years;
	int32_t *anchors; /* days; anchor i belongs to border (first_border + i) * stride */
	size_t anchor_count, anchor_room;
	uint64_t first_border;
	/* private to cut.c */
	struct bm_lane *lane;
	uint64_t lane_seq;
	uint64_t from, to;    /* of the file, for a range or part */
	size_t decoded_bytes; /* of a part, as its headers claim */
	uint8_t *buffer, *raw;
	size_t buffer_room, raw_room;
};

#endif
