#!/usr/bin/env bash
# Hold airworthy scan to what it promises, and compare it with git and with gitleaks: about five minutes. Needs Go, git,
# and Python 3.10 or later with pip, which fetches code to scan; PYTHON names it. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
(cd ../.. && go build -o "$work/airworthy" ./cmd/airworthy)
if [[ -z "${GITLEAKS:-}" ]]; then
	GOBIN="$work" go install github.com/zricethezav/gitleaks/v8@v8.30.1
	export GITLEAKS="$work/gitleaks"
fi
mkdir "$work/clean"
for package in django==5.2.8 wagtail==7.1 djangorestframework==3.16.1; do
	"${PYTHON:-python3}" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work/wheels" "$package"
done
clean=
for wheel in "$work"/wheels/*.whl; do
	to="$work/clean/$(basename "$wheel" .whl)"
	"${PYTHON:-python3}" -m zipfile -e "$wheel" "$to"
	clean="$clean${clean:+:}$to"
done
export AIRWORTHY="$work/airworthy" AIRWORTHY_CLEAN="$clean"
go test -count=1 -timeout 30m -v "$@" ./... 2>&1 | tee "$work/log" | grep -vE '^(=== |PASS$|ok )'
if grep -q -e '--- SKIP' "$work/log" || ! grep -q -e '--- PASS' "$work/log" || grep -q -e '--- FAIL' "$work/log"; then
	echo "a test failed or was skipped, or none was run" >&2
	exit 1
fi
