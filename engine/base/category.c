/* category.c - names and properties of the categories, and what the languages say about them.
 *
 * Names come from the X-list of category.h.  Texts are lines of formats/lang/<lang>.txt,
 *
 *     CATEGORY.title NAME
 *     CATEGORY.diagnosis TEXT
 *     CATEGORY.prescription TEXT
 *
 * built into the program.  They are read once, before main(), so that look-ups need no lock and
 * cost nothing: two languages are some 30 kB.  A line that names no category is our own mistake
 * and an assert.  Lines in quotes are words.c's.
 */
#include "bouncemill/category.h"

#include <assert.h>

#include "bouncemill/error.h"
#include "bouncemill/registry.h"

enum { LANG_EN, LANG_ZH, LANG_COUNT };
enum { SAYS_TITLE, SAYS_DIAGNOSIS, SAYS_PRESCRIPTION, SAYS_COUNT };

static const char *const lang_files[LANG_COUNT] = {"lang/en.txt", "lang/zh.txt"};

/* NUL-terminated, or NULL where a language has nothing to say; filled before main() */
static const char *texts[LANG_COUNT][BM_CATEGORY_COUNT][SAYS_COUNT];

struct traits {
	const char *name, *fault, *severity;
};

#define FAULT_NONE      ""
#define FAULT_RECIPIENT "recipient"
#define FAULT_SENDER    "sender"
#define FAULT_MESSAGE   "message"
#define FAULT_NETWORK   "network"
#define SEVERITY_NONE   ""
#define SEVERITY_HARD   "hard"
#define SEVERITY_SOFT   "soft"

static const struct traits categories[BM_CATEGORY_COUNT] = {
#define X(identifier, name, fault, severity) {name, FAULT_##fault, SEVERITY_##severity},
	BM_CATEGORIES(X)
#undef X
};

const char *bm_category_name(enum bm_category category)
{
	return categories[category].name;
}

const char *bm_category_fault(enum bm_category category)
{
	return categories[category].fault;
}

const char *bm_category_severity(enum bm_category category)
{
	return categories[category].severity;
}

enum bm_bearing bm_category_bearing(enum bm_category category)
{
	const struct traits *const traits = &categories[category];
	if (category == BM_CATEGORY_FEEDBACK_LOOP)
		return BM_BEARING_HARD;
	if (category == BM_CATEGORY_UNKNOWN || strcmp(traits->fault, FAULT_NETWORK) == 0)
		return BM_BEARING_SOFT;
	if (strcmp(traits->fault, FAULT_RECIPIENT) != 0)
		return BM_BEARING_NONE;
	return strcmp(traits->severity, SEVERITY_HARD) == 0 ? BM_BEARING_HARD : BM_BEARING_SOFT;
}

enum bm_category bm_category_find(struct bm_bytes name)
{
	unsigned i = 0;
	while (i < BM_CATEGORY_COUNT && !bm_bytes_equal(name, bm_bytes_of(categories[i].name)))
		i++;
	return (enum bm_category)i;
}

/* text_of - what lang says about a category, or "" */
static const char *text_of(enum bm_category category, const char *lang, int says)
{
	const int index = strcmp(lang, "zh") == 0 ? LANG_ZH : LANG_EN;
	const char *const text = texts[index][category][says];
	return text ? text : "";
}

const char *bm_category_diagnosis(enum bm_category category, const char *lang)
{
	return text_of(category, lang, SAYS_DIAGNOSIS);
}

const char *bm_category_prescription(enum bm_category category, const char *lang)
{
	return text_of(category, lang, SAYS_PRESCRIPTION);
}

const char *bm_category_title(enum bm_category category, const char *lang)
{
	const char *const title = text_of(category, lang, SAYS_TITLE);
	return *title ? title : bm_category_name(category);
}

/* says_of - which text a line's key is about */
static int says_of(const char *key)
{
	return key[0] == 't' ? SAYS_TITLE : key[0] == 'd' ? SAYS_DIAGNOSIS : SAYS_PRESCRIPTION;
}

/* line_read - one line of a language file, NUL-terminated in place */
static void line_read(char *line, int lang)
{
	char *const dot = strchr(line, '.'), *const blank = dot ? strchr(dot, ' ') : NULL;
	if (line[0] == '#' || line[0] == '"' || line[0] == '\0')
		return;
	assert(blank);
	if (!blank)
		return;
	const struct bm_bytes name = {(const uint8_t *)line, (size_t)(dot - line)};
	const enum bm_category category = bm_category_find(name);
	assert(category < BM_CATEGORY_COUNT);
	if (category < BM_CATEGORY_COUNT)
		texts[lang][category][says_of(dot + 1)] = blank + 1;
}

/* lang_read - a language file; its copy lives as long as the process */
static void lang_read(struct bm_bytes text, int lang)
{
	char *const copy = bm_alloc(text.size + 1);
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	for (char *line = copy, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		line_read(line, lang);
	}
}

/* texts_read - runs before main() */
__attribute__((constructor)) static void texts_read(void)
{
	const char *name;
	struct bm_bytes text;
	for (size_t i = 0; bm_embedded(i, &name, &text); i++)
		for (int lang = 0; lang < LANG_COUNT; lang++)
			if (strcmp(name, lang_files[lang]) == 0)
				lang_read(text, lang);
}
