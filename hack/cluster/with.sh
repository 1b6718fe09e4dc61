#!/usr/bin/env bash
# Prepares a cluster that holds the images of bin/images, then runs a command with it:
#
#   hack/cluster/with.sh auto|host|kind|current -- COMMAND ...
#   hack/cluster/with.sh auto|host|kind|current --remove
#
# host is the one-node cluster of this folder; kind is a cluster in Docker; current is whatever kubectl talks to now, which must be
# able to pull the images by itself. auto takes kind where it is installed and a Docker daemon answers, else host.
#
# The command finds KUBECONFIG, KUBECTL and GUICHET_CLUSTER (host, kind or current) in its environment. Clusters that are made here
# have a kubeconfig of their own below bin/: the user's is never written.
set -euo pipefail
cd "$(dirname "$0")/../.."

main() {
  local cluster=$1
  shift
  if [[ $cluster == auto ]]; then
    cluster=$(choose)
  fi
  case $cluster in
  host | kind | current) ;;
  *) fail "CLUSTER is \"$cluster\"; it can be auto, host, kind or current" ;;
  esac

  if [[ ${1:-} == --remove ]]; then
    "remove_$cluster"
    return
  fi
  [[ ${1:-} == -- ]] || fail "expected -- and a command after the cluster"
  shift
  "prepare_$cluster"
  export GUICHET_CLUSTER=$cluster
  exec "$@"
}

choose() {
  if command -v kind >/dev/null && docker info >/dev/null 2>&1; then
    echo kind
  elif [[ $(uname -s) == Linux && $EUID == 0 ]]; then
    echo host
  else
    fail "no cluster can be made here. Either install kind (https://kind.sigs.k8s.io) and start Docker, or run this as root on Linux, or set CLUSTER=current to use the cluster that kubectl talks to"
  fi
}

# host: the one-node cluster.

prepare_host() {
  go build -o bin/cluster/cluster ./hack/cluster
  bin/cluster/cluster up
  ln -sfn cluster/programs/kube bin/kubectl
  export KUBECONFIG=$PWD/bin/cluster/kubeconfig KUBECACHEDIR=$PWD/bin/cluster/state/kubectl
  export KUBECTL=$PWD/bin/kubectl PATH=$PWD/bin:$PATH
  load_changed bin/cluster/state/images bin/cluster/cluster load
}

remove_host() {
  go build -o bin/cluster/cluster ./hack/cluster
  bin/cluster/cluster down
}

# kind: a cluster in Docker.

prepare_kind() {
  command -v kind >/dev/null || fail "kind is not installed: https://kind.sigs.k8s.io"
  command -v kubectl >/dev/null || fail "kubectl is not installed: https://kubernetes.io/docs/tasks/tools"
  mkdir -p bin/kind
  export KUBECONFIG=$PWD/bin/kind/kubeconfig KUBECTL=kubectl
  if ! kind get clusters 2>/dev/null | grep -qx guichet; then
    rm -rf bin/kind/images
    kind create cluster --name guichet --wait 120s
  elif [[ ! -s $KUBECONFIG ]]; then
    kind export kubeconfig --name guichet
  fi
  load_changed bin/kind/images kind load image-archive --name guichet
}

remove_kind() {
  KUBECONFIG=$PWD/bin/kind/kubeconfig kind delete cluster --name guichet
  rm -rf bin/kind
}

# current: a cluster that is somebody else's.

prepare_current() {
  command -v kubectl >/dev/null || fail "kubectl is not installed: https://kubernetes.io/docs/tasks/tools"
  export KUBECTL=kubectl
  kubectl version >/dev/null || fail "kubectl reaches no cluster; choose one with \`kubectl config use-context\`"
  echo "using the cluster of context $(kubectl config current-context); it must have the images guichet.dev/{operator,gateway,simulator}:dev (bin/images/*.tar)"
}

remove_current() {
  kubectl delete --ignore-not-found -k config/samples -k config/demo
}

# load_changed FOLDER COMMAND... hands every archive that changed since the last time to the command, and has the pods that ran the
# earlier image made again. FOLDER remembers what the cluster holds.
load_changed() {
  local held=$1 archive name
  shift
  mkdir -p "$held"
  for archive in bin/images/*.tar; do
    name=$(basename "$archive" .tar)
    if cmp -s "$archive" "$held/$name.tar"; then
      continue
    fi
    "$@" "$archive"
    if [[ -e $held/$name.tar ]]; then
      remake_pods "guichet.dev/$name:dev"
    fi
    cp "$archive" "$held/$name.tar"
  done
}

remake_pods() {
  local image=$1 namespace pod
  "$KUBECTL" get pods --all-namespaces --output \
    jsonpath='{range .items[*]}{.metadata.namespace} {.metadata.name} {.spec.containers[*].image}{"\n"}{end}' |
    while read -r namespace pod images; do
      if [[ " $images " == *" $image "* ]]; then
        "$KUBECTL" delete pod --namespace "$namespace" "$pod"
      fi
    done
}

fail() {
  echo "$1" >&2
  exit 1
}

main "$@"
