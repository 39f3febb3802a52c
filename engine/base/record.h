/* record.h - from a line of a log to who said what when: all header forms, one after another.
 *
 *   Nov 24 00:29:39 mail postfix/smtp[184]: ...             RFC 3164, also Postfix's maillog_file
 * and journald short 2013 Jun 16 16:05:07.123 mail postfix/smtp[1]: ...      with the year first
 *   2026-11-24T00:29:39.057+01:00 mail postfix/smtp[1]: ... RFC 3339, journald short-iso
 *   <22>1 2026-11-24T00:29:39Z mail postfix 161 - - ...     RFC 5424 (rsyslog's cuts the daemon
 * off) <22>Nov 24 ...                                          with the priority in front
 *   {"MESSAGE":"...", ...} and __CURSOR=... blocks          journald json and export
 *
 * A second stamp right behind the first (a forwarder's) is the log's own and wins; container
 * prefixes
 * (`smtp_1 | `) are skipped; a line may have no stamp at all.  One reader a thread: it keeps the
 * last day's bytes so that a stamp costs a few compares.
 */
#ifndef BM_RECORD_H
#define BM_RECORD_H

#include "bouncemill/log.h"
#include "bouncemill/text.h"
#include "years.h"
#include "zone.h"

enum bm_transport {
	BM_TRANSPORT_LINES,
	BM_TRANSPORT_JSON,
	BM_TRANSPORT_EXPORT,
	BM_TRANSPORT_MBOX, /* mails, each behind a From_ line */
	BM_TRANSPORT_MAIL  /* one mail */
};

/* bm_transport_is_mail - does an input hold mails, and no log */
static inline bool bm_transport_is_mail(int transport)
{
	return transport == BM_TRANSPORT_MBOX || transport == BM_TRANSPORT_MAIL;
}

enum bm_record_status {
	BM_RECORD_OK,
	BM_RECORD_OTHER, /* no program could be made out */
	BM_RECORD_LOST,  /* journald's "[285B blob data]" */
	BM_RECORD_BROKEN /* a json or export record that contradicts itself */
};

struct bm_record_reader {
	enum bm_transport transport;
	struct bm_years years; /* set by the reader's owner at a block's start and at each stride */
	const struct bm_zone *zone; /* show times there, or NULL */
	bool fast; /* may take the short way for common lines; off = the plain twin, for tests */
	/* last RFC 3164 day: its 6 bytes ("Nov 24") and midnight */
	uint64_t day_bytes;
	int64_t day_wall;
	/* last hosts, newest first */
	struct bm_host {
		uint64_t head, mask; /* the first bytes, as fast_host compares them */
		uint8_t bytes[64];
		size_t size; /* 0 = none */
	} hosts[4];
	/* last clock: its 8 bytes ("00:29:39") and seconds; -1 = no clock */
	uint64_t clock_bytes;
	int clock_seconds;
	/* last RFC 3339 day: its 10 bytes and midnight */
	uint8_t date_bytes[10];
	int64_t date_wall;
	/* last instant converted by zone */
	bm_time zone_from, zone_to;
	struct bm_text scratch; /* unescaped journal fields of the current record */
};

void bm_record_reader_init(struct bm_record_reader *reader, enum bm_transport transport,
			   const struct bm_zone *zone);
void bm_record_reader_dispose(struct bm_record_reader *reader);
/* bm_record_years - take a new year reference */
void bm_record_years(struct bm_record_reader *reader, struct bm_years years);

/* bm_record_read - read one line (or export block); slices point into it or into the reader's
 * scratch and live until the next call */
enum bm_record_status bm_record_read(struct bm_record_reader *reader, struct bm_bytes line,
				     struct bm_record *record);

/* bm_record_yearless - month and day of a line whose stamp has no year; false for any other line */
bool bm_record_yearless(struct bm_bytes line, unsigned *month, unsigned *day);

/* bm_transport_sniff - how the records of a stream with this head are carried */
enum bm_transport bm_transport_sniff(struct bm_bytes head);

#endif
