/* zip.h - a zip container: reading one that a library made, and writing one whose members come in
 * pieces compressed apart.
 *
 * Only what workbooks need: deflated members, names of our own, no encryption, no comment, and less
 * than 4 GiB (ZIP_BYTES_MAX) of each.
 */
#ifndef BM_ZIP_H
#define BM_ZIP_H

#include "bouncemill/error.h"
#include "bouncemill/text.h"

struct bm_zip_member {
	struct bm_bytes name, data; /* deflated; borrowed from the container */
	uint32_t crc;
	size_t size; /* of the content */
};

struct bm_zip {
	struct bm_text bytes; /* the file */
	struct bm_zip_member *members;
	size_t count, room;
};

/* bm_zip_read - all members of the file at path; false when it cannot be read or is no such
 * container.  Dispose of it in both cases. */
bool bm_zip_read(struct bm_zip *zip, const char *path);
/* bm_zip_content - append what a member holds; false when it is damaged */
bool bm_zip_content(const struct bm_zip_member *member, struct bm_text *out);
void bm_zip_dispose(struct bm_zip *zip);

struct bm_zip_writer;

/* bm_zip_create - start over the file at path, which is there; NULL with errno when that fails */
struct bm_zip_writer *bm_zip_create(const char *path);
/* bm_zip_start - begin a member; bm_zip_add - a piece of it, the last one made with last = true;
 * after a failure nothing more is written */
void bm_zip_start(struct bm_zip_writer *writer, struct bm_bytes name);
void bm_zip_add(struct bm_zip_writer *writer, struct bm_bytes deflated, size_t size, uint32_t crc);
/* bm_zip_end - write the directory and free; 0, or the errno of the first failure,
 * which is EOVERFLOW beyond ZIP_BYTES_MAX */
int bm_zip_end(struct bm_zip_writer *writer);

#endif
