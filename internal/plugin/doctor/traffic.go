package doctor

import (
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// findUpstream looks whether messages leave.
func findUpstream(o *Observation) []Finding {
	found := append(o.ofConditions(v1alpha1.ConditionSendsAccepted), o.ofChannels(v1alpha1.ConditionUpstreamAccepts)...)
	return append(found, o.ofConditions(v1alpha1.ConditionPaymentMethodPresent)...)
}

// findWebhooks looks whether what the upstream tells arrives.
func findWebhooks(o *Observation) []Finding {
	found := o.ofConditions(v1alpha1.ConditionWebhookRegistered)
	return append(found, o.ofChannels(
		v1alpha1.ConditionPageSubscribed, v1alpha1.ConditionProfileApplied, v1alpha1.ConditionWebhooksArrive,
	)...)
}

// ofChannels are the findings of those of the channels' conditions that are not True; of the
// account's, if its channels have none.
func (o *Observation) ofChannels(types ...string) (found []Finding) {
	for _, kind := range types {
		told := false
		for _, channel := range o.Account.Status.Channels {
			condition := apimeta.FindStatusCondition(channel.Conditions, kind)
			if condition == nil || condition.Status == metav1.ConditionTrue {
				continue
			}
			where := fmt.Sprintf("channel %s of %s", channel.Name, o.account())
			found, told = append(found, ofCondition(where, condition)), true
		}
		if !told {
			found = append(found, o.ofConditions(kind)...)
		}
	}
	return found
}

const (
	// apart is how far two clocks may be apart: windows and tokens are judged by the second, and
	// Meta's webhooks by the five minutes in which they are repeated.
	apart = 30 * time.Second
	// ahead is by how much a Lease may be of the future: the way of a request.
	ahead = 5 * time.Second
	// renewal is how old the Lease of a node that is Ready can be: it is renewed every ten seconds.
	renewal = 90 * time.Second
)

// findClock looks whether the clocks of the API server, of this machine and of the gateway's nodes
// agree. A window closes by the gateway's clock.
func findClock(o *Observation) (found []Finding) {
	if o.ClockKnown && o.Behind.Abs() > apart {
		direction := "behind"
		if o.Behind < 0 {
			direction = "ahead of"
		}
		found = append(found, warning(
			"this machine", fmt.Sprintf("Its clock is %s %s the API server's", o.Behind.Abs(), direction),
			"Synchronise it: the ages that are shown count by the API server's clock",
		))
	}
	if o.Lease.Found && o.Lease.Object.Spec.RenewTime != nil && o.Lease.Object.Spec.RenewTime.Sub(o.Now) > ahead {
		found = append(found, failure(
			fmt.Sprintf("Lease %s/%s", o.OperatorNamespace, operatorLease),
			fmt.Sprintf(
				"The clock of the operator's node is %s ahead of the API server's",
				o.Lease.Object.Spec.RenewTime.Sub(o.Now).Round(time.Second),
			),
			"Synchronise the clock of its node (NTP)",
		))
	}
	if o.Pods.Err != nil {
		found = append(found, notKnown("the gateway's nodes", "Which they are could not be read: "+o.Pods.Err.Error()))
	}
	for _, name := range slices.Sorted(maps.Keys(o.NodeLeases)) {
		found = append(found, o.findNodeClock(name)...)
	}
	if usage := o.Account.Status.Usage; usage != nil && usage.AsOfTime.Sub(o.Now) > apart {
		found = append(found, failure(
			o.account(),
			fmt.Sprintf(
				"The gateway's figures are of the future: its clock is at least %s ahead",
				usage.AsOfTime.Sub(o.Now).Round(time.Second),
			),
			"Synchronise the clock of the gateway's node (NTP)",
		))
	}
	return found
}

func (o *Observation) findNodeClock(name string) []Finding {
	lease := o.NodeLeases[name]
	if lease.Err != nil {
		return []Finding{notSeen("Lease "+corev1.NamespaceNodeLease+"/"+name, lease.Err)}
	}
	if !lease.Found || lease.Object.Spec.RenewTime == nil {
		return nil
	}
	renewed := lease.Object.Spec.RenewTime.Sub(o.Now)
	do := "Synchronise the clock of the node (NTP): a window closes by it"
	switch {
	case renewed > ahead:
		return []Finding{failure(
			"Node "+name, fmt.Sprintf("Its clock is %s ahead of the API server's", renewed.Round(time.Second)), do,
		)}
	case -renewed > renewal && nodeReady(o.Nodes[name]):
		return []Finding{failure(
			"Node "+name, fmt.Sprintf("Its clock is about %s behind the API server's", (-renewed).Round(time.Second)),
			do,
		)}
	}
	return nil
}

// nodeReady tells whether a node's kubelet was heard of: then its Lease is new, whatever it says.
func nodeReady(node Seen[*corev1.Node]) bool {
	if !node.Found {
		return false
	}
	for _, condition := range node.Object.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// findBilling looks whether what is owed is known.
func findBilling(o *Observation) []Finding {
	return o.ofConditions(
		v1alpha1.ConditionUsageCurrent, v1alpha1.ConditionDeliveriesPriced, v1alpha1.ConditionBillingAgrees,
		v1alpha1.ConditionStatementsCurrent,
	)
}

func findBudget(o *Observation) []Finding { return o.ofConditions(v1alpha1.ConditionWithinBudget) }

func findCallbacks(o *Observation) []Finding { return o.ofConditions(v1alpha1.ConditionCallbacksTaken) }

// findTemplates looks whether each of the account's templates can be sent.
func findTemplates(o *Observation) (found []Finding) {
	if o.Templates.Err != nil {
		return []Finding{notSeen("MessageTemplates of "+o.account(), o.Templates.Err)}
	}
	for i := range o.Templates.Object {
		template := &o.Templates.Object[i]
		where := o.where("MessageTemplate", template.Name)
		for _, kind := range []string{
			v1alpha1.ConditionAccepted, v1alpha1.ConditionApproved, v1alpha1.ConditionServed,
			v1alpha1.ConditionCategoryMatches,
		} {
			condition := apimeta.FindStatusCondition(template.Status.Conditions, kind)
			if condition == nil || condition.Status == metav1.ConditionTrue {
				continue
			}
			found = append(found, ofCondition(where, condition))
			break // what comes later follows from it
		}
	}
	return found
}
