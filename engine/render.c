/* render.c - tables to files; see render.h.
 *
 * In a directory each table is a file, and threads take files, the longest first.  One file of all
 * tables is rendered in waves: each thread makes the text of some pieces of rows, then the wave is
 * written in order.  Either way memory holds pieces, not tables, and the bytes are the same for any
 * number of threads.
 */
#include "render.h"

#include <stdlib.h>
#include <strings.h>

#include "bouncemill/registry.h"
#include "output.h"
#include "pipeline.h"

enum { PIECE_ROWS = 8192, PIECES_A_THREAD = 4, TABLES_MAX = 64 };

struct bm_render {
	struct bm_view view; /* with the cube sorted once for all tables */
	const struct bm_writer_options *options;
	struct bm_crew crew;
	struct bm_sheet list[TABLES_MAX]; /* opened */
	size_t count;
	struct bm_text *pieces; /* threads * PIECES_A_THREAD */
};

const struct bm_writer *bm_render_one_file(const char *path)
{
	const size_t size = strlen(path);
	const struct bm_writer *writer;
	for (size_t i = 0; (writer = bm_registry_writer(i)); i++) {
		const size_t tail = strlen(writer->suffix);
		if ((writer->document || writer->bundle_head) && size > tail &&
		    strcasecmp(path + size - tail, writer->suffix) == 0)
			return writer;
	}
	return NULL;
}

const struct bm_table *bm_render_find(const char *name)
{
	const struct bm_table *table;
	for (size_t i = 0; (table = bm_registry_table(i)); i++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static void open_one(void *context, size_t i)
{
	struct bm_render *const render = context;
	struct bm_sheet *const opened = &render->list[i];
	opened->rows = opened->table->open(&render->view, &opened->count);
}

struct bm_render *bm_render_open(const struct bm_view *view, const struct bm_table *only,
				 const struct bm_writer_options *options, unsigned threads)
{
	struct bm_render *const render = bm_zalloc(1, sizeof *render);
	render->view = *view;
	render->crew = (struct bm_crew){threads, bm_parallel};
	render->view.sorted = bm_sorted_new(view, &render->crew);
	render->options = options;
	render->pieces = bm_zalloc((size_t)threads * PIECES_A_THREAD, sizeof *render->pieces);
	const struct bm_table *table;
	for (size_t i = 0; (table = bm_registry_table(i)) && render->count < TABLES_MAX; i++)
		if ((only == NULL || table == only) &&
		    (!table->addresses_only || view->addresses) &&
		    (!table->compare_only || view->compare))
			render->list[render->count++].table = table;
	bm_crew_run(&render->crew, render->count, open_one, render);
	return render;
}

void bm_render_close(struct bm_render *render)
{
	for (size_t i = 0; i < render->count; i++)
		render->list[i].table->close(render->list[i].rows);
	bm_sorted_free((struct bm_sorted *)render->view.sorted);
	for (size_t i = 0; i < (size_t)render->crew.threads * PIECES_A_THREAD; i++)
		bm_text_dispose(&render->pieces[i]);
	bm_free(render->pieces);
	bm_free(render);
}

/* A wave of pieces of one table. */
struct wave {
	struct bm_render *render;
	const struct bm_sheet *opened;
	const struct bm_writer *writer;
	size_t first; /* row */
};

static void render_piece(void *context, size_t i)
{
	const struct wave *const wave = context;
	struct bm_text *const text = &wave->render->pieces[i];
	const size_t first = wave->first + i * PIECE_ROWS;
	const size_t end =
		first + PIECE_ROWS < wave->opened->count ? first + PIECE_ROWS : wave->opened->count;
	text->size = 0;
	wave->writer->rows(text, wave->opened->table, wave->opened->rows, first, end,
			   &wave->render->view, wave->render->options);
}

static enum bm_err write_text(struct bm_output *output, const struct bm_text *text)
{
	return bm_output_write(output, (struct bm_bytes){text->data, text->size});
}

/* write_rows - all rows of a table, wave by wave */
static enum bm_err write_rows(struct bm_render *render, const struct bm_sheet *opened,
			      const struct bm_writer *writer, struct bm_output *output)
{
	const size_t pieces_max = (size_t)render->crew.threads * PIECES_A_THREAD;
	struct wave wave = {render, opened, writer, 0};
	while (wave.first < opened->count) {
		const size_t left = (opened->count - wave.first + PIECE_ROWS - 1) / PIECE_ROWS;
		const size_t pieces = left < pieces_max ? left : pieces_max;
		bm_crew_run(&render->crew, pieces, render_piece, &wave);
		for (size_t i = 0; i < pieces; i++)
			BM_TRY(write_text(output, &render->pieces[i]));
		wave.first += pieces * PIECE_ROWS;
	}
	return BM_OK;
}

/* write_rows_alone - all rows of a table by the calling thread */
static enum bm_err write_rows_alone(const struct bm_render *render, const struct bm_sheet *opened,
				    const struct bm_writer *writer, struct bm_output *output)
{
	struct bm_text text = {0};
	enum bm_err err = BM_OK;
	for (size_t first = 0; first < opened->count && err == BM_OK; first += PIECE_ROWS) {
		const size_t end =
			first + PIECE_ROWS < opened->count ? first + PIECE_ROWS : opened->count;
		text.size = 0;
		writer->rows(&text, opened->table, opened->rows, first, end, &render->view,
			     render->options);
		err = write_text(output, &text);
	}
	bm_text_dispose(&text);
	return err;
}

/* write_table - head, rows and tail of one table, by the calling thread */
static enum bm_err write_table(const struct bm_render *render, const struct bm_sheet *opened,
			       const struct bm_writer *writer, struct bm_output *output)
{
	struct bm_text text = {0};
	writer->head(&text, opened->table, &render->view, render->options);
	enum bm_err err = write_text(output, &text);
	if (err == BM_OK)
		err = write_rows_alone(render, opened, writer, output);
	text.size = 0;
	writer->tail(&text, opened->table, &render->view, render->options);
	if (err == BM_OK)
		err = write_text(output, &text);
	bm_text_dispose(&text);
	return err;
}

/* write_bundle - all tables, in the one-file form */
static enum bm_err write_bundle(struct bm_render *render, const struct bm_writer *writer,
				struct bm_output *output)
{
	struct bm_text text = {0};
	enum bm_err err = BM_OK;
	writer->bundle_head(&text, &render->view, render->options);
	for (size_t i = 0; i < render->count && err == BM_OK; i++) {
		writer->bundle_table(&text, render->list[i].table, i == 0);
		err = write_text(output, &text);
		text.size = 0;
		if (err == BM_OK)
			err = write_rows(render, &render->list[i], writer, output);
		writer->bundle_table_end(&text);
	}
	writer->bundle_tail(&text);
	if (err == BM_OK)
		err = write_text(output, &text);
	bm_text_dispose(&text);
	return err;
}

/* publish - finish an output that was written, drop one that was not */
static enum bm_err publish(struct bm_output *output, enum bm_err err)
{
	if (err == BM_OK)
		return bm_output_finish(output);
	bm_output_abort(output);
	return err;
}

static const struct bm_sheet *find_opened(const struct bm_render *render,
					  const struct bm_table *table)
{
	for (size_t i = 0; i < render->count; i++)
		if (render->list[i].table == table)
			return &render->list[i];
	return NULL;
}

/* render_table - one opened table to a file */
static enum bm_err render_table(const struct bm_render *render, const struct bm_sheet *opened,
				const struct bm_writer *writer, const char *path)
{
	struct bm_output *output;
	BM_TRY(bm_output_open(&output, path));
	return publish(output, write_table(render, opened, writer, output));
}

enum bm_err bm_render_table(struct bm_render *render, const struct bm_table *table,
			    const struct bm_writer *writer, const char *path)
{
	const struct bm_sheet *const opened = find_opened(render, table);
	return opened ? render_table(render, opened, writer, path) : BM_USAGE;
}

/* A directory being filled. */
struct filling {
	const struct bm_render *render;
	const struct bm_writer *writer;
	const char *dir;
	const struct bm_sheet *order[TABLES_MAX]; /* the longest first */
	enum bm_err errors[TABLES_MAX];
};

static void fill_one(void *context, size_t i)
{
	struct filling *const filling = context;
	struct bm_text path = {0};
	bm_text_format(&path, "%s/%s%s", filling->dir, filling->order[i]->table->name,
		       filling->writer->suffix);
	bm_text_byte(&path, 0);
	filling->errors[i] = render_table(filling->render, filling->order[i], filling->writer,
					  (char *)path.data);
	bm_text_dispose(&path);
}

static int by_length(const void *left, const void *right)
{
	const struct bm_sheet *const a = *(const struct bm_sheet *const *)left;
	const struct bm_sheet *const b = *(const struct bm_sheet *const *)right;
	return (a->count < b->count) - (a->count > b->count);
}

/* render_document - all opened tables to a file that the format writes itself */
static enum bm_err render_document(const struct bm_render *render, const struct bm_writer *writer,
				   const char *path)
{
	const struct bm_document document = {.view = &render->view,
					     .options = render->options,
					     .sheets = render->list,
					     .sheet_count = render->count,
					     .target = path,
					     .crew = &render->crew};
	struct bm_output *output;
	BM_TRY(bm_output_open(&output, path));
	return publish(output, writer->document(bm_output_path(output), &document));
}

/* document_in - a document under its own name in a directory */
static enum bm_err document_in(const struct bm_render *render, const struct bm_writer *writer,
			       const char *dir)
{
	struct bm_text path = {0};
	bm_text_format(&path, "%s/%s", dir, writer->document_name);
	bm_text_byte(&path, 0);
	const enum bm_err err = render_document(render, writer, (const char *)path.data);
	bm_text_dispose(&path);
	return err;
}

enum bm_err bm_render_directory(struct bm_render *render, const struct bm_writer *writer,
				const char *dir)
{
	if (writer->document)
		return document_in(render, writer, dir);
	struct filling filling = {.render = render, .writer = writer, .dir = dir};
	for (size_t i = 0; i < render->count; i++)
		filling.order[i] = &render->list[i];
	qsort(filling.order, render->count, sizeof *filling.order, by_length);
	bm_crew_run(&render->crew, render->count, fill_one, &filling);
	for (size_t i = 0; i < render->count; i++)
		BM_TRY(filling.errors[i]);
	return BM_OK;
}

enum bm_err bm_render_bundle(struct bm_render *render, const struct bm_writer *writer,
			     const char *path)
{
	if (writer->document)
		return render_document(render, writer, path);
	struct bm_output *output;
	BM_TRY(bm_output_open(&output, path));
	return publish(output, write_bundle(render, writer, output));
}
