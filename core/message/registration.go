package message

import (
	"time"

	"spreadable/core/peer"
)

// Interview is what a newcomer tells the master it wants to register at.
type Interview struct{ Address peer.Peer }

// ProvideRequest asks where Target could register.
type ProvideRequest struct {
	Target peer.Peer
	// Places says that the asker understands an ordered list of places, and Lost is the
	// backlink that did not answer it any more, if that is why it asks. Npm peers never
	// set them.
	Places bool
	Lost   peer.Peer
}

// Provision is the answer: one result for each master, or the places chosen by a
// directing provider.
type Provision struct {
	Results     []Place
	Lifetime    time.Duration // the provider's sync lifetime
	NetworkSize int           // the provider's own view
}

// Place is one result of a Provision: a master, the size of the network it sees, and its
// slaves, which could become masters if all masters are full. A master without slaves is
// its own only spare, and so is every place that a directing provider has chosen.
type Place struct {
	Address     peer.Peer
	NetworkSize int
	Spares      []peer.Peer // npm: candidates
}

// RegisterRequest asks a node to list Target as its slave. NetworkSize is what the
// provider said: a master whose own view is older takes as many slaves as a network of
// that size needs. It is 0 from npm peers.
type RegisterRequest struct {
	Target      peer.Peer
	NetworkSize int

	// Draw is how the newcomer draws (draw.Settings), "" as npm peers do. Levels is how
	// many levels its network has; 0 from npm peers, which stands for 1.
	Draw   string
	Levels int
}

// Registered tells a new slave how many slaves its master has now, how its network draws
// (draw.Settings), "" as npm peers do, and how many levels it has, 0 from npm peers.
type Registered struct {
	Size   int
	Draw   string
	Levels int
}

// AvailableNode names a node for a client to work with.
type AvailableNode struct{ Address peer.Peer }
