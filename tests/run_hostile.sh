#!/usr/bin/env bash
# run_hostile.sh - hostile inputs: every case named in tests/hostile.pass must pass.
#
#   run_hostile.sh          the listed ones
#   run_hostile.sh --all    every case there is; prints the names that pass, for the list
#
# Cases, driver and limits lie in a folder beside the project, ../shared/data/hostile; without it this
# test is skipped, loudly.  Under a sanitizer ($BM_SANITIZE) memory limits are the driver's for that, and the
# cases of the second kind, which lean on time and limits, are left out.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=${BOUNCEMILL:-$root/build/bouncemill}
kit=$root/../shared/data/hostile
list=$root/tests/hostile.pass
if [ ! -e "$kit/hostile.py" ]; then
	echo "run_hostile.sh: SKIPPED: ../shared/data/hostile IS NOT HERE; NO HOSTILE INPUT WAS TRIED"
	exit 77
fi

# Some cases run as nobody, who must get at everything.
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
install -m 755 "$program" "$work/bouncemill" || exit 2
python3 "$kit/hostile.py" "$work/cases" >/dev/null || exit 2

# drive_some NAME CONDITION - run the cases of CASES.tsv that an awk condition chooses, in a copy of the cases
drive_some() {
	local place=$work/cases.$1
	cp -al "$work/cases" "$place"
	rm "$place/CASES.tsv"
	awk -F'\t' "NR == 1 || ($2)" "$work/cases/CASES.tsv" >"$place/CASES.tsv"
	env BOUNCEMILL="$work/bouncemill" RES="$work/results.$1" BM_JOPT=-j TZ=UTC \
		SAN="$([ -n "${BM_SANITIZE:-}" ] && echo 1 || echo 0)" \
		RSS_MB="$([ -n "${BM_SANITIZE:-}" ] && echo 2048 || echo 512)" \
		bash "$kit/check_hostile.sh" "$place" 2>&1 | grep '^FAIL'
}

# drive - run what CASES.tsv names; the result lines are in results.tsv.  Cases of bytes alone run side by
# side; then, undisturbed, those where something happens meanwhile: signals, pipes, files that change
drive() {
	local workers worker
	workers=$(nproc)
	for ((worker = 0; worker < workers; worker++)); do
		drive_some "$worker" "\$4 == \"static\" && NR % $workers == $worker" &
	done
	wait
	[ -n "${BM_SANITIZE:-}" ] || drive_some dynamic '$4 != "static"'
	cat "$work"/results.* >"$work/results.tsv"
}

if [ "${1:-}" = --all ]; then
	drive
	awk -F'\t' '$2 == "ok" { print $1 }' "$work/results.tsv" | sort
	exit 0
fi

grep -vE '^[[:space:]]*(#|$)' "$list" | sort -u >"$work/names"
if [ -n "${BM_SANITIZE:-}" ]; then
	awk -F'\t' '$4 == "static" { print $1 }' "$work/cases/CASES.tsv" | sort | comm -12 "$work/names" - >"$work/some"
	mv "$work/some" "$work/names"
fi
awk -F'\t' 'FILENAME == ARGV[1] { want[$1]; next } FNR == 1 || $1 in want' "$work/names" "$work/cases/CASES.tsv" \
	>"$work/some" && mv "$work/some" "$work/cases/CASES.tsv"
drive
awk -F'\t' 'FILENAME == ARGV[1] { if ($2 == "ok") ok[$1]; next } !($1 in ok) { print $1 }' "$work/results.tsv" \
	"$work/names" >"$work/lost"
listed=$(wc -l <"$work/names") lost=$(wc -l <"$work/lost")
sed 's/^/run_hostile.sh: listed in hostile.pass, but fails: /' "$work/lost"
echo "hostile: $((listed - lost)) passed, $lost failed"
[ "$lost" = 0 ]
