package controllers

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// servedTemplates remember, by account, the form of each template that every ready replica serves.
// It can be lost at any time. It is safe for concurrent use.
type servedTemplates struct {
	mutex     sync.Mutex
	byAccount map[types.NamespacedName]map[types.UID]string
}

func newServedTemplates() *servedTemplates {
	return &servedTemplates{byAccount: map[types.NamespacedName]map[types.UID]string{}}
}

// publish takes over what is served of an account's templates, and returns the names of those of
// which that is news.
func (s *servedTemplates) publish(
	account types.NamespacedName, templates []v1alpha1.MessageTemplate,
) []types.NamespacedName {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	before := s.byAccount[account]
	forms := make(map[types.UID]string, len(templates))
	var news []types.NamespacedName
	for i := range templates {
		form := formOf(&templates[i])
		forms[templates[i].UID] = form
		if before[templates[i].UID] != form {
			news = append(news, client.ObjectKeyFromObject(&templates[i]))
		}
	}
	s.byAccount[account] = forms
	return news
}

// of are the forms that are served of an account's templates; nil while that is not known. It must
// not be changed.
func (s *servedTemplates) of(account types.NamespacedName) map[types.UID]string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.byAccount[account]
}

func (s *servedTemplates) forget(account types.NamespacedName) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.byAccount, account)
}

// formOf changes with whatever a gateway is told of a template; see templateChanged.
func formOf(t *v1alpha1.MessageTemplate) string {
	return fmt.Sprint(
		t.Generation, t.Status.UpstreamID, t.Status.UpstreamStatus, t.Status.SubmittedDigest, t.Status.Category,
	)
}

func accountNameOf(t *v1alpha1.MessageTemplate) types.NamespacedName {
	return types.NamespacedName{Namespace: t.Namespace, Name: t.Spec.AccountName}
}
