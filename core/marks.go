package core

// marks is a map from peers to small numbers, for use between two waits of a task. It is
// an array over the ids, in which entries of former uses do not count. One in each pool
// serves all its nodes.
type marks struct {
	entries []mark
	use     uint32
}

type mark struct{ use, value uint32 }

// reset forgets all entries.
func (m *marks) reset() {
	m.use++
	if m.use == 0 { // after four billion uses old entries would count again
		clear(m.entries)
		m.use = 1
	}
}

// put enters p and reports whether it is new.
func (m *marks) put(p Peer, value uint32) bool {
	id := int(p.ID())
	if id >= len(m.entries) {
		m.entries = append(m.entries, make([]mark, id+1-len(m.entries)+id/4)...)
	}
	e := &m.entries[id]
	if e.use == m.use {
		return false
	}
	*e = mark{m.use, value}
	return true
}

// take returns p's value and sets it to 0; 0 if p has not been entered.
func (m *marks) take(p Peer) uint32 {
	id := int(p.ID())
	if id >= len(m.entries) || m.entries[id].use != m.use {
		return 0
	}
	value := m.entries[id].value
	m.entries[id].value = 0
	return value
}
