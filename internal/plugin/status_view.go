package plugin

import (
	"fmt"
	"math/big"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/advice"
)

// statusView is what status shows of an account.
type statusView struct {
	Namespace   string                 `json:"namespace"`
	Name        string                 `json:"name"`
	DisplayName string                 `json:"displayName"`
	Ready       metav1.ConditionStatus `json:"ready"`
	Reason      string                 `json:"reason"`
	Message     string                 `json:"message,omitempty"`
	Plan        string                 `json:"plan"`
	TimeZone    string                 `json:"timeZone"`
	Operation   string                 `json:"operation,omitempty"`
	Activity    string                 `json:"activity,omitempty"`
	Gateway     gatewayView            `json:"gateway"`
	Channels    []channelView          `json:"channels"`
	Money       *moneyView             `json:"money,omitempty"`
	OpenWindows *int64                 `json:"openWindows,omitempty"`
	Queue       queueView              `json:"queue"`
	// Current says that the figures are the gateway's latest, and that the queue is known.
	Current bool `json:"current"`
	// True counts the conditions that are well; NotTrue are the others.
	True    int             `json:"conditionsTrue"`
	NotTrue []conditionView `json:"conditionsNotTrue,omitempty"`
	ToDo    []string        `json:"toDo,omitempty"`
}

type gatewayView struct {
	URL        string `json:"url,omitempty"`
	WebhookURL string `json:"webhookURL,omitempty"`
	Image      string `json:"image,omitempty"`
	Ready      int32  `json:"readyReplicas"`
	Replicas   int32  `json:"replicas"`
}

type channelView struct {
	Name    string `json:"name"`
	Network string `json:"network"`
	ID      string `json:"id"`
	// Sends and Receives are the states of UpstreamAccepts and WebhooksArrive.
	Sends    metav1.ConditionStatus `json:"sends"`
	Receives metav1.ConditionStatus `json:"receives"`
	// Why is the message of the first of the channel's conditions that is not True.
	Why string `json:"why,omitempty"`
}

type moneyView struct {
	Period   string          `json:"period"`
	AsOf     metav1.Time     `json:"asOfTime"`
	Messages *int64          `json:"messages,omitempty"`
	Billed   *v1alpha1.Money `json:"billed,omitempty"`
	Reserved *v1alpha1.Money `json:"reserved,omitempty"`
	Limit    *v1alpha1.Money `json:"limit,omitempty"`
	Left     *v1alpha1.Money `json:"left,omitempty"`
	// Unpriced counts delivered messages that wait for a rate.
	Unpriced *int64 `json:"unpriced,omitempty"`
}

type queueView struct {
	Messages int64         `json:"messages"`
	Oldest   metav1.Time   `json:"oldestTime,omitzero"`
	Waiting  []waitingView `json:"waiting,omitempty"`
}

type waitingView struct {
	Channel  string `json:"channel,omitempty"`
	Reason   string `json:"reason"`
	Messages int64  `json:"messages"`
}

type conditionView struct {
	Type    string                 `json:"type"`
	Status  metav1.ConditionStatus `json:"status"`
	Reason  string                 `json:"reason"`
	Message string                 `json:"message"`
	Since   metav1.Time            `json:"since"`
}

// viewStatus makes the view of an account as it stands.
func viewStatus(account *v1alpha1.BusinessAccount, now time.Time) statusView {
	status := &account.Status
	view := statusView{
		Namespace: account.Namespace, Name: account.Name, DisplayName: account.Spec.DisplayName,
		Ready: metav1.ConditionUnknown, Reason: v1alpha1.ReasonPending, Plan: account.Spec.PlanName,
		TimeZone: account.Spec.TimeZone, Channels: viewChannels(account), Money: viewMoney(account),
		Queue: viewQueue(
			status.Queue,
		), Current: apimeta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionUsageCurrent),
	}
	if account.Spec.Operation != v1alpha1.OperationActive {
		view.Operation = string(account.Spec.Operation)
	}
	if account.Spec.Activity != v1alpha1.ActivityActive {
		view.Activity = string(account.Spec.Activity)
	}
	if status.PlanName != "" {
		view.Plan = status.PlanName
	}
	if ready := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady); ready != nil {
		view.Ready, view.Reason, view.Message = ready.Status, ready.Reason, ready.Message
	}
	if status.Usage != nil {
		view.OpenWindows = status.Usage.OpenWindows
	}
	if gateway := status.Gateway; gateway != nil {
		view.Gateway = gatewayView{
			URL: gateway.URL, WebhookURL: gateway.WebhookURL, Image: gateway.Image, Ready: gateway.ReadyReplicas,
			Replicas: gateway.Replicas,
		}
	}
	view.addConditions(status.Conditions)
	view.addToDo(account, now)
	return view
}

func viewChannels(account *v1alpha1.BusinessAccount) []channelView {
	views := make([]channelView, 0, len(account.Spec.Channels))
	for i := range account.Spec.Channels {
		channel := &account.Spec.Channels[i]
		identity := channel.Identity()
		view := channelView{
			Name: channel.Name, Network: string(identity.Type), ID: identity.ID, Sends: metav1.ConditionUnknown,
			Receives: metav1.ConditionUnknown,
		}
		for _, known := range account.Status.Channels {
			if known.Name == channel.Name {
				view.judge(known.Conditions)
			}
		}
		views = append(views, view)
	}
	return views
}

func (v *channelView) judge(conditions []metav1.Condition) {
	for _, condition := range conditions {
		switch condition.Type {
		case v1alpha1.ConditionUpstreamAccepts:
			v.Sends = condition.Status
		case v1alpha1.ConditionWebhooksArrive:
			v.Receives = condition.Status
		}
		if condition.Status != metav1.ConditionTrue && v.Why == "" {
			v.Why = condition.Message
		}
	}
}

func viewMoney(account *v1alpha1.BusinessAccount) *moneyView {
	usage := account.Status.Usage
	if usage == nil {
		return nil
	}
	view := &moneyView{
		Period: usage.Period, AsOf: usage.AsOfTime, Messages: usage.Messages, Billed: usage.Billed,
		Reserved: usage.Reserved, Left: usage.BudgetLeft, Unpriced: usage.Unpriced,
	}
	if account.Spec.Budget != nil {
		view.Limit = &account.Spec.Budget.Limit
	}
	return view
}

func viewQueue(queue *v1alpha1.QueueStatus) (view queueView) {
	if queue == nil {
		return view
	}
	view.Oldest = queue.OldestTime
	if queue.Messages != nil {
		view.Messages = *queue.Messages
	}
	for _, waiting := range queue.Waiting {
		row := waitingView{Channel: waiting.Channel, Reason: waiting.Reason}
		if waiting.Messages != nil {
			row.Messages = *waiting.Messages
		}
		view.Waiting = append(view.Waiting, row)
	}
	return view
}

// addConditions lists the conditions that are not True, but for the summary of all.
func (v *statusView) addConditions(conditions []metav1.Condition) {
	for _, condition := range conditions {
		if condition.Status == metav1.ConditionTrue {
			v.True++
			continue
		}
		if condition.Type == v1alpha1.ConditionReady {
			continue
		}
		v.NotTrue = append(v.NotTrue, conditionView{
			Type: condition.Type, Status: condition.Status, Reason: condition.Reason, Message: condition.Message,
			Since: condition.LastTransitionTime,
		})
	}
}

// addToDo says what to do about what is not well, each thing once.
func (v *statusView) addToDo(account *v1alpha1.BusinessAccount, now time.Time) {
	const patience = 30 * time.Second // the operator looks within seconds
	if account.Status.ObservedGeneration < account.Generation && now.Sub(account.CreationTimestamp.Time) > patience {
		v.ToDo = append(v.ToDo, "See whether the operator runs: it has not looked at the last change of the spec yet")
	}
	known := map[string]bool{}
	for _, condition := range v.NotTrue {
		text := advice.For(condition.Reason)
		pending := condition.Status == metav1.ConditionUnknown && condition.Reason == v1alpha1.ReasonPending
		if pending || text == "" || known[text] {
			continue
		}
		known[text] = true
		v.ToDo = append(v.ToDo, condition.Type+": "+text)
	}
}

// spent is the share of the budget that charges and reservations take, for a bar.
func (v *moneyView) spent() (share float64, known bool) {
	if v.Limit == nil || v.Left == nil || v.Limit.Currency != v.Left.Currency {
		return 0, false
	}
	limit, good := new(big.Rat).SetString(v.Limit.Amount)
	left, wellFormed := new(big.Rat).SetString(v.Left.Amount)
	if !good || !wellFormed || limit.Sign() <= 0 {
		return 0, false
	}
	share, _ = new(big.Rat).Quo(new(big.Rat).Sub(limit, left), limit).Float64()
	return share, true
}

// percent says a share, such as "12.5 %".
func percent(share float64) string { return fmt.Sprintf("%.1f %%", share*100) }
