package graph

import (
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

func TestCodesOfMarketingMessages(t *testing.T) {
	tests := map[string]struct {
		body  string
		class network.Class
		wait  time.Duration
		cause network.Cause
	}{
		"campaign is not ready": {`"code":2300041`, network.Wait, time.Hour, network.OtherCause},
		"an hour's warm-up":     {`"code":2300028`, network.Wait, time.Hour, network.OtherCause},
		"within 12 hours":       {`"code":2300035`, network.Wait, 12 * time.Hour, network.OtherCause},
		"the day's budget":      {`"code":2300054`, network.Wait, time.Hour, network.OtherCause},
		"the day's budget, for 5400 s": {
			`"code":2300054,"error_data":{"remaining_seconds":5400}`, network.Wait, 90 * time.Minute,
			network.OtherCause,
		},
		"lifetime budget":       {`"code":2300053`, network.Never, 0, network.OtherCause},
		"explained in two ways": {`"code":2300070`, network.Never, 0, network.OtherCause},
		"the same, and how long it is": {
			`"code":2300070,"error_data":{"remaining_seconds":1800}`, network.Wait, 30 * time.Minute,
			network.OtherCause,
		},
		"more than any message waits": {
			`"code":2300071,"error_data":{"remaining_seconds":2000000000}`, network.Wait, 30 * 24 * time.Hour,
			network.OtherCause,
		},
		"no time at all": {
			`"code":2300071,"error_data":{"remaining_seconds":0}`, network.Never, 0, network.OtherCause,
		},
		"no payment method":             {`"code":2300011`, network.StopTenant, 0, network.Payment},
		"prepaid balance":               {`"code":2300058`, network.StopTenant, 0, network.Payment},
		"stopped":                       {`"code":2300034`, network.Never, 0, network.StoppedMarketing},
		"weekly cap":                    {`"code":2300042`, network.Never, 0, network.SaturatedMarketing},
		"daily cap":                     {`"code":2300043`, network.Never, 0, network.SaturatedMarketing},
		"too few threads":               {`"code":2300044`, network.Never, 0, network.SaturatedMarketing},
		"a region without":              {`"code":2300032`, network.Never, 0, network.OtherCause},
		"recipient unavailable":         {`"code":2300052`, network.Never, 0, network.OtherCause},
		"recipient not available":       {`"code":1893047`, network.Never, 0, network.OtherCause},
		"the rate of reading tokens":    {`"code":2300080`, network.Wait, time.Hour, network.OtherCause},
		"a code that is not documented": {`"code":2300081`, network.Never, 0, network.OtherCause},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e := ParseError(400, nil, []byte(`{"error":{"message":"no","type":"OAuthException",`+tc.body+`}}`))
			if e.Class() != tc.class || e.Wait() != tc.wait || e.Cause() != tc.cause || e.HidesOutcome() {
				t.Fatalf(
					"got %s, %v, cause %d; want %s, %v, cause %d",
					e.Class(), e.Wait(), e.Cause(), tc.class, tc.wait, tc.cause,
				)
			}
		})
	}
}
