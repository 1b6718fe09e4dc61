// Package gateway is the data plane of one tenant: it composes the packages below it and speaks
// HTTP for them. It imports nothing of Kubernetes: its configuration is a file (config.Document),
// its report an HTTPS resource.
//
// What is done where, from the top down:
//
//	reporting   the report to the operator, and the gauges
//	upkeep      what no request brings about: doubts, expiry, prices that were missing, old keys
//	admission   a business's message: recognised, decided on, reserved for and queued
//	dispatch    accepted messages on their way to the upstream, and what came of each
//	intake      the networks' webhooks
//	upstream    what lets a message go: slots, rates, stops, and what is known to be in the way
//	settlement  the one end of each message, its price and its record
//	callbacks   what the business's own endpoint is told, and listeners who follow that
//	counts      the ledger beside the upstream's own count of each day
//	policy      whether a message may go: pure decisions
//	people      whom an address belongs to
//	durable     the account's store, and effects that wait for its commit
//	served      the mounted files: the configuration, compiled, and the keys
//	telemetry, wake, peers, keywords   small things that several of them need
//
// Everything that must outlive a crash is one operation of the store: a request is answered when
// that is durable, never before. What follows from it outside the store follows the commit, see
// durable.Tx.After.
package gateway
