package txn

import (
	"iter"
	"maps"
	"slices"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Person is a customer of a channel.
type Person struct {
	Channel  string
	Customer seal.CustomerHash
}

// Union says that a customer of a channel was found to be another one: what was kept under Gone is
// kept under Kept.
type Union struct {
	Gone, Kept Person
	// Known says that something was kept under Gone that had to be moved.
	Known bool
}

const (
	selectChannels = `SELECT channel FROM channels`
	insertChannel  = `INSERT INTO channels (channel) VALUES ($1) ON CONFLICT DO NOTHING`
)

// AddChannel records that something is kept of a channel.
func (tx *Tx) AddChannel(channel string) error {
	if tx.knownChannels[channel] {
		return nil
	}
	if err := tx.Exec(insertChannel, channel); err != nil {
		return err
	}
	tx.knownChannels[channel] = true
	return nil
}

// Channels are those of which anything is kept, or was.
func (tx *Tx) Channels() ([]string, error) {
	if tx.ReadOnly {
		return tx.readChannels()
	}
	if !tx.allChannels {
		channels, err := tx.readChannels()
		if err != nil {
			return nil, err
		}
		for _, channel := range channels {
			tx.knownChannels[channel] = true
		}
		tx.allChannels = true
	}
	return slices.Sorted(maps.Keys(tx.knownChannels)), nil
}

// AskChannels asks for the channels ahead.
func (tx *Tx) AskChannels() engine.Question {
	tx.allChannels = true
	return engine.Question{Text: selectChannels, Lists: [][]any{nil}, Scan: func(_ int, v engine.Row) {
		tx.knownChannels[v.Text(0)] = true
	}}
}

// KnownChannels are those of which something is known to be kept.
func (tx *Tx) KnownChannels() iter.Seq[string] { return maps.Keys(tx.knownChannels) }

func (tx *Tx) readChannels() (channels []string, err error) {
	err = tx.Each(selectChannels, nil, func(v engine.Row) bool {
		channels = append(channels, v.Text(0))
		return true
	})
	return channels, err
}
