package tenant

import (
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/report"
)

// Annotations of a MessageTemplate that the operator made because a client has asked for it.
const (
	// AnnotationRequest is the id of the last request about it.
	AnnotationRequest = "guichet.dev/request"
	// AnnotationRequestedBy is the name of the API token that asked last, AnnotationRequestedAt
	// when it did.
	AnnotationRequestedBy = "guichet.dev/requested-by"
	AnnotationRequestedAt = "guichet.dev/requested-at"
	// LabelRequest is the id of the request that it was made for, by which clients know it.
	LabelRequest = "guichet.dev/template-request"
)

// What the upstream would call a template that waits for an approver, and one that was rejected.
const (
	statusPending  = "PENDING"
	statusRejected = "REJECTED"
)

// RequestedName is the name of the MessageTemplate that is made for a request.
func RequestedName(account string, target int64) string {
	return fmt.Sprintf("%s-api-%d", account, target)
}

// RequestID is the id by which clients know a template that they have asked for; empty if it was
// not made for them. Only the operator's own templates count: their owner is the account.
func RequestID(account *v1alpha1.BusinessAccount, t *v1alpha1.MessageTemplate) string {
	id := t.Labels[LabelRequest]
	target, err := strconv.ParseInt(id, 10, 64)
	if err != nil || !metav1.IsControlledBy(t, account) || t.Name != RequestedName(account.Name, target) {
		return ""
	}
	return id
}

// Requested is what a request asks a MessageTemplate to be.
func Requested(
	account *v1alpha1.BusinessAccount, request *report.TemplateRequest,
) (*v1alpha1.MessageTemplate, error) {
	spec, err := SpecOf(*request.Definition)
	if err != nil {
		return nil, err
	}
	spec.AccountName, spec.DeletionPolicy = account.Name, v1alpha1.DeletionRetain
	made := &v1alpha1.MessageTemplate{Spec: spec}
	made.Namespace, made.Name = account.Namespace, RequestedName(account.Name, request.Target)
	made.Labels = map[string]string{
		LabelManagedBy: ManagedBy, LabelAccount: account.Name, LabelRequest: strconv.FormatInt(request.Target, 10),
	}
	made.Annotations = RequestAnnotations(request)
	yes := true
	made.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "BusinessAccount", Name: account.Name, UID: account.UID,
		Controller: &yes,
	}}
	return made, nil
}

// RequestAnnotations say who asked for what a MessageTemplate says.
func RequestAnnotations(request *report.TemplateRequest) map[string]string {
	return map[string]string{
		AnnotationRequest:     strconv.FormatInt(request.ID, 10),
		AnnotationRequestedBy: request.By,
		AnnotationRequestedAt: request.Time.UTC().Format(time.RFC3339),
	}
}

// TakesTemplateRequests tells whether clients of an account may ask for templates.
func TakesTemplateRequests(account *v1alpha1.BusinessAccount) bool {
	return account.Spec.Templates != nil && account.Spec.Templates.FromAPI == v1alpha1.TemplatesFromAPIReview
}

func templatesFromAPI(account *v1alpha1.BusinessAccount) string {
	if TakesTemplateRequests(account) {
		return config.TemplatesReviewed
	}
	return ""
}

func takenTemplateRequest(account *v1alpha1.BusinessAccount) int64 {
	if !TakesTemplateRequests(account) {
		return 0
	}
	return TakenRequest(account.Status.TemplateRequests)
}

// TakenRequest is the id of the last request that the operator has taken; 0 if it took none.
func TakenRequest(status *v1alpha1.TemplateRequestsStatus) int64 {
	if status == nil {
		return 0
	}
	id, err := strconv.ParseInt(status.LastID, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// askedTemplates are those that clients have asked for and that the upstream does not have yet.
func askedTemplates(account *v1alpha1.BusinessAccount, templates []v1alpha1.MessageTemplate) []config.Template {
	if !TakesTemplateRequests(account) {
		return nil
	}
	var out []config.Template
	for i := range templates {
		t := &templates[i]
		id := RequestID(account, t)
		if id == "" || t.Status.UpstreamID != "" || !t.DeletionTimestamp.IsZero() {
			continue
		}
		status := statusPending
		if review := t.Status.Review; review != nil && review.Decision == v1alpha1.DecisionRejected &&
			review.Digest == DefinitionDigest(Definition(&t.Spec)) {
			status = statusRejected
		}
		out = append(out, config.Template{Definition: Definition(&t.Spec), UpstreamStatus: status, RequestID: id})
	}
	sortTemplates(out)
	return out
}
