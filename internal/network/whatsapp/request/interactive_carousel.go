package request

// Limits of carousels, in cards and characters. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages
const (
	leastCards  = 2
	maxCards    = 10
	maxCardBody = 160
)

// carouselAction checks cards that the customer leafs through: of products, or of media with a
// link or with replies.
func carouselAction(f field) error {
	action, err := f.object()
	if err != nil {
		return err
	}
	cards, err := action.at("cards").list(leastCards, maxCards)
	if err != nil {
		return err
	}
	places := map[string]bool{}
	for _, c := range cards {
		card, err := c.object()
		if err != nil {
			return err
		}
		if err := card.inCarousel(places); err != nil {
			return err
		}
	}
	return nil
}

// inCarousel checks a card whose place none of those before it has.
func (o object) inCarousel(places map[string]bool) error {
	index := o.at("card_index")
	if index.absent() {
		return missing(index.path, "the card's place, from 0")
	}
	if err := index.number(0, maxCards-1); err != nil {
		return err
	}
	if places[string(index.raw)] {
		return invalid(index.path, "must differ from those before it")
	}
	places[string(index.raw)] = true
	if err := interactiveHeader(o.at("header"), []string{TypeImage, TypeVideo}); err != nil {
		return err
	}
	if err := interactiveText(o.at("body"), 0, maxCardBody); err != nil {
		return err
	}
	action, err := o.at("action").object()
	switch {
	case err != nil:
		return err
	case action.members.Has("product_retailer_id") || action.members.Has("catalog_id"):
		return productAction(o.at("action"))
	case action.members.Has("buttons"):
		return action.at("buttons").replies("quick_reply", "reply")
	}
	return named(actionLink, linkParameters)(o.at("action"))
}
