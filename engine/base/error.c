/* error.c - saying what is wrong, ending when memory is short, leaving nothing half-written behind.
 *
 * A message is built in one buffer, cleaned of everything a terminal could obey, and handed to the
 * kernel by one write(2): lines of several threads never mix.  It is cut at a length below
 * PIPE_BUF, so that holds for a pipe too.  On a terminal the rest of the row is erased behind it,
 * because a progress line may lie there (engine/progress.c draws it and puts the cursor back to its
 * beginning).
 *
 * Memory is asked for here and nowhere else, so that its lack has one answer: say so, remove what
 * is unfinished, end with status 3.  Without BM_MIMALLOC (sanitizers, valgrind) the C library
 * serves.
 *
 * The names of unfinished outputs stand in slots of atomic pointers, since a signal handler must
 * be able to walk them at any instant.  Clearing a slot waits until such a walk is over: the name
 * may be freed right after.
 */
#include "bouncemill/error.h"

#include "bouncemill/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <malloc.h>
#include <sys/mman.h>

#ifdef BM_MIMALLOC
#include <mimalloc.h>
#define take(size)  mi_malloc(size)
#define take_zeroed mi_calloc
#define retake      mi_realloc
#define give        mi_free
#define usable      mi_usable_size
#else
#define take(size)  malloc(size)
#define take_zeroed calloc
#define retake      realloc
#define give        free
#define usable      malloc_usable_size
#endif

/* Tables from this size on lie in huge pages where the system lends them: looked up at random, they
 * cost far fewer page faults and TLB misses. */
enum { HUGE_BYTES = 2 << 20, HUGE_FROM_BYTES = 1 << 20 };

enum { LINE_BYTES_MAX = 3500, WHAT_BYTES_MAX = 1200, MESSAGE_BYTES_MAX = 2200 };

static _Atomic(const char *) unfinished[BM_UNFINISHED_MAX];
static atomic_int walkers;

/* put - write all of it to stderr as well as that goes; errno stays as it was */
static void put(const void *data, size_t size)
{
	const int kept = errno;
	const char *rest = data;
	while (size > 0) {
		const ssize_t done = write(STDERR_FILENO, rest, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
		rest += done;
		size -= (size_t)done;
	}
	errno = kept;
}

/* erases - is stderr a terminal that understands an erased row */
static bool erases(void)
{
	const char *const term = getenv("TERM");
	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void bm_say(const char *what, const char *format, ...)
{
	const int kept = errno;
	char message[MESSAGE_BYTES_MAX];
	va_list values;
	va_start(values, format);
	const int wanted = vsnprintf(message, sizeof message, format, values);
	va_end(values);
	if (wanted < 0)
		message[0] = 0;
	struct bm_text line = {0};
	bm_text_add(&line, BM_BYTES("bouncemill: "));
	if (what) {
		bm_text_clean(&line, bm_bytes_of(what), WHAT_BYTES_MAX);
		bm_text_add(&line, BM_BYTES(": "));
	}
	bm_text_clean(&line, bm_bytes_of(message), LINE_BYTES_MAX - line.size);
	if (wanted >= (int)sizeof message)
		bm_text_add(&line, BM_BYTES("..."));
	if (erases())
		bm_text_add(&line, BM_BYTES("\033[K"));
	bm_text_byte(&line, '\n');
	put(line.data, line.size);
	bm_text_dispose(&line);
	errno = kept;
}

_Noreturn void bm_out_of_memory(size_t wanted_bytes)
{
	char line[160];
	const int size = snprintf(line, sizeof line,
				  "bouncemill: out of memory: %zu bytes more were refused"
				  " (try fewer threads with -j, or raise the limit)\n",
				  wanted_bytes);
	bm_remove_unfinished();
	put(line, size > 0 ? (size_t)size : 0);
	_exit(BM_EXIT_OUTPUT);
}

/* slot_take - the number of a free slot, now holding path; -1 when all are taken */
static int slot_take(const char *path)
{
	for (int i = 0; i < BM_UNFINISHED_MAX; i++) {
		const char *expected = NULL;
		if (atomic_compare_exchange_strong(&unfinished[i], &expected, path))
			return i;
	}
	return -1;
}

int bm_at_exit_remove(int slot, const char *path)
{
	if (slot < 0)
		return slot_take(path);
	atomic_store(&unfinished[slot], path);
	while (atomic_load(&walkers) > 0)
		usleep(1000);
	return slot;
}

void bm_remove_unfinished(void)
{
	const int kept = errno;
	atomic_fetch_add(&walkers, 1);
	for (int i = 0; i < BM_UNFINISHED_MAX; i++) {
		const char *const path = atomic_exchange(&unfinished[i], NULL);
		if (path)
			unlink(path);
	}
	atomic_fetch_sub(&walkers, 1);
	errno = kept;
}

/* Pieces that were mapped; a pointer is one of them when it stands here.  Few and rarely asked for.
 */
enum { HUGE_MAX = 1024 };
static struct huge {
	void *data;
	size_t size;
} huges[HUGE_MAX];
static atomic_flag huges_lock = ATOMIC_FLAG_INIT;

static void lock_huges(void)
{
	while (atomic_flag_test_and_set_explicit(&huges_lock, memory_order_acquire))
		;
}

static void unlock_huges(void)
{
	atomic_flag_clear_explicit(&huges_lock, memory_order_release);
}

/* replace_huge - put note in the place of data's, NULL standing for a free place; the old one goes to *old.  false =
 * there is no such place */
static bool replace_huge(void *data, struct huge note, struct huge *old)
{
	bool found = false;
	lock_huges();
	for (int i = 0; i < HUGE_MAX && !found; i++) {
		if (huges[i].data != data)
			continue;
		*old = huges[i];
		huges[i] = note;
		found = true;
	}
	unlock_huges();
	return found;
}

/* map_aligned - zeroed pages at a multiple of HUGE_BYTES, or NULL */
static void *map_aligned(size_t size)
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
	return data + before;
}

static _Atomic uint64_t huge_bytes, huge_bytes_max;

void bm_memory_budget(uint64_t bytes)
{
	atomic_store(&huge_bytes_max, bytes);
}

/* within_budget - may so many bytes more be taken */
static bool within_budget(size_t size)
{
	const uint64_t max = atomic_load(&huge_bytes_max);
	return max == 0 || atomic_load(&huge_bytes) + size <= max;
}

/* take_huge - a large piece of zeroed memory, in huge pages if they are to be had; or NULL */
static void *take_huge(size_t size)
{
	const size_t rounded = (size + HUGE_BYTES - 1) & ~(size_t)(HUGE_BYTES - 1);
	if (rounded < size || !within_budget(rounded))
		return NULL;
	struct huge old;
	void *const data = map_aligned(rounded);
	if (data && !replace_huge(NULL, (struct huge){data, rounded}, &old)) {
		munmap(data, rounded); /* so many are noted that an ordinary piece must do */
		return take_zeroed(1, size);
	}
	if (data)
		atomic_fetch_add(&huge_bytes, rounded);
	return data;
}

/* give_huge - give a piece back if it was mapped */
static bool give_huge(void *data)
{
	if (data == NULL || ((uintptr_t)data & (HUGE_BYTES - 1)))
		return false;
	struct huge old;
	if (!replace_huge(data, (struct huge){0}, &old))
		return false;
	munmap(old.data, old.size);
	atomic_fetch_sub(&huge_bytes, old.size);
	return true;
}

/* room_of - bytes that may be used at data */
static size_t room_of(void *data)
{
	if (data == NULL)
		return 0;
	size_t size = 0;
	if (((uintptr_t)data & (HUGE_BYTES - 1)) == 0) {
		lock_huges();
		for (int i = 0; i < HUGE_MAX && size == 0; i++)
			size = huges[i].data == data ? huges[i].size : 0;
		unlock_huges();
	}
	return size ? size : usable(data);
}

void *bm_alloc(size_t size)
{
	void *const fresh = size >= HUGE_FROM_BYTES ? take_huge(size) : take(size ? size : 1);
	if (!fresh)
		bm_out_of_memory(size);
	return fresh;
}

void *bm_zalloc(size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		bm_out_of_memory(SIZE_MAX);
	void *const fresh = count * size >= HUGE_FROM_BYTES
				    ? take_huge(count * size)
				    : take_zeroed(count ? count : 1, size ? size : 1);
	if (!fresh)
		bm_out_of_memory(count * size);
	return fresh;
}

void *bm_realloc(void *old, size_t size)
{
	const size_t had = room_of(old);
	if (size >= HUGE_FROM_BYTES && size <= had)
		return old;
	if (size >= HUGE_FROM_BYTES || had >= HUGE_FROM_BYTES) {
		void *const larger = bm_alloc(size);
		if (old)
			memcpy(larger, old, had < size ? had : size);
		bm_free(old);
		return larger;
	}
	void *const fresh = retake(old, size ? size : 1);
	if (!fresh)
		bm_out_of_memory(size);
	return fresh;
}

void bm_free(void *old)
{
	if (!give_huge(old))
		give(old);
}
