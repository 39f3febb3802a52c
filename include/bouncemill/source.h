/* source.h - what became of one input file: a row of the coverage table.
 *
 * Conservation holds in each: lines = events + other + all malformed, and bytes = bytes of the
 * file.
 */
#ifndef BOUNCEMILL_SOURCE_H
#define BOUNCEMILL_SOURCE_H

#include "bouncemill/clock.h"

#define BM_MALFORMED_REASONS(X)                                                                    \
	X(CUT, "cut before its status")                                                            \
	X(STATUS, "unknown status word")                                                           \
	X(LOST, "lost by journald")                                                                \
	X(LONG, "longer than the line limit")                                                      \
	X(BINARY, "not text")                                                                      \
	X(RECORD, "broken journal record")                                                         \
	X(REPORT, "report without a recipient")

enum bm_malformed {
#define X(identifier, text) BM_MALFORMED_##identifier,
	BM_MALFORMED_REASONS(X)
#undef X
		BM_MALFORMED_COUNT
};
/* bm_malformed_text - the reason in words */
const char *bm_malformed_text(enum bm_malformed reason);

struct bm_source {
	const char *name;   /* as given or found; raw bytes, clean before printing */
	const char *format; /* "postfix", or "" when nothing was recognised */
	const char *codec;  /* "plain", "gzip" ... */
	uint64_t bytes;     /* of the file as it lies there */
	uint64_t decoded_bytes;
	uint64_t lines, events, other;
	uint64_t malformed[BM_MALFORMED_COUNT];
	struct bm_seen seen;
	uint32_t hosts; /* distinct host names */
	bool mails;     /* an archive of mails: each counts as a line, and the next three are set */
	/* recipients that a log tells of too; of mail that was never ours; that the same report in
	 * an earlier mailbox told of */
	uint64_t joined, foreign, repeated;
	char status[256]; /* "ok", "damaged at N: why", "duplicate of F", "empty", ...; cleaned */
};

#endif
