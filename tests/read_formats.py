#!/usr/bin/env python3
"""read_formats.py - read what bouncemill wrote, in any of its formats, and hold it against the CSV.

    read_formats.py FORMAT:PATH FORMAT:PATH...   the same tables, rows and values in each as in the first
    read_formats.py --formats                    those it can read

All come from one run with --raw-cells.  A format is one function of READERS, which returns
{table: (columns, rows)}; a cell is None where nothing is known (CSV and TSV cannot tell that from an
empty text), a str, or a number of the type the format has.  Equal means: a text is the same text,
an integer has the same digits, a real number is the one nearest to the digits of the CSV.
A database is also checked for itself: whole, typed, keyed, described, and its `meta` like the head of
the one JSON file (`bundle`), when that is among the others.
Exit status: 0 equal, 1 different, 2 wrong usage.
"""
import csv
import glob
import itertools
import json
import os
import re
import sqlite3
import sys

SHOWN = 10  # differences of one kind
TYPES = {"text": {"text"}, "period": {"text"}, "time": {"text"}, "count": {"integer"},
         "share": {"real"}, "seconds": {"real"}, "number": {"real"}}
VIEWS = ("worst_domains", "causes")
APPLICATION_ID = 0x626D696C

csv.field_size_limit(1 << 24)


def table_name(path):
    return os.path.basename(path).rsplit(".", 1)[0]


def read_csv(directory):
    tables = {}
    for path in glob.glob(os.path.join(glob.escape(directory), "*.csv")):
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        tables[table_name(path)] = rows[0], [[cell or None for cell in row] for row in rows[1:]]
    return tables


def read_tsv(directory):
    tables = {}
    for path in glob.glob(os.path.join(glob.escape(directory), "*.tsv")):
        with open(path, encoding="utf-8", newline="") as file:
            lines = file.read().split("\n")
        assert lines.pop() == "", "the last line has no end"
        rows = [[cell.replace("\\\\", "\\") or None for cell in line.split("\t")] for line in lines]
        tables[table_name(path)] = rows[0], rows[1:]
    return tables


def objects(rows):
    """Columns and rows of a list of JSON objects; columns are not known when there are none."""
    return (list(rows[0]) if rows else None), [list(row.values()) for row in rows]


def read_json(directory):
    tables = {}
    for path in glob.glob(os.path.join(glob.escape(directory), "*.json")):
        with open(path, encoding="utf-8") as file:
            table = json.load(file)
        tables[table["table"]] = objects(table["rows"])
    return tables


def read_bundle(path):
    with open(path, encoding="utf-8") as file:
        return {name: objects(rows) for name, rows in json.load(file)["tables"].items()}


def names_in(base):
    """The tables of a database, without those that describe them."""
    return [name for (name,) in base.execute("SELECT name FROM sqlite_schema WHERE type = 'table' "
                                             "AND name NOT IN ('meta', 'columns')")]


def read_sqlite(path):
    base = sqlite3.connect(path)
    tables = {}
    for name in names_in(base):
        rows = base.execute(f'SELECT * FROM "{name}" ORDER BY rowid')
        tables[name] = [column[0] for column in rows.description], [list(row) for row in rows]
    base.close()
    return tables


READERS = {"csv": read_csv, "tsv": read_tsv, "json": read_json, "bundle": read_bundle,
           "sqlite": read_sqlite}


def same(want, have):
    """Is a cell what the CSV's cell says."""
    if want is None or have is None:
        return want is None and have in (None, "")
    if isinstance(have, float):
        return float(want) == have
    return want == str(have)


def measures(columns, rows):
    """Sums of the columns of whole numbers: what is wrong, in a glance."""
    sums = {}
    for place, column in enumerate(columns):
        cells = [row[place] for row in rows if row[place] is not None]
        if cells and all(re.fullmatch(r"-?\d+", str(cell)) for cell in cells):
            sums[column] = sum(int(cell) for cell in cells)
    return sums


def differences(want, have):
    """What differs between two readings, a line each."""
    for name in sorted(set(want) ^ set(have)):
        yield f"table {name} is in one of them only"
    for name in sorted(set(want) & set(have)):
        (columns, rows), (other_columns, other_rows) = want[name], have[name]
        if other_columns is not None and columns != other_columns:
            yield f"{name}: columns {columns}, not {other_columns}"
            continue
        if len(rows) != len(other_rows):
            yield f"{name}: {len(rows)} rows, not {len(other_rows)}"
        if measures(columns, rows) != measures(columns, other_rows):
            yield f"{name}: sums {measures(columns, rows)}, not {measures(columns, other_rows)}"
        for number, (row, other) in enumerate(zip(rows, other_rows), 1):
            for column, left, right in zip(columns, row, other):
                if not same(left, right):
                    yield f"{name}: row {number}, {column}: {left!r}, not {right!r}"
            if len(row) != len(other):
                yield f"{name}: row {number} has {len(row)} cells, not {len(other)}"


def mistyped(base, table, column, form):
    """Values of a column that are not of its form's type."""
    types = {kind for (kind,) in base.execute(f'SELECT DISTINCT typeof("{column}") FROM "{table}"')}
    return types - TYPES[form] - {"null"}


def keyed(base, table, key):
    """What is wrong with the index of a table's key."""
    index = f"{table}_key"
    known = {name: unique for _, name, unique, *_ in base.execute(f'PRAGMA index_list("{table}")')}
    if not key:
        return f"{table}: an index without a key" if index in known else None
    if index not in known:
        return f"{table}: no index of its key"
    if {column for _, _, column in base.execute(f'PRAGMA index_info("{index}")')} != set(key):
        return f"{table}: the index is not of its key"
    columns = ", ".join(f'"{column}"' for column in key)
    known_all = " AND ".join(f'"{column}" IS NOT NULL' for column in key)
    twins = base.execute(f'SELECT count(*) FROM (SELECT 1 FROM "{table}" WHERE {known_all} '
                         f"GROUP BY {columns} HAVING count(*) > 1)").fetchone()[0]
    if known[index] != (twins == 0):
        return f"{table}: {twins} keys occur twice, but unique is {known[index]}"
    return None


def described(base):
    """What is wrong with `columns`, and with what it says."""
    tables = {}
    for table, place, column, form, is_key, title in base.execute(
            "SELECT * FROM columns ORDER BY table_name, place"):
        tables.setdefault(table, []).append((place, column, form, is_key))
        if not title:
            yield f"{table}.{column} has no title"
        if wrong := mistyped(base, table, column, form):
            yield f"{table}.{column}, {form}, holds {wrong}"
    for table, columns in tables.items():
        have = [(place + 1, name) for place, name, *_ in base.execute(f'PRAGMA table_info("{table}")')]
        if [column[:2] for column in columns] != have:
            yield f"columns says {columns} of {table}, which has {have}"
        if fault := keyed(base, table, [column for _, column, _, is_key in columns if is_key]):
            yield fault
    if set(tables) != set(names_in(base)):
        yield "columns does not describe all tables"


def told(base, bundle):
    """Where `meta` and the head of the JSON file of the same run disagree."""
    with open(bundle, encoding="utf-8") as file:
        head = json.load(file)
    meta = dict(base.execute("SELECT key, value FROM meta"))
    want = {"version": head["bouncemill"], "partial": int(head["partial"]), **head["totals"]}
    for key, value in want.items():
        if meta.get(key) != value:
            yield f"meta: {key} is {meta.get(key)!r}, the JSON says {value!r}"


def database(path, bundle):
    """What is wrong with a database by itself."""
    base = sqlite3.connect(path)
    for pragma, want in (("integrity_check", [("ok",)]), ("foreign_key_check", []),
                         ("application_id", [(APPLICATION_ID,)]), ("user_version", [(1,)]),
                         ("journal_mode", [("delete",)]), ("freelist_count", [(0,)])):
        if (have := base.execute(f"PRAGMA {pragma}").fetchall()) != want:
            yield f"{pragma}: {have}"
    yield from described(base)
    if bundle:
        yield from told(base, bundle)
    for view in VIEWS:
        base.execute(f"SELECT * FROM {view}").fetchall()
    base.close()


def main(arguments):
    if arguments == ["--formats"]:
        print(*READERS)
        return 0
    places = [argument.partition(":")[::2] for argument in arguments]
    if len(places) < 2 or any(kind not in READERS for kind, _ in places):
        print(__doc__)
        return 2
    want = READERS[places[0][0]](places[0][1])
    bundle = next((path for kind, path in places if kind == "bundle"), None)
    faults = [] if want else ["no tables"]
    for kind, path in places[1:]:
        found = itertools.islice(differences(want, READERS[kind](path)), SHOWN)
        faults += [f"{kind}: {fault}" for fault in found]
        if kind == "sqlite":
            faults += [f"{kind}: {fault}" for fault in database(path, bundle)]
    print(*faults, sep="\n", end="\n" if faults else "")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
