package gateway

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
)

func (w *world) consents(body string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v26.0/"+phoneID+"/consents", body)
}

func TestConsentPolicyDecidesWhoIsWrittenTo(t *testing.T) {
	t.Parallel()
	const granted, withdrawn = `{"consents":[{"user":"+33 6 12 34 56 78","state":"granted"}]}`, `{"consents":[{"user":"33612345678","state":"withdrawn"}]}`
	tests := map[string]struct {
		policy, consent string
		wrote           bool
		code            int
	}{
		"PriorContact, a stranger":              {config.ConsentPriorContact, "", false, 131005},
		"PriorContact, wrote once":              {config.ConsentPriorContact, "", true, 0},
		"PriorContact, a stranger who agreed":   {config.ConsentPriorContact, granted, false, 0},
		"PriorContact, wrote and took it back":  {config.ConsentPriorContact, withdrawn, true, 131005},
		"OptIn, wrote once":                     {config.ConsentOptIn, "", true, 131005},
		"OptIn, agreed":                         {config.ConsentOptIn, granted, false, 0},
		"OptIn, took it back":                   {config.ConsentOptIn, withdrawn, true, 131005},
		"None, a stranger":                      {config.ConsentNone, "", false, 0},
		"None, a stranger who took it back too": {config.ConsentNone, withdrawn, false, 131005},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(d *config.Document) { d.Consent.Policy = tc.policy })
				if tc.wrote {
					w.writes(ana, "hello", 48*time.Hour)
				}
				if tc.consent != "" {
					if got := w.consents(tc.consent); got.status != http.StatusOK || got.body != `{"success":true}` {
						t.Fatalf("the consent got %d %s", got.status, got.body)
					}
				}
				if got := w.send(templateTo(ana, "parcel_ready")); got.code != tc.code {
					t.Fatalf("got %d %s, want code %d", got.status, got.body, tc.code)
				}
			})
		})
	}
}

func TestAnswerWithinTheWindowNeedsNoConsent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Consent.Policy = config.ConsentOptIn })
		w.writes(ana, "hello", 0)
		w.accepted(textTo(ana, "hi"))
		w.accepted(templateTo(ana, "parcel_ready"))
	})
}

func TestStopKeywordEndsMarketingOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.accepted(templateTo(ana, "summer_sale"))
		w.writes(ana, "don't STOP now", 3*time.Second)
		w.accepted(templateTo(ana, "summer_sale"))
		w.writes(ana, " stop. ", 2*time.Second)
		got := w.send(templateTo(ana, "summer_sale"))
		if got.code != 131050 ||
			got.details != "The customer has stopped marketing messages. Do not send marketing until they resume." {
			t.Fatalf("got %s, want 131050", got.body)
		}
		w.accepted(templateTo(ana, "parcel_ready"))
		w.accepted(textTo(ana, "you are off the list"))
		w.writes(ana, "Start", time.Second)
		w.accepted(templateTo(ana, "summer_sale"))
	})
}

// TestOwnRefusalIsNoStop follows a message that waits while its customer stops marketing: it is
// given up, and that is our own word, which must not outlast the customer's next one.
func TestOwnRefusalIsNoStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131016,"next":1}`)
		id := w.accepted(templateTo(ana, "summer_sale"))
		w.writes(ana, "stop", time.Minute)
		w.until("the message is given up", func() bool { return slices.Contains(w.business.statuses(id), "failed") })
		w.writes(ana, "start", 30*time.Second)
		w.accepted(templateTo(ana, "summer_sale"))
	})
}

// TestConsentThatIsTakenBackReachesWhatIsQueued follows a message that waits while its customer
// takes the consent back.
func TestConsentThatIsTakenBackReachesWhatIsQueued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Consent.Policy = config.ConsentOptIn })
		w.consents(`{"consents":[{"user":"33612345678","state":"granted"}]}`)
		w.control(http.MethodPost, "faults", `{"code":131016,"next":1}`)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		w.consents(`{"consents":[{"user":"33612345678","state":"withdrawn"}]}`)
		w.until("the message has ended", func() bool { return len(w.business.statuses(id)) > 0 })
		if got := w.business.statuses(id); !slices.Equal(got, []string{"failed"}) {
			t.Fatalf("the business was told %q, want that it failed: the customer is not to be written to", got)
		}
	})
}

func TestPreferenceOfTheNetworkStopsMarketing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "phones/"+ana+"/preferences", `{"to":"`+phoneID+`","value":"stop"}`)
		w.until("marketing is stopped", func() bool { return w.send(templateTo(ana, "summer_sale")).code == 131050 })
		w.accepted(templateTo(ana, "parcel_ready"))
	})
}

func TestUpstreamsWordThatMarketingIsStoppedCountsAsAStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131050,"async":true,"next":1}`)
		w.accepted(templateTo(ana, "summer_sale"))
		w.settled(1)
		if got := w.send(templateTo(ana, "summer_sale")); got.code != 131050 {
			t.Fatalf("got %s, want 131050", got.body)
		}
	})
}

func TestBlockedCustomerIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "you are all thieves", 0)
		request := `{"messaging_product":"whatsapp","block_users":[{"user":"+33612345678"},{"user":"+33612345679"}]}`
		got := w.do(http.MethodPost, "/v26.0/"+phoneID+"/block_users", request)
		if got.status != http.StatusBadRequest || got.code != 139100 || !strings.Contains(
			got.body, `"added_users":[{"input":"+33612345678","wa_id":"33612345678"}]`,
		) ||
			!strings.Contains(got.body, `"failed_users":[{"input":"+33612345679"`) ||
			!strings.Contains(got.body, `"message":"Re-engagement required"`) ||
			!strings.Contains(got.body, `"fbtrace_id":"A`) {
			t.Fatalf(
				"got %d %s, want one blocked and one not: only who wrote within 24 hours can be", got.status, got.body,
			)
		}
		if got := w.send(templateTo(ana, "parcel_ready")); got.code != 131026 {
			t.Fatalf("got %s, want 131026", got.body)
		}
		got = w.do(
			http.MethodDelete, "/v26.0/"+phoneID+"/block_users",
			`{"messaging_product":"whatsapp","block_users":[{"user":"+33612345678"}]}`,
		)
		if got.status != http.StatusOK || !strings.Contains(got.body, "removed_users") {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.accepted(templateTo(ana, "parcel_ready"))
	})
}

func TestErasedCustomerIsForgottenAndTheLedgerIsNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.RetentionSeconds = 3600 })
		w.writes(ana, "forget me", 0)
		w.accepted(textTo(ana, "goodbye"))
		before := w.settled(1)
		w.until("nothing waits", func() bool { return w.report().Queues.Callbacks == 0 })
		got := w.do(
			http.MethodPost, "/v26.0/"+phoneID+"/erase",
			`{"messaging_product":"whatsapp","users":[{"user":"+33612345678"}]}`,
		)
		if got.status != http.StatusOK || got.body != `{"success":true,"unsettled":0}` {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		r := w.report()
		if r.OpenWindows != 0 || r.Ledger != before.Ledger || r.Period.Messages != 1 {
			t.Fatalf(
				"%d windows open, ledger %+v, %d messages; want no window and the ledger as it was", r.OpenWindows,
				r.Ledger, r.Period.Messages,
			)
		}
		if again := w.send(textTo(ana, "hello?")); again.code != 131047 || !strings.HasPrefix(
			again.details, "No service window",
		) {
			t.Fatalf("got %s, want 131047 as for a stranger", again.body)
		}
		for _, body := range []string{`{"users":[]}`, `{"users":[{"user":"Ana"}]}`} {
			if bad := w.do(http.MethodPost, "/v26.0/"+phoneID+"/erase", body); bad.code != 131009 {
				t.Fatalf("%s got %s, want 131009", body, bad.body)
			}
		}
	})
}

// TestErasureWaitsForWhatIsUnderWay erases a customer who has stopped marketing while a marketing
// message waits: the wish outlasts the message.
func TestErasureWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131016,"next":1}`)
		id := w.accepted(templateTo(ana, "summer_sale"))
		w.writes(ana, "stop", 0)
		const path, request = "/v26.0/" + phoneID + "/erase", `{"users":[{"user":"+33612345678"}]}`
		if got := w.do(http.MethodPost, path, request); got.body != `{"success":true,"unsettled":1}` {
			t.Fatalf("got %d %s, want one message that had to stay", got.status, got.body)
		}
		w.until("the message has ended", func() bool { return len(w.business.statuses(id)) > 0 })
		if got := w.business.statuses(id); !slices.Equal(got, []string{"failed"}) {
			t.Fatalf("the business was told %q, want that it failed: the customer had stopped marketing", got)
		}
		if got := w.do(
			http.MethodPost, path, request,
		); got.body != `{"success":true,"unsettled":0}` || w.report().OpenWindows != 0 {
			t.Fatalf("got %d %s and a window is open, want nothing left", got.status, got.body)
		}
	})
}

func TestErasureTakesACallbackAboutAPreferenceAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.business.down.Store(true)
		w.control(http.MethodPost, "phones/"+ana+"/preferences", `{"to":"`+phoneID+`","value":"stop"}`)
		w.until("the callback waits", func() bool { return w.report().Queues.Callbacks == 1 })
		w.do(http.MethodPost, "/v26.0/"+phoneID+"/erase", `{"users":[{"user":"+33612345678"}]}`)
		if n := w.report().Queues.Callbacks; n != 0 {
			t.Fatalf("%d callbacks still wait, with the number in them", n)
		}
	})
}

func TestErasureTakesACallbackAboutSeveralPreferencesAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.business.down.Store(true)
		at := unixSeconds(w.clock.Now())
		body := `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","changes":[{"field":"user_preferences","value":{"metadata":{"phone_number_id":"` + phoneID +
			`"},"user_preferences":[{"wa_id":"` + ana + `","category":"marketing_messages","value":"stop","timestamp":` + at +
			`},{"wa_id":"33612340009","category":"marketing_messages","value":"stop","timestamp":` + at + `}]}}]}]}`
		if got := w.webhook(body, appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		before := w.report().Queues.Callbacks
		w.do(http.MethodPost, "/v26.0/"+phoneID+"/erase", `{"users":[{"user":"+33612345678"},{"user":"33612340009"}]}`)
		if n := w.report().Queues.Callbacks; before == 0 || n != 0 {
			t.Fatalf("of %d callbacks %d still wait, with the numbers in them", before, n)
		}
	})
}

func TestErasureTakesACallbackAboutAChangedUserIDAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.business.down.Store(true)
		body := w.change("messages", `"messages":[{"id":"wamid.system","timestamp":"`+unixSeconds(w.clock.Now())+
			`","type":"system","system":{"type":"user_changed_user_id","user_id":"FR.2222","previous_user_id":"FR.1111"}}]`)
		if got := w.webhook(body, appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		before := w.report().Queues.Callbacks
		w.do(http.MethodPost, "/v26.0/"+phoneID+"/erase", `{"users":[{"user":"FR.1111"}]}`)
		if n := w.report().Queues.Callbacks; before != 1 || n != 0 {
			t.Fatalf("of %d callbacks %d still wait, with the user id in them", before, n)
		}
	})
}

// TestErasedCustomerIsNotRememberedByALateStatus tells what the upstream still says of an erased
// message: it names the recipient.
func TestErasedCustomerIsNotRememberedByALateStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		w.settled(1)
		late := strings.Replace(
			w.status(w.submittedID(id), "read", ""), `"status":"read"`,
			`"status":"read","biz_opaque_callback_data":"`+id+`"`, 1,
		)
		if got := w.do(
			http.MethodPost, "/v26.0/"+phoneID+"/erase", `{"users":[{"user":"+33612345678"}]}`,
		); got.body != `{"success":true,"unsettled":0}` {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if got := w.webhook(late, appSecret); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if kept := w.stored(`SELECT COUNT(*) FROM early_statuses`); kept != "0" {
			t.Fatalf("%s statuses of the erased message are kept, with the number in them", kept)
		}
	})
}

// TestStopHoldsForEverySpellingOfTheNumber: the upstream puts the business's country code before a
// number that has none, so what is sent to it reaches the same customer.
func TestStopHoldsForEverySpellingOfTheNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "stop", time.Minute)
		for _, to := range []string{
			"+33 6 12 34 56 78", "33612345678", "(33) 6-12.34.56.78", "0612345678", "0033612345678", "+0033612345678",
		} {
			if got := w.send(templateTo(to, "summer_sale")); got.code != 131050 && got.code != 131009 {
				t.Errorf("to %q: got %d %s, want it refused", to, got.status, got.body)
			}
		}
	})
}

// TestAddressThatNoSendTakesIsRefused: a wish that is recorded under an address that no send has
// would be acknowledged and never kept.
func TestAddressThatNoSendTakesIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for _, user := range []string{"US.1349 ", "US.", "US.13-49", "US.13491208655302741918\\n", "US.+1349"} {
			if got := w.consents(`{"consents":[{"user":"` + user + `","state":"withdrawn"}]}`); got.code != 131009 {
				t.Errorf("%q got %d %s, want 131009", user, got.status, got.body)
			}
		}
		const user = "33.612.34.56.78"
		w.consents(`{"consents":[{"user":"` + user + `","state":"withdrawn"}]}`)
		if got := w.send(templateTo(user, "parcel_ready")); got.code != 131005 {
			t.Errorf("%s took the consent back and got %d %s, want 131005", user, got.status, got.body)
		}
	})
}

func TestMessagingLimitCountsAPersonOnceWhicheverNumberWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Limits.CustomersPerDay = 1 })
		w.accepted(templateTo("33612340001", "parcel_ready"))
		second := "/v26.0/" + secondPhone + "/messages"
		if got := w.do(
			http.MethodPost, second, templateTo("33612340001", "parcel_ready"),
		); got.status != http.StatusOK {
			t.Fatalf("the same person by the other number got %d %s", got.status, got.body)
		}
		if got := w.do(http.MethodPost, second, templateTo("33612340002", "parcel_ready")); got.code != 131048 {
			t.Fatalf(
				"another person by the other number got %d %s, want 131048: the limit is of all numbers", got.status,
				got.body,
			)
		}
	})
}

func TestMessagingLimitCountsDifferentCustomersOutsideTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Limits.CustomersPerDay = 2 })
		w.writes("33612340009", "hello", 0)
		w.accepted(templateTo("33612340001", "parcel_ready"))
		w.clock.Advance(2 * time.Hour)
		w.accepted(templateTo("33612340002", "parcel_ready"))
		w.accepted(templateTo("33612340002", "parcel_ready"))
		w.accepted(templateTo("33612340009", "parcel_ready"))
		got := w.send(templateTo("33612340003", "parcel_ready"))
		if got.code != 131048 || got.header.Get("Retry-After") != "79200" {
			t.Fatalf(
				"got %d %s, Retry-After %q; want 131048 and the 22 hours until the first of the two counts no more",
				got.status, got.body, got.header.Get("Retry-After"),
			)
		}
		w.clock.Advance(22 * time.Hour)
		w.accepted(templateTo("33612340003", "parcel_ready"))
	})
}
