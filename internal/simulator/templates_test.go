package simulator

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/template"
)

func notice(name, body string) template.Definition {
	return template.Definition{
		Name: name, Language: "en", Category: template.CategoryUtility,
		Components: []template.Component{{Type: template.Body, Text: body}},
	}
}

func edited(components ...template.Component) template.Edit {
	return template.Edit{Definition: template.Definition{Components: components}}
}

func (w *world) create(d template.Definition) graph.CreatedTemplate {
	w.Helper()
	created, err := w.client.CreateTemplate(w.Context(), account1, d)
	if err != nil {
		w.Fatal(err)
	}
	return created
}

func (w *world) template(id string) graph.UpstreamTemplate {
	w.Helper()
	found, err := w.client.GetTemplate(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return found
}

func noticeTo(name string) []byte {
	return []byte(
		`{"messaging_product":"whatsapp","to":"+` + ana + `","type":"template","template":{"name":"` + name + `","language":{"code":"en"}}}`,
	)
}

func TestReviewApprovesRejectsAndChangesTheCategory(t *testing.T) {
	tests := map[string]struct {
		definition               template.Definition
		status, category, reason string
		code                     int
		fields                   []string
	}{
		"approved": {
			notice("delay", "Your parcel is late."), "APPROVED", "UTILITY", "NONE", 0,
			[]string{"message_template_status_update"},
		},
		"rejected by its name": {
			notice("reject_me", "Your parcel is late."), "REJECTED", "UTILITY", "INVALID_FORMAT", 132001,
			[]string{"message_template_status_update"},
		},
		"utility with promotion": {
			notice("delay_sale", "Your parcel is late. Here is a 20% off voucher."), "APPROVED", "MARKETING", "NONE", 0,
			[]string{"message_template_status_update", "template_category_update"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testConfig(), nil)
			created := w.create(tc.definition)
			if created.Status != "PENDING" || created.Category != "UTILITY" {
				t.Errorf("created: got %+v", created)
			}
			w.idle()
			got := w.template(created.ID)
			if got.Status != tc.status || got.Category != tc.category || got.RejectedReason != tc.reason {
				t.Errorf(
					"got %s %s %s, want %s %s %s", got.Status, got.Category, got.RejectedReason, tc.status, tc.category,
					tc.reason,
				)
			}
			var fields []string
			for _, c := range w.business.changes {
				fields = append(fields, c.Field)
				if c.Template == nil || c.Template.ID != created.ID || c.Template.Name != tc.definition.Name {
					t.Errorf("webhook: got %+v", c.Template)
				}
			}
			if diff := cmp.Diff(tc.fields, fields); diff != "" {
				t.Error(diff)
			}
			if tc.code != 0 {
				w.refused(noticeTo(tc.definition.Name), tc.code)
				return
			}
			w.mustSend(noticeTo(tc.definition.Name))
		})
	}
}

func TestTemplateIsUsableOnlyWhileApproved(t *testing.T) {
	config := testConfig()
	config.Review.Manual = true
	w := newWorld(t, config, nil)
	id := w.create(notice("delay", "Your parcel is late.")).ID
	w.refused(noticeTo("delay"), graph.CodeTemplateMissing)
	for _, step := range []struct {
		status string
		code   int
	}{{"APPROVED", 0}, {"PAUSED", 132015}, {"APPROVED", 0}, {"DISABLED", 132016}, {"REJECTED", 132001}} {
		w.control("PUT", "/control/templates/"+id, `{"status":"`+step.status+`"}`, 200)
		if step.code == 0 {
			w.mustSend(noticeTo("delay"))
		} else {
			w.refused(noticeTo("delay"), step.code)
		}
	}
	w.refused(
		[]byte(
			`{"messaging_product":"whatsapp","to":"+5511999990000","type":"template","template":{"name":"order_ready","language":{"code":"en_US"}}}`,
		),
		132000,
	)
	w.refused(
		[]byte(
			`{"messaging_product":"whatsapp","to":"+5511999990000","type":"template","template":{"name":"order_ready","language":{"code":"pt_BR"}}}`,
		),
		132001,
	)
}

func TestTemplateCreationIsChecked(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	tests := map[string]struct {
		definition template.Definition
		subcode    int
	}{
		"leading variable": {notice("x", "{{1}} is late."), 2388299},
		"gap":              {notice("x", "Your {{2}} is late."), 2388072},
		"bad name":         {notice("X", "Your parcel is late."), 0},
		"exists already":   {orderReady(), 0},
		"of the library": {template.Definition{
			Name: "x", Language: "en", Category: "UTILITY", LibraryTemplateName: "delivery_update_1",
		}, 0},
	}
	for name, tc := range tests {
		_, err := w.client.CreateTemplate(t.Context(), account1, tc.definition)
		failure, ok := graph.AsError(err)
		if !ok || failure.Code != 100 || failure.Subcode != tc.subcode {
			t.Errorf("%s: got %v, want 100 with subcode %d", name, err, tc.subcode)
		}
	}
}

func TestTemplatesAreListedInPagesEditedAndDeleted(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	for _, name := range []string{"a", "b", "c"} {
		w.create(notice(name, "Notice "+name+" is here."))
	}
	w.idle()
	var names []string
	query := graph.TemplateQuery{Limit: 3}
	for {
		page, err := w.client.ListTemplates(t.Context(), account1, query)
		if err != nil {
			t.Fatal(err)
		}
		for _, held := range page.Templates {
			names = append(names, held.Name)
		}
		if query.After = page.After; query.After == "" {
			break
		}
		names = append(names, "|")
	}
	if diff := cmp.Diff([]string{"order_ready", "a", "b", "|", "c"}, names); diff != "" {
		t.Error(diff)
	}
	page, err := w.client.ListTemplates(t.Context(), account1, graph.TemplateQuery{Name: "b", Status: "APPROVED"})
	if err != nil || len(page.Templates) != 1 {
		t.Fatalf("by name: got %+v, %v", page, err)
	}
	b := page.Templates[0]
	if err := w.client.EditTemplate(
		t.Context(), b.ID, edited(template.Component{Type: template.Body, Text: "Notice changed."}),
	); err != nil {
		t.Fatal(err)
	}
	w.idle()
	if got := w.template(b.ID); got.Status != "APPROVED" || got.Components[0].Text != "Notice changed." {
		t.Errorf("edited: got %+v", got)
	}
	if err := w.client.EditTemplate(
		t.Context(), b.ID, template.Edit{Category: "MARKETING", Definition: b.Definition},
	); err == nil {
		t.Error("the category of an approved template was changed")
	}
	if err := w.client.DeleteTemplate(t.Context(), account1, "b", ""); err != nil {
		t.Fatal(err)
	}
	w.refused(noticeTo("b"), graph.CodeTemplateMissing)
	if err := w.client.DeleteTemplate(t.Context(), account1, "b", ""); err == nil {
		t.Error("a template was deleted twice")
	}
}

// A direct send goes as if it were templated:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/direct-send.
func TestDirectSendNeedsNoWindowAndIsPricedByItsCategory(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.mustSend(
		[]byte(`{"messaging_product":"whatsapp","to":"+` + ana + `","category":"utility","text":{"body":"hello"}}`),
	)
	w.idle()
	if got := w.s.Messages(
		MessageFilter{},
	)[0].Pricing; got == nil || got.Type != "regular" || got.Category != "utility" {
		t.Errorf("got %s, want regular/utility", jsonOf(got))
	}
}

// Meta takes what it adds next before anybody here knows of it, and its own examples are in small
// letters:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
func TestTemplatesOfEveryKindAreTakenAndTold(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	var d template.Definition
	if err := json.Unmarshal([]byte(`{"name":"many","language":"en","category":"marketing","parameter_format":"positional","components":[
		{"type":"body","text":"These are our shoes."},
		{"type":"carousel","cards":[{"components":[{"type":"header","format":"product"},{"type":"buttons","buttons":[{"type":"spm","text":"View"}]}]}]},
		{"type":"tomorrow","mood":{"good":true}}]}`), &d); err != nil {
		t.Fatal(err)
	}
	created := w.create(d)
	w.idle()
	got := w.template(created.ID)
	want := []template.Component{
		{Type: "BODY", Text: "These are our shoes."},
		{Type: "CAROUSEL", Cards: []template.Card{{Components: []template.Component{
			{Type: "HEADER", Format: "PRODUCT"},
			{Type: "BUTTONS", Buttons: []template.Button{{Type: "SPM", Text: "View"}}},
		}}}},
		{Type: "TOMORROW", Extra: map[string]json.RawMessage{"mood": json.RawMessage(`{"good":true}`)}},
	}
	if diff := cmp.Diff(want, got.Components); diff != "" || got.Status != "APPROVED" || got.Category != "MARKETING" {
		t.Errorf("got %s %s: %s", got.Status, got.Category, diff)
	}
}
