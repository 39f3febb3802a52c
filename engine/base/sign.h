/* sign.h - short tokens that betray something, looked for in a text at the borders of words.
 *
 * A sign is written in lower case and matches without case (ASCII).  It begins where a word
 * begins, or anywhere when its first byte is no letter or digit, and ends where a word ends; a
 * trailing * lifts the border behind it, and % is a digit.  A number has no border beside a dot
 * and more digits: "5.7.134" is not in "5.7.134.2".  Neither does a sign stand behind @.
 *
 * A set is a table by the first three bytes of its signs, filled before main() from lines of data
 * that come with the program, and read-only from then on.  A look costs one probe and touches few
 * signs while few of them begin alike; nothing is allocated.
 */
#ifndef BM_SIGN_H
#define BM_SIGN_H

#include "bouncemill/bytes.h"

enum {
	BM_SIGN_SLOTS = 1024,  /* of a set: a power of two, at least twice its signs */
	BM_SIGN_BYTES_MIN = 3, /* of a sign; the first three have no % */
	BM_SIGN_NONE = 0xffff
};

struct bm_sign {
	struct bm_bytes token; /* borrowed; empty = free slot */
	uint16_t value;        /* whose sign it is */
	bool open;             /* the word may go on behind it */
};

struct bm_signs {
	struct bm_sign slots[BM_SIGN_SLOTS];
	uint64_t starts[1024]; /* a bit for each two lower-case bytes that signs begin with */
	uint16_t count;
};

/* bm_signs_add - token is borrowed for as long as the set is used; an assert guards its limits */
void bm_signs_add(struct bm_signs *signs, struct bm_bytes token, uint16_t value);
/* bm_signs_start - the bit of the two bytes at `at` in starts */
static inline unsigned bm_signs_start(const uint8_t *at)
{
	return (unsigned)bm_lower(at[0]) << 8 | bm_lower(at[1]);
}
/* bm_signs_look - bm_signs_at, where a sign may begin */
const struct bm_sign *bm_signs_look(const struct bm_signs *signs, struct bm_bytes text, size_t at);
/* bm_signs_at - the sign that stands at an offset of text, or NULL; nearly everywhere its two bytes
 * say that none does */
static inline const struct bm_sign *bm_signs_at(const struct bm_signs *signs, struct bm_bytes text,
						size_t at)
{
	if (at + BM_SIGN_BYTES_MIN > text.size)
		return NULL;
	const unsigned start = bm_signs_start(text.data + at);
	return signs->starts[start / 64] >> start % 64 & 1 ? bm_signs_look(signs, text, at) : NULL;
}

/* bm_sign_token - take the next "token" off a line of data, without its quotes; empty at the end */
struct bm_bytes bm_sign_token(struct bm_bytes *line);
/* bm_sign_letter - a letter or digit of ASCII */
static inline bool bm_sign_letter(uint8_t byte)
{
	return (uint8_t)(bm_lower(byte) - 'a') < 26 || bm_is_digit(byte);
}

#endif
