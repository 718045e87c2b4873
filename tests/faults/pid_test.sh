#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# -p names a process, not a number: when it has gone and another one gets its pid, that one is not shown. In a PID namespace of its
# own, where the next pid can be chosen.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$dir/scene.py" <<'END'
import json, os, socket, subprocess, sys, time

tool, out = sys.argv[1], sys.argv[2:]
listener = socket.create_server(("127.0.0.1", 0))


def client(pid=None):
    """A process that makes a connection for each byte on its standard input. With this pid, if one is given."""
    orders, ours = os.pipe()
    if pid:
        with open("/proc/sys/kernel/ns_last_pid", "w") as last:
            last.write(str(pid - 1))
    child = os.fork()
    if child == 0:
        os.close(ours)
        while os.read(orders, 1):
            socket.create_connection(listener.getsockname()).close()
        os._exit(0)
    os.close(orders)
    return child, ours


def play(orders, times):
    for _ in range(times):
        os.write(orders, b"x")
        connection = listener.accept()[0]
        while connection.recv(1):
            pass
        connection.close()


first, orders = client()
commands = [["trace", "--all", "-j", "-p", str(first)], ["top", "-j", "-p", str(first), "100"],
            ["trace", "--all", "-j", "--no-bpf", "-p", str(first)]]
tools = [subprocess.Popen([tool, *command], stdout=open(path, "w")) for command, path in zip(commands, out)]
while not all("header" in open(path).read() for path in out):
    time.sleep(0.05)
time.sleep(1.2)
play(orders, 3)
os.close(orders)
os.waitpid(first, 0)
second, orders = client(first)
if second != first:
    print("the pid could not be chosen")
play(orders, 5)
time.sleep(1.2)
for process in tools:
    process.send_signal(2)
    process.wait()
END

play() {
	unshare -pf --mount-proc python3 "$dir/scene.py" "$(realpath "$tool")" "$dir/trace" "$dir/top" "$dir/polled"
}

shown() {
	equal connections "$(jq -c 'select(.new_state == "TIME_WAIT")' "$dir/trace" | wc -l)" 3
}

counted() {
	equal connections "$(jq -s '[.[] | select(.type == "summary")] | last | .totals | .time_wait_created + .time_wait_seeded' "$dir/top")" 3
}

check "a pid is used again" play
check "trace shows the process that was meant" shown
check "top counts the process that was meant" counted
exit $status
