# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Containers for the tests of this folder (sourced after lib.sh): storage, cgroups and locks of their own, all removed at the
# end. Two images: tcpdwell as `make image` makes it, and the talker.

cgroup=/tcpdwell-test-$$
export CONTAINERS_STORAGE_CONF=$dir/storage.conf
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/storage"\nrunroot = "%s/run"\n' "$dir" "$dir" >"$CONTAINERS_STORAGE_CONF"
image=localhost/tcpdwell

podman() {
	command podman --runtime runc --cgroup-manager cgroupfs --events-backend none --tmpdir "$dir/tmp" "$@"
}

# contain NAME OPTIONS… IMAGE ARGUMENTS…: what Kubernetes would do with `drop: [ALL]`, `readOnlyRootFilesystem: true`.
contain() {
	local network=(--network none)
	[[ " $* " != *" --network "* ]] || network=()
	podman run --name "$1" "${network[@]}" --read-only --cap-drop=ALL --cgroup-parent "$cgroup" --ulimit nofile=1024:1024 \
		--ulimit nproc=1024:1024 --security-opt seccomp="$dir/seccomp.json" --log-driver k8s-file "${@:2}"
}

clean_up() {
	podman rm --all --force --time 0 >/dev/null 2>&1
	podman system reset --force >/dev/null 2>&1
	umount "$dir/storage/vfs" 2>/dev/null
	find /sys/fs/cgroup -depth -type d -path "*$cgroup*" -exec rmdir {} + 2>/dev/null
}

# Ends the test with a reason where containers can't be had at all.
need_containers() {
	local program
	for program in podman buildah runc setcap jq; do
		command -v $program >/dev/null || { echo "skip containers: $program is not installed"; exit 0; }
	done
	tools/container/seccomp >"$dir/seccomp.json" || { echo "skip containers: podman has no seccomp profile"; exit 0; }
	make_talker || exit 1
	contain probe --rm localhost/talker 2>"$dir/probe"
	[ $? = 64 ] || { echo "skip containers: podman can't run one here: $(tail -n 1 "$dir/probe")"; exit 0; }
}

make_talker() {
	mkdir "$dir/talker"
	"${CC:-gcc}" -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -static -o "$dir/talker/talker" tests/deploy/talker.c &&
		printf 'FROM scratch\nCOPY talker /talker\nENTRYPOINT ["/talker"]\n' >"$dir/talker/Containerfile" &&
		buildah bud --quiet --isolation chroot --tag localhost/talker "$dir/talker" >"$dir/build" 2>&1 || { cat "$dir/build"; return 1; }
}

make_image() {
	make --no-print-directory image IMAGE="$image" >"$dir/build" 2>"$dir/build.err" || { tail -n 5 "$dir/build.err"; return 1; }
	tail -n 1 "$dir/build"
}
