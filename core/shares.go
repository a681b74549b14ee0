package core

import (
	"net/netip"

	"spreadable/core/peer"
)

// ApprovalLimits bound what clients can make a node keep: the clients that it vouches
// for, and the keys that it has given out, each by itself. Entries that exceed a limit
// are not refused: an old one gives way to each new one, of the host or the prefix that
// has too many. So a flood of one sender costs its own entries, not those of other
// clients.
type ApprovalLimits struct {
	// Total is the most entries at a time: 100,000, which is also the highest value.
	Total int
	// PerPrefix is the share of one network, which is an IPv4 /24 or an IPv6 /48: a tenth
	// of Total. At most Total.
	PerPrefix int
	// PerHost is the share of one host, which is an IPv4 or an IPv6 /64: a hundredth of
	// Total. All clients behind one NAT are one host. At most PerPrefix.
	PerHost int
	// WrongAnswers is how many wrong answers end a question: 1. With more, a search that
	// asks for each part of the answer by itself needs fewer questions than guessing the
	// whole. Answers after the first right one do not count.
	WrongAnswers int
}

// maxApprovals is the highest ApprovalLimits.Total.
const maxApprovals = 100_000

// fill sets the defaults.
func (l *ApprovalLimits) fill() {
	orInt(&l.Total, maxApprovals)
	orInt(&l.PerPrefix, max(1, l.Total/10))
	orInt(&l.PerHost, max(1, min(l.PerPrefix, l.Total/100)))
	orInt(&l.WrongAnswers, 1)
}

func (l *ApprovalLimits) valid() bool {
	return 0 < l.PerHost && l.PerHost <= l.PerPrefix && l.PerPrefix <= l.Total && l.Total <= maxApprovals && l.WrongAnswers > 0
}

func orInt(n *int, def int) {
	if *n == 0 {
		*n = def
	}
}

// shares is a bounded map of entries that belong to clients; see ApprovalLimits. A flood
// fills it with tens of thousands of entries, which each collection of garbage visits, so
// an entry is one piece of memory with all that belongs to it.
type shares[V any] struct {
	limits  *ApprovalLimits
	entries map[string]*entry[V]
	all     line[V]
	lines   map[netip.Prefix]*line[V] // of the hosts and prefixes that have entries
	dropped uint64                    // entries that have given way to others
}

// entry is one value of a client, with its places in the lines that it belongs to.
type entry[V any] struct {
	value  V
	key    string
	client netip.Addr
	used   bool
	places [groupKinds]place[V] // in the lines of its host, of its prefix, and of all
}

// place is where an entry stands in a line: nil neighbours at the ends, and both outside.
type place[V any] struct{ before, after *entry[V] }

// The groups that share the limits with a client, from the smallest.
const (
	ofHost = iota
	ofPrefix
	ofAll
	groupKinds
)

// line holds entries in the order in which they came, used ones apart.
type line[V any] struct{ unused, used chain[V] }

// chain is a list of the entries of a group, linked by their places there.
type chain[V any] struct {
	first, last *entry[V]
	size        int
}

func newShares[V any](limits *ApprovalLimits) shares[V] {
	return shares[V]{limits: limits, entries: make(map[string]*entry[V]), lines: make(map[netip.Prefix]*line[V])}
}

// prefixesOf are the host and the prefix of a client. A client without an IP, of a state
// of an earlier version, has neither: it belongs to none but all.
func prefixesOf(client netip.Addr) (prefixes [ofAll]netip.Prefix) {
	host := peer.OfHost(client).IP()
	if !host.IsValid() {
		return prefixes
	}
	bits, prefix := 32, 24
	if host.Is6() {
		bits, prefix = 64, 48
	}
	prefixes[ofHost] = netip.PrefixFrom(host, bits)
	prefixes[ofPrefix], _ = host.Prefix(prefix) // in range
	return prefixes
}

// linesOf are the lines of a client. A missing one is nil.
func (s *shares[V]) linesOf(client netip.Addr) (lines [groupKinds]*line[V]) {
	for group, prefix := range prefixesOf(client) {
		lines[group] = s.lines[prefix]
	}
	lines[ofAll] = &s.all
	return lines
}

// get returns the value of a key, nil if there is none.
func (s *shares[V]) get(key string) *V {
	if e := s.entries[key]; e != nil {
		return &e.value
	}
	return nil
}

// put enters a value under a new key, and returns where it is kept and the key that gives
// way to it; "" for none. The place of a group that is full is taken from the group, else
// from all.
func (s *shares[V]) put(key string, client netip.Addr, value V) (kept *V, dropped string) {
	lines := s.linesOf(client)
	for group, most := range [groupKinds]int{s.limits.PerHost, s.limits.PerPrefix, s.limits.Total} {
		if l := lines[group]; l != nil && l.len() >= most {
			dropped = l.oldest(group == ofAll).key
			s.remove(dropped)
			s.dropped++
			break
		}
	}
	e := &entry[V]{value: value, key: key, client: client}
	s.entries[key] = e
	for _, prefix := range prefixesOf(client) {
		if prefix.IsValid() && s.lines[prefix] == nil {
			s.lines[prefix] = new(line[V])
		}
	}
	s.queue(e)
	return &e.value, dropped
}

// queue puts an entry at the end of its lines.
func (s *shares[V]) queue(e *entry[V]) {
	for group, l := range s.linesOf(e.client) {
		if l != nil {
			l.of(e).push(group, e)
		}
	}
}

// use moves an entry behind all that are not used: it gives way later.
func (s *shares[V]) use(key string) {
	if e := s.entries[key]; e != nil && !e.used {
		s.leave(e)
		e.used = true
		s.queue(e)
	}
}

func (s *shares[V]) remove(key string) {
	e := s.entries[key]
	if e == nil {
		return
	}
	delete(s.entries, key)
	s.leave(e)
	for _, prefix := range prefixesOf(e.client) {
		if l := s.lines[prefix]; l != nil && l.len() == 0 {
			delete(s.lines, prefix)
		}
	}
}

// leave takes an entry out of its lines.
func (s *shares[V]) leave(e *entry[V]) {
	for group, l := range s.linesOf(e.client) {
		if l != nil {
			l.of(e).remove(group, e)
		}
	}
}

// of is the part of a line that an entry belongs to.
func (l *line[V]) of(e *entry[V]) *chain[V] {
	if e.used {
		return &l.used
	}
	return &l.unused
}

func (l *line[V]) len() int { return l.unused.size + l.used.size }

// oldest is the entry to give up: the oldest that is not used, else the oldest. Among the
// clients of all networks those with used entries must not keep out the others. There, if
// most entries are used, the oldest of these is given up.
func (l *line[V]) oldest(all bool) *entry[V] {
	if l.unused.size == 0 || all && l.used.size > l.unused.size {
		return l.used.first
	}
	return l.unused.first
}

func (c *chain[V]) push(group int, e *entry[V]) {
	e.places[group] = place[V]{before: c.last}
	if c.last == nil {
		c.first = e
	} else {
		c.last.places[group].after = e
	}
	c.last = e
	c.size++
}

func (c *chain[V]) remove(group int, e *entry[V]) {
	at := e.places[group]
	if at.before == nil {
		c.first = at.after
	} else {
		at.before.places[group].after = at.after
	}
	if at.after == nil {
		c.last = at.before
	} else {
		at.after.places[group].before = at.before
	}
	e.places[group] = place[V]{}
	c.size--
}
