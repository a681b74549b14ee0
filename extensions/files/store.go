package files

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/internal/summary"
	"spreadable/extensions/web"
)

// Store is the file store of one node. It is a host.Extension.
type Store struct {
	options Options
	h       *host.Host
	run     web.Runner // nil in a simulation
	buffers sync.Pool  // of a block each

	index    map[host.Key]*entry
	bytes    int64 // of the files of index
	missing  int   // files of index without their bytes
	guests   map[host.Key]int
	reports  *summary.Reports[offer]
	due      map[host.Key]bool // files whose copies must be counted
	doubted  map[host.Key]bool // and those for which that can wait for a moment
	size     int               // of the network, when copies were last compared with it
	unsure   int               // syncs for which the master is asked which holders have left
	working  bool              // a procedure counts them
	draining bool
	former   map[host.Key][]string // nodes that once kept an own file, and were missing at a count
	owed     map[host.Key][]string // nodes that must hear of own removals; see owed.go
	tries    map[string]int        // to tell a node of them, since it last answered
	// nodes have joined since removals were last repeated, at the time repeated
	newcomers bool
	repeated  time.Duration
	back      bool          // it had files when it started, and has not yet counted their copies
	outlived  bool          // and was away for longer than removals are remembered
	gates     uint64        // so far, see each
	pushes    int           // copies on their way because others asked for them
	spent     time.Duration // until when the bytes that repair has sent take at its rate

	askWhere  host.Send[whereQuestion, whereAnswer]
	askHas    host.Send[hasQuestion, hasAnswer]
	askTell   host.Send[tellQuestion, nothing]
	askShort  host.Send[shortQuestion, nothing]
	askHeld   host.Send[shortQuestion, heldAnswer]
	askAway   host.Send[awayQuestion, awayAnswer]
	askGone   host.Send[goneQuestion, nothing]
	askFetch  host.Send[fetchQuestion, nothing]
	askPart   host.Send[partQuestion, partAnswer]
	askPut    host.Send[putQuestion, nothing]
	askCopies host.Ask[copiesQuestion, copiesAnswer]
	askAny    host.Ask[copiesQuestion, copiesAnswer]
	askRemove host.Ask[Removal, removedAnswer]

	known *host.Cache[host.Key, string]   // a holder of a file that was found
	quota *host.Cache[netip.Addr, *usage] // by host
	count counters
}

// entry is what is known in memory of an own file.
type entry struct {
	size    int64
	copies  string
	missing bool // its bytes are damaged or gone
	// holders are the nodes that keep it, when that was last heard, this one included;
	// empty while unknown.
	holders []string
}

var (
	_ host.Extension = (*Store)(nil)
	_ web.Server     = (*Store)(nil)
)

// New returns the file store of a node.
func New(o Options) (*Store, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &Store{
		options: o, index: make(map[host.Key]*entry), guests: make(map[host.Key]int),
		due: make(map[host.Key]bool), doubted: make(map[host.Key]bool),
		former: make(map[host.Key][]string), owed: make(map[host.Key][]string), tries: make(map[string]int),
	}
	s.buffers.New = func() any { b := make([]byte, host.BlockSize); return &b }
	return s, nil
}

// Name implements host.Extension.
func (s *Store) Name() string { return "files" }

// Start implements host.Extension.
func (s *Store) Start(h *host.Host) {
	s.h = h
	s.known = host.NewCache[host.Key, string](h, 10_000, 2*time.Hour)
	s.quota = host.NewCache[netip.Addr, *usage](h, 100_000, 24*time.Hour)
	s.offer(h)
	s.measure(h)
	s.command(h)
	h.OnStart(s.load)
	h.Node().OnSync(s.synced)
	h.OnMembers(s.heard)
	h.Every("check", time.Duration(s.options.CheckEvery), s.confirm)
	h.Every("recount", recountEvery, s.recount)
	h.Every("scrub", scrubEvery, s.scrub)
	h.Every("tidy", tidyEvery, s.tidy)
}

// load reads what the node keeps. Blobs without a record are left over from uploads that
// were not acknowledged; a record without its blob asks for the bytes again.
func (s *Store) load(t *host.Task) {
	s.scan(fileRecord, func(key host.Key, text []byte) {
		var f File
		if json.Unmarshal(text, &f) == nil {
			_, found := s.h.Blobs().Stat(key)
			s.enter(&f, !found)
		}
	})
	for key, e := range s.index { // order-free: each on its own
		if text := s.h.Bucket().Get(record(heldRecord, key)); text != nil && json.Unmarshal(text, &e.holders) != nil {
			e.holders = nil
		}
	}
	s.loadOwed()
	s.back = len(s.index) > 0
	s.outlived = s.back && s.now()-s.seen() > time.Duration(s.options.Tombstones).Milliseconds()
	s.beSeen()
	var left []host.Key
	s.h.Blobs().List(host.Key{}, func(b host.Blob) bool {
		if s.index[b.Key] == nil {
			left = append(left, b.Key)
		}
		return true
	})
	for _, key := range left {
		s.forget(t, key)
	}
	s.reports.Renew()
}

// seen is when the node was last there, by its wall clock in milliseconds; now if it never
// was.
func (s *Store) seen() int64 {
	at, err := strconv.ParseInt(string(s.h.Bucket().Get(seenRecord)), 10, 64)
	if err != nil {
		return s.now()
	}
	return at
}

// beSeen notes that the node is there.
func (s *Store) beSeen() {
	_ = s.h.Bucket().Put(seenRecord, strconv.AppendInt(nil, s.now(), 10)) // short enough
}

// forget removes the bytes of a key that has no record.
func (s *Store) forget(t *host.Task, key host.Key) {
	if err := s.h.RemoveBlob(t, key); err != nil {
		s.h.Log(host.Warn, "a blob cannot be removed", "key", key, "error", err)
	}
}

// enter notes a file in memory.
func (s *Store) enter(f *File, missing bool) {
	s.leave(f.Key)
	s.index[f.Key] = &entry{size: f.Size, copies: f.Copies, missing: missing}
	s.bytes += f.Size
	if missing {
		s.missing++
		s.due[f.Key] = true
	}
}

// leave forgets a file in memory.
func (s *Store) leave(key host.Key) {
	e := s.index[key]
	if e == nil {
		return
	}
	s.bytes -= e.size
	if e.missing {
		s.missing--
	}
	delete(s.index, key)
	delete(s.due, key)
	delete(s.former, key)
}

// keys are those of the own files, in order.
func (s *Store) keys() []host.Key { return sorted(maps.Keys(s.index)) }

func sorted(keys iter.Seq[host.Key]) []host.Key {
	return slices.SortedFunc(keys, func(a, b host.Key) int { return bytes.Compare(a[:], b[:]) })
}

// Has reports whether this node keeps a copy.
func (s *Store) Has(key host.Key) bool {
	e := s.index[key]
	return e != nil && !e.missing
}

// Count is how many files this node keeps.
func (s *Store) Count() int { return len(s.index) - s.missing }

// wanted is how many copies a rule means in the network now. That of a client, such as 50%,
// never means more than MaxCopies, however large the network has become.
func (s *Store) wanted(rule string) int {
	n, err := host.Copies(rule, s.h.NetworkSize())
	if err != nil {
		return 1 // a rule is checked before it is kept
	}
	most := mostCopies
	if rule != s.options.Copies {
		most = s.options.MaxCopies
	}
	return min(n, most)
}

// now is the wall clock in milliseconds since the Unix epoch.
func (s *Store) now() int64 { return s.h.Wall().Milliseconds() }

// self is the own address.
func (s *Store) self() string { return s.h.Address(s.h.Self()) }

// each runs a procedure for each of some peers, for all at the same time. It returns when
// all have ended, or one says that this is enough; the others go on.
func (s *Store) each(t *host.Task, peers []host.Peer, do func(t *host.Task, p host.Peer) (enough bool)) {
	if len(peers) == 0 {
		return
	}
	s.gates++
	gate := "each " + strconv.FormatUint(s.gates, 10)
	open := s.h.Lock(t, gate)
	running, closed := len(peers), true
	for _, p := range peers {
		t.Fork(func(t *host.Task) {
			enough := do(t, p)
			running--
			if closed && (enough || running == 0) {
				closed = false
				open()
			}
		})
	}
	s.h.Lock(t, gate)() // until it is open
}

// peers are those of addresses, without what is none, and without this node.
func (s *Store) peers(addresses []string) (list []host.Peer) {
	for _, a := range addresses {
		if p, err := s.h.Peer(a); err == nil && p != s.h.Self() {
			list = append(list, p)
		}
	}
	return list
}

// ErrNotFound says that no node that answered has the file.
var ErrNotFound = errors.New("no node that answered has this file")
