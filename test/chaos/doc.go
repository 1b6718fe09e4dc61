// Package chaos holds the fault runs: a business sends through the real gateway while it is killed,
// its disk is full or its database crashes, its upstream errs and its configuration changes.
// Afterwards everything is compared with the upstream's own record. A page has a run of its own,
// with watermarks, echoes and lost answers.
//
// Run it with make chaos. CHAOS=short is the form for every commit; CHAOS_DURATION, CHAOS_SEED and
// CHAOS_ENGINE set how long messages flow, the seed of all that is random, and the store's engine,
// sqlite or postgres; both by default.
package chaos
