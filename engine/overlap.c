/* overlap.c - find inputs whose first line also stands in an earlier input that reaches beyond it
 * in time.
 *
 * Only neighbours in time that really overlap are looked at, so a well rotated set costs nothing.
 * Lines are not taken away: equal lines in two files are usually one delivery told twice, but not
 * surely.
 */
#include "overlap.h"

#include <stdio.h>

#include "stream.h"

enum { LINE_BYTES = 4096, WINDOW_BYTES = 1 << 20, LINE_BYTES_MIN = 40 };

/* first_line - the first whole line of an input into buffer; its size, 0 when it is too short to
 * prove anything */
static size_t first_line(const struct bm_input *input, uint8_t buffer[LINE_BYTES])
{
	int error;
	size_t got = 0;
	struct bm_stream *const stream = bm_stream_open(input, 1, &error);
	if (stream == NULL)
		return 0;
	bm_stream_read(stream, buffer, LINE_BYTES, &got);
	bm_stream_close(stream);
	const size_t end = bm_bytes_find((struct bm_bytes){buffer, got}, 0, '\n');
	return end < got && end >= LINE_BYTES_MIN ? end + 1 : 0;
}

/* holds - does the line occur in the input's decoded bytes */
static bool holds(const struct bm_input *input, struct bm_bytes line)
{
	int error;
	struct bm_stream *const stream = bm_stream_open(input, 1, &error);
	if (stream == NULL)
		return false;
	uint8_t *const window = bm_alloc(WINDOW_BYTES + LINE_BYTES);
	size_t kept = 0, got;
	bool found = false;
	while (!found && bm_stream_read(stream, window + kept, WINDOW_BYTES, &got) == BM_OK) {
		const struct bm_bytes data = {window, kept + got};
		found = bm_bytes_search(data, line) < data.size;
		kept = data.size < line.size ? data.size : line.size - 1;
		memmove(window, window + data.size - kept, kept);
	}
	bm_free(window);
	bm_stream_close(stream);
	return found;
}

static bool overlaps_in_time(const struct bm_input *earlier, const struct bm_input *later)
{
	return !earlier->skip && !later->skip && earlier->seekable && later->seekable &&
	       earlier->source.seen.last != BM_TIME_UNKNOWN &&
	       later->first_time != BM_TIME_UNKNOWN &&
	       later->first_time <= earlier->source.seen.last;
}

void bm_overlap_say(struct bm_inputs *inputs)
{
	for (size_t i = 1; i < inputs->count; i++) {
		struct bm_input *const later = &inputs->list[i];
		const struct bm_input *const earlier = &inputs->list[i - 1];
		uint8_t buffer[LINE_BYTES];
		if (!overlaps_in_time(earlier, later))
			continue;
		const size_t size = first_line(later, buffer);
		if (size == 0 || !holds(earlier, (struct bm_bytes){buffer, size}))
			continue;
		bm_say(later->name,
		       "overlap: its first lines also stand in %s and are counted twice (rotate by "
		       "rename, "
		       "not by copytruncate)",
		       earlier->name);
		if (strcmp(later->source.status, "ok") == 0)
			snprintf(later->source.status, sizeof later->source.status, "overlaps %s",
				 earlier->name);
	}
}
