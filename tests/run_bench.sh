#!/usr/bin/env bash
# run_bench.sh - `bouncemill bench` runs, says what it should and leaves nothing behind.  How fast
# anything is is no matter here: a loaded machine must not fail a test.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${BOUNCEMILL:-$root/build/bouncemill}") || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
cd "$work" || exit 2
failed=0

# blame - one thing wrong
blame() {
	printf 'bench: %s\n' "$*"
	failed=1
}

# expect STATUS ARGUMENT... - run bench and look at its exit status; out and err hold what it said
expect() {
	local want=$1 have
	shift
	"$program" bench "$@" >out 2>err </dev/null
	have=$?
	[ "$have" = "$want" ] || { blame "bench $*: exit $have, not $want"; cat err; }
	[ -z "$(ls -A "$TMPDIR")" ] || blame "bench $*: left in TMPDIR: $(ls -A "$TMPDIR")"
}

# check_json - all stages are there, in order, with sound numbers; arguments are conditions on `run`
check_json() {
	python3 - "$@" <<'PYTHON' || blame "the JSON is wrong ($*)"
import json, sys
run = json.load(open("out", encoding="utf-8"))
names = ["memory_read", "file_read", "identify", "read", "decompress", "find_lines", "parse",
         "correlate", "classify", "count", "write", "end_to_end"]
stages = {stage["name"]: stage for stage in run["stages"]}
wrong = []
if [stage["name"] for stage in run["stages"]] != names:
    wrong.append("stages are %s" % [stage["name"] for stage in run["stages"]])
for stage in run["stages"]:
    if sorted(stage) != ["gb_per_s", "name", "ns_per_line", "seconds", "total_seconds"]:
        wrong.append("keys of %s" % stage)
    if stage["seconds"] < 0 or stage["ns_per_line"] < 0 or stage["total_seconds"] <= 0:
        wrong.append("below zero: %s" % stage)
    if (stage["gb_per_s"] is None) != (stage["seconds"] == 0) or (stage["gb_per_s"] or 1) < 0:
        wrong.append("rate of %s" % stage)
for name in ("memory_read", "file_read", "identify", "read", "write", "end_to_end"):
    if stages[name]["seconds"] <= 0:
        wrong.append("no time in %s" % name)
totals = [stage["total_seconds"] for stage in run["stages"][2:-1]]
if totals != sorted(totals):
    wrong.append("accumulated times fall: %s" % totals)
if totals[-1] > stages["end_to_end"]["seconds"] + 1e-6:
    wrong.append("the parts are more than the whole")
for key in ("bytes", "decoded_bytes", "lines", "files", "attempts"):
    if run["corpus"][key] <= 0:
        wrong.append("corpus has no %s" % key)
if run["machine"]["threads"] < 1 or not run["machine"]["scanner"] or not run["machine"]["version"]:
    wrong.append("machine: %s" % run["machine"])
if run["times_memory_read"] <= 0:
    wrong.append("times_memory_read")
wrong += [condition for condition in sys.argv[1:] if not eval(condition)]
for what in wrong:
    print("bench:", what)
sys.exit(bool(wrong))
PYTHON
}

# On a corpus of its own.
expect 0 --generate 4M --runs 1
[ -s err ] && blame "something to say about its own corpus: $(cat err)"
for stage in 'memory read' 'file read' identify read decompress 'find lines' parse correlate \
	classify count write 'end to end'; do
	grep -q "^$stage  *[0-9-]" out || blame "the table has no line for: $stage"
done
number='[0-9]+\.[0-9]+'
grep -qE "^end to end: $number GB/s, $number ns a line, $number times the time of reading memory$" out ||
	blame "the last word is missing"
grep -q $'\033' out && blame "colours on something that is no terminal"
expect 0 --generate 4M --runs 1 --color always
grep -q $'\033' out || blame "no colours when asked for"
expect 0 --generate 4M --runs 1 --json
check_json 'run["corpus"]["generated"]' 'abs(run["corpus"]["bytes"] / 4194304 - 1) < 0.1' \
	'not run["partial"]'
expect 0 --generate 4M --runs 2 --json -j 3
check_json 'run["machine"]["threads"] == 3' 'run["runs"] == 2'

# On given files: plain and compressed, one given twice, which is said once.
for log in 7:one.log 8:two.log; do
	"$GENERATE" --bytes 1M --seed "${log%%:*}" --out "${log##*:}" --no-truth 2>/dev/null ||
		blame "the generator failed"
done
gzip two.log
expect 0 --runs 2 --json one.log two.log.gz one.log
check_json 'run["corpus"]["files"] == 2' 'not run["corpus"]["generated"]' \
	'run["corpus"]["decoded_bytes"] > run["corpus"]["bytes"]'
[ "$(grep -c 'counted once' err)" = 1 ] || blame "a duplicate is not said once: $(cat err)"

# Damage makes the status 1, and is said once.
head -c 60000 two.log.gz >cut.gz
expect 1 --runs 2 --json cut.gz
check_json 'run["partial"]'
[ "$(wc -l <err)" = 1 ] || blame "damage is not said once: $(cat err)"

# Nothing to measure.
printf 'a\nb\n' >words
expect 2 words
expect 2 missing
: >empty
expect 2 empty
expect 2 --runs 0
cat one.log | "$program" bench - >out 2>err
[ $? = 2 ] || blame "a pipe is not refused"
grep -q 'only once' err || blame "a pipe is refused without a reason: $(cat err)"

# No place for the corpus or the tables.
TMPDIR=$work/nowhere "$program" bench --generate 4M --runs 1 >out 2>err
[ $? = 3 ] || blame "no TMPDIR: exit status is not 3"
TMPDIR=$work/nowhere "$program" bench --runs 1 one.log >out 2>err
[ $? = 3 ] || blame "no TMPDIR for tables: exit status is not 3"

[ "$failed" = 0 ] && echo "bench: all well"
exit "$failed"
