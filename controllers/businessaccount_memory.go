package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// accountMemory is what the operator remembers of an account between passes, to do less. It can be
// lost at any time. Passes over one account follow each other, so it needs no lock.
type accountMemory struct {
	uid types.UID
	// access is how the gateway's reports are read: the operator's own key, not the account's.
	access ReportAccess
	// applied is what the last pass has decided that applied everything.
	applied decision
	// stall is the last refusal of what the account needs; its zero value is none.
	stall stalledPass
	// record is the account's price record as it was stored last.
	record tenant.PriceRecord
	// report is the newest report that was read, and confirmed when it was last known to hold.
	report    *report.Report
	confirmed time.Time
	// answers are what the ready pods said last, by name.
	answers map[string]podAnswer
	// templateEvents are the times of the upstream's words on templates that were passed on, by
	// upstream id.
	templateEvents map[string]time.Time
	statements     statementMemory
}

// podAnswer is a report and when it was read.
type podAnswer struct {
	report report.Report
	at     time.Time
}

// accountMemories are the memories of all accounts. It is safe for concurrent use.
type accountMemories struct {
	mutex sync.Mutex
	byKey map[types.NamespacedName]*accountMemory
}

func newAccountMemories() *accountMemories {
	return &accountMemories{byKey: map[types.NamespacedName]*accountMemory{}}
}

// of returns the memory of an account: a new one if the account was made anew under the same name.
func (m *accountMemories) of(name types.NamespacedName, uid types.UID) *accountMemory {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if known := m.byKey[name]; known != nil && known.uid == uid {
		return known
	}
	m.byKey[name] = &accountMemory{uid: uid, templateEvents: map[string]time.Time{}}
	return m.byKey[name]
}

// known is the memory of an account, or nil.
func (m *accountMemories) known(name types.NamespacedName) *accountMemory {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.byKey[name]
}

func (m *accountMemories) forget(name types.NamespacedName) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.byKey, name)
}
