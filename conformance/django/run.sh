#!/usr/bin/env bash
# Run the comparison with a real Django, on SQLite and on a PostgreSQL of its own, and fail if a test is skipped.
# Arguments go to go test. Needs Go, Python 3.10 or later with venv and pip, and what .ci/postgres needs; PYTHON names the
# Python. With Python 3.12 or later the checks are compared with Django 6.1 too.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3}
servers=0

install() { # requirements: sets AIRWORTHY_DJANGO_PYTHON to a Python that has them
	"$python" -m venv "$work/$1"
	"$work/$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$1"
	export AIRWORTHY_DJANGO_PYTHON="$work/$1/bin/python"
}

compare() { # arguments of go test
	local with=()
	if [[ -z "${POSTGRES_TEST_URL:-}" ]]; then
		with=(../../.ci/postgres "$work/postgres-$((++servers))")
	fi
	"${with[@]}" go test -count=1 -v "$@" 2>&1 | tee "$work/log"
	if grep -q -e '--- SKIP' "$work/log" || ! grep -q -e '--- PASS' "$work/log"; then
		echo "a test was skipped, or none was run" >&2
		exit 1
	fi
}

if [[ -n "${AIRWORTHY_DJANGO_PYTHON:-}" ]]; then
	compare "$@" ./...
	exit
fi
install requirements.txt
compare "$@" ./...

if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then
	install requirements-6.1.txt
	compare -run TestChecksAgree .
else
	echo "Django 6.1 is left out: it needs Python 3.12" >&2
fi
