#!/usr/bin/env bash
# Runs a test command with the programs that the operator's tests need, and ends with a line that says how it went.
set -euo pipefail
cd "$(dirname "$0")/.."

export KUBEBUILDER_ASSETS=${KUBEBUILDER_ASSETS:-$PWD/bin/envtest}
start=$SECONDS
if "$@"; then
  echo "make test: passed in $((SECONDS - start)) s"
else
  echo "make test: FAILED after $((SECONDS - start)) s" >&2
  exit 1
fi
