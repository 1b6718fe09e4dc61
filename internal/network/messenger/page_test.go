package messenger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

func TestReadEntry(t *testing.T) {
	milli := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	base := PageEvent{Sender: "24680135", Recipient: "555", Timestamp: milli(1760000000100)}
	with := func(edit func(*PageEvent)) PageEvent {
		e := base
		edit(&e)
		return e
	}
	tests := map[string]struct {
		content string
		want    PageEvent
	}{
		"message": {
			`"message":{"mid":"m_1","text":"hi","quick_reply":{"payload":"YES"}}`,
			with(func(e *PageEvent) { e.Kind, e.ID, e.Text, e.Payload = PageMessage, "m_1", "hi", "YES" }),
		},
		"echo": {
			`"message":{"mid":"m_1","text":"hi","is_echo":true,"app_id":1}`,
			with(func(e *PageEvent) { e.Kind, e.ID, e.Text, e.Echo = PageMessage, "m_1", "hi", true }),
		},
		"postback from an ad": {
			`"postback":{"mid":"m_2","title":"Start","payload":"GO","referral":{"ref":"r","source":"ADS","type":"OPEN_THREAD","ad_id":"9"}}`,
			with(func(e *PageEvent) {
				e.Kind, e.ID, e.Text, e.Payload = PagePostback, "m_2", "Start", "GO"
				e.Referral = &Referral{SourceType: "ADS", SourceID: "9", ClickID: "r"}
			}),
		},
		"link into the thread": {
			`"referral":{"ref":"r","source":"SHORTLINK","type":"OPEN_THREAD"}`,
			with(func(e *PageEvent) {
				e.Kind = PageReferral
				e.Referral = &Referral{SourceType: "SHORTLINK", ClickID: "r"}
			}),
		},
		"reaction removed": {
			`"reaction":{"mid":"m_1","action":"unreact"}`,
			with(func(e *PageEvent) { e.Kind, e.ID, e.Removed = PageReaction, "m_1", true }),
		},
		"delivery": {
			`"delivery":{"mids":["m_1","m_2"],"watermark":1760000000050}`,
			with(func(e *PageEvent) {
				e.Kind, e.IDs, e.Watermark = PageDelivery, []string{"m_1", "m_2"}, milli(1760000000050)
			}),
		},
		"delivery without ids": {
			`"delivery":{"watermark":1760000000050}`,
			with(func(e *PageEvent) { e.Kind, e.Watermark = PageDelivery, milli(1760000000050) }),
		},
		"read": {
			`"read":{"watermark":1760000000050}`,
			with(func(e *PageEvent) { e.Kind, e.Watermark = PageRead, milli(1760000000050) }),
		},
		"optin": {
			`"optin":{"type":"notification_messages"}`,
			with(func(e *PageEvent) { e.Kind = PageOptIn }),
		},
		"unknown": {
			`"pass_thread_control":{"new_owner_app_id":"1"}`,
			with(func(e *PageEvent) { e.Kind = PageUnknown }),
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := eventsOf(t, `{"id":"555","time":1760000000123,"messaging":[{"sender":{"id":"24680135"},`+
				`"recipient":{"id":"555"},"timestamp":1760000000100,`+tc.content+`}]}`)
			if diff := cmp.Diff([]PageEvent{tc.want}, got, cmpopts.IgnoreFields(PageEvent{}, "Raw")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func eventsOf(t *testing.T, entry string) []PageEvent {
	t.Helper()
	object, err := rawjson.ParseObject([]byte(entry))
	if err != nil {
		t.Fatal(err)
	}
	return ReadEntry(object)
}

func TestReadEntryOnStandby(t *testing.T) {
	got := eventsOf(t, `{"id":"555","standby":[{"sender":{"id":"1"},"message":{"mid":"m"}}]}`)
	if len(got) != 1 || !got[0].Standby || got[0].Kind != PageMessage {
		t.Errorf("got %+v, want one message on standby", got)
	}
}

func TestCallbackOfAPage(t *testing.T) {
	const entry = `{"id":"555","time":1760000000123,"messaging":[{"sender":{"id":"1"},"read":{"watermark":5}}],"extra":1}`
	if got, want := string(Callback("page", []byte(entry))), `{"object":"page","entry":[`+entry+`]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
