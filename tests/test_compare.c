/* test_compare.c - the table `compare`: which periods it takes, and what it makes of them. */
#include "support.h"

#include "bouncemill/registry.h"
#include "bouncemill/writer.h"

#include <criterion/criterion.h>

extern const struct bm_writer bm_writer_csv;

enum { DAY = 20454 /* 2026-01-01, a Thursday */ };
#define CATEGORY(name) BM_CATEGORY_##name

static struct bm_tally *tally;
static struct bm_view view;

static void set_up(void)
{
	tally = bm_tally_new();
	view = (struct bm_view){
		.tally = tally, .bucket = BM_BUCKET_DAY, .lang = "en", .compare = true};
}

static void tear_down(void)
{
	bm_tally_free(tally);
}

TestSuite(compare, .init = set_up, .fini = tear_down);

/* expect - the rows as CSV */
static void expect(const char *want)
{
	const struct bm_table *table = NULL;
	const struct bm_writer_options options = {0};
	struct bm_text text = {0};
	size_t count;
	for (size_t i = 0; (table = bm_registry_table(i)); i++)
		if (strcmp(table->name, "compare") == 0)
			break;
	cr_assert(table && table->compare_only);
	void *const rows = table->open(&view, &count);
	bm_writer_csv.rows(&text, table, rows, 0, count, &view, &options);
	table->close(rows);
	bm_text_byte(&text, 0);
	cr_expect_str_eq((const char *)text.data, want, "have\n%swant\n%s", (const char *)text.data,
			 want);
	bm_text_dispose(&text);
}

/* fail - failures of a domain on a day, and as many deliveries */
static void fail(int day, const char *domain, enum bm_category category, uint32_t n)
{
	const uint32_t provider = bm_tally_provider(tally, BM_BYTES("p"));
	const uint32_t name = bm_tally_domain(tally, bm_bytes_of(domain));
	const uint32_t period =
		(uint32_t)bm_period_of(bm_time_make((DAY + (int64_t)day) * 86400, 0), view.bucket);
	bm_cells_at(&tally->cells[BM_CELLS_CUBE],
		    (uint32_t[4]){period, name, BM_PAIR(provider, category)})[BM_BOUNCED] += n;
	bm_cells_at(&tally->cells[BM_CELLS_CUBE],
		    (uint32_t[4]){period, name,
				  BM_PAIR(provider, CATEGORY(DELIVERED))})[BM_DELIVERED] += n;
}

/* cover - outcomes were seen from second first of day 0 to second last of another day */
static void cover(int64_t first, int64_t day, int64_t last)
{
	tally->category[CATEGORY(DELIVERED)] = BM_SEEN_NEVER;
	bm_seen_add(&tally->category[CATEGORY(DELIVERED)],
		    bm_time_make(DAY * INT64_C(86400) + first, 0));
	bm_seen_add(&tally->category[CATEGORY(DELIVERED)],
		    bm_time_make((DAY + day) * 86400 + last, 0));
}

Test(compare, the_last_full_day_beside_the_one_before)
{
	fail(0, "a", CATEGORY(BAD_MAILBOX), 8);
	fail(1, "a", CATEGORY(BAD_MAILBOX), 4);
	fail(7, "a", CATEGORY(BAD_MAILBOX), 2);
	fail(14, "a", CATEGORY(BAD_MAILBOX), 9);
	fail(20, "a", CATEGORY(BAD_MAILBOX), 4);
	fail(20, "b", CATEGORY(BAD_MAILBOX), 1);
	fail(21, "a", CATEGORY(BAD_MAILBOX), 10);
	fail(21, "b", CATEGORY(SPAM_RELATED), 1);
	fail(22, "a", CATEGORY(BAD_MAILBOX), 100);
	cover(0, 22, 40000); /* the average is of days 0, 7 and 14 */
	expect("domain,a,2026-01-22,10,4,6.33,6,1.500000,0.500000,0.500000,no,\n"
	       "provider,p,2026-01-22,11,5,6.33,6,1.200000,0.500000,0.500000,no,\n"
	       "category,bad-mailbox,2026-01-22,10,5,6.33,5,1.000000,0.454545,0.500000,no,\n"
	       "category,spam-related,2026-01-22,1,0,0,1,,0.045455,0.000000,yes,\n"
	       "domain,b,2026-01-22,1,1,0,0,0.000000,0.500000,0.500000,no,\n");
}

Test(compare, half_a_day_is_not_full_but_nearly_all_of_it_is)
{
	fail(0, "a", CATEGORY(BAD_MAILBOX), 2);
	fail(1, "a", CATEGORY(BAD_MAILBOX), 3);
	cover(40000, 1, 86399);
	expect(""); /* day 0 began before the log */
	cover(3000, 1, 40000);
	expect(""); /* day 1 is not over, and nothing is before day 0 */
	cover(3000, 1, 83500);
	expect("category,bad-mailbox,2026-01-02,3,2,,1,0.500000,0.500000,0.500000,no,\n"
	       "domain,a,2026-01-02,3,2,,1,0.500000,0.500000,0.500000,no,\n"
	       "provider,p,2026-01-02,3,2,,1,0.500000,0.500000,0.500000,no,\n");
}

Test(compare, months_have_the_average_of_all_before)
{
	view.bucket = BM_BUCKET_MONTH;
	fail(0, "a", CATEGORY(BAD_MAILBOX), 2);
	fail(31, "a", CATEGORY(BAD_MAILBOX), 7);
	fail(59, "a", CATEGORY(BAD_MAILBOX), 1);
	cover(0, 89, 86399);
	expect("category,bad-mailbox,2026-03,1,7,4.5,-6,-0.857143,0.500000,0.500000,no,\n"
	       "domain,a,2026-03,1,7,4.5,-6,-0.857143,0.500000,0.500000,no,\n"
	       "provider,p,2026-03,1,7,4.5,-6,-0.857143,0.500000,0.500000,no,\n");
}

Test(compare, replies_never_heard_before_have_rows)
{
	static const int days[] = {0, 1, 2};
	static const char *const texts[] = {"old", "new", "tomorrow's"};
	for (unsigned i = 0; i < 3; i++) {
		const uint32_t id = bm_tally_template(tally, bm_bytes_of(texts[i]));
		tally->template[id].n[BM_DEFERRED] = 5;
		bm_seen_add(&tally->template[id].seen,
			    bm_time_make((DAY + (int64_t)days[i]) * 86400 + 50, 0));
		bm_tally_sample(tally, &tally->template[id].sample, BM_BYTES("to a@b"));
	}
	view.hide_addresses = true;
	cover(0, 2, 10);
	expect("template,2138d5192571b731,2026-01-02,5,0,,5,,,,yes,to ***@b\n");
}
