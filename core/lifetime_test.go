package core

import (
	"math"
	"testing"
	"time"
)

// A sync lifetime that no Duration can hold is for ever, not in the past.
func TestASyncLifetimeDoesNotOverflow(t *testing.T) {
	for _, c := range []struct {
		fails, size int
		interval    time.Duration
		want        time.Duration
	}{
		{10, 8, 16 * time.Second, 480 * time.Second},
		{1, 0, 1, 1},
		{math.MaxInt, 1, 16 * time.Second, math.MaxInt64},
		{10, 10_000_000, 365 * 24 * time.Hour, math.MaxInt64},
	} {
		cfg := Config{MaxFails: c.fails, SyncInterval: c.interval}
		if got := cfg.lifetime(c.size, 1); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
