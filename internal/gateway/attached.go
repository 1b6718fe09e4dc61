package gateway

import (
	"bytes"
	"io"
	"net/http"

	"github.com/guichet-dev/guichet/internal/gateway/admission"
	"github.com/guichet-dev/guichet/internal/gateway/dryrun"
	"github.com/guichet-dev/guichet/internal/gateway/media"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/network"
)

// fileSender is a channel whose clients bring files along in their requests.
type fileSender struct {
	network.FileSender
	upstream network.FileUpstream
}

func fileSenderOf(c *served.Channel) (fileSender, bool) {
	sender, ok := c.Network.(network.FileSender)
	upstream, can := c.Upstream.(network.FileUpstream)
	return fileSender{sender, upstream}, ok && can
}

// attachedForm is a form in parts with a file, of a channel that takes such.
type attachedForm struct {
	*media.Form
	to fileSender
}

// readForm reads the fields of a request in whose form a file stands; nil for any other request,
// whose body can be read as ever.
func readForm(w http.ResponseWriter, r *http.Request, c *served.Channel) (*attachedForm, error) {
	sender, ok := fileSenderOf(c)
	if !ok {
		return nil, nil
	}
	form, ok, err := media.ReadForm(w, r, c.Network.Traits().MaxRequest)
	if err != nil || !ok {
		return nil, err
	}
	if form.Part == "" {
		r.Body = io.NopCloser(bytes.NewReader(form.Fields()))
		return nil, nil
	}
	w.Header().Set("Connection", "close") // until it is, the file is not waited for
	return &attachedForm{form, sender}, nil
}

// takeWithFile accepts a message whose file stands in its request. If the fields before the file
// say all, the message is decided on first, and no file of one that is refused goes anywhere.
func (g *Gateway) takeWithFile(w http.ResponseWriter, r *http.Request, from caller, form *attachedForm) error {
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	kind, err := form.to.FileKind(form.Fields(), form.Part)
	if err != nil {
		return err
	}
	repeated, err := g.admission.Repeats(r.Context(), from.channel.ID, from.token, key)
	if err != nil {
		return err
	}
	dry, fields, err := dryrun.Asked(r, form.Fields())
	if err != nil {
		return err
	}
	if !repeated && form.to.SaysAll(fields) {
		if err := g.decideEarly(r, from, form.to, fields); err != nil {
			return err
		}
	}
	var id string
	var digest []byte
	if dry || repeated {
		digest, err = g.media.Digest(w, r, form.Form)
	} else {
		id, digest, err = g.media.Store(w, r, form.to.upstream, kind, form.Form)
	}
	if err != nil {
		return upstreamFailure(err)
	}
	w.Header().Del("Connection")
	if _, fields, err = dryrun.Asked(r, form.Fields()); err != nil {
		return err
	}
	out, err := form.to.ParseWithFile(fields, id, digest)
	if err != nil {
		return err
	}
	if repeated && !dry {
		return g.repeat(w, r, requestOf(r, from, key, out))
	}
	return g.accept(w, r, from, key, out, dry)
}

// decideEarly refuses a message whose file has not been read.
func (g *Gateway) decideEarly(r *http.Request, from caller, to fileSender, fields []byte) error {
	out, err := to.ParseWithFile(fields, "", nil)
	if err != nil {
		return err
	}
	_, err = g.admission.Forecast(r.Context(), requestOf(r, from, "", out))
	return err
}

// repeat answers a request that was accepted before, if its file is the same too. Nothing is stored
// or sent again.
func (g *Gateway) repeat(w http.ResponseWriter, r *http.Request, request *admission.Request) error {
	known, err := g.admission.Forecast(r.Context(), request)
	if err != nil {
		return err
	}
	if known.Repeats == "" { // it was forgotten meanwhile
		return &network.Refusal{Reason: network.Unavailable, After: storeRetry}
	}
	return writeJSON(w, request.Outbound.Answer(known.Repeats))
}

// postAttachment stores a file for later messages. What brings no file along, such as the address
// of one, is the desk's.
func (g *Gateway) postAttachment(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return g.askDesk(w, r)
	}
	form, err := readForm(w, r, from.channel)
	if err != nil {
		return inWordsOf(from.channel, err)
	}
	if form == nil {
		return g.askDesk(w, r)
	}
	return inWordsOf(from.channel, g.storeAttachment(w, r, form))
}

func (g *Gateway) storeAttachment(w http.ResponseWriter, r *http.Request, form *attachedForm) error {
	kind, err := form.to.FileKind(form.Fields(), form.Part)
	if err != nil {
		return err
	}
	id, _, err := g.media.Store(w, r, form.to.upstream, kind, form.Form)
	if err != nil {
		return upstreamFailure(err)
	}
	w.Header().Del("Connection")
	return writeJSON(w, form.to.AnswerUpload(id))
}
