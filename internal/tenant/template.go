package tenant

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/template"
)

// Templates are the templates that the upstream knows, as the gateway is told of them, in the order
// of their names and languages.
//
// A template whose spec has changed since it was submitted stays as served has it, for that is what
// the upstream still has. If served does not have it either, it is left out: its parameters would
// not fit the upstream's copy.
//
// A template of a page is that page's alone, and is left out while the account does not have it.
func Templates(
	account *v1alpha1.BusinessAccount, templates []v1alpha1.MessageTemplate, served []config.Template,
) []config.Template {
	var out []config.Template
	for i := range templates {
		t := &templates[i]
		if t.Status.UpstreamID == "" || !t.DeletionTimestamp.IsZero() {
			continue
		}
		definition, known := submitted(t, served)
		channel, there := channelIDOf(account, t.Spec.ChannelName)
		if !known || !there {
			continue
		}
		requestID := ""
		if TakesTemplateRequests(account) {
			requestID = RequestID(account, t)
		}
		out = append(out, config.Template{
			ChannelID:      channel,
			Definition:     definition,
			UpstreamID:     t.Status.UpstreamID,
			UpstreamStatus: t.Status.UpstreamStatus,
			BilledCategory: strings.ToLower(orDefault(t.Status.Category, string(t.Spec.Category))),
			RequestID:      requestID,
		})
	}
	sortTemplates(out)
	return out
}

func sortTemplates(list []config.Template) {
	slices.SortFunc(list, func(a, b config.Template) int {
		return cmp.Or(
			strings.Compare(a.Name, b.Name), strings.Compare(a.Language, b.Language),
			strings.Compare(a.ChannelID, b.ChannelID), strings.Compare(a.RequestID, b.RequestID),
		)
	})
}

// channelIDOf is the id of the page of a name; empty for the empty name, which stands for the
// WhatsApp Business account.
func channelIDOf(account *v1alpha1.BusinessAccount, name string) (id string, there bool) {
	if name == "" {
		return "", true
	}
	for i := range account.Spec.Channels {
		if channel := &account.Spec.Channels[i]; channel.Name == name && channel.Type == v1alpha1.ChannelMessenger {
			return channel.PageID, true
		}
	}
	return "", false
}

// servable are the templates that a gateway can send. The others are named.
func servable(templates []config.Template) ([]config.Template, *Problem) {
	var sentences []string
	kept := slices.DeleteFunc(templates, func(t config.Template) bool {
		_, err := template.Compile(t.Definition)
		if err == nil {
			_, err = conversation.ParseCategory(t.BilledCategory)
		}
		if err != nil {
			sentences = append(sentences, fmt.Sprintf("%q in %q: %s", t.Name, t.Language, err))
		}
		return err != nil
	})
	if len(sentences) == 0 {
		return kept, nil
	}
	return kept, &Problem{
		Reason:  v1alpha1.ReasonTemplateLeftOut,
		Message: "The gateway is not given what it cannot send: " + strings.Join(sentences, "; "),
	}
}

func servedTemplates(served *config.Document) []config.Template {
	if served == nil {
		return nil
	}
	return served.Templates
}

// submitted is the definition that the upstream has of a template.
func submitted(t *v1alpha1.MessageTemplate, served []config.Template) (definition template.Definition, known bool) {
	definition = Definition(&t.Spec)
	if t.Status.SubmittedDigest == DefinitionDigest(definition) {
		return definition, true
	}
	for _, before := range served {
		if before.UpstreamID == t.Status.UpstreamID && t.Status.SubmittedDigest == DefinitionDigest(before.Definition) {
			return before.Definition, true
		}
	}
	return template.Definition{}, false
}

// DefinitionDigest is the digest of a definition, by which an unchanged one is recognised.
func DefinitionDigest(definition template.Definition) string {
	encoded, err := json.Marshal(definition)
	if err != nil { // strings and numbers always encode
		return ""
	}
	return Digest(encoded)
}
