#!/usr/bin/env bash
# run_truth.sh - the numbers are the true ones: on logs of the generator ($GENERATE), whose truth is
# written beside them, and on logs of real servers in ../shared/data/servers where they are.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=${BOUNCEMILL:-$root/build/bouncemill}
generate=${GENERATE:-$(dirname "$program")/generate}
servers=$root/../shared/data/servers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C.UTF-8
. "$root/tests/judge.sh"

# report RESULT INPUT... - the one-file report; what it says is shown when it fails
report() {
	local result=$1
	shift
	"$program" report -q -o "$result" "$@" >/dev/null 2>"$work/said" ||
		{ echo "report of $*: exit status $?"; head -n 20 "$work/said"; return 1; }
}

# generated NAME OPTION... - a log made with these options against its truth.json
generated() {
	local name=$1 place=$work/$1
	shift
	mkdir -p "$place"
	if ! "$generate" --bytes 6M --days 40 --domains 5000 "$@" >"$work/said" 2>&1; then
		cat "$work/said"
		failed=$((failed + 1))
		return
	fi
	local logs=("$place"/*.log)
	report "$place/report.json" "${logs[@]}"
	judge "$name" python3 "$root/tests/check_truth.py" generated "$place/report.json" "$place/truth.json"
}

if [ -x "$generate" ]; then
	for form in 3164 3339 5424 year-first; do
		generated "form-$form" --seed 7 --form "$form" --out "$work/form-$form/mail.log"
	done
	generated days --seed 8 --split day --start 2023-12-20 --out "$work/days"
	generated incidents --seed 10 --bytes 24M --incident 24:3:microsoft:blocklisted:150 \
		--incident 32:2:google:spam-related:80 --out "$work/incidents/mail.log"
	generated filter --seed 9 --filter --hosts 1 --out "$work/filter/mail.log"
else
	echo "run_truth.sh: SKIPPED: no generator at $generate"
fi

if [ -d "$servers" ]; then
	for log in "$servers"/postfix-*/postfix*; do
		case $log in *short-iso*) continue ;; esac # journald lost two lines of that one
		name=$(basename "$(dirname "$log")")/$(basename "$log")
		report "$work/report.json" "$log"
		options=()
		[[ $log == *.log ]] && options=(--log "$log")
		judge "$name" python3 "$root/tests/check_truth.py" server "${options[@]}" \
			"$work/report.json" "$(dirname "$log")"
		# The bounce mails of the same run tell nothing that the log does not.
		report "$work/report.json" "$log" "$(dirname "$log")/bounces.mbox"
		judge "$name and bounces.mbox" python3 "$root/tests/check_truth.py" server \
			"$work/report.json" "$(dirname "$log")"
	done
	for place in "$servers"/*; do
		report "$work/report.json" "$place/bounces.mbox"
		judge "$(basename "$place")/bounces.mbox alone" python3 "$root/tests/check_truth.py" mails \
			"$work/report.json" "$place"
	done
else
	echo "run_truth.sh: SKIPPED: ../shared/data/servers IS NOT HERE; NO LOG OF A REAL SERVER WAS TRIED"
fi

echo "truth: $passed passed, $failed failed"
[ $((passed + failed)) -gt 0 ] || exit 77
[ "$failed" = 0 ]
