package core

import (
	"slices"
	"time"

	"spreadable/core/message"
)

// lists is a node's place in one level: backlink, slaves, masters.
//
// Other nodes get an immutable snapshot of it (Structure), which is made again only after
// a change. A plain slave holds no list of its own: its masters are the very list that
// its backlink answered with. Only a master asks every other master itself, and keeps
// with its list when it last saw each of them.
type lists struct {
	snapshot  *message.Structure // nil after a change
	backlink  Peer               // zero while the node is not registered
	npmSlaves bool               // an npm node was among the slaves at the last sync
	recalled  bool               // the known addresses were looked at since the masters changed
	slaves    []Peer             // in order of arrival; snapshots share the array
	joined    []time.Duration    // when each slave arrived, parallel to slaves
	masters   *message.Masters
	private   bool            // no other node has masters: change them in place
	exact     bool            // the backlink has answered at the latest sync
	audited   bool            // another master has confirmed this list; see audit.go
	doubts    uint8           // about the backlink; see audit.go
	edition   uint32          // counts the snapshots
	seen      []time.Duration // parallel to masters.List; nil for an adopted list
	watch     *watch          // nil without any; see watched

	// What each of the first masters in the list answered at the last discovery, nil for
	// nothing.
	looked []*message.Structure

	// Counters of changes, of backlink and slaves and of masters; see Node.Revision.
	placeRevision, mastersRevision uint32
}

// noMasters is what every node begins with.
var noMasters = &message.Masters{}

// size is the network size by these lists: the sum of the masters' sizes, at least 1.
func (l *lists) size() int { return max(1, l.masters.Total) }

func (l *lists) isMaster() bool { return len(l.slaves) > 0 }

func (l *lists) hasSlave(p Peer) bool { return slices.Contains(l.slaves, p) }

// has reports whether p is in any of the lists: backlink, slave or master.
func (l *lists) has(p Peer) bool { return p == l.backlink || l.hasSlave(p) || l.masterIndex(p) >= 0 }

// addSlave appends a slave that is not in the list.
func (l *lists) addSlave(p Peer, now time.Duration) {
	l.resized(len(l.slaves) + 1)
	l.slaves = append(l.slaves, p) // beyond the length of every snapshot
	l.joined = append(l.joined, now)
	l.snapshot = nil
	l.placeRevision++
}

// keepSlaves removes the slaves for which keep is false.
func (l *lists) keepSlaves(keep func(i int) bool) {
	slaves, joined := make([]Peer, 0, len(l.slaves)), l.joined[:0]
	for i, p := range l.slaves {
		if keep(i) {
			slaves, joined = append(slaves, p), append(joined, l.joined[i])
		}
	}
	if len(slaves) == len(l.slaves) {
		return
	}
	l.resized(len(slaves))
	if len(slaves) == 0 {
		slaves, joined = nil, nil
	}
	l.slaves, l.joined, l.snapshot = slaves, joined, nil
	l.placeRevision++
}

func (l *lists) removeSlave(p Peer) {
	if l.hasSlave(p) {
		l.keepSlaves(func(i int) bool { return l.slaves[i] != p })
	}
}

// newestSlaves returns the n slaves that arrived last, the latest first.
func (l *lists) newestSlaves(n int) []Peer {
	newest := slices.Clone(l.slaves[len(l.slaves)-n:])
	slices.Reverse(newest)
	return newest
}

// setBacklink changes the backlink; none is zero. Doubts of one end with it, but those with
// which the next one is met stay; see level.leave.
func (l *lists) setBacklink(p Peer) {
	if l.backlink != p {
		l.backlink, l.exact, l.audited, l.snapshot = p, false, false, nil
		if p.IsZero() {
			l.doubts = 0
		}
		l.placeRevision++
	}
}

// setExact says whether the node may vouch for its list of masters; see
// message.Structure.MaxAge.
func (l *lists) setExact(exact bool) {
	if l.exact != exact {
		l.exact, l.snapshot = exact, nil
	}
}

// masterIndex returns the index of p among the masters, or -1.
func (l *lists) masterIndex(p Peer) int { return l.masters.Index(p) }

// adopt takes over a list of masters as a whole, without copying.
func (l *lists) adopt(m *message.Masters) {
	if l.masters != m {
		l.masters, l.snapshot, l.private, l.audited = m, nil, false, false
		l.mastersRevision++
	}
	l.seen, l.looked = nil, nil
}

// setMasters replaces the list. An equal list keeps the old snapshot, so that a settled
// network makes no garbage. Of another list it is not known what its masters have told.
func (l *lists) setMasters(list []message.Master, seen []time.Duration) {
	l.seen = seen
	l.mastersRevision++ // of the times at least
	if slices.Equal(list, l.masters.List) {
		return
	}
	l.masters, l.snapshot, l.private, l.audited = message.NewMasters(list), nil, true, false
	l.looked = nil
}

// setMaster adds or updates one master, in place while no other node holds the list: when
// many nodes start at once, a master's own size changes a thousand times before any node
// asks for it.
func (l *lists) setMaster(p Peer, size int, now time.Duration) {
	i, m := l.masterIndex(p), message.Master{Peer: p, Size: uint32(size)}
	same := i >= 0 && l.masters.List[i] == m
	if i >= 0 && l.seen != nil && (same || l.private) {
		if !same {
			l.masters.SetSize(i, m.Size)
		}
		l.seen[i] = now
		l.mastersRevision++
		return
	}
	list, seen := l.copyMasters(now)
	if i >= 0 {
		list[i], seen[i] = m, now
	} else {
		list, seen = append(list, m), append(seen, now)
	}
	looked := l.looked // the others stay where they are
	l.setMasters(list, seen)
	l.looked = looked
}

// removeMaster forgets one master.
func (l *lists) removeMaster(p Peer, now time.Duration) {
	if i := l.masterIndex(p); i >= 0 {
		list, seen := l.copyMasters(now)
		looked := l.looked
		if i < len(looked) {
			looked = slices.Delete(looked, i, i+1)
		}
		l.setMasters(slices.Delete(list, i, i+1), slices.Delete(seen, i, i+1))
		l.looked = looked
	}
}

// copyMasters returns a copy of the list and its times. The masters of an adopted list
// count as seen now.
func (l *lists) copyMasters(now time.Duration) ([]message.Master, []time.Duration) {
	list := slices.Clone(l.masters.List)
	seen := slices.Clone(l.seen)
	if seen == nil {
		seen = slices.Repeat([]time.Duration{now}, len(list))
	}
	return list, seen
}

// seenAt is when the i-th master last answered. It is 0 in an adopted list, which does
// not say.
func (l *lists) seenAt(i int) time.Duration {
	if l.seen == nil {
		return 0
	}
	return l.seen[i]
}
