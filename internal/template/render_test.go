package template

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRender(t *testing.T) {
	reordered := valid()
	reordered.Components[1].Text = "Order {{2}} of {{1}} is ready, {{1}}."
	tests := map[string]struct {
		definition Definition
		components string
		want       Preview
	}{
		"positional": {
			valid(), `[` + header881 + `,` + bodyAna + `,` + url881 + `]`,
			Preview{
				Header: "Order 881", Body: "Hi Ana, your order #881 is ready.", Footer: "Shop X",
				Buttons: []string{"Later", "Track"},
			},
		},
		"in another order, and twice": {
			reordered, `[` + header881 + `,` + bodyAna + `,` + url881 + `]`,
			Preview{
				Header: "Order 881", Body: "Order #881 of Ana is ready, Ana.", Footer: "Shop X",
				Buttons: []string{"Later", "Track"},
			},
		},
		"named": {
			named(), `[{"type":"body","parameters":[{"type":"text","parameter_name":"order_no","text":"#881"},` +
				`{"type":"text","parameter_name":"first_name","text":"Ana"}]}]`,
			Preview{Body: "Hi Ana, your order #881 is ready."},
		},
		"media": {
			withImage(), `[{"type":"header","parameters":[{"type":"image","image":{"id":"1"}}]},` + bodyAna + `]`,
			Preview{Header: "[IMAGE]", Body: "Hi Ana, your order #881 is ready."},
		},
		"values are not variables": {
			valid(), `[` + header881 + `,{"type":"body","parameters":[{"type":"text","text":"{{2}}"},{"type":"text",` +
				`"text":"x"}]},` + url881 + `]`,
			Preview{
				Header: "Order 881", Body: "Hi {{2}}, your order x is ready.", Footer: "Shop X",
				Buttons: []string{"Later", "Track"},
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := compiled(t, tc.definition).Render(components(t, tc.components))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := compiled(t, valid()).Render(nil); err == nil {
		t.Error("a message that does not match was rendered")
	}
}
