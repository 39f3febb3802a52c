/* words.h - what the program says to people, in their language.
 *
 * The English words are the key: `"Did it arrive" "..."` is a line of formats/lang/zh.txt.  Words
 * that a language has no line for stay English, so a missing line is an ugly page and not a broken
 * one.  Names that programs read (tables, columns, categories) are never looked up here.
 */
#ifndef BOUNCEMILL_WORDS_H
#define BOUNCEMILL_WORDS_H

/* bm_words - english in lang ("en" or "zh"); lives as long as the process */
const char *bm_words(const char *english, const char *lang);

#endif
