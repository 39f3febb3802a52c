/* charset.c - bytes of the world as printable UTF-8.
 *
 * Logs and mails are written by strangers: a reply may be UTF-8, GBK, Latin-1, an escape
 * sequence for our terminal, or noise.  bm_text_clean makes any of it safe and, where it can,
 * readable.  Almost all text is printable ASCII, which is found out eight bytes at a time and
 * copied in one go.
 *
 * What is not UTF-8 may be Chinese.  Nearly any two bytes are some GB18030 character, so decoding
 * alone proves nothing ("caf\xe9s" decodes).  It counts as Chinese when every byte fits, most
 * characters are ideographs or their punctuation, and most are of the everyday set, whose both
 * bytes are high - which Latin letters with an accent here and there never are.  A last character
 * cut short is forgiven in either charset: Postfix and we ourselves cut texts by bytes.
 *
 * The tables of GB18030 are glibc's (iconv); where they are not installed the bytes are shown as
 * \xHH.
 */
#include "bouncemill/error.h"
#include "bouncemill/text.h"

#include <iconv.h>

enum { UTF8_BYTES_MAX = 4, ESCAPE_BYTES = 4 };

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* printable_size - how many bytes from offset are printable ASCII */
static size_t printable_size(struct bm_bytes run, size_t offset)
{
	size_t at = offset;
	for (uint64_t word; at + sizeof word <= run.size; at += sizeof word) {
		memcpy(&word, run.data + at, sizeof word);
		if (((word - EACH_BYTE(0x20)) | (word + EACH_BYTE(1)) | word) & EACH_BYTE(0x80))
			break;
	}
	while (at < run.size && run.data[at] >= 0x20 && run.data[at] < 0x7f)
		at++;
	return at - offset;
}

/* utf8_size - bytes of the well-formed sequence at offset, its code point in *point; 0 if none */
static size_t utf8_size(struct bm_bytes run, size_t offset, uint32_t *point)
{
	static const uint32_t least[UTF8_BYTES_MAX + 1] = {0, 0, 0x80, 0x800, 0x10000};
	const uint8_t lead = run.data[offset];
	const size_t size = lead < 0x80   ? 1
			    : lead < 0xc2 ? 0
			    : lead < 0xe0 ? 2
			    : lead < 0xf0 ? 3
			    : lead < 0xf5 ? 4
					  : 0;
	if (size == 0 || size > run.size - offset)
		return 0;
	*point = size == 1 ? lead : lead & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((run.data[offset + i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (run.data[offset + i] & 0x3f);
	}
	const bool fits = *point >= least[size] && *point <= 0x10ffff && *point >> 11 != 0x1b;
	return fits ? size : 0;
}

/* cut_short - are the bytes from offset to the end the beginning of one UTF-8 sequence */
static bool cut_short(struct bm_bytes run, size_t offset)
{
	const size_t left = run.size - offset;
	if (left >= UTF8_BYTES_MAX)
		return false;
	const uint8_t lead = run.data[offset];
	const size_t wanted = lead < 0xc2   ? 0
			      : lead < 0xe0 ? 2
			      : lead < 0xf0 ? 3
			      : lead < 0xf5 ? 4
					    : 0;
	for (size_t i = 1; i < left; i++)
		if ((run.data[offset + i] & 0xc0) != 0x80)
			return false;
	return left < wanted;
}

/* is_utf8 - is the run well-formed UTF-8, but for a last sequence that may be cut short */
static bool is_utf8(struct bm_bytes run)
{
	uint32_t point;
	for (size_t at = printable_size(run, 0), size; at < run.size; at += size) {
		size = utf8_size(run, at, &point);
		if (size == 0)
			return cut_short(run, at);
	}
	return true;
}

/* shown - may the code point reach a screen, a spreadsheet and a browser as it is */
static bool shown(uint32_t point)
{
	if (point < 0xa0)
		return point >= 0x20 && point < 0x7f;
	const bool bidi = point == 0x61c || (point >= 0x200e && point <= 0x200f) ||
			  (point >= 0x202a && point <= 0x202e) ||
			  (point >= 0x2066 && point <= 0x2069);
	const bool line_end = point == 0x2028 || point == 0x2029;
	const bool nonchar = (point & 0xfffe) == 0xfffe || (point >= 0xfdd0 && point <= 0xfdef);
	return !bidi && !line_end && !nonchar && point != 0xfeff;
}

/* is_chinese - an ideograph, or the punctuation and wide forms set among them */
static bool is_chinese(uint32_t point)
{
	return (point >= 0x3400 && point <= 0x9fff) || (point >= 0xf900 && point <= 0xfaff) ||
	       (point >= 0x20000 && point <= 0x3ffff) || (point >= 0x3000 && point <= 0x303f) ||
	       (point >= 0xff00 && point <= 0xffef);
}

/* gb18030_size - bytes of the GB18030 character at offset: 1, 2 or 4; 0 if none or cut short */
static size_t gb18030_size(struct bm_bytes run, size_t offset)
{
	const uint8_t *const at = run.data + offset;
	const size_t left = run.size - offset;
	if (at[0] < 0x80)
		return 1;
	if (at[0] == 0x80 || at[0] == 0xff || left < 2)
		return 0;
	if (at[1] >= 0x40)
		return at[1] != 0x7f && at[1] != 0xff ? 2 : 0;
	return left >= 4 && at[1] >= 0x30 && at[1] <= 0x39 && at[2] >= 0x81 && at[2] != 0xff &&
			       at[3] >= 0x30 && at[3] <= 0x39
		       ? 4
		       : 0;
}

/* gb18030_whole - bytes of whole characters when the run has the shape of everyday Chinese, or 0 */
static size_t gb18030_whole(struct bm_bytes run)
{
	size_t wide = 0, everyday = 0, at = 0;
	for (size_t size; at < run.size; at += size) {
		size = gb18030_size(run, at);
		if (size == 0)
			break;
		wide += size > 1;
		everyday += size == 2 && run.data[at] >= 0xa1 && run.data[at + 1] >= 0xa1;
	}
	const bool whole = run.size - at < 4 && (at == run.size || run.data[at] > 0x80);
	const bool ends = at == run.size || run.size - at == 1 || run.data[at + 1] < 0x40;
	return whole && ends && 2 * everyday > wide ? at : 0;
}

/* mostly_chinese - is more than half of what is not ASCII in this UTF-8 Chinese */
static bool mostly_chinese(struct bm_bytes run)
{
	size_t wide = 0, chinese = 0;
	uint32_t point;
	for (size_t at = 0, size; at < run.size; at += size) {
		size = utf8_size(run, at, &point);
		if (size == 0)
			return false;
		wide += size > 1;
		chinese += is_chinese(point);
	}
	return 2 * chinese > wide;
}

/* from_gb18030 - decode a run that is Chinese into target (UTF-8, a cut last character kept raw);
 * false, and nothing said about target, if it is something else */
static bool from_gb18030(struct bm_bytes run, struct bm_text *target)
{
	const size_t whole = gb18030_whole(run);
	if (whole == 0)
		return false;
	const iconv_t decoder = iconv_open("UTF-8", "GB18030");
	if (decoder == (iconv_t)-1)
		return false;
	size_t source_left = whole, target_left = 2 * whole + UTF8_BYTES_MAX;
	const size_t target_size = target_left;
	char *source = (char *)(uintptr_t)run.data; /* iconv's prototype lacks a const */
	char *end = (char *)bm_text_room(target, target_left);
	const size_t odd = iconv(decoder, &source, &source_left, &end, &target_left);
	iconv_close(decoder);
	target->size = target_size - target_left;
	if (odd != 0 || source_left > 0 ||
	    !mostly_chinese((struct bm_bytes){target->data, target->size}))
		return false;
	bm_text_add(target, bm_bytes_from(run, whole));
	return true;
}

/* escape - write bytes as \xHH */
static void escape(struct bm_text *text, struct bm_bytes run)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *at = bm_text_room(text, run.size * ESCAPE_BYTES);
	for (size_t i = 0; i < run.size; i++, at += ESCAPE_BYTES) {
		at[0] = '\\';
		at[1] = 'x';
		at[2] = (uint8_t)digits[run.data[i] >> 4];
		at[3] = (uint8_t)digits[run.data[i] & 15];
	}
	text->size += run.size * ESCAPE_BYTES;
}

/* show - append a run of UTF-8 with noise in it, at most limit bytes; false if it did not fit */
static bool show(struct bm_text *text, struct bm_bytes run, size_t limit)
{
	const size_t start = text->size;
	for (size_t at = 0, size; at < run.size; at += size) {
		const size_t left = limit - (text->size - start);
		size = printable_size(run, at);
		if (size > 0) {
			bm_text_add(text,
				    (struct bm_bytes){run.data + at, size < left ? size : left});
			if (size > left)
				return false;
			continue;
		}
		uint32_t point = 0;
		const size_t sequence = utf8_size(run, at, &point);
		const bool as_is = sequence > 0 && shown(point);
		size = sequence > 0 ? sequence : 1;
		if ((as_is ? size : size * ESCAPE_BYTES) > left)
			return false;
		const struct bm_bytes piece = {run.data + at, size};
		if (as_is)
			bm_text_add(text, piece);
		else
			escape(text, piece);
	}
	return true;
}

bool bm_text_chinese(struct bm_text *text, struct bm_bytes run)
{
	struct bm_text decoded = {0};
	const bool chinese = !is_utf8(run) && from_gb18030(run, &decoded);
	if (chinese)
		bm_text_add(text, (struct bm_bytes){decoded.data, decoded.size});
	bm_text_dispose(&decoded);
	return chinese;
}

/* bm_text_clean - append run as valid, printable UTF-8, at most limit bytes and then "..." */
void bm_text_clean(struct bm_text *text, struct bm_bytes run, size_t limit)
{
	const size_t most = limit ? limit : SIZE_MAX;
	if (run.size <= most && printable_size(run, 0) == run.size) {
		bm_text_add(text, run);
		return;
	}
	/* Even the densest decoding keeps three bytes of four: what lies further is never shown. */
	if (limit && run.size / 2 > limit)
		run.size = 2 * limit + 1;
	struct bm_text decoded = {0};
	if (!is_utf8(run) && from_gb18030(run, &decoded))
		run = (struct bm_bytes){decoded.data, decoded.size};
	if (!show(text, run, most))
		bm_text_add(text, BM_BYTES("..."));
	bm_text_dispose(&decoded);
}
