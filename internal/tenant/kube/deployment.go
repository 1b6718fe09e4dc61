package kube

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// ContainerName is the name of the gateway's container in its pod.
const ContainerName = "gateway"

// nonRoot is the user and the group that a gateway runs as, and that owns its volume.
const nonRoot = int64(65532)

// deployment runs the gateway. Nothing in it depends on the plan, a template, a budget or a
// credential: those reach the gateway through the configuration Secret, and restart nothing.
func deployment(in Input) *appsv1ac.DeploymentApplyConfiguration {
	account := in.Account
	spec := appsv1ac.DeploymentSpec().
		WithStrategy(strategy(account)).
		WithRevisionHistoryLimit(2).
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(tenant.SelectorLabels(account.Name))).
		WithTemplate(corev1ac.PodTemplateSpec().
			WithLabels(tenant.Labels(account.Name)).
			WithAnnotations(map[string]string{"kubectl.kubernetes.io/default-container": ContainerName}).
			WithSpec(podSpec(in)))
	if replicas, ours := tenant.Replicas(account); ours {
		spec.WithReplicas(replicas)
	}
	return appsv1ac.Deployment(tenant.GatewayName(account.Name), account.Namespace).
		WithLabels(tenant.Labels(account.Name)).
		WithAnnotations(map[string]string{tenant.AnnotationDefaultImage: in.DefaultImage}).
		WithOwnerReferences(owner(account)).
		WithSpec(spec)
}

// strategy lets the replicas of a shared store take over from each other. An embedded store has one
// writer: the old pod must be gone before the new one starts.
func strategy(account *v1alpha1.BusinessAccount) *appsv1ac.DeploymentStrategyApplyConfiguration {
	if !tenant.Shared(account) {
		return appsv1ac.DeploymentStrategy().WithType(appsv1.RecreateDeploymentStrategyType)
	}
	return appsv1ac.DeploymentStrategy().
		WithType(appsv1.RollingUpdateDeploymentStrategyType).
		WithRollingUpdate(appsv1ac.RollingUpdateDeployment().WithMaxSurge(
			intstr.FromInt32(1),
		).WithMaxUnavailable(intstr.FromInt32(0)))
}

func podSpec(in Input) *corev1ac.PodSpecApplyConfiguration {
	name := in.Account.Name
	spec := corev1ac.PodSpec().
		WithServiceAccountName(tenant.GatewayName(name)).
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		WithTerminationGracePeriodSeconds(45).
		WithSecurityContext(corev1ac.PodSecurityContext().
			WithRunAsNonRoot(true).
			WithRunAsUser(nonRoot).
			WithRunAsGroup(nonRoot).
			WithFSGroup(nonRoot).
			WithFSGroupChangePolicy(corev1.FSGroupChangeOnRootMismatch).
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))).
		WithContainers(container(in)).
		WithVolumes(
			corev1ac.Volume().WithName("config").WithSecret(
				corev1ac.SecretVolumeSource().WithSecretName(tenant.ConfigSecretName(name)).WithDefaultMode(0o440),
			),
			corev1ac.Volume().WithName("keys").WithSecret(
				corev1ac.SecretVolumeSource().WithSecretName(tenant.KeysSecretName(name)).WithDefaultMode(0o440),
			),
		)
	if tenant.Shared(in.Account) {
		spec.WithTopologySpreadConstraints(spread(in.Account))
	} else {
		spec.WithVolumes(corev1ac.Volume().WithName("data").WithPersistentVolumeClaim(
			corev1ac.PersistentVolumeClaimVolumeSource().WithClaimName(tenant.DataClaimName(name)),
		))
	}
	return spec.WithVolumes(corev1ac.Volume().WithName("tmp").WithEmptyDir(
		corev1ac.EmptyDirVolumeSource().WithSizeLimit(resource.MustParse("64Mi")),
	))
}

func container(in Input) *corev1ac.ContainerApplyConfiguration {
	container := corev1ac.Container().
		WithName(ContainerName).
		WithImage(in.Image).
		WithImagePullPolicy(corev1.PullIfNotPresent).
		WithEnv(corev1ac.EnvVar().WithName("POD_NAME").WithValueFrom(
			corev1ac.EnvVarSource().WithFieldRef(corev1ac.ObjectFieldSelector().WithFieldPath("metadata.name")))).
		WithEnv(tracing(in)...).
		WithPorts(
			containerPort("http", config.APIPort),
			containerPort("metrics", config.MetricsPort),
			containerPort("report", config.ReportPort),
		).
		// A gateway that is starting is asked every second, so that it takes messages as soon as it
		// can.
		WithStartupProbe(probe(startupPath(in.Account)).WithPeriodSeconds(1).WithFailureThreshold(120)).
		WithReadinessProbe(probe("/readyz").WithPeriodSeconds(5).WithFailureThreshold(2)).
		WithLivenessProbe(probe("/healthz").WithPeriodSeconds(10).WithFailureThreshold(6)).
		WithResources(resources(in.Account)).
		WithSecurityContext(corev1ac.SecurityContext().
			WithAllowPrivilegeEscalation(false).
			WithReadOnlyRootFilesystem(true).
			WithCapabilities(corev1ac.Capabilities().WithDrop("ALL"))).
		WithVolumeMounts(
			corev1ac.VolumeMount().WithName("config").WithMountPath(config.Directory).WithReadOnly(true),
			corev1ac.VolumeMount().WithName("keys").WithMountPath(config.KeysDirectory).WithReadOnly(true),
		)
	if !tenant.Shared(in.Account) {
		container.WithVolumeMounts(corev1ac.VolumeMount().WithName("data").WithMountPath(config.DataDirectory))
	}
	return container.WithVolumeMounts(corev1ac.VolumeMount().WithName("tmp").WithMountPath("/tmp"))
}

// tracing is the standard environment by which a gateway sends traces; nothing where the operator
// was given no collector. Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
func tracing(in Input) []*corev1ac.EnvVarApplyConfiguration {
	if in.TracesEndpoint == "" {
		return nil
	}
	return []*corev1ac.EnvVarApplyConfiguration{
		corev1ac.EnvVar().WithName("OTEL_EXPORTER_OTLP_ENDPOINT").WithValue(in.TracesEndpoint),
		corev1ac.EnvVar().WithName("OTEL_RESOURCE_ATTRIBUTES").WithValue(
			"k8s.namespace.name=" + in.Account.Namespace + ",guichet.account=" + in.Account.Name,
		),
	}
}

// startupPath is what a starting gateway is asked. One whose database is away waits for it, and
// being restarted would not help.
func startupPath(account *v1alpha1.BusinessAccount) string {
	if tenant.Shared(account) {
		return "/healthz"
	}
	return "/readyz"
}

func containerPort(name string, port int32) *corev1ac.ContainerPortApplyConfiguration {
	return corev1ac.ContainerPort().WithName(name).WithContainerPort(port).WithProtocol(corev1.ProtocolTCP)
}

func probe(path string) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().
		WithTimeoutSeconds(3).
		WithHTTPGet(corev1ac.HTTPGetAction().WithPath(path).WithPort(intstr.FromString("metrics")))
}

// resources are those of the spec; each amount that it leaves out has a default for a small tenant,
// which gives way where it contradicts what the spec says: a request above its limit is lowered, or
// the limit below its request raised. Two that the spec gives are left for the API server to
// refuse.
func resources(account *v1alpha1.BusinessAccount) *corev1ac.ResourceRequirementsApplyConfiguration {
	requests := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("24Mi"),
	}
	limits := corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")}
	if gateway := account.Spec.Gateway; gateway != nil && gateway.Resources != nil {
		wantedRequests, wantedLimits := amounts(gateway.Resources.Requests), amounts(gateway.Resources.Limits)
		maps.Copy(requests, wantedRequests)
		maps.Copy(limits, wantedLimits)
		giveWay(
			requests, wantedRequests, limits,
			func(request, limit resource.Quantity) bool { return request.Cmp(limit) > 0 },
		)
		giveWay(
			limits, wantedLimits, requests,
			func(limit, request resource.Quantity) bool { return limit.Cmp(request) < 0 },
		)
	}
	return corev1ac.ResourceRequirements().WithRequests(requests).WithLimits(limits)
}

// giveWay replaces each amount of a list that is not wanted by the other's, where the two
// contradict each other.
func giveWay(list, wanted, other corev1.ResourceList, contradict func(mine, others resource.Quantity) bool) {
	for name, others := range other {
		mine, there := list[name]
		if _, asked := wanted[name]; there && !asked && contradict(mine, others) {
			list[name] = others
		}
	}
}

func amounts(given *v1alpha1.ResourceAmounts) corev1.ResourceList {
	list := corev1.ResourceList{}
	if given != nil && given.CPU != nil {
		list[corev1.ResourceCPU] = *given.CPU
	}
	if given != nil && given.Memory != nil {
		list[corev1.ResourceMemory] = *given.Memory
	}
	return list
}
