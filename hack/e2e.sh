#!/usr/bin/env bash
# Runs the end-to-end test on the one-node cluster, and takes the cluster down afterwards, also when the test fails.
# KEEP=1 leaves it running, to look at what happened.
set -euo pipefail
cd "$(dirname "$0")/.."

finish() {
  if [[ ${KEEP:-} == 1 ]]; then
    echo "the cluster is kept: export KUBECONFIG=$PWD/bin/cluster/kubeconfig; end it with make cluster-down"
  else
    hack/cluster/with.sh host --remove
  fi
}
trap finish EXIT

start=$SECONDS
hack/cluster/with.sh host -- go test -count=1 -timeout 30m -tags e2e -v ./test/e2e/...
echo "make e2e: passed in $((SECONDS - start)) s"
