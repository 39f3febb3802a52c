/* hash.c - seeded hashing by libxxhash (XXH3, inlined), seeded from getrandom(2).
 *
 * The seed is drawn once, before main(), so that readers need no lock.  Should getrandom fail (it
 * does not on any kernel we build for) the address of a stack variable and the clock stand in.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <sys/random.h>
#include <time.h>

#include "bouncemill/error.h"
#include "hash.h"

static uint64_t seeds[3];

__attribute__((constructor)) static void draw_seeds(void)
{
	if (getrandom(seeds, sizeof seeds, 0) == (ssize_t)sizeof seeds)
		return;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	seeds[0] = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u;
	seeds[1] = (uint64_t)(uintptr_t)&now * 0xc2b2ae3d27d4eb4fu;
	seeds[2] = seeds[0] ^ (uint64_t)now.tv_sec;
}

uint64_t bm_hash(struct bm_bytes run)
{
	return XXH3_64bits_withSeed(run.data, run.size, seeds[2]);
}

uint64_t bm_hash_content(struct bm_bytes run)
{
	return XXH3_64bits(run.data, run.size);
}

const uint64_t *bm_hash_seeds(void)
{
	return seeds;
}

struct bm_digester {
	XXH3_state_t state;
};

struct bm_digester *bm_digester_new(void)
{
	/* XXH3_state_t wants 64-byte alignment, which malloc does not promise. */
	XXH3_state_t *const state = XXH3_createState();
	if (state == NULL)
		bm_out_of_memory(sizeof *state);
	XXH3_128bits_reset(state);
	return (struct bm_digester *)state;
}

void bm_digester_add(struct bm_digester *digester, struct bm_bytes run)
{
	XXH3_128bits_update(&digester->state, run.data, run.size);
}

struct bm_digest bm_digester_get(const struct bm_digester *digester)
{
	const XXH128_hash_t hash = XXH3_128bits_digest(&digester->state);
	return (struct bm_digest){hash.low64, hash.high64};
}

void bm_digester_free(struct bm_digester *digester)
{
	if (digester)
		XXH3_freeState(&digester->state);
}
