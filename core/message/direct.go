package message

import "io"

// DirectRequest carries a request of an application to one node.
type DirectRequest struct {
	Name   string
	Arg    any     // the application's own, never changed once sent
	Stream *Stream // what follows the request; nil for nothing
}

// DirectAnswer is the answer to it.
type DirectAnswer struct {
	Result any // the application's own; nil for nothing
}

// Stream is a body that is too long to be held in memory. Its sender says beforehand how
// long it is and what it hashes to, so that the receiver can refuse it unread, and can
// tell whether it has come whole. It is never resumed.
type Stream struct {
	Size int64
	Hash [32]byte // SHA-256 of all bytes

	// Open gives the sender's transport the bytes, from the first on. It is called outside
	// of the node's thread. Nil in a simulation, where a stream is its size.
	Open func() (io.ReadCloser, error)

	// Intact says of a simulated stream that its bytes are those of the hash.
	Intact bool

	// Held is what the receiver's transport has stored the bytes as, before the node sees
	// the request: verified, and the application's to keep or to drop. Nil in a simulation.
	Held any
}
