#!/usr/bin/env bash
# Run Django's own tests with airworthy as their shadow. Arguments go to go test. Needs Go, and Python 3.10 or later with
# venv and pip; PYTHON names it. Of Django it gets one version, in a temporary directory: the package, and the source
# distribution, which holds the tests.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...

if [[ -z "${AIRWORTHY_DJANGO_PYTHON:-}" || -z "${AIRWORTHY_DJANGO_TESTS:-}" ]]; then
	python=${PYTHON:-python3}
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	"$python" -m venv "$work/venv"
	pip=("$work/venv/bin/pip" --quiet --disable-pip-version-check)
	"${pip[@]}" install --requirement requirements.txt
	"${pip[@]}" download --no-deps --no-binary django --dest "$work" --requirement requirements.txt
	mkdir "$work/source"
	tar -xzf "$work"/*.tar.gz -C "$work/source" --strip-components=1
	export AIRWORTHY_DJANGO_PYTHON="$work/venv/bin/python" AIRWORTHY_DJANGO_TESTS="$work/source/tests"
fi
go test -count=1 "$@" ./...
