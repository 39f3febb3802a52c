/* cells.h - what the writers share: how one value becomes bytes.
 *
 * Numbers are written by hand to where the caller has made room (BM_CELL_BYTES_MAX is enough for
 * any of them); the C library's printf would cost more than reading the log did.  Text of the
 * world takes one of two ways: bytes that need no care at all are checked and copied eight at a
 * time, all others pass through bm_text_clean and the format's own escapes.
 */
#ifndef BM_CELLS_H
#define BM_CELLS_H

#include "bouncemill/table.h"
#include "bouncemill/text.h"

enum {
	BM_CELL_BYTES_MAX = 64, /* of anything but text */
	BM_CELL_TEXT_MAX =
		32000, /* bytes of a text cell before "...": spreadsheets end at 32,767 */
};

/* What one call of rows() keeps between rows; start with {.view = view}, end with bm_cells_dispose.
 */
struct bm_cells_pen {
	const struct bm_view *view;
	struct bm_text scratch;
	bm_period period;
	size_t period_size; /* 0 until period is known */
	char period_text[BM_PERIOD_TEXT_MAX];
};
void bm_cells_dispose_pen(struct bm_cells_pen *pen);

/* bm_cells_room - bytes that a row takes at most while every text in it is plain */
size_t bm_cells_room(const struct bm_table *table, const struct bm_value *values);

/* Each writes a value at `at` and returns where it ends. */
uint8_t *bm_cells_number(uint8_t *at, int64_t value);
/* bm_cells_fixed - value / 10^decimals; trim leaves trailing zeros out */
uint8_t *bm_cells_fixed(uint8_t *at, int64_t value, unsigned decimals, bool trim);
/* bm_cells_value - a value of any kind but text, which must not be empty */
uint8_t *bm_cells_value(struct bm_cells_pen *pen, uint8_t *at, enum bm_kind kind,
			const struct bm_value *value);

/* bm_cells_real - the number that a share's or a duration's digits say: rounded as they are */
double bm_cells_real(enum bm_kind kind, const struct bm_value *value);

/* bm_cells_formula - could a spreadsheet take this cleaned text for a formula */
bool bm_cells_formula(struct bm_bytes text);

#define BM_CELLS_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* bm_cells_has - is byte among the eight; any bit set says yes */
static inline uint64_t bm_cells_has(uint64_t word, uint8_t byte)
{
	const uint64_t zero_where_equal = word ^ BM_CELLS_EACH(byte);
	return (zero_where_equal - BM_CELLS_EACH(1)) & ~zero_where_equal;
}

/* Up to five bytes that a format must escape; repeat one to fill up. */
struct bm_special {
	uint8_t bytes[5];
};

/* bm_cells_odd - not 0 if any of eight bytes is not printable ASCII or is special */
static inline uint64_t bm_cells_odd(uint64_t word, const struct bm_special *special)
{
	const uint64_t unprintable =
		(word - BM_CELLS_EACH(0x20)) | (word + BM_CELLS_EACH(1)) | word;
	return (unprintable | bm_cells_has(word, special->bytes[0]) |
		bm_cells_has(word, special->bytes[1]) | bm_cells_has(word, special->bytes[2]) |
		bm_cells_has(word, special->bytes[3]) | bm_cells_has(word, special->bytes[4])) &
	       BM_CELLS_EACH(0x80);
}

/* bm_cells_short - copy 1 to 7 bytes; returns bm_cells_odd of them */
static inline uint64_t bm_cells_short(uint8_t *at, const uint8_t *from, size_t size,
				      const struct bm_special *special)
{
	if (size >= 4) {
		uint32_t head, tail;
		memcpy(&head, from, sizeof head);
		memcpy(&tail, from + size - sizeof tail, sizeof tail);
		memcpy(at, &head, sizeof head);
		memcpy(at + size - sizeof tail, &tail, sizeof tail);
		return bm_cells_odd((uint64_t)tail << 32 | head, special);
	}
	const uint8_t first = from[0], middle = from[size / 2], last = from[size - 1];
	at[0] = first;
	at[size / 2] = middle;
	at[size - 1] = last;
	/* Five blanks above fill the word up. */
	return bm_cells_odd(UINT64_C(0x2020202020) << 24 | (uint64_t)first << 16 |
				    (uint64_t)middle << 8 | last,
			    special);
}

/* bm_cells_plain - copy text to `at` and return its end, or NULL if it needs care (then the bytes
 * at `at` are worthless) */
static inline uint8_t *bm_cells_plain(uint8_t *at, struct bm_bytes text,
				      const struct bm_special *special)
{
	uint64_t odd = 0, word;
	if (text.size < sizeof word) {
		if (text.size > 0)
			odd = bm_cells_short(at, text.data, text.size, special);
		return odd ? NULL : at + text.size;
	}
	const size_t last = text.size - sizeof word;
	for (size_t i = 0; i < last; i += sizeof word) {
		memcpy(&word, text.data + i, sizeof word);
		memcpy(at + i, &word, sizeof word);
		odd |= bm_cells_odd(word, special);
	}
	memcpy(&word, text.data + last, sizeof word);
	memcpy(at + last, &word, sizeof word);
	odd |= bm_cells_odd(word, special);
	return odd || text.size > BM_CELL_TEXT_MAX ? NULL : at + text.size;
}

/* How a format of separated values differs from its sister. */
struct bm_dialect {
	uint8_t separator;
	/* plain - bm_cells_plain with the format's special bytes, known when it is compiled */
	uint8_t *(*plain)(uint8_t *at, struct bm_bytes text);
	/* text - append a text that needs care, guarded or not */
	void (*text)(struct bm_text *out, struct bm_bytes text, struct bm_text *scratch,
		     bool guard);
};

struct bm_writer_options;
/* bm_dialect_head, bm_dialect_rows - the header row and rows of separated values */
void bm_dialect_head(struct bm_text *out, const struct bm_table *table,
		     const struct bm_writer_options *options, uint8_t separator);
void bm_dialect_rows(struct bm_text *out, const struct bm_table *table, const void *rows,
		     size_t first, size_t end, const struct bm_view *view,
		     const struct bm_writer_options *options, const struct bm_dialect *dialect);

#endif
