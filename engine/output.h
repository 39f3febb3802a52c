/* output.h - files that appear whole or not at all.
 *
 * An output is written to a temporary file beside its target (mode 0600), synced and renamed. Until
 * then the target is untouched; on any failure, signal or early exit the temporary file is removed.
 * A symbolic link as target is replaced, not followed.  Writing over an input is refused by
 * report.c before anything is read.
 */
#ifndef BM_OUTPUT_H
#define BM_OUTPUT_H

#include "bouncemill/bytes.h"
#include "bouncemill/error.h"

struct bm_output; /* one file being written, or stdout */

/* bm_fds_secure - make sure that descriptors 0, 1 and 2 are open, so that no file of ours ever gets
 * one of these numbers.  The first thing main does. */
void bm_fds_secure(void);

/* bm_signals_install - a closed pipe and a file size limit become errors of write(2); SIGINT,
 * SIGTERM and SIGHUP remove unfinished outputs and then do what they always do */
void bm_signals_install(void);

/* bm_output_check - can path be created (its folder exists and is writable)?  Says why not: called
 * before the hours of parsing.  A directory output (is_dir) is made here if need be. */
enum bm_err bm_output_check(const char *path, bool is_dir);

/* bm_output_open - start writing; path NULL = stdout.  *output is NULL on failure. */
enum bm_err bm_output_open(struct bm_output **output, const char *path);

/* bm_output_path - the temporary file, for a library that writes by name; not of stdout */
const char *bm_output_path(const struct bm_output *output);

/* bm_output_write - append; the first failure is said once and returned from then on.  When the
 * reader of stdout has gone away the rest is dropped quietly, which is no failure. */
enum bm_err bm_output_write(struct bm_output *output, struct bm_bytes run);

/* bm_output_finish - sync, rename, free; on failure nothing is left and the target is untouched */
enum bm_err bm_output_finish(struct bm_output *output);

/* bm_output_abort - drop the temporary file, free; NULL is fine */
void bm_output_abort(struct bm_output *output);

#endif
