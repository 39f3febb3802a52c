/* spelling.h - domains as people type them: how far one is from another, and which are near.
 *
 * A word is a domain's letters, internationalised names in Unicode: one letter changed is one edit
 * there, and changes half of an A-label.  Distance is counted in edits of letters (Damerau: two
 * neighbours swapped are one), and each edit is a slip of the hand, or none: a letter dropped, a
 * letter doubled, two swapped, a key hit beside the one that was meant (US keyboard).
 *
 * A set finds the words within two edits of another without looking at all of them: two words are
 * near when the same rest is left after deleting a letter or two from each, so the rests are filed.
 * The rests of a word grow with the square of its length, hence the limits here.  Very many words
 * with the same rest, or crafted ones, may crowd a place, and those that come later are not found
 * there; what is found is the same in every run, for hashes here have no seed.
 */
#ifndef BOUNCEMILL_SPELLING_H
#define BOUNCEMILL_SPELLING_H

#include "bouncemill/bytes.h"

enum {
	BM_WORD_LETTERS_MAX = 48,   /* of a word; what is longer was not typed by hand */
	BM_WORD_EDITS_MAX = 2,      /* that are looked for */
	BM_SPELLING_ALIKE_MAX = 32, /* rests looked at in one place */
	BM_SPELLING_NEAR_MAX = 32   /* words found near another */
};

struct bm_word {
	uint32_t letters[BM_WORD_LETTERS_MAX]; /* code points */
	unsigned count;
};

/* bm_word_read - the letters of a lower-case domain; false when it is none that people type: an
 * address, a single label, too long */
bool bm_word_read(struct bm_word *word, struct bm_bytes domain);

/* How typed came from meant: the fewest edits, and of these ways the one with most slips. */
struct bm_edits {
	unsigned count; /* BM_WORD_EDITS_MAX + 1: more than are looked for */
	unsigned slips; /* of these */
};
struct bm_edits bm_word_edits(const struct bm_word *meant, const struct bm_word *typed);

/* A set of words under the caller's numbers. */
struct bm_spelling;
struct bm_spelling *bm_spelling_new(void);
void bm_spelling_free(struct bm_spelling *spelling);
/* bm_spelling_add - file a word; returns how many rests that took */
size_t bm_spelling_add(struct bm_spelling *spelling, const struct bm_word *word, uint32_t number);
/* bm_spelling_seal - after the last word, before the first question */
void bm_spelling_seal(struct bm_spelling *spelling);
/* bm_spelling_near - numbers of words that may be within edits_max (1 or 2) of word, itself among
 * them, each once; some are further away: ask bm_word_edits.  Returns how many. */
unsigned bm_spelling_near(const struct bm_spelling *spelling, const struct bm_word *word,
			  unsigned edits_max, uint32_t near[BM_SPELLING_NEAR_MAX]);

#endif
