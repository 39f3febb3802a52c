/* words.c - words and sentences of the terminal by their English; see words.h.
 *
 * Lines `"english" "other"` of the language file, read once before main().  There are some hundreds
 * of them and a page asks for as many: they are searched one by one.
 */
#include "bouncemill/words.h"

#include "bouncemill/bytes.h"
#include "bouncemill/error.h"
#include "data.h"

enum { WORDS_MAX = 1000 };

static struct entry {
	const char *english, *other;
} entries[WORDS_MAX];
static unsigned entry_count;

const char *bm_words(const char *english, const char *lang)
{
	for (unsigned i = 0; lang && strcmp(lang, "en") != 0 && i < entry_count; i++)
		if (strcmp(entries[i].english, english) == 0)
			return entries[i].other;
	return english;
}

/* quoted - the text between quotes at *at, which is ended there and moves on; NULL if there is none
 */
static char *quoted(char **at)
{
	if (*at == NULL || **at != '"')
		return NULL;
	char *const text = *at + 1, *const end = strchr(text, '"');
	if (end == NULL)
		return NULL;
	*end = '\0';
	*at = end[1] == ' ' ? end + 2 : end + 1;
	return text;
}

/* words_read - runs before main(); the copy lives as long as the process */
__attribute__((constructor)) static void words_read(void)
{
	const struct bm_bytes text = bm_data_file("lang/zh.txt");
	if (text.size == 0)
		return;
	char *const copy = bm_alloc(text.size + 1);
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	for (char *line = copy, *end; line && entry_count < WORDS_MAX; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		char *const english = quoted(&line), *const other = quoted(&line);
		if (english && other)
			entries[entry_count++] = (struct entry){english, other};
	}
}
