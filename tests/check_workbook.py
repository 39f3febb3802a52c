#!/usr/bin/env python3
"""check_workbook.py WORKBOOK DIRECTORY - does every cell of every table of a workbook say what the CSV files of
the same run say (written with --raw-cells), and do its charts show numbers that are in it?  Says what differs, exit 1.

It reads the container and its XML with the standard library alone, so that the writer's library is not its own judge."""
import csv, datetime, io, os, re, sys, zipfile
from xml.etree import ElementTree as ET

MAIN = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
REL = '{http://schemas.openxmlformats.org/officeDocument/2006/relationships}'
CHART = '{http://schemas.openxmlformats.org/drawingml/2006/chart}'
DATES = {'yyyy-mm-dd': '%Y-%m-%d', 'yyyy-mm-dd hh:mm': '%Y-%m-%dT%H', 'yyyy-mm': '%Y-%m',
         'yyyy-mm-dd hh:mm:ss': '%Y-%m-%dT%H:%M:%S'}
csv.field_size_limit(1 << 24)
bad = []


def blame(*words):
    bad.append(' '.join(str(word) for word in words))


class Book:
    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        if self.zip.testzip():
            blame('damaged member', self.zip.testzip())
        self.strings = [''.join(t.text or '' for t in si.iter(MAIN + 't')) for si in self.xml('xl/sharedStrings.xml')]
        styles = self.xml('xl/styles.xml')
        codes = {f.get('numFmtId'): f.get('formatCode') for f in styles.iter(MAIN + 'numFmt')}
        self.formats = [codes.get(xf.get('numFmtId'), xf.get('numFmtId')) for xf in styles.find(MAIN + 'cellXfs')]
        self.sheets = {s.get('name'): 'xl/worksheets/sheet%d.xml' % n
                       for n, s in enumerate(self.xml('xl/workbook.xml').iter(MAIN + 'sheet'), 1)}

    def xml(self, name):
        return ET.fromstring(self.zip.read(name))

    def cells(self, name):
        """rows of a sheet: {row: {column: (value, format)}}, a value being a str or a float"""
        rows = {}
        for row in self.xml(self.sheets[name]).iter(MAIN + 'row'):
            rows[int(row.get('r'))] = {c.get('r').rstrip('0123456789'): self.cell(c, name) for c in row}
        return rows

    def cell(self, c, sheet):
        if c.find(MAIN + 'f') is not None:
            blame(sheet, c.get('r'), 'is a formula')
        form, value = self.formats[int(c.get('s', 0))], c.find(MAIN + 'v')
        if c.get('t') == 's':
            return decoded(self.strings[int(value.text)]), form
        if c.get('t') == 'inlineStr':
            return decoded(''.join(t.text or '' for t in c.iter(MAIN + 't'))), form
        return (None if value is None else float(value.text)), form


def decoded(text):
    return re.sub('_x([0-9A-Fa-f]{4})_', lambda m: chr(int(m.group(1), 16)), text)


def letters(column):
    return chr(ord('A') + column)


def agrees(value, form, text):
    if value is None:
        return text == ''
    if isinstance(value, str):
        return value == text
    if form in DATES:
        moment = datetime.datetime(1899, 12, 30) + datetime.timedelta(seconds=round(value * 86400))
        return moment.strftime(DATES[form]) == text[:19]
    return text != '' and value == float(text)


def compare_table(book, sheet, table, rows):
    """one sheet against the header and the rows of the CSV that it holds"""
    cells, ref = book.cells(sheet), table.get('ref')
    header, rows = rows[0], rows[1:]
    want = 'A3:%s%d' % (letters(len(header) - 1), 3 + max(len(rows), 1))
    if ref != want or [c.get('name') for c in table.iter(MAIN + 'tableColumn')] != header:
        blame(sheet, 'is a table of', ref, 'and not of', want, 'or its columns have other names')
    if [cells[3].get(letters(i), ('',))[0] for i in range(len(header))] != header:
        blame(sheet, 'row 3 does not name the columns')
    if not cells[1]['A'][0] or any(not cells[2].get(letters(i), ('',))[0] for i in range(len(header))):
        blame(sheet, 'does not say what it is about, or has a column without a title')
    if max(cells) != 3 + len(rows):
        blame(sheet, 'ends in row', max(cells), 'and not', 3 + len(rows))
    for number, row in enumerate(rows, 4):
        for column, text in enumerate(row):
            value, form = cells.get(number, {}).get(letters(column), (None, None))
            if not agrees(value, form, text):
                blame(sheet, '%s%d' % (letters(column), number), repr(value), 'is not', repr(text))


def range_cells(book, formula):
    sheet, first, row, last, last_row = re.fullmatch(r"'?(.*?)'?!\$([A-Z]+)\$(\d+)(?::\$([A-Z]+)\$(\d+))?", formula).groups()
    if (last or first) != first:
        blame('chart of more than a column:', formula)
    rows = book.cells(sheet)
    return [rows.get(n, {}).get(first, (None,))[0] for n in range(int(row), int(last_row or row) + 1)]


def check_charts(book):
    charts = [n for n in book.zip.namelist() if n.startswith('xl/charts/chart')]
    for name in charts:
        for series in book.xml(name).iter(CHART + 'ser'):
            values = range_cells(book, series.find('./%sval//%sf' % (CHART, CHART)).text)
            labels = range_cells(book, series.find('./%scat//%sf' % (CHART, CHART)).text)
            title = range_cells(book, series.find('./%stx//%sf' % (CHART, CHART)).text)
            if not title[0] or None in labels or len(values) != len(labels):
                blame(name, 'has a series without a name, or labels that are missing')
            if not any(isinstance(value, float) for value in values):
                blame(name, 'shows nothing')
    return len(charts)


def main(path, directory):
    book = Book(path)
    tables = {}
    for sheet, member in book.sheets.items():
        rels = 'xl/worksheets/_rels/%s.rels' % os.path.basename(member)
        if rels in book.zip.namelist():
            for rel in book.xml(rels):
                if rel.get('Target').startswith('../tables/'):
                    tables[sheet] = book.xml('xl/' + rel.get('Target')[3:])
    found = set()
    for sheet, table in tables.items():
        name = table.get('name')
        found.add(name + '.csv')
        with io.open(os.path.join(directory, name + '.csv'), newline='', encoding='utf-8') as file:
            compare_table(book, sheet, table, list(csv.reader(file)))
    if found != set(n for n in os.listdir(directory) if n.endswith('.csv')):
        blame('other tables than in', directory)
    charts = check_charts(book)
    print('\n'.join(bad[:30]) or '%d tables and %d charts agree' % (len(found), charts))
    return bool(bad)


sys.exit(main(*sys.argv[1:]))
