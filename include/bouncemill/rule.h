/* rule.h - which words mean which category: rules are data (formats/rules/), this is their machine.
 *
 * A rule is one line of text; README and formats/rules/README-like heading comments tell the
 * syntax:
 *
 *     NAME  CATEGORY  SCOPE  CODES  "phrase" "phrase" ...
 *
 * NAME is unique ([a-z0-9-./]); SCOPE is a provider or `*`; CODES is `*` or a comma list of basic
 * (550, 4xx) and enhanced (5.1.1, 5.7.x, x.2.2) patterns, any of which must match, and stages
 * (@rcpt), likewise; all phrases must occur, compared without case (ASCII), as substrings of the
 * masked reply (its template).  `#` starts a comment.
 *
 * A phrase may be written as a choice: "no such user|user {unknown|not found}" occurs when one of
 * "no such user", "user unknown" and "user not found" does.  Braces do not nest; a backslash makes
 * an ordinary byte of ", \, |, { and }.  A ~ between two phrases wants the second at most 32 bytes
 * behind the end of the first, a ~8 at most 8: "user|mailbox" ~ "not found" knows "user <addr> was
 * not found".  Phrases of words alone are not looked for in links.
 *
 * Order of evidence, strongest first:
 *   user rules;
 *   a provider's own codes: its rules of nothing but enhanced codes x.7 with a three-digit detail,
 *     such as 5.7.606;
 *   provider rules with phrases, tokens first because their lines stand first;
 *   general rules with phrases;
 *   a provider's reading of common codes;
 *   enhanced codes that say what is wrong, such as 5.2.2;
 *   loose words: general rules with phrases in files whose names begin with 7, 8 or 9;
 *   enhanced codes that do not, x.y.0 and x.7.1;
 *   basic codes, also with a stage.
 * So a text that contradicts its code wins, but not by a lone word.  Within one rank the earlier
 * file (by name) and line wins.
 */
#ifndef BOUNCEMILL_RULE_H
#define BOUNCEMILL_RULE_H

#include "bouncemill/bytes.h"
#include "bouncemill/category.h"
#include "bouncemill/error.h"
#include "bouncemill/reply.h"

struct bm_rule {
	const char *name;
	enum bm_category category;
	const char *scope; /* provider or "*" */
			   /* the rest is private to rule.c */
};

struct bm_rules;

struct bm_verdict {
	enum bm_category category;
	uint32_t rule; /* index for bm_rules_get; BM_RULE_NONE with category unknown */
};
#define BM_RULE_NONE UINT32_MAX

/* bm_rules_new - an empty set; add files, then seal it.  Free with bm_rules_free. */
struct bm_rules *bm_rules_new(void);
/* bm_rules_add - parse one file's text (copied); user rules rank before built-in ones.  Every
 * faulty line is said on stderr as `file:line: what (what to do)`; returns BM_USAGE if there was
 * one. */
enum bm_err bm_rules_add(struct bm_rules *rules, const char *file, struct bm_bytes text, bool user);
/* bm_rules_seal - build the matcher; after it the set is read-only and may be shared by threads */
void bm_rules_seal(struct bm_rules *rules);
/* bm_rules_builtin - add all of formats/rules/, embedded at build */
void bm_rules_builtin(struct bm_rules *rules);
void bm_rules_free(struct bm_rules *rules);

/* bm_rules_match - the verdict for a template.  reply gives codes and stage (dsn is the log's
 * own dsn= field, used only when the text has no enhanced code and no rule with phrases decided);
 * scratch is per thread, from bm_rules_scratch.  One pass over the text whatever the number of
 * rules. */
struct bm_rules_scratch;
struct bm_rules_scratch *bm_rules_scratch_new(const struct bm_rules *rules);
void bm_rules_scratch_free(struct bm_rules_scratch *scratch);
struct bm_verdict bm_rules_match(const struct bm_rules *rules, struct bm_rules_scratch *scratch,
				 struct bm_bytes provider, struct bm_bytes template,
				 const struct bm_reply *reply, struct bm_enhanced dsn);

size_t bm_rules_count(const struct bm_rules *rules);
const struct bm_rule *bm_rules_get(const struct bm_rules *rules, uint32_t index);
/* bm_rules_keep - the host names that phrases mention, for bm_reply_mask */
const struct bm_keep *bm_rules_keep(const struct bm_rules *rules);

/* What `diagnose` shows of a rule, and how strong its evidence is. */
enum { BM_RULE_EVIDENCE_MAX = 8 };
struct bm_rule_look {
	unsigned words;   /* phrases that must occur; 0 = codes alone decide */
	unsigned rank;    /* 0 is the strongest: the order of evidence above */
	bool by_enhanced; /* its codes are enhanced ones, or some are */
	const char *file; /* where it stands */
	unsigned line;
};
/* bm_rules_look - all of that about rule index, which must be one */
struct bm_rule_look bm_rules_look(const struct bm_rules *rules, uint32_t index);
/* bm_rules_evidence - the words of a template for which rule index, that fits it, does: slices of
 * template, one for each of its phrases; returns how many */
unsigned bm_rules_evidence(const struct bm_rules *rules, struct bm_rules_scratch *scratch,
			   uint32_t index, struct bm_bytes template,
			   struct bm_bytes evidence[BM_RULE_EVIDENCE_MAX]);
/* bm_rules_candidates - mark fits[rule] for every rule whose phrases, scope and codes fit, the
 * verdict's and those that it beats; arguments as for bm_rules_match.  For audits: it looks at
 * each rule. */
void bm_rules_candidates(const struct bm_rules *rules, struct bm_rules_scratch *scratch,
			 struct bm_bytes provider, struct bm_bytes template,
			 const struct bm_reply *reply, struct bm_enhanced dsn, bool *fits);

#endif
