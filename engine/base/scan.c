/* scan.c - find line ends 64 bytes at a time.
 *
 * The vector twins compare a block of 64 bytes against '\n' into one 64-bit mask and peel set bits
 * off it: on logs of 146 bytes a line that is one compare for every two or three lines' worth of
 * bytes, and no branch depends on a byte's value.  The ends array may be written a little past the
 * last hit inside its bounds, never outside: a twin stops while 64 places are free and leaves the
 * rest to the plain one.
 */
#include "scan.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

size_t bm_scan_lines_plain(struct bm_bytes run, size_t *from, uint32_t *ends, size_t ends_max)
{
	size_t count = 0, at = *from;
	while (at < run.size && count < ends_max) {
		const size_t end = bm_bytes_find(run, at, '\n');
		if (end < run.size)
			ends[count++] = (uint32_t)end;
		at = end + (end < run.size);
	}
	*from = at;
	return count;
}

#if defined(__x86_64__)
enum { BLOCK_BYTES = 64 };

/* peel - write the offsets of a mask's set bits, return how many */
static inline size_t peel(uint64_t mask, uint32_t base, uint32_t *ends)
{
	size_t count = 0;
	for (; mask; mask &= mask - 1)
		ends[count++] = base + (uint32_t)__builtin_ctzll(mask);
	return count;
}

/* TWIN - the loop of a vector twin around its 64-byte mask */
#define TWIN(name, features, mask_of)                                                              \
	__attribute__((target(features))) static size_t name(struct bm_bytes run, size_t *from,    \
							     uint32_t *ends, size_t ends_max)      \
	{                                                                                          \
		size_t count = 0, at = *from;                                                      \
		for (; at + BLOCK_BYTES <= run.size && count + BLOCK_BYTES <= ends_max;            \
		     at += BLOCK_BYTES)                                                            \
			count += peel(mask_of(run.data + at), (uint32_t)at, ends + count);         \
		*from = at;                                                                        \
		return count + bm_scan_lines_plain(run, from, ends + count, ends_max - count);     \
	}

__attribute__((target("avx2"))) static inline uint64_t mask_avx2(const uint8_t *data)
{
	const __m256i newline = _mm256_set1_epi8('\n');
	const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)data);
	const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(data + 32));
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, newline)) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, newline)) << 32;
}

__attribute__((target("avx512bw"))) static inline uint64_t mask_avx512(const uint8_t *data)
{
	return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(data), _mm512_set1_epi8('\n'));
}

TWIN(scan_avx2, "avx2", mask_avx2)
TWIN(scan_avx512, "avx512bw,avx512f", mask_avx512)
#endif

/* disabled - does BM_DISABLE_CPU name the twin */
static bool disabled(const char *name)
{
	const char *const list = getenv("BM_DISABLE_CPU");
	return list && strstr(list, name);
}

bm_scan_fn *bm_scan_twin(size_t index, const char **name)
{
	struct twin {
		const char *name;
		bm_scan_fn *scan;
		bool usable;
	} twins[] = {
#if defined(__x86_64__)
		{"avx512", scan_avx512, __builtin_cpu_supports("avx512bw") > 0},
		{"avx2", scan_avx2, __builtin_cpu_supports("avx2") > 0},
#endif
		{"plain", bm_scan_lines_plain, true},
	};
	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
		if (!twins[i].usable ||
		    (i + 1 < sizeof twins / sizeof *twins && disabled(twins[i].name)))
			continue;
		if (index-- == 0) {
			*name = twins[i].name;
			return twins[i].scan;
		}
	}
	return NULL;
}

static bm_scan_fn *chosen = bm_scan_lines_plain;

__attribute__((constructor)) static void choose(void)
{
	const char *name;
	chosen = bm_scan_twin(0, &name);
}

size_t bm_scan_lines(struct bm_bytes run, size_t *from, uint32_t *ends, size_t ends_max)
{
	return chosen(run, from, ends, ends_max);
}
