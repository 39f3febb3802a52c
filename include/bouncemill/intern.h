/* intern.h - each distinct run of bytes once, under a small number.
 *
 * Numbers count up from 0 in order of arrival, so they differ from run to run and must never reach
 * an output: sort by text.  The hash is seeded per process.  Stored runs never move: a run taken
 * from a table stays valid, and may be read by other threads that learned its number through a
 * lock, while its owner goes on adding.
 */
#ifndef BOUNCEMILL_INTERN_H
#define BOUNCEMILL_INTERN_H

#include "bouncemill/bytes.h"

struct bm_intern;

struct bm_intern *bm_intern_new(void);
/* bm_intern_new_with - each run has payload bytes beside it, zeroed when it is new: what is counted
 * for a name lies on the name's own page, since a look-up all over memory costs its TLB misses more
 * than anything else */
struct bm_intern *bm_intern_new_with(size_t payload);
/* bm_intern_payload - the payload of a number; never moves */
void *bm_intern_payload(const struct bm_intern *intern, uint32_t id);
void bm_intern_free(struct bm_intern *intern);
/* bm_intern_add - the number of run; run is copied when new */
uint32_t bm_intern_add(struct bm_intern *intern, struct bm_bytes run);
/* bm_intern_add_hashed - the same, where the hash (bm_hash of run) is known already */
uint32_t bm_intern_add_hashed(struct bm_intern *intern, struct bm_bytes run, uint64_t hash);
/* A run with this hash will be added soon: ask memory for it one step at a time, so that the waits
 * of many runs overlap. bm_intern_want fetches its slot; bm_intern_peek, a while later, its entry,
 * and returns its likely number or UINT32_MAX; bm_intern_fetch its payload; bm_intern_is tells
 * whether the guess was right. */
void bm_intern_want(const struct bm_intern *intern, uint64_t hash);
uint32_t bm_intern_peek(const struct bm_intern *intern, uint64_t hash);
void bm_intern_fetch(const struct bm_intern *intern, uint32_t guess);
bool bm_intern_is(const struct bm_intern *intern, uint32_t guess, struct bm_bytes run);
/* bm_intern_get - the run of a number, owned by the table */
struct bm_bytes bm_intern_get(const struct bm_intern *intern, uint32_t id);
uint32_t bm_intern_count(const struct bm_intern *intern);

#endif
