/* crossvalidate.c - do the rules know how servers speak, or only the replies they were written from?
 *
 * usage: crossvalidate [OPTION]... [REPLIES.tsv|MAILS.tsv]     (../shared/data/bounces/replies.tsv)
 *   --rules DIR      rule files to try instead of those built into the program
 *   --splits K       random halves (10)
 *   --seed S         another S, other halves (1)
 *   --strict         withhold phrases, not rules
 *   --mistakes       list each wrong verdict: id, expected, got, rule, text
 *   --lost           list the replies that lose their right verdict when the rules are withheld
 *                    that only they support, with that rule
 *   --anonymous      tell the rules no provider
 *   --time           nanoseconds a reply for tokenizing, masking and matching, fastest of ten rounds
 *
 * A file with a header has columns id, source, provider, text and our_category (or category), as the labelled
 * replies beside this project; rows without a label and ambiguous ones do not count.  A file
 * without a header has category, provider and text, as tests/data/replies.tsv.  A file whose header
 * has `file` and no text is a list of bounce mails (../shared/data/bounces/mails.tsv), named from
 * where the list lies: what the reader makes of the first recipient that failed is the text.  Rows
 * that no rule decides (complaints, answers, deliveries) do not count there.
 *
 * Method.  The rows are cut at random in a half that is seen and one that is not.  A rule that
 * decides rows of the unseen half only is withheld, as if nobody had met the text it was written
 * for; then both halves are judged by the rules that remain.  A rule that decides no row at all
 * comes from general knowledge and stays: so does one that decides a row on each side.  With
 * --strict the same is done to each phrase that the choices of a rule stand for: one that occurs in
 * no seen row that its rule decides, but in unseen ones, is withheld.  That is harsh, for a list of
 * synonyms need not have been met word by word; the truth lies between the two.  The gap between
 * the halves says how much is memorised.  It is an optimistic figure, since a rule supported
 * by a seen row may owe its wording to an unseen one; only replies that nobody looked at tell the
 * truth, and this program scores those as well.
 *
 * Accuracy is the share of right verdicts; macro-F1 the mean over the categories that are labelled
 * of 2tp / (2tp + fp + fn), so that a rare category weighs as much as a common one.
 *
 * Without REPLIES.tsv it says so and ends with 77, which a test run shows as skipped.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bouncemill/error.h"
#include "bouncemill/mail.h"
#include "bouncemill/provider.h"
#include "bouncemill/registry.h"
#include "bouncemill/rule.h"
#include "choices.h"

enum { TIME_ROUNDS = 10, TIME_TURNS = 20 };
enum { SKIPPED = 77, PATH_BYTES = 4096, SPLITS_MAX = 1000, TEXT_SHOWN = 200, NONE = -1 };

/* One labelled reply. */
struct row {
	const char *id, *source, *provider, *text; /* in struct corpus.bytes; of a mail, copies */
	struct bm_enhanced dsn;                    /* what a mail's report has as Status */
	enum bm_category label;
	int rule;                /* of the full set that decides it, or NONE */
	bool right;              /* by the full set */
	struct bm_text template; /* in lower case */
	bool unseen;
	unsigned lost; /* splits in which withholding took its right verdict */
};

struct corpus {
	char *bytes;
	const char *path;
	struct bm_mail_reader *reader; /* of the mails that rows name; NULL without any */
	struct row *rows;
	size_t count, room;
	bool anonymous;
	struct choices *choices; /* of the rule files, or NULL: withhold whole rules */
};

/* The rule files, as text: sets are made of them anew for each split. */
struct file {
	char *name;
	struct bm_bytes text;
};

struct files {
	struct file *files;
	size_t count, room;
};

struct score {
	unsigned right[BM_CATEGORY_COUNT], labelled[BM_CATEGORY_COUNT], said[BM_CATEGORY_COUNT];
};

struct figures {
	double accuracy, macro, unknown;
	unsigned rows;
};

/* ---- reading ---- */

/* fail - say what is wrong and end */
static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "crossvalidate: %s: %s\n", what, why);
	exit(BM_EXIT_USAGE);
}

/* slurp - a whole file, NUL-terminated, or NULL data */
static struct bm_bytes slurp(const char *path)
{
	FILE *const file = fopen(path, "rb");
	char *bytes = NULL;
	size_t size = 0, room = 0;
	if (!file)
		return (struct bm_bytes){0};
	do {
		room = room ? 2 * room : 1 << 16;
		bytes = bm_realloc(bytes, room);
		size += fread(bytes + size, 1, room - 1 - size, file);
	} while (size == room - 1);
	fclose(file);
	bytes[size] = '\0';
	return (struct bm_bytes){(uint8_t *)bytes, size};
}

/* field - the next tab-separated field of a line, ended in place */
static char *field(char **line)
{
	char *const start = *line;
	char *const end = start + strcspn(start, "\t");
	*line = *end ? end + 1 : end;
	*end = '\0';
	return start;
}

/* copied - a run as a string */
static const char *copied(struct bm_bytes run)
{
	char *const copy = bm_zalloc(run.size + 1, 1);
	if (run.size)
		memcpy(copy, run.data, run.size);
	return copy;
}

/* row_of_mail - text, provider and status by the first recipient that a mail says failed or waits */
static void row_of_mail(struct corpus *corpus, struct row *row, const char *name)
{
	char path[PATH_BYTES];
	struct bm_mail mail;
	const char *const slash = strrchr(corpus->path, '/');
	const int folder = slash ? (int)(slash + 1 - corpus->path) : 0;
	if (snprintf(path, sizeof path, "%.*s%s", folder, corpus->path, name) >= PATH_BYTES)
		fail(name, "is too long a name");
	const struct bm_bytes data = slurp(path);
	if (!data.data)
		fail(path, "cannot be read");
	if (!corpus->reader)
		corpus->reader = bm_mail_reader_new();
	bm_mail_read(corpus->reader, data, &mail);
	for (size_t i = 0; i < mail.count && !row->text; i++) {
		const struct bm_mail_recipient *const one = &mail.recipients[i];
		if (one->action != BM_ACTION_FAILED && one->action != BM_ACTION_DELAYED)
			continue;
		const size_t at = bm_bytes_find(one->address, 0, '@');
		row->text = copied(one->text);
		row->dsn = one->status;
		row->provider =
			copied(one->remote.size         ? one->remote
			       : at < one->address.size ? bm_bytes_from(one->address, at + 1)
							: (struct bm_bytes){0});
	}
	bm_free((void *)(uintptr_t)data.data);
}

/* row_read - one line, by the columns named in the header (NULL = three columns without one) */
static void row_read(struct corpus *corpus, char *line, char *const *header, size_t columns)
{
	struct row row = {.id = "", .source = "", .rule = NONE};
	const char *label = "", *file = NULL;
	if (!header) {
		label = field(&line);
		row.provider = field(&line);
		row.text = field(&line);
	}
	for (size_t i = 0; header && i < columns; i++) {
		const char *const value = field(&line);
		if (strcmp(header[i], "id") == 0)
			row.id = value;
		else if (strcmp(header[i], "source") == 0 || strcmp(header[i], "upstream") == 0)
			row.source = value;
		else if (strcmp(header[i], "file") == 0)
			file = value;
		else if (strcmp(header[i], "provider") == 0)
			row.provider = value;
		else if (strcmp(header[i], "text") == 0)
			row.text = value;
		else if (strcmp(header[i], "our_category") == 0 ||
			 strcmp(header[i], "category") == 0)
			label = value;
	}
	row.label = bm_category_find(bm_bytes_of(label));
	if (file && !row.text && row.label < BM_CATEGORY_DELIVERED)
		row_of_mail(corpus, &row, file);
	if (row.label == BM_CATEGORY_COUNT || !row.text || !row.provider)
		return;
	BM_GROW(corpus->rows, corpus->count, corpus->room);
	corpus->rows[corpus->count++] = row;
}

/* corpus_read - all labelled rows of a file; false = there is no such file */
static bool corpus_read(struct corpus *corpus, const char *path)
{
	char *header[32], *rest;
	size_t columns = 0;
	corpus->path = path;
	corpus->bytes = (char *)(uintptr_t)slurp(path).data;
	if (!corpus->bytes)
		return false;
	char *line = strtok_r(corpus->bytes, "\n", &rest);
	const bool headed = line && strncmp(line, "id\t", 3) == 0;
	if (headed) {
		while (*line && columns < sizeof header / sizeof *header)
			header[columns++] = field(&line);
		line = strtok_r(NULL, "\n", &rest);
	}
	for (; line; line = strtok_r(NULL, "\n", &rest))
		if (line[0] != '#')
			row_read(corpus, line, headed ? header : NULL, columns);
	return true;
}

/* files_add - remember one rule file */
static void files_add(struct files *files, const char *name, struct bm_bytes text)
{
	const size_t size = strlen(name);
	if (size < 6 || strcmp(name + size - 6, ".rules") != 0)
		return;
	BM_GROW(files->files, files->count, files->room);
	char *const copy = bm_alloc(size + 1);
	memcpy(copy, name, size + 1);
	files->files[files->count++] = (struct file){copy, text};
}

/* files_read - the rule files of a directory, or those built in */
static void files_read(struct files *files, const char *directory)
{
	const char *name;
	struct bm_bytes text;
	for (size_t i = 0; !directory && bm_embedded(i, &name, &text); i++)
		files_add(files, name, text);
	if (!directory)
		return;
	DIR *const dir = opendir(directory);
	if (!dir)
		fail(directory, "cannot be read");
	for (const struct dirent *entry; (entry = readdir(dir));) {
		char path[PATH_BYTES];
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		if (entry->d_name[0] != '.')
			files_add(files, entry->d_name, slurp(path));
	}
	closedir(dir);
}

/* ---- sets of rules ---- */

/* is_withheld - is the rule on this line of a file one of those that are left out */
static bool is_withheld(struct bm_bytes line, const struct bm_rules *full, const bool *withheld)
{
	size_t size = 0;
	while (size < line.size && !strchr(" \t#\"", line.data[size]))
		size++;
	for (uint32_t i = 0; size && i < bm_rules_count(full); i++) {
		const char *const name = bm_rules_get(full, i)->name;
		if (withheld[i] && strlen(name) == size && memcmp(name, line.data, size) == 0)
			return true;
	}
	return false;
}

/* set_without - a sealed set of all rules but those withheld (full NULL = of all); lines are
 * blanked, not removed, so that the order of the rest stays */
static struct bm_rules *set_without(const struct files *files, const struct bm_rules *full,
				    const bool *withheld)
{
	struct bm_rules *const rules = bm_rules_new();
	for (size_t i = 0; i < files->count; i++) {
		const struct bm_bytes text = files->files[i].text;
		struct bm_text kept = {0};
		for (size_t start = 0, end; start < text.size; start = end + 1) {
			end = bm_bytes_find(text, start, '\n');
			const struct bm_bytes line = {text.data + start, end - start};
			if (!full || !is_withheld(line, full, withheld))
				bm_text_add(&kept, line);
			bm_text_byte(&kept, '\n');
		}
		const struct bm_bytes run = {kept.data, kept.size};
		if (bm_rules_add(rules, files->files[i].name, run, false) != BM_OK)
			fail(files->files[i].name, "has faulty rules");
		bm_text_dispose(&kept);
	}
	bm_rules_seal(rules);
	return rules;
}

/* provider_of - the provider's name for a row: by the host that spoke, else by the row's column,
 * which may be a name or a host */
static struct bm_bytes provider_of(const struct row *row, const struct bm_reply *reply)
{
	static const char *const names[][2] = {{"yahooinc", "yahoo"},   {"franceptt", "orange"},
					       {"nttdocomo", "docomo"}, {"sina-ent", "sina"},
					       {"qq", "tencent"},       {"163", "netease"}};
	struct bm_bytes who = bm_provider_known(reply->host);
	if (!who.size)
		who = bm_provider_known(bm_bytes_of(row->provider));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(row->provider, names[i][0]) == 0)
			who = bm_bytes_of(names[i][1]);
	return who.size ? who : bm_bytes_of(row->provider);
}

/* judge - the verdict of a set on one row */
static struct bm_verdict judge(const struct corpus *corpus, const struct row *row,
			       const struct bm_rules *rules, struct bm_rules_scratch *scratch)
{
	struct bm_reply reply;
	struct bm_text template = {0};
	bm_reply_parse(bm_bytes_of(row->text), &reply);
	bm_reply_mask(reply.text, bm_rules_keep(rules), &template);
	const struct bm_bytes run = {template.data, template.size};
	const struct bm_bytes who =
		corpus->anonymous ? (struct bm_bytes){0} : provider_of(row, &reply);
	const struct bm_verdict verdict =
		bm_rules_match(rules, scratch, who, run, &reply, row->dsn);
	bm_text_dispose(&template);
	return verdict;
}

/* ---- scoring ---- */

/* score_add - count one verdict */
static void score_add(struct score *score, enum bm_category label, enum bm_category said)
{
	score->labelled[label]++;
	score->said[said]++;
	score->right[label] += label == said;
}

/* figures_of - accuracy, macro-F1 and the share of unknown */
static struct figures figures_of(const struct score *score)
{
	struct figures figures = {0};
	unsigned right = 0, labels = 0;
	for (int i = 0; i < BM_CATEGORY_COUNT; i++) {
		right += score->right[i];
		figures.rows += score->labelled[i];
		if (!score->labelled[i])
			continue;
		labels++;
		figures.macro += 2.0 * score->right[i] / (score->labelled[i] + score->said[i]);
	}
	if (figures.rows) {
		figures.accuracy = (double)right / figures.rows;
		figures.macro /= labels;
		figures.unknown = (double)score->said[BM_CATEGORY_UNKNOWN] / figures.rows;
	}
	return figures;
}

/* print_figures - one line of them */
static void print_figures(const char *name, struct figures figures)
{
	if (figures.rows)
		printf("%-24s %4u rows  accuracy %.3f  macro-F1 %.3f  unknown %.3f\n", name,
		       figures.rows, figures.accuracy, figures.macro, figures.unknown);
}

/* is_peer - does a row come from the tests of the classifier that most rows are from */
static bool is_peer(const struct row *row)
{
	return strstr(row->source, "sisimai") != NULL;
}

/* print_mistake - id, expected, got, rule and text of a row */
static void print_mistake(const struct row *row, const char *got, const char *rule)
{
	printf("%s\t%s\t%s\t%s\t%.*s\n", row->id, bm_category_name(row->label), got, rule,
	       TEXT_SHOWN, row->text);
}

/* template_keep - the masked text of a row, in lower case */
static void template_keep(struct row *row, const struct bm_rules *rules)
{
	struct bm_reply reply;
	bm_reply_parse(bm_bytes_of(row->text), &reply);
	bm_reply_mask(reply.text, bm_rules_keep(rules), &row->template);
	for (size_t i = 0; i < row->template.size; i++)
		if (row->template.data[i] >= 'A' && row->template.data[i] <= 'Z')
			row->template.data[i] |= 0x20;
}

/* score_all - judge all rows by the full set, keep which rule decided, print the figures */
static void score_all(struct corpus *corpus, const struct bm_rules *rules, bool mistakes)
{
	struct score all = {0}, peer = {0}, others = {0};
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(rules);
	for (size_t i = 0; i < corpus->count; i++) {
		struct row *const row = &corpus->rows[i];
		const struct bm_verdict verdict = judge(corpus, row, rules, scratch);
		const struct bm_rule *const rule = bm_rules_get(rules, verdict.rule);
		row->rule = rule ? (int)verdict.rule : NONE;
		row->right = verdict.category == row->label;
		template_keep(row, rules);
		score_add(&all, row->label, verdict.category);
		score_add(is_peer(row) ? &peer : &others, row->label, verdict.category);
		if (mistakes && !row->right)
			print_mistake(row, bm_category_name(verdict.category),
				      rule ? rule->name : "-");
	}
	bm_rules_scratch_free(scratch);
	print_figures("all", figures_of(&all));
	if (figures_of(&peer).rows) {
		print_figures("  of Sisimai's tests", figures_of(&peer));
		print_figures("  of other sources", figures_of(&others));
	}
}

/* ---- splits ---- */

/* random_next - splitmix64 */
static uint64_t random_next(uint64_t *state)
{
	uint64_t value = *state += 0x9e3779b97f4a7c15u;
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
	value = (value ^ value >> 27) * 0x94d049bb133111ebu;
	return value ^ value >> 31;
}

/* split - choose the unseen half and mark the rules that it alone supports; returns how many */
static unsigned split(struct corpus *corpus, uint64_t *seed, bool *withheld, size_t rules)
{
	bool *const seen = bm_zalloc(rules, sizeof *seen);
	size_t wanted = corpus->count / 2;
	unsigned count = 0;
	memset(withheld, 0, rules);
	for (size_t i = 0; i < corpus->count; i++) {
		struct row *const row = &corpus->rows[i];
		row->unseen = random_next(seed) % (corpus->count - i) < wanted;
		wanted -= row->unseen;
		if (row->rule != NONE)
			*(row->unseen ? &withheld[row->rule] : &seen[row->rule]) = true;
	}
	for (size_t i = 0; i < rules; i++)
		count += withheld[i] = withheld[i] && !seen[i];
	bm_free(seen);
	return count;
}

/* set_strict - a sealed set without the phrases that unseen rows alone support; *less gets how many */
static struct bm_rules *set_strict(const struct corpus *corpus, const struct files *files,
				   const struct bm_rules *full, unsigned *less)
{
	struct bm_rules *const rules = bm_rules_new();
	choices_clear(corpus->choices);
	for (size_t i = 0; i < corpus->count; i++) {
		const struct row *const row = &corpus->rows[i];
		const struct bm_rule *const rule = bm_rules_get(full, (uint32_t)row->rule);
		if (rule)
			choices_mark(corpus->choices, rule->name,
				     (struct bm_bytes){row->template.data, row->template.size},
				     row->unseen);
	}
	*less = 0;
	for (size_t i = 0; i < files->count; i++) {
		struct bm_text text = {0};
		*less += choices_write(corpus->choices, i, &text);
		if (bm_rules_add(rules, files->files[i].name,
				 (struct bm_bytes){text.data, text.size}, false) != BM_OK)
			fail(files->files[i].name, "cannot be written out");
		bm_text_dispose(&text);
	}
	bm_rules_seal(rules);
	return rules;
}

/* What the splits add up to. */
struct sums {
	struct figures seen, unseen, others;
};

/* figures_add - sum the figures of the splits */
static void figures_add(struct figures *sum, struct figures one)
{
	sum->accuracy += one.accuracy;
	sum->macro += one.macro;
	sum->unknown += one.unknown;
	sum->rows = one.rows;
}

/* score_split - judge both halves by the rules that remain and print how they compare */
static void score_split(struct corpus *corpus, const struct bm_rules *rules, unsigned number,
			unsigned withheld, struct sums *sums)
{
	struct score seen = {0}, unseen = {0}, others = {0};
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(rules);
	for (size_t i = 0; i < corpus->count; i++) {
		struct row *const row = &corpus->rows[i];
		const enum bm_category said = judge(corpus, row, rules, scratch).category;
		score_add(row->unseen ? &unseen : &seen, row->label, said);
		if (row->unseen && !is_peer(row))
			score_add(&others, row->label, said);
		row->lost += row->unseen && row->right && said != row->label;
	}
	bm_rules_scratch_free(scratch);
	const struct figures left = figures_of(&seen), right = figures_of(&unseen);
	printf("split %-3u withheld %-4u seen %.3f F1 %.3f  unseen %.3f F1 %.3f  gap %+.3f\n",
	       number, withheld, left.accuracy, left.macro, right.accuracy, right.macro,
	       left.accuracy - right.accuracy);
	figures_add(&sums->seen, left);
	figures_add(&sums->unseen, right);
	figures_add(&sums->others, figures_of(&others));
}

/* mean - of sums over splits */
static struct figures mean(struct figures sum, unsigned splits)
{
	sum.accuracy /= splits;
	sum.macro /= splits;
	sum.unknown /= splits;
	return sum;
}

/* crossvalidate - all splits, and their mean */
static void crossvalidate(struct corpus *corpus, const struct files *files,
			  const struct bm_rules *full, unsigned splits, uint64_t seed)
{
	const size_t count = bm_rules_count(full);
	bool *const withheld = bm_zalloc(count + 1, sizeof *withheld);
	struct sums sums = {0};
	for (unsigned i = 0; i < splits; i++) {
		unsigned less = split(corpus, &seed, withheld, count);
		struct bm_rules *const rules = corpus->choices
						       ? set_strict(corpus, files, full, &less)
						       : set_without(files, full, withheld);
		score_split(corpus, rules, i + 1, less, &sums);
		bm_rules_free(rules);
	}
	bm_free(withheld);
	if (!splits)
		return;
	const struct figures seen = mean(sums.seen, splits), unseen = mean(sums.unseen, splits);
	print_figures("mean, seen halves", seen);
	print_figures("mean, unseen halves", unseen);
	print_figures("  of other sources", mean(sums.others, splits));
	printf("gap %+.3f accuracy, %+.3f macro-F1\n", seen.accuracy - unseen.accuracy,
	       seen.macro - unseen.macro);
}

/* print_rules - how many rules decide rows, one row, or none */
static void print_rules(const struct corpus *corpus, const struct bm_rules *rules)
{
	const size_t count = bm_rules_count(rules);
	unsigned *const hits = bm_zalloc(count + 1, sizeof *hits);
	unsigned once = 0, none = 0;
	for (size_t i = 0; i < corpus->count; i++)
		if (corpus->rows[i].rule != NONE)
			hits[corpus->rows[i].rule]++;
	for (size_t i = 0; i < count; i++) {
		once += hits[i] == 1;
		none += hits[i] == 0;
	}
	printf("%zu rules: %zu decide several rows, %u one row, %u none (general knowledge)\n",
	       count, count - once - none, once, none);
	bm_free(hits);
}

/* print_lost - the replies that owe their verdict to a rule of their own */
static void print_lost(const struct corpus *corpus, const struct bm_rules *rules)
{
	for (size_t i = 0; i < corpus->count; i++) {
		const struct row *const row = &corpus->rows[i];
		const struct bm_rule *const rule = bm_rules_get(rules, (uint32_t)row->rule);
		if (row->lost)
			print_mistake(row, "lost", rule ? rule->name : "-");
	}
}

/* now - seconds of the steady clock */
static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* time_once - seconds for TIME_TURNS passes over the corpus: of tokenizing, and masking (depth 2),
 * and matching (depth 3) */
static double time_once(const struct corpus *corpus, const struct bm_rules *rules,
			struct bm_rules_scratch *scratch, int depth)
{
	struct bm_text template = {0};
	const double start = now();
	for (size_t i = 0; i < corpus->count * TIME_TURNS; i++) {
		struct bm_reply reply;
		bm_reply_parse(bm_bytes_of(corpus->rows[i % corpus->count].text), &reply);
		template.size = 0;
		if (depth > 1)
			bm_reply_mask(reply.text, bm_rules_keep(rules), &template);
		if (depth > 2)
			(void)bm_rules_match(rules, scratch, (struct bm_bytes){0},
					     (struct bm_bytes){template.data, template.size},
					     &reply, (struct bm_enhanced){0});
	}
	const double seconds = now() - start;
	bm_text_dispose(&template);
	return seconds;
}

/* print_times - what a verdict costs that no cache holds */
static void print_times(const struct corpus *corpus, const struct bm_rules *rules)
{
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(rules);
	double best[4] = {0};
	for (int depth = 1; depth <= 3; depth++)
		for (int i = 0; i < TIME_ROUNDS; i++) {
			const double seconds = time_once(corpus, rules, scratch, depth);
			best[depth] = i && best[depth] < seconds ? best[depth] : seconds;
		}
	const double unit = 1e9 / (double)(corpus->count * TIME_TURNS + !corpus->count);
	printf("ns a reply: tokenize %.0f, mask %.0f, match %.0f, together %.0f\n", best[1] * unit,
	       (best[2] - best[1]) * unit, (best[3] - best[2]) * unit, best[3] * unit);
	bm_rules_scratch_free(scratch);
}

struct options {
	const char *path, *rules;
	unsigned splits;
	uint64_t seed;
	bool mistakes, lost, anonymous, strict, time;
};

/* value - the word behind an option */
static const char *value(char **arguments, int *at)
{
	if (!arguments[*at + 1])
		fail(arguments[*at], "needs a value");
	return arguments[++*at];
}

/* options_read - the command line */
static struct options options_read(char **arguments)
{
	struct options options = {
		.path = "../shared/data/bounces/replies.tsv", .splits = 10, .seed = 1};
	for (int i = 1; arguments[i]; i++) {
		const char *const word = arguments[i];
		if (strcmp(word, "--rules") == 0)
			options.rules = value(arguments, &i);
		else if (strcmp(word, "--splits") == 0)
			options.splits = (unsigned)strtoul(value(arguments, &i), NULL, 10);
		else if (strcmp(word, "--seed") == 0)
			options.seed = strtoull(value(arguments, &i), NULL, 10);
		else if (strcmp(word, "--mistakes") == 0)
			options.mistakes = true;
		else if (strcmp(word, "--lost") == 0)
			options.lost = true;
		else if (strcmp(word, "--strict") == 0)
			options.strict = true;
		else if (strcmp(word, "--time") == 0)
			options.time = true;
		else if (strcmp(word, "--anonymous") == 0)
			options.anonymous = true;
		else if (word[0] == '-')
			fail(word, "no such option (see the head of bench/crossvalidate.c)");
		else
			options.path = word;
	}
	if (options.splits > SPLITS_MAX)
		fail("--splits", "at most 1000");
	return options;
}

int main(int count, char **arguments)
{
	(void)count;
	const struct options options = options_read(arguments);
	struct corpus corpus = {.anonymous = options.anonymous};
	struct files files = {0};
	if (!corpus_read(&corpus, options.path)) {
		fprintf(stderr, "crossvalidate: SKIPPED: there is no %s\n", options.path);
		return SKIPPED;
	}
	files_read(&files, options.rules);
	struct bm_rules *const rules = set_without(&files, NULL, NULL);
	if (options.strict)
		corpus.choices = choices_new();
	for (size_t i = 0; options.strict && i < files.count; i++)
		choices_add(corpus.choices, files.files[i].text);
	score_all(&corpus, rules, options.mistakes);
	print_rules(&corpus, rules);
	if (options.time)
		print_times(&corpus, rules);
	crossvalidate(&corpus, &files, rules, options.splits, options.seed);
	if (options.lost)
		print_lost(&corpus, rules);
	bm_rules_free(rules);
	if (corpus.choices)
		choices_free(corpus.choices);
	bm_mail_reader_free(corpus.reader);
	return BM_EXIT_OK;
}
