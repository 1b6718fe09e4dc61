package gateway

import (
	"errors"
	"net/http"
	"strings"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/media"
	"github.com/guichet-dev/guichet/internal/gateway/requests"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// api routes the business's requests and the upstream's webhooks. Every path that is not named here
// is a request for the network's desk, which refuses what it has no rule for.
func (g *Gateway) api() http.Handler {
	mux := http.NewServeMux()
	serve := func(pattern, name string, handle func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, g.served(name, handle))
	}
	const number = "/{version}/{phone}"
	serve("POST "+number+"/messages", handlerMessages, g.postMessage)
	serve("POST "+number+"/marketing_messages", handlerMessages, g.postMarketing)
	serve("POST "+number+"/message_campaign", "message_campaign", g.postCampaign)
	serve("POST "+number+"/block_users", "block_users", g.postBlocks)
	serve("DELETE "+number+"/block_users", "block_users", g.deleteBlocks)
	serve("POST "+number+"/consents", "consents", g.postConsents)
	serve("POST "+number+"/erase", "erase", g.postErase)
	serve("GET "+number+"/books", "books", g.getBooks)
	serve("GET "+number+"/refused_callbacks", "refused_callbacks", g.getRefusedCallbacks)
	serve("POST "+number+"/refused_callbacks", "refused_callbacks", g.postRefusedCallbacks)
	serve("DELETE "+number+"/refused_callbacks", "refused_callbacks", g.deleteRefusedCallbacks)
	serve("GET /callbacks", "callbacks", g.getCallbacks)
	serve("POST "+number+"/media", "media_upload", g.postMedia)
	serve("POST "+number+"/message_attachments", "media_upload", g.postAttachment)
	serve("GET "+media.Path+"{reference}", "media_download", g.getFile)
	serve("GET "+number, "object", g.getObject)
	serve("DELETE "+number, "object", g.deleteObject)
	serve("POST "+number, "object", g.postObject)
	serve("GET "+config.WebhookPath, "handshake", g.intake.ServeHandshake)
	serve("POST "+config.WebhookPath, "webhook", g.intake.ServeWebhook)
	for _, pattern := range []string{
		number + "/messages", number + "/marketing_messages", number + "/consents", number + "/erase",
		number + "/books", number + "/refused_callbacks", number + "/media", config.WebhookPath,
	} {
		serve(pattern, "other", refuseWith(network.NoMethod))
	}
	serve("/", "request", g.askDesk)
	return meta.WithVersion(mux)
}

// served is a handler with what all have in common: its time, its span, and how it fails.
func (g *Gateway) served(name string, handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return g.metrics.Timed(name, func(w http.ResponseWriter, r *http.Request) {
		r, s := g.traces.Request(r, name, g.authentic)
		err := handle(w, r)
		cut := errors.Is(err, media.ErrCut)
		if err != nil && !cut {
			g.fail(w, r, name, err)
		}
		s.End(err)
		if cut {
			panic(http.ErrAbortHandler) // what has been written must not look complete
		}
	})
}

// refuseWith is a handler that refuses, for a reason that says enough.
func refuseWith(reason network.Reason) func(http.ResponseWriter, *http.Request) error {
	return func(http.ResponseWriter, *http.Request) error { return &network.Refusal{Reason: reason} }
}

// uploadPrefix begins the name of an upload in several parts.
const uploadPrefix = "upload:"

// getObject reads what an id stands for: a phone number, a file, or another object.
func (g *Gateway) getObject(w http.ResponseWriter, r *http.Request) error {
	if strings.HasPrefix(r.PathValue("phone"), uploadPrefix) {
		return g.resumeUpload(w, r)
	}
	return g.mediaOrDesk(w, r, g.media.Describe)
}

// deleteObject deletes what an id stands for.
func (g *Gateway) deleteObject(w http.ResponseWriter, r *http.Request) error {
	return g.mediaOrDesk(w, r, g.media.Delete)
}

// postObject changes what an id stands for.
func (g *Gateway) postObject(w http.ResponseWriter, r *http.Request) error {
	if strings.HasPrefix(r.PathValue("phone"), uploadPrefix) {
		return g.resumeUpload(w, r)
	}
	return g.askDesk(w, r)
}

// maxDeskBody bounds the body of a request for the desk, in bytes: the definition of a flow is the
// largest.
const maxDeskBody = 11 << 20

// askDesk lets the network's desk answer.
func (g *Gateway) askDesk(w http.ResponseWriter, r *http.Request) error {
	t, token, err := g.authenticate(r)
	if err != nil {
		return err
	}
	body, done, err := g.bodies.Read(r, maxDeskBody)
	if err != nil {
		return err
	}
	defer done()
	if len(body) > maxDeskBody {
		return network.Refuse(network.TooLarge, "The body is larger than 11 MiB.")
	}
	request, err := requests.Of(r, body)
	if err != nil {
		return err
	}
	return upstreamFailure(g.requests.Answer(r.Context(), w, t, token, request))
}
