/* provider.c - who runs the mailbox, told by a host's name or by the words that are spoken.
 *
 * formats/rules/providers.txt holds `name suffix suffix ...` lines.  A suffix is a domain
 * ("outlook.com": itself and all below it) or a brand under any top-level domain ("hotmail.*":
 * hotmail.com, hotmail.co.uk).  The longest suffix at a label border wins.  The table is read
 * once before main(), borrows the text built into the program, and is read-only from then on:
 * threads need no lock.  Names of hosts come from strangers, the table does not, so its probes
 * are bounded whatever is looked up: FNV-1a without a seed will do, and it must, for the
 * process's seed may not be drawn yet.  Suffixes are hashed from their last byte to their first,
 * so one pass over a host hashes all its suffixes.
 *
 * Its lines `voice name "sign" ...` list what only that provider's servers say: a signature
 * ("gsmtp"), a code of its own ("s3140"), a machine's domain ("prod.outlook.com"); sign.h tells how
 * they are looked for.  The first sign in the text decides; without one, the first URL whose host
 * is known, which is why pages of known domains need no sign.  Domains in addresses, and hosts that
 * are written `name[ip]`, are whom the server speaks of, not who speaks: they are passed over.
 */
#include "bouncemill/provider.h"

#include <assert.h>
#include <libpsl.h>

#include "data.h"
#include "sign.h"

enum {
	BM_PROVIDER_SLOTS = 4096, /* a power of two, at least twice the suffixes */
	BM_NAME_SLOTS = 1024,     /* the same, of names */
	BM_PROVIDER_HOST_BYTES_MAX = 255,
	BM_VOICES_MAX = 256,       /* lines of voices */
	BM_SPOKEN_BYTES_MAX = 4096 /* of a text, listened to */
};

static struct entry {
	struct bm_bytes suffix, name;
} slots[BM_PROVIDER_SLOTS];

static struct bm_bytes names[BM_NAME_SLOTS];

static struct bm_signs voices;
static struct bm_bytes voice_names[BM_VOICES_MAX]; /* by the value of a sign */

/* hash_back - FNV-1a, carried on from hash over run from its last byte to its first */
static uint64_t hash_back(uint64_t hash, struct bm_bytes run)
{
	for (size_t i = run.size; i-- > 0;)
		hash = (hash ^ run.data[i]) * 0x100000001b3u;
	return hash;
}

#define HASH_START 0xcbf29ce484222325u

/* slot_of - where suffix, whose hash_back is hash, is or would go */
static struct entry *slot_of(struct bm_bytes suffix, uint64_t hash)
{
	size_t i = (hash ^ hash >> 32) & (BM_PROVIDER_SLOTS - 1);
	while (slots[i].suffix.size && !bm_bytes_equal(slots[i].suffix, suffix))
		i = (i + 1) & (BM_PROVIDER_SLOTS - 1);
	return &slots[i];
}

/* name_slot - where a name is or would go */
static struct bm_bytes *name_slot(struct bm_bytes name)
{
	const uint64_t hash = hash_back(HASH_START, name);
	size_t i = (hash ^ hash >> 32) & (BM_NAME_SLOTS - 1);
	while (names[i].size && !bm_bytes_equal(names[i], name))
		i = (i + 1) & (BM_NAME_SLOTS - 1);
	return &names[i];
}

bool bm_provider_is_name(struct bm_bytes name)
{
	/* Most that is asked about is a domain, as no name is. */
	return name.size && bm_bytes_find_near(name, 0, '.') == name.size && name_slot(name)->size;
}

/* name_add - one more known provider */
static void name_add(struct bm_bytes name)
{
	static uint16_t count;
	struct bm_bytes *const slot = name_slot(name);
	count += slot->size == 0 && name.size;
	assert(2 * count <= BM_NAME_SLOTS);
	*slot = name;
}

/* voice_read - the signs of one provider */
static void voice_read(struct bm_bytes line)
{
	static uint16_t count;
	assert(count < BM_VOICES_MAX);
	voice_names[count] = bm_data_word(&line);
	for (struct bm_bytes token; (token = bm_sign_token(&line)).size;)
		bm_signs_add(&voices, token, count);
	count++;
}

/* line_read - one provider: its name and suffixes, whose count is returned, or its voice */
static size_t line_read(struct bm_bytes line)
{
	const struct bm_bytes name = bm_data_word(&line);
	size_t count = 0;
	if (bm_bytes_equal(name, BM_BYTES("voice"))) {
		voice_read(line);
		return 0;
	}
	name_add(name);
	for (struct bm_bytes suffix; (suffix = bm_data_word(&line)).size; count++) {
		struct entry *const slot = slot_of(suffix, hash_back(HASH_START, suffix));
		assert(!slot->suffix.size); /* a suffix belongs to one provider */
		*slot = (struct entry){.suffix = suffix, .name = name};
	}
	return count;
}

/* providers_read - runs before main() */
__attribute__((constructor)) static void providers_read(void)
{
	const struct bm_bytes text = bm_data_file("rules/providers.txt");
	size_t count = 0;
	for (size_t start = 0, end; start < text.size; start = end + 1) {
		end = bm_bytes_find(text, start, '\n');
		count += line_read((struct bm_bytes){text.data + start, end - start});
	}
	assert(count * 2 <= BM_PROVIDER_SLOTS);
	(void)count;
}

/* is_top - could rest be all that follows a brand: "com", "de", "co.uk", "com.br" */
static bool is_top(struct bm_bytes rest)
{
	const size_t dot = bm_bytes_find(rest, 0, '.');
	return rest.size >= 2 && (dot == rest.size || (dot <= 3 && rest.size == dot + 3));
}

/* find_brand - the entry of "brand.*" for a host that is brand.<top-level> */
static const struct entry *find_brand(struct bm_bytes host)
{
	uint8_t key[32];
	const size_t dot = bm_bytes_find(host, 0, '.');
	if (dot + 2 > sizeof key || dot >= host.size || !is_top(bm_bytes_from(host, dot + 1)))
		return NULL;
	memcpy(key, host.data, dot + 1);
	key[dot + 1] = '*';
	const struct bm_bytes brand = {key, dot + 2};
	const struct entry *const slot = slot_of(brand, hash_back(HASH_START, brand));
	return slot->suffix.size ? slot : NULL;
}

struct bm_bytes bm_provider_known(struct bm_bytes host)
{
	uint8_t copy[BM_PROVIDER_HOST_BYTES_MAX];
	if (host.size && host.data[host.size - 1] == '.')
		host.size--;
	if (host.size > sizeof copy)
		return (struct bm_bytes){0};
	for (size_t i = 0; i < host.size; i++)
		copy[i] = host.data[i] >= 'A' && host.data[i] <= 'Z' ? host.data[i] | 0x20
								     : host.data[i];
	uint64_t hash = HASH_START;
	const struct entry *best = NULL;
	for (size_t end = host.size, start; end > 0; end = start) {
		start = end;
		do
			start--;
		while (start > 0 && copy[start - 1] != '.');
		const struct bm_bytes rest = {copy + start, host.size - start};
		hash = hash_back(hash, (struct bm_bytes){copy + start, end - start});
		const struct entry *const slot = slot_of(rest, hash);
		const struct entry *const found = slot->suffix.size ? slot : find_brand(rest);
		best = found ? found : best;
	}
	return best ? best->name : (struct bm_bytes){0};
}

/* url_provider - the provider of the host behind a URL's "://", at the head of rest */
static struct bm_bytes url_provider(struct bm_bytes rest)
{
	size_t size = 0;
	while (size < rest.size && size < BM_PROVIDER_HOST_BYTES_MAX &&
	       (bm_sign_letter(rest.data[size]) || rest.data[size] == '.' ||
		rest.data[size] == '-'))
		size++;
	return bm_provider_known((struct bm_bytes){rest.data, size});
}

struct bm_bytes bm_provider_spoken(struct bm_bytes text)
{
	struct bm_bytes page = {0};
	if (text.size > BM_SPOKEN_BYTES_MAX)
		text.size = BM_SPOKEN_BYTES_MAX;
	for (size_t i = 0; i < text.size; i++) {
		const struct bm_sign *const sign = bm_signs_at(&voices, text, i);
		const size_t end = i + (sign ? sign->token.size : 0);
		if (sign && !(end < text.size && text.data[end] == '['))
			return voice_names[sign->value];
		if (text.data[i] == ':' && !page.size &&
		    bm_bytes_starts(bm_bytes_from(text, i), BM_BYTES("://")))
			page = url_provider(bm_bytes_from(text, i + 3));
	}
	return page;
}

/* is_address - an IPv4 or IPv6 literal: a colon, or a last label of digits */
static bool is_address(struct bm_bytes host)
{
	const uint8_t last = host.data[host.size - 1];
	return (last >= '0' && last <= '9') || bm_bytes_find(host, 0, ':') < host.size;
}

/* label_before - start of the label in front of the one at start, which is not the first */
static size_t label_before(const char *host, size_t start)
{
	size_t at = start - 1;
	while (at > 0 && host[at - 1] != '.')
		at--;
	return at;
}

/* ends_generic - a top level under which ICANN's part of the list has no suffix of two labels: most
 * mail ends in one, and the list need not be asked */
static bool ends_generic(const char *top)
{
	return strcmp(top, "com") == 0 || strcmp(top, "net") == 0 || strcmp(top, "org") == 0;
}

/* registrable_start - where the registrable domain begins in a host of two labels or more;
 * companies' own suffixes (the list's private part) do not count: who rents a name there is not who
 * runs the mail */
static size_t registrable_start(const char *host, size_t size)
{
	size_t suffix = label_before(host, size + 1);
	if (suffix == 0)
		return 0;
	size_t start = label_before(host, suffix);
	if (start == 0 || ends_generic(host + suffix))
		return start;
	while (start > 0 && psl_is_public_suffix2(psl_builtin(), host + start, PSL_TYPE_ICANN)) {
		suffix = start;
		start = label_before(host, suffix);
	}
	return start;
}

struct bm_bytes bm_provider_registrable(struct bm_bytes host)
{
	char copy[BM_PROVIDER_HOST_BYTES_MAX + 1];
	const bool dot = host.size && host.data[host.size - 1] == '.';
	const size_t size = host.size - dot;
	if (size == 0 || size > BM_PROVIDER_HOST_BYTES_MAX || memchr(host.data, '\0', size) ||
	    is_address((struct bm_bytes){host.data, size}))
		return host;
	memcpy(copy, host.data, size);
	copy[size] = '\0';
	const size_t start = registrable_start(copy, size);
	return (struct bm_bytes){host.data + start, size - start};
}
