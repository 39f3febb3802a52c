/* stream.h - the decoded bytes of one input, in order: a file or a pipe behind a codec.
 *
 * Files are read, not mapped: a page fault costs more than copying the page, by five times on the
 * virtual machines where logs are ground (2 GB: 0.21 s by read, 1.0 s by touching a map), and a
 * file that is truncated under a reader is a short read instead of a SIGBUS.
 */
#ifndef BM_STREAM_H
#define BM_STREAM_H

#include "bouncemill/input.h"

struct bm_stream;

/* bm_stream_open - NULL when the file cannot be opened any more; *error = errno */
struct bm_stream *bm_stream_open(const struct bm_input *input, unsigned threads, int *error);
void bm_stream_close(struct bm_stream *stream);

/* bm_stream_read - up to size decoded bytes into out, *got of them.  BM_END when nothing more
 * comes; BM_DAMAGED or BM_READ with the reason at bm_stream_reason, after what could be read was
 * handed out. */
enum bm_err bm_stream_read(struct bm_stream *stream, uint8_t *out, size_t size, size_t *got);
const char *bm_stream_reason(const struct bm_stream *stream);
/* bm_stream_raw_bytes - bytes of the file consumed so far */
uint64_t bm_stream_raw_bytes(const struct bm_stream *stream);

/* bm_stream_pread - up to size raw bytes of the file at offset, which must be seekable; how many,
 * fewer only at its end or on an error (*error, else 0).  Any thread. */
size_t bm_stream_pread(const struct bm_stream *stream, uint8_t *out, size_t size, uint64_t offset,
		       int *error);

#endif
