package message

import (
	"math/bits"
	"time"

	"spreadable/core/peer"
)

// Master is an entry of a list of masters: its address, and how many slaves it was last
// known to have.
type Master struct {
	Peer peer.Peer
	Size uint32
}

// Masters is a list of masters as it travels: immutable, so that all that learned it from
// the same node can share it. A slave keeps its backlink's very list: that is why a
// hundred thousand nodes fit in a few megabytes.
type Masters struct {
	List  []Master
	Total int // sum of the sizes: how many nodes the masters list

	members uint64   // see Set
	digest  uint64   // see Digest
	filter  []uint64 // of the masters, see Index; nil for none
}

// NewMasters makes a list with its sum and digests. It takes over the slice.
func NewMasters(list []Master) *Masters {
	m := &Masters{List: list, filter: newFilter(len(list))}
	for i, e := range list {
		m.Total += int(e.Size)
		spread := scatter(uint64(e.Peer.ID()))
		m.members += spread
		m.digest += m.entry(i)
		if m.filter != nil {
			word, bit := m.place(spread)
			m.filter[word] |= bit
		}
	}
	return m
}

// SetSize changes a size of a list from NewMasters that nobody else has yet.
func (m *Masters) SetSize(i int, size uint32) {
	m.digest -= m.entry(i)
	m.Total += int(size) - int(m.List[i].Size)
	m.List[i].Size = size
	m.digest += m.entry(i)
}

// entry is the part of the i-th master in the digest.
func (m *Masters) entry(i int) uint64 {
	e := &m.List[i]
	return scatter(scatter(uint64(e.Peer.ID())<<32|uint64(e.Size)) + uint64(i))
}

// Most peers that are looked up in a list are not in it. A list of fewFiltered masters or
// more tells so of most of them without being read: it has a Bloom filter with one bit for
// each of its masters, and filterBits or more in all for each. So one peer in filterBits or
// fewer is looked up in vain.
const (
	fewFiltered = 32
	filterBits  = 8
)

// newFilter returns the empty filter of so many masters: its length is a power of two.
func newFilter(masters int) []uint64 {
	if masters < fewFiltered {
		return nil
	}
	return make([]uint64, 1<<bits.Len(uint(masters*filterBits-1)>>6))
}

// place is the word and the bit of a scattered number in the filter.
func (m *Masters) place(spread uint64) (word int, bit uint64) {
	return int(spread>>6) & (len(m.filter) - 1), 1 << (spread & 63)
}

// Index returns the index of p in the list, or -1. A master lists itself first.
func (m *Masters) Index(p peer.Peer) int {
	list := m.List
	if m.filter != nil && list[0].Peer != p {
		if word, bit := m.place(scatter(uint64(p.ID()))); m.filter[word]&bit == 0 {
			return -1
		}
	}
	for i := range list { // three times as fast as slices.IndexFunc
		if list[i].Peer == p {
			return i
		}
	}
	return -1
}

// Set is a digest of the set of masters, whatever their order and sizes. It is 0, which
// says nothing, of a list that came by wire: a sender could forge it.
func (m *Masters) Set() uint64 { return m.members }

// Digest is a digest of the whole list: its masters, their order and their sizes. It is 0
// of a list that came by wire, as Set is.
func (m *Masters) Digest() uint64 { return m.digest }

// SizeOf returns the size that the list gives p; ok is false when it is not in the list.
func (m *Masters) SizeOf(p peer.Peer) (size int, ok bool) {
	i := m.Index(p)
	if i < 0 {
		return 0, false
	}
	return int(m.List[i].Size), true
}

// scatter spreads a number over 64 bits, so that the sum over a set is its digest: whatever
// the order, and seldom that of another set. It is the last step of the splitmix64
// generator (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
func scatter(x uint64) uint64 {
	z := x * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Introduction is the body of a structure request from a master that wants to be known.
// Npm peers ignore it.
type Introduction struct{}

// Structure is a node's answer about its place in the network. It is a snapshot and never
// changed.
type Structure struct {
	Address  peer.Peer
	Backlink peer.Peer // none while not registered
	Slaves   []peer.Peer
	Masters  *Masters // never nil

	Npm       bool // the node itself is one of npm
	NpmSlaves bool // some of its slaves are

	// MaxAge says, if it is above 0, that the sender vouches for the two entries of its
	// masters that others can check: its own is the number of its slaves in this very
	// answer, and its backlink's is what the backlink told it, no longer ago than so many
	// milliseconds. Npm nodes and old ones of ours never say so, and an honest node does
	// not when it has not heard its backlink at its latest sync.
	MaxAge uint32
}

// Size returns the network size that the snapshot speaks for: the sum of its masters'
// sizes, at least 1.
func (s *Structure) Size() int { return max(1, s.Masters.Total) }

// Status is a node's answer about itself.
type Status struct {
	Root         peer.Peer
	Availability float64       // 0 (busy) to 1 (idle)
	SyncAverage  time.Duration // mean duration of the latest syncs, 0 before the first
	IsMaster     bool
	IsNormalized bool // up for longer than one sync lifetime
	IsRegistered bool
	NetworkSize  int
}
