// Package media carries files between the business and the upstream. A file is never held whole:
// its bytes are passed on as they come, checked on the way. The upstream's addresses need the
// upstream's token, so the business is given addresses of the gateway's, see reference.
package media

import (
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
)

const (
	// maxTransfers bounds the files that are under way at once; each holds two pieces at most.
	maxTransfers = 64
	// maxAsked bounds the channels that are asked for a file of which no channel is named.
	maxAsked = 20
	// retryAfter is when a client may come back that found too many files under way.
	retryAfter = time.Second
)

// Media is the room for files. It is safe for concurrent use.
type Media struct {
	keys    *seal.Keys
	now     func() time.Time
	log     *slog.Logger
	metrics *telemetry.Metrics
	slots   chan struct{}
}

// New returns the room of an account. Its keys seal the addresses that it gives out.
func New(keys *seal.Keys, now func() time.Time, log *slog.Logger, metrics *telemetry.Metrics) *Media {
	return &Media{keys: keys, now: now, log: log, metrics: metrics, slots: make(chan struct{}, maxTransfers)}
}

// take takes the place of a transfer.
func (m *Media) take() (done func(), err error) {
	select {
	case m.slots <- struct{}{}:
		return func() { <-m.slots }, nil
	default:
		return nil, &network.Refusal{
			Reason: network.Busy, After: retryAfter,
			Details: "Too many files are under way at once. Send or fetch this one again later.",
		}
	}
}

// fileID is what an id of a file is made of. A count in the expression would make it large.
var fileID = regexp.MustCompile(`^[0-9][0-9A-Za-z_-]*$`)

// maxFileID bounds such an id, in characters.
const maxFileID = 128

// Describe answers with the upstream's description of a file of the account, whose address is the
// gateway's. Base is the gateway's own address.
func (m *Media) Describe(w http.ResponseWriter, r *http.Request, t *served.Tenant, id, base string) error {
	found, of, err := m.find(r, t, id)
	if err != nil {
		return err
	}
	address, err := m.Address(base, of.ID, network.File{URL: found.URL, SHA256: found.SHA256})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Cache-Control", "private, no-store")
	_, _ = w.Write(found.WithURL(address)) // if the client has gone, nobody is left to tell
	return nil
}

// Delete deletes a file of the account.
func (m *Media) Delete(w http.ResponseWriter, r *http.Request, t *served.Tenant, id, _ string) error {
	_, of, err := m.find(r, t, id)
	if err != nil {
		return err
	}
	answer, err := of.Upstream.(network.MediaUpstream).DeleteMedia(r.Context(), id) // find has seen that it is one
	if err != nil {
		return err
	}
	answer.Write(w)
	return nil
}

// find asks the account's channels for a file, or only the one that the request names.
func (m *Media) find(r *http.Request, t *served.Tenant, id string) (network.Media, *served.Channel, error) {
	if len(id) > maxFileID || !fileID.MatchString(id) {
		return network.Media{}, nil, network.Refuse(network.UnknownObject, "")
	}
	channels, err := m.candidates(r, t)
	if err != nil {
		return network.Media{}, nil, err
	}
	for _, c := range channels {
		upstream, ok := c.Upstream.(network.MediaUpstream)
		if !ok {
			continue
		}
		found, err := upstream.Media(r.Context(), id)
		if err == nil {
			return found, c, nil
		}
		if !isUnknown(err) {
			return network.Media{}, nil, err
		}
	}
	return network.Media{}, nil, network.Refuse(network.UnknownObject, "")
}

// candidates are the channels whose file it may be.
func (m *Media) candidates(r *http.Request, t *served.Tenant) ([]*served.Channel, error) {
	if named := r.URL.Query().Get("phone_number_id"); named != "" {
		c := t.Channel(named)
		if c == nil {
			return nil, network.Refuse(network.UnknownChannel, "")
		}
		return []*served.Channel{c}, nil
	}
	ids := t.ChannelIDs()
	if len(ids) > maxAsked {
		return nil, network.Refuse(network.Malformed,
			"The account has many phone numbers: add the parameter phone_number_id.")
	}
	slices.Sort(ids)
	channels := make([]*served.Channel, 0, len(ids))
	for _, id := range ids {
		channels = append(channels, t.Channel(id))
	}
	return channels, nil
}
