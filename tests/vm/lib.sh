# Shared by the scripts of this folder (sourced): where things are kept, how the kernel table is read, and how
# Debian packages of another suite or architecture are fetched without touching the machine's own apt state.
# shellcheck shell=bash

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$vm_dir/../.." && pwd)
build=${TCPDWELL_BUILD:-$repo/build}
cache=${TCPDWELL_CACHE:-$build/cache}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# The table without comments: name arch suites package.
kernel_table()
{
	grep -v -e '^#' -e '^[[:space:]]*$' "$vm_dir/kernels"
}

kernel_names()
{
	kernel_table | awk '{ print $1 }'
}

# kernel_field NAME COLUMN
kernel_field()
{
	kernel_table | awk -v name="$1" -v column="$2" '$1 == name { print $column }'
}

kernel_arch()
{
	kernel_field "$1" 2
}

# Debian's word for QEMU's (and uname's) architecture.
debian_arch()
{
	case $1 in
	x86_64) echo amd64 ;;
	aarch64 | arm64) echo arm64 ;;
	*) die "no such architecture: $1 (x86_64, aarch64)" ;;
	esac
}

# The address of the machine's own Debian mirror, from its apt sources in either format: mirror_of main|security
mirror_of()
{
	local want='/debian/?$'

	[ "$1" = security ] && want='/debian-security/?$'
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		grep -v '^[[:space:]]*#' | grep -oE '(https?|file):[^][:space:]]+' | grep -E "$want" | head -n 1
}

# private_apt ARCH SUITE COMMAND…: runs apt-get or apt-cache on one suite alone, its lists kept in the cache.
private_apt()
{
	local arch=$1 suite=$2 state=$cache/apt/$2-$1
	shift 2

	mkdir -p "$state/lists/partial" "$state/archives/partial"
	"$1" -q -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::Lists="$state/lists" -o Dir::Cache="$state" -o Dir::State::status=/dev/null \
		-o Acquire::Languages=none -o APT::Sandbox::User=root "${@:2}"
}

# suite_update ARCH SUITE: makes the private source list and reads the mirror's index, once per suite.
suite_update()
{
	local state=$cache/apt/$2-$1 kind=main mirror

	[ -e "$state/updated" ] && return 0
	case $2 in *-security) kind=security ;; esac
	mirror=$(mirror_of $kind)
	[ -n "$mirror" ] || { echo "no Debian mirror ($kind) in this machine's apt sources"; return 1; }
	mkdir -p "$state"
	echo "deb [signed-by=$keyring] $mirror $2 main" >"$state/sources.list"
	[ "$2" != experimental ] || echo "deb [signed-by=$keyring] $mirror sid main" >>"$state/sources.list" # which it stands on
	if ! private_apt "$1" "$2" apt-get update >"$state/log" 2>&1 || grep -q '^E:' "$state/log"; then
		echo "apt-get update of suite $2 failed: $(grep -m1 -E '^(E|W|Err)' "$state/log")"
		return 1
	fi
	touch "$state/updated"
}

# package_newest ARCH SUITE REGEX: the name of the newest package whose whole name matches, or nothing.
package_newest()
{
	private_apt "$1" "$2" apt-cache pkgnames 2>/dev/null | grep -xE "$3" | sort -V | tail -n 1
}

# package_unpack ARCH SUITE DIR PACKAGE…: downloads (and checks) packages, unpacks them into DIR.
package_unpack()
{
	local arch=$1 suite=$2 dir=$3 state=$cache/apt/$2-$1 deb
	shift 3

	mkdir -p "$dir" "$state/debs"
	rm -f "$state"/debs/*.deb
	(cd "$state/debs" && private_apt "$arch" "$suite" apt-get download "$@") >"$state/log" 2>&1 ||
		{ echo "download of $* failed: $(grep -m1 -E '^(E|W|Err)' "$state/log")"; return 1; }
	for deb in "$state"/debs/*.deb; do
		dpkg -x "$deb" "$dir" || { echo "$deb: can't be unpacked"; return 1; }
	done
	rm -f "$state"/debs/*.deb
}

# with_lock NAME COMMAND…: one at a time over all test processes of this tree.
with_lock()
{
	mkdir -p "$cache"
	(
		flock 9
		"${@:2}"
	) 9>"$cache/.$1.lock"
}

# Where the static programs of an architecture are: static_program ARCH tcpdwell|scenarios. Of a run that keeps copies
# (programs_keep), there.
static_program()
{
	case ${TCPDWELL_PROGRAMS:+kept}$1/$2 in
	kept*) echo "$TCPDWELL_PROGRAMS/$1/$2" ;;
	x86_64/tcpdwell) echo "$build/static/tcpdwell" ;;
	x86_64/*) echo "$build/tests/$2" ;;
	*/tcpdwell) echo "$build/$(debian_arch "$1")/static/tcpdwell" ;;
	*) echo "$build/$(debian_arch "$1")/tests/$2" ;;
	esac
}

# helper_program ARCH NAME: compiles NAME.c of this folder (no library needed) when it is older, prints where it is.
helper_program()
{
	local out=$build/tests/vm-$1/$2 cc=cc

	[ "$1" = "$(uname -m)" ] || cc=$1-linux-gnu-gcc
	mkdir -p "${out%/*}"
	if [ ! "$out" -nt "$vm_dir/$2.c" ]; then
		"$cc" -std=gnu11 -O2 -Wall -Wextra -static "$vm_dir/$2.c" -o "$out.$$" && mv "$out.$$" "$out" || return 1
	fi
	echo "$out"
}

# programs_build KERNEL…: brings the static tcpdwell and scenarios of those kernels' architectures up to date; says
# what can't be built. Copies, or a build folder given from outside, are taken as they are.
programs_build()
{
	local arch word

	[ -z "${TCPDWELL_BUILD-}${TCPDWELL_PROGRAMS-}" ] || return 0
	for arch in $(for kernel in "$@"; do kernel_arch "$kernel"; done | sort -u); do
		word=$(debian_arch "$arch" | sed 's/amd64/x86_64/')
		make -s -C "$repo" ARCH="$word" static scenarios >"$build/make-$word.log" 2>&1 || {
			echo "  make ARCH=$word static scenarios failed:"
			tail -n 5 "$build/make-$word.log" | sed 's/^/    /'
		}
	done
}

# programs_keep DIR KERNEL…: copies the programs of those kernels to DIR/ARCH/, so that everything that follows runs
# the same ones, whatever is built meanwhile.
programs_keep()
{
	local dir=$1 arch file
	shift

	for arch in $(for kernel in "$@"; do kernel_arch "$kernel"; done | sort -u); do
		mkdir -p "$dir/$arch"
		for file in tcpdwell scenarios; do
			rm -f "$dir/$arch/$file"
			cp "$(static_program "$arch" $file)" "$dir/$arch/$file"
		done
	done
	export TCPDWELL_PROGRAMS=$dir
}
