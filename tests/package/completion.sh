# What bash, zsh and fish offer. What there is to offer is asked of the program here as well, but by other means: its help, and
# what it accepts.
# shellcheck shell=bash

mkdir -p "$scratch/zsh" "$scratch/bin"
cp tools/completion/tcpdwell.zsh "$scratch/zsh/_tcpdwell"
ln -sf "$(realpath "${TCPDWELL:-build/tcpdwell}")" "$scratch/bin/tcpdwell"
PATH=$scratch/bin:$PATH

offered_bash()
{
	bash -c '. tools/completion/tcpdwell.bash
		compopt() { :; }
		line=$1
		read -ra COMP_WORDS <<<"${line/=/ = }"
		[[ $line != *[\ =] ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_tcpdwell
		printf "%s\n" "${COMPREPLY[@]}"' offered "$1"
}

offered_zsh()
{
	timeout 20 tests/package/offered.zsh "$scratch/zsh" "$1"
}

offered_fish()
{
	# shellcheck disable=SC2016 # fish's
	HOME=$scratch fish --no-config -c 'source tools/completion/tcpdwell.fish; complete -C "$argv[1]"' "$1" | cut -f1
}

# offers NAME LINE WORD…: each shell offers exactly these words behind LINE (the part that shells write before them apart).
offers()
{
	local shell name=$1 line=$2
	shift 2

	for shell in bash zsh fish; do
		if command -v $shell >/dev/null; then
			check "completion/$shell/$name" "$(printf '%s\n' "$@" | sort)" \
				"$(offered_$shell "$line" | sed -E 's/^.*[,=](.)/\1/; s/=$//' | sort)"
		else
			skip "completion/$shell/$name" "$shell is not installed (tools/install-deps test)"
		fi
	done
}

mapfile -t commands < <(tcpdwell --help | awk '/^Commands:/ { inside = 1; next } /^$/ { inside = 0 } inside { print $1 }')
mapfile -t options < <(tcpdwell leaks --help | grep -oE '^ +(-., )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+')

offers keys 'tcpdwell top --by ' $(tcpdwell top --by x 2>&1 | sed 's/.*one of //; s/,//g')
offers keys-joined 'tcpdwell top --by=p' $(tcpdwell top --by x 2>&1 | sed 's/.*one of //; s/,//g' | tr ' ' '\n' | grep ^p)
offers sort-of-its-command 'tcpdwell hist --sort ' count open name
offers states-in-a-list 'tcpdwell top --state TIME_WAIT,CLOSE' CLOSE CLOSE_WAIT
offers long-options 'tcpdwell leaks --' "${options[@]}"
offers views-of-a-report 'tcpdwell report some.rec ' summary trace top hist leaks ports diagnose
offers options-of-a-view 'tcpdwell report some.rec hist --so' --sort
offers times-of-a-view 'tcpdwell report some.rec top --sin' --since
offers times-of-a-report 'tcpdwell report some.rec --unt' --until
offers times 'tcpdwell bundle --since ' 10m 30m 2h 12h 24h
offers times-behind-a-view 'tcpdwell report some.rec top --at ' 10m 30m 2h 12h 24h
offers times-joined 'tcpdwell report some.rec top --at=1' 10m 12h
offers nothing-for-a-number 'tcpdwell top --rows 1'
# bash offers --help and --version with the commands.
for shell in bash zsh fish; do
	! command -v $shell >/dev/null || check "completion/$shell/commands" "$(printf '%s\n' "${commands[@]}" | sort)" \
		"$(offered_$shell 'tcpdwell ' | grep -v ^- | sort)"
done
