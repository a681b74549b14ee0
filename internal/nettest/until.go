package nettest

import (
	"testing"
	"time"
)

// Until waits for something that nodes do by themselves, for two minutes at most: a machine
// can be busy.
func Until(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(2 * time.Minute)
	for !done() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("not within two minutes: %s", what)
		}
	}
}
