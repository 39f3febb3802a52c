/* blocklist.h - which DNS blocklist a reply names, where to ask for removal, and what is listed.
 *
 * The lists come from formats/rules/blocklists.txt.  A finding tells what the words say, not
 * whether the address is listed today, nor that a list was the reason: ask the rules for that.
 */
#ifndef BOUNCEMILL_BLOCKLIST_H
#define BOUNCEMILL_BLOCKLIST_H

#include "bouncemill/bytes.h"

struct bm_blocklist {
	struct bm_bytes name;   /* "spamhaus-pbl"; lives as long as the process */
	struct bm_bytes page;   /* where to look and ask for removal; empty = the list has closed */
	struct bm_bytes listed; /* IPv4, IPv6 or domain, a slice of the text; or empty */
};

/* bm_blocklist_find - is a blocklist named in text (a whole failure text, or bm_reply.text, which
 * leaves out the address of the server that spoke)?  The most particular one goes into *found.
 * Linear in the first 4096 bytes, allocation-free. */
bool bm_blocklist_find(struct bm_bytes text, struct bm_blocklist *found);

/* bm_blocklist_page - the page of a list by its name; empty when it has closed, or is none of ours */
struct bm_bytes bm_blocklist_page(struct bm_bytes name);

#endif
