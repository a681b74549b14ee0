// Package latency has the models of how long a message takes from one host to another,
// each in a file of its own. sim/scenario/latency.go gives them their names in scenario
// files, and docs/models.md has their formulas and where these come from.
//
// A model stands on up to three things:
//
//   - A Distribution says which latency belongs to which random word. PerMessage draws a
//     word for each message, PerPair one for each pair of hosts.
//   - Places say where each host is. Planet computes the latency between two cities from
//     their distance, Regions reads it from a table.
//   - Access is what the last mile at either end adds.
//
// All of it is integer arithmetic on tables that are made once, so the same seed gives the
// same latencies on every kind of processor; and nothing is stored for a pair or a host.
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

// longest bounds what a draw adds to the floor: no message takes more than an hour.
const longest = time.Hour

// Distribution is a distribution of latencies, by inversion: with an evenly distributed
// word, At(word) is distributed as it says.
type Distribution interface {
	At(word uint64) time.Duration
	Min() time.Duration
	Mean() time.Duration
	Max() time.Duration
}

// PerMessage draws the latency of every message anew.
type PerMessage struct{ Distribution }

// Draw implements Model.
func (m PerMessage) Draw(_, _ uint32, r *rand.Rand) time.Duration { return m.At(r.Uint64()) }
