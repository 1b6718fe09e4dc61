package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

// Analytics is how the simulator counts what it has delivered. It has no price list: a count has a
// cost if every message of it has one here.
type Analytics struct {
	Sights []Sight `json:"sights"`
}

// Sight is what the simulator sees of a message in its analytics. Whatever is empty is as it was
// delivered.
type Sight struct {
	// Message is the message's id, or its biz_opaque_callback_data. Without one that was sent, the
	// sight is of a message that only the simulator knows, and has a country and a time.
	Message     string        `json:"message"`
	Uncounted   bool          `json:"uncounted,omitempty"`
	DeliveredAt time.Time     `json:"deliveredAt,omitzero"`
	Country     string        `json:"country,omitempty"`
	Category    string        `json:"category,omitempty"`
	Type        string        `json:"type,omitempty"`
	Tier        string        `json:"tier,omitempty"`
	Cost        money.Decimal `json:"cost,omitzero"`
	// Costed says that Cost is there, for it may be 0.
	Costed bool `json:"costed,omitempty"`
}

// SetAnalytics replaces how messages are counted.
func (s *Simulator) SetAnalytics(a Analytics) error {
	for i := range a.Sights {
		if sight := &a.Sights[i]; sight.Country != "" {
			if _, err := market.ParseCountry(sight.Country); err != nil {
				return fmt.Errorf("sights[%d].country: %w", i, err)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.analytics = a
	return nil
}

func (s *Simulator) controlAnalytics(w http.ResponseWriter, r *http.Request) {
	var analytics Analytics
	if err := readStrict(w, r, &analytics); err != nil {
		badRequest(w, err)
		return
	}
	if err := s.SetAnalytics(analytics); err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, done())
}

// analyticsField is the field of an account that asks for counts, with its bounds in seconds.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics
var analyticsField = regexp.MustCompile(`^pricing_analytics\.start\((\d{1,12})\)\.end\((\d{1,12})\)`)

// analyticsBounds reads what an account's field asks for.
func analyticsBounds(field string) (start, end time.Time, asked bool) {
	found := analyticsField.FindStringSubmatch(field)
	if found == nil {
		return start, end, false
	}
	from, _ := strconv.ParseInt(found[1], 10, 64) // it is digits
	to, _ := strconv.ParseInt(found[2], 10, 64)
	return time.Unix(from, 0).UTC(), time.Unix(to, 0).UTC(), true
}

func comparePoints(a, b whatsapp.PricingPoint) int {
	return cmp.Or(
		cmp.Compare(a.Start, b.Start), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Category, b.Category),
		cmp.Compare(a.Type, b.Type), cmp.Compare(a.Tier, b.Tier),
	)
}

// tally is what is counted alike: how many messages, and what they cost.
type tally struct {
	volume int64
	cost   money.Decimal
	// uncosted says that one of them has no cost.
	uncosted bool
}

// analyticsOf counts by day of UTC what an account's numbers have delivered in some time.
func (st *state) analyticsOf(account string, start, end time.Time) (map[string]any, error) {
	tallies := map[whatsapp.PricingPoint]tally{}
	for _, sight := range st.sights(account) {
		if sight.Uncounted || sight.DeliveredAt.Before(start) || !sight.DeliveredAt.Before(end) {
			continue
		}
		day := sight.DeliveredAt.UTC().Truncate(24 * time.Hour)
		at := whatsapp.PricingPoint{
			Start: day.Unix(), End: day.Add(24 * time.Hour).Unix(), Country: sight.Country, Tier: sight.Tier,
			Type: strings.ToUpper(sight.Type), Category: strings.ToUpper(sight.Category),
		}
		sum := tallies[at]
		cost, err := sum.cost.Add(sight.Cost)
		if err != nil {
			return nil, err
		}
		tallies[at] = tally{sum.volume + 1, cost, sum.uncosted || !sight.Costed}
	}
	points := slices.SortedFunc(maps.Keys(tallies), comparePoints)
	for i, at := range points {
		sum := tallies[at]
		points[i].Volume = json.Number(strconv.FormatInt(sum.volume, 10))
		if !sum.uncosted {
			points[i].Cost = json.Number(sum.cost.String())
		}
	}
	return map[string]any{
		"id":                account,
		"pricing_analytics": map[string]any{"data": []any{map[string]any{"data_points": points}}},
	}, nil
}

// sights are the deliveries of an account as its analytics see them.
func (st *state) sights(account string) []Sight {
	seen := map[string]Sight{}
	for _, sight := range st.analytics.Sights {
		seen[sight.Message] = sight
	}
	var all []Sight
	for _, m := range st.Record.Sent {
		n := st.numbers[m.PhoneNumberID]
		sight, err := sightOf(m)
		if n == nil || n.account.ID != account || err != nil {
			continue
		}
		for _, name := range []string{m.ID, m.CallbackData} {
			if change, ok := seen[name]; ok {
				sight = sight.changed(change)
				delete(seen, name)
			}
		}
		all = append(all, sight)
	}
	for _, sight := range seen { // of messages that were not sent here
		if sight.Country != "" && !sight.Uncounted {
			all = append(all, sight)
		}
	}
	return all
}

var errNotCounted = errors.New("the message was not delivered, or has no price")

// sightOf is a delivery as it was.
func sightOf(m *Sent) (Sight, error) {
	i := slices.IndexFunc(m.Statuses, func(step StatusStep) bool {
		return step.Status == webhook.StatusDelivered || step.Status == webhook.StatusRead
	})
	if i < 0 || m.Pricing == nil {
		return Sight{}, errNotCounted
	}
	country, err := market.CountryOf(m.To)
	return Sight{
		DeliveredAt: m.Statuses[i].At, Country: country.String(), Category: m.Pricing.Category, Type: m.Pricing.Type,
	}, err
}

// changed is a sight with what another one says.
func (v Sight) changed(to Sight) Sight {
	v.Uncounted, v.Cost, v.Costed = to.Uncounted, to.Cost, to.Costed
	if !to.DeliveredAt.IsZero() {
		v.DeliveredAt = to.DeliveredAt
	}
	v.Country, v.Category = orElse(to.Country, v.Country), orElse(to.Category, v.Category)
	v.Type, v.Tier = orElse(to.Type, v.Type), orElse(to.Tier, v.Tier)
	return v
}
