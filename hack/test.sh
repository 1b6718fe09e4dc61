#!/usr/bin/env bash
# Runs the unit tests, and the operator's tests against a real kube-apiserver and etcd; ends with a line that says how it went.
set -euo pipefail
cd "$(dirname "$0")/.."

start=$SECONDS
failed=()

# run FOLDER PACKAGES runs the tests of one module.
run() {
  (cd "$1" && go test "$2") || failed+=("$1")
}

if [[ -z ${KUBEBUILDER_ASSETS:-} ]]; then
  run hack/cluster/kube ./provisioner # Its requirements are there: the assets have been built from them.
fi
export KUBEBUILDER_ASSETS=${KUBEBUILDER_ASSETS:-$PWD/bin/envtest}
run hack/image ./...
run . ./...

if ((${#failed[@]} > 0)); then
  echo "make test: FAILED after $((SECONDS - start)) s: ${failed[*]}" >&2
  exit 1
fi
echo "make test: passed in $((SECONDS - start)) s"
