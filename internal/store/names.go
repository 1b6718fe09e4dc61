package store

import (
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/callbacks"
	"github.com/guichet-dev/guichet/internal/store/intake"
	"github.com/guichet-dev/guichet/internal/store/messages"
	"github.com/guichet-dev/guichet/internal/store/people"
	"github.com/guichet-dev/guichet/internal/store/txn"
	"github.com/guichet-dev/guichet/internal/store/upkeep"
)

// What the operations of a store speak of, under one name: who uses a store imports this package
// alone.
type (
	// Message is an outbound message.
	Message = messages.Message
	// State is how far a message has come.
	State = messages.State
	// Lane is the order in which customers' queues are served.
	Lane = messages.Lane
	// Parking says whether a queued message stands in its customer's line.
	Parking = messages.Parking
	// Waiting is a message that the upstream does not have.
	Waiting = messages.Waiting
	// Condition says whether what is sealed of a row could be opened.
	Condition = txn.Condition
	// Person is a customer of a channel.
	Person = txn.Person
	// Union says that a customer of a channel was found to be another one.
	Union = txn.Union
	// FaultError names what refused a change.
	FaultError = txn.FaultError
	// Subject is what an operation is about.
	Subject = people.Subject
	// People are the customers.
	People = people.People
	// Erasure is how far the erasure of customers has come.
	Erasure = people.Erasure
	// Remains are the messages that are left of several people.
	Remains = people.Remains
	// Depth is how many of something there are now.
	Depth = books.Depth
	// Difference says how many messages of a period the upstream judged otherwise.
	Difference = books.Difference
	// Compared says how far the ledger was compared with the upstream's daily counts.
	Compared = books.Compared
	// PlanRevision names a revision of a plan.
	PlanRevision = books.PlanRevision
	// Callback is a delivery to the business's own endpoint.
	Callback = callbacks.Callback
	// Endpoint is what is known of the business's endpoint.
	Endpoint = callbacks.Endpoint
	// RefusedCallback is a delivery that was set aside.
	RefusedCallback = callbacks.RefusedCallback
	// Silence says that nothing has come from a channel's upstream for a while.
	Silence = intake.Silence
	// Enforcement is what the upstream does to a channel that breaks its policies.
	Enforcement = intake.Enforcement
	// TemplateEvent is the upstream's latest word on a template.
	TemplateEvent = intake.TemplateEvent
	// TemplateRequest is what a client asks the operator to do with a template.
	TemplateRequest = intake.TemplateRequest
	// Upkeep is what is done to the rows whatever they say.
	Upkeep = upkeep.Upkeep
	// PurgeLimits say what Purge removes.
	PurgeLimits = upkeep.PurgeLimits
	// SealedKind is a table with sealed values.
	SealedKind = upkeep.SealedKind
	// SealedPage is what a page of a table's rows is sealed with.
	SealedPage = upkeep.SealedPage
)

// Errors of an operation, see the packages that they are from.
var (
	ErrInvalid  = messages.ErrInvalid
	ErrState    = messages.ErrState
	ErrDamaged  = txn.ErrDamaged
	ErrFault    = txn.ErrFault
	ErrReadOnly = txn.ErrReadOnly
)

// DedupeRetention is how long an id that was seen is remembered.
const DedupeRetention = intake.DedupeRetention

// The states, lanes and kinds of parking of a message, see the package messages.
const (
	Queued    = messages.Queued
	Sending   = messages.Sending
	InDoubt   = messages.InDoubt
	Submitted = messages.Submitted
	Sent      = messages.Sent
	Failed    = messages.Failed
	Delivered = messages.Delivered
	Read      = messages.Read
	LaneReply = messages.LaneReply
	LaneBulk  = messages.LaneBulk
	InLine    = messages.InLine
	Parked    = messages.Parked
	Held      = messages.Held
)

// The conditions of a row, see the package txn.
const (
	Whole   = txn.Whole
	Locked  = txn.Locked
	Damaged = txn.Damaged
)

// ByCounts begins the cause of a Difference in the upstream's daily counts, see the package books.
const ByCounts = books.ByCounts

// The depths, see the package books.
const (
	Outbound         = books.Outbound
	Unsettled        = books.Unsettled
	Doubts           = books.Doubts
	UnpricedMessages = books.UnpricedMessages
	Callbacks        = books.Callbacks
	CallbackBytes    = books.CallbackBytes
	Reached          = books.Reached
	RefusedCallbacks = books.RefusedCallbacks
	RefusedBytes     = books.RefusedBytes
)

// The tables with sealed values, in the order in which they are walked, see the package upkeep.
const (
	SealedMessages         = upkeep.SealedMessages
	SealedCallbacks        = upkeep.SealedCallbacks
	SealedEarlyStatuses    = upkeep.SealedEarlyStatuses
	SealedRefusedCallbacks = upkeep.SealedRefusedCallbacks
	SealedAddresses        = upkeep.SealedAddresses
	SealedKinds            = upkeep.SealedKinds
)
