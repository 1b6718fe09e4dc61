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
	"github.com/guichet-dev/guichet/internal/tenant"
)

// observeHolders finds the accounts that hold channels of this one, or the host of its Ingress.
func (r *BusinessAccountReconciler) observeHolders(ctx context.Context, scope *accountScope) error {
	for _, identity := range identitiesOf(scope.account) {
		other, err := r.holder(ctx, scope.account, indexChannel, channelKey(identity), hasChannel(identity))
		if err != nil {
			return err
		}
		if other != nil {
			scope.holders[identity] = client.ObjectKeyFromObject(other)
		}
	}
	for _, host := range hostsOf(scope.account) {
		other, err := r.holder(ctx, scope.account, indexHost, host, hasHost(host))
		if err != nil {
			return err
		}
		if other != nil {
			scope.hostHolder = new(client.ObjectKeyFromObject(other))
		}
	}
	return nil
}

// holder is the other account that holds what an index finds the claimants of, or nil.
func (r *BusinessAccountReconciler) holder(
	ctx context.Context, account *v1alpha1.BusinessAccount, index, value string, has possession,
) (*v1alpha1.BusinessAccount, error) {
	list := &v1alpha1.BusinessAccountList{}
	if err := r.Client.List(ctx, list, client.MatchingFields{index: value}); err != nil {
		return nil, reading(err, "the BusinessAccounts with the same %s", index)
	}
	return holder(account, list.Items, has), nil
}

// possession tells whether an account has something already.
type possession func(*v1alpha1.BusinessAccount) bool

func hasChannel(identity v1alpha1.ChannelIdentity) possession {
	return func(account *v1alpha1.BusinessAccount) bool {
		return slices.Contains(account.Status.HeldChannels, identity)
	}
}

func hasHost(host string) possession {
	return func(account *v1alpha1.BusinessAccount) bool { return account.Status.IngressHost == host }
}

// holder is the account among the claimants that holds what account claims too, or nil if that is
// account itself.
func holder(
	account *v1alpha1.BusinessAccount, claimants []v1alpha1.BusinessAccount, has possession,
) *v1alpha1.BusinessAccount {
	first := account
	for i := range claimants {
		if compareClaims(&claimants[i], first, has) < 0 {
			first = &claimants[i]
		}
	}
	if first == account {
		return nil
	}
	return first
}

// compareClaims orders accounts by their right to a channel or a host. Who has it keeps it:
// otherwise whoever may edit an older account could take it from another tenant by typing it (P8).
// Among those who do not have it yet, or who came to have it at the same time, the oldest is first;
// within a second the namespace and the name decide, so that every operator comes to the same
// holder.
func compareClaims(a, b *v1alpha1.BusinessAccount, has possession) int {
	return cmp.Or(
		compareBool(has(b), has(a)),
		a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name),
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

// identitiesOf are the identities of the account's channels, in the order of the spec.
func identitiesOf(account *v1alpha1.BusinessAccount) []v1alpha1.ChannelIdentity {
	identities := make([]v1alpha1.ChannelIdentity, 0, len(account.Spec.Channels))
	for i := range account.Spec.Channels {
		identities = append(identities, account.Spec.Channels[i].Identity())
	}
	return identities
}

// held are the channels that the account holds, in order.
func (s *accountScope) held() []v1alpha1.ChannelIdentity {
	held := slices.DeleteFunc(identitiesOf(s.account), s.taken)
	slices.SortFunc(held, func(a, b v1alpha1.ChannelIdentity) int {
		return cmp.Compare(channelKey(a), channelKey(b))
	})
	return held
}

// taken tells whether another account holds a channel.
func (s *accountScope) taken(identity v1alpha1.ChannelIdentity) bool {
	_, taken := s.holders[identity]
	return taken
}

// assessChannelsHeld says which channels are not served because another account holds them.
func assessChannelsHeld(scope *accountScope) assessment {
	var taken []string
	for i := range scope.account.Spec.Channels {
		channel := &scope.account.Spec.Channels[i]
		if other, there := scope.holders[channel.Identity()]; there {
			taken = append(taken, fmt.Sprintf("spec.channels[%d] (%q) has the %s of %s, which had it first",
				i, channel.Name, identityField(channel), scope.calls(other)))
		}
	}
	if len(taken) == 0 {
		return isTrue(v1alpha1.ReasonChannelsHeld, "The account holds all of its channels")
	}
	return isFalse(
		v1alpha1.ReasonChannelTaken,
		strings.Join(taken, "; ")+": it is not served here until that account lets it go",
	)
}

// identityField is the field of the spec that holds a channel's identity.
func identityField(channel *v1alpha1.Channel) string {
	switch channel.Type {
	case v1alpha1.ChannelMessenger:
		return "pageID"
	case v1alpha1.ChannelInstagram:
		return "instagramID"
	}
	return "phoneNumberID"
}

// assessHost says that the account has no Ingress because another one holds its host.
func assessHost(scope *accountScope) assessment {
	if other := scope.hostHolder; other != nil {
		return isFalse(v1alpha1.ReasonHostTaken, fmt.Sprintf(
			"spec.gateway.exposure.ingress.host is that of %s, which had it first: "+
				"there is no Ingress here until that account lets it go", scope.calls(*other)))
	}
	return isTrue(v1alpha1.ReasonHostHeld, "No other account has the host of the Ingress")
}

// calls is another account's name for this one's people: who else is a tenant is nobody's business
// (P8).
func (s *accountScope) calls(other types.NamespacedName) string {
	if other.Namespace != s.account.Namespace {
		return "another account"
	}
	return fmt.Sprintf("BusinessAccount %q", other.String())
}

// heldHost is the host that the account holds; empty if it wants none or another one holds it.
func (s *accountScope) heldHost() string {
	if s.hostHolder != nil {
		return ""
	}
	return tenant.IngressHost(s.account)
}

// rivalsOf are the other accounts with a channel or the host of this one: who holds it may change
// with every change of one of them.
func (r *BusinessAccountReconciler) rivalsOf(ctx context.Context, account client.Object) []reconcile.Request {
	var rivals []reconcile.Request
	for _, key := range channelKeysOf(account) {
		rivals = append(rivals, r.accounts(ctx, client.MatchingFields{indexChannel: key})...)
	}
	for _, host := range hostsOf(account) {
		rivals = append(rivals, r.accounts(ctx, client.MatchingFields{indexHost: host})...)
	}
	self := reconcile.Request{
		NamespacedName: types.NamespacedName{Namespace: account.GetNamespace(), Name: account.GetName()},
	}
	return slices.DeleteFunc(rivals, func(rival reconcile.Request) bool { return rival == self })
}
