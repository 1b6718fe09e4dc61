package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/test/rig"
)

const (
	customer = "5511999990000"
	// patience bounds how long a webhook may take.
	patience = 30 * time.Second
)

// house is a gateway between the simulator and the business's endpoint, on loopback.
type house struct {
	directory string
	simulator *simulator.Simulator
	gateway   *rig.Gateway
	delivered chan webhook
	closers   []func()
}

// openHouse starts all three.
func openHouse(ctx context.Context) (h *house, err error) {
	h = &house{delivered: make(chan webhook, 100)}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	if h.directory, err = os.MkdirTemp("", "guichet-clients-"); err != nil {
		return nil, err
	}
	h.closers = append(h.closers, func() { _ = os.RemoveAll(h.directory) }) // it is a temporary one
	programs, err := rig.Compile(ctx, h.directory, "gateway")
	if err != nil {
		return nil, err
	}
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	business, err := h.serve(http.HandlerFunc(h.take))
	if err != nil {
		return nil, err
	}
	account, err := rig.NewAccount(h.directory, "http://"+upstream.Addr().String())
	if err != nil {
		return nil, err
	}
	if h.gateway, err = rig.NewGateway(programs, account, "INFO"); err != nil {
		return nil, err
	}
	account.Document.URL = h.gateway.API()
	account.Document.Callback = &config.Callback{URL: business, Secret: rig.CallbackSecret}
	if err = account.WriteDocument(); err != nil {
		return nil, err
	}
	if _, err = h.gateway.Start(ctx); err != nil {
		return nil, err
	}
	h.closers = append(h.closers, h.gateway.Stop)
	settings := rig.Upstream(h.gateway.API() + config.WebhookPath)
	settings.URL = "http://" + upstream.Addr().String()
	h.simulator, err = simulator.New(settings, simulator.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: h.simulator.Handler(), ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(upstream) }() // it ends with the house
	running, stop := context.WithCancel(ctx)
	finished := make(chan struct{})
	go func() { defer close(finished); h.simulator.Run(running) }()
	h.closers = append(h.closers, func() { stop(); <-finished; _ = server.Close() })
	return h, nil
}

// serve serves a handler and returns its address.
func (h *house) serve(handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(listener) }()                   // it ends with the house
	h.closers = append(h.closers, func() { _ = server.Close() }) // nothing is left to serve
	return "http://" + listener.Addr().String(), nil
}

// close ends everything, the last thing first.
func (h *house) close() {
	for _, end := range slices.Backward(h.closers) {
		end()
	}
}

// take is the business's endpoint: it keeps what it is told.
func (h *house) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	select {
	case h.delivered <- webhook{Body: string(body), Signature: r.Header.Get("X-Hub-Signature-256")}:
	default: // statuses of what the libraries send are looked at by nobody
	}
}

// facts has the customer write, so that the window is open, and waits for what the business is
// told.
func (h *house) facts(ctx context.Context) (facts, error) {
	told := facts{
		Gateway: h.gateway.API(), Token: rig.APIKey, Secret: rig.CallbackSecret, Version: rig.APIVersion,
		Phone: rig.PhoneNumberIDs()[0], Account: rig.BusinessAccountID, Customer: customer,
		PhotoBytes: bytes.Repeat([]byte("photo"), 20_000),
	}
	var err error
	told.Text, err = h.told(ctx, func() (string, error) {
		return h.simulator.Write(customer, simulator.Inbound{To: told.Phone, Text: "Where is my parcel?"})
	})
	if err != nil {
		return told, err
	}
	told.Photo, err = h.told(ctx, func() (string, error) {
		return h.simulator.Send(customer, simulator.InboundFile{
			To: told.Phone, Type: "image", MIMEType: "image/jpeg", Content: told.PhotoBytes,
		})
	})
	return told, err
}

// told has a phone write, and returns the webhook that tells the business.
func (h *house) told(ctx context.Context, write func() (string, error)) (webhook, error) {
	id, err := write()
	if err != nil {
		return webhook{}, err
	}
	late := time.After(patience)
	for {
		select {
		case w := <-h.delivered:
			if bytes.Contains([]byte(w.Body), []byte(id)) {
				return w, nil
			}
		case <-late:
			return webhook{}, fmt.Errorf("the business was not told of a message within %s", patience)
		case <-ctx.Done():
			return webhook{}, errors.New("interrupted")
		}
	}
}
