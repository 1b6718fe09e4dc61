package pages

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// Pages are the pages of a scene. The stage's lock guards them.
type Pages struct {
	stage    *stage.Stage
	scene    *stage.Scene
	settings Settings
	handler  http.Handler

	pages map[string]*page
	// attachments are uploads that a message can name, by id.
	attachments map[string]attachment
	templates   map[string]*heldTemplate
	// templatesVersion is the feed's at the latest change of a template.
	templatesVersion uint64
	// campaigns and subscribers are those of marketing messages, by id and by token.
	campaigns   map[string]*campaign
	subscribers map[string]*subscriber
}

// New opens pages. Their definitions have been validated.
func New(on *stage.Stage, scene *stage.Scene, settings Settings, pages []Page) *Pages {
	p := &Pages{
		stage: on, scene: scene, settings: settings,
		pages: map[string]*page{}, attachments: map[string]attachment{}, templates: map[string]*heldTemplate{},
		campaigns: map[string]*campaign{}, subscribers: map[string]*subscriber{},
	}
	p.handler = p.routes()
	for _, config := range pages {
		p.add(config)
	}
	return p
}

// Start lets the webhooks flow. The caller holds the stage's lock.
func (p *Pages) Start(ctx context.Context, workers *sync.WaitGroup) {
	for _, page := range p.pages {
		page.outbox.Start(ctx, workers)
	}
}

// Halt stops the webhooks and forgets those that wait.
func (p *Pages) Halt() {
	for _, page := range p.pages {
		page.outbox.Halt()
	}
}

// Replace puts a page in the place of one with its id, if there is one. People and their windows
// stay. The caller holds the stage's lock, and starts what is returned.
func (p *Pages) Replace(config Page) *stage.Outbox[update] {
	old := p.pages[config.ID]
	added := p.add(config)
	if old != nil {
		old.outbox.Halt()
		added.people, added.comments, added.personas = old.people, old.comments, old.personas
	}
	return added.outbox
}

// IDs are those of the pages.
func (p *Pages) IDs() []string { return slices.Collect(maps.Keys(p.pages)) }

func (p *Pages) add(config Page) *page {
	config.Object = cmp.Or(config.Object, ObjectPage)
	config.AppID = cmp.Or(config.AppID, config.ID)
	if config.Permissions == nil {
		config.Permissions = permissions(config.Object)
	}
	added := &page{
		Page: config, subscribed: Fields(config.Object), profile: map[string]any{},
		personas: map[string]*persona{}, people: map[string]*person{}, comments: map[string]*comment{},
		limiter: newLimiters(),
	}
	if config.SubscribedFields != nil {
		added.subscribed = *config.SubscribedFields
	}
	app := stage.App{
		Name: config.ID, Secret: config.AppSecret, Callback: config.CallbackURL, Verify: config.VerifyToken,
	}
	added.outbox = stage.NewOutbox(p.stage, p.scene, app, envelope)
	p.pages[config.ID] = added
	for _, template := range config.Templates {
		p.hold(config.ID, template, statusApproved)
	}
	return added
}

// ofToken is the page that a token belongs to: that which names it, or the only one that takes any.
func (p *Pages) ofToken(token string) *page {
	var open []*page
	for _, page := range p.pages {
		switch {
		case !page.authorized(token):
		case len(page.Tokens) > 0:
			return page
		default:
			open = append(open, page)
		}
	}
	if len(open) == 1 {
		return open[0]
	}
	return nil
}

// owner is the page that an object belongs to, or nil.
func (p *Pages) owner(id string) *page {
	if page := p.pages[id]; page != nil {
		return page
	}
	if held := p.templates[id]; held != nil {
		return p.pages[held.page]
	}
	if attachment, ok := p.attachments[id]; ok {
		return p.pages[attachment.page]
	}
	for _, page := range p.pages {
		if page.people[id] != nil || page.personas[id] != nil || page.comments[id] != nil {
			return page
		}
	}
	return nil
}
