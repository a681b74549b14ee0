package core

import "time"

// search is a master's walk over the graph of masters: ask everyone met, meet everyone they know, until nobody is new.
type search struct {
	node      *Node
	timeout   time.Duration
	met       peerSet
	next      []Peer // met, not asked yet
	confirmed []Master
	silent    []Peer // asked, no answer
}

// maxWaves bounds the walk: each wave reaches twice as far, so this closes any graph met in practice.
const maxWaves = 8

func (s *search) begin() {
	s.met.add(s.node.self)
	s.confirmed = append(s.confirmed, Master{s.node.self, uint32(len(s.node.slaves))})
}

// meet puts p on the list of those to ask, once.
func (s *search) meet(p Peer) {
	if s.met.add(p) && s.node.allowed(p) {
		s.next = append(s.next, p)
	}
}

// take uses an answer: its sender is a master if it has slaves, and all the masters it knows are worth meeting.
func (s *search) take(p Peer, answer *Structure) {
	s.met.add(p)
	if len(answer.Slaves) > 0 {
		s.confirmed = append(s.confirmed, Master{p, uint32(len(answer.Slaves))})
	}
	for _, m := range answer.Masters.List {
		s.meet(m.Peer)
	}
}

func (s *search) run(t *Task) {
	req := Request{Kind: KindStructure, Timeout: s.timeout}
	if !s.node.view.settled() {
		req.Body = introduction
	}
	for wave := 0; wave < maxWaves && len(s.next) > 0; wave++ {
		asked := s.next
		s.next = nil
		for i, resp := range t.gather(asked, req) {
			if answer, ok := resp.Body.(*Structure); ok {
				s.take(asked[i], answer)
			} else {
				s.silent = append(s.silent, asked[i])
			}
		}
	}
}

// result is the new list: the masters in the order in which we knew them, then the new ones; and when each was last seen.
func (s *search) result() ([]Master, []time.Duration) {
	n, now := s.node, s.node.env.Now()
	size := make(map[Peer]uint32, len(s.confirmed))
	for _, m := range s.confirmed {
		size[m.Peer] = m.Size
	}
	size[n.self] = uint32(len(n.slaves)) // some may have come or gone while we asked
	list := make([]Master, 0, len(s.confirmed))
	seen := make([]time.Duration, 0, len(s.confirmed))
	for i, m := range n.masters.List {
		if confirmed, ok := size[m.Peer]; ok {
			list, seen = append(list, Master{m.Peer, confirmed}), append(seen, now)
			delete(size, m.Peer)
		} else if contains(s.silent, m.Peer) {
			list, seen = append(list, m), append(seen, n.seenAt(i))
		}
	}
	for _, m := range s.confirmed {
		if confirmed, ok := size[m.Peer]; ok && confirmed > 0 {
			list, seen = append(list, Master{m.Peer, confirmed}), append(seen, now)
			delete(size, m.Peer)
		}
	}
	return list, seen
}

// peerSet is a set of peers.
type peerSet struct{ members map[Peer]struct{} }

// add reports whether p is new.
func (s *peerSet) add(p Peer) bool {
	if _, ok := s.members[p]; ok {
		return false
	}
	if s.members == nil {
		s.members = make(map[Peer]struct{})
	}
	s.members[p] = struct{}{}
	return true
}
