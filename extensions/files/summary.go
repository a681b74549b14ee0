package files

import (
	"errors"
	"slices"

	"spreadable/core/host"
	"spreadable/extensions/internal/summary"
)

// How a get finds a file without asking all nodes. Each slave gives its master a summary of
// its keys (package bloom) after each sync in which it has changed, and reports each new
// key before it acknowledges the copy. So the masters know of nearly all files which nodes
// may have them, and which nodes have space: a search asks the masters, and then the few
// nodes that they name. What the summaries do not know is found by asking all.

// offerReports declares what this node tells its master, and what its slaves tell it.
func (s *Store) offerReports(h *host.Host) {
	s.reports = summary.Offer(h, summary.Options[offer]{
		Rate:  s.options.FalseRate,
		Count: func() int { return len(s.index) },
		Keys: func(add func(host.Key)) {
			for key := range s.index { // order-free: bits are set
				add(key)
			}
			s.scan(goneRecord, func(key host.Key, _ []byte) { add(key) })
		},
		Tell: func() offer {
			p := s.place()
			return offer{p.Free, p.Used}
		},
		Check: func(o *offer) error {
			if o.Free < 0 || !(o.Used >= 0) {
				return errors.New("space below zero")
			}
			return nil
		},
	})
}

// offer is what a slave tells beside its keys: its place without the address.
type offer struct {
	Free int64   `json:"free"`
	Used float64 `json:"used"`
}

// place is what this node has to offer.
func (s *Store) place() place {
	space := s.h.Blobs().Space()
	p := place{Address: s.self()}
	if space.Limit <= 0 { // without limit
		p.Free, p.Used = 1<<50, float64(space.Used)/(1<<50)
		return p
	}
	p.Free = max(0, int64(float64(space.Limit)*s.options.FullAt)-space.Used)
	p.Used = float64(space.Used) / float64(space.Limit)
	if s.draining {
		p.Free = 0
	}
	return p
}

// synced tells the own master what has changed and what space there is, and goes on with
// what could not be done before.
func (s *Store) synced(t *host.Task) {
	s.reports.Prune()
	s.reports.Report(t)
	if s.unsure > 0 {
		s.missed(t)
	}
	s.work(t)
	s.settleOwed(t)
	s.repeat(t)
}

// lookUp says what this node knows as a master: which nodes may have a file, and some places
// that have the space. This node is one of them. Chance chooses among the places: if it were
// those with the least used space, a node that lies about that would be among them each time.
func (s *Store) lookUp(q *whereQuestion) *whereAnswer {
	a := &whereAnswer{}
	if s.Has(q.Key) || s.gone(q.Key) != nil {
		a.Likely = append(a.Likely, s.self())
	}
	var places []place
	consider := func(p place) {
		if p.Free > 0 && p.Free >= q.Size {
			places = append(places, p)
		}
	}
	consider(s.place())
	for address, r := range s.reports.All() {
		if len(a.Likely) < mostLikely && r.May(q.Key) {
			a.Likely = append(a.Likely, address)
		}
		consider(place{address, r.Told.Free, r.Told.Used})
	}
	if q.Places <= 0 {
		return a
	}
	s.h.Rand().Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	a.Places = places[:min(len(places), q.Places, mostPlaces)]
	return a
}

// found is what a search has found.
type found struct {
	holders []string
	places  []place
	gone    int64 // the latest removal, in milliseconds
	file    *File // as the holder that had it first describes it
}

// search asks the masters where a file may be and where space is, and each node that they
// name whether it has it, as soon as it is named. With first it returns with the first
// holder, and waits for no master that is slow.
func (s *Store) search(t *host.Task, q whereQuestion, first bool) found {
	x := &searching{store: s, key: q.Key, first: first, asked: map[string]bool{s.self(): true}}
	if has := s.tellHas(q.Key); has.File != nil || has.Gone > 0 {
		x.hear(s.self(), has)
	}
	own := s.lookUp(&q)
	if !x.follow(t, own) {
		s.each(t, s.masters(), func(t *host.Task, p host.Peer) bool {
			a, err := s.askWhere(t, p, &q, nil)
			return err == nil && a != nil && x.follow(t, a)
		})
	}
	f := x.found
	f.holders = slices.Sorted(slices.Values(f.holders))
	return f
}

// searching is a search under way.
type searching struct {
	store *Store
	key   host.Key
	first bool
	asked map[string]bool
	found
}

// follow asks the nodes that a master has named, and reports whether that is enough.
func (x *searching) follow(t *host.Task, a *whereAnswer) (enough bool) {
	x.places = append(x.places, a.Places...)
	var fresh []string
	for _, address := range a.Likely {
		if !x.asked[address] && len(x.asked) < mostAsked {
			x.asked[address] = true
			fresh = append(fresh, address)
		}
	}
	x.store.each(t, x.store.peers(fresh), func(t *host.Task, p host.Peer) bool {
		if a, err := x.store.askHas(t, p, &hasQuestion{x.key}, nil); err == nil && a != nil {
			x.hear(x.store.h.Address(p), a)
		}
		return x.enough()
	})
	return x.enough()
}

func (x *searching) enough() bool { return x.first && len(x.holders) > 0 }

// hear takes what a node says of itself. Of several descriptions the oldest counts.
func (x *searching) hear(address string, a *hasAnswer) {
	x.gone = max(x.gone, a.Gone)
	if a.File == nil {
		return
	}
	x.holders = append(x.holders, address)
	if x.file == nil || a.File.Added < x.file.Added {
		x.file = a.File
	}
}

// mostAsked is how many nodes a search asks whether they have the file. Beyond that, which
// takes liars, asking all nodes is cheaper.
const mostAsked = 256

// tellHas is what this node knows of a file.
func (s *Store) tellHas(key host.Key) *hasAnswer {
	a := &hasAnswer{}
	if s.Has(key) {
		a.File = s.file(key)
	}
	if g := s.gone(key); g != nil {
		a.Gone = g.At
	}
	return a
}

// masters are those that this node knows, without itself.
func (s *Store) masters() (list []host.Peer) {
	for _, m := range s.h.Node().Structure().Masters.List {
		if m.Peer != s.h.Self() {
			list = append(list, m.Peer)
		}
	}
	return list
}
