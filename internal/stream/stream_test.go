package stream_test

import (
	"testing"

	"spreadable/internal/stream"
)

// The streams of a run differ from each other in every number that names them, and are
// the same in every run.
func TestEachStreamIsItsOwn(t *testing.T) {
	type name struct {
		seed, node uint64
		purpose    stream.Purpose
	}
	first := make(map[uint64]name)
	for seed := range uint64(20) {
		for node := range uint64(200) {
			for _, purpose := range []stream.Purpose{stream.Node, stream.Weather} {
				drawn := stream.New(seed, node, purpose).Uint64()
				if other, taken := first[drawn]; taken {
					t.Fatalf("%v draws what %v draws", name{seed, node, purpose}, other)
				}
				first[drawn] = name{seed, node, purpose}
				if again := stream.New(seed, node, purpose).Uint64(); again != drawn {
					t.Fatalf("%v draws %d, then %d", name{seed, node, purpose}, drawn, again)
				}
			}
		}
	}
}
