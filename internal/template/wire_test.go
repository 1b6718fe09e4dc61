package template

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSubmissionHasFurtherMembersBesideTheOthers(t *testing.T) {
	d := libraryCopy()
	d.Extra = map[string]json.RawMessage{
		"degrees_of_freedom_spec": json.RawMessage(`{"a":1}`), "allow_category_change": json.RawMessage("true"),
		"name": json.RawMessage(`"another"`),
	}
	got, err := json.Marshal(Submission(d))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"delivery","language":"en_US","category":"UTILITY","library_template_name":"delivery_update_1",` +
		`"library_template_button_inputs":[{"type":"URL","url":{"base_url":"https://ex.test/{{1}}"}}],` +
		`"allow_category_change":true,"degrees_of_freedom_spec":{"a":1}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestEditHasWhatIsSet(t *testing.T) {
	ttl, out := 600, true
	d := Definition{
		Name: "a", Language: "en", Category: CategoryUtility, MessageSendTTLSeconds: &ttl, LinkTrackingOptedOut: &out,
		Components: []Component{{Type: Body, Text: "Hi."}},
	}
	for want, edit := range map[string]Edit{
		`{"components":[{"type":"BODY","text":"Hi."}],"message_send_ttl_seconds":600,` +
			`"cta_url_link_tracking_opted_out":true}`: {
			Definition: d,
		},
		`{"category":"UTILITY"}`: {Category: "UTILITY", Definition: libraryCopy()},
	} {
		got, err := json.Marshal(edit)
		if err != nil {
			t.Fatal(err)
		}
		if want == `{"category":"UTILITY"}` && bytes.Contains(got, []byte("components")) {
			t.Errorf("a library copy brings components: %s", got)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Error(diff)
		}
	}
}

// Meta takes the words of its API in either case, and its own examples are in small letters.
func TestComponentsAreReadAsTheirWordsInCapitals(t *testing.T) {
	in := `{"type":"buttons","buttons":[{"type":"otp","otp_type":"one_tap","text":"A",` +
		`"supported_apps":[{"package_name":"p"}]}]}`
	var got Component
	if err := json.Unmarshal([]byte(in), &got); err != nil {
		t.Fatal(err)
	}
	want := Component{Type: Buttons, Buttons: []Button{{
		Type: ButtonOTP, OTPType: OTPOneTap, Text: "A", SupportedApps: json.RawMessage(`[{"package_name":"p"}]`),
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzComponentKeepsEverything reads any object as a component and writes it: nothing is lost, the
// second time changes nothing, and neither the lint nor the compiler minds.
func FuzzComponentKeepsEverything(f *testing.F) {
	for _, seed := range []string{
		`{"type":"BODY","text":"Hi {{1}}","new":{"a":[1,2]}}`, `{"type":"body","text":7}`, `{"TYPE":"BODY"}`,
		`{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"IMAGE"}]}]}`, `{"type":null}`,
		`{"type":"BUTTONS","buttons":[{"type":"URL","url":"https://ex.test/<{{1}}>","example":"a","x":1e9}]}`,
		`{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"a","has_expiration":true,"b":1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var members map[string]json.RawMessage
		var first, second Component
		if json.Unmarshal(raw, &members) != nil || members == nil {
			return
		}
		if err := json.Unmarshal(raw, &first); err != nil {
			t.Fatalf("an object is not read: %v", err)
		}
		written, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &second); err != nil {
			t.Fatalf("%s is not read again: %v", written, err)
		}
		again, err := json.Marshal(second)
		if err != nil || !bytes.Equal(written, again) {
			t.Fatalf("got %s, then %s (%v)", written, again, err)
		}
		var kept map[string]json.RawMessage
		if err := json.Unmarshal(written, &kept); err != nil {
			t.Fatal(err)
		}
		for name := range members {
			if _, there := kept[name]; !there && !emptied(members[name]) {
				t.Fatalf("%q is lost: %s", name, written)
			}
		}
		d := Definition{Name: "a", Language: "en", Category: CategoryUtility, Components: []Component{first}}
		Lint(d)
		if compiled, err := Compile(d); (compiled == nil) != (err != nil) {
			t.Fatalf("got %v and %v, want one of them", compiled, err)
		}
	})
}

// emptied tells whether a member says nothing, so that it may be left out.
func emptied(raw json.RawMessage) bool {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return false
	}
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}
