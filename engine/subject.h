/* subject.h - from a Subject header's value, as a log or a mail has it, to the name it is counted
 * under.
 *
 * Encoded words (RFC 2047) are decoded, also where Postfix has cut or folded them; blanks are folded;
 * what differs from one copy of a mailing to the next is masked, so that "Invoice 4711" of every
 * customer is one subject: runs of digits become #, words with an @ become <addr>.  At most
 * BM_SUBJECT_BYTES_MAX bytes are kept, always whole characters.  A name holds no address, so it
 * needs no hiding.
 *
 * One of these a thread; it writes names into its tally.
 */
#ifndef BM_SUBJECT_H
#define BM_SUBJECT_H

#include "bouncemill/tally.h"

enum { BM_SUBJECT_BYTES_MAX = 96 };

struct bm_subjects;

struct bm_subjects *bm_subjects_new(struct bm_tally *tally);
void bm_subjects_free(struct bm_subjects *subjects);
/* bm_subjects_number - the number of a header's value in the tally; BM_SUBJECT_NONE when nothing is
 * left of it */
uint32_t bm_subjects_number(struct bm_subjects *subjects, struct bm_bytes value);

#endif
