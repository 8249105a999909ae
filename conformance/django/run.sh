#!/usr/bin/env bash
# Run the comparison with a real Django. Needs python3 (3.10 or later) with venv and pip, and Go. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"

if [[ -z "${AIRWORTHY_DJANGO_PYTHON:-}" ]]; then
	venv=$(mktemp -d)
	trap 'rm -rf "$venv"' EXIT
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
	export AIRWORTHY_DJANGO_PYTHON="$venv/bin/python"
fi
GOWORK=off go vet ./...
GOWORK=off go test -count=1 "$@" ./...
