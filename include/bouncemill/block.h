/* block.h - a run of whole records, the unit of work.
 *
 * Made by the cut in (input, offset) order, read by one worker.  Its bytes lie in a mapped file or in the block's own
 * buffer; either way they are borrowed until the worker gives the block back.
 */
#ifndef BOUNCEMILL_BLOCK_H
#define BOUNCEMILL_BLOCK_H

#include "bouncemill/clock.h"

/* Records longer than this are not read, but counted as malformed. */
#define BM_LINE_BYTES_MAX ((size_t)1 << 20)

struct bm_block {
	uint64_t seq;       /* order of all blocks of the run */
	uint32_t input;     /* number in the inputs */
	uint64_t offset;    /* of the first byte in the decoded stream */
	struct bm_bytes data;
	size_t map_end;     /* private to cut.c: where data ends in its map */
	bool last;          /* of its input: a record may lack its line end */
	uint32_t long_lines; /* records left out in front of data because they were too long */
	/* year-less stamps: the reference at the first byte, then a fresh one for the first record at or behind each stride
	 * border in data; see engine/base/years.h */
	struct bm_years years;
	int32_t *anchors;   /* days; anchor i belongs to border (first_border + i) * stride */
	size_t anchor_count, anchor_room;
	uint64_t first_border;
	/* a part to decode by the worker itself, then to be completed by bm_cut_stitch */
	struct bm_lane *lane; /* private to cut.c */
	uint64_t lane_seq;
	struct bm_bytes part;
	size_t part_decoded_bytes;
	uint8_t *buffer; /* owned by the worker */
	size_t buffer_room;
};

#endif
