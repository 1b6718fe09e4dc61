// Package simulator stands in for Meta: a Graph API in memory, phones that write
// to businesses, and a control API that scripts both.
//
// It keeps its own record of what it accepted and delivered, and its own view of
// windows, templates and prices, so that a test can hold a gateway's books
// against it. docs/simulator.md describes the two APIs.
//
// It protects nothing: whoever reaches its port can read every message.
package simulator
