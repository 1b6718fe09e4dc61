package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/replay"
)

// ratePlans are the plans that price a file of events.
type ratePlans struct {
	books []*pricing.Book // the account's, and one to compare it with
	own   []channelPlan
}

// channelPlan is the plan of a channel that has one of its own.
type channelPlan struct {
	channel string
	file    string
	book    *pricing.Book
}

// plans reads and compiles the plans.
func (o *rateOptions) plans() (plans ratePlans, err error) {
	read := map[string]*pricing.Book{}
	book := func(path string) (*pricing.Book, error) {
		if known := read[path]; known != nil {
			return known, nil
		}
		compiled, err := readBook(path)
		read[path] = compiled
		return compiled, err
	}
	paths := []string{o.plan}
	if o.compare != "" {
		paths = append(paths, o.compare)
	}
	for _, path := range paths {
		compiled, err := book(path)
		if err != nil {
			return plans, err
		}
		plans.books = append(plans.books, compiled)
	}
	for _, text := range o.channelPlans {
		channel, path, _ := strings.Cut(text, "=")
		if channel == "" || path == "" {
			return plans, fmt.Errorf("--channel-plan %.120q must be a channel and a file, like 1066=own.yaml", text)
		}
		if slices.ContainsFunc(plans.own, func(p channelPlan) bool { return p.channel == channel }) {
			return plans, fmt.Errorf("--channel-plan: channel %.60q must have one plan", channel)
		}
		compiled, err := book(path)
		if err != nil {
			return plans, err
		}
		plans.own = append(plans.own, channelPlan{channel: channel, file: path, book: compiled})
	}
	return plans, plans.check(o.exemptions)
}

// check finds plans of several currencies, and exemptions that none of the plans has.
func (p *ratePlans) check(exemptions []string) error {
	all := slices.Clone(p.books)
	for i := range p.own {
		all = append(all, p.own[i].book)
	}
	for _, book := range all {
		if book.Currency() != all[0].Currency() {
			return fmt.Errorf(
				"the plans are in %s and %s: amounts are never converted, use plans of one currency",
				all[0].Currency(), book.Currency(),
			)
		}
	}
	for _, name := range exemptions {
		if !slices.ContainsFunc(all, func(b *pricing.Book) bool { return b.HasExemption(name) }) {
			return fmt.Errorf("--exemption %.63q must be an exemption of the plan", name)
		}
	}
	return nil
}

// replay returns a replay under one of the account's plans, and those of the channels. As in a
// gateway, what a plan that only channels have counts, it counts apart.
func (p *ratePlans) replay(book *pricing.Book, account *pricing.Account) *replay.Replay {
	r := replay.New(book, account)
	for i := range p.own {
		own := &p.own[i]
		if own.book == book {
			continue
		}
		payer := *account
		payer.CountedBy = own.file
		r.PriceChannel(own.channel, own.book, &payer)
	}
	return r
}
