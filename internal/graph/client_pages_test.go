package graph

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSubscribePageNamesItsFields(t *testing.T) {
	client, last := upstream(t, 200, `{"success":true}`)
	if err := client.SubscribePage(t.Context(), "108", []string{"messages", "messaging_postbacks"}); err != nil {
		t.Fatal(err)
	}
	const want = "POST /v26.0/108/subscribed_apps?subscribed_fields=messages%2Cmessaging_postbacks"
	if *last != want {
		t.Errorf("got %s, want %s", *last, want)
	}
}

func TestPageAppsReadsFields(t *testing.T) {
	client, _ := upstream(t, 200, `{"data":[{"id":"77","name":"App","subscribed_fields":["messages"]},{"id":"78"}]}`)
	apps, err := client.PageApps(t.Context(), "108")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]PageApp{{ID: "77", Fields: []string{"messages"}}, {ID: "78"}}, apps); diff != "" {
		t.Error(diff)
	}
}

func TestProfileEqualsWhatMetaAddsDefaultsTo(t *testing.T) {
	client, _ := upstream(t, 200, `{"data":[{"get_started":{"payload":"GO"},"greeting":[`+
		`{"locale":"fr_FR","text":"Bonjour"},{"locale":"default","text":"Hello"}],`+
		`"persistent_menu":[{"locale":"default",`+
		`"composer_input_disabled":false,"call_to_actions":[{"type":"web_url","title":"Shop",`+
		`"url":"https://x.example",`+
		`"webview_height_ratio":"full"}]}]}]}`)
	there, err := client.PageProfile(t.Context(), "108")
	if err != nil {
		t.Fatal(err)
	}
	wanted := PageProfile{
		GetStarted: &GetStarted{Payload: "GO"},
		Greetings:  []Greeting{{Locale: "default", Text: "Hello"}, {Locale: "fr_FR", Text: "Bonjour"}},
		Menus: []Menu{{Locale: "default", Items: []MenuItem{
			{Type: "web_url", Title: "Shop", URL: "https://x.example"},
		}}},
	}
	if !wanted.Equal(there) {
		t.Errorf("got %+v, want it to equal %+v", there, wanted)
	}
	wanted.Menus[0].InputDisabled = true
	wanted.Greetings = nil
	set, gone, err := wanted.changes(there)
	if err != nil || len(set) != 1 || set["persistent_menu"] == nil {
		t.Errorf("got %s, %v; want the menu to be set", set, err)
	}
	if diff := cmp.Diff([]string{"greeting"}, gone); diff != "" {
		t.Error(diff)
	}
}

func TestSetPageProfileSetsBeforeItDeletes(t *testing.T) {
	client, last := upstream(t, 200, `{"result":"success"}`)
	there := PageProfile{Greetings: []Greeting{{Locale: "default", Text: "Hello"}}}
	if err := client.SetPageProfile(
		t.Context(), "108", PageProfile{GetStarted: &GetStarted{Payload: "GO"}}, there,
	); err != nil {
		t.Fatal(err)
	}
	if want := `DELETE /v26.0/108/messenger_profile {"fields":["greeting"]}`; *last != want {
		t.Errorf("got %s, want %s last", *last, want)
	}
}
