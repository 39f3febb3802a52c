# judge.sh - for scripts that hold many results against what they should be: source it, with $work a
# scratch folder; `passed` and `failed` count.
passed=0 failed=0

# judge NAME COMMAND... - count whether it holds; show the command and what it says when not
judge() {
	local name=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "$name: $*"
	head -n 40 "$work/said"
}
