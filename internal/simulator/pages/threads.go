package pages

import (
	"encoding/json"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
)

func (p *Pages) passThread(c *call) (any, *graph.Error) {
	to := c.params.text("target_app_id")
	if to == "" {
		return nil, invalid("The parameter target_app_id is required")
	}
	return p.control(c, to)
}

func (p *Pages) takeThread(c *call) (any, *graph.Error) { return p.control(c, c.page.AppID) }

func (p *Pages) releaseThread(c *call) (any, *graph.Error) { return p.control(c, "") }

// requestThread asks whoever has the thread; nobody answers here.
func (p *Pages) requestThread(c *call) (any, *graph.Error) {
	if _, failure := threadOf(c); failure != nil {
		return nil, failure
	}
	return success(), nil
}

func (p *Pages) threadOwner(c *call) (any, *graph.Error) {
	who := c.page.people[c.params.text("recipient")]
	if who == nil {
		return nil, refuse(graph.CodeInvalidParameter, subcodeNoUser, "No matching user found")
	}
	return map[string]any{"data": []any{map[string]any{"thread_owner": object1("app_id", who.owner)}}}, nil
}

// control gives a thread to an app; the empty one leaves it idle.
func (p *Pages) control(c *call, to string) (any, *graph.Error) {
	who, failure := threadOf(c)
	if failure != nil {
		return nil, failure
	}
	p.give(c.page, who, to, c.params.text("metadata"), p.stage.Now())
	return success(), nil
}

func threadOf(c *call) (*person, *graph.Error) {
	var to recipient
	if !c.params.into("recipient", &to) || to.ID == "" {
		return nil, invalid("The parameter recipient is required, with an id")
	}
	who := c.page.people[to.ID]
	if who == nil {
		return nil, refuse(graph.CodeInvalidParameter, subcodeNoUser, "No matching user found")
	}
	return who, nil
}

// hand does what a message says about its thread.
func (p *Pages) hand(page *page, who *person, control *threadControl, now time.Time) {
	switch control.Type {
	case "pass":
		p.give(page, who, params{values: map[string]json.RawMessage{"app": control.AppID}}.text("app"), "", now)
	case "release":
		p.give(page, who, "", "", now)
	}
}

// give changes whose a thread is, and tells the page's app if it loses or gets it.
func (p *Pages) give(page *page, who *person, to, metadata string, now time.Time) {
	from := who.owner
	who.owner, who.taken = to, now
	if from == to || to != page.AppID && from != page.AppID {
		return
	}
	member, value := "pass_thread_control", map[string]string{
		"new_owner_app_id": to, "previous_owner_app_id": from, "metadata": metadata,
	}
	if to != page.AppID {
		member, value = "take_thread_control", map[string]string{
			"previous_owner_app_id": from, "new_owner_app_id": to, "metadata": metadata,
		}
	}
	p.tell(page, who, event{kind: kindHandover, at: now, member: member, value: value})
}
