package files_test

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/host"
	"spreadable/core/peer"
	"spreadable/extensions/files"
)

// town is a settled network whose nodes have file stores, without bytes.
type town struct {
	*coretest.Network
	t      *testing.T
	stores []*files.Store // by number of the node, from 1
	hosts  []*host.Host
}

func newTown(t *testing.T, nodes int, o files.Options) *town {
	t.Helper()
	return newTownOf(t, nodes, core.Config{}, o)
}

func newTownOf(t *testing.T, nodes int, c core.Config, o files.Options) *town {
	t.Helper()
	c.Bootstrap = []core.Peer{peer.FromID(1)}
	w := &town{
		Network: coretest.New(t, 25*time.Millisecond, 1), t: t,
		stores: make([]*files.Store, nodes+10), hosts: make([]*host.Host, nodes+10),
	}
	w.Prepare = func(h *coretest.Host) {
		s, err := files.New(o)
		if err != nil {
			t.Fatal(err)
		}
		w.stores[h.Number] = s
		w.hosts[h.Number] = h.Attach(s)[0]
	}
	for range nodes {
		w.AddNode("", c).Start()
	}
	w.Run(160 * time.Second)
	return w
}

// key is the n-th of a sequence of keys.
func key(n int) host.Key {
	return sha256.Sum256(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

// put stores a simulated file through a node.
func (w *town) put(at uint32, key host.Key, size int64, wish files.Wish) *files.Stored {
	w.t.Helper()
	stored, err := w.tryPut(at, key, size, wish)
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}

func (w *town) tryPut(at uint32, key host.Key, size int64, wish files.Wish) (stored *files.Stored, err error) {
	w.Host(at).Do(func(t *core.Task) { stored, err = w.stores[at].PutSized(t, key, size, wish) })
	return stored, err
}

func (w *town) locate(at uint32, key host.Key) (holders []string, err error) {
	w.Host(at).Do(func(t *core.Task) { holders, err = w.stores[at].Locate(t, key) })
	return holders, err
}

// copies counts them from outside, at nodes that live.
func (w *town) copies(key host.Key) (count int) {
	for _, h := range w.Live() {
		if w.stores[h.Number].Has(key) {
			count++
		}
	}
	return count
}

// counter is the sum of a counter over all nodes.
func (w *town) counter(name string) (sum uint64) {
	for _, h := range w.hosts {
		if h == nil {
			continue
		}
		for _, c := range h.Counters() {
			if c.Name == name {
				sum += c.Value()
			}
		}
	}
	return sum
}

// asked is how many requests to single nodes all nodes have sent, and how many nodes they
// have asked by queries.
func (w *town) asked() (requests uint64) {
	for _, h := range w.hosts {
		if h == nil {
			continue
		}
		for _, d := range h.Directs() {
			requests += d.Asked
		}
		for _, q := range h.Queries() {
			requests += q.NodesAsked
		}
	}
	return requests
}

// What is stored at one node is kept by three, and found from every node, without a search
// that asks all.
func TestAFileIsFoundEverywhere(t *testing.T) {
	w := newTown(t, 16, files.Options{})
	stored := w.put(5, key(1), 1_000_000, files.Wish{Name: "a.txt", Type: "text/plain"})
	if len(stored.Holders) < 2 || stored.Wanted != 3 || stored.Token == "" || stored.Existed {
		t.Errorf("%+v", stored)
	}
	w.Run(5 * time.Second)
	if n := w.copies(key(1)); n != 3 {
		t.Errorf("%d copies", n)
	}
	for i := uint32(1); i <= 16; i++ {
		holders, err := w.locate(i, key(1))
		if err != nil || len(holders) == 0 {
			t.Errorf("at node %d: %v, %v", i, holders, err)
		}
	}
	if n := w.counter("misses"); n != 0 {
		t.Errorf("%d searches asked all nodes", n)
	}
	if _, err := w.locate(3, key(2)); err != files.ErrNotFound {
		t.Errorf("a file that no node has: %v", err)
	}
}

// In a network of two levels, masters know the summaries of their branch only: files of
// other branches are found by asking all.
func TestFilesAreFoundInAllBranches(t *testing.T) {
	w := newTownOf(t, 30, core.Config{Levels: 2}, files.Options{})
	w.Run(3 * time.Minute)
	for i := range 5 {
		w.put(uint32(1+6*i), key(i), 1000, files.Wish{})
	}
	w.Run(20 * time.Second)
	for i := range 5 {
		for at := uint32(1); at <= 30; at++ {
			if holders, err := w.locate(at, key(i)); err != nil || len(holders) == 0 {
				t.Errorf("file %d at node %d: %v", i, at, err)
			}
		}
		if n := w.copies(key(i)); n != 3 {
			t.Errorf("file %d has %d copies", i, n)
		}
	}
}

// A second put of the same bytes sends nothing, and does not take the file over.
func TestAFileIsStoredOnce(t *testing.T) {
	w := newTown(t, 9, files.Options{})
	first := w.put(2, key(1), 1000, files.Wish{})
	w.Run(5 * time.Second)
	kept := w.counter("kept")
	again := w.put(7, key(1), 1000, files.Wish{Name: "another"})
	if !again.Existed || again.Token != "" || len(again.Holders) != 3 || again.Right != first.Right {
		t.Errorf("%+v", again)
	}
	if w.counter("kept") != kept {
		t.Error("bytes were sent")
	}
}

// A put costs at most M + 2d + 10 requests, a get M + d + 10; see the judging of the
// project. One sync reports everything.
func TestRequestsAreFew(t *testing.T) {
	w := newTown(t, 36, files.Options{})
	const masters, d = 7, 3
	for i := range 20 {
		before := w.asked()
		w.put(uint32(1+i), key(i), 1000, files.Wish{})
		if n := w.asked() - before; n > masters+2*d+10 {
			t.Errorf("a put took %d requests", n)
		}
	}
	w.Run(20 * time.Second)
	for i := range 20 {
		before := w.asked()
		if _, err := w.locate(uint32(36-i), key(i)); err != nil {
			t.Error(err)
		}
		if n := w.asked() - before; n > masters+d+10 {
			t.Errorf("a get took %d requests", n)
		}
	}
}

// Defect of storacle: an entry node that keeps a copy sent it to itself. Here only the
// other copies are requests.
func TestAnEntryNodeSendsItselfNothing(t *testing.T) {
	w := newTown(t, 9, files.Options{})
	stored := w.put(5, key(1), 1000, files.Wish{})
	w.Run(5 * time.Second)
	puts := uint64(0)
	for _, h := range w.hosts {
		if h == nil {
			continue
		}
		for _, d := range h.Directs() {
			if d.Name == "put" {
				puts += d.Asked
			}
		}
	}
	if !w.stores[5].Has(key(1)) || stored.Wanted != 3 || puts != 2 {
		t.Errorf("the entry node keeps it: %v; %d copies are wanted, %d were sent", w.stores[5].Has(key(1)), stored.Wanted, puts)
	}
}

// Only the token of the client that stored it removes a file, from all nodes; one that is
// away then removes it when it is back. Stored again, it stays.
func TestARemovedFileStaysRemoved(t *testing.T) {
	w := newTown(t, 12, files.Options{Copies: "5"})
	stored := w.put(5, key(1), 1000, files.Wish{})
	w.Run(5 * time.Second)
	away := uint32(0)
	for i := uint32(2); i <= 12; i++ {
		if w.stores[i].Has(key(1)) && i != 3 {
			away = i
		}
	}
	w.Host(away).Crash(false)
	remove := func(token string) (n int, err error) {
		w.Host(3).Do(func(task *core.Task) {
			n, err = w.stores[3].Remove(task, files.Removal{Key: key(1), Token: token})
		})
		return n, err
	}
	if n, err := remove("guessed"); err != files.ErrDenied || n != 0 {
		t.Errorf("with a guess: %d, %v", n, err)
	}
	if n, err := remove(""); err == nil || n != 0 {
		t.Errorf("with nothing: %d, %v", n, err)
	}
	if n, err := remove(stored.Token); err != nil || n == 0 {
		t.Errorf("%d removed, %v", n, err)
	}
	w.Host(away).Boot(nil)
	w.Run(2 * time.Minute)
	if n := w.copies(key(1)); n != 0 {
		t.Errorf("%d copies are back", n)
	}
	again := w.put(9, key(1), 1000, files.Wish{})
	w.Run(2 * time.Minute)
	if n := w.copies(key(1)); n != 5 || again.Existed {
		t.Errorf("stored again it has %d copies", n)
	}
}

// A file that is removed in one part of a cut network goes from the other part, too, soon
// after the cut has ended.
func TestARemovalCrossesACutThatHasEnded(t *testing.T) {
	w := newTown(t, 12, files.Options{Copies: "6"})
	stored := w.put(2, key(1), 1000, files.Wish{})
	w.Run(20 * time.Second)
	w.Cut(7)
	w.Run(2 * time.Minute)
	w.Host(2).Do(func(task *core.Task) {
		if _, err := w.stores[2].Remove(task, files.Removal{Key: key(1), Token: stored.Token}); err != nil {
			t.Error(err)
		}
	})
	w.Run(5 * time.Minute)
	if w.copies(key(1)) == 0 {
		t.Error("the cut kept nothing: the test shows nothing")
	}
	w.Heal()
	w.Run(6 * time.Minute)
	if n := w.copies(key(1)); n != 0 {
		t.Errorf("%d copies are left", n)
	}
}

// A removal that some holders have missed for a moment, so that no node takes them for lost,
// reaches them from the other holders, though the node that had it from the client is gone.
func TestARemovalReachesHoldersThatWereSilentForAMoment(t *testing.T) {
	w := newTown(t, 12, files.Options{Copies: "6"})
	stored := w.put(2, key(1), 1000, files.Wish{})
	w.Run(20 * time.Second)
	at := uint32(2)
	for w.stores[at].Has(key(1)) { // nothing is counted because this one leaves
		at++
	}
	w.Cut(8)
	w.Host(at).Do(func(task *core.Task) {
		if _, err := w.stores[at].Remove(task, files.Removal{Key: key(1), Token: stored.Token}); err != nil {
			t.Error(err)
		}
	})
	w.Host(at).Crash(true)
	w.Heal()
	if at >= 8 || w.copies(key(1)) == 0 {
		t.Error("the removal has missed no holder: the test shows nothing")
	}
	w.Run(2 * time.Minute)
	if n := w.copies(key(1)); n != 0 {
		t.Errorf("%d copies are left", n)
	}
}

// A node that was away for longer than removals are remembered does not bring files back
// that the others have forgotten. What others still have it keeps.
func TestANodeThatWasAwayForLongBringsNothingBack(t *testing.T) {
	w := newTown(t, 9, files.Options{Tombstones: files.Duration(time.Hour)})
	gone := w.put(5, key(1), 1000, files.Wish{})
	w.put(5, key(2), 1000, files.Wish{})
	w.Run(20 * time.Second)
	w.Host(5).Crash(false)
	w.Run(time.Minute)
	w.Host(2).Do(func(task *core.Task) {
		if _, err := w.stores[2].Remove(task, files.Removal{Key: key(1), Token: gone.Token}); err != nil {
			t.Error(err)
		}
	})
	w.Run(4 * time.Hour)
	w.Host(5).Boot(nil)
	w.Run(3 * time.Minute)
	if n := w.copies(key(1)); n != 0 {
		t.Errorf("%d copies are back", n)
	}
	if n := w.copies(key(2)); n < 3 || !w.stores[5].Has(key(2)) {
		t.Errorf("the other file has %d copies", n)
	}
}

// When holders leave, the others bring each file back to its number of copies.
func TestLostCopiesAreMadeAgain(t *testing.T) {
	w := newTown(t, 15, files.Options{})
	for i := range 40 {
		w.put(uint32(1+i%15), key(i), 10_000, files.Wish{})
	}
	w.Run(30 * time.Second)
	for _, i := range []uint32{4, 7, 8, 11, 13} {
		w.Host(i).Crash(false)
	}
	alive := 0
	for i := range 40 {
		if w.copies(key(i)) > 0 {
			alive++
		}
	}
	w.Run(3 * time.Minute)
	surplus := 0
	for i := range 40 {
		switch n := w.copies(key(i)); {
		case n == 1 || n == 2:
			t.Errorf("file %d has %d copies", i, n)
		case n > 3:
			surplus++
		}
	}
	if surplus > 2 { // of holders that were silent for a moment
		t.Errorf("%d files have too many copies", surplus)
	}
	t.Logf("%d of 40 files had a live holder; %d copies made", alive, w.counter("repaired"))
	if alive < 30 {
		t.Error("too few files are left for the test")
	}
}

// A copy that is damaged is found by reading it again, and replaced.
func TestADamagedCopyIsReplaced(t *testing.T) {
	w := newTown(t, 9, files.Options{})
	w.put(5, key(1), 1000, files.Wish{})
	w.Run(5 * time.Second)
	disk := w.Host(5).Disk().BlobsOf("files")
	disk.Damage(key(1))
	w.Run(time.Minute)
	if err := disk.Verify(key(1)); err != nil || !w.stores[5].Has(key(1)) {
		t.Errorf("the copy is %v", err)
	}
	if n := w.counter("damaged"); n != 1 {
		t.Errorf("%d found", n)
	}
}

// A node whose disk is full takes no copy; others do, and the client does not notice.
func TestAFullDiskIsPassedBy(t *testing.T) {
	w := newTown(t, 9, files.Options{})
	for _, i := range []uint32{2, 3, 4} {
		w.Host(i).Disk().BlobsOf("files").Full = true
	}
	for i := range 10 {
		w.put(5, key(i), 1000, files.Wish{})
	}
	w.Run(10 * time.Second)
	for i := range 10 {
		if n := w.copies(key(i)); n != 3 {
			t.Errorf("file %d has %d copies", i, n)
		}
	}
}

// A full node gives up copies that are more than wanted, and never the last that are.
func TestOnlyCopiesBeyondThoseWantedAreGivenUp(t *testing.T) {
	w := newTown(t, 9, files.Options{})
	for i := range 6 { // five copies each, of which three are wanted
		for at := range uint32(5) {
			if err := w.stores[1+at].Preload(files.File{Key: key(i), Size: 1000}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := uint32(1); i <= 9; i++ {
		w.Host(i).Disk().BlobsOf("files").Limit = 5000 // all are full
	}
	w.Run(3 * time.Minute)
	for i := range 6 {
		if n := w.copies(key(i)); n < 3 {
			t.Errorf("file %d has %d copies", i, n)
		}
	}
	if w.counter("evicted") == 0 {
		t.Error("none was given up")
	}
}

// A node that is drained may leave: all its files have their copies elsewhere.
func TestADrainedNodeMayLeave(t *testing.T) {
	w := newTown(t, 9, files.Options{})
	for i := range 10 {
		w.put(5, key(i), 1000, files.Wish{})
	}
	w.Run(10 * time.Second)
	w.Host(5).Do(func(task *core.Task) {
		if made, failed, err := w.stores[5].Drain(task); err != nil || failed > 0 || made == 0 {
			t.Errorf("%d made, %d failed, %v", made, failed, err)
		}
	})
	w.Host(5).Crash(false)
	for i := range 10 {
		if n := w.copies(key(i)); n < 3 {
			t.Errorf("file %d has %d copies", i, n)
		}
	}
}

// A node that is always the emptiest, because it is new or because it lies, gets about twice
// the share of the others and not everything; and the space of the others fills evenly.
func TestTheEmptiestGetsTwiceItsShare(t *testing.T) {
	const nodes, count, empty = 30, 400, 7
	w := newTown(t, nodes, files.Options{})
	for i := uint32(1); i <= nodes; i++ {
		disk := w.Host(i).Disk().BlobsOf("files")
		if disk.Limit = 1_000_000; i == empty {
			disk.Limit = 0 // then nothing of it is ever used
		}
	}
	w.Run(time.Minute)
	for i := range count {
		w.put(uint32(1+i*7%nodes), key(i), 10_000, files.Wish{})
		if i%20 == 0 {
			w.Run(16 * time.Second)
		}
	}
	w.Run(time.Minute)
	least, most := count, 0
	for i := uint32(1); i <= nodes; i++ {
		if n := w.stores[i].Count(); i != empty {
			least, most = min(least, n), max(most, n)
		}
	}
	share := float64(w.stores[empty].Count()) / (count * 3.0 / nodes)
	t.Logf("the emptiest has %.2f times the mean, the others %d to %d files", share, least, most)
	if share < 1 || share > 2.5 {
		t.Errorf("the emptiest has %.2f times the mean", share)
	}
	if most > 2*least {
		t.Errorf("the others have %d to %d files", least, most)
	}
}
