package story

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// PagePlanName is the plan by which the page's messages are priced.
const PagePlanName = "acme-page"

// subscriber is a customer who subscribes to marketing messages, from a time zone.
type subscriber struct {
	Customer
	zone  string
	price string // of a marketing message, by the plan of the page
}

// The subscribers of the second story. Meta prices a marketing message by the country of the time
// zone. The month's budget ends before the third.
var (
	gil     = subscriber{Customer{Name: "Gil", Number: "24680137", Market: "Brazil"}, "America/Sao_Paulo", "0.05"}
	ximena  = subscriber{Customer{Name: "Ximena", Number: "24680138", Market: "Mexico"}, "America/Mexico_City", "0.04"}
	jacinta = subscriber{Customer{Name: "Jacinta", Number: "24680139", Market: "Brazil"}, "America/Bahia", "0.05"}
)

// codeNotAllowed is the Send API's code for a message that may not be sent, such as one that the
// budget does not cover.
const codeNotAllowed = 200

// Reach is what the paid part of the second story must have cost.
type Reach struct {
	Delivered int64
	// Terms are the prices of the delivered messages, in the plan's words and currency.
	Terms []Term
}

// Term is the price of a message.
type Term struct{ Amount, Market string }

// RunReach sends paid messages to those who have subscribed to them, until the month's budget stops
// it: the business has lowered its budget for that. The account's earlier messages must be settled.
func (p *Play) RunReach(ctx context.Context) (Reach, error) {
	account, err := p.Stage.Account(ctx)
	if err != nil {
		return Reach{}, err
	}
	page, err := p.Business.page(account)
	if err != nil {
		return Reach{}, err
	}
	tokens, err := p.subscribe(ctx, page, gil, ximena, jacinta)
	if err != nil {
		return Reach{}, err
	}
	if err := p.refuseStranger(ctx, page); err != nil {
		return Reach{}, err
	}
	restore, err := p.lowerBudget(ctx, account, gil.price, ximena.price)
	if err != nil {
		return Reach{}, err
	}
	reach, err := p.advertise(ctx, page, tokens)
	if restored := restore(ctx); err == nil {
		err = restored
	}
	return reach, err
}

// subscribe has customers subscribe to marketing messages, and returns their tokens.
func (p *Play) subscribe(ctx context.Context, page Page, people ...subscriber) (map[string]string, error) {
	tokens := map[string]string{}
	for _, who := range people {
		tokens[who.Number] = "token-" + who.Number + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)
		if err := p.Phones.Act(ctx, who.Number, pages.Act{To: page.ID, Name: who.Name, OptIn: map[string]any{
			"notification_messages_token": tokens[who.Number], "notification_messages_timezone": who.zone,
			"title": "Offers of Acme Parcels",
		}}); err != nil {
			return nil, err
		}
	}
	p.Tell(Line{
		Who: gil.Name + ", " + ximena.Name + " and " + jacinta.Name, Did: "subscribe to “Offers of Acme Parcels”",
		Answer: "kept as their consent, with its expiry, frequency and time zone",
	})
	return tokens, nil
}

const offer = "Half price for every second parcel this week."

// refuseStranger tries to reach somebody who never subscribed.
func (p *Play) refuseStranger(ctx context.Context, page Page) error {
	answer, err := page.Advertise(ctx, "1", "a-token-of-nobody", offer)
	if err != nil {
		return err
	}
	return p.refused("the business, to a token of nobody's", answer)
}

// lowerBudget sets the month's budget to what is billed, the prices given, and one cent, and waits
// until the gateway has it. The function that it returns sets it back.
func (p *Play) lowerBudget(
	ctx context.Context, account *v1alpha1.BusinessAccount, prices ...string,
) (restore func(context.Context) error, err error) {
	limit, ok := new(big.Rat).SetString(Billed(account))
	for _, price := range append(prices, "0.01") {
		more, is := new(big.Rat).SetString(price)
		if !ok || !is {
			return nil, fmt.Errorf("%q and %q must be amounts", Billed(account), price)
		}
		limit.Add(limit, more)
	}
	lowered := Decimal(limit)
	if err := p.Stage.setBudget(ctx, lowered); err != nil {
		return nil, err
	}
	p.Tell(Line{
		Who: "the business, kubectl patch ba", Did: "lowers spec.budget.limit to " + lowered + " USD",
		Answer: "0.10 USD are left of this month",
	})
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return p.Stage.setBudget(ctx, account.Spec.Budget.Limit.Amount)
	}, nil
}

// setBudget sets the limit of the account's budget and waits until the gateway and the status have
// it.
func (s *Stage) setBudget(ctx context.Context, amount string) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"budget": map[string]any{
		"limit": map[string]string{"amount": amount},
	}}})
	if err != nil {
		return err
	}
	before, err := s.Account(ctx)
	if err != nil {
		return err
	}
	if _, err := s.Kubectl.Run(
		ctx, "patch", "ba", "--namespace", AccountNamespace, AccountName, "--type=merge", "--patch", string(patch),
	); err != nil {
		return err
	}
	_, err = s.AwaitAccount(ctx, "the gateway has the budget", func(a *v1alpha1.BusinessAccount) bool {
		return a.Status.Gateway.ConfigDigest != before.Status.Gateway.ConfigDigest &&
			apimeta.IsStatusConditionTrue(a.Status.Conditions, v1alpha1.ConditionConfigSynced) &&
			apimeta.IsStatusConditionTrue(a.Status.Conditions, v1alpha1.ConditionWithinBudget)
	})
	return err
}

// advertise creates a campaign and sends its message to the subscribers. The campaign's own budget
// would let all of them through.
func (p *Play) advertise(ctx context.Context, page Page, tokens map[string]string) (reach Reach, err error) {
	campaign, err := page.Campaign(ctx, "second parcel", 500)
	if err != nil {
		return Reach{}, err
	}
	for _, to := range []subscriber{gil, ximena} {
		before, err := p.Phones.Inbox(ctx, to.Number)
		if err != nil {
			return Reach{}, err
		}
		answer, err := page.Advertise(ctx, campaign, tokens[to.Number], offer)
		if err != nil {
			return Reach{}, err
		}
		if answer.Refused() {
			return Reach{}, fmt.Errorf("the paid message was refused: %d %s", answer.Code, answer.Message)
		}
		if _, err := p.Phones.AwaitDelivery(ctx, to.Number, len(before)+1); err != nil {
			return Reach{}, err
		}
		p.Tell(Line{
			Who: "the business, to subscribers", Did: quote(offer),
			Answer: fmt.Sprintf("200, delivered to %s in %s; %s USD by the plan %s", to.Name, to.Market, to.price,
				PagePlanName),
		})
		reach.Delivered++
		reach.Terms = append(reach.Terms, Term{to.price, to.Market})
	}
	return reach, p.stopAtBudget(ctx, page, campaign, tokens[jacinta.Number])
}

// stopAtBudget sends one more message than the budget covers.
func (p *Play) stopAtBudget(ctx context.Context, page Page, campaign, token string) error {
	answer, err := page.Advertise(ctx, campaign, token, offer)
	if err != nil {
		return err
	}
	if err := p.refused("the business, to "+jacinta.Name+" in "+jacinta.Market, answer); err != nil {
		return err
	}
	if inbox, err := p.Phones.Inbox(ctx, jacinta.Number); err != nil || len(inbox) > 0 {
		return fmt.Errorf("%s got %d messages that the budget does not cover: %w", jacinta.Name, len(inbox), err)
	}
	account, err := p.Stage.AwaitAccount(ctx, "the status says what the budget stops", func(
		a *v1alpha1.BusinessAccount,
	) bool {
		within := apimeta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionWithinBudget)
		return within != nil && within.Reason == v1alpha1.ReasonBudgetTooLow
	})
	if err != nil {
		return err
	}
	condition := apimeta.FindStatusCondition(account.Status.Conditions, v1alpha1.ConditionWithinBudget)
	p.Tell(Line{
		Who: "the account's status", Did: "WithinBudget=" + string(condition.Status), Answer: condition.Message,
	})
	return nil
}

// refused tells of a message that may not be sent.
func (p *Play) refused(who string, answer Answer) error {
	if answer.Code != codeNotAllowed {
		return fmt.Errorf("%s: the message should be refused with %d, and got %d %s", who, codeNotAllowed,
			answer.Code, answer.Message)
	}
	p.Tell(Line{Who: who, Did: quote(offer), Answer: fmt.Sprintf("%d: %s", answer.Status, answer.Message)})
	return nil
}

// Decimal prints an amount with as many decimals as it has.
func Decimal(amount *big.Rat) string {
	text := amount.FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
