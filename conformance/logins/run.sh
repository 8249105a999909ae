#!/usr/bin/env bash
# Attack the logins of a site on SQLite. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...
go test -count=1 -v "$@" ./...
