/* reply.c - peel, read and mask what a server said.
 *
 * Peeling.  Postfix wraps a reply in words of its own, always at the start ("host H[IP] said: ")
 * and at the end (" (in reply to RCPT TO command)").  So frames are looked for at the first byte
 * only, and the stage in the last BM_STAGE_BYTES_MAX bytes only: whatever a server writes in
 * between, it cannot pose as a frame.  Words of our own MTA ("connect to H[IP]:25: Connection
 * refused") stay whole in `text`, since they are the message; host, address and stage are read
 * out of them all the same.
 *
 * Masking.  A run may see 800,000 failures and a few hundred templates, so the mask is the hot
 * spot and the verdict is cached by its result.  Nearly all bytes are letters and blanks: they
 * are copied by one loop with one table look-up a byte and no branch that depends on words; it
 * remembers where the current word began in the output.  Only a `hard` byte (digit, @, <, ", a
 * dot or slash in an odd place) stops it; then the whole word is taken back, looked at, and
 * written again as itself or as a placeholder.
 *
 * Limits.  Codes, tokens and templates come from the first BM_REPLY_BYTES_MAX bytes of a text;
 * Postfix cuts a record at 2,000 bytes, so more is either a mail's or an attack.  Every search is
 * bounded by that or by a smaller named limit, hence linear.  A mask is a guess about what
 * varies: user names without @ and ids made of letters alone are the known misses.
 */
#define _GNU_SOURCE /* memrchr */
#include "bouncemill/reply.h"

#include "bouncemill/error.h"
#include "bouncemill/provider.h"
#include "hash.h"

enum {
	BM_REPLY_BYTES_MAX = 4096,  /* of a text, looked at for codes, token and template */
	BM_STAGE_BYTES_MAX = 96,    /* of a text's end, looked at for the stage */
	BM_HOST_BYTES_MAX = 255,    /* of a host or socket name in a frame */
	BM_ANGLE_BYTES_MAX = 320,   /* between < and > of an address (RFC 5321: 64 + 1 + 255) */
	BM_SUSPENDED_TIMES_MAX = 4, /* nested "delivery temporarily suspended: " */
	BM_PLACEHOLDER_BYTES_MAX = 8
};

/* What a byte is to the mask. */
enum {
	LETTER = 1,
	DIGIT = 2,
	BLANK = 4,
	BREAK = 8, /* ends a word */
	HARD = 16, /* stops the copying loop */
	UPPER = 32,
	HEX = 64,
	PUNCT = 128, /* may stand around a word and is none of it */
	AT = 256,
	COLON = 512,
	SLASH = 1024,
	EQUAL = 2048,
	JOINT = AT | COLON | SLASH | EQUAL /* a word with one of these may be more than one */
};

static const uint16_t kinds[256] = {
	[0 ... 0x1f] = BLANK | BREAK,
	[0x7f] = BREAK,
	[0x80 ... 0xff] = BREAK, /* Chinese writes no blanks around an address */
	[' '] = BLANK | BREAK,
	['('] = BREAK,
	[')'] = BREAK,
	['['] = BREAK,
	[']'] = BREAK,
	['{'] = BREAK,
	['}'] = BREAK,
	['>'] = BREAK,
	[','] = BREAK,
	[';'] = BREAK,
	['|'] = BREAK,
	['<'] = BREAK | HARD,
	['"'] = BREAK | HARD,
	['.'] = HARD | PUNCT,
	['@'] = HARD | AT,
	['/'] = HARD | SLASH,
	[':'] = PUNCT | COLON,
	['='] = PUNCT | EQUAL,
	['#'] = PUNCT,
	['\''] = PUNCT,
	['`'] = PUNCT,
	['*'] = PUNCT,
	['-'] = PUNCT,
	['+'] = PUNCT,
	['~'] = PUNCT,
	['!'] = PUNCT,
	['?'] = PUNCT,
	['&'] = PUNCT,
	['_'] = PUNCT,
	['0' ... '9'] = DIGIT | HARD | HEX,
	['A' ... 'F'] = LETTER | UPPER | HEX,
	['G' ... 'Z'] = LETTER | UPPER,
	['a' ... 'f'] = LETTER | HEX,
	['g' ... 'z'] = LETTER,
};

/* is - has byte one of the kinds */
static inline bool is(uint8_t byte, unsigned kind)
{
	return (kinds[byte] & kind) != 0;
}

/* at - the byte at index, or 0 behind the end */
static inline uint8_t at(struct bm_bytes run, size_t index)
{
	return index < run.size ? run.data[index] : 0;
}

/* first - the first size bytes of a run, or all of it */
static inline struct bm_bytes first(struct bm_bytes run, size_t size)
{
	return (struct bm_bytes){run.data, run.size < size ? run.size : size};
}

/* skip - if run starts with prefix, step over it */
static bool skip(struct bm_bytes *run, struct bm_bytes prefix)
{
	if (!bm_bytes_starts(*run, prefix))
		return false;
	*run = bm_bytes_from(*run, prefix.size);
	return true;
}

/* trim - the run without blanks at either end */
static struct bm_bytes trim(struct bm_bytes run)
{
	while (run.size && is(run.data[0], BLANK))
		run = bm_bytes_from(run, 1);
	while (run.size && is(run.data[run.size - 1], BLANK))
		run.size--;
	return run;
}

/* ---- peeling ---- */

/* stage_of - the stage a command name or an activity ("sending RCPT TO") stands for */
static enum bm_stage stage_of(struct bm_bytes words)
{
	static const struct {
		const char *start;
		enum bm_stage stage;
	} table[] = {
		{"MAIL FROM", BM_STAGE_MAIL},  {"RCPT TO", BM_STAGE_RCPT},
		{"end of DATA", BM_STAGE_DOT}, {"DATA", BM_STAGE_DATA},
		{"EHLO", BM_STAGE_EHLO},       {"HELO", BM_STAGE_EHLO},
		{"LHLO", BM_STAGE_EHLO},       {"STARTTLS", BM_STAGE_STARTTLS},
		{"AUTH", BM_STAGE_AUTH},       {"message body", BM_STAGE_DATA},
		{"end of data", BM_STAGE_DOT}, {"the initial", BM_STAGE_CONNECT},
		{"initial", BM_STAGE_CONNECT},
	};
	(void)(skip(&words, BM_BYTES("sending ")) || skip(&words, BM_BYTES("receiving ")) ||
	       skip(&words, BM_BYTES("performing the ")));
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (bm_bytes_starts(words, bm_bytes_of(table[i].start)))
			return table[i].stage;
	return words.size ? BM_STAGE_OTHER : BM_STAGE_NONE;
}

/* peel_stage - cut " (in reply to CMD command)" off the end of text; returns its stage */
static enum bm_stage peel_stage(struct bm_bytes *text)
{
	const struct bm_bytes mark = BM_BYTES(" (in reply to ");
	const size_t low = text->size > BM_STAGE_BYTES_MAX ? text->size - BM_STAGE_BYTES_MAX : 0;
	struct bm_bytes tail = bm_bytes_from(*text, low);
	for (const uint8_t *hit; tail.size && (hit = memrchr(tail.data, '(', tail.size));) {
		tail.size = (size_t)(hit - tail.data);
		if (!tail.size)
			break;
		const size_t start = low + tail.size - 1;
		const struct bm_bytes here = bm_bytes_from(*text, start);
		if (!bm_bytes_starts(here, mark))
			continue;
		text->size = start;
		return stage_of(bm_bytes_from(here, mark.size));
	}
	return BM_STAGE_NONE;
}

/* peel_parenthesis - cut the status field's closing parenthesis if it is one too many */
static void peel_parenthesis(struct bm_bytes *text)
{
	if (!text->size || text->data[text->size - 1] != ')' || text->size > BM_REPLY_BYTES_MAX)
		return;
	long open = 0;
	for (size_t i = 0; i < text->size; i++)
		open += (text->data[i] == '(') - (text->data[i] == ')');
	if (open < 0)
		text->size--;
}

/* peer - read "H[IP]" or "H[IP]:25" at the head of run into reply and step over it */
static bool peer(struct bm_bytes *run, struct bm_reply *reply)
{
	const struct bm_bytes near = first(*run, BM_HOST_BYTES_MAX);
	size_t i = 0;
	while (i < near.size && !is(near.data[i], BREAK))
		i++;
	if (i == 0 || at(near, i) != '[')
		return false;
	const struct bm_bytes host = first(near, i);
	const struct bm_bytes inner = first(bm_bytes_from(*run, i + 1), BM_HOST_BYTES_MAX);
	size_t close = 0;
	while (close < inner.size && !is(inner.data[close], BREAK))
		close++;
	if (close == 0 || at(inner, close) != ']')
		return false;
	reply->host = host;
	reply->ip = first(inner, close);
	*run = bm_bytes_from(*run, i + close + 2);
	if (at(*run, 0) == ':' && is(at(*run, 1), DIGIT)) {
		size_t digits = 1;
		while (digits < 6 && is(at(*run, digits), DIGIT))
			digits++;
		*run = bm_bytes_from(*run, digits);
	}
	return true;
}

/* peel_said - "[host ]H[IP] said: T", "... refused to talk to me: T" and, as older releases say it,
 * "connect to H[IP]: server refused to talk to me: T": leave T in *text */
static bool peel_said(struct bm_bytes *text, struct bm_reply *reply)
{
	struct bm_bytes rest = *text;
	struct bm_reply trial = *reply;
	(void)(skip(&rest, BM_BYTES("host ")) || skip(&rest, BM_BYTES("connect to ")));
	if (!peer(&rest, &trial))
		return false;
	if (skip(&rest, BM_BYTES(" refused to talk to me: ")) ||
	    skip(&rest, BM_BYTES(": server refused to talk to me: ")))
		trial.stage = BM_STAGE_CONNECT;
	else if (!skip(&rest, BM_BYTES(" said: ")))
		return false;
	trial.quoted = true;
	*reply = trial;
	*text = rest;
	return true;
}

/* peel_sasl - "SASL authentication failed; server H[IP] said: T": leave T in *text */
static bool peel_sasl(struct bm_bytes *text, struct bm_reply *reply)
{
	struct bm_bytes rest = *text;
	if (!skip(&rest, BM_BYTES("SASL authentication failed")))
		return false;
	reply->stage = BM_STAGE_AUTH;
	if (!skip(&rest, BM_BYTES("; server ")) || !peel_said(&rest, reply))
		return true;
	*text = rest;
	return true;
}

/* own_words - host, address and stage of what our own MTA says about a connection */
static void own_words(struct bm_bytes text, struct bm_reply *reply)
{
	struct bm_bytes rest = text;
	if (skip(&rest, BM_BYTES("connect to "))) {
		reply->stage = BM_STAGE_CONNECT;
		(void)peer(&rest, reply);
	} else if (skip(&rest, BM_BYTES("lost connection with ")) ||
		   skip(&rest, BM_BYTES("conversation with "))) {
		(void)peer(&rest, reply);
		(void)skip(&rest, BM_BYTES(" timed out"));
		if (skip(&rest, BM_BYTES(" while ")))
			reply->stage = stage_of(rest);
	} else if (skip(&rest, BM_BYTES("TLS is required, but was not offered by host "))) {
		reply->stage = BM_STAGE_STARTTLS;
		(void)peer(&rest, reply);
	} else if (skip(&rest, BM_BYTES("SMTPUTF8 is required, but was not offered by host "))) {
		(void)peer(&rest, reply);
	} else if (skip(&rest, BM_BYTES("Cannot start TLS")) ||
		   skip(&rest, BM_BYTES("Server certificate not "))) {
		reply->stage = BM_STAGE_STARTTLS;
	}
}

/* ---- codes ---- */

/* number_parse - one to three digits at the head of run into *value; returns how many, 0 if none
 * or more */
static size_t number_parse(struct bm_bytes run, uint16_t *value)
{
	unsigned sum = 0;
	size_t i = 0;
	for (; i < run.size && i < 4 && is(run.data[i], DIGIT); i++)
		sum = sum * 10 + run.data[i] - '0';
	*value = (uint16_t)sum;
	return i < 4 ? i : 0;
}

size_t bm_enhanced_parse(struct bm_bytes run, struct bm_enhanced *enhanced)
{
	if (run.size < 5 || run.data[1] != '.' ||
	    (run.data[0] != '2' && run.data[0] != '4' && run.data[0] != '5'))
		return 0;
	struct bm_enhanced found = {.class = (uint8_t)(run.data[0] - '0')};
	const size_t middle = number_parse(bm_bytes_from(run, 2), &found.subject);
	if (!middle || at(run, 2 + middle) != '.')
		return 0;
	const size_t last = number_parse(bm_bytes_from(run, 3 + middle), &found.detail);
	const size_t end = 3 + middle + last;
	const uint8_t next = at(run, end);
	if (!last || next == '.' || is(next, LETTER | DIGIT))
		return 0;
	*enhanced = found;
	return end;
}

/* code_parse - a basic code at the head of run, ended by blank, dash or the end; 0 if there is
 * none */
static uint16_t code_parse(struct bm_bytes run)
{
	uint16_t code;
	if (number_parse(run, &code) != 3 || code < 200 || code > 599)
		return 0;
	const uint8_t next = at(run, 3);
	return run.size == 3 || next == '-' || is(next, BLANK) ? code : 0;
}

/* is_again - does run start with the reply's own code again, as each line of a long reply does */
static bool is_again(struct bm_bytes run, struct bm_bytes code)
{
	return code.size == 3 && bm_bytes_starts(run, code) && code_parse(run) != 0;
}

/* enhanced_find - the first enhanced code behind #, ( or a repeated basic code */
static struct bm_enhanced enhanced_find(struct bm_bytes text, struct bm_bytes code)
{
	struct bm_enhanced enhanced = {0};
	for (size_t i = 0; i < text.size; i++) {
		const uint8_t byte = text.data[i];
		if (byte == '#' || byte == '(') {
			if (bm_enhanced_parse(bm_bytes_from(text, i + 1), &enhanced))
				break;
		} else if (byte == ' ' && is_again(bm_bytes_from(text, i + 1), code) &&
			   text.size > i + 5 &&
			   bm_enhanced_parse(bm_bytes_from(text, i + 5), &enhanced)) {
			break;
		}
	}
	return enhanced;
}

/* codes_parse - basic and enhanced code of what was said; returns the offset of the words behind
 * them */
static size_t codes_parse(struct bm_bytes text, struct bm_reply *reply)
{
	size_t offset = 0;
	reply->code = code_parse(text);
	if (reply->code)
		offset = text.size > 3 ? 4 : 3;
	const size_t size = bm_enhanced_parse(bm_bytes_from(text, offset), &reply->enhanced);
	if (size)
		return offset + size;
	reply->enhanced = enhanced_find(text, first(text, reply->code ? 3 : 0));
	return offset;
}

/* token_at - length of a provider's code at the head of run: "S3140", "TSS04", "OFR004_506",
 * "AS780090"; or 0 */
static size_t token_at(struct bm_bytes run)
{
	size_t i = 0;
	while (i < 6 && is(at(run, i), UPPER))
		i++;
	const size_t letters = i;
	while (i < letters + 7 && is(at(run, i), DIGIT))
		i++;
	if (letters == 0 || i < letters + 2 || i > letters + 6 || i < 4)
		return 0;
	if (at(run, i) == '_' && is(at(run, i + 1), DIGIT))
		for (i += 2; i < letters + 12 && is(at(run, i), DIGIT);)
			i++;
	const bool rfc = bm_bytes_starts(run, BM_BYTES("RFC"));
	const bool ended = !is(at(run, i), LETTER | DIGIT | AT);
	return ended && !rfc ? i : 0;
}

/* colon_token - length of a token such as "DT:SPM" or "RLY:B1" at the head of run; or 0 */
static size_t colon_token(struct bm_bytes run)
{
	size_t i = 0;
	while (i < 4 && is(at(run, i), UPPER))
		i++;
	if (i < 2 || at(run, i) != ':' || !is(at(run, i + 1), UPPER))
		return 0;
	const size_t colon = i++;
	while (i < colon + 5 && is(at(run, i), UPPER | DIGIT))
		i++;
	return i > colon + 2 && !is(at(run, i), LETTER | DIGIT) && at(run, i) != ':' ? i : 0;
}

/* token_here - the token at the head of run, or empty */
static struct bm_bytes token_here(struct bm_bytes run)
{
	const size_t size = token_at(run);
	return first(run, size ? size : colon_token(run));
}

/* token_page - "p=Word" behind a question mark, as in Google's help addresses; or empty */
static struct bm_bytes token_page(struct bm_bytes run)
{
	size_t size = 2;
	if (!bm_bytes_starts(run, BM_BYTES("p=")))
		return (struct bm_bytes){0};
	while (size < 34 && is(at(run, size), LETTER))
		size++;
	return size > 4 ? first(run, size) : (struct bm_bytes){0};
}

/* token_find - the provider's own code: the first word, else the first in brackets, else one
 * behind ?p= */
static struct bm_bytes token_find(struct bm_bytes text)
{
	static const uint8_t openings[] = {'[', '(', '?'};
	struct bm_bytes token = token_here(text);
	for (size_t kind = 0; kind < sizeof openings && !token.size; kind++) {
		size_t i = bm_bytes_find(text, 0, openings[kind]);
		for (; i < text.size && !token.size;
		     i = bm_bytes_find(text, i + 1, openings[kind])) {
			const struct bm_bytes rest = bm_bytes_from(text, i + 1);
			token = openings[kind] == '?' ? token_page(rest) : token_here(rest);
		}
	}
	return token;
}

void bm_reply_parse(struct bm_bytes text, struct bm_reply *reply)
{
	*reply = (struct bm_reply){.stage = BM_STAGE_NONE};
	struct bm_bytes rest = trim(text);
	for (int i = 0; i < BM_SUSPENDED_TIMES_MAX; i++)
		reply->suspended |= skip(&rest, BM_BYTES("delivery temporarily suspended: "));
	const enum bm_stage said = peel_stage(&rest);
	if (said == BM_STAGE_NONE)
		peel_parenthesis(&rest);
	if (!peel_said(&rest, reply) && !peel_sasl(&rest, reply))
		own_words(rest, reply);
	if (said != BM_STAGE_NONE)
		reply->stage = said;
	reply->text = trim(rest);
	const struct bm_bytes near = first(reply->text, BM_REPLY_BYTES_MAX);
	const size_t words = codes_parse(near, reply);
	reply->token = token_find(trim(bm_bytes_from(near, words)));
}

/* ---- the set of hosts to keep ---- */

struct bm_keep {
	struct bm_bytes *slots; /* open addressing; data NULL = free */
	size_t room;            /* a power of two */
	size_t count;
};

struct bm_keep *bm_keep_new(void)
{
	struct bm_keep *keep = bm_zalloc(1, sizeof *keep);
	keep->room = 64;
	keep->slots = bm_zalloc(keep->room, sizeof *keep->slots);
	return keep;
}

/* keep_slot - where host is, or would go */
static struct bm_bytes *keep_slot(const struct bm_keep *keep, struct bm_bytes host)
{
	size_t i = bm_hash(host) & (keep->room - 1);
	while (keep->slots[i].data && !bm_bytes_equal(keep->slots[i], host))
		i = (i + 1) & (keep->room - 1);
	return &keep->slots[i];
}

/* keep_grow - twice the room, same members */
static void keep_grow(struct bm_keep *keep)
{
	struct bm_bytes *const old = keep->slots;
	const size_t old_room = keep->room;
	keep->room *= 2;
	keep->slots = bm_zalloc(keep->room, sizeof *keep->slots);
	for (size_t i = 0; i < old_room; i++)
		if (old[i].data)
			*keep_slot(keep, old[i]) = old[i];
	bm_free(old);
}

/* lower - a copy of host in lower case; returns its run, empty when it is too long */
static struct bm_bytes lower(struct bm_bytes host, uint8_t copy[static BM_HOST_BYTES_MAX])
{
	if (host.size > BM_HOST_BYTES_MAX)
		return (struct bm_bytes){0};
	for (size_t i = 0; i < host.size; i++)
		copy[i] = (uint8_t)(host.data[i] | (is(host.data[i], UPPER) ? 0x20 : 0));
	return (struct bm_bytes){copy, host.size};
}

void bm_keep_add(struct bm_keep *keep, struct bm_bytes host)
{
	uint8_t copy[BM_HOST_BYTES_MAX];
	const struct bm_bytes name = lower(host, copy);
	if (!name.size)
		return;
	struct bm_bytes *const slot = keep_slot(keep, name);
	if (slot->data)
		return;
	uint8_t *const owned = bm_alloc(name.size);
	memcpy(owned, name.data, name.size);
	*slot = (struct bm_bytes){owned, name.size};
	if (++keep->count * 2 > keep->room)
		keep_grow(keep);
}

void bm_keep_free(struct bm_keep *keep)
{
	if (!keep)
		return;
	for (size_t i = 0; i < keep->room; i++)
		bm_free((void *)(uintptr_t)keep->slots[i].data);
	bm_free(keep->slots);
	bm_free(keep);
}

/* keep_suffix - size of the longest suffix of host, at a label border, that is to be kept; 0 =
 * none */
static size_t keep_suffix(const struct bm_keep *keep, struct bm_bytes host)
{
	uint8_t copy[BM_HOST_BYTES_MAX];
	struct bm_bytes rest = lower(host, copy);
	while (keep && rest.size) {
		if (keep_slot(keep, rest)->data)
			return rest.size;
		const size_t dot = bm_bytes_find(rest, 0, '.');
		rest = dot < rest.size ? bm_bytes_from(rest, dot + 1) : (struct bm_bytes){0};
	}
	return 0;
}

/* ---- masking ---- */

struct mask {
	struct bm_bytes in;
	size_t at;    /* next byte of in */
	uint8_t *out; /* BM_TEMPLATE_BYTES_MAX bytes of room, and a placeholder more */
	size_t size;  /* bytes written */
	size_t word;  /* where the current word began in out */
	const struct bm_keep *keep;
	struct bm_bytes code;     /* of a reply of several lines: its code, repeated on each */
	struct bm_bytes enhanced; /* and its enhanced code */
};

/* put - append run as it is, as far as there is room */
static void put(struct mask *mask, struct bm_bytes run)
{
	const size_t room = BM_TEMPLATE_BYTES_MAX - mask->size;
	const size_t size = run.size < room ? run.size : room;
	memcpy(mask->out + mask->size, run.data, size);
	mask->size += size;
}

/* hide - append a placeholder, whole or not at all */
static void hide(struct mask *mask, struct bm_bytes placeholder)
{
	if (placeholder.size <= BM_TEMPLATE_BYTES_MAX - mask->size)
		put(mask, placeholder);
	else
		mask->at = mask->in.size;
}

/* What a piece of text consists of. */
struct census {
	uint16_t letters, digits, dots, others; /* others: all else, such as - and _ */
	uint16_t turns; /* from letter to digit or back, or into a capital */
	bool hex;       /* nothing but hex digits */
};

/* group - 0 no letter or digit, 1 digit, 2 small letter, 3 capital */
static inline unsigned group(unsigned kind)
{
	return kind & DIGIT ? 1 : kind & UPPER ? 3 : kind & LETTER ? 2 : 0;
}

/* census_of - count the bytes of a piece */
static struct census census_of(struct bm_bytes piece)
{
	/* turns[before][now]; the groups' counts lie in four 16-bit lanes of one sum */
	static const uint8_t turns[4][4] = {{0, 0, 0, 0}, {0, 0, 1, 1}, {0, 1, 0, 1}, {0, 1, 0, 0}};
	uint64_t lanes = 0;
	size_t dots = 0, turned = 0;
	unsigned all = HEX, before = 0;
	for (size_t i = 0; i < piece.size; i++) {
		const unsigned kind = kinds[piece.data[i]];
		const unsigned now = group(kind);
		lanes += (uint64_t)1 << (16 * now);
		dots += piece.data[i] == '.';
		turned += turns[before][now];
		all &= kind;
		before = now;
	}
	return (struct census){.letters = (uint16_t)((lanes >> 32) + (lanes >> 48)),
			       .digits = (uint16_t)(lanes >> 16),
			       .dots = (uint16_t)dots,
			       .others = (uint16_t)(lanes - dots),
			       .turns = (uint16_t)turned,
			       .hex = piece.size && (all & HEX)};
}

/* is_ip4 - four numbers of up to three digits, dots between; *end is set behind them */
static bool is_ip4(struct bm_bytes piece, size_t *end)
{
	size_t i = 0;
	for (int part = 0; part < 4; part++) {
		uint16_t value;
		if (part && at(piece, i++) != '.')
			return false;
		const size_t digits =
			i < piece.size ? number_parse(bm_bytes_from(piece, i), &value) : 0;
		if (!digits)
			return false;
		i += digits;
	}
	*end = i;
	return i == piece.size || !(is(piece.data[i], LETTER | DIGIT) || piece.data[i] == '.');
}

/* is_ip6 - hex digits and at least two colons (dots as in ::ffff:192.0.2.1), and no time of day */
static bool is_ip6(struct bm_bytes word)
{
	size_t colons = 0, hexes = 0;
	for (size_t i = 0; i < word.size; i++) {
		colons += word.data[i] == ':';
		hexes += is(word.data[i], HEX);
		if (!is(word.data[i], HEX) && word.data[i] != ':' && word.data[i] != '.')
			return false;
	}
	return colons >= 2 && hexes &&
	       (colons > 3 || bm_bytes_search(word, BM_BYTES("::")) < word.size);
}

/* is_stamp - a date or time: digits with at least one `:` or two - or / between (T and Z may
 * occur) */
static bool is_stamp(struct bm_bytes word)
{
	if (!word.size || !is(word.data[0], DIGIT))
		return false;
	size_t colons = 0, dashes = 0, letters = 0, digits = 0;
	for (size_t i = 0; i < word.size; i++) {
		const uint8_t byte = word.data[i];
		colons += byte == ':';
		dashes += byte == '-' || byte == '/';
		digits += is(byte, DIGIT);
		letters += byte == 'T' || byte == 'Z' || byte == 'z' || byte == 't';
		const bool fine = is(byte, DIGIT | SLASH | COLON) || byte == '-' || byte == '.' ||
				  byte == '+' || (byte | 0x20) == 't' || (byte | 0x20) == 'z';
		if (!fine)
			return false;
	}
	return digits >= 3 && letters <= 2 && (colons || dashes >= 2);
}

/* host_labels_fine - only name bytes, no empty label; *last gets where the last label starts */
static bool host_labels_fine(struct bm_bytes piece, size_t *last)
{
	size_t start = 0;
	for (size_t i = 0; i < piece.size; i++) {
		const uint8_t byte = piece.data[i];
		if (byte == '.') {
			if (i == start)
				return false;
			start = i + 1;
		} else if (!is(byte, LETTER | DIGIT) && byte != '-' && byte != '_') {
			return false;
		}
	}
	*last = start;
	return start > 0 && start + 2 <= piece.size;
}

/* is_host - a host name: its last label could be a top-level domain and the rest is no mere
 * sentence border such as "full.Please" */
static bool is_host(struct bm_bytes piece, const struct census *census)
{
	size_t last;
	if (!census->dots || piece.size < 4 || !host_labels_fine(piece, &last))
		return false;
	const struct bm_bytes top = bm_bytes_from(piece, last);
	if (bm_bytes_starts(top, BM_BYTES("xn--")))
		return true;
	for (size_t i = 0; i < top.size; i++)
		if (!is(top.data[i], LETTER))
			return false;
	if (is(top.data[0], UPPER) && !is(top.data[1], UPPER))
		return false;
	return census->dots > 1 || census->digits || census->others || top.size <= 4;
}

/* hide_host - a host name, or what of it is to be kept; labels with digits before a kept suffix
 * vary */
static void hide_host(struct mask *mask, struct bm_bytes host)
{
	const size_t suffix = keep_suffix(mask->keep, host);
	if (!suffix) {
		hide(mask, BM_BYTES("<host>"));
		return;
	}
	size_t kept = host.size - suffix;
	for (size_t i = kept, digit = 0; i-- > 0;) {
		digit |= is(host.data[i], DIGIT);
		if (digit)
			break;
		if (i == 0 || host.data[i - 1] == '.')
			kept = i;
	}
	if (kept)
		hide(mask, BM_BYTES("<id>."));
	put(mask, bm_bytes_from(host, kept));
}

/* is_id - made by a machine: long enough a mix of letters and digits, and no provider's token */
static bool is_id(struct bm_bytes piece, const struct census *census)
{
	if (token_at(piece) == piece.size || bm_bytes_starts(piece, BM_BYTES("RFC")))
		return false;
	if (piece.size >= 8 && (census->digits >= 2 || (census->digits && census->turns >= 4)))
		return true;
	return (census->hex && piece.size >= 6 && census->digits >= 2) ||
	       (piece.size >= 6 && census->digits >= 2 && census->turns >= 3);
}

/* is_machine - a short name of a mail server: "smtp14", "mx3", "bizmx7" */
static bool is_machine(struct bm_bytes piece)
{
	static const struct bm_bytes parts[] = {BM_BYTES("smtp"), BM_BYTES("mx"), BM_BYTES("mail"),
						BM_BYTES("mta")};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (bm_bytes_search(piece, parts[i]) < piece.size)
			return is(piece.data[piece.size - 1], DIGIT);
	return false;
}

/* is_framed - stands the piece alone in () or [] in the input */
static bool is_framed(const struct mask *mask, struct bm_bytes piece)
{
	const size_t begin = (size_t)(piece.data - mask->in.data);
	const uint8_t left = begin ? mask->in.data[begin - 1] : 0;
	const uint8_t right = at(mask->in, begin + piece.size);
	return (left == '(' && right == ')') || (left == '[' && right == ']');
}

/* mask_number - digits with dots and the like between: a code, a provider's short code, or <num> */
static void mask_number(struct mask *mask, struct bm_bytes piece, const struct census *census)
{
	struct bm_enhanced enhanced;
	const bool code = bm_enhanced_parse(piece, &enhanced) == piece.size;
	const bool brief = census->digits <= 5 && (census->digits <= 3 || census->dots == 1);
	if (code || (brief && !census->others && is_framed(mask, piece)))
		put(mask, piece);
	else
		hide(mask, BM_BYTES("<num>"));
}

/* mask_piece - a word or a part of one between = : and / */
static void mask_piece(struct mask *mask, struct bm_bytes piece)
{
	const struct census census = census_of(piece);
	size_t end, digits = 0;
	if (!census.digits && !census.dots) {
		put(mask, piece);
	} else if (is_ip4(piece, &end)) {
		hide(mask, BM_BYTES("<ip>"));
		put(mask, bm_bytes_from(piece, end));
	} else if (census.digits && !census.letters) {
		mask_number(mask, piece, &census);
	} else if (is_host(piece, &census)) {
		hide_host(mask, piece);
	} else if (census.digits && is_id(piece, &census)) {
		hide(mask, BM_BYTES("<id>"));
	} else if (census.digits && is_machine(piece)) {
		hide(mask, BM_BYTES("<host>"));
	} else {
		while (is(at(piece, digits), DIGIT) || at(piece, digits) == '.')
			digits++;
		if (digits && piece.size - digits <= 3)
			hide(mask, BM_BYTES("<num>"));
		else
			digits = 0;
		put(mask, bm_bytes_from(piece, digits));
	}
}

/* mask_pieces - a word in pieces: = : and / stay, what is between is masked on its own */
static void mask_pieces(struct mask *mask, struct bm_bytes word)
{
	size_t start = 0;
	for (size_t i = 0; i <= word.size; i++) {
		if (i < word.size && word.data[i] != '=' && word.data[i] != ':' &&
		    word.data[i] != '/')
			continue;
		mask_piece(mask, (struct bm_bytes){word.data + start, i - start});
		if (i < word.size)
			put(mask, (struct bm_bytes){word.data + i, 1});
		start = i + 1;
	}
}

/* parts_url - does byte stand between two parts of a path or query */
static inline bool parts_url(uint8_t byte)
{
	return byte == '/' || byte == '?' || byte == '&' || byte == '=' || byte == '#';
}

/* ends_url - a URL reaches to the next blank, quote or bracket; commas and the like belong to it */
static inline bool ends_url(uint8_t byte)
{
	return is(byte, BREAK) && byte != ',' && byte != ';' && byte != '|';
}

/* url_rest - path and query of a kept URL: words stay, numbers in the path up to 7 digits too */
static void url_rest(struct mask *mask, struct bm_bytes rest)
{
	bool query = false;
	size_t start = 0;
	for (size_t i = 0; i <= rest.size; i++) {
		if (i < rest.size && !parts_url(rest.data[i]))
			continue;
		const struct bm_bytes part = {rest.data + start, i - start};
		const struct census census = census_of(part);
		const bool address = census.others && bm_bytes_find(part, 0, '@') < part.size;
		const bool wordy = !census.digits && part.size <= 32;
		const bool brief = !query && part.size <= 7 && !census.letters && !census.dots;
		if (!address && (wordy || brief))
			put(mask, part);
		else
			hide(mask, address ? BM_BYTES("<addr>") : BM_BYTES("<id>"));
		if (i < rest.size)
			put(mask, (struct bm_bytes){rest.data + i, 1});
		query |= i < rest.size && rest.data[i] == '?';
		start = i + 1;
	}
}

/* mask_url - host decides: a known provider's or a kept host's address stays readable */
static void mask_url(struct mask *mask, struct bm_bytes url, size_t host_at)
{
	const struct bm_bytes behind = bm_bytes_from(url, host_at);
	size_t size = 0;
	while (is(at(behind, size), LETTER | DIGIT) || at(behind, size) == '.' ||
	       at(behind, size) == '-')
		size++;
	uint8_t copy[BM_HOST_BYTES_MAX];
	const struct bm_bytes host = lower(first(behind, size), copy);
	if (!host.size || (!keep_suffix(mask->keep, host) && !bm_provider_known(host).size)) {
		hide(mask, BM_BYTES("<url>"));
		return;
	}
	put(mask, first(url, host_at + size));
	url_rest(mask, bm_bytes_from(behind, size));
}

/* url_host - where the host of a URL starts in word; 0 = word is no URL */
static size_t url_host(struct bm_bytes word)
{
	const size_t colon = bm_bytes_find(first(word, 8), 0, ':');
	if (colon && colon <= 5 && colon + 4 < word.size && word.data[colon + 1] == '/' &&
	    word.data[colon + 2] == '/')
		return colon + 3;
	return 0;
}

/* is_bare_url - "www.x.y/z" without a scheme */
static bool is_bare_url(struct bm_bytes word)
{
	const struct bm_bytes host = first(word, bm_bytes_find(word, 0, '/'));
	if (host.size == word.size)
		return false;
	const struct census census = census_of(host);
	return is_host(host, &census);
}

/* is_base64 - digits, both cases and + / or = in one long run */
static bool is_base64(struct bm_bytes word)
{
	if (word.size < 16)
		return false;
	const struct census census = census_of(word);
	return census.digits >= 2 && census.turns >= 4 && !census.dots &&
	       census.others <= word.size / 6;
}

/* hide_addr - a word with @: words in front of it such as "RCPT:" or "to=" and what follows a
 * colon stay */
static void hide_addr(struct mask *mask, struct bm_bytes word, size_t sign)
{
	size_t start = 0;
	for (size_t i = 0; i < sign; i++)
		if (word.data[i] == ':' || (word.data[i] == '=' && start == 0))
			start = i + 1;
	const size_t end = bm_bytes_find(word, sign, ':');
	put(mask, first(word, start));
	hide(mask, BM_BYTES("<addr>"));
	mask_pieces(mask, bm_bytes_from(word, end));
}

/* is_worm - "W32/Mydoom@MM": names of mass mailers end so, and no domain does */
static bool is_worm(struct bm_bytes word, size_t sign)
{
	const size_t end = sign + 3;
	return end == word.size && (word.data[sign + 1] | 0x20) == 'm' &&
	       (word.data[sign + 2] | 0x20) == 'm';
}

/* mask_joined - a word with @ : / or = in it */
static void mask_joined(struct mask *mask, struct bm_bytes word)
{
	const size_t sign = bm_bytes_find(word, 0, '@');
	if (sign < word.size && !is_worm(word, sign))
		hide_addr(mask, word, sign);
	else if (is_ip6(word))
		hide(mask, BM_BYTES("<ip>"));
	else if (is_stamp(word))
		hide(mask, BM_BYTES("<id>"));
	else if (word.data[0] == '/' && bm_bytes_find(word, 1, '/') < word.size)
		hide(mask, BM_BYTES("<id>")); /* a path, such as a Maildir's */
	else if (is_bare_url(word))
		mask_url(mask, word, 0);
	else if (is_base64(word))
		hide(mask, BM_BYTES("<id>"));
	else
		mask_pieces(mask, word);
}

/* mask_word - a word with a hard byte in it, of whose bytes kinds are all; what was copied of it
 * has been taken back */
static void mask_word(struct mask *mask, struct bm_bytes word, unsigned all)
{
	size_t head = 0, tail = word.size;
	while (head < tail && is(word.data[head], PUNCT))
		head++;
	while (tail > head && is(word.data[tail - 1], PUNCT))
		tail--;
	const struct bm_bytes core = {word.data + head, tail - head};
	put(mask, first(word, head));
	if (all & JOINT && core.size)
		mask_joined(mask, core);
	else if (is_stamp(core))
		hide(mask, BM_BYTES("<id>"));
	else
		mask_piece(mask, core);
	put(mask, bm_bytes_from(word, tail));
}

/* take_url - the URL at begin, if there is one, without the punctuation behind it */
static bool take_url(struct mask *mask, size_t begin)
{
	const struct bm_bytes rest = first(bm_bytes_from(mask->in, begin), BM_REPLY_BYTES_MAX);
	const size_t host_at = url_host(rest);
	if (!host_at)
		return false;
	size_t size = host_at;
	while (size < rest.size && !ends_url(rest.data[size]))
		size++;
	while (size > host_at && memchr(".,;:!?'", rest.data[size - 1], 7))
		size--;
	mask->at = begin + size;
	mask->size = mask->word;
	mask_url(mask, first(rest, size), host_at);
	mask->word = mask->size;
	return true;
}

/* take_again - drop the code that starts each further line of a reply, with its enhanced code */
static bool take_again(struct mask *mask, size_t begin)
{
	struct bm_bytes rest = bm_bytes_from(mask->in, begin);
	if (!mask->code.size || !is_again(rest, mask->code))
		return false;
	rest = bm_bytes_from(rest, rest.size > 3 ? 4 : 3);
	if (mask->enhanced.size && bm_bytes_starts(rest, mask->enhanced) &&
	    (rest.size == mask->enhanced.size || is(rest.data[mask->enhanced.size], BLANK)))
		rest = bm_bytes_from(rest, mask->enhanced.size);
	const bool blank = mask->size && mask->out[mask->size - 1] == ' ';
	while (blank && rest.size && is(rest.data[0], BLANK))
		rest = bm_bytes_from(rest, 1);
	mask->at = mask->in.size - rest.size;
	mask->size = mask->word;
	return true;
}

/* take_word - the word around the hard byte at mask->at */
static void take_word(struct mask *mask)
{
	const size_t begin = mask->at - (mask->size - mask->word);
	if (take_again(mask, begin))
		return;
	size_t end = begin;
	unsigned all = 0;
	for (; end < mask->in.size && !is(mask->in.data[end], BREAK); end++)
		all |= kinds[mask->in.data[end]];
	if ((all & (COLON | SLASH)) == (COLON | SLASH) && take_url(mask, begin))
		return;
	mask->at = end;
	mask->size = mask->word;
	mask_word(mask, (struct bm_bytes){mask->in.data + begin, end - begin}, all);
	mask->word = mask->size;
}

/* take_angle - "<user@x>" is one address, "<user>" too; "<DATA>", "<br>" and open ends stay */
static void take_angle(struct mask *mask)
{
	const struct bm_bytes behind = bm_bytes_from(mask->in, mask->at + 1);
	const struct bm_bytes rest = first(behind, BM_ANGLE_BYTES_MAX);
	size_t size = 0;
	bool sign = false, word = true, small = false;
	for (; size < rest.size && rest.data[size] != '>' && rest.data[size] != '<'; size++) {
		const uint8_t byte = rest.data[size];
		sign |= byte == '@';
		word &= (!is(byte, BREAK) || byte >= 0x80) && byte != '/' && byte != ':';
		small |= !is(byte, UPPER) && byte != '-';
	}
	const struct bm_bytes inner = first(rest, size);
	const bool closed = at(rest, size) == '>';
	size_t end;
	if (!closed || (!sign && !(word && small && size > 2))) {
		put(mask, BM_BYTES("<"));
		mask->at++;
		mask->word = mask->size;
		return;
	}
	mask->at += size + 2;
	const struct census census = census_of(sign ? first(inner, 0) : inner);
	if (!sign && (is_host(inner, &census) || is_ip4(inner, &end) || census.letters == 0))
		mask_word(mask, inner, 0);
	else
		hide(mask, BM_BYTES("<addr>"));
	mask->word = mask->size;
}

/* names_user - does the output end in a word that announces a mailbox name, such as `user: ` */
static bool names_user(const struct mask *mask)
{
	static const struct bm_bytes words[] = {BM_BYTES("user"), BM_BYTES("mailbox"),
						BM_BYTES("account"), BM_BYTES("recipient")};
	struct bm_bytes out = {mask->out, mask->size};
	while (out.size && memchr(": ", out.data[out.size - 1], 2))
		out.size--;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const size_t size = words[i].size;
		if (out.size >= size &&
		    memcmp(out.data + out.size - size, words[i].data, size) == 0)
			return true;
	}
	return false;
}

/* take_quote - `user: "name"`: the name is an address; any other quote stays */
static void take_quote(struct mask *mask)
{
	const struct bm_bytes behind = bm_bytes_from(mask->in, mask->at + 1);
	const struct bm_bytes rest = first(behind, BM_ANGLE_BYTES_MAX);
	const size_t size = bm_bytes_find(rest, 0, '"');
	const bool name = size && size < rest.size && names_user(mask);
	const bool local = size < rest.size && at(rest, size + 1) == '@'; /* "a b"@example.org */
	put(mask, local ? BM_BYTES("") : BM_BYTES("\""));
	mask->at += 1;
	if (name || local) {
		mask->at += local ? size + 1 : size;
		if (name && !local)
			hide(mask, BM_BYTES("<addr>"));
	}
	mask->word = mask->size;
}

/* copy_soft - copy up to the next hard byte, folding blanks; the hot loop */
static void copy_soft(struct mask *mask)
{
	const uint8_t *const in = mask->in.data;
	uint8_t *const out = mask->out;
	size_t i = mask->at, size = mask->size, word = mask->word;
	size_t end = mask->in.size;
	if (end - i > BM_TEMPLATE_BYTES_MAX - size)
		end = i + BM_TEMPLATE_BYTES_MAX - size;
	unsigned before = size == 0 || out[size - 1] == ' ' ? BLANK : 0;
	for (; i < end; i++) {
		const unsigned kind = kinds[in[i]];
		if (kind & HARD)
			break;
		out[size] = kind & BLANK ? ' ' : in[i];
		size += !(kind & before & BLANK);
		word = kind & BREAK ? size : word;
		before = kind;
	}
	mask->at = i;
	mask->size = size;
	mask->word = word;
}

/* copy_hard - deal with the hard byte at mask->at */
static void copy_hard(struct mask *mask)
{
	const uint8_t byte = mask->in.data[mask->at];
	const bool fresh = mask->word == mask->size;
	const uint8_t next = at(mask->in, mask->at + 1);
	const bool soft = byte == '.' ? !is(next, LETTER | DIGIT)
				      : byte == '/' && !(next == '/' && !fresh) && !fresh;
	if (byte == '<') {
		take_angle(mask);
	} else if (byte == '"') {
		take_quote(mask);
	} else if (soft) {
		put(mask, (struct bm_bytes){mask->in.data + mask->at, 1});
		mask->at++;
	} else {
		take_word(mask);
	}
}

/* mask_head - basic and enhanced code at the head, written "550 5.1.1" whatever stood between */
static void mask_head(struct mask *mask)
{
	if (!code_parse(mask->in))
		return;
	put(mask, first(mask->in, 3));
	mask->at = mask->in.size > 3 ? 4 : 3;
	const struct bm_bytes rest = bm_bytes_from(mask->in, mask->at);
	struct bm_enhanced enhanced;
	const size_t size = bm_enhanced_parse(rest, &enhanced);
	if (mask->at == 4)
		put(mask, BM_BYTES(" "));
	if (mask->at == 4 && mask->in.data[3] == '-') {
		mask->code = first(mask->in, 3);
		mask->enhanced = first(rest, size);
	}
	put(mask, first(rest, size));
	mask->at += size;
	mask->word = mask->size;
}

void bm_reply_mask(struct bm_bytes text, const struct bm_keep *keep, struct bm_text *out)
{
	struct mask mask = {
		.in = first(trim(first(text, BM_REPLY_BYTES_MAX)), BM_REPLY_BYTES_MAX),
		.out = bm_text_room(out, BM_TEMPLATE_BYTES_MAX + BM_PLACEHOLDER_BYTES_MAX),
		.keep = keep,
	};
	mask_head(&mask);
	while (mask.at < mask.in.size && mask.size < BM_TEMPLATE_BYTES_MAX) {
		copy_soft(&mask);
		if (mask.at < mask.in.size && mask.size < BM_TEMPLATE_BYTES_MAX)
			copy_hard(&mask);
	}
	while (mask.size && mask.out[mask.size - 1] == ' ')
		mask.size--;
	out->size += mask.size;
}
