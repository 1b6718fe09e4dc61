package template

import "fmt"

// Types of a message's components for what is neither text nor button.
const (
	carouselType = "carousel"
	offerType    = "limited_time_offer"
)

// Limits of a carousel, in cards, and of a card's body, in characters.
const (
	minCards    = 2
	maxCards    = 10
	maxCardBody = 160
)

// matchOffer requires of an offer that ends the instant at which it does.
func (c *Compiled) matchOffer(offer given) *Mismatch {
	switch {
	case !c.expires:
		return nil
	case len(offer.parameters) != 1:
		return mismatch(WrongFormat, "%s: 1 parameter of type %s is expected and %d are given.",
			offer.place(), offerType, len(offer.parameters))
	case offer.parameters[0].Type != offerType || len(offer.parameters[0].Offer) == 0:
		return mismatch(WrongFormat, "%s: a parameter of type %s with its expiration_time_ms is expected.",
			offer.parameter(0), offerType)
	}
	return nil
}

// matchCarousel compares a message's cards with those of the template. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/
// (media-card-carousel-templates, product-card-carousel-templates).
func (c *Compiled) matchCarousel(carousel given) *Mismatch {
	if len(c.cards) == 0 {
		return nil // the upstream knows the cards
	}
	least, most := len(c.cards), len(c.cards)
	if c.cards[0].sellsProducts() {
		least, most = minCards, maxCards
	}
	if n := len(carousel.cards); n < least || n > most {
		return mismatch(WrongCount, "%s: %s are expected and %d are given.", carousel.place(), cards(least, most), n)
	}
	placed := map[Index]bool{}
	for i := range carousel.cards {
		card := &carousel.cards[i]
		path := fmt.Sprintf("%s.cards[%d]", carousel.path, i)
		switch {
		case card.Index == nil:
			return mismatch(WrongFormat, "%s.card_index is missing. Give the card's place, from 0.", path)
		case int(*card.Index) >= most:
			return mismatch(WrongFormat, "%s.card_index: there are %d cards at most. Count from 0.", path, most)
		case placed[*card.Index]:
			return mismatch(WrongFormat, "%s.card_index: card %d stands before it. Keep one.", path, *card.Index)
		}
		placed[*card.Index] = true
		if m := c.card(*card.Index).match(path+".components", card.Components); m != nil {
			return m
		}
	}
	return nil
}

// card is the definition of the card at a place. Cards of products are all alike, and a message may
// have more of them than the template.
func (c *Compiled) card(at Index) *Compiled { return c.cards[min(int(at), len(c.cards)-1)] }

func (c *Compiled) sellsProducts() bool { return c.header != nil && c.header.format == FormatProduct }

// cards is a number of cards in words.
func cards(least, most int) string {
	if least == most {
		return fmt.Sprintf("%d cards", least)
	}
	return fmt.Sprintf("%d to %d cards", least, most)
}
