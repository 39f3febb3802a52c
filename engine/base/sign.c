/* sign.c - short tokens that betray something, looked for at the borders of words.
 *
 * The table is open addressing by a hash of three bytes.  Signs that begin alike share a chain, and
 * a probe walks it to its end: lists of data avoid common beginnings (the longest walk is seven
 * signs of voices, thirty of blocklists, whose names love "spam").  What a stranger writes cannot
 * lengthen a chain.
 */
#include "sign.h"

#include <assert.h>

/* slot_of - where the search for what begins at `at` starts */
static inline size_t slot_of(const uint8_t *at)
{
	const uint32_t key =
		(uint32_t)bm_lower(at[0]) << 16 | (uint32_t)bm_lower(at[1]) << 8 | bm_lower(at[2]);
	return key * 0x9e3779b1u >> 22 & (BM_SIGN_SLOTS - 1);
}

void bm_signs_add(struct bm_signs *signs, struct bm_bytes token, uint16_t value)
{
	const bool open = token.data[token.size - 1] == '*';
	token.size -= open;
	assert(token.size >= BM_SIGN_BYTES_MIN && !memchr(token.data, '%', BM_SIGN_BYTES_MIN));
	signs->count++;
	assert(signs->count * 2 <= BM_SIGN_SLOTS);
	size_t i = slot_of(token.data);
	while (signs->slots[i].token.size)
		i = (i + 1) & (BM_SIGN_SLOTS - 1);
	signs->slots[i] = (struct bm_sign){.token = token, .value = value, .open = open};
	const unsigned start = bm_signs_start(token.data);
	signs->starts[start / 64] |= UINT64_C(1) << start % 64;
}

/* fits - does rest begin with token, in which % stands for a digit */
static bool fits(struct bm_bytes token, struct bm_bytes rest)
{
	if (rest.size < token.size)
		return false;
	for (size_t i = 0; i < token.size; i++)
		if (bm_lower(rest.data[i]) != token.data[i] &&
		    !(token.data[i] == '%' && bm_is_digit(rest.data[i])))
			return false;
	return true;
}

/* ends_well - may a sign of size bytes end there: neither a word nor a number goes on */
static bool ends_well(struct bm_bytes rest, size_t size)
{
	if (size == rest.size)
		return true;
	const uint8_t last = rest.data[size - 1], behind = rest.data[size];
	const bool number = behind == '.' && size + 1 < rest.size && bm_is_digit(last) &&
			    bm_is_digit(rest.data[size + 1]);
	return !number && !(bm_sign_letter(last) && bm_sign_letter(behind));
}

/* begins_well - may a sign begin there */
static bool begins_well(struct bm_bytes text, size_t at)
{
	if (at == 0)
		return true;
	const uint8_t before = text.data[at - 1], byte = text.data[at];
	return before != '@' && !(before == '.' && bm_is_digit(byte)) &&
	       !(bm_sign_letter(before) && bm_sign_letter(byte));
}

const struct bm_sign *bm_signs_look(const struct bm_signs *signs, struct bm_bytes text, size_t at)
{
	if (!begins_well(text, at))
		return NULL;
	const struct bm_bytes rest = bm_bytes_from(text, at);
	size_t i = slot_of(rest.data);
	for (; signs->slots[i].token.size; i = (i + 1) & (BM_SIGN_SLOTS - 1)) {
		const struct bm_sign *const sign = &signs->slots[i];
		if (fits(sign->token, rest) && (sign->open || ends_well(rest, sign->token.size)))
			return sign;
	}
	return NULL;
}

struct bm_bytes bm_sign_token(struct bm_bytes *line)
{
	const size_t start = bm_bytes_find(*line, 0, '"') + 1;
	if (start >= line->size)
		return (struct bm_bytes){0};
	const size_t end = bm_bytes_find(*line, start, '"');
	assert(end > start && end < line->size);
	const struct bm_bytes token = {line->data + start, end - start};
	*line = bm_bytes_from(*line, end + 1);
	return token;
}
