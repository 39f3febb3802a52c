/* cut.h - from inputs to blocks of whole records.
 *
 * One cut serves all workers.  bm_cut_next is called under a lock, in turn, and does as little as
 * it can: a plain file is cut by offset and read by its worker; so is a compressed file of many
 * frames, whose decoded parts are then stitched in turn.  Only what cannot be cut before it is
 * decoded is decoded here.
 */
#ifndef BM_CUT_H
#define BM_CUT_H

#include "bouncemill/block.h"
#include "bouncemill/input.h"

struct bm_cut;

struct bm_cut_options {
	size_t block_bytes; /* 0 = default */
	unsigned threads;
	bool mails; /* cut the inputs that hold mails; else those that hold logs */
};

struct bm_cut *bm_cut_new(struct bm_inputs *inputs, const struct bm_cut_options *options);
void bm_cut_free(struct bm_cut *cut);

/* bm_cut_next - the next block; BM_END behind the last.  Troubles of an input are noted in it and
 * said.  block keeps its buffers and anchors from call to call; start with a zeroed one. */
enum bm_err bm_cut_next(struct bm_cut *cut, struct bm_block *block);

/* bm_cut_fill - read a range or decode a part; any thread, no lock.  false = damaged, reason set;
 * what came before stands. */
bool bm_cut_fill(struct bm_block *block, char reason[192]);
/* bm_cut_trouble - under the cut's lock: note that a range could not be read in full */
void bm_cut_trouble(struct bm_cut *cut, const struct bm_block *block, const char *reason);
/* bm_cut_turn - the lane_seq whose turn it is to be stitched, in the lane of block; under the cut's
 * lock */
uint64_t bm_cut_turn(const struct bm_block *block);
/* bm_cut_stitch - in turn, under the cut's lock: join the carried record to the decoded part and
 * carry its end; damage is the reason when decoding failed, else NULL */
void bm_cut_stitch(struct bm_cut *cut, struct bm_block *block, const char *damage);

/* bm_cut_release - the worker is done with the block's bytes; under the cut's lock */
void bm_cut_release(struct bm_cut *cut, struct bm_block *block);
void bm_block_dispose(struct bm_block *block);

/* bm_cut_raw_bytes - bytes of the inputs consumed so far, for progress */
uint64_t bm_cut_raw_bytes(const struct bm_cut *cut);

#endif
