# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Used by `verifier`: the baseline, then what a kernel said; a line for each hook mode.
# Variables: kernel, growth (per cent), modes, allowed (the mode that the kernel may refuse).

# "6.12" of "6.12.107+deb13-cloud-amd64"
function series(version, part) {
	split(version, part, /[.+-]/)
	return part[1] "." part[2]
}

# How far into its series a version is: its patch, then (as in 6.1.0-50) its package's number.
function position(version, part) {
	split(version, part, /[.+-]/)
	return part[3] * 10000 + (version ~ /^[0-9.]+-[0-9]/ ? part[4] : 0)
}

function distance(a, b) {
	return position(a) > position(b) ? position(a) - position(b) : position(b) - position(a)
}

# The version of the baseline that this one is compared with: itself, else the nearest of its series; "" = none.
function reference(version, arch, best, other, key) {
	for (key in known) {
		split(key, other, SUBSEP)
		if (other[2] == arch && series(other[1]) == series(version) &&
		    (best == "" || distance(other[1], version) < distance(best, version)))
			best = other[1]
	}
	return best
}

FNR == NR { if (!/^#/ && NF == 5) { known[$1, $2] = 1; was[$1, $2, $3, $4] = $5 } next }
/^@@refused/ { refused[$2] = $0; sub(/^@@refused [a-z]+ /, "", refused[$2]); next }
NF != 5 { next }
{
	if (version == "") {
		version = $1
		base = reference($1, $2)
	}
	count[$3]++
	sum[$3] += $5
	old = was[base, $2, $3, $4]
	if (base != "" && old == "")
		bad[$3] = bad[$3] " " $4 " is not in the baseline (" $5 ");"
	if (old != "" && $5 > old * (1 + growth / 100))
		bad[$3] = bad[$3] " " $4 " " old " → " $5 ";"
}
END {
	n = split(modes, list, " ")
	against = base == version ? "" : " (" version " against " base ", the nearest that the baseline knows)"
	for (i = 1; i <= n; i++) {
		m = list[i]
		name = kernel "/verifier/" m
		if (m in refused && m == allowed) print "skip " name ": " refused[m]
		else if (m in refused) print "not ok " name ": refused: " refused[m]
		else if (!count[m]) print "not ok " name ": no numbers"
		else if (base == "") print "skip " name ": the baseline knows no " series(version) " (" version "): verifier --update " kernel
		else if (m in bad) print "not ok " name ":" bad[m] against
		else print "ok " name
		if (count[m]) printf "  %d programs, %d instructions%s\n", count[m], sum[m], m in bad || base == "" ? "" : against
	}
}
