package message

import (
	"net/netip"
	"time"

	"spreadable/core/peer"
)

// Request is what one participant asks another.
type Request struct {
	Kind    Kind
	From    peer.Peer     // the asking node; none for a client
	Root    peer.Peer     // the sender's network; none while it is unknown
	Timeout time.Duration // what was left of the timeout budget when this was sent; never a time of day
	Client  netip.Addr    // where the request came from, as the transport saw it; it may be zero for a node in memory
	Trace   uint32        // the client's operation that caused it, 0 for none: transports may account by it, no node reads it
	Body    any           // the kind's own pointer type, nil for kinds without fields; never changed once sent
}

// Response is the answer, or why there is none. Body is the kind's own pointer type and never
// changed once sent.
type Response struct {
	Body any
	Err  error
}

// As returns the body of an answer as the type that the kind of request calls for. The error
// is the answer's own, or ErrMalformed for a body of another type.
func As[T any](resp Response) (*T, error) {
	if body, ok := resp.Body.(*T); ok && body != nil {
		return body, nil
	}
	if resp.Err != nil {
		return nil, resp.Err
	}
	return nil, ErrMalformed
}

// Asked returns the body of a request as the type of its kind; nil for a body of another type,
// or none.
func Asked[T any](req *Request) *T {
	body, _ := req.Body.(*T)
	return body
}
