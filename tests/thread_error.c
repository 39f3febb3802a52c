/* thread_error.c - threads that all speak and claim slots at once; a plain program, for TSan.
 *
 * Lines of several threads must not mix, and a slot must never be given twice at a time.
 */
#include "bouncemill/error.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 200 };

static char names[THREADS][64];

/* worker - say lines of one letter each, and take and clear slots in between */
static void *worker(void *argument)
{
	const int number = (int)(intptr_t)argument;
	char text[120];
	memset(text, 'a' + number, sizeof text - 1);
	text[sizeof text - 1] = 0;
	for (int i = 0; i < ROUNDS; i++) {
		const int slot = bm_at_exit_remove(-1, names[number]);
		if (slot < 0)
			abort();
		bm_say(NULL, "%s", text);
		bm_at_exit_remove(slot, NULL);
	}
	return NULL;
}

/* check - how many whole, unmixed lines the file holds; -1 when one is not */
static int check(FILE *file)
{
	char line[512];
	int count = 0;
	rewind(file);
	for (; fgets(line, sizeof line, file); count++) {
		const char letter = line[12];
		if (strlen(line) != 12 + 119 + 1 || strspn(line + 12, (char[]){letter, 0}) != 119)
			return -1;
	}
	return count;
}

int main(void)
{
	pthread_t threads[THREADS];
	FILE *const file = tmpfile();
	const int kept = dup(STDERR_FILENO);
	if (!file || kept < 0)
		return 2;
	dup2(fileno(file), STDERR_FILENO);
	for (int i = 0; i < THREADS; i++) {
		snprintf(names[i], sizeof names[i], "/nonexistent/bouncemill/%d", i);
		if (pthread_create(&threads[i], NULL, worker, (void *)(intptr_t)i) != 0)
			return 2;
	}
	for (int i = 0; i < 100; i++)
		bm_remove_unfinished();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	dup2(kept, STDERR_FILENO);
	const int lines = check(file);
	printf("thread_error: %d whole lines of %d\n", lines, THREADS * ROUNDS);
	return lines == THREADS * ROUNDS ? 0 : 1;
}
