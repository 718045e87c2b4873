#!/bin/zsh -f
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# offered.zsh FOLDER LINE: what zsh offers behind LINE with the completion functions of FOLDER, a line each. A zsh of its own
# runs in a pseudo terminal, because completion only works where someone could press tab.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= fpath=(${(q)1} \$fpath)"'
	autoload -Uz compinit && compinit -D -u
	compadd() {
		local -a hits
		[[ "$*" == *-[OAD]\ * ]] || { builtin compadd -A hits "$@"; print -rl -- "@@offered "${^hits}; }
		builtin compadd "$@"
	}
	comppostfuncs=(leave)
	leave() { print "@@end"; exit; }
	bindkey "^I" complete-word
	setopt no_beep no_list_beep
	print @@ready'
zpty -r shell line '*@@ready'$'\r'
zpty -w -n shell "$2"$'\t'
zpty -r shell text '*@@end'
print -r -- $text | tr -d '\r' | sed -n 's/^.*@@offered //p' | sed 's/ *$//' | grep . | sort -u
zpty -d shell
