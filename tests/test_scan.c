/* test_scan.c - every twin of the line scanner against the plain one.
 *
 * Runs end at a page that must not be touched, ends buffers too; all short lengths, alignments and
 * small ends buffers are tried, on newlines from none to nothing else.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scan.h"

enum { ENDS_MAX = 400, LENGTH_MAX = 300 };

/* guarded - size bytes whose end is the end of all that may be touched */
static uint8_t *guarded(size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t pages = (size + page - 1) / page + 1;
	uint8_t *const base = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq((void *)base, MAP_FAILED);
	cr_assert_eq(mprotect(base + (pages - 1) * page, page, PROT_NONE), 0);
	return base + (pages - 1) * page - size;
}

/* fill - a run with newlines so often in a hundred */
static void fill(struct chance *chance, uint8_t *data, size_t size, uint32_t percent)
{
	for (size_t i = 0; i < size; i++)
		data[i] = chance_percent(chance, percent) ? '\n' : (uint8_t)chance_next(chance);
}

/* compare - both scanners over a whole run, ends_max at a time, step by step */
static void compare(const char *name, bm_scan_fn *scan, struct bm_bytes run, size_t from,
		    uint32_t *ends, size_t ends_max)
{
	uint32_t plain_ends[ENDS_MAX];
	size_t at = from, plain_at = from;
	for (unsigned steps = 0;; steps++) {
		const size_t count = scan(run, &at, ends, ends_max);
		const size_t plain = bm_scan_lines_plain(run, &plain_at, plain_ends, ends_max);
		cr_assert_eq(count, plain, "%s: %zu ends of %zu bytes, not %zu", name, count,
			     run.size, plain);
		cr_assert_eq(memcmp(ends, plain_ends, count * sizeof *ends), 0, "%s: other ends",
			     name);
		if (count == 0)
			break;
		cr_assert_leq(steps, run.size, "%s does not come to an end", name);
		/* Where to go on may differ, as long as no newline lies between. */
		const size_t low = at < plain_at ? at : plain_at,
			     high = at < plain_at ? plain_at : at;
		cr_assert_leq(high, run.size);
		cr_assert_eq(bm_bytes_find((struct bm_bytes){run.data, high}, low, '\n'), high);
	}
	cr_assert_eq(at, run.size, "%s: stops at %zu of %zu", name, at, run.size);
}

/* for_each_twin - every scanner this processor runs, and the chosen one */
static void for_each_twin(void (*test)(const char *name, bm_scan_fn *scan))
{
	const char *name;
	bm_scan_fn *scan;
	for (size_t i = 0; (scan = bm_scan_twin(i, &name)) != NULL; i++)
		test(name, scan);
	test("chosen", bm_scan_lines);
}

static void try_lengths(const char *name, bm_scan_fn *scan)
{
	struct chance chance = {1};
	static const uint32_t percents[] = {0, 1, 5, 50, 100};
	uint8_t *const end = guarded(LENGTH_MAX) + LENGTH_MAX;
	uint32_t *const ends = (uint32_t *)(void *)(guarded(ENDS_MAX * sizeof *ends));
	for (size_t size = 0; size <= LENGTH_MAX; size++)
		for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
			fill(&chance, end - size, size, percents[i]);
			const struct bm_bytes run = {end - size, size};
			compare(name, scan, run, 0, ends, ENDS_MAX);
			compare(name, scan, run, chance_below(&chance, (uint32_t)size + 1), ends,
				ENDS_MAX);
		}
}

Test(scan, all_lengths_against_a_guard_page)
{
	for_each_twin(try_lengths);
}

static void try_alignments(const char *name, bm_scan_fn *scan)
{
	struct chance chance = {2};
	static uint8_t data[64 + LENGTH_MAX];
	uint32_t ends[ENDS_MAX];
	for (size_t shift = 0; shift < 64; shift++) {
		fill(&chance, data, sizeof data, 7);
		for (size_t size = 0; size <= LENGTH_MAX; size += 1 + size / 40)
			compare(name, scan, (struct bm_bytes){data + shift, size}, 0, ends,
				ENDS_MAX);
	}
}

Test(scan, all_alignments)
{
	for_each_twin(try_alignments);
}

static void try_small_buffers(const char *name, bm_scan_fn *scan)
{
	struct chance chance = {3};
	static uint8_t data[1000];
	for (size_t ends_max = 1; ends_max <= 140; ends_max++) {
		uint32_t *const ends = (uint32_t *)(void *)guarded(ends_max * sizeof *ends);
		for (uint32_t percent = 1; percent <= 100; percent += 33) {
			fill(&chance, data, sizeof data, percent);
			compare(name, scan, (struct bm_bytes){data, sizeof data}, 0, ends,
				ends_max);
		}
	}
}

Test(scan, all_small_ends_buffers)
{
	for_each_twin(try_small_buffers);
}

Test(scan, the_last_twin_is_the_plain_one)
{
	const char *name, *last = "";
	for (size_t i = 0; bm_scan_twin(i, &name); i++)
		last = name;
	cr_assert_str_eq(last, "plain");
}

Test(scan, twins_can_be_taken_away)
{
	const char *name;
	setenv("BM_DISABLE_CPU", "avx512,avx2", 1);
	cr_assert_eq(bm_scan_twin(0, &name), bm_scan_lines_plain);
	cr_assert_null(bm_scan_twin(1, &name));
	unsetenv("BM_DISABLE_CPU");
}
