// Package kube has the Kubernetes objects of an account: what the operator applies, the Secrets
// that it makes once, and the records that it keeps in its own namespace. Like package tenant it
// decides nothing at run time and reads nothing.
package kube
