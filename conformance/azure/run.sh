#!/usr/bin/env bash
# Run drivers/azuresecrets beside Microsoft's SDK for Python and curl. Arguments go to go test. PYTHON names the Python, 3.10
# or later with venv and pip; LOWKEY_VAULT_JAR is a Lowkey Vault to be asked too, which needs Java.
set -euo pipefail
cd "$(dirname "$0")"
../../.ci/need curl python3 python3-venv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
export GOWORK=off AIRWORTHY_AZURE_PYTHON="$work/python/bin/python"
go vet ./...
go test -count=1 -v "$@" ./...
