//go:build e2e

package e2e

import (
	"context"
	"testing"

	"github.com/guichet-dev/guichet/test/story"
)

// pageOnMessenger tells the second story, whose messages are settled at 0.
func (s *scene) pageOnMessenger(ctx context.Context, t *testing.T) {
	before, err := s.Account(ctx)
	must(t, err)
	delivered, err := s.play.RunPage(ctx)
	must(t, err)
	equal(t, "delivered", delivered, int64(4))
	account, err := s.AwaitMessages(ctx, story.Messages(before)+delivered)
	must(t, err)
	equalAmounts(t, story.Billed(account), amount(t, story.Billed(before)))
	equal(t, "reserved", account.Status.Usage.Reserved.Amount, "0")
	for _, channel := range account.Status.Channels {
		for _, c := range channel.Conditions {
			if c.Status != "True" {
				t.Errorf("channel %s: %s=%s (%s: %s)", channel.Name, c.Type, c.Status, c.Reason, c.Message)
			}
		}
	}
}

// paidReach sends paid messages to three subscribers, of whom the budget covers two.
func (s *scene) paidReach(ctx context.Context, t *testing.T) {
	before, err := s.Account(ctx)
	must(t, err)
	reach, err := s.play.RunReach(ctx)
	must(t, err)
	equal(t, "delivered", reach.Delivered, int64(2))
	account, err := s.AwaitMessages(ctx, story.Messages(before)+reach.Delivered)
	must(t, err)
	want := amount(t, story.Billed(before))
	equalAmounts(t, story.Billed(account), want.Add(want, amount(t, "0.09"))) // Brazil 0.05 + Mexico 0.04
	equal(t, "reserved", account.Status.Usage.Reserved.Amount, "0")
	for _, category := range account.Status.Usage.Categories {
		if category.Category == "marketing" {
			equal(t, "marketing charged", *category.Charged, int64(2))
			equal(t, "marketing billed", category.Billed.Amount, "0.09")
			return
		}
	}
	t.Errorf("the status has no marketing messages: %+v", account.Status.Usage.Categories)
}
