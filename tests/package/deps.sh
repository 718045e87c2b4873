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
	cat >"$stubs/apt-cache" <<-END
		#!/bin/sh
		version=\$(sed -n "s/^\$2 //p" $stubs/has)
		[ "\$LC_ALL" = C ] || { echo "\$2:\n  Installationskandidat: \$version"; exit; }
		echo "\$2:\n  Candidate: \${version:-(none)}"
	END
	printf '#!/bin/sh\nexit 1\n' >"$stubs/find-bpftool"
	chmod +x "$stubs"/*
}

# install_deps ARGUMENT…: what it prints, and its exit code.
install_deps()
{
	mkdir -p "$stubs/tools/static"
	cp tools/install-deps "$stubs/tools/"
	cp tools/static/in-container "$stubs/tools/static/"
	cp "$stubs/find-bpftool" "$stubs/tools/"
	PATH=$stubs:/usr/bin:/bin LC_ALL=C.UTF-8 OS_RELEASE=$stubs/os-release "$stubs/tools/install-deps" "$@" 2>&1
	echo "exit $?"
}

# has NAME VERSION…: what the release's package lists have
has()
{
	printf '%s %s\n' "$@" >"$stubs/has"
}

# The names that Debian and Ubuntu share, at whatever version.
common='make 4.3 gcc 4:12.2.0-3 libc6-dev 2.36-9 libelf-dev 0.188-2.1 zlib1g-dev 1:1.2.13 pkg-config 1.8 uthash-dev 2.3
	libjansson-dev 2.14-2 libncurses-dev 6.4-4 libseccomp-dev 2.5.4-1 libsqlite3-dev 3.40.1-2 libdeflate-dev 1.14-1 libisal-dev 2.30.0-5 libevent-dev 2.1.12'

distribution fedora 'ID=fedora' 'VERSION_ID=42'
check deps/fedora "tools/install-deps: missing packages. As root:
  dnf install make gcc glibc-devel clang bpftool libbpf-devel elfutils-libelf-devel zlib-devel pkgconf-pkg-config uthash-devel jansson-devel ncurses-devel libseccomp-devel sqlite-devel libdeflate-devel isa-l-devel libevent-devel
exit 1" "$(install_deps build)"

distribution alma 'ID="almalinux"' 'ID_LIKE="rhel centos fedora"' 'VERSION_ID="9.4"'
check deps/alma-9 "tools/install-deps: missing packages. As root:
  dnf install epel-release dnf-plugins-core && dnf config-manager --set-enabled crb
  dnf install make gcc glibc-devel clang bpftool libbpf-devel elfutils-libelf-devel zlib-devel pkgconf-pkg-config uthash-devel jansson-devel ncurses-devel libseccomp-devel sqlite-devel libdeflate-devel isa-l-devel libevent-devel
exit 1" "$(install_deps build)"

distribution rhel 'ID="rhel"' 'ID_LIKE="fedora"' 'VERSION_ID="9.4"'
check deps/rhel-9 "tools/install-deps: missing packages. As root:
  subscription-manager repos --enable codeready-builder-for-rhel-9-$(uname -m)-rpms   # and add EPEL
  dnf install make gcc glibc-devel clang bpftool libbpf-devel elfutils-libelf-devel zlib-devel pkgconf-pkg-config uthash-devel jansson-devel ncurses-devel libseccomp-devel sqlite-devel libdeflate-devel isa-l-devel libevent-devel
exit 1" "$(install_deps build)"

distribution stream-10 'ID="centos"' 'ID_LIKE="rhel fedora"' 'VERSION_ID="10"'
check deps/centos-stream-10 "  dnf install epel-release dnf-plugins-core && dnf config-manager --set-enabled crb" "$(install_deps build | sed -n 2p)"

distribution amazon-2023 'ID="amzn"' 'ID_LIKE="fedora"' 'VERSION_ID="2023"'
check deps/amazon-2023 "  dnf install spal-release
  dnf install make gcc glibc-devel" "$(install_deps build | grep -oE '.*spal.*|.*install make gcc glibc-devel')"

# What these have of libbpf is too old, and what would have to be added first is in vain.
for name in rhel-8.10:rhel:fedora alma-8.9:almalinux:'rhel centos fedora' amazon-2:amzn:'centos rhel fedora' centos-7:centos:'rhel fedora'; do
	IFS=: read -r name id like <<<"$name"
	distribution "$name" "ID=\"$id\"" "ID_LIKE=\"$like\"" "VERSION_ID=\"${name##*-}\""
	said=$(install_deps build)
	case $said in
	*"dnf install"*) fail "deps/$name" "$said" ;;
	*"libbpf 1.1 or newer is needed to build; here it is 0.5 or older"*"podman run "*"exit 1") ok "deps/$name" ;;
	*) fail "deps/$name" "$said" ;;
	esac
done

# By hand it is new enough: the rest is asked for, from where release 8 has it.
distribution alma-8-by-hand 'ID="almalinux"' 'ID_LIKE="rhel centos fedora"' 'VERSION_ID="8.10"'
printf '#!/bin/sh\n[ "$1" = --atleast-version=1.1 ]\n' >"$stubs/pkg-config"
check deps/alma-8-by-hand "  dnf install epel-release dnf-plugins-core && dnf config-manager --set-enabled powertools
  dnf install make gcc glibc-devel clang bpftool elfutils-libelf-devel" "$(install_deps build | grep -oE '.*epel.*|.*install make.* elfutils-libelf-devel')"

distribution oracle 'ID="ol"' 'ID_LIKE="fedora"' 'VERSION_ID="9.4"'
check deps/oracle-9 "tools/install-deps: missing packages. As root:
  dnf install oracle-epel-release-el9 dnf-plugins-core && dnf config-manager --set-enabled ol9_codeready_builder
  dnf install make gcc glibc-devel" "$(install_deps build | grep -oE '^tools.*|.*codeready.*|.*install make gcc glibc-devel')"

# What RHEL does not have would make dnf refuse everything.
distribution fedora-tests 'ID=fedora' 'VERSION_ID=42'
check deps/fedora-tests "  dnf install libcmocka-devel compiler-rt llvm qemu-system-x86-core qemu-system-aarch64-core busybox cpio gcc-aarch64-linux-gnu scdoc dpkg-dev zsh fish tmux iproute nftables jq curl python3 git strace libcap podman buildah runc debootstrap
exit 1" "$(install_deps test | tail -n 2)"
distribution rocky-tests 'ID="rocky"' 'ID_LIKE="rhel centos fedora"' 'VERSION_ID="9.5"'
check deps/rocky-9-tests "  dnf install libcmocka-devel compiler-rt llvm cpio gcc-aarch64-linux-gnu scdoc dpkg-dev zsh fish tmux iproute nftables jq curl python3 git strace libcap podman buildah runc debootstrap
exit 1" "$(install_deps test | tail -n 2)"

distribution leap 'ID="opensuse-leap"' 'ID_LIKE="suse opensuse"' 'VERSION_ID="15.6"'
check deps/opensuse-tests "  zypper install libcmocka-devel llvm qemu-x86 qemu-arm busybox-static cpio scdoc dpkg zsh fish tmux iproute2 nftables jq curl python3 git strace libcap-progs podman buildah runc debootstrap
exit 1" "$(install_deps test | tail -n 2)"

distribution suse 'ID="opensuse-tumbleweed"' 'ID_LIKE="opensuse suse"'
check deps/opensuse "tools/install-deps: missing packages. As root:
  zypper install make gcc glibc-devel clang bpftool libbpf-devel libelf-devel zlib-devel pkg-config uthash-devel libjansson-devel ncurses-devel libseccomp-devel sqlite3-devel libdeflate-devel isa-l-devel libevent-devel
exit 1" "$(install_deps build)"

distribution arch 'ID=arch'
check deps/arch "tools/install-deps: missing packages. As root:
  pacman -S --needed make gcc glibc clang bpf libbpf libelf zlib pkgconf uthash jansson ncurses libseccomp sqlite libdeflate isa-l libevent
exit 1" "$(install_deps build)"

distribution manjaro 'ID=manjaro' 'ID_LIKE=arch'
check deps/arch-tests "  pacman -S --needed cmocka compiler-rt llvm qemu-system-x86 qemu-system-aarch64 busybox cpio aarch64-linux-gnu-gcc aarch64-linux-gnu-glibc scdoc dpkg zsh fish tmux iproute2 nftables jq curl prometheus alertmanager python git strace libcap podman buildah runc debootstrap
exit 1" "$(install_deps test | tail -n 2)"

# One that is there is not asked for again.
distribution fedora-some 'ID=fedora'
printf '#!/bin/sh\n[ "$3" != libevent-devel ]\n' >"$stubs/rpm"
check deps/fedora-one-missing "tools/install-deps: missing packages. As root:
  dnf install libevent-devel
exit 1" "$(install_deps)"

# Where all is there, nothing is said and the build goes on.
distribution fedora-complete 'ID=fedora'
printf '#!/bin/sh\nexit 0\n' >"$stubs/rpm"
check deps/fedora-complete "exit 0" "$(install_deps)"

# Unknown systems: the build itself says what it misses.
for id in plan9 alpine nixos openEuler azurelinux; do
	distribution "unknown-$id" "ID=$id"
	said=$(install_deps build)
	case $said in
	*"packages are called on this system ($id)"*"  make gcc "*"container of Debian"*"podman run "*"exit 0") ok "deps/unknown-$id" ;;
	*) fail "deps/unknown-$id" "$said" ;;
	esac
done

# Alpine has no bash; a Raspberry Pi may have programs of 32 bits on a kernel of 64.
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	skip deps/no-bash "root and mounts of our own are needed"
elif [ "$(realpath /bin/sh)" = "$(realpath /bin/bash)" ]; then
	skip deps/no-bash "it is the shell of make here"
else
	: >"$scratch/no-bash"
	chmod 644 "$scratch/no-bash"
	# shellcheck disable=SC2016 # for the inner shell
	said=$(unshare -m --propagation private sh -c 'mount --bind "$1" "$(realpath /bin/bash)" && MAKEFLAGS= exec make --no-print-directory deps' - "$scratch/no-bash" 2>&1)
	case $said in
	"/bin/bash is missing"*"podman run "*) ok deps/no-bash ;;
	*) fail deps/no-bash "$said" ;;
	esac
fi
mkdir -p "$scratch/32"
printf '#!/bin/sh\necho 32\n' >"$scratch/32/getconf"
chmod +x "$scratch/32/getconf"
said=$(PATH=$scratch/32:$PATH MAKEFLAGS='' make --no-print-directory deps 2>&1)
case $said in
*"the programs of this system are of 32 bits"*'"make static" on one of 64 bits'*) ok deps/32-bits ;;
*) fail deps/32-bits "$said" ;;
esac

if [ "$(id -u)" = 0 ]; then
	distribution debian-13 'ID=debian'
	# shellcheck disable=SC2086 # pairs
	has $common clang 1:19.0-63 bpftool 7.5.0 libbpf-dev 1:1.5.0-3 libclang-rt-19-dev 1:19.1.7-3
	install_deps build >/dev/null
	check deps/debian-13-build "install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 make gcc libc6-dev clang bpftool libbpf-dev libelf-dev zlib1g-dev pkg-config uthash-dev libjansson-dev libncurses-dev libseccomp-dev libsqlite3-dev libdeflate-dev libisal-dev libevent-dev" \
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
	*"libbpf 1.1 or newer is needed to build; here it is 0.5.0"*"podman run "*" debian:13 "*"make deps static"*"exit 1") check deps/ubuntu-22.04 "" "$(cat "$stubs/installed" 2>/dev/null)" ;;
	*) fail deps/ubuntu-22.04 "$said" ;;
	esac

	distribution ubuntu-20.04 'ID=ubuntu' 'ID_LIKE=debian' 'VERSION_ID="20.04"'
	# shellcheck disable=SC2086
	has $common clang 1:10.0-50 linux-tools-generic 5.4.0
	said=$(install_deps build)
	case $said in
	*"libbpf 1.1 or newer is needed to build; here it is (none)"*"podman run "*"exit 1") check deps/ubuntu-20.04 "" "$(cat "$stubs/installed" 2>/dev/null)" ;;
	*) fail deps/ubuntu-20.04 "$said" ;;
	esac

	# bpftool is a package of its own again, libbpf is there by hand: nothing of it is asked for.
	distribution ubuntu-25.04 'ID=ubuntu' 'ID_LIKE=debian' 'VERSION_ID="25.04"'
	# shellcheck disable=SC2086
	has $common clang 1:20.0-63 bpftool 7.6.0 linux-tools-generic 6.14.0 libbpf-dev 1:1.5.0-3 libclang-rt-20-dev 1:20.1.2
	printf '#!/bin/sh\n[ "$1" = --atleast-version=1.1 ]\n' >"$stubs/pkg-config"
	install_deps >/dev/null
	check deps/ubuntu-25.04 "bpftool libclang-rt-20-dev" \
		"$(tr ' ' '\n' <"$stubs/installed" | grep -E 'clang-rt|bpftool|linux-tools|libbpf' | sort | xargs)"

	# What is made of Debian has its packages.
	for name in linuxmint:'ubuntu debian' kali:debian raspbian:debian devuan:debian pop:'ubuntu debian'; do
		IFS=: read -r id like <<<"$name"
		distribution "made-of-debian-$id" "ID=$id" "ID_LIKE=\"$like\""
		# shellcheck disable=SC2086
		has $common clang 1:18.0-59 bpftool 7.5.0 libbpf-dev 1:1.3.0-2
		install_deps build >/dev/null
		check "deps/made-of-debian-$id" "make libevent-dev" "$(tr ' ' '\n' <"$stubs/installed" | grep -xE 'make|libevent-dev' | xargs)"
	done

	# Not root: the command, and nothing is installed. --list: a line each.
	distribution debian-user 'ID=debian'
	# shellcheck disable=SC2086
	has $common clang 1:14.0-55 bpftool 7.1.0 libbpf-dev 1:1.1.0-1
	printf '#!/bin/sh\necho 1000\n' >"$stubs/id"
	chmod +x "$stubs/id"
	check deps/debian-not-root "tools/install-deps: missing packages: run it as root, or: sudo apt-get install make gcc libc6-dev clang bpftool libbpf-dev libelf-dev zlib1g-dev pkg-config uthash-dev libjansson-dev libncurses-dev libseccomp-dev libsqlite3-dev libdeflate-dev libisal-dev libevent-dev
exit 1" "$(install_deps build)"
	check deps/debian-list "make gcc libc6-dev clang bpftool exit 0" "$(install_deps --list build | sed -n '1,5p;$p' | xargs)"
	check deps/debian-nothing-installed "" "$(cat "$stubs/installed" 2>/dev/null)"

	# apt's own reason, and what the sources must have.
	distribution debian-offline 'ID=debian'
	# shellcheck disable=SC2086
	has $common clang 1:14.0-55 bpftool 7.1.0 libbpf-dev 1:1.1.0-1
	printf '#!/bin/sh\necho "E: no route" >&2\nexit 100\n' >"$stubs/apt-get"
	said=$(install_deps build)
	case $said in
	*"lists could not be brought up to date"*"E: no route"*"apt-get could not install them, see above"*'"main"'*"exit 1") ok deps/debian-offline ;;
	*) fail deps/debian-offline "$said" ;;
	esac
else
	skip deps/debian "root is needed: others are told the command"
fi

# A static program where a library has no static archive: which, and what to do.
# static_told NAME ID TEXT…: the sentence has the texts, in this order.
static_told()
{
	local name=$1 said
	distribution "$name" "ID=$2"
	shift 2
	printf '#!/bin/sh\nfor word; do case $word in *.c) exec true;; esac; done\necho "/usr/bin/ld: cannot find -ldeflate: No such file or directory" >&2\nexit 1\n' >"$stubs/cc"
	chmod +x "$stubs/cc"
	said=$(OS_RELEASE=$stubs/os-release CC=$stubs/cc tools/static/libraries "$stubs/out" libdeflate 2>&1 >/dev/null; echo "exit $?")
	for text; do
		case $said in
		*"$text"*) ;;
		*) fail "static/$name" "no \"$text\" in: $said"; return ;;
		esac
	done
	ok "static/$name"
}

static_told fedora-static fedora "a static program can't be linked here: libdeflate.a missing" 'podman run --rm -v "$PWD:/src:z" -w /src debian:13' "exit 1"
static_told debian-static debian "a static program can't be linked here: libdeflate.a missing" '"tools/install-deps build"' "exit 1"

# The sets: what makes packages and images is asked for alone, and is among what tests need.
if [ "$(id -u)" = 0 ]; then
	distribution debian-sets 'ID=debian'
	# shellcheck disable=SC2086
	has $common clang 1:19.0-63 bpftool 7.5.0 libbpf-dev 1:1.5.0-3
	check deps/package "scdoc dpkg-dev exit 0" "$(install_deps --list package | xargs)"
	check deps/image "libcap2-bin buildah exit 0" "$(install_deps --list image | xargs)"
	check deps/sets-of-tests "buildah dpkg-dev libcap2-bin scdoc" \
		"$(install_deps --list test | grep -xE 'scdoc|dpkg-dev|libcap2-bin|buildah|make' | sort | xargs)"
fi
# Who is told that something is missing is never sent for what tests need, but by tests.
check deps/no-more-than-needed "" "$(grep -rnE 'install-deps( test|[";])' Makefile tools --include=Makefile --include='*' | grep -vE '^tools/install-deps:|say says')"
