#!/usr/bin/env bash
# Compare package password with a real Django and fail if a test is skipped. Arguments go to go test. Needs Go, and Python 3.10
# or later with venv and pip; PYTHON names the Python.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z "${AIRWORTHY_PASSWORDS_PYTHON:-}" ]]; then
	"${PYTHON:-python3}" -m venv "$work/venv"
	"$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
	export AIRWORTHY_PASSWORDS_PYTHON="$work/venv/bin/python"
fi
go test -count=1 -timeout 30m -v "$@" ./... 2>&1 | tee "$work/log"
if grep -q -e '--- SKIP' "$work/log" || ! grep -q -e '--- PASS' "$work/log"; then
	echo "a test was skipped, or none was run" >&2
	exit 1
fi
