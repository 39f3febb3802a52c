/* template.c - a reply template's name taken apart; see template.h.
 *
 * The id is a hash of the whole name with a fixed seed, so that it names the same reply in every
 * run; nothing is looked up by it here, so a crafted collision costs nobody anything.
 */
#include "template.h"

/* fnv - FNV-1a of 64 bits */
static uint64_t fnv(struct bm_bytes run)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < run.size; i++)
		hash = (hash ^ run.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

struct bm_template bm_template_of(struct bm_bytes name)
{
	struct bm_template template = {.text = name};
	const size_t provider_end = bm_bytes_find(name, 0, '\0');
	const size_t dsn_end = bm_bytes_find(name, provider_end + 1, '\0');
	if (dsn_end < name.size) {
		template.provider = (struct bm_bytes){name.data, provider_end};
		template.text = bm_bytes_from(name, dsn_end + 1);
	}
	const uint64_t hash = fnv(name);
	for (unsigned i = 0; i < BM_TEMPLATE_ID_DIGITS; i++)
		template.id[i] = (uint8_t) "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
	return template;
}
