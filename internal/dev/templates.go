package dev

import (
	"fmt"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// checkTemplates refuses templates that the operator would not submit.
func (a *account) checkTemplates() error {
	for i := range a.manifests.Templates {
		t := &a.manifests.Templates[i]
		if page := t.Spec.ChannelName; page != "" {
			if a.pageOf(page) == "" {
				return fmt.Errorf(
					"MessageTemplate %q: spec.channelName is %q, and the account has no channel of that name and of "+
						"type 'Messenger'", t.Name, page,
				)
			}
			a.notes = append(a.notes, fmt.Sprintf(
				"MessageTemplate %q counts as approved: on a cluster, an approver decides on the templates of pages",
				t.Name,
			))
		}
		findings := tenant.Findings(&t.Spec)
		if !template.HasErrors(findings) {
			continue
		}
		var sentences []string
		for _, finding := range findings {
			sentences = append(sentences, finding.Path+": "+finding.Message)
		}
		return fmt.Errorf("MessageTemplate %q: %s", t.Name, strings.Join(sentences, "; "))
	}
	return nil
}

// pageOf is the id of the page that a channel's name stands for, or empty.
func (a *account) pageOf(name string) string {
	for _, channel := range a.manifests.Account.Spec.Channels {
		if channel.Name == name && channel.Type == v1alpha1.ChannelMessenger {
			return channel.PageID
		}
	}
	return ""
}

// whatsAppTemplates are the templates that the simulator has of the WhatsApp Business account.
func (a *account) whatsAppTemplates() (list []template.Definition) {
	for i := range a.manifests.Templates {
		if t := &a.manifests.Templates[i]; t.Spec.ChannelName == "" {
			list = append(list, tenant.Definition(&t.Spec))
		}
	}
	return list
}

// pageTemplates are the templates that the simulator has of a page, by its channel's name.
func (a *account) pageTemplates(channel string) (list []pages.Template, err error) {
	for i := range a.manifests.Templates {
		t := &a.manifests.Templates[i]
		if t.Spec.ChannelName != channel {
			continue
		}
		of, err := pages.TemplateOf(tenant.Definition(&t.Spec))
		if err != nil {
			return nil, fmt.Errorf("MessageTemplate %q: %w", t.Name, err)
		}
		list = append(list, of)
	}
	return list, nil
}

// follow takes over what the upstream says of the templates, as the operator writes it into their
// status, and reports whether anything is new.
func (a *account) follow(upstream []simulator.FeedAccount) (changed bool) {
	for i := range a.manifests.Templates {
		t := &a.manifests.Templates[i]
		owner := a.manifests.Account.Spec.WhatsAppBusinessAccountID
		if t.Spec.ChannelName != "" {
			owner = a.pageOf(t.Spec.ChannelName)
		}
		now := t.Status
		if !readUpstream(upstream, owner, t, &now) {
			continue
		}
		now.SubmittedDigest = tenant.DefinitionDigest(tenant.Definition(&t.Spec))
		if now.UpstreamStatus != t.Status.UpstreamStatus || now.Category != t.Status.Category ||
			now.UpstreamID != t.Status.UpstreamID {
			t.Status, changed = now, true
		}
	}
	return changed
}

// readUpstream reads what a template's account or page at the upstream says of it, and reports
// whether it is there.
func readUpstream(
	upstream []simulator.FeedAccount, owner string, t *v1alpha1.MessageTemplate, into *v1alpha1.MessageTemplateStatus,
) (there bool) {
	for _, of := range upstream {
		if of.ID != owner {
			continue
		}
		for _, known := range of.Templates {
			if known.Name == t.Spec.Name && known.Language == t.Spec.Language {
				into.UpstreamID, into.UpstreamStatus, into.Category = known.ID, known.Status, known.Category
				return true
			}
		}
	}
	return false
}
