package request

import "fmt"

// Limits of messages that sell, ask or call, in characters, entries and minutes.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/ (flows,
// catalogs/sell-products-and-services, calling, payments, messages/address-messages).
const (
	maxFlowButton      = 30
	maxProductSections = 10
	maxProducts        = 30
	maxCatalogID       = 256
	maxProductID       = 256
	maxReference       = 35
	maxCallMinutes     = 43_200
	maxCallPayload     = 512
	countryLetters     = 2
)

// flowParameters check a button that opens a Flow, which is named by id or by name.
func flowParameters(f field) error {
	parameters, err := f.object()
	if err != nil {
		return err
	}
	id, err := parameters.at("flow_id").text(0, maxCatalogID)
	if err != nil {
		return err
	}
	name, err := parameters.at("flow_name").text(0, MaxTextBody)
	switch {
	case err != nil:
		return err
	case id == "" && name == "":
		return missing(parameters.path+".flow_id", "the id of a Flow, or flow_name")
	case id != "" && name != "":
		return invalid(parameters.path+".flow_name", "cannot accompany flow_id")
	}
	err = parameters.at("flow_cta").checkLabel(maxFlowButton)
	return err
}

func productAction(f field) error {
	action, err := f.object()
	if err != nil {
		return err
	}
	if _, err := action.at("catalog_id").text(1, maxCatalogID); err != nil {
		return err
	}
	_, err = action.at("product_retailer_id").text(1, maxProductID)
	return err
}

func productListAction(f field) error {
	action, err := f.object()
	if err != nil {
		return err
	}
	if _, err := action.at("catalog_id").text(1, maxCatalogID); err != nil {
		return err
	}
	return action.at("sections").products()
}

// products checks sections of products, of which there may be so many in all.
func (f field) products() error {
	sections, err := f.list(1, maxProductSections)
	if err != nil {
		return err
	}
	leastTitle, count := 0, 0
	if len(sections) > 1 {
		leastTitle = 1
	}
	for _, s := range sections {
		section, err := s.object()
		if err != nil {
			return err
		}
		if _, err := section.at("title").text(leastTitle, maxSectionTitle); err != nil {
			return err
		}
		items, err := section.at("product_items").list(1, maxProducts)
		if err != nil {
			return err
		}
		if count += len(items); count > maxProducts {
			return invalid(f.path, fmt.Sprintf("must have at most %d products in all", maxProducts))
		}
		for _, i := range items {
			item, err := i.object()
			if err != nil {
				return err
			}
			if _, err := item.at("product_retailer_id").text(1, maxProductID); err != nil {
				return err
			}
		}
	}
	return nil
}

func addressParameters(f field) error {
	parameters, err := f.object()
	if err != nil {
		return err
	}
	_, err = parameters.at("country").text(countryLetters, countryLetters)
	return err
}

// callParameters check a button that calls the business; without them it has Meta's own text.
func callParameters(f field) error {
	if f.absent() {
		return nil
	}
	parameters, err := f.object()
	if err != nil {
		return err
	}
	if _, err := parameters.at("display_text").text(0, maxOpenButton); err != nil {
		return err
	}
	if err := parameters.at("ttl_minutes").number(1, maxCallMinutes); err != nil {
		return err
	}
	_, err = parameters.at("payload").text(0, maxCallPayload)
	return err
}

// orderParameters check an order, which its reference tells from others.
func orderParameters(f field) error {
	parameters, err := f.object()
	if err != nil {
		return err
	}
	_, err = parameters.at("reference_id").text(1, maxReference)
	return err
}
