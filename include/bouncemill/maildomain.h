/* maildomain.h - the domains at which the world has its mailboxes (formats/rules/mail-domains.txt): what people mean
 * when they mistype, whether anything was delivered there or not.
 */
#ifndef BOUNCEMILL_MAILDOMAIN_H
#define BOUNCEMILL_MAILDOMAIN_H

#include "bouncemill/bytes.h"

/* bm_mail_domain - a domain by index, in the order of the list, which may name one twice; empty behind the last one.  Lower
 * case, lives as long as the process. */
struct bm_bytes bm_mail_domain(size_t index);

#endif
