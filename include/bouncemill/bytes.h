/* bytes.h - a borrowed run of bytes.
 *
 * Parsers take and return `struct bm_bytes`: a pointer into somebody else's memory and a size.
 * Nothing here owns, allocates or terminates with NUL; the owner is named where the run is made.
 */
#ifndef BOUNCEMILL_BYTES_H
#define BOUNCEMILL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bm_bytes {
	const uint8_t *data; /* may be NULL when size is 0 */
	size_t size;         /* bytes */
};

/* BM_BYTES - the run of a string literal, without its NUL */
#define BM_BYTES(literal) ((struct bm_bytes){(const uint8_t *)("" literal), sizeof(literal) - 1})

/* bm_bytes_of - the run of a C string, without its NUL */
static inline struct bm_bytes bm_bytes_of(const char *text)
{
	return (struct bm_bytes){(const uint8_t *)text, text ? strlen(text) : 0};
}

/* bm_bytes_from - the rest of a run from offset, which must not exceed its size */
static inline struct bm_bytes bm_bytes_from(struct bm_bytes run, size_t offset)
{
	return (struct bm_bytes){offset ? run.data + offset : run.data, run.size - offset};
}

/* bm_bytes_equal - same size, same bytes */
static inline bool bm_bytes_equal(struct bm_bytes left, struct bm_bytes right)
{
	return left.size == right.size &&
	       (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

/* bm_bytes_starts - does the run begin with prefix */
static inline bool bm_bytes_starts(struct bm_bytes run, struct bm_bytes prefix)
{
	return run.size >= prefix.size && memcmp(run.data, prefix.data, prefix.size) == 0;
}

/* bm_bytes_order - memcmp order, a prefix before its extensions */
static inline int bm_bytes_order(struct bm_bytes left, struct bm_bytes right)
{
	const size_t both = left.size < right.size ? left.size : right.size;
	const int order = both ? memcmp(left.data, right.data, both) : 0;
	return order ? order : (left.size > right.size) - (left.size < right.size);
}

/* bm_bytes_find - offset of byte at or after from, or run.size */
static inline size_t bm_bytes_find(struct bm_bytes run, size_t from, uint8_t byte)
{
	const void *hit = from < run.size ? memchr(run.data + from, byte, run.size - from) : NULL;
	return hit ? (size_t)((const uint8_t *)hit - run.data) : run.size;
}

/* bm_is_digit - '0' to '9' */
static inline bool bm_is_digit(uint8_t byte)
{
	return (uint8_t)(byte - '0') < 10;
}

/* bm_lower - a byte, an ASCII capital in lower case */
static inline uint8_t bm_lower(uint8_t byte)
{
	return byte | ((uint8_t)(byte - 'A') < 26 ? 0x20 : 0);
}

/* bm_load64 - 8 bytes as one little-endian word */
static inline uint64_t bm_load64(const uint8_t *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* bm_load32 - 4 bytes as one word, in this machine's order */
static inline uint32_t bm_load32(const uint8_t *at)
{
	uint32_t word;
	memcpy(&word, at, sizeof word);
	return word;
}

#if defined(__SSE2__)
/* bm_equal16 - bit i is set when byte i of the 16 at `at` equals byte; SSE2 is part of x86-64 */
static inline uint32_t bm_equal16(const uint8_t *at, uint8_t byte)
{
	typedef char bm_vector16 __attribute__((vector_size(16)));
	bm_vector16 data;
	memcpy(&data, at, sizeof data);
	return (uint32_t)__builtin_ia32_pmovmskb128(data == (char)byte);
}
#else
static inline uint32_t bm_equal16(const uint8_t *at, uint8_t byte)
{
	uint32_t mask = 0;
	for (unsigned i = 0; i < 16; i++)
		mask |= (uint32_t)(at[i] == byte) << i;
	return mask;
}
#endif

/* bm_bytes_find_either - offset of the first of two bytes at or after from, or run.size; sixteen
 * bytes a step, for the short distances inside a log line where a call of memchr costs more than
 * its work.  The last step looks back over bytes that were seen already. */
static inline size_t bm_bytes_find_either(struct bm_bytes run, size_t from, uint8_t one,
					  uint8_t other)
{
	for (; from + 16 <= run.size; from += 16) {
		const uint32_t hits =
			bm_equal16(run.data + from, one) | bm_equal16(run.data + from, other);
		if (hits)
			return from + (size_t)__builtin_ctz(hits);
	}
	if (from < run.size && run.size >= 16) {
		const uint8_t *const last = run.data + run.size - 16;
		const uint32_t hits =
			(bm_equal16(last, one) | bm_equal16(last, other)) >> (from + 16 - run.size);
		return hits ? from + (size_t)__builtin_ctz(hits) : run.size;
	}
	while (from < run.size && run.data[from] != one && run.data[from] != other)
		from++;
	return from < run.size ? from : run.size;
}

/* bm_bytes_find_near - the same for one byte */
static inline size_t bm_bytes_find_near(struct bm_bytes run, size_t from, uint8_t byte)
{
	return bm_bytes_find_either(run, from, byte, byte);
}

/* bm_bytes_find_last - offset of the last such byte, or run.size */
static inline size_t bm_bytes_find_last(struct bm_bytes run, uint8_t byte)
{
	size_t end = run.size;
	for (; end >= 16; end -= 16) {
		const uint32_t hits = bm_equal16(run.data + end - 16, byte);
		if (hits)
			return end - 16 + (31 - (size_t)__builtin_clz(hits));
	}
	while (end > 0 && run.data[end - 1] != byte)
		end--;
	return end > 0 ? end - 1 : run.size;
}

/* bm_same_short - are size bytes equal; fast for up to 16 */
static inline bool bm_same_short(const uint8_t *left, const uint8_t *right, size_t size)
{
	if (size >= 8) {
		if (size > 16)
			return memcmp(left, right, size) == 0;
		return bm_load64(left) == bm_load64(right) &&
		       bm_load64(left + size - 8) == bm_load64(right + size - 8);
	}
	if (size >= 4)
		return bm_load32(left) == bm_load32(right) &&
		       bm_load32(left + size - 4) == bm_load32(right + size - 4);
	for (size_t i = 0; i < size; i++)
		if (left[i] != right[i])
			return false;
	return true;
}

/* bm_bytes_search - offset of the first occurrence of needle, or run.size; linear (memmem) */
size_t bm_bytes_search(struct bm_bytes run, struct bm_bytes needle);

#endif
