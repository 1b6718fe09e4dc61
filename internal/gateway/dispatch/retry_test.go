package dispatch

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

var noon = gatewaytest.Noon

// month is the time to live of most messages.
const month = 30 * 24 * time.Hour

func TestJudgeFollowsTheRetryClasses(t *testing.T) {
	code := func(n int) error { return graph.NewError(n, "") }
	tests := map[string]struct {
		err   error
		tries int
		fate  fate
		after time.Duration
	}{
		"rate limit, first try":      {code(130429), 0, fateRetry, time.Second},
		"rate limit, fourth try":     {code(130429), 3, fateRetry, 8 * time.Second},
		"rate limit, twentieth try":  {code(80007), 19, fateRetry, 5 * time.Minute},
		"pair limit, fourth try":     {code(131056), 3, fateRetry, time.Second}, // the first that was refused for the pair
		"unknown, first try":         {code(1), 0, fateRetry, time.Second},
		"unknown, second try":        {code(1), 1, fateFailed, 0},
		"per-user marketing limit":   {code(131049), 0, fateParked, 24 * time.Hour},
		"spam limit":                 {code(131048), 0, fateParked, time.Hour},
		"window":                     {code(131047), 0, fateFailed, 0},
		"marketing stopped":          {code(131050), 0, fateFailed, 0},
		"template parameters":        {code(132000), 0, fateFailed, 0},
		"bad parameter":              {code(100), 0, fateFailed, 0},
		"token expired":              {code(190), 0, fateStopped, upstream.StopRest},
		"payment":                    {code(131042), 0, fateStopped, upstream.StopRest},
		"account locked":             {code(131031), 0, fateStopped, upstream.StopRest},
		"connection refused":         {&network.TransportError{NotSent: true, Err: errors.New("refused")}, 0, fateRetry, time.Second},
		"no answer":                  {&network.TransportError{Err: errors.New("timeout")}, 0, fateInDoubt, 0},
		"a proxy's bad gateway":      {graph.ParseError(http.StatusBadGateway, nil, []byte("<html>")), 0, fateInDoubt, 0},
		"a proxy's gateway time-out": {graph.ParseError(http.StatusGatewayTimeout, nil, nil), 0, fateInDoubt, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := new(attempt{
				words: whatsapp.Network{}, tries: tc.tries, accepted: noon, expires: noon.Add(month), now: noon,
			}).judge(tc.err)
			if got.fate != tc.fate {
				t.Fatalf("fate %d, want %d", got.fate, tc.fate)
			}
			if tc.after != 0 && !got.at.Equal(noon.Add(tc.after)) {
				t.Fatalf("again after %v, want %v", got.at.Sub(noon), tc.after)
			}
		})
	}
}

func TestJudgeGivesUpBeforeAMessageOutlivesItself(t *testing.T) {
	limit := graph.NewError(graph.CodeThroughput, "")
	old := attempt{
		words: whatsapp.Network{}, tries: 30, accepted: noon.Add(-24 * time.Hour), expires: noon.Add(month), now: noon,
	}
	if got := old.judge(limit); got.fate != fateFailed {
		t.Errorf("a message of yesterday has fate %d, want failed", got.fate)
	}
	held := attempt{
		words: whatsapp.Network{}, tries: 1, accepted: noon.Add(-30 * time.Hour), expires: noon.Add(month), now: noon,
	}
	if got := held.judge(limit); got.fate != fateRetry {
		t.Errorf(
			"a message whose channel was stopped for 30 hours has fate %d at its second try, want another try",
			got.fate,
		)
	}
	short := attempt{words: whatsapp.Network{}, tries: 9, accepted: noon, expires: noon.Add(time.Minute), now: noon}
	if got := short.judge(limit); got.fate != fateFailed {
		t.Errorf("a one-time password has fate %d, want failed: the next try would come too late", got.fate)
	}
}

// A day's wait is advice, not a failed try: it is taken three times. An offer that nobody wanted
// for days is not worth more.
func TestJudgeEndsWaitsOfADayAfterThree(t *testing.T) {
	limit := graph.NewError(graph.CodeMarketingLimit, "")
	for tries, want := range []fate{fateParked, fateParked, fateParked, fateFailed} {
		at := noon.Add(time.Duration(tries) * 27 * time.Hour)
		if got := new(
			attempt{words: whatsapp.Network{}, tries: tries, accepted: noon, expires: noon.Add(month), now: at},
		).judge(
			limit,
		); got.fate != want {
			t.Errorf("refusal %d has fate %d, want %d", tries+1, got.fate, want)
		}
	}
	held := attempt{
		words: whatsapp.Network{}, accepted: noon.Add(-5 * 24 * time.Hour), expires: noon.Add(month), now: noon,
	}
	if got := held.judge(limit); got.fate != fateParked {
		t.Errorf(
			"a message whose channel was stopped for five days has fate %d at its first try, want parked", got.fate,
		)
	}
	hourly := attempt{
		words: whatsapp.Network{}, tries: 48, accepted: noon.Add(-49 * time.Hour), expires: noon.Add(month), now: noon,
	}
	if got := hourly.judge(graph.NewError(graph.CodeSpamLimit, "")); got.fate != fateFailed {
		t.Errorf("after two days of waits of an hour the fate is %d, want failed", got.fate)
	}
}

func TestJudgeHonoursRetryAfterAndJitter(t *testing.T) {
	limit := graph.NewError(graph.CodeThroughput, "")
	limit.RetryAfter = 40 * time.Second
	got := new(
		attempt{words: whatsapp.Network{}, accepted: noon, expires: noon.Add(month), now: noon, jitter: 0.5},
	).judge(limit)
	if want := noon.Add(45 * time.Second); !got.at.Equal(want) {
		t.Fatalf("again at %v, want %v", got.at, want)
	}
}

// A proxy's limit refuses before anything is passed on; with any 5xx it may answer afterwards too
// (P12).
func TestJudgeOfAnOutage(t *testing.T) {
	for status, want := range map[int]fate{
		429: fateRetry, 500: fateInDoubt, 503: fateInDoubt, 408: fateInDoubt, 302: fateInDoubt,
	} {
		got := new(attempt{
			words: whatsapp.Network{},
			tries: 5, accepted: noon, expires: noon.Add(month), now: noon.Add(time.Minute),
		}).judge(graph.ParseError(status, nil, []byte("<html>")))
		if got.fate != want {
			t.Errorf("%d without Meta's shape has fate %d, want %d", status, got.fate, want)
		}
	}
}

// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput (4^X
// seconds, X from 0).
func TestPairBackOffFollowsTheRefusalsInARow(t *testing.T) {
	for n, want := range []time.Duration{
		time.Second, 4 * time.Second, 16 * time.Second, 64 * time.Second, 256 * time.Second, 1024 * time.Second,
		time.Hour, time.Hour,
	} {
		refused := attempt{
			words: whatsapp.Network{}, tries: 7, refusals: n, accepted: noon, expires: noon.Add(month), now: noon,
		}
		got := refused.judge(graph.NewError(graph.CodePairRateLimit, "")).at.Sub(noon)
		if got != want {
			t.Errorf("after refusal %d: %v, want %v", n+1, got, want)
		}
	}
}
