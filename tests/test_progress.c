/* test_progress.c - what the progress line says, and that it keeps quiet where nobody watches. */
#include "progress.h"

#include "bouncemill/error.h"
#include "bouncemill/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

/* line - the text for these figures, in a static buffer */
static const char *line(uint64_t bytes, uint64_t total, uint64_t lines, double seconds)
{
	static char text[256];
	struct bm_text out = {0};
	bm_progress_line(&out, bytes, total, lines, seconds);
	snprintf(text, sizeof text, "%.*s", (int)out.size, (const char *)out.data);
	bm_text_dispose(&out);
	return text;
}

Test(progress, says_bytes_rates_and_time_left)
{
	cr_assert_str_eq(line(500000000, 2000000000, 3000000, 0.25),
			 "500 MB of 2.00 GB (25%)  2.00 GB/s  12.0 Mlines/s  ETA 0:01");
	cr_assert_str_eq(line(1000, 4000000000, 10, 10),
			 "1.00 kB of 4.00 GB (0%)  0.00 GB/s  1 lines/s  ETA 99:59:59");
	cr_assert_str_eq(line(1000000, 100000000, 10, 80),
			 "1.00 MB of 100 MB (1%)  0.00 GB/s  0 lines/s  ETA 2:12:00");
}

Test(progress, an_unknown_or_wrong_total_gives_no_time_left)
{
	cr_assert_str_eq(line(2000000000, 0, 14000000, 1), "2.00 GB  2.00 GB/s  14.0 Mlines/s");
	cr_assert_str_eq(line(2001, 2000, 0, 1), "2.00 kB  0.00 GB/s");
	cr_assert_str_eq(line(0, 0, 0, 0), "0 B  0.00 GB/s");
}

/* written - bytes that a run with when and one late update leaves on a stderr that is a file */
static long written(enum bm_when when)
{
	struct bm_progress progress;
	FILE *const file = tmpfile();
	const int kept = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	bm_progress_start(&progress, when, 100);
	bm_progress_update(&progress, 1, 1);
	progress.start_ns -= 2000000000;
	bm_progress_update(&progress, 50, 50);
	bm_progress_update(&progress, 51, 51);
	bm_progress_end(&progress);
	dup2(kept, STDERR_FILENO);
	close(kept);
	const long size = lseek(fileno(file), 0, SEEK_CUR);
	fclose(file);
	return size;
}

Test(progress, silent_without_a_terminal_unless_asked)
{
	cr_assert_eq(written(BM_AUTO), 0);
	cr_assert_eq(written(BM_NEVER), 0);
	cr_assert_gt(written(BM_ALWAYS), 20);
}
