/* suppress.c - addresses not to be mailed, with --addresses only: whom to stop mailing, and whom to
 * reach otherwise.
 *
 * What a failure says about its address is bm_category_bearing's (category.h): what the sender or the
 * message is to blame for says nothing, and lists nobody.
 *
 * `stop`: mail failed for good (bounced, expired, or a complaint came) in a category that bears hard,
 * and nothing was delivered afterwards.
 *
 * `reach-otherwise`: soft failures again and again.  These are deferrals, and bounces and expiries
 * in a category that bears soft; of those on days after the last day with a delivery, there must be
 * `count`, on `days` different days, the last of them `span` days or more behind the first (3, 3 and
 * 7 unless --soft says otherwise).  A message that waits in the queue for five days, tried
 * every hour, is no more than that, whence the span.  A day is that of the log's own clock; on the
 * day of a delivery nobody asks what came first, and a failure without a known time is on no day.
 *
 * Reason and evidence are those of the last such failure.  A suggestion is made for a mistyped
 * domain (mistyped.h) where it is more likely than not: nobody should write to a stranger.
 */
#include "hidden.h"
#include "mistyped.h"

#define SUGGESTION_SHARE_MIN 0.5

static const struct bm_column columns[] = {
	{"address", BM_KIND_TEXT},    {"reason", BM_KIND_TEXT},     {"severity", BM_KIND_TEXT},
	{"evidence", BM_KIND_TEXT},   {"first_seen", BM_KIND_TIME}, {"last_seen", BM_KIND_TIME},
	{"suggestion", BM_KIND_TEXT}, {"action", BM_KIND_TEXT},     {"failures", BM_KIND_INT},
	{"days", BM_KIND_INT},
};

/* The soft failures of an address since its last delivery. */
struct spell {
	uint64_t failures;
	uint32_t days;
	bm_period first, last;
};

struct listed {
	uint32_t id;
	bool hard;
	struct spell spell;
};

struct suppress {
	const struct bm_tally *tally;
	struct bm_names names;
	struct bm_labels labels;
	struct listed *listed;                  /* by address */
	struct bm_hidden evidence, suggestions; /* by row */
};

/* spell_of - the soft failures of an address; cells are grouped by address, `other` is the day */
static struct spell spell_of(const struct suppress *all, const struct bm_groups *groups,
			     uint32_t id)
{
	const bm_period delivered =
		bm_period_of(all->tally->address[id].last_delivered, BM_BUCKET_DAY);
	struct spell spell = {0};
	for (uint32_t at = groups->start[id]; at < groups->start[id + 1]; at++) {
		const struct bm_part *const part = &groups->parts[at];
		const bm_period day = (bm_period)part->other;
		if (day == BM_PERIOD_UNKNOWN || day <= delivered)
			continue;
		spell.first = spell.days && spell.first < day ? spell.first : day;
		spell.last = spell.days && spell.last > day ? spell.last : day;
		spell.failures += part->n[0];
		spell.days++;
	}
	return spell;
}

/* is_hard - failed for good, and nothing was delivered afterwards; of the same moment, the failure
 * counts */
static bool is_hard(const struct bm_address_record *record)
{
	return record->hard > 0 && record->last_hard >= record->last_delivered;
}

/* is_long - does a spell of soft failures make somebody unreachable */
static bool is_long(const struct spell *spell, const struct bm_soft_rule *rule)
{
	return rule->count > 0 && spell->failures >= rule->count && spell->days >= rule->days &&
	       spell->days > 0 && (uint32_t)(spell->last - spell->first) >= rule->span;
}

/* evidence_of - the failure that a row is about */
static const struct bm_evidence *evidence_of(const struct suppress *all,
					     const struct listed *listed)
{
	return bm_evidence_of(&all->tally->address[listed->id],
			      listed->hard ? BM_BEARING_HARD : BM_BEARING_SOFT);
}

/* list_all - the addresses that are listed, by text; returns how many */
static size_t list_all(struct suppress *all, const struct bm_soft_rule *rule)
{
	struct bm_groups groups;
	size_t count = 0;
	bm_groups_make(&groups, &all->tally->cells[BM_CELLS_DAYS], all->names.count,
		       (struct bm_words){.by = 0, .pair = 2, .other = 1});
	for (uint32_t rank = 0; rank < all->names.count; rank++) {
		const uint32_t id = all->names.order[rank];
		const bool hard = is_hard(&all->tally->address[id]);
		const struct spell spell = spell_of(all, &groups, id);
		if (hard || is_long(&spell, rule))
			all->listed[count++] = (struct listed){id, hard, spell};
	}
	bm_groups_dispose(&groups);
	return count;
}

/* suggest - into scratch: the address at the domain that was meant, or nothing */
static void suggest(const struct suppress *all, const struct listed *listed,
		    const struct bm_mistyped_list *mistyped, const struct bm_sorted *sorted,
		    struct bm_text *scratch)
{
	const struct bm_bytes address = all->names.text[listed->id];
	const size_t at = bm_bytes_find_last(address, '@');
	const struct bm_mistyped *found = NULL;
	if (at < address.size)
		found = bm_mistyped_of(mistyped,
				       bm_sorted_rank(sorted, bm_bytes_from(address, at + 1)));
	scratch->size = 0;
	if (found == NULL || found->confidence < SUGGESTION_SHARE_MIN)
		return;
	bm_text_add(scratch, (struct bm_bytes){address.data, at + 1});
	bm_text_add(scratch, found->meant);
}

/* suggest_all - for each row */
static void suggest_all(struct suppress *all, const struct bm_view *view, size_t count)
{
	struct bm_hold hold = bm_hold_take(view);
	struct bm_mistyped_list mistyped;
	struct bm_text scratch = {0};
	bm_mistyped_find(&mistyped, hold.sorted);
	for (size_t i = 0; i < count; i++) {
		suggest(all, &all->listed[i], &mistyped, hold.sorted, &scratch);
		bm_hidden_add(&all->suggestions, (struct bm_bytes){scratch.data, scratch.size},
			      false);
	}
	bm_text_dispose(&scratch);
	bm_mistyped_dispose(&mistyped);
	bm_hold_drop(&hold);
}

static void *suppress_open(const struct bm_view *view, size_t *count)
{
	struct suppress *const all = bm_zalloc(1, sizeof *all);
	all->tally = view->tally;
	bm_names_rank(&all->names, view->tally->addresses);
	bm_labels_make(&all->labels);
	all->listed = bm_alloc(((size_t)all->names.count + 1) * sizeof *all->listed);
	*count = list_all(all, &view->soft);
	bm_hidden_make(&all->evidence, *count);
	bm_hidden_make(&all->suggestions, *count);
	for (size_t i = 0; i < *count; i++)
		bm_hidden_add(&all->evidence, evidence_of(all, &all->listed[i])->text,
			      view->hide_addresses);
	suggest_all(all, view, *count);
	return all;
}

static void suppress_row(const void *rows, size_t index, struct bm_value *values)
{
	const struct suppress *const all = rows;
	const struct listed *const listed = &all->listed[index];
	const struct bm_address_record *const record = &all->tally->address[listed->id];
	const struct bm_evidence *const evidence = evidence_of(all, listed);
	/* A deferral that names a hard category was soft all the same. */
	const struct bm_bytes severity =
		listed->hard ? all->labels.severity[evidence->category] : BM_BYTES("soft");
	*values++ = bm_row_text(all->names.text[listed->id]);
	*values++ = bm_row_category(&all->labels, evidence->category);
	*values++ = bm_row_text(severity);
	*values++ = bm_row_text(bm_hidden_get(&all->evidence, index));
	*values++ = bm_row_time(record->seen.first);
	*values++ = bm_row_time(record->seen.last);
	*values++ = bm_row_text(bm_hidden_get(&all->suggestions, index));
	*values++ = bm_row_text(listed->hard ? BM_BYTES("stop") : BM_BYTES("reach-otherwise"));
	*values++ = bm_row_int(listed->hard ? record->hard : listed->spell.failures);
	*values = bm_row_int(listed->spell.days);
	values->empty = listed->hard;
}

static void suppress_close(void *rows)
{
	struct suppress *const all = rows;
	bm_hidden_dispose(&all->evidence);
	bm_hidden_dispose(&all->suggestions);
	bm_names_dispose(&all->names);
	bm_free(all->listed);
	bm_free(all);
}

const struct bm_table bm_table_suppress = {
	.name = "suppress",
	.about = "Addresses to stop mailing or to reach otherwise, with the reason.",
	.columns = columns,
	.column_count = BM_COLUMN_COUNT(columns),
	.key_count = 1,
	.addresses_only = true,
	.open = suppress_open,
	.row = suppress_row,
	.close = suppress_close,
};
