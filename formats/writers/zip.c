/* zip.c - the container of a workbook; see zip.h.
 *
 * Why by hand: rows of a large table are compressed by all threads, and no library takes members
 * that are compressed already.  A member's header is written before its sizes are known and once
 * more over itself when they are.  Every stamp is the first one a zip can hold, so that the same
 * tables are the same bytes.
 */
#include "zip.h"

#include "bouncemill/deflate.h"

#include <errno.h>
#include <stdio.h>

enum {
	LOCAL_MAGIC = 0x04034b50,
	CENTRAL_MAGIC = 0x02014b50,
	END_MAGIC = 0x06054b50,
	LOCAL_BYTES = 30,
	CENTRAL_BYTES = 46,
	END_BYTES = 22,
	VERSION = 20,
	DEFLATED = 8,
	FIRST_DAY = 0x21, /* 1980-01-01 */
	READ_BYTES = 1 << 16,
};
#define ZIP_BYTES_MAX ((uint64_t)UINT32_MAX - 1)

/* --- reading --- */

/* get - a little-endian number of 2 or 4 bytes */
static uint32_t get(const uint8_t *at, unsigned size)
{
	uint32_t value = 0;
	for (unsigned i = size; i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

/* read_file - the whole file; false on failure */
static bool read_file(struct bm_text *out, const char *path)
{
	FILE *const file = fopen(path, "rbe");
	if (file == NULL)
		return false;
	for (size_t size = 1; size > 0; out->size += size)
		size = fread(bm_text_room(out, READ_BYTES), 1, READ_BYTES, file);
	const bool whole = !ferror(file);
	fclose(file);
	return whole;
}

/* read_member - one entry of the directory at `at`; its size there, or 0 when it makes no sense */
static size_t read_member(struct bm_zip *zip, size_t at)
{
	const struct bm_bytes all = {zip->bytes.data, zip->bytes.size};
	const uint8_t *const entry = all.data + at;
	if (all.size - at < CENTRAL_BYTES || get(entry, 4) != CENTRAL_MAGIC ||
	    get(entry + 10, 2) != DEFLATED)
		return 0;
	const size_t packed = get(entry + 20, 4), name = get(entry + 28, 2);
	const size_t entry_size = CENTRAL_BYTES + name + get(entry + 30, 2) + get(entry + 32, 2);
	const size_t local = get(entry + 42, 4);
	if (all.size - at < entry_size || all.size < LOCAL_BYTES || local > all.size - LOCAL_BYTES)
		return 0;
	const size_t data =
		local + LOCAL_BYTES + get(all.data + local + 26, 2) + get(all.data + local + 28, 2);
	if (data > all.size || packed > all.size - data)
		return 0;
	BM_GROW(zip->members, zip->count, zip->room);
	zip->members[zip->count++] = (struct bm_zip_member){.name = {entry + CENTRAL_BYTES, name},
							    .data = {all.data + data, packed},
							    .crc = get(entry + 16, 4),
							    .size = get(entry + 24, 4)};
	return entry_size;
}

bool bm_zip_read(struct bm_zip *zip, const char *path)
{
	*zip = (struct bm_zip){0};
	if (!read_file(&zip->bytes, path) || zip->bytes.size < END_BYTES)
		return false;
	const uint8_t *const end = zip->bytes.data + zip->bytes.size - END_BYTES;
	if (get(end, 4) != END_MAGIC)
		return false;
	size_t at = get(end + 16, 4);
	for (unsigned left = get(end + 10, 2); left > 0; left--) {
		const size_t size = at < zip->bytes.size ? read_member(zip, at) : 0;
		if (size == 0)
			return false;
		at += size;
	}
	return true;
}

bool bm_zip_content(const struct bm_zip_member *member, struct bm_text *out)
{
	const size_t start = out->size;
	return bm_inflate(out, member->data, member->size) &&
	       bm_crc32((struct bm_bytes){out->data + start, member->size}) == member->crc;
}

void bm_zip_dispose(struct bm_zip *zip)
{
	bm_free(zip->members);
	bm_text_dispose(&zip->bytes);
}

/* --- writing --- */

/* One member that was written, or is being. */
struct entry {
	struct bm_bytes name;
	uint64_t offset, packed, size;
	uint32_t crc;
};

struct bm_zip_writer {
	FILE *file;
	int error; /* errno of the first failure */
	uint64_t offset;
	struct entry *entries;
	size_t count, room;
};

/* put - append little-endian numbers, given as pairs of size and value, until a size of 0 */
static void put(struct bm_text *out, const uint32_t (*fields)[2])
{
	for (; (*fields)[0] > 0; fields++)
		for (unsigned i = 0; i < (*fields)[0]; i++)
			bm_text_byte(out, (uint8_t)((*fields)[1] >> 8 * i));
}

/* emit - write at the end of the file */
static void emit(struct bm_zip_writer *writer, struct bm_bytes run)
{
	if (writer->error == 0 && writer->offset + run.size > ZIP_BYTES_MAX)
		writer->error = EOVERFLOW;
	errno = 0;
	if (writer->error == 0 && fwrite(run.data, 1, run.size, writer->file) != run.size)
		writer->error = errno ? errno : EIO;
	writer->offset += run.size;
}

/* common - the fields that both headers of an entry have */
static void common(struct bm_text *out, const struct entry *entry)
{
	const uint32_t fields[][2] = {{2, VERSION},
				      {2, 0},
				      {2, DEFLATED},
				      {2, 0},
				      {2, FIRST_DAY},
				      {4, entry->crc},
				      {4, (uint32_t)entry->packed},
				      {4, (uint32_t)entry->size},
				      {2, (uint32_t)entry->name.size},
				      {2, 0},
				      {0, 0}};
	put(out, fields);
}

/* local - append the header that stands before an entry's data */
static void local(struct bm_text *out, const struct entry *entry)
{
	put(out, (const uint32_t[][2]){{4, LOCAL_MAGIC}, {0, 0}});
	common(out, entry);
	bm_text_add(out, entry->name);
}

/* seal - say the sizes of the last member in its header, now that they are known */
static void seal(struct bm_zip_writer *writer)
{
	if (writer->count == 0)
		return;
	const struct entry *const entry = &writer->entries[writer->count - 1];
	struct bm_text text = {0};
	local(&text, entry);
	if (writer->error == 0 && entry->size > ZIP_BYTES_MAX)
		writer->error = EOVERFLOW;
	if (writer->error == 0 && (fseeko(writer->file, (off_t)entry->offset, SEEK_SET) != 0 ||
				   fwrite(text.data, 1, text.size, writer->file) != text.size ||
				   fseeko(writer->file, 0, SEEK_END) != 0))
		writer->error = errno ? errno : EIO;
	bm_text_dispose(&text);
}

struct bm_zip_writer *bm_zip_create(const char *path)
{
	FILE *const file = fopen(path, "wbe");
	if (file == NULL)
		return NULL;
	struct bm_zip_writer *const writer = bm_zalloc(1, sizeof *writer);
	writer->file = file;
	return writer;
}

void bm_zip_start(struct bm_zip_writer *writer, struct bm_bytes name)
{
	struct bm_text text = {0};
	seal(writer);
	BM_GROW(writer->entries, writer->count, writer->room);
	struct entry *const entry = &writer->entries[writer->count++];
	*entry = (struct entry){.name = name, .offset = writer->offset};
	local(&text, entry);
	emit(writer, (struct bm_bytes){text.data, text.size});
	bm_text_dispose(&text);
}

void bm_zip_add(struct bm_zip_writer *writer, struct bm_bytes deflated, size_t size, uint32_t crc)
{
	struct entry *const entry = &writer->entries[writer->count - 1];
	emit(writer, deflated);
	entry->crc = bm_crc32_join(entry->crc, crc, size);
	entry->packed += deflated.size;
	entry->size += size;
}

/* directory - append what the file ends with: an entry each, and where they begin */
static void directory(struct bm_text *out, const struct bm_zip_writer *writer)
{
	for (size_t i = 0; i < writer->count; i++) {
		const struct entry *const entry = &writer->entries[i];
		put(out, (const uint32_t[][2]){{4, CENTRAL_MAGIC}, {2, VERSION}, {0, 0}});
		common(out, entry);
		put(out,
		    (const uint32_t[][2]){
			    {2, 0}, {2, 0}, {2, 0}, {4, 0}, {4, (uint32_t)entry->offset}, {0, 0}});
		bm_text_add(out, entry->name);
	}
	put(out, (const uint32_t[][2]){{4, END_MAGIC},
				       {2, 0},
				       {2, 0},
				       {2, (uint32_t)writer->count},
				       {2, (uint32_t)writer->count},
				       {4, (uint32_t)out->size},
				       {4, (uint32_t)writer->offset},
				       {2, 0},
				       {0, 0}});
}

int bm_zip_end(struct bm_zip_writer *writer)
{
	struct bm_text text = {0};
	seal(writer);
	directory(&text, writer);
	emit(writer, (struct bm_bytes){text.data, text.size});
	if (fclose(writer->file) != 0 && writer->error == 0)
		writer->error = errno;
	const int error = writer->error;
	bm_text_dispose(&text);
	bm_free(writer->entries);
	bm_free(writer);
	return error;
}
