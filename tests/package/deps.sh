# tools/install-deps on distributions that this machine is not: each has its os-release, and stubs of its package manager,
# which know what that release has and write down what they are told to install.
# shellcheck shell=bash

# distribution NAME OS_RELEASE_LINE…: a folder with stubs that have nothing installed.
distribution()
{
	local tool

	stubs=$scratch/$1
	mkdir -p "$stubs"
	printf '%s\n' "${@:2}" >"$stubs/os-release"
	for tool in rpm pacman dpkg-query pkg-config clang; do
		printf '#!/bin/sh\nexit 1\n' >"$stubs/$tool"
	done
	printf '#!/bin/sh\n[ "$1" != install ] || echo "$@" >>%s/installed\n' "$stubs" >"$stubs/apt-get"
	# shellcheck disable=SC2016 # written as it is
	printf '#!/bin/sh\nversion=$(sed -n "s/^$2 //p" %s/has)\necho "$2:\n  Candidate: ${version:-(none)}"\n' "$stubs" >"$stubs/apt-cache"
	printf '#!/bin/sh\nexit 1\n' >"$stubs/find-bpftool"
	chmod +x "$stubs"/*
}

# install_deps ARGUMENT…: what it prints, and its exit code.
install_deps()
{
	mkdir -p "$stubs/tools"
	cp tools/install-deps "$stubs/tools/"
	cp "$stubs/find-bpftool" "$stubs/tools/"
	PATH=$stubs:/usr/bin:/bin OS_RELEASE=$stubs/os-release "$stubs/tools/install-deps" "$@" 2>&1
	echo "exit $?"
}

# has NAME VERSION…: what the release's package lists have
has()
{
	printf '%s %s\n' "$@" >"$stubs/has"
}

# The names that Debian and Ubuntu share, at whatever version.
common='make 4.3 gcc 4:12.2.0-3 libc6-dev 2.36-9 libelf-dev 0.188-2.1 zlib1g-dev 1:1.2.13 pkg-config 1.8 uthash-dev 2.3
	libjansson-dev 2.14-2 libncurses-dev 6.4-4 libseccomp-dev 2.5.4-1 libsqlite3-dev 3.40.1-2 libdeflate-dev 1.14-1 libevent-dev 2.1.12'

distribution fedora 'ID=fedora' 'VERSION_ID=42'
check deps/fedora "tools/install-deps: missing packages. As root:
  dnf install make gcc glibc-devel clang bpftool libbpf-devel elfutils-libelf-devel zlib-devel pkgconf-pkg-config uthash-devel jansson-devel ncurses-devel libseccomp-devel sqlite-devel libdeflate-devel libevent-devel
exit 1" "$(install_deps build)"

distribution alma 'ID="almalinux"' 'ID_LIKE="rhel centos fedora"' 'VERSION_ID="9.4"'
check deps/alma-9 "tools/install-deps: missing packages. As root:
  dnf install epel-release dnf-plugins-core && dnf config-manager --set-enabled crb
  dnf install make gcc glibc-devel clang bpftool libbpf-devel elfutils-libelf-devel zlib-devel pkgconf-pkg-config uthash-devel jansson-devel ncurses-devel libseccomp-devel sqlite-devel libdeflate-devel libevent-devel
exit 1" "$(install_deps build)"

distribution rhel 'ID="rhel"' 'ID_LIKE="fedora"' 'VERSION_ID="9.4"'
check deps/rhel-9 "tools/install-deps: missing packages. As root:
  subscription-manager repos --enable codeready-builder-for-rhel-9-$(uname -m)-rpms   # and add EPEL
  dnf install make gcc glibc-devel clang bpftool libbpf-devel elfutils-libelf-devel zlib-devel pkgconf-pkg-config uthash-devel jansson-devel ncurses-devel libseccomp-devel sqlite-devel libdeflate-devel libevent-devel
exit 1" "$(install_deps build)"

distribution suse 'ID="opensuse-tumbleweed"' 'ID_LIKE="opensuse suse"'
check deps/opensuse "tools/install-deps: missing packages. As root:
  zypper install make gcc glibc-devel clang bpftool libbpf-devel libelf-devel zlib-devel pkg-config uthash-devel libjansson-devel ncurses-devel libseccomp-devel sqlite3-devel libdeflate-devel libevent-devel
exit 1" "$(install_deps build)"

distribution arch 'ID=arch'
check deps/arch "tools/install-deps: missing packages. As root:
  pacman -S --needed make gcc glibc clang bpf libbpf libelf zlib pkgconf uthash jansson ncurses libseccomp sqlite libdeflate libevent
exit 1" "$(install_deps build)"

# Where all is there, nothing is said and the build goes on.
distribution fedora-complete 'ID=fedora'
printf '#!/bin/sh\nexit 0\n' >"$stubs/rpm"
check deps/fedora-complete "exit 0" "$(install_deps)"

# Unknown systems: the build itself says what it misses.
distribution unknown 'ID=plan9'
check deps/unknown "exit 0" "$(install_deps build | tail -n 1)"

if [ "$(id -u)" = 0 ]; then
	distribution debian-13 'ID=debian'
	# shellcheck disable=SC2086 # pairs
	has $common clang 1:19.0-63 bpftool 7.5.0 libbpf-dev 1:1.5.0-3 libclang-rt-19-dev 1:19.1.7-3
	install_deps build >/dev/null
	check deps/debian-13-build "install -y -q --no-install-recommends make gcc libc6-dev clang bpftool libbpf-dev libelf-dev zlib1g-dev pkg-config uthash-dev libjansson-dev libncurses-dev libseccomp-dev libsqlite3-dev libdeflate-dev libevent-dev" \
		"$(cat "$stubs/installed")"
	install_deps test >/dev/null
	check deps/debian-13-clang-runtime libclang-rt-19-dev "$(tail -n 1 "$stubs/installed" | tr ' ' '\n' | grep clang-rt)"

	# bpftool is a name that only others provide, and the script of that name in the path doesn't work without them.
	distribution ubuntu-24.04 'ID=ubuntu' 'ID_LIKE=debian' 'VERSION_ID="24.04"'
	# shellcheck disable=SC2086
	has $common clang 1:18.0-59 linux-tools-generic 6.8.0 libbpf-dev 1:1.3.0-2 libclang-rt-18-dev 1:18.1.3-1
	install_deps >/dev/null
	check deps/ubuntu-24.04 "libclang-rt-18-dev linux-tools-generic" \
		"$(tr ' ' '\n' <"$stubs/installed" | grep -E 'clang-rt|bpftool|linux-tools' | sort | xargs)"

	distribution ubuntu-22.04 'ID=ubuntu' 'ID_LIKE=debian' 'VERSION_ID="22.04"'
	# shellcheck disable=SC2086
	has $common clang 1:14.0-55 linux-tools-generic 5.15.0 libbpf-dev 1:0.5.0-1ubuntu22.04.1
	said=$(install_deps build)
	case $said in
	*"libbpf 1.1 or newer is needed to build; here it is 0.5.0"*"make static"*"exit 1") check deps/ubuntu-22.04 "" "$(cat "$stubs/installed" 2>/dev/null)" ;;
	*) fail deps/ubuntu-22.04 "$said" ;;
	esac
else
	skip deps/debian "root is needed: others are told the command"
fi
