/* fuzz_reply.c - arbitrary bytes through tokenizer, mask and matcher.
 *
 * What must hold: every slice lies inside the text; the codes are those that a slow and obvious
 * reading finds; a template is bounded, equal texts have equal templates, and the verdict names a
 * rule of its category.
 */
#include "bouncemill/reply.h"
#include "bouncemill/rule.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* must - nothing, or the end of the run */
static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_reply: %s\n", what);
		abort();
	}
}

/* inside - does a slice lie in the text, or is it empty */
static bool inside(struct bm_bytes slice, struct bm_bytes text)
{
	return slice.size == 0 ||
	       (slice.data >= text.data && slice.data + slice.size <= text.data + text.size);
}

/* byte - the byte at index of a run, or -1 */
static int byte(struct bm_bytes run, size_t index)
{
	return index < run.size ? run.data[index] : -1;
}

/* digit, letter - of ASCII */
static bool digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* slow_code - the basic code at the head, read the obvious way */
static unsigned slow_code(struct bm_bytes text)
{
	if (!digit(byte(text, 0)) || !digit(byte(text, 1)) || !digit(byte(text, 2)))
		return 0;
	const int next = byte(text, 3);
	const unsigned code = (unsigned)((byte(text, 0) - '0') * 100 + (byte(text, 1) - '0') * 10 +
					 byte(text, 2) - '0');
	return (next < 0 || next <= ' ' || next == '-') && code >= 200 && code <= 599 ? code : 0;
}

/* slow_enhanced - length of the enhanced code at the head, read the obvious way */
static size_t slow_enhanced(struct bm_bytes run, unsigned part[3])
{
	size_t i = 0;
	for (int k = 0; k < 3; k++) {
		size_t digits = 0;
		part[k] = 0;
		while (digit(byte(run, i))) {
			part[k] = digits < 3 ? part[k] * 10 + (unsigned)(byte(run, i) - '0') : 0;
			digits++;
			i++;
		}
		if (digits == 0 || digits > (k ? 3 : 1))
			return 0;
		if (k < 2 && byte(run, i++) != '.')
			return 0;
	}
	const bool ended = byte(run, i) != '.' && !letter(byte(run, i));
	return ended && (part[0] == 2 || part[0] == 4 || part[0] == 5) ? i : 0;
}

/* check_codes - the reply's codes against the slow reading */
static void check_codes(const struct bm_reply *reply)
{
	unsigned part[3];
	struct bm_enhanced enhanced = {0};
	const unsigned code = slow_code(reply->text);
	const size_t skip = code == 0 ? 0 : reply->text.size > 3 ? 4 : 3;
	const struct bm_bytes rest = bm_bytes_from(reply->text, skip);
	const size_t length = slow_enhanced(rest, part);

	must(reply->code == code, "a basic code that the slow reading does not find");
	must(bm_enhanced_parse(rest, &enhanced) == length, "an enhanced code of another length");
	if (length && reply->text.size <= 4096)
		must(reply->enhanced.class == part[0] && reply->enhanced.subject == part[1] &&
			     reply->enhanced.detail == part[2],
		     "an enhanced code that the slow reading does not find");
}

/* rules_once - the built-in rules, made at the first call */
static const struct bm_rules *rules_once(struct bm_rules_scratch **scratch)
{
	static struct bm_rules *rules;
	static struct bm_rules_scratch *kept;
	if (!rules) {
		rules = bm_rules_new();
		bm_rules_builtin(rules);
		bm_rules_seal(rules);
		kept = bm_rules_scratch_new(rules);
	}
	*scratch = kept;
	return rules;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_rules_scratch *scratch;
	const struct bm_rules *const rules = rules_once(&scratch);
	/* a copy of the exact size, so that a read behind the end is seen */
	uint8_t *const copy = malloc(size ? size : 1);
	memcpy(copy, data, size);
	const struct bm_bytes text = {copy, size};
	struct bm_reply reply;
	struct bm_text left = {0}, right = {0};

	bm_reply_parse(text, &reply);
	must(inside(reply.host, text) && inside(reply.ip, text) && inside(reply.text, text) &&
		     inside(reply.token, text),
	     "a slice outside the text");
	check_codes(&reply);
	bm_reply_mask(reply.text, bm_rules_keep(rules), &left);
	bm_reply_mask(reply.text, bm_rules_keep(rules), &right);
	must(left.size <= BM_TEMPLATE_BYTES_MAX, "a template too long");
	must(left.size == right.size && memcmp(left.data, right.data, left.size) == 0,
	     "two templates of one text");
	const struct bm_verdict verdict = bm_rules_match(rules, scratch, (struct bm_bytes){0},
							 (struct bm_bytes){left.data, left.size},
							 &reply, (struct bm_enhanced){0});
	if (verdict.rule == BM_RULE_NONE)
		must(verdict.category == BM_CATEGORY_UNKNOWN, "a category without a rule");
	else
		must(bm_rules_get(rules, verdict.rule)->category == verdict.category,
		     "a rule of another category");
	bm_text_dispose(&left);
	bm_text_dispose(&right);
	free(copy);
	return 0;
}
