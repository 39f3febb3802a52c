/* data.h - the texts of formats/rules and formats/lang that are built in, and the words of their lines. */
#ifndef BM_DATA_H
#define BM_DATA_H

#include "bouncemill/bytes.h"

/* bm_data_file - a text by its name ("rules/providers.txt"), empty if there is none */
struct bm_bytes bm_data_file(const char *name);
/* bm_data_word - take the next word off a line; empty at the end or at a comment */
struct bm_bytes bm_data_word(struct bm_bytes *line);

/* bm_data_is_blank - what stands between words: space or tab, or a carriage return left by another
 * system */
static inline bool bm_data_is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

#endif
