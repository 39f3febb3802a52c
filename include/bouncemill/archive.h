/* archive.h - .tar and .zip as folders (by libarchive, formats/codecs/archive.c).
 *
 * Members cannot be read in the order of their times, so each regular member is copied to an
 * unlinked temporary file and read from there like any other input.
 */
#ifndef BOUNCEMILL_ARCHIVE_H
#define BOUNCEMILL_ARCHIVE_H

#include "bouncemill/bytes.h"
#include "bouncemill/error.h"

struct bm_archive_member {
	const char *name; /* borrowed until the callback returns */
	int fd;           /* open for reading at offset 0; the callback owns it */
	int64_t mtime;    /* seconds since 1970, or 0 */
};

/* bm_archive_sniff - does the (decoded) head look like tar or zip; 512 bytes wanted */
bool bm_archive_sniff(struct bm_bytes head);

/* bm_archive_walk - call visit for each regular member of the archive open at fd (the whole file,
 * tar with any outer compression).  On BM_DAMAGED reason holds why; members before it were visited.
 */
enum bm_err bm_archive_walk(int fd, void (*visit)(void *context, const struct bm_archive_member *),
			    void *context, char reason[160]);

#endif
