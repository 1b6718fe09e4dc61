package simulator

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/template"
)

const (
	statusPending  = graph.TemplatePending
	statusApproved = graph.TemplateApproved
	statusRejected = graph.TemplateRejected
	statusPaused   = graph.TemplateStatusPaused
	statusDisabled = graph.TemplateStatusDisabled
)

// heldTemplate is a template under review or in use.
type heldTemplate struct {
	template.Definition
	ID       string
	Status   string
	Reason   string
	account  string
	compiled *template.Compiled
	// version counts the submissions, so that a late decision is for the right one.
	version int
}

// templateKey identifies a template to whom uses it.
type templateKey struct{ account, name, language string }

func (st *state) hold(account string, d template.Definition, compiled *template.Compiled, status string) *heldTemplate {
	held := &heldTemplate{Definition: d, ID: st.ObjectID(), Status: status, account: account, compiled: compiled}
	if held.ParameterFormat == "" {
		held.ParameterFormat = template.Positional
	}
	st.templates[held.ID] = held
	st.byName[templateKey{account, d.Name, d.Language}] = held
	return held
}

// find returns the account's template of a name and language, or nil.
func (st *state) find(account, name, language string) *heldTemplate {
	return st.byName[templateKey{account, name, language}]
}

// forget deletes a template.
func (st *state) forget(held *heldTemplate) {
	delete(st.templates, held.ID)
	delete(st.byName, templateKey{held.account, held.Name, held.Language})
}

// ofAccount returns the account's templates in order of creation.
func (st *state) ofAccount(account string) []*heldTemplate {
	var found []*heldTemplate
	for _, held := range st.templates {
		if held.account == account {
			found = append(found, held)
		}
	}
	slices.SortFunc(found, func(a, b *heldTemplate) int { return strings.Compare(a.ID, b.ID) })
	return found
}

// wire is the template as GET tells it.
func (h *heldTemplate) wire() graph.UpstreamTemplate {
	reason := h.Reason
	if reason == "" {
		reason = "NONE"
	}
	return graph.UpstreamTemplate{
		Definition:     h.Definition,
		ID:             h.ID,
		Status:         h.Status,
		RejectedReason: reason,
		QualityScore:   &graph.QualityScore{Score: "UNKNOWN"},
	}
}

// submit checks a definition as Meta does at creation and takes it for review.
func (s *Simulator) submit(st *state, account string, d template.Definition) (*heldTemplate, *graph.Error) {
	if st.find(account, d.Name, d.Language) != nil {
		return nil, graph.NewError(
			graph.CodeInvalidParameter,
			"A template with this name and language exists already. Edit it, or use another name.",
		)
	}
	compiled, refusal := examine(d)
	if refusal != nil {
		return nil, refusal
	}
	held := st.hold(account, d, compiled, statusPending)
	s.planReview(st, held)
	return held, nil
}

// examine applies the field rules.
func examine(d template.Definition) (*template.Compiled, *graph.Error) {
	if d.LibraryTemplateName != "" {
		return nil, graph.NewError(
			graph.CodeInvalidParameter, "library_template_name: there is no library here. Write the components.",
		)
	}
	for _, finding := range template.Lint(d) {
		if finding.Severity == template.Error {
			refusal := graph.NewError(graph.CodeInvalidParameter, finding.Path+": "+finding.Message)
			refusal.Subcode = lintSubcode(finding.Rule)
			return nil, refusal
		}
	}
	compiled, err := template.Compile(d)
	if err != nil {
		return nil, graph.NewError(graph.CodeInvalidParameter, err.Error())
	}
	return compiled, nil
}

// lintSubcode is the error_subcode of template management for a rule, or 0.
func lintSubcode(rule string) int {
	switch rule {
	case "body-edge-variable":
		return 2388299
	case "body-length", "header-length", "footer-length":
		return 2388040
	case "header-format", "header-characters":
		return 2388047
	case "variable-braces", "variable-name", "variable-gap":
		return 2388072
	case "footer-variables":
		return 2388073
	default:
		return 0
	}
}

// edit replaces the components, and the settings that the change has, and sends the template to
// review again.
func (s *Simulator) edit(st *state, held *heldTemplate, change template.Definition) *graph.Error {
	if held.Status == statusDisabled || held.Status == statusPending {
		return graph.NewError(
			graph.CodeInvalidParameter, "A template can be edited while it is approved, rejected or paused.",
		)
	}
	changed := held.Definition
	changed.Components = change.Components
	if change.MessageSendTTLSeconds != nil {
		changed.MessageSendTTLSeconds = change.MessageSendTTLSeconds
	}
	if change.LinkTrackingOptedOut != nil {
		changed.LinkTrackingOptedOut = change.LinkTrackingOptedOut
	}
	if change.OptimizationSpec != nil {
		changed.OptimizationSpec = change.OptimizationSpec
	}
	if category := strings.ToUpper(change.Category); category != "" && category != held.Category {
		if held.Status == statusApproved {
			return graph.NewError(graph.CodeInvalidParameter, "The category of an approved template cannot be edited.")
		}
		changed.Category = category
	}
	compiled, refusal := examine(changed)
	if refusal != nil {
		return refusal
	}
	held.Definition, held.compiled, held.Status = changed, compiled, statusPending
	s.planReview(st, held)
	return nil
}

func (s *Simulator) planReview(st *state, held *heldTemplate) {
	held.version++
	s.accountsChanged()
	version := held.version
	if s.config.Review.Manual {
		return
	}
	s.stage.Schedule.At(s.stage.Now().Add(time.Duration(s.config.Review.After)), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.state == st && held.version == version && held.Status == statusPending {
			s.review(st, held)
		}
	})
}

// review gives the automatic decision: a name that begins with reject_ is
// rejected, and a utility template with promotional words is approved as
// marketing.
func (s *Simulator) review(st *state, held *heldTemplate) {
	if strings.HasPrefix(held.Name, "reject_") {
		s.conclude(st, held, statusRejected, "INVALID_FORMAT", "")
		return
	}
	category := held.Category
	if _, promotional := template.Promotional(held.Definition); promotional && category == template.CategoryUtility {
		category = template.CategoryMarketing
	}
	s.conclude(st, held, statusApproved, "", category)
}

// conclude sets a status and tells the business. An empty category leaves it.
func (s *Simulator) conclude(st *state, held *heldTemplate, status, reason, category string) {
	previous := held.Category
	held.Status, held.Reason, held.Category = status, reason, orElse(category, previous)
	s.accountsChanged()
	value := map[string]any{
		"event":                     status,
		"message_template_id":       json.Number(held.ID),
		"message_template_name":     held.Name,
		"message_template_language": held.Language,
		"message_template_category": held.Category,
		"reason":                    orElse(reason, "NONE"),
	}
	if status == statusRejected {
		value["rejection_info"] = map[string]string{
			"reason":         "The template was rejected by the simulator's rule or by its control API.",
			"recommendation": "Change the name or the content and submit it again.",
		}
	}
	s.tellTemplate(st, held, webhook.FieldTemplateStatus, value)
	if held.Category == previous {
		return
	}
	s.tellTemplate(st, held, webhook.FieldTemplateCategory, map[string]any{
		"message_template_id":       json.Number(held.ID),
		"message_template_name":     held.Name,
		"message_template_language": held.Language,
		"previous_category":         previous,
		"new_category":              held.Category,
	})
}

func (s *Simulator) tellTemplate(st *state, held *heldTemplate, field string, value map[string]any) {
	raw, err := rawjson.Marshal(value)
	a := st.accounts[held.account]
	if err != nil || a == nil {
		return
	}
	a.outbox.Post(update{field: field, raw: raw})
}
