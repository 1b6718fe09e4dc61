package pages

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// keyOf is a page and somebody.
func keyOf(page *page, somebody *person) stage.ChatKey {
	return stage.ChatKey{Channel: page.ID, Person: identity.Address(somebody.id)}
}

// chatted keeps what somebody has done for those who watch, under the name that it has in webhooks.
func (p *Pages) chatted(page *page, somebody *person, e event, id string) {
	shown := []string{"message", "postback", "reaction", "referral"}
	if p.scene.Chats == nil || !slices.Contains(shown, e.member) {
		return
	}
	raw, err := rawjson.Marshal(map[string]any{e.member: e.value})
	if err != nil {
		return // the webhook says what is wrong with it
	}
	entry := stage.ChatEntry{ID: id, At: e.at, Message: raw}
	p.scene.Chats.Wrote(keyOf(page, somebody), entry, somebody.id, somebody.name)
}

// step records a status of a message.
func (p *Pages) step(page *page, to *person, m *sent, status string, now time.Time) {
	p.scene.Record.Status(m.Sent, stage.StatusStep{Status: status, At: now})
	p.scene.Chats.Touch(keyOf(page, to))
}

// Standing is how a page and somebody stand. The caller holds the stage's lock.
func (p *Pages) Standing(key stage.ChatKey) stage.Standing {
	page := p.pages[key.Channel]
	if page == nil || page.people[string(key.Person)] == nil {
		return stage.Standing{}
	}
	somebody := page.people[string(key.Person)]
	told := stage.Standing{Refuses: somebody.blocks, Off: somebody.off, NoReceipts: somebody.noReceipts}
	if !somebody.acted.IsZero() {
		ends := somebody.acted.Add(standardWindow)
		told.WindowEnds = &ends
	}
	if byAd := somebody.cameByAd.Add(p.settings.AdWindow); !somebody.cameByAd.IsZero() &&
		(told.WindowEnds == nil || byAd.After(*told.WindowEnds)) {
		told.WindowEnds = &byAd
	}
	return told
}

// Listed is a page as it is shown.
type Listed struct {
	ID, Name, Object, Callback string
	// Templates are as clients get them.
	Templates []graph.UpstreamTemplate
}

// List returns the pages by id. The caller holds the stage's lock.
func (p *Pages) List() []Listed {
	var listed []Listed
	for _, page := range p.pages {
		listed = append(listed, Listed{
			page.ID, page.Name, page.Object, page.outbox.Address(), p.templatesOf(page.ID),
		})
	}
	slices.SortFunc(listed, func(a, b Listed) int { return strings.Compare(a.ID, b.ID) })
	return listed
}

// TemplatesVersion is the feed's version at the latest change of a template. The caller holds the
// stage's lock.
func (p *Pages) TemplatesVersion() uint64 { return p.templatesVersion }

// templatesChanged tells those who watch.
func (p *Pages) templatesChanged() { p.templatesVersion = p.stage.Feed.Advance() }

// templatesOf are a page's templates, by id.
func (p *Pages) templatesOf(page string) []graph.UpstreamTemplate {
	list := []graph.UpstreamTemplate{}
	for _, id := range slices.Sorted(maps.Keys(p.templates)) {
		if held := p.templates[id]; held.page == page {
			list = append(list, held.listed())
		}
	}
	return list
}

// listed is a template as those who watch get it.
func (h *heldTemplate) listed() (t graph.UpstreamTemplate) {
	raw, err := rawjson.Marshal(h.wire())
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	if err != nil { // its definition was read from JSON
		t.Name, t.Language = h.Name, h.Language
	}
	return t
}
