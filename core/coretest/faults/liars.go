package faults

import (
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/sim/lie"
)

// Liars are the names of all kinds of lies that a node of a network of one level can tell,
// sorted.
func Liars() []string {
	return slices.DeleteFunc(lie.Kinds(), func(name string) bool {
		k, _ := lie.Of(name)
		return k.Intrudes || k.Late || k.Tree
	})
}

// RunLiars lets so many nodes of a settled network lie for some rounds. The first liar is
// a master if there is one besides the bootstrap node. The world that is left is closed:
// it may be looked at, not run.
func RunLiars(t testing.TB, kind string, size, liars int, seed uint64, rounds int, log io.Writer) *World {
	w := grown(t, size, seed, 1, log)
	w.Run(12 * round)
	k, _ := lie.Of(kind)
	drawn := w.drawLiars(liars)
	var band []core.Peer
	for _, h := range drawn {
		band = append(band, h.Peer())
	}
	for _, h := range drawn {
		h.Actor = actor(k.Begin(&lie.Liar{
			World: seam{w}, Host: place{h}, Random: rand.New(rand.NewPCG(seed, uint64(h.Number)+0xbad)), Band: band,
		}))
	}
	w.Run(time.Duration(rounds) * round)
	return w.finish()
}

func (w *World) drawLiars(count int) []*coretest.Host {
	var drawn []*coretest.Host
	for _, i := range w.breaker.Random.Perm(len(w.Hosts()) - 1) {
		drawn = append(drawn, w.Hosts()[i+1])
	}
	isMaster := func(h *coretest.Host) int { return min(1, len(h.Node.Structure().Slaves)) }
	slices.SortStableFunc(drawn, func(a, b *coretest.Host) int { return isMaster(b) - isMaster(a) })
	if mid := len(drawn) / 2; count > 1 {
		drawn[1], drawn[mid] = drawn[mid], drawn[1]
	}
	return drawn[:count]
}
