/* registry.c - the one list of everything that can be plugged in.
 *
 * A new codec, log format, kind of mail, table or writer is one new file in its folder and one X(name) line here;
 * the file defines `const struct bm_<kind> bm_<kind>_<name>`.  Order matters where it shows: tables
 * are written in this order, and sniffing tries codecs and logs from the top (plain is the last
 * resort).
 */
#include "bouncemill/codec.h"
#include "bouncemill/log.h"
#include "bouncemill/registry.h"
#include "bouncemill/writer.h"

#define CODECS(X) X(gzip) X(zstd) X(xz) X(bzip2) X(lz4) X(plain)

#define LOGS(X) X(postfix)

/* The most trustworthy form first: see formats/mails/mail.c. */
#define MAIL_KINDS(X) X(dsn) X(arf) X(complaint) X(sns) X(notice) X(answer)

#define TABLES(X)                                                                                  \
	X(totals)                                                                                  \
	X(cube)                                                                                    \
	X(trend)                                                                                   \
	X(incidents)                                                                               \
	X(compare)                                                                                 \
	X(categories)                                                                              \
	X(domains)                                                                                 \
	X(providers)                                                                               \
	X(senders)                                                                                 \
	X(fanout)                                                                                  \
	X(subjects)                                                                                \
	X(words)                                                                                   \
	X(pace)                                                                                    \
	X(relays)                                                                                  \
	X(codes)                                                                                   \
	X(replies)                                                                                 \
	X(deferrals)                                                                               \
	X(coverage)                                                                                \
	X(rules)                                                                                   \
	X(typos)                                                                                   \
	X(blocklists)                                                                              \
	X(recipients)                                                                              \
	X(suppress)

#define WRITERS(X) X(csv) X(tsv) X(json) X(xlsx) X(html) X(sqlite)

#define X(name) extern const struct bm_codec bm_codec_##name;
CODECS(X)
#undef X
#define X(name) extern const struct bm_log bm_log_##name;
LOGS(X)
#undef X
#define X(name) extern const struct bm_mail_kind bm_mail_kind_##name;
MAIL_KINDS(X)
#undef X
#define X(name) extern const struct bm_table bm_table_##name;
TABLES(X)
#undef X
#define X(name) extern const struct bm_writer bm_writer_##name;
WRITERS(X)
#undef X

/* LIST - the lookup function of one kind over its X-list */
#define LIST(kind, ENTRIES)                                                                        \
	const struct bm_##kind *bm_registry_##kind(size_t index)                                   \
	{                                                                                          \
		static const struct bm_##kind *const list[] = {ENTRIES(ENTRY_##kind)};             \
		return index < sizeof list / sizeof *list ? list[index] : NULL;                    \
	}
#define ENTRY_codec(name)     &bm_codec_##name,
#define ENTRY_mail_kind(name) &bm_mail_kind_##name,
#define ENTRY_log(name)       &bm_log_##name,
#define ENTRY_table(name)     &bm_table_##name,
#define ENTRY_writer(name)    &bm_writer_##name,
LIST(codec, CODECS)
LIST(log, LOGS)
LIST(mail_kind, MAIL_KINDS)
LIST(table, TABLES)
LIST(writer, WRITERS)
