package message

import (
	"net/netip"
	"time"

	"spreadable/core/peer"
)

// Request is what one participant asks another.
type Request struct {
	Kind Kind
	// Once says that the sender will hardly ask the same peer again, so a transport need
	// not remember its answer to tell what is new in the next.
	Once bool
	// From is the node that asks, none for a client. Root is the sender's network, none
	// while the sender does not know it.
	From, Root peer.Peer
	// Timeout is what was left of the timeout budget when the request was sent. It is
	// never a time of day.
	Timeout time.Duration
	// Client is where the request came from, as the transport saw it. It may be zero for
	// a node in memory.
	Client netip.Addr
	// Trace is the number of the client's operation that caused the request, 0 for none.
	// Transports may account by it; no node reads it.
	Trace uint32
	// Body is of the kind's own pointer type, nil for kinds without fields. It is never
	// changed once sent.
	Body any
}

// Slippage is what a node takes off the timeout budget of a request, for the way back and
// its own work (npm: 120 ms). See [Left].
const Slippage = 120 * time.Millisecond

// Left is what a node may use of the timeout budget of a request to ask others: all but
// the slippage, and at least half. Npm takes off the whole slippage always; then networks
// whose timeouts are near it, such as those of one rack, would never form.
func Left(timeout time.Duration) time.Duration { return timeout - min(Slippage, timeout/2) }

// Response is the answer, or why there is none. Body is the kind's own pointer type and
// never changed once sent.
type Response struct {
	Body any
	Err  error
}

// As returns the body of an answer as the type that the kind of request calls for. The
// error is the answer's own, or ErrMalformed for a body of another type.
func As[T any](resp Response) (*T, error) {
	if body, ok := resp.Body.(*T); ok && body != nil {
		return body, nil
	}
	if resp.Err != nil {
		return nil, resp.Err
	}
	return nil, ErrMalformed
}

// Asked returns the body of a request as the type of its kind; nil for a body of another
// type, or none.
func Asked[T any](req *Request) *T {
	body, _ := req.Body.(*T)
	return body
}
