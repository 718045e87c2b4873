# make install and make uninstall, into a folder.
# shellcheck shell=bash

root=$scratch/install
if ! make -s install DESTDIR="$root" prefix=/opt/tcpdwell >"$scratch/log" 2>&1; then
	fail install "$(tail -n 1 "$scratch/log")"
else
	check install "755 /bin/tcpdwell
644 /lib/systemd/system/tcpdwell.service
644 /share/bash-completion/completions/tcpdwell
644 /share/doc/tcpdwell/LICENSE
644 /share/doc/tcpdwell/LICENSE.BSD-2-Clause
644 /share/doc/tcpdwell/LICENSE.GPL-2.0
644 /share/fish/vendor_completions.d/tcpdwell.fish
644 /share/man/man8/tcpdwell.8
644 /share/tcpdwell/monitoring/README.md
644 /share/tcpdwell/monitoring/dashboard.json
644 /share/tcpdwell/monitoring/prometheus.yaml
644 /share/tcpdwell/monitoring/rules.yaml
644 /share/zsh/site-functions/_tcpdwell" "$(cd "$root/opt/tcpdwell" && find . -type f -printf '%m /%P\n' | sort -k 2)"
	check install/unit "ExecStart=/opt/tcpdwell/bin/tcpdwell" \
		"$(grep -o '^ExecStart=[^ ]*' "$root/opt/tcpdwell/lib/systemd/system/tcpdwell.service")"
	make -s uninstall DESTDIR="$root" prefix=/opt/tcpdwell
	check uninstall "" "$(find "$root" -type f)"
fi
