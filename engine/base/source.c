/* source.c - the names of what can be wrong with a line. */
#include "bouncemill/source.h"

const char *bm_malformed_text(enum bm_malformed reason)
{
	static const char *const texts[] = {
#define X(identifier, text) [BM_MALFORMED_##identifier] = text,
		BM_MALFORMED_REASONS(X)
#undef X
	};
	return texts[reason];
}
