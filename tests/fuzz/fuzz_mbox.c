/* fuzz_mbox.c - arbitrary bytes as an mbox: borders, mails between them, and what a file is.
 *
 * What must hold: borders are where a slow walk over all lines finds "From ", grow, and are the same
 * from any offset and in any window; the mails between them never overlap.
 */
#include "bouncemill/mail.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* must - nothing, or the end of the run */
static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_mbox: %s\n", what);
		abort();
	}
}

/* check_border - a border begins a line that begins with "From " */
static void check_border(struct bm_bytes data, size_t at)
{
	must(at == 0 || data.data[at - 1] == '\n', "a border inside a line");
	must(bm_bytes_starts(bm_bytes_from(data, at), BM_BYTES("From ")), "a border of no From_");
}

/* check_from - the first border behind any offset is the next one of the list */
static void check_from(struct bm_bytes data, size_t from)
{
	size_t at = bm_mbox_border(data, 0, true);
	while (at < from && at < data.size)
		at = bm_mbox_border(data, at + 1, true);
	must(bm_mbox_border(data, from, true) == at, "another border from elsewhere");
}

/* check_window - what a window says without its end is what the whole says */
static void check_window(struct bm_bytes data, size_t size)
{
	const struct bm_bytes window = {data.data, size};
	const size_t whole = bm_mbox_border(data, 0, true);
	const size_t seen = bm_mbox_border(window, 0, false);
	if (seen < size)
		must(seen == whole, "a border only a window has");
	else if (size > BM_MBOX_LOOK_BYTES)
		must(whole >= size - BM_MBOX_LOOK_BYTES, "a border a window lacks");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *const copy = malloc(size ? size : 1);
	if (size)
		memcpy(copy, data, size);
	const struct bm_bytes bytes = {copy, size};
	size_t last = 0;
	(void)bm_mails_sniff(bytes);
	for (size_t at = bm_mbox_border(bytes, 0, true), next; at < size; at = next) {
		check_border(bytes, at);
		const struct bm_bytes mail = bm_mbox_mail(bytes, at, &next);
		must(next > at, "a border that does not grow");
		must(mail.size == 0 ||
			     (mail.data >= copy + last && mail.data + mail.size <= copy + next),
		     "a mail beyond its borders");
		last = next;
	}
	if (size) {
		check_from(bytes, data[0] * size / 256);
		check_window(bytes, data[size - 1] * size / 256);
	}
	free(copy);
	return 0;
}
