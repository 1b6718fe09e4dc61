package upstream

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

	"github.com/guichet-dev/guichet/internal/egress"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/wake"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/report"
)

const (
	// ProbeInterval is how often a replica probes a channel's upstream at rest: a read of the
	// channel, which costs nothing.
	ProbeInterval = 10 * time.Minute
	// outageProbe is the pause between probes while the upstream cannot be reached.
	outageProbe = 10 * time.Second
	// probeTimeout bounds a probe.
	probeTimeout = 10 * time.Second
	// probeIdle is how long the prober sleeps at most: a new configuration does not wake it.
	probeIdle = time.Second
)

// Probe reads each channel at its upstream until ctx is done: at once with new
// credentials, so that a wrong token shows before the first send, then now and then, and more often
// while there is an obstacle.
func (g *Gate) Probe(ctx context.Context, config *served.Configuration) {
	wake.Every(ctx, g.store.Clock(), probeIdle, func() {
		t := config.Tenant()
		if t == nil {
			return
		}
		interval := ProbeInterval * time.Duration(g.store.Replicas())
		channels, _ := g.obstacles.due(g.store.Now(), interval)
		var probes sync.WaitGroup
		for _, id := range channels {
			if c := t.Channel(id); c != nil {
				probes.Go(func() { g.probeChannel(ctx, c, interval) })
			}
		}
		probes.Wait()
	})
}

func (g *Gate) probeChannel(ctx context.Context, c *served.Channel, interval time.Duration) {
	call, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	_, err := c.Upstream.Describe(call)
	if ctx.Err() != nil {
		return
	}
	now := g.store.Now()
	met, isObstacle := obstacleOf(err)
	if failure, ok := network.AsError(err); ok && failure.Class() == network.Never {
		met, isObstacle = refusedBy(failure), true // the channel cannot even be read
	}
	switch {
	case isObstacle:
		met.since, met.probed = now, true
		g.obstacles.met(c.ID, met)
	case err != nil:
		g.obstacles.shown(c.ID, proofReached)
	default:
		g.obstacles.shown(c.ID, proofAuthorized)
		if g.stops.authorized(c.ID) {
			g.resumed(c)
		}
	}
	g.obstacles.probed(c.ID, now, interval)
}

// learn draws from the outcome of a send what it says of the channel's upstream.
func (g *Gate) learn(channel string, billable bool, err error, now time.Time) {
	met, isObstacle := obstacleOf(err)
	failure, answered := network.AsError(err)
	switch {
	case isObstacle:
		met.since = now
		g.obstacles.met(channel, met)
	case err == nil && g.stops.isStopped(channel): // this answer has not ended the stop
		g.obstacles.shown(channel, proofReached)
	case err == nil && billable:
		g.obstacles.shown(channel, proofPaid)
	case err == nil:
		g.obstacles.shown(channel, proofTaken)
	case answered && failure.Class() == network.Never:
		g.obstacles.shown(channel, proofAuthorized)
	case answered:
		g.obstacles.shown(channel, proofReached)
	}
}

// obstacleOf is the obstacle that an error of the upstream's, or the lack of its answer, is a sign
// of.
func obstacleOf(err error) (o obstacle, is bool) {
	if transport, ok := errors.AsType[*network.TransportError](err); ok {
		return obstacle{cause: transportCause(transport)}, true
	}
	failure, ok := network.AsError(err)
	switch {
	case err == nil:
		return obstacle{}, false
	case !ok: // a success whose body is none of the network's
		return obstacle{cause: report.NotGraphAPI}, true
	case failure.Class() == network.StopTenant, failure.Cause() == network.NoSuchChannel:
		return refusedBy(failure), true
	case failure.Status() >= http.StatusInternalServerError:
		return obstacle{cause: report.Outage, code: failure.Number()}, true
	case failure.Cause() == network.Unexplained && failure.Status() != http.StatusBadRequest &&
		failure.Status() != http.StatusTooManyRequests: // the network's own words come with 400
		return obstacle{cause: report.NotGraphAPI}, true
	}
	return obstacle{}, false
}

func refusedBy(failure network.Error) obstacle {
	return obstacle{cause: report.Refused, code: failure.Number(), about: failure.Cause()}
}

func transportCause(err *network.TransportError) report.ObstacleCause {
	var name *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var refused *egress.RefusedError
	switch {
	case errors.As(err, &refused):
		return report.AddressNotAllowed
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
