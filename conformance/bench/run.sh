#!/usr/bin/env bash
# Measure airworthy beside its peers and beside the limit: two minutes, of which nothing is written down. It fails where
# airworthy allocates more than its budgets allow, and never because of a time. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...
go test -count=1 -run '^TestAllocations$' "$@" .
go test -count=1 -run '^(TestRatios|TestServers)$' -v "$@" . -ratios | grep -vE '^(=== |--- |PASS$|ok )'
