#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Least privilege on the machine itself: as another user with two capabilities, what is given up after attaching, that each
# view works with what is left, and the sentence for each privilege that is taken away.

if [ "$(id -u)" != 0 ] || ! unshare -n true 2>/dev/null; then
	echo "skip privileges: root and network namespaces are needed"
	exit 0
fi
. "$(dirname "$0")/lib.sh"
in_own_network

user=65532
bpf=$((1 << 39)) admin=$((1 << 21)) ptrace=$((1 << 19)) search=$((1 << 2)) override=$((1 << 1))

# as_user CAPABILITIES COMMAND…: as the other user, who can get no more than these ("+bpf,+perfmon"). In place of the shell
# that calls it.
as_user() {
	local capabilities=$1
	shift
	exec setpriv --reuid=$user --regid=$user --clear-groups --bounding-set="-all${capabilities:+,$capabilities}" "$@"
}

# with_ambient CAPABILITIES COMMAND…: given to the process and not to the file, as a container's runtime does.
with_ambient() {
	local capabilities=$1
	shift
	exec setpriv --reuid=$user --regid=$user --clear-groups --no-new-privs --inh-caps="-all,$capabilities" \
		--ambient-caps="-all,$capabilities" --bounding-set="-all,$capabilities" "$@"
}

# status_of PID FIELD
status_of() {
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

# start OUT COMMAND…: its pid in $pid, once it has attached.
start() {
	local out=$1
	shift
	: >"$out" # what an earlier run said is not this one's
	"$@" >"$out" 2>"$out.err" &
	pid=$!
	running+=("$pid")
	await_text "$out" '"header"' "$pid" || { cat "$out.err"; return 1; }
}

stop() {
	kill -INT "$pid"
	wait "$pid"
}

# confined PID CAPABILITIES: no more than these, for good, and a filter.
confined() {
	equal permitted "$((16#$(status_of "$1" CapPrm) & ~$2))" 0 && equal effective "$(status_of "$1" CapEff)" "$(status_of "$1" CapPrm)" &&
		equal inheritable "$((16#$(status_of "$1" CapInh)))" 0 && equal ambient "$((16#$(status_of "$1" CapAmb)))" 0 &&
		equal no_new_privs "$(status_of "$1" NoNewPrivs)" 1 && equal seccomp "$(status_of "$1" Seccomp)" 2
}

root_is_confined() {
	start "$dir/out" "$tool" trace -j || return 1
	confined $pid $((bpf | admin | ptrace | search)) && stop
}

root_in_own_namespace_is_confined() {
	start "$dir/out" "$tool" trace -j -n self || return 1
	confined $pid $((bpf | ptrace | search)) && stop
}

recorder_is_confined() {
	"$tool" record -o "$dir/x.rec" -n self >"$dir/out" 2>&1 &
	pid=$!
	running+=("$pid")
	for _ in $(seq 600); do
		[ -s "$dir/x.rec" ] && break
		sleep 0.1
	done
	confined $pid $((bpf | ptrace | search | override)) && stop
}

# Connections of a process of ours are named by the other user's tcpdwell.
traces_as() {
	local client
	start "$dir/user.jsonl" "$@" "$dir/capable" trace -j -n self || return 1
	confined $pid $bpf || return 1
	equal user "$(status_of "$pid" Uid)" $user || return 1
	"$traffic" 20 10 0 </dev/null >"$dir/traffic" || return 1
	client=$(jq .client "$dir/traffic")
	stop
	equal TIME_WAIT 20 "$(jq -c "select(.new_state == \"TIME_WAIT\" and .closer_pid == $client)" "$dir/user.jsonl" | wc -l)"
}

views_work_as_user() {
	local out=$dir/views
	mkdir -p "$out" && chown $user "$out"
	as_user +bpf,+perfmon "$dir/capable" top -j -n self 1 >"$out/top" 2>"$out/top.err" &
	local views=($!)
	as_user +bpf,+perfmon "$dir/capable" hist -j -n self >"$out/hist" 2>"$out/hist.err" &
	views+=($!)
	as_user +bpf,+perfmon "$dir/capable" leaks -j -n self -d 60 --older-than 1ms >"$out/leaks" 2>"$out/leaks.err" &
	views+=($!)
	as_user +bpf,+perfmon "$dir/capable" record -o "$out/rec" --max-size 1 -n self >"$out/record" 2>"$out/record.err" &
	views+=($!)
	running+=("${views[@]}")
	await_text "$out/top" '"header"' && await_text "$out/hist" '"header"' && await_text "$out/leaks" '"header"' || return 1
	for _ in $(seq 600); do [ -s "$out/rec" ] && break; sleep 0.1; done
	# Enough for a second file; what leaks shows stays open until its last descriptor is closed.
	"$traffic" 4000 2000 0 </dev/null >"$dir/traffic"
	mkfifo "$dir/hold"
	"$traffic" 0 0 3 600 <"$dir/hold" >"$dir/traffic" &
	running+=($!)
	exec 8>"$dir/hold"
	for _ in $(seq 600); do [ -s "$dir/traffic" ] && break; sleep 0.1; done
	for _ in $(seq 600); do [ -s "$out/rec.1" ] && break; sleep 0.1; done
	kill -INT "${views[@]}"
	local view
	for view in "${views[@]}"; do
		wait "$view" || { echo "exit status $?"; cat "$out"/*.err; return 1; }
	done
	exec 8>&-
	equal "sockets in CLOSE_WAIT" "$(jq -c 'select(.type == "leak")' "$out/leaks" | wc -l)" 3 || return 1
	[ -s "$out/rec.1" ] || { echo "no second file"; return 1; }
	equal "rows of hist" true "$(jq -s 'map(select(.count != null)) | length > 3' "$out/hist")" || return 1
	equal "entries of top" 6000 "$(jq -s '[.[] | select(.type == "summary")] | last | .totals.time_wait_created' "$out/top")"
}

# get PATH: of the agent.
get() {
	curl -s -m 5 -o "$dir/page" -w '%{http_code}' "http://127.0.0.1:9669$1"
}

# As in the manifest: metrics, probes and a history with two capabilities. What serves has none.
agent_works() {
	local server
	mkdir "$dir/history" && chown $user "$dir/history"
	"$@" "$dir/capable" agent -n self --listen 127.0.0.1:9669 --dir "$dir/history" --budget 8MiB >"$dir/agent" 2>&1 &
	pid=$!
	running+=("$pid")
	for _ in $(seq 200); do
		[ "$(get /readyz)" != 200 ] || break
		sleep 0.05
	done
	equal readyz 200 "$(get /readyz)" && equal healthz 200 "$(get /healthz)" || { cat "$dir/agent"; return 1; }
	confined $pid $bpf || return 1
	server=$(cut -d ' ' -f 1 "/proc/$pid/task/$pid/children")
	confined "$server" 0 || return 1
	"$traffic" 20 10 0 </dev/null >"$dir/traffic" || return 1
	equal metrics 200 "$(get /metrics)" && has "$dir/page" 'tcpdwell_sockets{namespace="",pod="",container="",unit="",comm="~other",state="TIME_WAIT"} ' || return 1
	stop || { cat "$dir/agent"; return 1; }
	equal "files that only the user may read" "" "$(find "$dir/history" -type f -perm /077)"
	rm -r "$dir/history"
}

# With strace watching, no call of a view is refused after the filter is on.
nothing_is_refused() {
	local view refused process
	for view in "trace -j --all -d 3" "top -b 1 3" "hist -d 3" "leaks -d 3 --older-than 1ms" "record -o $dir/s.rec -d 3" "trace -n self -d 3" \
		"agent -n self -d 3 --dir $dir/history"; do
		# shellcheck disable=SC2086
		strace -ff -o "$dir/strace" "$tool" $view >"$dir/out" 2>&1 &
		local traced=$!
		"$traffic" 20 10 2 2 </dev/null >/dev/null
		wait $traced || { echo "$view: exit status $?"; return 1; }
		for process in "$dir"/strace.*; do
			grep -q 'seccomp(SECCOMP_SET_MODE_FILTER' "$process" || { echo "$view: no filter"; return 1; }
			refused=$(sed -n '/seccomp(SECCOMP_SET_MODE_FILTER/,$p' "$process" | grep -m 1 EPERM) && { echo "$view: $refused"; return 1; }
		done
		rm "$dir"/strace.*
	done
	return 0
}

# refused STATUS TEXT COMMAND…: ends with that status and says so in one line.
refused() {
	local expected=$1 text=$2
	shift 2
	("$@") >"$dir/out" 2>"$dir/err"
	equal "exit status" $? "$expected" && has "$dir/err" "$text" && equal lines "$(wc -l <"$dir/err")" 1
}

# denied TEXT COMMAND…: as another user, with a file that may do everything that the manual names.
denied() {
	local text=$1
	shift
	(as_user +bpf,+perfmon,+sys_ptrace,+dac_read_search,+dac_override,+sys_admin "$dir/mighty" "$@") >"$dir/out" 2>"$dir/err"
	equal "exit status" $? 1 && has "$dir/err" "$text"
}

# The file's rights serve tracing: what the caller names he reaches with his own.
deputy_is_not_confused() {
	mkdir -p "$dir/closed/open" && chmod 700 "$dir/closed" && chmod 777 "$dir/closed/open"
	echo '{"type":"header"}' >"$dir/closed/secret" && chmod 600 "$dir/closed/secret"
	echo '{"type":"header"}' >"$dir/closed/hidden" && chmod 644 "$dir/closed/hidden"
	exec 6<"$dir/closed/hidden"
	denied "Permission denied" report "$dir/closed/secret" && denied "Permission denied" report "$dir/closed/hidden" &&
		denied "Permission denied" report "/proc/$$/fd/6" && denied "Permission denied" report "/proc/$$/root$dir/closed/secret" &&
		denied "Permission denied" record -o "$dir/closed/open/x.rec" -n self -d 0 &&
		denied "Permission denied" record -o "/proc/$$/cwd/x.rec" -n self -d 0
	local status=$?
	exec 6<&-
	[ $status = 0 ] && equal "files made" "$(ls "$dir/closed/open")" ""
}

# starts_terminal COMMAND…: does it take the terminal, by a description of the caller's?
starts_terminal() {
	SHELL=/bin/bash script -qec "$* top -n self -d 1" /dev/null </dev/null >"$dir/screen" 2>&1
	grep -q evil-description "$dir/screen"
}

strangers_environment_is_ignored() {
	mkdir -p "$dir/home/.terminfo"
	infocmp -x xterm | sed -E 's/^xterm[^,]*,/evilterm,/; s/smcup=[^,]*,/smcup=evil-description,/' >"$dir/evil.ti"
	tic -x -o "$dir/home/.terminfo" "$dir/evil.ti" && chmod -R a+rX "$dir/home" "$dir" || return 1
	export TERM=evilterm
	export -f as_user
	export user
	HOME=$dir/home starts_terminal "$tool" || { echo "the description does not work at all"; head -c 300 "$dir/screen"; return 1; }
	HOME=$dir/home starts_terminal as_user +bpf,+perfmon "$dir/capable" && { echo "HOME/.terminfo was read"; return 1; }
	TERMINFO=$dir/home/.terminfo starts_terminal as_user +bpf,+perfmon "$dir/capable" && { echo "TERMINFO was read"; return 1; }
	TERMINFO_DIRS=$dir/home/.terminfo starts_terminal as_user +bpf,+perfmon "$dir/capable" && { echo "TERMINFO_DIRS was read"; return 1; }
	return 0
}

install -m 755 "$tool" "$dir/capable"
install -m 755 "$tool" "$dir/mighty"
if ! setcap cap_bpf,cap_perfmon=p "$dir/capable" 2>/dev/null; then
	echo "skip capabilities of files: setcap does not work in $dir"
	exit $status
fi

check "root gives up what it does not need" root_is_confined
check "root gives up more in its own namespace" root_in_own_namespace_is_confined
check "record keeps the way to its files" recorder_is_confined
check "another user traces with the file's capabilities" traces_as as_user +bpf,+perfmon
check "another user traces with capabilities of its own" traces_as with_ambient +bpf,+perfmon
check "all views work as another user" views_work_as_user
check "the agent works as another user" agent_works as_user +bpf,+perfmon
setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search,cap_dac_override,cap_sys_admin=ep "$dir/mighty"
check "the file's rights do not open what the caller names" deputy_is_not_confused
check "the environment of another user is not trusted" strangers_environment_is_ignored
if strace -o /dev/null true 2>/dev/null; then
	check "no system call of a view is refused" nothing_is_refused
else
	echo "skip no system call of a view is refused: strace can't be used"
fi
check "no capability" refused 77 "CAP_PERFMON and CAP_BPF missing: withheld" as_user "" "$tool" trace -d 0
check "CAP_BPF taken away" refused 77 "CAP_BPF missing: withheld" with_ambient +perfmon "$tool" trace -d 0
check "CAP_PERFMON taken away" refused 77 "CAP_PERFMON missing: withheld" with_ambient +bpf "$tool" trace -d 0
check "a file without capabilities" refused 77 "run as root, or give them to the file" as_user +bpf,+perfmon "$tool" trace -d 0
check "the way without BPF is named" refused 77 "--no-bpf" as_user "" "$tool" record -o "$dir/none.rec"
if unshare -U true 2>/dev/null; then
	check "a user namespace" refused 77 "user namespace" unshare -Ur "$tool" trace -d 0
else
	echo "skip a user namespace: none can be made"
fi
exit $status
