# Shared by suites that build in another place (sourced).
# shellcheck shell=bash

# sources_copy DIR: what a clone of this tree would have, with the changes to its files, in a folder that is made. Without git
# (an unpacked archive), everything but what was built.
sources_copy()
{
	local file

	mkdir -p "$1"
	if git -c safe.directory="$PWD" rev-parse >/dev/null 2>&1; then
		git -c safe.directory="$PWD" ls-files -c | while IFS= read -r file; do
			[ ! -e "$file" ] || echo "$file"
		done | tar -T - -cf - | tar -C "$1" -xf -
	else
		tar --exclude=./build -cf - . | tar -C "$1" -xf -
	fi
}
