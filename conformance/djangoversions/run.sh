#!/usr/bin/env bash
# Run the comparison with Django's "check --deploy" for several releases, and fail if a test is skipped. Arguments go to go
# test. Needs Go and Pythons with venv and pip: one of 3.8 to 3.11, and for Django 6 one of 3.12 or later; PYTHONS names them,
# else those in PATH and of pyenv are tried. AIRWORTHY_DJANGOS, if set, is used instead.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
go vet ./...

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python_for() { # lowest and highest minor version: prints the first Python that is between
	local p
	for p in ${PYTHONS:-python3 python3.11 python3.10 python3.9 python3.8 python3.14 python3.13 python3.12 "$HOME"/.pyenv/versions/*/bin/python3}; do
		if "$p" -c "import sys, venv, ensurepip; sys.exit(not ((3, $1) <= sys.version_info[:2] <= (3, $2)))" 2>/dev/null; then
			echo "$p"
			return
		fi
	done
}

if [[ -z "${AIRWORTHY_DJANGOS:-}" ]]; then
	while read -r release low high; do
		python=$(python_for "$low" "$high")
		if [[ -z "$python" ]]; then
			echo "Django $release is left out: it needs a Python of 3.$low to 3.$high" >&2
			continue
		fi
		"$python" -m venv "$work/$release"
		"$work/$release/bin/pip" install --quiet --disable-pip-version-check "django==$release"
		AIRWORTHY_DJANGOS="${AIRWORTHY_DJANGOS:-} $release=$work/$release/bin/python"
	done <<-'END'
		3.2.25 8 11
		4.2.30 8 12
		5.2.19 10 14
		6.0.6 12 14
		6.1.1 12 14
	END
	export AIRWORTHY_DJANGOS
fi
go test -count=1 -v -timeout 30m "$@" ./... 2>&1 | tee "$work/log"
if grep -q -e '--- SKIP' "$work/log" || ! grep -q -e '--- PASS' "$work/log"; then
	echo "a test was skipped, or none was run" >&2
	exit 1
fi
