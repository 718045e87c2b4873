# make dist and make deb: what is inside, and that the same sources give the same bytes in another folder, at another time, for
# someone with other habits.
# shellcheck shell=bash

. tests/sources.sh

if ! command -v scdoc >/dev/null || ! command -v dpkg-deb >/dev/null; then
	skip archive "scdoc or dpkg-deb is missing (tools/install-deps package)"
	return
fi
# What is missing is told at once, not when all is compiled.
mkdir "$scratch/lacks"
ln -s /usr/bin/* "$scratch/lacks/"
rm "$scratch/lacks/scdoc" "$scratch/lacks/dpkg-deb"
check archive/lacks-scdoc "scdoc is missing: run tools/install-deps package" "$(PATH=$scratch/lacks MAKEFLAGS='' make --no-print-directory dist 2>&1 | head -n 1)"
check archive/lacks-scdoc-for-deb "scdoc is missing: run tools/install-deps package" "$(PATH=$scratch/lacks MAKEFLAGS='' make --no-print-directory deb 2>&1 | head -n 1)"
ln -s "$(command -v scdoc)" "$scratch/lacks/scdoc"
check archive/lacks-dpkg-deb "dpkg-deb is missing: run tools/install-deps package" "$(PATH=$scratch/lacks MAKEFLAGS='' make --no-print-directory deb 2>&1 | head -n 1)"

epoch=$(git log -1 --format=%ct 2>/dev/null || echo 0)
if ! archive=$(make -s dist 2>"$scratch/log") || ! package=$(make -s deb 2>"$scratch/log"); then
	fail archive "$(tail -n 1 "$scratch/log")"
	return
fi
archive=$(tail -n 1 <<<"$archive") package=$(tail -n 1 <<<"$package")

other=$scratch/a/folder/of/another/name
sources_copy "$other"
find "$other" -exec touch -d '2001-02-03 04:05:06' {} +
(
	umask 077
	unset MAKEFLAGS MAKELEVEL
	SOURCE_DATE_EPOCH=$epoch TZ=Asia/Tokyo LC_ALL=C.UTF-8 TMPDIR=$scratch DEBFULLNAME=$(git log -1 --format=%an) \
		DEBEMAIL=$(git log -1 --format=%ae) make -s -j"$(nproc)" -C "$other" dist deb >"$scratch/log" 2>&1
) || fail archive/again "$(tail -n 1 "$scratch/log")"
for file in "$archive" "$package"; do
	name=${file##*.}
	if cmp -s "$file" "$other/build/dist/${file##*/}"; then
		ok archive/reproducible-"$name"
	else
		fail archive/reproducible-"$name" "$file differs from what the same sources give elsewhere"
		cp "$other/build/dist/${file##*/}" "$file.other"
	fi
done

tar -xzf "$archive" -C "$scratch"
top=$(basename "$archive" .tar.gz)
check archive/content "README
bin/tcpdwell
lib/systemd/system/tcpdwell.service
share/bash-completion/completions/tcpdwell
share/doc/tcpdwell/LICENSE
share/doc/tcpdwell/LICENSE.BSD-2-Clause
share/doc/tcpdwell/LICENSE.GPL-2.0
share/fish/vendor_completions.d/tcpdwell.fish
share/man/man8/tcpdwell.8
share/tcpdwell/monitoring/README.md
share/tcpdwell/monitoring/dashboard.json
share/tcpdwell/monitoring/prometheus.yaml
share/tcpdwell/monitoring/rules.yaml
share/zsh/site-functions/_tcpdwell" "$(cd "$scratch/$top" && find . -type f -printf '%P\n' | grep -v ^share/doc/tcpdwell/libraries/ | sort)"
# Whatever is linked in, its terms are beside it; these always are.
check archive/libraries "libbpf libc6 libelf zlib1g" \
	"$(cd "$scratch/$top/share/doc/tcpdwell/libraries" && find . -type f -size +0 -printf '%P\n' | grep -xE 'libbpf|libc6|libelf|zlib1g' | sort | xargs)"
check archive/static "" "$(readelf -l "$scratch/$top/bin/tcpdwell" | grep -o INTERP)"
check archive/version "tcpdwell $(sed -n 's/^VERSION := //p' Makefile)" "$("$scratch/$top/bin/tcpdwell" --version)"
check archive/capabilities "" "$(getcap -r "$scratch/$top" 2>/dev/null)"

# The package has the same program, and nothing that runs by itself.
mkdir "$scratch/deb"
dpkg-deb -x "$package" "$scratch/deb"
dpkg-deb -e "$package" "$scratch/deb/control"
cmp -s "$scratch/$top/bin/tcpdwell" "$scratch/deb/usr/bin/tcpdwell" && ok deb/program || fail deb/program "is not that of the archive"
check deb/nothing-starts "" "$(grep -rE 'systemctl.* (enable|start|restart)|setcap|deb-systemd-(invoke|helper) (start|restart|enable|update-state)' "$scratch/deb/control"
	find "$scratch/deb/etc" 2>/dev/null)"
if command -v lintian >/dev/null; then
	check deb/lintian "" "$(lintian --allow-root --fail-on error "$package" 2>&1 | grep -E '^[EW]:')"
else
	skip deb/lintian "lintian is not installed (tools/install-deps test)"
fi
