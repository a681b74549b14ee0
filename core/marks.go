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

// at returns the entry of a number.
func (m *marks) at(id uint32) *mark {
	if need := int(id) + 1; need > len(m.entries) {
		m.entries = append(m.entries, make([]mark, need-len(m.entries)+need/4)...)
	}
	return &m.entries[id]
}

// count adds one to the value of a number, which begins at 0, and returns it.
func (m *marks) count(id uint32) int {
	e := m.at(id)
	if e.use != m.use {
		*e = mark{use: m.use}
	}
	e.value++
	return int(e.value)
}

// put enters p and reports whether it is new.
func (m *marks) put(p Peer, value uint32) bool {
	e := m.at(p.ID())
	if e.use == m.use {
		return false
	}
	*e = mark{m.use, value}
	return true
}

// swap sets the value of p and returns the former one, 0 if p is new.
func (m *marks) swap(p Peer, value uint32) (former uint32, known bool) {
	e := m.at(p.ID())
	if known = e.use == m.use; known {
		former = e.value
	}
	*e = mark{m.use, value}
	return former, known
}

// value returns the value of p, and whether p has been entered.
func (m *marks) value(p Peer) (value uint32, known bool) {
	id := int(p.ID())
	if id >= len(m.entries) || m.entries[id].use != m.use {
		return 0, false
	}
	return m.entries[id].value, true
}

// take returns p's value and sets it to 0; 0 if p has not been entered.
func (m *marks) take(p Peer) uint32 {
	value, known := m.value(p)
	if known {
		m.entries[p.ID()].value = 0
	}
	return value
}
