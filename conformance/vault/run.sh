#!/usr/bin/env bash
# Run the tests against a real Vault, built from its published modules. Arguments go to go test. Needs Go, curl and jq, and for
# the first build 5 GB of disk and some minutes. AIRWORTHY_VAULT names a server that is built already.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd ../../examples && go build -o "$work/bulletin" ./bulletin)
export AIRWORTHY_BULLETIN="$work/bulletin"
if [[ -z "${AIRWORTHY_VAULT:-}" ]]; then
	# Without go vet: it would read all of Vault, which takes as long as a third of the build.
	(cd server && go build -ldflags='-s -w' -o "$work/server" .)
	export AIRWORTHY_VAULT="$work/server"
fi
go test -count=1 -v "$@" ./...
