/* hash.h - seeded hashing, the only door to libxxhash.
 *
 * Domains and local parts are chosen by whoever mails us, and unseeded XXH3 collides on crafted
 * keys by the thousand: so every hash of this process depends on a seed drawn from the system at
 * start. Hash values therefore never reach an output.
 */
#ifndef BM_HASH_H
#define BM_HASH_H

#include "bouncemill/bytes.h"

/* bm_hash - 64 bits of a run under the process's seed */
uint64_t bm_hash(struct bm_bytes run);

/* bm_hash_content - 64 bits of a run, the same in every process; whoever chose the run may have chosen
 * them */
uint64_t bm_hash_content(struct bm_bytes run);

/* A digest of content: the same in every process. */
struct bm_digest {
	uint64_t low, high;
};
struct bm_digester;
/* bm_digester_new, _add, _get, _free - XXH3-128 of a stream, seed 0 */
struct bm_digester *bm_digester_new(void);
void bm_digester_add(struct bm_digester *digester, struct bm_bytes run);
struct bm_digest bm_digester_get(const struct bm_digester *digester);
void bm_digester_free(struct bm_digester *digester);

/* bm_hash_seeds - two words of the process's seed, for keys that are mixed in place */
const uint64_t *bm_hash_seeds(void);

/* bm_hash_mix - fold two words to one by a 64 x 64 -> 128 bit product, as wide-multiply hashes do
 */
static inline uint64_t bm_hash_mix(uint64_t left, uint64_t right)
{
	const __uint128_t product = (__uint128_t)left * right;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
