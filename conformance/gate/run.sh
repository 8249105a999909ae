#!/usr/bin/env bash
# Compare the time of check --deploy with that of Django's on a fresh project, in one run. Needs Go, Python with venv and pip.
# AIRWORTHY_DJANGO_PYTHON may name a Python that has Django. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z "${AIRWORTHY_DJANGO_PYTHON:-}" ]]; then
	../../.ci/need python3 python3-venv
	python3 -m venv "$work/venv"
	"$work/venv/bin/pip" install --quiet --disable-pip-version-check django==5.2.19
	export AIRWORTHY_DJANGO_PYTHON="$work/venv/bin/python"
fi
go test -count=1 -v "$@" ./...
