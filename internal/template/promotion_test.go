package template

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPromotionIsFoundWhereverItStands(t *testing.T) {
	d := withCards()
	d.Category = CategoryUtility
	d.Components[0] = Component{
		Type: Body, Text: "News for you: {{1}}. Bye.", Example: &Example{BodyText: [][]string{{"Discount inside"}}},
	}
	card := d.Components[1].Cards[0].Components
	card[1].Text = "Half price"
	card[2].Buttons = []Button{
		{Type: ButtonURL, Text: "Shop now", URL: "https://ex.test/?utm_source=wa"},
		{Type: ButtonCopyCode, Example: Strings{"A"}},
		{Type: ButtonFlow, Text: "Begin", FlowJSON: `{"screens":[{"title":"Our vouchers"}]}`},
	}
	d.Components = append(
		d.Components,
		Component{Type: LimitedTimeOffer, Offer: &Offer{Text: "Black Friday"}},
		Component{Type: "TOMORROW", Extra: map[string]json.RawMessage{"deep": json.RawMessage(`[{"text":"20% off"}]`)}},
		Component{Type: Buttons, Buttons: []Button{{Type: ButtonSPM, Text: "View"}}},
		Component{Type: Header, Format: FormatProduct},
	)
	d.Extra = map[string]json.RawMessage{"title": json.RawMessage(`"Flash sale"`)}
	var got []string
	for _, finding := range Promotion(d) {
		got = append(got, finding.Path+": "+finding.Message)
	}
	want := []string{
		`components[1].cards[0].components[1].text: "Half price"`,
		`components[1].cards[0].components[2].buttons[0].text: "Shop now"`,
		`components[2].limited_time_offer.text: "Black Friday"`,
		`components[3].extra: "20% off"`,
		`components[0].example: "Discount"`,
		`components[1].cards[0].components[2].buttons[0].url: the link's parameter "utm_source"`,
		`components[1].cards[0].components[2].buttons[2].flow_json: "vouchers"`,
		`extra: "Flash sale"`,
		`components[1].cards[0].components[2].buttons[1].type: a coupon`,
		`components[2].type: a limited-time offer`,
		`components[4].buttons[0].type: a button to products`,
		`components[5].format: a product`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoPromotion(t *testing.T) {
	coupon := oneTimeCodeTemplate()
	coupon.Components[2].Buttons[0].Text = "Discount"
	for name, d := range map[string]Definition{"utility": valid(), "named": named(), "authentication": coupon} {
		if got := Promotion(d); len(got) != 0 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// The warning of a dearer category speaks every language that has a list.
func TestUtilityThatReadsAsPromotionIsWarnedOf(t *testing.T) {
	for language, tc := range map[string]struct{ text, word string }{
		"en": {"There is a discount.", "discount"}, "fr": {"Les soldes sont là.", "soldes"},
		"pt_BR": {"Há um desconto.", "desconto"}, "es": {"Tenemos rebajas hoy.", "rebajas"},
		"de": {"Es gibt einen Rabatt.", "Rabatt"}, "hi": {"आज 20% छूट है।", "20% छूट"},
		"id": {"Ada diskon hari ini.", "diskon"}, "ar": {"لدينا تخفيضات اليوم.", "تخفيضات"},
	} {
		d := valid()
		d.Language, d.Components = language, []Component{{Type: Body, Text: tc.text}}
		want := []Finding{{
			"utility-promotional", Warning, "components",
			`Remove "` + tc.word + `" or use category MARKETING: Meta may approve the template as marketing, which ` +
				`costs more.`,
		}}
		if diff := cmp.Diff(want, Lint(d)); diff != "" {
			t.Errorf("%s: %s", language, diff)
		}
	}
}
