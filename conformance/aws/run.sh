#!/usr/bin/env bash
# Run the driver for AWS, and the commands of docs/secrets-aws.md, against moto, which is installed for the run. Arguments
# go to go test. Needs Go and Python 3.10 or later with venv and pip; PYTHON names the Python.
set -euo pipefail
cd "$(dirname "$0")"
export GOWORK=off
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
(cd ../../examples && go build -o "$work/bin/bulletin" ./bulletin)
export AIRWORTHY_MOTO="$work/python/bin/moto_server" AIRWORTHY_AWS="$work/python/bin/aws" AIRWORTHY_BULLETIN="$work/bin/bulletin"
go vet ./...
go test -count=1 -v "$@" ./...
