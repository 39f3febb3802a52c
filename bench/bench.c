/* bench.c - `bouncemill bench`: where the time goes, stage by stage, beside what this
 * machine can do at best.
 *
 * A stage cannot be timed from inside: a clock read per line would cost more than most stages do.
 * So the whole mill runs at increasing depth (enum bm_depth), each time stopping one stage later,
 * and a stage is the difference between two runs.  A deeper run does all that a shallower one does,
 * so where noise has it otherwise the shallower is taken to have been slowed down: no stage is
 * below 0.  Each time is the fastest of N on its own, so the parts may add up to a little less than
 * the whole, never to more.  Rounds go through all depths in turn: a machine that slows down does
 * so for all stages alike.
 *
 * The first run of all is no measurement.  It warms the page cache, says once what is odd about the
 * inputs, and tells how much there is to grind; the same troubles are kept quiet in the runs after
 * it.
 *
 * Two floors stand beside the stages.  Nothing that looks at each byte can be faster than summing a
 * buffer that no cache holds, so end to end is given as a multiple of that; read(2) of the files is
 * what the system asks for handing them over.  All rates are of decoded bytes, whatever a stage
 * really touches: one unit, so rows compare.
 *
 * Nothing stays behind.  The corpus is a file without a name; the tables' directory lives while
 * they are written, and a signal waits that long.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bouncemill/registry.h"
#include "bouncemill/text.h"
#include "bouncemill/writer.h"
#include "generate.h"
#include "output.h"
#include "pipeline.h"
#include "render.h"
#include "setup.h"
#include "scan.h"
#include "verdict.h"

enum {
	GENERATE_BYTES = 256 << 20, /* without PATH and --generate */

	MEMORY_BYTES_MIN = 64 << 20,
	MEMORY_BYTES_MAX = 1 << 30,
	CACHE_MULTIPLE = 4, /* a buffer so many times the last cache is in no cache */
	MEMORY_PIECE_BYTES = 4 << 20,
	FILE_PIECE_BYTES = 4 << 20,
	FILE_READ_BYTES = 128 << 10,
	BAR_COLUMNS = 20,
	DAY_SECONDS = 86400
};

/* What is shown, in its order. */
#define STAGES(X)                                                                                  \
	X(MEMORY_READ, "memory_read", "memory read")                                               \
	X(FILE_READ, "file_read", "file read")                                                     \
	X(IDENTIFY, "identify", "identify")                                                        \
	X(READ, "read", "read")                                                                    \
	X(DECOMPRESS, "decompress", "decompress")                                                  \
	X(FIND_LINES, "find_lines", "find lines")                                                  \
	X(PARSE, "parse", "parse")                                                                 \
	X(CORRELATE, "correlate", "correlate")                                                     \
	X(CLASSIFY, "classify", "classify")                                                        \
	X(COUNT, "count", "count")                                                                 \
	X(WRITE, "write", "write")                                                                 \
	X(END_TO_END, "end_to_end", "end to end")

enum stage {
#define X(identifier, name, label) STAGE_##identifier,
	STAGES(X)
#undef X
		STAGES_TOTAL
};

static const struct {
	const char *name, *label;
} stages[] = {
#define X(identifier, name, label) {name, label},
	STAGES(X)
#undef X
};

/* What is ground. */
struct corpus {
	uint64_t bytes; /* on disk */
	uint64_t decoded_bytes, lines, files, attempts;
	bool generated, compressed;
};

/* Fastest times, in seconds. */
struct fastest {
	double memory_read, file_read, identify, write, end_to_end;
	double depth[BM_DEPTH_COUNT + 1];
};

/* What the table says: a stage's own time, and all up to its end. */
struct figure {
	double seconds, total_seconds;
};

struct bench {
	const struct bm_options *options;
	struct bm_rules *rules;
	unsigned threads;
	const char *const *paths;
	size_t path_count;
	struct corpus corpus;
	struct fastest fastest;
	struct bm_verdict_cost verdict;
	struct bm_inputs inputs; /* of the first run */
	int stderr_fd, null_fd;  /* to keep troubles quiet that were said */
	bool tells, terminal;    /* what is going on, on stderr */
	bool changed;            /* the inputs are not what they were */
};

/* One passage from names to tables. */
struct passage {
	struct bm_inputs inputs;
	struct bm_run run;
	int64_t start_ns, identified_ns, ground_ns, written_ns;
};

/* --- helpers --- */

/* now_ns - the steady clock */
static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* keep - the smaller of what is kept and a new time */
static void keep(double *seconds, int64_t start_ns, int64_t end_ns)
{
	const double fresh = (double)(end_ns - start_ns) / 1e9;
	if (fresh < *seconds)
		*seconds = fresh;
}

/* temporary - DIRECTORY/bouncemill-bench-XXXXXX, for mkstemp; free with bm_free */
static char *temporary(void)
{
	static const char tail[] = "/bouncemill-bench-XXXXXX";
	const char *const given = getenv("TMPDIR");
	const char *const place = given && *given ? given : "/tmp";
	const size_t size = strlen(place);
	char *const path = bm_alloc(size + sizeof tail);
	memcpy(path, place, size);
	memcpy(path + size, tail, sizeof tail);
	return path;
}

/* mute - let nothing be said on stderr: what is wrong with the inputs was said in the first run */
static void mute(const struct bench *bench)
{
	if (bench->null_fd >= 0 && bench->stderr_fd >= 0)
		dup2(bench->null_fd, STDERR_FILENO);
}

static void unmute(const struct bench *bench)
{
	if (bench->null_fd >= 0 && bench->stderr_fd >= 0)
		dup2(bench->stderr_fd, STDERR_FILENO);
}

/* tell - what is going on, in place of what was told before */
__attribute__((format(printf, 2, 3))) static void tell(const struct bench *bench,
						       const char *format, ...)
{
	char words[120];
	va_list values;
	if (!bench->tells)
		return;
	va_start(values, format);
	vsnprintf(words, sizeof words, format, values);
	va_end(values);
	if (bench->terminal)
		fprintf(stderr, "\r%s\033[K\r", words);
	else
		fprintf(stderr, "%s\n", words);
}

/* hush - take away what was told */
static void hush(const struct bench *bench)
{
	if (bench->tells && bench->terminal)
		fprintf(stderr, "\r\033[K");
}

/* --- the corpus on the fly --- */

/* A corpus being made. */
struct making {
	int fd;
	int64_t day;
};

/* take_log - sink: the next bytes of the log */
static enum bm_err take_log(void *context, const void *data, size_t size)
{
	const struct making *const making = context;
	for (const uint8_t *at = data; size;) {
		const ssize_t done = write(making->fd, at, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return BM_WRITE;
		at += done;
		size -= (size_t)done;
	}
	return BM_OK;
}

/* take_day - sink: the lines from here on are of this day */
static enum bm_err take_day(void *context, int64_t day)
{
	((struct making *)context)->day = day;
	return BM_OK;
}

/* nameless - a file that goes away with the last who has it open, or -1 after saying why */
static int nameless(void)
{
	char *const path = temporary();
	const int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		bm_say(path, "cannot make a file for the corpus: %s (set TMPDIR)", strerror(errno));
	else
		unlink(path);
	bm_free(path);
	return fd;
}

/* generate - a log of that size in a nameless file, dated by its last day; its descriptor, or -1
 * after saying why */
static int generate(const struct bench *bench, uint64_t bytes)
{
	struct bm_generate_options options = bm_generate_defaults();
	struct making making = {.fd = nameless()};
	const struct bm_generate_sink sink = {
		.context = &making, .write = take_log, .day = take_day};
	if (making.fd < 0)
		return -1;
	tell(bench, "making a corpus of %.0f MB", (double)bytes / 1e6);
	options.bytes = bytes;
	if (bm_generate(&options, &sink, NULL) != BM_OK) {
		hush(bench);
		bm_say("--generate",
		       "cannot write the corpus: %s (set TMPDIR to a place with more room)",
		       strerror(errno));
		close(making.fd);
		return -1;
	}
	const struct timespec end = {.tv_sec = (time_t)((making.day + 1) * DAY_SECONDS - 1)};
	futimens(making.fd, (struct timespec[]){end, end});
	return making.fd;
}

/* --- a passage --- */

/* identify - find the inputs anew: a run changes what it is given */
static void identify(const struct bench *bench, struct passage *passage)
{
	*passage = (struct passage){.start_ns = now_ns()};
	for (size_t i = 0; i < bench->path_count; i++)
		bm_inputs_add(&passage->inputs, bench->paths[i]);
	bm_inputs_identify(&passage->inputs, bench->options->year);
	passage->identified_ns = now_ns();
}

/* grind - run the mill over the passage's inputs, down to depth */
static void grind(const struct bench *bench, struct passage *passage, enum bm_depth depth)
{
	const struct bm_pipeline_options options = {
		.bucket = bench->options->bucket,
		.since = BM_TIME_UNKNOWN,
		.until = BM_TIME_UNKNOWN,
		.rules = bench->rules,
		.log_format = bench->options->log_format,
		.threads = bench->threads,
		.block_bytes = bench->options->block_bytes,
		.depth = depth,
	};
	bm_pipeline_run(&passage->inputs, &options, &passage->run);
	passage->ground_ns = now_ns();
}

/* quietly - identify and grind without a word */
static void quietly(const struct bench *bench, struct passage *passage, enum bm_depth depth)
{
	mute(bench);
	identify(bench, passage);
	grind(bench, passage, depth);
	unmute(bench);
}

static void end_passage(struct passage *passage)
{
	bm_tally_free(passage->run.tally);
	bm_inputs_dispose(&passage->inputs);
}

/* csv - the writer that a directory of tables gets by default */
static const struct bm_writer *csv(void)
{
	const struct bm_writer *writer;
	for (size_t i = 0; (writer = bm_registry_writer(i)); i++)
		if (strcmp(writer->name, "csv") == 0)
			break;
	return writer;
}

/* render - all default tables of the passage to files in a directory */
static enum bm_err render(const struct bench *bench, const struct passage *passage,
			  const char *place)
{
	const struct bm_inputs *const inputs = &passage->inputs;
	const struct bm_writer_options options = {.version = BM_VERSION};
	struct bm_source *const sources = bm_alloc((inputs->count + 1) * sizeof *sources);
	for (size_t i = 0; i < inputs->count; i++)
		sources[i] = inputs->list[i].source;
	const struct bm_view view = {.tally = passage->run.tally,
				     .rules = bench->rules,
				     .sources = sources,
				     .source_count = inputs->count,
				     .bucket = bench->options->bucket,
				     .lang = bench->options->lang,
				     .partial = inputs->partial};
	struct bm_render *const all = bm_render_open(&view, NULL, &options, bench->threads);
	const enum bm_err err = bm_render_directory(all, csv(), place);
	bm_render_close(all);
	bm_free(sources);
	return err;
}

/* remove_tables - the directory and every table in it */
static void remove_tables(const char *place)
{
	const struct bm_table *table;
	for (size_t i = 0; (table = bm_registry_table(i)); i++) {
		struct bm_text path = {0};
		bm_text_format(&path, "%s/%s%s", place, table->name, csv()->suffix);
		bm_text_byte(&path, 0);
		unlink((const char *)path.data);
		bm_text_dispose(&path);
	}
	rmdir(place);
}

/* write_tables - write the passage's tables and remove them; signals wait until they are gone */
static enum bm_err write_tables(const struct bench *bench, struct passage *passage)
{
	sigset_t ending, before;
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ending, &before);
	char *const place = temporary();
	enum bm_err err = BM_WRITE;
	if (mkdtemp(place) == NULL) {
		bm_say(place, "cannot make a directory for the tables: %s (set TMPDIR)",
		       strerror(errno));
	} else {
		err = render(bench, passage, place);
		passage->written_ns = now_ns();
		remove_tables(place);
	}
	bm_free(place);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* --- the first run --- */

/* refuse - say which input cannot be read again and again; false when all can */
static bool refuse(const struct bm_inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++) {
		if (inputs->list[i].skip || inputs->list[i].seekable)
			continue;
		bm_say(inputs->list[i].name, "can be read only once, and a benchmark reads many "
					     "times (save it to a file first)");
		return true;
	}
	return false;
}

/* verdict - the exit status that the inputs deserve; says why nothing can be measured */
static int verdict(const struct passage *passage)
{
	bool readable = false;
	for (size_t i = 0; i < passage->inputs.count; i++)
		readable |= !passage->inputs.list[i].unreadable;
	if (!readable)
		bm_say(NULL, "nothing readable among the inputs");
	else if (passage->run.lines == passage->run.blank)
		bm_say(NULL, "the inputs hold no lines: nothing to measure");
	else if (passage->run.events == 0)
		bm_say(NULL, "no known log lines in any input: not recognised as a Postfix log "
			     "(see --log-format)");
	else
		return passage->inputs.partial ? BM_EXIT_PARTIAL : BM_EXIT_OK;
	return BM_EXIT_USAGE;
}

/* attempts_of - delivery attempts in a tally */
static uint64_t attempts_of(const struct bm_tally *tally)
{
	uint64_t attempts = 0;
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_CUBE])
	attempts += (uint64_t)cell->n[BM_DELIVERED] + cell->n[BM_BOUNCED] + cell->n[BM_DEFERRED];
	return attempts;
}

/* measure_corpus - how much the first run has ground */
static void measure_corpus(struct corpus *corpus, const struct passage *passage)
{
	corpus->bytes = passage->inputs.bytes;
	corpus->lines = passage->run.lines;
	corpus->attempts = attempts_of(passage->run.tally);
	for (size_t i = 0; i < passage->inputs.count; i++) {
		const struct bm_input *const input = &passage->inputs.list[i];
		if (input->skip)
			continue;
		corpus->files++;
		corpus->decoded_bytes += input->source.decoded_bytes;
		corpus->compressed |= strcmp(input->source.codec, "plain") != 0;
	}
}

/* survey - the first run: warms up, says what is odd, learns the size of things; an exit status */
static int survey(struct bench *bench)
{
	struct passage passage;
	tell(bench, "warming up");
	identify(bench, &passage);
	if (refuse(&passage.inputs)) {
		bm_inputs_dispose(&passage.inputs);
		return BM_EXIT_USAGE;
	}
	grind(bench, &passage, BM_DEPTH_COUNT);
	int status = verdict(&passage);
	if (status != BM_EXIT_USAGE && write_tables(bench, &passage) != BM_OK)
		status = BM_EXIT_OUTPUT;
	measure_corpus(&bench->corpus, &passage);
	bench->threads = passage.run.threads;
	bench->inputs = passage.inputs;
	if (status != BM_EXIT_USAGE)
		bench->verdict =
			bm_verdict_measure(passage.run.tally, bench->rules, bench->options->runs);
	bm_tally_free(passage.run.tally);
	return status;
}

/* --- floors --- */

/* A buffer to be read by all threads, piece by piece. */
struct memory {
	uint64_t *words;
	uint64_t *sums; /* by piece, so that the reading is not optimised away */
	size_t pieces;
};

enum { PIECE_WORDS = MEMORY_PIECE_BYTES / sizeof(uint64_t) };

static void fill_piece(void *context, size_t i)
{
	const struct memory *const memory = context;
	memset(memory->words + i * PIECE_WORDS, 1, MEMORY_PIECE_BYTES);
}

static void sum_piece(void *context, size_t i)
{
	const struct memory *const memory = context;
	const uint64_t *const words = memory->words + i * PIECE_WORDS;
	uint64_t sums[4] = {0};
	for (size_t at = 0; at < PIECE_WORDS; at += 4)
		for (size_t lane = 0; lane < 4; lane++)
			sums[lane] += words[at + lane];
	memory->sums[i] = sums[0] + sums[1] + sums[2] + sums[3];
}

/* memory_bytes - as much as the corpus, but more than the caches and no more than can be spared */
static uint64_t memory_bytes(const struct bench *bench)
{
	const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
	const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t bytes = bench->corpus.decoded_bytes;
	uint64_t spare = bench->options->memory_bytes;
	if (cache > 0 && bytes < (uint64_t)cache * CACHE_MULTIPLE)
		bytes = (uint64_t)cache * CACHE_MULTIPLE;
	if (spare == 0 && pages > 0 && page > 0)
		spare = (uint64_t)pages * (uint64_t)page / 4;
	if (bytes > MEMORY_BYTES_MAX)
		bytes = MEMORY_BYTES_MAX;
	if (spare && bytes > spare)
		bytes = spare;
	return bytes > MEMORY_BYTES_MIN ? bytes : MEMORY_BYTES_MIN;
}

/* memory_new - a filled buffer */
static struct memory memory_new(const struct bench *bench)
{
	struct memory memory = {.pieces = memory_bytes(bench) / MEMORY_PIECE_BYTES};
	memory.words = bm_alloc(memory.pieces * MEMORY_PIECE_BYTES);
	memory.sums = bm_alloc(memory.pieces * sizeof *memory.sums);
	bm_parallel(bench->threads, memory.pieces, fill_piece, &memory);
	return memory;
}

static void memory_dispose(struct memory *memory)
{
	bm_free(memory->words);
	bm_free(memory->sums);
}

/* time_memory - how long reading as many bytes as the corpus decodes to takes, once more */
static void time_memory(struct bench *bench, struct memory *memory)
{
	double seconds = INFINITY;
	const int64_t start_ns = now_ns();
	bm_parallel(bench->threads, memory->pieces, sum_piece, memory);
	keep(&seconds, start_ns, now_ns());
	seconds *= (double)bench->corpus.decoded_bytes;
	seconds /= (double)memory->pieces * MEMORY_PIECE_BYTES;
	if (seconds < bench->fastest.memory_read)
		bench->fastest.memory_read = seconds;
}

/* The files to be read by all threads, piece by piece. */
struct files {
	const struct bm_inputs *inputs;
	size_t *first; /* number of each input's first piece; one more at the end */
};

/* file_of - the input that a piece lies in */
static size_t file_of(const struct files *files, size_t piece)
{
	size_t low = 0, high = files->inputs->count;
	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;
		*(files->first[middle] <= piece ? &low : &high) = middle;
	}
	return low;
}

static void read_piece(void *context, size_t i)
{
	const struct files *const files = context;
	const size_t place = file_of(files, i);
	const struct bm_input *const input = &files->inputs->list[place];
	const off_t start = (off_t)((i - files->first[place]) * FILE_PIECE_BYTES);
	uint8_t buffer[FILE_READ_BYTES];
	const int fd = input->fd >= 0 ? input->fd : open(input->name, O_RDONLY | O_CLOEXEC);
	for (off_t at = 0; at < FILE_PIECE_BYTES;) {
		const ssize_t got = pread(fd, buffer, sizeof buffer, start + at);
		if (got <= 0)
			break;
		at += got;
	}
	if (input->fd < 0 && fd >= 0)
		close(fd);
}

/* files_new - the pieces of all inputs that are read */
static struct files files_new(const struct bm_inputs *inputs)
{
	struct files files = {.inputs = inputs};
	files.first = bm_zalloc(inputs->count + 1, sizeof *files.first);
	for (size_t i = 0; i < inputs->count; i++) {
		const uint64_t size = inputs->list[i].skip ? 0 : inputs->list[i].size;
		files.first[i + 1] =
			files.first[i] + (size + FILE_PIECE_BYTES - 1) / FILE_PIECE_BYTES;
	}
	return files;
}

/* time_files - how long the system takes to hand over the files, once more */
static void time_files(struct bench *bench, struct files *files)
{
	const int64_t start_ns = now_ns();
	bm_parallel(bench->threads, files->first[files->inputs->count], read_piece, files);
	keep(&bench->fastest.file_read, start_ns, now_ns());
}

/* --- rounds --- */

/* time_depth - run the mill down to a depth that is not the last, once more */
static void time_depth(struct bench *bench, enum bm_depth depth)
{
	struct passage passage;
	quietly(bench, &passage, depth);
	keep(&bench->fastest.identify, passage.start_ns, passage.identified_ns);
	keep(&bench->fastest.depth[depth], passage.identified_ns, passage.ground_ns);
	end_passage(&passage);
}

/* time_whole - all of it, once more */
static enum bm_err time_whole(struct bench *bench)
{
	struct passage passage;
	struct fastest *const fastest = &bench->fastest;
	quietly(bench, &passage, BM_DEPTH_COUNT);
	const enum bm_err err = write_tables(bench, &passage);
	if (err == BM_OK) {
		keep(&fastest->identify, passage.start_ns, passage.identified_ns);
		keep(&fastest->depth[BM_DEPTH_COUNT], passage.identified_ns, passage.ground_ns);
		keep(&fastest->write, passage.ground_ns, passage.written_ns);
		keep(&fastest->end_to_end, passage.start_ns, passage.written_ns);
	}
	bench->changed |= passage.run.lines != bench->corpus.lines;
	end_passage(&passage);
	return err;
}

/* time_round - every stage and floor, once more */
static enum bm_err time_round(struct bench *bench, unsigned round, struct memory *memory,
			      struct files *files)
{
	const unsigned runs = bench->options->runs;
	tell(bench, "run %u of %u: floors", round, runs);
	time_memory(bench, memory);
	time_files(bench, files);
	for (int depth = BM_DEPTH_READ; depth < BM_DEPTH_COUNT; depth++) {
		tell(bench, "run %u of %u: stages, %d of %d", round, runs, depth + 1,
		     BM_DEPTH_COUNT);
		time_depth(bench, (enum bm_depth)depth);
	}
	tell(bench, "run %u of %u: end to end", round, runs);
	return time_whole(bench);
}

/* time_all - the fastest of all rounds */
static enum bm_err time_all(struct bench *bench)
{
	struct fastest *const fastest = &bench->fastest;
	struct memory memory = memory_new(bench);
	struct files files = files_new(&bench->inputs);
	enum bm_err err = BM_OK;
	*fastest = (struct fastest){INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, {0}};
	for (int depth = 0; depth <= BM_DEPTH_COUNT; depth++)
		fastest->depth[depth] = INFINITY;
	for (unsigned round = 1; round <= bench->options->runs && err == BM_OK; round++)
		err = time_round(bench, round, &memory, &files);
	hush(bench);
	memory_dispose(&memory);
	bm_free(files.first);
	return err;
}

/* --- figures --- */

/* level - no depth takes longer than a deeper one, which does all that it does and more */
static void level(double depth[BM_DEPTH_COUNT + 1])
{
	for (int at = BM_DEPTH_COUNT; at-- > 0;)
		if (depth[at] > depth[at + 1])
			depth[at] = depth[at + 1];
}

/* put_stage - a stage that ends when so much time has passed in all */
static void put_stage(struct figure *figures, enum stage stage, double total_seconds)
{
	const double before = figures[stage - 1].total_seconds;
	figures[stage] = (struct figure){total_seconds - before, total_seconds};
}

/* figures_of - own and accumulated times of all stages */
static void figures_of(const struct bench *bench, struct figure figures[STAGES_TOTAL])
{
	static const enum stage ends[] = {STAGE_DECOMPRESS, STAGE_FIND_LINES, STAGE_PARSE,
					  STAGE_CORRELATE,  STAGE_CLASSIFY,   STAGE_COUNT};
	struct fastest fastest = bench->fastest;
	level(fastest.depth);
	const double start = fastest.identify, whole = fastest.end_to_end;
	double read = fastest.depth[BM_DEPTH_READ];
	if (bench->corpus.compressed && fastest.file_read < read)
		read = fastest.file_read;
	figures[STAGE_MEMORY_READ] = (struct figure){fastest.memory_read, fastest.memory_read};
	figures[STAGE_FILE_READ] = (struct figure){fastest.file_read, fastest.file_read};
	figures[STAGE_IDENTIFY] = (struct figure){start, start};
	put_stage(figures, STAGE_READ, start + read);
	for (int depth = BM_DEPTH_READ; depth <= BM_DEPTH_COUNT; depth++)
		put_stage(figures, ends[depth], start + fastest.depth[depth]);
	put_stage(figures, STAGE_WRITE, figures[STAGE_COUNT].total_seconds + fastest.write);
	figures[STAGE_END_TO_END] = (struct figure){whole, whole};
}

/* rate - GB/s of decoded bytes; 0 when no time was measured */
static double rate(const struct bench *bench, double seconds)
{
	return seconds > 0 ? (double)bench->corpus.decoded_bytes / seconds / 1e9 : 0;
}

static double line_ns(const struct bench *bench, double seconds)
{
	return seconds * 1e9 / (double)bench->corpus.lines;
}

/* scanner - name of the twin that finds line ends on this processor */
static const char *scanner(void)
{
	const char *name = "plain";
	bm_scan_twin(0, &name);
	return name;
}

/* --- the table --- */

enum style { PLAIN, BOLD, DIM };

/* A page being made. */
struct page {
	struct bm_text text;
	bool colour;
};

static void paint(struct page *page, enum style style)
{
	static const char *const codes[] = {
		[PLAIN] = "\033[0m", [BOLD] = "\033[1m", [DIM] = "\033[2m"};
	if (page->colour)
		bm_text_add(&page->text, bm_bytes_of(codes[style]));
}

/* add_number - a number in width columns; a dash for 0, which says that nothing was measured */
static void add_number(struct page *page, double value, int width, int decimals)
{
	if (value > 0)
		bm_text_format(&page->text, "%*.*f", width, decimals, value);
	else
		bm_text_format(&page->text, "%*s", width, "-");
}

/* add_count - an integer with a comma at each thousand */
static void add_count(struct page *page, uint64_t value)
{
	if (value >= 1000) {
		add_count(page, value / 1000);
		bm_text_format(&page->text, ",%03u", (unsigned)(value % 1000));
	} else {
		bm_text_format(&page->text, "%u", (unsigned)value);
	}
}

/* add_bar - a bar of eighths of a column */
static void add_bar(struct page *page, double share)
{
	static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	const double clipped = share < 0 ? 0 : share > 1 ? 1 : share;
	const unsigned eighths = (unsigned)(clipped * BAR_COLUMNS * 8 + 0.5);
	if (eighths)
		bm_text_add(&page->text, BM_BYTES("  "));
	for (unsigned i = 0; i < eighths / 8; i++)
		bm_text_add(&page->text, BM_BYTES("█"));
	bm_text_add(&page->text, bm_bytes_of(parts[eighths % 8]));
}

/* add_row - one stage */
static void add_row(struct page *page, const struct bench *bench, enum stage stage,
		    const struct figure *figure)
{
	const double share = figure->seconds / bench->fastest.end_to_end;
	const bool floor = stage <= STAGE_FILE_READ, whole = stage == STAGE_END_TO_END;
	paint(page, floor ? DIM : whole ? BOLD : PLAIN);
	bm_text_format(&page->text, "%-12s", stages[stage].label);
	add_number(page, figure->seconds, 11, 4);
	add_number(page, 100 * share, 8, 1);
	add_number(page, rate(bench, figure->seconds), 9, 2);
	add_number(page, line_ns(bench, figure->seconds), 9, 1);
	if (floor)
		bm_text_format(&page->text, "%11s  floor", "");
	else
		add_number(page, figure->total_seconds, 11, 4);
	if (!floor && !whole)
		add_bar(page, share);
	paint(page, PLAIN);
	bm_text_byte(&page->text, '\n');
}

/* add_head - what was measured, and on what */
static void add_head(struct page *page, const struct bench *bench)
{
	const struct corpus *const corpus = &bench->corpus;
	struct bm_text *const text = &page->text;
	bm_text_format(
		text, "bouncemill " BM_VERSION ": %u thread%s, %s line scanner, fastest of %u\n",
		bench->threads, bench->threads == 1 ? "" : "s", scanner(), bench->options->runs);
	if (corpus->generated)
		bm_text_format(text, "generated corpus: ");
	else
		bm_text_format(text, "%llu file%s: ", (unsigned long long)corpus->files,
			       corpus->files == 1 ? "" : "s");
	bm_text_format(text, "%.1f MB", (double)corpus->bytes / 1e6);
	if (corpus->compressed)
		bm_text_format(text, ", decoded %.1f MB", (double)corpus->decoded_bytes / 1e6);
	bm_text_format(text, ", ");
	add_count(page, corpus->lines);
	bm_text_format(text, " lines, ");
	add_count(page, corpus->attempts);
	bm_text_format(text, " delivery attempts\n\n");
}

/* add_verdict - what a reply costs that was not met before */
static void add_verdict(struct page *page, const struct bench *bench)
{
	const struct bm_verdict_cost *const cost = &bench->verdict;
	bm_text_format(&page->text,
		       "verdict on a reply not met before: %.0f ns (parse %.0f, mask %.0f, match "
		       "%.0f), over %zu texts and %zu rules\n",
		       cost->parse_ns + cost->mask_ns + cost->match_ns, cost->parse_ns,
		       cost->mask_ns, cost->match_ns, cost->texts, bm_rules_count(bench->rules));
}

/* add_end - the one line to remember, and how to read the others */
static void add_end(struct page *page, const struct bench *bench)
{
	const double seconds = bench->fastest.end_to_end;
	bm_text_byte(&page->text, '\n');
	paint(page, BOLD);
	bm_text_format(
		&page->text,
		"end to end: %.2f GB/s, %.1f ns a line, %.1f times the time of reading memory",
		rate(bench, seconds), line_ns(bench, seconds),
		seconds / bench->fastest.memory_read);
	paint(page, PLAIN);
	bm_text_byte(&page->text, '\n');
	add_verdict(page, bench);
	bm_text_byte(&page->text, '\n');
	paint(page, DIM);
	bm_text_format(
		&page->text,
		"Floors: the same threads sum memory that no cache holds, and read(2) the files.\n"
		"Rates are of decoded bytes.  A stage is the difference of two runs, never below "
		"0;\n"
		"each is the fastest of its own, so the parts may add up to less than the whole.");
	paint(page, PLAIN);
	bm_text_byte(&page->text, '\n');
}

/* table - the figures for people */
static void table(struct page *page, const struct bench *bench,
		  const struct figure figures[STAGES_TOTAL])
{
	add_head(page, bench);
	paint(page, BOLD);
	bm_text_format(&page->text, "%-12s%11s%8s%9s%9s%11s", "stage", "seconds", "%", "GB/s",
		       "ns/line", "sum");
	paint(page, PLAIN);
	bm_text_byte(&page->text, '\n');
	for (int stage = 0; stage < STAGES_TOTAL; stage++) {
		if (stage == STAGE_IDENTIFY || stage == STAGE_END_TO_END)
			bm_text_byte(&page->text, '\n');
		add_row(page, bench, (enum stage)stage, &figures[stage]);
	}
	add_end(page, bench);
}

/* --- JSON --- */

/* add_stage - one stage as an object; a rate that was not measured is null */
static void add_stage(struct bm_text *text, const struct bench *bench, enum stage stage,
		      const struct figure *figure)
{
	bm_text_format(
		text, "%s\n\t\t{\"name\": \"%s\", \"seconds\": %.9f, \"total_seconds\": %.9f, ",
		stage ? "," : "", stages[stage].name, figure->seconds, figure->total_seconds);
	if (figure->seconds > 0)
		bm_text_format(text, "\"gb_per_s\": %.6f, ", rate(bench, figure->seconds));
	else
		bm_text_format(text, "\"gb_per_s\": null, ");
	bm_text_format(text, "\"ns_per_line\": %.6f}", line_ns(bench, figure->seconds));
}

/* json - the figures for programs */
static void json(struct bm_text *text, const struct bench *bench,
		 const struct figure figures[STAGES_TOTAL])
{
	const struct corpus *const corpus = &bench->corpus;
	bm_text_format(
		text,
		"{\"bouncemill\": \"" BM_VERSION "\",\n"
		"\t\"partial\": %s,\n"
		"\t\"machine\": {\"threads\": %u, \"scanner\": \"%s\", \"version\": \"" BM_VERSION
		"\"},\n",
		bench->inputs.partial ? "true" : "false", bench->threads, scanner());
	bm_text_format(
		text,
		"\t\"corpus\": {\"generated\": %s, \"bytes\": %llu, \"decoded_bytes\": %llu, "
		"\"lines\": %llu, \"files\": %llu, \"attempts\": %llu},\n\t\"runs\": %u,\n",
		corpus->generated ? "true" : "false", (unsigned long long)corpus->bytes,
		(unsigned long long)corpus->decoded_bytes, (unsigned long long)corpus->lines,
		(unsigned long long)corpus->files, (unsigned long long)corpus->attempts,
		bench->options->runs);
	bm_text_format(text,
		       "\t\"verdict\": {\"texts\": %zu, \"rules\": %zu, \"parse_ns\": %.3f, "
		       "\"mask_ns\": %.3f, \"match_ns\": %.3f},\n",
		       bench->verdict.texts, bm_rules_count(bench->rules), bench->verdict.parse_ns,
		       bench->verdict.mask_ns, bench->verdict.match_ns);
	bm_text_format(text, "\t\"times_memory_read\": %.6f,\n\t\"stages\": [",
		       bench->fastest.end_to_end / bench->fastest.memory_read);
	for (int stage = 0; stage < STAGES_TOTAL; stage++)
		add_stage(text, bench, (enum stage)stage, &figures[stage]);
	bm_text_format(text, "]}\n");
}

/* --- the command --- */

/* wants_colour - may the table be painted */
static bool wants_colour(const struct bm_options *options)
{
	const char *const no_color = getenv("NO_COLOR");
	return options->color == BM_ALWAYS ||
	       (options->color == BM_AUTO && isatty(STDOUT_FILENO) && !(no_color && *no_color));
}

/* show - the figures on stdout */
static enum bm_err show(const struct bench *bench)
{
	struct figure figures[STAGES_TOTAL];
	struct page page = {.colour = wants_colour(bench->options)};
	struct bm_output *output;
	figures_of(bench, figures);
	if (bench->options->json)
		json(&page.text, bench, figures);
	else
		table(&page, bench, figures);
	enum bm_err err = bm_output_open(&output, NULL);
	if (err == BM_OK) {
		bm_output_write(output, (struct bm_bytes){page.text.data, page.text.size});
		err = bm_output_finish(output);
	}
	bm_text_dispose(&page.text);
	return err;
}

/* measure - first run, rounds, figures; an exit status */
static int measure(struct bench *bench)
{
	int status = survey(bench);
	if (status == BM_EXIT_OK || status == BM_EXIT_PARTIAL) {
		if (time_all(bench) != BM_OK)
			status = BM_EXIT_OUTPUT;
		else if (show(bench) != BM_OK)
			status = BM_EXIT_OUTPUT;
	}
	hush(bench);
	if (bench->changed)
		bm_say(NULL, "the inputs changed while they were measured: the figures are rough");
	bm_inputs_dispose(&bench->inputs);
	return status;
}

/* on_corpus - measure on the given files, else on a corpus made for it; an exit status */
static int on_corpus(struct bench *bench)
{
	const struct bm_options *const options = bench->options;
	if (options->path_count) {
		bench->paths = options->paths;
		bench->path_count = options->path_count;
		return measure(bench);
	}
	const uint64_t wanted = options->generate_bytes;
	const int fd = generate(bench, wanted ? wanted : GENERATE_BYTES);
	if (fd < 0)
		return BM_EXIT_OUTPUT;
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	const char *const paths[] = {path};
	bench->paths = paths;
	bench->path_count = 1;
	bench->corpus.generated = true;
	const int status = measure(bench);
	close(fd);
	return status;
}

/* set_up - threads, and where words go */
static void set_up(struct bench *bench)
{
	const struct bm_options *const options = bench->options;
	const char *const term = getenv("TERM");
	bm_setup_limits(options);
	bench->threads = bm_setup_threads(options);
	bench->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	bench->tells = !options->quiet && (options->progress == BM_ALWAYS ||
					   (options->progress == BM_AUTO && bench->terminal));
	bench->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	bench->stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

int bm_bench_run(const struct bm_options *options)
{
	struct bench bench = {.options = options, .rules = bm_rules_new()};
	int status = BM_EXIT_USAGE;
	set_up(&bench);
	if (bm_setup_rules(options, bench.rules) == BM_OK)
		status = on_corpus(&bench);
	bm_rules_free(bench.rules);
	close(bench.null_fd);
	close(bench.stderr_fd);
	return status;
}
