/* symptom.h - the failures in what somebody pasted: one reply, log lines, or a bounce mail's text.
 *
 * A symptom is a delivery attempt as the classifier takes it.  What is certain (a log line, a
 * recipient of a delivery report, a reply that stands alone) is a case of its own.  In running text
 * nobody says which sentence is the server's, so every paragraph is a symptom and those of one
 * case compete: the rules pick the one they know best.  See symptom.c for what is read how.
 */
#ifndef BM_SYMPTOM_H
#define BM_SYMPTOM_H

#include "bouncemill/category.h"
#include "bouncemill/log.h"
#include "arena.h"

enum bm_symptom_form { BM_FORM_REPLY, BM_FORM_LOG, BM_FORM_BOUNCE };

struct bm_symptom {
	enum bm_symptom_form form;
	uint32_t number; /* of the case: those of one number compete */
	bool spoken;     /* a server's own words, told by a code or a frame */
	/* what it is without a look at its words: a complaint or an answer; else unknown */
	enum bm_category known;
	struct bm_event event;
};

struct bm_symptoms {
	struct bm_symptom *list;
	size_t count, room;
	uint32_t cases;
	bool more; /* there were cases beyond cases_max, or a mail without end */
	uint32_t cases_max;
	struct bm_arena arena; /* what the events point into */
};

/* bm_symptoms_read - the symptoms of an input, at most cases_max cases of them; none when it is
 * blank.  Linear in the input.  End with bm_symptoms_dispose. */
void bm_symptoms_read(struct bm_symptoms *symptoms, struct bm_bytes input, uint32_t cases_max);
void bm_symptoms_dispose(struct bm_symptoms *symptoms);

/* bm_symptom_line - the next line of *rest without its end (LF or CRLF); false when there is none
 * left */
bool bm_symptom_line(struct bm_bytes *rest, struct bm_bytes *line);

/* bm_symptom_parse - what a record says in the first log format that knows it */
enum bm_event_kind bm_symptom_parse(const struct bm_record *record, struct bm_event *event);

#endif
