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
	"github.com/guichet-dev/guichet/internal/simulator/pages"
	"github.com/guichet-dev/guichet/test/rig"
)

const (
	customer = "5511999990000"
	// patience bounds how long a webhook may take.
	patience = 30 * time.Second
)

// environment is a gateway between the simulator and the business's endpoint, on loopback.
type environment struct {
	simulator *simulator.Simulator
	gateway   *rig.Gateway
	delivered chan webhook
	closers   []func()
}

// newEnvironment starts all three.
func newEnvironment(ctx context.Context) (_ *environment, err error) {
	e := &environment{delivered: make(chan webhook, 100)}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	directory, err := os.MkdirTemp("", "guichet-clients-")
	if err != nil {
		return nil, err
	}
	e.closers = append(e.closers, func() { _ = os.RemoveAll(directory) }) // it is a temporary one
	programs, err := rig.Compile(ctx, directory, "gateway")
	if err != nil {
		return nil, err
	}
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	business, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e.serve(business, http.HandlerFunc(e.take))
	account, err := rig.NewAccount(directory, "http://"+upstream.Addr().String())
	if err != nil {
		return nil, err
	}
	if e.gateway, err = rig.NewGateway(programs, account, "INFO"); err != nil {
		return nil, err
	}
	account.Document.URL = e.gateway.API()
	account.Document.Callback = &config.Callback{URL: "http://" + business.Addr().String(), Secret: rig.CallbackSecret}
	if err = account.AddPage("http://" + upstream.Addr().String()); err != nil {
		return nil, err
	}
	if err = account.WriteDocument(); err != nil {
		return nil, err
	}
	if _, err = e.gateway.Start(ctx); err != nil {
		return nil, err
	}
	e.closers = append(e.closers, e.gateway.Stop)
	callback := e.gateway.API() + config.WebhookPath
	settings := rig.Upstream(callback)
	settings.Pages = []pages.Page{rig.UpstreamPage(callback)}
	settings.URL = "http://" + upstream.Addr().String()
	e.simulator, err = simulator.New(settings, simulator.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	e.serve(upstream, e.simulator.Handler())
	running, stop := context.WithCancel(ctx)
	finished := make(chan struct{})
	go func() { defer close(finished); e.simulator.Run(running) }()
	e.closers = append(e.closers, func() { stop(); <-finished })
	return e, nil
}

// serve serves a handler until the end.
func (e *environment) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(listener) }()                   // until it is closed
	e.closers = append(e.closers, func() { _ = server.Close() }) // nothing is left to serve
}

// close ends everything, the last thing first.
func (e *environment) close() {
	for _, end := range slices.Backward(e.closers) {
		end()
	}
}

// take is the business's endpoint: it keeps what it is told.
func (e *environment) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	select {
	case e.delivered <- webhook{Body: string(body), Signature: r.Header.Get("X-Hub-Signature-256")}:
	default: // statuses of what the libraries send are looked at by nobody
	}
}

// facts has the customers write, so that the windows are open, and waits for what the business is
// told.
func (e *environment) facts(ctx context.Context) (facts, error) {
	told := facts{
		Gateway: e.gateway.API(), Token: rig.APIKey, Secret: rig.CallbackSecret, Version: rig.APIVersion,
		Phone: rig.PhoneNumberIDs()[0], Account: rig.BusinessAccountID, Customer: customer,
		PhotoBytes: bytes.Repeat([]byte("photo"), 20_000), Page: rig.PageID,
	}
	var err error
	told.Text, err = e.told(ctx, func() (string, error) {
		return e.simulator.Write(customer, simulator.Inbound{To: told.Phone, Text: "Where is my parcel?"})
	})
	if err != nil {
		return told, err
	}
	told.Photo, err = e.told(ctx, func() (string, error) {
		return e.simulator.Send(customer, simulator.InboundFile{
			To: told.Phone, Type: "image", MIMEType: "image/jpeg", Content: told.PhotoBytes,
		})
	})
	if err != nil {
		return told, err
	}
	told.PageText, err = e.told(ctx, func() (string, error) {
		acted, err := e.simulator.Pages().Act("Ana", pages.Act{To: told.Page, Text: "Where is my parcel?"})
		told.Person = acted.Person
		return acted.ID, err
	})
	return told, err
}

// told has a phone write, and returns the webhook that tells the business.
func (e *environment) told(ctx context.Context, write func() (string, error)) (webhook, error) {
	id, err := write()
	if err != nil {
		return webhook{}, err
	}
	late := time.After(patience)
	for {
		select {
		case w := <-e.delivered:
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
