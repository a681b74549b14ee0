package message

import (
	"time"

	"spreadable/core/peer"
)

// QueryRequest carries a network-wide request of an application.
type QueryRequest struct {
	Name  string
	Level int // network levels still below the receiver: 1 at a butler, 0 at a slave
	Arg   any // the application's own, never changed once sent
	// Proof is a client's approval, for a query that needs one; nil for none. It goes no
	// further than to the entry node.
	Proof *Proof
}

// QueryAnswer is a merged answer and how much of the network stands behind it.
type QueryAnswer struct {
	Result   any // nil when no node had anything to say
	Coverage Coverage
	Cost     Cost
}

// Coverage counts the nodes behind an answer.
type Coverage struct {
	Asked    int // nodes that should have answered, by the lists of those that asked
	Answered int // nodes whose answer is in the result
}

// Cost is what an answer took below the node that gives it. Both count requests between
// different participants: what a node asks of itself does not leave the process.
type Cost struct {
	Hops   int // sequential requests on the longest path
	Fanout int // most simultaneous requests of one participant
}

// Terms are the terms of an application's query. By default only nodes may ask.
type Terms struct {
	Clients  bool          // clients may ask, too
	Approval string        // the kind of approval that a client needs; "" for none
	Work     bool          // a node's own answer is a procedure: KindWork, not KindQuerySlave
	Early    bool          // an answer may be enough
	Timeout  time.Duration // of each step; 0 is that of the node's requests
}

// Told is an answer to a query, and the peer that gave it: a node for itself, or a master
// for its slaves.
type Told struct {
	By     peer.Peer
	Leaf   bool // By said it of itself
	Answer any
}
