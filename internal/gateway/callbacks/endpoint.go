package callbacks

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/peers"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// postTimeout bounds one delivery to the business's endpoint.
const postTimeout = 10 * time.Second

// endpoint posts webhooks to the business's endpoint. It follows no redirect: the contents go
// to the configured address or nowhere.
type endpoint struct {
	transport *http.Transport

	mu    sync.Mutex
	shown config.ClientCertificate // that http shows; empty if none
	http  *http.Client
}

func newEndpoint(transport *http.Transport) *endpoint {
	return &endpoint{transport: transport, http: newClient(transport)}
}

func newClient(transport *http.Transport) *http.Client {
	return &http.Client{
		Transport:     transport,
		Timeout:       postTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// client returns the client that shows a certificate; nil is none. With another certificate than
// before, new connections are made.
func (e *endpoint) client(certificate *config.ClientCertificate) (*http.Client, error) {
	var wanted config.ClientCertificate
	if certificate != nil {
		wanted = *certificate
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if wanted == e.shown {
		return e.http, nil
	}
	transport := e.transport.Clone()
	if certificate != nil {
		pair, err := wanted.Pair()
		if err != nil {
			return nil, fmt.Errorf("the callback's client certificate %w", err)
		}
		if transport.TLSClientConfig == nil {
			transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	e.http.CloseIdleConnections()
	e.shown, e.http = wanted, newClient(transport)
	return e.http, nil
}

// post delivers one webhook in Meta's shape, signed as Meta signs. Any answer but a 2xx is an
// error; no error holds the address or the contents.
func (e *endpoint) post(ctx context.Context, to *config.Callback, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("build the delivery: %w", peers.WithoutAddress(err))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "guichet-gateway")
	request.Header.Set(meta.SignatureHeader, meta.Sign(body, to.Secret))
	telemetry.PassOn(ctx, request.Header)
	client, err := e.client(to.ClientCertificate)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("the business's endpoint did not answer: %w", peers.WithoutAddress(err))
	}
	defer func() { _ = response.Body.Close() }() // nothing is left to read
	const longestAnswer = 64 << 10
	// only so that the connection can be used again
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, longestAnswer))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return &answerError{response.StatusCode}
	}
	return nil
}

// answerError is an answer of the business's endpoint that is not a 2xx.
type answerError struct{ status int }

func (e *answerError) Error() string {
	return fmt.Sprintf("the business's endpoint answered %d", e.status)
}
