//go:build linux

package main

// component is a program that runs for as long as the cluster.
type component struct {
	name      string // also that of its log file
	arguments []string
}

// storage returns the components that the API server and the kubelet need.
func storage() []component {
	return []component{
		{"etcd", []string{
			"--name=" + nodeName,
			"--data-dir=" + insideState + "/etcd",
			"--listen-client-urls=http://127.0.0.1:2379",
			"--advertise-client-urls=http://127.0.0.1:2379",
			"--listen-peer-urls=http://127.0.0.1:2380",
			"--initial-advertise-peer-urls=http://127.0.0.1:2380",
			"--initial-cluster=" + nodeName + "=http://127.0.0.1:2380",
			"--unsafe-no-fsync", // The state is thrown away at the end; a power cut loses nothing of worth.
			"--log-level=warn",
		}},
		{"containerd", []string{"--config=" + insideState + "/etc/containerd.toml"}},
	}
}

func apiServerComponent() component {
	return component{"kube-apiserver", []string{
		"--etcd-servers=http://127.0.0.1:2379",
		"--bind-address=" + nodeAddress,
		"--advertise-address=" + nodeAddress,
		"--secure-port=6443",
		"--tls-cert-file=" + pki("kube-apiserver.crt"),
		"--tls-private-key-file=" + pki("kube-apiserver.key"),
		"--client-ca-file=" + pki("ca.crt"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--service-cluster-ip-range=" + serviceRange,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pki("service-accounts.key"),
		"--service-account-signing-key-file=" + pki("service-accounts.key"),
		"--kubelet-certificate-authority=" + pki("ca.crt"),
		"--kubelet-client-certificate=" + pki("kube-apiserver-to-kubelet.crt"),
		"--kubelet-client-key=" + pki("kube-apiserver-to-kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP", // The node's name is in no DNS.
	}}
}

// clients returns everything that talks to the API server.
func clients() []component {
	return []component{
		{"kube-controller-manager", []string{
			"--kubeconfig=" + pki("kube-controller-manager.kubeconfig"),
			"--bind-address=127.0.0.1",
			"--leader-elect=false",
			"--use-service-account-credentials=true",
			"--root-ca-file=" + pki("ca.crt"),
			"--service-account-private-key-file=" + pki("service-accounts.key"),
			"--cluster-signing-cert-file=" + pki("ca.crt"),
			"--cluster-signing-key-file=" + pki("ca.key"),
			"--flex-volume-plugin-dir=" + insideState + "/kubelet/volume-plugins",
		}},
		{"kube-scheduler", []string{
			"--kubeconfig=" + pki("kube-scheduler.kubeconfig"),
			"--bind-address=127.0.0.1",
			"--leader-elect=false",
		}},
		{"kubelet", []string{
			"--config=" + insideState + "/etc/kubelet.yaml",
			"--kubeconfig=" + pki("kubelet.kubeconfig"),
			"--root-dir=" + insideState + "/kubelet",
			"--hostname-override=" + nodeName,
			"--node-ip=" + nodeAddress,
		}},
		{"kube-proxy", []string{
			"--config=" + insideState + "/etc/kube-proxy.yaml",
			"--hostname-override=" + nodeName,
		}},
		{"coredns", []string{"-conf=" + insideState + "/etc/Corefile"}},
		{"volume-provisioner", []string{
			"--kubeconfig=" + pki("volume-provisioner.kubeconfig"),
			"--root=" + insideState + "/volumes",
			"--node=" + nodeName,
		}},
	}
}

func pki(file string) string { return insideState + "/pki/" + file }
