#!/usr/bin/env bash
# Makes sure that PostgreSQL's programs and pgbouncer are here: the tests start a private server with them, on loopback and with its data in a
# temporary folder. On Debian and its kin, as root, they are installed when they are missing, without the cluster that the package would
# start by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

server() { [[ -n ${GUICHET_TEST_POSTGRES_URL:-} ]] || command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
pooler() { command -v pgbouncer >/dev/null || [[ -x /usr/sbin/pgbouncer ]]; }

if server && pooler; then
  exit 0
fi
if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
  echo "PostgreSQL 15 or newer or pgbouncer is not installed; install both (Debian: apt-get install postgresql pgbouncer), or set GUICHET_TEST_POSTGRES_URL to a server whose role may create databases" >&2
  exit 1
fi
echo "installing PostgreSQL and pgbouncer from Debian's packages, for the tests of the shared store"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
apt-get install -y -qq --no-install-recommends postgresql pgbouncer >/dev/null
if [[ -d /run/systemd/system ]]; then systemctl disable --quiet --now pgbouncer; fi
if ! server || ! pooler; then
  echo "Debian's packages postgresql and pgbouncer were installed, and one of the programs is still missing; install them by hand" >&2
  exit 1
fi
