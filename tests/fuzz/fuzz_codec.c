/* fuzz_codec.c - arbitrary bytes through every codec, in odd sizes of window.
 *
 * The first three bytes of an input choose the codec and the windows, the rest is the file.  What
 * must hold: the decoder ends, each step makes progress or asks for input or room, nothing is
 * written behind the window, and damage has a reason that can be printed.
 */
#include "bouncemill/codec.h"
#include "bouncemill/registry.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WINDOW_BYTES_MAX = 1 << 16, GUARD_BYTES = 32, OUTPUT_BYTES_MAX = 1 << 20 };

/* must - nothing, or the end of the run */
static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_codec: %s\n", what);
		abort();
	}
}

/* window_of - a size of window from one byte of the input: all the small ones, some large ones */
static size_t window_of(uint8_t choice)
{
	return choice < 200 ? 1u + choice : (size_t)1 << (9 + choice % 8);
}

/* check_reason - nothing; the reason of damage is printable, not empty and ends */
static void check_reason(const struct bm_codec_io *io)
{
	const size_t length = strnlen(io->reason, sizeof io->reason);

	must(length > 0 && length < sizeof io->reason, "damage without a reason");
	for (size_t at = 0; at < length; at++)
		must(io->reason[at] >= ' ' && io->reason[at] <= '~', "a reason not printable");
}

/* refill - nothing; the next window of input, when the last one is used up */
static void refill(struct bm_codec_io *io, struct bm_bytes *rest, size_t window)
{
	if (io->in_size > 0)
		return;
	io->in = rest->data;
	io->in_size = rest->size < window ? rest->size : window;
	*rest = bm_bytes_from(*rest, io->in_size);
	io->in_last = rest->size == 0;
}

/* one_step - what step says; checks what each step promises */
static enum bm_err one_step(const struct bm_codec *codec, void *decoder, struct bm_codec_io *io,
			    size_t out_window)
{
	static uint8_t window[WINDOW_BYTES_MAX + GUARD_BYTES];
	const size_t in_size = io->in_size;
	enum bm_err err;

	memset(window + out_window, 0xa5, GUARD_BYTES);
	io->out = window;
	io->out_size = out_window;
	err = codec->step(decoder, io);
	must(io->in_size <= in_size, "more input than there was");
	must(io->out_size <= out_window && io->out == window + out_window - io->out_size,
	     "output counted wrongly");
	for (size_t at = 0; at < GUARD_BYTES; at++)
		must(window[out_window + at] == 0xa5, "written behind the window");
	must(err == BM_OK || err == BM_END || err == BM_DAMAGED, "an unknown answer");
	must(err != BM_END || (io->in_last && io->in_size == 0), "an end before the end");
	if (err == BM_DAMAGED)
		check_reason(io);
	return err;
}

/* pump - nothing; all of the file through one decoder */
static void pump(const struct bm_codec *codec, struct bm_bytes file, size_t in_window,
		 size_t out_window, unsigned threads)
{
	struct bm_codec_io io = {0};
	void *const decoder = codec->open(threads);
	enum bm_err err = BM_OK;
	size_t total = 0;
	unsigned idle = 0;

	must(decoder != NULL, "no decoder");
	while (err == BM_OK && total < OUTPUT_BYTES_MAX) {
		refill(&io, &file, in_window);
		const size_t in_size = io.in_size;
		err = one_step(codec, decoder, &io, out_window);
		total += out_window - io.out_size;
		idle = in_size == io.in_size && io.out_size == out_window ? idle + 1 : 0;
		must(idle < 2, "no progress");
	}
	codec->close(decoder);
}

/* parts - nothing; walks the file part by part */
static void parts(const struct bm_codec *codec, struct bm_bytes file)
{
	struct bm_codec_part part;

	while (codec->part && codec->part(file, &part)) {
		must(part.size > 0 && part.size <= file.size, "a part that is none");
		file = bm_bytes_from(file, part.size);
	}
}

/* LLVMFuzzerTestOneInput - 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bm_codec *codec;
	size_t codecs = 0;

	if (size < 3)
		return 0;
	while (bm_registry_codec(codecs))
		codecs++;
	codec = bm_registry_codec(data[0] / 2 % codecs);

	/* A heap block of its own, so that reading behind it is seen. */
	const struct bm_bytes rest = {data + 3, size - 3};
	uint8_t *const copy = malloc(rest.size + !rest.size);
	memcpy(copy, rest.data, rest.size);
	const struct bm_bytes file = {copy, rest.size};
	(void)codec->sniff(file);
	parts(codec, file);
	pump(codec, file, window_of(data[1]), window_of(data[2]), 1 + data[0] % 2);
	free(copy);
	return 0;
}
