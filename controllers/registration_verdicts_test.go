package controllers

import (
	"fmt"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
)

func TestTokensAreWarnedOfTwoWeeksAhead(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	rights := []string{"whatsapp_business_management", "whatsapp_business_messaging"}
	ends := func(at time.Time) graph.TokenInfo {
		return graph.TokenInfo{Valid: true, Expires: at, Permissions: rights}
	}
	one := func(info graph.TokenInfo, failure error) []tokenInspection {
		return []tokenInspection{{secretName: "acme-whatsapp", info: info, failure: failure}}
	}
	const well = "True AccessTokensCurrent: No access token ends within 14 days"
	const renew = `: put a new one into key "accessToken"`
	for name, tc := range map[string]struct {
		tokens []tokenInspection
		want   string
	}{
		"never ends":          {one(ends(time.Time{}), nil), well},
		"more than two weeks": {one(ends(time.Date(2026, 12, 4, 12, 0, 1, 0, time.UTC)), nil), well},
		"two weeks": {
			one(ends(time.Date(2026, 12, 4, 12, 0, 0, 0, time.UTC)), nil),
			`False AccessTokenExpires: The access token in Secret "acme-whatsapp" ends on 2026-12-04` + renew,
		},
		"has ended": {
			one(ends(time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)), nil),
			`False AccessTokenExpires: The access token in Secret "acme-whatsapp" ends on 2026-11-19` + renew,
		},
		"access to data": {
			one(graph.TokenInfo{Valid: true, DataExpires: now.Add(time.Hour), Permissions: rights}, nil),
			`False AccessTokenExpires: The access to data of the access token in Secret "acme-whatsapp" ends on ` +
				"2026-11-20" + renew,
		},
		"not valid": {
			one(graph.TokenInfo{}, nil),
			`False AccessTokenRefused: Meta does not accept the access token in Secret "acme-whatsapp"` + renew,
		},
		"refused": {
			one(graph.TokenInfo{}, &graph.Error{HTTPStatus: 401, Code: 190, Message: "(#190) no"}),
			`False AccessTokenRefused: Meta does not accept the access token in Secret "acme-whatsapp"` + renew,
		},
		"not told": {
			one(graph.TokenInfo{}, &graph.Error{HTTPStatus: 400, Code: 100, Message: "(#100) no"}),
			`Unknown UpstreamRefuses: Meta does not say when the access token in Secret "acme-whatsapp" ends. ` +
				"The Graph API answered: (#100) no",
		},
		"unreachable": {
			one(graph.TokenInfo{}, errDown),
			"Unknown UpstreamUnreachable: The Graph API cannot be reached: check the channel's baseURL and the network",
		},
		"permissions": {
			one(graph.TokenInfo{Valid: true, Permissions: []string{"public_profile"}}, nil),
			`False PermissionMissing: The access token in Secret "acme-whatsapp" lacks whatsapp_business_management ` +
				`and ` +
				"whatsapp_business_messaging",
		},
		"permissions are not told": {one(graph.TokenInfo{Valid: true}, nil), well},
		"the second of two": {
			append(one(ends(time.Time{}), nil),
				tokenInspection{secretName: "second", info: ends(now)},
				tokenInspection{secretName: "third", failure: errDown}),
			`False AccessTokenExpires: The access token in Secret "second" ends on 2026-11-20` + renew,
		},
	} {
		v := assessTokens(&accountScope{inspection: &inspection{tokens: tc.tokens}, now: now})
		if got := fmt.Sprintf("%s %s: %s", v.status, v.reason, v.message); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, tc.want)
		}
	}
}

func TestMissingMeansOfPaymentIsWarnedOf(t *testing.T) {
	account := &v1alpha1.BusinessAccount{Spec: v1alpha1.BusinessAccountSpec{WhatsAppBusinessAccountID: "102"}}
	refused := &graph.Error{HTTPStatus: 403, Code: 10, Message: "(#10) no"}
	for want, found := range map[string]inspection{
		"True PaymentMethodPresent: WhatsApp Business account 102 has a means of payment at Meta": {funded: true},
		"False PaymentMethodMissing: WhatsApp Business account 102 has no means of payment at Meta: add one, or " +
			"messages that cost something are refused": {},
		"Unknown UpstreamUnreachable: The Graph API cannot be reached: check the channel's baseURL and the " +
			"network": {fundingFailure: errDown},
		"Unknown UpstreamRefuses: Meta does not say whether WhatsApp Business account 102 has a means of payment. " +
			"The Graph API answered: (#10) no": {fundingFailure: refused},
	} {
		v := assessPayment(&accountScope{account: account, inspection: &found})
		if got := fmt.Sprintf("%s %s: %s", v.status, v.reason, v.message); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
