#!/usr/bin/env bash
# Compare password/policy with Django's validators, and fail if a test is skipped. Arguments go to go test. Needs Go, and
# Python 3.10 or later with venv and pip; PYTHON names it.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z "${AIRWORTHY_DJANGO_PYTHON:-}" ]]; then
	"${PYTHON:-python3}" -m venv "$work/venv"
	"$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
	export AIRWORTHY_DJANGO_PYTHON="$work/venv/bin/python"
fi
go test -count=1 -v "$@" ./... 2>&1 | tee "$work/log"
if grep -q -e '--- SKIP' "$work/log" || ! grep -q -e '--- PASS' "$work/log"; then
	echo "a test was skipped, or none was run" >&2
	exit 1
fi
