/* diagnose.c - `bouncemill diagnose`: one answer for each failure in what was pasted.
 *
 * symptom.c finds the failures, finding.c judges them as a report would, this file chooses between
 * paragraphs of one bounce and prints.  Of the paragraphs of a case the verdict comes from the
 * server's own words before running text, of these from the strongest evidence (rule.h), of equals
 * from the first: the sentence around a reply often speaks of full mailboxes and spam in general.
 *
 * An answer is `key: value` lines, the keys of the contract first and always all of them, then what
 * else is known; several answers are parted by an empty line.  With --json each is an object on a
 * line of its own.  Values of category, fault, severity and rule are names, the same in every
 * language.  What no rule knows is `unknown`: that is an answer, with status 0.  An input without a
 * word in it is none: it gets `unknown` as well, and status 2.
 */
#include "diagnose.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bouncemill/blocklist.h"
#include "bouncemill/text.h"
#include "bouncemill/words.h"
#include "argument.h"
#include "audit.h"
#include "batch.h"
#include "finding.h"
#include "mails.h"
#include "output.h"
#include "setup.h"
#include "symptom.h"

enum {
	INPUT_BYTES_MAX = 16 << 20, /* of what is diagnosed case by case */
	CASES_MAX = 20,             /* more is a report's work */
	SHOWN_BYTES_MAX = 512       /* of a text from the input */
};

/* A run of the command. */
struct desk {
	const struct bm_options *options;
	struct bm_examiner *examiner;
	struct bm_text out;
};

/* --- an answer --- */

/* One answer being written. */
struct answer {
	struct bm_text *out;
	bool json, first;
};

/* put_string - a JSON string of printable UTF-8 */
static void put_string(struct bm_text *out, struct bm_bytes text)
{
	struct bm_text clean = {0};
	bm_text_clean(&clean, text, 0);
	bm_text_byte(out, '"');
	for (size_t i = 0; i < clean.size; i++) {
		if (clean.data[i] == '"' || clean.data[i] == '\\')
			bm_text_byte(out, '\\');
		bm_text_byte(out, clean.data[i]);
	}
	bm_text_byte(out, '"');
	bm_text_dispose(&clean);
}

/* put_key - the key of the next value */
static void put_key(struct answer *answer, const char *key)
{
	if (answer->json)
		bm_text_format(answer->out, "%s\"%s\": ", answer->first ? "{" : ", ", key);
	else
		bm_text_format(answer->out, "%s:", key);
	answer->first = false;
}

/* put - a key and its value; an unknown one is null, or nothing behind the colon */
static void put(struct answer *answer, const char *key, struct bm_bytes value)
{
	put_key(answer, key);
	if (answer->json) {
		if (value.size)
			put_string(answer->out, value);
		else
			bm_text_add(answer->out, BM_BYTES("null"));
		return;
	}
	if (value.size)
		bm_text_byte(answer->out, ' ');
	bm_text_clean(answer->out, value, 0);
	bm_text_byte(answer->out, '\n');
}

/* put_known - the same of the world's words, which may be long; nothing at all when unknown */
static void put_known(struct answer *answer, const char *key, struct bm_bytes value)
{
	struct bm_text clean = {0};
	bm_text_clean(&clean, value, SHOWN_BYTES_MAX);
	if (clean.size)
		put(answer, key, (struct bm_bytes){clean.data, clean.size});
	bm_text_dispose(&clean);
}

/* put_code - a number that is known */
static void put_code(struct answer *answer, const char *key, unsigned code)
{
	if (code == 0)
		return;
	put_key(answer, key);
	bm_text_format(answer->out, answer->json ? "%u" : " %u\n", code);
}

static struct bm_bytes enhanced_text(const struct bm_finding *finding, char text[24])
{
	const struct bm_enhanced code = finding->enhanced;
	if (code.class == 0)
		return (struct bm_bytes){0};
	snprintf(text, 24, "%u.%u.%u", code.class, code.subject, code.detail);
	return bm_bytes_of(text);
}

/* put_evidence - the words that matched, each in quotes, or the code */
static void put_evidence(struct answer *answer, const struct bm_finding *finding)
{
	char code[24] = "";
	struct bm_bytes one = {0};
	put_key(answer, "evidence");
	if (answer->json)
		bm_text_byte(answer->out, '[');
	if (finding->evidence_count == 0 && finding->rule) {
		one = enhanced_text(finding, code);
		if (!finding->by_enhanced) {
			snprintf(code, sizeof code, "%u", finding->code);
			one = bm_bytes_of(code);
		}
	}
	const unsigned count = one.size ? 1 : finding->evidence_count;
	for (unsigned i = 0; i < count; i++) {
		bm_text_add(answer->out,
			    answer->json ? i ? BM_BYTES(", ") : BM_BYTES("") : BM_BYTES(" "));
		if (one.size && !answer->json)
			bm_text_add(answer->out, one);
		else
			put_string(answer->out, one.size ? one : finding->evidence[i]);
	}
	bm_text_byte(answer->out, answer->json ? ']' : '\n');
}

/* put_title - category, fault and severity as people of that language call them */
static void put_title(struct answer *answer, enum bm_category category, const char *lang)
{
	const char *const fault = bm_words(bm_category_fault(category), lang);
	const char *const severity = bm_words(bm_category_severity(category), lang);
	struct bm_text title = {0};
	bm_text_format(&title, "%s", bm_category_title(category, lang));
	if (*fault)
		bm_text_format(&title, "（%s，%s）", fault, severity);
	put(answer, "title", (struct bm_bytes){title.data, title.size});
	bm_text_dispose(&title);
}

/* put_contract - the keys that every answer has */
static void put_contract(struct answer *answer, const struct bm_finding *finding, const char *lang)
{
	const enum bm_category category = finding->category;
	put(answer, "category", bm_bytes_of(bm_category_name(category)));
	put(answer, "fault", bm_bytes_of(bm_category_fault(category)));
	put(answer, "severity", bm_bytes_of(bm_category_severity(category)));
	put(answer, "rule", bm_bytes_of(finding->rule ? finding->rule->name : ""));
	put_evidence(answer, finding);
	put(answer, "diagnosis", bm_bytes_of(bm_category_diagnosis(category, lang)));
	put(answer, "prescription", bm_bytes_of(bm_category_prescription(category, lang)));
}

/* put_blocklist - which list a refusal for one names, what is on it, and where to ask for removal */
static void put_blocklist(struct answer *answer, const struct bm_symptom *symptom)
{
	struct bm_blocklist found;
	struct bm_reply reply;
	bm_reply_parse(symptom->event.text, &reply);
	if (!bm_blocklist_find(reply.text, &found))
		return;
	put_known(answer, "blocklist", found.name);
	put_known(answer, "listed", found.listed);
	put_known(answer, "delisting", found.page);
}

/* put_rest - what else is known */
static void put_rest(struct answer *answer, const struct bm_symptom *symptom,
		     const struct bm_finding *finding)
{
	static const char *const forms[] = {[BM_FORM_REPLY] = "reply",
					    [BM_FORM_LOG] = "log line",
					    [BM_FORM_BOUNCE] = "bounce mail"};
	char code[24];
	put_known(answer, "provider", finding->provider);
	put_code(answer, "smtp_code", finding->code);
	put_known(answer, "enhanced_code", enhanced_text(finding, code));
	if (symptom == NULL)
		return;
	if (finding->category == BM_CATEGORY_BLOCKLISTED)
		put_blocklist(answer, symptom);
	put_known(answer, "recipient", symptom->event.address);
	put_known(answer, "relay", symptom->event.relay);
	put(answer, "read_as", bm_bytes_of(forms[symptom->form]));
	put_known(answer, "text", symptom->event.text);
}

/* put_answer - a finding as lines, or as an object */
static void put_answer(struct desk *desk, const struct bm_symptom *symptom,
		       const struct bm_finding *finding)
{
	const char *const lang = desk->options->lang;
	struct answer answer = {.out = &desk->out, .json = desk->options->json, .first = true};
	if (desk->out.size && !answer.json)
		bm_text_byte(&desk->out, '\n');
	put_contract(&answer, finding, lang);
	if (strcmp(lang, "en") != 0)
		put_title(&answer, finding->category, lang);
	put_rest(&answer, symptom, finding);
	if (answer.json)
		bm_text_add(&desk->out, BM_BYTES("}\n"));
}

/* --- cases --- */

/* tells_more - is the second symptom of a case better than the first */
static bool tells_more(const struct bm_symptom *best, const struct bm_finding *best_finding,
		       const struct bm_symptom *other, const struct bm_finding *finding)
{
	if ((finding->rule == NULL) != (best_finding->rule == NULL))
		return finding->rule != NULL;
	if (other->spoken != best->spoken)
		return other->spoken;
	return finding->rank < best_finding->rank;
}

/* answer_cases - an answer for each case */
static void answer_cases(struct desk *desk, const struct bm_symptoms *symptoms)
{
	for (size_t i = 0; i < symptoms->count;) {
		const struct bm_symptom *best = &symptoms->list[i];
		struct bm_finding finding = {.category = best->known}, other;
		if (best->known == BM_CATEGORY_UNKNOWN)
			bm_examine(desk->examiner, &best->event, &finding);
		for (i++; i < symptoms->count && symptoms->list[i].number == best->number; i++) {
			const struct bm_symptom *const symptom = &symptoms->list[i];
			bm_examine(desk->examiner, &symptom->event, &other);
			if (tells_more(best, &finding, symptom, &other)) {
				best = symptom;
				finding = other;
			}
		}
		put_answer(desk, best, &finding);
	}
}

/* answer_input - everything about one input; returns the exit status it deserves */
static int answer_input(struct desk *desk, struct bm_bytes input)
{
	struct bm_symptoms symptoms;
	struct bm_text decoded = {0};
	const bool chinese = bm_text_chinese(&decoded, input);
	bm_symptoms_read(&symptoms, chinese ? (struct bm_bytes){decoded.data, decoded.size} : input,
			 CASES_MAX);
	answer_cases(desk, &symptoms);
	const bool nothing = symptoms.count == 0;
	if (symptoms.more && !desk->options->quiet)
		bm_say(NULL,
		       "only the first %u failures are shown (use --batch for a list of "
		       "replies, bouncemill report for logs)",
		       (unsigned)CASES_MAX);
	bm_symptoms_dispose(&symptoms);
	bm_text_dispose(&decoded);
	if (!nothing)
		return BM_EXIT_OK;
	const struct bm_finding none = {.category = BM_CATEGORY_UNKNOWN};
	put_answer(desk, NULL, &none);
	bm_say(NULL, "nothing to diagnose: the input holds no failure (give a reply, a log line or "
		     "the text of a bounce)");
	return BM_EXIT_USAGE;
}

/* --- the input --- */

/* is_file - does a word name something that can be read as a file */
static bool is_file(const char *word)
{
	struct stat status;
	return stat(word, &status) == 0;
}

/* names_file - does a word look as if a file was meant: a path, or letters behind a dot */
static bool names_file(const char *word)
{
	const char *const dot = strrchr(word, '.');
	const bool suffix = dot && dot > word && (uint8_t)((dot[1] | 0x20) - 'a') < 26;
	return !strpbrk(word, " \t\n<@") && (suffix || word[0] == '/' || word[0] == '.');
}

/* joined - all words as one text, for a reply that was not quoted; bm_free */
static char *joined(const struct bm_options *options, size_t *size)
{
	struct bm_text text = {0};
	for (size_t i = 0; i < options->path_count; i++) {
		if (i)
			bm_text_byte(&text, ' ');
		bm_text_add(&text, bm_bytes_of(options->paths[i]));
	}
	*size = text.size;
	bm_text_byte(&text, 0);
	return (char *)text.data;
}

/* input_read - what is to be diagnosed: words, a file or standard input; NULL after saying why
 * not, else bm_free */
static char *input_read(const struct bm_options *options, size_t *size)
{
	const char *const word = options->path_count ? options->paths[0] : "-";
	const bool standard = strcmp(word, "-") == 0;
	if (options->path_count == 0 && isatty(STDIN_FILENO)) {
		bm_say(NULL, "no input (give a reply in quotes, a file, or text on standard "
			     "input; see bouncemill help diagnose)");
		return NULL;
	}
	if (!standard && !is_file(word)) {
		if (options->path_count == 1 && names_file(word) && !options->quiet)
			bm_say(word, "is no file, so it is taken for text");
		return joined(options, size);
	}
	if (options->path_count > 1) {
		bm_say(word, "is a file, and more words follow it (one file at a time; --batch "
			     "reads lists)");
		return NULL;
	}
	return bm_argument_file(word, INPUT_BYTES_MAX, size);
}

/* answer_words - diagnose what the command line names */
static int answer_words(struct desk *desk)
{
	size_t size = 0;
	char *const input = input_read(desk->options, &size);
	if (input == NULL)
		return BM_EXIT_USAGE;
	const int status = answer_input(desk, (struct bm_bytes){(uint8_t *)input, size});
	bm_free(input);
	return status;
}

/* --- the command --- */

/* print - what was written so far; BM_EXIT_OUTPUT when it cannot be */
static int print(const struct bm_text *out, int status)
{
	struct bm_output *output;
	enum bm_err err = bm_output_open(&output, NULL);
	if (err == BM_OK) {
		bm_output_write(output, (struct bm_bytes){out->data, out->size});
		err = bm_output_finish(output);
	}
	return err == BM_OK ? status : BM_EXIT_OUTPUT;
}

int bm_diagnose_run(const struct bm_options *options)
{
	struct bm_rules *const rules = bm_rules_new();
	struct desk desk = {.options = options};
	int status = BM_EXIT_USAGE;
	if (bm_setup_rules(options, rules) == BM_OK) {
		desk.examiner = bm_examiner_new(rules);
		if (options->batch)
			status = bm_batch_run(options->batch, desk.examiner, &desk.out);
		else if (options->audit)
			status = bm_audit_run(options->audit, rules, desk.examiner, &desk.out);
		else if (options->mails)
			status = bm_mails_run(options, desk.examiner, &desk.out);
		else
			status = answer_words(&desk);
		status = print(&desk.out, status);
		bm_examiner_free(desk.examiner);
	}
	bm_text_dispose(&desk.out);
	bm_rules_free(rules);
	return status;
}
