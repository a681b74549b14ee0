package wire

import (
	"spreadable/core/peer"
)

// Interner turns addresses into peers. It belongs to the node's thread, which alone
// writes the book.
type Interner struct {
	Book *peer.Book
	// the other end: the sender of a request, none for a client; or the node that has
	// answered
	Other peer.Peer
	Full  bool // an address did not fit into the book
}

// Peer interns an address; none for the zero one, and for one that does not fit.
func (in *Interner) Peer(a peer.Address) peer.Peer {
	if a.IsZero() {
		return peer.Peer{}
	}
	p, err := in.Book.Intern(a)
	if err != nil {
		in.Full = true
	}
	return p
}

// set interns a list without repetitions, and without addresses that do not fit.
func (in *Interner) set(list []peer.Address) []peer.Peer {
	peers := make([]peer.Peer, 0, len(list))
	seen := make(map[peer.Peer]struct{}, len(list))
	for _, a := range list {
		p := in.Peer(a)
		if _, twice := seen[p]; twice || p.IsZero() {
			continue
		}
		seen[p] = struct{}{}
		peers = append(peers, p)
	}
	return peers
}

// all interns a list as it is. Repetitions stay, because the core judges the sender by
// them.
func (in *Interner) all(list []peer.Address) []peer.Peer {
	peers := make([]peer.Peer, len(list))
	for i, a := range list {
		peers[i] = in.Peer(a)
	}
	return peers
}
