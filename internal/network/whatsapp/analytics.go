package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
)

// PricingAnalytics are the fields of a WhatsApp Business account that ask for what ParseCounts
// reads, of a time in seconds since 1970. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics
func PricingAnalytics(from, to time.Time) string {
	return fmt.Sprintf(
		`pricing_analytics.start(%d).end(%d).granularity(DAILY).metric_types(["COST","VOLUME"])`+
			`.dimensions(["COUNTRY","PRICING_CATEGORY","PRICING_TYPE","TIER"])`, from.Unix(), to.Unix(),
	)
}

// Counts implements network.CountingUpstream.
func (u *upstream) Counts(
	ctx context.Context, businessAccount string, from, to time.Time,
) ([]network.Count, error) {
	query := url.Values{"fields": {PricingAnalytics(from, to)}}
	answer, err := u.api.Call(ctx, http.MethodGet, url.PathEscape(businessAccount), query, nil)
	if err != nil {
		return nil, err
	}
	return Network{}.ParseCounts(answer)
}

// analyticsAnswer is the answer for an account's field, or for the edge of that name.
type analyticsAnswer struct {
	Field *analyticsData  `json:"pricing_analytics"`
	Data  []analyticsPage `json:"data"`
	Error json.RawMessage `json:"error"`
}

type analyticsData struct {
	Data []analyticsPage `json:"data"`
}

type analyticsPage struct {
	Points []PricingPoint `json:"data_points"`
}

// PricingPoint is a count as pricing analytics tell it. Start and End are in seconds since 1970;
// Tier and Cost may be absent.
type PricingPoint struct {
	Start    int64       `json:"start"`
	End      int64       `json:"end"`
	Country  string      `json:"country"`
	Tier     string      `json:"tier,omitempty"`
	Type     string      `json:"pricing_type"`
	Category string      `json:"pricing_category"`
	Volume   json.Number `json:"volume"`
	Cost     json.Number `json:"cost,omitempty"`
}

// billings are the pricing types of analytics.
var billings = map[string]network.Billing{
	"REGULAR": network.Regular, "FREE_CUSTOMER_SERVICE": network.FreeService,
	"FREE_GROUP_CUSTOMER_SERVICE": network.FreeService, "FREE_ENTRY_POINT": network.FreeEntryPoint,
}

// ParseCounts implements network.Counter. It reads answers to PricingAnalytics.
func (Network) ParseCounts(answers []byte) ([]network.Count, error) {
	decoder := json.NewDecoder(bytes.NewReader(answers))
	var counts []network.Count
	for n := 1; ; n++ {
		var answer analyticsAnswer
		if err := decoder.Decode(&answer); errors.Is(err, io.EOF) && n > 1 {
			return counts, nil
		} else if err != nil {
			return nil, fmt.Errorf("answer %d: it is no JSON object of pricing_analytics: %w", n, err)
		}
		pages := answer.Data
		if answer.Field != nil {
			pages = answer.Field.Data
		}
		if answer.Error != nil || pages == nil {
			return nil, fmt.Errorf(`answer %d: it has no pricing_analytics with "data"`, n)
		}
		for _, page := range pages {
			for i, point := range page.Points {
				count, err := point.count()
				if err != nil {
					return nil, fmt.Errorf("answer %d: data_points[%d]: %w", n, i, err)
				}
				counts = append(counts, count)
			}
		}
	}
}

func (p *PricingPoint) count() (network.Count, error) {
	count := network.Count{Start: time.Unix(p.Start, 0).UTC(), End: time.Unix(p.End, 0).UTC(), TierFrom: -1}
	if p.Start <= 0 || p.End <= p.Start {
		return count, fmt.Errorf("start %d must be before end %d, both in seconds since 1970", p.Start, p.End)
	}
	var err error
	if count.Country, err = market.ParseCountry(p.Country); err != nil {
		return count, fmt.Errorf("%w; ask for the dimension COUNTRY", err)
	}
	if count.Category, err = conversation.ParseCategory(strings.ToLower(p.Category)); err != nil {
		return count, fmt.Errorf("%w; ask for the dimension PRICING_CATEGORY", err)
	}
	var known bool
	if count.Kind, known = billings[p.Type]; !known {
		return count, fmt.Errorf(
			"pricing_type %.40q must be REGULAR or one of the free ones; ask for the dimension PRICING_TYPE", p.Type,
		)
	}
	if from, _, ok := strings.Cut(p.Tier, ":"); ok {
		if count.TierFrom, err = strconv.ParseInt(from, 10, 64); err != nil || count.TierFrom < 0 {
			return count, fmt.Errorf("tier %.40q must be like 0:250000", p.Tier)
		}
	}
	if count.Volume, err = p.Volume.Int64(); err != nil || count.Volume < 0 {
		return count, fmt.Errorf("volume %.40q must be a whole number; ask for the metric VOLUME", p.Volume)
	}
	if p.Cost != "" {
		count.Costed = true
		count.Cost, err = parseCost(p.Cost.String())
	}
	return count, err
}

// costDecimals are those of a published rate; what follows them in a sum is the rounding of
// floating point.
const costDecimals = 6

// parseCost reads a sum that was written from floating point, such as 0.06799999999999999 or 5e-05.
func parseCost(text string) (money.Decimal, error) {
	const longest, steepest = 40, 20 // characters, and the exponent in either direction
	_, exponent, scientific := strings.Cut(strings.ToLower(text), "e")
	if power, err := strconv.Atoi(exponent); len(text) > longest ||
		scientific && (err != nil || power < -steepest || power > steepest) {
		return money.Decimal{}, fmt.Errorf("cost %.60q is not an amount", text)
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return money.Decimal{}, fmt.Errorf("cost %.60q is not an amount", text)
	}
	return money.Parse(exact.FloatString(costDecimals))
}
