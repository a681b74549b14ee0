package files

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"spreadable/core/host"
	"spreadable/extensions/files/bloom"
)

// How a get finds a file without asking all nodes. Each slave gives its master a summary of
// its keys (package bloom) after each sync in which it has changed, and reports each new
// key before it acknowledges the copy. So the masters know of nearly all files which nodes
// may have them, and which nodes have space: a search asks the masters, and then the few
// nodes that they name. What the summaries do not know is found by asking all.

// summary is what this node tells its master of its files.
type summary struct {
	filter     *bloom.Filter
	capacity   int    // keys that the filter is made for
	generation uint64 // of the filter: a new one each time that it is made anew
	changes    uint64 // keys added to this generation

	// What the master has.
	master   string
	reported uint64 // generation
	changed  uint64 // changes
	fresh    []host.Key
}

// report is what a master has from one slave.
type report struct {
	generation uint64
	filter     *bloom.Filter
	place      place
}

type (
	// reportQuestion brings a whole filter, or keys that have come since.
	reportQuestion struct {
		Generation uint64     `json:"generation"`
		Filter     []byte     `json:"filter,omitempty"`
		Keys       []host.Key `json:"keys,omitempty"`
		Free       int64      `json:"free"`
		Used       float64    `json:"used"`
	}
	// reportAnswer says whether the master needs the whole filter.
	reportAnswer struct {
		Again bool `json:"again,omitempty"`
	}
)

// mostSummary is how long a filter may be, in bytes, for its report to be well below the
// option max_body. More keys than 160,000 at the default rate make it less exact.
const mostSummary = 300 << 10

// renew makes the summary anew.
func (s *Store) renew() {
	m := &s.summary
	m.capacity = max(256, len(s.index)*5/4)
	rate := s.options.FalseRate
	// the rate that fits into the longest filter, by the formula of bloom.New
	if least := math.Exp(-mostSummary * 8 * math.Ln2 * math.Ln2 / float64(m.capacity)); rate < least {
		rate = least
	}
	m.filter = bloom.New(m.capacity, rate)
	for key := range s.index { // order-free: bits are set
		m.filter.Add(key)
	}
	s.scan(goneRecord, func(key host.Key, _ []byte) { m.filter.Add(key) })
	m.generation = s.h.Rand().Uint64() >> 12 // JSON has 53 bits
	m.changes, m.fresh = 0, nil
}

// summarize adds a key to the summary.
func (s *Store) summarize(key host.Key) {
	m := &s.summary
	if m.filter == nil || m.filter.Added() >= m.capacity {
		s.renew()
		return
	}
	m.filter.Add(key)
	m.changes++
	if len(m.fresh) < mostKeys {
		m.fresh = append(m.fresh, key)
	}
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
	s.prune()
	s.report(t, nil)
	if s.unsure > 0 {
		s.missed(t)
	}
	s.work(t)
	s.settleOwed(t)
	s.repeat(t)
}

// report tells the own master what has changed; with a key, only if that is not known to
// it yet. A master keeps its own summary itself.
func (s *Store) report(t *host.Task, key *host.Key) {
	m := &s.summary
	to := s.h.Node().Structure().Backlink
	if to.IsZero() || to == s.h.Self() || m.filter == nil {
		m.master = ""
		return
	}
	defer s.h.Lock(t, "report")()
	if key != nil && m.master == s.h.Address(to) && len(m.fresh) == 0 {
		return // another procedure has reported it meanwhile
	}
	whole := m.master != s.h.Address(to) || m.reported != m.generation || m.changes-m.changed != uint64(len(m.fresh))
	for range 2 {
		q := s.reportOf(whole)
		generation, changes := m.generation, m.changes
		a, err := s.askReport(t, to, q, nil)
		if err != nil || a == nil {
			m.master = "" // it may have got it or not
			return
		}
		if !a.Again {
			m.master, m.reported, m.changed = s.h.Address(to), generation, changes
			if generation == m.generation {
				m.fresh = m.fresh[max(0, len(m.fresh)-int(m.changes-changes)):]
			}
			return
		}
		whole = true
	}
}

// reportOf is a report for the master, with the whole filter or what is new.
func (s *Store) reportOf(whole bool) *reportQuestion {
	m, p := &s.summary, s.place()
	q := &reportQuestion{Generation: m.generation, Free: p.Free, Used: p.Used}
	if whole {
		q.Filter = m.filter.Encode()
	} else {
		q.Keys = slices.Clone(m.fresh)
	}
	return q
}

// checkReport takes reports of own slaves only, so that what they take is bounded.
func (s *Store) checkReport(from host.Peer, q *reportQuestion, _ int64) error {
	switch {
	case !slices.Contains(s.h.Node().Structure().Slaves, from):
		return refuse(codeSlave, "only own slaves report")
	case len(q.Filter) > mostSummary+16 || len(q.Keys) > mostKeys:
		return errors.New("the report is too long")
	case q.Free < 0 || !(q.Used >= 0):
		return errors.New("space below zero")
	}
	return nil
}

// serveReport keeps what a slave reports.
func (s *Store) serveReport(_ *host.Task, from host.Peer, q *reportQuestion, _ *host.Pending) (*reportAnswer, error) {
	address := s.h.Address(from)
	r := s.reports[address]
	if len(q.Filter) > 0 {
		filter, err := bloom.Decode(q.Filter)
		if err != nil {
			return nil, fmt.Errorf("summary: %w", err)
		}
		r = &report{generation: q.Generation, filter: filter}
		s.reports[address] = r
	} else if r == nil || r.generation != q.Generation {
		return &reportAnswer{Again: true}, nil
	}
	for _, key := range q.Keys {
		r.filter.Add(key)
	}
	r.place = place{address, q.Free, q.Used}
	return &reportAnswer{}, nil
}

// prune forgets the reports of nodes that are slaves no more.
func (s *Store) prune() {
	if len(s.reports) == 0 {
		return
	}
	slaves := make(map[string]bool)
	for _, p := range s.h.Node().Structure().Slaves {
		slaves[s.h.Address(p)] = true
	}
	maps.DeleteFunc(s.reports, func(address string, _ *report) bool { return !slaves[address] })
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
	offer := func(p place) {
		if p.Free > 0 && p.Free >= q.Size {
			places = append(places, p)
		}
	}
	offer(s.place())
	for _, address := range slices.Sorted(maps.Keys(s.reports)) {
		r := s.reports[address]
		if len(a.Likely) < mostLikely && r.filter.May(q.Key) {
			a.Likely = append(a.Likely, address)
		}
		offer(r.place)
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
