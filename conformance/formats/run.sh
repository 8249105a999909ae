#!/usr/bin/env bash
# Have the gate's reports read by others: a schema, a reader of JUnit, a browser. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"
../../.ci/need chromium
export GOWORK=off
go vet ./...
go test -count=1 -v "$@" ./...
