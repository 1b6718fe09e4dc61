package simulator

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

func TestCallbackIsOverriddenAfterTheHandshake(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	err := w.client.OverrideCallback(t.Context(), account1, w.business.URL+"/other", "wrong")
	if answer, _ := graph.AsError(err); answer == nil || answer.Code != 2200 {
		t.Errorf("got %v for a wrong verify token, want code 2200", err)
	}
	want := []graph.SubscribedApp{{ID: account1, Callback: w.business.URL}}
	if got, err := w.client.SubscribedApps(t.Context(), account1); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v after a failed handshake, want %v", got, err, want)
	}
	if err := w.client.OverrideCallback(t.Context(), account1, w.business.URL+"/other", "verify-1"); err != nil {
		t.Fatal(err)
	}
	want[0].Callback = w.business.URL + "/other"
	if got, err := w.client.SubscribedApps(t.Context(), account1); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v after a handshake, want %v", got, err, want)
	}
	if err := w.client.SubscribeApp(t.Context(), account1); err != nil {
		t.Fatal(err)
	}
	want[0].Callback = w.business.URL
	if got, err := w.client.SubscribedApps(t.Context(), account1); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v after a plain subscription, want %v", got, err, want)
	}
}

func TestTokenFundingAndFieldsAreTold(t *testing.T) {
	ends := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	config := testConfig()
	w := newWorld(t, config, nil)
	rights := []string{"whatsapp_business_management", "whatsapp_business_messaging"}
	want := graph.TokenInfo{AppID: account1, Valid: true, Permissions: rights}
	if got, err := w.client.InspectToken(t.Context()); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if funded, err := w.client.HasFunding(t.Context(), account1); err != nil || !funded {
		t.Errorf("got %t, %v; want a means of payment", funded, err)
	}
	changed := config.Accounts[0]
	changed.TokensExpire, changed.FundingID, changed.Fields = &ends, "none", []string{"messages"}
	if err := w.s.replace(changed); err != nil {
		t.Fatal(err)
	}
	want.Expires = ends
	if got, err := w.client.InspectToken(t.Context()); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if funded, err := w.client.HasFunding(t.Context(), account1); err != nil || funded {
		t.Errorf("got %t, %v; want no means of payment", funded, err)
	}
	if _, err := w.client.AppFields(t.Context(), account1); err == nil {
		t.Error("an account's token reads the app's fields; they take the app's")
	}
	app, err := graph.NewClient(graph.ClientOptions{
		BaseURL: w.api.URL, Token: graph.AppToken(account1, changed.AppSecret),
	})
	if err != nil {
		t.Fatal(err)
	}
	fields := []string{webhook.FieldMessages}
	if got, err := app.AppFields(t.Context(), account1); err != nil || !cmp.Equal(got, fields) {
		t.Errorf("got %v, %v; want messages alone", got, err)
	}
}

// The token may stand wherever the Graph API takes it.
func TestTokenStandsInHeaderQueryOrBody(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	path := "/v26.0/" + number1
	w.control(http.MethodGet, path, "", http.StatusUnauthorized)
	w.control(http.MethodGet, path+"?access_token="+token, "", http.StatusOK)
	body := strings.Replace(string(orderReadyTo("33612345678")), "{", `{"access_token":"`+token+`",`, 1)
	w.control(http.MethodPost, path+"/messages", body, http.StatusOK)
	w.control(http.MethodPost, path+"/messages", strings.Replace(body, token, "another", 1), http.StatusUnauthorized)
}
