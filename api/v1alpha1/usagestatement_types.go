package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StatementState is whether a statement still grows.
// +kubebuilder:validation:Enum=Open;Closed
type StatementState string

const (
	// StatementOpen is a statement of a month that runs, or ended less than seven days ago.
	StatementOpen StatementState = "Open"
	// StatementClosed is a statement that never changes again.
	StatementClosed StatementState = "Closed"
)

// StatementAmount is an exact decimal number of currency units, such as "12.5" or "-0.03".
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=40
// +kubebuilder:validation:Pattern=`^-?(0|[1-9][0-9]*)([.][0-9]{1,12})?$`
type StatementAmount string

// StatementHash is a SHA-256 in hex behind "sha256:".
//
// +kubebuilder:validation:MinLength=71
// +kubebuilder:validation:MaxLength=71
// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
type StatementHash string

// UsageStatementSpec is the statement itself. The operator writes it, and nobody else may.
//
// +kubebuilder:validation:XValidation:rule="oldSelf.state != 'Closed' || self == oldSelf",message="a closed statement never changes: what comes later is an adjustment in the next one"
// +kubebuilder:validation:XValidation:rule="self.accountName == oldSelf.accountName && self.period == oldSelf.period",message="accountName and period never change: make another statement"
// +kubebuilder:validation:XValidation:rule="self.state != 'Closed' || has(self.signature) && has(self.closedTime)",message="a closed statement has a signature and a closedTime"
type UsageStatementSpec struct {
	// accountName is the BusinessAccount in the same namespace that the statement is of. The
	// statement stays when the account is deleted.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	AccountName string `json:"accountName,omitempty"`

	// displayName is the account's name for people when the statement was written.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// period is the month in the account's time zone, such as "2026-11".
	// +required
	// +kubebuilder:validation:MinLength=7
	// +kubebuilder:validation:MaxLength=7
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])$`
	Period string `json:"period,omitempty"`

	// timeZone is the time zone at whose midnights the month begins and ends.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// state is Open while the month runs and for seven days after it, as long as the upstream may
	// still tell of a delivery in it; then Closed.
	// +required
	State StatementState `json:"state,omitempty"`

	// asOfTime is when the gateway made up the figures.
	// +required
	AsOfTime metav1.Time `json:"asOfTime,omitzero"`

	// closedTime is when the statement was closed.
	// +optional
	ClosedTime metav1.Time `json:"closedTime,omitzero"`

	// ledger says which records of which ledger the statement covers: `guichet ledger receipt`
	// proves of a message that it is among them.
	// +required
	Ledger StatementLedger `json:"ledger,omitzero"`

	// totals are the sums by currency: most often one.
	// +optional
	// +listType=map
	// +listMapKey=currency
	// +kubebuilder:validation:MaxItems=8
	Totals []StatementTotal `json:"totals,omitempty"`

	// channels are the same sums by phone number or page.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=200
	Channels []StatementChannel `json:"channels,omitempty"`

	// lines are the month's messages by market, category and free reason. The markets that are used
	// least stand together as "Other" if there are more lines than fit.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	Lines []StatementLine `json:"lines,omitempty"`

	// adjustments are the same of earlier months: what came after their statements were closed.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	Adjustments []StatementLine `json:"adjustments,omitempty"`

	// days are the month's messages by day and category.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=640
	Days []StatementDay `json:"days,omitempty"`

	// doubted counts sends of the month whose outcome was not known for a time.
	// +required
	// +kubebuilder:validation:Minimum=0
	Doubted *int64 `json:"doubted,omitempty"`

	// unpriced counts the account's delivered messages that waited for a rate: they are on none of
	// the lines, and will be an adjustment if they are priced after the statement was closed.
	// +required
	// +kubebuilder:validation:Minimum=0
	Unpriced *int64 `json:"unpriced,omitempty"`

	// inDoubt counts the account's messages whose outcome was not known yet.
	// +required
	// +kubebuilder:validation:Minimum=0
	InDoubt *int64 `json:"inDoubt,omitempty"`

	// signature is the platform's, over everything else in spec; only closed statements have one.
	// `guichet statement verify` checks it.
	// +optional
	Signature *StatementSignature `json:"signature,omitempty"`
}

// StatementLedger says which records a statement covers, up to sequence: the settlements and
// corrections of its month, and those of earlier months behind lateAfter.
type StatementLedger struct {
	// id is the ledger's id, status.ledgerID of the account.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ID string `json:"id,omitempty"`

	// from is a record before which there are none of the month or a later one; 0 for the first.
	// +required
	// +kubebuilder:validation:Minimum=0
	From *int64 `json:"from,omitempty"`

	// lateAfter is the last record that the statement before could cover; absent while that is
	// open.
	// +optional
	// +kubebuilder:validation:Minimum=0
	LateAfter *int64 `json:"lateAfter,omitempty"`

	// sequence is the number of the ledger's last record at asOfTime, and head is its hash.
	// +required
	// +kubebuilder:validation:Minimum=0
	Sequence *int64 `json:"sequence,omitempty"`

	// head is the hash of the record sequence.
	// +required
	Head StatementHash `json:"head,omitempty"`

	// records counts the records that the statement covers.
	// +required
	// +kubebuilder:validation:Minimum=0
	Records *int64 `json:"records,omitempty"`

	// root is the root of the Merkle tree of RFC 9162 over their canonical bytes.
	// +required
	Root StatementHash `json:"root,omitempty"`

	// next is from of the statement after.
	// +required
	// +kubebuilder:validation:Minimum=0
	Next *int64 `json:"next,omitempty"`
}

// StatementTotal is the sum of what a statement covers in one currency.
type StatementTotal struct {
	// currency is the ISO 4217 code of the amounts.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	Currency string `json:"currency,omitempty"`

	// messages counts those that were settled: charged, free and failed are its parts.
	// +required
	Messages *int64 `json:"messages,omitempty"`
	// charged counts messages that cost something.
	// +required
	Charged *int64 `json:"charged,omitempty"`
	// free counts delivered messages that cost nothing.
	// +required
	Free *int64 `json:"free,omitempty"`
	// failed counts messages that did not arrive, and cost nothing.
	// +required
	Failed *int64 `json:"failed,omitempty"`

	// billed is what is owed for the month.
	// +required
	Billed StatementAmount `json:"billed,omitempty"`
	// adjusted is what is owed for earlier months, beyond their statements.
	// +required
	Adjusted StatementAmount `json:"adjusted,omitempty"`
	// due is the sum of both.
	// +required
	Due StatementAmount `json:"due,omitempty"`
	// cost is what the upstream charges for the same messages.
	// +required
	Cost StatementAmount `json:"cost,omitempty"`
}

// StatementChannel is the part of one channel.
type StatementChannel struct {
	// channel is the id of the phone number or page; empty for messages that failed without one.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Channel string `json:"channel"`
	// network is the channel's type; absent for a channel that the account had before.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Network string `json:"network,omitempty"`
	// currency is the ISO 4217 code of due.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	Currency string `json:"currency,omitempty"`
	// messages counts those that were settled.
	// +required
	Messages *int64 `json:"messages,omitempty"`
	// due is what is owed for them.
	// +required
	Due StatementAmount `json:"due,omitempty"`
}

// StatementLine is the sum of messages that are alike.
type StatementLine struct {
	// period is the month of an adjustment; absent for the statement's own.
	// +optional
	// +kubebuilder:validation:MaxLength=7
	Period string `json:"period,omitempty"`
	// currency is the ISO 4217 code of the amounts.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	Currency string `json:"currency,omitempty"`
	// market is where the messages went.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Market string `json:"market,omitempty"`
	// category is what they are billed as; "none" where nothing had to price them.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Category string `json:"category,omitempty"`
	// freeReason says why nothing is owed; absent for messages that were charged.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	FreeReason string `json:"freeReason,omitempty"`
	// messages counts them. It can be negative in an adjustment: a correction moves a message from
	// one line to another.
	// +required
	Messages *int64 `json:"messages,omitempty"`
	// billed is what is owed.
	// +required
	Billed StatementAmount `json:"billed,omitempty"`
	// cost is what the upstream charges.
	// +required
	Cost StatementAmount `json:"cost,omitempty"`
}

// StatementDay is a category's part of a day.
type StatementDay struct {
	// date is the day in the account's time zone.
	// +required
	// +kubebuilder:validation:MinLength=10
	// +kubebuilder:validation:MaxLength=10
	Date string `json:"date,omitempty"`
	// category is what the messages are billed as.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Category string `json:"category,omitempty"`
	// currency is the ISO 4217 code of billed.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	Currency string `json:"currency,omitempty"`
	// messages counts those that were settled.
	// +required
	Messages *int64 `json:"messages,omitempty"`
	// billed is what is owed.
	// +required
	Billed StatementAmount `json:"billed,omitempty"`
}

// StatementSignature is the platform's signature.
type StatementSignature struct {
	// algorithm is Ed25519, of RFC 8032.
	// +required
	// +kubebuilder:validation:Enum=Ed25519
	Algorithm string `json:"algorithm,omitempty"`
	// keyID names the public key: ConfigMap guichet-statement-keys in the operator's namespace has
	// it as <keyID>.pem.
	// +required
	// +kubebuilder:validation:MinLength=16
	// +kubebuilder:validation:MaxLength=16
	KeyID string `json:"keyID,omitempty"`
	// value is the signature in base64.
	// +required
	// +kubebuilder:validation:MinLength=88
	// +kubebuilder:validation:MaxLength=88
	Value string `json:"value,omitempty"`
}

// UsageStatement is what an account owes for a month: open while the month runs and for seven days
// after it, then closed, signed and never changed again. Nothing owns it, so that it outlives the
// account. Only the operator writes it.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:shortName=us,categories=guichet
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=`.spec.accountName`
// +kubebuilder:printcolumn:name="Period",type=string,JSONPath=`.spec.period`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.spec.state`
// +kubebuilder:printcolumn:name="Messages",type=integer,JSONPath=`.spec.totals[0].messages`
// +kubebuilder:printcolumn:name="Charged",type=integer,JSONPath=`.spec.totals[0].charged`
// +kubebuilder:printcolumn:name="Adjusted",type=string,JSONPath=`.spec.totals[0].adjusted`,description="Owed for earlier months"
// +kubebuilder:printcolumn:name="Due",type=string,JSONPath=`.spec.totals[0].due`,description="Owed for the month and for earlier ones"
// +kubebuilder:printcolumn:name="Currency",type=string,JSONPath=`.spec.totals[0].currency`
// +kubebuilder:printcolumn:name="Unpriced",type=integer,JSONPath=`.spec.unpriced`,description="Delivered messages that wait for a rate"
// +kubebuilder:printcolumn:name="Closed",type=date,JSONPath=`.spec.closedTime`
type UsageStatement struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the statement.
	// +required
	Spec UsageStatementSpec `json:"spec,omitzero"`
}

// UsageStatementList is a list of UsageStatements.
//
// +kubebuilder:object:root=true
type UsageStatementList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []UsageStatement `json:"items"`
}
