package callbacks

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/store"
)

const minute = time.Minute

// ago is an instant before noon; 0 is the zero time.
func ago(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return gatewaytest.Noon.Add(-d)
}

func TestWhatFollowsFromADelivery(t *testing.T) {
	answer := func(status int) error { return &answerError{status} }
	silent := errors.New("timeout")
	const never = 0
	took := func(at time.Duration) store.Endpoint { return store.Endpoint{DeliveredAt: ago(at)} }
	fails := func(at time.Duration, callback int64, several bool) store.Endpoint {
		return store.Endpoint{
			DeliveredAt: ago(at), FailingSince: ago(minute), Failing: callback, Several: several, FailedAt: ago(minute),
		}
	}
	elsewhere := took(minute)
	elsewhere.Since = ago(10 * minute)
	probed := store.Endpoint{ProbedAt: ago(14 * minute)}
	for name, tc := range map[string]struct {
		err              error
		endpoint         store.Endpoint
		queued, failed   time.Duration // ago; failed 0 is not failed before
		result           string
		status, attempts int
		retry            time.Duration
		probe            bool
	}{
		"taken":     {nil, took(never), 0, 0, "delivered", 0, 1, 0, false},
		"no answer": {silent, took(minute), minute, 0, "retry", 0, 1, time.Second, false},
		"a refusal": {
			answer(400), took(minute), 48 * time.Hour, 0, "retry", 400, 1, time.Second, false,
		},
		"a refusal, again": {
			answer(400), took(never), minute, minute, "retry", 400, 3, 4 * time.Second, false,
		},
		"the last try is not put off": {
			answer(413), took(minute), minute, 14 * minute, "retry", 413, 12, minute, false,
		},
		"410 while others are taken": {
			answer(410), took(minute), minute, 15 * minute, "set_aside", 410, 9, 0, false,
		},
		"403 while others are taken": {
			answer(403), took(minute), minute, 15 * minute, "set_aside", 403, 9, 0, false,
		},
		"500 while others are taken": {
			answer(500), took(14 * minute), minute, 15 * minute, "set_aside", 500, 9, 0, false,
		},
		"a redirection": {
			answer(302), took(minute), minute, 15 * minute, "set_aside", 302, 9, 0, false,
		},
		"no answer while others are taken": {silent, took(minute), minute, 15 * minute, "set_aside", 0, 9, 0, false},
		"others were taken before": {
			answer(403), took(16 * minute), minute, 15 * minute, "retry", 403, 20, longestPause, true,
		},
		"nothing was ever taken": {
			answer(404), took(never), minute, time.Hour, "retry", 404, 20, longestPause, true,
		},
		"others fail by now": {
			answer(403), fails(2*minute, 8, false), minute, time.Hour, "retry", 403, 20, longestPause, true,
		},
		"it and others fail by now": {
			answer(403), fails(2*minute, 7, true), minute, time.Hour, "retry", 403, 20, longestPause, true,
		},
		"it alone fails": {
			answer(403), fails(2*minute, 7, false), minute, time.Hour, "set_aside", 403, 20, 0, false,
		},
		"one behind it was tried just now": {
			answer(404), probed, minute, time.Hour, "retry", 404, 20, longestPause, false,
		},
		"it failed at another address": {
			answer(404), elsewhere, minute, time.Hour, "retry", 404, 1, time.Second, false,
		},
		"a week, and nothing gets through": {
			answer(404), took(never), 169 * time.Hour, 168 * time.Hour, "set_aside", 404, 9, 0, false,
		},
		"a week without an answer": {silent, took(never), 169 * time.Hour, 0, "set_aside", 0, 9, 0, false},
		"a week less an hour": {
			silent, took(never), 167 * time.Hour, 167 * time.Hour, "retry", 0, 20, longestPause, true,
		},
		"410 while nothing else is tried": {
			answer(410), took(never), 2 * time.Hour, 2 * time.Hour, "retry", 410, 20, longestPause, true,
		},
		"too early, whatever others became": {
			answer(422), took(never), minute, 14 * minute, "retry", 422, 1, time.Second, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &store.Callback{Seq: 7, CreatedAt: ago(tc.queued), FailedAt: ago(tc.failed), Attempts: tc.attempts}
			got := judge(c, tc.err, &tc.endpoint, gatewaytest.Noon)
			if got.result != tc.result || got.status != tc.status || got.probe != tc.probe {
				t.Fatalf("got %+v, want %s with %d, probe %t", got, tc.result, tc.status, tc.probe)
			}
			if tc.result == "retry" && (got.retry > tc.retry || got.retry < tc.retry/2) {
				t.Errorf("tried again after %v, want about %v", got.retry, tc.retry)
			}
		})
	}
}

func TestWhatIsLearnedOfTheEndpoint(t *testing.T) {
	seventh := &store.Callback{Seq: 7}
	retried := outcome{result: "retry", status: 404}
	failing := store.Endpoint{
		DeliveredAt: ago(time.Hour), FailingSince: ago(minute), Failing: 7, FailedAt: ago(minute), Status: 500, Lost: 3,
	}
	several := failing
	several.Failing, several.Several = 6, true
	for name, tc := range map[string]struct {
		before store.Endpoint
		came   outcome
		want   store.Endpoint
	}{
		"it takes one": {several, outcome{result: "delivered"}, store.Endpoint{DeliveredAt: gatewaytest.Noon, Lost: 3}},
		"a callback is at fault": {
			several, outcome{result: "set_aside", atFault: true}, store.Endpoint{DeliveredAt: ago(time.Hour), Lost: 3},
		},
		"the first failure": {store.Endpoint{DeliveredAt: ago(time.Hour)}, retried, store.Endpoint{
			DeliveredAt: ago(time.Hour), FailingSince: gatewaytest.Noon, Failing: 7,
			FailedAt: gatewaytest.Noon, Status: 404,
		}},
		"the same one again": {failing, retried, store.Endpoint{
			DeliveredAt: ago(time.Hour), FailingSince: ago(minute), Failing: 7,
			FailedAt: gatewaytest.Noon, Status: 404, Lost: 3,
		}},
		"another one": {several, retried, store.Endpoint{
			DeliveredAt: ago(time.Hour), FailingSince: ago(minute), Failing: 6, Several: true,
			FailedAt: gatewaytest.Noon, Status: 404, Lost: 3,
		}},
		"one that is too old is no word of others": {several, outcome{result: "set_aside"}, store.Endpoint{
			DeliveredAt: ago(time.Hour), FailingSince: ago(minute), Failing: 6, Several: true,
			FailedAt: gatewaytest.Noon, Lost: 3,
		}},
		"nothing was tried for long": {
			store.Endpoint{FailingSince: ago(40 * minute), Failing: 6, Several: true, FailedAt: ago(31 * minute)},
			retried,
			store.Endpoint{FailingSince: gatewaytest.Noon, Failing: 7, FailedAt: gatewaytest.Noon, Status: 404},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, learn(tc.before, seventh, tc.came, gatewaytest.Noon)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnotherAddressIsAnotherEndpoint(t *testing.T) {
	known := store.Endpoint{Address: [32]byte{1}, Since: ago(time.Hour), DeliveredAt: ago(minute), Lost: 2}
	if diff := cmp.Diff(known, at(known, [32]byte{1}, gatewaytest.Noon)); diff != "" {
		t.Errorf("the same address (-want +got):\n%s", diff)
	}
	want := store.Endpoint{Address: [32]byte{2}, Since: gatewaytest.Noon, Lost: 2}
	if diff := cmp.Diff(want, at(known, [32]byte{2}, gatewaytest.Noon)); diff != "" {
		t.Errorf("another address (-want +got):\n%s", diff)
	}
}

func TestEndpointThatTakesNothingIsFailing(t *testing.T) {
	for name, tc := range map[string]struct {
		since, last time.Duration // ago
		several     bool
		want        bool
	}{
		"nothing failed":                 {0, 0, false, false},
		"several, for a moment":          {59 * time.Second, time.Second, true, false},
		"several, for a minute":          {minute, time.Second, true, true},
		"one, for a minute":              {4 * minute, time.Second, false, false},
		"one, for five minutes":          {5 * minute, time.Second, false, true},
		"nothing was tried for an hour":  {2 * time.Hour, time.Hour, true, false},
		"the last try was the last ever": {29 * minute, 15 * minute, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := store.Endpoint{FailingSince: ago(tc.since), FailedAt: ago(tc.last), Several: tc.several}
			if got := IsFailing(&e, gatewaytest.Noon); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}
