/* token.h - the words of a subject: what may be compared between subjects.
 *
 * A word is a run of two letters or more, in lower case; of Chinese and Japanese, which write no
 * blanks, each two neighbouring characters; of symbols (arrows, pictures) each one.  Digits, masks
 * and punctuation part words and are none.
 */
#ifndef BM_TOKEN_H
#define BM_TOKEN_H

#include "bouncemill/bytes.h"

enum { BM_TOKEN_BYTES_MAX = 128 }; /* longer words are cut; a subject has fewer bytes */

struct bm_tokens {
	struct bm_bytes text; /* UTF-8 */
	size_t at;
	bool in_pair; /* the character at `at` was the second of a pair */
	uint8_t word[BM_TOKEN_BYTES_MAX];
};

/* bm_tokens_of - start with text, which is borrowed */
static inline struct bm_tokens bm_tokens_of(struct bm_bytes text)
{
	return (struct bm_tokens){.text = text};
}

/* bm_token_next - the next word, valid until the one after it; false at the end */
bool bm_token_next(struct bm_tokens *tokens, struct bm_bytes *word);

#endif
