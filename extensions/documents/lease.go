package documents

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents/version"
)

// Turns of those that write one key. The arbiter of a key gives leases, one at a time, and
// remembers the last version that was written under one.

// leaseWanted asks the arbiter for a turn.
type leaseWanted struct{ Collection, Key string }

// leased is a turn: its number, and the last version that was written in an earlier one;
// the zero version if the arbiter remembers none.
type leased struct {
	Turn uint64
	Last version.Version
}

// leaseEnd ends a turn, in which a version was written; the zero version if none was.
type leaseEnd struct {
	Collection, Key string
	Turn            uint64
	Written         version.Version
}

const (
	// A writer that waits longer than leaseQueue gets no turn; one that has its turn for
	// longer than leaseTime has lost it. At most mostWaiting wait for a key.
	leaseQueue  = 5 * time.Second
	leaseTime   = 15 * time.Second
	mostWaiting = 64
	// rememberedWrites and rememberFor: the last versions. A question to the network ends
	// long before one is forgotten.
	rememberedWrites = 1 << 16
	rememberFor      = 5 * time.Minute
	// An arbiter that has failed to answer is asked last for so long.
	silentFor  = 15 * time.Second
	mostSilent = 1024
)

type leases struct {
	turns   uint64 // given so far
	unlock  map[string]turn
	waiting map[string]int
	last    *host.Cache[string, version.Version]
	silent  *host.Cache[string, struct{}] // arbiters that have failed to answer
}

type turn struct {
	number uint64
	unlock func()
}

func (s *Store) offerLeases() {
	s.leases = leases{
		unlock: make(map[string]turn), waiting: make(map[string]int),
		last:   host.NewCache[string, version.Version](s.host, rememberedWrites, rememberFor),
		silent: host.NewCache[string, struct{}](s.host, mostSilent, silentFor),
	}
	s.lease = host.Direct[leaseWanted, leased]{
		Name: "lease", Timeout: leaseQueue + time.Second,
		Check: func(_ host.Peer, q *leaseWanted, _ int64) error {
			return s.checkKeys(&wantedKeys{Collection: q.Collection, Keys: []string{q.Key}})
		},
		Serve: s.giveLease,
	}.Offer(s.host)
	s.release = host.Direct[leaseEnd, struct{}]{Name: "release", Serve: s.endLease}.Offer(s.host)
}

var errBusy = &host.Error{Code: "ERR_DOCUMENTS_BUSY", Message: "too many write this document at once"}

// giveLease waits for the turn of a writer.
func (s *Store) giveLease(t *host.Task, _ host.Peer, q *leaseWanted, _ *host.Pending) (*leased, error) {
	l, name := &s.leases, q.Collection+"\x00"+q.Key
	if l.waiting[name] >= mostWaiting {
		s.counts.busy.Add(1)
		s.host.Log(host.Info, "too many write one document", "collection", q.Collection)
		return nil, errBusy
	}
	began := s.host.Now()
	l.waiting[name]++
	unlock := s.host.Lock(t, "turn "+name)
	if l.waiting[name]--; l.waiting[name] == 0 {
		delete(l.waiting, name)
	}
	if s.host.Now()-began > leaseQueue {
		unlock()
		return nil, errBusy
	}
	l.turns++
	number := l.turns
	l.unlock[name] = turn{number, unlock}
	s.host.Later(leaseTime, func(*host.Task) { l.end(name, number) })
	last, _ := l.last.Get(name)
	return &leased{number, last}, nil
}

// end ends a turn, if it is still the one of its key.
func (l *leases) end(name string, number uint64) bool {
	current, held := l.unlock[name]
	if !held || current.number != number {
		return false
	}
	delete(l.unlock, name)
	current.unlock()
	return true
}

func (s *Store) endLease(_ *host.Task, _ host.Peer, q *leaseEnd, _ *host.Pending) (*struct{}, error) {
	l, name := &s.leases, q.Collection+"\x00"+q.Key
	if _, held := l.unlock[name]; held && q.Written.Ahead(s.host.Wall()) <= 2*s.options.MaxSkew {
		if last, _ := l.last.Get(name); q.Written.Compare(last) > 0 {
			l.last.Set(name, q.Written)
		}
	}
	l.end(name, q.Turn)
	return &struct{}{}, nil
}

// turnAt is a turn that this node has at an arbiter.
type turnAt struct {
	arbiter string // its address; "" for none
	leased
}

// take asks the nearest nodes of a key for a turn, one after the other until one answers.
func (s *Store) takeTurn(t *host.Task, c *shelf, key string, near []string) (turnAt, error) {
	var err error
	for _, address := range s.leases.answering(near) {
		peer, bad := s.host.Peer(address)
		if bad != nil {
			continue
		}
		var a *leased
		if a, err = s.lease(t, peer, &leaseWanted{c.Name, key}, nil); err == nil && a != nil {
			return turnAt{address, *a}, nil
		}
		if errors.Is(err, errBusy) {
			return turnAt{}, err
		}
		s.leases.silent.Set(address, struct{}{})
	}
	return turnAt{}, err
}

// answering puts those last that have failed to answer a short while ago, so that an arbiter
// that is gone does not hold up each write of its keys.
func (l *leases) answering(near []string) []string {
	silent := func(address string) int {
		if _, lately := l.silent.Get(address); lately {
			return 1
		}
		return 0
	}
	return slices.SortedStableFunc(slices.Values(near), func(a, b string) int { return cmp.Compare(silent(a), silent(b)) })
}

// endTurn gives a turn back. The writer does not wait for that.
func (s *Store) endTurn(t *host.Task, c *shelf, key string, at turnAt, written version.Version) {
	if at.arbiter == "" {
		return
	}
	t.Fork(func(t *host.Task) {
		if peer, err := s.host.Peer(at.arbiter); err == nil {
			_, _ = s.release(t, peer, &leaseEnd{c.Name, key, at.Turn, written}, nil) // else it ends by itself
		}
	})
}

// unique is a name for a lock that nothing else has.
func (s *Store) unique(what string) string {
	s.leases.turns++
	return what + " " + strconv.FormatUint(s.leases.turns, 10)
}
