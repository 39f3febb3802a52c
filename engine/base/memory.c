/* memory.c - memory of two kinds, each asked for here and nowhere else, so that its lack has one
 * answer: bm_out_of_memory.
 *
 * Small pieces come from mimalloc; without BM_MIMALLOC (sanitizers, valgrind) from the C library.
 *
 * Large pieces are mapped, at multiples of a huge page.  A fresh page costs the kernel its clearing,
 * and a machine that is itself a guest several times as much, while most large pieces are freed long
 * before the run ends: grown tables, blocks, spans.  So what is freed is kept, up to SPARE_BYTES_MAX, cut
 * and joined as it is wanted; and a piece that grows where none is spare keeps its pages under another
 * address.  All of it stands in two short lists under one lock: there are tens of such pieces.
 */
#define _GNU_SOURCE /* mremap */
#include "bouncemill/memory.h"

#include "bouncemill/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <malloc.h>
#include <sys/mman.h>

#ifdef BM_MIMALLOC
#include <mimalloc.h>
#define take(size)  mi_malloc(size)
#define take_zeroed mi_calloc
#define retake      mi_realloc
#define give        mi_free
#define usable      mi_usable_size
enum { SPARE_BYTES_MAX = 64 << 20 };
#else
#define take(size)  malloc(size)
#define take_zeroed calloc
#define retake      realloc
#define give        free
#define usable      malloc_usable_size
enum { SPARE_BYTES_MAX = 0 }; /* so that a use behind the end is a fault */
#endif

enum { HUGE_BYTES = 2 << 20, HUGE_FROM_BYTES = 1 << 20 };
enum { USED_MAX = 1024, SPARE_MAX = 64 };

/* Whole huge pages in a row. */
struct range {
	uint8_t *data; /* NULL = this place in a list is free */
	size_t size;
};

/* All of these under the lock. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct range used[USED_MAX], spare[SPARE_MAX];
static uint64_t mapped_bytes, spare_bytes, mapped_bytes_max;

/* --- under the lock --- */

/* find_range - the place in a list that holds data, NULL standing for a free one; or NULL */
static struct range *find_range(struct range *list, size_t room, const void *data)
{
	for (size_t i = 0; i < room; i++)
		if (list[i].data == data)
			return &list[i];
	return NULL;
}

/* unmap - give a range back to the system */
static void unmap(struct range range)
{
	munmap(range.data, range.size);
	mapped_bytes -= range.size;
}

/* drop_spare - keep nothing */
static void drop_spare(void)
{
	for (size_t i = 0; i < SPARE_MAX; i++)
		if (spare[i].data)
			unmap(spare[i]);
	memset(spare, 0, sizeof spare);
	spare_bytes = 0;
}

/* find_spare - the smallest spare range of size bytes or more, or NULL */
static struct range *find_spare(size_t size)
{
	struct range *best = NULL;
	for (size_t i = 0; i < SPARE_MAX; i++)
		if (spare[i].size >= size && (best == NULL || spare[i].size < best->size))
			best = &spare[i];
	return best;
}

/* take_spare - size bytes of a spare range, or NULL */
static uint8_t *take_spare(size_t size)
{
	struct range *const best = find_spare(size);
	if (best == NULL)
		return NULL;
	uint8_t *const data = best->data;
	best->size -= size;
	best->data = best->size ? data + size : NULL;
	spare_bytes -= size;
	return data;
}

/* keep_spare - a range for whoever wants one next, joined to its neighbours; back to the system when
 * there are too many */
static void keep_spare(struct range range)
{
	if (spare_bytes + range.size > SPARE_BYTES_MAX) {
		unmap(range);
		return;
	}
	spare_bytes += range.size;
	for (size_t i = 0; i < SPARE_MAX; i++) {
		struct range *const other = &spare[i];
		if (other->data == NULL || (other->data + other->size != range.data &&
					    range.data + range.size != other->data))
			continue;
		if (other->data < range.data)
			range.data = other->data;
		range.size += other->size;
		*other = (struct range){0};
	}
	struct range *const place = find_range(spare, SPARE_MAX, NULL);
	if (place) {
		*place = range;
	} else {
		spare_bytes -= range.size;
		unmap(range);
	}
}

/* may_map - may so many bytes more be mapped; what is spare goes before that is refused */
static bool may_map(size_t size)
{
	if (mapped_bytes_max && mapped_bytes + size > mapped_bytes_max)
		drop_spare();
	return mapped_bytes_max == 0 || mapped_bytes + size <= mapped_bytes_max;
}

/* map - fresh, zeroed pages at a multiple of HUGE_BYTES, or NULL */
static uint8_t *map(size_t size)
{
	uint8_t *const data = mmap(NULL, size + HUGE_BYTES, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return NULL;
	const size_t before = -(uintptr_t)data & (HUGE_BYTES - 1);
	if (before)
		munmap(data, before);
	munmap(data + before + size, HUGE_BYTES - before);
	madvise(data + before, size, MADV_HUGEPAGE);
	mapped_bytes += size;
	return data + before;
}

/* stretch - a range under another address with more bytes behind, its pages kept; or NULL, and it
 * stands as it was */
static uint8_t *stretch(struct range range, size_t size)
{
	uint8_t *const data = map(size);
	if (data == NULL)
		return NULL;
	if (mremap(range.data, range.size, size, MREMAP_MAYMOVE | MREMAP_FIXED, data) ==
	    MAP_FAILED) {
		unmap((struct range){data, size});
		return NULL;
	}
	mapped_bytes -= range.size;
	return data;
}

/* --- large pieces --- */

/* rounded - whole huge pages; 0 when there is no such number */
static size_t rounded(size_t size)
{
	return (size + HUGE_BYTES - 1) & ~(size_t)(HUGE_BYTES - 1);
}

/* take_large - a large piece, zeroed or not, or NULL */
static void *take_large(size_t size, bool zeroed)
{
	const size_t wanted = rounded(size);
	if (wanted == 0)
		return NULL;
	pthread_mutex_lock(&mutex);
	struct range *const place = find_range(used, USED_MAX, NULL);
	uint8_t *data = place ? take_spare(wanted) : NULL;
	const bool stale = data != NULL;
	if (place && data == NULL && may_map(wanted))
		data = map(wanted);
	if (data)
		*place = (struct range){data, wanted};
	pthread_mutex_unlock(&mutex);
	if (place == NULL) /* so many are noted that an ordinary piece must do */
		return take_zeroed(1, size);
	if (stale && zeroed)
		memset(data, 0, size);
	return data;
}

/* give_large - is data a large piece; then it is given back */
static bool give_large(void *data)
{
	if (data == NULL || ((uintptr_t)data & (HUGE_BYTES - 1)))
		return false;
	pthread_mutex_lock(&mutex);
	struct range *const place = find_range(used, USED_MAX, data);
	if (place) {
		keep_spare(*place);
		*place = (struct range){0};
	}
	pthread_mutex_unlock(&mutex);
	return place != NULL;
}

/* grow_large - a large piece grown without copying it, or NULL when that cannot be */
static void *grow_large(void *old, size_t size)
{
	const size_t wanted = rounded(size);
	uint8_t *data = NULL;
	pthread_mutex_lock(&mutex);
	struct range *const place = find_range(used, USED_MAX, old);
	if (place && wanted && !find_spare(wanted) && may_map(wanted - place->size))
		data = stretch(*place, wanted);
	if (data)
		*place = (struct range){data, wanted};
	pthread_mutex_unlock(&mutex);
	return data;
}

/* room_of - bytes that may be used at data */
static size_t room_of(void *data)
{
	if (data == NULL)
		return 0;
	size_t size = 0;
	if (((uintptr_t)data & (HUGE_BYTES - 1)) == 0) {
		pthread_mutex_lock(&mutex);
		const struct range *const place = find_range(used, USED_MAX, data);
		size = place ? place->size : 0;
		pthread_mutex_unlock(&mutex);
	}
	return size ? size : usable(data);
}

void bm_memory_budget(uint64_t bytes)
{
	pthread_mutex_lock(&mutex);
	mapped_bytes_max = bytes;
	pthread_mutex_unlock(&mutex);
}

/* --- all pieces --- */

void *bm_alloc(size_t size)
{
	void *const fresh =
		size >= HUGE_FROM_BYTES ? take_large(size, false) : take(size ? size : 1);
	if (!fresh)
		bm_out_of_memory(size);
	return fresh;
}

void *bm_zalloc(size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		bm_out_of_memory(SIZE_MAX);
	void *const fresh = count * size >= HUGE_FROM_BYTES
				    ? take_large(count * size, true)
				    : take_zeroed(count ? count : 1, size ? size : 1);
	if (!fresh)
		bm_out_of_memory(count * size);
	return fresh;
}

/* move - old's bytes in another piece */
static void *move(void *old, size_t had, size_t size)
{
	void *const other = bm_alloc(size);
	if (old)
		memcpy(other, old, had < size ? had : size);
	bm_free(old);
	return other;
}

void *bm_realloc(void *old, size_t size)
{
	const size_t had = room_of(old);
	if (size >= HUGE_FROM_BYTES && size <= had)
		return old;
	if (size >= HUGE_FROM_BYTES || had >= HUGE_FROM_BYTES) {
		void *const grown =
			had >= HUGE_FROM_BYTES && size > had ? grow_large(old, size) : NULL;
		return grown ? grown : move(old, had, size);
	}
	void *const fresh = retake(old, size ? size : 1);
	if (!fresh)
		bm_out_of_memory(size);
	return fresh;
}

void bm_free(void *old)
{
	if (!give_large(old))
		give(old);
}
