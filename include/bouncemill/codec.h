/* codec.h - one way to compress bytes: a pure transform from a window of input to a window of
 * output.
 *
 * A codec never opens, maps, seeks or allocates by what a header claims; it is fed and drained in
 * small steps by its caller, like a pump.  Members, frames and streams that stand one behind
 * another are one stream to the caller: step() goes on by itself.  Zero padding behind a member is
 * skipped; other bytes behind the last member end the stream with BM_DAMAGED and the reason
 * "trailing garbage ignored".  What was written before an error stands.
 */
#ifndef BOUNCEMILL_CODEC_H
#define BOUNCEMILL_CODEC_H

#include "bouncemill/bytes.h"
#include "bouncemill/error.h"

/* Largest window or dictionary a codec may allocate, unless the caller's budget is smaller. */
#define BM_CODEC_WINDOW_BYTES_MAX ((size_t)128 << 20)

struct bm_codec_io {
	const uint8_t *in; /* advanced by step */
	size_t in_size;
	bool in_last; /* no input will come behind in_size */
	uint8_t *out; /* advanced by step */
	size_t out_size;
	char reason[160]; /* set with BM_DAMAGED: what is wrong, printable, lower case, no full stop
			   */
};

/* A decodable run of the compressed file that needs nothing from its neighbours. */
struct bm_codec_part {
	size_t size;          /* compressed bytes */
	size_t decoded_bytes; /* as its headers claim, or at most: a hint, never a promise; 0 = a
				 skippable frame */
};

struct bm_codec {
	const char *name; /* as shown in the coverage table: "gzip" */
	/* sniff - do these first bytes of a file (at least 16 unless it is shorter) belong to it */
	bool (*sniff)(struct bm_bytes head);
	/* open - a decoder, or NULL when memory is short; threads is a wish (xz only) */
	void *(*open)(unsigned threads);
	/* step - move on; BM_OK = made progress or wants input (in_size 0 and not in_last) or room;
	 * BM_END = stream complete; BM_DAMAGED = reason says why, the stream is over */
	enum bm_err (*step)(void *decoder, struct bm_codec_io *io);
	void (*close)(void *decoder);
	/* part - sizes of the independent part at the head of rest (a whole mapped file's tail), or
	 * false when they cannot be told cheaply.  NULL when the codec has no such thing. */
	bool (*part)(struct bm_bytes rest, struct bm_codec_part *part);
};

#endif
