#!/usr/bin/env bash
# run_formats.sh - every format says the same, to the last cell: the some golden cases, the sample and a log of the
# generator ($GENERATE) are written in all formats by one run each, read back by read_formats.py and held
# against the CSV.  Then the database: whole, typed, keyed; the same bytes for any number of threads; a full
# disk; and the questions that README asks it.
#
# A format joins when the program takes it with -f and read_formats.py can read it.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${BOUNCEMILL:-$root/build/bouncemill}") || exit 2
generate=${GENERATE:-$(dirname "$program")/generate}
# In memory, where that can be: every table is synced to its disk.
[ -w /dev/shm ] && export TMPDIR=${TMPDIR:-/dev/shm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C.UTF-8
. "$root/tests/judge.sh"

# The formats of a directory beside csv; what the program does not take yet is left out.
formats=()
for format in $(python3 "$root/tests/read_formats.py" --formats); do
	case $format in csv | bundle) continue ;; esac
	"$program" report -q -f "$format" -o "$work/probe" "$root/tests/data/sample" >"$work/said" 2>&1 &&
		formats+=("$format")
done
[ ${#formats[@]} -ge 3 ] || { echo "run_formats.sh: only these are taken: ${formats[*]}"; exit 1; }

# place_of FORMAT DIR - what read_formats.py is to read
place_of() {
	case $1 in
	sqlite) echo "sqlite:$2/bouncemill.db" ;;
	xlsx) echo "xlsx:$2/bouncemill.xlsx" ;;
	html) echo "html:$2/report.html" ;;
	*) echo "$1:$2" ;;
	esac
}

# agree NAME INPUT... - all formats of one run
agree() {
	local name=$1 out=$work/out status format places=()
	shift
	rm -rf "$out"
	"$program" report -q --addresses --raw-cells -f "csv$(printf ',%s' "${formats[@]}")" -o "$out/tables" \
		-o "$out/all.json" -o "$out/all.db" "$@" >/dev/null 2>"$work/said"
	status=$?
	if [ "$status" -gt 1 ]; then
		failed=$((failed + 1))
		echo "$name: exit status $status: $(head -n 3 "$work/said")"
		return
	fi
	for format in "${formats[@]}"; do places+=("$(place_of "$format" "$out/tables")"); done
	judge "$name" python3 "$root/tests/read_formats.py" "csv:$out/tables" "${places[@]}" \
		"bundle:$out/all.json"
	judge "$name: one file and in a directory" cmp "$out/all.db" "$out/tables/bouncemill.db"
	judge "$name: nothing else is left" test -z "$(find "$out" -name '.*' -o -name '*-journal' -o -name '*-wal')"
}

# Of the cases those with texts of strangers, with empty cells and tables, and with bounce mails.
for case in agents bytes-nul-hole bytes-utf8 damaged-gzip deferral-outcomes domains-odd dsn-against-text duplicate \
	empty formulas hosts-same-id mails-alone mails-and-log multi-line-reply probes-and-rejects spoofed-fields; do
	agree "$case" "$root/tests/cases/$case"/in.*
done
agree sample "$root/tests/data/sample"
agree "sample in Chinese weeks" --lang zh -b week "$root/tests/data/sample"

# The same file twice: two rows of `coverage` with one key.
cp "$root/tests/data/sample/mail.log" "$work/twice.log"
agree twice "$work/twice.log" "$work/twice.log"
judge "twice: the key occurs twice" test "$(sqlite3 "$work/out/all.db" \
	"SELECT count(*) FROM coverage")" = 2

log=$root/tests/data/sample
if [ -x "$generate" ]; then
	mkdir "$work/log"
	"$generate" --bytes 3M --days 40 --domains 3000 --seed 11 --out "$work/log/mail.log" >/dev/null 2>&1
	log=$work/log/mail.log
	agree generated "$log"
fi
for threads in 1 2 7; do
	"$program" report -q --addresses -j "$threads" -o "$work/j$threads.db" "$log"
	judge "-j $threads" cmp "$work/j$threads.db" "$work/j1.db"
done

# A name that SQLite could take for more than a name.
(cd "$work" && mkdir "file:x" && "$program" report -q -o "file:x/a?mode=memory.db" -o a.db "$log")
judge "a name like a URI" cmp "$work/file:x/a?mode=memory.db" "$work/a.db"

# full NAME KIB - a disk that takes no more than that: said with the target's name, nothing left
full() {
	mkdir "$work/full"
	(ulimit -f "$2" && exec "$program" report -q -o "$work/full/t.db" "$log") 2>"$work/stderr"
	judge "$1: exit status" test $? = 3
	judge "$1: message" grep -q '^bouncemill: .*/full/t\.db: cannot be written: File too large$' "$work/stderr"
	judge "$1: left" rmdir "$work/full"
	rm -rf "$work/full"
}
full "full at once" 1
full "full soon" 8
full "full later" 200

# What README asks is what runs.
"$program" report -q -o "$work/bouncemill.db" "$root/tests/data/sample"
grep -oE '^sqlite3 .*bouncemill\.db .*' "$root/README.md" >"$work/questions"
judge "README asks" test "$(wc -l <"$work/questions")" -ge 3
while IFS= read -r question; do
	(cd "$work" && bash -c "$question") >"$work/answer" 2>&1
	judge "README: $question" test $? = 0 -a -s "$work/answer"
done <"$work/questions"

echo "formats: $passed passed, $failed failed"
[ "$failed" = 0 ]
