// Package cluster is how the plugin reaches a cluster: its API server, and a gateway's port.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// Cluster is a connection to an API server, with the namespace that the user works in.
type Cluster struct {
	client.Client
	// Config has the connection's settings, for what the client cannot do.
	Config *rest.Config
	// Namespace is that of the flag --namespace, or of the context.
	Namespace string
	clock     *serverClock
}

// Open connects as the flags of kubectl say.
func Open(getter genericclioptions.RESTClientGetter, now func() time.Time) (*Cluster, error) {
	loader := getter.ToRawKubeConfigLoader()
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, err
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, err
	}
	clock := &serverClock{now: now}
	config.Wrap(clock.listen)
	config.WarningHandler = rest.NoWarnings{}
	// A screen asks some dozen things at once.
	config.QPS, config.Burst = 50, 100
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	connection, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &Cluster{Client: connection, Config: config, Namespace: namespace, clock: clock}, nil
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
}

// Account reads an account of the namespace. Without a name it is the only one there is.
func (c *Cluster) Account(ctx context.Context, name string) (*v1alpha1.BusinessAccount, error) {
	if name != "" {
		account := &v1alpha1.BusinessAccount{}
		err := c.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: name}, account)
		if apierrors.IsNotFound(err) {
			return nil, c.missing(ctx, name)
		}
		return account, explained(err)
	}
	accounts, err := c.Accounts(ctx, false)
	if err != nil {
		return nil, err
	}
	switch len(accounts) {
	case 0:
		return nil, fmt.Errorf("there is no BusinessAccount in namespace %q: name another one with -n", c.Namespace)
	case 1:
		return &accounts[0], nil
	}
	return nil, fmt.Errorf(
		"namespace %q has %d accounts: name one of %s", c.Namespace, len(accounts), namesOf(accounts),
	)
}

// missing says which accounts there are in place of one that is not there.
func (c *Cluster) missing(ctx context.Context, name string) error {
	none := fmt.Errorf("there is no BusinessAccount %q in namespace %q", name, c.Namespace)
	accounts, err := c.Accounts(ctx, false)
	if err != nil || len(accounts) == 0 {
		return none
	}
	return fmt.Errorf("%w; there is %s", none, namesOf(accounts))
}

func namesOf(accounts []v1alpha1.BusinessAccount) string {
	const most = 5
	names := make([]string, 0, len(accounts))
	for i := range accounts {
		names = append(names, accounts[i].Name)
	}
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return strings.Join(names, ", ")
}

// Accounts lists the accounts of the namespace, or of all of them, by namespace and name.
func (c *Cluster) Accounts(ctx context.Context, everywhere bool) ([]v1alpha1.BusinessAccount, error) {
	list := &v1alpha1.BusinessAccountList{}
	if err := c.List(ctx, list, c.within(everywhere)); err != nil {
		return nil, explained(err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.BusinessAccount) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	return list.Items, nil
}

// Templates lists the MessageTemplates of the namespace, or of all of them, by namespace and name.
func (c *Cluster) Templates(ctx context.Context, everywhere bool) ([]v1alpha1.MessageTemplate, error) {
	list := &v1alpha1.MessageTemplateList{}
	if err := c.List(ctx, list, c.within(everywhere)); err != nil {
		return nil, explained(err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.MessageTemplate) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	return list.Items, nil
}

func (c *Cluster) within(everywhere bool) client.ListOption {
	if everywhere {
		return client.InNamespace("")
	}
	return client.InNamespace(c.Namespace)
}

// explained says what an error means that every command may meet.
func explained(err error) error {
	switch {
	case apimeta.IsNoMatchError(err):
		return errors.New("this cluster does not know Guichet's kinds: install the operator first (docs/platform.md)")
	case apierrors.IsForbidden(err):
		return fmt.Errorf("your role does not allow it (docs/kubectl.md says which one does): %w", err)
	}
	return err
}

// Skew returns how far the clock of this machine is behind the API server's, to the second, and
// whether an answer of its has told.
func (c *Cluster) Skew() (behind time.Duration, known bool) { return c.clock.skew() }

// Now is the time by the API server's clock, as far as it is known.
func (c *Cluster) Now() time.Time {
	behind, _ := c.clock.skew()
	return c.clock.now().Add(behind)
}
