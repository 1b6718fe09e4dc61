// Package tenant turns an account, its plan, its templates and its Secrets into what the operator
// applies: the gateway's configuration document and each of the account's objects. It decides
// nothing at run time and reads nothing: the same input always gives the same output.
package tenant
