package gateway

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"github.com/guichet-dev/guichet/internal/gateway/requests"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/network"
)

// postMedia stores a file of the business's at the upstream.
func (g *Gateway) postMedia(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		w.Header().Set("Connection", "close") // the file is not waited for
		return err
	}
	return upstreamFailure(g.media.Upload(w, r, from.channel))
}

// getFile answers with the bytes of a file, at an address that the gateway has given out.
func (g *Gateway) getFile(w http.ResponseWriter, r *http.Request) error {
	t, err := g.admitFile(r)
	if err != nil {
		return err
	}
	return upstreamFailure(g.media.Download(w, r, t, r.PathValue("reference")))
}

// mediaOrDesk lets the room for files serve an id that is none of the account's numbers, business
// accounts and templates, and the desk whatever is no file either.
func (g *Gateway) mediaOrDesk(
	w http.ResponseWriter, r *http.Request,
	file func(http.ResponseWriter, *http.Request, *served.Tenant, string, string) error,
) error {
	t, _, err := g.authenticate(r)
	if err != nil {
		return err
	}
	id := r.PathValue("phone")
	if t.IsObject(id) || r.URL.Query().Has("fields") {
		return g.askDesk(w, r)
	}
	err = g.pass(func() error { return file(w, r, t, id, requests.Base(r)) })
	if refusal, ok := errors.AsType[*network.Refusal](err); ok && refusal.Reason == network.UnknownObject {
		return g.askDesk(w, r)
	}
	return upstreamFailure(err)
}

// uploadName is what the upstream calls an upload in several parts.
var uploadName = regexp.MustCompile(`^upload:[0-9A-Za-z+=_:-]+$`)

// maxUploadName bounds such a name, in characters.
const maxUploadName = 2048

// resumeUpload passes on a part of an upload that the desk has begun, or asks how far it has come.
// The name that the upstream has given to it cannot be guessed.
func (g *Gateway) resumeUpload(w http.ResponseWriter, r *http.Request) error {
	t, err := g.admitFile(r)
	if err != nil {
		return err
	}
	c := t.FirstWithFiles()
	session := r.PathValue("phone")
	if c == nil || len(session) > maxUploadName || !uploadName.MatchString(session) {
		return network.Refuse(network.UnknownObject, "")
	}
	if signature := r.URL.Query().Get("sig"); signature != "" {
		session += "?" + url.Values{"sig": {signature}}.Encode()
	}
	return upstreamFailure(g.media.Resume(w, r, c, session))
}
