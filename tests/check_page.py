#!/usr/bin/env python3
"""check_page.py PAGE.html [CSV-FOLDER] - is the page sound, and does it say what the CSV of the same run says?

Sound: as long as it may be, the policy's hashes are those of its scripts and its style, no attribute that
the policy forbids, every id once, every link to something in it, headings in order.  The CSV must have
been written with --raw-cells.  Prints what is wrong, exit 1."""
import base64, csv, hashlib, json, pathlib, re, sys
from html.parser import HTMLParser

BYTES_MAX, CELL_MAX = 2_000_000, 300
bad = []


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tables, self.raw, self.ids, self.links, self.levels, self.policy = {}, [], [], [], [], ""
        self.name = self.cell = self.where = None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for name, value in attributes.items():
            if name == "style" or name.startswith("on"):
                bad.append(f"attribute {name} on <{tag}>")
            if name in ("src", "href") and not value.startswith("#"):
                bad.append(f"link out: {value:.60}")
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if "href" in attributes:
            self.links.append(attributes["href"][1:])
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        if tag in ("script", "style"):
            self.raw.append([tag, attributes.get("type"), ""])
            self.where = "raw"
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "details" and attributes.get("class") == "table":
            self.name = attributes["id"].removeprefix("table-")
            self.tables[self.name] = {"columns": [], "rows": [], "cut": ""}
        if self.name is None:
            return
        table = self.tables[self.name]
        if tag == "p" and attributes.get("class") == "cut":
            self.where = "cut"
        elif tag == "th" and "data-name" in attributes:
            table["columns"].append(attributes["data-name"])
            self.where = None
        elif tag == "tr" and table["columns"]:
            table["rows"].append([])
            self.where = None
        elif tag in ("th", "td") and table["rows"]:
            table["rows"][-1].append("")
            self.where = "cell"

    def handle_endtag(self, tag):
        if tag in ("script", "style", "p", "tbody"):
            self.where = None
        if tag == "details":
            self.name = None

    def handle_data(self, data):
        if self.where == "raw":
            self.raw[-1][2] += data
        elif self.where == "cut":
            self.tables[self.name]["cut"] += data
        elif self.where == "cell":
            self.tables[self.name]["rows"][-1][-1] += data.rstrip("\n")


def same(text, cell):
    """Is a cell of the page what people read for that of the CSV?"""
    if cell == text or cell.replace(",", "") == text:
        return True
    if cell.endswith(" %"): # a fraction
        share = 0 if cell == "<0.01 %" else float(cell.removesuffix(" %")) / 100
        return abs(share - float(text)) < 0.000052
    if re.match(r"\d{4}-\d\d-\d\dT", text): # an instant
        return cell == text[:19].replace("T", " ")
    return cell.endswith("...") and len(cell) > CELL_MAX / 4 and text.startswith(cell[:-3])


def compare(name, table, path):
    rows = list(csv.reader(path.open(newline="")))
    head, rows = rows[0], rows[1:]
    if head != table["columns"]:
        bad.append(f"{name}: columns {table['columns']}, the CSV has {head}")
        return 0
    at = 0
    for row in table["rows"]:
        while at < len(rows) and not all(map(same, rows[at], row)):
            at += 1
            if not table["cut"]:
                break
        if at == len(rows) or not all(map(same, rows[at], row)):
            bad.append(f"{name}: not in the CSV, or in another order: {row}")
            return 0
        at += 1
    count = len(table["rows"])
    if count < len(rows) and not table["cut"].startswith(f"{count:,} of {len(rows):,} row"):
        bad.append(f"{name}: {count} of {len(rows)} rows, and it says: {table['cut']!r}")
    return count * len(head)




def compare_pivot(data, folder):
    """The pivot holds every failure of a known period, by category."""
    want = {}
    for row in csv.DictReader((folder / "trend.csv").open(newline="")):
        failures = int(row["bounced"]) + int(row["expired"])
        if row["period"] and failures:
            want[row["category"]] = want.get(row["category"], 0) + failures
    have = {}
    for provider, category, *counts in data["pivot"]["runs"] if data["pivot"] else []:
        kind = data["pivot"]["categories"][category]["name"]
        have[kind] = have.get(kind, 0) + sum(counts)
    if data["pivot"] and have != want:
        bad.append(f"the pivot has {have}, table trend {want}")


def sound(text, page):
    if len(text.encode()) > BYTES_MAX:
        bad.append(f"{len(text.encode())} bytes, {BYTES_MAX} are allowed")
    for tag, kind, body in page.raw:
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        if kind != "application/json" and f"'sha256-{digest}'" not in page.policy:
            bad.append(f"the policy does not know this <{tag}>: {body[:40]!r}")
    if "unsafe" in page.policy or "default-src 'none'" not in page.policy:
        bad.append(f"a weak policy: {page.policy}")
    for name in {name for name in page.ids if page.ids.count(name) > 1}:
        bad.append(f"id {name} is there twice")
    for name in set(page.links) - set(page.ids):
        bad.append(f"a link to #{name}, which is not there")
    if page.levels[0] != 1 or any(b > a + 1 for a, b in zip(page.levels, page.levels[1:])):
        bad.append(f"headings out of order: {page.levels}")


text = pathlib.Path(sys.argv[1]).read_bytes().decode()
page = Page()
page.feed(text)
sound(text, page)
data = json.loads(next(body for tag, kind, body in page.raw if kind == "application/json"))
cells = 0
if len(sys.argv) > 2:
    folder = pathlib.Path(sys.argv[2])
    names = {path.stem for path in folder.glob("*.csv")}
    if names != set(page.tables):
        bad.append(f"tables {sorted(page.tables)}, the CSV has {sorted(names)}")
    for name in sorted(names & set(page.tables)):
        cells += compare(name, page.tables[name], folder / f"{name}.csv")
    compare_pivot(data, folder)
    if cells == 0 and any(len(table["rows"]) for table in page.tables.values()):
        bad.append("nothing was compared")
print("\n".join(bad[:20]) or f"sound; {cells} cells are those of the CSV")
sys.exit(bool(bad))
