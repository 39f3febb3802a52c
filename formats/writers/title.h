/* title.h - what people call tables and columns, in their language.
 *
 * The names themselves are a contract with programs; a title stands beside them.  English titles
 * are made from the name (`first_seen` is "First seen"), others are lines of formats/lang/.
 */
#ifndef BM_TITLE_H
#define BM_TITLE_H

#include "bouncemill/text.h"

/* bm_title_add - append the title of a table or column; lang is "en" or "zh" */
void bm_title_add(struct bm_text *text, const char *name, const char *lang);
/* bm_title_category - what people call the category of a name; the name itself where it is none, or
 * lang is NULL */
struct bm_bytes bm_title_category(struct bm_bytes name, const char *lang);

#endif
