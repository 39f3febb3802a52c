/* report.c - the report command, step by step: check what will be written, find inputs, run the
 * mill, say what was odd, write the tables.
 *
 * Whatever can fail without reading the inputs fails first.  Nothing is written when nothing was
 * recognised: an empty report that looks like a good day is the field's shared failure.
 */
#define _GNU_SOURCE
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bouncemill/registry.h"
#include "bouncemill/writer.h"
#include "output.h"
#include "overlap.h"
#include "pipeline.h"
#include "record.h"
#include "render.h"
#include "setup.h"

enum { SUMMARY_COLUMNS = 80, SUMMARY_COLUMNS_MIN = 60, SUMMARY_COLUMNS_MAX = 160 };

/* --- before --- */

/* refuse_clobber - say that an output is an input */
static enum bm_err refuse_clobber(const char *output)
{
	bm_say(output, "output is the same file as an input: refused (choose another name)");
	return BM_USAGE;
}

/* check_paths - no output may be one of the paths given as inputs */
static enum bm_err check_paths(const struct bm_options *options)
{
	struct stat output, input;
	for (size_t i = 0; i < options->output_count; i++)
		for (size_t j = 0; j < options->path_count; j++)
			if (stat(options->outputs[i], &output) == 0 && S_ISREG(output.st_mode) &&
			    stat(options->paths[j], &input) == 0 && input.st_ino == output.st_ino &&
			    input.st_dev == output.st_dev)
				return refuse_clobber(options->outputs[i]);
	return BM_OK;
}

/* check_outputs - can everything be written that was asked for */
static enum bm_err check_outputs(const struct bm_options *options)
{
	BM_TRY(check_paths(options));
	for (size_t i = 0; i < options->output_count; i++)
		BM_TRY(bm_output_check(options->outputs[i],
				       bm_render_one_file(options->outputs[i]) == NULL));
	const struct bm_table *const table = options->table ? bm_render_find(options->table) : NULL;
	if (options->table && table == NULL) {
		bm_say(options->table, "no such table (bouncemill help report lists them)");
		return BM_USAGE;
	}
	if (table && table->addresses_only && !options->addresses) {
		bm_say(options->table, "this table holds addresses (add --addresses)");
		return BM_USAGE;
	}
	return BM_OK;
}

/* check_clobber - nor one of the files that were found in them */
static enum bm_err check_clobber(const struct bm_options *options, const struct bm_inputs *inputs)
{
	for (size_t i = 0; i < options->output_count; i++) {
		struct stat status;
		if (stat(options->outputs[i], &status) != 0 || S_ISDIR(status.st_mode))
			continue;
		for (size_t j = 0; j < inputs->count; j++)
			if (inputs->list[j].inode == status.st_ino &&
			    inputs->list[j].device == status.st_dev)
				return refuse_clobber(options->outputs[i]);
	}
	return BM_OK;
}

/* --- what was odd --- */

/* verdict - the exit status that the inputs alone deserve; says why when it is not good */
static int verdict(struct bm_inputs *inputs, const struct bm_run *run)
{
	bool readable = false, mails = false;
	uint64_t binary = 0;
	for (size_t i = 0; i < inputs->count; i++) {
		readable |= !inputs->list[i].unreadable;
		mails |= !inputs->list[i].skip && bm_transport_is_mail(inputs->list[i].transport);
		binary += inputs->list[i].source.malformed[BM_MALFORMED_BINARY];
	}
	if (!readable && inputs->count) {
		bm_say(NULL, "nothing readable among the inputs");
		return BM_EXIT_USAGE;
	}
	if (run->events == 0 && mails) {
		bm_say(NULL, "no bounce mails among the mails: nothing to report");
	} else if (run->events == 0 && run->lines > run->blank) {
		const bool is_log = binary * 2 <= run->lines;
		bm_say(NULL, "no known log lines in any input: %s",
		       is_log ? "not recognised as a Postfix log (see --log-format)"
			      : "binary data, not a log");
		if (is_log && !inputs->partial)
			return BM_EXIT_USAGE;
		inputs->partial = true;
	} else if (run->lines == run->blank) {
		bm_say(NULL, "the inputs hold no lines: nothing to report");
	}
	return inputs->partial ? BM_EXIT_PARTIAL : BM_EXIT_OK;
}

/* status_of_mails - what of an archive was counted elsewhere, or not at all */
static void status_of_mails(struct bm_source *source)
{
	if (source->repeated)
		snprintf(source->status, sizeof source->status,
			 "ok (recipients: %llu counted by the log, %llu of mail not ours, "
			 "%llu by the same report before)",
			 (unsigned long long)source->joined, (unsigned long long)source->foreign,
			 (unsigned long long)source->repeated);
	else if (source->joined || source->foreign)
		snprintf(source->status, sizeof source->status,
			 "ok (recipients: %llu counted by the log, %llu of mail not ours)",
			 (unsigned long long)source->joined, (unsigned long long)source->foreign);
	else if (source->events == 0)
		snprintf(source->status, sizeof source->status, "no bounce mails in it");
}

/* say_odd - notes that change no count */
static void say_odd(struct bm_inputs *inputs, const struct bm_run *run, bool quiet)
{
	for (size_t i = 0; i < inputs->count; i++) {
		struct bm_source *const source = &inputs->list[i].source;
		if (inputs->list[i].skip || strcmp(source->status, "ok") != 0)
			continue;
		if (bm_transport_is_mail(inputs->list[i].transport))
			status_of_mails(source);
		else if (source->events == 0 && run->events)
			snprintf(source->status, sizeof source->status, "no known log lines");
	}
	if (quiet)
		return;
	if (run->repeats)
		bm_say(NULL,
		       "%llu lines say `message repeated`: the repeats they stand for are not "
		       "counted "
		       "(turn repeat reduction off in syslog)",
		       (unsigned long long)run->repeats);
	bm_overlap_say(inputs);
}

/* --- outputs --- */

/* summary - the report for people, on stdout */
static enum bm_err summary(const struct bm_view *view, const struct bm_options *options)
{
	struct winsize window;
	unsigned columns = SUMMARY_COLUMNS;
	const bool terminal = isatty(1);
	if (terminal && ioctl(1, TIOCGWINSZ, &window) == 0 && window.ws_col >= SUMMARY_COLUMNS_MIN)
		columns = window.ws_col < SUMMARY_COLUMNS_MAX ? window.ws_col : SUMMARY_COLUMNS_MAX;
	const char *const no_color = getenv("NO_COLOR");
	const bool colour = options->color == BM_ALWAYS ||
			    (options->color == BM_AUTO && terminal && !(no_color && *no_color));
	struct bm_text text = {0};
	struct bm_output *output;
	bm_terminal_summary(&text, view, colour, options->top, columns);
	enum bm_err err = bm_output_open(&output, NULL);
	if (err == BM_OK) {
		bm_output_write(output, (struct bm_bytes){text.data, text.size});
		err = bm_output_finish(output);
	}
	bm_text_dispose(&text);
	return err;
}

/* csv - what is written when no format was asked for: the first of the registry */
static const struct bm_writer *csv(void)
{
	return bm_registry_writer(0);
}

/* plain_to_directory - the addresses to suppress, for import elsewhere */
static enum bm_err plain_to_directory(struct bm_render *render, const char *dir)
{
	struct bm_text path = {0};
	bm_text_format(&path, "%s/suppress%s", dir, bm_writer_lines.suffix);
	bm_text_byte(&path, 0);
	const enum bm_err err = bm_render_table(render, bm_render_find("suppress"),
						&bm_writer_lines, (const char *)path.data);
	bm_text_dispose(&path);
	return err;
}

/* to_directory - each table in each of the wanted formats */
static enum bm_err to_directory(struct bm_render *render, const struct bm_options *options,
				const char *dir)
{
	if (options->suppress_plain)
		BM_TRY(plain_to_directory(render, dir));
	if (options->format_count == 0)
		return bm_render_directory(render, csv(), dir);
	for (size_t i = 0; i < options->format_count; i++)
		BM_TRY(bm_render_directory(render, options->formats[i], dir));
	return BM_OK;
}

/* table_writer - the format of -t: the one of texts that was asked for */
static const struct bm_writer *table_writer(const struct bm_options *options)
{
	if (options->suppress_plain && strcmp(options->table, "suppress") == 0)
		return &bm_writer_lines;
	for (size_t i = 0; i < options->format_count; i++)
		if (!options->formats[i]->document)
			return options->formats[i];
	return csv();
}

static enum bm_err write_all(const struct bm_view *view, const struct bm_options *options,
			     unsigned threads)
{
	if (options->output_count == 0 && options->table == NULL)
		return summary(view, options);
	const struct bm_writer_options writer_options = {options->excel, options->raw_cells,
							 BM_VERSION};
	const struct bm_table *const table = options->table ? bm_render_find(options->table) : NULL;
	struct bm_render *const render = bm_render_open(view, options->output_count ? NULL : table,
							&writer_options, threads);
	enum bm_err err = BM_OK;
	for (size_t i = 0; i < options->output_count && err == BM_OK; i++) {
		const char *const path = options->outputs[i];
		const struct bm_writer *const one_file = bm_render_one_file(path);
		err = one_file ? bm_render_bundle(render, one_file, path)
			       : to_directory(render, options, path);
	}
	if (err == BM_OK && table)
		err = bm_render_table(render, table, table_writer(options), NULL);
	bm_render_close(render);
	return err;
}

/* sources_of - the inputs' rows for the coverage table; free with bm_free */
static struct bm_source *sources_of(const struct bm_inputs *inputs)
{
	struct bm_source *const sources = bm_alloc((inputs->count + 1) * sizeof *sources);
	for (size_t i = 0; i < inputs->count; i++)
		sources[i] = inputs->list[i].source;
	return sources;
}

/* malformed_count - malformed lines of all inputs */
static uint64_t malformed_count(const struct bm_inputs *inputs)
{
	uint64_t count = 0;
	for (size_t i = 0; i < inputs->count; i++)
		for (int reason = 0; reason < BM_MALFORMED_COUNT; reason++)
			count += inputs->list[i].source.malformed[reason];
	return count;
}

/* deliver - write what was asked for; the final exit status */
static int deliver(struct bm_inputs *inputs, const struct bm_options *options,
		   const struct bm_run *run, const struct bm_rules *rules, int status)
{
	struct bm_source *const sources = sources_of(inputs);
	const struct bm_view view = {.tally = run->tally,
				     .rules = rules,
				     .sources = sources,
				     .source_count = inputs->count,
				     .bucket = options->bucket,
				     .lang = options->lang,
				     .partial = inputs->partial,
				     .addresses = options->addresses,
				     .soft = options->soft,
				     .compare = options->compare,
				     .hide_addresses =
					     !options->addresses || options->anonymize_key};
	const enum bm_err err = write_all(&view, options, run->threads);
	bm_free(sources);
	if (err != BM_OK)
		return BM_EXIT_OUTPUT;
	const uint64_t malformed = malformed_count(inputs);
	if (status == BM_EXIT_OK && options->strict && malformed) {
		bm_say(NULL, "%llu malformed lines (--strict)", (unsigned long long)malformed);
		return BM_EXIT_PARTIAL;
	}
	return status;
}

/* --- the command --- */

/* grind - run the mill over the inputs and deliver */
static int grind(struct bm_inputs *inputs, const struct bm_options *options,
		 const struct bm_rules *rules, const struct bm_zone *zone)
{
	struct bm_progress progress;
	bm_progress_start(&progress, options->quiet ? BM_NEVER : options->progress, inputs->bytes);
	const struct bm_pipeline_options pipeline = {
		.bucket = options->bucket,
		.since = options->since,
		.until = options->until,
		.zone = zone,
		.rules = rules,
		.log_format = options->log_format,
		.anonymize_key = {(const uint8_t *)options->anonymize_key,
				  options->anonymize_key_size},
		.threads = bm_setup_threads(options),
		.block_bytes = options->block_bytes,
		.addresses = options->addresses,
		.depth = BM_DEPTH_COUNT,
		.progress = &progress,
	};
	struct bm_run run;
	bm_pipeline_run(inputs, &pipeline, &run);
	bm_progress_end(&progress);
	int status = verdict(inputs, &run);
	say_odd(inputs, &run, options->quiet);
	if (status != BM_EXIT_USAGE)
		status = deliver(inputs, options, &run, rules, status);
	bm_tally_free(run.tally);
	return status;
}

/* with_inputs - find the inputs, then grind them */
static int with_inputs(const struct bm_options *options, const struct bm_rules *rules,
		       const struct bm_zone *zone)
{
	struct bm_inputs inputs = {0};
	bm_setup_limits(options);
	for (size_t i = 0; i < options->path_count; i++)
		bm_inputs_add(&inputs, options->paths[i]);
	int status = BM_EXIT_USAGE;
	if (check_clobber(options, &inputs) == BM_OK) {
		bm_inputs_identify(&inputs, options->year);
		status = grind(&inputs, options, rules, zone);
	}
	bm_inputs_dispose(&inputs);
	return status;
}

int bm_report_run(const struct bm_options *options)
{
	const enum bm_err err = check_outputs(options);
	if (err != BM_OK)
		return err == BM_USAGE ? BM_EXIT_USAGE : BM_EXIT_OUTPUT;
	struct bm_zone *const zone = options->tz ? bm_zone_open(options->tz) : NULL;
	if (options->tz && zone == NULL) {
		bm_say(options->tz,
		       "no such time zone (names are those of tzdata, such as Asia/Shanghai)");
		return BM_EXIT_USAGE;
	}
	struct bm_rules *const rules = bm_rules_new();
	int status = BM_EXIT_USAGE;
	if (bm_setup_rules(options, rules) == BM_OK)
		status = with_inputs(options, rules, zone);
	bm_rules_free(rules);
	bm_zone_close(zone);
	return status;
}
