package documents_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/extensions/documents/version"
)

var (
	seeds = flag.Int("seeds", 12, "random histories to check")
	first = flag.Uint64("first", 1, "the first seed")
)

// Random histories with clocks that differ by up to ten minutes, and with faults or without:
// whatever was acknowledged is there after quiet, what was deleted is not, every reader and
// every holder has the newest version, it has as many copies as are wanted and no more, and an
// entry reads what was written through it.
// Without faults a version is replaced under a condition at most once.
func TestRandomHistories(t *testing.T) {
	for i := range uint64(*seeds) {
		seed := *first + i
		t.Run(fmt.Sprint(seed), func(t *testing.T) { newHistory(t, seed).run() })
	}
}

const (
	historyNodes = 12
	historyKeys  = 12
	historySteps = 60
)

// history is one run: what was done and what came of it.
type history struct {
	*town
	t      *testing.T
	random *rand.Rand
	faults bool

	newest   map[string]write  // acknowledged, by key: the one of the newest version
	replaced map[string]string // by key and version that a condition named
	done     int
}

type write struct {
	version version.Version
	text    string // "" for a deletion
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{
		t: t, random: rand.New(rand.NewPCG(seed, 7)), faults: seed%3 != 0, newest: make(map[string]write),
		replaced: make(map[string]string),
	}
	o := things()
	o.RepairPause, o.RepairEvery = 10*time.Second, 5*time.Minute
	h.town = newTown(t, historyNodes, o)
	for i := range uint32(historyNodes) {
		h.Host(i + 1).Ahead = time.Duration(h.random.Int64N(int64(20*time.Minute))) - 10*time.Minute
	}
	return h
}

func (h *history) run() {
	for step := range historySteps {
		if h.faults && step%6 == 0 {
			h.fault()
		}
		for range h.random.IntN(4) {
			h.act()
		}
		h.Run(time.Duration(h.random.Int64N(int64(4 * time.Second))))
	}
	h.mend()
	h.Run(20 * time.Minute)
	h.judge()
}

// fault breaks one node, or the network, and mends what was broken before: so that of the
// holders of a document enough are there.
func (h *history) fault() {
	h.mend()
	at := h.Host(uint32(h.random.IntN(historyNodes) + 1))
	switch h.random.IntN(6) {
	case 0:
		at.Up = false
	case 1:
		at.Hung = true
	case 2:
		at.Crash(h.random.IntN(2) == 0)
	case 3:
		at.Slow = time.Duration(h.random.Int64N(int64(2 * time.Second)))
	case 4:
		h.Cut(uint32(h.random.IntN(historyNodes) + 1))
	}
}

func (h *history) mend() {
	h.Heal()
	for _, at := range h.Hosts() {
		at.Slow = 0
		switch {
		case at.Node == nil:
			at.Boot(&at.Saved)
		case !at.Up || at.Hung:
			at.Revive()
		}
	}
}

// act begins an operation at a random node.
func (h *history) act() {
	at := h.random.IntN(historyNodes) + 1
	node := h.Host(uint32(at))
	if !node.Up || node.Hung || node.Node == nil {
		return
	}
	h.done++
	key, text := h.random.IntN(historyKeys), ""
	choice := h.random.IntN(5)
	if choice < 4 {
		text = fmt.Sprintf(`{"id":%d,"n":%d}`, key, h.done)
	}
	w := documents.Write{Collection: "things", Key: documents.Key(key), Document: []byte(text), IfAbsent: choice == 0}
	s := h.stores[at]
	node.Node.Go(func(t *host.Task) {
		if choice == 3 { // put-if
			f, err := s.Get(t, "things", w.Key)
			if err != nil || f.Document == nil {
				return
			}
			w.IfVersion = f.Version
		}
		do := s.Put
		if choice == 4 {
			do = s.Delete
		}
		result, err := do(t, w)
		if err == nil {
			h.acknowledged(t, s, w, result, text)
		}
		h.note(w, result, err)
	})
}

// note keeps what has become of a write.
func (h *history) note(w documents.Write, result documents.Written, err error) {
	if err != nil {
		if !errors.Is(err, documents.ErrExists) && !errors.Is(err, documents.ErrConflict) && !errors.Is(err, documents.ErrMissing) && !h.faults {
			h.t.Errorf("without a fault: %v", err)
		}
		return
	}
	if w.IfVersion.IsZero() || h.faults {
		return
	}
	name := w.Key + w.IfVersion.String()
	if by, twice := h.replaced[name]; twice {
		h.t.Errorf("version %v of %s was replaced twice: by %s and %s", w.IfVersion, w.Key, by, w.Document)
	}
	h.replaced[name] = string(w.Document)
}

func (h *history) acknowledged(t *host.Task, s *documents.Store, w documents.Write, result documents.Written, text string) {
	if last := h.newest[w.Key]; result.Version.Compare(last.version) > 0 {
		h.newest[w.Key] = write{result.Version, text}
	}
	f, err := s.Get(t, "things", w.Key)
	if err != nil || h.faults {
		return
	}
	if f.Document != nil && f.Version.Compare(result.Version) < 0 {
		h.t.Errorf("%s: wrote %v and read %v", w.Key, result.Version, f.Version)
	}
}

// judge looks at the network after quiet. A write that was not acknowledged may have been
// made all the same: then it is newer than what was.
func (h *history) judge() {
	for key, want := range h.newest { // order-free: each on its own
		var seen []documents.Found
		for at := 1; at <= historyNodes; at += 5 {
			seen = append(seen, h.stored(at, key))
		}
		f := seen[0]
		for _, other := range seen[1:] {
			if other.Version != f.Version {
				h.t.Errorf("%s: readers see %v and %v", key, f.Version, other.Version)
			}
		}
		switch {
		case f.Document == nil && want.text != "" && !h.deletedLater(key, want):
			h.t.Errorf("%s: %s was acknowledged, and is lost", key, want.text)
		case f.Document != nil && f.Version.Compare(want.version) < 0:
			h.t.Errorf("%s: version %v is back, after %v", key, f.Version, want.version)
		case f.Version == want.version && string(f.Document) != want.text:
			h.t.Errorf("%s: %s became %s", key, want.text, f.Document)
		}
		copies := 0
		for i, s := range h.stores[1:] {
			v, has := s.Has("things", key)
			if has {
				copies++
			}
			if has && v != f.Version {
				h.t.Errorf("%s: node %d has %v, readers see %v", key, i+1, v, f.Version)
			}
		}
		if f.Document != nil && copies != 3 {
			h.t.Errorf("%s: it has %d copies", key, copies)
		}
	}
	h.t.Logf("%d operations, %d keys, faults %v", h.done, len(h.newest), h.faults)
}

// deletedLater reports whether a holder has a tombstone newer than a write: of a deletion
// that was not acknowledged.
func (h *history) deletedLater(key string, w write) bool {
	for _, s := range h.stores[1:] {
		if v, has := s.Has("things", key); !has && v.Compare(w.version) > 0 {
			return true
		}
	}
	return false
}
