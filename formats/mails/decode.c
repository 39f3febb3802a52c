/* decode.c - base64, quoted-printable, encoded words, charsets: GMime's work, asked for only where
 * a mail needs it.
 *
 * Nine bounces in ten are plain text and never come here.  The rest are the ones worth the trouble:
 * reports of Chinese, Japanese and Russian providers, whose words would be noise otherwise.  GMime
 * also is the oracle of the tests: what the line scanner finds must be what its parser finds.
 *
 * Pages are turned to text here as well, without a library: tags go, some of them leave a line end
 * behind, and entities become characters.
 *
 * Never fails: what cannot be decoded stays as it is.
 */
#include "bouncemill/error.h"
#include "work.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <stdlib.h>
#include <threads.h>

/* Charsets in use: opening one loads a module of the C library, which takes longer than all the
 * rest of a mail; as long as one is open, GMime's own opening of it is cheap as well. */
enum { CONVERTERS_MAX = 32, CHARSET_BYTES_MAX = 40 };

struct converter {
	char name[CHARSET_BYTES_MAX]; /* in lower case; "" = free */
	GIConv handle;
};

struct converters {
	struct converter list[CONVERTERS_MAX];
	size_t next;
};

enum { WORD_BYTES_MAX = 4096, SPREAD_MAX = 4, TAG_BYTES_MAX = 2048 };

void decode_start(void)
{
	static once_flag once = ONCE_FLAG_INIT;
	call_once(&once, g_mime_init);
}

/* keep - a copy in the scratch */
static struct bm_bytes keep(struct work *work, const void *data, size_t size)
{
	uint8_t *const copy = scratch_take(work->scratch, size);
	if (size)
		memcpy(copy, data, size);
	return (struct bm_bytes){copy, size};
}

struct bm_bytes decode_transfer(struct work *work, struct bm_bytes body, bool base64)
{
	GMimeEncoding decoder;
	g_mime_encoding_init_decode(&decoder, base64 ? GMIME_CONTENT_ENCODING_BASE64
						     : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	uint8_t *const out =
		scratch_take(work->scratch, g_mime_encoding_outlen(&decoder, body.size) + 8);
	const size_t size =
		g_mime_encoding_step(&decoder, (const char *)body.data, body.size, (char *)out);
	return (struct bm_bytes){out, size};
}

/* is_plain - is every byte ASCII, and none of them an escape */
static bool is_plain(struct bm_bytes run)
{
	for (size_t i = 0; i < run.size; i++)
		if (run.data[i] >= 0x80 || run.data[i] == 0x1b)
			return false;
	return true;
}

/* name_of - a charset's name for iconv in name; false when it needs none */
static bool name_of(struct bm_bytes charset, char name[CHARSET_BYTES_MAX])
{
	if (charset.size == 0 || charset.size >= CHARSET_BYTES_MAX ||
	    run_starts(charset, "utf-8") || run_is(charset, "us-ascii") ||
	    run_starts(charset, "unicode-1-1"))
		return false;
	for (size_t i = 0; i < charset.size; i++)
		if (charset.data[i] <= ' ' || charset.data[i] > 'z' || charset.data[i] == '/')
			return false;
	/* what is called gb2312 is written in its superset */
	const struct bm_bytes right =
		run_is(charset, "gb2312") || run_is(charset, "gbk") ? BM_BYTES("gb18030") : charset;
	for (size_t i = 0; i < right.size; i++)
		name[i] = (char)bm_lower(right.data[i]);
	name[right.size] = 0;
	return true;
}

struct converters *converters_new(void)
{
	return bm_zalloc(1, sizeof(struct converters));
}

void converters_free(struct converters *converters)
{
	if (converters == NULL)
		return;
	for (size_t i = 0; i < CONVERTERS_MAX; i++)
		if (converters->list[i].name[0])
			g_iconv_close(converters->list[i].handle);
	bm_free(converters);
}

/* converter - from a charset to UTF-8, opened when it is met first; NULL when there is none */
static struct converter *converter(struct converters *converters, const char *name)
{
	struct converter *one = NULL;
	for (size_t i = 0; i < CONVERTERS_MAX; i++)
		if (strcmp(converters->list[i].name, name) == 0)
			return &converters->list[i];
	const GIConv handle = g_iconv_open("utf-8", name);
	if (handle == (GIConv)-1)
		return NULL;
	one = &converters->list[converters->next++ % CONVERTERS_MAX];
	if (one->name[0])
		g_iconv_close(one->handle);
	one->handle = handle;
	memcpy(one->name, name, strlen(name) + 1);
	return one;
}

/* convert - run by an open converter; what does not convert becomes a question mark */
static struct bm_bytes convert(struct work *work, struct bm_bytes run, GIConv handle)
{
	size_t left = run.size, room = SPREAD_MAX * run.size + SPREAD_MAX;
	const size_t whole = room;
	char *in = (char *)keep(work, run.data, run.size).data;
	char *const text = (char *)scratch_take(work->scratch, room), *out = text;
	while (left > 0 && g_iconv(handle, &in, &left, &out, &room) == (gsize)-1) {
		if (errno != EILSEQ || room == 0)
			break;
		*out++ = '?';
		room--;
		in++;
		left--;
	}
	(void)g_iconv(handle, NULL, NULL, NULL, NULL); /* back to its first state */
	return (struct bm_bytes){(uint8_t *)text, whole - room};
}

struct bm_bytes decode_charset(struct work *work, struct bm_bytes run, struct bm_bytes charset)
{
	char name[CHARSET_BYTES_MAX];
	if (is_plain(run) || !name_of(charset, name))
		return run;
	const struct converter *const one = converter(work->converters, name);
	return one ? convert(work, run, one->handle) : run;
}

/* is_utf8 - is every byte part of a well-formed sequence; overlong forms are let pass */
static bool is_utf8(struct bm_bytes run)
{
	for (size_t i = 0; i < run.size;) {
		const uint8_t byte = run.data[i++];
		unsigned more = byte < 0x80   ? 0
				: byte < 0xc2 ? 4
				: byte < 0xe0 ? 1
				: byte < 0xf0 ? 2
				: byte < 0xf5 ? 3
					      : 4;
		if (more == 4)
			return false;
		for (; more > 0; more--, i++)
			if (i >= run.size || (run.data[i] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* in_pairs - do all bytes beyond ASCII come in runs of even length, as Chinese does */
static bool in_pairs(struct bm_bytes run)
{
	for (size_t i = 0; i < run.size; i++) {
		size_t end = i;
		while (end < run.size && run.data[end] >= 0x80)
			end++;
		if ((end - i) % 2)
			return false;
		i = end;
	}
	return true;
}

struct bm_bytes decode_raw(struct work *work, struct bm_bytes run)
{
	/* question marks in a row: an MTA has already made a mess of it, and its log has the same */
	if (is_utf8(run) || bm_bytes_search(run, BM_BYTES("??")) < run.size)
		return run;
	return decode_charset(work, run,
			      in_pairs(run) ? BM_BYTES("gb18030") : BM_BYTES("windows-1252"));
}

/* c_string - run as a C string in the scratch, NULs as blanks */
static char *c_string(struct work *work, struct bm_bytes run)
{
	char *const text = (char *)scratch_take(work->scratch, run.size + 1);
	for (size_t i = 0; i < run.size; i++)
		text[i] = run.data[i] ? (char)run.data[i] : ' ';
	text[run.size] = 0;
	return text;
}

/* warm - open the charset of the first encoded word */
static void warm(struct work *work, struct bm_bytes run)
{
	const size_t from = bm_bytes_search(run, BM_BYTES("=?")) + 2;
	char name[CHARSET_BYTES_MAX];
	if (name_of(run_between(run, from, bm_bytes_find(run, from, '?')), name))
		(void)converter(work->converters, name);
}

struct bm_bytes decode_words(struct work *work, struct bm_bytes run)
{
	run = run_first(run, WORD_BYTES_MAX);
	if (bm_bytes_search(run, BM_BYTES("=?")) == run.size)
		return run;
	warm(work, run);
	char *const text = g_mime_utils_header_decode_text(NULL, c_string(work, run));
	if (text == NULL)
		return run;
	const struct bm_bytes decoded = keep(work, text, strlen(text));
	g_free(text);
	return decoded;
}

struct bm_bytes decode_parameter(struct work *work, struct bm_bytes value, const char *name)
{
	const struct bm_bytes near =
		scratch_unfold(work->scratch, run_first(value, WORD_BYTES_MAX), WORD_BYTES_MAX);
	GMimeContentType *const type = g_mime_content_type_parse(NULL, c_string(work, near));
	if (type == NULL)
		return (struct bm_bytes){0};
	const char *const text = g_mime_content_type_get_parameter(type, name);
	const struct bm_bytes found = text ? keep(work, text, strlen(text)) : (struct bm_bytes){0};
	g_object_unref(type);
	return found;
}

/* ---- pages ---- */

/* entity - the character an entity at the head of run stands for; its length, or 0 */
static size_t entity(struct bm_bytes run, uint8_t *byte)
{
	static const struct {
		const char *name;
		uint8_t byte;
	} table[] = {{"&lt;", '<'},    {"&gt;", '>'},   {"&amp;", '&'},   {"&quot;", '"'},
		     {"&nbsp;", ' '},  {"&#39;", '\''}, {"&apos;", '\''}, {"&#64;", '@'},
		     {"&#8203;", ' '}, {"&#x40;", '@'}, {"&#160;", ' '},  {"&#58;", ':'},
		     {"&#46;", '.'},   {"&#43;", '+'},  {"&#61;", '='}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (run_starts(run, table[i].name)) {
			*byte = table[i].byte;
			return strlen(table[i].name);
		}
	return 0;
}

/* breaks - does a tag end a line */
static bool breaks(struct bm_bytes tag)
{
	static const char *const names[] = {"br",  "/p",   "p",   "/div", "div", "/tr",
					    "/td", "/li",  "/h1", "/h2",  "/h3", "/th",
					    "hr",  "/pre", "pre", "/ul"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const size_t size = strlen(names[i]);
		if (run_starts(tag, names[i]) && (tag.size == size || !is_letter(tag.data[size])))
			return true;
	}
	return false;
}

/* tag_at - the inside of the tag at the head of run, or false when that is no tag but text, such as
 * an address in angles */
static bool tag_at(struct bm_bytes run, struct bm_bytes *tag)
{
	const struct bm_bytes near = run_first(run, TAG_BYTES_MAX);
	const size_t close = bm_bytes_find(near, 0, '>');
	if (near.size < 3 || close == near.size ||
	    !(is_letter(near.data[1]) || near.data[1] == '/' || near.data[1] == '!'))
		return false;
	*tag = run_between(near, 1, close);
	for (size_t i = 0; i < tag->size && !is_blank(tag->data[i]) && tag->data[i] != '='; i++)
		if (tag->data[i] == '@')
			return false;
	return true;
}

/* hidden - bytes of a style or script behind its tag; low is the page in lower case */
static size_t hidden(struct bm_bytes tag, struct bm_bytes low)
{
	return run_starts(tag, "style")    ? run_find(low, "</style")
	       : run_starts(tag, "script") ? run_find(low, "</script")
					   : 0;
}

struct bm_bytes decode_html(struct work *work, struct bm_bytes page)
{
	const struct bm_bytes low = scratch_lower(work->scratch, page);
	uint8_t *const text = scratch_take(work->scratch, page.size);
	size_t size = 0;
	for (size_t i = 0; i < page.size;) {
		uint8_t byte = page.data[i];
		struct bm_bytes tag;
		if (byte == '<' && tag_at(bm_bytes_from(page, i), &tag)) {
			i += tag.size + 2;
			i += hidden(tag, bm_bytes_from(low, i));
			if (breaks(tag))
				text[size++] = '\n';
			continue;
		}
		const size_t taken = byte == '&' ? entity(bm_bytes_from(page, i), &byte) : 0;
		i += taken ? taken : 1;
		text[size++] = byte;
	}
	return (struct bm_bytes){text, size};
}
