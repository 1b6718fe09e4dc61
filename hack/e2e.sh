#!/usr/bin/env bash
# Runs the end-to-end test on the one-node cluster, then every shell block of the documents, and takes the cluster down afterwards, also
# when a test fails. TEST=e2e or TEST=docs runs one of the two.
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
command -v sqlite3 >/dev/null || apt-get install -y -qq sqlite3 >/dev/null # ledger.md reads a store with it
go build -ldflags '-s -w' -o bin/ ./cmd/guichet ./cmd/kubectl-guichet # the documents run them
for test in ${TEST:-e2e docs}; do
  hack/cluster/with.sh host -- go test -count=1 -timeout 30m -tags e2e -v "./test/$test/..."
done
echo "make e2e: passed in $((SECONDS - start)) s"
