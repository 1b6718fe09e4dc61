// Package dev is a whole tenant in one process: the simulator with its page, a gateway, and a store
// in a folder. The account, its plan and its templates are the manifests that kubectl takes, and
// become the gateway's configuration by the operator's own builders (internal/tenant), so that what
// works here works on a cluster.
//
// The simulator serves the page, and everything that the page asks for, on one origin:
//
//	GET  /                                the page
//	GET  /control/feed                    what happens on the phones, as server-sent events
//	POST /control/clock                   {"advance":"25h"}: sets the clock of the whole process
//	GET  /sink/                           the last callbacks, with their bytes
//	any  /desk/{account}/…                the gateway's public API, with the API token
//	GET  /desk/{account}/v26.0/{number}/books   the account's figures and its last records
//
// Everything reads one clock (internal/clock).
package dev
