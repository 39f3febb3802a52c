/* archive.c - .tar and .zip as folders, by libarchive.
 *
 * Members cannot be read in the order of their times, so each regular file is copied into an
 * unlinked temporary file and handed to the caller as an open descriptor.  The names inside an
 * archive are labels and nothing else: no path is ever made from one, so absolute names and `..`
 * are harmless.  Folders, links and devices are skipped; a hard link's data was met under its first
 * name.
 *
 * Holes of a sparse member stay holes.  A member whose data is damaged is still handed out with
 * what could be read; members behind it follow where libarchive can go on.  Only the filters built
 * into libarchive are switched on, never those that start another program.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "bouncemill/archive.h"

#define BM_ARCHIVE_MEMBERS_MAX      1000000
#define BM_ARCHIVE_MEMBER_BYTES_MAX ((int64_t)1 << 40)

enum {
	REASON_BYTES = 160,
	READ_BYTES = 1 << 16,
	TAR_BLOCK_BYTES = 512,
	TAR_SUM_AT = 148, /* the checksum field of a tar header */
	TAR_SUM_BYTES = 8,
	TAR_MAGIC_AT = 257,
};

struct walk {
	struct archive *archive;
	void (*visit)(void *context, const struct bm_archive_member *);
	void *context;
	char *reason;
	enum bm_err err; /* the first trouble */
	size_t members;
};

/* set_reason - nothing; kind and words, which begin with a small letter and are printable then */
static void set_reason(char *reason, const char *kind, const char *words)
{
	char *const start = reason + strlen(kind);

	snprintf(reason, REASON_BYTES, "%s%s", kind, words);
	if (isupper((unsigned char)start[0]) && !isupper((unsigned char)start[1]))
		start[0] = (char)tolower((unsigned char)start[0]);
	for (char *byte = start; *byte; byte++)
		*byte = *byte >= ' ' && *byte <= '~' ? *byte : '?';
}

/* trouble - err; the first reason is kept */
static enum bm_err trouble(struct walk *walk, enum bm_err err, const char *kind, const char *words)
{
	if (walk->err == BM_OK) {
		walk->err = err;
		set_reason(walk->reason, kind, words);
	}
	return err;
}

/* library_trouble - BM_DAMAGED, in the words of libarchive */
static enum bm_err library_trouble(struct walk *walk)
{
	const char *const words = archive_error_string(walk->archive);
	char kind[64] = "archive: ";

	if (walk->members > 0)
		snprintf(kind, sizeof kind, "archive, member %zu: ", walk->members);
	return trouble(walk, BM_DAMAGED, kind, words ? words : "unknown error");
}

/* open_temporary - a descriptor of an empty file without a name, or -1 with errno */
static int open_temporary(void)
{
	const char *const wish = getenv("TMPDIR");
	const char *const folder = wish && *wish ? wish : "/tmp";
	char path[4096];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (snprintf(path, sizeof path, "%s/bouncemill-XXXXXX", folder) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

/* write_all - BM_OK when size bytes stand at offset of fd, or BM_READ with errno */
static enum bm_err write_all(int fd, const uint8_t *data, size_t size, int64_t offset)
{
	while (size > 0) {
		const ssize_t written = pwrite(fd, data, size, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return BM_READ;
		data += written;
		size -= (size_t)written;
		offset += written;
	}
	return BM_OK;
}

/* copy_member - BM_OK when all of the member at hand is in fd; size is set to what is there */
static enum bm_err copy_member(struct walk *walk, int fd, int64_t *size)
{
	const void *data = NULL;
	size_t data_size = 0;
	int64_t offset = 0;
	int result;

	*size = 0;
	while ((result = archive_read_data_block(walk->archive, &data, &data_size, &offset)) ==
	       ARCHIVE_OK) {
		if (offset < 0 || offset > BM_ARCHIVE_MEMBER_BYTES_MAX - (int64_t)data_size)
			return trouble(walk, BM_DAMAGED, "archive: ", "member larger than 1 TiB");
		if (write_all(fd, data, data_size, offset) != BM_OK)
			return trouble(walk, BM_READ, "temporary file: ", strerror(errno));
		if (offset + (int64_t)data_size > *size)
			*size = offset + (int64_t)data_size;
	}
	if (result != ARCHIVE_EOF)
		return library_trouble(walk);
	if (offset > *size && offset <= BM_ARCHIVE_MEMBER_BYTES_MAX) {
		*size = offset; /* a hole at the end */
		if (ftruncate(fd, offset) != 0)
			return trouble(walk, BM_READ, "temporary file: ", strerror(errno));
	}
	return BM_OK;
}

/* name_of - what to call a member, borrowed from its entry */
static const char *name_of(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (!name)
		name = archive_entry_pathname_utf8(entry);
	return name ? name : "(unnamed)";
}

/* visit_member - BM_OK, or the trouble that the member at hand made */
static enum bm_err visit_member(struct walk *walk, struct archive_entry *entry)
{
	const int fd = open_temporary();
	int64_t size = 0;
	enum bm_err err;

	if (fd < 0)
		return trouble(walk, BM_READ, "temporary file: ", strerror(errno));
	err = copy_member(walk, fd, &size);
	if (err == BM_OK || size > 0) {
		const struct bm_archive_member member = {
			.name = name_of(entry),
			.fd = fd,
			.mtime = archive_entry_mtime_is_set(entry) ? archive_entry_mtime(entry) : 0,
		};
		(void)lseek(fd, 0, SEEK_SET);
		walk->visit(walk->context, &member);
	} else {
		(void)close(fd);
	}
	return err;
}

/* is_file - does an entry have data of its own */
static bool is_file(struct archive_entry *entry)
{
	return archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry);
}

/* walk_members - nothing; walk->err holds the first trouble on the way to the archive's end */
static void walk_members(struct walk *walk)
{
	struct archive_entry *entry;
	size_t bad_headers = 0;
	int result;

	while ((result = archive_read_next_header(walk->archive, &entry)) != ARCHIVE_EOF) {
		const bool bad = result != ARCHIVE_OK && result != ARCHIVE_WARN;

		if (bad)
			(void)library_trouble(walk);
		if (result == ARCHIVE_FATAL || bad_headers > BM_ARCHIVE_MEMBERS_MAX)
			return;
		bad_headers += bad;
		if (bad || !is_file(entry))
			continue;
		if (walk->members == BM_ARCHIVE_MEMBERS_MAX) {
			(void)trouble(walk, BM_DAMAGED, "archive: ", "more than 1,000,000 members");
			return;
		}
		walk->members++;
		if (visit_member(walk, entry) == BM_READ)
			return;
	}
}

/* open_archive - a reader of the file at fd, or NULL when memory is short; its errors come later */
static struct archive *open_archive(int fd)
{
	struct archive *const archive = archive_read_new();

	if (!archive)
		return NULL;
	archive_read_support_format_tar(archive);
	archive_read_support_format_zip(archive);
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_compress(archive);
	archive_read_support_filter_lzma(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_lzip(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_set_option(archive, "tar", "read_concatenated_archives", "1");
	(void)lseek(fd, 0, SEEK_SET);
	(void)archive_read_open_fd(archive, fd, READ_BYTES);
	return archive;
}

/* bm_archive_walk - BM_OK, or the first trouble met, with its reason */
enum bm_err bm_archive_walk(int fd, void (*visit)(void *context, const struct bm_archive_member *),
			    void *context, char reason[160])
{
	struct walk walk = {.visit = visit, .context = context, .reason = reason, .err = BM_OK};

	reason[0] = '\0';
	walk.archive = open_archive(fd);
	if (!walk.archive)
		return trouble(&walk, BM_DAMAGED, "archive: ", "not enough memory");
	walk_members(&walk);
	(void)archive_read_free(walk.archive);
	return walk.err;
}

/* octal - the number in a tar header's field, or -1 */
static long octal(const uint8_t *field, size_t size)
{
	size_t at = 0;
	long number = 0;

	while (at < size && field[at] == ' ')
		at++;
	if (at == size || field[at] < '0' || field[at] > '7')
		return -1;
	for (; at < size && field[at] >= '0' && field[at] <= '7'; at++)
		number = number * 8 + (field[at] - '0');
	return number;
}

/* sums_up - is this block a tar header by its checksum; old writers summed signed bytes */
static bool sums_up(const uint8_t *block)
{
	const long claim = octal(block + TAR_SUM_AT, TAR_SUM_BYTES);
	long sum = 0;
	long signed_sum = 0;

	for (unsigned at = 0; at < TAR_BLOCK_BYTES; at++) {
		const bool blank = at >= TAR_SUM_AT && at < TAR_SUM_AT + TAR_SUM_BYTES;
		sum += blank ? ' ' : block[at];
		signed_sum += blank ? ' ' : (int8_t)block[at];
	}
	return claim == sum || claim == signed_sum;
}

/* bm_archive_sniff - does the head look like tar or zip; the NUL in a tar's magic is not in logs */
bool bm_archive_sniff(struct bm_bytes head)
{
	if (bm_bytes_starts(head, BM_BYTES("PK\3\4")) || bm_bytes_starts(head, BM_BYTES("PK\5\6")))
		return true;
	if (head.size >= TAR_MAGIC_AT + TAR_SUM_BYTES) {
		const struct bm_bytes magic = {head.data + TAR_MAGIC_AT, TAR_SUM_BYTES};
		if (bm_bytes_starts(magic, BM_BYTES("ustar\0")) ||
		    bm_bytes_equal(magic, BM_BYTES("ustar  \0")))
			return true;
	}
	return head.size >= TAR_BLOCK_BYTES && sums_up(head.data);
}
