# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# bash completion for tcpdwell. Commands, options and the values that an option takes are asked of the program itself, so
# that they are those of the version that is installed.

# The commands, as the help lists them.
_tcpdwell_commands() {
	"${COMP_WORDS[0]}" --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'
}

# The views that a recording can be shown in.
_tcpdwell_views() {
	"${COMP_WORDS[0]}" report --help 2>/dev/null | sed -nE '1s/.*\[([a-z|]+)\].*/\1/p' | tr '|' ' '
}

# Times that are asked for often: so long ago.
_tcpdwell_times="10m 30m 2h 12h 24h"

# The options of a command, as its help lists them; "=" behind those that take a value.
_tcpdwell_options() {
	"${COMP_WORDS[0]}" "$@" --help 2>/dev/null |
		sed -nE 's/^  (-.), (--[a-z0-9-]+)(=?).*/\1\n\2\3/p; s/^      (--[a-z0-9-]+)(=?).*/\1\2/p'
}

# _tcpdwell_values COMMAND OPTION: a wrong value makes the program say which there are, and do nothing else.
_tcpdwell_values() {
	"${COMP_WORDS[0]}" "$1" "$2" '?' 2>&1 |
		sed -nE 's/.* is not one of (.*)/\1/p; s/.*give one or more of (.*) with commas.*/\1/p' | tr -d ,
}

# The value of the option before the cursor. False when it has none.
_tcpdwell_value() {
	local option=$1 command=$2 word=$3

	case $option in
	--by | --hooks | --color | -s | --sort) _tcpdwell_reply "$(_tcpdwell_values "$command" "$option")" "$word" ;;
	--state) _tcpdwell_list "$(_tcpdwell_values "$command" "$option")" "$word" ;;
	-n | --netns) _tcpdwell_list "self all $(ls /run/netns 2>/dev/null)" "$word" ;;
	-p | --pid) _tcpdwell_list "$(cd /proc && echo [0-9]*)" "$word" ;;
	--comm) _tcpdwell_reply "$(cat /proc/[0-9]*/comm 2>/dev/null | sort -u | grep -E '^[A-Za-z0-9._-]+$')" "$word" ;;
	--container | --pod | --namespace) _tcpdwell_list "$(_tcpdwell_pod_names "$option")" "$word" ;;
	--unit) _tcpdwell_list "$(systemctl list-units --plain --no-legend --type=service,slice,scope 2>/dev/null | cut -d ' ' -f 1)" "$word" ;;
	--since | --until | --at) _tcpdwell_reply "$_tcpdwell_times" "$word" ;;
	--log-dir | --dir) _tcpdwell_files -d "$word" ;;
	-o | --output) _tcpdwell_files -f "$word" ;;
	-c | --cgroup) _tcpdwell_files -d "${word:-/sys/fs/cgroup/}" ;;
	-*) _tcpdwell_takes_value "$command" "$option" && COMPREPLY=() ;;
	*) return 1 ;;
	esac
}

# Does the help show the option, short or long, with a value behind it?
_tcpdwell_takes_value() {
	"${COMP_WORDS[0]}" "$1" --help 2>/dev/null | grep -qE -- "^ +(-., )?$2=|^ +$2, --[a-z0-9-]+="
}

# As the kubelet has them: <pod>_<namespace>_<container>-<id>.log
_tcpdwell_pod_names() {
	local field=1

	case $1 in
	--namespace) field=2 ;;
	--container) field=3 ;;
	esac
	ls /var/log/containers 2>/dev/null | sed -E 's/-[0-9a-f]*\.log$//' | cut -d _ -f "$field" | sort -u
}

_tcpdwell_reply() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# A list with commas: completes its last item.
_tcpdwell_list() {
	local before=""

	[[ $2 == *,* ]] && before=${2%,*},
	mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "${2##*,}")
}

# -f or -d
_tcpdwell_files() {
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
	compopt -o filenames 2>/dev/null
}

# Those of a command; a report's times also where it shows a view.
_tcpdwell_offered_options() {
	_tcpdwell_options "$1"
	if [ "${COMP_WORDS[1]}" = report ] && [ "$1" != report ]; then
		_tcpdwell_options report | grep -E '^--(since|until|at)='
	fi
}

# The word that is the command, or the view of a report; "" while there is none.
_tcpdwell_command() {
	local command=${COMP_WORDS[1]}

	[[ " $(_tcpdwell_commands | tr '\n' ' ') " == *" $command "* ]] || return
	if [ "$command" = report ] && [ "$COMP_CWORD" -gt 3 ]; then
		command=${COMP_WORDS[3]}
	fi
	echo "$command"
}

_tcpdwell() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command

	# "--by=re" comes as three words.
	if [ "$word" = "=" ]; then
		word=""
	elif [ "$previous" = "=" ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	command=$(_tcpdwell_command)
	_tcpdwell_value "$previous" "${command:-trace}" "$word" && return
	if [[ $word == -* ]]; then
		_tcpdwell_reply "$(_tcpdwell_offered_options "${command:-trace}")" "$word"
		[[ ${COMPREPLY[0]} == *= && ${#COMPREPLY[@]} = 1 ]] && compopt -o nospace 2>/dev/null
	elif [ "$COMP_CWORD" = 1 ]; then
		_tcpdwell_reply "$(_tcpdwell_commands) --help --version" "$word"
	elif [[ ${COMP_WORDS[1]} == report && $COMP_CWORD == 2 || ${COMP_WORDS[1]} == bundle ]]; then
		_tcpdwell_files -f "$word"
	elif [ "${COMP_WORDS[1]}" = report ] && [ "$COMP_CWORD" = 3 ]; then
		_tcpdwell_reply "$(_tcpdwell_views)" "$word"
	fi
}

complete -o bashdefault -F _tcpdwell tcpdwell 2>/dev/null
