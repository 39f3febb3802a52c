#!/usr/bin/env bash
# check_docs.sh - the help, the manual page and both completions name the same options.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=${BOUNCEMILL:-$root/build/bouncemill}
broken=0
for command in report diagnose bench; do
	options=$("$program" help "$command" | grep -oE '^ {2,6}(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+')
	[ -n "$options" ] || { echo "docs: no options in the help of $command"; broken=1; }
	for option in $options; do
		for page in bouncemill.1 completions/bouncemill.bash completions/_bouncemill; do
			grep -qE -- "$option([^a-z-]|$)" <(tr -d '\\' <"$root/engine/$page") && continue
			echo "docs: $option of $command is not in engine/$page"
			broken=1
		done
	done
done
tables=$(LC_ALL=C "$program" report -t '?' x 2>&1 | sed -nE 's/.*\(one of ([a-z, ]+).*/\1/p' | tr -d ,)
[ -n "$tables" ] || { echo "docs: the tables are not known"; broken=1; }
for table in $tables; do
	for page in bouncemill.1 completions/bouncemill.bash completions/_bouncemill; do
		grep -qw -- "$table" "$root/engine/$page" && continue
		echo "docs: table $table is not in engine/$page"
		broken=1
	done
done
if command -v groff >/dev/null; then
	faults=$(groff -man -ww -Tutf8 -z "$root/engine/bouncemill.1" 2>&1)
	[ -z "$faults" ] || { echo "docs: groff says: $faults"; broken=1; }
fi
bash -n "$root/engine/completions/bouncemill.bash" || broken=1
[ "$broken" = 0 ] && echo "docs: help, manual and completions agree"
exit "$broken"
