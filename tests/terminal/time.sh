# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The cursor in time of `report FILE top`: over one file, a folder of files, an agent's history. Sourced by run.

# The picture once it stands, without the line that says since when NEW counts.
settled() {
	local one='' other i
	for ((i = 0; i < 100; i++)); do
		other=$(screen | sed 2d)
		[ "$one" = "$other" ] && break
		one=$other
		sleep 0.1
	done
	echo "$one"
}

# A recording of ten minutes, whose truth is in recorded.py.
make_recordings() {
	make -s build/tests/history/feed && python3 tests/terminal/recorded.py "$scratch/one.rec" &&
		build/tests/history/feed "$scratch/one.rec" "$scratch/history" 2000000 0 >/dev/null && cp -r "$scratch/history/events" "$scratch/folder"
}

# is_at TIME: the screen has that time, and nothing of leaky.
is_at() {
	local picture
	picture=$(screen)
	grep -q "^tcpdwell  $1  by " <<<"$picture" && ! grep -q '^leaky' <<<"$picture"
}

# shown_at NAME TIME LEAKED: the time in the title, and so many sockets of leaky in CLOSE_WAIT.
shown_at() {
	local i
	expect "$1" "^tcpdwell  $2  by "
	if [ "$3" != 0 ]; then
		expect "$1_sockets" "CLOSE_WAIT $3 now"
		return
	fi
	for ((i = 0; i < 100; i++)); do
		is_at "$2" && break
		sleep 0.1
	done
	if [ $i -lt 100 ]; then ok "$1_sockets"; else fail "$1_sockets" "leaky has none yet"; fi
}

# go TIME: types it.
go() {
	press J
	press -l "$1"
	press Enter
}

time_test() {
	local name=$1 path=$2 before
	open_terminal 80 24 TZ=UTC
	press "clear; $tool report $path top --at '2026-11-29 00:05:09'; echo status=\$?" Enter
	shown_at "${name}_begins_at" 00:05:09 9
	expect "${name}_says_the_span" '^2026-11-29, of 2026-11-29 00:00:00 to 2026-11-29 00:(09:59|10:00); new since 00:0[0-4]:'
	press '['
	shown_at "${name}_back" 00:05:08 8
	press ']'
	shown_at "${name}_on" 00:05:09 9
	press '{'
	shown_at "${name}_ten_back" 00:04:59 0
	press '}'
	shown_at "${name}_ten_on" 00:05:09 9
	press ')'
	shown_at "${name}_sixty_on" 00:06:09 20
	before=$(settled)
	go 00:05:03
	shown_at "${name}_goes_to" 00:05:03 3
	go +66s
	shown_at "${name}_goes_beside" 00:06:09 20
	if [ "$(settled)" = "$before" ]; then ok "${name}_same_picture"; else fail "${name}_same_picture" "another way there shows: $before"; fi
	go nonsense
	expect "${name}_no_time" '^That is no time'
	press '^'
	shown_at "${name}_begin" 00:00:01 0
	press N
	expect "${name}_next_finding" '^TD121 leaky\[33\]'
	press '$'
	expect "${name}_end" '^tcpdwell  00:(09:5[89]|10:00)  by '
	expect "${name}_end_sockets" '^TIME_WAIT (60|61) now.*CLOSE_WAIT 20 now'
	press P
	expect "${name}_previous_finding" '^tcpdwell  00:05:[0-9]+  by '
	go 00:05:10
	expect "${name}_rows" '^leaky\[33\] .* 10 '
	press / leaky Enter Enter
	expect "${name}_sockets" '^10 sockets: leaky\[33\]'
	press '['
	expect "${name}_sockets_of_before" '^9 sockets: leaky\[33\]'
	press q
	press Escape
	press q
	expect "${name}_quits" '^status=0$'
}

if make_recordings; then
	time_test time_file "$scratch/one.rec"
	time_test time_folder "$scratch/folder"
	time_test time_history "$scratch/history"
	open_terminal 80 24 TZ=UTC
	press "$tool report $scratch/one.rec top 60 1 | cat; echo status=\$?" Enter
	expect time_piped '^status=0$'
	for name in "--at '2026-11-28 12:00'" "--at '2026-11-29 00:12'" "--until '2026-11-28 12:00'" "--since '2026-11-29 00:12'"; do
		press "clear; $tool report $scratch/one.rec top $name; echo status=\$?" Enter
		expect "time_refuses_${name// /_}" '^status=1$'
	done
else
	fail time "no recording could be made"
fi
