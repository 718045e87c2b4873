#compdef tcpdwell
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# zsh completion for tcpdwell, installed as _tcpdwell. Commands, options and the values that an option takes are asked of the
# program itself, so that they are those of the version that is installed.

# name:description of each command, as the help lists them
_tcpdwell_commands() {
	$program --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) +(.*)/\1:\2/p'
}

# short, long, = if there is a value, description: of each option of a command, with tabs between
_tcpdwell_options() {
	$program "$@" --help 2>/dev/null | sed -E ':a;N;$!ba;s/\n {31}/ /g' | sed -nE '
		s/^  (-.), (--[a-z0-9-]+)(=?)[^ ]* +(.*)/\1\t\2\t\3\t\4/p
		s/^      (--[a-z0-9-]+)(=?)[^ ]* +(.*)/\t\1\t\2\t\3/p'
}

# A wrong value makes the program say which there are, and do nothing else.
_tcpdwell_asked() {
	$program $command $1 '?' 2>&1 |
		sed -nE 's/.* is not one of (.*)/\1/p; s/.*give one or more of (.*) with commas.*/\1/p' | tr -d ,
}

# As the kubelet has them: <pod>_<namespace>_<container>-<id>.log
_tcpdwell_pod_names() {
	print -l /var/log/containers/*.log(N:t) | sed -E 's/-[0-9a-f]*\.log$//' | cut -d _ -f $1 | sort -u
}

# The value of a long option.
_tcpdwell_value() {
	case $1 in
	--by | --hooks | --color | --sort) compadd -- $(_tcpdwell_asked $1) ;;
	--state) _values -s , state $(_tcpdwell_asked $1) ;;
	--netns) _values -s , 'network namespace' self all /run/netns/*(N:t) ;;
	--pid) _values -s , process /proc/<->(N:t) ;;
	--comm) compadd -- ${(fu)"$(cat /proc/<->/comm 2>/dev/null)"} ;;
	--pod) _values -s , pod $(_tcpdwell_pod_names 1) ;;
	--namespace) _values -s , namespace $(_tcpdwell_pod_names 2) ;;
	--container) _values -s , container $(_tcpdwell_pod_names 3) ;;
	--unit) compadd -- $(systemctl list-units --plain --no-legend --type=service,slice,scope 2>/dev/null | cut -d ' ' -f 1) ;;
	--cgroup) _files -/ -W /sys/fs/cgroup ;;
	--since | --until | --at) compadd -- 10m 30m 2h 12h 24h ;;
	--log-dir | --dir) _files -/ ;;
	--output) _files ;;
	*) _message value ;;
	esac
}

_tcpdwell() {
	local program=${(Q)words[1]} command=trace line description
	local -a commands specs fields options

	commands=(${(f)"$(_tcpdwell_commands)"})
	if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
		_describe command commands
		return
	fi
	if ((${commands[(I)$words[2]:*]})); then
		command=$words[2]
		shift words
		((CURRENT--))
	fi
	if [[ $command = report ]]; then
		specs+=('1:recording:_files' "2:view:($($program report --help | sed -nE '1s/.*\[([a-z|]+)\].*/\1/p' | tr '|' ' '))")
		local views=1
		((CURRENT > 3)) && command=$words[3]
	fi
	[[ $command != bundle ]] || specs+=('*:recording:_files')
	options=(${(f)"$(_tcpdwell_options $command)"})
	if ((${+views})) && [[ $command != report ]]; then # its times also where it shows a view
		options+=(${(M)${(f)"$(_tcpdwell_options report)"}:#*--(since|until|at)*=*})
	fi
	for line in $options; do
		fields=("${(@ps:\t:)line}")
		description="[${${fields[4]//\[/\\[}//\]/\\]}]"
		[[ -z $fields[3] ]] || description+=":value: _tcpdwell_value $fields[2]"
		if [[ -n $fields[1] ]]; then
			specs+=("($fields[1] $fields[2])$fields[1]${fields[3]:++}$description")
			specs+=("($fields[1] $fields[2])$fields[2]$fields[3]$description")
		else
			specs+=("$fields[2]$fields[3]$description")
		fi
	done
	_arguments -s $specs
}

_tcpdwell "$@"
