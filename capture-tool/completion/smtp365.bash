# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of smtp365(1) for bash: options, captures, severities, and findings as the program has them.

_smtp365() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local captures='*.@(pcap|pcapng|cap|dmp|gz|zst)'
	COMPREPLY=()
	# readline splits --option=value at the equals sign
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	-r | --read)
		_smtp365_files "$cur" "$captures"
		return
		;;
	--output | --html | --endpoints | --metrics | -w | --write)
		_smtp365_files "$cur" '*'
		return
		;;
	-i | --interface)
		mapfile -t COMPREPLY < <(compgen -W \
			"any $("${COMP_WORDS[0]}" -D 2>/dev/null | awk '{ print $1 }')" -- "$cur")
		return
		;;
	-Z | --relinquish-privileges)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return
		;;
	--seccomp)
		mapfile -t COMPREPLY < <(compgen -W 'none trace kill' -- "$cur")
		return
		;;
	--fail-on)
		mapfile -t COMPREPLY < <(compgen -W 'critical high medium low info' -- "$cur")
		return
		;;
	--explain)
		mapfile -t COMPREPLY < <(compgen -W \
			"$("${COMP_WORDS[0]}" --list-findings 2>/dev/null | awk 'NR > 1 { print $1 }')" \
			-- "$cur")
		return
		;;
	-c | --count | -f | --filter | --port | -B | --buffer-size | -s | --snapshot-length | --ring | --silence)
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '-r --read -f --filter -c --count --port --endpoints
			-i --interface -D --list-interfaces -B --buffer-size -s --snapshot-length
			-p --no-promiscuous-mode -d --dump-filter -Z --relinquish-privileges
			--seccomp --metrics --silence -w --write --ring --bodies
			--json --output --html --all --redact -v --verbose -q --quiet -l --line-buffered
			-n --no-names --exit-status --fail-on --list-findings --explain
			-V --version -h --help' -- "$cur")
		return
	fi
	_smtp365_files "$cur" "$captures"
}

# Folders, and files whose name matches the pattern.
_smtp365_files() {
	local name
	local -i extglob=1
	shopt -q extglob || extglob=0
	shopt -s extglob
	compopt -o filenames 2>/dev/null
	while IFS= read -r name; do
		# shellcheck disable=SC2053 # a pattern
		if [[ -d $name || $name == $2 ]]; then
			COMPREPLY+=("$name")
		fi
	done < <(compgen -f -- "$1")
	((extglob)) || shopt -u extglob
}

complete -F _smtp365 smtp365
