/* log.h - a record of a log, however it was transported, and the formats that read its message.
 *
 * Transports (syslog in all its header forms, journald's json and export) are peeled by
 * engine/base/record.c; a log format only sees who said what when.
 */
#ifndef BOUNCEMILL_LOG_H
#define BOUNCEMILL_LOG_H

#include "bouncemill/event.h"

struct bm_record {
	bm_time time;
	struct bm_bytes host;    /* may be empty */
	struct bm_bytes tag;     /* program: "postfix/smtp", "postfix", "sendmail"; no pid */
	size_t daemon;           /* offset in tag behind its last slash, or 0 */
	struct bm_bytes message; /* behind "tag[pid]: " */
};

struct bm_log {
	const char *name;
	/* parse - what the record says; every slice of *event points into the record.  Returns
	 * event->kind. */
	enum bm_event_kind (*parse)(const struct bm_record *record, struct bm_event *event);
};

#endif
