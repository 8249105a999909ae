#!/usr/bin/env bash
# Run docs/secrets-age.md with the real age, which is built from its module. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"
../../.ci/need git
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
(cd ../.. && go build -o "$bin/bulletin" ./examples/bulletin)
export GOWORK=off
go build -o "$bin/" filippo.io/age/cmd/age filippo.io/age/cmd/age-keygen
go vet ./...
AIRWORTHY_AGE_PROGRAMS=$bin go test -count=1 -v "$@" ./...
