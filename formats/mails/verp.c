/* verp.c - variable envelope return paths: senders that name the recipient.
 *
 * Who mails a list gives each recipient's copy a sender of its own, such as
 * bounces+anna=example.org@shop.example, so that a bounce tells by where it comes back to whom it is
 * about, even when its words do not.  The recipient's @ is written as =; what stands before it is
 * parted by the first + (Postfix, Mailman), else by the last - (qmail, ezmlm).  BATV's
 * "prvs=TAG=user" has a = too, and names the sender.
 */
#include "work.h"

bool bm_verp_read(struct bm_bytes address, struct bm_bytes *user, struct bm_bytes *domain)
{
	const size_t at = bm_bytes_find(address, 0, '@');
	const struct bm_bytes local = run_first(address, at);
	size_t equals = local.size, from = bm_bytes_find(local, 0, '+');
	while (equals && local.data[equals - 1] != '=')
		equals--;
	if (at == address.size || equals < 2 || run_starts(local, "prvs="))
		return false;
	*domain = bm_bytes_from(local, equals);
	if (from >= equals)
		for (from = equals - 1; from && local.data[from] != '-';)
			from--;
	*user = run_between(local, from + 1, equals - 1);
	return from && user->size && domain->size > 2 &&
	       is_letter(domain->data[0]) + bm_is_digit(domain->data[0]) &&
	       bm_bytes_find(*domain, 1, '.') + 1 < domain->size;
}

struct bm_bytes work_verp(struct work *work)
{
	struct bm_bytes user, domain;
	if (!bm_verp_read(work->mail->returned_to, &user, &domain))
		return (struct bm_bytes){0};
	uint8_t *const address = scratch_take(work->scratch, user.size + 1 + domain.size);
	memcpy(address, user.data, user.size);
	address[user.size] = '@';
	memcpy(address + user.size + 1, domain.data, domain.size);
	return (struct bm_bytes){address, user.size + 1 + domain.size};
}
