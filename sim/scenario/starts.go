package scenario

import (
	"fmt"
	"math"
	"math/bits"
	"time"
)

// Starts is when each node starts by `join`, ascending. In mode rate, where that is drawn,
// all times are 0.
func (s *Scenario) Starts() []time.Duration {
	starts := make([]time.Duration, s.Nodes)
	switch j := s.Join; j.Mode {
	case Spread:
		for i := range starts {
			starts[i] = time.Duration(float64(j.Over) * float64(i) / float64(max(1, len(starts)-1)))
		}
	case Growth:
		s.grow(starts)
	case Flash:
		for i := j.Initial; i < len(starts); i++ {
			starts[i] = j.At + Part(j.Over, i-j.Initial, max(1, len(starts)-j.Initial))
		}
	case Listed:
		for i := range starts {
			starts[i] = j.Times.At(i)
		}
	}
	return starts
}

// grow makes the network grow by the rate in every interval; the newcomers of an interval
// start evenly spread. Those that would start after the end of the run get one time after
// it: the exact time may be more than a Duration holds.
func (s *Scenario) grow(starts []time.Duration) {
	at := time.Duration(0)
	for here := min(s.Join.Initial, len(starts)); here < len(starts); at = min(at+s.SyncInterval, s.Duration+1) {
		more := min(int(math.Ceil(float64(here)*s.Join.Rate)), len(starts)-here)
		for i := range more {
			starts[here+i] = at + Part(s.SyncInterval, i+1, more)
		}
		here += more
	}
}

// Part is d times i over n, for i at most n. The product may be more than a Duration
// holds.
func Part(d time.Duration, i, n int) time.Duration {
	high, low := bits.Mul64(uint64(d), uint64(i))
	quotient, _ := bits.Div64(high, low, uint64(n))
	return time.Duration(quotient)
}

// startedBy names the key that says when nodes start.
func (s *Scenario) startedBy() string {
	if s.Join.Mode == Listed {
		return "join.times"
	}
	return fmt.Sprintf("join.mode %s", s.Join.Mode)
}
