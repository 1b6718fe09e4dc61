// Package pages is the Messenger Platform of the simulator: pages and Instagram accounts, people
// with page-scoped ids, the Send API, and webhooks.
//
// It reads requests itself, and judges windows, tags and templates by its own record. A gateway and
// this package agree only if both follow the documented rules: internal/sendapitest has them as
// literal cases.
package pages
