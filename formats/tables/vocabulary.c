/* vocabulary.c - table `words`: words that stand in refused subjects more often than in delivered ones.
 *
 * A word counts for the recipients of the subjects it stands in: refused are those that failed for
 * what the message is (see titles.h).  The measure is the log-odds ratio of the two uses with an informative
 * Dirichlet prior, by its standard deviation (Monroe, Colaresi and Quinn 2008): the prior is how
 * often the word is used at all, so a rare word needs more than a little luck.  Shown are words with
 * WORD_REFUSED_MIN refused recipients or more and a z of Z_MIN or more, greatest z first, at most
 * WORD_ROWS_MAX.  That words go with refusals is not yet why: they may stand in one bad mailing.
 */
#include "titles.h"

#include <math.h>

#include "token.h"

enum {
	WORD_REFUSED_MIN = 5, /* recipients */
	WORD_ROWS_MAX = 1000,
	PRIOR_USES = 500 /* how many uses the prior is worth, all words together */
};
#define Z_MIN 1.96 /* one word in forty gets there by chance */

static const struct bm_column columns[] = {
	{"word", BM_KIND_TEXT},     {"refused", BM_KIND_INT}, {"delivered", BM_KIND_INT},
	{"log_odds", BM_KIND_REAL}, {"z", BM_KIND_REAL},
};

struct word {
	uint64_t refused, delivered; /* uses, in recipients */
	uint32_t last;               /* number + 1 of the last subject it was met in */
	double log_odds, z;
};

struct vocabulary {
	struct bm_intern *intern;
	struct bm_names names;
	struct word *words; /* by number */
	uint32_t room;
	uint64_t refused, delivered; /* of all words */
	struct bm_key *order;
};

/* add_word - one more subject that has the word */
static void add_word(struct vocabulary *all, struct bm_bytes text, const struct bm_title *title,
		     uint32_t subject)
{
	const uint32_t known = bm_intern_count(all->intern);
	const uint32_t id = bm_intern_add(all->intern, text);
	if (id == known) {
		BM_GROW(all->words, known, all->room);
		all->words[id] = (struct word){0};
	}
	struct word *const word = &all->words[id];
	if (word->last == subject + 1) /* twice in one subject is once */
		return;
	word->last = subject + 1;
	word->refused += title->refused;
	word->delivered += title->n[BM_DELIVERED];
	all->refused += title->refused;
	all->delivered += title->n[BM_DELIVERED];
}

/* add_subjects - the words of all subjects that have a name of their own */
static void add_subjects(struct vocabulary *all, const struct bm_tally *tally)
{
	struct bm_title *const titles = bm_titles_make(tally);
	for (uint32_t id = BM_SUBJECT_OTHER + 1; id < bm_intern_count(tally->subjects); id++) {
		if (titles[id].refused == 0 && titles[id].n[BM_DELIVERED] == 0)
			continue;
		struct bm_tokens tokens = bm_tokens_of(bm_intern_get(tally->subjects, id));
		for (struct bm_bytes word; bm_token_next(&tokens, &word);)
			add_word(all, word, &titles[id], id);
	}
	bm_free(titles);
}

/* log_odds - of a word with uses among all, both with the prior */
static double log_odds(double uses, double all)
{
	return log(uses / (all - uses));
}

/* weigh - the measure of one word */
static void weigh(const struct vocabulary *all, struct word *word)
{
	const double uses = (double)(word->refused + word->delivered);
	const double prior = PRIOR_USES * uses / (double)(all->refused + all->delivered);
	const double refused = (double)word->refused + prior;
	const double delivered = (double)word->delivered + prior;
	word->log_odds = log_odds(refused, (double)all->refused + PRIOR_USES) -
			 log_odds(delivered, (double)all->delivered + PRIOR_USES);
	word->z = word->log_odds / sqrt(1 / refused + 1 / delivered);
}

/* choose - the words to show, in order; how many */
static size_t choose(struct vocabulary *all)
{
	size_t count = 0;
	for (uint32_t rank = 0; rank < all->names.count; rank++) {
		const uint32_t id = all->names.order[rank];
		struct word *const word = &all->words[id];
		if (word->refused < WORD_REFUSED_MIN)
			continue;
		weigh(all, word);
		if (!(word->z >= Z_MIN)) /* nor what is no number: there is only one word */
			continue;
		uint64_t bits; /* positive doubles sort like their bits */
		memcpy(&bits, &word->z, sizeof bits);
		all->order[count++] = (struct bm_key){.key = UINT64_MAX - bits, .id = id};
	}
	struct bm_key *const scratch = bm_alloc((count + 1) * sizeof *scratch);
	bm_order_keys(all->order, scratch, count);
	bm_free(scratch);
	return count < WORD_ROWS_MAX ? count : WORD_ROWS_MAX;
}

static void *words_open(const struct bm_view *view, size_t *count)
{
	struct vocabulary *const all = bm_zalloc(1, sizeof *all);
	all->intern = bm_intern_new();
	add_subjects(all, view->tally);
	bm_names_rank(&all->names, all->intern);
	all->order = bm_alloc(((size_t)all->names.count + 1) * sizeof *all->order);
	*count = choose(all);
	return all;
}

static void words_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct vocabulary *const all = rows;
	const uint32_t id = all->order[index].id;
	const struct word *const word = &all->words[id];
	*values++ = bm_row_text(all->names.text[id]);
	*values++ = bm_row_int(word->refused);
	*values++ = bm_row_int(word->delivered);
	*values++ = (struct bm_value){.real = word->log_odds};
	*values++ = (struct bm_value){.real = word->z};
}

static void words_close(void *rows)
{
	struct vocabulary *const all = rows;
	bm_names_dispose(&all->names);
	bm_intern_free(all->intern);
	bm_free(all->words);
	bm_free(all->order);
	bm_free(all);
}

const struct bm_table bm_table_words = {
	.name = "words",
	.about = "Words that refused subjects have more often than delivered ones.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.open = words_open,
	.row = words_row,
	.close = words_close,
};
