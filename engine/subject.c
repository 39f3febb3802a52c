/* subject.c - decoding, folding and masking subjects; see subject.h.
 *
 * Postfix logs a header with its line ends as question marks and cuts it at 200 bytes, so the seam
 * of two encoded words is "?=? =?" instead of a line end and a blank, and the last one may lack its
 * end.  Both are mended before the words are decoded.  Plain values take one pass and no copy; the
 * others cost a hundred times that, so a memo keeps the work from being done twice.
 */
#include "subject.h"

#include "bouncemill/error.h"
#include "bouncemill/mail.h"
#include "bouncemill/text.h"
#include "hash.h"

enum {
	VALUE_BYTES_MAX = 1000, /* of a value that are looked at */
	NAME_SPREAD = 2,        /* "a@b" becomes "<addr>" */
	MET_ROOM = 1 << 10
};

/* A value met before. */
struct met {
	uint64_t hash; /* 0 = free */
	uint32_t number;
};

struct bm_subjects {
	struct bm_tally *tally;
	struct bm_mail_reader *reader; /* NULL until there is an encoded word */
	struct bm_text mended, folded, clean, name;
	struct met met[MET_ROOM]; /* by hash */
};

struct bm_subjects *bm_subjects_new(struct bm_tally *tally)
{
	struct bm_subjects *const subjects = bm_zalloc(1, sizeof *subjects);
	subjects->tally = tally;
	return subjects;
}

void bm_subjects_free(struct bm_subjects *subjects)
{
	if (subjects == NULL)
		return;
	bm_mail_reader_free(subjects->reader);
	bm_text_dispose(&subjects->mended);
	bm_text_dispose(&subjects->folded);
	bm_text_dispose(&subjects->clean);
	bm_text_dispose(&subjects->name);
	bm_free(subjects);
}

static struct bm_bytes text_run(const struct bm_text *text)
{
	return (struct bm_bytes){text->data, text->size};
}

/* --- encoded words --- */

/* An encoded word: "=?charset?B?text?=". */
struct word {
	struct bm_bytes charset;
	struct bm_bytes text; /* what is encoded, as far as it can be decoded */
	size_t end;           /* behind the word, or the end of the run it was cut at */
	bool base64, whole;
};

/* trim_word - the text of a word that was cut, up to what can be decoded */
static void trim_word(struct word *word)
{
	struct bm_bytes *const text = &word->text;
	if (word->base64) {
		text->size -= text->size % 4;
		return;
	}
	for (size_t back = 1; back <= 2 && back <= text->size; back++)
		if (text->data[text->size - back] == '=') {
			text->size -= back;
			return;
		}
}

/* is_utf8_name - UTF-8, or a part of it */
static bool is_utf8_name(struct bm_bytes charset)
{
	static const char *const names[] = {"utf-8", "us-ascii"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t at = 0;
		while (at < charset.size && bm_lower(charset.data[at]) == (uint8_t)names[i][at])
			at++;
		if (at == charset.size && names[i][at] == 0)
			return true;
	}
	return false;
}

/* take_word - the encoded word at run[at]; false when it is none, or cut before its text */
static bool take_word(struct bm_bytes run, size_t at, struct word *word)
{
	const size_t charset_end = bm_bytes_find(run, at + 2, '?');
	const size_t text = charset_end + 3; /* behind "?B?" */
	if (text >= run.size || run.data[charset_end + 2] != '?' ||
	    bm_bytes_find(run, at, ' ') < text)
		return false;
	const uint8_t encoding = bm_lower(run.data[charset_end + 1]);
	if (encoding != 'b' && encoding != 'q')
		return false;
	const size_t end = bm_bytes_find(run, text, '?');
	word->base64 = encoding == 'b';
	word->charset = (struct bm_bytes){run.data + at + 2, charset_end - at - 2};
	word->text = (struct bm_bytes){run.data + text, end - text};
	word->whole = end + 1 < run.size && run.data[end + 1] == '=';
	word->end = end + 2 < run.size ? end + 2 : run.size;
	if (!word->whole)
		trim_word(word);
	return word->whole || end + 1 >= run.size;
}

/* seam_size - what lies between two encoded words at the head of run: blanks, and question marks for
 * a line end; 0 when no word follows */
static size_t seam_size(struct bm_bytes run)
{
	size_t size = 0;
	while (size < run.size && (run.data[size] == ' ' || run.data[size] == '?'))
		size++;
	return size && bm_bytes_starts(bm_bytes_from(run, size), BM_BYTES("=?")) ? size : 0;
}

/* mend - the value with plain blanks between its encoded words, and the last of them closed */
static struct bm_bytes mend(struct bm_text *mended, struct bm_bytes value)
{
	mended->size = 0;
	for (size_t at = 0, next; at < value.size; at = next) {
		struct word word;
		next = at + bm_bytes_search(bm_bytes_from(value, at), BM_BYTES("=?"));
		bm_text_add(mended, (struct bm_bytes){value.data + at, next - at});
		if (next == value.size)
			break;
		if (!take_word(value, next, &word)) {
			bm_text_add(mended, BM_BYTES("=?"));
			next += 2;
			continue;
		}
		bm_text_add(mended,
			    (struct bm_bytes){value.data + next,
					      (size_t)(word.text.data - value.data) - next});
		bm_text_add(mended, word.text);
		bm_text_add(mended, BM_BYTES("?="));
		const size_t seam = seam_size(bm_bytes_from(value, word.end));
		if (seam)
			bm_text_byte(mended, ' ');
		next = word.end + seam;
	}
	return text_run(mended);
}

/* digit64 - what a byte of base64 stands for, or 64 */
static unsigned digit64(uint8_t byte)
{
	if ((uint8_t)(byte - 'A') < 26)
		return (unsigned)(byte - 'A');
	if ((uint8_t)(byte - 'a') < 26)
		return (unsigned)(byte - 'a') + 26;
	if (bm_is_digit(byte))
		return (unsigned)(byte - '0') + 52;
	return byte == '+' ? 62 : byte == '/' ? 63 : 64;
}

/* add_base64 - the bytes of base64; false when it is not pure */
static bool add_base64(struct bm_text *text, struct bm_bytes run)
{
	uint32_t bits = 0;
	unsigned count = 0;
	while (run.size && run.data[run.size - 1] == '=')
		run.size--;
	uint8_t *out = bm_text_room(text, run.size);
	for (size_t i = 0; i < run.size; i++) {
		const unsigned digit = digit64(run.data[i]);
		if (digit == 64)
			return false;
		bits = bits << 6 | digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*out++ = (uint8_t)(bits >> count);
		}
	}
	text->size = (size_t)(out - text->data);
	return true;
}

/* hex - the value of a hexadecimal digit, or 16 */
static unsigned hex(uint8_t byte)
{
	const uint8_t letter = (uint8_t)((byte | 0x20) - 'a');
	return bm_is_digit(byte) ? (unsigned)(byte - '0') : letter < 6 ? letter + 10u : 16;
}

/* add_quoted - the bytes of a quoted-printable word; false when it is not pure */
static bool add_quoted(struct bm_text *text, struct bm_bytes run)
{
	uint8_t *out = bm_text_room(text, run.size);
	for (size_t i = 0; i < run.size; i++) {
		if (run.data[i] != '=') {
			*out++ = run.data[i] == '_' ? ' ' : run.data[i];
			continue;
		}
		const unsigned high = i + 2 < run.size ? hex(run.data[i + 1]) : 16;
		const unsigned low = high < 16 ? hex(run.data[i + 2]) : 16;
		if (low == 16)
			return false;
		*out++ = (uint8_t)(high << 4 | low);
		i += 2;
	}
	text->size = (size_t)(out - text->data);
	return true;
}

/* decode_utf8 - value whose encoded words are all in UTF-8, which is the usual case and takes no
 * library, into mended; false for others */
static bool decode_utf8(struct bm_text *text, struct bm_bytes value)
{
	text->size = 0;
	for (size_t at = 0, next; at < value.size; at = next) {
		struct word word;
		next = at + bm_bytes_search(bm_bytes_from(value, at), BM_BYTES("=?"));
		bm_text_add(text, (struct bm_bytes){value.data + at, next - at});
		if (next == value.size)
			break;
		if (!take_word(value, next, &word) || !is_utf8_name(word.charset) ||
		    !(word.base64 ? add_base64 : add_quoted)(text, word.text))
			return false;
		next = word.end + seam_size(bm_bytes_from(value, word.end));
	}
	return true;
}

/* decode - value as text, in whatever charset where it does not say */
static struct bm_bytes decode(struct bm_subjects *subjects, struct bm_bytes value)
{
	if (bm_bytes_search(value, BM_BYTES("=?")) == value.size)
		return value;
	if (decode_utf8(&subjects->mended, value))
		return text_run(&subjects->mended);
	if (subjects->reader == NULL)
		subjects->reader = bm_mail_reader_new();
	return bm_mail_words(subjects->reader, mend(&subjects->mended, value));
}

/* --- names --- */

/* whole_size - size of run without a last UTF-8 sequence that is cut short */
static size_t whole_size(struct bm_bytes run)
{
	size_t back = 1;
	while (back < 4 && back <= run.size && (run.data[run.size - back] & 0xc0) == 0x80)
		back++;
	if (back > run.size)
		return run.size;
	const uint8_t lead = run.data[run.size - back];
	const size_t wanted = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	return lead >= 0xc2 && back < wanted ? run.size - back : run.size;
}

/* mask_address - the word at the end of name, which holds an @, is <addr> when that stands inside;
 * returns the new size */
static size_t mask_address(uint8_t *name, size_t size)
{
	static const char mask[] = "<addr>";
	size_t from = size;
	while (from > 0 && name[from - 1] != ' ')
		from--;
	const size_t at = bm_bytes_find((struct bm_bytes){name + from, size - from}, 0, '@');
	if (at == 0 || from + at + 1 == size)
		return size;
	memcpy(name + from, mask, sizeof mask - 1);
	return from + sizeof mask - 1;
}

/* What a byte is to a name; the usual ones are 0. */
enum byte_kind { USUAL, BLANK, DIGIT, AT, EQUALS, HIGH };
static const uint8_t kinds[256] = {
	[0 ... ' '] = BLANK, ['0' ... '9'] = DIGIT, ['='] = EQUALS,
	['@'] = AT,          [0x7f] = BLANK,        [0x80 ... 0xff] = HIGH,
};

/* make_name - a text folded and masked into name, which has room for NAME_SPREAD times as many bytes;
 * returns the size, or, when only plain texts are wanted (ASCII without an encoded word) and this
 * one is not, SIZE_MAX */
static inline size_t make_name(uint8_t *name, struct bm_bytes text, bool only_plain)
{
	size_t size = 0;
	bool at_sign = false; /* in this word */
	for (size_t i = 0; i < text.size; i++) {
		const uint8_t byte = text.data[i], kind = kinds[byte];
		name[size] = byte;
		if (kind == USUAL) {
			size++;
		} else if (kind == BLANK) {
			if (at_sign)
				size = mask_address(name, size);
			at_sign = false;
			name[size] = ' ';
			size += size && name[size - 1] != ' ';
		} else if (kind == DIGIT) {
			name[size] = '#';
			size += size == 0 || name[size - 1] != '#';
		} else {
			if (only_plain && (kind == HIGH || (kind == EQUALS && i + 1 < text.size &&
							    text.data[i + 1] == '?')))
				return SIZE_MAX;
			at_sign |= kind == AT;
			size++;
		}
	}
	return at_sign ? mask_address(name, size) : size;
}

/* clip - the name's first bytes, whole characters without a blank at the end */
static struct bm_bytes clip(struct bm_bytes name)
{
	if (name.size > BM_SUBJECT_BYTES_MAX)
		name.size = BM_SUBJECT_BYTES_MAX;
	name.size = whole_size(name);
	while (name.size && name.data[name.size - 1] == ' ')
		name.size--;
	return name;
}

/* fancy - the number of a value that is to be decoded first */
static uint32_t fancy(struct bm_subjects *subjects, struct bm_bytes value)
{
	struct bm_text *const folded = &subjects->folded, *const clean = &subjects->clean;
	struct bm_bytes text = decode(subjects, value);
	text.size = whole_size(text);
	folded->size = clean->size = subjects->name.size = 0;
	uint8_t *const blank = bm_text_room(folded, text.size);
	for (size_t i = 0; i < text.size; i++)
		blank[i] = kinds[text.data[i]] == BLANK ? ' ' : text.data[i];
	bm_text_clean(clean, (struct bm_bytes){blank, text.size}, 0);
	uint8_t *const name = bm_text_room(&subjects->name, NAME_SPREAD * clean->size + 1);
	const struct bm_bytes whole = {name, make_name(name, text_run(clean), false)};
	return bm_tally_subject(subjects->tally, clip(whole));
}

uint32_t bm_subjects_number(struct bm_subjects *subjects, struct bm_bytes value)
{
	if (value.size > VALUE_BYTES_MAX)
		value.size = VALUE_BYTES_MAX;
	uint8_t name[NAME_SPREAD * VALUE_BYTES_MAX];
	const struct bm_bytes plain = {name, make_name(name, value, true)};
	if (plain.size != SIZE_MAX)
		return bm_tally_subject(subjects->tally, clip(plain));
	const uint64_t hash = bm_hash(value) | 1;
	struct met *const met = &subjects->met[hash >> 32 & (MET_ROOM - 1)];
	if (met->hash != hash)
		*met = (struct met){hash, fancy(subjects, value)};
	return met->number;
}
