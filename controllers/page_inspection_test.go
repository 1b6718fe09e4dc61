package controllers

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// pageHarness is an inspection of an account with one page at the simulator.
type pageHarness struct {
	*inspectionHarness
	calls []string
}

// newPageHarness has a page whose app is told of nothing yet; change may alter it.
func newPageHarness(t *testing.T, registration v1alpha1.WebhookRegistration, change func(*pages.Page)) *pageHarness {
	t.Helper()
	h := &pageHarness{inspectionHarness: newInspectionHarness(t, registration)}
	page := pages.Page{
		ID: "108", Name: "Shop", AppID: "77", AppSecret: "secret", Tokens: []string{"token"},
		SubscribedFields: &[]string{},
	}
	if change != nil {
		change(&page)
	}
	simulated, err := simulator.New(
		simulator.Config{Pages: []pages.Page{page}}, simulator.Options{Logger: slog.New(slog.DiscardHandler)},
	)
	if err != nil {
		t.Fatal(err)
	}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.calls = append(h.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/v26.0"))
		simulated.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(upstream.Close)
	h.edit(func(account *v1alpha1.BusinessAccount) {
		account.Spec.WhatsAppBusinessAccountID = ""
		account.Spec.Channels = []v1alpha1.Channel{{
			Name: "page", Type: v1alpha1.ChannelMessenger, PageID: "108", CredentialsSecretName: "acme-whatsapp",
			BaseURL: upstream.URL, APIVersion: "v26.0",
		}}
	})
	return h
}

func (h *pageHarness) edit(change func(*v1alpha1.BusinessAccount)) {
	h.t.Helper()
	account := h.account()
	change(account)
	if err := h.client.Update(h.t.Context(), account); err != nil {
		h.t.Fatal(err)
	}
}

// channel says whether the account holds its page.
func (h *pageHarness) held(status metav1.ConditionStatus) {
	h.t.Helper()
	account := h.account()
	j := judgement{conditions: &account.Status.Conditions, generation: account.Generation, now: h.clock.Now()}
	j.set(v1alpha1.ConditionChannelsHeld, assessment{status, "Test", ""})
	if err := h.client.Status().Update(h.t.Context(), account); err != nil {
		h.t.Fatal(err)
	}
}

// asked takes a pass and returns what the upstream was asked in it.
func (h *pageHarness) asked() []string {
	h.t.Helper()
	h.calls = nil
	h.pass()
	return slices.Clone(h.calls)
}

// condition is one of the page's, as the account's status shows it.
func (h *pageHarness) condition(name string) string {
	h.t.Helper()
	account := h.account()
	status := v1alpha1.BusinessAccountStatus{Channels: []v1alpha1.ChannelStatus{{Name: "page"}}}
	showPages(&accountScope{account: account, inspection: h.inspections.of(account), now: h.clock.Now()}, &status)
	found := apimeta.FindStatusCondition(status.Channels[0].Conditions, name)
	if found == nil {
		return ""
	}
	return string(found.Status) + " " + found.Reason + ": " + found.Message
}

func (h *pageHarness) want(name, want string) {
	h.t.Helper()
	if got := h.condition(name); got != want {
		h.t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
	}
}

func TestP9OperatorSubscribesThePageAndThenRests(t *testing.T) {
	h := newPageHarness(t, v1alpha1.RegistrationRegister, nil)
	h.asked()
	h.want("PageSubscribed", "Unknown RegistrationWaits: The app is subscribed to page 108 once ChannelsHeld is True")
	h.held(metav1.ConditionTrue)
	want := []string{
		"GET /debug_token", "GET /108/subscribed_apps", "GET /108/subscribed_apps", "POST /108/subscribed_apps",
	}
	if diff := cmp.Diff(want, h.asked()); diff != "" {
		t.Error(diff)
	}
	h.want("PageSubscribed", "True PageSubscribed: The app is told of what happens on page 108")
	if again := h.asked(); again != nil {
		t.Errorf("got %v at rest", again)
	}
	h.clock.SetTime(h.clock.Now().Add(9 * time.Hour))
	if diff := cmp.Diff([]string{"GET /debug_token", "GET /108/subscribed_apps"}, h.asked()); diff != "" {
		t.Error(diff)
	}
}

func TestAPageThatIsSubscribedByHand(t *testing.T) {
	h := newPageHarness(t, v1alpha1.RegistrationManual, func(p *pages.Page) {
		fields := slices.DeleteFunc(
			pages.Fields(pages.ObjectPage), func(f string) bool { return f == "message_echoes" },
		)
		p.SubscribedFields = &fields
	})
	h.held(metav1.ConditionTrue)
	if diff := cmp.Diff([]string{"GET /debug_token", "GET /108/subscribed_apps"}, h.asked()); diff != "" {
		t.Error(diff)
	}
	h.want("PageSubscribed", "False FieldsMissing: The app is not told of message_echoes on page 108: set "+
		"spec.webhooks.registration to 'Register', or subscribe the app to them at Meta")
}

func TestAPageThatRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*pages.Page)
		want   string
	}{
		"permission": {
			func(p *pages.Page) { p.Permissions = []string{"pages_messaging"} },
			`False PermissionMissing: The app is not subscribed to page 108: give the access token in Secret ` +
				`"acme-whatsapp" the permission pages_manage_metadata`,
		},
		"token": {
			func(p *pages.Page) { p.Tokens = []string{"another"} },
			`False AccessTokenRefused: The app is not subscribed to page 108: put a valid access token into key ` +
				`"accessToken" of Secret "acme-whatsapp"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newPageHarness(t, v1alpha1.RegistrationRegister, tc.change)
			h.held(metav1.ConditionTrue)
			h.asked()
			h.want("PageSubscribed", tc.want)
		})
	}
}

func TestThePagesProfileIsKept(t *testing.T) {
	h := newPageHarness(t, v1alpha1.RegistrationManual, nil)
	h.held(metav1.ConditionTrue)
	h.edit(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Channels[0].Profile = &v1alpha1.PageProfile{
			GetStartedPayload: "START",
			Greetings: []v1alpha1.PageGreeting{
				{Locale: "fr_FR", Text: "Bonjour"}, {Locale: "default", Text: "Hello"},
			},
			Menus: []v1alpha1.PageMenu{{Locale: "default", Items: []v1alpha1.PageMenuItem{
				{Title: "Orders", Payload: "ORDERS"}, {Title: "Shop", URL: "https://shop.example"},
			}}},
		}
	})
	apply := []string{
		"GET /debug_token", "GET /108/subscribed_apps", "GET /108/messenger_profile", "POST /108/messenger_profile",
	}
	if diff := cmp.Diff(apply, h.asked()); diff != "" {
		t.Error(diff)
	}
	h.want("ProfileApplied", "True ProfileApplied: The page has the profile of its channel")
	h.clock.SetTime(h.clock.Now().Add(9 * time.Hour))
	if diff := cmp.Diff(apply[:3], h.asked()); diff != "" {
		t.Error(diff)
	}
	h.edit(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Channels[0].Profile.Menus = nil
		account.Spec.Channels[0].Profile.Greetings = nil
	})
	if diff := cmp.Diff(append(apply[:3:3], "DELETE /108/messenger_profile"), h.asked()); diff != "" {
		t.Error(diff)
	}
	h.edit(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[0].Profile = nil })
	if diff := cmp.Diff(apply[:2], h.asked()); diff != "" {
		t.Error(diff)
	}
	h.want("ProfileApplied", "")
}

func TestTheTokenOfAPage(t *testing.T) {
	soon := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		change func(*pages.Page)
		want   string
	}{
		"well": {nil, "True AccessTokensCurrent: No access token ends within 14 days"},
		"ends": {
			func(p *pages.Page) { p.TokensExpire = &soon },
			`False AccessTokenExpires: The access token in Secret "acme-whatsapp" ends on 2026-11-29: put a new one ` +
				`into ` +
				`key "accessToken"`,
		},
		"permissions": {
			func(p *pages.Page) { p.Permissions = []string{"pages_messaging"} },
			`False PermissionMissing: The access token in Secret "acme-whatsapp" lacks pages_manage_metadata`,
		},
		"another page's": {
			func(p *pages.Page) { p.ID = "109" },
			`False TokenOfAnotherPage: The access token in Secret "acme-whatsapp" is of page 109,` +
				` not of page 108: put a ` +
				`new one into key "accessToken"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newPageHarness(t, v1alpha1.RegistrationManual, tc.change)
			h.asked()
			account := h.account()
			v := assessTokens(
				&accountScope{account: account, inspection: h.inspections.of(account), now: h.clock.Now()},
			)
			if got := string(v.status) + " " + v.reason + ": " + v.message; got != tc.want {
				t.Errorf("\ngot  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// A page that Meta restricts answers with the same code as a token without the permission.
func TestARestrictedPageIsNoMissingPermission(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*pages.Page)
		reason string
	}{
		"restricted": {nil, "AccountRestricted"},
		"permission": {func(p *pages.Page) { p.Permissions = []string{"pages_manage_metadata"} }, "PermissionMissing"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newPageHarness(t, v1alpha1.RegistrationManual, tc.change)
			h.asked()
			account := h.account()
			scope := &accountScope{account: account, inspection: h.inspections.of(account), now: h.clock.Now()}
			if reason, _ := pageRefusalAdvice(scope, &account.Spec.Channels[0], 10); reason != tc.reason {
				t.Errorf("got %s, want %s", reason, tc.reason)
			}
		})
	}
}

func TestAPageWithoutCredentialsHoldsNobodyUp(t *testing.T) {
	h := newPageHarness(t, v1alpha1.RegistrationManual, nil)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme-whatsapp"}}
	if err := h.client.Delete(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if got := h.asked(); got != nil {
		t.Errorf("got %v without a token", got)
	}
}
