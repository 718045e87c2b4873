#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# tools/kubernetes renders, its fields and types are Kubernetes' own, its security contexts are what image and sidecar tests
# have proved to suffice, and the image takes its arguments. tools/systemd is a unit that systemd understands.
. "$(dirname "$0")/lib.sh"

modules=build/cache/kubernetes-types
manifests=tools/kubernetes

renders() {
	kubectl kustomize "$manifests/$1" >"$dir/$1.rendered" 2>"$dir/err" || { cat "$dir/err"; return 1; }
}

# Renders only where kubectl knows components.
render_all() {
	local version
	command -v kubectl >/dev/null || { echo "skip manifests are rendered: kubectl is not installed"; return; }
	version=$(kubectl version --client 2>/dev/null | sed -nE 's/^Kustomize Version: v([0-9]+)\..*/\1/p')
	[ "${version:-0}" -ge 4 ] || { echo "skip manifests are rendered: kubectl is too old for components"; return; }
	check "the node agent renders" renders base
	check "the example with the sidecar renders" renders example
	check "the sidecar is in the example" equal containers 2 "$(grep -cE '^(      - |        )image: ' "$dir/example.rendered")"
}

get_modules() {
	command -v node >/dev/null && command -v npm >/dev/null || { echo "node and npm are not installed"; return 1; }
	[ ! -e $modules/complete ] || return 0
	mkdir -p $modules && echo '{ "private": true }' >$modules/package.json
	timeout 180 npm install --prefix $modules --no-audit --no-fund --ignore-scripts --silent kubernetes-types@1.30.0 typescript@5.9.3 \
		yaml@2.8.1 >"$dir/npm" 2>&1 || { echo "npm install failed: $(tail -n 1 "$dir/npm")"; return 1; }
	touch $modules/complete
}

# has_the_types FILE
has_the_types() {
	ln -sfn "$PWD/$modules/node_modules" "$dir/node_modules"
	"$modules/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext "$1"
}

# The checker itself must see a wrong field and a wrong type.
refuses() {
	sed "$1" "$dir/check.ts" >"$dir/wrong.ts"
	! cmp -s "$dir/check.ts" "$dir/wrong.ts" || { echo "nothing was changed by $1"; return 1; }
	! has_the_types "$dir/wrong.ts" >/dev/null || { echo "accepted after $1"; return 1; }
}

# documents FILTER: of all manifests.
documents() {
	jq -c "[.[].value | select(.kind == \"DaemonSet\" or .kind == \"Deployment\")] | $1" "$dir/documents.json"
}

asks_for_no_more() {
	local tcpdwell='[.[].spec.template.spec.containers[] | select(.name == "tcpdwell") | .securityContext]'
	equal capabilities '[{"drop":["ALL"],"add":["BPF","PERFMON"]}]' "$(documents "$tcpdwell | map(.capabilities | {drop, add}) | unique")" &&
		equal "read-only, no escalation" '[[true,false]]' \
			"$(documents "$tcpdwell | map([.readOnlyRootFilesystem, .allowPrivilegeEscalation]) | unique")" &&
		equal privileged '[null]' "$(documents "$tcpdwell | map(.privileged) | unique")" &&
		equal "shared with the node" '[[true,null,null]]' "$(documents '[.[] | select(.kind == "DaemonSet") | .spec.template.spec |
			[.hostPID, .hostNetwork, .hostIPC]] | unique')" &&
		equal token '[false]' "$(documents '[.[] | select(.kind == "DaemonSet") | .spec.template.spec.automountServiceAccountToken] | unique')" &&
		equal "writable folders of the node" '[]' "$(documents '[.[] | .spec.template.spec | [.volumes[]? | select(.hostPath) | .name] as $node |
			.containers[].volumeMounts[]? | select(.readOnly != true) | select(.name as $name | $node | index($name))]')"
}

# The port that is probed and scraped is the one that it listens at, and the history has room where it is.
agent_fits_together() {
	local agent='.[] | select(.kind == "DaemonSet") | .spec.template.spec.containers[0]'
	equal port '[[9669,"metrics","metrics",":9669"]]' "$(documents "[$agent | [.ports[0].containerPort, .readinessProbe.httpGet.port,
			.livenessProbe.httpGet.port, .args[2]]] | unique")" &&
		equal paths '[["/readyz","/healthz"]]' "$(documents "[$agent | [.readinessProbe, .livenessProbe] | map(.httpGet.path)] | unique")" &&
		equal history '[["/var/lib/tcpdwell","/var/lib/tcpdwell"]]' "$(documents "[$agent |
			[.args[4], (.volumeMounts[] | select(.name == \"history\") | .mountPath)]] | unique")"
}

takes_the_arguments() {
	local arguments
	documents '[.[].spec.template.spec.containers[] | select(.name == "tcpdwell") | .args] | unique | .[] | join(" ")' | jq -r . >"$dir/args"
	equal "kinds of arguments" 2 "$(wc -l <"$dir/args")" || return 1
	while read -r arguments; do
		# shellcheck disable=SC2086
		unshare -n "$tool" ${arguments//\/var\/lib\/tcpdwell/$dir/history} -d 0 >"$dir/out" 2>"$dir/err" </dev/null ||
			{ echo "$arguments: $(cat "$dir/err")"; return 1; }
	done <"$dir/args"
}

has_this_version() {
	local version
	version=$("$tool" --version | cut -d ' ' -f 2)
	equal "tags of images" "$version" "$(jq -r '.[].value.images[]?.newTag' "$dir/documents.json" | sort -u)"
}

unit_is_understood() {
	sed "s#/usr/local/bin/tcpdwell#$tool#" tools/systemd/tcpdwell.service >"$dir/tcpdwell.service"
	SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$dir/tcpdwell.service" >"$dir/out" 2>&1 || { cat "$dir/out"; return 1; }
	! grep -F tcpdwell.service "$dir/out"
}

unit_is_strict() {
	systemd-analyze security --offline=true --threshold=20 "$dir/tcpdwell.service" >"$dir/out" 2>&1 || { tail -n 2 "$dir/out"; return 1; }
}

render_all
if reason=$(get_modules); then
	check "manifests are YAML of known kinds" node tests/deploy/manifests.mjs $manifests "$dir" "$modules"
	check "their fields and types are Kubernetes'" has_the_types "$dir/check.ts"
	check "a wrong field would be seen" refuses 's/"hostPID"/"hostPid"/'
	check "a wrong type would be seen" refuses 's/"hostPID":true/"hostPID":"yes"/'
	check "they ask for what was proved to suffice" asks_for_no_more
	check "they run the image of this version" has_this_version
	check "the agent's port, probes and history fit together" agent_fits_together
	if [ "$(id -u)" = 0 ]; then
		check "tcpdwell takes their arguments" takes_the_arguments
	else
		echo "skip tcpdwell takes their arguments: root is needed"
	fi
else
	echo "skip manifests are checked: $reason"
fi
if command -v systemd-analyze >/dev/null; then
	check "systemd understands the unit" unit_is_understood
	check "the unit is strict" unit_is_strict
else
	echo "skip systemd understands the unit: systemd-analyze is not installed"
fi
exit $status
