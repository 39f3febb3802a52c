/* replies.c - what servers said in words: one row a masked reply, the most frequent first. */
#include "hidden.h"
#include "rows.h"
#include "template.h"

static const struct bm_column columns[] = {
	{"template_id", BM_KIND_TEXT}, {"count", BM_KIND_INT},       {"category", BM_KIND_TEXT},
	{"rule", BM_KIND_TEXT},        {"provider", BM_KIND_TEXT},   {"template", BM_KIND_TEXT},
	{"sample", BM_KIND_TEXT},      {"first_seen", BM_KIND_TIME}, {"last_seen", BM_KIND_TIME},
	{"domains", BM_KIND_INT},
};

struct replies {
	const struct bm_view *view;
	struct bm_template *reply; /* by template number */
	uint32_t *domains;         /* by template number */
	struct bm_hidden samples;  /* by row */
	struct bm_key *order;
	struct bm_labels labels;
};

/* attempts_of - how often a template was heard */
static uint64_t attempts_of(const struct bm_template_record *record)
{
	return record->n[BM_BOUNCED] + record->n[BM_DEFERRED];
}

/* sort_all - fill order, return how many: by count falling, text, provider, whole name */
static size_t sort_all(struct replies *all, uint32_t count)
{
	const struct bm_tally *const tally = all->view->tally;
	struct bm_bytes *const texts = bm_alloc(((size_t)count + 1) * sizeof *texts);
	size_t shown = 0;
	for (uint32_t id = 0; id < count; id++) {
		texts[id] = bm_intern_get(tally->templates, id);
		all->reply[id] = bm_template_of(texts[id]);
		if (bm_sum_any(tally->template[id].n))
			all->order[shown++].id = id;
	}
	bm_order_texts(all->order, shown, texts); /* by provider, then dsn */
	for (uint32_t id = 0; id < count; id++)
		texts[id] = all->reply[id].text;
	bm_order_texts(all->order, shown, texts);
	for (size_t i = 0; i < shown; i++)
		all->order[i].key = ~attempts_of(&tally->template[all->order[i].id]);
	bm_order_keys(all->order, all->order + count, shown);
	bm_free(texts);
	return shown;
}

static void *replies_open(const struct bm_view *view, size_t *count)
{
	const uint32_t templates = bm_intern_count(view->tally->templates);
	struct replies *const all = bm_zalloc(1, sizeof *all);
	all->view = view;
	all->reply = bm_alloc(((size_t)templates + 1) * sizeof *all->reply);
	all->domains = bm_zalloc((size_t)templates + 1, sizeof *all->domains);
	all->order = bm_alloc(2 * ((size_t)templates + 1) * sizeof *all->order);
	bm_labels_make(&all->labels);
	BM_FOR_EACH_CELL(cell, &view->tally->cells[BM_CELLS_SPREAD])
	all->domains[cell->key[0]]++;
	*count = sort_all(all, templates);
	bm_hidden_make(&all->samples, *count);
	for (size_t i = 0; i < *count; i++)
		bm_hidden_add(&all->samples, view->tally->template[all->order[i].id].sample,
			      view->hide_addresses);
	return all;
}

static void replies_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct replies *const all = rows;
	const uint32_t id = all->order[index].id;
	const struct bm_template_record *const record = &all->view->tally->template[id];
	const struct bm_template *const reply = &all->reply[id];
	const char *const rule = record->rule == BM_RULE_NONE
					 ? ""
					 : bm_rules_get(all->view->rules, record->rule)->name;
	*values++ = bm_row_text((struct bm_bytes){reply->id, BM_TEMPLATE_ID_DIGITS});
	*values++ = bm_row_int(attempts_of(record));
	*values++ = bm_row_category(&all->labels, record->category);
	*values++ = bm_row_text(bm_bytes_of(rule));
	*values++ = bm_row_text(reply->provider);
	*values++ = bm_row_text(reply->text);
	*values++ = bm_row_text(bm_hidden_get(&all->samples, index));
	*values++ = bm_row_time(record->seen.first);
	*values++ = bm_row_time(record->seen.last);
	*values++ = bm_row_int(all->domains[id]);
}

static void replies_close(void *rows)
{
	struct replies *const all = rows;
	bm_hidden_dispose(&all->samples);
	bm_free(all->reply);
	bm_free(all->domains);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_replies = {
	.name = "replies",
	.about = "What the servers said: replies with their variable parts masked, most frequent "
		 "first.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = replies_open,
	.row = replies_row,
	.close = replies_close,
};
