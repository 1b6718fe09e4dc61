package tenant_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// anyAccount draws an account that the API server would accept.
func anyAccount(t *rapid.T) *v1alpha1.BusinessAccount {
	secret := rapid.SampledFrom([]string{"one", "two", "three"})
	account := &v1alpha1.BusinessAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme", UID: "1"}}
	account.Spec = v1alpha1.BusinessAccountSpec{
		DisplayName: rapid.StringN(1, 40, 128).Draw(t, "displayName"), PlanName: "whatsapp", TimeZone: "Europe/Paris", WhatsAppBusinessAccountID: "7",
		APITokensSecretName: rapid.SampledFrom([]string{"", "one"}).Draw(t, "tokens"),
		Exemptions:          rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3).Draw(t, "exemptions"),
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "channels") {
		account.Spec.Channels = append(account.Spec.Channels, v1alpha1.Channel{
			Name: fmt.Sprintf("c%d", i), Type: v1alpha1.ChannelWhatsApp, PhoneNumberID: strconv.Itoa(100 + i), CredentialsSecretName: secret.Draw(t, "secret"),
			BaseURL: rapid.SampledFrom([]string{"", "https://graph.facebook.com/", "http://simulator:8090", "https://[2001:db8::1]:444"}).Draw(t, "baseURL"),
		})
	}
	if rapid.Bool().Draw(t, "callback") {
		account.Spec.Callback = &v1alpha1.Callback{URL: "https://acme.example/hook", SecretName: secret.Draw(t, "callbackSecret")}
	}
	if rapid.Bool().Draw(t, "budget") {
		account.Spec.Budget = &v1alpha1.Budget{Limit: v1alpha1.Money{Amount: "12.5", Currency: "USD"}, WarnAtPercent: rapid.SliceOfN(rapid.Int32Range(1, 100), 0, 8).Draw(t, "warn")}
	}
	if rapid.Bool().Draw(t, "gateway") {
		account.Spec.Gateway = &v1alpha1.Gateway{Replicas: new(rapid.Int32Range(0, 1).Draw(t, "replicas"))}
	}
	return account
}

// anySecrets draws Secrets of which some lack a key, a value or everything.
func anySecrets(t *rapid.T) tenant.Secrets {
	drawn := tenant.Secrets{}
	value := rapid.SampledFrom([]string{"", " ", "value", "value\n"})
	for _, name := range []string{"one", "two", "three", "acme-api-tokens"} {
		if !rapid.Bool().Draw(t, "there "+name) {
			continue
		}
		drawn[name] = map[string][]byte{}
		for _, key := range []string{"accessToken", "appSecret", "verifyToken", "secret", "default"} {
			drawn[name][key] = []byte(value.Draw(t, name+" "+key))
		}
	}
	return drawn
}

// TestEveryAccountIsCompiledOrExplained: whatever the account and its Secrets, either a sentence says what is missing, or there is a document in which no
// credential is empty; and the same input gives the same bytes.
func TestEveryAccountIsCompiledOrExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		account, given := anyAccount(t), anySecrets(t)
		if problem := tenant.CheckSecrets(account, given); problem != nil {
			if problem.Reason == "" || problem.Message == "" {
				t.Fatalf("got an empty problem %+v", problem)
			}
			return
		}
		sources := tenant.Sources{Account: account, PlanName: "whatsapp", Plan: plan(), Secrets: given}
		document, err := tenant.Document(sources)
		if err != nil {
			t.Fatal(err)
		}
		for _, channel := range document.Channels {
			if channel.AccessToken != "value" || channel.VerifyToken != "value" || channel.AppSecrets[0] != "value" {
				t.Fatalf("a channel has an empty or untrimmed credential: %+v", channel)
			}
		}
		if len(document.APITokens) == 0 {
			t.Fatal("nobody could use the gateway")
		}
		encoded, digest, err := tenant.Encode(document)
		if err != nil {
			t.Fatal(err)
		}
		again, err := tenant.Document(sources)
		if err != nil {
			t.Fatal(err)
		}
		if second, secondDigest, err := tenant.Encode(again); err != nil || digest != secondDigest || string(encoded) != string(second) {
			t.Fatalf("the same sources gave two documents: %v", err)
		}
		in := tenant.Input{Account: account, Image: "i", OperatorNamespace: "o", Config: encoded, Digest: digest}
		first, err := tenant.Objects(in)
		if err != nil {
			t.Fatal(err)
		}
		second, err := tenant.Objects(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("the same input gave two sets of objects:\n%s", diff)
		}
	})
}
