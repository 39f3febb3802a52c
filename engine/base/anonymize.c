/* anonymize.c - HMAC-SHA-256 by nettle, the only place that knows it. */
#include "anonymize.h"

#include <nettle/hmac.h>

#include "bouncemill/error.h"

enum { SHOWN_BYTES = 8 };

struct bm_anonymizer {
	struct hmac_sha256_ctx hmac;
};

struct bm_anonymizer *bm_anonymizer_new(struct bm_bytes key)
{
	struct bm_anonymizer *const anonymizer = bm_zalloc(1, sizeof *anonymizer);
	hmac_sha256_set_key(&anonymizer->hmac, key.size, key.data);
	return anonymizer;
}

void bm_anonymizer_free(struct bm_anonymizer *anonymizer)
{
	bm_free(anonymizer);
}

void bm_anonymize(struct bm_anonymizer *anonymizer, struct bm_bytes local, struct bm_text *out)
{
	uint8_t digest[SHOWN_BYTES];
	hmac_sha256_update(&anonymizer->hmac, local.size, local.data);
	hmac_sha256_digest(&anonymizer->hmac, sizeof digest, digest);
	for (int i = 0; i < SHOWN_BYTES; i++)
		bm_text_format(out, "%02x", digest[i]);
}
