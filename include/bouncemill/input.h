/* input.h - the files of a run: found, told apart by content, put in order, each counted once.
 *
 * Names and suffixes decide nothing: codec and transport are sniffed, the order comes from the
 * first times inside. The same file under two names (device and inode) or the same decoded bytes
 * under two (rotation caught between compressing and unlinking, a copy, a shorter copy of a file
 * that grew) is one input and a note.
 */
#ifndef BOUNCEMILL_INPUT_H
#define BOUNCEMILL_INPUT_H

#include "bouncemill/codec.h"
#include "bouncemill/source.h"

struct bm_input {
	char *name; /* owned */
	int fd;     /* open when it cannot be opened again (stdin, FIFO, archive member), else -1 */
	bool seekable; /* can be read twice */
	uint64_t size; /* bytes on disk; 0 for what has no size */
	int64_t mtime; /* seconds since 1970 */
	uint64_t device, inode;
	const struct bm_codec *codec;
	int transport;     /* enum bm_transport */
	uint8_t *raw_head; /* what was read of an input that cannot be read again; owned */
	size_t raw_head_size;
	bm_time first_time;      /* of the first record with a time, or unknown */
	int32_t first_day;       /* the day that year-less stamps start from, or BM_YEARS_NONE */
	uint64_t head_digest[2]; /* of the first decoded bytes */
	bool skip;       /* nothing of it is read: duplicate, empty, unreadable, unsupported */
	bool damaged;    /* the run is partial because of it */
	bool unreadable; /* it could not even be opened */
	struct bm_source source;
};

struct bm_inputs {
	struct bm_input *list;
	size_t count, room;
	bool partial;    /* something named could not be read in full */
	bool keep_equal; /* equal bytes under two names are two inputs: mails looked at one by one */
	uint64_t bytes;  /* of all that will be read */
	unsigned depth;  /* of the archive being unpacked */
};

/* bm_inputs_add - find the files of a path (file, directory, archive, "-"); troubles are said and
 * noted */
void bm_inputs_add(struct bm_inputs *inputs, const char *path);
/* bm_inputs_identify - sniff, drop duplicates, sort by the times inside; year = --year or 0 */
void bm_inputs_identify(struct bm_inputs *inputs, int year);
void bm_inputs_dispose(struct bm_inputs *inputs);
/* bm_input_trouble - set the source's status, mark input and run as damaged, and say it */
void bm_input_trouble(struct bm_inputs *inputs, struct bm_input *input, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
