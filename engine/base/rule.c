/* rule.c - rules are data; this reads them, finds their phrases in one pass and weighs the
 * evidence.
 *
 * All phrases of all rules become one Aho-Corasick automaton, so a template costs one pass
 * however many rules there are.  Bytes are first mapped to classes: letters without case, and one
 * class for all bytes that no phrase uses.  The first few levels of states, where nearly all text
 * spends its time, are numbered breadth first and have a full row of transitions; a deeper state
 * knows only its children, which lie side by side, and hands any other byte to its longest proper
 * suffix.  Deeper states are numbered so that the rest of a phrase follows its start.  Full rows for
 * all states would be 6 MB of which a page fault a row is paid at every start (23 ms measured
 * against 2), and would not fit a cache.
 *
 * A quoted phrase may stand for many: "{no such|unknown} {user|mailbox}" is written out when it is
 * read, as four phrases of one group, of which any will do.  A phrase found sets its group's bit for
 * each rule that names it; a rule whose bits are all set, whose scope is the provider and whose
 * codes fit is a candidate.  Rules are sorted by rank, file and line before sealing, so the
 * candidate with the smallest index is the verdict, and rules behind the best so far are not looked
 * at.  Rules without phrases are tried last, in the same order, as far as they rank before what the
 * phrases found.
 *
 * Most time goes to cache misses and mispredicted branches, not to instructions.  So a phrase lists
 * its rules by kind: those of one provider, skipped as a whole for a provider that no rule is for;
 * those that a few bits decide; those with nearness.  A list holds all that the common case needs in
 * eight bytes a rule, and what is found of a rule is one word.  A sealed set is read-only; found
 * words live in the scratch and start with an epoch, so that nothing is cleared between calls.
 *
 * "user" ~ "unknown" wants the second phrase soon behind the first.  So a rule's scratch also holds
 * where each group was last seen: what follows is nearest to that place.  The place before it is
 * held too, since a phrase may have ended inside the one that follows ("great" ~ "too gr" in "a
 * great deal too great").
 */
#include "bouncemill/rule.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "bouncemill/intern.h"
#include "bouncemill/registry.h"
#include "arena.h"
#include "data.h"
#include "hash.h"

enum {
	BM_RULE_GROUPS_MAX = 8,         /* of one rule: a bit each */
	BM_RULE_CODES_MAX = 24,         /* of one rule */
	BM_RULE_PHRASES_MAX = 5000,     /* of one rule, written out */
	BM_PHRASE_BYTES_MAX = 200,      /* of one phrase */
	BM_QUOTED_BYTES_MAX = 16000,    /* of what stands between two quotes */
	BM_BRACES_MAX = 6,              /* of one phrase: bounds the recursion */
	BM_NEAR_BYTES = 32,             /* between two phrases with ~ between them */
	BM_NEAR_BYTES_MAX = 200,        /* what may be said instead, as ~200 */
	BM_LINKS_MAX = 8,               /* of one template, in which words are not words */
	BM_RULES_MAX = 100000,          /* of one set */
	BM_SCOPE_MASK = 0x7fff,         /* as many bits as a user has */
	BM_SCOPES_MAX = 30000,          /* of one set */
	BM_PHRASES_BYTES_MAX = 1 << 21, /* of all phrases of a set: bounds the automaton's states */
	BM_DENSE_LEVELS = 2             /* levels of the automaton below the root that have rows */
};

enum rank {
	RANK_USER,
	RANK_OWN_CODE,
	RANK_PROVIDER,
	RANK_GENERAL,
	RANK_PROVIDER_CODE,
	RANK_ENHANCED,
	RANK_LOOSE,
	RANK_VAGUE,
	RANK_BASIC
};

/* One pattern of CODES.  A class of 0 and WILD elsewhere match anything, but no success. */
enum pattern_kind { PATTERN_BASIC, PATTERN_ENHANCED, PATTERN_STAGE };
enum { WILD = 0xffff };

struct pattern {
	uint8_t kind;
	uint8_t class;    /* first digit, or 0 */
	uint16_t subject; /* second digit of a basic code, or the subject, or the stage */
	uint16_t detail;  /* third digit, or the detail */
};

struct rule {
	struct bm_rule shown;
	const char *file;
	uint32_t line;
	uint32_t first_code; /* in rules->codes */
	uint32_t first_use;  /* in rules->uses */
	uint32_t uses;
	uint32_t places; /* in the scratch, of a rule with nearness */
	uint16_t scope;  /* 0 = any provider, else 1 + number in rules->scopes */
	uint8_t codes;
	uint8_t groups; /* quoted phrases */
	uint8_t near;   /* bits of those that must come soon behind the one before them */
	uint8_t rank;
	uint8_t gap[BM_RULE_GROUPS_MAX]; /* bytes that may lie between */
};

/* A phrase that a rule names, before sealing; then the same from the phrase's side, with all that
 * most rules need to be decided, so that these stay out of the cache. */
struct use {
	uint32_t phrase; /* in rules->phrases */
	uint8_t group;   /* a bit */
};

struct user {
	uint32_t rule;       /* UINT32_MAX ends a list */
	uint16_t scope : 15; /* the rule's */
	uint16_t near : 1;   /* the rule's */
	uint8_t group;       /* a bit */
	uint8_t wanted; /* bits of all groups; with nearness, the group that must stand before or 0 */
};

/* Lists of the rules that name a phrase, as they are decided in different ways. */
enum kind { KIND_SCOPED, KIND_PLAIN, KIND_NEAR, KINDS };

/* What has been found of a rule: epoch << GROUPS_BITS | bits of groups; less than that is nothing. */
enum { GROUPS_BITS = BM_RULE_GROUPS_MAX, EPOCH_MAX = (1 << (31 - GROUPS_BITS)) - 1 };

/* Where the last two phrases of each group of a rule with nearness ended. */
struct places {
	uint32_t end[BM_RULE_GROUPS_MAX][2];
};

struct phrase {
	struct bm_bytes text;  /* folded, in rules->arena */
	uint32_t users[KINDS]; /* where in rules->users each list starts, after sealing */
	bool link;             /* may stand inside a link: has more than words in it */
};

/* What a walk over a text needs; small, so that a walk may hold a copy that nothing else can change. */
struct automaton {
	uint32_t classes;
	uint32_t dense; /* states below this number have a row */
	uint32_t *next; /* dense x classes: the state to go to, with ENDS if phrases end there */
	struct state *state;   /* all states */
	uint8_t *label;        /* of each state the class of the byte that leads to it */
	struct ending *ending; /* of each state the phrases that end there */
};

enum { NO_CLASS = 0xff }; /* there are fewer: phrases have neither capitals nor marks */
static const uint32_t ENDS = 1u << 31;

struct bm_rules {
	struct rule *rules;
	size_t count, room;
	struct pattern *codes;
	size_t code_count, code_room;
	struct use *uses;
	size_t use_count, use_room;
	struct phrase *phrases;
	size_t phrase_count, phrase_room;
	struct bm_arena arena;    /* of names, scopes, file names and phrases */
	struct bm_intern *scopes; /* providers that rules are for */
	size_t phrases_bytes;
	uint32_t *names, *texts; /* by hash: 1 + rule by name, 1 + phrase by text; 0 = free */
	size_t names_room, texts_room;
	struct bm_keep *keep;

	/* after sealing */
	uint8_t class_of[256];
	uint32_t states;
	struct automaton automaton;
	struct user *users; /* lists by phrase; the first is empty */
	struct user *bare;  /* rules without phrases, ascending */
	size_t bare_count;
	size_t near_count; /* rules with nearness */
	bool sealed;
};

/* A step reads the eight bytes of a state, and no more when it goes to the first child or back. */
struct state {
	unsigned child : 22;  /* the first child; the others are behind it */
	unsigned first : 8;   /* its class, or NO_CLASS */
	unsigned more : 1;    /* there are others */
	unsigned ends : 1;    /* a phrase ends here */
	unsigned suffix : 22; /* the state of the longest proper suffix that is one */
	unsigned children : 8;
};

struct ending {
	uint32_t phrase;  /* 1 + the longest phrase that ends here, or 0 */
	uint32_t shorter; /* the state of the others, which are shorter, or 0 */
};

struct bm_rules_scratch {
	uint32_t epoch;
	uint32_t *found;       /* by rule */
	struct places *places; /* of rules with nearness */
};

struct bm_rules *bm_rules_new(void)
{
	struct bm_rules *rules = bm_zalloc(1, sizeof *rules);
	rules->keep = bm_keep_new();
	rules->scopes = bm_intern_new();
	return rules;
}

void bm_rules_free(struct bm_rules *rules)
{
	if (!rules)
		return;
	bm_arena_dispose(&rules->arena);
	bm_intern_free(rules->scopes);
	bm_keep_free(rules->keep);
	void *const parts[] = {rules->rules,
			       rules->codes,
			       rules->uses,
			       rules->phrases,
			       rules->names,
			       rules->texts,
			       rules->automaton.next,
			       rules->automaton.state,
			       rules->automaton.label,
			       rules->automaton.ending,
			       rules->users,
			       rules->bare,
			       rules};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		bm_free(parts[i]);
}

/* own - a NUL-terminated copy of run that lives as long as the set */
static const char *own(struct bm_rules *rules, struct bm_bytes run)
{
	char *const copy = bm_arena_take(&rules->arena, run.size + 1);
	if (run.size)
		memcpy(copy, run.data, run.size);
	copy[run.size] = '\0';
	return copy;
}

/* index_slot - the slot of a hash index of 1-based numbers where key is, or would go */
static uint32_t *index_slot(const struct bm_rules *rules, bool names, struct bm_bytes key)
{
	uint32_t *const slots = names ? rules->names : rules->texts;
	const size_t mask = (names ? rules->names_room : rules->texts_room) - 1;
	size_t i = bm_hash(key) & mask;
	for (; slots[i]; i = (i + 1) & mask) {
		const uint32_t number = slots[i] - 1;
		const struct bm_bytes have = names ? bm_bytes_of(rules->rules[number].shown.name)
						   : rules->phrases[number].text;
		if (bm_bytes_equal(have, key))
			break;
	}
	return &slots[i];
}

/* index_room - room for one more in an index of count members */
static void index_room(struct bm_rules *rules, bool names, size_t count)
{
	uint32_t **const slots = names ? &rules->names : &rules->texts;
	size_t *const room = names ? &rules->names_room : &rules->texts_room;
	if (count * 2 < *room)
		return;
	bm_free(*slots);
	*room = *room ? *room * 4 : 1024;
	*slots = bm_zalloc(*room, sizeof **slots);
	for (size_t i = 0; i < count; i++) {
		const struct bm_bytes key =
			names ? bm_bytes_of(rules->rules[i].shown.name) : rules->phrases[i].text;
		*index_slot(rules, names, key) = (uint32_t)i + 1;
	}
}

/* ---- reading rules ---- */

struct reader {
	struct bm_rules *rules;
	const char *file;
	uint32_t line;
	bool user;
	enum bm_err result;
};

/* fault - say what is wrong with the current line and what to do; returns false */
static bool fault(struct reader *reader, const char *what, struct bm_bytes word, const char *remedy)
{
	char where[300];
	const int size = word.size < 60 ? (int)word.size : 60;
	snprintf(where, sizeof where, "%s:%u", reader->file, (unsigned)reader->line);
	bm_say(where, "%s '%.*s' (%s)", what, size, size ? (const char *)word.data : "", remedy);
	reader->result = BM_USAGE;
	return false;
}

/* is_name - is word made of the bytes a name may have */
static bool is_name(struct bm_bytes word)
{
	for (size_t i = 0; i < word.size; i++) {
		const uint8_t byte = word.data[i];
		const bool fine = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
				  byte == '-' || byte == '.' || byte == '/';
		if (!fine)
			return false;
	}
	return word.size > 0;
}

/* field - a number of up to three digits, or x for WILD, into *value; returns its length, 0 =
 * neither */
static size_t field(struct bm_bytes word, uint16_t *value)
{
	if (word.size && word.data[0] == 'x') {
		*value = WILD;
		return 1;
	}
	size_t i = 0;
	*value = 0;
	for (; i < word.size && i < 3 && word.data[i] >= '0' && word.data[i] <= '9'; i++)
		*value = (uint16_t)(*value * 10 + word.data[i] - '0');
	return i;
}

/* class_digit - 2, 4, 5 or (basic codes) 3 as itself, x as 0; 0xff = no class */
static uint8_t class_digit(uint8_t byte)
{
	return byte == 'x' ? 0 : byte >= '2' && byte <= '5' ? (uint8_t)(byte - '0') : 0xff;
}

/* stage_pattern - "@rcpt" and the like */
static bool stage_pattern(struct bm_bytes word, struct pattern *pattern)
{
	static const struct {
		const char *name;
		enum bm_stage stage;
	} table[] = {{"@connect", BM_STAGE_CONNECT},   {"@ehlo", BM_STAGE_EHLO},
		     {"@starttls", BM_STAGE_STARTTLS}, {"@auth", BM_STAGE_AUTH},
		     {"@mail", BM_STAGE_MAIL},         {"@rcpt", BM_STAGE_RCPT},
		     {"@data", BM_STAGE_DATA},         {"@dot", BM_STAGE_DOT}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (!bm_bytes_equal(word, bm_bytes_of(table[i].name)))
			continue;
		*pattern = (struct pattern){.kind = PATTERN_STAGE,
					    .subject = (uint16_t)table[i].stage};
		return true;
	}
	return false;
}

/* pattern_parse - one pattern of CODES */
static bool pattern_parse(struct bm_bytes word, struct pattern *pattern)
{
	if (word.size && word.data[0] == '@')
		return stage_pattern(word, pattern);
	*pattern = (struct pattern){.class = word.size ? class_digit(word.data[0]) : 0xff};
	if (pattern->class == 0xff || word.size < 3)
		return false;
	if (word.data[1] != '.') {
		pattern->kind = PATTERN_BASIC;
		return word.size == 3 &&
		       field((struct bm_bytes){word.data + 1, 1}, &pattern->subject) == 1 &&
		       field((struct bm_bytes){word.data + 2, 1}, &pattern->detail) == 1;
	}
	pattern->kind = PATTERN_ENHANCED;
	const size_t middle = field(bm_bytes_from(word, 2), &pattern->subject);
	if (!middle || 2 + middle >= word.size || word.data[2 + middle] != '.')
		return false;
	const size_t last = field(bm_bytes_from(word, 3 + middle), &pattern->detail);
	return last && 3 + middle + last == word.size;
}

/* codes_read - CODES into the rule */
static bool codes_read(struct reader *reader, struct bm_bytes word, struct rule *rule)
{
	struct bm_rules *const rules = reader->rules;
	rule->first_code = (uint32_t)rules->code_count;
	if (bm_bytes_equal(word, BM_BYTES("*")))
		return true;
	for (size_t start = 0, end; start <= word.size; start = end + 1) {
		end = bm_bytes_find(word, start, ',');
		struct pattern pattern;
		const struct bm_bytes one = {word.data + start, end - start};
		if (!pattern_parse(one, &pattern))
			return fault(reader, "no code pattern:", one,
				     "use *, or a comma list such as 550,4xx,5.1.1,x.2.2,@rcpt");
		if (rule->codes == BM_RULE_CODES_MAX)
			return fault(reader, "too many codes:", word, "split the rule in two");
		BM_GROW(rules->codes, rules->code_count, rules->code_room);
		rules->codes[rules->code_count++] = pattern;
		rule->codes++;
	}
	return true;
}

/* is_link_text - has text a byte that words do not have but links do */
static bool is_link_text(struct bm_bytes text)
{
	static const bool of_links[256] = {['.'] = true, ['/'] = true, ['?'] = true, ['='] = true,
					   ['#'] = true, [':'] = true, ['&'] = true, ['_'] = true};
	for (size_t i = 0; i < text.size; i++)
		if (of_links[text.data[i]])
			return true;
	return false;
}

/* keep_hosts - add the host names in a phrase ("zen.spamhaus.org") to the set the mask leaves
 * readable */
static void keep_hosts(struct bm_rules *rules, struct bm_bytes text)
{
	for (size_t i = 0; i < text.size;) {
		size_t start = i, dots = 0;
		for (; i < text.size; i++) {
			const uint8_t byte = text.data[i];
			const bool fine = (byte >= 'a' && byte <= 'z') ||
					  (byte >= '0' && byte <= '9') || byte == '-' ||
					  byte == '.';
			if (!fine)
				break;
			dots += byte == '.' && i > start && i + 2 < text.size;
		}
		size_t size = i - start;
		while (size && text.data[start + size - 1] == '.')
			size--;
		const uint8_t last = size ? text.data[start + size - 1] : 0;
		if (dots && size >= 4 && last >= 'a' && text.data[start] != '.')
			bm_keep_add(rules->keep, (struct bm_bytes){text.data + start, size});
		i += i == start;
	}
}

/* phrase_intern - the number of a folded phrase */
static uint32_t phrase_intern(struct bm_rules *rules, struct bm_bytes text)
{
	index_room(rules, false, rules->phrase_count);
	uint32_t *const slot = index_slot(rules, false, text);
	if (*slot)
		return *slot - 1;
	const bool link = is_link_text(text);
	if (link)
		keep_hosts(rules, text);
	BM_GROW(rules->phrases, rules->phrase_count, rules->phrase_room);
	rules->phrases[rules->phrase_count] =
		(struct phrase){.text = bm_arena_copy(&rules->arena, text), .link = link};
	rules->phrases_bytes += text.size;
	*slot = (uint32_t)++rules->phrase_count;
	return *slot - 1;
}

/* A quoted phrase on its way to the phrases it stands for. */
struct pattern_text {
	struct reader *reader;
	struct rule *rule;
	uint8_t text[BM_PHRASE_BYTES_MAX];
	size_t size;
	unsigned braces;
};

/* Marks in a quoted phrase, of bytes that no phrase holds. */
enum { MARK_OPEN = 1, MARK_OR = 2, MARK_CLOSE = 3 };

/* phrase_add - name a phrase in the rule's newest group */
static bool phrase_add(const struct pattern_text *pattern)
{
	struct reader *const reader = pattern->reader;
	struct bm_rules *const rules = reader->rules;
	struct rule *const rule = pattern->rule;
	const struct bm_bytes text = {pattern->text, pattern->size};
	if (!text.size)
		return fault(reader, "empty phrase:", bm_bytes_of(rule->shown.name),
			     "a phrase needs at least one byte");
	if (rule->uses == BM_RULE_PHRASES_MAX)
		return fault(reader, "too many alternatives:", text, "at most 5000 in one rule");
	if (rules->phrases_bytes + text.size >= BM_PHRASES_BYTES_MAX)
		return fault(reader, "too many phrases:", text, "at most 2 MiB in all");
	const struct use use = {phrase_intern(rules, text), (uint8_t)(1u << (rule->groups - 1))};
	BM_GROW(rules->uses, rules->use_count, rules->use_room);
	rules->uses[rules->use_count++] = use;
	rule->uses++;
	return true;
}

static bool phrase_expand(struct pattern_text *pattern, struct bm_bytes rest);

/* pattern_put - append plain text to what the pattern holds */
static bool pattern_put(struct pattern_text *pattern, struct bm_bytes text)
{
	if (pattern->size + text.size > BM_PHRASE_BYTES_MAX)
		return fault(pattern->reader, "too long a phrase:", text, "at most 200 bytes");
	memcpy(pattern->text + pattern->size, text.data, text.size);
	pattern->size += text.size;
	return true;
}

/* choices_expand - go on with each of the choices between a pair of braces */
static bool choices_expand(struct pattern_text *pattern, struct bm_bytes choices,
			   struct bm_bytes behind)
{
	const size_t kept = pattern->size;
	bool fine = true;
	for (size_t start = 0, end; fine && start <= choices.size; start = end + 1) {
		end = bm_bytes_find(choices, start, MARK_OR);
		pattern->size = kept;
		fine = pattern_put(pattern, (struct bm_bytes){choices.data + start, end - start}) &&
		       phrase_expand(pattern, behind);
	}
	return fine;
}

/* phrase_expand - write out rest behind what the pattern holds, once for each choice of its braces */
static bool phrase_expand(struct pattern_text *pattern, struct bm_bytes rest)
{
	const size_t open = bm_bytes_find(rest, 0, MARK_OPEN);
	const size_t close = bm_bytes_find(rest, 0, MARK_CLOSE);
	if (!pattern_put(pattern, (struct bm_bytes){rest.data, open < close ? open : close}))
		return false;
	if (open == close)
		return phrase_add(pattern); /* there is neither */
	const size_t next = bm_bytes_find(rest, open + 1, MARK_OPEN);
	if (close < open || close == rest.size || next < close || pattern->braces == BM_BRACES_MAX)
		return fault(pattern->reader, "bad braces:", bm_bytes_of(pattern->rule->shown.name),
			     "close each {, put none inside another, use at most 6");
	pattern->braces++;
	const struct bm_bytes choices = {rest.data + open + 1, close - open - 1};
	const bool fine = choices_expand(pattern, choices, bm_bytes_from(rest, close + 1));
	pattern->braces--;
	return fine;
}

/* group_add - all phrases that a quoted text with marks stands for, as one group of the rule */
static bool group_add(struct reader *reader, struct bm_bytes text, struct rule *rule)
{
	bool fine = true;
	rule->groups++;
	for (size_t start = 0, end, inside; fine && start <= text.size; start = end + 1) {
		inside = 0;
		for (end = start; end < text.size; end++) {
			inside += text.data[end] == MARK_OPEN;
			inside -= text.data[end] == MARK_CLOSE && inside;
			if (text.data[end] == MARK_OR && !inside)
				break;
		}
		struct pattern_text pattern = {.reader = reader, .rule = rule};
		fine = phrase_expand(&pattern, (struct bm_bytes){text.data + start, end - start});
	}
	return fine;
}

/* mark_of - the byte that stands for a byte of a quoted phrase: folded, and { | } as marks */
static uint8_t mark_of(uint8_t byte)
{
	switch (byte) {
	case '{':
		return MARK_OPEN;
	case '|':
		return MARK_OR;
	case '}':
		return MARK_CLOSE;
	default:
		return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
	}
}

/* phrase_read - one quoted phrase at the head of *line, folded; a backslash takes the meaning from
 * the byte behind it */
static bool phrase_read(struct reader *reader, struct bm_bytes *line, struct rule *rule)
{
	uint8_t text[BM_QUOTED_BYTES_MAX];
	size_t size = 0, i = 1;
	for (; i < line->size && line->data[i] != '"'; i++) {
		const bool plain = line->data[i] == '\\' && i + 1 < line->size;
		i += plain;
		if (size == sizeof text)
			return fault(reader, "too long a phrase:", *line, "at most 16000 bytes");
		const uint8_t byte = line->data[i];
		text[size++] = plain ? byte : mark_of(byte);
	}
	if (i == line->size)
		return fault(reader, "no closing quote:", *line, "end the phrase with \"");
	if (rule->groups == BM_RULE_GROUPS_MAX)
		return fault(reader, "too many phrases:", *line, "at most 8 in one rule");
	*line = bm_bytes_from(*line, i + 1);
	return group_add(reader, (struct bm_bytes){text, size}, rule);
}

/* near_read - a ~ or ~20 in front of a phrase: it must come that soon behind the one before it */
static bool near_read(struct reader *reader, struct bm_bytes *line, struct rule *rule)
{
	const struct bm_bytes word = bm_data_word(line);
	unsigned gap = word.size > 1 ? 0 : BM_NEAR_BYTES;
	if (!rule->groups || rule->groups == BM_RULE_GROUPS_MAX)
		return fault(reader, "no phrase before ~:", word, "use ~ between two phrases");
	for (size_t i = 1; i < word.size; i++) {
		gap = gap * 10 + word.data[i] - '0';
		if (!bm_is_digit(word.data[i]) || gap > BM_NEAR_BYTES_MAX)
			return fault(reader, "no distance:", word,
				     "use ~ or ~0 to ~200 and a blank");
	}
	rule->near |= (uint8_t)(1u << rule->groups);
	rule->gap[rule->groups] = (uint8_t)gap;
	while (line->size && bm_data_is_blank(line->data[0]))
		*line = bm_bytes_from(*line, 1);
	return true;
}

/* phrases_read - all phrases to the end of the line */
static bool phrases_read(struct reader *reader, struct bm_bytes line, struct rule *rule)
{
	for (;;) {
		while (line.size && bm_data_is_blank(line.data[0]))
			line = bm_bytes_from(line, 1);
		if (!line.size || line.data[0] == '#')
			return true;
		if (line.data[0] == '~' && !near_read(reader, &line, rule))
			return false;
		if (!line.size || line.data[0] != '"')
			return fault(reader, "no phrase:", line, "put phrases in double quotes");
		if (!phrase_read(reader, &line, rule))
			return false;
	}
}

/* is_own_code - has a provider's rule nothing but codes of refusals (x.7) whose detail has three
 * digits: no registry knows them, the provider made them up; its x.4.312 and the like only wrap what
 * another server said, and that is in the text */
static bool is_own_code(const struct bm_rules *rules, const struct rule *rule)
{
	for (uint8_t i = 0; i < rule->codes; i++) {
		const struct pattern *const pattern = &rules->codes[rule->first_code + i];
		if (pattern->kind != PATTERN_ENHANCED || pattern->subject != 7 ||
		    pattern->detail < 100 || pattern->detail == WILD)
			return false;
	}
	return rule->codes > 0;
}

/* is_loose - does a file's name (70-loose.rules) say that the words of its general rules tell less
 * than a code does that says what is wrong */
static bool is_loose(const char *file)
{
	const char *const slash = strrchr(file, '/');
	const char first = slash ? slash[1] : file[0];
	return first >= '7' && first <= '9';
}

/* rank_of_codes - how strong a general rule without phrases is.  An enhanced code that leaves the
 * detail open (5.7.0), or says no more than that mail was refused (5.7.1), tells less than a word. */
static enum rank rank_of_codes(const struct bm_rules *rules, const struct rule *rule)
{
	enum rank rank = RANK_BASIC;
	for (uint8_t i = 0; i < rule->codes; i++) {
		const struct pattern *const pattern = &rules->codes[rule->first_code + i];
		if (pattern->kind != PATTERN_ENHANCED)
			continue;
		if (pattern->detail != 0 && !(pattern->subject == 7 && pattern->detail == 1))
			return RANK_ENHANCED;
		rank = RANK_VAGUE;
	}
	return rank;
}

/* rank_of - how strong the evidence of a rule is */
static enum rank rank_of(const struct bm_rules *rules, const struct rule *rule, bool user)
{
	const bool scoped = strcmp(rule->shown.scope, "*") != 0;
	if (user)
		return RANK_USER;
	if (rule->groups)
		return scoped ? RANK_PROVIDER : is_loose(rule->file) ? RANK_LOOSE : RANK_GENERAL;
	if (scoped)
		return is_own_code(rules, rule) ? RANK_OWN_CODE : RANK_PROVIDER_CODE;
	return rank_of_codes(rules, rule);
}

/* head_read - NAME CATEGORY SCOPE CODES of a line */
static bool head_read(struct reader *reader, struct bm_bytes *line, struct rule *rule)
{
	const struct bm_bytes name = bm_data_word(line), category = bm_data_word(line);
	const struct bm_bytes scope = bm_data_word(line), codes = bm_data_word(line);
	if (!is_name(name))
		return fault(reader, "bad rule name:", name, "use a-z, 0-9, dash, dot and slash");
	rule->shown.category = bm_category_find(category);
	if (rule->shown.category == BM_CATEGORY_COUNT)
		return fault(reader, "no such category:", category,
			     "see the categories table for the names");
	if (!is_name(scope) && !bm_bytes_equal(scope, BM_BYTES("*")))
		return fault(reader, "bad scope:", scope, "use a provider's name or *");
	if (!codes.size)
		return fault(reader, "no codes in rule:", name, "use * for any code");
	if (bm_intern_count(reader->rules->scopes) >= BM_SCOPES_MAX)
		return fault(reader, "too many providers:", scope, "at most 30000");
	index_room(reader->rules, true, reader->rules->count);
	const uint32_t known = *index_slot(reader->rules, true, name);
	if (known && !reader->user && reader->rules->rules[known - 1].rank == RANK_USER)
		return false; /* a user's rule replaces the built-in one of its name */
	if (known)
		return fault(reader, "name used before:", name, "give each rule its own name");
	rule->shown.name = own(reader->rules, name);
	rule->shown.scope = own(reader->rules, scope);
	if (scope.data[0] != '*')
		rule->scope = (uint16_t)(bm_intern_add(reader->rules->scopes, scope) + 1);
	return codes_read(reader, codes, rule);
}

/* line_read - one line: nothing, a comment or a rule */
static void line_read(struct reader *reader, struct bm_bytes line)
{
	struct bm_rules *const rules = reader->rules;
	struct bm_bytes peek = line;
	if (!bm_data_word(&peek).size)
		return;
	struct rule rule = {.file = reader->file,
			    .line = reader->line,
			    .first_use = (uint32_t)rules->use_count};
	if (!head_read(reader, &line, &rule) || !phrases_read(reader, line, &rule))
		return;
	if (!rule.groups && !rule.codes) {
		fault(reader, "rule matches everything:", bm_bytes_of(rule.shown.name),
		      "give it codes or phrases");
		return;
	}
	if (rules->count == BM_RULES_MAX) {
		fault(reader, "too many rules at", bm_bytes_of(rule.shown.name), "at most 100000");
		return;
	}
	rule.rank = (uint8_t)rank_of(rules, &rule, reader->user);
	BM_GROW(rules->rules, rules->count, rules->room);
	rules->rules[rules->count++] = rule;
	*index_slot(rules, true, bm_bytes_of(rule.shown.name)) = (uint32_t)rules->count;
}

enum bm_err bm_rules_add(struct bm_rules *rules, const char *file, struct bm_bytes text, bool user)
{
	assert(!rules->sealed);
	struct reader reader = {
		.rules = rules, .file = own(rules, bm_bytes_of(file)), .user = user};
	for (size_t start = 0, end; start < text.size; start = end + 1) {
		end = bm_bytes_find(text, start, '\n');
		reader.line++;
		line_read(&reader, (struct bm_bytes){text.data + start, end - start});
	}
	return reader.result;
}

void bm_rules_builtin(struct bm_rules *rules)
{
	const char *name;
	struct bm_bytes text;
	for (size_t i = 0; bm_embedded(i, &name, &text); i++) {
		const size_t size = strlen(name);
		if (size < 6 || strcmp(name + size - 6, ".rules") != 0)
			continue;
		const enum bm_err err = bm_rules_add(rules, name, text, false);
		assert(err == BM_OK);
		(void)err;
	}
}

/* ---- sealing ---- */

/* rule_order - by rank, file and line */
static int rule_order(const void *left, const void *right)
{
	const struct rule *const a = left, *const b = right;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	const int order = strcmp(a->file, b->file);
	return order ? order : (a->line > b->line) - (a->line < b->line);
}

/* all_groups - the bits of all groups of a rule */
static uint8_t all_groups(const struct rule *rule)
{
	return (uint8_t)((1u << rule->groups) - 1);
}

/* kind_of - the list that a rule belongs to */
static enum kind kind_of(const struct rule *rule)
{
	return rule->scope ? KIND_SCOPED : rule->near ? KIND_NEAR : KIND_PLAIN;
}

/* lists_size - room for each list and its end behind the empty one: phrases know where that end
 * is */
static void lists_size(struct bm_rules *rules)
{
	const struct user end = {.rule = UINT32_MAX};
	uint32_t room = 1;
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *const rule = &rules->rules[i];
		for (uint32_t k = 0; k < rule->uses; k++)
			rules->phrases[rules->uses[rule->first_use + k].phrase]
				.users[kind_of(rule)]++;
	}
	rules->users = bm_alloc((1 + rules->use_count * 2) * sizeof *rules->users);
	rules->users[0] = end;
	for (size_t i = 0; i < rules->phrase_count; i++) {
		for (unsigned kind = 0; kind < KINDS; kind++) {
			uint32_t *const list = &rules->phrases[i].users[kind];
			if (!*list)
				continue;
			*list += room;
			room = *list + 1;
			rules->users[*list] = end;
		}
	}
}

/* users_build - for each phrase the rules that name it, and the list of rules without phrases;
 * lists are filled from their ends */
static void users_build(struct bm_rules *rules)
{
	lists_size(rules);
	rules->bare = bm_alloc((rules->count + 1) * sizeof *rules->bare);
	for (uint32_t i = 0; i < rules->count; i++)
		if (!rules->rules[i].groups)
			rules->bare[rules->bare_count++] = (struct user){
				.rule = i, .scope = rules->rules[i].scope & BM_SCOPE_MASK};
	for (uint32_t i = (uint32_t)rules->count; i-- > 0;) {
		struct rule *const rule = &rules->rules[i];
		if (rule->near)
			rule->places = (uint32_t)rules->near_count++;
		struct user user = {.rule = i,
				    .scope = rule->scope & BM_SCOPE_MASK,
				    .near = rule->near != 0,
				    .wanted = all_groups(rule)};
		for (uint32_t k = rule->uses; k-- > 0;) {
			const struct use use = rules->uses[rule->first_use + k];
			user.group = use.group;
			if (rule->near)
				user.wanted = (uint8_t)((rule->near & use.group) >> 1);
			rules->users[--rules->phrases[use.phrase].users[kind_of(rule)]] = user;
		}
	}
}

/* classes_build - number the bytes that phrases use from 1; 0 is all others; returns an upper
 * bound of states */
static size_t classes_build(struct bm_rules *rules)
{
	size_t states = 1;
	bool used[256] = {false};
	for (size_t i = 0; i < rules->phrase_count; i++) {
		const struct bm_bytes text = rules->phrases[i].text;
		states += text.size;
		for (size_t k = 0; k < text.size; k++)
			used[text.data[k]] = true;
	}
	rules->automaton.classes = 1;
	for (unsigned byte = 0; byte < 256; byte++)
		if (used[byte])
			rules->class_of[byte] = (uint8_t)rules->automaton.classes++;
	for (unsigned byte = 'A'; byte <= 'Z'; byte++)
		rules->class_of[byte] = rules->class_of[byte | 0x20];
	return states;
}

/* A trie edge while building: states have few children, so a child list is smaller than a table. */
struct node {
	uint32_t child, sibling; /* 0 = none */
	uint32_t phrase;         /* 1 + number of the phrase that ends here, or 0 */
	uint8_t class;
};

/* trie_child - the child of node over class, made if need be */
static uint32_t trie_child(struct node *nodes, uint32_t *count, uint32_t node, uint8_t class)
{
	uint32_t *link = &nodes[node].child;
	while (*link && nodes[*link].class != class)
		link = &nodes[*link].sibling;
	if (!*link) {
		nodes[*count] = (struct node){.class = class};
		*link = (*count)++;
	}
	return *link;
}

/* trie_build - all phrases as one tree; returns its nodes (bm_free), *count of them */
static struct node *trie_build(const struct bm_rules *rules, size_t bound, uint32_t *count)
{
	struct node *const nodes = bm_alloc(bound * sizeof *nodes);
	nodes[0] = (struct node){0};
	*count = 1;
	uint32_t top[256] = {0}; /* the root's children, which are many, by class */
	for (size_t i = 0; i < rules->phrase_count; i++) {
		const struct bm_bytes text = rules->phrases[i].text;
		const uint8_t first = rules->class_of[text.data[0]];
		if (!top[first])
			top[first] = trie_child(nodes, count, 0, first);
		uint32_t node = top[first];
		for (size_t k = 1; k < text.size; k++)
			node = trie_child(nodes, count, node, rules->class_of[text.data[k]]);
		nodes[node].phrase = (uint32_t)i + 1;
	}
	return nodes;
}

/* child_of - the child of a state over class behind its first, or 0: their labels lie side by
 * side, sixteen are compared at once */
static inline uint32_t child_of(const struct automaton *automaton, struct state state,
				uint8_t class)
{
	const uint32_t end = state.child + state.children;
	for (uint32_t child = state.child + 1; child < end; child += 16) {
		const uint32_t hits = bm_equal16(automaton->label + child, class);
		const uint32_t at = child + (uint32_t)__builtin_ctz(hits | 1u << 16);
		if (hits)
			return at < end ? at : 0;
	}
	return 0;
}

/* marked - a state's number, with ENDS if phrases end there */
static inline uint32_t marked(const struct automaton *automaton, uint32_t state)
{
	return state | (automaton->state[state].ends ? ENDS : 0);
}

/* step - the state after one more byte of a class, marked */
static inline uint32_t step(const struct automaton *automaton, uint32_t state, uint8_t class)
{
	while (state >= automaton->dense) {
		const struct state here = automaton->state[state];
		if (here.first == class)
			return marked(automaton, here.child);
		const uint32_t child = here.more ? child_of(automaton, here, class) : 0;
		if (child)
			return marked(automaton, child);
		state = here.suffix;
	}
	return automaton->next[state * automaton->classes + class];
}

/* A trie on its way to numbered states. */
struct numbering {
	struct automaton *automaton;
	const struct node *nodes;
	uint32_t *node; /* of each state its node */
	uint32_t made;  /* states numbered */
};

/* children_number - number the children of a state, side by side */
static void children_number(struct numbering *numbering, uint32_t state)
{
	const struct node *const nodes = numbering->nodes;
	const struct node *const node = &nodes[numbering->node[state]];
	struct automaton *const automaton = numbering->automaton;
	const uint32_t first = numbering->made;
	for (uint32_t child = node->child; child; child = nodes[child].sibling) {
		automaton->label[numbering->made] = nodes[child].class;
		automaton->ending[numbering->made].phrase = nodes[child].phrase;
		numbering->node[numbering->made++] = child;
	}
	const uint32_t children = numbering->made - first;
	automaton->state[state] =
		(struct state){.child = first,
			       .first = children ? automaton->label[first] : NO_CLASS,
			       .more = children > 1,
			       .children = (uint8_t)children};
}

/* states_number - the dense levels breadth first; below, the children of a state's first child
 * follow the children of the state, so that the rest of a phrase lies side by side */
static void states_number(struct bm_rules *rules, const struct node *nodes)
{
	struct automaton *const automaton = &rules->automaton;
	uint32_t *const open = bm_alloc(2 * (size_t)rules->states * sizeof *open);
	struct numbering numbering = {automaton, nodes, open + rules->states, 1};
	uint32_t state = 0, opened = 0;
	numbering.node[0] = 0;
	for (unsigned level = 0; level < BM_DENSE_LEVELS; level++)
		for (const uint32_t end = numbering.made; state < end; state++)
			children_number(&numbering, state);
	automaton->dense = numbering.made;
	for (uint32_t left = automaton->dense; left > state; left--)
		open[opened++] = left - 1;
	while (opened) {
		const uint32_t first = numbering.made;
		children_number(&numbering, open[--opened]);
		for (uint32_t left = numbering.made; left > first; left--)
			open[opened++] = left - 1;
	}
	bm_free(open);
}

/* row_fill - the row of a state: its children, and what its suffix does with other bytes */
static void row_fill(const struct automaton *automaton, uint32_t state)
{
	const size_t classes = automaton->classes;
	const struct state here = automaton->state[state];
	uint32_t *const row = automaton->next + state * classes;
	if (state)
		memcpy(row, automaton->next + here.suffix * classes, classes * sizeof *row);
	for (uint32_t child = here.child; child < here.child + here.children; child++)
		row[automaton->label[child]] = marked(automaton, child);
}

/* states_link - suffixes, endings and rows, breadth first: a suffix is shallower than its state,
 * hence linked and filled before */
static void states_link(struct bm_rules *rules)
{
	const struct automaton *const automaton = &rules->automaton;
	uint32_t *const queue = bm_alloc(rules->states * sizeof *queue);
	uint32_t queued = 1;
	queue[0] = 0;
	for (uint32_t i = 0; i < queued; i++) {
		const struct state here = automaton->state[queue[i]];
		for (uint32_t child = here.child; child < here.child + here.children; child++) {
			struct state *const there = &automaton->state[child];
			struct ending *const ending = &automaton->ending[child];
			const uint8_t label = automaton->label[child];
			const uint32_t suffix =
				queue[i] ? step(automaton, here.suffix, label) & ~ENDS : 0;
			there->suffix = suffix & ((1u << 22) - 1);
			if (ending->phrase)
				ending->shorter = automaton->state[suffix].ends ? suffix : 0;
			else
				*ending = automaton->ending[suffix];
			there->ends = ending->phrase != 0;
			queue[queued++] = child;
		}
		if (queue[i] < automaton->dense)
			row_fill(automaton, queue[i]);
	}
	bm_free(queue);
}

void bm_rules_seal(struct bm_rules *rules)
{
	assert(!rules->sealed);
	if (rules->count)
		qsort(rules->rules, rules->count, sizeof *rules->rules, rule_order);
	users_build(rules);
	const size_t bound = classes_build(rules);
	assert(bound <= BM_PHRASES_BYTES_MAX);
	struct node *const nodes = trie_build(rules, bound, &rules->states);
	struct automaton *const automaton = &rules->automaton;
	automaton->state = bm_alloc(rules->states * sizeof *automaton->state);
	automaton->ending = bm_zalloc(rules->states, sizeof *automaton->ending);
	automaton->label = bm_zalloc(rules->states + 16, sizeof *automaton->label);
	states_number(rules, nodes);
	bm_free(nodes);
	automaton->next =
		bm_zalloc((size_t)automaton->dense * automaton->classes, sizeof *automaton->next);
	states_link(rules);
	rules->sealed = true;
}

/* ---- matching ---- */

struct bm_rules_scratch *bm_rules_scratch_new(const struct bm_rules *rules)
{
	struct bm_rules_scratch *scratch = bm_zalloc(1, sizeof *scratch);
	scratch->found = bm_zalloc(rules->count + 1, sizeof *scratch->found);
	scratch->places = bm_zalloc(rules->near_count + 1, sizeof *scratch->places);
	return scratch;
}

void bm_rules_scratch_free(struct bm_rules_scratch *scratch)
{
	if (!scratch)
		return;
	bm_free(scratch->found);
	bm_free(scratch->places);
	bm_free(scratch);
}

/* What one call of bm_rules_match is about. */
struct query {
	const struct bm_rules *rules;
	struct bm_rules_scratch *scratch;
	uint32_t scope; /* the provider's, or 0 if no rule is for it */
	uint16_t code;
	enum bm_stage stage;
	struct bm_enhanced enhanced;
	uint32_t best; /* smallest fitting rule so far, or BM_RULE_NONE */
	bool all;      /* every rule is looked at, not only those before the best */
	size_t links;
	struct {
		size_t from, to;
	} link[BM_LINKS_MAX]; /* where links stand in the template */
};

/* pattern_fits - does one pattern match the query's codes; x.1.1 is no 2.1.1, which is no failure */
static bool pattern_fits(const struct pattern *pattern, const struct query *query)
{
	if (pattern->kind == PATTERN_BASIC) {
		const uint16_t code = query->code;
		return code && (!pattern->class || pattern->class == code / 100) &&
		       (pattern->subject == WILD || pattern->subject == code / 10 % 10) &&
		       (pattern->detail == WILD || pattern->detail == code % 10);
	}
	const struct bm_enhanced enhanced = query->enhanced;
	const bool class = pattern->class ? pattern->class == enhanced.class : enhanced.class > 2;
	return class && (pattern->subject == WILD || pattern->subject == enhanced.subject) &&
	       (pattern->detail == WILD || pattern->detail == enhanced.detail);
}

/* rule_fits - provider, any code pattern and any stage pattern */
static bool rule_fits(const struct rule *rule, const struct query *query)
{
	if (rule->scope && rule->scope != query->scope)
		return false;
	bool codes = false, code = false, stages = false, stage = false;
	for (uint8_t i = 0; i < rule->codes; i++) {
		const struct pattern *const pattern = &query->rules->codes[rule->first_code + i];
		if (pattern->kind == PATTERN_STAGE) {
			stages = true;
			stage |= pattern->subject == query->stage;
		} else {
			codes = true;
			code |= pattern_fits(pattern, query);
		}
	}
	return (!codes || code) && (!stages || stage);
}

/* is_near - does start lie at most gap bytes behind end */
static bool is_near(uint32_t end, size_t start, uint8_t gap)
{
	return start >= end && start - end <= gap;
}

/* group_found - note that a phrase of a group stands at [start, end); false = it stands too far from
 * the phrase it belongs behind */
static bool group_found(const struct rule *rule, uint32_t *found, struct places *places,
			uint8_t group, size_t start, size_t end)
{
	const int number = __builtin_ctz(group);
	uint32_t *const ends = places->end[number];
	if (rule->near & group) {
		const uint32_t *const before = places->end[number - 1];
		const uint8_t gap = rule->gap[number];
		if (!(*found & group >> 1) ||
		    !(is_near(before[0], start, gap) || is_near(before[1], start, gap)))
			return false;
	}
	ends[1] = *found & group ? ends[0] : (uint32_t)end;
	ends[0] = (uint32_t)end;
	*found |= group;
	return true;
}

/* links_find - note where links stand: the page "help_spam_16" is no word about spam */
static void links_find(struct query *query, struct bm_bytes template)
{
	size_t at = bm_bytes_find_near(template, 0, ':');
	while (at + 2 < template.size && query->links < BM_LINKS_MAX) {
		size_t to = at + 1;
		if (template.data[at + 1] == '/' && template.data[at + 2] == '/') {
			to = bm_bytes_find_near(template, at, ' ');
			query->link[query->links].from = at;
			query->link[query->links++].to = to;
		}
		at = bm_bytes_find_near(template, to, ':');
	}
}

/* is_in_link - does end stand inside a link */
static bool is_in_link(const struct query *query, size_t end)
{
	for (size_t i = 0; i < query->links; i++)
		if (end > query->link[i].from && end <= query->link[i].to)
			return true;
	return false;
}

/* rule_complete - all phrases of a rule have been found: it is the best if it fits */
static void rule_complete(struct query *query, uint32_t rule)
{
	if (!query->all && rule_fits(&query->rules->rules[rule], query))
		query->best = rule;
}

/* plain_found - note a phrase for a rule without nearness; found is of this epoch, or less */
static inline void plain_found(struct query *query, struct user user)
{
	uint32_t *const found = &query->scratch->found[user.rule];
	const uint32_t none = query->scratch->epoch << GROUPS_BITS;
	const uint32_t have = (*found > none ? *found : none) | user.group;
	*found = have;
	if (have == (none | user.wanted))
		rule_complete(query, user.rule);
}

/* near_found - note a phrase at [start, end) for a rule with nearness */
static inline void near_found(struct query *query, struct user user, size_t start, size_t end)
{
	struct bm_rules_scratch *const scratch = query->scratch;
	uint32_t *const found = &scratch->found[user.rule];
	const uint32_t none = scratch->epoch << GROUPS_BITS;
	*found = *found > none ? *found : none;
	if (user.wanted & ~*found)
		return;
	const struct rule *const rule = &query->rules->rules[user.rule];
	if (group_found(rule, found, &scratch->places[rule->places], user.group, start, end) &&
	    *found == (none | all_groups(rule)))
		rule_complete(query, user.rule);
}

/* phrase_found - a phrase ends in front of end: note it in each rule that names it */
static void phrase_found(struct query *query, const struct phrase *phrase, size_t end)
{
	const struct user *const users = query->rules->users;
	const struct user *user;
	const size_t start = end - phrase->text.size;
	if (query->links && !phrase->link && is_in_link(query, end))
		return;
	if (query->scope) {
		for (user = users + phrase->users[KIND_SCOPED]; user->rule < query->best; user++) {
			if (user->scope != query->scope)
				continue;
			if (user->near)
				near_found(query, *user, start, end);
			else
				plain_found(query, *user);
		}
	}
	for (user = users + phrase->users[KIND_PLAIN]; user->rule < query->best; user++)
		plain_found(query, *user);
	for (user = users + phrase->users[KIND_NEAR]; user->rule < query->best; user++)
		near_found(query, *user, start, end);
}

/* phrases_scan - one pass over the template */
static void phrases_scan(struct query *query, struct bm_bytes template)
{
	const struct automaton automaton = query->rules->automaton;
	const struct phrase *const phrases = query->rules->phrases;
	const uint8_t *const class_of = query->rules->class_of;
	uint32_t state = 0;
	for (size_t i = 0; i < template.size; i++) {
		state = step(&automaton, state, class_of[template.data[i]]);
		if (!(state & ENDS))
			continue;
		state &= ~ENDS;
		uint32_t end = state;
		do {
			const struct ending ending = automaton.ending[end];
			phrase_found(query, &phrases[ending.phrase - 1], i + 1);
			end = ending.shorter;
		} while (end);
	}
}

/* scope_of - the number of the scope that is provider, or 0 */
static uint32_t scope_of(const struct bm_rules *rules, struct bm_bytes provider)
{
	if (!provider.size)
		return 0;
	const uint32_t scope = bm_intern_peek(rules->scopes, bm_hash(provider));
	return bm_intern_is(rules->scopes, scope, provider) ? scope + 1 : 0;
}

/* epoch_next - a fresh epoch; on overflow the stamps are cleared */
static void epoch_next(const struct bm_rules *rules, struct bm_rules_scratch *scratch)
{
	if (++scratch->epoch <= EPOCH_MAX)
		return;
	memset(scratch->found, 0, rules->count * sizeof *scratch->found);
	scratch->epoch = 1;
}

/* query_scanned - a query about a reply, the phrases of its template noted; all as in struct query */
static struct query query_scanned(const struct bm_rules *rules, struct bm_rules_scratch *scratch,
				  struct bm_bytes provider, struct bm_bytes template,
				  const struct bm_reply *reply, bool all)
{
	assert(rules->sealed);
	struct query query = {.rules = rules,
			      .scratch = scratch,
			      .scope = scope_of(rules, provider),
			      .code = reply->code,
			      .stage = reply->stage,
			      .enhanced = reply->enhanced,
			      .best = BM_RULE_NONE,
			      .all = all};
	epoch_next(rules, scratch);
	links_find(&query, template);
	phrases_scan(&query, template);
	return query;
}

struct bm_verdict bm_rules_match(const struct bm_rules *rules, struct bm_rules_scratch *scratch,
				 struct bm_bytes provider, struct bm_bytes template,
				 const struct bm_reply *reply, struct bm_enhanced dsn)
{
	struct query query = query_scanned(rules, scratch, provider, template, reply, false);
	if (!query.enhanced.class)
		query.enhanced = dsn;
	for (size_t i = 0; i < rules->bare_count && rules->bare[i].rule < query.best; i++)
		if ((!rules->bare[i].scope || rules->bare[i].scope == query.scope) &&
		    rule_fits(&rules->rules[rules->bare[i].rule], &query))
			query.best = rules->bare[i].rule;
	if (query.best == BM_RULE_NONE)
		return (struct bm_verdict){BM_CATEGORY_UNKNOWN, BM_RULE_NONE};
	return (struct bm_verdict){rules->rules[query.best].shown.category, query.best};
}

size_t bm_rules_count(const struct bm_rules *rules)
{
	return rules->count;
}

const struct bm_rule *bm_rules_get(const struct bm_rules *rules, uint32_t index)
{
	return index < rules->count ? &rules->rules[index].shown : NULL;
}

const struct bm_keep *bm_rules_keep(const struct bm_rules *rules)
{
	return rules->keep;
}

/* ---- looking closer ---- */

struct bm_rule_look bm_rules_look(const struct bm_rules *rules, uint32_t index)
{
	assert(index < rules->count);
	const struct rule *const rule = &rules->rules[index];
	struct bm_rule_look look = {
		.words = rule->groups, .rank = rule->rank, .file = rule->file, .line = rule->line};
	for (uint8_t i = 0; i < rule->codes; i++)
		look.by_enhanced |= rules->codes[rule->first_code + i].kind == PATTERN_ENHANCED;
	return look;
}

/* evidence_note - a phrase that ends in front of end is the rule's: keep where it stands */
static void evidence_note(struct query *query, uint32_t index, uint32_t number, size_t end,
			  size_t from[BM_RULE_GROUPS_MAX], size_t to[BM_RULE_GROUPS_MAX])
{
	const struct phrase *const phrase = &query->rules->phrases[number];
	const struct rule *const rule = &query->rules->rules[index];
	uint32_t *const found = &query->scratch->found[index];
	struct places *const places = &query->scratch->places[rule->near ? rule->places : 0];
	if (query->links && !phrase->link && is_in_link(query, end))
		return;
	const struct user *user = query->rules->users + phrase->users[kind_of(rule)];
	for (; user->rule <= index; user++) {
		if (user->rule != index ||
		    !group_found(rule, found, places, user->group, end - phrase->text.size, end))
			continue;
		const int group = __builtin_ctz(user->group);
		from[group] = end - phrase->text.size;
		to[group] = end;
	}
}

unsigned bm_rules_evidence(const struct bm_rules *rules, struct bm_rules_scratch *scratch,
			   uint32_t index, struct bm_bytes template,
			   struct bm_bytes evidence[BM_RULE_EVIDENCE_MAX])
{
	_Static_assert((int)BM_RULE_EVIDENCE_MAX == (int)BM_RULE_GROUPS_MAX, "all groups fit");
	assert(index < rules->count);
	const struct rule *const rule = &rules->rules[index];
	struct query query = {.rules = rules, .scratch = scratch};
	uint32_t *const found = &scratch->found[index];
	size_t from[BM_RULE_GROUPS_MAX], to[BM_RULE_GROUPS_MAX];
	uint32_t state = 0;
	unsigned count = 0;
	*found = 0;
	links_find(&query, template);
	for (size_t i = 0; i < template.size && *found != all_groups(rule); i++) {
		state = step(&rules->automaton, state, rules->class_of[template.data[i]]) & ~ENDS;
		const struct ending *ending = &rules->automaton.ending[state];
		for (; ending->phrase; ending = &rules->automaton.ending[ending->shorter])
			evidence_note(&query, index, ending->phrase - 1, i + 1, from, to);
	}
	for (uint8_t group = 0; group < rule->groups; group++)
		if (*found & 1u << group)
			evidence[count++] = (struct bm_bytes){template.data + from[group],
							      to[group] - from[group]};
	return count;
}

void bm_rules_candidates(const struct bm_rules *rules, struct bm_rules_scratch *scratch,
			 struct bm_bytes provider, struct bm_bytes template,
			 const struct bm_reply *reply, struct bm_enhanced dsn, bool *fits)
{
	const struct query words = query_scanned(rules, scratch, provider, template, reply, true);
	struct query codes = words;
	if (!codes.enhanced.class)
		codes.enhanced = dsn;
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *const rule = &rules->rules[i];
		const bool all =
			rule->groups == 0 ||
			scratch->found[i] == (scratch->epoch << GROUPS_BITS | all_groups(rule));
		fits[i] = all && rule_fits(rule, rule->groups ? &words : &codes);
	}
}
