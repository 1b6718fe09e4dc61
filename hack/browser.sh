#!/usr/bin/env bash
# Makes sure that Chromium, fonts and Node.js are here, installs what test/browser/js/package-lock.json pins into bin/browser, and clicks
# through the page. On Debian and its kin, as root, what is missing is installed. CHROMIUM names another browser of its kin.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -z ${CHROMIUM:-} ]]; then
  CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
fi
if [[ -z $CHROMIUM ]]; then
  if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "Chromium is not installed; install it (Debian: apt-get install chromium), or set CHROMIUM to a browser of its kin" >&2
    exit 1
  fi
  echo "installing Chromium and fonts from Debian's packages, for the tests of the page"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends chromium fonts-inter fonts-jetbrains-mono fonts-noto-color-emoji >/dev/null
  CHROMIUM=$(command -v chromium)
fi
# shellcheck source=hack/node.sh
source hack/node.sh

npm_install test/browser/js bin/browser
exec go run ./test/browser --node "$node" --packages bin/browser --chromium "$CHROMIUM" "$@"
