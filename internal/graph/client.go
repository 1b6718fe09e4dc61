package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

// Defaults of a Client.
const (
	DefaultBaseURL = "https://graph.facebook.com"
	DefaultVersion = "v26.0"
	DefaultTimeout = 30 * time.Second

	maxAnswer = 8 << 20
	// apiName is what errors call whatever stands at the base URL.
	apiName = "the Graph API"
)

// Token is a bearer token. It does not print.
type Token string

// String hides the token.
func (Token) String() string { return "[redacted]" }

// GoString hides the token.
func (Token) GoString() string { return "[redacted]" }

// LogValue hides the token.
func (Token) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// ClientOptions configure a Client; the zero value of each field is its default.
type ClientOptions struct {
	// BaseURL is DefaultBaseURL unless set, for example "http://127.0.0.1:8090".
	BaseURL string
	// Version is DefaultVersion unless set.
	Version string
	Token   Token
	// AppSecret is the app's, for the proof that a client has asked for; it may be empty.
	AppSecret string
	// Timeout bounds a call, from the dial to the last byte; DefaultTimeout
	// unless set.
	Timeout time.Duration
	// Transport is, unless set, a transport of its own that keeps as many idle
	// connections as a busy number needs.
	Transport http.RoundTripper
}

// Client calls a Graph API. It is safe for concurrent use and follows no
// redirect, so that the token goes nowhere else.
type Client struct {
	http *http.Client
	// streams is http without a bound of time.
	streams   *http.Client
	base      string
	token     Token
	appSecret string
}

// NewClient checks the options and returns a Client.
func NewClient(options ClientOptions) (*Client, error) {
	base, version := options.BaseURL, options.Version
	if base == "" {
		base = DefaultBaseURL
	}
	if version == "" {
		version = DefaultVersion
	}
	parsed, err := url.Parse(base)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.User != nil ||
		parsed.RawQuery != "" {
		return nil, errors.New("base URL: give http:// or https:// and a host, without credentials and query")
	}
	if strings.Trim(version, "v.0123456789") != "" {
		return nil, errors.New("version: give a Graph API version such as v26.0")
	}
	timeout := options.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	transport := options.Transport
	if transport == nil {
		transport = newTransport()
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		base:      strings.TrimRight(base, "/") + "/" + version + "/",
		token:     options.Token,
		appSecret: options.AppSecret,
		http:      &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: stay},
		streams:   &http.Client{Transport: transport, CheckRedirect: stay},
	}, nil
}

// newTransport is http.DefaultTransport with more idle connections: its own two
// per host would dial anew for nearly every message of a busy number.
func newTransport() http.RoundTripper {
	const idleConnections = 256
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	own := shared.Clone()
	own.MaxIdleConns, own.MaxIdleConnsPerHost = idleConnections, idleConnections
	return own
}

// Call makes a request and returns the body of a success. Any other answer is an *Error, whose body
// is returned too, and no answer a *network.TransportError.
func (c *Client) Call(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaderField: func(string, []string) { written.Store(true) },
	})
	request, err := http.NewRequestWithContext(ctx, method, c.target(path, query), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("build the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+string(c.token))
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request) //nolint:bodyclose // readBody closes it
	if err != nil {
		return nil, &network.TransportError{API: apiName, NotSent: !written.Load(), Err: cause(err)}
	}
	answer, err := readBody(response)
	if err != nil {
		return nil, err
	}
	if isFailure(response) {
		return answer, ParseError(response.StatusCode, response.Header, answer)
	}
	return answer, nil
}

// target is the address of a call.
func (c *Client) target(path string, query url.Values) string {
	if len(query) == 0 {
		return c.base + path
	}
	return c.base + path + "?" + query.Encode()
}

// readBody reads an answer to its end and closes it. The error is a *network.TransportError.
func readBody(response *http.Response) ([]byte, error) {
	defer func() { _ = response.Body.Close() }() // nothing is left to read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	if err != nil {
		return nil, &network.TransportError{API: apiName, Err: cause(err)}
	}
	return body, nil
}

func isFailure(response *http.Response) bool {
	return response.StatusCode < 200 || response.StatusCode > 299
}

// cause drops the address from a failed call: it may name what must not be logged.
func cause(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}

// Do makes a call with in as its JSON, if it is not nil, and decodes the answer into out, unless
// that is nil.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body []byte
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
		body = encoded
	}
	answer, err := c.Call(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	return Decode(answer, out)
}

// Decode reads an answer of the Graph API.
func Decode(answer []byte, out any) error {
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the answer is not what the Graph API documents: %w", err)
	}
	return nil
}
