// Package latency has the models of how long a message takes from one host to another,
// each in a file of its own. sim/scenario/latency.go gives them their names in scenario
// files.
package latency

import (
	"math"
	"math/rand/v2"
	"time"
)

// Model is how long a message takes in one direction. A request with its answer takes two
// draws. Hosts are numbers: nodes from 0, and after them clients. A model is used by
// several goroutines at a time: what it draws depends on its parameters, the pair and r
// alone.
type Model interface {
	// Draw returns the latency of one message between two hosts, from Min to Max.
	Draw(from, to uint32, r *rand.Rand) time.Duration

	// Min is the least latency of any pair: how far a kernel may run hosts apart from
	// each other.
	Min() time.Duration

	// Mean is the expected latency over all pairs; of Normal, before truncation.
	Mean() time.Duration

	// Max is the greatest latency of any pair, Unbounded when there is none.
	Max() time.Duration
}

// Unbounded is the greatest latency of a model that has no limit.
const Unbounded = time.Duration(math.MaxInt64)
