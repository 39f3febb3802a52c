/* overview.c - the sums that every report for people begins with; see overview.h. */
#include "overview.h"

/* read_sources - add up what was read */
static void read_sources(struct bm_overview *overview, const struct bm_view *view)
{
	overview->seen = BM_SEEN_NEVER;
	overview->files = view->source_count;
	for (size_t i = 0; i < view->source_count; i++) {
		const struct bm_source *const source = &view->sources[i];
		overview->lines += source->lines;
		overview->archives += source->mails;
		overview->mails += source->mails ? source->lines : 0;
		overview->joined += source->joined;
		overview->foreign += source->foreign;
		overview->events += source->events;
		overview->other += source->other;
		overview->bytes += source->bytes;
		if (source->hosts > overview->hosts_max)
			overview->hosts_max = source->hosts;
		bm_seen_add(&overview->seen, source->seen.first);
		bm_seen_add(&overview->seen, source->seen.last);
		for (unsigned reason = 0; reason < BM_MALFORMED_COUNT; reason++) {
			overview->malformed[reason] += source->malformed[reason];
			overview->malformed_all += source->malformed[reason];
		}
	}
}

/* read_totals - add up all periods */
static void read_totals(struct bm_overview *overview, const struct bm_sheet *totals)
{
	struct bm_value values[BM_COLUMNS_MAX];
	for (size_t i = 0; i < totals->count; i++) {
		bm_sheet_row(totals, i, values);
		overview->messages += bm_sheet_number(totals, values, "messages");
		overview->recipients += bm_sheet_number(totals, values, "recipients");
		overview->delivered += bm_sheet_number(totals, values, "delivered");
		overview->bounced += bm_sheet_number(totals, values, "bounced");
		overview->expired += bm_sheet_number(totals, values, "expired");
		overview->deferred += bm_sheet_number(totals, values, "deferred");
		overview->deferred_recipients +=
			bm_sheet_number(totals, values, "deferred_recipients");
		overview->rejected += bm_sheet_number(totals, values, "rejected");
	}
	overview->failures = overview->bounced + overview->expired;
}

/* read_returned - add up what only bounce mails tell; they are failures too */
static void read_returned(struct bm_overview *overview, const struct bm_tally *tally)
{
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_CUBE])
	{
		if (cell->key[3] != BM_SOURCE_DSN)
			continue;
		const bool complaint = BM_PAIR_CATEGORY(cell->key[2]) == BM_CATEGORY_FEEDBACK_LOOP;
		*(complaint ? &overview->complaints : &overview->returned) += cell->n[BM_BOUNCED];
		overview->delayed += cell->n[BM_DEFERRED];
	}
	overview->failures += overview->returned + overview->complaints;
}

/* read_causes - the failing categories, in the order of their table */
static void read_causes(struct bm_overview *overview, const struct bm_sheet *categories)
{
	struct bm_value values[BM_COLUMNS_MAX];
	for (size_t i = 0; i < categories->count; i++) {
		bm_sheet_row(categories, i, values);
		const enum bm_category category =
			bm_category_find(bm_sheet_cell(categories, values, "category")->text);
		const uint64_t failures = bm_sheet_failures(categories, values);
		if (failures > 0 && category < BM_CATEGORY_COUNT)
			overview->causes[overview->cause_count++] =
				(struct bm_cause){category, failures};
	}
}

unsigned bm_overview_fault(const struct bm_overview *overview, struct bm_bytes name)
{
	unsigned place = 0;
	while (place + 1 < BM_FAULT_COUNT &&
	       !bm_bytes_equal(name, bm_bytes_of(overview->faults[place].name)))
		place++;
	return place;
}

/* read_faults - add up the causes by who can mend them; the order of a tie is this one */
static void read_faults(struct bm_overview *overview)
{
	static const struct bm_fault faults[BM_FAULT_COUNT] = {
		{"recipient", "At the recipient: address or mailbox", 0},
		{"sender", "At the sender: yours to mend", 0},
		{"message", "In the message", 0},
		{"network", "On the way: network and servers", 0},
		{"", "Nobody knows yet", 0},
	};
	memcpy(overview->faults, faults, sizeof faults);
	for (unsigned i = 0; i < overview->cause_count; i++) {
		const struct bm_cause cause = overview->causes[i];
		const char *const name = bm_category_fault(cause.category);
		overview->faults[bm_overview_fault(overview, bm_bytes_of(name))].failures +=
			cause.failures;
	}
	for (unsigned i = 1; i < BM_FAULT_COUNT; i++) {
		const struct bm_fault fault = overview->faults[i];
		unsigned at = i;
		for (; at > 0 && overview->faults[at - 1].failures < fault.failures; at--)
			overview->faults[at] = overview->faults[at - 1];
		overview->faults[at] = fault;
	}
}

/* read_deferrals - add up what became of recipients that had to wait */
static void read_deferrals(struct bm_overview *overview, const struct bm_tally *tally)
{
	BM_FOR_EACH_CELL(cell, &tally->cells[BM_CELLS_DEFERRALS])
	for (unsigned i = 0; i < BM_OUTCOME_COUNT; i++) {
		overview->later[i] += cell->n[i];
		overview->later_all += cell->n[i];
	}
}

void bm_overview_make(struct bm_overview *overview, const struct bm_view *view,
		      const struct bm_sheet *totals, const struct bm_sheet *categories)
{
	*overview = (struct bm_overview){0};
	read_sources(overview, view);
	read_totals(overview, totals);
	read_returned(overview, view->tally);
	read_causes(overview, categories);
	read_faults(overview);
	read_deferrals(overview, view->tally);
}

unsigned bm_overview_first(const struct bm_overview *overview, struct bm_cause first[BM_FIRST_MAX])
{
	unsigned count = 0;
	for (unsigned i = 0; i < overview->cause_count && count < BM_FIRST_MAX; i++)
		if (*bm_category_fault(overview->causes[i].category))
			first[count++] = overview->causes[i];
	return count;
}
