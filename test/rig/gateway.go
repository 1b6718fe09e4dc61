package rig

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/test/port"
)

const (
	// readyWithin bounds how long a start may take.
	readyWithin = time.Minute
	// readyPoll is how often a starting gateway is asked.
	readyPoll = 2 * time.Millisecond
)

// Gateway is the real program, serving an account at addresses that stay the same over its
// restarts.
type Gateway struct {
	account   *Account
	programs  Programs
	addresses []string // API, metrics, report
	level     string
	reports   *http.Client
	probes    *http.Client
	log       *os.File
	process   *exec.Cmd
}

// NewGateway prepares a gateway and its log file, gateway.log in the account's directory. Level is
// the lowest level that is logged.
func NewGateway(programs Programs, account *Account, level string) (*Gateway, error) {
	addresses, err := port.Free(3)
	if err != nil {
		return nil, err
	}
	// replicas of one account share it
	log, err := os.OpenFile(account.Path("gateway.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(account.keys[config.TLSCertificateFile])
	host := tenant.Host(account.Document.Account.Namespace, account.Document.Account.Name)
	return &Gateway{
		account: account, programs: programs, addresses: addresses, level: level, log: log,
		reports: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12},
		}},
		probes: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}, nil
}

// API returns the base URL of the business's API and of the webhooks.
func (g *Gateway) API() string { return "http://" + g.Address() }

// Address returns where the gateway listens for the business and for webhooks.
func (g *Gateway) Address() string { return g.addresses[0] }

// Metrics returns the base URL of the operations' endpoints.
func (g *Gateway) Metrics() string { return "http://" + g.addresses[1] }

// Gateway returns the gateway's program over an account's directory, at the addresses of its API,
// its metrics and its report. It ends when the caller does.
func (p Programs) Gateway(directory string, addresses []string, level string, log io.Writer) *exec.Cmd {
	command := exec.Command(
		p.Path("gateway"), "--config", filepath.Join(directory, "config"), "--keys", filepath.Join(directory, "keys"),
		"--data", filepath.Join(directory, "data"), "--listen-api", addresses[0], "--listen-metrics", addresses[1],
		"--listen-report", addresses[2], "--log-level", level,
	)
	command.Stderr = struct{ io.Writer }{log} // through a pipe: a limit on the gateway's files must not stop its log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return command
}

// Start runs the gateway and returns how long it took until it was ready.
func (g *Gateway) Start(ctx context.Context) (time.Duration, error) {
	g.process = g.programs.Gateway(g.account.Path(), g.addresses, g.level, g.log)
	began := time.Now()
	if err := g.process.Start(); err != nil {
		return 0, err
	}
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for {
		if g.Ready(ctx) {
			return time.Since(began), nil
		}
		if time.Since(began) > readyWithin {
			return 0, fmt.Errorf("the gateway was not ready within %s: see %s", readyWithin, g.log.Name())
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-ticker.C:
		}
	}
}

// Ready reports whether the gateway says that it is ready.
func (g *Gateway) Ready(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.Metrics()+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := g.probes.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Kill ends the gateway as a crash does.
func (g *Gateway) Kill() { g.end(syscall.SIGKILL) }

// Stop ends the gateway as a rollout does, and waits for it.
func (g *Gateway) Stop() { g.end(syscall.SIGTERM) }

func (g *Gateway) end(signal os.Signal) {
	if g.process == nil {
		return
	}
	_ = g.process.Process.Signal(signal) // it may have ended already
	_ = g.process.Wait()                 // that it was ended is no news
	g.process = nil
	g.reports.CloseIdleConnections()
}

// PID returns the running gateway's process id.
func (g *Gateway) PID() int { return g.process.Process.Pid }

// Report fetches the report as the operator does: over TLS, with the certificate pinned.
func (g *Gateway) Report(ctx context.Context) (report.Report, error) {
	var r report.Report
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+g.addresses[2]+report.Path, nil)
	if err != nil {
		return r, err
	}
	request.Header.Set("Authorization", "Bearer "+string(g.account.keys[config.ReportTokenFile]))
	response, err := g.reports.Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, response.Body)
		return r, errors.New("the report got " + strconv.Itoa(response.StatusCode))
	}
	return r, json.NewDecoder(response.Body).Decode(&r)
}
