package webhook

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/network"
)

func TestFileOfAMessage(t *testing.T) {
	webhook, err := Parse([]byte(`{"object":"whatsapp_business_account","entry":[{"id":"1",` +
		`"changes":[{"field":"messages","value":{` +
		`"metadata":{"phone_number_id":"106"},"messages":[` +
		`{"id":"a","type":"image","image":{"url":"https:\/\/files.example\/a?x=1","sha256":"s","id":"7"}},` +
		`{"id":"b","type":"text","text":{"body":"x","url":"https://files.example/b"}},{"id":"c","type":"audio","audio":{"id":"8"}}]}}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	messages := webhook.Changes[0].Messages
	want := network.File{URL: "https://files.example/a?x=1", SHA256: "s"}
	if got := messages[0].File(); got == nil || *got != want {
		t.Errorf("the picture's file is %+v", got)
	}
	if messages[1].File() != nil || messages[2].File() != nil {
		t.Error("a text, or a sound without an address, has a file")
	}
	if got := messages[0].Readdressed(messages[0].File()); got != nil {
		t.Errorf("what was not replaced is written anew: %s", got)
	}
	changed := messages[0].Readdressed(&network.File{URL: "http://gateway/media/x"})
	if len(changed) != 1 || changed[0].Name != "image" ||
		string(changed[0].Value) != `{"url":"http://gateway/media/x","sha256":"s","id":"7"}` {
		t.Errorf("it is written as %s", changed)
	}
}
