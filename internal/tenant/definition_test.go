package tenant_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

func upstreamFields(raw string) *v1alpha1.UpstreamFields {
	fields := &v1alpha1.UpstreamFields{}
	fields.Raw = []byte(raw)
	return fields
}

func specOf(t *testing.T, manifest string) *v1alpha1.MessageTemplateSpec {
	t.Helper()
	spec := &v1alpha1.MessageTemplateSpec{}
	if err := yaml.UnmarshalStrict([]byte(manifest), spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

// Every kind of component and of button, as a manifest says it and as Meta takes it. Sources:
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/limited-time-offer-templates
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/media-card-carousel-templates
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/authentication-templates
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-library
func TestEveryKindIsSubmittedAsMetaTakesIt(t *testing.T) {
	const text = `{"type":"BODY","text":"Look at this."}`
	button := func(json string) string { return text + `,{"type":"BUTTONS","buttons":[` + json + `]}` }
	tests := map[string]struct{ spec, category, components, rest string }{
		"GIF": {
			`header: {format: GIF, exampleHandle: "4::aW"}`, "MARKETING",
			`{"type":"HEADER","format":"GIF","example":{"header_handle":["4::aW"]}},` + text, "",
		},
		"video": {
			`header: {format: Video, exampleHandle: "4::aW"}`, "MARKETING",
			`{"type":"HEADER","format":"VIDEO","example":{"header_handle":["4::aW"]}},` + text, "",
		},
		"document": {
			`header: {format: Document, exampleHandle: "4::aW"}`, "MARKETING",
			`{"type":"HEADER","format":"DOCUMENT","example":{"header_handle":["4::aW"]}},` + text, "",
		},
		"location": {
			`header: {format: Location}`, "MARKETING", `{"type":"HEADER","format":"LOCATION"},` + text, "",
		},
		"product": {
			`{header: {format: Product}, buttons: [{type: SPM, text: View}]}`, "MARKETING",
			`{"type":"HEADER","format":"PRODUCT"},` + button(`{"type":"SPM","text":"View"}`), "",
		},
		"a header of the future": {
			`header: {format: SOUND}`, "MARKETING", `{"type":"HEADER","format":"SOUND"},` + text, "",
		},
		"coupon": {
			`buttons: [{type: CopyCode, example: SAVE}]`, "MARKETING",
			button(`{"type":"COPY_CODE","example":["SAVE"]}`), "",
		},
		"flow by id": {
			`buttons: [{type: Flow, text: Begin, flow: {id: "77", action: Navigate, navigateScreen: FIRST,` +
				` icon: REVIEW}}]`,
			"MARKETING",
			button(
				`{"type":"FLOW","text":"Begin","flow_id":"77","flow_action":"navigate","navigate_screen":"FIRST",` +
					`"icon":"REVIEW"}`,
			),
			"",
		},
		"flow by name": {
			`buttons: [{type: Flow, text: Begin, flow: {name: survey, action: DataExchange}}]`, "MARKETING",
			button(`{"type":"FLOW","text":"Begin","flow_name":"survey","flow_action":"data_exchange"}`), "",
		},
		"flow by JSON": {
			`buttons: [{type: Flow, text: Begin, flow: {json: '{"version":"7.0"}'}}]`, "MARKETING",
			button(`{"type":"FLOW","text":"Begin","flow_json":"{\"version\":\"7.0\"}"}`), "",
		},
		"catalogue": {
			`buttons: [{type: Catalog, text: View catalog}]`, "MARKETING",
			button(`{"type":"CATALOG","text":"View catalog"}`), "",
		},
		"several products": {
			`buttons: [{type: MPM, text: View items}]`, "MARKETING", button(`{"type":"MPM","text":"View items"}`), "",
		},
		"order details": {
			`{subCategory: ORDER_DETAILS, buttons: [{type: OrderDetails, text: Review and Pay}]}`, "MARKETING",
			button(`{"type":"ORDER_DETAILS","text":"Review and Pay"}`), `,"sub_category":"ORDER_DETAILS"`,
		},
		"voice call": {
			`buttons: [{type: VoiceCall, text: Call us, upstreamFields: {ttl_minutes: 1440}}]`, "MARKETING",
			button(`{"type":"VOICE_CALL","text":"Call us","ttl_minutes":1440}`), "",
		},
		"a button of the future": {
			`buttons: [{type: REQUEST_CONTACT_INFO, text: Share}]`, "MARKETING",
			button(`{"type":"REQUEST_CONTACT_INFO","text":"Share"}`), "",
		},
		"call permission": {
			`callPermission: Requested`, "MARKETING", text + `,{"type":"CALL_PERMISSION_REQUEST"}`, "",
		},
		"limited-time offer": {
			`limitedTimeOffer: {text: "Until Sunday", expiration: Shown}`, "MARKETING",
			`{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Until Sunday","has_expiration":true}},` + text, "",
		},
		"carousel": {
			`carousel: {cards: [{header: {format: Image, exampleHandle: "4::aW"}, body: {text: "From {{1}} on.",` +
				` examples: [{value: 9}]}, buttons: [{type: QuickReply, text: More}]}, {header: {format: Video,` +
				` exampleHandle: "4::bX"}}]}`,
			"MARKETING",
			text + `,{"type":"CAROUSEL","cards":[` +
				`{"components":[{"type":"HEADER","format":"IMAGE","example":{"header_handle":["4::aW"]}},` +
				`{"type":"BODY","text":"From {{1}} on.","example":{"body_text":[["9"]]}},{"type":"BUTTONS",` +
				`"buttons":[{"type":"QUICK_REPLY","text":"More"}]}]},` +
				`{"components":[{"type":"HEADER","format":"VIDEO","example":{"header_handle":["4::bX"]}}]}]}`, "",
		},
		"carousel of products": {
			`carousel: {cards: [{header: {format: Product}, buttons: [{type: SPM, text: View}]}]}`, "MARKETING",
			text + `,{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"PRODUCT"},` +
				`{"type":"BUTTONS","buttons":[{"type":"SPM","text":"View"}]}]}]}`,
			"",
		},
		"a component of the future": {
			`otherComponents: [{type: ORDER_STATUS, upstreamFields: {b: [1, {c: 12345678901234567890}], a: "<x>"}}]`,
			"MARKETING", text + `,{"type":"ORDER_STATUS","a":"<x>","b":[1,{"c":12345678901234567890}]}`, "",
		},
		"max price, link tracking and more": {
			`{maxPrice: {bidAmount: 1200, bidStrategy: LOWEST_COST_WITH_BID_CAP}, linkTracking: OptedOut,` +
				` sendTTLSeconds: 86400,` +
				` upstreamFields: {degrees_of_freedom_spec: {creative_features_spec: {image_touchups: ` +
				`{enroll_status: OPT_IN}}}}}`,
			"MARKETING", text,
			`,"message_send_ttl_seconds":86400,"optimization_spec":{"bid_amount":1200,` +
				`"bid_strategy":"LOWEST_COST_WITH_BID_CAP"},"cta_url_link_tracking_opted_out":true,` +
				`"degrees_of_freedom_spec":{"creative_features_spec":{"image_touchups":{"enroll_status":"OPT_IN"}}}`,
		},
		"links that are tracked, for 30 days": {
			`{category: Utility, linkTracking: OptedIn, sendTTLSeconds: -1}`, "UTILITY", text,
			`,"message_send_ttl_seconds":-1,"cta_url_link_tracking_opted_out":false`,
		},
		"a category of the future": {`category: SERVICE`, "SERVICE", text, ""},
		"a copy of the library's": {
			`{category: Utility, libraryTemplate: {name: delivery_update_1, bodyInputs: {add_contact_number: true},` +
				` buttonInputs: [{type: URL, url: {base_url: "https://ex.test/{{1}}",` +
				` url_suffix_example: "https://ex.test/demo"}}]}}`,
			"UTILITY", "",
			`,"library_template_name":"delivery_update_1","library_template_body_inputs":{"add_contact_number":true},` +
				`"library_template_button_inputs":[{"type":"URL","url":{"base_url":"https://ex.test/{{1}}",` +
				`"url_suffix_example":"https://ex.test/demo"}}]`,
		},
		"one tap": {
			`{category: Authentication, body: {text: Your code, securityRecommendation: Hidden},` +
				` buttons: [{type: OneTap, text: Copy, autofillText: Fill in, supportedApps: [{packageName: a.b,` +
				` signatureHash: K8a}, {packageName: a.c, signatureHash: L9b}]}]}`,
			"AUTHENTICATION",
			`{"type":"BODY","add_security_recommendation":false},{"type":"BUTTONS","buttons":[{"type":"OTP",` +
				`"text":"Copy","otp_type":"ONE_TAP","autofill_text":"Fill in",` +
				`"supported_apps":[{"package_name":"a.b","signature_hash":"K8a"},{"package_name":"a.c",` +
				`"signature_hash":"L9b"}]}]}`, "",
		},
		"zero tap": {
			`{category: Authentication, buttons: [{type: ZeroTap, supportedApps: [{packageName: a.b,` +
				` signatureHash: K8a}]}]}`,
			"AUTHENTICATION",
			`{"type":"BODY"},{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"ZERO_TAP",` +
				`"supported_apps":[{"package_name":"a.b","signature_hash":"K8a"}],"zero_tap_terms_accepted":true}]}`,
			"",
		},
		"copy code": {
			`{category: Authentication, buttons: [{type: CopyCode}]}`, "AUTHENTICATION",
			`{"type":"BODY"},{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE"}]}`, "",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			spec := specOf(t, tc.spec)
			spec.Name, spec.Language = "n", "en"
			if spec.Category == "" {
				spec.Category = v1alpha1.TemplateMarketing
			}
			if spec.Body.Text == "" {
				spec.Body.Text = "Look at this."
			}
			want := `{"name":"n","language":"en","category":"` + tc.category + `","parameter_format":"POSITIONAL"` + tc.rest
			if tc.components != "" {
				want += `,"components":[` + tc.components + `]`
			}
			got, err := json.Marshal(template.Submission(tenant.Definition(spec)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(treeOf(t, want+`}`), treeOf(t, string(got))); diff != "" {
				t.Error(diff)
			}
			if template.HasErrors(tenant.Findings(spec)) && name != "carousel" { // whose cards differ on purpose
				t.Errorf("the lint refuses it: %+v", tenant.Findings(spec))
			}
			comesBackTheSame(t, tenant.Definition(spec))
			if spec.LibraryTemplate == nil {
				isMadeOf(t, template.Submission(tenant.Definition(spec)))
			}
		})
	}
}

// comesBackTheSame checks that a definition is the same after the way through the gateway's
// configuration: else its digest would not be that of what was submitted, and it would be submitted
// again.
func comesBackTheSame(t *testing.T, definition template.Definition) {
	t.Helper()
	written, err := json.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	var read template.Definition
	if err := json.Unmarshal(written, &read); err != nil {
		t.Fatal(err)
	}
	if tenant.DefinitionDigest(read) != tenant.DefinitionDigest(definition) {
		t.Errorf("%s has another digest when it is read", written)
	}
	if got := tenant.Differences(definition, read); len(got) != 0 {
		t.Errorf("it differs from itself in %v", got)
	}
}

func treeOf(t *testing.T, document string) any {
	t.Helper()
	var tree any
	if err := json.Unmarshal([]byte(document), &tree); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return tree
}

// The digests are those that releases before this one have recorded: another would make every
// template be submitted again.
func TestDigestOfAnOlderTemplateIsKept(t *testing.T) {
	spec := specOf(
		t, `{name: order_ready, language: en_US, category: Utility, body: {text: "Hello, your order is ready."}}`,
	)
	const want = `{"name":"order_ready","language":"en_US","category":"UTILITY","parameter_format":"POSITIONAL",` +
		`"components":[{"type":"BODY","text":"Hello, your order is ready."}]}`
	if got := tenant.DefinitionDigest(tenant.Definition(spec)); got != tenant.Digest([]byte(want)) {
		t.Errorf("got %s, want the digest of %s", got, want)
	}
}

// Meta's copy has more than was asked for: texts of its own, members and components that are not
// known here.
func TestDifferencesPassOverWhatMetaAdds(t *testing.T) {
	wanted := tenant.Definition(specOf(t, `{name: n, language: en, category: Marketing, body: {text: Hi.},
		buttons: [{type: CopyCode, example: SAVE}], otherComponents: [{type: ORDER_STATUS, upstreamFields: {a: 1}}],
		carousel: {cards: [{header: {format: Product}, buttons: [{type: SPM, text: View}]}]}}`))
	var upstream template.Definition
	if err := json.Unmarshal([]byte(`{"components":[{"type":"BODY","text":"Hi.","mood":"good"},{"type":"ORDER_STATUS","b":2},{"type":"TOMORROW"},
		{"type":"BUTTONS","buttons":[{"type":"COPY_CODE","text":"Copy offer code","example":["SAVE"],"id":7}]},
		{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"PRODUCT"},{"type":"BUTTONS","buttons":[{"type":"SPM","text":"View"}]}]}]}]}`),
		&upstream); err != nil {
		t.Fatal(err)
	}
	if got := tenant.Differences(wanted, upstream); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
	upstream.Components[4].Cards[0].Components[0].Format = "IMAGE"
	if diff := cmp.Diff([]string{"carousel"}, tenant.Differences(wanted, upstream)); diff != "" {
		t.Error(diff)
	}
}
