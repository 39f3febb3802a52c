/* test_archive.c - tar and zip as folders: every regular file once, nothing else, damage is said.
 *
 * The archives are made here by libarchive's writer, in memory, and walked through a temporary
 * file.
 */
#include "bouncemill/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROOM = 1 << 20, SEEN_MAX = 64, SEEN_BYTES_MAX = 16384 };

/* What the visitor was shown. */
struct seen {
	size_t count;
	char names[SEEN_MAX][64];
	long sizes[SEEN_MAX];
	int64_t mtimes[SEEN_MAX];
	char data[SEEN_MAX][SEEN_BYTES_MAX];
};

static uint8_t packed[ROOM];
static size_t packed_size;
static struct seen seen;
static char reason[160];
static const char *zip_compression = "deflate";

/* begin - a writer of the given format into packed */
static struct archive *begin(const char *format, int filter)
{
	struct archive *const writer = archive_write_new();
	cr_assert(archive_write_set_format_by_name(writer, format) == ARCHIVE_OK);
	cr_assert(archive_write_add_filter(writer, filter) == ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(writer, 1);
	(void)archive_write_set_format_option(writer, "zip", "compression", zip_compression);
	cr_assert(archive_write_open_memory(writer, packed, sizeof packed, &packed_size) ==
		  ARCHIVE_OK);
	return writer;
}

/* add - one member; links have their target as data */
static void add(struct archive *writer, const char *name, unsigned type, const char *data)
{
	struct archive_entry *const entry = archive_entry_new();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type ? type : AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, 1700000000, 0);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, data);
	else if (type == 0)
		archive_entry_set_hardlink(entry, data);
	else if (type == AE_IFREG)
		archive_entry_set_size(entry, (int64_t)strlen(data));
	cr_assert(archive_write_header(writer, entry) >= ARCHIVE_WARN);
	if (type == AE_IFREG)
		cr_assert(archive_write_data(writer, data, strlen(data)) == (ssize_t)strlen(data));
	archive_entry_free(entry);
}

/* finish - nothing; packed is complete */
static void finish(struct archive *writer)
{
	cr_assert(archive_write_close(writer) == ARCHIVE_OK);
	archive_write_free(writer);
}

static void note(void *context, const struct bm_archive_member *member)
{
	struct seen *const all = context;
	const size_t at = all->count++;

	cr_assert(at < SEEN_MAX);
	cr_assert_eq(lseek(member->fd, 0, SEEK_CUR), 0);
	snprintf(all->names[at], sizeof all->names[at], "%s", member->name);
	all->sizes[at] = (long)lseek(member->fd, 0, SEEK_END);
	all->mtimes[at] = member->mtime;
	const ssize_t got = pread(member->fd, all->data[at], SEEN_BYTES_MAX - 1, 0);
	cr_assert(got >= 0);
	all->data[at][got] = '\0';
	close(member->fd);
}

/* walk - what bm_archive_walk says of the first size bytes of packed */
static enum bm_err walk(size_t size)
{
	FILE *const file = tmpfile();
	cr_assert(fwrite(packed, 1, size, file) == size && fflush(file) == 0);
	memset(&seen, 0, sizeof seen);
	const enum bm_err err = bm_archive_walk(fileno(file), note, &seen, reason);
	fclose(file);
	return err;
}

/* fill - two logs among things that are none */
static void fill(struct archive *writer, bool links)
{
	add(writer, "logs/", AE_IFDIR, "");
	add(writer, "logs/mail.log", AE_IFREG, "first line\nsecond line\n");
	if (links) {
		add(writer, "logs/soft", AE_IFLNK, "mail.log");
		add(writer, "logs/hard", 0, "logs/mail.log");
		add(writer, "logs/pipe", AE_IFIFO, "");
	}
	add(writer, "../../mail.log.1", AE_IFREG, "third line\n");
	add(writer, "empty", AE_IFREG, "");
	finish(writer);
}

/* expect_filled - what fill put in was seen */
static void expect_filled(void)
{
	cr_assert_eq(walk(packed_size), BM_OK, "%s", reason);
	cr_assert_str_empty(reason);
	cr_assert_eq(seen.count, 3);
	cr_assert_str_eq(seen.names[0], "logs/mail.log");
	cr_assert_str_eq(seen.data[0], "first line\nsecond line\n");
	cr_assert_str_eq(seen.names[1], "../../mail.log.1");
	cr_assert_str_eq(seen.data[1], "third line\n");
	cr_assert_str_eq(seen.names[2], "empty");
	cr_assert_eq(seen.sizes[2], 0);
}

Test(archive, every_dialect_of_tar)
{
	static const char *const formats[] = {"v7tar", "ustar", "gnutar", "paxr", "pax"};

	for (size_t index = 0; index < sizeof formats / sizeof *formats; index++) {
		fill(begin(formats[index], ARCHIVE_FILTER_NONE), index > 0);
		expect_filled();
		cr_assert_eq(seen.mtimes[0], 1700000000);
		cr_assert(bm_archive_sniff((struct bm_bytes){packed, 512}), "format %s",
			  formats[index]);
	}
}

Test(archive, tar_inside_every_compression)
{
	static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,
				      ARCHIVE_FILTER_XZ,   ARCHIVE_FILTER_ZSTD,
				      ARCHIVE_FILTER_LZ4,  ARCHIVE_FILTER_COMPRESS};

	for (size_t index = 0; index < sizeof filters / sizeof *filters; index++) {
		fill(begin("ustar", filters[index]), true);
		expect_filled();
	}
}

Test(archive, zip)
{
	fill(begin("zip", ARCHIVE_FILTER_NONE), false);
	cr_assert(bm_archive_sniff((struct bm_bytes){packed, 64}));
	expect_filled();
}

Test(archive, archives_one_behind_another)
{
	fill(begin("ustar", ARCHIVE_FILTER_NONE), false);
	memcpy(packed + packed_size, packed, packed_size);
	cr_assert_eq(walk(2 * packed_size), BM_OK);
	cr_assert_eq(seen.count, 6);
}

Test(archive, holes_stay_holes)
{
	struct archive *const writer = begin("pax", ARCHIVE_FILTER_NONE);
	struct archive_entry *const entry = archive_entry_new();
	char tail[8192];

	memset(tail, 'x', sizeof tail);
	archive_entry_set_pathname(entry, "sparse.log");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, 300000);
	archive_entry_sparse_add_entry(entry, 8192, 8192);
	cr_assert(archive_write_header(writer, entry) == ARCHIVE_OK);
	for (size_t at = 0; at < 300000; at += sizeof tail)
		archive_write_data(writer, tail,
				   300000 - at < sizeof tail ? 300000 - at : sizeof tail);
	archive_entry_free(entry);
	finish(writer);
	cr_assert_eq(walk(packed_size), BM_OK, "%s", reason);
	cr_assert_eq(seen.count, 1);
	cr_assert_eq(seen.sizes[0], 300000);
	cr_assert(seen.data[0][0] == '\0' && seen.data[0][8191] == '\0');
	cr_assert(seen.data[0][8192] == 'x' && seen.data[0][16382] == 'x');
}

Test(archive, a_cut_keeps_what_came_before)
{
	fill(begin("ustar", ARCHIVE_FILTER_NONE), false);
	for (size_t cut = 513; cut < 3 * 512; cut += 97) {
		const enum bm_err err = walk(cut);
		cr_assert(err == BM_DAMAGED && strncmp(reason, "archive", 7) == 0, "%zu", cut);
	}
	cr_assert_eq(walk(2 * 512 + 16), BM_DAMAGED);
	cr_assert_eq(seen.count, 1, "the part of a member that is there");
	cr_assert_str_eq(seen.data[0], "first line\nsecon");
	cr_assert_eq(walk(3 * 512 + 100), BM_DAMAGED);
	cr_assert_eq(seen.count, 1);
	cr_assert_str_eq(seen.data[0], "first line\nsecond line\n");
}

Test(archive, a_bad_header_costs_one_member)
{
	fill(begin("ustar", ARCHIVE_FILTER_NONE), false);
	packed[512 + 5] ^= 1; /* the name of mail.log */
	cr_assert_eq(walk(packed_size), BM_DAMAGED);
	cr_assert_eq(seen.count, 2);
	cr_assert_str_eq(seen.data[0], "third line\n");
}

Test(archive, a_flipped_byte_neither_crashes_nor_hangs)
{
	for (int format = 0; format < 2; format++) {
		fill(begin(format ? "zip" : "pax", ARCHIVE_FILTER_NONE), false);
		for (size_t at = 0; at < packed_size; at += format ? 1 : 3) {
			packed[at] ^= 0x41;
			const enum bm_err err = walk(packed_size);
			packed[at] ^= 0x41;
			cr_assert(err == BM_OK || (err == BM_DAMAGED && *reason));
		}
	}
}

Test(archive, a_bad_checksum_in_zip_keeps_the_data)
{
	zip_compression = "store";
	struct archive *const writer = begin("zip", ARCHIVE_FILTER_NONE);
	add(writer, "first.log", AE_IFREG, "a line that will be another\n");
	add(writer, "second.log", AE_IFREG, "a good line\n");
	finish(writer);
	const struct bm_bytes whole = {packed, packed_size};
	packed[bm_bytes_search(whole, BM_BYTES("a line"))] = 'b';
	cr_assert_eq(walk(packed_size), BM_DAMAGED);
	cr_assert_eq(seen.count, 2);
	cr_assert_str_eq(seen.data[0], "b line that will be another\n");
	cr_assert_str_eq(seen.data[1], "a good line\n");
}

Test(archive, no_room_for_members_is_said)
{
	fill(begin("ustar", ARCHIVE_FILTER_NONE), false);
	FILE *const file = tmpfile();
	cr_assert(fwrite(packed, 1, packed_size, file) == packed_size && fflush(file) == 0);
	setenv("TMPDIR", "/nonexistent/folder", 1);
	cr_assert_eq(bm_archive_walk(fileno(file), note, &seen, reason), BM_READ);
	cr_assert_str_eq(reason, "temporary file: no such file or directory");
	fclose(file);
}

Test(archive, logs_are_no_archives)
{
	char text[2000];

	memset(text, 'a', sizeof text);
	memcpy(text + 257, "ustar ", 6);
	cr_assert(!bm_archive_sniff((struct bm_bytes){(const uint8_t *)text, 512}));
	cr_assert(!bm_archive_sniff((struct bm_bytes){(const uint8_t *)text, 100}));
	cr_assert(!bm_archive_sniff(BM_BYTES("")));
	cr_assert(!bm_archive_sniff(BM_BYTES("PK is how the line begins")));
	memset(text, 0, sizeof text);
	cr_assert(!bm_archive_sniff((struct bm_bytes){(const uint8_t *)text, 512}));
	memset(packed, 'a', 2000);
	cr_assert_eq(walk(2000), BM_DAMAGED);
	cr_assert_str_eq(reason, "archive: unrecognized archive format");
}
