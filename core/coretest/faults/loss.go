package faults

import (
	"io"
	"testing"
	"time"
)

// RunLoss grows a network that loses a share of its messages from the beginning, for so
// many rounds. The world that is left is closed: it may be looked at, not run.
func RunLoss(t testing.TB, size int, seed uint64, share float64, rounds int, log io.Writer) *World {
	w := newWorld(t, seed, 1, log)
	w.Loss = share
	for range size {
		w.newcomer().Boot(nil)
	}
	w.Run(time.Duration(rounds) * round)
	return w.finish()
}
