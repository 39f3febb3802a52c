/* anonymize.h - a keyed hash in place of a local part: who has the key can match, nobody else can
 * guess.
 *
 * HMAC-SHA-256 (RFC 2104) by nettle, cut to 64 bits: enough to keep a few million addresses apart.
 */
#ifndef BM_ANONYMIZE_H
#define BM_ANONYMIZE_H

#include "bouncemill/text.h"

struct bm_anonymizer;
/* bm_anonymizer_new - with a copy of key */
struct bm_anonymizer *bm_anonymizer_new(struct bm_bytes key);
void bm_anonymizer_free(struct bm_anonymizer *anonymizer);
/* bm_anonymize - append 16 hex digits for local */
void bm_anonymize(struct bm_anonymizer *anonymizer, struct bm_bytes local, struct bm_text *out);

#endif
