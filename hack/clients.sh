#!/usr/bin/env bash
# Makes sure that Node.js is here, installs the client libraries that test/clients/js/package-lock.json pins into bin/clients, and drives
# them.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/node.sh
source hack/node.sh

npm_install test/clients/js bin/clients
exec go run ./test/clients --node "$node" --packages bin/clients
