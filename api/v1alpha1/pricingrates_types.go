package v1alpha1

// MarketRates is the list prices of one market.
type MarketRates struct {
	// market is a market of the published list, a country code, which goes before its market, or
	// Any for every market without a rate of its own.
	// +required
	Market MarketName `json:"market,omitempty"`

	// prices are the prices of one message, or one conversation, by category.
	// +required
	// +listType=map
	// +listMapKey=category
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Prices []CategoryPrice `json:"prices,omitempty"`
}

// CategoryPrice is the price of one message, or one conversation, of a category.
type CategoryPrice struct {
	// category is what is billed.
	// +required
	Category MessageCategory `json:"category,omitempty"`

	// amount is the price in the plan's currency.
	// +required
	Amount DecimalAmount `json:"amount,omitempty"`
}

// CategoryRatedAs says that a category costs what another one costs.
type CategoryRatedAs struct {
	// category is the category that has no prices of its own.
	// +required
	Category MessageCategory `json:"category,omitempty"`

	// as is the category whose prices it has. It must be another one, or the plan is not accepted.
	// +required
	As MessageCategory `json:"as,omitempty"`
}

// VolumeTiers are lower prices of one market and category above volumes of the month. The rate in
// rates is the price below the first step.
type VolumeTiers struct {
	// market is the market whose messages are counted, as in rates.
	// +required
	Market MarketName `json:"market,omitempty"`

	// category is the category whose messages are priced.
	// +required
	Category MessageCategory `json:"category,omitempty"`

	// countedAs is the category whose count is used and raised, where it is not the own one:
	// international authentication goes on with the count of authentication.
	// +optional
	CountedAs MessageCategory `json:"countedAs,omitempty"`

	// mode is how something of several units that crosses a volume is priced: Marginal prices each
	// unit at its own step, Whole prices all at the step of the last.
	// +required
	// +kubebuilder:validation:Enum=Marginal;Whole
	Mode string `json:"mode,omitempty"`

	// per is over what is counted: the Account, or the Portfolio of accounts.
	// +required
	// +kubebuilder:validation:Enum=Account;Portfolio
	Per string `json:"per,omitempty"`

	// steps are the volumes and their prices, in rising order of volume.
	// +required
	// +listType=map
	// +listMapKey=above
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=12
	Steps []TierStep `json:"steps,omitempty"`
}

// TierStep is the price above a volume.
type TierStep struct {
	// above is the number of charged units of the month after which the price applies: 100000 means
	// from the 100,001st on.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000000
	Above int64 `json:"above,omitempty"`

	// amount is the price in the plan's currency. Without it the price is not known: messages above
	// the volume are held as unpriced.
	// +optional
	Amount DecimalAmount `json:"amount,omitempty"`
}

// Markup is what is charged on top of the cost of a category.
//
// +kubebuilder:validation:XValidation:rule="has(self.percent) || has(self.fixed)",message="must have percent or fixed, or both"
type Markup struct {
	// category is the category that is charged more than it costs.
	// +required
	Category MessageCategory `json:"category,omitempty"`

	// percent of the cost is added, with at most 4 decimals: 12.5 makes a cost of 0.08 a charge of
	// 0.09.
	// +optional
	// +kubebuilder:validation:MaxLength=10
	// +kubebuilder:validation:XValidation:rule="self.matches('^(0|[1-9][0-9]{0,4})([.][0-9]{1,4})?$')",message="must be a percentage that is not negative and has at most 5 digits before and 4 after the point, like '12.5'"
	Percent string `json:"percent,omitempty"`

	// fixed is added to each charged message or conversation, in the plan's currency, after the
	// percentage.
	// +optional
	Fixed DecimalAmount `json:"fixed,omitempty"`
}
