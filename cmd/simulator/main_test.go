package main

import (
	"context"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/simulator"
)

func TestParse(t *testing.T) {
	got, err := parse(
		[]string{"--listen", "127.0.0.1:1", "--config", "c.yaml", "--callback-ca", "ca.pem", "--log-level", "WARN"},
	)
	if err != nil {
		t.Fatal(err)
	}
	want := options{listen: "127.0.0.1:1", config: "c.yaml", callbackCA: "ca.pem", level: slog.LevelWarn}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReadConfigNamesWhatIsWrong(t *testing.T) {
	if _, err := readConfig(
		filepath.Join(t.TempDir(), "absent.yaml"),
	); err == nil || !strings.Contains(err.Error(), "read the configuration") {
		t.Errorf("absent file: got %v", err)
	}
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte("speed: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readConfig(file); err == nil || !strings.Contains(err.Error(), `unknown field "speed"`) {
		t.Errorf("unknown field: got %v", err)
	}
	config, err := readConfig("")
	if err != nil || len(config.Accounts) != 1 {
		t.Errorf("no file: got %+v, %v, want one account", config, err)
	}
}

func TestCallbackTransportTrustsTheFile(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{file: true, "": false} {
		transport, err := callbackTransport(path)
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		}
		if trusted := err == nil; trusted != want {
			t.Errorf("certificates %q: trusted %t, want %t (%v)", filepath.Base(path), trusted, want, err)
		}
	}
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := callbackTransport(file); err == nil || !strings.Contains(err.Error(), "holds no PEM certificate") {
		t.Errorf("no certificate: got %v", err)
	}
}

func TestServeAnswersAndEnds(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	s, err := simulator.New(simulator.DefaultConfig(), simulator.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, s, log) }()
	if got := get(t, "http://"+listener.Addr().String()+"/healthz"); got != "ok\n" {
		t.Errorf("health: got %q", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("end: got %v", err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
