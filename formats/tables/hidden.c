/* hidden.c - take local parts out of texts; see hidden.h.
 *
 * A local part is the longest run of bytes before an @ that RFC 5321 lets an unquoted one hold (and any
 * byte above ASCII), or a quoted string.  What looks like one without being one is hidden too: that is the safe side.
 */
#include "hidden.h"

#include "bouncemill/error.h"

void bm_hidden_make(struct bm_hidden *hidden, size_t rows)
{
	*hidden = (struct bm_hidden){.starts = bm_zalloc(rows + 1, sizeof *hidden->starts)};
}

/* is_local - may the byte stand in an unquoted local part */
static bool is_local(uint8_t byte)
{
	return byte >= 0x80 || (uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10 ||
	       (byte && strchr("!#$%&'*+-/=?^_`{|}~.", byte));
}

/* local_start - where the local part that ends in front of at begins */
static size_t local_start(struct bm_bytes text, size_t from, size_t at)
{
	size_t start = at;
	if (start > from && text.data[start - 1] == '"') {
		for (start--; start > from && text.data[start - 1] != '"';)
			start--;
		return start > from ? start - 1 : start;
	}
	while (start > from && is_local(text.data[start - 1]))
		start--;
	return start;
}

void bm_hidden_add(struct bm_hidden *hidden, struct bm_bytes text, bool hide)
{
	size_t from = 0;
	for (size_t at = bm_bytes_find(text, 0, '@'); hide && at < text.size;
	     at = bm_bytes_find(text, at + 1, '@')) {
		const size_t start = local_start(text, from, at);
		if (start == at)
			continue;
		bm_text_add(&hidden->text, (struct bm_bytes){text.data + from, start - from});
		bm_text_add(&hidden->text, BM_BYTES("***"));
		from = at;
	}
	bm_text_add(&hidden->text, bm_bytes_from(text, from));
	hidden->starts[++hidden->count] = hidden->text.size;
}

struct bm_bytes bm_hidden_get(const struct bm_hidden *hidden, size_t row)
{
	const size_t start = hidden->starts[row];
	return (struct bm_bytes){hidden->text.data + start, hidden->starts[row + 1] - start};
}

void bm_hidden_dispose(struct bm_hidden *hidden)
{
	bm_text_dispose(&hidden->text);
	bm_free(hidden->starts);
}
