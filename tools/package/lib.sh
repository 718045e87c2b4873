# Shared by `archive` and `deb` (sourced): what both contain, and how both are the same again from the same commit.
# PACKAGES: the libraries that the program is linked with, by pkg-config's names.
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
umask 022
export LC_ALL=C TZ=UTC

for needed in scdoc pkg-config; do
	command -v $needed >/dev/null || { echo "$needed is missing: run tools/install-deps package" >&2; exit 1; }
done
# commit FORMAT: of the last commit; nothing where there is none (an unpacked archive of the sources).
commit()
{
	git -c safe.directory="$PWD" log -1 --format="$1" 2>/dev/null || true
}

# When the newest source was changed. An archive that git made gives all of them the time of the commit.
newest_source()
{
	find . -path ./build -prune -o -path ./.git -prune -o -type f -printf '%T@\n' | sort -n | tail -n 1 | cut -d. -f1
}

# The time of everything inside: that of the commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(commit %ct)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(newest_source)}
export SOURCE_DATE_EPOCH

# stage DIR ARCH MAKE_VARIABLE…: installs the static program, stripped, and what belongs to it, below DIR.
stage()
{
	local dir=$1 arch=$2 strip=strip
	shift 2

	make -s STATIC=1 ARCH="$arch" install DESTDIR="$dir" "$@"
	[ "$arch" = "$(uname -m | sed s/aarch64/arm64/)" ] || strip=aarch64-linux-gnu-strip
	$strip "$(find "$dir" -path '*bin/tcpdwell')"
	libraries_copyrights "$(find "$dir" -type d -path '*doc/tcpdwell')/libraries"
}

# Whose code a static program has in it, and under which terms, goes into DIR. (A foreign architecture's libraries are of the
# same sources.)
libraries_copyrights()
{
	local file package name

	for name in c $(pkg-config --libs --static $PACKAGES | grep -oE -- '-l[a-z0-9]+' | sed s/-l//); do
		file=$(cc -print-file-name="lib$name.a")
		package=$(dpkg -S "$(realpath "$file")" 2>/dev/null | head -n 1 | cut -d: -f1)
		[ -n "$package" ] || { echo "note: whose $file is, is not known: its copyright is not added" >&2; continue; }
		install -D -m 644 "/usr/share/doc/$package/copyright" "$1/${package%-dev}"
	done
}
