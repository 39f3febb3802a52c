/* text.h - a growing run of bytes: what writers append to.
 *
 * Owned by whoever declares it: start with `struct bm_text text = {0}`, end with bm_text_dispose.
 * Numbers are formatted by hand: a table of a million rows is mostly small integers.
 */
#ifndef BOUNCEMILL_TEXT_H
#define BOUNCEMILL_TEXT_H

#include "bouncemill/bytes.h"

struct bm_text {
	uint8_t *data;
	size_t size;
	size_t room;
};

/* bm_text_room - at least extra writable bytes behind size; returns where to write */
uint8_t *bm_text_room(struct bm_text *text, size_t extra);
void bm_text_add(struct bm_text *text, struct bm_bytes run);
void bm_text_byte(struct bm_text *text, uint8_t byte);
/* bm_text_int - a decimal integer */
void bm_text_int(struct bm_text *text, int64_t value);
/* bm_text_format - printf at the end */
void bm_text_format(struct bm_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void bm_text_dispose(struct bm_text *text);

/* bm_text_clean - append run as valid, printable UTF-8: well-formed UTF-8 stays, else GB18030 that
 * decodes to Chinese is converted, else single bytes become \xHH.  C0, DEL, C1, bidi controls,
 * U+2028/9, BOM and noncharacters become \xHH of their bytes.  At most limit output bytes
 * (then "..." is appended; 0 = no limit).  Printable ASCII is copied in one go. */
void bm_text_clean(struct bm_text *text, struct bm_bytes run, size_t limit);

/* bm_text_chinese - is run Chinese in GB18030 and not UTF-8?  Then its UTF-8 is appended; else the
 * text stays as it is. */
bool bm_text_chinese(struct bm_text *text, struct bm_bytes run);

#endif
