// Package stream derives the random streams of a simulation from its seed. There is one
// stream for each purpose of each node, so that a draw more in one place shifts nothing
// in another.
package stream

import "math/rand/v2"

// Purpose is what a stream is for.
type Purpose uint64

// The purposes of streams. Their numbers decide what is drawn.
const (
	Node       Purpose = iota + 1 // a node's or client's own choices
	Weather                       // what happens to the messages that a host sends
	Epoch                         // when the run begins
	Workload                      // the entry nodes of an operation
	Coverage                      // the entry nodes of a sample
	Neighbours                    // the receivers of messages in a benchmark
	Process                       // a process of a benchmark
	Plan                          // what a run of the swarm is made of
	Fault                         // what a fault does, by its kind and place in the run
	Lie                           // what a liar says
	Place                         // where a host is
	Access                        // how a host is connected
	Pair                          // what two hosts have in common: see Key
	Addresses                     // how many nodes share an IP and a prefix, and which do
	Loss                          // which packets of a host are lost
	Service                       // how long a host serves each request
	Class                         // which nodes are of which class
	Session                       // how long an identity stays and stays away
	Arrival                       // when new identities come
	FaultLoss                     // which of a host's messages a fault loses
	Return                        // what an identity takes with it when it comes back
	Attack                        // which nodes tell a lie
	Calls                         // when the operations of a series start
	Leave                         // which nodes leave for good
	Objects                       // what clients do with the objects of a store, and when
	ObjectSize                    // how large an object is
	Preload                       // where objects are put before clients come
	Disks                         // which disks lie
	Levels                        // how many levels the network of a plan has
)

// golden is 2^64 divided by the golden ratio, the step of splitmix64.
const golden = 0x9e3779b97f4a7c15

// New returns the random stream of (seed, node, purpose). What serves no single node
// counts something else in its place: operations, or the nanoseconds until a sample; or
// takes 0.
func New(seed, node uint64, purpose Purpose) *rand.PCG {
	return rand.NewPCG(Mix(seed, node), Mix(seed^uint64(purpose)*golden, node))
}

// Small is a random stream with 8 bytes of state, half of what a PCG takes, by the
// splitmix64 generator. It implements rand.Source. It is for what every host has, and for
// benchmarks that count cache lines.
type Small uint64

// NewSmall returns the small random stream of (seed, node, purpose).
func NewSmall(seed, node uint64, purpose Purpose) Small {
	return Small(Mix(Mix(seed, node), uint64(purpose)))
}

// Uint64 returns the next word.
func (s *Small) Uint64() uint64 {
	state := uint64(*s)
	*s += golden
	return Mix(state, 0)
}

// Mix hashes two words into one: a step of the splitmix64 generator (Steele, Lea, Flood:
// Fast splittable pseudorandom number generators, 2014).
func Mix(a, b uint64) uint64 {
	z := a + b*golden + golden
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Key is a seed of words, for what needs a single random word of each host or pair of
// hosts and stores none.
type Key uint64

// NewKey returns the key of (seed, purpose).
func NewKey(seed uint64, purpose Purpose) Key { return Key(Mix(seed, uint64(purpose))) }

// Of is the random word of a host.
func (k Key) Of(host uint32) uint64 { return Mix(uint64(k), uint64(host)) }

// Between is the random word of a pair of hosts, the same from both ends.
func (k Key) Between(a, b uint32) uint64 {
	return Mix(uint64(k), uint64(min(a, b))<<32|uint64(max(a, b)))
}
