#!/usr/bin/env bash
# Puts kube-apiserver and etcd into bin/envtest, where the tests of the operator look for them. They are the ones of the one-node
# cluster, compiled once from the versions that hack/cluster pins.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  for program in kube-apiserver etcd; do
    if [[ ! -x $KUBEBUILDER_ASSETS/$program ]]; then
      echo "KUBEBUILDER_ASSETS is $KUBEBUILDER_ASSETS, which has no program $program; correct it, or unset it to have them built" >&2
      exit 1
    fi
  done
  exit 0
fi

if [[ $(go env GOHOSTOS) != linux ]]; then
  echo "kube-apiserver and etcd are built on Linux only; elsewhere set KUBEBUILDER_ASSETS to a folder that holds them" >&2
  exit 1
fi
go build -o bin/cluster/cluster ./hack/cluster
bin/cluster/cluster build kubernetes etcd
mkdir -p bin/envtest
for program in kube-apiserver etcd; do
  ln -sfn "../cluster/programs/$program" "bin/envtest/$program"
done
