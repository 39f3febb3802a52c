/* output.c - files that appear whole or not at all.
 *
 * The temporary file lies in the folder of its target, for rename(2) is atomic only within one file
 * system.  Its name is random and O_EXCL | O_NOFOLLOW keep anybody from putting a link in its
 * place; its mode is 0600 from the first moment, since tables may hold addresses.  The name is
 * registered before the file exists and forgotten after it has its final name: whenever a signal
 * comes, there is nothing of it left.  Only SIGKILL and a power cut can leave a
 * `.bouncemill-*.tmp`, and they too leave the old target whole: the data is synced before it gets
 * the name, the folder after.
 *
 * Whether a target can be made is tried out, not deduced: a temporary file is created and removed.
 * Permissions, quotas and read-only mounts then all speak for themselves, root or not.
 *
 * A write error on stdout is an error like any other (`>/dev/full`), but a reader that has seen
 * enough (`| head`) is not: the rest goes nowhere and the run ends as it would have.
 */
#include "output.h"

#include "bouncemill/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct bm_output {
	char *target;    /* NULL = stdout; owned */
	char *temporary; /* owned */
	int fd;
	int slot;        /* of bm_at_exit_remove, or -1 */
	bool gone;       /* nobody reads stdout any more */
	enum bm_err err; /* the first failure */
};

void bm_fds_secure(void)
{
	/* Opened the wrong way round: using a stream that was closed on purpose stays an error. */
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDWR};
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) != fd)
			_exit(BM_EXIT_OUTPUT); /* not even /dev/null: nothing could be said */
}

/* on_signal - clean up, then die as if nobody had listened */
static void on_signal(int number)
{
	sigset_t only;
	bm_remove_unfinished();
	signal(number, SIG_DFL);
	sigemptyset(&only);
	sigaddset(&only, number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	raise(number);
}

void bm_signals_install(void)
{
	static const int deadly[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction before, after = {.sa_handler = on_signal};
	sigemptyset(&after.sa_mask);
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		if (sigaction(deadly[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(deadly[i], &after, NULL); /* nohup stays nohup */
	after.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &after, NULL);
	sigaction(SIGXFSZ, &after, NULL);
}

/* join - directory, separator and name as a string the caller frees */
static char *join(const char *path, size_t directory_length, const char *name)
{
	struct bm_text text = {0};
	bm_text_add(&text, (struct bm_bytes){(const uint8_t *)path, directory_length});
	bm_text_add(&text, bm_bytes_of(name));
	bm_text_byte(&text, 0);
	return (char *)text.data;
}

/* folder_length - bytes of path up to and including its last slash; 0 when it has none */
static size_t folder_length(const char *path)
{
	const char *const slash = strrchr(path, '/');
	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* temporary_make - create a temporary file beside path; its descriptor, or -1 with errno.  *name
 * (the caller frees it) and *slot are set in both cases. */
static int temporary_make(const char *path, char **name, int *slot)
{
	uint64_t random = 0;
	char leaf[48];
	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		random = (uint64_t)getpid();
	snprintf(leaf, sizeof leaf, ".bouncemill-%016llx.tmp", (unsigned long long)random);
	*name = join(path, folder_length(path), leaf);
	*slot = bm_at_exit_remove(-1, *name);
	const int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && *slot >= 0) {
		const int kept = errno;
		bm_at_exit_remove(*slot, NULL);
		*slot = -1;
		errno = kept;
	}
	return fd;
}

/* temporary_drop - remove and forget a temporary file; frees its name */
static void temporary_drop(char *name, int slot, bool remove_it)
{
	if (remove_it)
		unlink(name);
	if (slot >= 0)
		bm_at_exit_remove(slot, NULL);
	bm_free(name);
}

/* failed - say what cannot be done with path, and why; always BM_WRITE */
static enum bm_err failed(const char *path, const char *what, int why)
{
	bm_say(path, "%s: %s%s", what, strerror(why),
	       why == ENOENT ? " (make its directory first)" : "");
	return BM_WRITE;
}

/* folders_make - make path and the folders above it that are missing; 0, or errno */
static int folders_make(const char *path)
{
	char *const name = join(path, strlen(path), "");
	int why = 0;
	for (char *at = name + 1; why == 0 && name[0]; at++) {
		const char end = *at;
		if (end && end != '/')
			continue;
		*at = 0;
		if (mkdir(name, 0777) != 0 && errno != EEXIST)
			why = errno;
		*at = end;
		if (!end)
			break;
	}
	bm_free(name);
	return why;
}

/* target_check - may a file be put at path, as far as what lies there now tells */
static enum bm_err target_check(const char *path)
{
	struct stat there;
	if (lstat(path, &there) != 0)
		return errno == ENOENT ? BM_OK : failed(path, "cannot be written", errno);
	if (S_ISDIR(there.st_mode))
		return failed(path, "cannot be written", EISDIR);
	if (S_ISREG(there.st_mode) || S_ISLNK(there.st_mode))
		return BM_OK;
	bm_say(path, "cannot be written: it is a device, pipe or socket (name a regular file)");
	return BM_WRITE;
}

enum bm_err bm_output_check(const char *path, bool is_dir)
{
	struct stat there;
	if (is_dir) {
		const int why = folders_make(path);
		if (why)
			return failed(path, "cannot be made", why);
		if (stat(path, &there) == 0 && !S_ISDIR(there.st_mode))
			return failed(path, "cannot hold tables", ENOTDIR);
	} else {
		BM_TRY(target_check(path));
	}
	char *const probe = join(path, strlen(path), is_dir ? "/" : "");
	char *name = NULL;
	int slot = -1;
	const int fd = temporary_make(probe, &name, &slot);
	const int why = errno;
	bm_free(probe);
	temporary_drop(name, slot, fd >= 0);
	if (fd < 0)
		return failed(path, "cannot be written", why);
	close(fd);
	return BM_OK;
}

enum bm_err bm_output_open(struct bm_output **output, const char *path)
{
	struct bm_output *const fresh = bm_zalloc(1, sizeof *fresh);
	*output = NULL;
	fresh->slot = -1;
	fresh->fd = STDOUT_FILENO;
	if (path) {
		fresh->fd = temporary_make(path, &fresh->temporary, &fresh->slot);
		const int why = errno;
		if (fresh->fd < 0) {
			temporary_drop(fresh->temporary, fresh->slot, false);
			bm_free(fresh);
			return failed(path, "cannot be written", why);
		}
		fresh->target = join(path, strlen(path), "");
	}
	*output = fresh;
	return BM_OK;
}

const char *bm_output_path(const struct bm_output *output)
{
	return output->temporary;
}

/* trouble - note the first failure of an output, saying it once */
static enum bm_err trouble(struct bm_output *output, int why)
{
	if (!output->target && why == EPIPE) {
		output->gone = true;
		return BM_OK;
	}
	output->err = failed(output->target ? output->target : "standard output",
			     "cannot be written", why);
	return output->err;
}

enum bm_err bm_output_write(struct bm_output *output, struct bm_bytes run)
{
	if (output->err || output->gone)
		return output->err;
	while (run.size > 0) {
		const ssize_t done = write(output->fd, run.data, run.size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){output->fd, POLLOUT, 0}, 1, -1);
			continue;
		}
		if (done <= 0)
			return trouble(output, done ? errno : ENOSPC);
		run = bm_bytes_from(run, (size_t)done);
	}
	return BM_OK;
}

/* folder_sync - make the new name itself last; file systems that cannot are left in peace */
static void folder_sync(const char *path)
{
	const size_t length = folder_length(path);
	char *const folder = length ? join(path, length, "") : join(".", 1, "");
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	bm_free(folder);
}

/* settle - get the bytes to the disk and the file to its name; 0, or errno */
static int settle(struct bm_output *output)
{
	const bool unsynced = fsync(output->fd) != 0 && errno != EINVAL && errno != ENOSYS;
	const int why = unsynced ? errno : 0;
	const bool unclosed = close(output->fd) != 0;
	output->fd = -1;
	if (why || unclosed)
		return why ? why : errno;
	if (rename(output->temporary, output->target) != 0)
		return errno;
	folder_sync(output->target);
	return 0;
}

/* settle_stdout - learn of what a network file system says only at close; 0, or errno */
static int settle_stdout(const struct bm_output *output)
{
	const int copy = dup(output->fd);
	return copy < 0 || close(copy) == 0 ? 0 : errno;
}

enum bm_err bm_output_finish(struct bm_output *output)
{
	if (!output->err && !output->gone) {
		const int why = output->target ? settle(output) : settle_stdout(output);
		if (why) {
			trouble(output, why);
		} else if (output->target) {
			temporary_drop(output->temporary, output->slot, false);
			output->temporary = NULL;
		}
	}
	const enum bm_err err = output->err;
	bm_output_abort(output);
	return err;
}

void bm_output_abort(struct bm_output *output)
{
	if (!output)
		return;
	if (output->target && output->fd >= 0)
		close(output->fd);
	if (output->temporary)
		temporary_drop(output->temporary, output->slot, true);
	bm_free(output->target);
	bm_free(output);
}
