#!/usr/bin/env bash
# Installs promtool, which checks and tests the alerts, if it is missing. It comes with Debian's prometheus, whose service is not wanted.
set -euo pipefail

command -v promtool >/dev/null && exit 0
if [[ $EUID != 0 ]] || ! command -v apt-get >/dev/null; then
  echo "promtool is not installed: get it from https://prometheus.io/download" >&2
  exit 1
fi
echo "installing promtool (Debian's package prometheus)"
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update -qq
apt-get install -y -qq --no-install-recommends prometheus >/dev/null
