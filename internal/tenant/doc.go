// Package tenant turns an account, its plan, its templates and its Secrets into the gateway's
// configuration document. It decides nothing at run time and reads nothing: the same input always
// gives the same output. The account's Kubernetes objects are made by the package kube below it,
// which alone knows their types, so that guichet dev is built without them.
package tenant
