#!/usr/bin/env bash
# Rotate keys under load, with a real Vault and a real PostgreSQL. Arguments go to go test. AIRWORTHY_VAULT names a Vault
# that is built already.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOWORK=off
go vet ./...
if [[ -z "${AIRWORTHY_VAULT:-}" ]]; then
	(cd ../vault/server && go build -ldflags='-s -w' -o "$work/vault" .)
	export AIRWORTHY_VAULT="$work/vault"
fi
go build -o "$work/site" ./site
export AIRWORTHY_SITE="$work/site"
../../.ci/postgres "$work/pg" go test -count=1 -v -timeout 20m "$@" ./...
