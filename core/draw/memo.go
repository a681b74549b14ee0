package draw

import "time"

// Memo remembers the hashes of one period's addresses, so that all draws of a
// period together hash each address once. To hash a hundred thousand takes a
// fiftieth of a second. A memo needs 16 bytes for each index up to the highest.
// The zero value is empty.
type Memo struct {
	start  time.Duration
	hashes []Hash // by index; zero where unknown
}

// Ranking returns an empty ranking for the period that begins at start. Until
// Forget, an index must stand for the same address in all rankings of a memo.
// Nothing may be added to a ranking once the next one has been asked for. A memo
// remembers one period: draws that change between two periods gain nothing.
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

// at returns where the hash of an index is kept. The memo grows by a quarter more
// than it must, so that growing index by index stays linear.
func (m *Memo) at(index int32) *Hash {
	if need := int(index) + 1; need > len(m.hashes) {
		m.hashes = append(m.hashes, make([]Hash, need-len(m.hashes)+need/4)...)
	}
	return &m.hashes[index]
}
