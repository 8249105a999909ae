#!/usr/bin/env bash
# Run the tests behind a real nginx, which is installed if it is absent. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"
../../.ci/need nginx curl
GOWORK=off go vet ./...
GOWORK=off go test -count=1 -v "$@" ./...
