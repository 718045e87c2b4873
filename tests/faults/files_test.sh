#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Recordings whose next file can't be made, whose folder goes, whose disk is full, and whose names others use: a sentence, an
# exit code, nothing of others touched, and what was recorded so far can be read.
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

# begin FILE OPTIONS…: a recorder in the background, which has begun
begin() {
	"$tool" record -o "$1" -n self "${@:2}" >"$dir/out" 2>"$dir/err" &
	recorder=$!
	running+=("$recorder")
	await test -s "$1"
}

has_ended() {
	! kill -0 "$recorder" 2>/dev/null
}

ends_with() {
	local code=0
	await has_ended || kill -KILL "$recorder"
	wait "$recorder" || code=$?
	equal "exit status" "$code" "$1"
}

is_readable() {
	"$tool" report "$1" --all -j 2>"$dir/report.err" | grep -q '"type":"transition"'
}

next_file_is_foreign() {
	mkdir "$dir/foreign"
	echo precious >"$dir/foreign/r.1"
	ln -s r.1 "$dir/foreign/r.2"
	begin "$dir/foreign/r" --max-size 1 --keep 2 || return 1
	await test -e "$dir/foreign/r.5" || return 1
	kill -INT "$recorder"
	ends_with 0 && equal content "$(cat "$dir/foreign/r.1")" precious && [ -L "$dir/foreign/r.2" ] || return 1
	[ ! -e "$dir/foreign/r" ] && [ ! -e "$dir/foreign/r.3" ] || { ls -l "$dir/foreign"; return 1; }
	zcat <"$(ls -v "$dir"/foreign/r.[3-9]* | head -n 1)" | tail -n 1 | grep -q '"next":"r.'
}

folder_is_gone() {
	mkdir "$dir/gone" "$dir/taken"
	begin "$dir/gone/r" --max-size 1 || return 1
	until rmdir "$dir/gone" 2>/dev/null; do # a file more may be there already
		mv "$dir/gone"/* "$dir/taken/"
	done
	ends_with 1 && says "is full, and the file after it can't be made: No such file or directory" &&
		equal "other lines" "$(grep -vc "is not there any more while it is written" "$dir/err")" 1 && gzip -t <"$dir/taken/r" &&
		is_readable "$dir/taken/r"
}

# The name leads elsewhere meanwhile: the files go on where they began.
folder_is_replaced() {
	mkdir "$dir/was" "$dir/other"
	begin "$dir/was/r" --max-size 1 || return 1
	mv "$dir/was" "$dir/moved"
	ln -s other "$dir/was"
	await test -e "$dir/moved/r.1" || return 1
	kill -INT "$recorder"
	ends_with 0 && equal "files elsewhere" "$(ls "$dir/other" | wc -l)" 0
}

a_folder_is_in_the_way() {
	mkdir "$dir/way"
	mount -t tmpfs -o size=8m none "$dir/way" || return 1
	begin "$dir/way/r" --max-size 1 || return 1
	mkdir "$dir/way/r.1" # in the way, and no file
	await test -e "$dir/way/r.2" || return 1
	kill -INT "$recorder"
	ends_with 0
	umount "$dir/way"
}

disk_is_full() {
	mkdir "$dir/full"
	mount -t tmpfs -o size=1500k none "$dir/full" || return 1
	begin "$dir/full/r" --max-size 1 || return 1
	ends_with 1 && says "No space left on device" && says "are lost" && is_readable "$dir/full/r" || return 1
	umount "$dir/full"
}

# --keep makes room in time.
disk_is_just_large_enough() {
	mkdir "$dir/tight"
	mount -t tmpfs -o size=3500k none "$dir/tight" || return 1
	begin "$dir/tight/r" --max-size 1 --keep 2 || return 1
	await test -e "$dir/tight/r.5" || return 1
	kill -INT "$recorder"
	ends_with 0 && equal files "$(ls "$dir/tight" | wc -l)" 2 || return 1
	umount "$dir/tight"
}

# ulimit -f: no signal kills without a word.
file_size_is_limited() {
	(ulimit -f 100; exec "$tool" record -o "$dir/limited" -n self) >"$dir/out" 2>"$dir/err" &
	recorder=$!
	running+=("$recorder")
	ends_with 1 && says "File too large" && is_readable "$dir/limited"
}

output_has_a_limit() {
	local code=0
	(ulimit -f 100; exec "$tool" trace --all -j -n self) >"$dir/limited.jsonl" 2>"$dir/err" || code=$?
	equal "exit status" $code 1 && says "File too large"
}

# Another name for a file, or a link to a device of others, in a folder that everyone may write to.
sticky_folder() {
	mkdir -m 1777 "$dir/sticky"
	echo precious >"$dir/target"
	ln -s "$dir/target" "$dir/sticky/q.rec"
	chown -h 65534 "$dir/sticky/q.rec"
	local code=0
	"$tool" record -o "$dir/sticky/q.rec" -n self -d 0 >"$dir/out" 2>"$dir/err" || code=$?
	equal "exit status" $code 1 && says "is a link" && equal content "$(cat "$dir/target")" precious
}

# The same on the way: a link to a folder, with or without a slash behind it, and links of our own, which are as good as folders.
sticky_folder_on_the_way() {
	local words code
	mkdir -p "$dir/elsewhere" "$dir/sticky"
	chmod 1777 "$dir/sticky"
	ln -s "$dir/elsewhere" "$dir/sticky/theirs"
	chown -h 65534 "$dir/sticky/theirs"
	ln -s "$dir/elsewhere" "$dir/sticky/ours"
	while read -r words; do
		code=0
		# shellcheck disable=SC2086
		"$tool" ${words//LINK/$dir/sticky/theirs} >"$dir/out" 2>"$dir/err" || code=$?
		equal "exit status of $words" $code 1 && equal "files elsewhere" "$(ls "$dir/elsewhere")" "" && says "of somebody else's making" || { cat "$dir/err"; return 1; }
	done <<-end
		record --no-bpf -d 0 -o LINK
		record --no-bpf -d 0 -o LINK/
		record --no-bpf -d 0 -o LINK//x.rec
		agent --no-bpf -d 0 --listen none --dir LINK
		agent --no-bpf -d 0 --listen none --dir LINK/
		agent --no-bpf -d 0 --listen none --dir LINK/h
		bundle tests/golden/shop.jsonl.gz -o LINK/b.tgz
	end
	"$tool" record --no-bpf -d 0 -o "$dir/sticky/ours/x.rec" >"$dir/out" && "$tool" agent --no-bpf -d 0 --listen none --dir "$dir/sticky/ours/h"
}

begin_load
check "the next file is foreign" next_file_is_foreign
check "the folder is gone" folder_is_gone
check "the folder is replaced" folder_is_replaced
check "a folder is in the way" a_folder_is_in_the_way
check "the disk is full" disk_is_full
check "the disk is just large enough" disk_is_just_large_enough
check "ulimit -f, record" file_size_is_limited
check "ulimit -f, trace" output_has_a_limit
check "a link in a sticky folder" sticky_folder
check "a link in a sticky folder, on the way" sticky_folder_on_the_way
exit $status
