package simulator

import (
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
)

// The models of the pricing block.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
const (
	pricing2025 = "2025-07"
	pricing2026 = "2026-10"

	freeServiceMessages = 1000
)

// Values of a pricing block.
const (
	perMessage     = "PMP"
	regular        = "regular"
	freeService    = "free_customer_service"
	freeEntryPoint = "free_entry_point"

	freeGroupService = "free_group_customer_service"
	groupPrefix      = "group_"
	service          = "service"
	utility          = "utility"
	marketing        = "marketing"
	marketingLite    = "marketing_lite"
	entryOrigin      = "referral_conversion"
)

// allowance counts the free service messages of a number in a month of UTC.
type allowance struct {
	year  int
	month time.Month
	used  int
}

func (a *allowance) at(now time.Time) *allowance {
	year, month, _ := now.UTC().Date()
	if year != a.year || month != a.month {
		*a = allowance{year: year, month: month}
	}
	return a
}

// price is Meta's word on a message at an instant. Only a delivery uses up the
// allowance.
func (st *state) price(model string, n *number, m *Sent, now time.Time, delivered bool) *Pricing {
	if m.Type == request.TypeReaction {
		return nil
	}
	c := st.customer(st.with(m))
	p := &Pricing{Model: perMessage, Category: m.Category, Type: regular, Billable: true}
	switch {
	case c.inEntryPoint(now):
		p.Type, p.Billable = freeEntryPoint, false
	case model == pricing2025:
		if hasCategory(m, service) || hasCategory(m, utility) && c.windowOpen(now) {
			p.Type, p.Billable = freeService, false
		}
	case hasCategory(m, service):
		quota := n.free.at(now)
		if quota.used < freeServiceMessages {
			p.Type, p.Billable = freeService, false
			if m.Group {
				p.Type = freeGroupService
			}
			if delivered {
				quota.used++
			}
		}
	}
	return p
}

func isMarketing(category string) bool {
	return category == marketing || category == marketingLite || category == groupPrefix+marketing
}

// categoryOf is the billed category of a message: its template's, in lower
// case, its own where it is sent directly, or service.
func categoryOf(send *request.Send, held *heldTemplate) string {
	category := orElse(send.DirectCategory, service)
	switch {
	case send.Optimised:
		return marketingLite
	case held != nil:
		category = strings.ToLower(held.Category)
	}
	if send.Group {
		return groupPrefix + category
	}
	return category
}

// hasCategory tells whether a message is of a category, or of its like for groups.
func hasCategory(m *Sent, category string) bool {
	return strings.TrimPrefix(m.Category, groupPrefix) == category
}
