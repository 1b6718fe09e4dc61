package tenant_test

import (
	"encoding/json"
	"testing"

	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// isMadeOf checks that what a client of the Graph API posts becomes a spec of which the same is
// submitted.
func isMadeOf(t *testing.T, submission template.Submission) {
	t.Helper()
	posted, err := json.Marshal(submission)
	if err != nil {
		t.Fatal(err)
	}
	read, err := template.ReadSubmission(posted)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := tenant.SpecOf(read)
	if err != nil {
		t.Fatalf("%s: %v", posted, err)
	}
	if got, want := tenant.DefinitionDigest(tenant.Definition(&spec)),
		tenant.DefinitionDigest(template.Definition(submission)); got != want {
		t.Errorf("%s became %+v, of which something else is submitted", posted, spec)
	}
}

func TestSpecOfReadsMetasOwnSamples(t *testing.T) {
	for _, posted := range []string{
		`{"name":"order_ready","language":"pt_BR","category":"utility","allow_category_change":true,"components":[
			{"type":"body","text":"Hi {{1}}, order {{2}} is ready.","example":{"body_text":[["Ana","881"]]}},
			{"type":"header","format":"text","text":"Order {{1}}","example":{"header_text":["881"]}},
			{"type":"FOOTER","text":"Shop X"},
			{"type":"BUTTONS","buttons":[{"type":"quick_reply","text":"Later"},
				{"type":"URL","text":"Track","url":"https://ex.test/t/{{1}}","example":["881"]},
				{"type":"PHONE_NUMBER","text":"Call","phone_number":"+33170180000"}]}]}`,
		`{"name":"n","language":"en_US","category":"UTILITY","parameter_format":"named","components":[
			{"type":"BODY","text":"Hi {{first_name}}.","example":{"body_text_named_params":[
				{"param_name":"first_name","example":"Ana"}]}}]}`,
		`{"name":"code","language":"en_US","category":"AUTHENTICATION","message_send_ttl_seconds":60,"components":[
			{"type":"BODY","add_security_recommendation":true},{"type":"FOOTER","code_expiration_minutes":10},
			{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE"}]}]}`,
	} {
		definition, err := template.ReadSubmission([]byte(posted))
		if err != nil {
			t.Fatal(err)
		}
		if template.HasErrors(template.Lint(definition)) {
			t.Errorf("%s: the lint refuses it: %+v", posted, template.Lint(definition))
		}
		if _, err := tenant.SpecOf(definition); err != nil {
			t.Errorf("%s: %v", posted, err)
		}
	}
}

// What a MessageTemplate cannot say is refused: else something else would be submitted than a
// client has asked for.
func TestSpecOfRefusesWhatItCannotSay(t *testing.T) {
	const body = `{"type":"BODY","text":"Hello."}`
	for components, of := range map[string]string{
		body + `,{"type":"FOOTER","text":"Shop","of_the_future":1}`: "FOOTER",
		body + `,{"type":"HEADER","format":"TEXT","text":5}`:        "HEADER",
		body + `,` + body: "BODY",
		body + `,{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"ZERO_TAP"}]}`: "BUTTONS",
	} {
		want := "a MessageTemplate cannot say all of the component " + of
		definition, err := template.ReadSubmission(
			[]byte(`{"name":"n","language":"en","category":"UTILITY","components":[` + components + `]}`),
		)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tenant.SpecOf(definition); err == nil || err.Error() != want {
			t.Errorf("%s got %v, want %q", components, err, want)
		}
	}
}

// Nor is anything submitted that no client has asked for.
func TestSpecOfAddsNoComponent(t *testing.T) {
	definition := template.Definition{Name: "n", Language: "en", Category: "UTILITY"}
	if _, err := tenant.SpecOf(definition); err == nil ||
		err.Error() != "a MessageTemplate has a component BODY" {
		t.Errorf("got %v", err)
	}
}
