/* batch.c - a list of replies through the classifier; see batch.h.
 *
 * For scoring a labelled set and for other programs: one line in, one line out, in order.  Nothing
 * is searched in the text here, unlike in running text: what stands in a line is the reply.
 */
#include "batch.h"

#include "bouncemill/error.h"
#include "argument.h"
#include "symptom.h"

enum { FIELDS_MAX = 4, SAID_MAX = 5 };

/* fields_of - cut a line at its tabs into at most FIELDS_MAX fields, the last one whole;
 * returns how many */
static unsigned fields_of(struct bm_bytes line, struct bm_bytes fields[FIELDS_MAX])
{
	unsigned count = 0;
	for (size_t at = 0; count < FIELDS_MAX; count++) {
		const bool last = count + 1 == FIELDS_MAX;
		const size_t end = last ? line.size : bm_bytes_find(line, at, '\t');
		fields[count] = (struct bm_bytes){line.data + at, end - at};
		if (end == line.size)
			return count + 1;
		at = end + 1;
	}
	return count;
}

/* is_code - nothing, or a basic code */
static bool is_code(struct bm_bytes field)
{
	return field.size == 0 || (field.size == 3 && bm_is_digit(field.data[0]) &&
				   bm_is_digit(field.data[1]) && bm_is_digit(field.data[2]));
}

/* is_enhanced - nothing, or an enhanced code */
static bool is_enhanced(struct bm_bytes field)
{
	struct bm_enhanced enhanced;
	return field.size == 0 || bm_enhanced_parse(field, &enhanced) == field.size;
}

bool bm_batch_read(struct bm_bytes line, struct bm_batch_line *batch)
{
	struct bm_bytes fields[FIELDS_MAX] = {{0}};
	const unsigned count = fields_of(line, fields);
	const bool coded = count == FIELDS_MAX && is_code(fields[1]) && is_enhanced(fields[2]);
	*batch = (struct bm_batch_line){.id = fields[0]};
	if (coded) {
		batch->code = fields[1];
		batch->enhanced = fields[2];
		batch->text = fields[3];
	} else {
		const size_t tab = bm_bytes_find(line, 0, '\t');
		batch->text = bm_bytes_from(line, tab < line.size ? tab + 1 : tab);
	}
	return count > 1;
}

/* put_verdict - the line that answers one line */
static void put_verdict(struct bm_text *out, struct bm_bytes id, const struct bm_finding *finding)
{
	bm_text_add(out, id);
	bm_text_byte(out, '\t');
	bm_text_add(out, bm_bytes_of(bm_category_name(finding->category)));
	bm_text_byte(out, '\t');
	bm_text_add(out, bm_bytes_of(finding->rule ? finding->rule->name : ""));
	bm_text_byte(out, '\n');
}

/* judge_lines - all lines; returns how many were none of a list */
static uint64_t judge_lines(const char *path, struct bm_bytes rest, struct bm_examiner *examiner,
			    struct bm_text *out)
{
	struct bm_bytes line;
	struct bm_batch_line batch;
	struct bm_finding finding;
	uint64_t odd = 0;
	for (uint64_t number = 1; bm_symptom_line(&rest, &line); number++) {
		if (line.size == 0)
			continue;
		if (bm_batch_read(line, &batch)) {
			bm_examine_coded(examiner, batch.code, batch.enhanced, batch.text,
					 &finding);
			put_verdict(out, batch.id, &finding);
		} else if (++odd <= SAID_MAX) {
			bm_say(path, "line %llu has no tab (wanted: id<TAB>text)",
			       (unsigned long long)number);
		}
	}
	return odd;
}

int bm_batch_run(const char *path, struct bm_examiner *examiner, struct bm_text *out)
{
	size_t size;
	char *const input = bm_argument_file(path, BM_BATCH_BYTES_MAX, &size);
	if (input == NULL)
		return BM_EXIT_USAGE;
	const uint64_t odd =
		judge_lines(path, (struct bm_bytes){(uint8_t *)input, size}, examiner, out);
	bm_free(input);
	if (odd > SAID_MAX)
		bm_say(path, "%llu lines have no tab", (unsigned long long)odd);
	if (out->size == 0) {
		bm_say(path, "holds no line of a list: nothing to diagnose");
		return BM_EXIT_USAGE;
	}
	return odd ? BM_EXIT_PARTIAL : BM_EXIT_OK;
}
