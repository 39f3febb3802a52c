/* stream.h - the decoded bytes of one input, in order: a map or a pipe behind a codec.
 *
 * A regular file is mapped.  Should it be truncated while it is read, the SIGBUS that follows is caught: zero pages take the
 * lost ones' place and the stream is marked as shrunk.  What cannot be mapped, or must not be (--no-mmap), is read.
 */
#ifndef BM_STREAM_H
#define BM_STREAM_H

#include "bouncemill/input.h"

struct bm_stream;

/* bm_stream_open - NULL when the file cannot be opened any more (said and noted by the caller); *error = errno */
struct bm_stream *bm_stream_open(const struct bm_input *input, bool no_mmap, unsigned threads, int *error);
void bm_stream_close(struct bm_stream *stream);

/* bm_stream_map - the whole file as it lies there, when it is mapped; empty otherwise */
struct bm_bytes bm_stream_map(const struct bm_stream *stream);
/* bm_stream_forget - pages of the map before end are not needed any more */
void bm_stream_forget(struct bm_stream *stream, size_t end);

/* bm_stream_read - up to size decoded bytes into out, *got of them.  BM_END when nothing more comes; BM_DAMAGED or BM_READ
 * with the reason at bm_stream_reason, after what could be read was handed out. */
enum bm_err bm_stream_read(struct bm_stream *stream, uint8_t *out, size_t size, size_t *got);
const char *bm_stream_reason(const struct bm_stream *stream);
/* bm_stream_raw_bytes - bytes of the file consumed so far */
uint64_t bm_stream_raw_bytes(const struct bm_stream *stream);
/* bm_stream_shrank - was the file truncated under us */
bool bm_stream_shrank(const struct bm_stream *stream);

/* bm_stream_guard - install the SIGBUS handler, once, before any map is read */
void bm_stream_guard(void);

#endif
