package requests

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// Of is what a network's desk is told of a request with a body.
func Of(r *http.Request, body []byte) (*network.Request, error) {
	version, path, err := split(r.URL)
	if err != nil {
		return nil, err
	}
	return &network.Request{
		Method: r.Method, Path: path, Query: r.URL.Query(), ContentType: r.Header.Get("Content-Type"), Body: body,
		Base: Base(r), Version: version,
	}, nil
}

// split takes a path apart: its version, empty where it names none, and the parts behind it.
func split(address *url.URL) (version string, parts []string, err error) {
	for text := range strings.SplitSeq(strings.Trim(address.EscapedPath(), "/"), "/") {
		p, err := url.PathUnescape(text)
		if err != nil {
			return "", nil, network.Refuse(network.Malformed, "The path cannot be read.")
		}
		if p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 || !meta.IsVersion(parts[0]) {
		return "", parts, nil
	}
	if parts[0] != meta.Unversioned {
		version = parts[0]
	}
	return version, parts[1:], nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9.\-_\[\]:]+$`)

// maxHost bounds the name of a host, in characters.
const maxHost = 255

// Base is the gateway's own address as the client has written it, also where a proxy stands before
// the gateway. Only that client's own answer holds it.
func Base(r *http.Request) string {
	scheme, host := "http", r.Host
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	if forwarded := r.Header.Get("X-Forwarded-Host"); len(forwarded) <= maxHost && hostName.MatchString(forwarded) {
		host = forwarded
	}
	return scheme + "://" + host
}
