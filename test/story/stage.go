// Package story tells Guichet's main job on a real cluster: manifests are applied, a customer's
// message opens a window, the business answers through its own Cloud API client, the window closes,
// templates are billed, and the resource's status shows the money. The demonstration prints it and
// the end-to-end test asserts it; both do what a person would do, with kubectl and HTTP. Only Meta
// itself is simulated.
package story

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// The names in the samples.
const (
	OperatorNamespace  = "guichet-system"
	OperatorDeployment = "guichet-operator"
	SimulatorNamespace = "guichet-simulator"
	SimulatorName      = "simulator"
	AccountNamespace   = "acme"
	AccountName        = "acme"
	PlanName           = "whatsapp"

	simulatorPort = 8090
	gatewayPort   = 8080
	pollInterval  = 250 * time.Millisecond
)

// Stage is the cluster on which the story runs.
type Stage struct {
	Kubectl Kubectl
	Client  client.Client
	HTTP    *http.Client
	// Root is the checkout from which the manifests are applied.
	Root string
	// OnThisHost says that the cluster's own addresses can be reached from here.
	OnThisHost bool
}

// NewStage connects to the cluster of a kubeconfig; an empty path means kubectl's own default.
// GUICHET_CLUSTER=host in the environment says that the cluster is the one-node cluster of this
// host.
func NewStage(kubectl, kubeconfig, root string) (*Stage, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if kubeconfig != "" {
		rules.ExplicitPath = kubeconfig
	}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, authenticationv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return &Stage{
		Kubectl: Kubectl{
			Program: kubectl, Kubeconfig: kubeconfig,
		}, Client: c, HTTP: &http.Client{Timeout: requestTimeout}, Root: root,
		OnThisHost: os.Getenv("GUICHET_CLUSTER") == "host",
	}, nil
}

// Install applies the operator and the simulator and waits until both run.
func (s *Stage) Install(ctx context.Context) error {
	if _, err := s.Kubectl.Run(
		ctx, "apply", "--server-side", "--force-conflicts", "-k", s.Root+"/config/demo",
	); err != nil {
		return err
	}
	for _, name := range []string{"businessaccounts", "messagetemplates", "pricingplans"} {
		if _, err := s.Kubectl.Run(
			ctx, "wait", "--for=condition=Established", "--timeout=60s", "crd/"+name+".guichet.dev",
		); err != nil {
			return err
		}
	}
	for namespace, deployment := range map[string]string{
		OperatorNamespace: OperatorDeployment, SimulatorNamespace: SimulatorName,
	} {
		if _, err := s.Kubectl.Run(
			ctx, "rollout", "status", "--namespace", namespace, "deployment/"+deployment, "--timeout=180s",
		); err != nil {
			return err
		}
	}
	return nil
}

// Onboard applies the samples: the plan, the account with its credentials, and the templates.
func (s *Stage) Onboard(ctx context.Context) error {
	if err := s.forgetLostTemplates(ctx); err != nil {
		return err
	}
	_, err := s.Kubectl.Run(ctx, "apply", "--server-side", "--force-conflicts", "-k", s.Root+"/config/samples")
	return err
}

// forgetLostTemplates deletes the templates of a simulator that has been restarted. It keeps them
// only in memory, and the operator does not submit a template again that the upstream has lost.
func (s *Stage) forgetLostTemplates(ctx context.Context) error {
	var pods corev1.PodList
	if err := s.Client.List(ctx, &pods, client.InNamespace(SimulatorNamespace)); err != nil {
		return err
	}
	var templates v1alpha1.MessageTemplateList
	if err := s.Client.List(ctx, &templates, client.InNamespace(AccountNamespace)); err != nil {
		return err
	}
	for _, template := range templates.Items {
		for _, pod := range pods.Items {
			if pod.CreationTimestamp.After(template.CreationTimestamp.Time) {
				if err := s.Client.Delete(ctx, &template); client.IgnoreNotFound(err) != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Account reads the account.
func (s *Stage) Account(ctx context.Context) (*v1alpha1.BusinessAccount, error) {
	var account v1alpha1.BusinessAccount
	err := s.Client.Get(ctx, client.ObjectKey{Namespace: AccountNamespace, Name: AccountName}, &account)
	return &account, err
}

// AwaitAccount reads the account until it satisfies a condition. An error has its last state.
func (s *Stage) AwaitAccount(
	ctx context.Context, what string, satisfied func(*v1alpha1.BusinessAccount) bool,
) (*v1alpha1.BusinessAccount, error) {
	var last *v1alpha1.BusinessAccount
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		account, err := s.Account(ctx)
		if err != nil {
			return false, client.IgnoreNotFound(err)
		}
		last = account
		return satisfied(account), nil
	})
	if err != nil {
		return nil, fmt.Errorf("wait until %s: %w; the account says: %s", what, err, describe(last))
	}
	return last, nil
}

// AwaitReady waits until the account and all of its templates are Ready.
func (s *Stage) AwaitReady(ctx context.Context) (*v1alpha1.BusinessAccount, error) {
	_, err := s.AwaitAccount(ctx, "the account is Ready", func(a *v1alpha1.BusinessAccount) bool {
		return isReady(a.Generation, a.Status.Conditions)
	})
	if err != nil {
		return nil, err
	}
	var waitingFor string
	err = wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		var templates v1alpha1.MessageTemplateList
		if err := s.Client.List(ctx, &templates, client.InNamespace(AccountNamespace)); err != nil {
			return false, err
		}
		for _, t := range templates.Items {
			if !isReady(t.Generation, t.Status.Conditions) {
				waitingFor = t.Name
				return false, nil
			}
		}
		return len(templates.Items) > 0, nil
	})
	if err != nil {
		return nil, fmt.Errorf("wait until the templates are Ready: %w; still waiting for %q", err, waitingFor)
	}
	return s.AwaitAccount(ctx, "the gateway serves what is configured", func(a *v1alpha1.BusinessAccount) bool {
		return isReady(a.Generation, a.Status.Conditions) && apimeta.IsStatusConditionTrue(
			a.Status.Conditions, v1alpha1.ConditionConfigSynced,
		)
	})
}

func isReady(generation int64, conditions []metav1.Condition) bool {
	ready := apimeta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	return ready != nil && ready.Status == metav1.ConditionTrue && ready.ObservedGeneration == generation
}

func describe(account *v1alpha1.BusinessAccount) string {
	if account == nil {
		return "nothing, it is not there"
	}
	conditions := make([]string, 0, len(account.Status.Conditions))
	for _, c := range account.Status.Conditions {
		conditions = append(conditions, fmt.Sprintf("%s=%s (%s: %s)", c.Type, c.Status, c.Reason, c.Message))
	}
	return strings.Join(conditions, ", ")
}

// Business returns the business's own client: its gateway's address and a token from the Secret
// that the status names.
func (s *Stage) Business(ctx context.Context, account *v1alpha1.BusinessAccount) (Business, Door, error) {
	var secret corev1.Secret
	key := client.ObjectKey{Namespace: account.Namespace, Name: account.Status.Gateway.APITokensSecretName}
	if err := s.Client.Get(ctx, key, &secret); err != nil {
		return Business{}, Door{}, fmt.Errorf("read the API token that the status names: %w", err)
	}
	door, err := s.Reach(ctx, account.Namespace, account.Name+"-gateway", gatewayPort)
	if err != nil {
		return Business{}, Door{}, err
	}
	business := Business{BaseURL: door.URL, PhoneNumberID: account.Spec.Channels[0].PhoneNumberID, HTTP: s.HTTP}
	for _, token := range secret.Data {
		business.Token = string(token)
	}
	return business, door, nil
}
