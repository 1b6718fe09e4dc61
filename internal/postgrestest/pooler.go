package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/test/port"
)

// poolerConfig is a pgbouncer's whole configuration. What it does not name has pgbouncer's own
// default, as at most who run one.
const poolerConfig = `
[databases]
* = host=127.0.0.1 port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %s
pool_mode = %s
`

// Pooler is a pgbouncer in front of a server.
type Pooler struct {
	server  *Server
	address string
	config  string
	process *exec.Cmd
}

// Pooler starts a pgbouncer in front of the server, which pools by "session" or by "transaction".
// It ends with the test.
func (s *Server) Pooler(tb testing.TB, mode string) *Pooler {
	tb.Helper()
	addresses, err := port.Free(1)
	if err != nil {
		tb.Fatal(err)
	}
	at := url.URL{Host: addresses[0]}
	password, _ := s.url.User.Password()
	s.WriteFile(tb, "pooler-users", fmt.Appendf(nil, "%q %q\n", superuser, password))
	users := filepath.Join(s.dir, "pooler-users")
	s.WriteFile(tb, "pooler.ini", fmt.Appendf(nil, poolerConfig, s.url.Port(), at.Port(), users, mode))
	p := &Pooler{server: s, address: at.Host, config: filepath.Join(s.dir, "pooler.ini")}
	p.start(tb)
	tb.Cleanup(p.kill)
	return p
}

// At is the URL by which a database of the server is reached through the pooler.
func (p *Pooler) At(database string) string {
	located, err := url.Parse(database)
	if err != nil {
		return database
	}
	located.Host = p.address
	return located.String()
}

// Restart ends the pooler and all connections through it, and starts it again.
func (p *Pooler) Restart(tb testing.TB) {
	tb.Helper()
	p.kill()
	p.start(tb)
}

func (p *Pooler) start(tb testing.TB) {
	tb.Helper()
	program, err := poolerProgram()
	if err != nil {
		tb.Fatal(err)
	}
	p.process = exec.CommandContext(context.Background(), program, "-q", p.config)
	p.process.Dir = "/"
	p.process.SysProcAttr = &syscall.SysProcAttr{Credential: p.server.owner, Pdeathsig: syscall.SIGKILL}
	if err := p.process.Start(); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := pgconn.Connect(ctx, p.At(p.server.url.String()))
		if err == nil {
			if err := conn.Close(ctx); err != nil {
				tb.Fatal(err)
			}
			return
		}
		select {
		case <-ctx.Done():
			tb.Fatalf("pgbouncer did not answer: %v", err)
		case <-ticker.C:
		}
	}
}

func (p *Pooler) kill() {
	_ = p.process.Process.Kill() // it may have ended
	_ = p.process.Wait()         // which tells that it was killed
}

// poolerProgram returns where pgbouncer is.
func poolerProgram() (string, error) {
	if found, err := exec.LookPath("pgbouncer"); err == nil {
		return found, nil
	}
	const debian = "/usr/sbin/pgbouncer" // not in everybody's path
	if _, err := os.Stat(debian); err != nil {
		return "", errors.New("pgbouncer is not installed: run hack/postgres.sh")
	}
	return debian, nil
}
