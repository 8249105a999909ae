#!/usr/bin/env bash
# Run the comparison with other scanners. Arguments go to go test. Needs Go, node 20 or later, and npm.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...

if [[ -z "${AIRWORTHY_NODE_MODULES:-}" ]]; then
	if ! command -v npm >/dev/null || ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null; then
		echo "--- SKIP: all tests: there is no node 20 or later with npm: install them" >&2
		exit
	fi
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	cp package.json package-lock.json "$work"
	(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
	export AIRWORTHY_NODE_MODULES="$work/node_modules"
fi
go test -count=1 -v "$@" ./...
