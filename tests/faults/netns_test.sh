#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# -n names a namespace, not a number: when it has gone and another one gets its inode number, that one is not shown.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$dir/scene.py" <<'END'
import json, subprocess, sys, time

sys.path.insert(0, sys.argv[1])
from crowds import Crowd

tool, directory = sys.argv[2:]
meant, other = Crowd(), Crowd()
one, two = str(meant.inode), f"{meant.inode},{other.inode}"
commands = {"trace": ["trace", "--all", "-j", "-n", one], "top": ["top", "-j", "-n", one, "0.2"], "top_of_two": ["top", "-j", "-n", two, "0.2"],
            "ports": ["ports", "-j", "-n", one, "0.2"]}
runs = []
for name, words in commands.items():
    with open(f"{directory}/{name}", "w") as out:
        runs.append(subprocess.Popen([tool, *words], stdout=out))
while not all(open(f"{directory}/{name}").readline().endswith("}\n") for name in commands):
    time.sleep(0.05)
meant.ask("time-wait", 30)
other.ask("time-wait", 4)
time.sleep(1)
meant.end_in_kernel()
crowds = []
while not any(crowd.inode == meant.inode for crowd in crowds):
    if len(crowds) == 100:
        for run in runs:
            run.kill()
        sys.exit("no namespace of ours got the number again")
    crowds.append(Crowd())
crowds[-1].ask("time-wait", 50)
time.sleep(4)  # whose namespace is gone is told of by a sweep
for run in runs:
    run.send_signal(2)
    if run.wait():
        sys.exit(f"{run.args} ended with {run.returncode}")
for crowd in [other, *crowds]:
    crowd.end()
END

# Another one of this machine may be given the number: then once more.
play() {
	local try
	for try in 1 2 3 4 5; do
		python3 "$dir/scene.py" tests/faults "$tool" "$dir" 2>"$dir/err" && return
		grep -q "got the number again" "$dir/err" || break
	done
	cat "$dir/err"
	return 1
}

# totals FILE: TIME_WAIT that came, and that are there
totals() {
	jq -c 'select(.type == "summary").totals | [.time_wait_created + .time_wait_seeded, .time_wait_now]' "$dir/$1"
}

traced() {
	equal connections "$(jq -c 'select(.new_state == "TIME_WAIT")' "$dir/trace" | wc -l)" 30
}

counted() {
	equal "all and now" "$(totals "$1")" "$2"
}

in_pools() {
	equal "the most TIME_WAIT of pools" "$(jq -s '[.[] | select(.type == "pool").states.TIME_WAIT] | max' "$dir/ports")" 30 || return 1
	equal "sockets and blocked ports of pools at the end" "$(jq -c -s 'map(select(.type == "interval" or .type == "pool").time)[-1] as $last |
		map(select(.type == "pool" and .time == $last)) | [(map(.states[]) | add // 0), (map(.blocked) | add // 0)]' "$dir/ports")" "[0,0]"
}

check "the number of a namespace is used again" play
check "trace shows the namespace that was meant" traced
check "top counts the namespace that was meant" counted top "[30,0]"
check "top counts the namespaces that were meant" counted top_of_two "[34,4]"
check "ports has no pool of it" in_pools
exit $status
