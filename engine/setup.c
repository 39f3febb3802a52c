/* setup.c - rules, threads, files and memory; see setup.h. */
#include "setup.h"

#include <sys/resource.h>
#include <unistd.h>

#include "argument.h"

enum { RULES_BYTES_MAX = 16 << 20 };

enum bm_err bm_setup_rules(const struct bm_options *options, struct bm_rules *rules)
{
	for (size_t i = 0; i < options->rules_count; i++) {
		size_t size;
		char *const text = bm_argument_file(options->rules[i], RULES_BYTES_MAX, &size);
		if (text == NULL)
			return BM_USAGE;
		const enum bm_err err = bm_rules_add(
			rules, options->rules[i], (struct bm_bytes){(uint8_t *)text, size}, true);
		bm_free(text);
		BM_TRY(err);
	}
	bm_rules_builtin(rules);
	bm_rules_seal(rules);
	return BM_OK;
}

unsigned bm_setup_threads(const struct bm_options *options)
{
	if (options->threads)
		return options->threads;
	const long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 1 ? (unsigned)online : 1;
}

/* quarter_of_memory - the default of --memory, in bytes */
static uint64_t quarter_of_memory(void)
{
	const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	return pages > 0 && page > 0 ? (uint64_t)pages / 4 * (uint64_t)page : 0;
}

/* raise_files - archives keep a file open for each member */
static void raise_files(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void bm_setup_limits(const struct bm_options *options)
{
	raise_files();
	bm_memory_budget(options->memory_bytes ? options->memory_bytes : quarter_of_memory());
}
