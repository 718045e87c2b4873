#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The image: size, reproducible, what is in it; and run as in production: read-only, all capabilities dropped but two, as root
# and as another user; then each privilege taken away, with the sentence that says so.

[ "$(id -u)" = 0 ] || { echo "skip image: root is needed"; exit 0; }
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/podman.sh"
need_containers

is_small() {
	local size
	size=$(podman image inspect $image --format '{{.Size}}')
	[ "$size" -gt 0 ] && [ "$size" -lt 8000000 ] || { echo "$size bytes"; return 1; }
}

is_reproducible() {
	local first second
	first=$(make_image) || { echo "$first"; return 1; }
	podman rmi --force $image >/dev/null 2>&1
	touch build/static/tcpdwell
	second=$(make_image) || { echo "$second"; return 1; }
	equal "id of the image" "$first" "$second"
}

has_labels() {
	equal version "$(podman image inspect $image --format '{{index .Labels "org.opencontainers.image.version"}}')" \
		"$(build/static/tcpdwell --version | cut -d ' ' -f 2)" &&
		equal user "$(podman image inspect $image --format '{{.User}}')" 65532:65532
}

names_no_folder_of_the_builder() {
	local layers
	layers=$(podman save --format oci-dir --output "$dir/saved" $image 2>&1) || { echo "$layers"; return 1; }
	for layers in "$dir"/saved/*; do
		! zcat -f "$layers" 2>/dev/null | grep -qaF "$PWD" || { echo "$PWD is in $layers"; return 1; }
	done
}

# runs USER OPTIONS…: traces for a second in a container of that user, and its first line is the header.
runs() {
	contain tool --rm --user "$1" --cap-add=BPF,PERFMON "${@:2}" $image trace -j -d 1 >"$dir/out" 2>"$dir/err" ||
		{ echo "exit status $?"; cat "$dir/err"; return 1; }
	equal header bpf "$(head -n 1 "$dir/out" | jq -r .source)" && equal stderr "" "$(cat "$dir/err")"
}

# refused STATUS TEXT OPTIONS…: `trace -d 0` in a container ends so.
refused() {
	local expected=$1 text=$2
	shift 2
	contain tool --rm "$@" $image trace -d 0 >"$dir/out" 2>"$dir/err"
	equal "exit status" $? "$expected" && has "$dir/err" "$text"
}

polls() {
	contain tool --rm $image trace -j --no-bpf -d 1 >"$dir/out" 2>"$dir/err" || { cat "$dir/err"; return 1; }
	equal source polling "$(head -n 1 "$dir/out" | jq -r .source)"
}

checks() {
	contain tool --rm --cap-add=BPF,PERFMON $image check -j >"$dir/out" 2>"$dir/err" || { cat "$dir/err"; return 1; }
	equal check '[true,null,false,true]' "$(jq -c '[.works, .missing, .bpf_refused, .pid_namespace]' "$dir/out")"
}

strict=$(tools/container/seccomp | jq '.syscalls |= map(.names -= ["bpf"]) | .syscalls |= map(select(.names != []))') &&
	echo "$strict" >"$dir/strict.json"
check "the image is reproducible" is_reproducible
check "the image is less than 8 MB" is_small
check "the image has labels and a user" has_labels
check "the image says nothing of where it was built" names_no_folder_of_the_builder
check "as root" runs 0:0
check "as another user" runs 65532:65532
check "as another user that can gain no privileges" runs 65532:65532 --security-opt no-new-privileges
check "with the machine's processes" runs 65532:65532 --pid host
check "check says that it works" checks
check "without capabilities" refused 77 "CAP_PERFMON and CAP_BPF missing: withheld"
check "without CAP_BPF" refused 77 "CAP_BPF missing: withheld" --cap-add=PERFMON
check "without CAP_PERFMON" refused 77 "CAP_PERFMON missing: withheld" --cap-add=BPF
check "with a seccomp profile that refuses bpf()" refused 77 "refused by the seccomp profile" --cap-add=BPF,PERFMON \
	--security-opt seccomp="$dir/strict.json"
of_its_own=(--uidmap 0:100000:65536 --gidmap 0:100000:65536)
if contain probe --rm "${of_its_own[@]}" localhost/talker 2>"$dir/probe" || [ $? != 64 ]; then
	echo "skip in a user namespace: podman can't run a container there: $(tail -n 1 "$dir/probe")"
else
	check "in a user namespace" refused 77 "user namespace" --cap-add=BPF,PERFMON "${of_its_own[@]}"
fi
check "without capabilities it polls" polls
exit $status
