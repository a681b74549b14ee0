package stream_test

import (
	"testing"

	"spreadable/internal/stream"
)

// name is what a stream is derived from.
type name struct {
	seed, node uint64
	purpose    stream.Purpose
	small      bool
}

// draw returns the first word of the stream.
func (n name) draw() uint64 {
	if n.small {
		s := stream.NewSmall(n.seed, n.node, n.purpose)
		return s.Uint64()
	}
	return stream.New(n.seed, n.node, n.purpose).Uint64()
}

// A small stream is splitmix64: these are the first words that the authors' program gives
// for the seed 0.
func TestSmallStreamsAreSplitmix64(t *testing.T) {
	s := stream.Small(0)
	for i, want := range []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f} {
		if got := s.Uint64(); got != want {
			t.Errorf("word %d is %#x, want %#x", i, got, want)
		}
	}
}

// The streams of a run differ from each other in every number that names them, and are
// the same in every run.
func TestEachStreamIsItsOwn(t *testing.T) {
	first := make(map[uint64]name)
	for seed := range uint64(20) {
		for node := range uint64(200) {
			for purpose := stream.Node; purpose <= stream.Return; purpose++ {
				for _, small := range []bool{false, true} {
					this := name{seed, node, purpose, small}
					drawn := this.draw()
					if other, taken := first[drawn]; taken {
						t.Fatalf("%v draws what %v draws", this, other)
					}
					first[drawn] = this
					if again := this.draw(); again != drawn {
						t.Fatalf("%v draws %d, then %d", this, drawn, again)
					}
				}
			}
		}
	}
}
