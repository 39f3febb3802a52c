/* work.h - what the kinds of mail share while one mail is read: its parts, a scratch, small tools.
 *
 * A kind is one family of reports.  They are asked in the order of the registry; the first that
 * recognises the mail reads it.  A kind leaves its findings in work->mail and adds recipients with
 * work_add.  Whatever it makes (unfolded lines, decoded text) lives in the scratch until the next
 * mail.
 */
#ifndef BM_MAILS_WORK_H
#define BM_MAILS_WORK_H

#include "bouncemill/bytes.h"
#include "bouncemill/mail.h"

/* Header fields somebody asks for, in all parts alike. */
#define MAIL_FIELDS(X)                                                                             \
	X(FROM, "from")                                                                            \
	X(TO, "to")                                                                                \
	X(SUBJECT, "subject")                                                                      \
	X(DATE, "date")                                                                            \
	X(MESSAGE_ID, "message-id")                                                                \
	X(RETURN_PATH, "return-path")                                                              \
	X(CONTENT_TYPE, "content-type")                                                            \
	X(CONTENT_ENCODING, "content-transfer-encoding")                                           \
	X(CONTENT_DISPOSITION, "content-disposition")                                              \
	X(AUTO_SUBMITTED, "auto-submitted")                                                        \
	X(PRECEDENCE, "precedence")                                                                \
	X(X_AUTOREPLY, "x-autoreply")                                                              \
	X(X_AUTORESPOND, "x-autorespond")                                                          \
	X(X_SUPPRESS, "x-auto-response-suppress")                                                  \
	X(X_MAILER, "x-mailer")                                                                    \
	X(X_FAILED, "x-failed-recipients")                                                         \
	X(X_COMPLAINER, "x-hmxmroriginalrecipient")

enum mail_field {
#define X(identifier, name) FIELD_##identifier,
	MAIL_FIELDS(X)
#undef X
		FIELD_COUNT
};

struct part {
	struct bm_bytes head, body;
	struct bm_bytes field[FIELD_COUNT]; /* raw values, folds and all */
	struct bm_bytes type;               /* "text/plain", as it is written */
	unsigned depth;
};

struct work {
	struct bm_mail *mail;
	struct part *parts; /* parts[0] is the mail itself */
	size_t part_count;
	struct bm_mail_recipient *list;
	size_t count, room;
	struct scratch *scratch;
	struct converters *converters; /* of decode.c */
	bool text_made, text_html;
	struct bm_bytes text;     /* what people are to read, decoded; see work_text */
	struct bm_bytes original; /* header of the returned message where one was found ... */
	struct bm_bytes inner;    /* ... and that message, as far as it came back */
	const void *found;        /* what recognise leaves for read */
	size_t found_at;
	size_t frame_at, frames_missed;  /* of reason_frame */
	struct bm_bytes loose;           /* of dsn.c */
	const struct findings *findings; /* of notice.c */
	struct findings *explained;      /* the same, for reports that do not say why */
};

struct bm_mail_kind {
	const char *name;
	bool (*recognise)(struct work *work);
	void (*read)(struct work *work);
};

/* ---- scratch: memory until the next mail ---- */
struct scratch *scratch_new(void);
void scratch_free(struct scratch *scratch);
void scratch_reset(struct scratch *scratch);
/* scratch_take - size bytes that stay where they are */
uint8_t *scratch_take(struct scratch *scratch, size_t size);
/* scratch_lower - a copy in lower case (ASCII), of the same size */
struct bm_bytes scratch_lower(struct scratch *scratch, struct bm_bytes run);
/* scratch_unfold - run as one line: line ends and the blanks behind them become one blank, NULs
 * vanish, ends are trimmed; a slice of run where nothing is to be done; at most limit bytes */
struct bm_bytes scratch_unfold(struct scratch *scratch, struct bm_bytes run, size_t limit);

/* ---- the line scanner, mime.c ---- */

/* mime_read - the mail's parts, outermost first, breadth before depth */
void mime_read(struct work *work, struct bm_bytes data);
/* mime_head - length of the header at the head of data, with the blank line behind it */
size_t mime_head(struct bm_bytes data, struct bm_bytes *head);
/* mime_fields - the fields of a header; returns false when it was too long to be read in full */
bool mime_fields(struct bm_bytes head, struct bm_bytes field[FIELD_COUNT]);
/* mime_field_line - is line `Name: value`; then its parts */
bool mime_field_line(struct bm_bytes line, struct bm_bytes *name, struct bm_bytes *value);
/* mime_parameter - the value of a parameter of Content-Type or the like, or empty */
struct bm_bytes mime_parameter(struct work *work, struct bm_bytes value, const char *name);
/* mime_is - is the part's media type this one, or, with a slash at its end, of this family */
bool mime_is(const struct part *part, const char *type);
/* mime_find - the first part of a type, or NULL */
const struct part *mime_find(const struct work *work, const char *type);
/* mime_body - a part's body, decoded where it is encoded, at most limit bytes of it */
struct bm_bytes mime_body(struct work *work, const struct part *part, size_t limit);

/* ---- decode.c: what needs a library ---- */
void decode_start(void);
struct converters *converters_new(void);
void converters_free(struct converters *converters);
struct bm_bytes decode_transfer(struct work *work, struct bm_bytes body, bool base64);
/* decode_charset - run as UTF-8, or itself when the charset is unknown or nothing is to be done */
struct bm_bytes decode_charset(struct work *work, struct bm_bytes run, struct bm_bytes charset);
/* decode_raw - run as UTF-8 where nobody says what it is: GB18030 when it looks like that, else the
 * West's */
struct bm_bytes decode_raw(struct work *work, struct bm_bytes run);
/* decode_words - encoded words (RFC 2047) as UTF-8 */
struct bm_bytes decode_words(struct work *work, struct bm_bytes run);
struct bm_bytes decode_parameter(struct work *work, struct bm_bytes value, const char *name);
/* decode_html - the text of a page, about one line a paragraph */
struct bm_bytes decode_html(struct work *work, struct bm_bytes page);

/* ---- of the whole mail, mail.c ---- */

/* work_text - what people are to read: the first text part, decoded, as UTF-8, tags removed */
struct bm_bytes work_text(struct work *work);
/* work_add - one more recipient; the same one twice with the same action is one.  Returns it, or
 * NULL when there are too many or the address is empty, which only a complaint's may be. */
struct bm_mail_recipient *work_add(struct work *work, struct bm_bytes address,
				   enum bm_action action);
/* work_original - sender, subject and Message-ID of the returned message, from its header */
void work_original(struct work *work, struct bm_bytes message);
/* work_address - the first address in a header's value: inside of <>, else a word with an @ */
struct bm_bytes work_address(struct bm_bytes value);
/* work_verp - the recipient that the address this mail came back to names (VERP), or empty */
struct bm_bytes work_verp(struct work *work);
/* work_date - RFC 5322 date, or the C library's; BM_TIME_UNKNOWN when it is neither */
bm_time work_date(struct bm_bytes value);

/* notice_explain - why address failed, from the text for people; empty when it does not tell */
struct bm_bytes notice_explain(struct work *work, struct bm_bytes address);
/* notice_opening - what the text for people says before its recipients; may be empty */
struct bm_bytes notice_opening(struct work *work);
/* report_fields - the fields of a delivery report: per message, then a group for each recipient */
void report_fields(struct work *work, struct bm_bytes body);
/* from_daemon - does a mail daemon or a postmaster write, or nobody */
bool from_daemon(struct work *work);
/* report_status - the class.subject.detail at the head of a Status field */
struct bm_enhanced report_status(struct bm_bytes value);

/* ---- small tools ---- */

static inline bool is_blank(uint8_t byte)
{
	return byte == ' ' || (uint8_t)(byte - '\t') < 5 || byte == 0;
}

static inline bool is_letter(uint8_t byte)
{
	return (uint8_t)(bm_lower(byte) - 'a') < 26;
}

/* run_trim - without blanks, line ends and NULs at either end */
static inline struct bm_bytes run_trim(struct bm_bytes run)
{
	while (run.size && is_blank(run.data[0]))
		run = bm_bytes_from(run, 1);
	while (run.size && is_blank(run.data[run.size - 1]))
		run.size--;
	return run;
}

/* run_first - the first size bytes of a run, or all of it */
static inline struct bm_bytes run_first(struct bm_bytes run, size_t size)
{
	return (struct bm_bytes){run.data, run.size < size ? run.size : size};
}

/* run_between - from one offset to another, which may lie beyond the end */
static inline struct bm_bytes run_between(struct bm_bytes run, size_t from, size_t to)
{
	if (to > run.size)
		to = run.size;
	return from < to ? (struct bm_bytes){run.data + from, to - from}
			 : (struct bm_bytes){run.data, 0};
}

/* run_starts - does run begin with a word in lower case, whatever its own case */
static inline bool run_starts(struct bm_bytes run, const char *word)
{
	size_t i = 0;
	for (; word[i]; i++)
		if (i >= run.size || bm_lower(run.data[i]) != (uint8_t)word[i])
			return false;
	return true;
}

/* run_is - the same, and nothing more */
static inline bool run_is(struct bm_bytes run, const char *word)
{
	return run.size == strlen(word) && run_starts(run, word);
}

/* run_same - equal but for case */
static inline bool run_same(struct bm_bytes left, struct bm_bytes right)
{
	if (left.size != right.size)
		return false;
	for (size_t i = 0; i < left.size; i++)
		if (bm_lower(left.data[i]) != bm_lower(right.data[i]))
			return false;
	return true;
}

/* run_find - offset of a word in a run of lower case, or run.size */
static inline size_t run_find(struct bm_bytes run, const char *word)
{
	return bm_bytes_search(run, bm_bytes_of(word));
}

static inline bool run_has(struct bm_bytes run, const char *word)
{
	return run_find(run, word) < run.size;
}

/* line_take - the line at *offset without its end; *offset moves behind it.  False at the end. */
static inline bool line_take(struct bm_bytes data, size_t *offset, struct bm_bytes *line)
{
	if (*offset >= data.size)
		return false;
	const size_t end = bm_bytes_find(data, *offset, '\n');
	*line = (struct bm_bytes){data.data + *offset, end - *offset};
	*offset = end < data.size ? end + 1 : end;
	while (line->size && line->data[line->size - 1] == '\r')
		line->size--;
	return true;
}

#endif
