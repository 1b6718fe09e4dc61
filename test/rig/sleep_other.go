//go:build !linux

package rig

import "time"

func preciseTimer() {}

func sleepUntil(due time.Time) { time.Sleep(time.Until(due)) }
