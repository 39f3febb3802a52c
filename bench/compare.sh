#!/usr/bin/env bash
# compare.sh - bouncemill beside the tools one would reach for, on the same bytes in the same run.
#
#   bench/compare.sh FILE | --generate SIZE  [--runs N] [--full]
#
# FILE is a plain Postfix log; --generate makes one of SIZE (64M, 2G).  Everything is read from
# the page cache and run in turn, round after round; the fastest of N rounds (default 5) counts,
# and only ratios of one run mean anything.  Slow tools run once: pflogsumm on the first 200 MB,
# scaled to the whole (--full: on the whole), DuckDB with a much smaller question (day x domain x
# code x status).
#
# The compressed files are FILE.gz, FILE.zst (one frame) and FILE.90.zst (90 frames, one for a day
# of log) where they lie beside FILE and are not older; else they are made for this run.
#
# BOUNCEMILL names the program (build/bouncemill), GENERATE the generator (build/generate).  What
# is not installed is skipped loudly.  Exit status: 0 all targets measured were met, 1 some were
# not, 2 wrong usage or nothing to run.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
bouncemill=${BOUNCEMILL:-$root/build/bouncemill}
generate=${GENERATE:-$root/build/generate}
frames=90
slow_bytes=$((200 * 1000 * 1000))

usage() {
	echo "usage: ${0##*/} FILE | --generate SIZE  [--runs N] [--full]" >&2
	exit 2
}

file='' size='' runs=5 full=''
while [ $# -gt 0 ]; do
	case $1 in
	--generate) size=${2-}; shift ;;
	--runs) runs=${2-}; shift ;;
	--full) full=1 ;;
	-*) usage ;;
	*) [ -z "$file" ] || usage; file=$1 ;;
	esac
	shift || usage
done
[[ $runs =~ ^[1-9][0-9]*$ && -n $file$size ]] || usage
[ -x "$bouncemill" ] || { echo "${0##*/}: $bouncemill: not built (set BOUNCEMILL)" >&2; exit 2; }

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
missed=0
declare -A best peak # seconds and KiB by name

have() { command -v "$1" >/dev/null 2>&1; }
skip() { echo "SKIPPED: $*" >&2; }
# calc FORMAT EXPRESSION - print the value; comparisons give 1 or 0
calc() { awk "BEGIN { printf(\"$1\", ($2)) }"; }

# once NAME COMMAND... - run it, output to nowhere; keep its time if it is the fastest yet, and its
# peak memory if it is the highest yet; a failure ends everything, but for DuckDB
once() {
	local name=$1 start stop seconds kib=0
	shift
	start=${EPOCHREALTIME/[.,]/}
	if [ -x /usr/bin/time ]; then
		/usr/bin/time -q -f %M -o "$work/peak" "$@" >/dev/null 2>"$work/err"
	else
		"$@" >/dev/null 2>"$work/err"
	fi || {
		[ "$name" = duckdb ] && { skip "duckdb: $(head -n 1 "$work/err")"; return; }
		echo "${0##*/}: $name failed:" >&2
		head -n 5 "$work/err" >&2
		exit 2
	}
	stop=${EPOCHREALTIME/[.,]/}
	[ -x /usr/bin/time ] && kib=$(tail -n 1 "$work/peak")
	seconds=$(calc %.4f "($stop - $start) / 1e6")
	if [ -z "${best[$name]-}" ] || [ "$(calc %d "$seconds < ${best[$name]}")" = 1 ]; then
		best[$name]=$seconds
	fi
	[ "$kib" -gt "${peak[$name]-0}" ] && peak[$name]=$kib
	return 0
}

# mill NAME INPUT [OPTION]... - a full report with all default tables, into a fresh directory
mill() {
	local name=$1 input=$2
	shift 2
	rm -rf "$work/report"
	once "$name" "$bouncemill" report -q "$@" -o "$work/report" "$input"
}

# beside SUFFIX MADE - use the file beside ours when it is there and not older, else MADE
beside() {
	local candidate
	for candidate in "$file.$1" "${file%.log}.$1"; do
		if [ -f "$candidate" ] && [ ! "$candidate" -ot "$file" ]; then
			echo "$candidate"
			return
		fi
	done
	echo "$2"
}

# make_frames OUT - OUT becomes many zstd frames, each of whole lines
make_frames() {
	export FRAMES_OUT=$1
	: >"$1"
	# shellcheck disable=SC2016 # for the shell that split starts
	split -n l/$frames --filter='zstd -3 -q -c >>"$FRAMES_OUT"' "$file"
	touch -r "$file" "$1"
}

# make_inputs - find or make the compressed files; an empty name means that this case is skipped
make_inputs() {
	gz=$(beside gz "$work/log.gz")
	zst=$(beside zst "$work/log.zst")
	many=$(beside $frames.zst "$work/log.$frames.zst")
	if [ ! -f "$gz" ]; then
		if have pigz; then pigz -6 -c "$file" >"$gz"; else gzip -6 -c "$file" >"$gz"; fi
		touch -r "$file" "$gz"
	fi
	have igzip || skip "igzip is not installed (package isal): no .gz comparison"
	if have zstd; then
		[ -f "$zst" ] || zstd -3 -T2 -q "$file" -o "$zst"
		[ -f "$many" ] || make_frames "$many"
	else
		skip "zstd is not installed: no .zst comparison"
		zst='' many=''
	fi
	cat "$file" "$gz" ${zst:+"$zst"} ${many:+"$many"} >/dev/null
}

# round - everything that is repeated, once
round() {
	once "wc -l" wc -l "$file"
	if have rg; then
		once "rg -c status=bounced" rg -c status=bounced "$file"
	else
		once "grep -c status=bounced" grep -c status=bounced "$file"
	fi
	mill "bouncemill -j1" "$file" -j1
	mill "bouncemill -j2" "$file" -j2
	if have igzip; then
		once "igzip -dc" igzip -dc "$gz"
		mill "bouncemill .gz" "$gz"
	fi
	if [ -n "$zst" ]; then
		once "zstd -dc" zstd -dc "$zst"
		mill "bouncemill .zst" "$zst"
		once "zstd -dc, $frames frames" zstd -dc "$many"
		mill "bouncemill .zst, $frames frames" "$many"
	fi
}

# slow - what runs once: pflogsumm, and DuckDB with day x domain x code
slow() {
	local part=$file share=1
	if have pflogsumm; then
		if [ -z "$full" ] && [ "$bytes" -gt $slow_bytes ]; then
			part=$work/part.log
			head -c $slow_bytes "$file" >"$part"
			touch -r "$file" "$part"
			share=$(calc %.6f "$bytes / $slow_bytes")
		fi
		once pflogsumm pflogsumm "$part"
		best[pflogsumm]=$(calc %.4f "${best[pflogsumm]} * $share")
		rm -f "$work/part.log"
	else
		skip "pflogsumm is not installed"
	fi
	if have duckdb; then
		once duckdb duckdb -c "SET threads = 2; CREATE TEMP TABLE t AS
			SELECT line[1:6] AS day,
			lower(regexp_extract(line, ': to=<[^>]*@([^>]+)>', 1)) AS domain,
			regexp_extract(line, 'dsn=([0-9.]+)', 1) AS dsn,
			regexp_extract(line, ' status=([a-z]+) ', 1) AS status, count(*) AS n
			FROM read_csv('${file//\'/\'\'}', columns = {'line': 'VARCHAR'},
			delim = e'\x01', quote = '', escape = '', header = false,
			auto_detect = false)
			WHERE line LIKE '%: to=<%' GROUP BY ALL"
	else
		skip "duckdb is not installed"
	fi
}

# row NAME - one line of the table of times
row() {
	[ -n "${best[$1]-}" ] || return
	printf '%-28s %9.3f %8.2f %9.2f' "$1" "${best[$1]}" \
		"$(calc %.4f "$bytes / 1e9 / ${best[$1]}")" \
		"$(calc %.4f "${best[$1]} / ${best["wc -l"]}")"
	[ "${peak[$1]-0}" -gt 0 ] && printf ' %8d' $((peak[$1] / 1024))
	echo
}

# target TEXT VALUE RELATION LIMIT - was it met; an empty value means not measured
target() {
	local verdict=missed
	if [ -z "$2" ]; then
		verdict="not measured"
	elif [ "$(calc %d "$2 $3 $4")" = 1 ]; then
		verdict=met
	else
		missed=1
	fi
	printf '%-44s %9s  %s %-5s %s\n' "$1" "${2:--}" "$3" "$4" "$verdict"
}

# ratio LEFT RIGHT - quotient of two times, or nothing
ratio() {
	[ -n "${best[$1]-}" ] && [ -n "${best[$2]-}" ] && calc %.3f "${best[$1]} / ${best[$2]}"
}

# print_all - the times and the targets
print_all() {
	local name ours="bouncemill -j2" memory=
	printf '%s: %d bytes, fastest of %d, %d cores\n\n' "${file##*/}" "$bytes" "$runs" "$(nproc)"
	printf '%-28s %9s %8s %9s %8s\n' "" seconds GB/s "x wc -l" "peak MiB"
	for name in "wc -l" "rg -c status=bounced" "grep -c status=bounced" "bouncemill -j1" \
		"bouncemill -j2" "igzip -dc" "bouncemill .gz" "zstd -dc" "bouncemill .zst" \
		"zstd -dc, $frames frames" "bouncemill .zst, $frames frames" duckdb pflogsumm; do
		row "$name"
	done
	echo
	[ "${peak["bouncemill .zst"]-0}" -gt 0 ] &&
		memory=$(calc %.0f "${peak["bouncemill .zst"]} * 1024 / 1e6")
	target "plain, against wc -l" "$(ratio "$ours" "wc -l")" "<=" 2.5
	target ".gz, against igzip" "$(ratio "bouncemill .gz" "igzip -dc")" "<=" 1.2
	target ".zst of one frame, against zstd -dc" \
		"$(ratio "bouncemill .zst" "zstd -dc")" "<=" 1.05
	target ".zst of $frames frames, against zstd -dc" \
		"$(ratio "bouncemill .zst, $frames frames" "zstd -dc, $frames frames")" "<=" 0.8
	target "two threads, against one" "$(ratio "bouncemill -j1" "$ours")" ">=" 1.8
	target "pflogsumm, against ours" "$(ratio pflogsumm "$ours")" ">=" 100
	target "peak memory on .zst, MB" "$memory" "<=" 300
}

if [ -n "$size" ]; then
	[ -x "$generate" ] || { echo "${0##*/}: $generate: not built (set GENERATE)" >&2; exit 2; }
	file=$work/mail.log
	"$generate" --bytes "$size" --seed 7 --no-truth --out "$file" || exit 2
fi
[ -f "$file" ] || { echo "${0##*/}: $file: no such file" >&2; exit 2; }
bytes=$(stat -c %s "$file")
[ -x /usr/bin/time ] || skip "/usr/bin/time is not installed: no peak memory"
make_inputs
for ((i = 0; i < runs; i++)); do
	round
done
slow
print_all
exit $missed
