// Package stream derives the random streams of a simulation from its seed. There is one
// stream for each purpose of each node, so that a draw more in one place shifts nothing
// in another.
package stream

import "math/rand/v2"

// Purpose is what a stream is for.
type Purpose uint64

// The purposes of streams. Their numbers decide what is drawn.
const (
	Node    Purpose = iota + 1 // a node's or client's own choices
	Weather                    // what happens to the messages that a host sends
)

// golden is 2^64 divided by the golden ratio, the step of splitmix64.
const golden = 0x9e3779b97f4a7c15

// New returns the random stream of (seed, node, purpose).
func New(seed, node uint64, purpose Purpose) *rand.PCG {
	return rand.NewPCG(Mix(seed, node), Mix(seed^uint64(purpose)*golden, node))
}

// Mix hashes two words into one: a step of the splitmix64 generator (Steele, Lea, Flood:
// Fast splittable pseudorandom number generators, 2014).
func Mix(a, b uint64) uint64 {
	z := a + b*golden + golden
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
