package controllers

import (
	"encoding/json"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
)

// profileOf is the profile of a page as the upstream takes it; nil if the channel asks for none.
func profileOf(spec *v1alpha1.PageProfile) *graph.PageProfile {
	if spec == nil {
		return nil
	}
	profile := &graph.PageProfile{}
	if spec.GetStartedPayload != "" {
		profile.GetStarted = &graph.GetStarted{Payload: spec.GetStartedPayload}
	}
	for _, greeting := range spec.Greetings {
		profile.Greetings = append(profile.Greetings, graph.Greeting{
			Locale: string(greeting.Locale), Text: greeting.Text,
		})
	}
	for _, breakers := range spec.IceBreakers {
		translated := graph.IceBreakers{Locale: string(breakers.Locale)}
		for _, question := range breakers.Questions {
			translated.Questions = append(translated.Questions, graph.Question{
				Text: question.Text, Payload: question.Payload,
			})
		}
		profile.IceBreakers = append(profile.IceBreakers, translated)
	}
	for _, menu := range spec.Menus {
		translated := graph.Menu{
			Locale: string(menu.Locale), InputDisabled: menu.TextInput == v1alpha1.PageTextInputDisabled,
		}
		for _, item := range menu.Items {
			translated.Items = append(translated.Items, menuItem(item))
		}
		profile.Menus = append(profile.Menus, translated)
	}
	return profile
}

// profileText is a profile for a fingerprint.
func profileText(profile *graph.PageProfile) string {
	text, err := json.Marshal(profile)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func menuItem(item v1alpha1.PageMenuItem) graph.MenuItem {
	if item.URL != "" {
		return graph.MenuItem{Type: "web_url", Title: item.Title, URL: item.URL}
	}
	return graph.MenuItem{Type: "postback", Title: item.Title, Payload: item.Payload}
}
