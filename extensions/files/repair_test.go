package files_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/extensions/files"
)

// preload places files at three random nodes each, which is what a network looks like
// after a while of puts.
func (w *town) preload(nodes, count int, size int64) {
	w.t.Helper()
	chance := rand.New(rand.NewPCG(3, 4))
	for i := range count {
		for _, at := range chance.Perm(nodes)[:3] {
			if err := w.stores[at+1].Preload(files.File{Key: key(i), Size: size}); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// rounds lets the network run by whole sync intervals until something holds, and returns
// how many that took.
func (w *town) rounds(most int, done func() bool) int {
	w.t.Helper()
	for n := range most {
		if done() {
			return n
		}
		w.Run(core.DefaultSyncInterval)
	}
	w.t.Fatalf("not within %d rounds", most)
	return 0
}

// exact reports whether all live nodes see the right size.
func (w *town) exact() bool {
	live := w.Live()
	for _, h := range live {
		if h.Node.NetworkSize() != len(live) {
			return false
		}
	}
	return true
}

// A third of a hundred nodes are lost at once. Within four rounds after all sizes are exact
// again, each of the 10,000 files that has a live holder has three, and no node has sent
// more than its rate of repair allows.
func TestAThirdIsLostAtOnce(t *testing.T) {
	const nodes, count, size = 100, 10_000, 10_000
	w := newTown(t, nodes, files.Options{RepairRate: 1 << 20})
	w.preload(nodes, count, size)
	w.Run(time.Minute)
	for i := range nodes / 3 {
		w.Host(uint32(2 + 3*i)).Crash(false)
	}
	lost := 0
	for i := range count {
		if w.copies(key(i)) == 0 {
			lost++
		}
	}
	before := w.counter("repaired-bytes")
	began := w.Now()
	settling := w.rounds(20, w.exact)
	full := func() bool {
		for i := range count {
			if n := w.copies(key(i)); n == 1 || n == 2 {
				return false
			}
		}
		return true
	}
	rounds := w.rounds(10, full)
	sent, took := w.counter("repaired-bytes")-before, (w.Now() - began).Seconds()
	t.Logf("sizes exact after %d rounds, all copies after %d more; %d files (%.2f %%) lost all holders; %d bytes sent in %.0f s",
		settling, rounds, lost, float64(lost)/count*100, sent, took)
	if rounds > 4 {
		t.Errorf("it took %d rounds", rounds)
	}
	if most := float64(nodes) * (1 << 20) * (took + 10); float64(sent) > most {
		t.Errorf("%d bytes were sent, at most %.0f", sent, most)
	}
}

// A network that turns out to be larger than it seemed gets the copies that a small one
// could not have.
func TestALargerNetworkGetsMoreCopies(t *testing.T) {
	w := newTown(t, 2, files.Options{CheckEvery: files.Duration(1000 * time.Hour)})
	if stored := w.put(1, key(1), 1000, files.Wish{}); stored.Wanted != 2 {
		t.Fatalf("%d copies are wanted among two nodes", stored.Wanted)
	}
	w.Run(time.Minute)
	for range 3 {
		w.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	w.Run(3 * time.Minute)
	if n := w.copies(key(1)); n != 3 {
		t.Errorf("%d copies", n)
	}
}

// A client that wants many copies in a small network gets no more than it may when that
// has grown.
func TestAClientGetsNoMoreCopiesThanItMayInALargerNetwork(t *testing.T) {
	w := newTown(t, 2, files.Options{Copies: "2", MaxCopies: 4})
	for n, rule := range []string{"100%", "1000"} {
		w.put(1, key(n), 1000, files.Wish{Copies: rule})
	}
	for range 6 {
		w.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	w.Run(5 * time.Minute)
	for n := range 2 {
		if copies := w.copies(key(n)); copies != 4 {
			t.Errorf("file %d has %d copies, want 4", n, copies)
		}
	}
}

// A copy that fails after the client has its answer is made soon, though no node leaves.
func TestACopyThatFailedLaterIsMadeUpFor(t *testing.T) {
	w := newTown(t, 4, files.Options{CheckEvery: files.Duration(1000 * time.Hour)})
	w.Cut(3)
	w.put(1, key(1), 1000, files.Wish{Acks: 2})
	w.Heal()
	if n := w.copies(key(1)); n != 2 {
		t.Fatalf("%d copies are there at once: the test shows nothing", n)
	}
	w.Run(2 * time.Minute)
	if n := w.copies(key(1)); n != 3 {
		t.Errorf("%d copies", n)
	}
}

// Once in a while holders ask each other for their files, without a question to all nodes,
// and a copy that is gone in silence is made up for. Few files of many nodes have few holders.
func TestHoldersConfirmTheirFiles(t *testing.T) {
	const nodes = 40
	w := newTown(t, nodes, files.Options{CheckEvery: files.Duration(5 * time.Minute)})
	place := func(n int, at ...uint32) {
		var holders []string
		for _, i := range at {
			holders = append(holders, w.hosts[i].Address(w.hosts[i].Self()))
		}
		slices.Sort(holders)
		for _, i := range at[:3] { // of more, the rest does not have it
			if err := w.stores[i].Preload(files.File{Key: key(n), Size: 1000, Copies: "4"}, holders...); err != nil {
				t.Fatal(err)
			}
		}
	}
	queries := func() (sum uint64) {
		for _, h := range w.hosts {
			if h != nil {
				for _, q := range h.Queries() {
					sum += q.NodesAsked
				}
			}
		}
		return sum
	}
	for i := range 10 {
		w.put(uint32(1+i), key(i), 1000, files.Wish{})
	}
	w.Run(time.Minute)
	before := queries()
	w.Run(10 * time.Minute)
	if n := queries() - before; n != 0 {
		t.Errorf("%d nodes were asked by questions to all, though all files are whole", n)
	}
	place(100, 5, 9, 14, 20)
	w.Run(10 * time.Minute)
	if n := w.copies(key(100)); n != 4 {
		t.Errorf("%d copies", n)
	}
	if queries() == before {
		t.Error("no copies were counted")
	}
}

// No node sends more for repair than its rate, whatever it has to repair: over any time, the
// copies of one file are all that comes on top. Without a low rate it sends more than that.
func TestRepairKeepsItsRate(t *testing.T) {
	for name, tt := range map[string]struct {
		nodes int
		hurt  func(w *town)
	}{
		"lost nodes": {20, func(w *town) {
			for i := range 6 {
				w.Host(uint32(3 + 3*i)).Crash(false)
			}
		}},
		"a damaged disk": {4, func(w *town) {
			for i := range repairFiles {
				w.Host(2).Disk().BlobsOf("files").Damage(key(i))
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, rate := range []files.Size{10_000, 0} { // 0 is the default
				w := newTown(t, tt.nodes, files.Options{RepairRate: rate})
				for i := range repairFiles {
					w.put(uint32(1+i%tt.nodes), key(i), repairSize, files.Wish{})
				}
				w.Run(time.Minute)
				tt.hurt(w)
				beyond := w.beyond(10_000)
				t.Logf("rate %d: at most %.0f bytes more", rate, beyond)
				if (rate > 0) != (beyond <= 2*repairSize) {
					t.Errorf("rate %d: %.0f bytes more", rate, beyond)
				}
			}
		})
	}
}

const repairFiles, repairSize = 100, 100_000

// beyond is how many bytes a node sends for repair within some time beyond what a rate
// allows: the most of all nodes, over any part of the next five minutes.
func (w *town) beyond(rate float64) (worst float64) {
	const step = 10 * time.Second
	var sent [][]uint64 // so far, at each step by node
	for range 30 {
		w.Run(step)
		sent = append(sent, w.repairSent())
	}
	for from := range sent {
		for to := from + 1; to < len(sent); to++ {
			for i := range sent[to] {
				allowed := rate * (step * time.Duration(to-from)).Seconds()
				worst = max(worst, float64(sent[to][i]-sent[from][i])-allowed)
			}
		}
	}
	return worst
}

// repairSent is how many bytes each node has sent so far to make copies that others lack.
func (w *town) repairSent() (list []uint64) {
	for _, h := range w.hosts {
		sum := uint64(0)
		if h != nil {
			for _, c := range h.Counters() {
				if c.Name == "repaired-bytes" {
					sum = c.Value()
				}
			}
		}
		list = append(list, sum)
	}
	return list
}
