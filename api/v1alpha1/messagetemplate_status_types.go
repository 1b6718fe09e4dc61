package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MessageTemplateStatus is what the operator and the upstream found of a template.
type MessageTemplateStatus struct {
	// conditions say what is well and what is not: Ready (the summary), Accepted, Reviewed (where
	// an approver must decide), Approved, Served, CategoryMatches.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that the last finished pass of the operator
	// saw.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// upstreamID is the upstream's id of the template.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	UpstreamID string `json:"upstreamID,omitempty"`

	// upstreamStatus is the upstream's own word for the template's state, such as "APPROVED" or
	// "PAUSED".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	UpstreamStatus string `json:"upstreamStatus,omitempty"`

	// submittedDigest is the SHA-256 digest of the definition that was submitted last, so that an
	// unchanged one is not submitted again.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=71
	SubmittedDigest string `json:"submittedDigest,omitempty"`

	// contentDigest is the SHA-256 digest of what the spec says now, while an approver must decide
	// on it. A review names it, so that it is about what was read.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=71
	ContentDigest string `json:"contentDigest,omitempty"`

	// review is an approver's decision on a template that may not be submitted without one. Who
	// has the ClusterRole guichet-messagetemplate-approver may write it, and nobody else; nothing
	// else of the status. It is void once the template says something else.
	// +optional
	Review *TemplateReview `json:"review,omitempty"`

	// request says who has asked for what the template says, where a client did so through the
	// API.
	// +optional
	Request *TemplateRequest `json:"request,omitempty"`

	// category is the category under which the upstream bills the template.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Category string `json:"category,omitempty"`

	// quality is the upstream's quality score: "GREEN", "YELLOW", "RED" or "UNKNOWN".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Quality string `json:"quality,omitempty"`

	// findings are what the lint found, each a rule and a sentence that says what must change.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Findings []TemplateFinding `json:"findings,omitempty"`
}

// TemplateRequest is a client's request for a template.
type TemplateRequest struct {
	// id is the id of the request.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=19
	ID string `json:"id,omitempty"`

	// by is the name of the API token that asked: its key in the account's Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	By string `json:"by,omitempty"`

	// time is when it asked.
	// +required
	Time metav1.Time `json:"time,omitzero"`
}

// ReviewDecision is what an approver decided.
// +kubebuilder:validation:Enum=Approved;Rejected
type ReviewDecision string

const (
	// DecisionApproved lets the template be submitted.
	DecisionApproved ReviewDecision = "Approved"
	// DecisionRejected does not.
	DecisionRejected ReviewDecision = "Rejected"
)

// TemplateReview is an approver's decision. The condition Reviewed says when the operator saw it.
type TemplateReview struct {
	// decision is 'Approved' or 'Rejected'.
	// +required
	Decision ReviewDecision `json:"decision,omitempty"`

	// digest is the contentDigest of what was read.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=71
	Digest string `json:"digest,omitempty"`

	// by is who decided: the user name that the API server knows the approver by.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	By string `json:"by,omitempty"`

	// reason says why, for people.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Reason string `json:"reason,omitempty"`
}

// FindingSeverity is how bad a finding is.
// +kubebuilder:validation:Enum=Error;Warning
type FindingSeverity string

const (
	// FindingError keeps the template from being submitted.
	FindingError FindingSeverity = "Error"
	// FindingWarning does not, but the upstream may think otherwise.
	FindingWarning FindingSeverity = "Warning"
)

// TemplateFinding is one thing that the lint found.
type TemplateFinding struct {
	// rule is the rule's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Rule string `json:"rule,omitempty"`

	// severity is 'Error' or 'Warning'.
	// +required
	Severity FindingSeverity `json:"severity,omitempty"`

	// message says what must change.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}
