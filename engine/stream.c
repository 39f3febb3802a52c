/* stream.c - files, pipes and codecs; see stream.h. */
#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 17 };

struct bm_stream {
	const struct bm_codec *codec;
	void *decoder;
	int fd;
	bool own_fd;
	bool eof;
	uint8_t *buffer;       /* READ_BYTES of raw bytes */
	struct bm_bytes ready; /* those waiting to be decoded */
	struct bm_bytes head;  /* of input->raw_head, read first */
	uint64_t raw_bytes;
	enum bm_err ended; /* BM_OK while more may come */
	char reason[192];
};

/* open_fd - the input's file, opened anew where that is possible */
static int open_fd(const struct bm_input *input)
{
	if (input->fd < 0)
		return open(input->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (input->seekable && lseek(input->fd, 0, SEEK_SET) < 0)
		return -1;
	return input->fd;
}

struct bm_stream *bm_stream_open(const struct bm_input *input, unsigned threads, int *error)
{
	const int fd = open_fd(input);
	*error = errno;
	if (fd < 0)
		return NULL;
	struct bm_stream *const stream = bm_zalloc(1, sizeof *stream);
	stream->codec = input->codec;
	stream->decoder = input->codec->open(threads);
	stream->fd = fd;
	stream->own_fd = input->fd < 0;
	stream->buffer = bm_alloc(READ_BYTES);
	if (!input->seekable)
		stream->head = (struct bm_bytes){input->raw_head, input->raw_head_size};
	if (stream->decoder == NULL)
		bm_out_of_memory(0);
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return stream;
}

void bm_stream_close(struct bm_stream *stream)
{
	if (stream == NULL)
		return;
	stream->codec->close(stream->decoder);
	if (stream->own_fd)
		close(stream->fd);
	bm_free(stream->buffer);
	bm_free(stream);
}

const char *bm_stream_reason(const struct bm_stream *stream)
{
	return stream->reason;
}

uint64_t bm_stream_raw_bytes(const struct bm_stream *stream)
{
	return stream->raw_bytes - stream->ready.size;
}

size_t bm_stream_pread(const struct bm_stream *stream, uint8_t *out, size_t size, uint64_t offset,
		       int *error)
{
	size_t have = 0;
	*error = 0;
	while (have < size) {
		const ssize_t got =
			pread(stream->fd, out + have, size - have, (off_t)(offset + have));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			*error = errno;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return have;
}

/* read_more - the next raw bytes */
static enum bm_err read_more(struct bm_stream *stream)
{
	if (stream->head.size) {
		stream->ready = stream->head;
		stream->head.size = 0;
		stream->raw_bytes += stream->ready.size;
		return BM_OK;
	}
	ssize_t got;
	do
		got = read(stream->fd, stream->buffer, READ_BYTES);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		snprintf(stream->reason, sizeof stream->reason, "%s", strerror(errno));
		return BM_READ;
	}
	stream->eof = got == 0;
	stream->ready = (struct bm_bytes){stream->buffer, (size_t)got};
	stream->raw_bytes += (size_t)got;
	return BM_OK;
}

/* step - feed the codec once */
static enum bm_err step(struct bm_stream *stream, struct bm_codec_io *io)
{
	if (stream->ready.size == 0 && !stream->eof)
		BM_TRY(read_more(stream));
	io->in = stream->ready.data;
	io->in_size = stream->ready.size;
	io->in_last = stream->eof;
	const enum bm_err err = stream->codec->step(stream->decoder, io);
	stream->ready = (struct bm_bytes){io->in, io->in_size};
	if (err == BM_DAMAGED)
		snprintf(stream->reason, sizeof stream->reason, "%s", io->reason);
	return err;
}

enum bm_err bm_stream_read(struct bm_stream *stream, uint8_t *out, size_t size, size_t *got)
{
	struct bm_codec_io io = {.out = out, .out_size = size};
	while (io.out_size && stream->ended == BM_OK)
		stream->ended = step(stream, &io);
	*got = size - io.out_size;
	return *got ? BM_OK : stream->ended;
}
