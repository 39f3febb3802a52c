/* data.c - built-in texts and their words; see data.h. */
#include "data.h"

#include "bouncemill/registry.h"

struct bm_bytes bm_data_file(const char *name)
{
	const char *file;
	struct bm_bytes text;
	for (size_t i = 0; bm_embedded(i, &file, &text); i++)
		if (strcmp(file, name) == 0)
			return text;
	return (struct bm_bytes){0};
}

struct bm_bytes bm_data_word(struct bm_bytes *line)
{
	while (line->size && bm_data_is_blank(line->data[0]))
		*line = bm_bytes_from(*line, 1);
	size_t size = 0;
	if (line->size && line->data[0] != '#')
		while (size < line->size && !bm_data_is_blank(line->data[size]))
			size++;
	const struct bm_bytes word = {line->data, size};
	*line = bm_bytes_from(*line, size);
	return word;
}
