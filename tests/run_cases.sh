#!/usr/bin/env bash
# run_cases.sh - golden cases: tests/cases/NAME/ holds
#
#   in.*     the inputs, files or folders: files named in.* of a folder are its inputs, in the order of the shell
#   why      what is feared, and by which reasoning the wants are right
#   args     options, as the shell would split them; -t, -o or --top (of the summary) take the place of `-o out`
#   date     when the inputs were written last (2026-01-31T12:00:00Z): git keeps no times, and a log without
#            years is dated by its file's.  A line `NAME TIME` is for that input only
#   stdin    what is on standard input (name it by - in args)
#   want.*   what must come out: want.TABLE.csv, want.stdout, want.stderr, want.exit (0 if missing), and
#            want.out.json for args that say `-o out.json`
#
#   never    words that must be in no output
#   diagnose instead of inputs: options and words of `bouncemill diagnose`, a run a line; `< FILE` and the like work
#            too.  want.stdout holds all that the runs say, each under its line
#
#   run_cases.sh [--accept] [NAME]...     all cases, or those; --accept writes the wants anew
#
# Each case runs in a copy of its folder.  It runs again with other threads, block sizes, zone and locale: every byte of
# every table, of stdout and the exit status must stay.  Conservation is checked in coverage.csv:
# lines = events + other + malformed, and the bytes are those of the file.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=${BOUNCEMILL:-$root/build/bouncemill}
program=$(realpath "$program") || exit 2
accept=0
[ "${1:-}" = --accept ] && { accept=1; shift; }
# In memory, where that can be: every table is synced to its disk, hundreds of times.
[ -w /dev/shm ] && export TMPDIR=${TMPDIR:-/dev/shm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
bad=

# blame - one thing wrong with the case at hand
blame() {
	printf '%s: %s\n' "$name" "$*"
	bad=1
}

# run_diagnose RESULT - what the lines of the file `diagnose` say, stdout and stderr in RESULT/stdout
run_diagnose() {
	local line
	(cd "$work/case" && while IFS= read -r line; do
		[ -n "$line" ] || continue
		printf '$ diagnose %s\n' "$line"
		eval 'env "${settings[@]}" "$program" diagnose '"$line" 2>&1 </dev/null
		printf '= %d\n\n' $?
	done <diagnose) >"$1/stdout"
	: >"$1/stderr"
	echo 0 >"$1/exit"
}

# run RESULT [VARIABLE=VALUE]... [-- OPTION...] - one run of the case; tables, stdout and exit in RESULT
run() {
	local result=$1 settings=() input=/dev/null
	[ -e "$work/case/stdin" ] && input=$work/case/stdin
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do settings+=("$1"); shift; done
	[ $# -gt 0 ] && shift
	mkdir -p "$result"
	[ ! -e "$work/case/diagnose" ] || { run_diagnose "$result"; return; }
	(cd "$work/case" && rm -rf out out.*
		env "${settings[@]}" "$program" report "${place[@]}" "${args[@]}" "$@" "${inputs[@]}" \
			>"$result/stdout" 2>"$result/stderr" <"$input"
		echo $? >"$result/exit"
		[ ! -d out ] || find out -type f -exec mv -t "$result" {} +
		[ ! -e out.json ] || sed -E 's/("bouncemill": ?)"[^"]*"/\1"VERSION"/' out.json >"$result/out.json")
}

# same LEFT RIGHT WHAT - are two results alike but for stderr
same() {
	diff -r -q -x stderr "$1" "$2" >"$work/diff" && return
	blame "differs with $3"
	diff -r -u -x stderr "$1" "$2" | head -n 20
}

# conserve RESULT - the books of coverage.csv balance; names of inputs have no comma
conserve() {
	local file format codec bytes lines events other malformed rest
	[ -e "$1/coverage.csv" ] || return 0
	while IFS=, read -r file format codec bytes lines events other malformed rest; do
		[ "$lines" = $((events + other + malformed)) ] ||
			blame "$file: lines $lines are not events $events + other $other + malformed $malformed"
		[ ! -f "$work/case/$file" ] || [ "$bytes" = "$(stat -c %s "$work/case/$file")" ] ||
			blame "$file: $bytes bytes are not those of the file"
	done < <(tail -n +2 "$1/coverage.csv")
}

# take_over CASE RESULT - write the wants anew: those that are there, or a first set
take_over() {
	local want made
	if ! ls "$1"/want.* >/dev/null 2>&1; then
		touch "$1/want.stdout" "$1/want.exit"
		for made in totals categories domains; do
			[ -e "$2/$made.csv" ] && touch "$1/want.$made.csv"
		done
	fi
	for want in "$1"/want.*; do
		made=$2/${want##*/want.}
		if [ -e "$made" ]; then cp "$made" "$want"; else rm "$want"; fi
	done
}

# compare CASE RESULT - every want against what came out
compare() {
	local want made
	for want in "$1"/want.*; do
		[ -e "$want" ] || continue
		made=$2/${want##*/want.}
		[ -e "$made" ] || { blame "${want##*/}: nothing of that name came out"; continue; }
		diff -u --label "want" --label "have" "$want" "$made" >"$work/diff" && continue
		blame "${want##*/} differs:"
		head -n 40 "$work/diff"
	done
	[ -e "$1/want.exit" ] || [ "$(cat "$2/exit")" = 0 ] || blame "exit status $(cat "$2/exit")"
}

# vary RESULT - the same case under other circumstances; each run changes several things at once
vary() {
	local backwards=()
	for input in "${inputs[@]}"; do backwards=("$input" "${backwards[@]}"); done
	run "$work/one" -- -j1 && same "$1" "$work/one" "-j1"
	run "$work/small" BM_BLOCK_BYTES=1000 BM_DISABLE_CPU=avx2 -- -j1 --no-mmap &&
		same "$1" "$work/small" "BM_BLOCK_BYTES=1000 BM_DISABLE_CPU=avx2 -j1 --no-mmap"
	run "$work/many" BM_BLOCK_BYTES=1000 TZ=Asia/Shanghai LC_ALL=C -- -j7 &&
		same "$1" "$work/many" "BM_BLOCK_BYTES=1000 TZ=Asia/Shanghai LC_ALL=C -j7"
	inputs=("${backwards[@]}")
	run "$work/back" BM_BLOCK_BYTES=65536 -- -j2 && same "$1" "$work/back" "BM_BLOCK_BYTES=65536 -j2, inputs backwards"
}

# alone RESULT - nothing came out that must never
alone() {
	[ -e "$work/case/never" ] || return 0
	grep -rFf "$work/case/never" "$1" && blame "holds what it must never"
}

# set_dates - the times of the inputs, those of the file `date` or the usual one
set_dates() {
	local first second
	find "$work/case" -exec touch -d 2026-01-31T12:00:00Z {} +
	[ -e "$work/case/date" ] || return 0
	while read -r first second; do
		if [ -n "$second" ]; then touch -d "$second" "$work/case/$first"; else
			find "$work/case" -exec touch -d "$first" {} +
		fi
	done <"$work/case/date"
}

# try CASE - everything about one case
try() {
	name=$(basename "$1") bad= args=()
	find "$work" -mindepth 1 -delete
	cp -r "$1" "$work/case"
	rm -f "$work"/case/want.*
	mapfile -t inputs < <(cd "$work/case" && compgen -G 'in.*')
	set_dates
	[ -e "$1/args" ] && eval "args=($(grep -v '^#' "$1/args" | tr '\n' ' '))"
	place=(-o out)
	case " ${args[*]} " in *" -t "* | *" -o "* | *" --top "*) place=() ;; esac
	run "$work/base"
	grep -qE 'Sanitizer|runtime error' "$work/base/stderr" && blame "sanitizer: $(cat "$work/base/stderr")"
	[ "$accept" = 1 ] && take_over "$1" "$work/base"
	compare "$1" "$work/base"
	conserve "$work/base"
	alone "$work/base"
	vary "$work/base"
	if [ -z "$bad" ]; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		sed 's/^/    stderr: /' "$work/base/stderr" | head -n 10
	fi
}

export TZ=UTC LC_ALL=C.UTF-8 NO_COLOR=1
export ASAN_OPTIONS=exitcode=99:${ASAN_OPTIONS:-} UBSAN_OPTIONS=halt_on_error=1:exitcode=99 TSAN_OPTIONS=exitcode=99:${TSAN_OPTIONS:-}
if [ $# -gt 0 ]; then cases=("${@/#/$root/tests/cases/}"); else cases=("$root"/tests/cases/*/); fi

# As many at a time as there are cores: each in a process of its own.
share=$(mktemp -d)
trap 'rm -rf "$work" "$share"' EXIT
workers=$(nproc)
for ((worker = 0; worker < workers; worker++)); do
	(
		trap - EXIT
		work=$share/work.$worker
		mkdir -p "$work"
		for ((at = worker; at < ${#cases[@]}; at += workers)); do
			if [ -d "${cases[at]}" ]; then try "${cases[at]%/}"; else
				echo "no such case: ${cases[at]}"
				failed=$((failed + 1))
			fi
		done
		echo "$passed $failed" >"$share/sum.$worker"
	) &
done
wait
for ((worker = 0; worker < workers; worker++)); do
	read -r one two <"$share/sum.$worker" || two=1
	passed=$((passed + one)) failed=$((failed + two))
done
if [ $((passed + failed)) = 0 ]; then
	echo "run_cases.sh: NO CASE WAS RUN (none in tests/cases)"
	exit 77
fi
echo "cases: $passed passed, $failed failed"
[ "$failed" = 0 ]
