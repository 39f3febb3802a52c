/* stream.c - maps, pipes and codecs; see stream.h.
 *
 * The SIGBUS handler may only do what a handler may: it walks a fixed table of maps, lays anonymous zero pages over the
 * rest of the one that lost its file (mmap is a plain system call) and sets a flag.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAPS_MAX = 8, READ_BYTES = 1 << 18, STEP_BYTES = 1 << 17 };

struct map {
	uint8_t *data;
	size_t size;
	volatile sig_atomic_t used, shrank;
};

static struct map maps[MAPS_MAX];

struct bm_stream {
	const struct bm_codec *codec;
	void *decoder;
	struct map *map;   /* NULL when read by read(2) */
	int fd;            /* -1 when mapped */
	bool own_fd;
	size_t at;         /* in the map */
	size_t forgotten;  /* pages given back */
	uint8_t *buffer;   /* of a pipe, READ_BYTES */
	struct bm_bytes ready; /* raw bytes waiting to be decoded */
	struct bm_bytes head;  /* of input->raw_head, read first */
	bool eof;
	uint64_t raw_bytes;
	enum bm_err ended; /* BM_OK while more may come */
	char reason[192];
};

/* --- SIGBUS --- */

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	(void)context;
	const uintptr_t at = (uintptr_t)info->si_addr;
	const uintptr_t page = at & ~(uintptr_t)4095;
	for (int i = 0; i < MAPS_MAX; i++) {
		const uintptr_t from = (uintptr_t)maps[i].data;
		if (!maps[i].used || at < from || at >= from + maps[i].size)
			continue;
		maps[i].shrank = 1;
		const size_t size = from + maps[i].size - page;
		if (mmap((void *)page, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
		    MAP_FAILED)
			return;
	}
	signal(number, SIG_DFL); /* not ours: die as the system meant it */
}

void bm_stream_guard(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_NODEFER};
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

/* --- opening --- */

/* map_file - map all of fd, or NULL when it cannot be mapped */
static struct map *map_file(int fd, uint64_t size)
{
	struct map *map = NULL;
	for (int i = 0; i < MAPS_MAX && map == NULL; i++)
		if (!maps[i].used)
			map = &maps[i];
	if (map == NULL || size == 0)
		return NULL;
	void *const data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return NULL;
	madvise(data, size, MADV_SEQUENTIAL);
	*map = (struct map){.data = data, .size = size, .used = 1};
	return map;
}

/* open_fd - the input's file, opened anew where that is possible */
static int open_fd(const struct bm_input *input)
{
	if (input->fd < 0)
		return open(input->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (input->seekable && lseek(input->fd, 0, SEEK_SET) < 0)
		return -1;
	return input->fd;
}

struct bm_stream *bm_stream_open(const struct bm_input *input, bool no_mmap, unsigned threads, int *error)
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
	if (input->seekable && !no_mmap)
		stream->map = map_file(fd, input->size);
	if (stream->map == NULL) {
		stream->buffer = bm_alloc(READ_BYTES);
		if (!input->seekable)
			stream->head = (struct bm_bytes){input->raw_head, input->raw_head_size};
	}
	if (stream->decoder == NULL)
		bm_out_of_memory(0);
	return stream;
}

void bm_stream_close(struct bm_stream *stream)
{
	if (stream == NULL)
		return;
	stream->codec->close(stream->decoder);
	if (stream->map) {
		stream->map->used = 0;
		munmap(stream->map->data, stream->map->size);
	}
	if (stream->own_fd)
		close(stream->fd);
	bm_free(stream->buffer);
	bm_free(stream);
}

struct bm_bytes bm_stream_map(const struct bm_stream *stream)
{
	return stream->map ? (struct bm_bytes){stream->map->data, stream->map->size}
			   : (struct bm_bytes){0};
}

void bm_stream_forget(struct bm_stream *stream, size_t end)
{
	enum { FORGET_BYTES_MIN = 1 << 23 }; /* a system call for each 8 MiB */
	end &= ~(size_t)4095;
	if (stream->map == NULL || end < stream->forgotten + FORGET_BYTES_MIN)
		return;
	madvise(stream->map->data + stream->forgotten, end - stream->forgotten, MADV_DONTNEED);
	stream->forgotten = end;
}

const char *bm_stream_reason(const struct bm_stream *stream)
{
	return stream->reason;
}

uint64_t bm_stream_raw_bytes(const struct bm_stream *stream)
{
	return stream->raw_bytes - stream->ready.size;
}

bool bm_stream_shrank(const struct bm_stream *stream)
{
	return stream->map && stream->map->shrank;
}

/* --- reading --- */

/* read_more - the next raw bytes of a pipe or unmapped file */
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

/* map_more - the next raw bytes of a map */
static void map_more(struct bm_stream *stream)
{
	const size_t left = stream->map->size - stream->at;
	const size_t step = left < STEP_BYTES ? left : STEP_BYTES;
	bm_stream_forget(stream, stream->at);
	stream->ready = (struct bm_bytes){stream->map->data + stream->at, step};
	stream->at += step;
	stream->raw_bytes += step;
	stream->eof = stream->at == stream->map->size;
}

/* step - feed the codec once */
static enum bm_err step(struct bm_stream *stream, struct bm_codec_io *io)
{
	if (stream->ready.size == 0 && !stream->eof) {
		if (stream->map)
			map_more(stream);
		else
			BM_TRY(read_more(stream));
	}
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
