/* render.h - from a complete view to files: tables opened in parallel, long ones rendered in pieces
 * by all threads. */
#ifndef BM_RENDER_H
#define BM_RENDER_H

#include "bouncemill/writer.h"

struct bm_render; /* tables of a view, opened */

/* bm_render_open - open only that table, or all of the view's when only is NULL */
struct bm_render *bm_render_open(const struct bm_view *view, const struct bm_table *only,
				 const struct bm_writer_options *options, unsigned threads);
void bm_render_close(struct bm_render *render);

/* bm_render_table - one table to a file (path NULL = stdout) */
enum bm_err bm_render_table(struct bm_render *render, const struct bm_table *table,
			    const struct bm_writer *writer, const char *path);
/* bm_render_directory - each table to DIR/TABLE.SUFFIX, a document to DIR/its name */
enum bm_err bm_render_directory(struct bm_render *render, const struct bm_writer *writer,
				const char *dir);
/* bm_render_bundle - all tables to one file */
enum bm_err bm_render_bundle(struct bm_render *render, const struct bm_writer *writer,
			     const char *path);

/* bm_render_one_file - the format that an output's name asks for by its suffix (any case), all tables
 * in one file; NULL when the name means a directory */
const struct bm_writer *bm_render_one_file(const char *path);

/* bm_render_find - the table of a name, or NULL */
const struct bm_table *bm_render_find(const char *name);

#endif
