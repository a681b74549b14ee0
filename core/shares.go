package core

import (
	linked "container/list"
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

// shares is a bounded map of entries that belong to clients; see ApprovalLimits.
type shares[V any] struct {
	limits  *ApprovalLimits
	entries map[string]*entry[V]
	all     line
	lines   map[netip.Prefix]*line // of the hosts and prefixes that have entries
	dropped uint64                 // entries that have given way to others
}

// entry is one value of a client, with its places in the lines that it belongs to.
type entry[V any] struct {
	value  *V
	key    string
	used   bool
	groups [3]netip.Prefix // its host, its prefix, and the invalid one for all
	places [3]*linked.Element
}

// line holds keys in the order in which they came, used ones apart.
type line struct{ unused, used linked.List }

func newShares[V any](limits *ApprovalLimits) shares[V] {
	return shares[V]{limits: limits, entries: make(map[string]*entry[V]), lines: make(map[netip.Prefix]*line)}
}

// groupsOf are the groups that share the limits with a client. A client without an IP,
// of a state of an earlier version, belongs to none but all.
func groupsOf(client netip.Addr) (groups [3]netip.Prefix) {
	host := peer.OfHost(client).IP()
	if !host.IsValid() {
		return groups
	}
	bits, prefix := 32, 24
	if host.Is6() {
		bits, prefix = 64, 48
	}
	groups[0] = netip.PrefixFrom(host, bits)
	groups[1], _ = host.Prefix(prefix) // in range
	return groups
}

// get returns the value of a key, nil if there is none.
func (s *shares[V]) get(key string) *V {
	if e := s.entries[key]; e != nil {
		return e.value
	}
	return nil
}

// put enters a value under a new key, and returns the key that gives way to it; "" for
// none. The place of a group that is full is taken from the group, else from all.
func (s *shares[V]) put(key string, client netip.Addr, value *V) (dropped string) {
	e := &entry[V]{value: value, key: key, groups: groupsOf(client)}
	for i, most := range []int{s.limits.PerHost, s.limits.PerPrefix, s.limits.Total} {
		if l := s.line(e.groups[i], i); l != nil && l.len() >= most {
			dropped = l.oldest(i == 2)
			break
		}
	}
	if dropped != "" {
		s.remove(dropped)
		s.dropped++
	}
	s.entries[key] = e
	for i, group := range e.groups {
		if l := s.line(group, i); l != nil {
			e.places[i] = l.unused.PushBack(key)
		} else if group.IsValid() {
			l = new(line)
			s.lines[group] = l
			e.places[i] = l.unused.PushBack(key)
		}
	}
	return dropped
}

// line is that of the i-th group of an entry, nil where there is none.
func (s *shares[V]) line(group netip.Prefix, i int) *line {
	if i == 2 {
		return &s.all
	}
	return s.lines[group]
}

// use moves an entry behind all that are not used: it gives way later.
func (s *shares[V]) use(key string) {
	e := s.entries[key]
	if e == nil || e.used {
		return
	}
	e.used = true
	for i, group := range e.groups {
		if place := e.places[i]; place != nil {
			l := s.line(group, i)
			l.unused.Remove(place)
			e.places[i] = l.used.PushBack(key)
		}
	}
}

func (s *shares[V]) remove(key string) {
	e := s.entries[key]
	if e == nil {
		return
	}
	delete(s.entries, key)
	for i, group := range e.groups {
		place := e.places[i]
		if place == nil {
			continue
		}
		l := s.line(group, i)
		if e.used {
			l.used.Remove(place)
		} else {
			l.unused.Remove(place)
		}
		if i < 2 && l.len() == 0 {
			delete(s.lines, group)
		}
	}
}

func (l *line) len() int { return l.unused.Len() + l.used.Len() }

// oldest is the key to give up: the oldest that is not used, else the oldest. Among the
// clients of all networks those with used entries must not keep out the others. There, if
// most entries are used, the oldest of these is given up.
func (l *line) oldest(all bool) string {
	from := &l.unused
	if from.Len() == 0 || all && l.used.Len() > l.unused.Len() {
		from = &l.used
	}
	return from.Front().Value.(string)
}
