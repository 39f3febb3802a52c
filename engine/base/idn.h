/* idn.h - one form of a domain: internationalised names as A-labels (RFC 5891), so that a name
 * written in UTF-8 by one message and as xn-- by another is one domain.
 *
 * By libidn2.  A name that is no valid one is left as it is: it is what the log says.
 */
#ifndef BM_IDN_H
#define BM_IDN_H

#include "bouncemill/bytes.h"

/* bm_idn_labels - the same for a domain that is known not to be ASCII */
struct bm_bytes bm_idn_labels(struct bm_bytes domain, uint8_t *buffer, size_t room);

/* bm_idn_letters - the code points of a domain with its A-labels in Unicode; returns how many, or 0
 * when it is no name or has more than room */
unsigned bm_idn_letters(struct bm_bytes domain, uint32_t *letters, unsigned room);

/* bm_idn_ascii - rewrite domain, which lies in buffer of room bytes, as A-labels there; returns the
 * result, or domain itself when it has none or it does not fit.  ASCII, which is nearly everything,
 * costs a few loads. */
static inline struct bm_bytes bm_idn_ascii(struct bm_bytes domain, uint8_t *buffer, size_t room)
{
	uint64_t high = 0;
	size_t at = 0;
	for (; at + 8 <= domain.size; at += 8)
		high |= bm_load64(domain.data + at);
	for (; at < domain.size; at++)
		high |= domain.data[at];
	return high & 0x8080808080808080u ? bm_idn_labels(domain, buffer, room) : domain;
}

#endif
