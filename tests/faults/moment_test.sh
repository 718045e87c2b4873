#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A timewait socket that is met a moment before the kernel tells of it, and the moment made long: see moment.py.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"
bpftool=$(tools/find-bpftool)

# Why it can't be made, "" when it can.
make_it_long() {
	[ -n "$mount" ] && mkdir "$cgroup" 2>/dev/null || { echo "no cgroup can be made"; return; }
	"${CLANG:-clang}" -g -O2 -target bpf -mcpu=v3 "-I/usr/include/$(uname -m)-linux-gnu" -c tests/faults/moment.bpf.c -o "$dir/moment.o" ||
		{ echo "it can't be compiled"; return; }
	mount -t bpf none /sys/fs/bpf
	"$bpftool" prog loadall "$dir/moment.o" /sys/fs/bpf/moment pinmaps /sys/fs/bpf/maps &&
		"$bpftool" cgroup attach "$cgroup" sock_ops pinned /sys/fs/bpf/moment/hold || echo "the kernel does not let it"
}

timewait_sockets() {
	tests/faults/moment.py "$tool" "$dir" "$cgroup" "$bpftool" /sys/fs/bpf/maps/*bss
}

mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
cgroup=$mount/tcpdwell-test-moment-$$
trap 'end_all; rmdir "$cgroup" 2>/dev/null' EXIT
why=$(make_it_long 2>"$dir/err")
if [ -n "$why" ]; then
	echo "skip timewait_sockets: $why: $(head -n 1 "$dir/err")"
	exit 0
fi
check timewait_sockets timewait_sockets >"$dir/said"
sed -n 's/^skip: /skip timewait_sockets: /p' "$dir/check" >"$dir/skips"
if [ $status = 0 ] && [ -s "$dir/skips" ]; then
	cat "$dir/skips"
else
	cat "$dir/said"
fi
exit $status
