package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ChannelIdentity is what the network calls a channel. Two channels with the same one are the same
// phone number or page, whatever accounts they are of.
type ChannelIdentity struct {
	// type is the network: 'WhatsApp' or 'Messenger'.
	// +required
	Type ChannelType `json:"type,omitempty"`

	// id is the Graph API's id of the phone number or the page.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ID string `json:"id,omitempty"`
}

// ChannelStatus says whether messages leave through a channel, and webhooks arrive.
type ChannelStatus struct {
	// name is the channel's name in spec.channels.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// conditions say what is well with the channel and what is not: UpstreamAccepts and
	// WebhooksArrive; for pages and Instagram accounts PageSubscribed, and ProfileApplied if the
	// channel has a profile.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// QueueStatus counts the messages that wait for the upstream: those that the gateway accepted more
// than ten seconds ago and that the upstream does not have. Counts above 99 are rounded down to two
// digits, and times to the minute.
type QueueStatus struct {
	// messages is how many messages wait.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Messages *int64 `json:"messages,omitempty"`

	// oldestTime is when the oldest of them was accepted.
	// +optional
	OldestTime metav1.Time `json:"oldestTime,omitzero"`

	// waiting are the messages by channel and by what they wait for.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Waiting []WaitingMessages `json:"waiting,omitempty"`
}

// WaitingMessages are messages that wait for the same thing.
type WaitingMessages struct {
	// channel is the channel's name. It is empty for messages of channels that were removed from
	// the account.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Channel string `json:"channel,omitempty"`

	// reason is what they wait for: 'UpstreamStopped' (see the channel's condition
	// UpstreamAccepts), 'PaymentMissing' (the upstream takes no billable messages), 'PairLimit'
	// (one number may write to one customer once in 6 seconds, and 45 times in a burst),
	// 'NumberLimit' (the number's messages per second), 'Retry' (the next try after an error of the
	// upstream's), 'UpstreamDelay' (the upstream wants them back in some hours), 'Sending',
	// 'InDoubt' (a status must tell whether the upstream has them), 'EarlierMessage' (an earlier
	// one to the same customer), 'Suspended' (see the account's condition SendsAccepted) or
	// 'ChannelRemoved' (the account has no such channel any more).
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Reason string `json:"reason,omitempty"`

	// messages is how many they are.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Messages *int64 `json:"messages,omitempty"`

	// oldestTime is when the oldest of them was accepted.
	// +optional
	OldestTime metav1.Time `json:"oldestTime,omitzero"`
}
