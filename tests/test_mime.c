/* test_mime.c - the line scanner against GMime: both must find the same parts in the same mails.
 *
 * The oracle reads every mail of data/mails/ with GMime's parser.  For each part that is neither a
 * multipart nor a message, its type and its decoded bytes must be those the scanner finds; so must
 * the subject, decoded, and the Message-ID of the whole.  What GMime does not read as a multipart
 * (a mail that lost its boundaries) is left out.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <gmime/gmime.h>

#include "formats/mails/work.h"

#define PARTS_MAX 40

struct found {
	char type[PARTS_MAX][80];
	char *body[PARTS_MAX];
	size_t size[PARTS_MAX];
	size_t count;
};

/* note - one part's type in lower case and its bytes without line ends behind them */
static void note(struct found *found, const char *type, const void *data, size_t size)
{
	cr_assert(found->count < PARTS_MAX);
	while (size && strchr("\r\n", ((const char *)data)[size - 1]))
		size--;
	snprintf(found->type[found->count], 80, "%s", type);
	for (char *c = found->type[found->count]; *c; c++)
		*c = (char)bm_lower((uint8_t)*c);
	found->body[found->count] = malloc(size + 1);
	memcpy(found->body[found->count], data, size);
	found->size[found->count++] = size;
}

/* oracle_walk - the leaves of a part by GMime */
static void oracle_walk(struct found *found, GMimeObject *object)
{
	GMimeContentType *const type = g_mime_object_get_content_type(object);
	if (GMIME_IS_MULTIPART(object)) {
		const int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));
		for (int i = 0; i < count; i++)
			oracle_walk(found, g_mime_multipart_get_part(GMIME_MULTIPART(object), i));
		return;
	}
	char *const name = g_mime_content_type_get_mime_type(type);
	if (GMIME_IS_MESSAGE_PART(object)) {
		note(found, name, "", 0);
	} else {
		GMimeStream *const memory = g_mime_stream_mem_new();
		GMimeDataWrapper *const content = g_mime_part_get_content(GMIME_PART(object));
		if (content)
			g_mime_data_wrapper_write_to_stream(content, memory);
		GByteArray *const bytes =
			g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
		note(found, name, bytes->data ? (const char *)bytes->data : "", bytes->len);
		g_object_unref(memory);
	}
	g_free(name);
}

/* scanner_walk - the leaves by our own scanner */
static void scanner_walk(struct work *work, struct found *found)
{
	for (size_t i = 0; i < work->part_count; i++) {
		const struct part *const part = &work->parts[i];
		char type[80];
		const struct bm_bytes name = part->type.size ? part->type : BM_BYTES("text/plain");
		if (mime_is(part, "multipart/"))
			continue;
		snprintf(type, sizeof type, "%.*s", (int)name.size, (const char *)name.data);
		if (mime_is(part, "message/rfc822") || mime_is(part, "message/global")) {
			note(found, type, "", 0);
			continue;
		}
		const struct bm_bytes body = mime_body(work, part, SIZE_MAX);
		note(found, type, body.size ? (const char *)body.data : "", body.size);
	}
}

/* message_of - a file by GMime's parser */
static GMimeMessage *message_of(struct bm_bytes data)
{
	GMimeStream *const stream =
		g_mime_stream_mem_new_with_buffer((const char *)data.data, data.size);
	GMimeParser *const parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *const message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

static void compare_heads(struct work *work, GMimeMessage *message, const char *file)
{
	const struct bm_bytes *const field = work->parts[0].field;
	const char *const subject = g_mime_message_get_subject(message);
	const char *const id = g_mime_message_get_message_id(message);
	const struct bm_bytes ours =
		decode_words(work, scratch_unfold(work->scratch, field[FIELD_SUBJECT], 1000));
	if (subject)
		cr_assert(bm_bytes_equal(ours, bm_bytes_of(subject)), "%s: '%.*s' against '%s'",
			  file, (int)ours.size, (const char *)ours.data, subject);
	if (id)
		cr_assert(bm_bytes_equal(work_address(field[FIELD_MESSAGE_ID]), bm_bytes_of(id)),
			  "%s: %s", file, id);
}

/* take - is there a part of this type and these bytes; it is taken off the list, for GMime goes depth
 * first and the scanner breadth first */
static bool take(struct found *found, const char *type, const char *body, size_t size)
{
	for (size_t i = 0; i < found->count; i++)
		if (strcmp(found->type[i], type) == 0 && found->size[i] == size &&
		    memcmp(found->body[i], body, size) == 0) {
			found->type[i][0] = 0;
			return true;
		}
	return false;
}

/* compare - one mail by both; returns whether it could be compared */
static bool compare(const char *file, struct bm_bytes data)
{
	struct part parts[BM_MAIL_PARTS_MAX];
	struct bm_mail mail = {.kind = ""};
	struct work work = {.mail = &mail,
			    .parts = parts,
			    .scratch = scratch_new(),
			    .converters = converters_new()};
	struct found left = {.count = 0}, right = {.count = 0};
	GMimeMessage *const message = message_of(data);
	cr_assert_not_null(message, "%s", file);
	mime_read(&work, data);
	oracle_walk(&left, g_mime_message_get_mime_part(message));
	scanner_walk(&work, &right);
	compare_heads(&work, message, file);
	const bool whole = left.count > 0;
	if (whole)
		cr_assert_eq(left.count, right.count, "%s: %zu parts against %zu", file, left.count,
			     right.count);
	for (size_t i = 0; i < left.count; i++)
		cr_assert(take(&right, left.type[i], left.body[i], left.size[i]),
			  "%s, part %zu: no %s of %zu bytes", file, i, left.type[i], left.size[i]);
	for (size_t i = 0; i < left.count; i++)
		free(left.body[i]);
	for (size_t i = 0; i < right.count; i++)
		free(right.body[i]);
	g_object_unref(message);
	scratch_free(work.scratch);
	converters_free(work.converters);
	return whole;
}

Test(mime, the_scanner_finds_what_gmime_finds)
{
	DIR *const folder = opendir(BM_TESTS "/data/mails");
	size_t compared = 0;
	decode_start();
	cr_assert_not_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char path[600];
		static uint8_t data[1 << 20];
		if (!strstr(entry->d_name, ".eml"))
			continue;
		snprintf(path, sizeof path, "%s/data/mails/%s", BM_TESTS, entry->d_name);
		FILE *const file = fopen(path, "rb");
		cr_assert_not_null(file);
		const size_t size = fread(data, 1, sizeof data, file);
		fclose(file);
		compared += compare(entry->d_name, (struct bm_bytes){data, size});
	}
	closedir(folder);
	cr_assert(compared > 60, "only %zu compared", compared);
}

/* Nested and odd multiparts, made for the purpose. */
Test(mime, nested_parts)
{
	static const char *const mails[] = {
		"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
		"Content-Type: text/plain\n\none\n--a\nContent-Type: text/html\n\ntwo\n--a--\n",
		"Content-Type: multipart/mixed; boundary=\"a b\"\n\npreamble\n--a b\n\nno header\n"
		"--a b--\nepilogue\n--a b\n",
		"Content-Type: multipart/mixed; boundary=a\n\n--ab\nnot one\n--a \nContent-Type: "
		"text/plain\n\n--abc\n--a--\n",
		"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\n"
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n\n--a--\n",
		"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
		"Content-Type: multipart/alternative; boundary=aa\n\n--aa\nContent-Type: "
		"text/plain\n\none\n--aa\nContent-Type: text/html\n\ntwo\n--aa--\n\n--a\n"
		"Content-Type: message/delivery-status\n\nAction: failed\n\n--a--\n",
		"content-type: MULTIPART/MIXED; BOUNDARY=a\r\n\r\n--a\r\nContent-Type: "
		"Text/Plain\r\nContent-Transfer-Encoding: BASE64\r\n\r\naGk=\r\n--a--\r\n",
	};
	decode_start();
	for (size_t i = 0; i < sizeof mails / sizeof *mails; i++)
		cr_assert(compare("nested", bm_bytes_of(mails[i])), "mail %zu", i);
}
