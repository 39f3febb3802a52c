/* intern.h - each distinct run of bytes once, under a small number.
 *
 * Numbers count up from 0 in order of arrival, so they differ from run to run and must never reach an
 * output: sort by text.  The hash is seeded per process.  Stored runs never move: a run taken
 * from a table stays valid, and may be read by other threads that learned its number through a lock,
 * while its owner goes on adding.
 */
#ifndef BOUNCEMILL_INTERN_H
#define BOUNCEMILL_INTERN_H

#include "bouncemill/bytes.h"

struct bm_intern;

struct bm_intern *bm_intern_new(void);
void bm_intern_free(struct bm_intern *intern);
/* bm_intern_add - the number of run; run is copied when new */
uint32_t bm_intern_add(struct bm_intern *intern, struct bm_bytes run);
/* bm_intern_get - the run of a number, owned by the table */
struct bm_bytes bm_intern_get(const struct bm_intern *intern, uint32_t id);
uint32_t bm_intern_count(const struct bm_intern *intern);

#endif
