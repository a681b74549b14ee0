package host

import (
	"fmt"
	"time"

	"spreadable/core/message"
)

// Direct is a request to one node, which only nodes send. Q is the type of the question, A
// that of the answer; both travel as JSON. A stream of bytes may follow the question. None
// follows an answer: a node that wants bytes asks one that has them to send them.
//
// Required are Name and Serve.
type Direct[Q, A any] struct {
	Name string
	// Check says what is wrong with a question. It is called before any work, and before
	// the stream is read: here a node refuses what it has already or has no capacity for.
	Check func(from Peer, q *Q, size int64) error
	// Serve answers. The stream is nil if there was none; else all of it has come, has the
	// hash that its sender gave, and is a pending blob, which ends with Serve unless it is
	// committed. An error refuses.
	Serve func(t *Task, from Peer, q *Q, stream *Pending) (*A, error)
	// Valid says what is wrong with an answer; see the package comment. Nil accepts all.
	Valid func(q *Q, a *A) error
	// MaxStream is how many bytes may follow a question: 0, none.
	MaxStream int64
	// Timeout is how long Send waits at most: DefaultTimeout. A stream has longer: as long
	// as it comes at LeastRate.
	Timeout time.Duration
}

// LeastRate is the rate, in bytes per second, at which a stream must come.
const LeastRate = 64 << 10

// Send asks one node. The stream is nil for none. The answer is nil if Serve gave none.
type Send[Q, A any] func(t *Task, to Peer, q *Q, stream *Stream) (*A, error)

// Stream is a blob that follows a question; see Blobs.Stream.
type Stream = message.Stream

// Offer declares the request and returns the function that sends it.
func (d Direct[Q, A]) Offer(h *Host) Send[Q, A] {
	if !h.declare("direct", d.Name, has(h.directs, d.Name)) {
		return nil
	}
	if d.Serve == nil || d.MaxStream < 0 {
		h.fail("direct %q: it needs Serve, and no negative limit", d.Name)
		return nil
	}
	if d.Timeout == 0 {
		d.Timeout = DefaultTimeout
	}
	s := &service[Q, A]{Direct: d, name: h.scoped(d.Name), host: h, traffic: &Traffic{Name: d.Name}}
	h.directs = append(h.directs, s.traffic)
	h.node.OfferDirect(s)
	return func(t *Task, to Peer, q *Q, stream *Stream) (*A, error) {
		timeout := d.Timeout
		if stream != nil {
			timeout += time.Duration(stream.Size/LeastRate) * time.Second
		}
		began := h.Now()
		result, err := t.Send(to, &message.DirectRequest{Name: s.name, Arg: q, Stream: stream}, timeout)
		s.traffic.ended(h.Now()-began, err)
		answer, _ := result.(*A)
		return answer, err
	}
}

// service is a Direct as the core knows it: a core.Direct, and wire.Values.
type service[Q, A any] struct {
	Direct[Q, A]
	name    string
	host    *Host
	traffic *Traffic
}

func (s *service[Q, A]) Name() string { return s.name }

func (s *service[Q, A]) Check(from Peer, request *message.DirectRequest) error {
	q, ok := request.Arg.(*Q)
	size := int64(0)
	if request.Stream != nil {
		size = request.Stream.Size
	}
	switch {
	case !ok || q == nil:
		return errNoQuestion
	case size < 0 || size > s.MaxStream || request.Stream != nil && s.MaxStream == 0:
		return fmt.Errorf("a stream of %d bytes, at most %d", size, s.MaxStream)
	case s.Direct.Check == nil:
		return nil
	}
	var err error
	if panicked := s.host.contain(s.name, func() { err = s.Direct.Check(from, q, size) }); panicked != nil {
		return panicked
	}
	return err
}

func (s *service[Q, A]) Serve(t *Task, from Peer, request *message.DirectRequest) (answer any, err error) {
	defer func() { s.traffic.served(err) }()
	var pending *Pending
	if request.Stream != nil {
		if pending, err = s.host.receive(t, request.Stream); err != nil {
			return nil, err
		}
		s.traffic.Received += uint64(pending.Size)
		defer pending.Discard()
	}
	var a *A
	if panicked := s.host.perform(t, s.name, func(t *Task) {
		a, err = s.Direct.Serve(t, from, request.Arg.(*Q), pending)
	}); panicked != nil {
		return nil, panicked
	}
	return orNil(a), err
}

func (s *service[Q, A]) Valid(question, answer any) error {
	a, ok := answer.(*A)
	switch {
	case !ok || a == nil:
		return s.traffic.judged(errNoAnswer)
	case s.Direct.Valid == nil:
		return nil
	}
	var err error
	if panicked := s.host.contain(s.name, func() { err = s.Direct.Valid(question.(*Q), a) }); panicked != nil {
		return panicked
	}
	return s.traffic.judged(err)
}

// DecodeArg and DecodeResult implement wire.Values.
func (s *service[Q, A]) DecodeArg(data []byte) (any, error)    { return decode[Q](s.host, data) }
func (s *service[Q, A]) DecodeResult(data []byte) (any, error) { return decode[A](s.host, data) }
