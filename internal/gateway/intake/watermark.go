package intake

import (
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
)

// takeWatermark passes on how far the messages to a customer have come.
func (c *commit) takeWatermark(channel *served.Channel, w *network.Watermark) error {
	customer, err := c.customerAt(channel.ID, people.First(w.Customer))
	if err != nil && !people.IsDamaged(err) {
		return err
	}
	ours, err := c.quoted(channel, w.IDs)
	if err != nil {
		return err
	}
	return c.passOn(channel.ID, customer, kindStatus, telemetry.ResultApplied, w.Raw, w.Callback(ours))
}

// takeEnforcement passes on what the network does to the channel.
func (c *commit) takeEnforcement(channel *served.Channel, e *network.Enforcement) error {
	return c.passOn(channel.ID, seal.CustomerHash{}, kindOther, telemetry.ResultApplied, e.Callback, e.Callback)
}
