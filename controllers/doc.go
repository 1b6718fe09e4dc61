// Package controllers has one thin reconciler for each kind. Each pass observes what it needs once,
// decides with pure functions, applies the difference and writes the status once, only if it
// changed. At rest a pass writes nothing.
package controllers
