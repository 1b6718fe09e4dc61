//go:build !linux

package rig

import "time"

// alarm wakes one goroutine at an instant.
type alarm struct{}

func newAlarm() (*alarm, error) { return &alarm{}, nil }

func (*alarm) sleepUntil(due time.Time) error {
	time.Sleep(time.Until(due))
	return nil
}

func (*alarm) close() {}
