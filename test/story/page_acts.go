package story

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// The people of the second story, by their ids on the business's page.
var (
	dora = Customer{Name: "Dora", Number: "24680135"}
	emil = Customer{Name: "Emil", Number: "24680136"}
)

// codeOutsideWindow is the Send API's code for a message outside its window.
const codeOutsideWindow = 10

// pageTemplate is the utility template of the page, by its file and its object's name.
const (
	pageTemplateFile = "config/samples/messagetemplate_parcel_waiting.yaml"
	pageTemplate     = "parcel-waiting"
)

// RunPage tells the second story, of the business's page on Messenger, and returns how many of its
// messages were delivered. It can be told again while the first one's account stands.
func (p *Play) RunPage(ctx context.Context) (delivered int64, err error) {
	account, err := p.Stage.Account(ctx)
	if err != nil {
		return 0, err
	}
	page, err := p.Business.page(account)
	if err != nil {
		return 0, err
	}
	for _, act := range []func(context.Context, Page) (int64, error){
		p.comeByAd, p.buy, p.answerLate, p.answerByHand, p.remind,
	} {
		sent, err := act(ctx, page)
		if err != nil {
			return 0, err
		}
		delivered += sent
	}
	return delivered, nil
}

// comeByAd brings a customer from an advertisement, who is answered freely.
func (p *Play) comeByAd(ctx context.Context, page Page) (int64, error) {
	const question = "Do you take bicycles?"
	ad := json.RawMessage(`{"ref":"spring","source":"ADS","type":"OPEN_THREAD","ad_id":"120200000000000"}`)
	if err := p.Phones.Act(ctx, dora.Number, pages.Act{
		To: page.ID, Name: dora.Name, Text: question, Referral: ad,
	}); err != nil {
		return 0, err
	}
	p.Tell(Line{
		Who: dora.Name + ", from an advertisement", Did: quote(question), Answer: "window open for up to 7 days",
	})
	buttons := []map[string]string{{"type": "postback", "title": "Send a courier", "payload": "COURIER"}}
	return p.answer(ctx, page, dora, "the business, with a button", Message{
		Type: "RESPONSE", Content: map[string]any{"attachment": map[string]any{
			"type": "template", "payload": map[string]any{
				"template_type": "button", "text": "Yes, for 19 euros. Shall we come?", "buttons": buttons,
			},
		}},
	}, "Yes, for 19 euros. Shall we come?", "200, delivered; free")
}

// buy has the customer tap the button.
func (p *Play) buy(ctx context.Context, page Page) (int64, error) {
	if err := p.Phones.Act(ctx, dora.Number, pages.Act{
		To: page.ID, Postback: &pages.Postback{Title: "Send a courier", Payload: "COURIER"},
	}); err != nil {
		return 0, err
	}
	p.Tell(Line{Who: dora.Name, Did: "taps “Send a courier”", Answer: "postback COURIER"})
	const thanks = "The courier comes at 4 pm. Thank you!"
	return p.answer(ctx, page, dora, "the business, free-form", Message{
		Type: "RESPONSE", Content: map[string]any{"text": thanks},
	}, thanks, "200, delivered; free")
}

// answerLate tries to write freely a day after somebody has bought.
func (p *Play) answerLate(ctx context.Context, page Page) (int64, error) {
	at := time.Now().Add(-silence)
	if err := p.Phones.Act(ctx, emil.Number, pages.Act{
		To: page.ID, Name: emil.Name, Timestamp: &at,
		Postback: &pages.Postback{Title: "Send a courier", Payload: "COURIER"},
	}); err != nil {
		return 0, err
	}
	p.Tell(Line{
		Who: emil.Name + ", without an advertisement", Did: "taps “Send a courier”, 25 hours ago",
		Answer: "his window closed an hour ago",
	})
	const text = "Sorry for the delay."
	answer, err := page.Send(ctx, Message{To: emil.Number, Type: "RESPONSE", Content: map[string]any{"text": text}})
	if err != nil {
		return 0, err
	}
	if answer.Code != codeOutsideWindow {
		return 0, fmt.Errorf("a message outside the window should be refused with %d, and got %d %s",
			codeOutsideWindow, answer.Code, answer.Message)
	}
	p.Tell(Line{
		Who: "the business, free-form", Did: quote(text), Answer: fmt.Sprintf("%d: %s", answer.Status, answer.Message),
	})
	return 0, nil
}

// answerByHand has a person of the business answer, who may for 7 days.
func (p *Play) answerByHand(ctx context.Context, page Page) (int64, error) {
	const text = "Fatou here: it comes tomorrow morning."
	return p.answer(ctx, page, emil, "a person of the business, HUMAN_AGENT", Message{
		Type: "MESSAGE_TAG", Tag: "HUMAN_AGENT", ByPerson: true, Content: map[string]any{"text": text},
	}, text, "200, delivered; free")
}

// remind has the platform's approver let a utility template through, and sends it.
func (p *Play) remind(ctx context.Context, page Page) (int64, error) {
	if _, err := p.Stage.Kubectl.Run(
		ctx, "apply", "--server-side", "--force-conflicts", "-f", p.Stage.Root+"/"+pageTemplateFile,
	); err != nil {
		return 0, err
	}
	template, err := p.Stage.approve(ctx, pageTemplate, "it tells where a parcel is")
	if err != nil {
		return 0, err
	}
	p.Tell(Line{
		Who: "the platform's approver", Did: "reads template " + template.Spec.Name + " and approves it",
		Answer: "Meta's machine has checked it too",
	})
	values := []map[string]string{}
	for _, example := range template.Spec.Body.Examples {
		values = append(values, map[string]string{"type": "text", "text": example.Value})
	}
	return p.answer(ctx, page, emil, "the business, template "+template.Spec.Name, Message{
		Type: "UTILITY", Content: map[string]any{"template": map[string]any{
			"name": template.Spec.Name, "language": map[string]string{"code": template.Spec.Language},
			"components": []any{map[string]any{"type": "body", "parameters": values}},
		}},
	}, template.Spec.Body.Text, "200, delivered; 0 USD by the plan acme-page")
}

// answer sends a message that must be delivered.
func (p *Play) answer(
	ctx context.Context, page Page, to Customer, who string, message Message, did, answered string,
) (int64, error) {
	before, err := p.Phones.Inbox(ctx, to.Number)
	if err != nil {
		return 0, err
	}
	message.To = to.Number
	answer, err := page.Send(ctx, message)
	if err != nil {
		return 0, err
	}
	if answer.Refused() {
		return 0, fmt.Errorf("%s: the message was refused: %d %s", who, answer.Code, answer.Message)
	}
	if _, err := p.Phones.AwaitDelivery(ctx, to.Number, len(before)+1); err != nil {
		return 0, err
	}
	p.Tell(Line{Who: who, Did: quote(did), Answer: answered})
	return 1, nil
}

// approve decides on a template as an approver does, and waits until it can be sent.
func (s *Stage) approve(ctx context.Context, name, reason string) (*v1alpha1.MessageTemplate, error) {
	known := func(t *v1alpha1.MessageTemplate) bool {
		return t.Status.ContentDigest != "" && t.Status.ObservedGeneration == t.Generation
	}
	template, err := s.awaitTemplate(ctx, name, "it is known what to decide on", known)
	if err != nil {
		return nil, err
	}
	self := &authenticationv1.SelfSubjectReview{}
	if err := s.Client.Create(ctx, self); err != nil {
		return nil, fmt.Errorf("ask who the approver is: %w", err)
	}
	before := template.DeepCopy()
	template.Status.Review = &v1alpha1.TemplateReview{
		Decision: v1alpha1.DecisionApproved, By: self.Status.UserInfo.Username, Reason: reason,
		Digest: template.Status.ContentDigest,
	}
	if err := s.Client.Status().Patch(ctx, template, client.MergeFrom(before)); err != nil {
		return nil, fmt.Errorf("approve the template: %w", err)
	}
	return s.awaitTemplate(ctx, name, "the template is Ready", func(t *v1alpha1.MessageTemplate) bool {
		return isReady(t.Generation, t.Status.Conditions)
	})
}

func (s *Stage) awaitTemplate(
	ctx context.Context, name, what string, satisfied func(*v1alpha1.MessageTemplate) bool,
) (found *v1alpha1.MessageTemplate, err error) {
	err = wait.PollUntilContextTimeout(ctx, pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
		found, err = s.Template(ctx, name)
		return err == nil && satisfied(found), err
	})
	if err != nil {
		return nil, fmt.Errorf("wait until %s of template %q: %w", what, name, err)
	}
	return found, nil
}
