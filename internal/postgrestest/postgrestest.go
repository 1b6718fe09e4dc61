// Package postgrestest gives tests a PostgreSQL server of their own: a real one, started once for
// each test binary on loopback, with its data in a temporary directory, and ended with the binary
// however that ends. hack/postgres.sh installs the programs.
package postgrestest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/test/port"
)

// Variable names the environment variable with the URL of a server to use instead: of a role that
// may create databases.
const Variable = "GUICHET_TEST_POSTGRES_URL"

const (
	startTimeout = time.Minute
	superuser    = "guichet"
)

// Server is a running PostgreSQL server.
type Server struct {
	url   url.URL
	dir   string
	owner *syscall.Credential // nil is the tests' own user
	input io.WriteCloser
	// complaints are what the script says of a server that does not start.
	complaints bytes.Buffer
	ended      chan struct{} // closed when the script has ended, with failure
	failure    error
	pid        int // the script's
}

// shared is the server of the test binary.
var shared = sync.OnceValues(func() (*Server, error) {
	if given := os.Getenv(Variable); given != "" {
		parsed, err := url.Parse(given)
		if err != nil {
			return nil, errors.New(Variable + " is no URL")
		}
		return &Server{url: *parsed}, nil
	}
	// What a test must not lose it loses with the server's process at most, never with the
	// machine's power: no sync is needed. Tests connect by the hundred: the server's work for each
	// connection, and a first one that asks for TLS, would take more time than what they test.
	server, err := newServer(rand.Text())
	if err != nil {
		return nil, err
	}
	server.url.RawQuery = "sslmode=disable"
	return server, server.create("md5", "fsync=off", "full_page_writes=off")
})

// Database makes a database for a test on the binary's server and returns its URL. It is removed
// when the test ends.
func Database(tb testing.TB) string {
	tb.Helper()
	server, err := shared()
	if err != nil {
		tb.Fatal(err)
	}
	return server.Database(tb)
}

// Start starts a server for one test, with settings such as "ssl=on".
func Start(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	server, err := Run(settings...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Stop)
	return server
}

// Database makes a database for a test and returns its URL. It is removed when the test ends.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	located, remove, err := s.Create()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := remove(); err != nil && s.ended == nil {
			tb.Errorf("a database of %s was left behind: %v", Variable, err)
		}
	})
	return located
}

// Create makes a database and returns its URL, and what removes it.
func (s *Server) Create() (located string, remove func() error, err error) {
	name := "test_" + rand.Text()
	if err := s.Exec(fmt.Sprintf("CREATE DATABASE %q", name)); err != nil {
		return "", nil, err
	}
	of := s.url
	of.Path = "/" + name
	return of.String(), func() error { return s.Exec(fmt.Sprintf("DROP DATABASE %q WITH (FORCE)", name)) }, nil
}

// Exec executes statements as the server's superuser.
func (s *Server) Exec(statements string) error { return Exec(s.url.String(), statements) }

// Exec executes statements on a database.
func Exec(url, statements string) error {
	_, err := Changed(url, statements)
	return err
}

// Changed executes statements on a database and tells how many rows the last one changed.
func Changed(url, statements string) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	results, err := conn.Exec(ctx, statements).ReadAll()
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return 0, err
	}
	return results[len(results)-1].CommandTag.RowsAffected(), nil
}

// script makes a cluster, runs the server until its input ends, and leaves nothing. A line of input
// makes the server crash and start again. PostgreSQL's programs refuse to run as root, so it may
// have another user than the tests. Its arguments are the programs' directory, the data's, the
// superuser, and the server's options.
const script = `
set -eu
bin=$1 dir=$2 user=$3
shift 3
trap 'rm -rf "$dir"' EXIT
"$bin/initdb" --no-sync --username="$user" --pwfile="$dir/password" --auth=%s \
	--locale=C --encoding=UTF8 "$dir/data" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
serve() {
	"$bin/postgres" -D "$dir/data" -k "$dir" "$@" >>"$dir/log" 2>&1 </dev/null &
	server=$!
}
serve "$@"
while read -r _; do
	kill -QUIT "$server"
	wait "$server" || true
	serve "$@"
done
kill -INT "$server" 2>/dev/null || true
wait "$server" || true
`

// Run starts a server, with settings such as "ssl=on". It ends with the program at the latest.
func Run(settings ...string) (*Server, error) {
	s, err := newServer(rand.Text())
	if err != nil {
		return nil, err
	}
	return s, s.create("scram-sha-256", settings...)
}

// create makes a cluster, whose passwords are kept and asked for by a method, and starts the
// server.
func (s *Server) create(authentication string, settings ...string) error {
	password, _ := s.url.User.Password()
	file := filepath.Join(s.dir, "password")
	if err := errors.Join(os.WriteFile(file, []byte(password), 0o600), s.own(file)); err != nil {
		return err
	}
	return s.run(fmt.Sprintf(script, authentication), superuser, settings)
}

// newServer is a server that does not run yet.
func newServer(password string) (*Server, error) {
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "guichet-postgres-")
	if err != nil {
		return nil, err
	}
	addresses, err := port.Free(1)
	if err != nil {
		return nil, err
	}
	s := &Server{
		url: url.URL{
			Scheme: "postgres", User: url.UserPassword(superuser, password), Host: addresses[0], Path: "/postgres",
		},
		dir: dir, owner: owner, ended: make(chan struct{}),
	}
	return s, s.own(dir)
}

// run starts a script, whose third argument is what the cluster is made with, and waits for the
// server.
func (s *Server) run(script, with string, settings []string) error {
	bin, err := programs()
	if err != nil {
		return err
	}
	arguments := []string{
		"-c", script, "sh", bin, s.dir, with, "-p", s.url.Port(), "-c", "listen_addresses=127.0.0.1", "-c",
		"shared_buffers=16MB", "-c", "max_connections=100",
	}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	command := exec.CommandContext(context.Background(), "/bin/sh", arguments...)
	command.Dir = "/"
	if s.owner != nil {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner}
	}
	command.Stderr = &s.complaints
	if s.input, err = command.StdinPipe(); err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	s.pid = command.Process.Pid
	go func() {
		defer close(s.ended)
		s.failure = command.Wait()
	}()
	return s.answers()
}

// answers waits until the server does.
func (s *Server) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := pgconn.Connect(ctx, s.url.String())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return fmt.Errorf("PostgreSQL did not start: %w: %s", s.failure, &s.complaints)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not answer: %w", err)
		case <-ticker.C:
		}
	}
}

// Crash ends the server's processes without a shutdown, starts it again, and returns when it
// answers.
func (s *Server) Crash(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	witness, err := pgconn.Connect(ctx, s.url.String())
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.WriteString(s.input, "crash\n"); err != nil {
		tb.Fatal(err)
	}
	for err == nil { // until the witness's connection is gone
		err = witness.WaitForNotification(ctx)
	}
	if err := s.answers(); err != nil {
		tb.Fatal(err)
	}
}

// WriteFile puts a file into Directory that only the server may read.
func (s *Server) WriteFile(tb testing.TB, name string, content []byte) {
	tb.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := s.own(path); err != nil {
		tb.Fatal(err)
	}
}

// own gives a file to the server's user.
func (s *Server) own(path string) error {
	if s.owner == nil {
		return nil
	}
	return os.Chown(path, int(s.owner.Uid), int(s.owner.Gid))
}

// Directory holds every byte that the server has on disk.
func (s *Server) Directory() string { return s.dir }

// PID returns the process id of which all the server's processes descend.
func (s *Server) PID() int { return s.pid }

// Stop ends the server and removes what it has stored.
func (s *Server) Stop() {
	s.input.Close()
	<-s.ended
}

// programs returns the directory of PostgreSQL's programs.
func programs() (string, error) {
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian's
	if found, err := exec.LookPath("initdb"); err == nil {
		if resolved, err := filepath.EvalSymlinks(found); err == nil {
			candidates = append(candidates, resolved)
		}
	}
	if len(candidates) == 0 {
		return "", errors.New("PostgreSQL is not installed: run hack/postgres.sh, or set " + Variable)
	}
	return filepath.Dir(candidates[len(candidates)-1]), nil
}

// unprivileged returns whom the server runs as if the tests run as root; nil is the tests' own
// user.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}
