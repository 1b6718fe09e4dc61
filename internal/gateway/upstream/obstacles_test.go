package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/egress"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/report"
)

func TestObstaclesOfErrors(t *testing.T) {
	answer := func(status, code, subcode int) error {
		return &graph.Error{HTTPStatus: status, Code: code, Subcode: subcode}
	}
	sent := func(err error) error { return &network.TransportError{NotSent: true, Err: err} }
	for name, tc := range map[string]struct {
		err   error
		cause report.ObstacleCause
		code  int
	}{
		"nothing":                         {nil, "", 0},
		"an invalid token":                {answer(401, 190, 0), report.Refused, 190},
		"no token":                        {answer(401, 0, 0), report.Refused, 0},
		"no permission":                   {answer(403, 10, 0), report.Refused, 10},
		"another permission":              {answer(403, 299, 0), report.Refused, 299},
		"no such number":                  {answer(400, 100, 33), report.Refused, 100},
		"no such number, older":           {answer(400, 33, 0), report.Refused, 33},
		"a bad parameter of one message":  {answer(400, 100, 0), "", 0},
		"no means of payment":             {answer(400, 131042, 0), report.Refused, 131042},
		"a locked account":                {answer(403, 131031, 0), report.Refused, 131031},
		"a number that is not registered": {answer(400, 133010, 0), report.Refused, 133010},
		"one customer's refusal":          {answer(400, 131026, 0), "", 0},
		"the pair's limit":                {answer(400, 131056, 0), "", 0},
		"the number's limit":              {answer(400, 130429, 0), "", 0},
		"too many requests":               {answer(429, 1, 0), "", 0},
		"a web page":                      {errors.New("the answer is not what the Graph API documents"), report.NotGraphAPI, 0},
		"a page that is not there":        {answer(404, 1, 0), report.NotGraphAPI, 0},
		"Meta's own code 1":               {answer(400, 1, 0), "", 0},
		"a proxy's 503":                   {answer(503, 1, 0), report.Outage, 1},
		"Meta's own outage":               {answer(500, 131016, 0), report.Outage, 131016},
		"an internal address": {
			sent(&net.OpError{Err: &egress.RefusedError{Address: netip.MustParseAddr("10.96.0.1")}}),
			report.AddressNotAllowed, 0,
		},
		"no such host": {sent(&net.DNSError{IsNotFound: true}), report.NameNotResolved, 0},
		"an unknown authority": {
			sent(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), report.CertificateInvalid, 0,
		},
		"another host's certificate": {
			sent(x509.HostnameError{Certificate: &x509.Certificate{}}), report.CertificateInvalid, 0,
		},
		"no TLS at all": {sent(tls.RecordHeaderError{}), report.CertificateInvalid, 0},
		"a refused connection": {
			sent(&net.OpError{Op: "dial", Err: errors.New("connection refused")}), report.Unreachable, 0,
		},
		"no answer": {&network.TransportError{Err: context.DeadlineExceeded}, report.NoAnswer, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, is := obstacleOf(tc.err)
			if got.cause != tc.cause || got.code != tc.code || is != (tc.cause != "") {
				t.Fatalf("got %q with code %d, want %q with %d", got.cause, got.code, tc.cause, tc.code)
			}
		})
	}
}

func TestWhatIsKnownOfAnUpstream(t *testing.T) {
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	type step struct {
		second int
		met    report.ObstacleCause
		code   int
		probed bool
		shown  proof
	}
	meets := func(second int, cause report.ObstacleCause, code int) step {
		return step{second: second, met: cause, code: code}
	}
	since := func(second int, cause report.ObstacleCause, code int) *report.Obstacle {
		return &report.Obstacle{Cause: cause, Code: code, Since: began.Add(time.Duration(second) * time.Second)}
	}
	for name, tc := range map[string]struct {
		steps   []step
		checked bool
		want    *report.Obstacle
	}{
		"nothing yet":                              {nil, false, nil},
		"a probe that was answered":                {[]step{{shown: proofAuthorized}}, true, nil},
		"a rate limit proves nothing":              {[]step{{shown: proofReached}}, false, nil},
		"one failed connection":                    {[]step{meets(1, report.Unreachable, 0)}, false, nil},
		"two at once":                              {[]step{meets(1, report.Unreachable, 0), meets(2, report.Unreachable, 0)}, false, nil},
		"an outage that lasts":                     {[]step{meets(1, report.Unreachable, 0), meets(3, report.Unreachable, 0)}, true, since(1, report.Unreachable, 0)},
		"an outage with another symptom":           {[]step{meets(1, report.Unreachable, 0), meets(4, report.Outage, 1)}, true, since(1, report.Outage, 1)},
		"an outage with an answer in between":      {[]step{meets(1, report.Outage, 1), {second: 2, shown: proofReached}, meets(3, report.Outage, 1)}, false, nil},
		"an outage that is over":                   {[]step{meets(1, report.Outage, 1), meets(4, report.Outage, 1), {second: 5, shown: proofReached}}, true, nil},
		"a wrong token":                            {[]step{meets(1, report.Refused, 190)}, true, since(1, report.Refused, 190)},
		"a wrong token, again":                     {[]step{meets(1, report.Refused, 190), meets(61, report.Refused, 190)}, true, since(1, report.Refused, 190)},
		"a wrong token while nothing is reached":   {[]step{meets(1, report.Refused, 190), meets(9, report.Unreachable, 0)}, true, since(1, report.Refused, 190)},
		"a wrong token that a probe disproves":     {[]step{meets(1, report.Refused, 190), {second: 2, shown: proofAuthorized}}, true, nil},
		"a lock that a probe does not see":         {[]step{meets(1, report.Refused, 131031), {second: 2, shown: proofAuthorized}}, true, since(1, report.Refused, 131031)},
		"a lock, and a message that was taken":     {[]step{meets(1, report.Refused, 131031), {second: 2, shown: proofTaken}}, true, nil},
		"a permission that a probe has missed":     {[]step{{second: 1, met: report.Refused, code: 10, probed: true}, {second: 2, shown: proofAuthorized}}, true, nil},
		"no payment, and a free message":           {[]step{meets(1, report.Refused, 131042), {second: 2, shown: proofTaken}}, true, since(1, report.Refused, 131042)},
		"no payment, and a message that is billed": {[]step{meets(1, report.Refused, 131042), {second: 2, shown: proofPaid}}, true, nil},
		"another refusal":                          {[]step{meets(1, report.Refused, 190), meets(5, report.Refused, 131031)}, true, since(5, report.Refused, 131031)},
	} {
		t.Run(name, func(t *testing.T) {
			now := &served.Tenant{Document: config.Document{Channels: []config.Channel{{Name: "main", ID: channel}}}}
			u := newObstacles()
			u.serve(now, began)
			for _, s := range tc.steps {
				if s.met == "" {
					u.shown(channel, s.shown)
					continue
				}
				u.met(channel, obstacle{
					cause: s.met, code: s.code, about: whatsapp.Network{}.CauseOf(s.code), probed: s.probed,
					since: began.Add(time.Duration(s.second) * time.Second),
				})
			}
			want := []report.Channel{{Name: "main", Checked: tc.checked, Obstacle: tc.want}}
			if diff := cmp.Diff(want, u.report(now)); diff != "" {
				t.Fatalf("the report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewCredentialsBeginAnew(t *testing.T) {
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	tenant := func(token string) *served.Tenant {
		return &served.Tenant{
			Document: config.Document{Channels: []config.Channel{{Name: "main", ID: channel, AccessToken: token}}},
		}
	}
	u := newObstacles()
	u.serve(tenant("old"), began)
	u.met(channel, obstacle{cause: report.Refused, code: 131031, since: began})
	u.serve(tenant("old"), began)
	if got := u.report(tenant("old")); got[0].Obstacle == nil {
		t.Fatal("a configuration with the same credentials made the obstacle forgotten")
	}
	u.serve(tenant("new"), began)
	if got := u.report(tenant("new")); got[0].Obstacle != nil || got[0].Checked {
		t.Fatalf("got %+v, want nothing known of new credentials", got[0])
	}
	if due, _ := u.due(began, time.Hour); len(due) != 1 {
		t.Fatal("new credentials are not probed at once")
	}
	if due, next := u.due(began, time.Hour); len(due) != 0 || !next.Equal(began.Add(time.Hour)) {
		t.Fatalf("%d channels are due again, the next at %v; want none for an hour", len(due), next)
	}
}

// An obstacle that a send meets is looked at again soon, and not when the channel's probe at rest
// would have been due.
func TestAnObstacleBringsTheNextProbeForward(t *testing.T) {
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	at := func(second int) time.Time { return began.Add(time.Duration(second) * time.Second) }
	refused := obstacle{cause: report.Refused, code: 190, about: network.Credentials}
	unreachable := obstacle{cause: report.Unreachable}
	for name, tc := range map[string]struct {
		met     obstacle
		seconds []int
		next    int
	}{
		"a refusal":                            {refused, []int{10}, 70},
		"a refusal that is met again":          {refused, []int{10, 40}, 70},
		"a failed connection":                  {unreachable, []int{10}, 12},
		"an outage":                            {unreachable, []int{10, 11}, 12},
		"a refusal just before the next probe": {refused, []int{595}, 600},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := &served.Tenant{Document: config.Document{Channels: []config.Channel{{Name: "main", ID: channel}}}}
			u := newObstacles()
			u.serve(tenant, began)
			u.probed(channel, began, ProbeInterval)
			for _, second := range tc.seconds {
				met := tc.met
				met.since = at(second)
				u.met(channel, met)
			}
			if due, _ := u.due(at(tc.next).Add(-time.Millisecond), ProbeInterval); len(due) != 0 {
				t.Errorf("the channel is probed before second %d", tc.next)
			}
			if due, _ := u.due(at(tc.next), ProbeInterval); len(due) != 1 {
				t.Errorf("the channel is not probed in second %d", tc.next)
			}
		})
	}
}
