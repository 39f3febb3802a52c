/* provider.h - who runs the mailbox: a short name from a host or domain, or from its own words.
 *
 * Known providers come from formats/rules/providers.txt (`name suffix suffix ...`, one line each);
 * any other host gets its registrable domain (public suffix list, libpsl).  About 1 us a call:
 * callers cache by interned host.  The returned run lives as long as the process or points into
 * host.
 */
#ifndef BOUNCEMILL_PROVIDER_H
#define BOUNCEMILL_PROVIDER_H

#include "bouncemill/bytes.h"

/* bm_provider_known - the provider's name when host is, or ends at a label border in, a known
 * suffix; else empty */
struct bm_bytes bm_provider_known(struct bm_bytes host);
/* bm_provider_is_name - is it the name of a known provider */
bool bm_provider_is_name(struct bm_bytes name);
/* bm_provider_spoken - the provider that a reply's own words betray, by a signature, code, page or
 * machine name of its own; else empty.  For texts whose speaker is not known: ask bm_provider_known
 * about the host of the frame (bm_reply.host) first, then this about bm_reply.text.  Works on a
 * masked text too, but says less there.  Linear, allocation-free, about 4 ns a byte. */
struct bm_bytes bm_provider_spoken(struct bm_bytes text);
/* bm_provider_registrable - the registrable domain of a lower-case host, a slice of it; host itself
 * when it is an address literal, a single label or a public suffix */
struct bm_bytes bm_provider_registrable(struct bm_bytes host);

#endif
