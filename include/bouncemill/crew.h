/* crew.h - threads lent to code that is on a floor below those who own threads. */
#ifndef BOUNCEMILL_CREW_H
#define BOUNCEMILL_CREW_H

#include <stddef.h>

/* A number of threads, and who sets them to work: run calls job(context, i) for all i < count on up
 * to threads threads, in any order, and returns when all are done.  NULL = the calling thread alone. */
struct bm_crew {
	unsigned threads;
	unsigned (*run)(unsigned threads, size_t count, void (*job)(void *context, size_t i),
			void *context);
};

/* bm_crew_size - how many threads work */
static inline unsigned bm_crew_size(const struct bm_crew *crew)
{
	return crew ? crew->threads : 1;
}

/* bm_crew_run - job(context, i) for all i < count, by a crew or without one */
static inline void bm_crew_run(const struct bm_crew *crew, size_t count,
			       void (*job)(void *context, size_t i), void *context)
{
	if (bm_crew_size(crew) > 1) {
		crew->run(crew->threads, count, job, context);
		return;
	}
	for (size_t i = 0; i < count; i++)
		job(context, i);
}

#endif
