package story

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// Customer is somebody on a phone.
type Customer struct {
	Name   string
	Number string // E.164
	Market string // of the price list
}

// The customers of the story, and where they are.
var (
	ana    = Customer{Name: "Ana", Number: "+33612345678", Market: "France"}
	bruno  = Customer{Name: "Bruno", Number: "+5511987654321", Market: "Brazil"}
	chitra = Customer{Name: "Chitra", Number: "+919876543210", Market: "India"}
)

// silence is how long a customer of the story has not written: longer than the window of 24 hours.
const silence = 25 * time.Hour

// Line is one thing that happened: who did what, and what came back.
type Line struct {
	Who    string
	Did    string
	Answer string
}

// Play is the story on a stage, with the business's client and the customers' phones at hand.
type Play struct {
	Stage    *Stage
	Business Business
	Phones   Phones
	// Tell is called with each line as it happens.
	Tell func(Line)

	doors []Door
}

// Open waits until account and templates are Ready and opens the doors to its gateway and to the
// simulator.
func (s *Stage) Open(ctx context.Context, tell func(Line)) (*Play, error) {
	account, err := s.AwaitReady(ctx)
	if err != nil {
		return nil, err
	}
	business, toGateway, err := s.Business(ctx, account)
	if err != nil {
		return nil, err
	}
	phones, toSimulator, err := s.Phones(ctx)
	if err != nil {
		toGateway.Close()
		return nil, err
	}
	return &Play{Stage: s, Business: business, Phones: phones, Tell: tell, doors: []Door{toGateway, toSimulator}}, nil
}

// Phones opens the door to the simulator.
func (s *Stage) Phones(ctx context.Context) (Phones, Door, error) {
	door, err := s.Reach(ctx, SimulatorNamespace, SimulatorName, simulatorPort)
	return Phones{BaseURL: door.URL, HTTP: s.HTTP}, door, err
}

// Close closes the doors.
func (p *Play) Close() {
	for _, door := range p.doors {
		door.Close()
	}
}

// Direct reports whether the gateway's address stays valid after the play.
func (p *Play) Direct() bool { return p.doors[0].Direct }

// Run tells the whole story and returns the templates that must have been billed, each to its
// customer.
func (p *Play) Run(ctx context.Context) ([]Notice, error) {
	if err := p.askAboutParcel(ctx); err != nil {
		return nil, err
	}
	if err := p.answerFreely(ctx); err != nil {
		return nil, err
	}
	if err := p.writeToTheSilent(ctx); err != nil {
		return nil, err
	}
	notices := []Notice{
		{Customer: ana, Template: "parcel-delivery", What: "the delivery notice"},
		{Customer: bruno, Template: "appointment-reminder", What: "the appointment reminder"},
		{Customer: chitra, Template: "boarding-pass", What: "the boarding pass"},
	}
	for _, notice := range notices {
		if err := p.Notify(ctx, notice); err != nil {
			return nil, err
		}
	}
	return notices, nil
}

// askAboutParcel lets a customer write, which opens the window.
func (p *Play) askAboutParcel(ctx context.Context) error {
	const text = "Hello, where is my parcel?"
	if err := p.Phones.Write(ctx, ana.Number, p.Business.PhoneNumberID, text, time.Now()); err != nil {
		return err
	}
	account, err := p.Stage.AwaitAccount(ctx, "the window is open", func(a *v1alpha1.BusinessAccount) bool {
		return a.Status.Usage != nil && a.Status.Usage.OpenWindows != nil && *a.Status.Usage.OpenWindows > 0
	})
	if err != nil {
		return err
	}
	p.Tell(Line{Who: ana.Name + ", " + ana.Market, Did: quote(text), Answer: fmt.Sprintf(
		"window open for 24 hours (status.usage.openWindows: %d)", *account.Status.Usage.OpenWindows,
	)})
	return nil
}

// answerFreely answers inside the window.
func (p *Play) answerFreely(ctx context.Context) error {
	const text = "It comes today between 4 and 6 pm."
	before, err := p.Phones.Inbox(ctx, ana.Number)
	if err != nil {
		return err
	}
	answer, err := p.Business.Text(ctx, ana.Number, text)
	if err != nil {
		return err
	}
	if answer.Refused() {
		return fmt.Errorf("the answer inside the window was refused: %d %s", answer.Code, answer.Details)
	}
	if _, err := p.Phones.AwaitDelivery(ctx, ana.Number, len(before)+1); err != nil {
		return err
	}
	p.Tell(Line{Who: "the business, free-form", Did: quote(text), Answer: "200, delivered; free"})
	return nil
}

// writeToTheSilent tries to write freely to a customer whose window is closed.
func (p *Play) writeToTheSilent(ctx context.Context) error {
	for _, silent := range []Customer{bruno, chitra} {
		if err := p.Phones.Write(
			ctx, silent.Number, p.Business.PhoneNumberID, "Thank you, see you then!", time.Now().Add(-silence),
		); err != nil {
			return err
		}
	}
	p.Tell(Line{
		Who: bruno.Name + " and " + chitra.Name, Did: quote("Thank you, see you then!") + ", 25 hours ago",
		Answer: "their windows closed an hour ago",
	})

	const text = "Would you like to come earlier?"
	answer, err := p.Business.Text(ctx, bruno.Number, text)
	if err != nil {
		return err
	}
	if answer.Code != codeWindowClosed {
		return fmt.Errorf(
			"a free-form message outside the window should be refused with %d, and got %d %s", codeWindowClosed,
			answer.Code, answer.Message,
		)
	}
	p.Tell(Line{
		Who: "the business, free-form", Did: quote(text),
		Answer: fmt.Sprintf("%d, error %d: %s", answer.Status, answer.Code, answer.Details),
	})
	return nil
}

// codeWindowClosed is the Graph API's code for a free-form message outside its window.
const codeWindowClosed = 131047

// Notice is a template to a customer. Template is the MessageTemplate's object name.
type Notice struct {
	Customer Customer
	Template string
	What     string
}

// Notify sends a template with its own examples as parameters, and waits until it is delivered.
func (p *Play) Notify(ctx context.Context, notice Notice) error {
	template, err := p.Stage.Template(ctx, notice.Template)
	if err != nil {
		return err
	}
	before, err := p.Phones.Inbox(ctx, notice.Customer.Number)
	if err != nil {
		return err
	}
	answer, err := p.Business.Template(ctx, notice.Customer.Number, FilledWithExamples(template.Spec))
	if err != nil {
		return err
	}
	if answer.Refused() {
		return fmt.Errorf("template %s was refused: %d %s", notice.Template, answer.Code, answer.Details)
	}
	sent, err := p.Phones.AwaitDelivery(ctx, notice.Customer.Number, len(before)+1)
	if err != nil {
		return err
	}
	p.Tell(Line{
		Who: "the business, template " + template.Spec.Name, Did: quote(sent.Preview),
		Answer: fmt.Sprintf("200, delivered to %s in %s; billed", notice.Customer.Name, notice.Customer.Market),
	})
	return nil
}

// Template reads a MessageTemplate of the account.
func (s *Stage) Template(ctx context.Context, name string) (*v1alpha1.MessageTemplate, error) {
	var template v1alpha1.MessageTemplate
	if err := s.Client.Get(ctx, client.ObjectKey{Namespace: AccountNamespace, Name: name}, &template); err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	return &template, nil
}

// AwaitMessages waits until the status counts a number of settled messages.
func (s *Stage) AwaitMessages(ctx context.Context, count int64) (*v1alpha1.BusinessAccount, error) {
	return s.AwaitAccount(ctx, fmt.Sprintf("%d messages are settled", count), func(a *v1alpha1.BusinessAccount) bool {
		return Messages(a) >= count
	})
}

// Messages returns the number of settled messages that an account's status shows, 0 for none yet.
func Messages(account *v1alpha1.BusinessAccount) int64 {
	if account.Status.Usage == nil || account.Status.Usage.Messages == nil {
		return 0
	}
	return *account.Status.Usage.Messages
}

// Billed returns the amount that an account's status shows, "0" for none yet.
func Billed(account *v1alpha1.BusinessAccount) string {
	if account.Status.Usage == nil || account.Status.Usage.Billed == nil {
		return "0"
	}
	return account.Status.Usage.Billed.Amount
}

// Rate finds the plan's rate of a market and category on a day, as the plan's text.
func Rate(plan *v1alpha1.PricingPlan, day, market, category string) (string, error) {
	inForce := -1
	for i, revision := range plan.Spec.Revisions {
		if string(
			revision.EffectiveDate,
		) <= day && (inForce < 0 || revision.EffectiveDate > plan.Spec.Revisions[inForce].EffectiveDate) {
			inForce = i
		}
	}
	if inForce < 0 {
		return "", errors.New("the plan has no revision in force")
	}
	for _, rates := range plan.Spec.Revisions[inForce].Rates {
		if string(rates.Market) != market {
			continue
		}
		for _, price := range rates.Prices {
			if string(price.Category) == category {
				return string(price.Amount), nil
			}
		}
	}
	return "", fmt.Errorf("revision %s has no rate for %s in %s", plan.Spec.Revisions[inForce].Name, category, market)
}

func quote(text string) string { return "“" + text + "”" }
