/* audit.c - `bouncemill diagnose --audit`: rules and replies held against each other.
 *
 * A rule earns its line by deciding something.  Over a set of replies each rule is one of:
 *   hit       it decided some template;
 *   shadowed  it fitted some template, but a stronger or earlier rule decided each of them;
 *   never     it fitted nothing.
 * A shadowed rule whose category is also that of its winners is merely not needed here; one with
 * another category is a question, and is marked.  Templates are asked once each, however often they
 * occur: a template's name in the tally holds all that decides.
 *
 * What no rule knew is listed by count with a rule to start from.  Its phrase is the longest run of
 * the template without a placeholder or a code in it, as long as no known template has it too.
 * The whole report is a file of rules: all but these lines are comments.  Their category is
 * `unknown`, which changes nothing until somebody who knows writes the right one.
 */
#include "audit.h"

#include <stdlib.h>

#include "bouncemill/error.h"
#include "argument.h"
#include "batch.h"
#include "record.h"
#include "symptom.h"

enum {
	UNKNOWN_MAX = 200,         /* templates that are listed */
	PHRASE_BYTES_MAX = 80,     /* of a suggestion, if it may be cut */
	PHRASE_BYTES_MIN = 6,      /* shorter says nothing */
	SLUG_BYTES_MAX = 32,       /* of a suggested name */
	SHOWN_BYTES_MAX = 300,     /* of a template */
	RUNS_MAX = 64,             /* of a template */
	KNOWN_BYTES_MAX = 1 << 24, /* of known templates that a phrase is searched in */
	DAY_OF_YEARLESS = 20000
};

struct audit {
	const struct bm_rules *rules;
	struct bm_examiner *examiner;
	const struct bm_tally *tally;
	uint64_t *counts; /* replies by template */
	uint32_t count, room;
	uint64_t replies, unknown;
	/* by rule */
	uint64_t *hits;       /* replies decided */
	uint64_t *fitted;     /* replies that it fitted and another decided */
	uint32_t *winner;     /* the rule that decided most of these templates, see note_loss */
	uint64_t *lost_to;    /* replies it lost to that one */
	struct bm_text known; /* masked texts that were understood, in lower case */
};

/* --- replies --- */

/* note - one reply was judged */
static void note(struct audit *audit, const struct bm_finding *finding)
{
	while (finding->template >= audit->count) {
		BM_GROW(audit->counts, audit->count, audit->room);
		audit->counts[audit->count++] = 0;
	}
	audit->counts[finding->template]++;
	audit->replies++;
	audit->unknown += finding->rule == NULL;
}

/* take_log - failed attempts of a log; false when no line of it is an event */
static bool take_log(struct audit *audit, struct bm_bytes rest)
{
	struct bm_record_reader reader;
	struct bm_record record;
	struct bm_event event;
	struct bm_finding finding;
	struct bm_bytes line;
	bool found = false;
	const enum bm_transport transport = bm_transport_sniff(rest);
	if (transport == BM_TRANSPORT_EXPORT)
		return false;
	bm_record_reader_init(&reader, transport, NULL);
	bm_record_years(&reader, bm_years_at(DAY_OF_YEARLESS));
	while (bm_symptom_line(&rest, &line)) {
		if (bm_record_read(&reader, line, &record) != BM_RECORD_OK ||
		    bm_symptom_parse(&record, &event) == BM_EVENT_OTHER)
			continue;
		found = true;
		if (event.kind != BM_EVENT_ATTEMPT || event.status == BM_STATUS_SENT)
			continue;
		bm_examine(audit->examiner, &event, &finding);
		note(audit, &finding);
	}
	bm_record_reader_dispose(&reader);
	return found;
}

/* take_list - a reply a line, with an id and codes in front or not */
static void take_list(struct audit *audit, struct bm_bytes rest)
{
	struct bm_bytes line;
	struct bm_batch_line batch;
	struct bm_finding finding;
	while (bm_symptom_line(&rest, &line)) {
		if (line.size == 0)
			continue;
		if (!bm_batch_read(line, &batch))
			batch = (struct bm_batch_line){.text = line};
		bm_examine_coded(audit->examiner, batch.code, batch.enhanced, batch.text, &finding);
		note(audit, &finding);
	}
}

/* --- rules --- */

/* note_loss - a rule fitted count replies that another decided: keep the winner it lost most to, by
 * the vote of Boyer and Moore, which needs no table */
static void note_loss(struct audit *audit, size_t rule, uint32_t winner, uint64_t count)
{
	audit->fitted[rule] += count;
	if (audit->winner[rule] == winner) {
		audit->lost_to[rule] += count;
	} else if (count > audit->lost_to[rule]) {
		audit->winner[rule] = winner;
		audit->lost_to[rule] = count - audit->lost_to[rule];
	} else {
		audit->lost_to[rule] -= count;
	}
}

/* put_folded - append a masked text in lower case, and a line end */
static void put_folded(struct bm_text *out, struct bm_bytes masked)
{
	uint8_t *const at = bm_text_room(out, masked.size + 1);
	for (size_t i = 0; i < masked.size; i++)
		at[i] = bm_lower(masked.data[i]);
	at[masked.size] = '\n';
	out->size += masked.size + 1;
}

/* ask_rules - every template that occurred: who decided, who else would have */
static void ask_rules(struct audit *audit)
{
	const size_t rules = bm_rules_count(audit->rules);
	struct bm_rules_scratch *const scratch = bm_rules_scratch_new(audit->rules);
	bool *const fits = bm_zalloc(rules + 1, sizeof *fits);
	for (uint32_t id = 0; id < audit->count; id++) {
		struct bm_template_look look;
		const struct bm_template_record *const record = &audit->tally->template[id];
		if (audit->counts[id] == 0 || record->rule == BM_RULE_NONE ||
		    !bm_template_read(bm_intern_get(audit->tally->templates, id), &look))
			continue;
		bm_rules_candidates(audit->rules, scratch, look.provider, look.masked, &look.reply,
				    look.dsn, fits);
		audit->hits[record->rule] += audit->counts[id];
		if (audit->known.size < KNOWN_BYTES_MAX)
			put_folded(&audit->known, look.masked);
		for (size_t i = 0; i < rules; i++)
			if (fits[i] && i != record->rule)
				note_loss(audit, i, record->rule, audit->counts[id]);
	}
	bm_free(fits);
	bm_rules_scratch_free(scratch);
}

/* put_rule - a rule's name, category and place */
static void put_rule(struct bm_text *out, const struct bm_rules *rules, size_t index)
{
	const struct bm_rule *const rule = bm_rules_get(rules, (uint32_t)index);
	const struct bm_rule_look look = bm_rules_look(rules, (uint32_t)index);
	bm_text_format(out, "%-34s %-22s %s:%u", rule->name, bm_category_name(rule->category),
		       look.file, look.line);
}

/* put_shadowed - rules that fitted and never decided, and who did */
static void put_shadowed(const struct audit *audit, struct bm_text *out)
{
	size_t count = 0;
	for (size_t i = 0; i < bm_rules_count(audit->rules); i++)
		count += audit->hits[i] == 0 && audit->fitted[i];
	bm_text_format(out,
		       "\n# shadowed: %zu rules fitted replies, but others decided all of them"
		       " (! in another category)\n",
		       count);
	for (size_t i = 0; i < bm_rules_count(audit->rules); i++) {
		if (audit->hits[i] || audit->fitted[i] == 0)
			continue;
		const struct bm_rule *const rule = bm_rules_get(audit->rules, (uint32_t)i);
		const struct bm_rule *const winner = bm_rules_get(audit->rules, audit->winner[i]);
		bm_text_format(out, "#%c ", rule->category == winner->category ? ' ' : '!');
		put_rule(out, audit->rules, i);
		bm_text_format(out, "  %llu, for one to %s (%s)\n",
			       (unsigned long long)audit->fitted[i], winner->name,
			       bm_category_name(winner->category));
	}
}

/* put_never - rules that fitted nothing */
static void put_never(const struct audit *audit, struct bm_text *out)
{
	size_t count = 0;
	for (size_t i = 0; i < bm_rules_count(audit->rules); i++)
		count += (audit->hits[i] | audit->fitted[i]) == 0;
	bm_text_format(out, "\n# never hit: %zu of %zu rules fitted no reply\n", count,
		       bm_rules_count(audit->rules));
	for (size_t i = 0; i < bm_rules_count(audit->rules); i++) {
		if (audit->hits[i] | audit->fitted[i])
			continue;
		bm_text_add(out, BM_BYTES("#  "));
		put_rule(out, audit->rules, i);
		bm_text_byte(out, '\n');
	}
}

/* --- suggestions --- */

/* is_edge - a byte that a phrase neither begins nor ends with */
static bool is_edge(uint8_t byte)
{
	return byte <= ' ' || strchr(".,;:!?()[]{}'\"-=/*#<>", byte);
}

/* trim - a run without edges */
static struct bm_bytes trim(struct bm_bytes run)
{
	while (run.size && is_edge(run.data[0]))
		run = bm_bytes_from(run, 1);
	while (run.size && is_edge(run.data[run.size - 1]))
		run.size--;
	return run;
}

/* skip_codes - a masked text without the codes at its head */
static struct bm_bytes skip_codes(struct bm_bytes text)
{
	size_t at = 0;
	while (at < text.size && (bm_is_digit(text.data[at]) || strchr(".- #", text.data[at])))
		at++;
	return bm_bytes_from(text, at);
}

/* is_control - a byte that a line of rules should not hold */
static bool is_control(uint8_t byte)
{
	return byte < ' ' || byte == 0x7f;
}

/* runs_of - the runs of a masked text between placeholders, trimmed; returns how many */
static size_t runs_of(struct bm_bytes text, struct bm_bytes runs[RUNS_MAX])
{
	size_t count = 0;
	for (size_t at = 0; at < text.size && count < RUNS_MAX;) {
		size_t open = at;
		while (open < text.size && text.data[open] != '<' && !is_control(text.data[open]))
			open++;
		const struct bm_bytes run = trim((struct bm_bytes){text.data + at, open - at});
		if (run.size)
			runs[count++] = run;
		const size_t close = bm_bytes_find(text, open, '>');
		at = close < text.size && close - open < 8 ? close + 1 : open + 1;
	}
	return count;
}

/* clip - at most PHRASE_BYTES_MAX bytes, cut between words, or between UTF-8 characters */
static struct bm_bytes clip(struct bm_bytes run)
{
	if (run.size <= PHRASE_BYTES_MAX)
		return run;
	size_t size = PHRASE_BYTES_MAX;
	while (size > PHRASE_BYTES_MAX / 2 && run.data[size] != ' ')
		size--;
	if (run.data[size] != ' ')
		for (size = PHRASE_BYTES_MAX; size && (run.data[size] & 0xc0) == 0x80;)
			size--;
	return trim((struct bm_bytes){run.data, size});
}

/* is_known - does a text that was understood hold the phrase (lower case) too */
static bool is_known(const struct audit *audit, struct bm_bytes phrase)
{
	const struct bm_bytes known = {audit->known.data, audit->known.size};
	return bm_bytes_search(known, phrase) < known.size;
}

/* is_clean - is a run readable as it is: neither noise nor another charset */
static bool is_clean(struct bm_bytes run)
{
	struct bm_text clean = {0};
	bm_text_clean(&clean, run, 0);
	const bool same = bm_bytes_equal((struct bm_bytes){clean.data, clean.size}, run);
	bm_text_dispose(&clean);
	return same;
}

/* phrase_of - the longest distinctive run of a folded masked text, or its longest */
static struct bm_bytes phrase_of(const struct audit *audit, struct bm_bytes folded)
{
	struct bm_bytes runs[RUNS_MAX], best = {0}, longest = {0};
	const size_t count = runs_of(skip_codes(folded), runs);
	for (size_t i = 0; i < count; i++) {
		const struct bm_bytes run = clip(runs[i]);
		if (!is_clean(run))
			continue;
		if (run.size > longest.size)
			longest = run;
		if (run.size > best.size && !is_known(audit, run))
			best = run;
	}
	return best.size >= PHRASE_BYTES_MIN ? best : longest;
}

/* put_name - "new/N-first-words": a name for the rule to be */
static void put_name(struct bm_text *out, size_t number, struct bm_bytes phrase)
{
	bm_text_format(out, "new/%zu", number);
	const size_t end = out->size + SLUG_BYTES_MAX;
	bool dash = true;
	for (size_t i = 0; i < phrase.size && out->size < end; i++) {
		const uint8_t byte = phrase.data[i];
		const bool fine = (byte >= 'a' && byte <= 'z') || bm_is_digit(byte);
		if (fine && dash)
			bm_text_byte(out, '-');
		if (fine)
			bm_text_byte(out, byte);
		dash = !fine;
	}
}

/* put_phrase - a phrase in quotes as rules want it */
static void put_phrase(struct bm_text *out, struct bm_bytes phrase)
{
	bm_text_byte(out, '"');
	for (size_t i = 0; i < phrase.size; i++) {
		if (memchr("\"\\|{}", phrase.data[i], 5))
			bm_text_byte(out, '\\');
		bm_text_byte(out, phrase.data[i]);
	}
	bm_text_byte(out, '"');
}

/* put_suggestion - a template nobody knew, and a rule to start from */
static void put_suggestion(const struct audit *audit, struct bm_text *out, size_t number,
			   uint32_t id)
{
	struct bm_template_look look;
	struct bm_text folded = {0};
	if (!bm_template_read(bm_intern_get(audit->tally->templates, id), &look))
		return;
	bm_text_format(out, "\n# %llu x ", (unsigned long long)audit->counts[id]);
	bm_text_clean(out, look.masked, SHOWN_BYTES_MAX);
	bm_text_byte(out, '\n');
	put_folded(&folded, look.masked);
	const struct bm_bytes phrase =
		phrase_of(audit, (struct bm_bytes){folded.data, folded.size - 1});
	if (phrase.size) {
		put_name(out, number, phrase);
		bm_text_add(out, BM_BYTES("  unknown  "));
		bm_text_add(out, look.provider.size ? look.provider : BM_BYTES("*"));
		bm_text_add(out, BM_BYTES("  *  "));
		put_phrase(out, phrase);
		bm_text_byte(out, '\n');
	} else {
		bm_text_add(out, BM_BYTES("# (no words to make a rule of)\n"));
	}
	bm_text_dispose(&folded);
}

/* What is sorted. */
struct ranked {
	uint64_t count;
	struct bm_bytes name;
	uint32_t id;
};

/* by_count - more often first, then by text */
static int by_count(const void *left, const void *right)
{
	const struct ranked *const a = left, *const b = right;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return bm_bytes_order(a->name, b->name);
}

/* put_unknown - templates that no rule knew, the most frequent first */
static void put_unknown(const struct audit *audit, struct bm_text *out)
{
	struct ranked *const list = bm_alloc((audit->count + 1) * sizeof *list);
	size_t count = 0;
	for (uint32_t id = 0; id < audit->count; id++)
		if (audit->counts[id] && audit->tally->template[id].rule == BM_RULE_NONE)
			list[count++] = (struct ranked){
				audit->counts[id], bm_intern_get(audit->tally->templates, id), id};
	qsort(list, count, sizeof *list, by_count);
	bm_text_format(out,
		       "\n# unknown: %llu replies of %zu templates; rules to start from, once "
		       "`unknown` is the right category\n",
		       (unsigned long long)audit->unknown, count);
	for (size_t i = 0; i < count && i < UNKNOWN_MAX; i++)
		put_suggestion(audit, out, i + 1, list[i].id);
	if (count > UNKNOWN_MAX)
		bm_text_format(out, "\n# and %zu templates more\n", count - UNKNOWN_MAX);
	bm_free(list);
}

/* --- the command --- */

/* report - all of it */
static void report(struct audit *audit, struct bm_text *out)
{
	const size_t rules = bm_rules_count(audit->rules) + 1;
	audit->hits = bm_zalloc(rules, sizeof *audit->hits);
	audit->fitted = bm_zalloc(rules, sizeof *audit->fitted);
	audit->winner = bm_zalloc(rules, sizeof *audit->winner);
	audit->lost_to = bm_zalloc(rules, sizeof *audit->lost_to);
	ask_rules(audit);
	size_t templates = 0;
	for (uint32_t id = 0; id < audit->count; id++)
		templates += audit->counts[id] > 0;
	bm_text_format(out, "# audit of %zu rules over %llu replies of %zu templates\n",
		       bm_rules_count(audit->rules), (unsigned long long)audit->replies, templates);
	put_unknown(audit, out);
	put_shadowed(audit, out);
	put_never(audit, out);
	bm_free(audit->hits);
	bm_free(audit->fitted);
	bm_free(audit->winner);
	bm_free(audit->lost_to);
}

int bm_audit_run(const char *path, const struct bm_rules *rules, struct bm_examiner *examiner,
		 struct bm_text *out)
{
	struct audit audit = {
		.rules = rules, .examiner = examiner, .tally = bm_examiner_tally(examiner)};
	size_t size;
	char *const input = bm_argument_file(path, BM_BATCH_BYTES_MAX, &size);
	if (input == NULL)
		return BM_EXIT_USAGE;
	const struct bm_bytes all = {(uint8_t *)input, size};
	if (!take_log(&audit, all))
		take_list(&audit, all);
	bm_free(input);
	if (audit.replies)
		report(&audit, out);
	else
		bm_say(path, "holds no failed reply: nothing to audit");
	bm_free(audit.counts);
	bm_text_dispose(&audit.known);
	return audit.replies ? BM_EXIT_OK : BM_EXIT_USAGE;
}
