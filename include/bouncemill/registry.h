/* registry.h - the one list of everything that can be plugged in (formats/registry.c).
 *
 * Each function returns entry number index, or NULL behind the last one.
 */
#ifndef BOUNCEMILL_REGISTRY_H
#define BOUNCEMILL_REGISTRY_H

#include <stddef.h>

const struct bm_codec *bm_registry_codec(size_t index);
const struct bm_log *bm_registry_log(size_t index);
const struct bm_table *bm_registry_table(size_t index);
const struct bm_writer *bm_registry_writer(size_t index);
/* in the order in which a mail is tried; the struct is formats/mails/'s own */
const struct bm_mail_kind *bm_registry_mail_kind(size_t index);

/* bm_embedded - a text of formats/rules, lang or pages by index, built into the program: its file
 * name ("rules/google.rules", "lang/en.txt") and bytes; false behind the last one.  Sorted by name,
 * but for the charting library, which is the last.  Scripts and styles of pages have their
 * Content-Security-Policy hash beside them, under their name and ".hash". */
struct bm_bytes;
_Bool bm_embedded(size_t index, const char **name, struct bm_bytes *text);

#endif
