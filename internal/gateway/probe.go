package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/wake"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/report"
)

const (
	// probeInterval is how often a replica probes a channel's upstream at rest: a read of the
	// number, which costs nothing.
	probeInterval = 10 * time.Minute
	// outageProbe is the pause between probes while the upstream cannot be reached.
	outageProbe = 10 * time.Second
	// probeTimeout bounds a probe.
	probeTimeout = 10 * time.Second
	// probeIdle is how long the prober sleeps at most: a new configuration does not wake it.
	probeIdle = time.Second
)

// probe asks the upstream for each channel's number until ctx is done: at once with new
// credentials, so that a wrong token shows before the first send, then now and then, and more often
// while there is an obstacle.
func (g *Gateway) probe(ctx context.Context) {
	wake.Every(ctx, probeIdle, func() {
		t := g.config.Tenant()
		if t == nil {
			return
		}
		interval := probeInterval * time.Duration(g.store.Replicas())
		channels, _ := g.upstreams.due(g.store.Now(), interval)
		var probes sync.WaitGroup
		for _, id := range channels {
			if c := t.Channel(id); c != nil {
				probes.Go(func() { g.probeChannel(ctx, c, interval) })
			}
		}
		probes.Wait()
	})
}

// obstacles are what metrics tell of channels and the store.
func (g *Gateway) obstacles() (channels []report.Channel, storeOut bool) {
	if t := g.config.Tenant(); t != nil {
		channels = g.upstreams.report(t)
	}
	return channels, g.store.Outage() != nil
}

func (g *Gateway) probeChannel(ctx context.Context, c *served.Channel, interval time.Duration) {
	call, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	_, err := c.Upstream.Describe(call)
	if ctx.Err() != nil {
		return
	}
	now := g.store.Now()
	met, isObstacle := obstacleOf(err)
	if failure, ok := graph.AsError(err); ok && failure.Class() == network.Never {
		met, isObstacle = obstacle{cause: report.Refused, code: failure.Code}, true // the number cannot even be read
	}
	switch {
	case isObstacle:
		met.since, met.probed = now, true
		g.upstreams.met(c.ID, met)
	case err != nil:
		g.upstreams.shown(c.ID, proofReached)
	default:
		g.upstreams.shown(c.ID, proofAuthorized)
		if g.channels.authorized(c.ID) {
			g.goesAgain(c)
		}
	}
	g.upstreams.probed(c.ID, now, interval)
}

// learn draws from the outcome of a send what it says of the channel's upstream.
func (g *Gateway) learn(p *parcel, err error, now time.Time) {
	met, isObstacle := obstacleOf(err)
	failure, answered := graph.AsError(err)
	switch {
	case isObstacle:
		met.since = now
		g.upstreams.met(p.channel.ID, met)
	case err == nil && g.channels.isStopped(p.channel.ID): // this answer has not ended the stop
		g.upstreams.shown(p.channel.ID, proofReached)
	case err == nil && p.billable:
		g.upstreams.shown(p.channel.ID, proofPaid)
	case err == nil:
		g.upstreams.shown(p.channel.ID, proofTaken)
	case answered && failure.Class() == network.Never:
		g.upstreams.shown(p.channel.ID, proofAuthorized)
	case answered:
		g.upstreams.shown(p.channel.ID, proofReached)
	}
}

// subcodeUnknownObject accompanies code 100 where an object does not exist, or the token may not
// see it.
// Source: https://developers.facebook.com/docs/graph-api/guides/error-handling
const subcodeUnknownObject = 33

// obstacleOf is the obstacle that an error of the upstream's, or the lack of its answer, is a sign
// of.
func obstacleOf(err error) (o obstacle, is bool) {
	if transport, ok := errors.AsType[*network.TransportError](err); ok {
		return obstacle{cause: transportCause(transport)}, true
	}
	failure, ok := graph.AsError(err)
	switch {
	case err == nil:
		return obstacle{}, false
	case !ok: // a success whose body is none of the Graph API's
		return obstacle{cause: report.NotGraphAPI}, true
	case failure.Class() == network.StopTenant,
		failure.Code == graph.CodeUnknownPhoneNumberID,
		failure.Code == graph.CodeInvalidParameter && failure.Subcode == subcodeUnknownObject:
		return obstacle{cause: report.Refused, code: failure.Code}, true
	case failure.HTTPStatus >= http.StatusInternalServerError:
		return obstacle{cause: report.Outage, code: failure.Code}, true
	case failure.Code == graph.CodeUnknown && failure.HTTPStatus != http.StatusBadRequest &&
		failure.HTTPStatus != http.StatusTooManyRequests: // Meta's own code 1 comes with 400
		return obstacle{cause: report.NotGraphAPI}, true
	}
	return obstacle{}, false
}

func transportCause(err *network.TransportError) report.ObstacleCause {
	var name *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &name):
		return report.NameNotResolved
	case errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &verification),
		errors.As(err, &record), errors.As(err, &alert):
		return report.CertificateInvalid
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"): // net/http has no type for it
		return report.CertificateInvalid
	case err.NotSent:
		return report.Unreachable
	}
	return report.NoAnswer
}
