package dev

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/config/samples"
)

// pagePlans are the names of the samples' plans of pages, and their files.
func pagePlans() map[string]string {
	return map[string]string{"messenger": "pricingplan_messenger.yaml", "acme-page": "pricingplan_acme_page.yaml"}
}

// Manifests are the resources that make a tenant.
type Manifests struct {
	Account   *v1alpha1.BusinessAccount
	Plan      *v1alpha1.PricingPlan
	Templates []v1alpha1.MessageTemplate
	Secrets   []Secret

	plans []v1alpha1.PricingPlan
}

// Secret is a Secret as kubectl takes it. Kubernetes' own type comes with all the others of its
// API, which would be built with the first guichet dev.
type Secret struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Immutable  *bool             `json:"immutable,omitempty"`
	Data       map[string][]byte `json:"data,omitempty"`
	StringData map[string]string `json:"stringData,omitempty"`
	Type       string            `json:"type,omitempty"`
}

// ReadManifests reads the files of an account with its Secrets and of plans, and every .yaml file
// of a folder of templates. What is not given is that of the samples.
func ReadManifests(account, plan, templates string) (*Manifests, error) {
	m := &Manifests{}
	err := m.readAll([]source{
		{account, []string{
			"businessaccount_acme.yaml", "secret_acme_credentials.yaml", "secret_acme_messenger.yaml",
		}},
		{plan, []string{"pricingplan_whatsapp.yaml"}},
		{templates, []string{
			"messagetemplate_appointment_reminder.yaml", "messagetemplate_boarding_pass.yaml",
			"messagetemplate_parcel_delivery.yaml", "messagetemplate_parcel_waiting.yaml",
		}},
	})
	if err != nil {
		return nil, err
	}
	if m.Account == nil {
		return nil, fmt.Errorf("%s: it has no BusinessAccount", account)
	}
	for name, file := range pagePlans() { // whoever gives a plan of numbers need not give that of pages
		if m.plan(name) != nil {
			continue
		}
		if err := m.read(samples.Files, file, file); err != nil {
			return nil, err
		}
	}
	if m.Plan = m.plan(m.Account.Spec.PlanName); m.Plan == nil {
		return nil, fmt.Errorf(
			"no PricingPlan %q, which the account's spec.planName names: give its file with --plan",
			m.Account.Spec.PlanName,
		)
	}
	if account != "" && templates == "" {
		m.Templates = nil // those of the samples are another account's
	}
	for i := range m.Templates {
		if name := m.Templates[i].Spec.AccountName; name != m.Account.Name {
			return nil, fmt.Errorf(
				"MessageTemplate %q: its spec.accountName is %q, and the account is %q", m.Templates[i].Name, name,
				m.Account.Name,
			)
		}
	}
	return m, nil
}

// plan is the plan of a name, or nil.
func (m *Manifests) plan(name string) *v1alpha1.PricingPlan {
	for i := range m.plans {
		if m.plans[i].Name == name {
			return &m.plans[i]
		}
	}
	return nil
}

// source is a file or a folder; without one, files of the samples.
type source struct {
	path    string
	samples []string
}

func (m *Manifests) readAll(sources []source) error {
	for _, from := range sources {
		if from.path == "" {
			for _, name := range from.samples {
				if err := m.read(samples.Files, name, name); err != nil {
					return err
				}
			}
			continue
		}
		files := []string{from.path}
		if info, err := os.Stat(from.path); err != nil {
			return err
		} else if info.IsDir() {
			if files, err = filepath.Glob(filepath.Join(from.path, "*.yaml")); err != nil {
				return err
			}
			if len(files) == 0 {
				return fmt.Errorf("%s: it has no .yaml file", from.path)
			}
		}
		for _, file := range files {
			if err := m.read(os.DirFS(filepath.Dir(file)), filepath.Base(file), file); err != nil {
				return err
			}
		}
	}
	return nil
}

// read takes the manifests of a file, as kubectl does: several in one file, and unknown fields are
// errors.
func (m *Manifests) read(files fs.FS, name, shown string) error {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	for document := range bytes.SplitSeq(append([]byte("\n"), content...), []byte("\n---")) {
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		if err := m.take(document); err != nil {
			return fmt.Errorf("%s: %w", shown, err)
		}
	}
	return nil
}

func (m *Manifests) take(document []byte) error {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		return err
	}
	switch kind.Kind {
	case "":
		return errors.New("a document has no kind")
	case "BusinessAccount":
		if m.Account != nil {
			return errors.New("it has a second BusinessAccount: give one")
		}
		m.Account = &v1alpha1.BusinessAccount{}
		return yaml.UnmarshalStrict(document, m.Account)
	case "PricingPlan":
		var plan v1alpha1.PricingPlan
		err := yaml.UnmarshalStrict(document, &plan)
		m.plans = append(m.plans, plan)
		return err
	case "MessageTemplate":
		var template v1alpha1.MessageTemplate
		err := yaml.UnmarshalStrict(document, &template)
		m.Templates = append(m.Templates, template)
		return err
	case "Secret":
		var secret Secret
		err := yaml.UnmarshalStrict(document, &secret)
		m.Secrets = append(m.Secrets, secret)
		return err
	case "Namespace":
		return nil
	default:
		return fmt.Errorf("it has a %s: an account has a BusinessAccount, its Secrets, PricingPlans and "+
			"MessageTemplates", strings.TrimSpace(kind.Kind))
	}
}
