#!/usr/bin/env bash
# Copies a release's images to a registry, with the credentials that docker login has stored, and prints their digests.
#
#   REGISTRY=registry.example.com/guichet DIST=dist hack/push.sh
set -euo pipefail
cd "$(dirname "$0")/.."

dist=${DIST:-dist}
registry=${REGISTRY:-}
if [[ -z $registry || ! -e $dist/VERSION ]]; then
  echo "push: make a release first, and name the registry: make release VERSION=v0.1.0 REGISTRY=… && make push REGISTRY=…" >&2
  exit 1
fi
version=$(<"$dist/VERSION")
(cd hack/image && go build -o ../../bin/image .)
for layout in "$dist"/images/*; do
  bin/image push --layout "$layout" --to "$registry/$(basename "$layout"):$version"
done
if ! grep -qF "image: $registry/operator:$version" "$dist/install.yaml"; then
  echo "push: $dist/install.yaml names another registry; make it anew: make release VERSION=$version REGISTRY=$registry" >&2
fi
