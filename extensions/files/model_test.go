package files_test

import (
	"cmp"
	"errors"
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/host"
	"spreadable/extensions/files"
)

var seeds = flag.Int("seeds", 10, "random histories of the file store")

// history is a random course of a network: files are stored and removed while nodes crash,
// come back, are cut off, have full disks and damaged files.
type history struct {
	*town
	random *rand.Rand
	files  int
	stored map[int]string // acknowledged and not removed: the token
	gone   map[int]bool   // acknowledged as removed
	down   map[uint32]bool
}

const historyNodes = 9

func (x *history) node() uint32 {
	for {
		if i := uint32(1 + x.random.IntN(historyNodes)); !x.down[i] {
			return i
		}
	}
}

// step does one thing.
func (x *history) step() {
	at := x.node()
	disk := x.Host(at).Disk().BlobsOf("files")
	switch x.random.IntN(12) {
	case 0, 1, 2, 3, 4:
		x.files++
		if stored, err := x.tryPut(at, key(x.files), int64(1+x.random.IntN(100_000)), files.Wish{}); err == nil {
			x.stored[x.files] = stored.Token
		}
	case 5:
		x.remove(at)
	case 6:
		if len(x.down) < 2 && at != 1 {
			x.down[at] = true
			x.Host(at).Disk().Crash()
			x.Host(at).Crash(x.random.IntN(2) == 0)
		}
	case 7:
		if i, found := one(x.random, x.down); found {
			x.boot(i)
		}
	case 8:
		x.Cut(uint32(2 + x.random.IntN(historyNodes-1)))
	case 9:
		x.Heal()
	case 10:
		disk.Full = !disk.Full
	case 11:
		x.damage(disk.Damage)
	}
	x.Run(time.Duration(x.random.IntN(20_000)) * time.Millisecond)
}

func (x *history) boot(i uint32) {
	delete(x.down, i)
	x.Host(i).Boot(nil)
}

// damage flips a bit in a copy of a file that has three others that are good.
func (x *history) damage(flip func(host.Key)) {
	if n, found := one(x.random, x.stored); found && x.copies(key(n)) >= 3 {
		flip(key(n))
	}
}

// one is a key of a map, the same one for the same random numbers.
func one[K cmp.Ordered, V any](random *rand.Rand, m map[K]V) (key K, found bool) {
	if len(m) == 0 {
		return key, false
	}
	keys := slices.Sorted(maps.Keys(m))
	return keys[random.IntN(len(keys))], true
}

// remove removes one of the files.
func (x *history) remove(at uint32) {
	n, found := one(x.random, x.stored)
	if !found {
		return
	}
	x.Host(at).Do(func(t *core.Task) {
		_, err := x.stores[at].Remove(t, files.Removal{Key: key(n), Token: x.stored[n]})
		if !errors.Is(err, files.ErrNotFound) { // it may be gone, or be cut off
			x.gone[n] = err == nil
			delete(x.stored, n)
		}
	})
}

// After any such course, when all nodes are back and the network is quiet: each file that
// was acknowledged is there, in full number, and found from every node; each that was
// removed stays removed.
func TestNothingAcknowledgedIsLostInRandomHistories(t *testing.T) {
	acknowledged, removed := 0, 0
	for seed := range *seeds {
		x := &history{
			town: newTown(t, historyNodes, files.Options{}), random: rand.New(rand.NewPCG(uint64(seed), 1)),
			stored: make(map[int]string), gone: make(map[int]bool), down: make(map[uint32]bool),
		}
		for range 40 {
			x.step()
		}
		x.Heal()
		for i := uint32(1); i <= historyNodes; i++ {
			x.Host(i).Disk().BlobsOf("files").Full = false
			if x.down[i] {
				x.boot(i)
			}
		}
		x.Run(2 * time.Hour)
		for n := range x.stored {
			if copies := x.copies(key(n)); copies < 3 {
				t.Errorf("seed %d: file %d has %d copies", seed, n, copies)
			}
			at := uint32(1 + n%historyNodes)
			if holders, err := x.locate(at, key(n)); err != nil || len(holders) == 0 {
				t.Errorf("seed %d: file %d is not found: %v", seed, n, err)
			}
		}
		for n := range x.gone {
			if copies := x.copies(key(n)); copies > 0 && x.gone[n] {
				t.Errorf("seed %d: file %d was removed, and has %d copies", seed, n, copies)
			}
		}
		acknowledged, removed = acknowledged+len(x.stored), removed+len(x.gone)
		x.Close()
	}
	t.Logf("%d histories: %d files acknowledged, %d removed", *seeds, acknowledged, removed)
}
