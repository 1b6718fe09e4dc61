package graph

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/network"
)

// Passed is a request that is made in a client's place.
type Passed struct {
	Method, Path string
	Query        url.Values
	ContentType  string
	Body         []byte
	// Prove adds the proof of the app secret, which a client has given for its own token.
	Prove bool
}

// Pass makes a request in a client's place and returns the answer as it came, errors of the Graph
// API included, but without the token, wherever it stands. An error about the credentials is an
// *Error: it is none of the client's business.
func (c *Client) Pass(ctx context.Context, request Passed) (*network.Answer, error) {
	query := request.Query
	if request.Prove && c.appSecret != "" {
		query = withProof(query, c.proof())
	}
	return c.exchange(ctx, c.http, bearer, Exchange{
		Method: request.Method, Path: request.Path, Query: query, ContentType: request.ContentType,
		Body: bytes.NewReader(request.Body), Length: int64(len(request.Body)),
	})
}

// Schemes of the Authorization header. Uploads in several parts want the second one.
const (
	bearer = "Bearer "
	oauth  = "OAuth "
)

// read reads an answer for a client.
func (c *Client) read(response *http.Response) (*network.Answer, error) {
	body, err := readBody(response)
	if err != nil {
		return nil, err
	}
	if isFailure(response) {
		failure := ParseError(response.StatusCode, response.Header, body)
		if failure.Foreign || failure.Class() == network.StopTenant {
			return nil, failure
		}
	}
	header := http.Header{}
	for _, name := range []string{"Content-Type", "Retry-After"} {
		if value := response.Header.Get(name); value != "" {
			header.Set(name, value)
		}
	}
	return &network.Answer{Status: response.StatusCode, Header: header, Body: c.redact(body), Passed: true}, nil
}

// redact removes the token from an answer, as it is and as it stands in a URL: the Graph API puts
// it into the addresses of further pages.
func (c *Client) redact(body []byte) []byte {
	for _, secret := range []string{string(c.token), url.QueryEscape(string(c.token)), c.proof()} {
		if secret != "" {
			body = bytes.ReplaceAll(body, []byte(secret), nil)
		}
	}
	return body
}

func (c *Client) proof() string {
	if c.appSecret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(c.appSecret))
	mac.Write([]byte(c.token))
	return hex.EncodeToString(mac.Sum(nil))
}

// Proof is the parameter by which a call shows that the app's secret is known, for an app that
// demands it; none without a secret.
func (c *Client) Proof() url.Values {
	if c.appSecret == "" {
		return url.Values{}
	}
	return url.Values{parameter.Proof: {c.proof()}}
}

func withProof(query url.Values, proof string) url.Values {
	proved := url.Values{parameter.Proof: {proof}}
	maps.Copy(proved, query)
	return proved
}

// Exchange is a request whose body may be long.
type Exchange struct {
	Method, Path string
	Query        url.Values
	Header       http.Header
	ContentType  string
	Body         io.Reader
	// Length is that of the body; 0 is not known.
	Length int64
}

// Upload makes a request and reads the answer to its end. Only ctx bounds its time.
func (c *Client) Upload(ctx context.Context, e Exchange) (*network.Answer, error) {
	return c.exchange(ctx, c.streams, bearer, e)
}

// UploadForm is an Upload of a form that is written while it is sent. An error of write's ends it,
// and is returned.
func (c *Client) UploadForm(
	ctx context.Context, path string, query url.Values, write func(*multipart.Writer) error,
) (*network.Answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	body, into := io.Pipe()
	form := multipart.NewWriter(into)
	written := make(chan struct{})
	go func() {
		defer close(written)
		err := write(form)
		if err == nil {
			err = form.Close()
		}
		if err != nil {
			cancel(err) // before the pipe ends: what follows from that is no cause
		}
		_ = into.CloseWithError(err) // never fails
	}()
	answer, err := c.Upload(ctx, Exchange{
		Method: http.MethodPost, Path: path, Query: query, ContentType: form.FormDataContentType(), Body: body,
	})
	_ = body.Close() // the upstream has answered, or does not listen any more
	<-written
	if refused := context.Cause(ctx); refused != nil && !errors.Is(refused, io.ErrClosedPipe) {
		return nil, refused
	}
	return answer, err
}

// Resume is an Upload to a session, which wants the token under another scheme. Source:
// https://developers.facebook.com/docs/graph-api/guides/upload
func (c *Client) Resume(ctx context.Context, e Exchange) (*network.Answer, error) {
	return c.exchange(ctx, c.streams, oauth, e)
}

// exchange makes a request and reads the answer to its end.
func (c *Client) exchange(
	ctx context.Context, client *http.Client, scheme string, e Exchange,
) (*network.Answer, error) {
	//nolint:bodyclose // read closes it
	response, err := c.send(ctx, client, c.target(e.Path, e.Query), scheme, e)
	if err != nil {
		return nil, err
	}
	return c.read(response)
}

// Fetch reads what stands at an address that the Graph API has given, with the token, and returns
// the answer as soon as it begins. Only ctx bounds its time. The caller closes the body. The token
// leaves unencrypted only if it does so on every call.
func (c *Client) Fetch(ctx context.Context, address string, header http.Header) (*http.Response, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.Scheme != "https" &&
		(parsed.Scheme != "http" || !strings.HasPrefix(c.base, "http://")) {
		return nil, NewError(CodeInvalidParameter, "The address of the file is none that can be read.")
	}
	return c.send(ctx, c.streams, address, bearer, Exchange{Method: http.MethodGet, Header: header})
}

// send makes a request and returns the answer as soon as it begins.
func (c *Client) send(
	ctx context.Context, client *http.Client, target, scheme string, e Exchange,
) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, e.Method, target, e.Body)
	if err != nil {
		return nil, fmt.Errorf("build the request: %w", cause(err))
	}
	if e.Length > 0 {
		request.ContentLength = e.Length
	}
	maps.Copy(request.Header, e.Header)
	request.Header.Set("Authorization", scheme+string(c.token))
	request.Header.Set("User-Agent", "guichet") // the servers of files refuse requests without one
	if e.ContentType != "" {
		request.Header.Set("Content-Type", e.ContentType)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, &network.TransportError{API: apiName, Err: cause(err)}
	}
	return response, nil
}
