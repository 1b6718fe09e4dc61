#!/usr/bin/env bash
# Makes sure that PostgreSQL's programs are here: the tests start a private server with them, on loopback and with its data in a
# temporary folder. On Debian and its kin, as root, they are installed when they are missing, without the cluster that the package would
# start by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

installed() {
  command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

if [[ -n ${GUICHET_TEST_POSTGRES_URL:-} ]] || installed; then
  exit 0
fi
if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
  echo "PostgreSQL 15 or newer is not installed; install it (Debian: apt-get install postgresql), or set GUICHET_TEST_POSTGRES_URL to a server whose role may create databases" >&2
  exit 1
fi
echo "installing PostgreSQL from Debian's package, for the tests of the shared store"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
apt-get install -y -qq --no-install-recommends postgresql >/dev/null
if ! installed; then
  echo "Debian's package postgresql was installed, and initdb is still not under /usr/lib/postgresql; install PostgreSQL 15 or newer by hand" >&2
  exit 1
fi
