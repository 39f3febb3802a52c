/* choices.h - rule files written out: each phrase that a choice stands for, on its own.
 *
 * crossvalidate --strict withholds phrases, not whole rules: a rule of a hundred choices would
 * always have one that a seen reply supports.
 */
#ifndef BOUNCEMILL_CHOICES_H
#define BOUNCEMILL_CHOICES_H

#include "bouncemill/text.h"

struct choices;

/* choices_new - an empty list; free with choices_free */
struct choices *choices_new(void);
void choices_free(struct choices *choices);
/* choices_add - all lines of one file, which must outlive the list */
void choices_add(struct choices *choices, struct bm_bytes text);
/* choices_clear - forget what was marked */
void choices_clear(struct choices *choices);
/* choices_mark - a reply with this template (lower case) was decided by the rule of this name: mark
 * the phrases that it supports */
void choices_mark(struct choices *choices, const char *rule, struct bm_bytes template, bool unseen);
/* choices_write - file number index without the phrases that unseen replies alone support, nor rules
 * that have lost all phrases of a group; returns how many phrases were left out */
unsigned choices_write(const struct choices *choices, size_t index, struct bm_text *out);

#endif
