package draw

import "time"

// Memo remembers the hashes of one period's addresses, so that the draws of a
// period hash each address once: for a hundred thousand that takes a fiftieth of
// a second. It needs 16 bytes for each index up to the highest. The zero value
// is empty.
type Memo struct {
	start  time.Duration
	hashes []hash // by index; zero where unknown
}

// Ranking returns an empty ranking for the period that begins at start. For all
// rankings of a memo an index must stand for the same address, until Forget; and
// once the next one has been asked for, nothing may be added to a ranking. It
// remembers one period: to ask for two in turn is as slow as without it.
func (m *Memo) Ranking(start time.Duration) *Ranking {
	if start != m.start {
		m.Forget()
		m.start = start
	}
	r := New(start)
	r.memo = m
	return r
}

// Forget empties the memo, for when an index is to stand for another address.
func (m *Memo) Forget() { clear(m.hashes) }

// at returns the place of an index.
func (m *Memo) at(index int32) *hash {
	if need := int(index) + 1; need > len(m.hashes) {
		m.hashes = append(m.hashes, make([]hash, need-len(m.hashes)+need/4)...)
	}
	return &m.hashes[index]
}
