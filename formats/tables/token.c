/* token.c - cutting a subject into words; see token.h. */
#include "token.h"

enum kind { NOTHING, LETTER, IDEOGRAPH, SYMBOL };

/* A character: its code point, its bytes and what it is. */
struct character {
	uint32_t point;
	size_t size;
	enum kind kind;
};

/* is_within - is the point in one of the ranges */
static bool is_within(uint32_t point, const uint32_t (*ranges)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (point >= ranges[i][0] && point <= ranges[i][1])
			return true;
	return false;
}
#define WITHIN(point, ranges) is_within(point, ranges, sizeof(ranges) / sizeof *(ranges))

static enum kind kind_of(uint32_t point)
{
	static const uint32_t ideographs[][2] = {{0x3040, 0x30fa}, {0x30fc, 0x30ff},
						 {0x3400, 0x4dbf}, {0x4e00, 0x9fff},
						 {0xf900, 0xfaff}, {0x20000, 0x3ffff}};
	static const uint32_t symbols[][2] = {{0x2190, 0x2bff}, {0x1f000, 0x1faff}};
	static const uint32_t marks[][2] = {{0x80, 0xbf},     {0xd7, 0xd7},     {0xf7, 0xf7},
					    {0x2000, 0x218f}, {0x2e00, 0x303f}, {0x30fb, 0x30fb},
					    {0xfe00, 0xfe6f}, {0xff00, 0xff20}, {0xff3b, 0xff40},
					    {0xff5b, 0xff65}, {0xffe0, 0xffff}};
	if (point < 0x80)
		return (uint8_t)((point | 0x20) - 'a') < 26 ? LETTER : NOTHING;
	if (WITHIN(point, ideographs))
		return IDEOGRAPH;
	if (WITHIN(point, symbols))
		return SYMBOL;
	return WITHIN(point, marks) ? NOTHING : LETTER;
}

/* lower_of - Latin, Greek and Cyrillic capitals in lower case, which has as many bytes */
static uint32_t lower_of(uint32_t point)
{
	if (point < 0x80)
		return bm_lower((uint8_t)point);
	if ((point >= 0xc0 && point <= 0xde) || (point >= 0x391 && point <= 0x3a9) ||
	    (point >= 0x410 && point <= 0x42f))
		return point + 0x20;
	return point >= 0x400 && point <= 0x40f ? point + 0x50 : point;
}

/* character_at - the character at text[at]; a stray byte is one of its own, and nothing */
static struct character character_at(struct bm_bytes text, size_t at)
{
	const uint8_t lead = text.data[at];
	struct character one = {lead, 1, NOTHING};
	const size_t size = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (lead >= 0x80 && (size == 1 || size > text.size - at))
		return one;
	if (size > 1)
		one.point = lead & (0x7fu >> size);
	for (; one.size < size; one.size++)
		one.point = one.point << 6 | (text.data[at + one.size] & 0x3f);
	one.kind = kind_of(one.point);
	return one;
}

/* put - append a character in lower case to a word of size bytes, if it fits; the new size */
static size_t put(uint8_t *word, size_t size, uint32_t point)
{
	point = lower_of(point);
	const size_t bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	if (size + bytes > BM_TOKEN_BYTES_MAX)
		return size;
	word[size] =
		(uint8_t)(bytes == 1 ? point : (0xf0u << (4 - bytes)) | (point >> 6 * (bytes - 1)));
	for (size_t i = 1; i < bytes; i++)
		word[size + i] = (uint8_t)(0x80 | (point >> 6 * (bytes - 1 - i) & 0x3f));
	return size + bytes;
}

/* take_letters - the run of letters at the head of what is left; its bytes, or 0 for a single one */
static size_t take_letters(struct bm_tokens *tokens)
{
	size_t size = 0, letters = 0;
	while (tokens->at < tokens->text.size) {
		const struct character one = character_at(tokens->text, tokens->at);
		if (one.kind != LETTER)
			break;
		size = put(tokens->word, size, one.point);
		tokens->at += one.size;
		letters++;
	}
	return letters > 1 ? size : 0;
}

/* take_pair - the ideograph first and the one behind it, or it alone where none is beside it */
static size_t take_pair(struct bm_tokens *tokens, const struct character *first)
{
	const bool second_of_pair = tokens->in_pair;
	tokens->at += first->size;
	tokens->in_pair = false;
	const size_t size = put(tokens->word, 0, first->point);
	if (tokens->at < tokens->text.size) {
		const struct character next = character_at(tokens->text, tokens->at);
		tokens->in_pair = next.kind == IDEOGRAPH;
		if (tokens->in_pair)
			return put(tokens->word, size, next.point);
	}
	return second_of_pair ? 0 : size;
}

bool bm_token_next(struct bm_tokens *tokens, struct bm_bytes *word)
{
	const struct bm_bytes mask = BM_BYTES("<addr>");
	size_t size = 0;
	while (size == 0 && tokens->at < tokens->text.size) {
		const struct character one = character_at(tokens->text, tokens->at);
		if (bm_bytes_starts(bm_bytes_from(tokens->text, tokens->at), mask)) {
			tokens->at += mask.size;
		} else if (one.kind == LETTER) {
			size = take_letters(tokens);
		} else if (one.kind == IDEOGRAPH) {
			size = take_pair(tokens, &one);
		} else {
			tokens->at += one.size;
			if (one.kind == SYMBOL)
				size = put(tokens->word, 0, one.point);
		}
	}
	*word = (struct bm_bytes){tokens->word, size};
	return size > 0;
}
