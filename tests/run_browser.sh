#!/usr/bin/env bash
# run_browser.sh - the page in Chromium: what tests/browse_page.mjs says.
#
# Needs chromium, node and npm, and gets playwright-core and axe-core from npm into a temporary folder;
# where one of these is not to be had, this test is skipped, loudly.  BROWSER_MODULES names a folder that
# has them in node_modules already.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=${BOUNCEMILL:-$root/build/bouncemill}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
	echo "run_browser.sh: SKIPPED: $*; THE PAGE WAS NOT OPENED IN A BROWSER"
	exit 77
}

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip "no chromium here"
command -v node >/dev/null && command -v npm >/dev/null || skip "no node or no npm here"
if [ -n "${BROWSER_MODULES:-}" ]; then
	ln -s "$(realpath "$BROWSER_MODULES")/node_modules" "$work/node_modules"
else
	(cd "$work" && timeout 120 npm install --no-audit --no-fund --silent playwright-core@1 axe-core@4) >/dev/null 2>&1 ||
		skip "npm cannot get playwright-core and axe-core"
fi

"$program" report -q -o "$work/en.html" -o "$work/csv" "$root/tests/data/sample" || exit 1
"$program" report -q --lang zh -o "$work/zh.html" "$root/tests/data/sample" || exit 1
CHROMIUM=$chromium timeout 300 node "$root/tests/browse_page.mjs" "$work"
