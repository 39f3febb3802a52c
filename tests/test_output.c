/* test_output.c - a fear each: half files, followed links, lost write errors, files left behind. */
#include "output.h"

#include "bouncemill/error.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

/* in_folder - name inside this test's own folder; one static buffer per call site is enough */
static const char *in_folder(const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *const path = paths[turn++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

/* entries - how many names the folder holds */
static int entries(void)
{
	DIR *const directory = opendir(folder);
	int count = -2; /* . and .. */
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

/* put - write a small file the plain way */
static void put(const char *path, const char *text)
{
	FILE *const file = fopen(path, "w");
	cr_assert(file);
	fputs(text, file);
	fclose(file);
}

/* holds - does the file at path hold exactly text */
static bool holds(const char *path, const char *text)
{
	char buffer[256] = {0};
	FILE *const file = fopen(path, "r");
	if (!file)
		return false;
	const size_t size = fread(buffer, 1, sizeof buffer - 1, file);
	fclose(file);
	return size == strlen(text) && strcmp(buffer, text) == 0;
}

static void setup(void)
{
	snprintf(folder, sizeof folder, "/tmp/bm-output-XXXXXX");
	cr_assert(mkdtemp(folder));
	bm_signals_install();
}

static void teardown(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(output, .init = setup, .fini = teardown);

Test(output, the_target_changes_only_at_the_end)
{
	const char *const path = in_folder("a.json");
	struct bm_output *output;
	put(path, "old");
	cr_assert_eq(bm_output_open(&output, path), BM_OK);
	cr_assert_eq(bm_output_write(output, BM_BYTES("new ")), BM_OK);
	cr_assert_eq(bm_output_write(output, BM_BYTES("whole")), BM_OK);
	cr_assert(holds(path, "old"));
	cr_assert_eq(bm_output_finish(output), BM_OK);
	cr_assert(holds(path, "new whole"));
	cr_assert_eq(entries(), 1);
}

Test(output, abort_leaves_the_old_file_and_nothing_else)
{
	const char *const path = in_folder("a.json");
	struct bm_output *output;
	put(path, "old");
	cr_assert_eq(bm_output_open(&output, path), BM_OK);
	cr_assert_eq(bm_output_write(output, BM_BYTES("new")), BM_OK);
	cr_assert_eq(entries(), 2);
	bm_output_abort(output);
	bm_output_abort(NULL);
	cr_assert(holds(path, "old"));
	cr_assert_eq(entries(), 1);
}

Test(output, only_the_owner_may_read)
{
	const char *const path = in_folder("a.json");
	struct bm_output *output;
	struct stat there;
	umask(0);
	cr_assert_eq(bm_output_open(&output, path), BM_OK);
	cr_assert_eq(bm_output_finish(output), BM_OK);
	cr_assert_eq(stat(path, &there), 0);
	cr_assert_eq(there.st_mode & 07777, 0600);
}

Test(output, a_link_is_replaced_not_followed)
{
	const char *const path = in_folder("link.json"), *const victim = in_folder("victim");
	struct bm_output *output;
	struct stat there;
	put(victim, "victim");
	cr_assert_eq(symlink("victim", path), 0);
	cr_assert_eq(bm_output_check(path, false), BM_OK);
	cr_assert_eq(bm_output_open(&output, path), BM_OK);
	cr_assert_eq(bm_output_write(output, BM_BYTES("new")), BM_OK);
	cr_assert_eq(bm_output_finish(output), BM_OK);
	cr_assert(holds(victim, "victim"));
	cr_assert_eq(lstat(path, &there), 0);
	cr_assert(S_ISREG(there.st_mode));
}

Test(output, check_finds_what_would_fail_after_hours)
{
	put(in_folder("file"), "");
	cr_assert_eq(bm_output_check(in_folder("none/x.json"), false), BM_WRITE);
	cr_assert_eq(bm_output_check(in_folder("file/x.json"), false), BM_WRITE);
	cr_assert_eq(bm_output_check(in_folder("file"), true), BM_WRITE);
	cr_assert_eq(bm_output_check(folder, false), BM_WRITE);
	cr_assert_eq(bm_output_check("/dev/null", false), BM_WRITE);
	cr_assert_eq(entries(), 1);
}

Test(output, check_makes_the_folders_of_a_directory_output)
{
	cr_assert_eq(bm_output_check(in_folder("deep/er/most/"), true), BM_OK);
	cr_assert_eq(bm_output_check(in_folder("deep/er/most"), true), BM_OK);
	cr_assert_eq(access(in_folder("deep/er/most"), F_OK), 0);
	cr_assert_eq(entries(), 1);
}

Test(output, a_full_disk_is_an_error_and_leaves_nothing)
{
	const char *const path = in_folder("a.json");
	const struct rlimit limit = {16, 16};
	struct bm_output *output;
	cr_assert_eq(bm_output_open(&output, path), BM_OK);
	const pid_t child = fork(); /* the limit must not hit Criterion's own files */
	if (child == 0) {
		setrlimit(RLIMIT_FSIZE, &limit);
		const enum bm_err first =
			bm_output_write(output, BM_BYTES("more than sixteen bytes"));
		const enum bm_err later = bm_output_write(output, BM_BYTES("x"));
		const enum bm_err end = bm_output_finish(output);
		_exit(first == BM_WRITE && later == BM_WRITE && end == BM_WRITE ? 0 : 1);
	}
	int status = -1;
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);
	cr_assert_eq(entries(), 0);
	bm_output_abort(output);
}

/* through_stdout - exit status of a child that writes to fd as its stdout: 0 = both steps were ok,
 * 1 = the write failed, 2 = only the end did */
static int through_stdout(int fd)
{
	const pid_t child = fork();
	if (child == 0) {
		struct bm_output *output;
		dup2(fd, STDOUT_FILENO);
		bm_output_open(&output, NULL);
		const enum bm_err write_err = bm_output_write(output, BM_BYTES("table\n"));
		const enum bm_err end_err = bm_output_finish(output);
		_exit(write_err ? 1 : end_err ? 2 : 0);
	}
	int status = -1;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(output, dev_full_is_noticed)
{
	const int fd = open("/dev/full", O_WRONLY);
	cr_assert_eq(through_stdout(fd), 1);
	close(fd);
}

Test(output, a_reader_that_went_away_is_no_failure)
{
	int ends[2];
	cr_assert_eq(pipe(ends), 0);
	close(ends[0]);
	cr_assert_eq(through_stdout(ends[1]), 0);
	close(ends[1]);
}

Test(output, a_signal_removes_what_is_unfinished)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	for (int i = 0; i < 3; i++) {
		const pid_t child = fork();
		if (child == 0) {
			struct bm_output *output;
			signal(numbers[i], SIG_DFL);
			bm_signals_install();
			bm_output_open(&output, in_folder("a.json"));
			bm_output_write(output, BM_BYTES("half"));
			raise(numbers[i]);
			_exit(0);
		}
		int status = 0;
		waitpid(child, &status, 0);
		cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
		cr_assert_eq(entries(), 0);
	}
}

Test(output, closed_descriptors_are_taken)
{
	const pid_t child = fork();
	if (child == 0) {
		close(0);
		close(1);
		close(2);
		bm_fds_secure();
		const int next = open("/dev/null", O_RDONLY);
		char byte;
		const bool mute = write(1, "x", 1) < 0 && read(0, &byte, 1) < 0;
		_exit(next > 2 && mute && write(2, "x", 1) == 1 ? 0 : 1);
	}
	int status = -1;
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);
}

Test(output, more_outputs_than_slots_still_work)
{
	static struct bm_output *outputs[BM_UNFINISHED_MAX + 8];
	char name[32];
	for (int i = 0; i < BM_UNFINISHED_MAX + 8; i++) {
		snprintf(name, sizeof name, "%d.csv", i);
		cr_assert_eq(bm_output_open(&outputs[i], in_folder(name)), BM_OK);
	}
	for (int i = 0; i < BM_UNFINISHED_MAX + 8; i++)
		cr_assert_eq(bm_output_finish(outputs[i]), BM_OK);
	cr_assert_eq(entries(), BM_UNFINISHED_MAX + 8);
}
