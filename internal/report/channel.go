package report

import "time"

// Channel says whether messages leave through one of the account's channels.
type Channel struct {
	// Name is the channel's name.
	Name string `json:"name"`
	// Checked says that the upstream has been asked with the credentials that are served, whatever
	// it said. Until then nothing is known.
	Checked bool `json:"checked"`
	// Obstacle is what keeps the channel's messages from leaving; nil if nothing is known to.
	Obstacle *Obstacle `json:"obstacle,omitempty"`
	// Webhooks says whether the channel's webhooks arrive; nil while the store does not answer, and
	// from a gateway of a release that does not say so.
	Webhooks *Webhooks `json:"webhooks,omitempty"`
	// Enforcement is what the upstream does to the channel for breaking its policies, as a webhook
	// told last; nil if it told nothing, or took it back.
	Enforcement *Enforcement `json:"enforcement,omitempty"`
}

// Enforcement is a word of the upstream's about a channel that breaks its policies.
type Enforcement struct {
	// Action is the upstream's word, such as "warning" or "block".
	Action string `json:"action"`
	// Reason is its sentence for people.
	Reason string `json:"reason,omitempty"`
	// Stopped says that the channel sends nothing until the upstream takes it back.
	Stopped bool      `json:"stopped,omitempty"`
	At      time.Time `json:"at"`
}

// SilentAfter is how long a channel may be silent before that is reported: the upstream tells
// within seconds that it has sent a message.
const SilentAfter = 5 * time.Minute

// Webhooks says whether what a channel's upstream tells arrives. The zero value is that nothing is
// missing: something came since the last message was submitted, or within SilentAfter of it.
type Webhooks struct {
	// SilentSince is when a message was submitted since which nothing has come from the channel;
	// nil if nothing is missing.
	SilentSince *time.Time `json:"silentSince,omitempty"`
	// SignatureRefused says that webhooks were refused meanwhile because their signature is not
	// made with the channel's app secret. Anybody may post such ones.
	SignatureRefused bool `json:"signatureRefused,omitempty"`
}

// ObstacleCause says what kind of obstacle keeps messages from leaving.
type ObstacleCause string

// The causes.
const (
	// Refused is an error of the upstream's that holds up the channel until somebody acts; Code
	// says which.
	Refused ObstacleCause = "Refused"
	// NameNotResolved is a host name that DNS does not know.
	NameNotResolved ObstacleCause = "NameNotResolved"
	// AddressNotAllowed is an internal address that the platform does not allow.
	AddressNotAllowed ObstacleCause = "AddressNotAllowed"
	// CertificateInvalid is a TLS handshake that fails, such as for a certificate that is not
	// trusted.
	CertificateInvalid ObstacleCause = "CertificateInvalid"
	// Unreachable is a connection that cannot be made.
	Unreachable ObstacleCause = "Unreachable"
	// NoAnswer is a connection that was made and brought no answer.
	NoAnswer ObstacleCause = "NoAnswer"
	// NotGraphAPI is an answer that the Graph API does not give, such as a web page or a
	// redirection.
	NotGraphAPI ObstacleCause = "NotGraphAPI"
	// Outage is an answer that the upstream, or something before it, cannot work now.
	Outage ObstacleCause = "Outage"
)

// Obstacle is what keeps a channel's messages from leaving.
type Obstacle struct {
	Cause ObstacleCause `json:"cause"`
	// Code is Meta's error code, such as 190 for an access token that is not valid; 0 where no
	// answer came. 131042, a missing means of payment, holds up messages that can cost something,
	// and no others.
	Code int `json:"code,omitempty"`
	// Since is when the obstacle was first met.
	Since time.Time `json:"since"`
}

// WaitingReason says what a message waits for.
type WaitingReason string

// The reasons.
const (
	// WaitingForResumption waits until the account may send again.
	WaitingForResumption WaitingReason = "Suspended"
	// WaitingForUpstream waits until the upstream takes the channel's messages again.
	WaitingForUpstream WaitingReason = "UpstreamStopped"
	// WaitingForPayment waits until the upstream takes billable messages again.
	WaitingForPayment WaitingReason = "PaymentMissing"
	// WaitingForPair waits for the limit between one number and one customer.
	WaitingForPair WaitingReason = "PairLimit"
	// WaitingForPace waits for the number's messages per second.
	WaitingForPace WaitingReason = "NumberLimit"
	// WaitingForRetry waits for its next try after an error of the upstream's.
	WaitingForRetry WaitingReason = "Retry"
	// WaitingForLater waits because the upstream wants it back in some hours, or for a key that the
	// keyset lacks.
	WaitingForLater WaitingReason = "UpstreamDelay"
	// WaitingForAnswer is being sent: the upstream's answer is awaited.
	WaitingForAnswer WaitingReason = "Sending"
	// WaitingForOutcome is in doubt: a status is awaited that says whether the upstream has the
	// message.
	WaitingForOutcome WaitingReason = "InDoubt"
	// WaitingForLine waits behind an earlier message to the same customer of which only this is
	// known.
	WaitingForLine WaitingReason = "EarlierMessage"
	// WaitingForChannel is of a channel that is not served any more.
	WaitingForChannel WaitingReason = "ChannelRemoved"
)

// WaitingAfter is how long a message must have waited since its acceptance to be reported as
// waiting.
const WaitingAfter = 10 * time.Second

// Waiting counts messages that the upstream does not have although they were accepted some time
// ago. A message behind another one to the same customer counts with that one's reason.
type Waiting struct {
	// Channel is the channel's name; empty for a channel that was removed.
	Channel  string        `json:"channel,omitempty"`
	Reason   WaitingReason `json:"reason"`
	Messages int64         `json:"messages"`
	// Oldest is when the oldest of them was accepted.
	Oldest time.Time `json:"oldest"`
}

// StoreOutageCause says why a store takes no writes.
type StoreOutageCause string

// The causes.
const (
	// StoreFull is a volume, or a database server, without space.
	StoreFull StoreOutageCause = "Full"
	// StoreReadOnly is a volume, or a database server, that is read-only.
	StoreReadOnly StoreOutageCause = "ReadOnly"
	// StoreUnreachable is a database server that does not answer.
	StoreUnreachable StoreOutageCause = "Unreachable"
	// StoreSuperseded is a store that this process may not use any more: another one has opened it,
	// or a newer release has migrated it. It does not pass: the process is to be ended.
	StoreSuperseded StoreOutageCause = "Superseded"
	// StoreFailing is any other failure to write.
	StoreFailing StoreOutageCause = "Failed"
)

// StoreOutage says that the gateway's store takes no writes, so that sends and webhooks are refused
// with 503.
type StoreOutage struct {
	Cause StoreOutageCause `json:"cause"`
	// Since is when the first write failed.
	Since time.Time `json:"since"`
}
