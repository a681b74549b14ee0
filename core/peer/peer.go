package peer

// Peer is a node as other nodes hold it: an address interned in a [Book]. It
// is four bytes, comparable, and means something only together with its book.
// The zero value is none.
type Peer struct{ id uint32 }

// FromID gives the peer of an id that [Peer.ID] returned. Id 0 is none.
func FromID(id uint32) Peer { return Peer{id: id} }

// ID is a small number from 1, dense within one [Book], fit to index a slice.
// It is not stable across runs of a production process: never store or send it.
func (p Peer) ID() uint32 { return p.id }

// IsZero reports whether p is none.
func (p Peer) IsZero() bool { return p.id == 0 }
