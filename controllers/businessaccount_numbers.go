package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// gatherHolders finds the accounts that hold phone numbers of this one.
func (r *BusinessAccountReconciler) gatherHolders(ctx context.Context, scope *accountScope) error {
	for _, number := range numbersOf(scope.account) {
		list := &v1alpha1.BusinessAccountList{}
		if err := r.Client.List(ctx, list, client.MatchingFields{indexNumber: number}); err != nil {
			return fmt.Errorf("list the BusinessAccounts of a phone number: %w", err)
		}
		if other := holder(scope.account, number, list.Items); other != nil {
			scope.holders[number] = client.ObjectKeyFromObject(other)
		}
	}
	return nil
}

// holder is the account among the claimants that holds a number that account claims too, or nil if that is account itself.
func holder(account *v1alpha1.BusinessAccount, number string, claimants []v1alpha1.BusinessAccount) *v1alpha1.BusinessAccount {
	first := account
	for i := range claimants {
		if compareClaims(number, &claimants[i], first) < 0 {
			first = &claimants[i]
		}
	}
	if first == account {
		return nil
	}
	return first
}

// compareClaims orders accounts by their right to a number. Who has it keeps it: otherwise whoever may edit an older account could take a number from another tenant by
// typing its id (P8). Among those who do not have it yet, or who came to have it at the same time, the oldest is first; within a second the namespace and the name decide, so that
// every operator comes to the same holder.
func compareClaims(number string, a, b *v1alpha1.BusinessAccount) int {
	return cmp.Or(
		compareBool(slices.Contains(b.Status.PhoneNumberIDs, number), slices.Contains(a.Status.PhoneNumberIDs, number)),
		a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// held are the numbers that the account holds, in order.
func (s *accountScope) held() []string {
	held := slices.DeleteFunc(numbersOf(s.account), s.taken)
	slices.Sort(held)
	return held
}

// taken tells whether another account holds a phone number.
func (s *accountScope) taken(number string) bool {
	_, taken := s.holders[number]
	return taken
}

// numbersVerdict names the holder only to its own namespace: who else is a tenant is nobody's business (P8).
func numbersVerdict(scope *accountScope) verdict {
	var taken []string
	for i, channel := range scope.account.Spec.Channels {
		other, there := scope.holders[channel.PhoneNumberID]
		if !there {
			continue
		}
		name := "another account"
		if other.Namespace == scope.account.Namespace {
			name = fmt.Sprintf("BusinessAccount %q", other.String())
		}
		taken = append(taken, fmt.Sprintf("spec.channels[%d] (%q) has the phoneNumberID of %s, which had it first", i, channel.Name, name))
	}
	if len(taken) == 0 {
		return isTrue(v1alpha1.ReasonNumbersHeld, "")
	}
	return isFalse(v1alpha1.ReasonNumberTaken, strings.Join(taken, "; ")+": it is not served here until that account lets it go")
}

// rivalsOf are the other accounts with a phone number of this one: who holds it may change with every change of one of them.
func (r *BusinessAccountReconciler) rivalsOf(ctx context.Context, account client.Object) []reconcile.Request {
	var rivals []reconcile.Request
	for _, number := range numbersOf(account) {
		rivals = append(rivals, r.accounts(ctx, client.MatchingFields{indexNumber: number})...)
	}
	self := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: account.GetNamespace(), Name: account.GetName()}}
	return slices.DeleteFunc(rivals, func(rival reconcile.Request) bool { return rival == self })
}
