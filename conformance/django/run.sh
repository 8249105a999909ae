#!/usr/bin/env bash
# Run the comparison with a real Django, on SQLite and on a PostgreSQL of its own, and fail if a test is skipped.
# Needs Go, python3 (3.10 or later) with venv and pip, and what .ci/postgres needs. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if [[ -z "${AIRWORTHY_DJANGO_PYTHON:-}" ]]; then
	python3 -m venv "$tmp/venv"
	"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
	export AIRWORTHY_DJANGO_PYTHON="$tmp/venv/bin/python"
fi
export GOWORK=off
go vet ./...
with=()
if [[ -z "${AIRWORTHY_TEST_POSTGRES:-}" ]]; then
	with=(../../.ci/postgres "$tmp/pg")
fi
"${with[@]}" go test -count=1 -v "$@" ./... 2>&1 | tee "$tmp/log"
if grep -q -e '--- SKIP' "$tmp/log" || ! grep -q -e '--- PASS' "$tmp/log"; then
	echo "a test was skipped, or none was run"
	exit 1
fi
