package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func seen[T any](object T) Seen[T] { return Seen[T]{Object: object, Found: true} }

// healthy is what there is to see of an account of which everything is well.
func healthy() *Observation {
	account := &v1alpha1.BusinessAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme", Generation: 3},
		Spec: v1alpha1.BusinessAccountSpec{
			PlanName: "whatsapp", Operation: v1alpha1.OperationActive,
			Channels: []v1alpha1.Channel{{Name: "main", PhoneNumberID: "1066", CredentialsSecretName: "acme-whatsapp"}},
			Budget:   &v1alpha1.Budget{Limit: v1alpha1.Money{Amount: "100", Currency: "USD"}},
			Gateway: &v1alpha1.Gateway{Exposure: &v1alpha1.Exposure{
				Type:    v1alpha1.ExposureIngress,
				Ingress: &v1alpha1.Ingress{Host: "acme.example.com", TLSSecretName: "acme-tls"},
			}},
		},
		Status: v1alpha1.BusinessAccountStatus{
			ObservedGeneration: 3, LedgerID: "one",
			Gateway: &v1alpha1.GatewayStatus{WebhookURL: "https://acme.example.com/webhooks", ReadyReplicas: 1},
		},
	}
	for kind := range always {
		account.Status.Conditions = append(
			account.Status.Conditions, metav1.Condition{Type: kind, Status: metav1.ConditionTrue},
		)
	}
	o := &Observation{
		Account: account, Now: now, ClockKnown: true, OperatorNamespace: "guichet-system",
		Operator:  seen(&appsv1.Deployment{Status: appsv1.DeploymentStatus{ReadyReplicas: 1}}),
		Lease:     seen(leaseAt(now)),
		Namespace: seen(&corev1.Namespace{}),
		Plans: map[string]Seen[*v1alpha1.PricingPlan]{"whatsapp": seen(&v1alpha1.PricingPlan{
			ObjectMeta: metav1.ObjectMeta{Name: "whatsapp"}, Spec: v1alpha1.PricingPlanSpec{Currency: "USD"},
			Status: v1alpha1.PricingPlanStatus{
				CurrentRevision: "one",
				Conditions:      []metav1.Condition{{Type: v1alpha1.PricingPlanAccepted, Status: metav1.ConditionTrue}},
			},
		})},
		Secrets:    map[string]Seen[*corev1.Secret]{},
		Deployment: seen(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "acme-gateway"}}),
		Claim: seen(&corev1.PersistentVolumeClaim{Status: corev1.PersistentVolumeClaimStatus{
			Phase: corev1.ClaimBound,
		}}),
		Pods: seen([]corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "acme-gateway-1"}}}),
		NetworkPolicy: seen(&networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: tenant.SelectorLabels("acme")},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{
				From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{
					MatchLabels: map[string]string{"kubernetes.io/metadata.name": "guichet-system"},
				}}},
				Ports: []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(8443))}},
			}},
		}}),
		Quotas: seen([]corev1.ResourceQuota{}), Templates: seen([]v1alpha1.MessageTemplate{}),
		Nodes:      map[string]Seen[*corev1.Node]{"one": seen(readyNode())},
		NodeLeases: map[string]Seen[*coordinationv1.Lease]{"one": seen(leaseAt(now.Add(-9 * time.Second)))},
		Reach:      &Reach{URL: "https://acme.example.com/webhooks", Token: true, Echoed: true, Status: 200},
	}
	o.setSecret("acme-whatsapp", map[string]string{
		"accessToken": "EAAG", "appSecret": "0123456789abcdef0123456789abcdef", "verifyToken": "a word",
	})
	o.setSecret("acme-api-tokens", map[string]string{"default": "token"})
	o.setCertificate("acme-tls", "acme.example.com", now.AddDate(0, 3, 0))
	o.setCertificate("acme-gateway-keys", "acme-gateway.acme.svc", now.AddDate(10, 0, 0))
	keys := o.Secrets["acme-gateway-keys"].Object.Data
	keys["keyset.json"], keys["customer.key"], keys["report.token"] = []byte("k"), []byte("c"), []byte("r")
	return o
}

func leaseAt(renewed time.Time) *coordinationv1.Lease {
	return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &metav1.MicroTime{Time: renewed}}}
}

func readyNode() *corev1.Node {
	return &corev1.Node{Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{
		{Type: corev1.NodeReady, Status: corev1.ConditionTrue},
	}}}
}

func (o *Observation) setSecret(name string, values map[string]string) {
	data := map[string][]byte{}
	for key, value := range values {
		data[key] = []byte(value)
	}
	o.Secrets[name] = seen(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data})
}

// setCertificate makes a certificate for a host that ends at an instant.
func (o *Observation) setCertificate(name, host string, end time.Time) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: now.AddDate(0, -1, 0), NotAfter: end,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	o.setSecret(name, map[string]string{
		"tls.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	})
}

func (o *Observation) setContainer(status corev1.ContainerStatus) {
	o.Pods.Object[0].Status.ContainerStatuses = []corev1.ContainerStatus{status}
}

func (o *Observation) plan() *v1alpha1.PricingPlan { return o.Plans["whatsapp"].Object }

func TestAHealthyAccount(t *testing.T) {
	for _, finding := range Examine(healthy()).Findings {
		if finding.Level != OK {
			t.Errorf("got %+v", finding)
		}
	}
}

// Each of these is wrong in one way, which is the first thing that is found.
func TestWhatIsWrongIsNamed(t *testing.T) {
	for name, broken := range map[string]struct {
		breaks func(*Observation)
		level  Level
		want   string
	}{
		"the operator has stopped": {
			func(o *Observation) { o.Lease = seen(leaseAt(now.Add(-5 * time.Minute))) }, Failure,
			"operator | Lease guichet-system/operator.guichet.dev | No operator works: none has renewed its Lease since " +
				"2026-11-20T11:55:00Z",
		},
		"no pod of the operator is ready": {
			func(o *Observation) { o.Operator.Object.Status.ReadyReplicas = 0 }, Failure,
			"operator | Deployment guichet-system/guichet-operator | No pod of the operator is ready",
		},
		"the operator has not seen the spec": {
			func(o *Observation) { o.Account.Status.ObservedGeneration = 2 }, Failure,
			"operator | BusinessAccount acme/acme | The operator has not looked at the spec: it is generation 3",
		},
		"the account is being deleted": {
			func(o *Observation) { o.Account.DeletionTimestamp = &metav1.Time{Time: now} }, Failure,
			"operator | BusinessAccount acme/acme | The account is being deleted",
		},
		"the account is paused": {
			func(o *Observation) { o.Account.Spec.Operation = v1alpha1.OperationPaused }, Warning,
			"operator | BusinessAccount acme/acme | The account is paused",
		},
		"the budget has another currency": {
			func(o *Observation) { o.plan().Spec.Currency = "EUR" }, Failure,
			`plan | BusinessAccount acme/acme | The budget is in USD, and PricingPlan "whatsapp" in EUR`,
		},
		"no revision is in force": {
			func(o *Observation) { o.plan().Status.CurrentRevision = "" }, Failure,
			"plan | PricingPlan whatsapp | No revision of the plan is in force today",
		},
		"the app secret is none of Meta's": {
			func(o *Observation) { o.Secrets["acme-whatsapp"].Object.Data["appSecret"] = []byte("secret") }, Warning,
			`credentials | Secret acme/acme-whatsapp | The value of "appSecret" is not 32 hexadecimal digits`,
		},
		"a token has a space": {
			func(
				o *Observation,
			) {
				o.Secrets["acme-whatsapp"].Object.Data["accessToken"] = []byte("EAAG EAAG\n")
			}, Failure,
			`credentials | Secret acme/acme-whatsapp | The value of "accessToken" has white space inside`,
		},
		"a key of the store is missing": {
			func(o *Observation) { delete(o.Secrets["acme-gateway-keys"].Object.Data, "customer.key") }, Failure,
			`credentials | Secret acme/acme-gateway-keys | It lacks a value for "customer.key"`,
		},
		"a quota is used up": {
			func(o *Observation) {
				o.Quotas = seen([]corev1.ResourceQuota{{
					ObjectMeta: metav1.ObjectMeta{Name: "small"},
					Status: corev1.ResourceQuotaStatus{
						Hard: corev1.ResourceList{
							"pods": resource.MustParse("2"),
						}, Used: corev1.ResourceList{"pods": resource.MustParse("2")},
					},
				}})
			}, Warning, "quota | ResourceQuota acme/small | pods is used up: 2 of 2",
		},
		"a quota refuses the pods": {
			func(o *Observation) {
				o.Deployment.Object.Status.Conditions = []appsv1.DeploymentCondition{{
					Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: "exceeded quota: " +
						"small",
				}}
			}, Failure, "quota | Deployment acme/acme-gateway | Its pods cannot be made: exceeded quota: small",
		},
		"the volume is lost": {
			func(o *Observation) { o.Claim.Object.Status.Phase = corev1.ClaimLost }, Failure,
			"storage | PersistentVolumeClaim acme/acme-gateway-data | Its volume is lost",
		},
		"somebody has deleted the claim": {
			func(o *Observation) { o.Claim.Object.DeletionTimestamp = &metav1.Time{Time: now} }, Failure,
			"storage | PersistentVolumeClaim acme/acme-gateway-data | Somebody has deleted it",
		},
		"the account hibernates": {
			func(o *Observation) { o.Account.Spec.Activity = v1alpha1.ActivityHibernated }, Warning,
			"gateway | BusinessAccount acme/acme | No gateway is to run",
		},
		"the gateway is stopped": {
			func(o *Observation) { o.Account.Spec.Gateway.Replicas = new(int32) }, Warning,
			"gateway | BusinessAccount acme/acme | No gateway is to run",
		},
		"there is no room on the nodes": {
			func(o *Observation) {
				o.Pods.Object[0].Status.Conditions = []corev1.PodCondition{{
					Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
					Message: "0/3 nodes are available: 3 Insufficient memory.",
				}}
			}, Failure, "gateway | Pod acme/acme-gateway-1 | It cannot be scheduled: 0/3 nodes are available: 3 " +
				"Insufficient memory.",
		},
		"the gateway needs more memory": {
			func(o *Observation) {
				ended := &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}
				o.setContainer(corev1.ContainerStatus{LastTerminationState: corev1.ContainerState{Terminated: ended}})
			}, Failure, "gateway | Pod acme/acme-gateway-1 | The gateway was killed because it took more memory " +
				"than its limit",
		},
		"the gateway crashes": {
			func(o *Observation) {
				ended := &corev1.ContainerStateTerminated{ExitCode: 1}
				o.setContainer(corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended}, RestartCount: 4})
			}, Failure, "gateway | Pod acme/acme-gateway-1 | The gateway has ended 4 times, the last time with exit " +
				"code 1",
		},
		"the operator is kept out": {
			func(o *Observation) { o.OperatorNamespace = "elsewhere" }, Failure,
			`network policy | NetworkPolicy acme/acme-gateway | It does not let namespace "elsewhere" reach port 8443`,
		},
		"the policy is for other pods": {
			func(
				o *Observation,
			) {
				o.NetworkPolicy.Object.Spec.PodSelector.MatchLabels = map[string]string{"app": "other"}
			}, Failure,
			"network policy | NetworkPolicy acme/acme-gateway | It does not select the gateway's pods",
		},
		"the certificate has ended": {
			func(o *Observation) { o.setCertificate("acme-tls", "acme.example.com", now.AddDate(0, 0, -1)) }, Failure,
			"certificates | Secret acme/acme-tls | The certificate of the Ingress has ended on 2026-11-19",
		},
		"the certificate ends soon": {
			func(o *Observation) { o.setCertificate("acme-tls", "acme.example.com", now.AddDate(0, 0, 14)) }, Warning,
			"certificates | Secret acme/acme-tls | The certificate of the Ingress ends on 2026-12-04",
		},
		"the certificate is for another host": {
			func(o *Observation) { o.setCertificate("acme-tls", "bikes.example.com", now.AddDate(1, 0, 0)) }, Failure,
			`certificates | Secret acme/acme-tls | The certificate of the Ingress is not for the host "acme.example.com"`,
		},
		"the certificate has another's key": {
			func(
				o *Observation,
			) {
				o.Secrets["acme-tls"].Object.Data["tls.key"] = o.Secrets["acme-gateway-keys"].Object.Data["tls.key"]
			},
			Failure, "certificates | Secret acme/acme-tls | The certificate of the Ingress and its key do not " +
				"belong together",
		},
		"the host is not in DNS": {
			func(
				o *Observation,
			) {
				o.Reach = &Reach{URL: "https://acme.example.com/webhooks", Err: errors.New("no such host")}
			}, Failure,
			"reachability | https://acme.example.com/webhooks | It cannot be reached from here: no such host",
		},
		"another gateway answers": {
			func(
				o *Observation,
			) {
				o.Reach = &Reach{URL: "https://acme.example.com/webhooks", Token: true, Status: 403}
			}, Failure,
			"reachability | https://acme.example.com/webhooks | It refuses the verify token of the channel's Secret (403)",
		},
		"a web page answers": {
			func(
				o *Observation,
			) {
				o.Reach = &Reach{URL: "https://acme.example.com/webhooks", Token: true, Status: 200}
			}, Failure,
			"reachability | https://acme.example.com/webhooks | It answers 200, which no gateway does",
		},
		"a node's clock is ahead": {
			func(o *Observation) { o.NodeLeases["one"] = seen(leaseAt(now.Add(time.Minute))) }, Failure,
			"clock | Node one | Its clock is 1m0s ahead of the API server's",
		},
		"a node's clock is behind": {
			func(o *Observation) { o.NodeLeases["one"] = seen(leaseAt(now.Add(-10 * time.Minute))) }, Failure,
			"clock | Node one | Its clock is about 10m0s behind the API server's",
		},
		"this machine's clock is wrong": {
			func(o *Observation) { o.Behind = -time.Hour }, Warning,
			"clock | this machine | Its clock is 1h0m0s ahead of the API server's",
		},
		"the gateway's figures are of the future": {
			func(
				o *Observation,
			) {
				o.Account.Status.Usage = &v1alpha1.Usage{AsOfTime: metav1.Time{Time: now.Add(time.Hour)}}
			}, Failure,
			"clock | BusinessAccount acme/acme | The gateway's figures are of the future: its clock is at least 1h0m0s ahead",
		},
		"the budget is spent": {
			func(o *Observation) { o.setCondition("WithinBudget", "BudgetExhausted", "All is spent") }, Failure,
			"budget | BusinessAccount acme/acme | WithinBudget is False, BudgetExhausted: All is spent",
		},
		"a warning level is passed": {
			func(o *Observation) { o.setCondition("WithinBudget", "BudgetWarning", "80 %") }, Warning,
			"budget | BusinessAccount acme/acme | WithinBudget is False, BudgetWarning: 80 %",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := healthy()
			broken.breaks(o)
			for _, finding := range Examine(o).Findings {
				if finding.Level == OK {
					continue
				}
				got := finding.Check + " | " + finding.Where + " | " + finding.What
				if finding.Level != broken.level || !strings.HasPrefix(got, broken.want) || finding.Do == "" {
					t.Errorf("got %s: %s (%s)\nwant %s: %s", finding.Level, got, finding.Do, broken.level, broken.want)
				}
				return
			}
			t.Error("nothing was found")
		})
	}
}

func (o *Observation) setCondition(kind, reason, message string) {
	for i := range o.Account.Status.Conditions {
		if condition := &o.Account.Status.Conditions[i]; condition.Type == kind {
			condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, reason, message
		}
	}
}

// A node that was not heard of has an old Lease too: its clock may be right.
func TestAnOldLeaseOfANodeThatIsNotReadyTellsNothingOfItsClock(t *testing.T) {
	o := healthy()
	o.NodeLeases["one"] = seen(leaseAt(now.Add(-10 * time.Minute)))
	o.Nodes["one"].Object.Status.Conditions[0].Status = corev1.ConditionUnknown
	if found := findClock(o); len(found) != 0 {
		t.Errorf("got %+v", found)
	}
}
