#!/usr/bin/env bash
# run_page.sh - the page of whole runs: it says what the CSV says, in both languages of its words, of
# nothing, of one line, of Chinese only, of a long log; the same bytes for any number of threads; and a
# disk that is full is an error.  tests/run_browser.sh opens it in a browser.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=${BOUNCEMILL:-$root/build/bouncemill}
generate=${GENERATE:-$root/build/generate}
kit=$root/../shared/data/hostile
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

blame() {
	echo "page: $*"
	failed=1
}

# compared NAME INPUT... - report and CSV of one run are the same
compared() {
	local name=$1
	shift
	"$program" report -q --addresses --raw-cells -o "$work/$name.html" -o "$work/$name" "$@" >/dev/null 2>"$work/said"
	case $? in 0 | 1) ;; *) blame "$name: $(cat "$work/said")"; return ;; esac
	python3 "$root/tests/check_page.py" "$work/$name.html" "$work/$name" >"$work/said" || blame "$name: $(cat "$work/said")"
	[ ! -e "$kit/check_outputs.py" ] || python3 "$kit/check_outputs.py" --scripts 3 "$work/$name.html" >"$work/said" ||
		blame "$name: $(head -3 "$work/said")"
}

cd "$work" || exit 2
sent='postfix/smtp[7]: 4FZ6Qh1xGqz: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)'
echo "2026-01-05T08:00:00+00:00 mx $sent" >one.log
printf '2026-01-05T08:00:00+00:00 mx postfix/cleanup[1]: nothing to count here\n' >none.log
for day in 1 2 3; do
	echo "2026-01-0${day}T08:00:00+08:00 邮件 postfix/smtp[7]: 4FZ6Qh1xGq$day: to=<用户@例子.中国>, relay=邮件.例子.中国[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host 邮件.例子.中国[192.0.2.1] said: 550 5.1.1 用户不存在<script>&)"
done >chinese.log
"$generate" --bytes 20M --seed 7 --out long.log >/dev/null || exit 2
compared sample "$root/tests/data/sample"
compared one one.log
compared none none.log
compared chinese chinese.log
compared long long.log
[ -e "$root/tests/data/mails" ] && compared mails "$root/tests/data/mails"
grep -q 'class="cut"' long.html || blame "long: no table was cut: make the log longer"

# Payloads of strangers, where they are at hand.
if [ -e "$kit/hostile.py" ]; then
	python3 "$kit/hostile.py" "$work/cases" >/dev/null || exit 2
	awk -F'\t' '$2 == "out" { print $3 }' "$work/cases/CASES.tsv" >"$work/names"
	[ -s "$work/names" ] || blame "no hostile case is of group out"
	while read -r name; do
		compared "$(basename "$name" .log)" "$work/cases/$name"
	done <"$work/names"
else
	echo "page: ../shared/data/hostile is not here: no payloads were tried"
fi

# The same bytes, and the same page in a folder.
"$program" report -q -j1 -o j1.html long.log && "$program" report -q -j4 -f html -o dir long.log || blame "cannot write"
cmp j1.html dir/report.html || blame "other bytes with other threads"
"$program" report -q --lang zh -o zh.html chinese.log && python3 "$root/tests/check_page.py" zh.html >said || blame "zh: $(cat said)"
grep -q 'lang="zh-Hans"' zh.html && grep -q '收件人不存在' zh.html || blame "zh: not Chinese"

# A full disk: exit 3, the target's name, nothing left.  A limit of the file's size is as good as one.
mkdir full
(ulimit -f 100; "$program" report -q -o full/page.html long.log >/dev/null 2>said)
[ $? = 3 ] || blame "a full disk is not exit 3"
grep -q 'full/page.html: cannot be written: ' said || blame "a full disk is not said: $(cat said)"
[ -z "$(ls -A full)" ] || blame "a full disk leaves something: $(ls -A full)"

[ $failed = 0 ] && echo "page: $(ls "$work"/*.html | wc -l) pages are sound"
exit $failed
