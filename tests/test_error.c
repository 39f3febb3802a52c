/* test_error.c - what is said reaches stderr whole and harmless; what is unfinished goes away. */
#include "bouncemill/error.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char said[16384];

/* listen_to - run say with stderr in a file, whose text is then in `said` */
static void listen_to(void (*say)(void))
{
	FILE *const file = tmpfile();
	const int kept = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	say();
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	said[fread(said, 1, sizeof said - 1, file)] = 0;
	fclose(file);
}

static void say_plain(void)
{
	bm_say("mail.log", "cannot be read: %s", "reason");
	bm_say(NULL, "%d lines", 7);
}

Test(error, the_form_of_a_message)
{
	listen_to(say_plain);
	cr_assert_str_eq(said, "bouncemill: mail.log: cannot be read: reason\n"
			       "bouncemill: 7 lines\n");
}

static void say_hostile(void)
{
	bm_say("a\033[2Jb\nc", "x\ry\x9bz\x7f%s", "\xff\xe2\x80\xae");
}

Test(error, no_byte_that_a_terminal_obeys)
{
	listen_to(say_hostile);
	const size_t size = strlen(said);
	for (size_t i = 0; i + 1 < size; i++)
		cr_assert(said[i] >= 0x20 && said[i] < 0x7f, "byte %02x", (uint8_t)said[i]);
	cr_assert_eq(said[size - 1], '\n');
	cr_assert(strstr(said, "\\x1B") || strstr(said, "\\x1b"));
}

static char huge[100000];

static void say_huge(void)
{
	memset(huge, 'x', sizeof huge - 1);
	bm_say(huge, "%s", huge);
}

Test(error, a_long_message_stays_one_short_line)
{
	listen_to(say_huge);
	cr_assert_lt(strlen(said), 4096);
	cr_assert_eq(strchr(said, '\n'), said + strlen(said) - 1);
	cr_assert(strstr(said, "..."));
}

Test(error, slots_remove_what_they_hold)
{
	static char held[] = "/tmp/bm-error-a-XXXXXX", cleared[] = "/tmp/bm-error-b-XXXXXX";
	close(mkstemp(held));
	close(mkstemp(cleared));
	const int slot = bm_at_exit_remove(-1, held);
	const int other = bm_at_exit_remove(-1, cleared);
	cr_assert(slot >= 0 && other >= 0 && slot != other);
	bm_at_exit_remove(other, NULL);
	bm_remove_unfinished();
	cr_assert_neq(access(held, F_OK), 0);
	cr_assert_eq(access(cleared, F_OK), 0);
	unlink(cleared);
}

Test(error, no_slot_left_is_told)
{
	for (int i = 0; i < BM_UNFINISHED_MAX; i++)
		cr_assert_eq(bm_at_exit_remove(-1, "/nonexistent/x"), i);
	cr_assert_eq(bm_at_exit_remove(-1, "/nonexistent/x"), -1);
	bm_at_exit_remove(7, NULL);
	cr_assert_eq(bm_at_exit_remove(-1, "/nonexistent/x"), 7);
}

Test(error, too_much_memory_ends_the_run, .exit_code = BM_EXIT_OUTPUT)
{
	volatile size_t wanted = (size_t)1 << 62; /* volatile: the compiler must not warn */
	bm_alloc(wanted);
}

Test(error, an_overflowing_product_ends_the_run, .exit_code = BM_EXIT_OUTPUT)
{
	volatile size_t count = SIZE_MAX / 2;
	bm_zalloc(count, 16);
}

Test(error, nothing_is_something)
{
	void *const none = bm_alloc(0);
	void *const zero = bm_zalloc(0, 8);
	cr_assert(none && zero);
	bm_free(bm_realloc(none, 0));
	bm_free(zero);
	bm_free(NULL);
}

/* More large pieces at once than are noted: the rest are ordinary ones, and all are given back. */
Test(memory, more_large_pieces_than_are_noted)
{
	enum { COUNT = 1100, BYTES = 1 << 20 };
	static uint8_t *pieces[COUNT];
	for (int i = 0; i < COUNT; i++) {
		pieces[i] = bm_zalloc(1, BYTES);
		cr_assert_eq(pieces[i][BYTES - 1], 0);
		pieces[i][0] = (uint8_t)i;
	}
	for (int i = 0; i < COUNT; i++) {
		cr_assert_eq(pieces[i][0], (uint8_t)i);
		pieces[i] = bm_realloc(pieces[i], 2 * BYTES + 1);
		cr_assert_eq(pieces[i][0], (uint8_t)i);
		bm_free(pieces[i]);
	}
}
