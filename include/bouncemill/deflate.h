/* deflate.h - compression for what we write: pieces compressed apart that join to one stream.
 *
 * A document of hundreds of megabytes is compressed by all threads, a piece each.  What comes out
 * depends on the pieces alone, not on who made them.  (formats/codecs/gzip.c, where the library is.)
 */
#ifndef BOUNCEMILL_DEFLATE_H
#define BOUNCEMILL_DEFLATE_H

#include "bouncemill/text.h"

/* bm_deflate - append run as raw deflate data (RFC 1951) that ends at a byte's edge, so that the next
 * piece can follow; last = nothing does */
void bm_deflate(struct bm_text *out, struct bm_bytes run, bool last);

/* bm_inflate - append the size bytes that a complete raw deflate stream holds; false when it does not
 * hold exactly so many */
bool bm_inflate(struct bm_text *out, struct bm_bytes run, size_t size);

/* bm_crc32 - the checksum of zip and gzip; bm_crc32_join - that of two runs, one behind the other */
uint32_t bm_crc32(struct bm_bytes run);
uint32_t bm_crc32_join(uint32_t left, uint32_t right, uint64_t right_size);

#endif
