#!/usr/bin/env bash
# Judges everything under deploy/ by public validators, offline once they are installed. Images are not built here.
# Quiet when all is well. Needs npm, promtool, amtool and systemd-analyze; Python's and npm's parts are pinned beside it.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3.11} here=deploy/validate work=build/validate
mkdir -p "$work"

quiet() { # runs a command, shows what it said only if it failed
	local log
	log=$(mktemp)
	"$@" >"$log" 2>&1 || { echo "failed: $*" >&2; cat "$log" >&2; rm -f "$log"; exit 1; }
	rm -f "$log"
}

for program in npm promtool amtool systemd-analyze; do
	command -v "$program" >/dev/null || { echo "$program is missing: see make setup" >&2; exit 1; }
done
if ! cmp -s "$here/requirements.lock" "$work/requirements.lock"; then
	rm -rf "$work/venv"
	"$python" -m venv "$work/venv"
	quiet "$work/venv/bin/pip" install --require-hashes -r "$here/requirements.lock"
	cp "$here/requirements.lock" "$work/"
fi
if ! cmp -s "$here/package-lock.json" "$work/installed-lock.json"; then
	cp "$here"/package*.json "$work/"
	quiet npm ci --prefix "$work" --ignore-scripts
	cp "$here/package-lock.json" "$work/installed-lock.json"
fi
cp "$here"/*.mjs "$work/"
bin=$work/venv/bin kubernetes=deploy/kubernetes/base

quiet "$bin/yamllint" --strict -c "$here/yamllint.yaml" deploy docs/asyncapi.yaml
quiet "$bin/hadolint" deploy/docker/Dockerfile
quiet "$bin/check-jsonschema" --builtin-schema vendor.compose-spec deploy/compose/compose.yaml
quiet "$bin/kubernetes-validate" --strict "$kubernetes"/{namespace,serviceaccount,worker,courier,service,poddisruptionbudget,networkpolicy}.yaml
quiet node "$work/resources.mjs" "$kubernetes"/{servicemonitor,prometheusrule,scaledobject}.yaml deploy/kubernetes/strimzi/{topics,users}.yaml
if command -v kubectl >/dev/null; then # builds offline; what it builds are the files judged above
	quiet kubectl kustomize "$kubernetes"
	quiet kubectl kustomize deploy/kubernetes/strimzi
fi
quiet node "$work/asyncapi.mjs" docs/asyncapi.yaml
quiet promtool check rules --lint=all --lint-fatal deploy/prometheus/rules/*.yaml
quiet promtool check config deploy/prometheus/prometheus.yml
quiet amtool check-config deploy/alertmanager/alertmanager.yml

units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT
for unit in deploy/systemd/*.service; do # the program need not be installed where its unit is judged
	sed 's#/opt/fenghuo/bin/fenghuo#/bin/true#' "$unit" >"$units/${unit##*/}"
	quiet systemd-analyze verify --recursive-errors=yes "$units/${unit##*/}"
	quiet systemd-analyze security --offline=yes --threshold=20 "$units/${unit##*/}"
done
