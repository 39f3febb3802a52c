# bouncemill.bash - completion of bouncemill's commands, options and their values for bash.

_bouncemill() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local common='--files-from --log-format --threads --memory --no-mmap --quiet --verbose
		--progress --color --help --version'
	local report='--output --format --table --excel --raw-cells --top --lang --bucket --compare --since
		--until --tz --year --addresses --anonymize --soft --suppress-format --rules --strict'
	local diagnose='--batch --audit --mails --lang --rules --json --quiet --help --version'
	local bench='--generate --runs --json'
	local tables='totals cube trend incidents compare categories domains providers senders fanout subjects words pace relays codes replies
		deferrals coverage rules typos blocklists recipients suppress'
	COMPREPLY=()

	if [ "$COMP_CWORD" = 1 ]; then
		COMPREPLY=($(compgen -W 'report diagnose bench help --help --version' -- "$current"))
		return
	fi
	if [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [ "$current" = = ]; then
		current=
	fi
	case $previous in
	help) COMPREPLY=($(compgen -W 'report diagnose bench' -- "$current")) ;;
	-t | --table) COMPREPLY=($(compgen -W "$tables" -- "$current")) ;;
	-f | --format) COMPREPLY=($(compgen -W 'csv tsv json xlsx html sqlite' -- "$current")) ;;
	-b | --bucket) COMPREPLY=($(compgen -W 'hour day week month' -- "$current")) ;;
	--since | --until) COMPREPLY=($(compgen -W 'today yesterday 7d 30d' -- "$current")) ;;
	--progress | --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")) ;;
	--soft) COMPREPLY=($(compgen -W '3,3,7 never' -- "$current")) ;;
	--suppress-format) COMPREPLY=($(compgen -W 'table plain' -- "$current")) ;;
	--lang) COMPREPLY=($(compgen -W 'en zh' -- "$current")) ;;
	--log-format) COMPREPLY=($(compgen -W 'auto postfix' -- "$current")) ;;
	-j | --threads) COMPREPLY=($(compgen -W "1 $(nproc 2>/dev/null)" -- "$current")) ;;
	--memory | --generate) COMPREPLY=($(compgen -W '256M 1G 4G' -- "$current")) ;;
	--top | --year | --tz | --runs) ;;
	*)
		if [[ $current == -* ]]; then
			case ${COMP_WORDS[1]} in
			report) COMPREPLY=($(compgen -W "$report $common" -- "$current")) ;;
			diagnose) COMPREPLY=($(compgen -W "$diagnose" -- "$current")) ;;
			bench) COMPREPLY=($(compgen -W "$bench $common" -- "$current")) ;;
			esac
		else
			compopt -o filenames 2>/dev/null
			local IFS=$'\n'
			COMPREPLY=($(compgen -f -- "$current"))
		fi
		;;
	esac
}
complete -F _bouncemill bouncemill
