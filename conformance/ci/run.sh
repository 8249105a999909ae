#!/usr/bin/env bash
# Try the templates for CI systems as far as that goes without the systems: GitHub's by actionlint, every script of GitHub's and
# GitLab's in a shell, the git hook by git, and the hook for pre-commit by pre-commit. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"
../../.ci/need git python3 python3-venv
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
GOBIN="$tools" GOWORK=off GOFLAGS=-mod=mod go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
python3 -m venv "$tools/venv"
"$tools/venv/bin/pip" install --quiet --disable-pip-version-check pre-commit==4.5.0
export PATH="$tools:$tools/venv/bin:$PATH"
GOWORK=off go vet ./...
GOWORK=off go test -count=1 -v "$@" ./...
