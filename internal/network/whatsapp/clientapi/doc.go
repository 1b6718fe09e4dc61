// Package clientapi is what clients of the Cloud API call beside messages and media: phone numbers,
// profiles, templates, flows. Each call of the API has a rule, see rules.go: the gateway answers
// it, passes it on with the account's own token, or refuses it. What no rule names is refused. The
// rules for each and their reasons are in docs/clients.md.
//
// What is passed on is written anew from what a rule names: the object is one of the account's, the
// parameters and fields are on the rule's lists, and nothing of what the Graph API understands on
// every path (another method, several requests in one, fields of other objects) is left.
package clientapi
