/* blocklist.c - which DNS blocklist a reply names, where to ask for removal, and what is listed.
 *
 * Lists have signs (sign.h) in formats/rules/blocklists.txt: their zones, pages and names.  One pass
 * over the text keeps the sign of the earliest line, since a part of a list stands there before the
 * whole.
 *
 * What is listed is looked for anew.  An address is the first that is neither a list's answer
 * (127.0.0.2), nor written backwards in front of a zone (4.3.2.1.zen.spamhaus.org).  A domain is the
 * first that does not belong to the list itself.  A list of domains may still be asked about an
 * address, so an address is the second choice there; never the other way round, for domains are in
 * every reply.  The words around them are not read: a reply that first names an innocent address
 * misleads.
 */
#include "bouncemill/blocklist.h"

#include <assert.h>

#include "bouncemill/provider.h"
#include "data.h"
#include "sign.h"

enum {
	BM_LISTS_MAX = 128,            /* lines of blocklists.txt */
	BM_BLOCKLIST_BYTES_MAX = 4096, /* of a text, looked at */
	BM_LISTED_BYTES_MAX = 253      /* of a domain (RFC 1035) */
};

static struct bm_signs signs;
static uint16_t list_count;
static struct list {
	struct bm_bytes name, page;
	bool domains;
} lists[BM_LISTS_MAX];

/* line_read - one list, or (behind a blank) more signs of the one before it */
static void line_read(struct bm_bytes line)
{
	const bool more = line.size && line.data[0] == ' ';
	if (!more) {
		const struct bm_bytes name = bm_data_word(&line), kind = bm_data_word(&line);
		if (!name.size)
			return;
		assert(list_count < BM_LISTS_MAX);
		const struct bm_bytes page = bm_data_word(&line);
		lists[list_count].name = name;
		lists[list_count].domains = bm_bytes_equal(kind, BM_BYTES("domain"));
		lists[list_count].page =
			bm_bytes_equal(page, BM_BYTES("-")) ? (struct bm_bytes){0} : page;
		list_count++;
	}
	for (struct bm_bytes token; (token = bm_sign_token(&line)).size;)
		bm_signs_add(&signs, token, list_count - 1);
}

/* lists_read - runs before main() */
__attribute__((constructor)) static void lists_read(void)
{
	const struct bm_bytes text = bm_data_file("rules/blocklists.txt");
	for (size_t start = 0, end; start < text.size; start = end + 1) {
		end = bm_bytes_find(text, start, '\n');
		line_read((struct bm_bytes){text.data + start, end - start});
	}
}

/* list_in - the list of the earliest line that has a sign in text, or NULL */
static const struct list *list_in(struct bm_bytes text)
{
	uint16_t best = BM_SIGN_NONE;
	for (size_t i = 0; i < text.size; i++) {
		const struct bm_sign *const sign = bm_signs_at(&signs, text, i);
		if (sign && sign->value < best)
			best = sign->value;
	}
	return best == BM_SIGN_NONE ? NULL : &lists[best];
}

/* is_listable - a byte of an address or a domain */
static bool is_listable(uint8_t byte)
{
	return bm_sign_letter(byte) || byte == '.' || byte == '-' || byte == ':';
}

/* run_take - the next run of such bytes at or after *at, which moves behind it */
static struct bm_bytes run_take(struct bm_bytes text, size_t *at)
{
	size_t start = *at;
	while (start < text.size && !is_listable(text.data[start]))
		start++;
	size_t end = start;
	while (end < text.size && is_listable(text.data[end]))
		end++;
	*at = end;
	return (struct bm_bytes){text.data + start, end - start};
}

/* is_gap - the "::" at an offset of run */
static bool is_gap(struct bm_bytes run, size_t at)
{
	return at + 2 <= run.size && run.data[at] == ':' && run.data[at + 1] == ':';
}

/* trim - run without the dots, dashes and single colons around it */
static struct bm_bytes trim(struct bm_bytes run)
{
	while (run.size && !bm_sign_letter(run.data[0]) && !is_gap(run, 0))
		run = bm_bytes_from(run, 1);
	while (run.size && !bm_sign_letter(run.data[run.size - 1]) &&
	       !(run.size > 2 && is_gap(run, run.size - 2)))
		run.size--;
	return run;
}

/* is_ip4 - four numbers up to 255; not a list's answer, 127.0.0.x */
static bool is_ip4(struct bm_bytes run)
{
	unsigned number = 0, digits = 0, parts = 0;
	if (run.size < 7 || run.size > 15 || bm_bytes_starts(run, BM_BYTES("127.")))
		return false;
	for (size_t i = 0; i <= run.size; i++) {
		if (i < run.size && bm_is_digit(run.data[i])) {
			number = number * 10 + run.data[i] - '0';
			digits++;
		} else if ((i == run.size || run.data[i] == '.') && digits && number < 256) {
			parts++;
			number = digits = 0;
		} else {
			return false;
		}
	}
	return parts == 4;
}

/* is_ip6 - hexadecimal groups and eight of them, or fewer beside a "::" */
static bool is_ip6(struct bm_bytes run)
{
	unsigned colons = 0, digits = 0, gaps = 0;
	for (size_t i = 0; i < run.size; i++) {
		const uint8_t byte = bm_lower(run.data[i]);
		gaps += byte == ':' && i && run.data[i - 1] == ':';
		colons += byte == ':';
		digits = byte == ':' ? 0 : digits + 1;
		if (digits > 4 || (byte != ':' && !bm_is_digit(byte) && (byte < 'a' || byte > 'f')))
			return false;
	}
	return gaps == 1 ? colons >= 2 && colons <= 7 : !gaps && colons == 7;
}

/* is_domain - labels with a dot between each two, the last of letters or of the form xn-- */
static bool is_domain(struct bm_bytes run)
{
	size_t last = 0;
	if (run.size < 4 || run.size > BM_LISTED_BYTES_MAX)
		return false;
	for (size_t i = 1; i < run.size; i++) {
		if (run.data[i] == ':' || (run.data[i] == '.' && run.data[i - 1] == '.'))
			return false;
		last = run.data[i] == '.' ? i + 1 : last;
	}
	const struct bm_bytes top = bm_bytes_from(run, last);
	for (size_t i = 0; i < top.size; i++)
		if (bm_is_digit(top.data[i]) || top.data[i] == '-')
			return bm_bytes_starts(top, BM_BYTES("xn--"));
	return last && top.size >= 2;
}

/* address_of - the address in run: all of it, or a part between colons ("IP:192.0.2.1:25"); else
 * empty */
static struct bm_bytes address_of(struct bm_bytes run)
{
	if (is_ip6(run))
		return run;
	for (size_t start = 0, end; start <= run.size; start = end + 1) {
		end = bm_bytes_find(run, start, ':');
		const struct bm_bytes part = {run.data + start, end - start};
		if (is_ip4(part))
			return part;
	}
	const size_t colon = bm_bytes_find(run, 0, ':');
	const struct bm_bytes tail = bm_bytes_from(run, colon + (colon < run.size));
	return is_ip6(tail) ? tail : (struct bm_bytes){0};
}

/* address_in - the first address in text, or empty */
static struct bm_bytes address_in(struct bm_bytes text)
{
	for (size_t at = 0; at < text.size;) {
		const struct bm_bytes found = address_of(trim(run_take(text, &at)));
		if (found.size)
			return found;
	}
	return (struct bm_bytes){0};
}

/* page_domain - the registrable domain of a page's host */
static struct bm_bytes page_domain(struct bm_bytes page)
{
	const size_t scheme = bm_bytes_search(page, BM_BYTES("://"));
	if (scheme == page.size)
		return page;
	const struct bm_bytes rest = bm_bytes_from(page, scheme + 3);
	return bm_provider_registrable((struct bm_bytes){rest.data, bm_bytes_find(rest, 0, '/')});
}

/* is_own - does domain belong to the list: it has the list's domain or one of its signs in it */
static bool is_own(struct bm_bytes domain, struct bm_bytes own)
{
	if (own.size && domain.size >= own.size &&
	    bm_bytes_equal(bm_bytes_from(domain, domain.size - own.size), own))
		return true;
	for (size_t i = 0; i < domain.size; i++)
		if (bm_signs_at(&signs, domain, i))
			return true;
	return false;
}

/* domain_in - the first domain in text that is not the list's own, or empty */
static struct bm_bytes domain_in(struct bm_bytes text, const struct list *list)
{
	const struct bm_bytes own = page_domain(list->page);
	for (size_t at = 0; at < text.size;) {
		const struct bm_bytes run = trim(run_take(text, &at));
		const bool local = at < text.size && text.data[at] == '@'; /* john.doe@ */
		if (!local && is_domain(run) && !is_own(run, own))
			return run;
	}
	return (struct bm_bytes){0};
}

bool bm_blocklist_find(struct bm_bytes text, struct bm_blocklist *found)
{
	if (text.size > BM_BLOCKLIST_BYTES_MAX)
		text.size = BM_BLOCKLIST_BYTES_MAX;
	const struct list *const list = list_in(text);
	if (!list)
		return false;
	*found = (struct bm_blocklist){.name = list->name, .page = list->page};
	if (list->domains)
		found->listed = domain_in(text, list);
	if (!found->listed.size)
		found->listed = address_in(text);
	return true;
}

struct bm_bytes bm_blocklist_page(struct bm_bytes name)
{
	for (uint16_t i = 0; i < list_count; i++)
		if (bm_bytes_equal(lists[i].name, name))
			return lists[i].page;
	return (struct bm_bytes){0};
}
