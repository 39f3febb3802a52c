/* title.c - names to titles; see title.h. */
#include "title.h"

#include "bouncemill/category.h"
#include "bouncemill/words.h"

/* What a rule of spelling would get wrong. */
static const struct {
	const char *name, *title;
} special[] = {
	{"smtp_code", "SMTP code"},
	{"template_id", "Reply no."},
	{"delay_p50_s", "Delay, median (s)"},
	{"delay_p95_s", "Delay, 95th percentile (s)"},
	{"resolve_p50_s", "Time to resolve, median (s)"},
	{"resolve_p95_s", "Time to resolve, 95th percentile (s)"},
	{"attempts_p50", "Attempts, median"},
	{"attempts_p95", "Attempts, 95th percentile"},
	{"fanout", "Recipients a message"},
	{"log_odds", "Log odds"},
	{"z", "z score"},
	{"limit_pace", "Limited from (a minute)"},
	{"fanout", "Recipients a message"},
	{"log_odds", "Log odds"},
	{"z", "z score"},
	{"limit_pace", "Limited from (a minute)"},
};

void bm_title_add(struct bm_text *text, const char *name, const char *lang)
{
	const char *const other = bm_words(name, lang);
	if (other != name) {
		bm_text_add(text, bm_bytes_of(other));
		return;
	}
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (bm_bytes_equal(bm_bytes_of(special[i].name), bm_bytes_of(name))) {
			bm_text_add(text, bm_bytes_of(special[i].title));
			return;
		}
	for (size_t i = 0; name[i]; i++) {
		const bool first = i == 0 && name[i] >= 'a' && name[i] <= 'z';
		bm_text_byte(text, first            ? (uint8_t)(name[i] - 'a' + 'A')
				   : name[i] == '_' ? ' '
						    : (uint8_t)name[i]);
	}
}

struct bm_bytes bm_title_category(struct bm_bytes name, const char *lang)
{
	const enum bm_category category = bm_category_find(name);
	if (category == BM_CATEGORY_COUNT || lang == NULL)
		return name;
	return bm_bytes_of(bm_category_title(category, lang));
}
