package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
)

// Gateway says how the account's gateway runs.
//
// +kubebuilder:validation:XValidation:rule="!has(self.replicas) || self.replicas <= 1 || (has(self.storage) && self.storage.type == 'Shared')",message="replicas may be greater than 1 only with storage.type 'Shared': the embedded store has one writer"
// +kubebuilder:validation:XValidation:rule="!has(self.autoscaling) || (has(self.storage) && self.storage.type == 'Shared')",message="autoscaling may be set only with storage.type 'Shared': the embedded store has one writer"
// +kubebuilder:validation:XValidation:rule="!(has(self.autoscaling) && has(self.replicas))",message="replicas must not be set together with autoscaling: the autoscaler owns the number of replicas"
type Gateway struct {
	// replicas is the number of gateway pods; 0 is what spec.activity 'Hibernated' does. Without
	// it, and without autoscaling, there is 1. That is not stored as a default: a stored number
	// would stand in the way of autoscaling, which owns it. status.gateway.replicas shows what is
	// wanted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=50
	Replicas *int32 `json:"replicas,omitempty"`

	// autoscaling lets the number of replicas follow the load.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`

	// image is the gateway's container image, of a repository that the operator allows. If it is
	// not set, the operator's own default is used when the account is made, and kept when the
	// operator is upgraded. When it is removed, the gateway goes back to the image that it had
	// without it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// resources are the requests and limits of the gateway's container. Without them it requests
	// 10m of CPU and 24Mi of memory, and is limited to 128Mi of memory; the same holds for each
	// amount that is left out. Such an amount gives way where it contradicts one that is set: the
	// request is lowered to the limit, or the limit raised to the request. That is why they are not
	// stored as defaults: a stored amount would not give way, and the API server would refuse the
	// Deployment.
	// +optional
	Resources *Resources `json:"resources,omitempty"`

	// storage is where the gateway keeps its state and ledger. It defaults to an embedded store on
	// a volume of 1Gi.
	// +optional
	// +kubebuilder:default={type: Embedded, embedded: {size: "1Gi"}}
	Storage *Storage `json:"storage,omitempty"`

	// exposure is how the gateway is reached from outside of the cluster: the upstream's webhooks
	// must reach it.
	// +optional
	// +kubebuilder:default={type: Internal}
	Exposure *Exposure `json:"exposure,omitempty"`
}

// Autoscaling lets the number of replicas follow the load.
//
// +kubebuilder:validation:XValidation:rule="self.minReplicas <= self.maxReplicas",message="minReplicas must not be greater than maxReplicas"
type Autoscaling struct {
	// minReplicas is the least number of replicas.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	MinReplicas int32 `json:"minReplicas,omitempty"`

	// maxReplicas is the greatest number of replicas.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	MaxReplicas int32 `json:"maxReplicas,omitempty"`

	// targetCPUPercent is the share of the requested CPU that the autoscaler aims at.
	// +optional
	// +kubebuilder:default=70
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	TargetCPUPercent int32 `json:"targetCPUPercent,omitempty"`
}

// Resources are the requests and limits of a container.
type Resources struct {
	// requests are what the container is guaranteed.
	// +optional
	Requests *ResourceAmounts `json:"requests,omitempty"`

	// limits are the most that the container may use.
	// +optional
	Limits *ResourceAmounts `json:"limits,omitempty"`
}

// ResourceAmounts are amounts of CPU and memory.
type ResourceAmounts struct {
	// cpu is an amount of CPU, such as "100m".
	// +optional
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="must be greater than zero"
	CPU *resource.Quantity `json:"cpu,omitempty"`

	// memory is an amount of memory, such as "64Mi".
	// +optional
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="must be greater than zero"
	Memory *resource.Quantity `json:"memory,omitempty"`
}

// StorageType is where a gateway keeps its state.
// +kubebuilder:validation:Enum=Embedded;Shared
type StorageType string

const (
	// StorageEmbedded is a database file on a volume of the gateway's own.
	StorageEmbedded StorageType = "Embedded"
	// StorageShared is a PostgreSQL server.
	StorageShared StorageType = "Shared"
)

// Storage is where the gateway keeps its state and ledger.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'Shared' ? has(self.shared) && !has(self.embedded) : !has(self.shared)",message="with type 'Shared', shared must be set and embedded must not; with type 'Embedded', shared must not be set"
type Storage struct {
	// type is 'Embedded' (a database file on a volume of its own, one replica) or 'Shared' (a
	// PostgreSQL server, any number of replicas).
	// +optional
	// +kubebuilder:default=Embedded
	Type StorageType `json:"type,omitempty"`

	// embedded describes the volume. With type 'Embedded' and without it the volume has 1Gi. That
	// is not stored as a default, which could not depend on the type: with 'Shared' there is no
	// volume.
	// +optional
	Embedded *EmbeddedStorage `json:"embedded,omitempty"`

	// shared describes the PostgreSQL server.
	// +optional
	Shared *SharedStorage `json:"shared,omitempty"`
}

// EmbeddedStorage is a volume for the database file.
type EmbeddedStorage struct {
	// size is the size of the volume. It can grow if the storage class lets it. It cannot shrink: a
	// PersistentVolumeClaim that asks for more keeps what it has, and the condition
	// StorageSufficient says so.
	// +optional
	// +kubebuilder:default="1Gi"
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="must be greater than zero"
	Size *resource.Quantity `json:"size,omitempty"`

	// storageClassName is the storage class of the volume. It defaults to the cluster's default
	// class, and cannot be changed.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="storageClassName is immutable"
	StorageClassName string `json:"storageClassName,omitempty"`
}

// Keys of a shared store's connection Secret.
const (
	// SecretKeyConnectionURL holds the connection URL.
	SecretKeyConnectionURL = "url"
	// SecretKeyConnectionCA holds the certificates of the authorities that may have signed the
	// server's, in PEM; optional.
	SecretKeyConnectionCA = "ca.crt"
)

// SharedStorage is a PostgreSQL server.
type SharedStorage struct {
	// connectionSecretName is the name of a Secret with the key 'url', a PostgreSQL connection URL
	// such as "postgres://user:password@host:5432/database?sslmode=verify-full", and optionally the
	// key 'ca.crt', the certificate authority of the server. A change of it takes effect when the
	// gateway's pods are restarted.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	ConnectionSecretName string `json:"connectionSecretName,omitempty"`
}

// ExposureType is how a gateway is reached from outside of the cluster.
// +kubebuilder:validation:Enum=Internal;Ingress
type ExposureType string

const (
	// ExposureInternal is a Service inside the cluster, and nothing else.
	ExposureInternal ExposureType = "Internal"
	// ExposureIngress adds an Ingress.
	ExposureIngress ExposureType = "Ingress"
)

// IngressPaths is what is reached through an Ingress.
//
// +kubebuilder:validation:Enum=Webhooks;All
type IngressPaths string

const (
	// PathsWebhooks lets the upstream's webhooks in, and nothing else.
	PathsWebhooks IngressPaths = "Webhooks"
	// PathsAll lets the business's API in too.
	PathsAll IngressPaths = "All"
)

// Exposure is how the gateway is reached from outside of the cluster.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'Ingress' ? has(self.ingress) : !has(self.ingress)",message="ingress must be set with type 'Ingress', and only then"
type Exposure struct {
	// type is 'Internal' (a Service inside the cluster) or 'Ingress' (an Ingress in front of it).
	// +optional
	// +kubebuilder:default=Internal
	Type ExposureType `json:"type,omitempty"`

	// ingress describes the Ingress.
	// +optional
	Ingress *Ingress `json:"ingress,omitempty"`
}

// Ingress is the gateway's door to the outside.
type Ingress struct {
	// host is the DNS name under which the gateway is reached, such as "acme.gateway.example.com".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be a DNS name of lower-case letters, digits, '-' and '.', without a wildcard, like 'acme.example.com'"
	Host string `json:"host,omitempty"`

	// paths is what is reached through the Ingress: 'Webhooks', for the upstream alone, or 'All',
	// with the API that the business sends through. Whoever is inside the cluster reaches both at
	// status.gateway.url.
	// +optional
	// +kubebuilder:default=Webhooks
	Paths IngressPaths `json:"paths,omitempty"`

	// className is the Ingress class. It defaults to the cluster's default class.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	ClassName string `json:"className,omitempty"`

	// tlsSecretName is the name of the Secret with the certificate for host. Meta refuses webhooks
	// without a valid one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	TLSSecretName string `json:"tlsSecretName,omitempty"`
}
