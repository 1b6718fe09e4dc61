package clientapi

import (
	"context"
	"net/http"
	"regexp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
)

// Account is whose clients call.
type Account struct {
	*network.Account
	// Numbers are the phone numbers, in a stable order.
	Numbers []Number
}

// Number is a phone number of the account.
type Number struct {
	ID, BusinessAccount string
	API                 *graph.Client
}

// number is the phone number with an id; nil if it is none of the account's.
func (a *Account) number(id string) *Number {
	for i := range a.Numbers {
		if a.Numbers[i].ID == id {
			return &a.Numbers[i]
		}
	}
	return nil
}

// businessAccount is a phone number whose token reads the business account with an id; nil if it is
// none of the account's.
func (a *Account) businessAccount(id string) *Number {
	for i := range a.Numbers {
		if id != "" && a.Numbers[i].BusinessAccount == id {
			return &a.Numbers[i]
		}
	}
	return nil
}

// template is the template with the upstream's id, or with that of a client's request; nil if it is
// none of the account's.
func (a *Account) template(id string) *network.AccountTemplate {
	for i := range a.Templates {
		if t := &a.Templates[i]; id != "" && (t.ID == id || t.RequestID == id) {
			return t
		}
	}
	return nil
}

// call is a request under its rule.
type call struct {
	*network.Request
	account *Account
	rule    *rule
	// id is the object's, item what stands behind the edge.
	id, item string
	// through is whose token reaches the object; nil where the gateway answers.
	through *graph.Client
	// clonedFlow is the id of the flow that the body asks to copy; nil if it asks for none.
	clonedFlow *string
	// app is the id of the app that the body connects the object with; nil if it names none.
	app *string
}

// Answer answers a request, and names the call for a metric.
func Answer(
	ctx context.Context, account *Account, request *network.Request,
) (name string, answer *network.Answer, err error) {
	c := &call{Request: request, account: account}
	if err := c.checkRequest(); err != nil {
		return nameOther, nil, err
	}
	if err := c.find(ctx); err != nil {
		return nameOther, nil, err
	}
	if c.rule.templates {
		if err := c.readTemplates(ctx); err != nil {
			return c.rule.name, nil, err
		}
	}
	answer, err = c.rule.do(ctx, c)
	return c.rule.name, answer, err
}

// readTemplates has the account's templates be as clients have asked for them.
func (c *call) readTemplates(ctx context.Context) error {
	if c.account.Latest == nil {
		return nil
	}
	latest, err := c.account.Latest(ctx)
	if err != nil {
		return err
	}
	c.account.Templates = latest
	return nil
}

// nameOther is the name of what has no rule.
const nameOther = "other"

var (
	objectID = regexp.MustCompile(`^[0-9]+$`)
	// part is what a path is made of: no part can be taken for another path.
	part = regexp.MustCompile(`^[0-9A-Za-z_:=-]+$`)
)

// maxParts bounds a path, maxPart each part in characters.
const (
	maxParts = 3
	maxPart  = 512
)

// checkRequest refuses what the Graph API would read as something else than it looks like.
func (c *call) checkRequest() error {
	if len(c.Path) > maxParts {
		return c.unknown()
	}
	for _, p := range c.Path {
		if len(p) > maxPart || !part.MatchString(p) {
			return c.unknown()
		}
	}
	for name := range c.Query {
		if err := checkName(name); err != nil {
			return err
		}
	}
	if len(c.Path) == 0 {
		return network.Refuse(network.NoSuchPath,
			"Several requests in one are not taken, and nothing else is served here: make one request for each.")
	}
	return nil
}

// find finds the object that the request is about and the rule for it.
func (c *call) find(ctx context.Context) error {
	c.id = c.Path[0]
	edge := ""
	if len(c.Path) > 1 {
		edge = c.Path[1]
	}
	if len(c.Path) > 2 {
		c.item = c.Path[2]
	}
	on, err := c.kind(ctx, edge)
	if err != nil {
		return err
	}
	word := ""
	if on == onWord {
		word = c.id
	}
	var known bool
	for _, r := range rulesOf(on) {
		if r.word != word || r.edge != edge || (c.item != "") != r.item {
			continue
		}
		known = true
		if r.method == c.Method || r.method == anyMethod {
			c.rule = &r
			return nil
		}
	}
	switch {
	case known:
		return network.Refuse(network.NoMethod, "")
	case on == onNothing, on == onWord:
		return c.unknown()
	default:
		return network.Refuse(network.NoSuchPath,
			"This call is not passed on to the upstream. The list of those that are is in docs/clients.md.")
	}
}

// kind says what the request is about, and finds whose token reaches it.
func (c *call) kind(ctx context.Context, edge string) (object, error) {
	if n := c.account.number(c.id); n != nil {
		c.through = n.API
		return onNumber, nil
	}
	if n := c.account.businessAccount(c.id); n != nil {
		c.through = n.API
		return onAccount, nil
	}
	if c.account.MayBeAsked != nil && c.account.MayBeAsked(c.id) && c.account.template(c.id) == nil {
		if err := c.readTemplates(ctx); err != nil {
			return onNothing, err
		}
	}
	if c.account.template(c.id) != nil {
		return onTemplate, nil
	}
	if len(c.account.Numbers) > 0 {
		c.through = c.account.Numbers[0].API
	}
	if edge == edgeUploads && (c.id == wordApp || objectID.MatchString(c.id)) {
		c.id = wordApp // the token's own, whichever is named
		return onWord, nil
	}
	if !objectID.MatchString(c.id) {
		if isWord(c.id) {
			return onWord, nil
		}
		return onNothing, nil
	}
	if !mayBeFlow(c.Method, edge) {
		return onNothing, nil
	}
	owner, err := c.flowOwner(ctx, c.id)
	if err != nil || owner == nil {
		return onNothing, err
	}
	c.through = owner.API
	return onFlow, nil
}

// flowOwner is a phone number of the business account that a flow belongs to; nil if it is none of
// the account's. The upstream is asked, for flows are not known here.
func (c *call) flowOwner(ctx context.Context, id string) (*Number, error) {
	asked := map[string]bool{}
	for i := range c.account.Numbers {
		n := &c.account.Numbers[i]
		if n.BusinessAccount == "" || asked[n.BusinessAccount] {
			continue
		}
		asked[n.BusinessAccount] = true
		if owned, err := ownsFlow(ctx, *n, id); err != nil || owned {
			return n, err
		}
	}
	return nil, nil
}

// checkApp refuses to connect an object with another app than the token's own.
func (c *call) checkApp(ctx context.Context) error {
	if c.app == nil {
		return nil
	}
	var own struct {
		ID string `json:"id"`
	}
	err := c.through.Do(ctx, http.MethodGet, wordApp, map[string][]string{paramFields: {"id"}}, nil, &own)
	if err == nil && (own.ID == "" || own.ID != *c.app) {
		return c.unknown()
	}
	return err
}

// checkClone refuses to copy a flow that is not one of the account's.
func (c *call) checkClone(ctx context.Context) error {
	if c.clonedFlow == nil {
		return nil
	}
	if !objectID.MatchString(*c.clonedFlow) || len(*c.clonedFlow) > maxPart {
		return c.unknown()
	}
	owner, err := c.flowOwner(ctx, *c.clonedFlow)
	if err == nil && owner == nil {
		return c.unknown()
	}
	return err
}

func ownsFlow(ctx context.Context, n Number, id string) (bool, error) {
	var found struct {
		ID    string `json:"id"`
		Owner struct {
			ID string `json:"id"`
		} `json:"whatsapp_business_account"`
	}
	query := map[string][]string{paramFields: {"id,whatsapp_business_account"}}
	err := n.API.Do(ctx, http.MethodGet, id, query, nil, &found)
	if failure, ok := graph.AsError(err); ok && failure.Code == graph.CodeInvalidParameter {
		return false, nil
	}
	return err == nil && found.ID == id && found.Owner.ID == n.BusinessAccount, err
}

// unknown is Meta's answer about an object that does not exist, or that the token may not see.
func (c *call) unknown() error { return network.Refuse(network.UnknownObject, "") }
