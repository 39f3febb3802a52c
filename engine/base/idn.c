/* idn.c - A-labels and back by libidn2, the only place that knows it. */
#include "idn.h"

#include <idn2.h>
#include <string.h>

enum { NAME_BYTES_MAX = 256 }; /* RFC 5321 4.5.3.1.2 allows 255 */

struct bm_bytes bm_idn_labels(struct bm_bytes domain, uint8_t *buffer, size_t room)
{
	char name[NAME_BYTES_MAX + 1];
	char *ascii = NULL;
	if (domain.size > NAME_BYTES_MAX)
		return domain;
	memcpy(name, domain.data, domain.size);
	name[domain.size] = 0;
	if (memchr(name, 0, domain.size) ||
	    idn2_to_ascii_8z(name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return domain;
	const size_t size = strlen(ascii);
	if (size <= room) {
		memcpy(buffer, ascii, size);
		domain = (struct bm_bytes){buffer, size};
	}
	idn2_free(ascii);
	return domain;
}

unsigned bm_idn_letters(struct bm_bytes domain, uint32_t *letters, unsigned room)
{
	char name[NAME_BYTES_MAX + 1];
	uint32_t *unicode = NULL;
	unsigned count = 0;
	if (domain.size > NAME_BYTES_MAX || memchr(domain.data, 0, domain.size))
		return 0;
	memcpy(name, domain.data, domain.size);
	name[domain.size] = 0;
	if (idn2_to_unicode_8z4z(name, &unicode, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return 0;
	while (count < room && unicode[count]) {
		letters[count] = unicode[count];
		count++;
	}
	const bool whole = unicode[count] == 0;
	idn2_free(unicode);
	return whole ? count : 0;
}
