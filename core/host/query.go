package host

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"spreadable/core/message"
)

// DefaultTimeout is how long an Ask or Send waits if its declaration does not say.
const DefaultTimeout = 10 * time.Second

// Access says who may ask a query. The zero value is for members of the network only.
type Access struct {
	clients  bool
	approval string
}

// Members lets only nodes ask, Clients also clients. Approved lets clients ask that show an
// approval of that kind, such as "captcha".
func Members() Access             { return Access{} }
func Clients() Access             { return Access{clients: true} }
func Approved(kind string) Access { return Access{clients: true, approval: kind} }

// Query is a question to the whole network. Q is the type of the question, A that of the
// answer; both travel as JSON. A nil answer says nothing and costs next to nothing.
//
// Required are Name, Merge, and Local or Work.
type Query[Q, A any] struct {
	Name string
	// Who may ask: by default members only.
	Who Access
	// Check says what is wrong with a question, at each step before any work.
	Check func(q *Q) error

	// Local is this node's answer, given at once from what is in memory or in the Bucket:
	// at most some 100 µs. An error refuses.
	Local func(q *Q) (*A, error)
	// Work is Local for an answer that takes longer: a procedure, which may Offload.
	Work func(t *Task, q *Q) (*A, error)

	// Merge makes one answer of several, in the light of the question: sorted, cut to a
	// limit, the newest of each. It gets no nil answers, and is called with a single one,
	// too. Answers are merged in any grouping and any order; it must not change them, and
	// must keep them valid.
	Merge func(q *Q, answers []Given[A]) *A
	// Valid says what is wrong with an answer; see the package comment. Nil accepts all.
	Valid func(q *Q, a *A) error
	// Enough says that no other answer is needed. Nil waits for all.
	Enough func(q *Q, a *A) bool

	// Known, if there is one, says what a slave of this node would answer, as far as that is
	// known without asking it: nil for nothing. It is called once for a question, at a master
	// that is to ask its slaves, and returns a function for each of them, or nil if all must
	// be asked. A slave that is known is not asked, and counts as one that has answered. It
	// does not go with Enough.
	Known func(q *Q) func(slave Peer) (answer *A, known bool)

	// Timeout is how long Ask waits at most: DefaultTimeout. Step is how long one step may
	// take: the node's server_timeout.
	Timeout, Step time.Duration
}

// Given is an answer and the node that gave it. A Leaf answer is what By says of itself;
// another is what By has merged of its slaves' answers.
type Given[A any] struct {
	By     Peer
	Leaf   bool
	Answer *A
}

// Ask asks the whole network. The answer is nil if no node had anything to say. Coverage
// tells how many nodes were asked and how many answered, so that the caller can tell "not
// found" from "not reached". The error is a refusal, or that of the question.
type Ask[Q, A any] func(t *Task, q *Q) (*A, Coverage, error)

func has(list []*Traffic, name string) bool {
	return slices.ContainsFunc(list, func(c *Traffic) bool { return c.Name == name })
}

// Offer declares the query and returns the function that asks it.
func (q Query[Q, A]) Offer(h *Host) Ask[Q, A] {
	if !h.declare("query", q.Name, has(h.queries, q.Name)) {
		return nil
	}
	if q.Merge == nil || (q.Local == nil) == (q.Work == nil) {
		h.fail("query %q: it needs Merge, and either Local or Work", q.Name)
		return nil
	}
	if q.Known != nil && q.Enough != nil {
		h.fail("query %q: Known and Enough do not go together", q.Name)
		return nil
	}
	if q.Timeout == 0 {
		q.Timeout = DefaultTimeout
	}
	f := &fold[Q, A]{Query: q, name: h.scoped(q.Name), host: h, traffic: &Traffic{Name: q.Name}}
	h.queries = append(h.queries, f.traffic)
	h.node.OfferFold(f)
	return func(t *Task, question *Q) (*A, Coverage, error) {
		began := h.Now()
		answer, err := t.Ask(f.name, question, q.Timeout)
		f.traffic.ended(h.Now()-began, err)
		if err != nil {
			return nil, Coverage{}, err
		}
		f.traffic.NodesAsked += uint64(answer.Coverage.Asked)
		f.traffic.NodesAnswered += uint64(answer.Coverage.Answered)
		result, _ := answer.Result.(*A)
		return result, answer.Coverage, nil
	}
}

// fold is a Query as the core knows it: a core.Fold, and wire.Values.
type fold[Q, A any] struct {
	Query[Q, A]
	name    string
	host    *Host
	traffic *Traffic
}

func (f *fold[Q, A]) Name() string { return f.name }

func (f *fold[Q, A]) Terms() message.Terms {
	return message.Terms{
		Clients: f.Who.clients, Approval: f.Who.approval, Work: f.Work != nil, Early: f.Query.Enough != nil, Timeout: f.Step,
	}
}

func (f *fold[Q, A]) Check(question any) error {
	q, ok := question.(*Q)
	if !ok || q == nil {
		return errNoQuestion
	}
	if f.Query.Check == nil {
		return nil
	}
	var err error
	if panicked := f.host.contain(f.name, func() { err = f.Query.Check(q) }); panicked != nil {
		return panicked
	}
	return err
}

func (f *fold[Q, A]) Answer(t *Task, question any) (any, error) {
	q := question.(*Q)
	var a *A
	var err, panicked error
	if t == nil {
		panicked = f.host.contain(f.name, func() { a, err = f.Local(q) })
	} else {
		panicked = f.host.perform(t, f.name, func(t *Task) { a, err = f.Work(t, q) })
	}
	if panicked != nil {
		a, err = nil, panicked
	}
	f.traffic.served(err)
	return orNil(a), err
}

func (f *fold[Q, A]) Merge(question any, told []message.Told) any {
	given := make([]Given[A], len(told))
	for i, t := range told {
		given[i] = Given[A]{By: t.By, Leaf: t.Leaf, Answer: t.Answer.(*A)}
	}
	var merged *A
	if err := f.host.contain(f.name, func() { merged = f.Query.Merge(question.(*Q), given) }); err != nil {
		return err
	}
	return orNil(merged)
}

func (f *fold[Q, A]) Valid(question, answer any) error {
	a, ok := answer.(*A)
	switch {
	case !ok || a == nil:
		return f.traffic.judged(errNoAnswer)
	case f.Query.Valid == nil:
		return nil
	}
	var err error
	if panicked := f.host.contain(f.name, func() { err = f.Query.Valid(question.(*Q), a) }); panicked != nil {
		return panicked
	}
	return f.traffic.judged(err)
}

func (f *fold[Q, A]) Enough(question, answer any) (enough bool) {
	_ = f.host.contain(f.name, func() { enough = f.Query.Enough(question.(*Q), answer.(*A)) }) // it is logged and counted
	return enough
}

func (f *fold[Q, A]) Known(question any, slaves []Peer) (ask []Peer, told []message.Told) {
	if f.Query.Known == nil {
		return slaves, nil
	}
	if f.host.contain(f.name, func() { ask, told = f.known(question.(*Q), slaves) }) != nil { // it is logged and counted
		return slaves, nil
	}
	return ask, told
}

func (f *fold[Q, A]) known(q *Q, slaves []Peer) (ask []Peer, told []message.Told) {
	of := f.Query.Known(q)
	if of == nil {
		return slaves, nil
	}
	for _, p := range slaves {
		a, known := of(p)
		switch {
		case !known:
			ask = append(ask, p)
		case a != nil:
			told = append(told, message.Told{By: p, Leaf: true, Answer: a})
		}
	}
	return ask, told
}

// DecodeArg and DecodeResult implement wire.Values.
func (f *fold[Q, A]) DecodeArg(data []byte) (any, error)    { return decode[Q](f.host, data) }
func (f *fold[Q, A]) DecodeResult(data []byte) (any, error) { return decode[A](f.host, data) }

var (
	errNoQuestion = fmt.Errorf("%w: a question of another type, or none", message.ErrMalformed)
	errNoAnswer   = fmt.Errorf("%w: an answer of another type", message.ErrMalformed)
)

// decode reads a value as JSON; none is the zero value.
func decode[T any](h *Host, data []byte) (v *T, err error) {
	defer h.decoding(&err)
	v = new(T)
	if len(data) == 0 {
		return v, nil
	}
	return v, json.Unmarshal(data, v)
}

// orNil is a pointer as an interface that is nil if the pointer is.
func orNil[T any](v *T) any {
	if v == nil {
		return nil
	}
	return v
}
