package tenant

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
)

const (
	// LabelLedger is the id of a ledger, on the record that the operator keeps of it.
	LabelLedger = "guichet.dev/ledger"
	// AnnotationAdoptableBy is, on a ledger's record, the namespace and name of the account that
	// the platform lets go on with the ledger, such as "shop/acme".
	AnnotationAdoptableBy = "guichet.dev/adoptable-by"
	// AnnotationAcceptedLoss is, on a ledger's record, the hash of the last record that was
	// published of the ledger, if the platform accepts that it is lost: the account that goes on
	// with the ledger then goes on with what its store has.
	AnnotationAcceptedLoss = "guichet.dev/accepted-loss"

	ledgerRecordName = "guichet-ledger-"
)

// LedgerRecord is what the operator keeps of a ledger in its own namespace, where no tenant can
// write. It says which account goes on with which ledger, and from where: it outlives the account.
type LedgerRecord struct {
	// ID is in the genesis of the ledger.
	ID string `json:"id"`
	// Namespace and Name are those of the account that the ledger belongs to, and Owner is its UID.
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Owner     string `json:"owner"`
	// From is the name of the record of another account from which the ledger was taken over, until
	// that record is gone.
	From string `json:"from,omitempty"`
	// Last is the last report that was kept; nil before the first.
	Last *LastReport `json:"last,omitempty"`
	// SavedAt is when Last was kept.
	SavedAt time.Time `json:"savedAt,omitzero"`
	// Statements says how far the ledger's statements are closed; nil before the first.
	Statements *StatementChain `json:"statements,omitempty"`
}

// LastReport is what stays of a gateway's report when its account is gone.
type LastReport struct {
	AsOf     time.Time            `json:"asOf"`
	Currency string               `json:"currency,omitempty"`
	Period   report.Period        `json:"period"`
	History  []report.PeriodTotal `json:"history,omitempty"`
	Ledger   report.LedgerRecord  `json:"ledger"`
	// Owner is the UID of the account that had it in its status.
	Owner string `json:"owner"`
}

// LastOf is what is kept of a report.
func LastOf(r *report.Report, owner string) *LastReport {
	return &LastReport{
		Owner: owner,
		AsOf:  r.AsOf, Currency: r.Currency, Period: r.Period, History: r.History,
		Ledger: report.LedgerRecord{Sequence: r.Ledger.Sequence, Hash: r.Ledger.Hash},
	}
}

// Head is the last record of the ledger that is known; of none the Sequence is 0.
func (r *LedgerRecord) Head() report.LedgerRecord {
	if r == nil || r.Last == nil {
		return report.LedgerRecord{}
	}
	return r.Last.Ledger
}

// Expected is the record of the ledger that the store of an account must have because an account
// before it has published it. It is none once the account has published figures of its own.
func (r *LedgerRecord) Expected(account types.UID, acceptedLoss string) report.LedgerRecord {
	head := r.Head()
	if head.Sequence == 0 || r.Last.Owner == string(account) || head.Hash == acceptedLoss {
		return report.LedgerRecord{}
	}
	return head
}

// NewLedger is the record of a ledger that begins with an account. Its id is its own: no two
// ledgers ever have the same, not even of one account.
func NewLedger(account *v1alpha1.BusinessAccount) *LedgerRecord {
	return ledgerOf(account, string(uuid.NewUUID()))
}

// StandingLedger is the record of the ledger that an account has already: the one that its status
// names, or one from before ledgers had ids of their own, whose id is the account's UID.
func StandingLedger(account *v1alpha1.BusinessAccount) *LedgerRecord {
	return ledgerOf(account, cmp.Or(account.Status.LedgerID, string(account.UID)))
}

func ledgerOf(account *v1alpha1.BusinessAccount, id string) *LedgerRecord {
	return &LedgerRecord{ID: id, Namespace: account.Namespace, Name: account.Name, Owner: string(account.UID)}
}

// AdoptedBy is the record of the same ledger under another account.
func (r *LedgerRecord) AdoptedBy(account *v1alpha1.BusinessAccount) *LedgerRecord {
	adopted := *r
	adopted.Namespace, adopted.Name, adopted.Owner = account.Namespace, account.Name, string(account.UID)
	if before := LedgerRecordName(r.Namespace, r.Name); before != LedgerRecordName(account.Namespace, account.Name) {
		adopted.From = before
	}
	return &adopted
}

// LedgerRecordName is the name of the record of the ledger of an account.
func LedgerRecordName(namespace, name string) string {
	return ledgerRecordName + RecordOf(namespace, name)
}

// Deletable tells whether the account's ledger goes with the account: its deletionPolicy says so,
// and every record that is known was exported, or is given up.
func Deletable(account *v1alpha1.BusinessAccount) bool {
	if account.Spec.DeletionPolicy != v1alpha1.DeletionDelete {
		return false
	}
	if account.Annotations[v1alpha1.AnnotationDeleteUnexported] == "true" {
		return true
	}
	usage := account.Status.Usage
	if usage == nil || usage.Ledger == nil || usage.Ledger.Sequence == nil {
		return false
	}
	return *usage.Ledger.Sequence == 0 ||
		account.Annotations[v1alpha1.AnnotationExportedLedger] == usage.Ledger.RootHash
}

// RetainedLabels are the labels of what stays when its account is deleted. The standard label of an
// instance is not among them: Argo CD takes what bears it for a part of the application of that
// name, and prunes it. https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
func RetainedLabels(account string) map[string]string {
	labels := Labels(account)
	delete(labels, labelInstance)
	return labels
}
