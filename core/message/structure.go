package message

import (
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

	members uint64 // see Set
}

// NewMasters makes a list with its sum and digest. It takes over the slice.
func NewMasters(list []Master) *Masters {
	m := &Masters{List: list}
	for _, e := range list {
		m.Total += int(e.Size)
		m.members += scatter(e.Peer)
	}
	return m
}

// Set is a digest of the set of masters, whatever their order and sizes. It is 0, which
// says nothing, of a list that came by wire: a sender could forge it.
func (m *Masters) Set() uint64 { return m.members }

// SizeOf returns the size that the list gives p; ok is false when it is not in the list.
func (m *Masters) SizeOf(p peer.Peer) (size int, ok bool) {
	for i := range m.List {
		if m.List[i].Peer == p {
			return int(m.List[i].Size), true
		}
	}
	return 0, false
}

// scatter spreads a peer's number over 64 bits, so that the sum over a set of peers is
// its digest: whatever the order, and seldom that of another set. It is the last step of
// the splitmix64 generator (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, 2014).
func scatter(p peer.Peer) uint64 {
	z := uint64(p.ID()) * 0x9e3779b97f4a7c15
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
