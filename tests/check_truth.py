#!/usr/bin/env python3
"""check_truth.py - compare a report of bouncemill with what is known to be true.

    check_truth.py generated REPORT TRUTH.json       a log of bench/generate and its truth.json
    check_truth.py mails REPORT EXPECTED_DIR         the mailbox a real server's bounces went to
    check_truth.py server [--log LOG] [--categories] REPORT EXPECTED_DIR

REPORT is the file of `bouncemill report -o report.json`, or the directory of `report -o DIR` (CSV).
Exit status: 0 equal, 1 different, 2 wrong usage or unreadable input.

A server's expected.json knows the messages of its clients only.  Its log also holds the mails the
server itself wrote about them (non-delivery and delay notifications): null sender, delivered with
relay=virtual to the domains of the senders, and to no other.  No client wrote to those domains, so
they are the domains of the report that expected.json does not name, must hold deliveries only,
and are taken from the totals and from the null sender before comparing; with --log their number
must also be that of the log's relay=virtual deliveries.  Lines lost by journald (short-iso
only) are no fault of the reader's, so compare that form by eye.

What a refusal means is a judgement: in `server`, a difference in categories is shown, and decides
the exit status only with --categories.  In `generated` the words leave no doubt: all must agree.
"""
import argparse
import collections
import csv
import json
import os
import re
import sys

OUTCOMES = ("delivered", "bounced", "expired", "deferred")
ENDINGS = ("later_delivered", "later_bounced", "later_expired", "still_open")
SHOWN = 10  # differences of one kind


def cell(text):
    """A CSV cell as bouncemill means it: a number, or text without its formula guard."""
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return text[1:] if re.match(r"'[=+\-@\t\r]", text) else text


class Report:
    """The tables of a report, read when asked for."""

    def __init__(self, path):
        self.path = path
        self.whole = None
        if not os.path.isdir(path):
            with open(path, encoding="utf-8") as file:
                self.whole = json.load(file)

    def table(self, name):
        """The rows of a table, as dictionaries."""
        if self.whole is not None:
            return self.whole["tables"][name]
        with open(os.path.join(self.path, name + ".csv"), encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            return [{key: cell(value) for key, value in row.items()} for row in rows]

    def totals(self):
        """The totals object of the one-file form, or nothing."""
        return self.whole["totals"] if self.whole is not None else {}


class Judge:
    """Counts and shows differences."""

    def __init__(self):
        self.wrong = 0

    def compare(self, what, want, got, counts=True):
        """Compare two mappings to numbers, absent meaning 0; counts says whether it decides."""
        keys = [k for k in set(want) | set(got) if want.get(k, 0) != got.get(k, 0)]
        total = sum(1 for value in want.values() if value)
        verdict = "ok" if not keys else f"{len(keys)} DIFFER" if counts else f"{len(keys)} disagree"
        print(f"{what}: {total} values, {verdict}")
        for key in sorted(keys, key=str)[:SHOWN]:
            name = key if isinstance(key, str) else " ".join(map(str, key))
            print(f"    {name}: want {want.get(key, 0)}, got {got.get(key, 0)}")
        if len(keys) > SHOWN:
            print(f"    ... and {len(keys) - SHOWN} more")
        if counts:
            self.wrong += len(keys)


def tally(rows, keys, measures):
    """Sum the measures of rows by the named keys: {(*keys, measure): n}."""
    sums = collections.Counter()
    for row in rows:
        for measure in measures:
            if row[measure]:
                sums[(*(row[key] for key in keys), measure)] += row[measure]
    return sums


def spread(rows, names, lead=None):
    """Rows of the truth ([key..., numbers...]) as {(key, name): n}."""
    return {(lead or row[0], name): n for row in rows for name, n in zip(names, row[1:])}


def check_generated(report, truth, judge):
    """A generated log: everything must agree."""
    days = [row[0] for row in truth["days"]]
    cube = collections.Counter()
    for day, domain, category, *numbers in truth["cube"]:
        for outcome, n in zip(OUTCOMES, numbers):
            if n:
                key = (days[day], truth["domains"][domain], truth["categories"][category], outcome)
                cube[key] += n
    got = [row for row in report.table("cube") if row.get("source") != "dsn"]
    judge.compare("cube by outcome", by(cube, 3), by(tally(got, ("period",), OUTCOMES), 1))
    judge.compare("cube by day and outcome", by(cube, 0, 3), tally(got, ("period",), OUTCOMES))
    judge.compare("cube by category and outcome", by(cube, 2, 3),
                  tally(got, ("category",), OUTCOMES))
    judge.compare("cube by domain and outcome", by(cube, 1, 3), tally(got, ("domain",), OUTCOMES))
    judge.compare("cube", cube, tally(got, ("period", "domain", "category"), OUTCOMES))

    measures = ("messages", "deferred_recipients", "rejected")
    judge.compare("totals by day", spread(truth["days"], measures),
                  tally(report.table("totals"), ("period",), measures))
    judge.compare("senders", spread(truth["senders"], OUTCOMES + ("messages",)),
                  tally(report.table("senders"), ("sender_domain",), OUTCOMES + ("messages",)))
    if "fanout" in truth:  # of a corpus made before these were counted, it is not there
        for table, key in (("fanout", "fanout"), ("subjects", "subject")):
            judge.compare(table, spread(truth[table], OUTCOMES + ("messages",)),
                          tally(report.table(table), (key,), OUTCOMES + ("messages",)))
    judge.compare("deferrals by last category", spread(truth["deferrals_by_last"], ENDINGS),
                  tally(report.table("deferrals"), ("category",), ENDINGS))
    planted = {(*row[:4],): 1 for row in truth["incidents"]}
    found = {(row["start"], row["end"], row["name"], row["category"]): 1
             for row in report.table("incidents")}
    judge.compare("incidents", planted, found)
    whole = report.totals()
    names = ("lines", "bytes", "rejected") + OUTCOMES
    if whole:
        judge.compare("whole run", {n: truth["totals"][n] for n in names},
                      {n: whole[n] for n in names})


def by(sums, *places):
    """Sum over all but the given places of the keys."""
    result = collections.Counter()
    for key, n in sums.items():
        result[tuple(key[place] for place in places)] += n
    return result


def split_notes(cube, known):
    """Outcomes by domain without the server's own notes, how many those are, and what is odd."""
    mine, notes, odd = collections.Counter(), 0, {}
    for (domain, category, outcome), n in cube.items():
        if domain in known:
            mine[(domain, category, outcome)] += n
        elif outcome == "delivered":
            notes += n
        else:
            odd[(domain, outcome)] = n
    return mine, notes, odd


def virtual_deliveries(path):
    """How many notes the log says were delivered here."""
    note = re.compile(rb": to=<[^>]*>, (?:orig_to=<[^>]*>, )?relay=virtual, .* status=sent ")
    with open(path, "rb") as file:
        return sum(1 for line in file if note.search(line))


def check_server(report, expected, judge, log, categories):
    """A real server's log: counts must agree, categories are shown."""
    final = ("delivered", "bounced", "expired")
    words = {"sent": "delivered", "bounced": "bounced", "expired": "expired"}
    rows = [row for row in report.table("cube") if row.get("source") != "dsn"]
    cube = tally(rows, ("domain", "category"), final)
    mine, notes, odd = split_notes(cube, expected["by_domain"])
    print(f"notes of the server itself, left out: {notes}")
    judge.compare("failures of domains nobody wrote to", {}, odd)
    if log:
        judge.compare("notes in the log", {"notes": virtual_deliveries(log)}, {"notes": notes})

    def wanted(name, key=lambda text: text):
        sums = collections.Counter()
        for who, outcomes in expected[name].items():
            for word, n in outcomes.items():
                if word in words:
                    sums[(key(who), words[word])] += n
        return sums

    judge.compare("outcomes", {words[w]: n for w, n in expected["totals"].items() if w in words},
                  {outcome: n for (outcome,), n in by(mine, 2).items()})
    judge.compare("domains", wanted("by_domain"), by(mine, 0, 2))
    senders = tally(report.table("senders"), ("sender_domain",), final)
    senders[("<>", "delivered")] -= notes
    domain_of = lambda who: who.rpartition("@")[2].lower()
    judge.compare("senders", wanted("by_sender", domain_of), senders)

    fails = collections.Counter({k: n for k, n in mine.items() if k[2] != "delivered"})
    want = {k: n for k, n in wanted("by_category").items() if k[1] != "delivered"}
    judge.compare("categories", want, by(fails, 1, 2), categories)
    want = {(domain, category): n for domain, inner in
            expected["failed_by_domain_and_category"].items() for category, n in inner.items()}
    judge.compare("categories by domain", want, by(fails, 0, 1), categories)


def check_mails(report, expected, judge):
    """Recipients that the bounce mails of a server name as failed and as delayed."""
    totals, seen = report.totals(), expected["bounces_observed"]["mbox"]
    judge.compare("recipients of bounce mails", {"failed": seen["action failed"], "delayed": seen["action delayed"]},
                  {"failed": totals["dsn_failed"], "delayed": totals["dsn_delayed"]})


def main():
    """Parse the command line, compare, tell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    generated = kinds.add_parser("generated")
    generated.add_argument("report")
    generated.add_argument("truth")
    server = kinds.add_parser("server")
    server.add_argument("report")
    server.add_argument("expected_dir")
    server.add_argument("--log", help="the log the report was made from")
    server.add_argument("--categories", action="store_true", help="these must agree as well")
    mails = kinds.add_parser("mails")
    mails.add_argument("report")
    mails.add_argument("expected_dir")
    options = parser.parse_args()

    judge = Judge()
    try:
        report = Report(options.report)
        if options.kind == "generated":
            with open(options.truth, encoding="utf-8") as file:
                check_generated(report, json.load(file), judge)
        else:
            path = os.path.join(options.expected_dir, "expected.json")
            with open(path, encoding="utf-8") as file:
                expected = json.load(file)
            if options.kind == "mails":
                check_mails(report, expected, judge)
            else:
                check_server(report, expected, judge, options.log, options.categories)
    except (OSError, ValueError, KeyError) as error:
        print(f"check_truth.py: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print("equal" if not judge.wrong else f"{judge.wrong} differences")
    return 1 if judge.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
