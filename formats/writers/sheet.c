/* sheet.c - tables read by the names of their columns; see sheet.h. */
#include "sheet.h"

#include "bouncemill/registry.h"

static bool same(const char *left, const char *right)
{
	return bm_bytes_equal(bm_bytes_of(left), bm_bytes_of(right));
}

struct bm_sheet bm_sheet_open(const struct bm_view *view, const char *name)
{
	struct bm_sheet sheet = {0};
	for (size_t i = 0; (sheet.table = bm_registry_table(i)) != NULL; i++)
		if (same(sheet.table->name, name))
			break;
	if (sheet.table)
		sheet.rows = sheet.table->open(view, &sheet.count);
	return sheet;
}

void bm_sheet_close(struct bm_sheet *sheet)
{
	if (sheet->table)
		sheet->table->close(sheet->rows);
}

const struct bm_sheet *bm_sheet_of(const struct bm_document *document, const char *name)
{
	for (size_t i = 0; i < document->sheet_count; i++)
		if (same(document->sheets[i].table->name, name))
			return &document->sheets[i];
	return NULL;
}

unsigned bm_sheet_column(const struct bm_sheet *sheet, const char *name)
{
	unsigned column = 0;
	while (column < sheet->table->column_count &&
	       !same(sheet->table->columns[column].name, name))
		column++;
	return column;
}

const struct bm_value *bm_sheet_cell(const struct bm_sheet *sheet, const struct bm_value *values,
				     const char *name)
{
	static const struct bm_value unknown = {.empty = true};
	const unsigned column = bm_sheet_column(sheet, name);
	return column < sheet->table->column_count ? &values[column] : &unknown;
}

uint64_t bm_sheet_number(const struct bm_sheet *sheet, const struct bm_value *values,
			 const char *name)
{
	const struct bm_value *const value = bm_sheet_cell(sheet, values, name);
	return value->empty ? 0 : (uint64_t)value->integer;
}

uint64_t bm_sheet_failures(const struct bm_sheet *sheet, const struct bm_value *values)
{
	return bm_sheet_number(sheet, values, "bounced") +
	       bm_sheet_number(sheet, values, "expired");
}
