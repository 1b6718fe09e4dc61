// Package messenger reads what webhooks tell of pages and of Instagram accounts. It is no
// network.Network yet: no channel is of its type, and nothing is sent through it.
package messenger
