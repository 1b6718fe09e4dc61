package postgrestest

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// standbyScript makes a cluster of another server's, and runs it until its input ends. Its third
// argument is the other server's URL.
const standbyScript = `
set -eu
bin=$1 dir=$2 from=$3
shift 3
trap 'rm -rf "$dir"' EXIT
"$bin/pg_basebackup" -d "$from" -D "$dir/data" -R -X stream -c fast >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
"$bin/postgres" -D "$dir/data" -k "$dir" "$@" >>"$dir/log" 2>&1 </dev/null &
server=$!
while read -r _; do continue; done
kill -INT "$server" 2>/dev/null || true
wait "$server" || true
`

// Standby starts a second server that follows this one. Promote makes it take writes.
func (s *Server) Standby() (*Server, error) {
	password, _ := s.url.User.Password()
	standby, err := newServer(password)
	if err != nil {
		return nil, err
	}
	return standby, standby.run(standbyScript, s.url.String(), nil)
}

// Replicate has every commit wait for a standby, or for none.
func (s *Server) Replicate(synchronously bool) error {
	names := "''"
	if synchronously {
		names = "'*'"
	}
	for _, statement := range []string{
		"ALTER SYSTEM SET synchronous_standby_names TO " + names, "SELECT pg_reload_conf()",
	} {
		if err := s.Exec(statement); err != nil {
			return err
		}
	}
	return nil
}

// Promote makes a standby take writes.
func (s *Server) Promote() error { return s.Exec("SELECT pg_promote()") }

// Unfollow cuts a standby off from its primary.
func (s *Server) Unfollow() error {
	for _, statement := range []string{"ALTER SYSTEM SET primary_conninfo TO ''", "SELECT pg_reload_conf()"} {
		if err := s.Exec(statement); err != nil {
			return err
		}
	}
	for { // until its receiver has ended
		n, err := Changed(s.url.String(), "SELECT 1 FROM pg_stat_wal_receiver")
		if err != nil || n == 0 {
			return err
		}
	}
}

// At is the URL of another server's database at this one.
func (s *Server) At(database string) string {
	located, err := url.Parse(database)
	if err != nil {
		return database
	}
	located.Host = s.url.Host
	return located.String()
}

// Kill ends the server with SIGKILL, as the loss of its machine does.
func (s *Server) Kill() error {
	text, err := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// Either is the URL of a database of this server that may be found at another one too.
func (s *Server) Either(database string, other *Server) (string, error) {
	located, err := url.Parse(database)
	if err != nil {
		return "", err
	}
	located.Host = fmt.Sprintf("%s,%s", s.url.Host, other.url.Host)
	query := located.Query()
	query.Set("target_session_attrs", "read-write")
	located.RawQuery = query.Encode()
	return located.String(), nil
}
