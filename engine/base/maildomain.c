/* maildomain.c - the words of formats/rules/mail-domains.txt, read once before main(). */
#include "bouncemill/maildomain.h"

#include <assert.h>

#include "data.h"

enum { MAIL_DOMAINS_MAX = 1024 };

static struct bm_bytes domains[MAIL_DOMAINS_MAX];
static size_t domain_count;

__attribute__((constructor)) static void domains_read(void)
{
	const struct bm_bytes text = bm_data_file("rules/mail-domains.txt");
	for (size_t start = 0, end; start < text.size; start = end + 1) {
		end = bm_bytes_find(text, start, '\n');
		struct bm_bytes line = {text.data + start, end - start};
		for (struct bm_bytes word; (word = bm_data_word(&line)).size;) {
			assert(domain_count < MAIL_DOMAINS_MAX);
			domains[domain_count++] = word;
		}
	}
}

struct bm_bytes bm_mail_domain(size_t index)
{
	return index < domain_count ? domains[index] : (struct bm_bytes){0};
}
