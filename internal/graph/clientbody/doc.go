// Package clientbody reads the bodies of clients' requests to a Graph API, in every form in which
// such an API takes them, and the fields in them by their paths. What is read is bounded, and
// unambiguous for every reader behind this one.
package clientbody
