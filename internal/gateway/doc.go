// Package gateway is the data plane of one tenant: the API that the business's WhatsApp Cloud API
// client talks to, the intake of the upstream's webhooks, the dispatcher that sends, the delivery
// of callbacks to the business, and the report to the operator.
//
// The decisions (decide.go, pace.go, retry.go) are pure functions of what they are given, the clock
// included. Everything that must outlive a crash is one call of store.Update: a request is answered
// after that call has returned, never before.
//
// The package imports nothing of Kubernetes: its configuration is a file (config.Document), its
// report an HTTPS resource.
package gateway
