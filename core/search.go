package core

import (
	"slices"
	"spreadable/core/message"
	"time"
)

// search is a master's walk over the graph of masters: ask everyone met, meet everyone they know, until nobody is new.
//
// Every master does this at every sync, and each of the answers lists all masters: as many names are looked at as the
// network has nodes. So a name costs one look at the marks, and an answer whose list is the very one that was looked
// through before costs nothing, nor does one that names the same masters as another.
type search struct {
	node      *Node
	budget    budget
	met       []Peer // all, in the order of meeting; those from asked on have not been asked yet
	known     []int  // for each of met: its place in our old list of masters, or -1
	asked     int
	confirmed []message.Master
	lists     []*message.Masters // what each of the confirmed knows
	silent    []Peer             // no answer, or no time left to ask
	thorough  bool               // look through lists again that were seen before
	most      int                // how many to meet at the most
	sets      [8]uint64          // digests of the sets of masters in the lists looked through last; soon all name the same few sets
	last      int                // where in sets the latest stands
}

const (
	// maxWaves bounds the walk. Each wave reaches one acquaintance further, and everybody walks: what one sync leaves open the
	// next ones close.
	maxWaves = 8
	// maxMasters is the most masters of any network: those of a billion nodes.
	maxMasters = 32_000
	// thoroughEvery is how many syncs pass until a settled master looks through all lists again.
	thoroughEvery = 64
)

// beginSearch starts a walk. Until the next wait the marks are those whom it has met.
func (n *Node) beginSearch(b budget) *search {
	s := &search{node: n, budget: b, thorough: n.view.changed || n.rounds%thoroughEvery == 0}
	s.met = make([]Peer, 0, len(n.masters.List)+8)
	s.most = maxMasters
	if n.view.settled() {
		s.most = 4*len(n.masters.List) + 64 // a network does not grow that much between two syncs: more are lies
	}
	s.confirmed = make([]message.Master, 0, cap(s.met))
	s.lists = make([]*message.Masters, 0, cap(s.met))
	n.pool.marks.reset()
	n.pool.marks.put(n.self, 0)
	return s
}

// meet puts p on the list of those to ask, once.
func (s *search) meet(p Peer) { s.meetKnown(p, -1) }

func (s *search) meetKnown(p Peer, place int) {
	if len(s.met) < s.most && !p.IsZero() && s.node.pool.marks.put(p, 0) && s.node.allowed(p) {
		s.met, s.known = append(s.met, p), append(s.known, place)
	}
}

// skip leaves out somebody who has said already what we would ask.
func (s *search) skip(p Peer) { s.node.pool.marks.put(p, 0) }

// take uses an answer: its sender is a master if it has slaves, and all the masters it knows are worth meeting. Place is
// the sender's in our old list, or -1.
func (s *search) take(p Peer, place int, answer *message.Structure) {
	if s.node.ledger != nil {
		s.node.ledger.report(p, answer.Slaves)
	}
	if len(answer.Slaves) > 0 {
		s.confirmed = append(s.confirmed, message.Master{Peer: p, Size: uint32(len(answer.Slaves))})
		s.lists = append(s.lists, answer.Masters)
	}
	if looked := s.node.looked; !s.thorough && place >= 0 && place < len(looked) && looked[place] == answer.Masters {
		return
	}
	list := answer.Masters.List
	if most := 2*Optimum(answer.Masters.Total) + 8; len(list) > most { // nobody has more masters than that
		list = list[:most]
	} else if set := answer.Masters.Set(); set != 0 {
		if slices.Contains(s.sets[:], set) {
			return
		}
		s.last = (s.last + 1) % len(s.sets)
		s.sets[s.last] = set
	}
	for _, m := range list {
		s.meet(m.Peer)
	}
}

func (s *search) run(t *Task) {
	req := message.Request{Kind: message.KindStructure}
	if s.node.view.changed {
		req.Body = introduction
	}
	for wave := 0; wave < maxWaves && s.asked < len(s.met) && s.budget.left() > 0; wave++ {
		req.Timeout = s.budget.atMost(s.node.cfg.ServerTimeout)
		asked, known := s.met[s.asked:], s.known[s.asked:]
		s.asked = len(s.met)
		responses := t.gather(asked, req)
		s.remark()
		for i, resp := range responses {
			if answer, err := message.As[message.Structure](resp); err == nil {
				s.take(asked[i], known[i], answer)
			} else {
				s.silent = append(s.silent, asked[i])
			}
		}
	}
	s.silent = append(s.silent, s.met[s.asked:]...)
}

// remark restores the marks after a wait, in which others have used them.
func (s *search) remark() {
	marks := &s.node.pool.marks
	marks.reset()
	marks.put(s.node.self, 0)
	for _, p := range s.met {
		marks.put(p, 0)
	}
	for _, m := range s.confirmed {
		marks.put(m.Peer, 0)
	}
}

// finish makes the new list of masters: ourselves, then those that we knew, in their order, then the new ones. Who
// did not answer keeps its last size and the time when it was last seen.
func (s *search) finish() {
	n, now := s.node, s.node.env.Now()
	places := &n.pool.marks // among the confirmed, from 1
	places.reset()
	for i, m := range s.confirmed {
		places.put(m.Peer, uint32(i)+1)
	}
	room := len(s.confirmed) + 1
	next := masterTable{make([]message.Master, 0, room), make([]time.Duration, 0, room), make([]*message.Masters, 0, room)}
	if n.isMaster() {
		next.add(message.Master{Peer: n.self, Size: uint32(len(n.slaves))}, now, nil)
	}
	for i, m := range n.masters.List {
		if at := places.take(m.Peer); at > 0 {
			next.add(s.confirmed[at-1], now, s.lists[at-1])
		} else if m.Peer != n.self && slices.Contains(s.silent, m.Peer) {
			next.add(m, n.seenAt(i), nil)
		}
	}
	for i, m := range s.confirmed {
		if places.take(m.Peer) > 0 {
			next.add(m, now, s.lists[i])
		}
	}
	n.setMasters(next.list, next.seen)
	n.looked = next.lists
}

// masterTable is a list of masters with what belongs to each entry.
type masterTable struct {
	list  []message.Master
	seen  []time.Duration
	lists []*message.Masters
}

func (t *masterTable) add(m message.Master, seen time.Duration, list *message.Masters) {
	t.list, t.seen, t.lists = append(t.list, m), append(t.seen, seen), append(t.lists, list)
}
