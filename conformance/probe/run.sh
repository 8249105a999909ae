#!/usr/bin/env bash
# Probe real servers: nginx, Caddy, gunicorn with a fresh Django project, and the bulletin. What is absent is installed.
# Arguments go to go test. PYTHON names a Python 3.10 or later.
set -euo pipefail
cd "$(dirname "$0")"
../../.ci/need nginx caddy python3 python3-venv
export GOWORK=off
go vet ./...
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z "${AIRWORTHY_PROBE_PYTHON:-}" ]]; then
	"${PYTHON:-python3}" -m venv "$work/venv"
	"$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
	export AIRWORTHY_PROBE_PYTHON="$work/venv/bin/python"
fi
go test -count=1 -v "$@" ./...
