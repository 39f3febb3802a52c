/* test_html.c - the page, of tables made up for it: long ones are cut and say so, strange texts stay
 * texts, it never grows beyond its limit, and a disk that is full is said. */
#include "bouncemill/registry.h"
#include "formats/writers/html.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct bm_writer bm_writer_html;

enum { LONG_ROWS = 2000000, WIDE_ROWS = 100000, MANY_SHEETS = 30 };

static const struct bm_column columns[] = {
	{"name", BM_KIND_TEXT}, {"bounced", BM_KIND_INT}, {"expired", BM_KIND_INT}};

static char name[2000];

/* Every thousandth row or so fails, the later the more; `name` says which it is. */
static void long_row(const void *rows, size_t index, struct bm_value *values)
{
	(void)rows;
	const int size = snprintf(name, sizeof name, "row-%zu-", index);
	values[0] = (struct bm_value){.text = {(uint8_t *)name, (size_t)size}};
	values[1] = (struct bm_value){.integer = index % 1000 == 7 ? (int64_t)index : 0};
	values[2] = (struct bm_value){.integer = 0};
}

/* All that a stranger may write, and much of it. */
static void wide_row(const void *rows, size_t index, struct bm_value *values)
{
	static const char evil[] =
		"</script><!--<img src=x onerror=alert(1)>\"'&amp;\xe2\x80\xae\x1b[2J";
	(void)rows, (void)index;
	for (size_t i = 0; i + sizeof evil < sizeof name; i += sizeof evil - 1)
		memcpy(name + i, evil, sizeof evil);
	values[0] = (struct bm_value){.text = {(uint8_t *)name, sizeof name}};
	values[1] = (struct bm_value){.integer = 1};
	values[2] = (struct bm_value){.empty = true};
}

static const struct bm_table long_table = {
	.name = "long", .about = "Long.", .columns = columns, .column_count = 3, .row = long_row};
static const struct bm_table wide_table = {
	.name = "wide", .about = "Wide.", .columns = columns, .column_count = 3, .row = wide_row};

static struct bm_tally *tally;
static char *page;
static size_t page_size;

/* make - the page of these sheets, in page */
static void make(const struct bm_sheet *sheets, size_t count)
{
	const struct bm_view view = {.tally = tally, .bucket = BM_BUCKET_DAY, .lang = "en"};
	const struct bm_writer_options options = {.version = "0"};
	const struct bm_document document = {.view = &view,
					     .options = &options,
					     .sheets = sheets,
					     .sheet_count = count,
					     .target = "target.html"};
	char path[] = "/tmp/bouncemill-test-XXXXXX";
	const int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(bm_writer_html.document(path, &document), BM_OK);
	free(page);
	page_size = (size_t)lseek(fd, 0, SEEK_END);
	page = malloc(page_size + 1);
	cr_assert_eq(pread(fd, page, page_size, 0), (ssize_t)page_size);
	page[page_size] = 0;
	close(fd);
	unlink(path);
}

static void set_up(void)
{
	tally = bm_tally_new();
}

static void tear_down(void)
{
	free(page);
	bm_tally_free(tally);
}

TestSuite(html, .init = set_up, .fini = tear_down);

/* occurrences - how often a word is in the page */
static size_t occurrences(const char *word)
{
	size_t count = 0;
	for (const char *at = page; (at = strstr(at, word)) != NULL; at += strlen(word))
		count++;
	return count;
}

Test(html, nothing_is_a_page_too)
{
	make(NULL, 0);
	cr_assert_not_null(strstr(page, "</html>"));
	cr_assert_null(strstr(page, "<table"));
}

/* The 1,000 rows that fail most are the last 1,000 that fail at all, in the table's order. */
Test(html, a_long_table_shows_what_counts_most_and_says_so)
{
	make(&(struct bm_sheet){&long_table, NULL, LONG_ROWS}, 1);
	cr_assert_eq(occurrences("<tr><th>row-"), HTML_TABLE_ROWS_MAX);
	cr_assert_not_null(strstr(page, "1,000 of 2,000,000 rows"));
	const char *const first = strstr(page, "<tr><th>row-1000007-<td>1,000,007<td>0");
	const char *const last = strstr(page, "<tr><th>row-1999007-<td>1,999,007<td>0");
	cr_assert_not_null(first);
	cr_assert_lt(first, last);
}

Test(html, a_short_table_is_whole_and_says_nothing)
{
	make(&(struct bm_sheet){&long_table, NULL, HTML_TABLE_ROWS_MAX}, 1);
	cr_assert_eq(occurrences("<tr><th>row-"), HTML_TABLE_ROWS_MAX);
	cr_assert_eq(occurrences("class=\"cut\""), 0);
	make(&(struct bm_sheet){&long_table, NULL, 1}, 1);
	cr_assert_eq(occurrences("<tr><th>row-"), 1);
	cr_assert_eq(occurrences(">1 row<"), 1);
}

/* Thirty tables of long evil rows: none is left out, and all of them stay below the limit. */
Test(html, the_page_has_a_limit_and_keeps_every_table)
{
	struct bm_sheet sheets[MANY_SHEETS];
	for (size_t i = 0; i < MANY_SHEETS; i++)
		sheets[i] = (struct bm_sheet){&wide_table, NULL, WIDE_ROWS};
	make(sheets, MANY_SHEETS);
	cr_assert_leq(page_size, (size_t)HTML_BYTES_MAX);
	cr_assert_geq(page_size, (size_t)HTML_BYTES_MAX * 9 / 10);
	cr_assert_eq(occurrences("<details class=\"table\""), MANY_SHEETS);
	cr_assert_eq(occurrences("class=\"cut\""), MANY_SHEETS);
}

Test(html, what_strangers_write_stays_text)
{
	make(&(struct bm_sheet){&wide_table, NULL, 3}, 1);
	cr_assert_eq(occurrences("<img"), 0);
	cr_assert_eq(occurrences("<!--"), 0);
	cr_assert_eq(occurrences("</script"), 3);
	cr_assert_null(memchr(page, 0x1b, page_size));
	cr_assert_null(strstr(page, "\xe2\x80\xae"));
	cr_assert_not_null(strstr(page, "&lt;/script&gt;&lt;!--&lt;img src=x onerror=alert(1)&gt;"
					"&quot;&#39;&amp;amp;\\xe2\\x80\\xae\\x1b[2J"));
}

/* A provider's name is in the JSON of the charts as well. */
Test(html, what_strangers_write_stays_text_in_the_island)
{
	static const char evil[] = "</script><img src=x>\"\\";
	const struct bm_table *table;
	struct bm_sheet sheets[64];
	size_t count = 0;
	for (int day = 0; day < 3; day++) {
		const uint32_t key[4] = {(uint32_t)(20454 + day),
					 bm_tally_domain(tally, BM_BYTES("d")),
					 BM_PAIR(bm_tally_provider(tally, bm_bytes_of(evil)),
						 BM_CATEGORY_BAD_MAILBOX),
					 BM_SOURCE_LOG};
		bm_cells_at(&tally->cells[BM_CELLS_CUBE], key)[BM_BOUNCED] += 5;
	}
	const struct bm_view view = {.tally = tally, .bucket = BM_BUCKET_DAY, .lang = "en"};
	for (size_t i = 0; (table = bm_registry_table(i)) != NULL; i++) {
		if (strcmp(table->name, "totals") && strcmp(table->name, "trend") &&
		    strcmp(table->name, "categories"))
			continue;
		sheets[count].table = table;
		sheets[count].rows = table->open(&view, &sheets[count].count);
		count++;
	}
	make(sheets, count);
	cr_assert_not_null(strstr(page, "\"providers\":[\"\\u003c/script\\u003e\\u003cimg "
					"src=x\\u003e\\\"\\\\\""));
	cr_assert_not_null(strstr(page, "\"runs\":[[0,0,5,5,5]]"));
	for (size_t i = 0; i < count; i++)
		sheets[i].table->close(sheets[i].rows);
}

Test(html, a_full_disk_is_an_error)
{
	const struct bm_view view = {.tally = tally, .lang = "en"};
	const struct bm_writer_options options = {.version = "0"};
	const struct bm_document document = {
		.view = &view, .options = &options, .target = "target.html"};
	cr_assert_eq(bm_writer_html.document("/dev/full", &document), BM_WRITE);
	cr_assert_eq(bm_writer_html.document("/nowhere/at/all", &document), BM_WRITE);
}
