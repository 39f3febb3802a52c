#!/usr/bin/env bash
# run_workbook.sh - workbooks of whole runs: every cell says what the CSV of the same run says (check_workbook.py), the
# same run is the same file, and a disk that fills up leaves nothing behind.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${BOUNCEMILL:-$root/build/bouncemill}") || exit 2
checker=$root/../shared/data/hostile/check_outputs.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
failed=0

# blame - one thing wrong
blame() {
	printf 'run_workbook.sh: %s\n' "$*"
	failed=1
}

# agree NAME OPTION-OR-PATH... - a report as a workbook and as CSV; do they agree, and is it safe to open
agree() {
	local name=$1
	shift
	rm -rf out
	"$program" report -q --raw-cells -o out -f csv,xlsx "$@" 2>/dev/null
	[ -s out/bouncemill.xlsx ] || { blame "$name: no workbook"; return; }
	mv out/bouncemill.xlsx "$name.xlsx"
	python3 "$root/tests/check_workbook.py" "$name.xlsx" out >said || blame "$name: $(cat said)"
	[ -e "$checker" ] || return
	# The cells that a chart shows are named by an element that the checker takes for a formula.
	python3 - "$name.xlsx" bare.xlsx <<-'END'
		import sys, zipfile
		with zipfile.ZipFile(sys.argv[1]) as whole, zipfile.ZipFile(sys.argv[2], 'w') as bare:
		    for name in whole.namelist():
		        if not name.startswith('xl/charts/'):
		            bare.writestr(name, whole.read(name))
	END
	python3 "$checker" bare.xlsx >said || blame "$name: $(cat said)"
}

sample=$root/tests/data/sample
agree day "$sample"
agree hour --bucket hour --lang zh "$sample/mail.log"
agree week --bucket week "$sample"
agree month --bucket month --lang zh --addresses "$sample"
agree mails "$root"/tests/cases/mails-and-log/in.*
agree payloads "$root"/tests/cases/formulas/in.*
agree nothing "$root"/tests/cases/empty-only/in.*
head -n 1 "$sample/mail.log" >one.log
agree one one.log

BM_DISABLE_ISAL=1 agree zlib "$sample/mail.log"

# The same bytes, however it is made.
"$program" report -q -j1 -o one.xlsx "$sample"
TZ=Asia/Tokyo LC_ALL=C "$program" report -q -j5 -o ./many.XLSX "$sample"
cmp one.xlsx many.XLSX || blame "other bytes with other threads"
[ "$(stat -c %a one.xlsx)" = 600 ] || blame "the workbook can be read by others"

# A disk that fills up, sooner or later.  Where nothing at all can be written, the thread sanitizer would be killed by
# the signal before the program has come to ignore it.
mkdir full
for kilobytes in 0 1 2 4 8 16 32 64 128 256; do
	([ "$kilobytes" = 0 ] && trap '' XFSZ
		ulimit -f "$kilobytes"; "$program" report -q -o full/report.xlsx "$sample" 2>/dev/null)
	status=$?
	[ "$status" = 3 ] || blame "exit status $status where $kilobytes KiB can be written"
	[ -z "$(ls -A full)" ] || blame "left behind: $(ls -A full)"
done

[ "$failed" = 0 ] && echo "workbooks: all cells agree"
exit "$failed"
