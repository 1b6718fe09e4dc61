package callbacks

import (
	"errors"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/store"
)

func TestWhatFollowsFromADelivery(t *testing.T) {
	answer := func(status int) error { return &answerError{status} }
	const minute = time.Minute
	for name, tc := range map[string]struct {
		err              error
		queued, refused  time.Duration // ago; refused 0 is not refused before
		result           string
		status, attempts int
		retry            time.Duration
	}{
		"taken":                            {nil, 0, 0, "delivered", 0, 1, 0},
		"no answer":                        {errors.New("timeout"), minute, 0, "retry", 0, 1, time.Second},
		"no answer for a week":             {errors.New("timeout"), 169 * time.Hour, 0, "dropped", 0, 9, 0},
		"refused for the first time":       {answer(400), 48 * time.Hour, 0, "retry", 400, 1, time.Second},
		"refused again":                    {answer(400), minute, minute, "retry", 400, 3, 4 * time.Second},
		"the last try is not put off":      {answer(413), minute, 14 * minute, "retry", 413, 12, minute},
		"refused for a quarter of an hour": {answer(410), minute, 15 * minute, "set_aside", 410, 9, 0},
		"refused for a week":               {answer(422), 169 * time.Hour, 169 * time.Hour, "set_aside", 422, 9, 0},
		"credentials, for an hour":         {answer(401), time.Hour, time.Hour, "retry", 0, 1, time.Second},
		"an outage after a refusal":        {answer(503), time.Hour, time.Hour, "retry", 0, 1, time.Second},
	} {
		c := &store.Callback{CreatedAt: gatewaytest.Noon.Add(-tc.queued), Attempts: tc.attempts}
		if tc.refused > 0 {
			c.RefusedAt = gatewaytest.Noon.Add(-tc.refused)
		}
		got := judge(c, tc.err, gatewaytest.Noon)
		if got.result != tc.result || got.status != tc.status {
			t.Errorf("%s: %s with %d, want %s with %d", name, got.result, got.status, tc.result, tc.status)
		}
		if tc.result == "retry" && (got.retry > tc.retry || got.retry < tc.retry/2) {
			t.Errorf("%s: tried again after %v, want about %v", name, got.retry, tc.retry)
		}
	}
	refuses := map[int]bool{
		301: false, 302: false, 400: true, 401: false, 402: true, 403: false, 404: true, 405: true, 407: false,
		408: false, 409: true, 410: true,
		411: true, 413: true, 414: true, 415: true, 418: true, 421: false, 422: true, 425: false, 429: false, 431: true,
		451: true,
		500: false, 501: false, 503: false,
	}
	for status, want := range refuses {
		if got := (&answerError{status}).refuses(); got != want {
			t.Errorf("%d refuses what was delivered: %t, want %t", status, got, want)
		}
	}
}
