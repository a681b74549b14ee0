package faults

import (
	"io"
	"testing"
	"time"
)

// RunReturn takes the bootstrap node of a settled network away for seven minutes. When it
// comes back, with its memory or blank, the network has forty rounds to mend; then up to
// six newcomers join, twenty rounds apart, until it is whole. The world that is left is
// closed: it may be looked at, not run.
func RunReturn(t testing.TB, size int, seed uint64, remember bool, log io.Writer) (w *World, newcomers int) {
	w = grown(t, size, seed, 1, log)
	w.Run(12 * round)
	w.Host(1).Crash(false)
	w.Run(7 * time.Minute)
	place{w.Host(1)}.Boot(remember)
	w.Run(40 * round)
	for ; newcomers < 6 && w.Violation() != ""; newcomers++ {
		w.newcomer().Boot(nil)
		w.Run(20 * round)
	}
	return w.finish(), newcomers
}
