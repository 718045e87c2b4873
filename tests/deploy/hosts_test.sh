#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Old and odd hosts: what the machine lacks is hidden from tcpdwell, by mounts, privileges, a seccomp filter, or by answers of bpf()
# as such a kernel gives them; it has to name that in one sentence with the way out, at start and in `check` alike.

if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	echo "skip hosts: root and mounts of our own are needed"
	exit 0
fi
. "$(dirname "$0")/lib.sh"

# without PLACE COMMAND…: an empty folder is mounted over it.
without() {
	local place=$1
	shift
	exec unshare -m --propagation private sh -c 'mount -t tmpfs none "$1" && shift && exec "$@"' sh "$place" "$@"
}

# with FILE PLACE COMMAND…: the file is what is seen there.
with() {
	local file=$1 place=$2
	shift 2
	exec unshare -m --propagation private sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh "$file" "$place" "$@"
}

# proc_only_of_processes COMMAND…: /proc without what is the kernel's own, /proc/sys and /proc/net among it.
proc_only_of_processes() {
	exec unshare -m --propagation private sh -c 'mount -t proc -o subset=pid proc /proc && exec "$@"' sh "$@"
}

# as_root_of_its_own COMMAND…: a container that nobody made: root in a user namespace.
as_root_of_its_own() {
	exec setpriv --reuid=65532 --regid=65532 --clear-groups unshare -Ur "$@"
}

# with_sysctl VALUE COMMAND…: kernel.unprivileged_bpf_disabled reads so.
with_sysctl() {
	local value=$1
	shift
	echo "$value" >"$dir/sysctl"
	with "$dir/sysctl" /proc/sys/kernel/unprivileged_bpf_disabled "$@"
}

# kernel_without LIST COMMAND…
kernel_without() {
	local list=$1
	shift
	exec env LACKS="$list" LD_PRELOAD="$dir/old_kernel.so" "$@"
}

# Where nothing can be loaded, no hook is said to work.
nothing_works() {
	equal "lines that say so" "$(grep -c ' works$' "$dir/check")" 0 &&
		equal "modes and hooks" "$(jq -c '[.works, ([.modes[], .hooks[]] | unique)]' "$dir/json")" '[false,[null]]'
}

# told STATUS "TEXT|TEXT" COMMAND…: one line at start that has all the texts, and the same in `check`, as text and as JSON.
told() {
	local expected=$1 texts=$2 text result
	shift 2
	("$@" "$tool" trace -d 0) >"$dir/out" 2>"$dir/err"
	result=$?
	equal "exit status" $result "$expected" && equal lines "$(wc -l <"$dir/err")" 1 || { cat "$dir/err"; return 1; }
	("$@" "$tool" check) >"$dir/check" 2>"$dir/check.err"
	equal "exit status of check" $? "$expected" || { cat "$dir/check" "$dir/check.err"; return 1; }
	("$@" "$tool" check -j) >"$dir/json" 2>"$dir/check.err"
	while IFS= read -r text; do
		has "$dir/err" "$text" && has "$dir/check" "$text" && has <(jq -r .error "$dir/json") "$text" || return 1
	done < <(tr '|' '\n' <<<"$texts")
	has "$dir/check" "tcpdwell can't work here: " && nothing_works
}

# no_matter COMMAND…: it works all the same.
no_matter() {
	("$@" "$tool" check) >"$dir/check" 2>&1 || { cat "$dir/check"; return 1; }
	("$@" "$tool" trace -d 0 -j) >"$dir/out" 2>"$dir/err" || { cat "$dir/err"; return 1; }
}

sysctl_is_told() {
	no_matter with_sysctl "$1" && has <(grep '^unprivileged BPF' "$dir/check") "$2" &&
		equal json "$(with_sysctl "$1" "$tool" check -j | jq .unprivileged_bpf_disabled)" "$1"
}

# What can't be read is not told as a value.
sysctl_is_not_known() {
	no_matter without /proc/sys && has <(grep '^unprivileged BPF' "$dir/check") "not known" &&
		equal json "$(without /proc/sys "$tool" check -j | jq .unprivileged_bpf_disabled)" null
}

# Whatever the command, it says the same and ends at once.
every_command() {
	local said words
	(without /sys/kernel/btf "$tool" trace -d 0) 2>"$dir/err" && return 1
	said=$(cat "$dir/err")
	for words in "top -b" "leaks" "hist" "ports" "diagnose" "record -o $dir/none.rec" "agent --listen $dir/socket"; do
		# shellcheck disable=SC2086
		(without /sys/kernel/btf timeout 60 "$tool" $words) >"$dir/out" 2>"$dir/err" </dev/null
		equal "exit status of $words" $? 1 && equal "what $words says" "$(cat "$dir/err")" "$said" || return 1
	done
}

# Where it is said that polling is possible, it is.
polling_goes() {
	("$@" "$tool" trace --no-bpf -d 0.1 -n self -j) >"$dir/out" 2>"$dir/err" || { cat "$dir/err"; return 1; }
}

check "no BTF" told 1 "has no BTF in /sys/kernel/btf/vmlinux|CONFIG_DEBUG_INFO_BTF=y|--no-bpf" without /sys/kernel/btf
check "no BTF, polling" polling_goes without /sys/kernel/btf
check "no BTF, every command" every_command
check "BTF that a container masks" told 1 "/sys/kernel/btf/vmlinux can't be used: it is empty|-v /sys:/sys:ro|--no-bpf" \
	with /dev/null /sys/kernel/btf/vmlinux
head -c 100000 /sys/kernel/btf/vmlinux >"$dir/btf"
check "BTF that is cut off" told 1 "/sys/kernel/btf/vmlinux can't be used: it is not what|--no-bpf" with "$dir/btf" /sys/kernel/btf/vmlinux
check "no /sys, polling" polling_goes without /sys
check "/proc of processes alone" no_matter proc_only_of_processes
check "/proc/sys is masked" sysctl_is_not_known
check "no /proc" told 1 "/proc can't be read: |mount -t proc proc /proc" without /proc
check "/proc/kallsyms is masked" no_matter with /dev/null /proc/kallsyms
check "no cgroup file system" no_matter without /sys/fs/cgroup
if reason=$(as_root_of_its_own true 2>&1); then
	check "root of a user namespace" told 77 "bpf() is refused in a user namespace|the machine's own" as_root_of_its_own
else
	echo "skip root of a user namespace: $reason"
fi
check "no /sys" told 1 "/sys is not mounted here|mount -t sysfs" without /sys
check "no capability" told 77 "CAP_PERFMON and CAP_BPF missing|withheld|--no-bpf" setpriv --bounding-set=-all --inh-caps=-all \
	--reuid=65532 --regid=65532 --clear-groups
check "the setting for unprivileged BPF is off" sysctl_is_told 2 "off"
check "the setting for unprivileged BPF is on" sysctl_is_told 0 "on"
check "nobody's capabilities come of that setting" told 77 "CAP_PERFMON and CAP_BPF missing" with_sysctl 0 setpriv --bounding-set=-all \
	--inh-caps=-all --reuid=65532 --regid=65532 --clear-groups
# The number is of no interest: 2.6, and everything is there.
check "a kernel with an old number" no_matter setarch "$(uname -m)" --uname-2.6

if cc -O2 -o "$dir/deny" tests/deploy/deny.c -lseccomp 2>"$dir/cc.err"; then
	check "a seccomp profile that refuses bpf()" told 77 "bpf() is refused by the seccomp profile: allow it" "$dir/deny" EPERM
	check "a seccomp profile that does not know bpf()" told 77 "bpf() is refused by the seccomp profile: allow it" "$dir/deny" ENOSYS
else
	echo "skip seccomp profiles: no compiler or no libseccomp: $(head -n 1 "$dir/cc.err")"
fi
if ! cc -O2 -shared -fPIC -o "$dir/old_kernel.so" tests/deploy/old_kernel.c -ldl 2>"$dir/cc.err"; then
	echo "skip kernels that lack something: no compiler: $(head -n 1 "$dir/cc.err")"
elif ! ldd "$tool" >/dev/null 2>&1; then
	echo "skip kernels that lack something: a static program can't be told their answers"
else
	check "as Linux 5.4" told 1 "has no BPF ring buffers, typed tracepoints and iterators|5.10 or newer|back-ported|--no-bpf" \
		kernel_without ringbuf,tracing,iter
	check "a kernel without ring buffers" told 1 "has no BPF ring buffers:" kernel_without ringbuf
	check "a kernel without iterators" told 1 "has no BPF iterators:" kernel_without iter
	check "a security module" told 77 "a security module refuses BPF programs|ausearch" kernel_without module
	check "lockdown that nobody can read" told 77 "kernel lockdown (confidentiality)|lockdown=integrity|--no-bpf" kernel_without memory,kfunc
	check "a kernel that has all" no_matter kernel_without nothing
fi
exit $status
