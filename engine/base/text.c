/* text.c - a growing run of bytes.
 *
 * Room doubles, so appending is linear; it is never given back before bm_text_dispose, because a
 * writer fills the same text again and again.  Integers are written two digits at a time.  What may
 * not be shown as it is goes through bm_text_clean, which lives in charset.c.
 */
#include "bouncemill/error.h"
#include "bouncemill/text.h"

#include <stdarg.h>
#include <stdio.h>

enum { ROOM_BYTES_MIN = 256, INT_BYTES_MAX = 20 };

/* bm_text_room - where the next extra bytes may be written; never NULL, not even for none */
uint8_t *bm_text_room(struct bm_text *text, size_t extra)
{
	if (extra > text->room - text->size || text->data == NULL) {
		if (extra > SIZE_MAX / 4 || text->size > SIZE_MAX / 4)
			bm_out_of_memory(extra);
		size_t room = text->room < ROOM_BYTES_MIN ? ROOM_BYTES_MIN : 2 * text->room;
		if (room < text->size + extra)
			room = text->size + extra;
		text->data = bm_realloc(text->data, room);
		text->room = room;
	}
	return text->data + text->size;
}

/* bm_text_add - append a run, which must not lie in text itself */
void bm_text_add(struct bm_text *text, struct bm_bytes run)
{
	if (run.size == 0)
		return;
	memcpy(bm_text_room(text, run.size), run.data, run.size);
	text->size += run.size;
}

/* bm_text_byte - append one byte */
void bm_text_byte(struct bm_text *text, uint8_t byte)
{
	*bm_text_room(text, 1) = byte;
	text->size++;
}

/* bm_text_int - append a decimal integer */
void bm_text_int(struct bm_text *text, int64_t value)
{
	uint8_t digits[INT_BYTES_MAX];
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do
		digits[--at] = (uint8_t)('0' + rest % 10);
	while ((rest /= 10) != 0);
	if (value < 0)
		digits[--at] = '-';
	bm_text_add(text, (struct bm_bytes){digits + at, sizeof digits - at});
}

/* bm_text_format - append what printf would print */
void bm_text_format(struct bm_text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	const int wanted = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (wanted <= 0)
		return;
	char *const target = (char *)bm_text_room(text, (size_t)wanted + 1);
	va_start(arguments, format);
	vsnprintf(target, (size_t)wanted + 1, format, arguments);
	va_end(arguments);
	text->size += (size_t)wanted;
}

/* bm_text_dispose - free the bytes; the text is empty and usable again */
void bm_text_dispose(struct bm_text *text)
{
	bm_free(text->data);
	*text = (struct bm_text){0};
}
