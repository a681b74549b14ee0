package documents

import (
	"errors"
	"slices"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents/version"
)

// copies asks a node to keep records.
type copies struct {
	Collection string
	Records    []Record // at most MaxKeys, and of mostBytes but for one
	Repairs    bool     `json:",omitempty"` // nothing may be forgotten for them
	// Announced is the master that knows of these copies, if there is one.
	Announced string `json:",omitempty"`
}

// kept says which version of each record a node keeps now, in the order of the records.
type kept struct{ Versions []version.Version }

// fetched are records that a node has, as many from the first on as fit.
type fetched struct{ Records []Record }

const (
	// mostBytes is how many bytes of records go into a message, but for a single record that
	// is longer: less than half of the option max_body, so that JSON around them fits.
	mostBytes = 200 << 10
	// copyTimeout is how long a node may take for a copy, its disk included; then another
	// node gets it.
	copyTimeout = 4 * time.Second
)

func (s *Store) offerCopies() {
	s.keep = host.Direct[copies, kept]{
		Name: "keep", Timeout: copyTimeout, Check: s.checkCopies, Serve: s.takeCopies,
		Valid: func(q *copies, a *kept) error {
			if len(a.Versions) != len(q.Records) {
				return errors.New("another number of versions than of records")
			}
			return nil
		},
	}.Offer(s.host)
	s.fetch = host.Direct[wantedKeys, fetched]{
		Name: "fetch", Timeout: copyTimeout,
		Check: func(_ host.Peer, q *wantedKeys, _ int64) error { return s.checkKeys(q) },
		Serve: s.giveCopies, Valid: s.validFetched,
	}.Offer(s.host)
}

// checkCopies sees what other nodes want kept.
func (s *Store) checkCopies(_ host.Peer, q *copies, _ int64) error {
	c, err := s.shelf(q.Collection)
	switch {
	case err != nil:
		return err
	case len(q.Records) == 0 || len(q.Records) > MaxKeys:
		return refusal("QUESTION", "want 1 to %d records", MaxKeys)
	}
	for i := range q.Records {
		r := &q.Records[i]
		if err := c.check(r); err != nil {
			return refusal("DOCUMENT", "%v", err)
		}
		if ahead := r.Version.Ahead(s.host.Wall()); ahead > 2*s.options.MaxSkew {
			return refusal("SKEW", "the version is %v ahead of this node's clock", ahead.Round(time.Second))
		}
	}
	return nil
}

// takeCopies keeps what is newer than what is here. They are on disk before the answer
// leaves the node. What it has taken before it was full, it keeps: a copy more does no harm.
func (s *Store) takeCopies(t *host.Task, _ host.Peer, q *copies, _ *host.Pending) (*kept, error) {
	c, err := s.shelf(q.Collection)
	if err != nil {
		return nil, err
	}
	a, before := &kept{}, c.keys
	for i := range q.Records {
		v, err := c.take(&q.Records[i], q.Repairs)
		if err != nil {
			s.counts.refused.Add(1)
			s.unreported = s.unreported || c.keys != before
			return nil, err
		}
		a.Versions = append(a.Versions, v)
	}
	if !s.reported(t, q, c.keys != before) {
		return nil, errUnreported
	}
	return a, nil
}

var errUnreported = refusal("MASTER", "the master of this node does not take a report of the copies")

// giveCopies answers with what this node has of some keys.
func (s *Store) giveCopies(t *host.Task, _ host.Peer, q *wantedKeys, _ *host.Pending) (*fetched, error) {
	c, err := s.shelf(q.Collection)
	if err != nil {
		return nil, err
	}
	a, bytes := &fetched{}, 0
	for i, key := range q.Keys {
		breathe(t, i)
		r := c.get(key)
		if r.Version.IsZero() || c.doubts(&r) {
			continue
		}
		if bytes += r.size(); bytes > mostBytes && len(a.Records) > 0 {
			break
		}
		a.Records = append(a.Records, r)
	}
	return a, nil
}

func (s *Store) validFetched(q *wantedKeys, a *fetched) error {
	for i := range a.Records {
		r := &a.Records[i]
		_, wanted := slices.BinarySearch(q.Keys, r.Key)
		switch {
		case !wanted || i > 0 && a.Records[i-1].Key >= r.Key:
			return errors.New("records that were not asked for")
		case r.Version.IsZero() || r.Deleted && len(r.Document) > 0 || len(r.Document) > LargestDocument:
			return errors.New("no record")
		}
	}
	return nil
}

// assignment is a record and the nodes that should get it.
type assignment struct {
	record  Record
	targets []string // addresses
	holders []string // those that have it now
	newer   bool     // a node has a newer version
}

// distribute writes records to the nodes that they are assigned to, many records in a
// message and several nodes at a time, and returns when all have answered or failed.
// Repairs are not announced, and take their time: RepairRate.
func (s *Store) distribute(t *host.Task, c *shelf, list []*assignment, news *announcement) {
	byTarget := make(map[string][]*assignment)
	var targets []string
	for _, a := range list {
		for _, target := range a.targets {
			if byTarget[target] == nil {
				targets = append(targets, target)
			}
			byTarget[target] = append(byTarget[target], a)
		}
	}
	slices.Sort(targets) // a simulation sends in the same order each time
	wait := s.waitFor(t)
	for _, target := range targets {
		for part := range parts(byTarget[target]) {
			if news == nil {
				s.pace(t, payload(part))
				s.send(t, c, target, part, nil)
				continue
			}
			wait.run(func(t *host.Task) { s.send(t, c, target, part, news) })
		}
	}
	wait.end(t)
}

// send writes some records to one node.
func (s *Store) send(t *host.Task, c *shelf, target string, part []*assignment, news *announcement) {
	peer, err := s.host.Peer(target)
	if err != nil {
		return
	}
	q := &copies{Collection: c.Name, Repairs: news == nil}
	if news != nil {
		q.Announced = news.to(s, peer)
	}
	for _, a := range part {
		q.Records = append(q.Records, a.record)
	}
	answer, err := s.keep(t, peer, q, nil)
	if err != nil || answer == nil {
		return
	}
	if news == nil {
		s.counts.repaired.Add(uint64(len(part)))
	}
	// A node that has a newer version has what this one would have been replaced by: it
	// counts as a holder, and the writer is told that another was faster.
	for i, a := range part {
		a.holders = append(a.holders, target)
		a.newer = a.newer || answer.Versions[i].Compare(a.record.Version) > 0
	}
}

func payload(part []*assignment) (bytes int) {
	for _, a := range part {
		bytes += a.record.size()
	}
	return bytes
}

// parts cuts a list into messages.
func parts(list []*assignment) func(yield func([]*assignment) bool) {
	return func(yield func([]*assignment) bool) {
		for len(list) > 0 {
			n, bytes := 0, 0
			for n < len(list) && n < MaxKeys && (n == 0 || bytes+list[n].record.size() <= mostBytes) {
				bytes += list[n].record.size()
				n++
			}
			if !yield(list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// waitFor counts procedures that run beside a task. The task waits at the end for all.
func (s *Store) waitFor(t *host.Task) *beside { return &beside{store: s, task: t} }

type beside struct {
	store   *Store
	task    *host.Task
	running int
	gate    func() // set while the task waits
}

// most is how many procedures run beside each other; the next waits for all of them.
const mostBeside = 16

func (b *beside) run(procedure func(t *host.Task)) {
	if b.running >= mostBeside {
		b.end(b.task)
	}
	b.running++
	b.task.Fork(func(t *host.Task) {
		procedure(t)
		if b.running--; b.running == 0 && b.gate != nil {
			b.gate()
			b.gate = nil
		}
	})
}

func (b *beside) end(t *host.Task) {
	if b.running == 0 {
		return
	}
	key := b.store.unique("beside")
	b.gate = b.store.host.Lock(t, key)
	b.store.host.Lock(t, key)()
}

// places assigns records to nodes with capacity: rather to the emptier ones, counted with
// what they were given just now.
type places struct {
	store *Store
	list  []place
}

// pick chooses nodes for copies of a record, at other hosts than those that have one.
func (p *places) pick(action string, holders []string, count int) (addresses []string) {
	if count <= 0 {
		return nil
	}
	h := p.store.host
	var from []host.Choice
	var taken []host.Peer
	for i := range p.list {
		if peer, err := h.Peer(p.list[i].Address); err == nil {
			from = append(from, host.Choice{Peer: peer, Rank: float64(p.list[i].Documents)})
		}
	}
	for _, address := range holders {
		if peer, err := h.Peer(address); err == nil {
			taken = append(taken, peer)
		}
	}
	for _, peer := range h.Pick(action, h.Balanced(from), taken, count) {
		address := h.Address(peer)
		addresses = append(addresses, address)
		for i := range p.list {
			if p.list[i].Address == address {
				p.list[i].Documents++
			}
		}
	}
	return addresses
}
