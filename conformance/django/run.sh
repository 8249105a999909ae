#!/usr/bin/env bash
# Run the comparison with a real Django. Arguments go to go test. Needs Go, and Python 3.10 or later with venv and pip;
# PYTHON names it. With Python 3.12 or later the checks are compared with Django 6.1 too.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...

if [[ -n "${AIRWORTHY_DJANGO_PYTHON:-}" ]]; then
	go test -count=1 "$@" ./...
	exit
fi

python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

install() { # requirements: sets AIRWORTHY_DJANGO_PYTHON to a Python that has them
	"$python" -m venv "$work/$1"
	"$work/$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$1"
	export AIRWORTHY_DJANGO_PYTHON="$work/$1/bin/python"
}

install requirements.txt
go test -count=1 "$@" ./...

if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then
	install requirements-6.1.txt
	go test -count=1 -run TestChecksAgree .
else
	echo "Django 6.1 is left out: it needs Python 3.12" >&2
fi
