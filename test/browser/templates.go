package main

import "github.com/guichet-dev/guichet/internal/template"

// templates have what a bubble can have: texts, a picture, buttons, and cards.
func templates() []template.Definition {
	return []template.Definition{
		{
			Name: "parcel_delivery", Language: "en_US", Category: template.CategoryUtility,
			Components: []template.Component{
				{
					Type: template.Header, Format: template.FormatText, Text: "Parcel {{1}}",
					Example: &template.Example{HeaderText: []string{"AC-2048"}},
				},
				body(
					"Hello {{1}}, your parcel arrives on {{2}} before noon. Somebody must be there to sign.",
					"Ana", "Monday",
				),
				{Type: template.Footer, Text: "Acme Parcels"},
				buttons(template.Button{Type: template.ButtonQuickReply, Text: "Another day, please"}),
			},
		},
		{
			Name: "parcel_photo", Language: "en_US", Category: template.CategoryUtility,
			Components: []template.Component{
				{
					Type: template.Header, Format: template.FormatImage,
					Example: &template.Example{HeaderHandle: []string{"4::aW1hZ2UvcG5n"}},
				},
				body("Hello {{1}}, we have left your parcel at the door. This is the picture of it.", "Ana"),
				buttons(
					template.Button{Type: template.ButtonURL, Text: "Show the receipt", URL: "https://acme.example/r"},
				),
			},
		},
		{
			Name: "winter_offers", Language: "en_US", Category: template.CategoryMarketing,
			Components: []template.Component{
				body("Hello {{1}}, two offers for the cold days. Which one do you like?", "Ana"),
				{Type: template.Carousel, Cards: []template.Card{
					card("Express for the price of a standard parcel.", "Take express"),
					card("Ten parcels for the price of eight.", "Take ten"),
				}},
			},
		},
	}
}

func body(text string, examples ...string) template.Component {
	return template.Component{
		Type: template.Body, Text: text, Example: &template.Example{BodyText: [][]string{examples}},
	}
}

func buttons(list ...template.Button) template.Component {
	return template.Component{Type: template.Buttons, Buttons: list}
}

func card(text, reply string) template.Card {
	return template.Card{Components: []template.Component{
		{
			Type: template.Header, Format: template.FormatImage,
			Example: &template.Example{HeaderHandle: []string{"4::aW1hZ2UvcG5n"}},
		},
		{Type: template.Body, Text: text},
		buttons(template.Button{Type: template.ButtonQuickReply, Text: reply}),
	}}
}
